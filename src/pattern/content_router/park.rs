//! A few events aside, for a branch that is full.

use crate::contract::{Account, At, Flow, Halt, Ledger, Reason, Stage, Tick};
use crate::pattern::worse;
use crate::ring::Sequence;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};

/// Copies up to `k` events aside for a stage that is full, so that others behind them can go on; then it
/// waits.
///
/// Order is kept: what is parked goes first, before each event and at each turn's end. While something is
/// parked, the end of a turn answers `Again`, so that a pump whose source is closed gives it more turns. What
/// is still parked when it ends otherwise (the stage below said `Stop`, or this one is dropped) is booked as
/// `dropped[Shutdown]`.
///
/// A rejection of a parked event comes when the event is no more in anybody's hands but this stage's, and is
/// booked as dropped under its reason: a dead letter channel, or a `Catch`, belongs *below* it.
///
/// Holds: copies (hold), in `k` slots made by `new`; `clone_from` reuses what they own.
pub struct Park<T, S> {
    /// A ring of events and their positions: `count` of them, from `first`.
    slots: Box<[(T, Sequence)]>,
    first: usize,
    count: usize,
    /// The first is at the stage below just now. True at any other time: that stage panicked on it.
    shown: bool,
    ledger: Ledger,
    next: S,
}

impl<T, S> Park<T, S> {
    /// Stands before `next`, and parks up to `k` events. Allocates the slots, each filled by `Default`, and
    /// the [`Account`].
    #[must_use]
    pub fn new(k: usize, next: S) -> Self
    where
        T: Default,
    {
        let slots = core::iter::repeat_with(|| (T::default(), Sequence::ZERO)).take(k).collect();
        Self { slots, first: 0, count: 0, shown: false, ledger: Ledger::new(), next }
    }
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }

    /// The first is parked no more.
    fn pop(&mut self) {
        self.shown = false;
        self.first = (self.first + 1) % self.slots.len();
        self.count -= 1;
        self.ledger.holds(self.count as u64);
    }
    fn give_up(&mut self, reason: Reason) {
        self.ledger.dropped(reason);
        self.pop();
    }
    /// Parks `event`, if there is room.
    fn park(&mut self, event: &T, at: At) -> Flow
    where
        T: Clone,
    {
        if self.count == self.slots.len() {
            return Err(Halt::Again);
        }
        let slot = (self.first + self.count) % self.slots.len();
        self.slots[slot].0.clone_from(event);
        self.slots[slot].1 = at.seq;
        self.count += 1;
        self.ledger.took(1);
        self.ledger.holds(self.count as u64);
        Ok(())
    }
    /// Brings to the stage below what is parked, as far as it takes it.
    fn flush(&mut self, now: Tick) -> Flow
    where
        S: for<'e> Stage<&'e T>,
    {
        if self.shown {
            self.give_up(Reason::Panic);
        }
        while self.count > 0 {
            let (event, seq) = &self.slots[self.first];
            self.shown = true;
            let flow = self.next.on_event(event, At { seq: *seq, now });
            self.shown = false;
            match flow {
                Err(Halt::Again) => return flow,
                Err(Halt::Reject(fault)) => self.give_up(fault.reason),
                Ok(()) | Err(Halt::Stop) => {
                    self.ledger.passed(1);
                    self.pop();
                    flow?;
                }
            }
        }
        Ok(())
    }
}

impl<T: Clone, S> Stage<&T> for Park<T, S>
where
    S: for<'e> Stage<&'e T>,
{
    #[inline]
    fn on_event(&mut self, event: &T, at: At) -> Flow {
        if self.count > 0 {
            match self.flush(at.now) {
                Err(Halt::Again) => return self.park(event, at),
                Err(halt) => return self.ledger.delivered(Err(halt)),
                Ok(()) => {}
            }
        }
        match self.next.on_event(event, at) {
            Err(Halt::Again) => self.park(event, at),
            flow => self.ledger.handed_on(flow),
        }
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let flushed = self.flush(now);
        self.ledger.publish();
        worse(flushed, self.next.on_batch_end(now))
    }
}

impl<T, S> Drop for Park<T, S> {
    fn drop(&mut self) {
        while self.count > 0 {
            self.give_up(if self.shown { Reason::Panic } else { Reason::Shutdown });
        }
    }
}

impl<T, S> Debug for Park<T, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { count, ledger, .. } = self;
        f.debug_struct("Park").field("parked", count).field("ledger", ledger).finish_non_exhaustive()
    }
}
