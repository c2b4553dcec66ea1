//! What is said with a message, a lease and its end; and what comes of what was asked.

use crate::table::Handle;
use core::fmt::{Debug, Display, Formatter};
use core::time::Duration;

/// What a message is published with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Its priority, 0 the lowest. One that the queue does not have is taken for its highest.
    pub priority: u8,
    /// How long it may wait; [`Duration::MAX`]: for ever.
    pub ttl: Duration,
}

impl Terms {
    /// The lowest priority, for ever.
    pub const PLAIN: Self = Self { priority: 0, ttl: Duration::MAX };
}

impl Default for Terms {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// What a queue does with a message that comes when it is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtCapacity {
    /// The publisher has it back.
    Reject,
    /// It is dropped, under [`Reason::TableFull`](crate::contract::Reason::TableFull).
    DropNewest,
    /// The oldest ready message of the lowest priority is dropped for it, under
    /// [`Reason::Evicted`](crate::contract::Reason::Evicted). None is that has a higher priority than the new one, is
    /// leased, or is delayed: if there is no other, the publisher has it back.
    DropOldest,
    /// It is a letter, under [`Reason::TableFull`](crate::contract::Reason::TableFull); if there is no room for that
    /// either, the publisher has it back.
    DeadLetter,
}

/// How a time to live is kept.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Ttl {
    /// By a timer: a message expires in the first call at its time, wherever it waits. It costs arming and cancelling.
    #[default]
    Exact,
    /// By a look at the head: a message counts in the depth until it is its turn, and is never delivered after its time.
    Lazy,
}

/// Where a message goes that a consumer could not do. There are attempts left; else it is a letter in any case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Requeue {
    /// Before all that are ready, in its priority.
    Front,
    /// Behind all that are ready, in its priority.
    Back,
    /// To its place in the order of publishing, after so long.
    Delay(Duration),
    /// To the letters, at once: it is counted under the reason of its fault.
    DeadLetter,
}

/// A consumer of one [`Queue`](super::Queue), until it [leaves](super::Queue::leave).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Consumer(pub(super) Handle);

/// A right to one message, until it is acknowledged, given back, or lapses. It matches no other lease, also of the same
/// message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Lease(pub(super) Handle);

impl Lease {
    /// The lease as the handle of a [`Job`](crate::pattern::Job).
    #[must_use]
    pub const fn handle(self) -> Handle {
        self.0
    }
    /// The lease of a handle that came back with an [`Ack`](crate::pattern::Ack).
    #[must_use]
    pub const fn of(handle: Handle) -> Self {
        Self(handle)
    }
}

/// The lease is over: it lapsed, was answered before, or its consumer left. The message belongs to somebody else, or is
/// gone, and nothing was done to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StaleLease;

impl Display for StaleLease {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str("the lease is over: undo what was done for it, or make it harmless to do twice; extend it in time")
    }
}

impl core::error::Error for StaleLease {}

/// Why there is no lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoLease {
    /// No message is ready.
    Empty,
    /// The consumer has as many as its prefetch allows.
    Prefetch,
    /// The consumer has left.
    Gone,
}

impl Display for NoLease {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Empty => "no message is ready: try again later",
            Self::Prefetch => "the consumer has all it may have: answer one of its leases first",
            Self::Gone => "the consumer has left: join again",
        })
    }
}

impl core::error::Error for NoLease {}

/// As many consumers are there as the queue was built for: one has to leave before another can join.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoPlace;

impl Display for NoPlace {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str("every place for a consumer is taken: let one leave, or build the queue for more")
    }
}

impl core::error::Error for NoPlace {}

/// The queue is full, and took nothing: here is the message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Full<T>(pub T);

impl<T> Debug for Full<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Full").finish_non_exhaustive()
    }
}

impl<T> Display for Full<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str(
            "the queue is full: publish again when a message has left it, or choose another `AtCapacity`",
        )
    }
}

impl<T> core::error::Error for Full<T> {}

/// How many messages there are, and how they stand. All of them count towards the capacity.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Depth {
    /// They wait for a consumer.
    pub ready: usize,
    /// A consumer has them.
    pub leased: usize,
    /// They wait for a time.
    pub delayed: usize,
    /// They wait for room among the letters.
    pub doomed: usize,
}
