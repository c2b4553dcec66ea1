//! One step: what an event comes to, worked out before anything happens, and then all of it at once.

use super::instances::Alarm;
use super::{
    Full, Instance, Machine, Missing, Next, Phase, ProcessManager, Rule, TOO_MUCH, Then, UNDECLARED,
};
use crate::contract::{Fault, Reason, ReturnAddress, Room, Tick};
use crate::table::Handle;

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
    /// The event in hand, or one that was held.
    #[inline]
    pub(super) fn meet(&mut self, event: &M::Event, noted: bool, now: Tick) -> Fate {
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
    if next == Next::Compensate
        && let Some(undo) = then.done.last().or(instance.steps().last()).copied()
    {
        let (steps, timers) = (then.done.len(), then.timers.len());
        machine.undo(&undo, data, then);
        // There is no step forward in a step back.
        then.done.truncate(steps);
        then.timers.truncate(timers);
    }
    // Most steps have none, and then it is not looked at how many there are.
    let steps_fit = then.done.is_empty() || then.done.len() <= instance.done.room();
    if then.too_much || !steps_fit || !instance.has_places(&then.timers) {
        return Err(TOO_MUCH);
    }
    Ok(next)
}
