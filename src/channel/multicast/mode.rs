//! One producer or many: how the first readers learn what is filled.

use crate::channel::shared_writer::Claims;
use crate::ring::{Cursor, Progress, Published, Sequence, Stamp};
use core::fmt::Debug;

/// One producer: a cursor says how far the ring is filled, and a slot holds the event alone.
#[derive(Debug)]
pub struct One {
    pub(super) tail: Cursor,
}

/// Many producers: each claims its slots and stamps them when they are filled, eight bytes a slot.
#[derive(Debug)]
pub struct Many {
    pub(super) claims: Claims,
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
        Self { claims: Claims::new(start) }
    }
    fn mark(at: Sequence, capacity: u64) -> Stamp {
        Claims::stamp(at, capacity)
    }
    #[inline]
    fn ahead(&self, done: Sequence, capacity: u64) -> Progress {
        self.claims.ahead(done, capacity)
    }
    #[inline]
    fn published(mark: &Stamp, at: Sequence) -> Published {
        mark.read(at)
    }
}
