//! The end that puts in, of which there are many.

use super::Shared;
use crate::channel::shared_writer::{Claims, SharedGate, SharedWriter};
use crate::contract::{Filled, Flow, Sink};
use crate::ring::{Progress, Sequence, Slots, Stamp};
use crate::sync::Arc;
use core::{cell::Cell, marker::PhantomData};

/// One of the ends that put in; each thread has a clone of its own. [`Sink`] has its verbs.
///
/// A fill is **lock-free**: of producers that want the same slot, one gets it at once. A producer that stalls inside a
/// fill holds the consumer up at its slot, and the others after the rest of the lap. A fill that fails or panics leaves
/// a void slot, which the consumer passes over.
///
/// Dropping the last one closes the channel: the consumer drains what is left, then sees the end.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::mpsc::Producer<u64>>(); // a clone for each thread
/// ```
#[derive(Debug)]
pub struct Producer<T> {
    writer: SharedWriter<Arc<Shared<T>>>,
    alone: PhantomData<Cell<()>>,
}

impl<T> Producer<T> {
    pub(super) fn new(writer: SharedWriter<Arc<Shared<T>>>) -> Self {
        Self { writer, alone: PhantomData }
    }
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.writer.gate().slots.capacity() as usize
    }
    /// Slots that nobody has claimed and the consumer is done with. May be stale at once.
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity() - self.len()
    }
    /// Slots claimed that the consumer is not done with, void ones among them. May be stale at once; exact and final once
    /// [`is_closed`](Self::is_closed) and no other producer fills.
    #[must_use]
    pub fn len(&self) -> usize {
        // The consumer is read before the claims, which are then never behind it.
        self.writer.claimed_since(self.writer.gate().head.read().done) as usize
    }
    /// Nothing waits for the consumer. May be stale at once.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The consumer is gone. `true` is stable. A fill says so by itself when the slots known to be free are used up.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.writer.gate().head.read().closed
    }
}

impl<T> Sink for Producer<T> {
    type Event = T;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        self.writer.fill(fill)
    }
    /// The slots are claimed together and stamped one by one; the rest of a claim that fails is void.
    #[inline]
    fn fill_many(&mut self, n: usize, fill: impl FnMut(usize, &mut T) -> Flow) -> Filled {
        self.writer.fill_many(n, fill)
    }
}

impl<T> Clone for Producer<T> {
    fn clone(&self) -> Self {
        Self { writer: self.writer.clone(), alone: PhantomData }
    }
}

impl<T> SharedGate for Arc<Shared<T>> {
    type Event = T;
    #[inline]
    fn slots(&self) -> &Slots<T, Stamp> {
        &self.slots
    }
    #[inline]
    fn claims(&self) -> &Claims {
        &self.claims
    }
    #[inline]
    fn slowest(&self, _from: Sequence) -> Option<Progress> {
        Some(self.head.read())
    }
}
