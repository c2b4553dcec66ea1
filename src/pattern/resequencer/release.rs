//! The way out: events and gaps leave the shelf in order, as far as there is room for them.

use super::Ordered;
use super::lent::Out;
use super::shelf::Shelf;
use crate::contract::{At, Flow, Halt, Ledger, Reason, Tick};

/// What leaves next.
#[derive(Clone, Copy)]
enum Front {
    /// The event so far ahead.
    Event(u64),
    /// A gap of so many numbers.
    Gap(u64),
}

impl<T> Shelf<T> {
    /// Brings on what is decided, and all events that follow without a hole, as far as `out` takes them.
    ///
    /// # Errors
    /// `Again` if it did not take all; what it was shown last comes first in the next call. `Stop`.
    #[inline]
    pub(super) fn release<E>(&mut self, now: Tick, ledger: &mut Ledger, out: &mut impl Out<T, E>) -> Flow {
        if self.shown {
            self.unwound(ledger);
        }
        let flow = self.release_run(now, ledger, out);
        if flow.is_ok()
            && self.clock.is_none()
            && let Some(right_behind) = self.window.first_marked()
        {
            let since = self.slot(right_behind).since;
            self.wait_since(since);
        }
        flow
    }
    // Left to itself the compiler makes calls of what these are made of, and an event that was held costs a quarter more.
    #[inline(always)]
    fn release_run<E>(&mut self, now: Tick, ledger: &mut Ledger, out: &mut impl Out<T, E>) -> Flow {
        while let Some(front) = self.front() {
            self.shown = true;
            let flow = self.show(front, now, out);
            self.shown = false;
            match flow {
                Err(Halt::Again) => return flow,
                Err(Halt::Reject(fault)) => ledger.dropped(fault.reason),
                Ok(()) | Err(Halt::Stop) => ledger.passed(1),
            }
            self.remove(front, ledger);
            if flow == Err(Halt::Stop) {
                return flow;
            }
        }
        Ok(())
    }
    #[inline(always)]
    fn front(&self) -> Option<Front> {
        if self.giving_up.is_none() && self.holds(0) {
            return Some(Front::Event(0));
        }
        self.front_beyond_a_hole()
    }
    fn front_beyond_a_hole(&self) -> Option<Front> {
        if self.giving_up.is_some() {
            return self.first_held().map(Front::Event);
        }
        let gap = || self.first_held().unwrap_or(self.due).min(self.due);
        (self.due != 0).then(|| Front::Gap(gap()))
    }
    #[inline(always)]
    fn show<E>(&mut self, front: Front, now: Tick, out: &mut impl Out<T, E>) -> Flow {
        match front {
            Front::Event(ahead) => {
                let giving_up = self.giving_up;
                let slot = self.slot(self.position(ahead));
                let item = match giving_up {
                    None => Ordered::Event(&mut slot.event),
                    Some(why) => Ordered::Stray(&mut slot.event, why),
                };
                out.held(item, At { seq: slot.seq, now })
            }
            Front::Gap(count) => out.held(Ordered::Gap(self.missing(count)), At { seq: self.last, now }),
        }
    }
    #[inline(always)]
    fn remove(&mut self, front: Front, ledger: &mut Ledger) {
        match front {
            Front::Event(0) => {
                ledger.holds_one_less();
                self.window.step();
                self.stepped(1);
            }
            Front::Event(ahead) => {
                ledger.holds_one_less();
                self.step(ahead + 1);
            }
            Front::Gap(count) => {
                ledger.generated(1);
                self.step(count);
            }
        }
    }
    /// The stage after unwound on the front: it is not shown again.
    #[cold]
    fn unwound(&mut self, ledger: &mut Ledger) {
        self.shown = false;
        if let Some(front) = self.front() {
            ledger.dropped(Reason::Panic);
            self.remove(front, ledger);
        }
    }
    /// Books what is still held, at the very end.
    pub(super) fn close(&mut self, ledger: &mut Ledger) {
        if self.shown {
            self.unwound(ledger);
        }
        for _ in 0..self.held() {
            ledger.dropped(Reason::Shutdown);
            ledger.holds_one_less();
        }
    }
}
