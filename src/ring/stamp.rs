//! What a slot says of itself where many threads fill one ring, or many empty it.
//!
//! With one producer a single cursor tells how far the ring is filled. Many producers finish out of order, so
//! each slot carries the position it was last filled for; a reader that waits for position `s` looks at the slot
//! of `s` alone. Many consumers that share the events finish out of order, too, and say so at the same place.
//!
//! | stamp of slot `s mod capacity` | meaning for a reader at `s`                                     |
//! |--------------------------------|-----------------------------------------------------------------|
//! | `s - capacity` (or less)       | not yet: unclaimed, or claimed and not finished                 |
//! | `s`                            | filled: read it                                                 |
//! | `s` and `VOID`                 | claimed and given up (the fill failed or panicked): pass it over |
//! | `s` and `TAKEN`                | its one consumer is done with it: free for `s + capacity`       |
//!
//! In this order, and in no other, the word of a stamp grows. So who wants to claim a position, and expects a certain
//! stamp there, learns from any other whether it comes too early or too late.
//!
//! | store (Release)                             | load (Acquire)                                     | what it hands over       |
//! |---------------------------------------------|----------------------------------------------------|--------------------------|
//! | [`Stamp::publish`], `abandon`, `release` S3 | [`Stamp::read`], `to_fill`, `to_take` S4           | the contents of the slot |

use super::Sequence;
use crate::sync::{AtomicU64, Ordering};

/// The position a slot was last filled for, and whether there is anything in it. All operations are wait-free.
#[derive(Debug)]
pub struct Stamp(AtomicU64);

/// What a [`Stamp`] says of one position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Published {
    /// Nothing has been put there yet, or it was taken.
    NotYet,
    /// An event is there.
    Event,
    /// The producer that claimed it gave it up: there is no event, and there never will be.
    Void,
}

/// What a [`Stamp`] says to one of many that want to claim a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claimable {
    /// Somebody has to finish first.
    NotYet,
    /// Whoever claims the position first may have the slot.
    Now,
    /// Somebody has claimed the position before.
    Gone,
}

impl Claimable {
    /// A stamp that is not the wanted one comes before it or after it.
    fn not_now(word: u64, wanted: u64) -> Self {
        if word.wrapping_sub(wanted).cast_signed() < 0 { Self::NotYet } else { Self::Gone }
    }
}

const VOID: u64 = 1;
const TAKEN: u64 = 2;

impl Stamp {
    /// A stamp that was last filled for `at`.
    #[must_use]
    pub fn new(at: Sequence) -> Self {
        Self(AtomicU64::new(at.word(0)))
    }
    /// The stamp of a slot that is free, and was last used for `at`.
    #[must_use]
    pub fn free(at: Sequence) -> Self {
        Self(AtomicU64::new(at.word(TAKEN)))
    }
    /// What lies at position `at`.
    #[inline]
    #[must_use]
    pub fn read(&self, at: Sequence) -> Published {
        let word = self.load();
        if word == at.word(0) {
            Published::Event
        } else if word == at.word(VOID) {
            Published::Void
        } else {
            Published::NotYet
        }
    }
    /// The slot holds the event of position `at`.
    #[inline]
    pub fn publish(&self, at: Sequence) {
        self.store(at.word(0));
    }
    /// The slot holds nothing for position `at`.
    pub fn abandon(&self, at: Sequence) {
        self.store(at.word(VOID));
    }
    /// The consumer of position `at` is done with the slot.
    #[inline]
    pub fn release(&self, at: Sequence) {
        self.store(at.word(TAKEN));
    }
    /// May the position a lap after `before` be claimed and filled?
    #[inline(always)]
    #[must_use]
    pub fn to_fill(&self, before: Sequence) -> Claimable {
        let (word, wanted) = (self.load(), before.word(TAKEN));
        if word == wanted { Claimable::Now } else { Claimable::not_now(word, wanted) }
    }
    /// May position `at` be claimed and taken? It is perhaps void, see [`read`](Self::read).
    #[inline(always)]
    #[must_use]
    pub fn to_take(&self, at: Sequence) -> Claimable {
        let (word, wanted) = (self.load(), at.word(0));
        if word & !VOID == wanted { Claimable::Now } else { Claimable::not_now(word, wanted) }
    }
    /// ordering: Acquire; pairs with the Release of `store`, and takes the slot over.
    #[inline]
    fn load(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
    /// ordering: Release; pairs with the Acquire of `load`. Hands over the contents of the slot.
    #[inline]
    fn store(&self, word: u64) {
        self.0.store(word, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_three_states_apart_across_the_wrap() {
        let (lap, at) = (8, Sequence::ZERO.plus(3));
        let stamp = Stamp::new(at.minus(lap));
        assert_eq!(stamp.read(at), Published::NotYet);
        stamp.publish(at);
        assert_eq!(stamp.read(at), Published::Event);
        assert_eq!(stamp.read(at.plus(lap)), Published::NotYet);
        stamp.abandon(at.plus(lap));
        assert_eq!(stamp.read(at.plus(lap)), Published::Void);
    }

    /// What each state says to who wants to fill or take the position it is in, the one a lap before, and the one after.
    #[test]
    fn a_position_can_be_claimed_in_one_state_only() {
        use Claimable::{Gone, NotYet, Now};
        let (lap, at) = (4, Sequence::ZERO.minus(2));
        let stamp = Stamp::free(at.minus(lap));
        let ask = |at: Sequence| (stamp.to_fill(at.minus(lap)), stamp.to_take(at));
        let around = || [at.minus(lap), at, at.plus(lap)].map(ask);
        assert_eq!(around(), [(Gone, Gone), (Now, NotYet), (NotYet, NotYet)]);
        stamp.publish(at);
        assert_eq!(around(), [(Gone, Gone), (Gone, Now), (NotYet, NotYet)]);
        stamp.release(at);
        assert_eq!(around(), [(Gone, Gone), (Gone, Gone), (Now, NotYet)]);
        assert_eq!(stamp.read(at), Published::NotYet);
        stamp.abandon(at.plus(lap));
        assert_eq!(around(), [(Gone, Gone), (Gone, Gone), (Gone, Now)]);
        stamp.release(at.plus(lap));
        assert_eq!(around(), [(Gone, Gone), (Gone, Gone), (Gone, Gone)]);
    }
}
