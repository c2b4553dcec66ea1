//! The end that takes out.

use super::Shared;
use crate::channel::batch::Advance;
use crate::channel::follower::{Feed, Follower};
use crate::contract::{Drained, Source, SourceMut, Stage, Tick};
use crate::ring::{Progress, Published, Sequence, Slots, Stamp};
use crate::sync::Arc;
use core::{cell::Cell, marker::PhantomData};

/// The end that takes out. Dropping it closes the channel: the producers are refused with `Closed`.
///
/// [`Source`] and [`SourceMut`] have its verbs, all wait-free but those that wait; each **stops before a slot that was
/// claimed and is not finished**. What `pop` or `take` leaves in the slot is dropped when it is overwritten, or with the
/// channel.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::mpsc::Consumer<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Consumer<T> {
    follower: Follower<Arc<Shared<T>>>,
    alone: PhantomData<Cell<()>>,
}

impl<T> Consumer<T> {
    pub(super) fn new(follower: Follower<Arc<Shared<T>>>) -> Self {
        Self { follower, alone: PhantomData }
    }
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.follower.feed().slots.capacity() as usize
    }
    /// Events that can be consumed now; void slots among them are counted, too. At least so many positions stay until
    /// this consumer drains. Looks at each of them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.follower.len() as usize
    }
    /// Nothing can be consumed now. `false` is stable until this consumer drains.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// All producers are gone and everything is consumed. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.follower.is_closed()
    }
    /// The position of the next event to consume, or of a void slot before it.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.follower.done()
    }
}

impl<T> Source for Consumer<T> {
    type Event = T;
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e T>,
    {
        self.follower.drain(now, limit, stage)
    }
    #[inline]
    fn position(&self) -> Option<Sequence> {
        Some(self.next())
    }
}

impl<T> SourceMut for Consumer<T> {
    #[inline]
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut T>,
    {
        // SAFETY: [R4] exclusively, as a channel has one consumer.
        unsafe { self.follower.drain_mut(now, limit, stage) }
    }
}

impl<T> Feed for Arc<Shared<T>> {
    type Event = T;
    type Mark = Stamp;
    type Line = ();
    #[inline]
    fn slots(&self) -> &Slots<T, Stamp> {
        &self.slots
    }
    #[inline]
    fn cursor(&self) -> &impl Advance {
        &self.head
    }
    #[inline]
    fn ahead(&self, done: Sequence) -> Progress {
        self.claims.ahead(done, self.slots.capacity())
    }
    #[inline]
    fn published(mark: &Stamp, at: Sequence) -> Published {
        mark.read(at)
    }
    fn leave(&self, done: Sequence) {
        self.head.close(done);
    }
}
