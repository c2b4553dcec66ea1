//! One writer's progress, and whether it goes on.
//!
//! | mark   | meaning                                                             |
//! |--------|---------------------------------------------------------------------|
//! | `CLOSED` | there will be no more progress; whoever depends on it ends here    |
//! | `LEFT`   | as `CLOSED`, but nobody needs to care: an optional reader went away |
//!
//! | store (Release)                              | load (Acquire) | what it hands over                     |
//! |----------------------------------------------|----------------|----------------------------------------|
//! | [`Cursor::advance`], `close`, `leave` S1   | `read` S2    | every slot below the position          |

use super::Sequence;
use crate::sync::{AtomicU64, Ordering};
use crossbeam_utils::CachePadded;

/// How many events its one writer is done with, on a cache line of its own.
///
/// All operations are wait-free. `advance`, `close` and `leave` belong to one thread, the owner; nothing breaks
/// in memory if others call them, but progress may then go backwards.
#[derive(Debug)]
pub struct Cursor(CachePadded<AtomicU64>);

/// What one load of a [`Cursor`] saw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Every event before this position is done.
    pub done: Sequence,
    /// There will be no more. Stable.
    pub closed: bool,
    /// The owner was optional and went away: it holds nobody up. Stable.
    pub left: bool,
}

const CLOSED: u64 = 1;
const LEFT: u64 = 2;

impl Cursor {
    /// A cursor that stands at `start`.
    #[must_use]
    pub fn new(start: Sequence) -> Self {
        Self(CachePadded::new(AtomicU64::new(start.word(0))))
    }
    /// How far the writer is.
    ///
    /// ordering: Acquire; pairs with the Release of the three stores below, and takes over every slot before
    /// `done`.
    #[inline]
    #[must_use]
    pub fn read(&self) -> Progress {
        let word = self.0.load(Ordering::Acquire);
        Progress { done: Sequence::of_word(word), closed: word & CLOSED != 0, left: word & LEFT != 0 }
    }
    /// Everything before `done` is done.
    #[inline]
    pub fn advance(&self, done: Sequence) {
        self.publish(done, 0);
    }
    /// As `advance`, for the last time.
    pub fn close(&self, done: Sequence) {
        self.publish(done, CLOSED);
    }
    /// As `close`, by an owner whom nobody has to miss.
    pub fn leave(&self, done: Sequence) {
        self.publish(done, CLOSED | LEFT);
    }
    /// ordering: Release; pairs with the Acquire of `read`. Hands over every slot before `done`.
    #[inline]
    fn publish(&self, done: Sequence, marks: u64) {
        self.0.store(done.word(marks), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_it_was_told() {
        let cursor = Cursor::new(Sequence::ZERO.minus(1));
        assert!(!cursor.read().closed);
        cursor.advance(Sequence::new(3));
        let open = Progress { done: Sequence::new(3), closed: false, left: false };
        assert_eq!(cursor.read(), open);
        cursor.close(Sequence::new(4));
        assert_eq!(cursor.read(), Progress { done: Sequence::new(4), closed: true, left: false });
        cursor.leave(Sequence::new(4));
        assert_eq!(cursor.read(), Progress { done: Sequence::new(4), closed: true, left: true });
    }

    #[test]
    fn has_a_line_of_its_own() {
        assert!(align_of::<Cursor>() >= 64);
    }
}
