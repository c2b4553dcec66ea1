//! What the ends of a ring share, and how either side claims.

use crate::ring::{CapacityError, Claim, Claimable, Cursor, Sequence, Slot, Slots, Stamp, Tally};
use crate::sync::{Arc, pause};
use core::ops::Range;

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
    /// So often does who loses a race tell the processor that it waits, before it tries again: twice as often each time,
    /// from the first of these numbers to the second.
    const PAUSES: Range<u32> = 16..64;

    fn new(start: Sequence) -> Self {
        Self { claim: Claim::new(start), end: Cursor::new(start) }
    }
    /// Claims the first position that can be had, and as many behind it as can be had with it, at most `want` in all;
    /// nothing if the slot that is next in turn has to wait for somebody. `next` is where to try first, and moves behind
    /// the claim. Returns where the claim begins, and the slot there: looked up before the claim, as a lookup behind a
    /// read-modify-write would wait for it. Lock-free: it tries again only where somebody else has got the position.
    #[inline(always)]
    pub(super) fn claim<'s, T>(
        &self,
        slots: &'s Slots<T, Stamp>,
        next: &mut Sequence,
        want: u64,
        claimable: impl Fn(&Stamp, Sequence) -> Claimable,
        take: impl Fn(&Claim, Sequence, u64) -> Result<(), Sequence>,
    ) -> Option<(Sequence, &'s Slot<T, Stamp>)> {
        let mut pauses = Self::PAUSES.start;
        loop {
            let (at, first) = (*next, slots.slot(*next));
            match claimable(first.mark(), at) {
                Claimable::NotYet => return None,
                Claimable::Now => {
                    let not_now = |n: &u64| {
                        let at = at.plus(*n);
                        claimable(slots.mark(at), at) != Claimable::Now
                    };
                    let n = (1..want).find(not_now).unwrap_or(want);
                    if take(&self.claim, at, n).is_ok() {
                        *next = at.plus(n);
                        return Some((at, first));
                    }
                }
                Claimable::Gone => {}
            }
            pause(pauses);
            pauses = Self::PAUSES.end.min(2 * pauses);
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
