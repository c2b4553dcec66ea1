//! One producer, one consumer.
//!
//! ```text
//!            head (consumer)            tail (producer)
//!               v                          v
//!  ... | free | full | full | full | full | free | free | ...      capacity = 2^k slots, reused for ever
//! ```
//!
//! | slot `s`                       | who may touch it | rule |
//! |--------------------------------|------------------|------|
//! | `tail <= s < head + capacity`  | the producer     | R3 |
//! | `head <= s < tail`             | the consumer     | R4 |
//!
//! | store (Release)      | load (Acquire)           | what it hands over               |
//! |----------------------|--------------------------|----------------------------------|
//! | `tail.advance` S1, or a slot's stamp S3 | `Consumer`, when it drains S2 S4 | the contents of slots `< tail`, or of that slot |
//! | `head.advance` S1  | `Producer`, when it fills S2  | the emptiness of slots `< head`  |
//!
//! # Two layouts
//!
//! |                                   | [`channel`]: [`Packed`]                      | [`spaced`]: [`Spaced`]                          |
//! |-----------------------------------|----------------------------------------------|-------------------------------------------------|
//! | a slot takes                      | the event                                    | the event and 8 bytes, up to a multiple of 64   |
//! | the consumer learns from          | a cursor: one for the whole ring             | a stamp beside the event                        |
//! | an event that comes alone takes   | two cache lines: the cursor's and its own    | one                                             |
//! | `fill_many` publishes             | all together, also where the closure fails   | one by one                                      |
//! | take it for                       | throughput, and as a rule                    | the shortest way of single, small events        |
//!
//! The README has the figures: where events come in numbers the second layout is several times slower.
//!
//! # Costs and progress
//!
//! Two cursors and `capacity` slots are allocated in the beginning, and never again. A fill is one Release store, and
//! an Acquire load only when the position of `head` that was seen last says full. A drain is one load, and one store a
//! batch (one in 64 events of a long batch). **Wait-free** both ways: a side that stalls makes the other see `Full`, or
//! nothing new, and no more than that. No system call. A consumer that comes too close to a producer in full flow waits
//! for up to 16 pauses of its processor (one or two microseconds) before it looks again, which makes both several times as
//! fast; one that waits for single events looks at once.
//!
//! Order: first in, first out. Algorithm: Lamport, "Specifying concurrent program modules" (1983), with the far
//! index kept back and a slip between the two as in Giacomoni et al., "FastForward" (PPoPP 2008).
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Sink, Source, Tick, each};
//!
//! let (mut tx, mut rx) = spsc::channel(8, || 0u64)?;
//! tx.offer(|slot| *slot = 42)?;
//! let mut seen = Vec::new();
//! let _ = rx.drain(Tick::ZERO, usize::MAX, &mut each(|n: &u64| seen.push(*n)));
//! assert_eq!(seen, [42]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod layout;

use super::batch::Advance;
use super::follower::{Feed, Follower};
use super::writer::{Gate, Writer};
use crate::contract::{Drained, Filled, Flow, Refused, Room, Sink, Source, SourceMut, Stage, Tick};
use crate::ring::{CapacityError, Cursor, Progress, Published, Sequence, Slots};
use crate::sync::Arc;
use core::{
    cell::Cell,
    marker::PhantomData,
    ops::{Deref, DerefMut},
};

pub use layout::{Layout, Packed, Spaced};

/// The two ends of a channel.
pub type Ends<T, L = Packed> = (Producer<T, L>, Consumer<T, L>);

/// Builds a channel of `capacity` slots (a power of two), each filled by `fill` now and reused for ever.
///
/// # Errors
/// [`CapacityError`] if the capacity is zero, not a power of two, or too large.
pub fn channel<T>(capacity: usize, fill: impl FnMut() -> T) -> Result<Ends<T>, CapacityError> {
    channel_from(Sequence::ZERO, capacity, fill)
}

/// As [`channel`], with the shortest way for an event that comes alone: each has a cache line of its own, and a stamp in
/// it that says that it is there, so one line travels where [`channel`] moves two. It takes at least 64 bytes a slot,
/// and where events come in numbers it is several times slower; see the [module](self).
///
/// # Errors
/// As [`channel`].
pub fn spaced<T>(capacity: usize, fill: impl FnMut() -> T) -> Result<Ends<T, Spaced>, CapacityError> {
    spaced_from(Sequence::ZERO, capacity, fill)
}

/// As [`channel`], with positions counted from `start`: for tests that begin just before the wrap.
///
/// # Errors
/// As [`channel`].
#[doc(hidden)]
pub fn channel_from<T>(
    start: Sequence,
    capacity: usize,
    fill: impl FnMut() -> T,
) -> Result<Ends<T>, CapacityError> {
    ends(start, capacity, fill)
}

/// As [`spaced`], with positions counted from `start`: for tests that begin just before the wrap.
///
/// # Errors
/// As [`channel`].
#[doc(hidden)]
pub fn spaced_from<T>(
    start: Sequence,
    capacity: usize,
    fill: impl FnMut() -> T,
) -> Result<Ends<T, Spaced>, CapacityError> {
    ends(start, capacity, fill)
}

fn ends<T, L: Layout>(
    start: Sequence,
    capacity: usize,
    fill: impl FnMut() -> T,
) -> Result<Ends<T, L>, CapacityError> {
    let slots = Slots::aligned(capacity, start, fill, |at| L::unfilled(at, capacity as u64))?;
    let shared = Arc::new(Shared { slots, tail: Cursor::new(start), head: Cursor::new(start) });
    let writer = Writer::new(shared.clone(), start);
    let follower = Follower::new(shared, start);
    Ok((Producer { writer, alone: PhantomData }, Consumer { follower, alone: PhantomData }))
}

/// The end that puts in. Dropping it closes the channel: the consumer drains what is left, then sees the end.
///
/// [`Sink`] has its verbs, all wait-free here but those that wait.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::spsc::Producer<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Producer<T, L: Layout = Packed> {
    writer: Writer<Arc<Shared<T, L>>>,
    alone: PhantomData<Cell<()>>,
}

impl<T, L: Layout> Producer<T, L> {
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.writer.gate().slots.capacity() as usize
    }
    /// Slots that can be filled now. At least so many stay free until this producer fills them.
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity() - self.len()
    }
    /// Events that the consumer has not consumed. It can only become less until this producer fills; once
    /// [`is_closed`](Self::is_closed), it is exactly how many the consumer left behind.
    #[must_use]
    pub fn len(&self) -> usize {
        self.writer.unread() as usize
    }
    /// Nothing waits for the consumer. Stable until this producer fills.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The consumer is gone. `true` is stable. A fill says so by itself when the slots known to be free are used up.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.writer.is_closed()
    }
    /// The position of the next event.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.writer.next()
    }
    /// Lends the next free slot until it is [committed](Claim::commit) or given up. Wait-free.
    ///
    /// # Errors
    /// [`Refused`] if the channel is full or closed.
    #[inline]
    pub fn claim(&mut self) -> Result<Claim<'_, T, L>, Refused> {
        self.writer.room(1)?;
        Ok(Claim { producer: self })
    }
}

impl<T, L: Layout> Sink for Producer<T, L> {
    type Event = T;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        self.writer.fill(fill)
    }
    #[inline]
    fn fill_many(&mut self, n: usize, fill: impl FnMut(usize, &mut T) -> Flow) -> Filled {
        self.writer.fill_many(n, fill)
    }
}

impl<T, L: Layout> Room for Producer<T, L> {
    #[inline]
    fn room(&mut self, n: usize) -> Result<(), Refused> {
        self.writer.room_for(n)
    }
}

/// The next slot of a channel, to be filled where it lies and in several steps. It holds what an earlier event left in
/// it.
///
/// Nothing is published before [`commit`](Self::commit), and nobody waits for it: a claim that is dropped, forgotten, or
/// lost in a panic has no effect but for what was written into the slot, and the next claim gets the same one.
///
/// ```
/// use ringmain::channel::spsc;
/// use ringmain::contract::SourceMut;
///
/// let (mut tx, mut rx) = spsc::channel(8, String::new)?;
/// let mut line = tx.claim()?;
/// line.clear();
/// line.push_str("in ");
/// line.push_str("steps");
/// line.commit();
/// assert_eq!(rx.pop()?, "in steps");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is published before `commit`"]
#[derive(Debug)]
pub struct Claim<'a, T, L: Layout = Packed> {
    /// Its writer has room for one event at least.
    producer: &'a mut Producer<T, L>,
}

impl<T, L: Layout> Claim<'_, T, L> {
    /// Publishes the slot as it is now. Wait-free: one Release store.
    #[inline]
    pub fn commit(self) {
        self.producer.writer.publish();
    }
    #[inline(always)]
    fn place(&self) -> *mut T {
        let writer = &self.producer.writer;
        writer.gate().slots.slot(writer.next()).place()
    }
}

impl<T, L: Layout> Deref for Claim<'_, T, L> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: [R3] there was room when the claim was made, so the consumer is done with the slot until it is
        // published, which ends the claim; the claim has the only producer.
        unsafe { &*self.place() }
    }
}

impl<T, L: Layout> DerefMut for Claim<'_, T, L> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: [R3] as in `deref`, and `&mut self` is the only way to the slot.
        unsafe { &mut *self.place() }
    }
}

/// The end that takes out. Dropping it closes the channel: the producer is refused with `Closed`.
///
/// [`Source`] and [`SourceMut`] have its verbs, all wait-free but those that wait. What `pop` or `take` leaves in the slot
/// is dropped when it is overwritten, or with the channel.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::spsc::Consumer<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Consumer<T, L: Layout = Packed> {
    follower: Follower<Arc<Shared<T, L>>>,
    alone: PhantomData<Cell<()>>,
}

impl<T, L: Layout> Consumer<T, L> {
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.follower.feed().slots.capacity() as usize
    }
    /// Events that can be consumed now. At least so many stay until this consumer drains.
    #[must_use]
    pub fn len(&self) -> usize {
        self.follower.len() as usize
    }
    /// Nothing can be consumed now. `false` is stable until this consumer drains.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The producer is gone and everything is consumed. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.follower.is_closed()
    }
    /// The position of the next event to consume.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.follower.done()
    }
}

impl<T, L: Layout> Source for Consumer<T, L> {
    type Event = T;
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e T>,
    {
        self.follower.drain(now, limit, stage)
    }
}

impl<T, L: Layout> SourceMut for Consumer<T, L> {
    #[inline]
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut T>,
    {
        // SAFETY: [R4] exclusively, as a channel has one consumer.
        unsafe { self.follower.drain_mut(now, limit, stage) }
    }
}

#[derive(Debug)]
struct Shared<T, L: Layout> {
    slots: Slots<T, L::Mark, L::Line>,
    /// Written by the producer. Where slots are stamped it moves once, to the end, and closed; so an empty drain looks
    /// at a line that nobody writes.
    tail: Cursor,
    /// Written by the consumer.
    head: Cursor,
}

// SAFETY: [R3] and [R4] give each slot to one thread at a time, so `T` moves between threads (`T: Send`) and is never
// looked at by two at once; marks and cursors are atomic.
unsafe impl<T: Send, L: Layout> Sync for Shared<T, L> {}

impl<T, L: Layout> Gate for Arc<Shared<T, L>> {
    type Event = T;
    type Mark = L::Mark;
    type Line = L::Line;
    #[inline]
    fn slots(&self) -> &Slots<T, L::Mark, L::Line> {
        &self.slots
    }
    #[inline]
    fn tail(&self) -> Option<&Cursor> {
        L::BY_CURSOR.then_some(&self.tail)
    }
    #[inline]
    fn filled(mark: &L::Mark, at: Sequence) {
        L::filled(mark, at);
    }
    fn close(&self, next: Sequence) {
        self.tail.close(next);
    }
    #[inline]
    fn slowest(&self, _next: Sequence) -> Progress {
        self.head.read()
    }
}

impl<T, L: Layout> Feed for Arc<Shared<T, L>> {
    type Event = T;
    type Mark = L::Mark;
    type Line = L::Line;
    #[inline]
    fn slots(&self) -> &Slots<T, L::Mark, L::Line> {
        &self.slots
    }
    #[inline]
    fn cursor(&self) -> &impl Advance {
        &self.head
    }
    /// By stamps, a consumer may go on for a lap until the end is known; they stop it. The end comes behind all stamps.
    #[inline]
    fn ahead(&self, done: Sequence) -> Progress {
        let tail = self.tail.read();
        if L::BY_CURSOR || tail.closed {
            tail
        } else {
            Progress { done: done.plus(self.slots.capacity()), ..tail }
        }
    }
    #[inline]
    fn published(mark: &L::Mark, at: Sequence) -> Published {
        L::published(mark, at)
    }
    fn leave(&self, done: Sequence) {
        self.head.close(done);
    }
}
