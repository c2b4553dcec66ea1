//! The way back.

use super::instances::Alarm;
use super::step::Fate;
use super::{Late, Machine, Phase, ProcessManager, Says, TOO_MUCH, Undo};
use crate::contract::{Fault, Reason, ReturnAddress, Room, Tick};
use crate::table::Handle;

const EXHAUSTED: Fault = Fault::of(Reason::AttemptsExhausted);

impl<M: Machine, K: Room<Event = M::Command>> ProcessManager<M, K> {
    /// A process on its way back, or back, meets an event.
    pub(super) fn go_back(&mut self, handle: Handle, event: &M::Event, now: Tick) -> Fate {
        let Some(instance) = self.instances.get(handle) else { return Fate::Dropped(Reason::Late) };
        let phase = instance.phase;
        let Some(says) = M::says(event) else { return self.meet_late(handle, event, now) };
        match (phase, says) {
            (Phase::Undoing { undo, .. } | Phase::Stuck(undo), Says::Undone(step)) if undo.step == step => {
                if !self.ask_last(handle, now) {
                    return Fate::Rejected(TOO_MUCH);
                }
                self.undo_last(handle, now);
                self.send();
                Fate::Folded
            }
            (Phase::Undoing { undo, attempts, sent: true }, Says::Failed(step)) if undo.step == step => {
                self.fail(handle, undo, attempts, now)
            }
            (Phase::Stuck(undo), Says::Failed(step)) if undo.step == step => Fate::Rejected(EXHAUSTED),
            (Phase::Stuck(undo), Says::Retry) => self.try_to(handle, undo, 1, now),
            _ => Fate::Dropped(Reason::Duplicate),
        }
    }
    /// What came too late: what it did is undone before everything else.
    fn meet_late(&mut self, handle: Handle, event: &M::Event, now: Tick) -> Fate {
        let Some(instance) = self.instances.get(handle) else { return Fate::Dropped(Reason::Late) };
        let (mut data, ended, room) =
            (instance.data, instance.phase == Phase::Compensated, instance.done.room());
        let late = self.machine.late(event, &mut data);
        match late {
            Late::Error => return Fate::Rejected(Fault::of(Reason::Late)),
            Late::Undo(_) if room == 0 => return Fate::Rejected(TOO_MUCH),
            Late::Undo(undo) if ended && !self.ask(handle, &undo, now) => return Fate::Rejected(TOO_MUCH),
            Late::Undo(_) | Late::Ignore => {}
        }
        if let Some(instance) = self.instances.get_mut(handle) {
            instance.data = data;
            if let Late::Undo(undo) = late {
                instance.done.push(undo);
            }
        }
        if late == Late::Ignore {
            return Fate::Filtered;
        }
        if ended {
            self.undo_last(handle, now);
            self.send();
        }
        Fate::Folded
    }

    /// Writes the command that undoes `undo`; false if it is too much.
    fn ask(&mut self, handle: Handle, undo: &Undo, now: Tick) -> bool {
        let Some(instance) = self.instances.get(handle) else { return false };
        self.then.begin(now, instance.outstanding, ReturnAddress::default(), instance.originator);
        self.machine.undo(undo, &instance.data, &mut self.then);
        !self.then.too_much
    }
    /// Writes the command that undoes the last step, if there is one left.
    pub(super) fn ask_last(&mut self, handle: Handle, now: Tick) -> bool {
        let last = self.instances.get(handle).and_then(|instance| instance.steps().last().copied());
        match last {
            Some(undo) => self.ask(handle, &undo, now),
            None => {
                self.then.begin(now, 0, ReturnAddress::default(), ReturnAddress::default());
                true
            }
        }
    }
    /// From now on the last step is being undone, the command for which is written. If none is left, this was the way back.
    pub(super) fn undo_last(&mut self, handle: Handle, now: Tick) {
        let Some(instance) = self.instances.get_mut(handle) else { return };
        let Some(undo) = instance.steps().last().copied() else {
            self.end(handle, Phase::Compensated, now);
            return;
        };
        instance.done.pop();
        if self.waiting.len() > 0 {
            // What was deferred on the way forward has come too late.
            self.waiting.wake(&instance.key);
        }
        self.instances.disarm(handle);
        self.await_answer(handle, undo, 1, now);
    }
    fn await_answer(&mut self, handle: Handle, undo: Undo, attempts: u32, now: Tick) {
        self.instances.set_phase(handle, Phase::Undoing { undo, attempts, sent: true });
        self.instances.set_alarm(handle, now.after(self.policy.patience), Alarm::Undo(handle));
    }
    /// Once more.
    pub(super) fn try_to(&mut self, handle: Handle, undo: Undo, attempts: u32, now: Tick) -> Fate {
        if !self.ask(handle, &undo, now) {
            return Fate::Rejected(TOO_MUCH);
        }
        self.await_answer(handle, undo, attempts, now);
        self.send();
        Fate::Folded
    }
    /// It was not undone, this time.
    pub(super) fn fail(&mut self, handle: Handle, undo: Undo, attempts: u32, now: Tick) -> Fate {
        match self.policy.retry.delay_after(attempts, handle.to_bits()) {
            Some(delay) if delay.is_zero() => self.try_to(handle, undo, attempts + 1, now),
            Some(delay) => {
                self.instances.set_phase(handle, Phase::Undoing { undo, attempts, sent: false });
                self.instances.set_alarm(handle, now.after(delay), Alarm::Undo(handle));
                Fate::Folded
            }
            None => {
                if let Some(instance) = self.instances.get(handle) {
                    self.then.begin(now, 0, ReturnAddress::default(), instance.originator);
                    self.machine.stuck(&undo, &instance.data, &mut self.then);
                    if self.then.too_much {
                        self.then.commands.clear();
                    }
                }
                self.instances.disarm(handle);
                self.instances.set_phase(handle, Phase::Stuck(undo));
                self.send();
                Fate::Rejected(EXHAUSTED)
            }
        }
    }
}
