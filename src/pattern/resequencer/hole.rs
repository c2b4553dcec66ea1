//! The end of a turn: for how long a hole is waited for, and what happens then.

use super::lent::Out;
use super::sorter::{Phase, Sorter};
use super::{Closing, Hole, Missing};
use crate::contract::{At, Flow, Halt, Reason, Tick};
use core::mem;
use core::time::Duration;

/// How often, and how many times, a missing number is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Requests {
    pub(super) every: Duration,
    pub(super) times: u32,
}

impl<T> Sorter<T> {
    /// The end of a turn: what the stage after had no room for, then what the time brings about.
    pub(super) fn end_turn<E>(
        &mut self,
        now: Tick,
        requests: &mut Requests,
        ask: impl FnMut(Missing, At) -> Flow,
        out: &mut impl Out<T, E>,
    ) -> Flow {
        let waits = mem::take(&mut self.full);
        let mut flow = self.bring(now, out);
        if flow.is_ok() && !waits {
            flow = self.pass_time(now, requests, ask, out);
        }
        self.full = false;
        self.blocked = None;
        self.ledger.publish();
        if self.shelf.is_behind() { flow.and(Err(Halt::Again)) } else { flow }
    }

    fn pass_time<E>(
        &mut self,
        now: Tick,
        requests: &mut Requests,
        mut ask: impl FnMut(Missing, At) -> Flow,
        out: &mut impl Out<T, E>,
    ) -> Flow {
        if let Phase::Settling(until) = self.phase {
            if now < until {
                return Ok(());
            }
            self.phase = Phase::Running;
            self.bring(now, out)?;
        }
        let last_turn = now == Tick::MAX;
        if last_turn && self.policy.closing == Closing::Stray && self.shelf.held() != 0 {
            self.shelf.giving_up = Some(Reason::Shutdown);
            return self.bring(now, out);
        }
        while let Some(since) = self.shelf.clock {
            let Some(hole) = self.hole() else {
                self.shelf.clock = None;
                break;
            };
            if !last_turn {
                if self.shelf.asked.times < requests.times {
                    if now >= since.after(requests.every) {
                        self.request(hole, now, requests, &mut ask);
                    }
                    break;
                }
                match self.policy.hole {
                    Hole::Skip { after } if now >= since.after(after) => {}
                    Hole::Halt { after } if now >= since.after(after) => {
                        self.shelf.giving_up = Some(Reason::GapSkipped);
                        return self.bring(now, out);
                    }
                    _ => break,
                }
            }
            self.shelf.give_up(hole);
            self.bring(now, out)?;
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
        requests: &mut Requests,
        ask: &mut impl FnMut(Missing, At) -> Flow,
    ) {
        let before = (self.shelf.asked, self.shelf.clock);
        self.shelf.ask(hole, now);
        match ask(self.shelf.missing(hole), At { seq: self.shelf.last, now }) {
            Err(Halt::Again) => {
                (self.shelf.asked, self.shelf.clock) = before;
                return;
            }
            Err(Halt::Reject(fault)) => self.ledger.dropped(fault.reason),
            Err(Halt::Stop) => {
                requests.times = 0;
                self.ledger.passed(1);
            }
            Ok(()) => self.ledger.passed(1),
        }
        self.ledger.generated(1);
    }
}
