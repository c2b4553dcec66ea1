//! Competing consumers, and nobody who stalls anywhere stops the others.
//!
//! ```text
//!   producers                    a ring of cells                      consumers
//!  +---------+   swap    +---+---+---+---+---+---+---+---+   swap    +---------+
//!  | slot 9  | --------> | 4 | 7 | 2 | 0 | 8 | 3 | 1 | 5 | --------> | slot 6  |
//!  +---------+ <-------- +---+---+---+---+---+---+---+---+ <-------- +---------+
//!   fills it, then swaps   empty   ^ tail    full  ^ head              swaps, then shows it
//! ```
//!
//! The cells name slots of a pool, and every end has one slot more. A producer fills its own slot and then swaps it for
//! the one in the first vacant cell; a consumer swaps its own for the one in the first full cell and then shows it. So
//! nobody works on what is in the ring, and who stalls keeps one slot, and nothing else. Events stay in their slots.
//!
//! | slot              | who may touch it | rule |
//! |-------------------|------------------|------|
//! | with a producer   | that producer    | R3   |
//! | with a consumer   | that consumer    | R4   |
//! | in a cell         | nobody           | R5   |
//!
//! | store (Release)        | load (Acquire)                | what it hands over                       |
//! |------------------------|-------------------------------|------------------------------------------|
//! | a producer's swap S6   | of a consumer, before its own | the contents of the slot                 |
//! | a consumer's swap S6   | of a producer, before its own | the slot that the consumer is done with  |
//! | an end leaves S7       | the other side looks          | all that was put in, or taken            |
//!
//! How the cells are swapped, and why who saw room finds it, is told in [`Exchange`].
//!
//! # Progress
//!
//! All verbs are **lock-free**: a swap is tried again only if another one was made. Of a thread that stalls for ever,
//! all the others can tell nothing but this:
//!
//! | where it stalls                  | what is missing                                                                   |
//! |----------------------------------|-----------------------------------------------------------------------------------|
//! | in a fill, or before its swap    | its own event; it has no place in the ring, so that even one of capacity 1 goes on |
//! | in a stage, or behind its swap   | the event that it took; the ones behind it go to the others                       |
//! | in a swap                        | nothing: it is made or not, in one instruction                                    |
//!
//! `Full` and empty are exact: at a moment of the call `capacity` events or more were in the ring, or none. There are
//! more if several producers fill at once and all saw the last room: at most `producers - 1` more.
//!
//! Costs: one compare-and-swap for a fill, and one for each event of a drain, as a claim of several would be something
//! to stall with. No position is shared, only the cells are. With one producer there are `capacity` cells, with more
//! there is the power of two that has cells for the late events, too: mostly twice the capacity. Each cell and each
//! end has a slot. All of it is allocated in [`channel`] and never again. No system call.
//!
//! # In hand
//!
//! An event that a stage says [`Again`](Halt::Again) to, or panics on, stays with its consumer, which shows it first
//! next time; others go past it. A consumer that is dropped takes it along: `abandoned` counts these, and the value is
//! dropped with the channel. One that leaves in order [finishes it](crate::contract::Pump::leave) first.
//!
//! # Who is gone
//!
//! | who is dropped            | what happens                                                                        |
//! |---------------------------|-------------------------------------------------------------------------------------|
//! | the last producer         | consumers drain what is there, then see the end                                     |
//! | the last consumer         | producers are refused with `Closed`, and `len` says what was left                   |
//! | any other                 | nothing                                                                             |
//!
//! Order: first in, first out, over all producers; a consumer sees a part of the events in that order. Algorithm:
//! Tsigas and Zhang, "A simple, fast and scalable non-blocking concurrent FIFO queue" (SPAA 2001), with slots that are
//! exchanged.
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

use crate::channel::{APART, Apart};
use crate::contract::{At, Drained, End, Flow, Halt, Refused, Sink, Source, SourceMut, Stage, Tick};
use crate::ring::{CapacityError, Exchange, Pool, Presence, Sequence, Slot, SlotId, Tally};
use crate::sync::Arc;
use core::{cell::Cell, marker::PhantomData};

/// As many producers, and as many consumers, as were asked for.
pub type Ends<T> = (Vec<Producer<T>>, Vec<Consumer<T>>);

/// Builds a channel for `capacity` events (a power of two) with so many producers and consumers; each slot is filled by
/// `fill` now and reused for ever. Without producers, or without consumers, it is closed from the start.
///
/// # Errors
/// [`CapacityError`] if the capacity is zero, not a power of two, or too large.
pub fn channel<T>(
    capacity: usize,
    producers: usize,
    consumers: usize,
    fill: impl FnMut() -> T,
) -> Result<Ends<T>, CapacityError> {
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
) -> Result<Ends<T>, CapacityError> {
    let spare = producers.saturating_add(consumers);
    let (exchange, mut slots) = Exchange::new(capacity, producers, spare, start)?;
    let pool = Pool::new(capacity, exchange.cells() as usize + spare, fill)?;
    let shared = Arc::new(Shared {
        exchange,
        pool,
        producers: Presence::new(producers),
        consumers: Presence::new(consumers),
        abandoned: Tally::new(),
    });
    let consumer = |slot| Consumer {
        shared: shared.clone(),
        slot,
        from: start,
        in_hand: None,
        alone: PhantomData,
        _apart: APART,
    };
    let producer = |slot| Producer {
        shared: shared.clone(),
        slot,
        tail: start,
        head: start,
        alone: PhantomData,
        _apart: APART,
    };
    let consumers = slots.drain(producers..).map(consumer).collect();
    Ok((slots.into_iter().map(producer).collect(), consumers))
}

/// One of the ends that put in. [`Sink`] has its verbs, all lock-free but `offer_waiting`; `fill_many` publishes one
/// by one. Dropping the last one closes the channel: the consumers drain what is left, then see the end.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::mpmc::strict::Producer<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Producer<T> {
    shared: Arc<Shared<T>>,
    /// To be filled next.
    slot: SlotId,
    /// Everything before it is put in.
    tail: Sequence,
    /// Everything before it is taken.
    head: Sequence,
    alone: PhantomData<Cell<()>>,
    _apart: Apart,
}

impl<T> Producer<T> {
    /// The number of events that there is room for. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.exchange.capacity() as usize
    }
    /// Events that there is room for now. May be stale at once, unless this is the only producer.
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity().saturating_sub(self.len())
    }
    /// Events that nobody has taken, at most `capacity` and one for each other producer. May be stale at once; once the
    /// channel [is closed](Self::is_closed) and no fill is under way, it is exactly how many were left behind, but for
    /// those that were [in hand](Self::abandoned).
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.exchange.len(self.head) as usize
    }
    /// Nothing waits for a consumer. May be stale at once.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// All consumers are gone, and every fill is refused. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.consumers.is_over()
    }
    /// Events that consumers had in hand when they were dropped.
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
        // SAFETY: [R3] the slot is with this producer, which has the only `SlotId` of its number, and uses it by
        // `&mut self`.
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

/// One of the ends that take out. [`Source`] and [`SourceMut`] have its verbs, all lock-free. Dropping the last one
/// closes the channel: the producers are refused with `Closed`.
///
/// An event is taken out by value with `drain_mut` and [`core::mem::take`] or `replace`; what stays in the slot is
/// dropped when it is overwritten, or with the channel.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::mpmc::strict::Consumer<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Consumer<T> {
    shared: Arc<Shared<T>>,
    /// Has the event in hand, or what is left of the one before.
    slot: SlotId,
    /// Everything before it is taken. May be stale.
    from: Sequence,
    /// The position of an event that is taken and not consumed.
    in_hand: Option<Sequence>,
    alone: PhantomData<Cell<()>>,
    _apart: Apart,
}

impl<T> Consumer<T> {
    /// The number of events that there is room for. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.exchange.capacity() as usize
    }
    /// Events that can be consumed now, one in hand included. Unless this is the only consumer, others may take them
    /// first.
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
    /// Events that consumers had in hand when they were dropped.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.shared.abandoned.get()
    }
    /// Takes the next event into the hand, unless there is one: its position, or why there is none.
    #[inline]
    fn take(&mut self) -> Result<Sequence, Option<End>> {
        if let Some(at) = self.in_hand {
            return Ok(at);
        }
        let Shared { exchange, producers, .. } = &*self.shared;
        let mut over = false;
        loop {
            if let Some(at) = exchange.take(self.from, &mut self.slot) {
                (self.in_hand, self.from) = (Some(at), at.next());
                return Ok(at);
            }
            if over {
                return Err(Some(End::Closed));
            }
            // What the last one put in before it went may have come after the look.
            over = producers.is_over();
            if !over {
                return Err(None);
            }
        }
    }
    /// Walks at most `limit` events; `one` is called with a slot that is with this consumer, by [R4].
    #[inline]
    fn walk(&mut self, limit: usize, mut one: impl FnMut(&Slot<T>, Sequence) -> Flow) -> Drained {
        let limit = limit.min(self.capacity());
        for count in 0..limit {
            let at = match self.take() {
                Ok(at) => at,
                Err(end) => return Drained { count, end },
            };
            let flow = one(self.shared.pool.slot(&self.slot), at);
            if flow == Err(Halt::Again) {
                return Drained { count, end: Some(End::Halted(Halt::Again)) };
            }
            self.in_hand = None;
            if let Err(halt) = flow {
                return Drained { count: count + 1, end: Some(End::Halted(halt)) };
            }
        }
        Drained { count: limit, end: None }
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
            // SAFETY: [R4] the slot is with this consumer, which has the only `SlotId` of its number.
            unsafe { slot.share(|event| stage.on_event(event, At { seq, now })) }
        })
    }
    #[inline]
    fn in_hand(&self) -> usize {
        usize::from(self.in_hand.is_some())
    }
}

impl<T> SourceMut for Consumer<T> {
    #[inline]
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut T>,
    {
        self.walk(limit, |slot, seq| {
            // SAFETY: [R4] the slot is with this consumer, which has the only `SlotId` of its number, and uses it by
            // `&mut self`.
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
