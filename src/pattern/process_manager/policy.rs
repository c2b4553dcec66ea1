//! What has to be said before it is built.

use crate::pattern::Retry;
use crate::ring::CapacityError;
use core::fmt;
use core::time::Duration;

/// All that a process manager cannot decide itself.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The most commands that one event may have. Every step waits until the sink has room for so many, so a ring with
    /// fewer slots is always full.
    pub outputs: usize,
    /// How many events may be held, for [`Rule::Defer`](super::Rule::Defer) and [`Missing::Hold`] together. One more is
    /// rejected with [`Reason::WindowFull`](crate::contract::Reason::WindowFull).
    pub holds: usize,
    /// A new instance, and no room for it.
    pub full: Full,
    /// An event for an instance that is not there, and which does not begin one.
    pub missing: Missing,
    /// How long an instance may take before it is turned back, from whatever state.
    pub deadline: Option<Duration>,
    /// How long an answer to an undoing is waited for. None in time is a failure.
    pub patience: Duration,
    /// How often, and after what delays, a failed undoing is tried again before the instance is stuck.
    pub retry: Retry,
    /// How long an instance that has ended is remembered, to tell what is late.
    pub remember: Duration,
}

/// What becomes of a new instance where there is no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Full {
    /// Its event is rejected: [`Reason::TableFull`](crate::contract::Reason::TableFull).
    Reject,
    /// Its event waits, and everything behind it, until an instance is gone. Only with a deadline. If all that are there
    /// are stuck, nobody would ever go, and it is rejected.
    Block,
    /// The one that ended first is forgotten; rejected if none has ended.
    EvictFinished,
}

/// What becomes of an event for an instance that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Dropped, and counted: [`Reason::InvalidKey`](crate::contract::Reason::InvalidKey).
    Discard,
    /// Rejected, for that reason.
    DeadLetter,
    /// [`Machine::missing`](super::Machine::missing) answers it.
    Reply,
    /// It is held so long for the event that begins the instance; then it is dropped:
    /// [`Reason::Expired`](crate::contract::Reason::Expired).
    Hold(Duration),
}

/// Why a process manager was not built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unbuildable {
    /// There can be no table of this size.
    Capacity(CapacityError),
    /// [`Full::Block`] without a deadline.
    WouldDeadlock,
    /// A rule leads to a state that the list of states leaves out.
    Unlisted,
}

impl fmt::Display for Unbuildable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capacity(error) => error.fmt(f),
            Self::WouldDeadlock => f.write_str(
                "`Full::Block` would wait for ever, as the event that ends an instance may lie behind the one that \
                 waits: give the process a `deadline`, or say `Full::Reject`",
            ),
            Self::Unlisted => f.write_str(
                "a rule leads to a state, or the process begins in one, that `Listed::ALL` of the states leaves out",
            ),
        }
    }
}

impl core::error::Error for Unbuildable {}

impl From<CapacityError> for Unbuildable {
    fn from(error: CapacityError) -> Self {
        Self::Capacity(error)
    }
}
