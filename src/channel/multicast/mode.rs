//! One producer or many: how the first readers learn what is filled.

use crate::ring::{Claim, Cursor, Progress, Published, Sequence, Stamp};
use core::fmt::Debug;

/// One producer: a cursor says how far the ring is filled, and a slot holds the event alone.
#[derive(Debug)]
pub struct One {
    pub(super) tail: Cursor,
}

/// Many producers: each claims its slots and stamps them when they are filled, eight bytes a slot.
#[derive(Debug)]
pub struct Many {
    pub(super) claim: Claim,
    /// Moves once: to the end of the last claim, and closed, when the last producer is gone. So an empty drain looks
    /// at a line that nobody writes.
    pub(super) end: Cursor,
}

/// [`One`] or [`Many`].
pub trait Mode: Debug + Send + Sync + sealed::Sealed {
    /// What stands beside each event.
    #[doc(hidden)]
    type Mark: Debug + Send + Sync;
    /// Nothing is filled yet, and `start` is the first position.
    #[doc(hidden)]
    fn new(start: Sequence) -> Self;
    /// The mark of a slot that waits for its first event, at position `at`.
    #[doc(hidden)]
    fn mark(at: Sequence, capacity: u64) -> Self::Mark;
    /// How far a reader at `done` may go at most.
    #[doc(hidden)]
    fn ahead(&self, done: Sequence, capacity: u64) -> Progress;
    /// What lies at position `at`, if its mark is `mark`.
    #[doc(hidden)]
    fn published(mark: &Self::Mark, at: Sequence) -> Published;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::One {}
    impl Sealed for super::Many {}
}

impl Mode for One {
    type Mark = ();
    fn new(start: Sequence) -> Self {
        Self { tail: Cursor::new(start) }
    }
    fn mark(_at: Sequence, _capacity: u64) {}
    #[inline]
    fn ahead(&self, _done: Sequence, _capacity: u64) -> Progress {
        self.tail.read()
    }
    #[inline]
    fn published(_mark: &(), _at: Sequence) -> Published {
        Published::Event
    }
}

impl Mode for Many {
    type Mark = Stamp;
    fn new(start: Sequence) -> Self {
        Self { claim: Claim::new(start), end: Cursor::new(start) }
    }
    fn mark(at: Sequence, capacity: u64) -> Stamp {
        Stamp::new(at.minus(capacity))
    }
    /// Until the end is known a reader may go on for a lap; the stamps stop it. When the end is known, every stamp
    /// before it is, too: the last producer to go has seen the others go, and they had finished.
    #[inline]
    fn ahead(&self, done: Sequence, capacity: u64) -> Progress {
        let end = self.end.read();
        if end.closed { end } else { Progress { done: done.plus(capacity), ..end } }
    }
    #[inline]
    fn published(mark: &Stamp, at: Sequence) -> Published {
        mark.read(at)
    }
}
