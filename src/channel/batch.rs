//! A batch under way: progress that is published however it ends.

use crate::ring::{Cursor, Sequence};

/// Where the owner of a batch says how far it is.
pub(super) trait Advance {
    /// Everything before `done` is done.
    fn advance(&self, done: Sequence);
}

impl Advance for Cursor {
    #[inline(always)]
    fn advance(&self, done: Sequence) {
        self.advance(done);
    }
}

/// Moves the owner's position in a register while a batch runs, and publishes it with the owner's cursor at the end of
/// the batch, also if a closure of the user panics. A batch that did nothing writes nothing: it would take the cursor's
/// line from those who read it for no reason.
pub(super) struct Batch<'a, C: Advance> {
    /// Nothing, where each event was published when it was done.
    cursor: Option<&'a C>,
    /// What is published.
    home: &'a mut Sequence,
    /// Exact: everything before it is done.
    pub(super) at: Sequence,
}

impl<'a, C: Advance> Batch<'a, C> {
    #[inline(always)]
    pub(super) fn new(cursor: Option<&'a C>, home: &'a mut Sequence) -> Self {
        let at = *home;
        Self { cursor, home, at }
    }
    #[inline(always)]
    pub(super) fn step(&mut self) {
        self.at = self.at.next();
    }
    /// How far it is beyond what is published.
    #[inline(always)]
    pub(super) fn unpublished(&self) -> u64 {
        self.at.since(*self.home)
    }
    #[inline(always)]
    pub(super) fn publish(&mut self) {
        if self.at != *self.home {
            *self.home = self.at;
            if let Some(cursor) = self.cursor {
                cursor.advance(self.at);
            }
        }
    }
}

impl<C: Advance> Drop for Batch<'_, C> {
    #[inline(always)]
    fn drop(&mut self) {
        self.publish();
    }
}
