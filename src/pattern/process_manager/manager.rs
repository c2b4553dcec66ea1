//! The stage: an event comes, its process takes a step, all that follows from it happens at once.

use super::instances::Instances;
use super::step::Fate;
use super::waiting::{Held, Waiting};
use super::{Full, Instance, Listed, Machine, Next, Policy, Rule, Then, Unbuildable};
use crate::contract::{Account, At, Fault, Flow, Halt, Ledger, Reason, Room, Stage, Tick};
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};

/// Leads up to a number of processes, each by its key, through the states of a [`Machine`]. Commands go to a sink that has
/// [`Room`].
///
/// Books: an event that a process took a step with is `folded`; so is a timer, which is `generated` before. Each command
/// is `generated` and `out`. What waits is `held`.
pub struct ProcessManager<M: Machine, K> {
    pub(super) machine: M,
    pub(super) policy: Policy,
    pub(super) instances: Instances<M>,
    pub(super) waiting: Waiting<M>,
    pub(super) then: Then<M>,
    /// The sink had no room for the event in hand. It comes before all that time brings about.
    crowded: bool,
    /// The sink is closed.
    pub(super) closed: bool,
    pub(super) ledger: Ledger,
    pub(super) sink: K,
}

impl<M: Machine, K: Room<Event = M::Command>> ProcessManager<M, K> {
    /// Leads up to `capacity` processes of `machine`; commands go to `sink`. Allocates, for the last time.
    ///
    /// # Errors
    /// [`Unbuildable`] says what does not go together.
    pub fn new(capacity: usize, policy: Policy, machine: M, sink: K) -> Result<Self, Unbuildable> {
        if policy.full == Full::Block && policy.deadline.is_none() {
            return Err(Unbuildable::WouldDeadlock);
        }
        let is_listed = |state| M::State::ALL.contains(&state);
        let leads_on = |state, kind| match M::rule(state, kind) {
            Rule::Do(_, to) => to.iter().all(|next| !matches!(next, Next::To(to) if !is_listed(*to))),
            Rule::Ignore | Rule::Defer | Rule::Error => true,
        };
        let all_listed =
            M::State::ALL.iter().all(|state| M::Kind::ALL.iter().all(|kind| leads_on(*state, *kind)));
        if !all_listed || !is_listed(M::INITIAL) {
            return Err(Unbuildable::Unlisted);
        }
        Ok(Self {
            instances: Instances::new(capacity)?,
            waiting: Waiting::new(policy.holds),
            then: Then::new(policy.outputs),
            crowded: false,
            closed: false,
            ledger: Ledger::new(),
            machine,
            policy,
            sink,
        })
    }

    /// Those that were held and whose process goes on. Not behind the event that made it go on, which is done, and must not
    /// seem to have failed if one of these panics.
    pub(super) fn bring(&mut self, now: Tick) -> Flow {
        while self.waiting.is_ready() {
            self.sink.room(self.policy.outputs)?;
            let Some(Held { event, noted, .. }) = self.waiting.take() else { break };
            // Before it is met, in case that it unwinds.
            self.ledger.holds(self.waiting.len() as u64);
            let fate = self.guarded(|this| this.meet(&event, noted, now), |_| ());
            match fate {
                Fate::Folded => self.ledger.folded(),
                Fate::Filtered => self.ledger.filtered(),
                Fate::Held => {}
                Fate::Dropped(reason) | Fate::Rejected(Fault { reason, .. }) => self.ledger.dropped(reason),
                Fate::Blocked => self.ledger.dropped(Reason::TableFull),
            }
            self.ledger.holds(self.waiting.len() as u64);
            if self.closed {
                return Err(Halt::Stop);
            }
        }
        Ok(())
    }
    #[inline]
    fn take(&mut self, event: &M::Event, at: At) -> Flow {
        if self.closed {
            return self.ledger.delivered(Err(Halt::Stop));
        }
        // Also if it unwinds: then no event waits.
        self.crowded = false;
        let ready = self.bring(at.now).and_then(|()| Ok(self.sink.room(self.policy.outputs)?));
        if ready.is_err() {
            self.crowded = ready == Err(Halt::Again);
            return self.ledger.delivered(ready);
        }
        let fate = self.meet(event, false, at.now);
        let flow = match fate {
            Fate::Blocked => return Err(Halt::Again),
            Fate::Folded => {
                self.ledger.folded();
                Ok(())
            }
            Fate::Filtered => {
                self.ledger.filtered();
                Ok(())
            }
            Fate::Held => Ok(()),
            Fate::Dropped(reason) => {
                self.ledger.dropped(reason);
                Ok(())
            }
            Fate::Rejected(fault) => {
                self.ledger.dead_lettered(fault.reason);
                Err(fault.into())
            }
        };
        self.ledger.took(1);
        self.ledger_of_held();
        if self.closed { Err(Halt::Stop) } else { flow }
    }
    #[inline]
    fn ledger_of_held(&mut self) {
        let held = self.waiting.len() as u64;
        if self.ledger.balance().held != held {
            self.ledger.holds(held);
        }
    }
    fn end_turn(&mut self, now: Tick) -> Flow {
        if self.closed {
            return Err(Halt::Stop);
        }
        if self.crowded {
            return Err(Halt::Again);
        }
        self.bring(now)?;
        self.waiting.expire(now, |reason| self.ledger.dropped(reason));
        self.ring(now)?;
        let awaits = self.instances.armed() > self.instances.finished() || self.waiting.expires();
        if awaits { Err(Halt::Again) } else { Ok(()) }
    }
}

impl<M: Machine, K> ProcessManager<M, K> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    /// The process of `key`, as it stands. Nothing is changed by that.
    #[must_use]
    pub fn get(&self, key: &M::Key) -> Option<&Instance<M>> {
        self.instances.find(key).map(|(_, instance)| instance)
    }
    /// Every process, those included that have ended and are remembered. Takes time for every place.
    pub fn iter(&self) -> impl Iterator<Item = &Instance<M>> {
        self.instances.iter()
    }
    /// How many processes there are, those included that have ended and are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.instances.len()
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// How many processes wait for an operator.
    #[must_use]
    pub fn stuck(&self) -> usize {
        self.instances.stuck()
    }
    /// When time brings something next, or somewhat before: for a thread that sleeps.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        let alarm = self.instances.next_deadline();
        let earliest = alarm.unwrap_or(Tick::MAX).min(self.waiting.earliest());
        (alarm.is_some() || self.waiting.expires()).then_some(earliest)
    }
}

impl<M: Machine, K: Room<Event = M::Command>> Stage<&M::Event> for ProcessManager<M, K> {
    #[inline]
    fn on_event(&mut self, event: &M::Event, at: At) -> Flow {
        self.take(event, at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let flow = self.end_turn(now);
        self.ledger_of_held();
        self.ledger.publish();
        flow
    }
}

impl<M: Machine, K> Debug for ProcessManager<M, K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ProcessManager")
            .field("processes", &self.len())
            .field("stuck", &self.stuck())
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}
