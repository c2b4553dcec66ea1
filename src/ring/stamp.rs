//! What a slot says of itself where many producers fill one ring.
//!
//! With one producer a single cursor tells how far the ring is filled. Many producers finish out of order, so
//! each slot carries the position it was last filled for; a reader that waits for position `s` looks at the slot
//! of `s` alone.
//!
//! | stamp of slot `s mod capacity` | meaning for a reader at `s`                                     |
//! |--------------------------------|-----------------------------------------------------------------|
//! | `s - capacity` (or less)       | not yet: unclaimed, or claimed and not finished                 |
//! | `s`                            | filled: read it                                                 |
//! | `s` and `VOID`                 | claimed and given up (the fill failed or panicked): pass it over |
//!
//! | store (Release)                       | load (Acquire)      | what it hands over    |
//! |---------------------------------------|---------------------|-----------------------|
//! | [`Stamp::publish`], `abandon` S3    | [`Stamp::read`] S4 | the contents of the slot |

use super::Sequence;
use crate::sync::{AtomicU64, Ordering};

/// The position a slot was last filled for, and whether there is anything in it. All operations are wait-free.
#[derive(Debug)]
pub struct Stamp(AtomicU64);

/// What a [`Stamp`] says of one position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Published {
    /// Nothing has been put there yet.
    NotYet,
    /// An event is there.
    Event,
    /// The producer that claimed it gave it up: there is no event, and there never will be.
    Void,
}

const VOID: u64 = 1;

impl Stamp {
    /// A stamp that was last filled for `at`.
    #[must_use]
    pub fn new(at: Sequence) -> Self {
        Self(AtomicU64::new(at.word(0)))
    }
    /// What lies at position `at`.
    ///
    /// ordering: Acquire; pairs with the Release of `publish` and `abandon`, and takes the slot over.
    #[inline]
    #[must_use]
    pub fn read(&self, at: Sequence) -> Published {
        let word = self.0.load(Ordering::Acquire);
        if Sequence::of_word(word) != at {
            Published::NotYet
        } else if word & VOID == 0 {
            Published::Event
        } else {
            Published::Void
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
    /// ordering: Release; pairs with the Acquire of `read`. Hands over the contents of the slot.
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
}
