//! Where an event is judged: in order, early, late, twice, or too far ahead.

use super::hole::Requests;
use super::lent::{Lay, Out};
use super::shelf::Shelf;
use super::{Ahead, Closing, Duplicate, Hole, Late, Number, Ordered, Policy, Start, Unbuildable};
use crate::contract::{At, Fault, Flow, Halt, Ledger, Reason, Tick};

/// What a stage has once, however many streams it puts in order.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) policy: Policy,
    pub(super) requests: Requests,
    pub(super) ledger: Ledger,
    /// The stage after had no room in this turn. The event in hand comes before anything that time brings about.
    pub(super) full: bool,
}

impl Common {
    pub(super) fn new(policy: Policy) -> Self {
        Self { policy, requests: Requests::NONE, ledger: Ledger::new(), full: false }
    }
    pub(super) fn drop_one(&mut self, reason: Reason) {
        self.ledger.took(1);
        self.ledger.dropped(reason);
    }
}

/// One stream of numbers.
#[derive(Debug)]
pub(super) struct Sorter<T> {
    pub(super) shelf: Shelf<T>,
    pub(super) phase: Phase,
    /// The next number goes straight on: nothing is held, waited for or left to decide.
    pub(super) clear: bool,
    /// Something is decided that did not go on, or nothing goes on any more.
    pub(super) owes: bool,
    /// The number that [`Ahead::Block`] held up in this turn.
    pub(super) blocked: Option<u64>,
    /// The number that is the last one, if one is.
    pub(super) end: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// No event came yet that says where to begin.
    Unstarted,
    /// Until then every event waits.
    Settling(Tick),
    Running,
    /// A hole was the end.
    Halted,
    /// The stage after wants no more.
    Stopped,
}

impl<T> Sorter<T> {
    /// A stream of numbers of the type `Q`.
    pub(super) fn new<Q: Number>(
        window: usize,
        policy: &Policy,
        room: impl FnMut() -> T,
    ) -> Result<Self, Unbuildable> {
        if window as u64 > 1 << (Q::BITS - 1) {
            return Err(Unbuildable::TooLarge { window, bits: Q::BITS });
        }
        if policy.ahead == Ahead::Block && policy.hole == Hole::Wait {
            return Err(Unbuildable::WouldDeadlock);
        }
        let shelf = Shelf::new(window, 0, u64::MAX >> (u64::BITS - Q::BITS), room)?;
        let phase = Phase::Unstarted;
        let mut sorter = Self { shelf, phase, clear: false, owes: false, blocked: None, end: None };
        sorter.restart(policy.start);
        Ok(sorter)
    }
    /// Forgets everything. Nothing is held.
    pub(super) fn restart(&mut self, start: Start) {
        let (phase, first) = match start {
            Start::Fixed(first) => (Phase::Running, first),
            Start::FirstSeen | Start::SettleFor(_) => (Phase::Unstarted, 0),
        };
        self.shelf.restart(first);
        (self.phase, self.clear) = (phase, phase == Phase::Running);
        (self.owes, self.blocked, self.end) = (false, None, None);
    }
    /// The last number went on, or was given up.
    pub(super) fn has_ended(&self) -> bool {
        let is_behind = |end| match self.phase {
            Phase::Running => self.shelf.ahead(end).is_none(),
            phase => phase == Phase::Halted,
        };
        self.end.is_some_and(is_behind)
    }

    /// The event with this number is in order, and nothing else is to be done.
    #[inline]
    pub(super) const fn goes_straight_on(&self, number: u64) -> bool {
        self.clear && number == self.shelf.next()
    }
    /// An event comes that [goes straight on](Self::goes_straight_on).
    #[inline]
    pub(super) fn pass<E>(
        &mut self,
        event: E,
        at: At,
        common: &mut Common,
        out: &mut impl Out<T, E>,
    ) -> Flow {
        let flow = self.shelf.pass(|| out.hand(Ordered::Event(event), at));
        self.heard(flow, common);
        common.ledger.handed_on(flow)
    }

    /// Any event comes.
    pub(super) fn sort_in<E: Lay<T>>(
        &mut self,
        number: u64,
        event: E,
        at: At,
        common: &mut Common,
        out: &mut impl Out<T, E>,
    ) -> Flow {
        self.blocked = None;
        self.begin(number, at.now, common.policy.start);
        // What is decided goes first.
        if self.owes
            && let Err(halt) = self.bring(at.now, common, out)
        {
            return common.ledger.delivered(Err(halt));
        }
        let ahead = match self.shelf.ahead(number) {
            Some(ahead) if ahead < self.shelf.size() => ahead,
            Some(_) => match self.make_room(number, at, common, out) {
                Ok(ahead) => ahead,
                Err(halt) => return common.ledger.delivered(Err(halt)),
            },
            None if self.phase != Phase::Running && self.shelf.reach_back(number) => 0,
            None => return self.late(event, at, common, out),
        };
        if ahead >= self.shelf.size() {
            common.drop_one(Reason::WindowFull);
            return Ok(());
        }
        if self.shelf.holds(ahead) {
            return self.duplicate(ahead, event, at, common);
        }
        if ahead == 0 && self.phase == Phase::Running {
            return self.hand_on(event, at, common, out);
        }
        self.shelf.hold(ahead, event, at);
        self.clear = false;
        if self.phase == Phase::Running {
            self.shelf.wait_since(at.now);
        }
        common.ledger.took(1);
        common.ledger.holds_one_more();
        Ok(())
    }

    /// The first event says where to begin, or when.
    fn begin(&mut self, number: u64, now: Tick, start: Start) {
        if self.phase == Phase::Unstarted {
            self.shelf.begin(number);
            self.phase = match start {
                Start::SettleFor(span) => Phase::Settling(now.after(span)),
                Start::Fixed(_) | Start::FirstSeen => Phase::Running,
            };
        }
    }

    /// Brings on what is decided. `Again` if not all of it went, `Stop` also after the last stray of a halt.
    #[inline]
    pub(super) fn bring<E>(&mut self, now: Tick, common: &mut Common, out: &mut impl Out<T, E>) -> Flow {
        match self.phase {
            Phase::Running => {}
            Phase::Unstarted | Phase::Settling(_) => return Ok(()),
            Phase::Halted | Phase::Stopped => return Err(Halt::Stop),
        }
        // Also if it unwinds.
        self.owes = true;
        let flow = self.shelf.release(now, &mut common.ledger, out);
        self.heard(flow, common);
        if flow.is_ok() && self.shelf.giving_up.take() == Some(Reason::GapSkipped) {
            (self.phase, self.clear) = (Phase::Halted, false);
            return Err(Halt::Stop);
        }
        self.owes = flow.is_err();
        self.clear = flow.is_ok() && self.shelf.is_clear();
        flow
    }
    /// Brings on all that is held, whatever is missing. `Again` if not all of it went: it goes on where it was.
    pub(super) fn bring_all<E>(
        &mut self,
        (closing, why): (Closing, Reason),
        now: Tick,
        common: &mut Common,
        out: &mut impl Out<T, E>,
    ) -> Flow {
        match self.phase {
            Phase::Unstarted | Phase::Halted => return Ok(()),
            Phase::Settling(_) => self.phase = Phase::Running,
            Phase::Running | Phase::Stopped => {}
        }
        self.bring(now, common, out)?;
        while let Some(hole) = self.shelf.first_held() {
            match closing {
                Closing::Release => self.shelf.give_up(hole),
                Closing::Stray => self.shelf.giving_up = Some(why),
            }
            self.bring(now, common, out)?;
        }
        Ok(())
    }

    /// The stage after has no room, or wants no more.
    #[inline]
    fn heard(&mut self, flow: Flow, common: &mut Common) {
        match flow {
            Err(Halt::Again) => common.full = true,
            Err(Halt::Stop) => (self.phase, self.clear, self.owes) = (Phase::Stopped, false, true),
            _ => {}
        }
    }

    /// How far ahead `number` is when what is too far ahead has been dealt with; still too far, if it is to be dropped.
    #[cold]
    fn make_room<E>(
        &mut self,
        number: u64,
        at: At,
        common: &mut Common,
        out: &mut impl Out<T, E>,
    ) -> Result<u64, Halt> {
        let size = self.shelf.size();
        // The others will not wait any longer, either.
        self.phase = Phase::Running;
        self.bring(at.now, common, out)?;
        let mut ahead = self.shelf.ahead(number).unwrap_or(0);
        if ahead >= size {
            match common.policy.ahead {
                Ahead::Drop => {}
                Ahead::Reject => return Err(Fault::of(Reason::WindowFull).into()),
                Ahead::Advance => {
                    self.shelf.last = at.seq;
                    self.shelf.give_up(ahead - size + 1);
                    self.bring(at.now, common, out)?;
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
    fn hand_on<E>(&mut self, event: E, at: At, common: &mut Common, out: &mut impl Out<T, E>) -> Flow {
        self.owes = true;
        // Who waited for it waits no longer, unless it comes again.
        let clock = self.shelf.clock.take();
        let flow = self.shelf.pass(|| out.hand(Ordered::Event(event), at));
        if flow == Err(Halt::Again) {
            self.shelf.clock = clock;
        }
        self.heard(flow, common);
        common.ledger.handed_on(flow)?;
        match self.bring(at.now, common, out) {
            // The event itself went on; the rest follows.
            Err(Halt::Again) => Ok(()),
            flow => flow,
        }
    }

    #[cold]
    fn late<E>(&mut self, event: E, at: At, common: &mut Common, out: &mut impl Out<T, E>) -> Flow {
        match common.policy.late {
            Late::Drop => {
                common.drop_one(Reason::Late);
                Ok(())
            }
            Late::Reject => common.ledger.delivered(Err(Fault::of(Reason::Late).into())),
            Late::Pass => {
                let flow = out.hand(Ordered::Stray(event, Reason::Late), at);
                self.heard(flow, common);
                common.ledger.handed_on(flow)
            }
        }
    }

    #[cold]
    fn duplicate(&mut self, ahead: u64, event: impl Lay<T>, at: At, common: &mut Common) -> Flow {
        match common.policy.duplicate {
            Duplicate::KeepFirst => {}
            Duplicate::KeepLast => self.shelf.replace(ahead, event, at),
            Duplicate::Reject => return common.ledger.delivered(Err(Fault::of(Reason::Duplicate).into())),
        }
        common.drop_one(Reason::Duplicate);
        Ok(())
    }
}
