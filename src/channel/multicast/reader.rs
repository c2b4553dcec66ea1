//! The ends that take out: readers look, editors may change.

use super::topology::{Node, Nodes, Ring, least};
use super::{Mode, One, Upstream};
use crate::channel::batch::Advance;
use crate::channel::follower::{Feed, Follower};
use crate::contract::{Drained, Source, SourceMut, Stage, Tick};
use crate::ring::{Progress, Published, Sequence, Slots};
use crate::sync::Arc;
use core::{cell::Cell, marker::PhantomData};

/// A node that looks at every event. [`Source`] has its verbs; see the [module](super) for what its going means.
///
/// ```compile_fail
/// // Readers on several threads look at one event at once, so it must be `Sync`.
/// use ringmain::channel::multicast::Multicast;
/// let mut ring = Multicast::new(8, || std::cell::Cell::new(0)).unwrap();
/// let reader = ring.reader("r", &[]);
/// std::thread::spawn(move || drop(reader));
/// ```
#[derive(Debug)]
pub struct Reader<T, M: Mode = One> {
    follower: Follower<Tap<T, M>>,
    alone: PhantomData<Cell<()>>,
}

/// A node that may change every event where it lies: at that point of the graph nobody else has it. [`Source`] and
/// [`SourceMut`] have its verbs; see the [module](super) for what its going means.
#[derive(Debug)]
pub struct Editor<T, M: Mode = One> {
    follower: Follower<Tap<T, M>>,
    alone: PhantomData<Cell<()>>,
}

macro_rules! node {
    ($name:ident) => {
        impl<T, M: Mode> $name<T, M> {
            pub(super) fn new(tap: Tap<T, M>, start: Sequence) -> Self {
                Self { follower: Follower::new(tap, start), alone: PhantomData }
            }
            /// The name it was declared by.
            #[must_use]
            pub fn name(&self) -> &'static str {
                self.follower.feed().node.name
            }
            /// The number of slots. Stable.
            #[must_use]
            pub fn capacity(&self) -> usize {
                self.follower.feed().ring.slots.capacity() as usize
            }
            /// Events that can be consumed now; with many producers, void slots among them are counted, too. At least
            /// so many positions stay until this node drains.
            #[must_use]
            pub fn len(&self) -> usize {
                self.follower.len() as usize
            }
            /// Nothing can be consumed now. `false` is stable until this node drains.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
            /// Those ahead are gone and everything is consumed. `true` is stable.
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.follower.is_closed()
            }
            /// The name of a node that this one has caught up with: it waits for that node to go on, which may be held
            /// back itself, or have nothing to do either. Nothing if all that this node named are further, or if it
            /// named nobody and so waits for the producers alone. May be stale at once.
            #[must_use]
            pub fn held_back_by(&self) -> Option<&'static str> {
                let done = self.follower.done();
                let after = &self.follower.feed().after;
                after.iter().find(|node| node.cursor.read().done == done).map(|node| node.name)
            }
            /// The position of the next event to consume.
            #[must_use]
            pub fn next(&self) -> Sequence {
                self.follower.done()
            }
        }

        impl<T, M: Mode> Source for $name<T, M> {
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

        impl<T, M: Mode> Upstream for $name<T, M> {
            fn node(&self) -> &Arc<Node> {
                &self.follower.feed().node
            }
            fn is_optional(&self) -> bool {
                self.follower.feed().optional
            }
        }
    };
}
node!(Reader);
node!(Editor);

impl<T, M: Mode> SourceMut for Editor<T, M> {
    #[inline]
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut T>,
    {
        // SAFETY: [R4] exclusively, as `build` found every other node before or after this editor, and no event flows
        // in a graph that was not built.
        unsafe { self.follower.drain_mut(now, limit, stage) }
    }
}

/// Where a node stands in the graph.
#[derive(Debug)]
pub(super) struct Tap<T, M: Mode> {
    pub(super) ring: Arc<Ring<T, M>>,
    pub(super) node: Arc<Node>,
    /// Those it named; behind the producers if empty.
    pub(super) after: Nodes,
    pub(super) optional: bool,
}

impl<T, M: Mode> Feed for Tap<T, M> {
    type Event = T;
    type Mark = M::Mark;
    type Line = ();
    #[inline]
    fn slots(&self) -> &Slots<T, M::Mark> {
        &self.ring.slots
    }
    #[inline]
    fn cursor(&self) -> &impl Advance {
        &self.node.cursor
    }
    #[inline]
    fn ahead(&self, done: Sequence) -> Progress {
        least(&self.after, done).unwrap_or_else(|| self.ring.mode.ahead(done, self.ring.slots.capacity()))
    }
    #[inline]
    fn published(mark: &M::Mark, at: Sequence) -> Published {
        M::published(mark, at)
    }
    fn leave(&self, done: Sequence) {
        if self.optional {
            self.node.cursor.leave(done);
        } else {
            self.node.cursor.close(done);
        }
    }
}
