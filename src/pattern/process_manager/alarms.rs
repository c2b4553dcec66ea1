//! What time brings about.

use super::instances::Alarm;
use super::step::Fate;
use super::{Machine, Phase, ProcessManager, TOO_MUCH, Undo};
use crate::contract::{Fault, Flow, Halt, Reason, Room, Tick};
use crate::table::Handle;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

impl<M: Machine, K: Room<Event = M::Command>> ProcessManager<M, K> {
    /// Everything whose time has come, as long as there is room for what may follow.
    pub(super) fn ring(&mut self, now: Tick) -> Flow {
        for _ in 0..self.instances.armed() {
            let Some(alarm) = self.instances.due(now) else { break };
            if let Alarm::Forget(handle) = alarm {
                self.instances.remove(handle);
                continue;
            }
            self.sink.room(self.policy.outputs)?;
            self.instances.take_due(now);
            self.ledger.generated(1);
            let fate = self.guarded(
                |this| this.meet_alarm(alarm, now),
                |this| {
                    if let Alarm::Deadline(handle) | Alarm::Undo(handle) = alarm {
                        this.give_up(handle);
                    }
                },
            );
            match fate {
                Fate::Filtered => self.ledger.filtered(),
                Fate::Dropped(reason) | Fate::Rejected(Fault { reason, .. }) => self.ledger.dropped(reason),
                Fate::Folded | Fate::Held | Fate::Blocked => self.ledger.folded(),
            }
            if self.closed {
                return Err(Halt::Stop);
            }
            self.bring(now)?;
        }
        Ok(())
    }
    fn meet_alarm(&mut self, alarm: Alarm<M::Kind>, now: Tick) -> Fate {
        match alarm {
            Alarm::Timer(handle, kind) => self.run(handle, kind, None, now),
            Alarm::Deadline(handle) if self.ask_last(handle, now) => {
                self.undo_last(handle, now);
                self.send();
                Fate::Folded
            }
            Alarm::Undo(handle) => match self.instances.get(handle).map(|instance| instance.phase) {
                Some(Phase::Undoing { undo, attempts, sent: true }) => self.fail(handle, undo, attempts, now),
                Some(Phase::Undoing { undo, attempts, sent: false }) => {
                    self.try_to(handle, undo, attempts + 1, now)
                }
                _ => Fate::Dropped(Reason::Late),
            },
            Alarm::Deadline(handle) | Alarm::Forget(handle) => {
                self.give_up(handle);
                Fate::Rejected(TOO_MUCH)
            }
        }
    }
    /// The way back cannot be gone on: an operator is needed.
    fn give_up(&mut self, handle: Handle) {
        let Some(instance) = self.instances.get_mut(handle) else { return };
        let undo = match (instance.phase, instance.steps().last().copied()) {
            (Phase::Undoing { undo, .. } | Phase::Stuck(undo), _) => undo,
            (_, Some(last)) => {
                instance.done.pop();
                last
            }
            (_, None) => Undo::default(),
        };
        self.instances.disarm(handle);
        self.instances.set_phase(handle, Phase::Stuck(undo));
    }
    /// What has no event in hand: if it unwinds, that costs what it was about, which is booked.
    #[inline]
    pub(super) fn guarded(
        &mut self,
        work: impl FnOnce(&mut Self) -> Fate,
        clean_up: impl FnOnce(&mut Self),
    ) -> Fate {
        match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(fate) => fate,
            Err(payload) => {
                self.ledger.dropped(Reason::Panic);
                clean_up(self);
                resume_unwind(payload)
            }
        }
    }
}
