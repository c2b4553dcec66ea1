//! Where an event is judged: in order, early, late, twice, or too far ahead.

use super::lent::{Lay, Out};
use super::shelf::Shelf;
use super::{Ahead, Duplicate, Late, Ordered, Policy, Start};
use crate::contract::{At, Fault, Flow, Halt, Ledger, Reason, Tick};

#[derive(Debug)]
pub(super) struct Sorter<T> {
    pub(super) policy: Policy,
    pub(super) shelf: Shelf<T>,
    pub(super) phase: Phase,
    /// The next number goes straight on: nothing is held, waited for or left to decide.
    pub(super) clear: bool,
    /// Something is decided that did not go on, or nothing goes on any more.
    owes: bool,
    /// The stage after had no room in this turn. The event in hand comes before anything that time brings about.
    pub(super) full: bool,
    /// The number that [`Ahead::Block`] held up in this turn.
    pub(super) blocked: Option<u64>,
    pub(super) ledger: Ledger,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// No event came yet that says where to begin.
    Unstarted,
    /// Until then every event waits.
    Settling(Tick),
    Running,
    /// The stage after wants no more, or a hole was the end.
    Stopped,
}

impl<T> Sorter<T> {
    pub(super) fn new(policy: Policy, shelf: Shelf<T>) -> Self {
        let phase = match policy.start {
            Start::Fixed(_) => Phase::Running,
            Start::FirstSeen | Start::SettleFor(_) => Phase::Unstarted,
        };
        let clear = phase == Phase::Running;
        Self { policy, shelf, phase, clear, owes: false, full: false, blocked: None, ledger: Ledger::new() }
    }

    /// An event comes. What is in order, while nothing is held, is all done here.
    #[inline]
    pub(super) fn take<E: Lay<T>>(
        &mut self,
        number: u64,
        event: E,
        at: At,
        out: &mut impl Out<T, E>,
    ) -> Flow {
        if !self.clear || number != self.shelf.next() {
            return self.sort_in(number, event, at, out);
        }
        let flow = self.shelf.pass(|| out.hand(Ordered::Event(event), at));
        self.heard(flow);
        self.ledger.handed_on(flow)
    }

    fn sort_in<E: Lay<T>>(&mut self, number: u64, event: E, at: At, out: &mut impl Out<T, E>) -> Flow {
        self.blocked = None;
        self.begin(number, at.now);
        // What is decided goes first.
        if self.owes
            && let Err(halt) = self.bring(at.now, out)
        {
            return self.ledger.delivered(Err(halt));
        }
        let ahead = match self.shelf.ahead(number) {
            Some(ahead) if ahead < self.shelf.size() => ahead,
            Some(_) => match self.make_room(number, at, out) {
                Ok(ahead) => ahead,
                Err(halt) => return self.ledger.delivered(Err(halt)),
            },
            None if self.phase != Phase::Running && self.shelf.reach_back(number) => 0,
            None => return self.late(event, at, out),
        };
        if ahead >= self.shelf.size() {
            self.drop_one(Reason::WindowFull);
            return Ok(());
        }
        if self.shelf.holds(ahead) {
            return self.duplicate(ahead, event, at);
        }
        if ahead == 0 && self.phase == Phase::Running {
            return self.hand_on(event, at, out);
        }
        self.shelf.hold(ahead, event, at);
        self.clear = false;
        if self.phase == Phase::Running {
            self.shelf.wait_since(at.now);
        }
        self.ledger.took(1);
        self.ledger.holds(self.shelf.held());
        Ok(())
    }

    /// The first event says where to begin, or when.
    fn begin(&mut self, number: u64, now: Tick) {
        if self.phase == Phase::Unstarted {
            self.shelf.begin(number);
            self.phase = match self.policy.start {
                Start::SettleFor(span) => Phase::Settling(now.after(span)),
                Start::Fixed(_) | Start::FirstSeen => Phase::Running,
            };
        }
    }

    /// Brings on what is decided. `Again` if not all of it went, `Stop` also after the last stray of a halt.
    #[inline]
    pub(super) fn bring<E>(&mut self, now: Tick, out: &mut impl Out<T, E>) -> Flow {
        match self.phase {
            Phase::Running => {}
            Phase::Unstarted | Phase::Settling(_) => return Ok(()),
            Phase::Stopped => return Err(Halt::Stop),
        }
        // Also if it unwinds.
        self.owes = true;
        let mut flow = self.shelf.release(now, &mut self.ledger, out);
        if flow.is_ok() && self.shelf.giving_up.take() == Some(Reason::GapSkipped) {
            flow = Err(Halt::Stop);
        }
        self.heard(flow);
        self.owes = flow.is_err();
        self.clear = flow.is_ok() && self.shelf.is_clear();
        flow
    }

    /// The stage after has no room, or wants no more.
    #[inline]
    fn heard(&mut self, flow: Flow) {
        match flow {
            Err(Halt::Again) => self.full = true,
            Err(Halt::Stop) => (self.phase, self.clear, self.owes) = (Phase::Stopped, false, true),
            _ => {}
        }
    }

    /// How far ahead `number` is when what is too far ahead has been dealt with; still too far, if it is to be dropped.
    #[cold]
    fn make_room<E>(&mut self, number: u64, at: At, out: &mut impl Out<T, E>) -> Result<u64, Halt> {
        let size = self.shelf.size();
        // The others will not wait any longer, either.
        self.phase = Phase::Running;
        self.bring(at.now, out)?;
        let mut ahead = self.shelf.ahead(number).unwrap_or(0);
        if ahead >= size {
            match self.policy.ahead {
                Ahead::Drop => {}
                Ahead::Reject => return Err(Fault::of(Reason::WindowFull).into()),
                Ahead::Advance => {
                    self.shelf.last = at.seq;
                    self.shelf.give_up(ahead - size + 1);
                    self.bring(at.now, out)?;
                    ahead = self.shelf.ahead(number).unwrap_or(0);
                }
                Ahead::Block => {
                    self.shelf.last = at.seq;
                    self.shelf.wait_since(at.now);
                    self.clear = false;
                    self.blocked = Some(number);
                    return Err(Halt::Again);
                }
            }
        }
        Ok(ahead)
    }

    /// The event that the others wait for.
    #[inline]
    fn hand_on<E>(&mut self, event: E, at: At, out: &mut impl Out<T, E>) -> Flow {
        self.owes = true;
        let flow = self.shelf.pass(|| out.hand(Ordered::Event(event), at));
        self.heard(flow);
        self.ledger.handed_on(flow)?;
        match self.bring(at.now, out) {
            // The event itself went on; the rest follows.
            Err(Halt::Again) => Ok(()),
            flow => flow,
        }
    }

    #[cold]
    fn late<E>(&mut self, event: E, at: At, out: &mut impl Out<T, E>) -> Flow {
        match self.policy.late {
            Late::Drop => {
                self.drop_one(Reason::Late);
                Ok(())
            }
            Late::Reject => self.ledger.delivered(Err(Fault::of(Reason::Late).into())),
            Late::Pass => {
                let flow = out.hand(Ordered::Stray(event, Reason::Late), at);
                self.heard(flow);
                self.ledger.handed_on(flow)
            }
        }
    }

    #[cold]
    fn duplicate(&mut self, ahead: u64, event: impl Lay<T>, at: At) -> Flow {
        match self.policy.duplicate {
            Duplicate::KeepFirst => {}
            Duplicate::KeepLast => self.shelf.replace(ahead, event, at),
            Duplicate::Reject => return self.ledger.delivered(Err(Fault::of(Reason::Duplicate).into())),
        }
        self.drop_one(Reason::Duplicate);
        Ok(())
    }

    fn drop_one(&mut self, reason: Reason) {
        self.ledger.took(1);
        self.ledger.dropped(reason);
    }
}

impl<T> Drop for Sorter<T> {
    fn drop(&mut self) {
        self.shelf.close(&mut self.ledger);
    }
}
