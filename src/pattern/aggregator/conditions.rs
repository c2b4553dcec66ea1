//! When a group is complete: each condition by a name of its own.

use super::Unbuildable;
use crate::contract::{Fault, PartOf, Reason};
use crate::ring::CapacityError;
use core::fmt::{Debug, Formatter};
use core::time::Duration;

/// When a group closes: any of these, of events `T` folded into an `A`. [`NONE`](Self::NONE) of them is where to begin; at
/// least one has to be said.
///
/// For one event the order is: `new_key` closes the others; `before` closes the group without the event; the event is
/// folded; then `after`, `size`, `parts`, `weight`, and the store's bound on a group, and the first that holds is told. At
/// the end of a turn, after its events: `inactivity` and `total`, of which the earlier deadline is told, then `interval`.
pub struct Conditions<T, A> {
    /// So many events.
    pub size: Option<u64>,
    /// As many events as their headers say.
    pub parts: Option<Parts<T>>,
    /// Events that together weigh so much.
    pub weight: Option<Weight<T>>,
    /// What is folded and the event that comes next do not go together: the group closes without it, and it opens the next
    /// group of its key. Not asked about the first event of a group.
    pub before: Option<fn(&A, &T) -> bool>,
    /// What is folded, the event included, is enough.
    pub after: Option<fn(&A) -> bool>,
    /// No event for so long: the time begins anew with each.
    pub inactivity: Option<Duration>,
    /// So long since the group opened, whatever came.
    pub total: Option<Duration>,
    /// All groups, in the first turn at or behind a multiple of this time.
    pub interval: Option<Duration>,
    /// A group of another key opens: one group is open at a time.
    pub new_key: bool,
}

/// The size of a group is in the header of each of its events.
pub struct Parts<T> {
    /// Which part of how many an event is: up to 64. One that is none, or of another number than the first of its group, is
    /// rejected under [`Reason::InvalidKey`].
    pub of: fn(&T) -> PartOf,
    /// What becomes of a part that came already.
    pub duplicate: Duplicate,
}

/// What becomes of a part that came already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Duplicate {
    /// It is `dropped[Duplicate]`.
    Ignore,
    /// It takes the place of the first, and all members are folded anew. Only where members are kept.
    Replace,
    /// It is one more event, and counts as a part.
    Count,
}

/// A group is complete when it weighs enough.
pub struct Weight<T> {
    /// What an event weighs: bytes, shares.
    pub of: fn(&T) -> u64,
    /// The group closes with the event that brings it to this, or above.
    pub limit: u64,
}

impl<T, A> Conditions<T, A> {
    /// None of them: to be completed by `..Conditions::NONE`.
    pub const NONE: Self = Self {
        size: None,
        parts: None,
        weight: None,
        before: None,
        after: None,
        inactivity: None,
        total: None,
        interval: None,
        new_key: false,
    };

    /// Time alone closes groups.
    pub(super) const fn has_time(&self) -> bool {
        self.inactivity.is_some() || self.total.is_some() || self.interval.is_some()
    }
    pub(super) fn check(&self) -> Result<(), Unbuildable> {
        let zero = self.size == Some(0)
            || self.weight.is_some_and(|weight| weight.limit == 0)
            || self.interval == Some(Duration::ZERO);
        if zero {
            return Err(Unbuildable::Capacity(CapacityError::Zero));
        }
        let content = self.size.is_some()
            || self.parts.is_some()
            || self.weight.is_some()
            || self.before.is_some()
            || self.after.is_some();
        if content || self.has_time() || self.new_key { Ok(()) } else { Err(Unbuildable::NoCondition) }
    }
    /// Which part `event` is.
    #[inline]
    pub(super) fn part(&self, event: &T) -> Result<PartOf, Fault> {
        let Some(parts) = self.parts else { return Ok(PartOf::default()) };
        let part = (parts.of)(event);
        if part.index < part.of && part.of <= 64 { Ok(part) } else { Err(Fault::of(Reason::InvalidKey)) }
    }
    /// What is folded is enough.
    #[inline]
    pub(super) fn is_enough(&self, value: &A) -> bool {
        self.after.is_some_and(|after| after(value))
    }
    #[inline]
    pub(super) fn weight_of(&self, event: &T) -> u64 {
        self.weight.map_or(0, |weight| (weight.of)(event))
    }
}

/// Which condition closed a group: the first that held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClosedBy {
    /// [`Conditions::size`], or [`Overfull::Close`](super::Overfull::Close).
    Size,
    /// [`Conditions::parts`].
    Parts,
    /// [`Conditions::weight`].
    Weight,
    /// [`Conditions::before`].
    Before,
    /// [`Conditions::after`].
    After,
    /// [`Conditions::inactivity`].
    Inactivity,
    /// [`Conditions::total`].
    Total,
    /// [`Conditions::interval`].
    Interval,
    /// [`Conditions::new_key`].
    NewKey,
    /// [`Aggregator::force`](super::Aggregator::force).
    Force,
    /// The table was full, and another group needed the room.
    Evicted,
    /// The last turn, the one at [`Tick::MAX`](crate::contract::Tick::MAX).
    Stop,
    /// An event could not be folded: [`FoldFailure::DiscardGroup`](super::FoldFailure::DiscardGroup).
    Failed(Fault),
}

impl ClosedBy {
    /// The group closed before it was complete.
    #[must_use]
    pub const fn is_partial(self) -> bool {
        matches!(self, Self::Inactivity | Self::Total | Self::Evicted | Self::Stop | Self::Failed(_))
    }
    /// Under which a group that is given up is counted.
    pub(super) const fn reason(self) -> Reason {
        match self {
            Self::Evicted => Reason::Evicted,
            Self::Stop => Reason::Shutdown,
            Self::Failed(fault) => fault.reason,
            _ => Reason::Expired,
        }
    }
}

/// Which groups [`Aggregator::force`](super::Aggregator::force) closes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Force<K> {
    /// That of this key, if it is open.
    Key(K),
    /// All.
    All,
}

impl<T, A> Clone for Conditions<T, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, A> Copy for Conditions<T, A> {}

impl<T> Clone for Parts<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Parts<T> {}

impl<T> Clone for Weight<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Weight<T> {}

impl<T, A> Debug for Conditions<T, A> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Conditions")
            .field("size", &self.size)
            .field("parts", &self.parts)
            .field("weight", &self.weight)
            .field("before", &self.before.is_some())
            .field("after", &self.after.is_some())
            .field("inactivity", &self.inactivity)
            .field("total", &self.total)
            .field("interval", &self.interval)
            .field("new_key", &self.new_key)
            .finish()
    }
}

impl<T> Debug for Parts<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Parts").field("duplicate", &self.duplicate).finish_non_exhaustive()
    }
}

impl<T> Debug for Weight<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Weight").field("limit", &self.limit).finish_non_exhaustive()
    }
}
