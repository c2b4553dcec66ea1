//! The graph: who reads behind whom, checked once.

use super::{Editor, Many, Mode, One, Producer, Reader, SharedProducer, reader::Tap};
use crate::ring::{CapacityError, Cursor, Progress, Sequence, Slots};
use crate::sync::Arc;
use smallvec::SmallVec;

/// Builds a multicast ring: declare the nodes, then [`build`](Multicast::build), which checks the graph and hands out
/// the producer. No event can flow before.
#[derive(Debug)]
pub struct Multicast<T, M: Mode = One> {
    ring: Arc<Ring<T, M>>,
    start: Sequence,
    nodes: Vec<Declared>,
    /// The first mistake, told by `build`.
    mistake: Option<TopologyError>,
}

/// A node as it was declared.
#[derive(Debug)]
struct Declared {
    node: Arc<Node>,
    /// Bit `i`: it names node `i`.
    after: u64,
    /// Bit `i`: node `i` is before this one, directly or through others.
    before: u64,
    edits: bool,
    optional: bool,
}

/// A node as [`Multicast::nodes`] shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeclaredNode {
    /// Its name.
    pub name: &'static str,
    /// Those it names, in the order of their declaration; behind the producers if there are none.
    pub after: Vec<&'static str>,
    /// It may change events.
    pub edits: bool,
    /// It may leave.
    pub optional: bool,
}

/// Why a graph cannot be built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TopologyError {
    /// The ring has no reader at all, so it would have no end.
    NoReaders,
    /// The two could hold the same slot at the same time: let one of them name the other.
    EditorRaces {
        /// The editor.
        editor: &'static str,
        /// The node that is neither before nor after it.
        other: &'static str,
    },
    /// A ring has at most 64 nodes; `name` is the first too many.
    TooManyNodes {
        /// The node.
        name: &'static str,
    },
    /// Two nodes have the same name, so that a report could not tell them apart.
    SameName {
        /// The name.
        name: &'static str,
    },
    /// A node names one of another ring.
    ForeignUpstream {
        /// The node.
        name: &'static str,
        /// Whom it names.
        upstream: &'static str,
    },
    /// A node names an optional reader, which may leave: its events would come to an end with it.
    OptionalUpstream {
        /// The node.
        name: &'static str,
        /// Whom it names.
        upstream: &'static str,
    },
}

impl core::fmt::Display for TopologyError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoReaders => f.write_str("a multicast ring needs a reader: declare one before `build`"),
            Self::EditorRaces { editor, other } => write!(
                f,
                "editor `{editor}` and `{other}` could hold the same slot at once: let one of them name the other"
            ),
            Self::TooManyNodes { name } => {
                write!(
                    f,
                    "node `{name}` is the 65th: a ring has at most 64, put a second ring behind one of them"
                )
            }
            Self::SameName { name } => write!(f, "two nodes are called `{name}`"),
            Self::ForeignUpstream { name, upstream } => {
                write!(f, "node `{name}` names `{upstream}`, which is a node of another ring")
            }
            Self::OptionalUpstream { name, upstream } => {
                write!(f, "node `{name}` names `{upstream}`, which is optional and may leave")
            }
        }
    }
}

impl core::error::Error for TopologyError {}

/// A node that a later one may name.
pub trait Upstream: sealed::Sealed {
    #[doc(hidden)]
    fn node(&self) -> &Arc<Node>;
    #[doc(hidden)]
    fn is_optional(&self) -> bool;
}

impl<T> Multicast<T> {
    /// A ring of `capacity` slots (a power of two) for one producer, each slot filled by `fill` now and reused for
    /// ever.
    ///
    /// # Errors
    /// [`CapacityError`] if the capacity is zero, not a power of two, or too large.
    pub fn new(capacity: usize, fill: impl FnMut() -> T) -> Result<Self, CapacityError> {
        Self::starting_at(Sequence::ZERO, capacity, fill)
    }
}

impl<T> Multicast<T, Many> {
    /// As [`Multicast::new`], for many producers: the one that `build` hands out can be cloned.
    ///
    /// # Errors
    /// As [`Multicast::new`].
    pub fn many(capacity: usize, fill: impl FnMut() -> T) -> Result<Self, CapacityError> {
        Self::starting_at(Sequence::ZERO, capacity, fill)
    }
}

impl<T, M: Mode> Multicast<T, M> {
    /// As the other constructors, with positions counted from `start`: for tests that begin just before the wrap.
    ///
    /// # Errors
    /// As [`Multicast::new`].
    #[doc(hidden)]
    pub fn starting_at(
        start: Sequence,
        capacity: usize,
        fill: impl FnMut() -> T,
    ) -> Result<Self, CapacityError> {
        let slots = Slots::new(capacity, start, fill, |at| M::mark(at, capacity as u64))?;
        let ring = Arc::new(Ring { slots, mode: M::new(start) });
        Ok(Self { ring, start, nodes: Vec::new(), mistake: None })
    }
    /// Declares a node that looks at every event, behind all of `after` (behind the producers if that is empty).
    ///
    /// It gates the producers, unless somebody reads behind it. Mistakes are told by [`build`](Self::build).
    pub fn reader(&mut self, name: &'static str, after: &[&dyn Upstream]) -> Reader<T, M> {
        Reader::new(self.declare(name, after, false, false), self.start)
    }
    /// Declares a node that may change every event where it lies. Every other node must be before or after it.
    pub fn editor(&mut self, name: &'static str, after: &[&dyn Upstream]) -> Editor<T, M> {
        Editor::new(self.declare(name, after, true, false), self.start)
    }
    /// What is declared through this may leave: when it is dropped, it gates nobody any more.
    pub fn optional(&mut self) -> Optional<'_, T, M> {
        Optional(self)
    }
    /// Slots of the ring.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.slots.capacity() as usize
    }
    /// The graph as it is declared so far, in that order. Allocates.
    #[must_use]
    pub fn nodes(&self) -> Vec<DeclaredNode> {
        let named = |after: u64| {
            let named = self.nodes.iter().enumerate().filter(|(i, _)| after & bit(*i) != 0);
            named.map(|(_, other)| other.node.name).collect()
        };
        let shown = |declared: &Declared| DeclaredNode {
            name: declared.node.name,
            after: named(declared.after),
            edits: declared.edits,
            optional: declared.optional,
        };
        self.nodes.iter().map(shown).collect()
    }
    fn declare(
        &mut self,
        name: &'static str,
        after: &[&dyn Upstream],
        edits: bool,
        optional: bool,
    ) -> Tap<T, M> {
        let node = Arc::new(Node { name, cursor: Cursor::new(self.start) });
        if self.nodes.len() == 64 {
            self.mistake(TopologyError::TooManyNodes { name });
        }
        if self.nodes.iter().any(|other| other.node.name == name) {
            self.mistake(TopologyError::SameName { name });
        }
        let (mut directly, mut before) = (0, 0);
        for up in after {
            let upstream = up.node().name;
            if up.is_optional() {
                self.mistake(TopologyError::OptionalUpstream { name, upstream });
            }
            let declared = |other: &Declared| Arc::ptr_eq(&other.node, up.node());
            match self.nodes.iter().position(declared) {
                Some(i) => {
                    directly |= bit(i);
                    before |= bit(i) | self.nodes[i].before;
                }
                None => self.mistake(TopologyError::ForeignUpstream { name, upstream }),
            }
        }
        self.nodes.push(Declared { node: node.clone(), after: directly, before, edits, optional });
        Tap {
            ring: self.ring.clone(),
            node,
            after: after.iter().map(|up| up.node().clone()).collect(),
            optional,
        }
    }
    fn mistake(&mut self, mistake: TopologyError) {
        self.mistake.get_or_insert(mistake);
    }
    /// Checks the graph and returns what gates the producers: the nodes that nobody reads behind.
    fn leaves(&self) -> Result<Leaves<T, M>, TopologyError> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        if self.nodes.is_empty() {
            return Err(TopologyError::NoReaders);
        }
        for (i, a) in self.nodes.iter().enumerate().filter(|(_, node)| node.edits) {
            for (j, b) in self.nodes.iter().enumerate() {
                let ordered = a.before & bit(j) != 0 || b.before & bit(i) != 0;
                if i != j && !ordered {
                    return Err(TopologyError::EditorRaces { editor: a.node.name, other: b.node.name });
                }
            }
        }
        let covered = self.nodes.iter().fold(0, |covered, node| covered | node.before);
        let leaves = self.nodes.iter().enumerate().filter(|(i, _)| covered & bit(*i) == 0);
        let nodes = leaves.map(|(_, declared)| declared.node.clone()).collect();
        Ok(Leaves { ring: self.ring.clone(), nodes })
    }
}

impl<T> Multicast<T, One> {
    /// Checks the graph and hands out the only producer.
    ///
    /// # Errors
    /// [`TopologyError`] names what is wrong. The nodes declared are then worthless.
    pub fn build(self) -> Result<Producer<T>, TopologyError> {
        Ok(Producer::new(self.leaves()?, self.start))
    }
}

impl<T> Multicast<T, Many> {
    /// Checks the graph and hands out the first producer; clone it for more.
    ///
    /// # Errors
    /// [`TopologyError`] names what is wrong. The nodes declared are then worthless.
    pub fn build(self) -> Result<SharedProducer<T>, TopologyError> {
        Ok(SharedProducer::new(self.leaves()?, self.start))
    }
}

/// Declares readers that may leave; see [`Multicast::optional`].
#[derive(Debug)]
pub struct Optional<'a, T, M: Mode>(&'a mut Multicast<T, M>);

impl<T, M: Mode> Optional<'_, T, M> {
    /// As [`Multicast::reader`], but it may leave, so nobody may name it.
    pub fn reader(self, name: &'static str, after: &[&dyn Upstream]) -> Reader<T, M> {
        let Self(topology) = self;
        Reader::new(topology.declare(name, after, false, true), topology.start)
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T, M: super::Mode> Sealed for super::Reader<T, M> {}
    impl<T, M: super::Mode> Sealed for super::Editor<T, M> {}
}

fn bit(node: usize) -> u64 {
    1u64.checked_shl(node as u32).unwrap_or(0)
}

/// The memory of a ring.
#[derive(Debug)]
pub(super) struct Ring<T, M: Mode> {
    pub(super) slots: Slots<T, M::Mark>,
    pub(super) mode: M,
}

/// A node of the graph, shared by itself and those that wait for it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Node {
    pub(super) name: &'static str,
    pub(super) cursor: Cursor,
}

/// A ring as its producers see it.
#[derive(Debug)]
pub(super) struct Leaves<T, M: Mode> {
    pub(super) ring: Arc<Ring<T, M>>,
    /// The nodes that nobody reads behind.
    pub(super) nodes: Nodes,
}

impl<T, M: Mode> Clone for Leaves<T, M> {
    fn clone(&self) -> Self {
        Self { ring: self.ring.clone(), nodes: self.nodes.clone() }
    }
}

impl<T, M: Mode> Leaves<T, M> {
    pub(super) fn closed_by(&self) -> Option<&'static str> {
        let gone = |progress: Progress| progress.closed && !progress.left;
        self.nodes.iter().find(|leaf| gone(leaf.cursor.read())).map(|leaf| leaf.name)
    }
    /// The leaf that holds the producers back, if any does: `behind` says by how much, of one that was seen at a position.
    pub(super) fn furthest_behind(&self, behind: impl Fn(Sequence) -> u64) -> Option<Gated> {
        let leaves = self.nodes.iter().map(|leaf| (leaf.name, leaf.cursor.read())).filter(|(_, at)| !at.left);
        let gated = leaves.map(|(name, at)| Gated { name, behind: behind(at.done) as usize });
        gated.filter(|gated| gated.behind != 0).max_by_key(|gated| gated.behind)
    }
}

/// Who holds the producers of a ring back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gated {
    /// The name of the leaf that is furthest behind; of several that are, the one declared last.
    pub name: &'static str,
    /// How many events it has not consumed: at least one, and the ring is full if it is the capacity.
    pub behind: usize,
}

pub(super) type Nodes = SmallVec<[Arc<Node>; 4]>;

/// The least that all of `nodes` are done with, seen from one of them or behind: closed if the one that holds the others
/// back is.
pub(super) fn least(nodes: &Nodes, done: Sequence) -> Option<Progress> {
    nodes.iter().map(|node| node.cursor.read()).reduce(|a, b| {
        match (a.done.since(done), b.done.since(done)) {
            (x, y) if x < y => a,
            (x, y) if x > y => b,
            _ => Progress { closed: a.closed || b.closed, ..a },
        }
    })
}

/// The leaf that holds back a producer at `next`, whose ring is closed if any leaf is that had no right to leave;
/// `None` if all leaves have left. If `next` is stale and a leaf is past it, that leaf is the one returned.
pub(super) fn slowest(leaves: &Nodes, next: Sequence) -> Option<Progress> {
    leaves.iter().map(|leaf| leaf.cursor.read()).filter(|leaf| !leaf.left).reduce(|a, b| Progress {
        done: if next.since(a.done) < next.since(b.done) { b.done } else { a.done },
        closed: a.closed || b.closed,
        left: false,
    })
}
