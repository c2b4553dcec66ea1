//! Where an event is judged, and becomes a part of its group.

use super::closed_keys::ClosedKeys;
use super::group::Group;
use super::groups::{Groups, Patience};
use super::store::{Hold, Keep, List, Show};
use super::{
    ClosedBy, Conditions, Duplicate, FoldFailure, Full, Late, MemberBooks, Overfull, Pending, Policy,
    Unbuildable, Unfinished,
};
use crate::contract::{At, Fault, Flow, Halt, Ledger, PartOf, Reason, Tick};
use crate::ring::Sequence;
use crate::table::{Handle, TimerId};
use core::hash::Hash;
use core::ops::Deref;

pub(super) struct Gatherer<T, K: Copy + Eq + Hash, A: Copy, H> {
    pub(super) policy: Policy,
    pub(super) conditions: Conditions<T, A>,
    pub(super) patience: Patience,
    /// What a group begins with.
    zero: A,
    pub(super) groups: Groups<K, A>,
    closed_keys: Option<ClosedKeys<K>>,
    pub(super) hold: H,
    /// The event that closed a group, or needs room: it is to come again, and it is not late.
    admitted: Option<Sequence>,
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

/// Where an event goes.
#[derive(Clone, Copy)]
enum Place {
    New,
    Into(Handle),
    /// In place of the member that is the same part.
    Over(Handle),
}

/// Why an event goes nowhere.
enum Refusal {
    Halt(Halt),
    Drop(Reason),
    /// ... and nothing comes after it.
    Fail(Reason),
}

impl From<Halt> for Refusal {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Halt(fault.into())
    }
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
        let folded = self.fold_in(place, key, part, event, at, fold);
        let brought = if self.groups.has_closed() { self.bring(at.now, ways) } else { Ok(()) };
        if let Err(fault) = folded {
            return self.ledger.delivered(Err(fault.into()));
        }
        // The event itself came in; what is complete goes on when there is room.
        if brought == Err(Halt::Again) { Ok(()) } else { brought }
    }

    fn refuse(&mut self, refusal: Refusal) -> Flow {
        let (reason, flow) = match refusal {
            Refusal::Halt(halt) => return self.ledger.delivered(Err(halt)),
            Refusal::Drop(reason) => (reason, Ok(())),
            Refusal::Fail(reason) => {
                self.stopped = true;
                (reason, Err(Halt::Stop))
            }
        };
        self.ledger.took(1);
        self.ledger.dropped(reason);
        flow
    }

    /// Finds the place of an event, and makes room for it. Nothing that is done here is done again if it comes again.
    #[inline]
    fn admit<D, S>(
        &mut self,
        key: Option<K>,
        event: &T,
        at: At,
        ways: &mut Ways<'_, D, S>,
    ) -> Result<(K, PartOf, Place), Refusal>
    where
        H: Show<T, K, A, D> + Show<T, K, A, S>,
    {
        if self.stopped {
            return Err(Halt::Stop.into());
        }
        let key = key.ok_or(Fault::of(Reason::InvalidKey))?;
        let part = self.conditions.part(event)?;
        loop {
            let youngest = self.groups.find(&key);
            let group = youngest.and_then(|handle| Some((handle, self.groups.get(handle)?)));
            let place = match group {
                Some((handle, group)) if group.closed.is_none() => {
                    if group.of != part.of {
                        return Err(Fault::of(Reason::InvalidKey).into());
                    }
                    if group.has(part)
                        && let Some(parts) = &self.conditions.parts
                    {
                        match parts.duplicate {
                            Duplicate::Ignore => return Err(Refusal::Drop(Reason::Duplicate)),
                            Duplicate::Replace => return Ok((key, part, Place::Over(handle))),
                            Duplicate::Count => {}
                        }
                    }
                    if self.conditions.before.is_some_and(|before| before(&group.value, event)) {
                        self.close(handle, ClosedBy::Before, Unfinished::EmitPartial);
                        self.admitted = Some(at.seq);
                        continue;
                    }
                    match self.hold.bound() {
                        (each, Overfull::Reject) if group.n >= each => {
                            return Err(Fault::of(Reason::WindowFull).into());
                        }
                        (each, Overfull::Fail) if group.n >= each => {
                            return Err(Refusal::Fail(Reason::WindowFull));
                        }
                        _ => Place::Into(handle),
                    }
                }
                pending => {
                    let pending = pending.is_some();
                    if self.admitted != Some(at.seq) {
                        self.check_late(&key)?;
                    }
                    if pending && self.policy.pending == Pending::Wait {
                        self.admitted = Some(at.seq);
                        match self.bring(at.now, ways) {
                            Err(Halt::Again) if self.groups.find(&key).is_none() => {}
                            flow => flow?,
                        }
                    }
                    if self.conditions.new_key {
                        self.close_all(ClosedBy::NewKey, Unfinished::EmitPartial);
                    }
                    Place::New
                }
            };
            let full = matches!(place, Place::New) && self.groups.is_full();
            if !full && self.hold.has_room() {
                return Ok((key, part, place));
            }
            self.admitted = Some(at.seq);
            self.make_room(at, ways)?;
        }
    }

    fn check_late(&self, key: &K) -> Result<(), Refusal> {
        match (&self.closed_keys, self.policy.late) {
            (Some(closed), Late::Discard { .. }) if closed.contains(key) => Err(Refusal::Drop(Reason::Late)),
            (Some(closed), Late::Dlc { .. }) if closed.contains(key) => Err(Fault::of(Reason::Late).into()),
            _ => Ok(()),
        }
    }

    /// Makes room for one group or member more: by what waits to go on, else as the policy says.
    #[cold]
    fn make_room<D, S>(&mut self, at: At, ways: &mut Ways<'_, D, S>) -> Result<(), Refusal>
    where
        H: Show<T, K, A, D> + Show<T, K, A, S>,
    {
        if self.groups.has_closed() {
            let before = self.groups.len();
            return match self.bring(at.now, ways) {
                Err(Halt::Again) if self.groups.len() < before => Ok(()),
                flow => Ok(flow?),
            };
        }
        match self.policy.full {
            Full::RejectNew => Err(Fault::of(Reason::TableFull).into()),
            Full::Block => Err(Halt::Again.into()),
            Full::Fail => Err(Refusal::Fail(Reason::TableFull)),
            Full::EvictOldest(fate) | Full::EvictLru(fate) => {
                if let Some(oldest) = self.groups.oldest() {
                    self.close(oldest, ClosedBy::Evicted, fate);
                }
                Ok(())
            }
        }
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
        self.commit(place, key, part, value, weight, event, at);
        let youngest = handle.or_else(|| self.groups.find(&key));
        if let Some(handle) = youngest
            && let Some(by) = self.complete(handle, after)
        {
            self.close(handle, by, Unfinished::EmitPartial);
        }
        Ok(())
    }

    /// An event is folded: from here on nothing fails, unless its copy unwinds, which comes first.
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "all that is known of one event")]
    fn commit<E>(&mut self, place: Place, key: K, part: PartOf, value: A, weight: u64, event: E, at: At)
    where
        H: Keep<T, E>,
    {
        let Self { groups, hold, .. } = self;
        let mut fresh = None;
        let group = match place {
            Place::New => Some(fresh.insert(Group {
                key,
                epoch: 0,
                n: 0,
                opened: at.now,
                touched: at.now,
                seq: at.seq,
                value,
                members: List::EMPTY,
                parts: 0,
                of: part.of,
                weight: 0,
                timer: TimerId::NONE,
                closed: None,
            })),
            Place::Into(handle) | Place::Over(handle) => groups.get_mut(handle),
        };
        let Some(group) = group else { return };
        if let Place::Over(_) = place {
            hold.replace(group.members, part.index, event);
            (group.value, group.weight) = (value, weight);
        } else {
            let mut members = group.members;
            hold.keep(&mut members, part.index, event);
            group.members = members;
            group.add(value, part, weight);
        }
        (group.touched, group.seq) = (at.now, at.seq);
        if let Some(group) = fresh {
            groups.insert(group, self.patience);
        } else if let (Full::EvictLru(_), Place::Into(handle) | Place::Over(handle)) =
            (self.policy.full, place)
        {
            groups.renew(handle);
        }
        self.ledger.took(1);
        self.ledger.folded();
        self.books.folded();
        if let Place::Over(_) = place {
            self.books.discarded(1, Reason::Duplicate);
        }
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
