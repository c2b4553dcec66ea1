//! What an aggregator does in each case that has no answer of its own. Nothing here has a default.

use crate::ring::CapacityError;
use core::fmt;

/// Everything that has to be said about an [`Aggregator`](super::Aggregator), beside when a group is complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// How many groups there are at most: those that are open, and those that are closed and wait to go on.
    pub groups: usize,
    /// A group opens, and the table is full.
    pub full: Full,
    /// An event of a key whose group closed.
    pub late: Late,
    /// An event of a key whose result still waits to go on, and which is not late.
    pub pending: Pending,
    /// What becomes of a group that closes by `inactivity` or `total`.
    pub expired: Unfinished,
    /// What becomes of a group that is open in the last turn, the one at [`Tick::MAX`](crate::contract::Tick::MAX).
    pub stopped: Unfinished,
    /// An event that could not be folded.
    pub failure: FoldFailure,
}

/// A group opens, or a member comes, and there is no room. What waits to go on makes room when it goes: that is waited for,
/// and this is about the case that all groups are open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Full {
    /// The event is rejected: `dead_lettered[TableFull]`.
    RejectNew,
    /// The group that opened first closes.
    EvictOldest(Unfinished),
    /// The group whose last event is the longest ago closes.
    EvictLru(Unfinished),
    /// The event waits, and with it everything behind it, also what would complete a group. So it is built only with a
    /// condition of time.
    Block,
    /// The event is `dropped[TableFull]`, and the stage stops.
    Fail,
}

/// What becomes of a group that closed before it was complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfinished {
    /// It goes on, and says so: [`ClosedBy::is_partial`](super::ClosedBy::is_partial).
    EmitPartial,
    /// Its members are discarded, and counted.
    Discard,
    /// It goes to the stage for the dead, with its members if they are kept.
    Dlc,
}

/// An event of a key whose group closed, for whatever reason. An event that closed the group itself, by
/// [`before`](super::Conditions::before), is not late.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Late {
    /// Nothing is remembered: it opens a new group.
    NewGroup,
    /// It is `dropped[Late]`, if its key is among the last so many that closed.
    Discard {
        /// How many closed keys are remembered.
        remember: usize,
    },
    /// It is rejected, `dead_lettered[Late]`, if its key is among the last so many that closed.
    Dlc {
        /// How many closed keys are remembered.
        remember: usize,
    },
}

impl Late {
    pub(super) const fn remember(self) -> Option<usize> {
        match self {
            Self::NewGroup => None,
            Self::Discard { remember } | Self::Dlc { remember } => Some(remember),
        }
    }
}

/// An event of a key whose result still waits to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pending {
    /// It opens the next group of its key.
    NewEpoch,
    /// It waits for the result to go on, and everything behind it.
    Wait,
}

/// An event that could not be folded: the fold said so, or unwound. The event is rejected in any case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FoldFailure {
    /// The group goes on without it, unchanged.
    SkipMessage,
    /// The group is given up, with what it had before: it goes to the stage for the dead.
    DiscardGroup,
}

/// A group that has as many members as may be kept of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overfull {
    /// The last member that there is room for closes it, by [`ClosedBy::Size`](super::ClosedBy::Size).
    Close,
    /// The next one is rejected: `dead_lettered[WindowFull]`.
    Reject,
    /// The next one is `dropped[WindowFull]`, and the stage stops.
    Fail,
}

/// Why an aggregator was not built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unbuildable {
    /// A size of zero, or too large: of the table, the memory of closed keys, a condition.
    Capacity(CapacityError),
    /// No condition but force would ever close a group.
    NoCondition,
    /// [`Full::Block`] without a condition of time: what would complete a group may lie behind the event that blocks.
    WouldDeadlock,
    /// [`Duplicate::Replace`](super::Duplicate::Replace), and no members are kept: what is folded cannot be taken back.
    NothingToReplace,
}

impl fmt::Display for Unbuildable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Capacity(error) => return error.fmt(f),
            Self::NoCondition => "no group would ever be complete: say at least one of the `Conditions`",
            Self::WouldDeadlock => {
                "`Full::Block` would wait for ever, as what completes a group may lie behind the event that blocks: \
                 say `inactivity`, `total` or `interval`, or another `Full`"
            }
            Self::NothingToReplace => {
                "`Duplicate::Replace` needs the members: take `Aggregator::collecting`, or another `Duplicate`"
            }
        })
    }
}

impl core::error::Error for Unbuildable {}

impl From<CapacityError> for Unbuildable {
    fn from(error: CapacityError) -> Self {
        Self::Capacity(error)
    }
}
