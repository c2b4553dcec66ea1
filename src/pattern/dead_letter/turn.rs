//! The end of a turn: what waits aside is tried.

use super::Letter;
use super::case::{Case, Next};
use super::disposal::Disposal;
use super::shelf::{Shelf, Showing};
use crate::contract::{At, Flow, Halt, Reason, Sink, Tick};
use crate::table::Handle;
use core::mem;

impl<T: Clone, K: Sink<Event = Letter<T>>> Disposal<T, K> {
    /// Tries what is due on the shelf, after the events of a turn, and publishes the books. `one` is given the event, the
    /// desk to work on, and whether this is a new attempt.
    pub(super) fn end_turn(
        &mut self,
        shelf: &mut Option<Shelf<T>>,
        now: Tick,
        one: impl FnMut(&mut T, &mut T, bool, At) -> Flow,
    ) -> Flow {
        let flow = match shelf {
            Some(shelf) if !shelf.is_empty() => self.work_off(shelf, now, one),
            _ => Ok(()),
        };
        if !self.calm {
            self.calm_down(shelf);
        }
        self.ledger.publish();
        flow
    }
    #[inline(never)]
    fn work_off(
        &mut self,
        shelf: &mut Shelf<T>,
        now: Tick,
        one: impl FnMut(&mut T, &mut T, bool, At) -> Flow,
    ) -> Flow {
        self.calm = false;
        if let Some(lost) = shelf.unwound() {
            self.ledger.dropped(Reason::Panic);
            self.release(shelf, lost, now);
        }
        let flow = self.round(shelf, now, one);
        if flow.is_ok() && !shelf.is_empty() { Err(Halt::Again) } else { flow }
    }
    fn round(
        &mut self,
        shelf: &mut Shelf<T>,
        now: Tick,
        mut one: impl FnMut(&mut T, &mut T, bool, At) -> Flow,
    ) -> Flow {
        // Inner is to see the event in hand before any other. In the last turn, what cannot be tried is a letter.
        let untried = self.shown.is_some();
        if untried && now != Tick::MAX {
            return Ok(());
        }
        loop {
            let Some((handle, mut shown)) = shelf.next(now, self.breaker.lets(now)) else { return Ok(()) };
            let Some((event, desk, seq, mut case)) = shelf.work_on(handle) else { continue };
            let (at, mut fresh) = (At { seq, now }, !shown);
            let tried = if untried {
                Err(Case::untried(case, Reason::Shutdown, at))
            } else {
                self.go(None, &mut case, &mut shown, at, |more| {
                    one(event, desk, more | mem::take(&mut fresh), at)
                })
            };
            let flow = match tried {
                Ok(Err(Halt::Again)) => {
                    let showing = if shown { Showing::Expected } else { Showing::Not };
                    shelf.put_back(handle, case, showing);
                    return Ok(());
                }
                Ok(flow) => {
                    self.ledger.passed(1);
                    flow
                }
                Err(case) => match case.next {
                    Next::Try(due) => {
                        shelf.keep_on(handle, case, due);
                        continue;
                    }
                    Next::End(ending) => match self.end(&case.failure, ending, event) {
                        Err(Halt::Again) => {
                            shelf.put_back(handle, Some(case), Showing::Not);
                            return Ok(());
                        }
                        flow => flow,
                    },
                },
            };
            self.release(shelf, handle, now);
            flow?;
        }
    }
    fn release(&mut self, shelf: &mut Shelf<T>, handle: Handle, now: Tick) {
        shelf.release(handle, now);
        self.ledger.holds(shelf.len());
    }
}
