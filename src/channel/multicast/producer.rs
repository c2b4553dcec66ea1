//! The end that puts in, where there is one.

use super::One;
use super::topology::{Gated, Leaves, slowest};
use crate::channel::writer::{Gate, Writer};
use crate::contract::{Filled, Flow, Refused, Room, Sink};
use crate::ring::{Cursor, Progress, Sequence, Slots};
use core::{cell::Cell, marker::PhantomData};

/// The only producer of a ring. [`Sink`] has its verbs, all wait-free but those that wait.
///
/// Dropping it closes the ring: every reader drains what is left, then sees the end.
#[derive(Debug)]
pub struct Producer<T> {
    writer: Writer<Leaves<T, One>>,
    alone: PhantomData<Cell<()>>,
}

impl<T> Producer<T> {
    pub(super) fn new(leaves: Leaves<T, One>, start: Sequence) -> Self {
        Self { writer: Writer::new(leaves, start), alone: PhantomData }
    }
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.writer.gate().ring.slots.capacity() as usize
    }
    /// Slots that can be filled now. At least so many stay free until this producer fills them.
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity() - self.len()
    }
    /// Events that not every leaf has consumed. It can only become less until this producer fills.
    #[must_use]
    pub fn len(&self) -> usize {
        self.writer.unread() as usize
    }
    /// Nothing waits for any leaf. Stable until this producer fills.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// A leaf that was not optional is gone. `true` is stable. A fill says so by itself when the slots known to be free
    /// are used up.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.writer.is_closed()
    }
    /// The name of a leaf that was not optional and is gone, if there is one. Stable.
    #[must_use]
    pub fn closed_by(&self) -> Option<&'static str> {
        self.writer.gate().closed_by()
    }
    /// The leaf that gates this producer: the one that is furthest behind, and how far; nothing if all leaves have
    /// consumed everything, or have left. May be stale at once, but until this producer fills nobody gets further behind
    /// than it says.
    #[must_use]
    pub fn gated_by(&self) -> Option<Gated> {
        self.writer.gate().furthest_behind(|done| self.next().since(done))
    }
    /// The position of the next event.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.writer.next()
    }
    /// Every leaf is done with every event before this position. It only grows.
    #[must_use]
    pub fn joined(&self) -> Sequence {
        self.writer.gate().slowest(self.next()).done
    }
}

impl<T> Sink for Producer<T> {
    type Event = T;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        self.writer.fill(fill)
    }
    #[inline]
    fn fill_many(&mut self, n: usize, fill: impl FnMut(usize, &mut T) -> Flow) -> Filled {
        self.writer.fill_many(n, fill)
    }
}

impl<T> Room for Producer<T> {
    #[inline]
    fn room(&mut self, n: usize) -> Result<(), Refused> {
        self.writer.room_for(n)
    }
}

impl<T> Gate for Leaves<T, One> {
    type Event = T;
    type Mark = ();
    type Line = ();
    #[inline]
    fn slots(&self) -> &Slots<T> {
        &self.ring.slots
    }
    #[inline]
    fn tail(&self) -> Option<&Cursor> {
        Some(&self.ring.mode.tail)
    }
    fn close(&self, next: Sequence) {
        self.ring.mode.tail.close(next);
    }
    #[inline]
    fn slowest(&self, next: Sequence) -> Progress {
        // Without a leaf nobody will read, and nobody is in a slot.
        slowest(&self.nodes, next).unwrap_or(Progress { done: next, closed: false, left: false })
    }
}
