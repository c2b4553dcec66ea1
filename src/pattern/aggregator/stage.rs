//! The aggregator as a stage.

use super::gatherer::{Gatherer, Ways};
use super::store::{Folded, Keep, Show, Store};
use super::{
    Aggregate, ClosedBy, Collected, Conditions, Duplicate, Force, MemberAccount, Policy, Unbuildable,
    Unfinished,
};
use crate::contract::{Account, At, Fault, Flow, Stage, Tick};
use crate::pattern::worse;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::hash::Hash;
use core::ops::Deref;

/// Puts events that belong together together, and gives on one [`Aggregate`] for each group.
///
/// Each opening of a group ends exactly once, with the events of its key that came in between, in their order, and with the
/// first condition that held. What else may happen is said by a [`Policy`]; see the [module](super).
///
/// In the books an event that became part of a group is `folded`; a group that goes on is `generated` and `out`, one that
/// goes to the dead is `generated` and `dead_lettered`. What became of the members is told by
/// [`member_account`](Self::member_account). Wait-free, if the stages after are; one event may bring on as many groups as
/// there are.
pub struct Aggregator<T, K: Copy + Eq + Hash, A: Copy, C, F, H, D, S> {
    key: C,
    fold: F,
    gatherer: Gatherer<T, K, A, H>,
    dead: D,
    next: S,
}

impl<T, K: Copy + Eq + Hash, A: Copy, C, F, D, S> Aggregator<T, K, A, C, F, Folded, D, S> {
    /// Folds the events of one `key` into a copy of `zero`, and keeps none of them. An event without a key is rejected under
    /// [`Reason::InvalidKey`](crate::contract::Reason::InvalidKey). `fold` is given a copy of what there is, so that an event
    /// that fails half way leaves no trace; it should do nothing else. It meets each event once; `key` and the conditions
    /// may be asked again about one that comes again. What is given up goes to `dead`, what is complete to
    /// `next`. Allocates the table, and the accounts.
    ///
    /// # Errors
    /// [`Unbuildable`]: no condition, sizes that are zero or too large, a policy that would wait for ever, or that needs the
    /// members.
    ///
    /// ```
    /// # use ringmain::contract::Fault;
    /// # use ringmain::pattern::Nowhere;
    /// use ringmain::pattern::aggregator::*;
    /// # let expired = Unfinished::EmitPartial;
    /// # let policy = Policy { groups: 4, full: Full::RejectNew, late: Late::NewGroup, pending: Pending::NewEpoch, expired, stopped: expired, failure: FoldFailure::SkipMessage };
    /// let policy = Policy { full: Full::Block, ..policy };
    /// let three = Conditions { size: Some(3), ..Conditions::NONE };
    /// let sum = |sum: &mut u64, n: &u64| -> Result<(), Fault> { Ok(*sum += n) };
    /// let never = Aggregator::new(policy, three, |n: &u64| Some(n % 10), 0, sum, Nowhere, Nowhere);
    /// assert_eq!(never.unwrap_err(), Unbuildable::WouldDeadlock);
    /// ```
    ///
    /// What is folded has to be `Copy`, so nothing in it can allocate:
    /// ```compile_fail,E0277
    /// # use ringmain::contract::Fault;
    /// # use ringmain::pattern::Nowhere;
    /// # use ringmain::pattern::aggregator::*;
    /// # fn with(policy: Policy) {
    /// let three = Conditions { size: Some(3), ..Conditions::NONE };
    /// let all = |all: &mut Vec<u64>, n: &u64| -> Result<(), Fault> { Ok(all.push(*n)) };
    /// let _ = Aggregator::new(policy, three, |n: &u64| Some(n % 10), Vec::new(), all, Nowhere, Nowhere);
    /// # }
    /// ```
    ///
    /// A policy that leaves a case open does not compile:
    /// ```compile_fail,E0063
    /// # use ringmain::pattern::aggregator::*;
    /// let policy = Policy { groups: 4, late: Late::NewGroup, pending: Pending::NewEpoch };
    /// ```
    pub fn new(
        policy: Policy,
        conditions: Conditions<T, A>,
        key: C,
        zero: A,
        fold: F,
        dead: D,
        next: S,
    ) -> Result<Self, Unbuildable>
    where
        C: Fn(&T) -> Option<K>,
        F: FnMut(&mut A, &T) -> Result<(), Fault>,
    {
        if conditions.parts.is_some_and(|parts| parts.duplicate == Duplicate::Replace) {
            return Err(Unbuildable::NothingToReplace);
        }
        let gatherer = Gatherer::new(policy, conditions, zero, Folded)?;
        Ok(Self { key, fold, gatherer, dead, next })
    }
}

impl<T, K: Copy + Eq + Hash, A: Copy, C, F, D, S> Aggregator<T, K, A, C, F, Store<T>, D, S> {
    /// As [`new`](Aggregator::new), and keeps the members in `store`: the stages after take [`Collected`]. `first` is what
    /// each group is folded into, and how, for the conditions to look at; `((), |_, _| Ok(()))` if they do not.
    ///
    /// # Errors
    /// [`Unbuildable`], as for `new`.
    pub fn collecting(
        policy: Policy,
        conditions: Conditions<T, A>,
        store: Store<T>,
        key: C,
        (zero, fold): (A, F),
        dead: D,
        next: S,
    ) -> Result<Self, Unbuildable>
    where
        C: Fn(&T) -> Option<K>,
        F: FnMut(&mut A, &T) -> Result<(), Fault>,
    {
        let gatherer = Gatherer::new(policy, conditions, zero, store)?;
        Ok(Self { key, fold, gatherer, dead, next })
    }
}

impl<T, K: Copy + Eq + Hash, A: Copy, C, F, H, D, S> Aggregator<T, K, A, C, F, H, D, S> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.gatherer.ledger.account()
    }
    /// Their second line: what became of the members.
    #[must_use]
    pub fn member_account(&self) -> Arc<MemberAccount> {
        self.gatherer.books.account()
    }
    /// How many groups there are: open, or waiting to go on.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.gatherer.groups.len()
    }
    /// Closes groups, in the order in which they opened. They go on with the next event, or at the end of the turn. For
    /// whoever has the stage in hand: a stage around it that knows commands from events.
    pub fn force(&mut self, which: Force<K>) {
        match which {
            Force::All => self.gatherer.close_all(ClosedBy::Force, Unfinished::EmitPartial),
            Force::Key(key) => {
                if let Some(handle) = self.gatherer.groups.find(&key) {
                    self.gatherer.close(handle, ClosedBy::Force, Unfinished::EmitPartial);
                }
            }
        }
    }

    #[inline]
    fn take<E>(&mut self, event: E, at: At) -> Flow
    where
        E: Deref<Target = T>,
        C: Fn(&T) -> Option<K>,
        F: FnMut(&mut A, &T) -> Result<(), Fault>,
        H: Keep<T, E> + Show<T, K, A, D> + Show<T, K, A, S>,
    {
        let key = (self.key)(&event);
        let Self { fold, gatherer, dead, next, .. } = self;
        gatherer.take(key, event, at, fold, &mut Ways { dead, next })
    }
    fn end_turn(&mut self, now: Tick) -> Flow
    where
        H: Show<T, K, A, D> + Show<T, K, A, S>,
    {
        let Self { gatherer, dead, next, .. } = self;
        gatherer.end_turn(now, &mut Ways { dead, next })
    }
}

impl<In, T, K, A, C, F, D, S> Stage<In> for Aggregator<T, K, A, C, F, Folded, D, S>
where
    In: Deref<Target = T>,
    K: Copy + Eq + Hash,
    A: Copy,
    C: Fn(&T) -> Option<K>,
    F: FnMut(&mut A, &T) -> Result<(), Fault>,
    D: for<'e> Stage<Aggregate<K, &'e mut A>>,
    S: for<'e> Stage<Aggregate<K, &'e mut A>>,
{
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        self.take(event, at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let own = self.end_turn(now);
        worse(worse(own, self.dead.on_batch_end(now)), self.next.on_batch_end(now))
    }
}

impl<T, K, A, C, F, D, S> Stage<&T> for Aggregator<T, K, A, C, F, Store<T>, D, S>
where
    T: Clone,
    K: Copy + Eq + Hash,
    A: Copy,
    C: Fn(&T) -> Option<K>,
    F: FnMut(&mut A, &T) -> Result<(), Fault>,
    D: for<'e> Stage<Aggregate<K, Collected<'e, A, T>>>,
    S: for<'e> Stage<Aggregate<K, Collected<'e, A, T>>>,
{
    #[inline]
    fn on_event(&mut self, event: &T, at: At) -> Flow {
        self.take(event, at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let own = self.end_turn(now);
        worse(worse(own, self.dead.on_batch_end(now)), self.next.on_batch_end(now))
    }
}

impl<T, K, A, C, F, D, S> Stage<&mut T> for Aggregator<T, K, A, C, F, Store<T>, D, S>
where
    K: Copy + Eq + Hash,
    A: Copy,
    C: Fn(&T) -> Option<K>,
    F: FnMut(&mut A, &T) -> Result<(), Fault>,
    D: for<'e> Stage<Aggregate<K, Collected<'e, A, T>>>,
    S: for<'e> Stage<Aggregate<K, Collected<'e, A, T>>>,
{
    #[inline]
    fn on_event(&mut self, event: &mut T, at: At) -> Flow {
        self.take(event, at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let own = self.end_turn(now);
        worse(worse(own, self.dead.on_batch_end(now)), self.next.on_batch_end(now))
    }
}

impl<T, K: Copy + Eq + Hash, A: Copy, C, F, H, D, S> Debug for Aggregator<T, K, A, C, F, H, D, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Gatherer { policy, conditions, groups, ledger, .. } = &self.gatherer;
        f.debug_struct("Aggregator")
            .field("policy", policy)
            .field("conditions", conditions)
            .field("groups", &groups.len())
            .field("ledger", ledger)
            .finish_non_exhaustive()
    }
}
