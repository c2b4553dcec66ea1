//! The passing of time: for how long a hole is waited for, and what happens then.

use super::lent::Out;
use super::sorter::{Common, Phase, Sorter};
use super::{Hole, Missing};
use crate::contract::{At, Flow, Halt, Reason, Tick};
use core::time::Duration;

/// How often, and how many times, a missing number is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Requests {
    pub(super) every: Duration,
    pub(super) times: u32,
}

impl Requests {
    /// Nobody is asked.
    pub(super) const NONE: Self = Self { every: Duration::ZERO, times: 0 };
}

impl<T> Sorter<T> {
    /// When time is the next to bring something about; nothing if it does not, before the last turn.
    pub(super) fn deadline(&self, common: &Common) -> Option<Tick> {
        if let Phase::Settling(until) = self.phase {
            return Some(until);
        }
        let since = self.shelf.clock?;
        if self.shelf.asked.times < common.requests.times {
            return Some(since.after(common.requests.every));
        }
        match common.policy.hole {
            Hole::Wait => None,
            Hole::Skip { after } | Hole::Halt { after } => Some(since.after(after)),
        }
    }

    /// The end of a turn, when all that is decided went on: what the time brings about.
    pub(super) fn pass_time<E>(
        &mut self,
        now: Tick,
        common: &mut Common,
        mut ask: impl FnMut(Missing, At) -> Flow,
        out: &mut impl Out<T, E>,
    ) -> Flow {
        if let Phase::Settling(until) = self.phase {
            if now < until {
                return Ok(());
            }
            self.phase = Phase::Running;
            self.bring(now, common, out)?;
        }
        let last_turn = now == Tick::MAX;
        if last_turn {
            self.bring_all((common.policy.closing, Reason::Shutdown), now, common, out)?;
        }
        while self.shelf.clock.is_some() && !self.has_ended() {
            let Some(hole) = self.hole() else {
                self.shelf.clock = None;
                break;
            };
            if !last_turn {
                if self.deadline(common).is_none_or(|due| now < due) {
                    break;
                }
                if self.shelf.asked.times < common.requests.times {
                    self.request(hole, now, common, &mut ask);
                    break;
                }
                if let Hole::Halt { .. } = common.policy.hole {
                    self.shelf.giving_up = Some(Reason::GapSkipped);
                    return self.bring(now, common, out);
                }
            }
            self.shelf.give_up(hole);
            self.bring(now, common, out)?;
        }
        self.clear = self.phase == Phase::Running && self.shelf.is_clear();
        Ok(())
    }

    /// How many numbers are missing before what is held; or, if that is nothing, before what is blocked fits in.
    fn hole(&self) -> Option<u64> {
        let room = |number| Some(self.shelf.ahead(number)? + 1 - self.shelf.size());
        self.shelf.first_held().or_else(|| self.blocked.and_then(room))
    }

    /// Asks once for the hole. If nobody listens, never again.
    #[cold]
    fn request(
        &mut self,
        hole: u64,
        now: Tick,
        common: &mut Common,
        ask: &mut impl FnMut(Missing, At) -> Flow,
    ) {
        let before = (self.shelf.asked, self.shelf.clock);
        self.shelf.ask(hole, now);
        match ask(self.shelf.missing(hole), At { seq: self.shelf.last, now }) {
            Err(Halt::Again) => {
                (self.shelf.asked, self.shelf.clock) = before;
                return;
            }
            Err(Halt::Reject(fault)) => common.ledger.dropped(fault.reason),
            Err(Halt::Stop) => {
                common.requests.times = 0;
                common.ledger.passed(1);
            }
            Ok(()) => common.ledger.passed(1),
        }
        common.ledger.generated(1);
    }
}
