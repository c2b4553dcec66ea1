//! The newest value only: one writer, many readers, and whatever nobody looked at in time is conflated.
//!
//! ```text
//!                          being written
//!                               v
//!  producer ==> | v6 | v7 | v8 | v5 |      slots taken in turn; a reader copies the one before `tail`
//!                           ^
//!                        newest: every reader
//! ```
//!
//! | slot `s` | who may touch it                                                                                          |
//! |----------|-----------------------------------------------------------------------------------------------------------|
//! | any      | the producer and every reader, at any time: slots are atomic words under a stamp, and no rule is needed    |
//!
//! | store (Release)                    | load (Acquire)                      | what it hands over                    |
//! |------------------------------------|-------------------------------------|---------------------------------------|
//! | `tail.advance` S1                  | a reader, before it looks S2        | the stamps and words before it        |
//! | fence behind the stamp's `BUSY` S8 | fence behind the copy S9            | that the slot is being overwritten    |
//! | a slot's stamp `BUSY` S10          | a reader that finds it gone S7      | a newer `tail`                        |
//! | `end.close` S1                     | a reader that finds nothing newer S2 | the last value                       |
//!
//! # Progress
//!
//! | operation              | progress                                                                                      |
//! |------------------------|-----------------------------------------------------------------------------------------------|
//! | fill                   | wait-free; never `Full`, never `Closed`, with any number of readers or none                   |
//! | read, recv             | lock-free, no bound: it starts again only if the producer came round all [`SLOTS`] slots while it copied one value, so that the producer has made progress |
//! | drain                  | wait-free: if that happened nine times in a row, it shows nothing this turn                   |
//! | a reader that stalls   | nothing, to anybody                                                                           |
//! | a producer that stalls, wherever | nothing new: the value before stays readable, because the next one goes to another slot |
//!
//! A value is read whole or not at all; see [`broadcast`](super::broadcast) for why that is no data race, and what may
//! be a value. What owns memory may not: hand it over with [`spsc`](super::spsc) or [`multicast`](super::multicast) and
//! keep the last one yourself.
//!
//! Costs: [`SLOTS`] slots, allocated in [`channel`] and never again. A fill is a handful of stores and no
//! read-modify-write. Readers share a line with the producer, `tail`, and write nothing. No system call.
//!
//! Order: a reader never goes back to an older value. Algorithm: a rotation of sequence locks
//! ([`Words`], after Boehm, MSPC 2012), so that the value that is read is not the one being written.
//!
//! ```
//! use ringmain::channel::latest::{self, NoValue};
//! use ringmain::contract::Sink;
//!
//! let (mut tx, mut rx) = latest::channel([100u64, 101]);
//! tx.push([102, 103])?;
//! tx.offer(|quote| quote[1] = 104)?; // changes the newest value
//! let reading = rx.recv()?;
//! assert_eq!((reading.value, reading.conflated), ([102, 104], 2));
//! assert_eq!(rx.recv(), Err(NoValue::Unchanged));
//! assert_eq!(rx.read().value, [102, 104]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::lossy::{Head, Look, NoEvent, Shared, View};
use crate::contract::{Drained, Flow, Sink, Source, Stage, Tick};
use crate::ring::{Found, Plain, Sequence, Words};
use crate::sync::Arc;
use core::{cell::Cell, marker::PhantomData};

/// A value can be read until the producer begins to write the `SLOTS`th newer one.
pub const SLOTS: usize = 8;

/// So often in a row a drain looks again when the producer came round.
const LAPS: u32 = 8;

/// Builds a channel that holds `initial`, and its first reader, to whom that is news.
///
/// ```compile_fail,E0277
/// // "`Vec<u8>` cannot be read while it is being overwritten"
/// let (tx, rx) = ringmain::channel::latest::channel(vec![1u8]);
/// ```
///
/// # Panics
/// If [`SLOTS`] values do not fit into memory.
#[must_use]
pub fn channel<T: Plain>(initial: T) -> (Producer<T>, Reader<T>) {
    channel_from(Sequence::ZERO, SLOTS, initial)
}

/// As [`channel`], with positions counted from `start` and another number of slots, a power of two: for tests that begin
/// just before the wrap, and come round soon.
#[doc(hidden)]
#[must_use]
pub fn channel_from<T: Plain>(start: Sequence, slots: usize, initial: T) -> (Producer<T>, Reader<T>) {
    let words = Words::new(slots, start).expect("a few slots fit into memory");
    let mut head = Head::new(Arc::new(Shared::new(words, start)));
    head.publish(&initial);
    let producer = Producer { head, value: initial, alone: PhantomData };
    let reader = producer.subscribe();
    (producer, reader)
}

/// The end that puts in. Dropping it closes the channel: the newest value stays, and who has seen it sees the end.
///
/// [`Sink`] has its verbs, all wait-free and never refused. `fill` lends a copy of the newest value, to be changed or
/// replaced; if the closure fails or panics, nothing is published and the newest value is what it was. `fill_many`
/// publishes one by one.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::latest::Producer<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Producer<T> {
    head: Head<T>,
    /// The newest value.
    value: T,
    alone: PhantomData<Cell<()>>,
}

impl<T> Producer<T> {
    /// Readers that are there now. Zero is stable until this producer makes a new one; it is no reason to stop.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.head.readers()
    }
    /// The position of the next value.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.head.next()
    }
    /// One more reader, to whom the newest value is news. Wait-free.
    #[must_use]
    pub fn subscribe(&self) -> Reader<T> {
        let view = View::new(self.head.shared(), self.head.next().minus(1));
        Reader { view, alone: PhantomData }
    }
}

impl<T: Plain> Sink for Producer<T> {
    type Event = T;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        let mut value = self.value;
        let out = fill(&mut value)?;
        self.head.publish(&value);
        self.value = value;
        Ok(out)
    }
}

/// An end that reads. Clone it for more readers; a clone has seen what its original has seen. Dropping it is noticed by
/// nobody but [`Producer::readers`].
///
/// As a [`Source`] it shows the newest value, if that is news: one a turn. A stage that wants a value again gets that
/// very value again, and the newest one after it.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::latest::Reader<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Reader<T> {
    view: View<T>,
    alone: PhantomData<(Cell<()>, T)>,
}

/// A value, and how it stands to those before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading<T> {
    /// The value.
    pub value: T,
    /// Its position: 0 is the initial value.
    pub seq: Sequence,
    /// Values between the last one that this reader saw and this one. Exact.
    pub conflated: u64,
}

/// Why there is no newer value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoValue {
    /// The newest was seen. May be stale at once.
    Unchanged,
    /// The newest was seen, and the producer is gone. Stable.
    Closed,
}

impl core::fmt::Display for NoValue {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Unchanged => "no newer value: try again, or `read` the one that is there",
            Self::Closed => "no newer value, ever: the producer is gone",
        })
    }
}

impl core::error::Error for NoValue {}

impl<T> Reader<T> {
    /// There is no newer value than the one seen last. `false` is stable until this reader reads.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.view.behind() == 0
    }
    /// The producer is gone and its last value was seen. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.view.is_closed()
    }
    /// The position after that of the value seen last.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.view.next
    }
    /// Values that it did not see because newer ones came, all in all. Exact.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.view.missed
    }
}

impl<T: Plain> Reader<T> {
    /// The newest value, seen before or not. Lock-free, see the [module](self).
    #[inline]
    pub fn read(&mut self) -> Reading<T> {
        let mut value = T::new_zeroed();
        loop {
            let newest = self.view.shared().tail.read().done.minus(1);
            if self.view.shared().words.read(newest, &mut value) == Found::Event {
                self.view.forget();
                // One less than none if it is the one seen last.
                let conflated = newest.next().since(self.view.next).saturating_sub(1);
                self.view.skip(conflated);
                self.view.next = newest.next();
                return Reading { value, seq: newest, conflated };
            }
        }
    }
    /// The newest value, if it is newer than the one seen last. Lock-free, see the [module](self).
    ///
    /// # Errors
    /// [`NoValue`] says why there is none.
    #[inline]
    pub fn recv(&mut self) -> Result<Reading<T>, NoValue> {
        let missed = self.view.missed;
        let mut value = T::new_zeroed();
        loop {
            match self.take(&mut value) {
                Ok(()) => {
                    let (seq, conflated) = (self.view.next, self.view.missed - missed);
                    self.view.step();
                    return Ok(Reading { value, seq, conflated });
                }
                Err(NoEvent::Lagged(_)) => {}
                Err(NoEvent::Empty) => return Err(NoValue::Unchanged),
                Err(NoEvent::Closed) => return Err(NoValue::Closed),
            }
        }
    }
}

impl<T: Plain> Look for Reader<T> {
    type Event = T;
    #[inline]
    fn view(&mut self) -> &mut View<T> {
        &mut self.view
    }
    /// At most two turns: when the end is known, so is the tail.
    #[inline]
    fn look(&mut self, value: &mut T) -> Result<(), NoEvent> {
        loop {
            match self.view.behind() {
                0 => {
                    if let Some(nothing) = self.view.nothing() {
                        return Err(nothing);
                    }
                }
                n => {
                    let newest = self.view.next.plus(n - 1);
                    if self.view.shared().words.read(newest, value) != Found::Event {
                        return Err(NoEvent::Lagged(n));
                    }
                    self.view.skip(n - 1);
                    return Ok(());
                }
            }
        }
    }
}

impl<T: Plain> Source for Reader<T> {
    type Event = T;
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e T>,
    {
        Look::drain(self, now, limit.min(1), LAPS, stage)
    }
}

impl<T: Plain> Clone for Reader<T> {
    fn clone(&self) -> Self {
        Self { view: self.view.clone(), ..*self }
    }
}
