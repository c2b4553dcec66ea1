//! The way out: groups that have closed go on in the order in which they did, as far as there is room for them; and what
//! time brings about.

use super::gatherer::{Doing, Gatherer, Ways};
use super::store::{Hold, Show};
use super::{ClosedBy, Unfinished};
use crate::contract::{At, Fault, Flow, Halt, Reason, Tick};
use core::hash::Hash;
use core::mem;
use core::time::Duration;

impl<T, K: Copy + Eq + Hash, A: Copy, H: Hold<T>> Gatherer<T, K, A, H> {
    /// Brings on what has closed.
    ///
    /// # Errors
    /// `Again` if not all of it went; what was shown last comes first in the next call. `Stop`.
    pub(super) fn bring<D, S>(&mut self, now: Tick, ways: &mut Ways<'_, D, S>) -> Flow
    where
        H: Show<T, K, A, D> + Show<T, K, A, S>,
    {
        if self.stopped {
            return Err(Halt::Stop);
        }
        while let Some(handle) = self.groups.first_closed()
            && let Some(group) = self.groups.get_mut(handle)
            && let Some((by, fate)) = group.closed
        {
            let (told, members, at) = (group.told(by), group.members, At { seq: group.seq, now });
            self.doing = Doing::Showing;
            let flow = match fate {
                Unfinished::EmitPartial => self.hold.show(ways.next, told, &mut group.value, members, at),
                Unfinished::Dlc => self.hold.show(ways.dead, told, &mut group.value, members, at),
                Unfinished::Discard => Ok(()),
            };
            self.doing = Doing::Nothing;
            match (flow, fate) {
                (Err(Halt::Again), _) => return flow,
                (_, Unfinished::Discard) => self.books.discarded(told.n, by.reason()),
                (Err(Halt::Reject(fault)), _) => {
                    self.ledger.generated(1);
                    self.ledger.dropped(fault.reason);
                    self.books.discarded(told.n, fault.reason);
                }
                (_, Unfinished::EmitPartial) => {
                    self.ledger.generated(1);
                    self.ledger.passed(1);
                    self.books.emitted(told.n);
                }
                (_, Unfinished::Dlc) => {
                    self.ledger.generated(1);
                    self.ledger.dead_lettered(by.reason());
                    self.books.discarded(told.n, by.reason());
                }
            }
            self.remove_first();
            if flow == Err(Halt::Stop) {
                self.stopped = true;
                return flow;
            }
        }
        Ok(())
    }
    fn remove_first(&mut self) {
        if let Some(group) = self.groups.pop_closed() {
            self.hold.release(group.members);
        }
    }

    /// Deals with what the user's code left behind when it unwound.
    #[inline]
    pub(super) fn settle(&mut self) {
        if self.doing != Doing::Nothing {
            self.unwound();
        }
    }
    #[cold]
    fn unwound(&mut self) {
        match mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Nothing => {}
            Doing::Folding(handle) => {
                let _ = self.failed(handle, Fault::of(Reason::Panic));
            }
            // It is not shown again.
            Doing::Showing => {
                let first = self.groups.first_closed().and_then(|handle| self.groups.get(handle));
                let n = first.map_or(0, |group| group.n);
                self.books.discarded(n, Reason::Panic);
                self.remove_first();
            }
        }
    }

    /// The end of a turn: what the stage after had no room for, then what the time brings about.
    pub(super) fn end_turn<D, S>(&mut self, now: Tick, ways: &mut Ways<'_, D, S>) -> Flow
    where
        H: Show<T, K, A, D> + Show<T, K, A, S>,
    {
        self.settle();
        if now == Tick::MAX {
            self.close_all(ClosedBy::Stop, self.policy.stopped);
        } else {
            self.pass_time(now);
        }
        let flow = self.bring(now, ways);
        self.ledger.publish();
        self.books.publish();
        if self.groups.len() == 0 { flow } else { flow.and(Err(Halt::Again)) }
    }
    fn pass_time(&mut self, now: Tick) {
        while let Some((handle, by)) = self.groups.expired(now, self.patience) {
            self.close(handle, by, self.policy.expired);
        }
        if let Some(interval) = self.conditions.interval {
            if self.boundary.is_some_and(|boundary| now >= boundary) {
                self.close_all(ClosedBy::Interval, Unfinished::EmitPartial);
            }
            self.boundary = Some(multiple_after(now, interval));
        }
    }
}

impl<T, K: Copy + Eq + Hash, A: Copy, H> Gatherer<T, K, A, H> {
    /// Books what is still here, at the very end.
    pub(super) fn give_up(&mut self) {
        let mut reason = if self.doing == Doing::Showing { Reason::Panic } else { Reason::Shutdown };
        self.close_all(ClosedBy::Stop, Unfinished::Discard);
        while let Some(group) = self.groups.pop_closed() {
            self.books.discarded(group.n, reason);
            reason = Reason::Shutdown;
        }
    }
}

/// The first multiple of `interval` after `now`.
fn multiple_after(now: Tick, interval: Duration) -> Tick {
    let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
    Tick::from_nanos((now.nanos() - now.nanos() % interval).saturating_add(interval))
}
