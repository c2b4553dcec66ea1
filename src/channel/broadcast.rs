//! One producer that never waits, many readers that may miss events and are told how many.
//!
//! ```text
//!  producer ==> | e8 | e9 | e6 | e7 |      four slots, reused for ever, whoever is still reading
//!                           ^    ^
//!                      b: Lagged(4)   a: next is e7
//!                      (stood at e2)
//! ```
//!
//! | slot `s` | who may touch it                                                                                          |
//! |----------|-----------------------------------------------------------------------------------------------------------|
//! | any      | the producer and every reader, at any time: slots are atomic words under a stamp, and no rule is needed    |
//!
//! | store (Release)                     | load (Acquire)                      | what it hands over                   |
//! |-------------------------------------|-------------------------------------|--------------------------------------|
//! | a slot's stamp, behind its words S6 | a reader, before it copies them S7  | the event, and every one before it   |
//! | fence behind the stamp's `BUSY` S8  | fence behind the copy S9            | that the slot is being overwritten   |
//! | a slot's stamp `BUSY` S10           | a reader that finds its event gone S7 | a `tail` from which it can count   |
//! | `tail.advance` S1                   | a reader that lagged, or joins S2   | the stamps of all slots before it    |
//! | `end.close` S1                      | a reader that finds nothing new S2  | the stamps of all slots              |
//!
//! # Progress
//!
//! | operation                    | progress                                                                                |
//! |------------------------------|-----------------------------------------------------------------------------------------|
//! | fill                         | wait-free; never `Full`, never `Closed`, with any number of readers or none             |
//! | recv                         | wait-free: an event, or the reason why not, in a fixed number of steps                  |
//! | drain                        | wait-free: it lags at most `log2(capacity) + 2` times in one turn, see [`Reader`]       |
//! | subscribe, clone, drop       | wait-free                                                                               |
//! | a reader that stalls or goes | nothing, to anybody; its next `recv` says `Lagged`                                      |
//! | a producer that stalls in its fill | nothing: the slot is not touched before the closure is done                       |
//! | a producer that stalls while it copies the event in | nothing new; the event that the slot held is gone                |
//!
//! An event is read whole or not at all: a copy that the producer got in between is thrown away and counted as missed.
//! That needs no lock and is no data race, because events are [`Plain`]: copied word by word, with atomics. What owns
//! memory cannot be; [`multicast`](super::multicast) has room for it.
//!
//! Costs: `capacity` slots of the event, rounded up to eight bytes, and eight bytes more, allocated in [`channel`] and
//! never again. A fill is a handful of stores and no read-modify-write, and reads nothing that a reader writes. A reader
//! writes nothing that anybody else reads, so one more of them costs the others nothing but the reading of the line.
//! Events go over the stack. No system call.
//!
//! Order: first in, first out, with gaps: every reader sees a subsequence. The rules of lagging are those of
//! `tokio::sync::broadcast`. Algorithm: [`Words`], after Boehm (MSPC 2012), one sequence lock for
//! each slot.
//!
//! ```
//! use ringmain::channel::broadcast::{self, NoEvent};
//! use ringmain::contract::Sink;
//!
//! let (mut tx, mut rx) = broadcast::channel::<u64>(4)?;
//! for n in 0..6 {
//!     tx.push(n)?; // never refused
//! }
//! assert_eq!(rx.recv(), Err(NoEvent::Lagged(2)));
//! assert_eq!(rx.recv(), Ok(2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use super::lossy::NoEvent;
use super::lossy::{Head, Look, Shared, View};
use crate::contract::{Drained, Flow, Sink, Source, Stage, Tick};
use crate::ring::{CapacityError, Found, Plain, Sequence, Words};
use crate::sync::Arc;
use core::{cell::Cell, marker::PhantomData};

/// Builds a ring of `capacity` slots (a power of two), and its first reader.
///
/// ```compile_fail,E0277
/// // "`String` cannot be read while it is being overwritten"
/// let (tx, rx) = ringmain::channel::broadcast::channel::<String>(8).unwrap();
/// ```
///
/// # Errors
/// [`CapacityError`] if the capacity is zero, not a power of two, or too large.
pub fn channel<T: Plain>(capacity: usize) -> Result<(Producer<T>, Reader<T>), CapacityError> {
    channel_from(Sequence::ZERO, capacity)
}

/// As [`channel`], with positions counted from `start`: for tests that begin just before the wrap.
///
/// # Errors
/// As [`channel`].
#[doc(hidden)]
pub fn channel_from<T: Plain>(
    start: Sequence,
    capacity: usize,
) -> Result<(Producer<T>, Reader<T>), CapacityError> {
    let shared = Arc::new(Shared::new(Words::new(capacity, start)?, start));
    let reader = Reader::new(View::new(&shared, start));
    Ok((Producer { head: Head::new(shared), alone: PhantomData }, reader))
}

/// Where a new reader begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Join {
    /// With the oldest event that is there: at most a ring's capacity of them. It may be the next to be overwritten, and
    /// the reader then lags at once.
    Oldest,
    /// With the newest event that is there.
    Newest,
    /// With the next event to come.
    Next,
}

/// The end that puts in. Dropping it closes the ring: every reader gets what is left, then sees the end.
///
/// [`Sink`] has its verbs, all wait-free and never refused. The event that `fill` lends is not a slot but a value of its
/// own, all zeroes: a slot may be read at that time. It is copied in when the closure is done, so one that fails or panics
/// publishes nothing and overwrites nothing. `fill_many` publishes one by one, and more events than slots overwrite the
/// first of themselves.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::broadcast::Producer<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Producer<T> {
    head: Head<T>,
    alone: PhantomData<(Cell<()>, T)>,
}

impl<T> Producer<T> {
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.head.shared().words.capacity() as usize
    }
    /// Readers that are there now. Zero is stable until this producer makes a new one; it is no reason to stop.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.head.readers()
    }
    /// The position of the next event.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.head.next()
    }
    /// One more reader. Wait-free.
    #[must_use]
    pub fn subscribe(&self, join: Join) -> Reader<T> {
        Reader::join(self.head.shared(), self.head.next(), join)
    }
}

impl<T: Plain> Sink for Producer<T> {
    type Event = T;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        let mut event = T::new_zeroed();
        let out = fill(&mut event)?;
        self.head.publish(&event);
        Ok(out)
    }
}

/// An end that takes out: a copy of each event that it comes to in time. Clone it for more readers; each clone starts
/// where its original stands. Dropping it is noticed by nobody but [`Producer::readers`].
///
/// [`recv`](Self::recv) and [`Source`] have its verbs, all wait-free. A stage that wants an event again gets that very
/// event again, whatever is overwritten meanwhile.
///
/// # Where a reader stands after it lagged
/// At the oldest event that is there. A reader that lags again before it has caught up stands further off: twice as far
/// each time, at last at the newest. The oldest event is the next to be overwritten, and a reader slower than the
/// producer would find it gone again and again, and get nothing at all.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::broadcast::Reader<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Reader<T> {
    view: View<T>,
    /// How far from the oldest event it stands after it lags: below the capacity.
    margin: u64,
    alone: PhantomData<(Cell<()>, T)>,
}

impl<T> Reader<T> {
    fn new(view: View<T>) -> Self {
        Self { view, margin: 0, alone: PhantomData }
    }
    fn join(shared: &Arc<Shared<T>>, tail: Sequence, join: Join) -> Self {
        let kept = shared.kept(tail);
        let back = match join {
            Join::Oldest => kept,
            Join::Newest => kept.min(1),
            Join::Next => 0,
        };
        Self::new(View::new(shared, tail.minus(back)))
    }
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.view.shared().words.capacity() as usize
    }
    /// Events that are there and that it has not consumed. The producer takes the oldest of them away when it comes to
    /// them, so the number promises nothing.
    #[must_use]
    pub fn len(&self) -> usize {
        self.view.behind().min(self.view.shared().words.capacity()) as usize
    }
    /// Nothing can be consumed now. `false` is stable until this reader takes something: an event, or the news that it
    /// lags.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The producer is gone and everything is consumed. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.view.is_closed()
    }
    /// The position of the next event to consume, if it is in time.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.view.next
    }
    /// Events that it missed, all in all: the sum of what `recv` told, and what `drain` passed over. Exact.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.view.missed
    }
    /// One more reader, that has missed nothing yet. Wait-free. To start where this one stands, clone it.
    #[must_use]
    pub fn subscribe(&self, join: Join) -> Self {
        let shared = self.view.shared();
        Self::join(shared, shared.tail.read().done, join)
    }
    /// The event at `next` is gone: how many are passed over, at least that one.
    #[cold]
    fn lag(&mut self) -> u64 {
        let capacity = self.view.shared().words.capacity();
        let gone = self.view.behind().saturating_sub(capacity);
        let n = (gone + self.margin).max(1);
        self.margin = (2 * self.margin + 1) & (capacity - 1);
        self.view.skip(n);
        n
    }
}

impl<T: Plain> Reader<T> {
    /// A copy of the next event. Wait-free.
    ///
    /// # Errors
    /// [`NoEvent`] says why there is none; after `Lagged` the next call goes on behind what was missed.
    #[inline]
    pub fn recv(&mut self) -> Result<T, NoEvent> {
        let mut event = T::new_zeroed();
        self.take(&mut event)?;
        self.view.step();
        Ok(event)
    }
}

impl<T: Plain> Look for Reader<T> {
    type Event = T;
    #[inline]
    fn view(&mut self) -> &mut View<T> {
        &mut self.view
    }
    /// At most two turns: when the end is known, no position before it is "not yet".
    #[inline]
    fn look(&mut self, event: &mut T) -> Result<(), NoEvent> {
        loop {
            match self.view.shared().words.read(self.view.next, event) {
                Found::Event => return Ok(()),
                Found::Gone => return Err(NoEvent::Lagged(self.lag())),
                Found::NotYet => {
                    self.margin = 0;
                    if let Some(nothing) = self.view.nothing() {
                        return Err(nothing);
                    }
                }
            }
        }
    }
}

impl<T: Plain> Source for Reader<T> {
    type Event = T;
    /// What was missed is passed over, and counted in [`missed`](Reader::missed); `At::seq` has a gap there.
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e T>,
    {
        // So many lags lead from the oldest event to the newest; if that is overwritten, too, it is enough for this turn.
        let laps = self.capacity().ilog2() + 1;
        Look::drain(self, now, limit.min(self.capacity()), laps, stage)
    }
}

impl<T: Plain> Clone for Reader<T> {
    fn clone(&self) -> Self {
        Self { view: self.view.clone(), ..*self }
    }
}
