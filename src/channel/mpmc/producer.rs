//! The end that puts in: claims its slots, fills them, and stamps them.

use super::shared::Shared;
use super::{Many, Mode, One};
use crate::channel::{APART, Apart};
use crate::contract::{Filled, Flow, Halt, Refused, Sink};
use crate::ring::{Sequence, Slot, Stamp};
use crate::sync::Arc;
use core::{cell::Cell, marker::PhantomData};

/// One of many producers of a ring, each thread has a clone of its own; or the only one, see
/// [`spmc`](crate::channel::spmc). [`Sink`] has its verbs.
///
/// Where there are many, a fill that fails or panics leaves a void slot, which consumers pass over; where there is one, it
/// leaves nothing. Dropping the last producer closes the channel: the consumers take what is left, then see the end.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::mpmc::Producer<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Producer<T, M: Mode = Many> {
    shared: Arc<Shared<T>>,
    /// Where the next claim is tried first. Exact if there is one producer; else perhaps stale, never too late.
    next: Sequence,
    alone: PhantomData<(Cell<()>, M)>,
    _apart: Apart,
}

impl<T, M: Mode> Producer<T, M> {
    pub(super) fn new(shared: Arc<Shared<T>>, next: Sequence) -> Self {
        Self { shared, next, alone: PhantomData, _apart: APART }
    }
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.slots.capacity() as usize
    }
    /// `capacity - len`. May be stale at once; and a slot whose event is in the hand of a consumer counts as free, but is
    /// not filled before the consumer is done with it.
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity() - self.len()
    }
    /// Slots that producers have claimed and consumers have not, void ones among them: at most
    /// [`capacity`](Self::capacity). May be stale at once; but once [`is_closed`](Self::is_closed), and no other producer is
    /// in a fill that began before, it is how many the consumers left behind.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.len() as usize
    }
    /// Nothing waits for a consumer. May be stale at once.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The last consumer is gone. `true` is stable, and every fill is refused then.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.head.end.read().closed
    }
    /// Events that consumers had in hand when they went: nobody will see them (again). It only grows, and is final once
    /// [`is_closed`](Self::is_closed).
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.shared.abandoned.get()
    }
    /// Claims up to `want` slots, at least one.
    #[inline(always)]
    fn claim(&mut self, want: u64) -> Result<Filling<'_, T, M>, Refused> {
        let Self { shared, next, .. } = self;
        if shared.head.end.read().closed {
            return Err(Refused::Closed);
        }
        let (slots, lap) = (&shared.slots, shared.slots.capacity());
        let claimable = |stamp: &Stamp, at: Sequence| stamp.to_fill(at.minus(lap));
        let Some((at, slot)) = shared.tail.claim(slots, next, want, claimable, M::take) else {
            return Err(Refused::Full);
        };
        Ok(Filling { shared, at, until: next, slot, mode: PhantomData })
    }
}

impl<T> Producer<T, One> {
    /// The position of the next event.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.next
    }
}

/// The slots of one claim that are not stamped yet. What is left of it when it goes is given up.
struct Filling<'a, T, M: Mode> {
    shared: &'a Shared<T>,
    at: Sequence,
    /// The end of the claim: the producer's `next`.
    until: &'a mut Sequence,
    /// That of `at`.
    slot: &'a Slot<T, Stamp>,
    mode: PhantomData<M>,
}

impl<T, M: Mode> Filling<'_, T, M> {
    /// Fills the slot, and stamps it if `fill` succeeds.
    #[inline(always)]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        // SAFETY: [R3] `at` was claimed by this producer alone, behind a stamp that says that the consumer of the lap
        // before is done with the slot.
        let out = unsafe { self.slot.lend(fill) }?;
        self.slot.mark().publish(self.at);
        self.at = self.at.next();
        Ok(out)
    }
    /// Goes on to the next slot; false if there is none.
    #[inline(always)]
    fn next(&mut self) -> bool {
        self.slot = self.shared.slots.slot(self.at);
        self.at != *self.until
    }
}

impl<T, M: Mode> Drop for Filling<'_, T, M> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.at != *self.until {
            M::give_up(&self.shared.tail.claim, &self.shared.slots, self.at, *self.until);
            // What was taken back is claimed again.
            *self.until = self.at;
        }
    }
}

impl<T, M: Mode> Sink for Producer<T, M> {
    type Event = T;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        self.claim(1)?.fill(fill)
    }
    /// The slots are claimed together and stamped one by one.
    #[inline]
    fn fill_many(&mut self, n: usize, mut fill: impl FnMut(usize, &mut T) -> Flow) -> Filled {
        if n == 0 {
            return Filled { count: 0, end: None };
        }
        let mut filling = match self.claim(n as u64) {
            Ok(filling) => filling,
            Err(refused) => return Filled { count: 0, end: Some(refused.into()) },
        };
        let mut count = 0;
        loop {
            if let Err(halt) = filling.fill(|slot| fill(count, slot)) {
                return Filled { count, end: Some(halt) };
            }
            count += 1;
            if !filling.next() {
                return Filled { count, end: (count < n).then_some(Halt::Again) };
            }
        }
    }
}

impl<T> Clone for Producer<T, Many> {
    fn clone(&self) -> Self {
        self.shared.tail.claim.join();
        Self::new(self.shared.clone(), self.next)
    }
}

impl<T, M: Mode> Drop for Producer<T, M> {
    fn drop(&mut self) {
        self.shared.tail.leave();
    }
}
