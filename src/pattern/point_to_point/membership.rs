//! Workers that join and leave a dispatcher that runs.

use core::fmt::{Debug, Formatter};

/// What is to be done to the workers of a [`Dispatch`](super::Dispatch::controlled_by) at run time.
///
/// What a worker that is gone leaves behind goes back in the slot of the ring that the next one's change came in, and is
/// dropped by whoever fills that slot next: so dispatching frees no memory.
pub enum WorkerChange<K, A> {
    /// A worker joins under this badge: where its jobs go, and where its acknowledgements come from. If all seats are
    /// taken, or the badge is, both ends are dropped at once: the worker finds that its ring of jobs has ended.
    Join(Badge, K, A),
    /// The worker is given no more, and its ring of jobs ends; it does what it has and goes, or is dropped before it has
    /// done all of it. Nothing if it is gone: who came after it has another badge.
    Leave(Badge),
    /// Nothing is to be done: what is left of a change that was made. Fill the slots of a ring of changes with it.
    Done(Option<K>, Option<A>),
}

impl<K, A> Default for WorkerChange<K, A> {
    fn default() -> Self {
        Self::Done(None, None)
    }
}

impl<K, A> Debug for WorkerChange<K, A> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Join(badge, ..) => write!(f, "Join({badge:?})"),
            Self::Leave(badge) => write!(f, "Leave({badge:?})"),
            Self::Done(..) => f.write_str("Done"),
        }
    }
}

/// Which worker: no other one of the same [`Badges`] ever has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Badge(u64);

impl Badge {
    /// No worker has it.
    pub(super) const NONE: Self = Self(0);
}

/// The badges for a dispatcher of `N` seats. They belong to whoever has workers join and leave; a dispatcher knows only
/// those that it is told.
///
/// ```
/// use ringmain::pattern::Badges;
/// let mut badges = Badges::<2>::new();
/// assert_ne!(badges.issue(), badges.issue());
/// ```
#[derive(Default, Debug)]
pub struct Badges<const N: usize> {
    issued: u64,
}

impl<const N: usize> Badges<N> {
    /// None is issued.
    #[must_use]
    pub const fn new() -> Self {
        Self { issued: 0 }
    }
    /// A badge that was never issued before: 2^64 last for longer than any machine.
    #[must_use]
    pub const fn issue(&mut self) -> Badge {
        self.issued += 1;
        Badge(self.issued)
    }
}
