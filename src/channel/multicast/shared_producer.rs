//! The end that puts in, where there are many.

use super::Many;
use super::topology::{Gated, Leaves, slowest};
use crate::channel::shared_writer::{Claims, SharedGate, SharedWriter};
use crate::contract::{Filled, Flow, Sink};
use crate::ring::{Progress, Sequence, Slots, Stamp};
use core::{cell::Cell, marker::PhantomData};

/// One of many producers of a ring; each thread has a clone of its own. [`Sink`] has its verbs.
///
/// A fill is **lock-free**: of producers that want the same slot, one gets it at once. A producer that stalls inside a
/// fill holds readers up at its slot, and others after the rest of the lap. A fill that fails or panics leaves a void
/// slot, which readers pass over.
///
/// Dropping the last producer closes the ring: every reader drains what is left, then sees the end.
#[derive(Debug)]
pub struct SharedProducer<T> {
    writer: SharedWriter<Leaves<T, Many>>,
    alone: PhantomData<Cell<()>>,
}

impl<T> SharedProducer<T> {
    pub(super) fn new(leaves: Leaves<T, Many>, start: Sequence) -> Self {
        Self { writer: SharedWriter::new(leaves, start), alone: PhantomData }
    }
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.writer.gate().ring.slots.capacity() as usize
    }
    /// Slots that nobody has claimed and no leaf needs. May be stale at once.
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity() - self.len()
    }
    /// Slots claimed that not every leaf has consumed, at most [`capacity`](Self::capacity). May be stale at once.
    #[must_use]
    pub fn len(&self) -> usize {
        self.gated_by().map_or(0, |gated| gated.behind)
    }
    /// Nothing waits for any leaf. May be stale at once.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// A leaf that was not optional is gone. `true` is stable. A fill says so by itself when the slots known to be free
    /// are used up.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed_by().is_some()
    }
    /// The name of a leaf that was not optional and is gone, if there is one. Stable.
    #[must_use]
    pub fn closed_by(&self) -> Option<&'static str> {
        self.writer.gate().closed_by()
    }
    /// The leaf that gates the producers: the one that is furthest behind, and how far; nothing if all leaves have
    /// consumed all that was claimed, or have left. May be stale at once.
    #[must_use]
    pub fn gated_by(&self) -> Option<Gated> {
        // A leaf is read before the claims, which are then never behind it.
        self.writer.gate().furthest_behind(|done| self.writer.claimed_since(done))
    }
}

impl<T> Sink for SharedProducer<T> {
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

impl<T> Clone for SharedProducer<T> {
    fn clone(&self) -> Self {
        Self { writer: self.writer.clone(), alone: PhantomData }
    }
}

impl<T> SharedGate for Leaves<T, Many> {
    type Event = T;
    #[inline]
    fn slots(&self) -> &Slots<T, Stamp> {
        &self.ring.slots
    }
    #[inline]
    fn claims(&self) -> &Claims {
        &self.ring.mode.claims
    }
    #[inline]
    fn slowest(&self, from: Sequence) -> Option<Progress> {
        slowest(&self.nodes, from)
    }
}
