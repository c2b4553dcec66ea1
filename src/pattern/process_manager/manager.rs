//! The stage: an event comes, its process takes a step, all that follows from it happens at once.

use super::instances::{Alarm, Instances};
use super::waiting::{Held, Waiting};
use super::{
    Full, Instance, Listed, MAX_STEPS, Machine, Missing, Next, Phase, Policy, Rule, TOO_MUCH, Then,
    UNDECLARED, Unbuildable,
};
use crate::contract::{Account, At, Fault, Flow, Halt, Ledger, Reason, ReturnAddress, Room, Stage, Tick};
use crate::sync::Arc;
use crate::table::Handle;
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

/// What became of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Folded,
    Filtered,
    Held,
    Dropped(Reason),
    Rejected(Fault),
    /// There is no room for the process that it would begin.
    Blocked,
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

    /// The event in hand, or one that was held.
    #[inline]
    fn meet(&mut self, event: &M::Event, noted: bool, now: Tick) -> Fate {
        let key = M::key(event);
        let Some((handle, instance)) = self.instances.find(&key) else {
            return self.meet_nobody(key, event, now);
        };
        if !noted && instance.has_seen(event) {
            return Fate::Dropped(Reason::Duplicate);
        }
        let fate = match instance.phase {
            Phase::Running => self.run(handle, M::kind(event), Some(event), now),
            Phase::Completed => Fate::Rejected(Fault::of(Reason::Late)),
            Phase::Undoing { .. } | Phase::Stuck(_) | Phase::Compensated => self.go_back(handle, event, now),
        };
        if let (Fate::Folded | Fate::Filtered | Fate::Held, Some(instance)) =
            (fate, self.instances.get_mut(handle))
        {
            instance.note(event);
        }
        fate
    }
    /// A process that goes forward meets an event, or a timer.
    #[inline]
    pub(super) fn run(&mut self, handle: Handle, kind: M::Kind, event: Option<&M::Event>, now: Tick) -> Fate {
        let Self { machine, instances, waiting, then, .. } = self;
        let Some(instance) = instances.get(handle) else { return Fate::Dropped(Reason::Late) };
        let unhandled = Fate::Rejected(Fault::of(Reason::NoRoute));
        match (M::rule(instance.state, kind), event) {
            (Rule::Do(handler, to), _) => {
                let sender = event.map_or(ReturnAddress::default(), M::reply_to);
                then.begin(now, instance.outstanding, sender, instance.originator);
                let mut data = instance.data;
                let next = handler(machine, &mut data, event, then);
                match next.and_then(|next| check(machine, instance, then, &data, next, to)) {
                    Ok(next) => self.commit(handle, data, next, now),
                    Err(fault) => Fate::Rejected(fault),
                }
            }
            (Rule::Ignore, _) => Fate::Filtered,
            (Rule::Defer, Some(event)) if waiting.hold(event, true, Tick::MAX) => Fate::Held,
            (Rule::Defer, Some(_)) => Fate::Rejected(Fault::of(Reason::WindowFull)),
            (Rule::Defer, None) | (Rule::Error, _) => unhandled,
        }
    }
    /// An event whose process is not there: it begins one, or it is as the policy says.
    fn meet_nobody(&mut self, key: M::Key, event: &M::Event, now: Tick) -> Fate {
        if let Rule::Do(handler, to) = M::rule(M::INITIAL, M::kind(event)) {
            if self.instances.is_full() {
                let all_stuck = self.instances.stuck() == self.instances.len();
                match self.policy.full {
                    Full::Block if !all_stuck => return Fate::Blocked,
                    Full::EvictFinished if self.instances.finished() > 0 => {}
                    _ => return Fate::Rejected(Fault::of(Reason::TableFull)),
                }
            }
            let Self { machine, then, .. } = self;
            let originator = M::reply_to(event);
            let mut instance = Instance::new(key, originator);
            then.begin(now, 0, originator, originator);
            let mut data = M::Data::default();
            let next = handler(machine, &mut data, Some(event), then);
            return match next.and_then(|next| check(machine, &instance, then, &data, next, to)) {
                Ok(next) => {
                    instance.note(event);
                    self.begin(instance, data, next, now)
                }
                Err(fault) => Fate::Rejected(fault),
            };
        }
        let unknown = Reason::InvalidKey;
        match self.policy.missing {
            Missing::Discard => Fate::Dropped(unknown),
            Missing::DeadLetter => Fate::Rejected(Fault::of(unknown)),
            Missing::Hold(span) if self.waiting.hold(event, false, now.after(span)) => Fate::Held,
            Missing::Hold(_) => Fate::Rejected(Fault::of(Reason::WindowFull)),
            Missing::Reply => {
                let sender = M::reply_to(event);
                self.then.begin(now, 0, sender, sender);
                self.machine.missing(event, &mut self.then);
                if self.then.too_much {
                    return Fate::Rejected(TOO_MUCH);
                }
                self.send();
                Fate::Folded
            }
        }
    }
    fn begin(&mut self, instance: Instance<M>, data: M::Data, next: Next<M::State>, now: Tick) -> Fate {
        let key = instance.key;
        let Some(handle) = self.instances.insert(instance) else {
            return Fate::Rejected(Fault::of(Reason::TableFull));
        };
        if let Some(span) = self.policy.deadline {
            self.instances.set_alarm(handle, now.after(span), Alarm::Deadline(handle));
        }
        self.waiting.wake(&key);
        self.commit(handle, data, next, now)
    }
    /// All that a step has led to happens, and nothing can fail any more.
    #[inline]
    fn commit(&mut self, handle: Handle, data: M::Data, next: Next<M::State>, now: Tick) -> Fate {
        if let Some(instance) = self.instances.get_mut(handle) {
            instance.data = data;
            instance.outstanding = self.then.outstanding;
            self.then.done.iter().for_each(|undo| instance.done.push(*undo));
            if let Next::To(state) = next
                && instance.state != state
            {
                instance.state = state;
                self.waiting.wake(&instance.key);
            }
        }
        for (kind, due) in &self.then.timers {
            self.instances.set_timer(handle, *kind, *due);
        }
        match next {
            Next::To(_) => {}
            Next::Complete => self.end(handle, Phase::Completed, now),
            Next::Compensate => self.undo_last(handle, now),
        }
        self.send();
        Fate::Folded
    }
    /// A process has ended: it is remembered, or forgotten.
    pub(super) fn end(&mut self, handle: Handle, phase: Phase, now: Tick) {
        let Some(instance) = self.instances.get(handle) else { return };
        if self.waiting.len() > 0 {
            if phase == Phase::Compensated && !self.policy.remember.is_zero() {
                // What was deferred has come too late, and what it did is undone.
                self.waiting.wake(&instance.key);
            } else {
                self.waiting.forget(&instance.key, |reason| self.ledger.dropped(reason));
            }
        }
        if self.policy.remember.is_zero() {
            self.instances.remove(handle);
            return;
        }
        self.instances.disarm(handle);
        self.instances.set_phase(handle, phase);
        self.instances.set_alarm(handle, now.after(self.policy.remember), Alarm::Forget(handle));
    }
    /// The sink has room for all commands, as was asked before the step; if it is closed since, nobody sees any of them.
    #[inline]
    pub(super) fn send(&mut self) {
        let Self { then, sink, ledger, .. } = self;
        let n = then.commands.len();
        if n == 0 {
            return;
        }
        let sent = sink.fill_many(n, |i, slot| {
            core::mem::swap(slot, &mut then.commands[i]);
            Ok(())
        });
        ledger.generated(n as u64);
        ledger.passed(sent.count as u64);
        (sent.count..n).for_each(|_| ledger.dropped(Reason::Shutdown));
        self.closed |= sent.count < n;
    }

    /// Those that were held and whose process goes on.
    pub(super) fn bring(&mut self, now: Tick) -> Flow {
        while self.waiting.is_ready() {
            self.sink.room(self.policy.outputs)?;
            let Some(Held { event, noted, .. }) = self.waiting.take() else { break };
            // Booked before, in case that it unwinds.
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
        self.crowded = true;
        let ready = self.bring(at.now).and_then(|()| Ok(self.sink.room(self.policy.outputs)?));
        if ready.is_err() {
            return self.ledger.delivered(ready);
        }
        self.crowded = false;
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
            Fate::Held => {
                self.ledger.holds(self.waiting.len() as u64);
                Ok(())
            }
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
        if self.closed {
            return Err(Halt::Stop);
        }
        self.after(at.now);
        flow
    }
    /// The event may have made others ready; if there is no room for them now, they come before the next.
    #[inline]
    fn after(&mut self, now: Tick) {
        self.ledger_of_held();
        if self.waiting.is_ready() {
            let _ = self.bring(now);
        }
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
        self.instances.next_deadline()
    }
}

/// Whether all that a step led to can happen; if it leads back, that includes the first step back.
fn check<M: Machine>(
    machine: &mut M,
    instance: &Instance<M>,
    then: &mut Then<M>,
    data: &M::Data,
    next: Next<M::State>,
    to: &[Next<M::State>],
) -> Result<Next<M::State>, Fault> {
    if !to.contains(&next) {
        return Err(UNDECLARED);
    }
    let last = then.done.last().or(instance.steps().last()).copied();
    if let (Next::Compensate, Some(undo)) = (next, last) {
        machine.undo(&undo, data, then);
    }
    let steps = instance.steps().len() + then.done.len();
    if then.too_much || steps > MAX_STEPS || !instance.has_places(&then.timers) {
        return Err(TOO_MUCH);
    }
    Ok(next)
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
