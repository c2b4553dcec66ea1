//! Where an event becomes a part of its group, and a group complete.

use super::admission::Place;
use super::closed_keys::ClosedKeys;
use super::group::Group;
use super::groups::{Groups, Patience};
use super::store::{Hold, Keep, Show};
use super::{ClosedBy, Conditions, FoldFailure, Full, MemberBooks, Policy, Unbuildable, Unfinished};
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
    /// An event is folded into this group.
    Folding(Handle),
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
        match place {
            Place::Into(handle) => self.add(handle, part, event, at, fold),
            Place::New => self.open(key, part, event, at, fold),
            Place::Over(handle) => self.replace(handle, part, event, at, fold),
        }
    }

    /// Into a group that is open. From where the event is folded on nothing fails, unless its copy unwinds, which comes first.
    #[inline]
    fn add<E>(
        &mut self,
        handle: Handle,
        part: PartOf,
        event: E,
        at: At,
        fold: &mut impl FnMut(&mut A, &T) -> Result<(), Fault>,
    ) -> Result<(), Fault>
    where
        E: Deref<Target = T>,
        H: Keep<T, E>,
    {
        let Self { conditions, groups, hold, doing, .. } = self;
        let Some(group) = groups.get_mut(handle) else { return Ok(()) };
        let weight = conditions.weight_of(&event);
        let mut value = group.value;
        *doing = Doing::Folding(handle);
        let folded = fold(&mut value, &event).map(|()| conditions.is_enough(&value));
        *doing = Doing::Nothing;
        let enough = match folded {
            Ok(enough) => enough,
            Err(fault) => return self.failed(handle, fault),
        };
        hold.keep(&mut group.members, part.index, event);
        group.add(value, part, weight, at);
        let complete = group.complete(conditions, enough, hold.bound());
        self.book(handle, complete);
        Ok(())
    }
    #[inline]
    fn open<E>(
        &mut self,
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
        let Self { conditions, groups, hold, .. } = self;
        let weight = conditions.weight_of(&event);
        let mut value = self.zero;
        // There is nothing yet that could be given up if it unwinds.
        fold(&mut value, &event)?;
        let enough = conditions.is_enough(&value);
        let mut group = Group::new(key, value, part, at);
        hold.keep(&mut group.members, part.index, event);
        group.add(value, part, weight, at);
        let complete = group.complete(conditions, enough, hold.bound());
        if let Some(handle) = groups.insert(group, self.patience) {
            self.book(handle, complete);
        }
        Ok(())
    }
    /// In place of the member that is the same part: all are folded anew.
    fn replace<E>(
        &mut self,
        handle: Handle,
        part: PartOf,
        event: E,
        at: At,
        fold: &mut impl FnMut(&mut A, &T) -> Result<(), Fault>,
    ) -> Result<(), Fault>
    where
        E: Deref<Target = T>,
        H: Keep<T, E>,
    {
        let Self { conditions, groups, hold, doing, .. } = self;
        let Some(group) = groups.get_mut(handle) else { return Ok(()) };
        let (mut value, mut weight) = (self.zero, 0u64);
        *doing = Doing::Folding(handle);
        let mut folded = Ok(());
        for (index, member) in hold.iter(group.members) {
            let member = if index == part.index { &*event } else { member };
            weight = weight.saturating_add(conditions.weight_of(member));
            folded = folded.and_then(|()| fold(&mut value, member));
        }
        let folded = folded.map(|()| conditions.is_enough(&value));
        *doing = Doing::Nothing;
        let enough = match folded {
            Ok(enough) => enough,
            Err(fault) => return self.failed(handle, fault),
        };
        hold.replace(group.members, part.index, event);
        group.fold_anew(value, weight, at);
        let complete = group.complete(conditions, enough, hold.bound());
        self.book(handle, complete);
        self.books.discarded(1, Reason::Duplicate);
        Ok(())
    }
    /// An event became a part of a group.
    #[inline]
    fn book(&mut self, handle: Handle, complete: Option<ClosedBy>) {
        self.ledger.took(1);
        self.ledger.folded();
        self.books.folded();
        if let Some(by) = complete {
            self.close(handle, by, Unfinished::EmitPartial);
        } else if let Full::EvictLru(_) = self.policy.full {
            self.groups.renew(handle);
        }
    }
}

impl<T, K: Copy + Eq + Hash, A: Copy, H> Gatherer<T, K, A, H> {
    /// An event could not be folded into a group.
    ///
    /// # Errors
    /// The fault, always.
    #[cold]
    pub(super) fn failed(&mut self, handle: Handle, fault: Fault) -> Result<(), Fault> {
        if self.policy.failure == FoldFailure::DiscardGroup {
            self.close(handle, ClosedBy::Failed(fault), Unfinished::Dlc);
        }
        Err(fault)
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
