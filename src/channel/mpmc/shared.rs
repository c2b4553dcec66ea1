//! What the ends of a ring share, and how either side claims.

use crate::ring::{CapacityError, Claim, Claimable, Cursor, Sequence, Slots, Stamp, Tally};
use crate::sync::{Arc, pause};

#[derive(Debug)]
pub(super) struct Shared<T> {
    pub(super) slots: Slots<T, Stamp>,
    /// The producers.
    pub(super) tail: Side,
    /// The consumers.
    pub(super) head: Side,
    /// Events that consumers had in hand when they went.
    pub(super) abandoned: Tally,
}

/// What all producers, or all consumers, have in common.
#[derive(Debug)]
pub(super) struct Side {
    /// The first position that none of them has claimed, and how many of them there are.
    pub(super) claim: Claim,
    /// Moves once: to the end of the last claim, and closed, when the last of them is gone. So the other side looks at a
    /// line that nobody writes.
    pub(super) end: Cursor,
}

// SAFETY: [R3] and [R4] give each slot to one thread at a time, so `T` moves between threads (`T: Send`) and is never
// looked at by two at once; everything else is atomic.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub(super) fn new(
        start: Sequence,
        capacity: usize,
        fill: impl FnMut() -> T,
    ) -> Result<Arc<Self>, CapacityError> {
        let free = |at: Sequence| Stamp::free(at.minus(capacity as u64));
        Ok(Arc::new(Self {
            slots: Slots::new(capacity, start, fill, free)?,
            tail: Side::new(start),
            head: Side::new(start),
            abandoned: Tally::new(),
        }))
    }
    /// Positions that producers have claimed and consumers have not, at most the capacity.
    pub(super) fn len(&self) -> u64 {
        let (head, tail) = (self.head.claim.peek(), self.tail.claim.peek());
        // The counters move between the two loads, and neither load is ordered by the other: the difference may be more
        // than a lap, or less than nothing.
        let (ahead, behind) = (tail.since(head), head.since(tail));
        if ahead < behind { ahead.min(self.slots.capacity()) } else { 0 }
    }
}

impl Side {
    /// So often at most does who loses a race tell the processor that it waits, before it tries again.
    const PAUSES: u32 = 64;

    fn new(start: Sequence) -> Self {
        Self { claim: Claim::new(start), end: Cursor::new(start) }
    }
    /// Claims the first position that can be had, and as many behind it as can be had with it, at most `want` in all;
    /// nothing if the slot that is next in turn has to wait for somebody. `next` is where to try first, and moves behind
    /// the claim. Lock-free: it tries again only where somebody else has got the position.
    #[inline(always)]
    pub(super) fn claim(
        &self,
        next: &mut Sequence,
        want: u64,
        claimable: impl Fn(Sequence) -> Claimable,
        take: impl Fn(&Claim, Sequence, u64) -> Result<(), Sequence>,
    ) -> Option<(Sequence, u64)> {
        let mut pauses = 1;
        loop {
            let at = *next;
            match claimable(at) {
                Claimable::NotYet => return None,
                Claimable::Now => {
                    let n = (1..want).find(|n| claimable(at.plus(*n)) != Claimable::Now).unwrap_or(want);
                    if take(&self.claim, at, n).is_ok() {
                        *next = at.plus(n);
                        return Some((at, n));
                    }
                }
                Claimable::Gone => {}
            }
            pause(pauses);
            pauses = Self::PAUSES.min(2 * pauses);
            *next = self.claim.peek();
        }
    }
    /// One of them goes.
    pub(super) fn leave(&self) {
        if self.claim.leave() {
            self.end.close(self.claim.peek());
        }
    }
}
