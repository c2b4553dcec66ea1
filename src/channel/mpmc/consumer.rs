//! The end that takes out: claims what is filled, shows it, and gives the slots back.

use super::shared::Shared;
use crate::channel::{APART, Apart};
use crate::contract::{At, Drained, End, Flow, Halt, Source, SourceMut, Stage, Tick};
use crate::ring::{Claim, Published, Sequence, Slot, Stamp};
use crate::sync::Arc;
use core::{cell::Cell, marker::PhantomData};

/// One of many consumers of a ring; each thread has a clone of its own. [`Source`] and [`SourceMut`] have its verbs; the
/// [module](super) says what becomes of the events it has in hand.
///
/// Dropping the last consumer closes the channel: producers are refused with `Closed`.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::mpmc::Consumer<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Consumer<T> {
    shared: Arc<Shared<T>>,
    /// The hand: from here to `next` is claimed and not consumed. Empty if they are equal.
    at: Sequence,
    /// Where the next claim is tried first. May be stale, never too late.
    next: Sequence,
    /// So many positions at most are claimed at once.
    batch: u64,
    alone: PhantomData<Cell<()>>,
    _apart: Apart,
}

impl<T> Consumer<T> {
    pub(super) fn new(shared: Arc<Shared<T>>, next: Sequence) -> Self {
        Self { shared, at: next, next, batch: 1, alone: PhantomData, _apart: APART }
    }
    /// Lets it claim up to `events` at once, at most a quarter of the capacity: fewer read-modify-writes, for which other
    /// consumers wait longer for those it has in hand, and more are lost if it goes in the middle of them. 0 is taken for 1,
    /// which is how it begins. Clones begin with what it says.
    #[must_use]
    pub fn batch(mut self, events: usize) -> Self {
        self.batch = (events as u64).min(self.shared.slots.capacity() / 4).max(1);
        self
    }
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.slots.capacity() as usize
    }
    /// Slots that this consumer has in hand, or that producers have claimed and consumers have not, void ones among them:
    /// at most [`capacity`](Self::capacity). May be stale at once.
    #[must_use]
    pub fn len(&self) -> usize {
        let len = self.next.since(self.at) + self.shared.len();
        len.min(self.shared.slots.capacity()) as usize
    }
    /// Nothing is in hand and nothing is claimed. May be stale at once.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The last producer is gone, everything is claimed, and this consumer has nothing in hand. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let end = self.shared.tail.end.read();
        end.closed && end.done == self.shared.head.claim.peek() && self.at == self.next
    }
    /// Events that consumers had in hand when they went: nobody will see them (again). It only grows.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.shared.abandoned.get()
    }
    /// Walks at most `limit` events; `one` is called with slots that are this consumer's by [R4].
    #[inline(always)]
    fn walk(&mut self, limit: usize, mut one: impl FnMut(&Slot<T, Stamp>, Sequence) -> Flow) -> Drained {
        let Self { shared, at, next, .. } = self;
        let batch = self.batch;
        let mut count = 0;
        for _ in 0..shared.slots.capacity() {
            if count == limit {
                return Drained { count, end: None };
            }
            let slot = if at == next {
                let claimed = shared.take(next, batch.min((limit - count) as u64));
                *at = claimed.map_or(*next, |(at, _)| at);
                match claimed {
                    Ok((_, slot)) => slot,
                    Err(end) => return Drained { count, end },
                }
            } else {
                shared.slots.slot(*at)
            };
            let mut flow = Ok(());
            if slot.mark().read(*at) == Published::Event {
                // In hand until it returns: a panic leaves it there.
                flow = one(slot, *at);
                if flow == Err(Halt::Again) {
                    return Drained { count, end: Some(End::Halted(Halt::Again)) };
                }
                count += 1;
            }
            slot.mark().release(*at);
            *at = at.next();
            if let Err(halt) = flow {
                return Drained { count, end: Some(End::Halted(halt)) };
            }
        }
        Drained { count, end: self.is_closed().then_some(End::Closed) }
    }
}

/// Where a claim begins, and the slot there.
type Claimed<'s, T> = (Sequence, &'s Slot<T, Stamp>);

impl<T> Shared<T> {
    /// Claims positions that are filled or void, up to `want`; says why not if there are none.
    #[inline(always)]
    fn take(&self, next: &mut Sequence, want: u64) -> Result<Claimed<'_, T>, Option<End>> {
        loop {
            if let Some(claimed) = self.head.claim(&self.slots, next, want, Stamp::to_take, Claim::take) {
                return Ok(claimed);
            }
            let end = self.tail.end.read();
            if !end.closed {
                return Err(None);
            }
            if end.done == *next {
                return Err(Some(End::Closed));
            }
            // The last producer to go has seen the others go, and they had finished: with the end, every stamp before it is
            // known, so the next look finds this one filled, or gone.
        }
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
            // SAFETY: [R4] `seq` was claimed by this consumer alone, behind a stamp that says that its producer is done with
            // the slot.
            unsafe { slot.share(|event| stage.on_event(event, At { seq, now })) }
        })
    }
    #[inline]
    fn position(&self) -> Option<Sequence> {
        Some(self.at)
    }
    fn in_hand(&self) -> usize {
        let claimed = (0..self.next.since(self.at)).map(|n| self.at.plus(n));
        claimed.filter(|at| self.shared.slots.mark(*at).read(*at) == Published::Event).count()
    }
}

impl<T> SourceMut for Consumer<T> {
    #[inline]
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut T>,
    {
        self.walk(limit, |slot, seq| {
            // SAFETY: [R4] as in `drain`; nobody else has the slot until it is given back.
            unsafe { slot.lend(|event| stage.on_event(event, At { seq, now })) }
        })
    }
}

impl<T> Clone for Consumer<T> {
    fn clone(&self) -> Self {
        self.shared.head.claim.join();
        let mut clone = Self::new(self.shared.clone(), self.next);
        clone.batch = self.batch;
        clone
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        while self.at != self.next {
            let stamp = self.shared.slots.mark(self.at);
            if stamp.read(self.at) == Published::Event {
                self.shared.abandoned.add(1);
            }
            stamp.release(self.at);
            self.at = self.at.next();
        }
        self.shared.head.leave();
    }
}
