//! Competing consumers, where no thread that stalls stops the others.
//!
//! ```text
//!   producers                    a ring of cells                       consumers
//!  +---------+   swap    +---+---+---+---+---+---+---+---+   swap    +---------+
//!  | slot 9  | --------> | 4 | 7 | 2 | 0 | 8 | 3 | 1 | 5 | --------> | slot 6  |
//!  +---------+ <-------- +---+---+---+---+---+---+---+---+ <-------- +---------+
//!  fills it first          vacant ^ tail   full  ^ head               shows it then
//! ```
//!
//! The cells of the ring name slots of a pool, and every end has one slot of its own besides. A producer fills its own
//! slot, and then swaps it for that of the first vacant cell; a consumer swaps its own for that of the first full cell,
//! and then shows it. So a slot is never in the ring while somebody works on it, and who stands still holds what is his
//! and no more. Events do not move.
//!
//! | slot                      | who may touch it                      | rule |
//! |---------------------------|---------------------------------------|------|
//! | with a producer           | that producer                         | R3   |
//! | in a cell                 | nobody                                |      |
//! | with a consumer           | that consumer                         | R4   |
//!
//! | swap (AcqRel)         | swap (AcqRel)           | what it hands over                        |
//! |-----------------------|-------------------------|-------------------------------------------|
//! | of a producer S6      | of a consumer           | the contents of the slot                  |
//! | of a consumer S6      | of a producer           | the slot that the consumer is done with   |
//!
//! The cells are described in [`Exchange`].
//!
//! # Progress
//!
//! All of it is **lock-free**: a swap that fails lost to another one. What a thread does that stalls for ever:
//!
//! | where it stalls                        | what it does to the others                                               |
//! |----------------------------------------|--------------------------------------------------------------------------|
//! | a producer, inside of a fill           | one event less fits into the ring, as its room is reserved: up to `capacity - 1` of them stop nobody |
//! | a producer anywhere else in its verbs  | at most the same                                                         |
//! | a consumer, inside of a stage          | nothing: the event that it is shown is its own, and the ones behind it go to others |
//! | a consumer anywhere else in its verbs  | nothing                                                                  |
//!
//! `Full` and empty are exact: there was a moment in the call at which the events in the ring, and the fills under way,
//! were a ring full; at which no event was in it. Costs: a fill is two compare-and-swaps and a drain one for each event,
//! as there is no claim of several slots, with which a thread could stall. `capacity` cells, and a slot for each cell and
//! each end, allocated in [`channel`] and never again. No system call.
//!
//! An event that a stage says [`Again`](Halt::Again) to, or panics on, stays with its consumer, which shows it first the
//! next time: other consumers pass it. If the consumer is dropped with it, it is counted in `abandoned`, and its value
//! goes with the channel.
//!
//! # Who is gone
//!
//! | who is dropped       | what happens                                                                               |
//! |----------------------|--------------------------------------------------------------------------------------------|
//! | the last producer    | the consumers drain what is there, then see the end                                        |
//! | the last consumer    | producers are refused with `Closed`; `len` says what was left in the ring                  |
//! | another one          | nothing                                                                                    |
//!
//! Order: first in, first out, for all producers together; a consumer sees its events in that order, and between two of
//! them those that others took are missing. Algorithm: Tsigas and Zhang (SPAA 2001), with slots that are exchanged.
//!
//! ```
//! use ringmain::channel::mpmc::strict;
//! use ringmain::contract::{Sink, Source, Tick, each};
//!
//! let (mut tx, mut rx) = strict::channel(8, 2, 2, || 0u64)?;
//! tx[0].offer(|slot| *slot = 1)?;
//! tx[1].offer(|slot| *slot = 2)?;
//! let mut seen = Vec::new();
//! for rx in &mut rx {
//!     let _ = rx.drain(Tick::ZERO, 1, &mut each(|n: &u64| seen.push(*n)));
//! }
//! assert_eq!(seen, [1, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::contract::{At, Drained, End, Flow, Halt, Refused, Sink, Source, SourceMut, Stage, Tick};
use crate::ring::{CapacityError, Exchange, Pool, Presence, Sequence, Slot, SlotId, Tally};
use crate::sync::Arc;
use core::{cell::Cell, marker::PhantomData};

/// Builds a channel for `capacity` events (a power of two) with so many producers and consumers, each slot filled by
/// `fill` now and reused for ever. Without producers, or without consumers, it is closed from the start.
///
/// # Errors
/// [`CapacityError`] if the capacity is zero, not a power of two, or too large.
pub fn channel<T>(
    capacity: usize,
    producers: usize,
    consumers: usize,
    fill: impl FnMut() -> T,
) -> Result<(Vec<Producer<T>>, Vec<Consumer<T>>), CapacityError> {
    channel_from(Sequence::ZERO, capacity, producers, consumers, fill)
}

/// As [`channel`], with positions counted from `start`: for tests that begin just before the wrap.
///
/// # Errors
/// As [`channel`].
#[doc(hidden)]
pub fn channel_from<T>(
    start: Sequence,
    capacity: usize,
    producers: usize,
    consumers: usize,
    fill: impl FnMut() -> T,
) -> Result<(Vec<Producer<T>>, Vec<Consumer<T>>), CapacityError> {
    let spare = producers.saturating_add(consumers);
    let slots = Exchange::cells(capacity, producers, spare).saturating_add(spare);
    let pool = Pool::new(capacity, slots, fill)?;
    let (exchange, mut slots) = Exchange::new(capacity, producers, spare, start);
    let shared = Arc::new(Shared {
        exchange,
        pool,
        producers: Presence::new(producers),
        consumers: Presence::new(consumers),
        abandoned: Tally::new(),
    });
    let consumer =
        |slot| Consumer { shared: shared.clone(), slot, from: start, in_hand: None, alone: PhantomData };
    let producer =
        |slot| Producer { shared: shared.clone(), slot, tail: start, head: start, alone: PhantomData };
    let consumers = slots.drain(producers..).map(consumer).collect();
    Ok((slots.into_iter().map(producer).collect(), consumers))
}

/// One of the ends that put in. [`Sink`] has its verbs, all lock-free but `offer_waiting`. `fill_many` reserves and
/// publishes one by one.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::mpmc::strict::Producer<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Producer<T> {
    shared: Arc<Shared<T>>,
    /// Filled and then swapped for an empty one.
    slot: SlotId,
    /// Everything before it is put in.
    tail: Sequence,
    /// Everything before it is taken.
    head: Sequence,
    alone: PhantomData<Cell<()>>,
}

impl<T> Producer<T> {
    /// The events that fit in. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.exchange.capacity() as usize
    }
    /// Events that fit in now. May be stale at once.
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity().saturating_sub(self.len())
    }
    /// Events that nobody has taken, and fills under way. May be stale at once; when the channel
    /// [is closed](Self::is_closed) and no fill is under way, it is exactly how many the consumers left behind, but for
    /// those [`abandoned`](Self::abandoned).
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.exchange.len(self.head) as usize
    }
    /// Nothing waits for a consumer, and no fill is under way. May be stale at once.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// All consumers are gone. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.consumers.is_over()
    }
    /// Events that consumers were dropped with in hand.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.shared.abandoned.get()
    }
}

impl<T> Sink for Producer<T> {
    type Event = T;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        let Shared { exchange, pool, consumers, .. } = &*self.shared;
        if consumers.is_over() {
            return Err(Refused::Closed.into());
        }
        if !exchange.has_room(&mut self.tail, &mut self.head) {
            return Err(Refused::Full.into());
        }
        // SAFETY: [R3] the slot is this producer's, as it has the only `SlotId` of its number; `&mut self` is the only
        // one to use it.
        let out = unsafe { pool.slot(&self.slot).lend(fill) }?;
        self.tail = exchange.put(self.tail, &mut self.slot).next();
        Ok(out)
    }
}

impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        self.shared.producers.leave();
    }
}

/// One of the ends that take out. [`Source`] and [`SourceMut`] have its verbs, all lock-free.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::mpmc::strict::Consumer<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Consumer<T> {
    shared: Arc<Shared<T>>,
    /// With the event in hand, or with one that is done with.
    slot: SlotId,
    /// Everything before it is taken. May be stale.
    from: Sequence,
    /// The position of the event that is taken and not consumed.
    in_hand: Option<Sequence>,
    alone: PhantomData<Cell<()>>,
}

impl<T> Consumer<T> {
    /// The events that fit in. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.exchange.capacity() as usize
    }
    /// Events that can be consumed now, the one in hand included. But for that one, others may take them first.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.in_hand.is_some()) + self.shared.exchange.len(self.from) as usize
    }
    /// Nothing can be consumed now. May be stale at once.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// All producers are gone, and there is nothing left for this consumer. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.producers.is_over() && self.is_empty()
    }
    /// Events that consumers were dropped with in hand.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.shared.abandoned.get()
    }
    /// Takes the next event into the hand, if none is there: its position, or whether the end was met.
    #[inline]
    fn take(&mut self) -> Result<Sequence, Option<End>> {
        let Shared { exchange, producers, .. } = &*self.shared;
        let mut over = false;
        loop {
            if let Some(at) = self.in_hand {
                return Ok(at);
            }
            self.in_hand = exchange.take(self.from, &mut self.slot);
            match self.in_hand {
                Some(at) => self.from = at.next(),
                None if over => return Err(Some(End::Closed)),
                None => {
                    // What they put in before they went may have come since the look.
                    over = producers.is_over();
                    if !over {
                        return Err(None);
                    }
                }
            }
        }
    }
    /// Walks at most `limit` events; `one` is called with a slot that is this consumer's by [R4].
    #[inline]
    fn walk(&mut self, limit: usize, mut one: impl FnMut(&Slot<T>, Sequence) -> Flow) -> Drained {
        let most = limit.min(self.capacity());
        for count in 0..most {
            let at = match self.take() {
                Ok(at) => at,
                Err(end) => return Drained { count, end },
            };
            let flow = one(self.shared.pool.slot(&self.slot), at);
            if flow != Err(Halt::Again) {
                self.in_hand = None;
            }
            if let Err(halt) = flow {
                let consumed = usize::from(self.in_hand.is_none());
                return Drained { count: count + consumed, end: Some(End::Halted(halt)) };
            }
        }
        Drained { count: most, end: None }
    }
}

impl<T> Source for Consumer<T> {
    type Event = T;
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e T>,
    {
        self.walk(limit, |slot, seq| {
            // SAFETY: [R4] the slot is this consumer's, as it has the only `SlotId` of its number.
            unsafe { slot.share(|event| stage.on_event(event, At { seq, now })) }
        })
    }
}

impl<T> SourceMut for Consumer<T> {
    #[inline]
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut T>,
    {
        self.walk(limit, |slot, seq| {
            // SAFETY: [R4] the slot is this consumer's, as it has the only `SlotId` of its number; `&mut self` is the only
            // one to use it.
            unsafe { slot.lend(|event| stage.on_event(event, At { seq, now })) }
        })
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        if self.in_hand.is_some() {
            self.shared.abandoned.add(1);
        }
        self.shared.consumers.leave();
    }
}

#[derive(Debug)]
struct Shared<T> {
    exchange: Exchange,
    pool: Pool<T>,
    producers: Presence,
    consumers: Presence,
    abandoned: Tally,
}

// SAFETY: [R3] and [R4] give each slot to one thread at a time, so `T` moves between threads (`T: Send`) and is never
// looked at by two at once; all else is atomic.
unsafe impl<T: Send> Sync for Shared<T> {}
