//! One group, and what is said of it when it has closed.

use super::store::List;
use super::{ClosedBy, Conditions, Overfull, Unfinished};
use crate::contract::{At, PartOf, Tick};
use crate::ring::Sequence;
use crate::table::TimerId;

/// A group that has closed, as the stage after takes it. `V` is what was put together: `&mut A` of a fold,
/// [`Collected`](super::Collected) where the members are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Aggregate<K, V> {
    /// What its events had in common.
    pub key: K,
    /// Which group of this aggregator it is: they are counted from 1 as they open. The key and this number never come twice.
    pub epoch: u64,
    /// How many events it is made of; at least 1.
    pub n: u64,
    /// The condition that closed it. It also says whether the group is [partial](ClosedBy::is_partial).
    pub closed_by: ClosedBy,
    /// When the first event came.
    pub opened: Tick,
    /// When the last event came.
    pub touched: Tick,
    /// What was put together.
    pub value: V,
}

impl<K: Copy, A: Copy> Aggregate<K, &mut A> {
    /// The same with a copy of what was folded, to be kept.
    #[must_use]
    pub const fn copied(&self) -> Aggregate<K, A> {
        let Self { key, epoch, n, closed_by, opened, touched, .. } = *self;
        Aggregate { key, epoch, n, closed_by, opened, touched, value: *self.value }
    }
}

/// A group in the table: open, or closed and waiting to go on.
#[derive(Debug)]
pub(super) struct Group<K, A> {
    pub(super) key: K,
    pub(super) epoch: u64,
    pub(super) n: u64,
    pub(super) opened: Tick,
    pub(super) touched: Tick,
    /// The place of the last event.
    pub(super) seq: Sequence,
    pub(super) value: A,
    pub(super) members: List,
    /// The parts that came, and how many there are to come; 0 if events are no parts.
    pub(super) parts: u64,
    pub(super) of: u8,
    pub(super) weight: u64,
    pub(super) timer: TimerId,
    /// By what, and what becomes of it: a complete one goes on as a partial one may.
    pub(super) closed: Option<(ClosedBy, Unfinished)>,
}

impl<K: Copy, A> Group<K, A> {
    /// A group of events like the one at `at`, without any.
    #[inline]
    pub(super) const fn new(key: K, zero: A, part: PartOf, at: At) -> Self {
        Self {
            key,
            epoch: 0,
            n: 0,
            opened: at.now,
            touched: at.now,
            seq: at.seq,
            value: zero,
            members: List::EMPTY,
            parts: 0,
            of: part.of,
            weight: 0,
            timer: TimerId::NONE,
            closed: None,
        }
    }
    #[inline]
    pub(super) const fn has(&self, part: PartOf) -> bool {
        self.of != 0 && self.parts >> part.index & 1 != 0
    }
    /// One event more, that is kept already if it is to be.
    #[inline]
    pub(super) fn add(&mut self, value: A, part: PartOf, weight: u64, at: At) {
        self.n += 1;
        self.parts |= 1 << part.index;
        self.fold_anew(value, self.weight.saturating_add(weight), at);
    }
    /// One event in place of another.
    #[inline]
    pub(super) fn fold_anew(&mut self, value: A, weight: u64, at: At) {
        (self.value, self.weight, self.touched, self.seq) = (value, weight, at.now, at.seq);
    }
    /// The first condition that holds now that an event came, of which it is known whether it is enough. `bound` is that of
    /// the members that are kept.
    #[inline]
    pub(super) fn complete<T>(
        &self,
        conditions: &Conditions<T, A>,
        enough: bool,
        bound: (u64, Overfull),
    ) -> Option<ClosedBy> {
        if enough {
            Some(ClosedBy::After)
        } else if conditions.size.is_some_and(|size| self.n >= size) {
            Some(ClosedBy::Size)
        } else if self.of != 0 && self.n >= self.of.into() {
            Some(ClosedBy::Parts)
        } else if conditions.weight.is_some_and(|weight| self.weight >= weight.limit) {
            Some(ClosedBy::Weight)
        } else if bound.1 == Overfull::Close && self.n >= bound.0 {
            Some(ClosedBy::Size)
        } else {
            None
        }
    }
    /// The group as it is shown, without what was put together.
    #[inline]
    pub(super) const fn told(&self, closed_by: ClosedBy) -> Aggregate<K, ()> {
        let Self { key, epoch, n, opened, touched, .. } = *self;
        Aggregate { key, epoch, n, closed_by, opened, touched, value: () }
    }
}
