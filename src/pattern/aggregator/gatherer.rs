//! Where an event becomes a part of its group, and a group complete.

use super::admission::Place;
use super::closed_keys::ClosedKeys;
use super::group::Group;
use super::groups::{Groups, Patience};
use super::store::{Hold, Keep, List, Show};
use super::{
    ClosedBy, Conditions, FoldFailure, Full, MemberBooks, Overfull, Policy, Unbuildable, Unfinished,
};
use crate::contract::{At, Fault, Flow, Halt, Ledger, PartOf, Reason, Tick};
use crate::ring::Sequence;
use crate::table::Handle;
use core::hash::Hash;
use core::ops::Deref;

pub(super) struct Gatherer<T, K: Copy + Eq + Hash, A: Copy, H> {
    pub(super) policy: Policy,
    pub(super) conditions: Conditions<T, A>,
    pub(super) patience: Patience,
    /// What a group begins with.
    zero: A,
    pub(super) groups: Groups<K, A>,
    pub(super) closed_keys: Option<ClosedKeys<K>>,
    pub(super) hold: H,
    /// The event that closed a group, or needs room: it is to come again, and it is not late.
    pub(super) admitted: Option<Sequence>,
    pub(super) doing: Doing,
    /// Somebody wants no more, or a bound was reached that is the end.
    pub(super) stopped: bool,
    /// The next multiple of the interval.
    pub(super) boundary: Option<Tick>,
    pub(super) ledger: Ledger,
    pub(super) books: MemberBooks,
}

/// What the user's code does just now. Found at any other time, it says where that unwound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doing {
    Nothing,
    /// An event is folded into this group; none, if it opens one.
    Folding(Option<Handle>),
    /// The group that closed first is shown to a stage.
    Showing,
}

/// The stages behind: for what is given up, and for what is complete.
pub(super) struct Ways<'s, D, S> {
    pub(super) dead: &'s mut D,
    pub(super) next: &'s mut S,
}

impl<T, K: Copy + Eq + Hash, A: Copy, H: Hold<T>> Gatherer<T, K, A, H> {
    pub(super) fn new(
        policy: Policy,
        conditions: Conditions<T, A>,
        zero: A,
        hold: H,
    ) -> Result<Self, Unbuildable> {
        conditions.check()?;
        if policy.full == Full::Block && !conditions.has_time() {
            return Err(Unbuildable::WouldDeadlock);
        }
        Ok(Self {
            policy,
            conditions,
            patience: Patience { inactivity: conditions.inactivity, total: conditions.total },
            zero,
            groups: Groups::new(policy.groups)?,
            closed_keys: policy.late.remember().map(ClosedKeys::new).transpose()?,
            hold,
            admitted: None,
            doing: Doing::Nothing,
            stopped: false,
            boundary: None,
            ledger: Ledger::new(),
            books: MemberBooks::default(),
        })
    }

    /// An event comes.
    #[inline]
    pub(super) fn take<E, D, S>(
        &mut self,
        key: Option<K>,
        event: E,
        at: At,
        fold: &mut impl FnMut(&mut A, &T) -> Result<(), Fault>,
        ways: &mut Ways<'_, D, S>,
    ) -> Flow
    where
        E: Deref<Target = T>,
        H: Keep<T, E> + Show<T, K, A, D> + Show<T, K, A, S>,
    {
        self.settle();
        let (key, part, place) = match self.admit(key, &event, at, ways) {
            Ok(admitted) => admitted,
            Err(refusal) => return self.refuse(refusal),
        };
        self.admitted = None;
        let folded = self.fold_in(place, key, part, event, at, fold);
        let brought = if self.groups.has_closed() { self.bring(at.now, ways) } else { Ok(()) };
        if let Err(fault) = folded {
            return self.ledger.delivered(Err(fault.into()));
        }
        // The event itself came in; what is complete goes on when there is room.
        if brought == Err(Halt::Again) { Ok(()) } else { brought }
    }

    #[inline]
    fn fold_in<E>(
        &mut self,
        place: Place,
        key: K,
        part: PartOf,
        event: E,
        at: At,
        fold: &mut impl FnMut(&mut A, &T) -> Result<(), Fault>,
    ) -> Result<(), Fault>
    where
        E: Deref<Target = T>,
        H: Keep<T, E>,
    {
        let handle = match place {
            Place::New => None,
            Place::Into(handle) | Place::Over(handle) => Some(handle),
        };
        let group = handle.and_then(|handle| self.groups.get(handle));
        let (mut value, members) =
            group.map_or((self.zero, List::EMPTY), |group| (group.value, group.members));
        let mut weight = self.conditions.weight_of(&event);
        self.doing = Doing::Folding(handle);
        let mut folded = Ok(());
        if let Place::Over(_) = place {
            (value, weight) = (self.zero, 0);
            for (index, member) in self.hold.iter(members) {
                let member = if index == part.index { &*event } else { member };
                weight = self.conditions.weight_of(member).saturating_add(weight);
                folded = folded.and_then(|()| fold(&mut value, member));
            }
        } else {
            folded = fold(&mut value, &event);
        }
        let after = folded.is_ok() && self.conditions.after.is_some_and(|after| after(&value));
        self.doing = Doing::Nothing;
        if let Err(fault) = folded {
            self.failed(handle, fault);
            return Err(fault);
        }
        if let Some(handle) = self.commit(place, key, part, value, weight, event, at)
            && let Some(by) = self.complete(handle, after)
        {
            self.close(handle, by, Unfinished::EmitPartial);
        }
        Ok(())
    }

    /// An event is folded: from here on nothing fails, unless its copy unwinds, which comes first. Returns its group.
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "all that is known of one event")]
    fn commit<E>(
        &mut self,
        place: Place,
        key: K,
        part: PartOf,
        value: A,
        weight: u64,
        event: E,
        at: At,
    ) -> Option<Handle>
    where
        H: Keep<T, E>,
    {
        let Self { groups, hold, .. } = self;
        let handle = match place {
            Place::New => {
                let mut group = Group::new(key, self.zero, part, at);
                hold.keep(&mut group.members, part.index, event);
                group.add(value, part, weight, at);
                groups.insert(group, self.patience)?
            }
            Place::Into(handle) => {
                let group = groups.get_mut(handle)?;
                hold.keep(&mut group.members, part.index, event);
                group.add(value, part, weight, at);
                handle
            }
            Place::Over(handle) => {
                let group = groups.get_mut(handle)?;
                hold.replace(group.members, part.index, event);
                group.fold_anew(value, weight, at);
                handle
            }
        };
        if let Full::EvictLru(_) = self.policy.full {
            groups.renew(handle);
        }
        self.ledger.took(1);
        self.ledger.folded();
        self.books.folded();
        if let Place::Over(_) = place {
            self.books.discarded(1, Reason::Duplicate);
        }
        Some(handle)
    }

    /// The first condition that holds of a group that an event came to.
    #[inline]
    fn complete(&self, handle: Handle, after: bool) -> Option<ClosedBy> {
        let group = self.groups.get(handle)?;
        let Conditions { size, weight, .. } = self.conditions;
        let (each, overfull) = self.hold.bound();
        if after {
            Some(ClosedBy::After)
        } else if size.is_some_and(|size| group.n >= size) {
            Some(ClosedBy::Size)
        } else if group.of != 0 && group.n >= group.of.into() {
            Some(ClosedBy::Parts)
        } else if weight.is_some_and(|weight| group.weight >= weight.limit) {
            Some(ClosedBy::Weight)
        } else if overfull == Overfull::Close && group.n >= each {
            Some(ClosedBy::Size)
        } else {
            None
        }
    }
}

impl<T, K: Copy + Eq + Hash, A: Copy, H> Gatherer<T, K, A, H> {
    pub(super) fn failed(&mut self, group: Option<Handle>, fault: Fault) {
        if let (Some(handle), FoldFailure::DiscardGroup) = (group, self.policy.failure) {
            self.close(handle, ClosedBy::Failed(fault), Unfinished::Dlc);
        }
    }
    pub(super) fn close(&mut self, handle: Handle, by: ClosedBy, fate: Unfinished) {
        if let Some(key) = self.groups.close(handle, by, fate)
            && let Some(closed_keys) = &mut self.closed_keys
        {
            closed_keys.remember(key);
        }
    }
    /// Closes all groups, in the order in which they opened, or were used last where that is asked for.
    pub(super) fn close_all(&mut self, by: ClosedBy, fate: Unfinished) {
        while let Some(oldest) = self.groups.oldest() {
            self.close(oldest, by, fate);
        }
    }
}

impl<T, K: Copy + Eq + Hash, A: Copy, H> Drop for Gatherer<T, K, A, H> {
    fn drop(&mut self) {
        self.give_up();
    }
}
