//! How the slots lie, and how the consumer learns what is filled.

use crate::ring::{Line, Published, Sequence, Stamp};
use core::fmt::Debug;

/// Events side by side, and one cursor that says how far they are filled: made by [`channel`](super::channel).
#[derive(Clone, Copy, Debug)]
pub enum Packed {}

/// Each event with a stamp of its own on a cache line of its own: made by [`spaced`](super::spaced).
#[derive(Clone, Copy, Debug)]
pub enum Spaced {}

/// [`Packed`] or [`Spaced`].
pub trait Layout: Debug + sealed::Sealed {
    /// What stands beside each event.
    #[doc(hidden)]
    type Mark: Debug + Send + Sync;
    /// What a slot is aligned as.
    #[doc(hidden)]
    type Line: Debug;
    /// The producer's cursor says how far the ring is filled; else it says no more than where the end is.
    #[doc(hidden)]
    const BY_CURSOR: bool;
    /// The mark of a slot that waits for its first event, at position `at`.
    #[doc(hidden)]
    fn unfilled(at: Sequence, capacity: u64) -> Self::Mark;
    /// The slot holds the event of position `at`.
    #[doc(hidden)]
    fn filled(mark: &Self::Mark, at: Sequence);
    /// What lies at position `at`, if its mark is `mark`.
    #[doc(hidden)]
    fn published(mark: &Self::Mark, at: Sequence) -> Published;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Packed {}
    impl Sealed for super::Spaced {}
}

impl Layout for Packed {
    type Mark = ();
    type Line = ();
    const BY_CURSOR: bool = true;
    fn unfilled(_at: Sequence, _capacity: u64) {}
    #[inline]
    fn filled(_mark: &(), _at: Sequence) {}
    #[inline]
    fn published(_mark: &(), _at: Sequence) -> Published {
        Published::Event
    }
}

impl Layout for Spaced {
    type Mark = Stamp;
    type Line = Line;
    const BY_CURSOR: bool = false;
    fn unfilled(at: Sequence, capacity: u64) -> Stamp {
        Stamp::new(at.minus(capacity))
    }
    #[inline]
    fn filled(mark: &Stamp, at: Sequence) {
        mark.publish(at);
    }
    #[inline]
    fn published(mark: &Stamp, at: Sequence) -> Published {
        mark.read(at)
    }
}
