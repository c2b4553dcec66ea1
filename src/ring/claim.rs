//! Who gets which slots where many producers fill one ring, or many consumers empty it.
//!
//! The counter orders nothing but itself: a claimed slot is handed from one side to the other by the slot's stamp, or by
//! the readers' cursors. That `Relaxed` suffices is shown by the models that run with it. The number of those that claim
//! is counted beside it; the last one to go closes the ring, so what all of them did has to come before that.
//!
//! | read-modify-write             | pairs with | what it hands over                                     |
//! |-------------------------------|------------|--------------------------------------------------------|
//! | [`Claim::leave`] (AcqRel) S5 | itself     | every claim of those gone before, to the last one       |

use super::Sequence;
use crate::sync::{AtomicU64, AtomicUsize, Ordering};
use crossbeam_utils::CachePadded;

/// The next position that none of a ring's producers (or none of its consumers) has claimed, and how many of them there
/// are.
#[derive(Debug)]
pub struct Claim {
    next: CachePadded<AtomicU64>,
    claimants: CachePadded<AtomicUsize>,
}

impl Claim {
    /// One claimant, and `start` is free.
    #[must_use]
    pub fn new(start: Sequence) -> Self {
        Self {
            next: CachePadded::new(AtomicU64::new(start.word(0))),
            claimants: CachePadded::new(AtomicUsize::new(1)),
        }
    }
    /// The first position nobody has claimed, or had not a moment ago. Wait-free.
    ///
    /// ordering: Relaxed; the position hands over nothing, see above.
    #[inline]
    #[must_use]
    pub fn peek(&self) -> Sequence {
        Sequence::of_word(self.next.load(Ordering::Relaxed))
    }
    /// Claims the `n` positions from `from`, or tells where the first free one is now. Lock-free: it fails because
    /// another claimant got them (or, on some processors, spuriously).
    ///
    /// ordering: Relaxed twice; the position hands over nothing, see above.
    #[inline]
    pub fn take(&self, from: Sequence, n: u64) -> Result<(), Sequence> {
        let (old, new) = (from.word(0), from.plus(n).word(0));
        self.next
            .compare_exchange_weak(old, new, Ordering::Relaxed, Ordering::Relaxed)
            .map(|_| ())
            .map_err(Sequence::of_word)
    }
    /// As [`take`](Self::take), by the only one that claims here: a store, which cannot fail. `to` is the first free
    /// position from now on; so it can also take back what it has not used. Wait-free.
    ///
    /// ordering: Relaxed; the position hands over nothing, see above.
    #[inline]
    pub fn set(&self, to: Sequence) {
        self.next.store(to.word(0), Ordering::Relaxed);
    }
    /// One claimant more. Wait-free.
    ///
    /// ordering: Relaxed; the new claimant is made by one that counts already, so the count cannot reach zero.
    pub fn join(&self) {
        self.claimants.fetch_add(1, Ordering::Relaxed);
    }
    /// One claimant less; true if it was the last. Wait-free.
    ///
    /// ordering: AcqRel; Release hands this one's claims to the last one, Acquire lets the last one see them.
    #[must_use]
    pub fn leave(&self) -> bool {
        self.claimants.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_to_leave_is_told() {
        let claim = Claim::new(Sequence::ZERO);
        claim.join();
        assert!(!claim.leave());
        assert!(claim.leave());
    }

    #[test]
    fn a_claim_is_taken_once() {
        let start = Sequence::ZERO.minus(1);
        let claim = Claim::new(start);
        while claim.take(start, 2).is_err() {}
        assert_eq!(claim.peek(), Sequence::new(1));
        assert_eq!(claim.take(start, 1), Err(Sequence::new(1)));
    }
}
