//! Where a process ends: timers, steps, and a machine that is not whole.

use super::order::{POLICY, ns};
use crate::kit::{Collect, panics};
use ringmain::contract::{At, Fault, Flow, Halt, Reason, Stage, Tick};
use ringmain::pattern::process_manager::{
    Listed, MAX_STEPS, MAX_TIMERS, Machine, Next, Phase, ProcessManager, Rule, TOO_MUCH, Then, Unbuildable,
    Undo,
};
use ringmain::ring::Sequence;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Here,
    /// Not in the list.
    There,
}

/// Timers are numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Work,
    Timer(u8),
}
impl Listed for Kind {
    const ALL: &'static [Self] = &[Self::Work, Self::Timer(0)];
}
impl Listed for State {
    const ALL: &'static [Self] = &[Self::Here];
}

#[derive(Clone, Copy, Debug)]
enum Work {
    /// So many steps.
    Steps(u8),
    /// Timers from the first number on, so many.
    Arm(u8, u8),
    Disarm(u8),
    Back,
}

/// Where it begins is in the list, or it is not `WHOLE`.
struct Worker<const WHOLE: bool>;

impl<const WHOLE: bool> Worker<WHOLE> {
    fn work(
        &mut self,
        count: &mut u64,
        event: Option<&Work>,
        then: &mut Then<Self>,
    ) -> Result<Next<State>, Fault> {
        *count += 1;
        match *event.expect("a timer does not come here") {
            Work::Steps(n) => (0..n).for_each(|step| then.done(Undo::of(step, *count))),
            Work::Arm(first, n) => {
                (first..first + n).for_each(|timer| then.arm(Kind::Timer(timer), ns(100 - u64::from(timer))));
            }
            Work::Disarm(timer) => then.disarm(Kind::Timer(timer)),
            Work::Back => return Ok(Next::Compensate),
        }
        Ok(Next::To(State::Here))
    }
    fn time(&mut self, _: &mut u64, _: Option<&Work>, then: &mut Then<Self>) -> Result<Next<State>, Fault> {
        then.send(then.now().nanos());
        Ok(Next::To(State::Here))
    }
    fn panic(&mut self, _: &mut u64, _: Option<&Work>, _: &mut Then<Self>) -> Result<Next<State>, Fault> {
        panic!("the panic that the test asked for")
    }
    fn fail(&mut self, _: &mut u64, _: Option<&Work>, _: &mut Then<Self>) -> Result<Next<State>, Fault> {
        Err(Fault::new(3))
    }
}

impl<const WHOLE: bool> Machine for Worker<WHOLE> {
    type Event = Work;
    type Command = u64;
    type Key = ();
    type State = State;
    type Kind = Kind;
    type Data = u64;
    const INITIAL: State = if WHOLE { State::Here } else { State::There };

    fn key(_: &Work) {}
    fn kind(_: &Work) -> Kind {
        Kind::Work
    }
    fn rule(_: State, kind: Kind) -> Rule<Self> {
        match kind {
            Kind::Work => Rule::Do(Self::work, &[Next::To(State::Here), Next::Compensate]),
            Kind::Timer(13) => Rule::Do(Self::panic, &[]),
            Kind::Timer(14) => Rule::Do(Self::fail, &[]),
            Kind::Timer(15) => Rule::Defer,
            Kind::Timer(_) => Rule::Do(Self::time, &[Next::To(State::Here)]),
        }
    }
    /// What does not count there.
    fn undo(&mut self, _: &Undo, _: &u64, then: &mut Then<Self>) {
        then.done(Undo::of(99, 99));
        then.arm(Kind::Timer(1), ns(1));
    }
}

struct Rig {
    manager: ProcessManager<Worker<true>, Collect<u64>>,
    out: Collect<u64>,
}

impl Rig {
    fn new() -> Self {
        let out = Collect::new();
        let manager = ProcessManager::new(1, POLICY, Worker, out.clone()).unwrap();
        Self { manager, out }
    }
    fn give(&mut self, now: u64, work: Work) -> Flow {
        self.manager.on_event(&work, At { seq: Sequence::ZERO, now: Tick::from_nanos(now) })
    }
    fn turn(&mut self, now: u64) -> Flow {
        self.manager.on_batch_end(Tick::from_nanos(now))
    }
    /// Events taken, steps, timers.
    fn counts(&self) -> (u64, usize, usize) {
        let one = self.manager.get(&()).unwrap();
        (*one.data(), one.steps().len(), one.timers().count())
    }
}

const REFUSED: Flow = Err(Halt::Reject(TOO_MUCH));

/// As many timers as said, and one more is an error with no effect; to arm one anew takes no other place.
#[test]
fn process_manager_has_so_many_timers() {
    let mut rig = Rig::new();
    let most = MAX_TIMERS as u8;
    assert_eq!(rig.give(0, Work::Arm(0, most)), Ok(()));
    assert_eq!(rig.give(0, Work::Arm(most, 1)), REFUSED);
    assert_eq!(rig.give(50, Work::Arm(0, most)), Ok(()));
    assert_eq!((rig.counts(), rig.turn(146)), ((2, 0, MAX_TIMERS), Err(Halt::Again)));
    assert_eq!(rig.out.take(), [], "they were armed anew");
    assert_eq!(rig.give(146, Work::Disarm(1)), Ok(()));
    for now in [147, 148, 149, 150] {
        let _ = rig.turn(now);
    }
    assert_eq!(rig.out.take(), [147, 148, 150], "each in its time, but the one that was disarmed");
    assert_eq!((rig.counts(), rig.turn(999)), ((3, 0, 0), Ok(())));
    assert_eq!(rig.give(150, Work::Arm(0, 2 * most + 1)), REFUSED);
    // Those that have come make room.
    assert_eq!(rig.give(150, Work::Arm(20, most)), Ok(()));
}

/// As many steps as said, at once or one by one, and one more is an error with no effect.
#[test]
fn process_manager_remembers_so_many_steps() {
    let mut rig = Rig::new();
    let most = MAX_STEPS as u8;
    assert_eq!(rig.give(0, Work::Steps(most + 1)), REFUSED);
    assert!(rig.manager.is_empty());
    assert_eq!(rig.give(0, Work::Steps(most - 1)), Ok(()));
    assert_eq!(rig.give(0, Work::Steps(2)), REFUSED);
    assert_eq!(rig.give(0, Work::Steps(1)), Ok(()));
    assert_eq!((rig.give(0, Work::Steps(1)), rig.counts()), (REFUSED, (2, MAX_STEPS, 0)));
    assert_eq!(rig.give(0, Work::Back), Ok(()));
    let undo = Undo::of(0, 2);
    let undoing = Phase::Undoing { undo, attempts: 1, sent: true };
    assert_eq!(rig.manager.get(&()).map(|one| one.phase()), Some(undoing));
    assert_eq!(rig.counts(), (3, MAX_STEPS - 1, 0), "there is no step forward in a step back");
}

/// A timer that fails, or panics, or finds no use, costs itself; the process goes on, and the books say so.
#[test]
fn process_manager_a_timer_that_fails_is_booked() {
    let mut rig = Rig::new();
    assert_eq!(rig.give(0, Work::Arm(12, 4)), Ok(()));
    assert_eq!(rig.turn(85), Err(Halt::Again), "deferred, which a timer cannot be");
    let _ = rig.turn(86);
    assert!(panics(|| rig.turn(87)));
    assert_eq!(rig.turn(88), Ok(()));
    assert_eq!((rig.out.take(), rig.counts()), (vec![88], (1, 0, 0)));
    let account = rig.manager.account();
    drop(rig.manager);
    let books = account.read();
    assert_eq!(books.check(), Ok(()));
    let dropped = [Reason::NoRoute, Reason::NonRetryable, Reason::Panic].map(|reason| books.dropped[reason]);
    assert_eq!((dropped, books.folded, books.out), ([1, 1, 1], 2, 1));
}

/// A machine that begins in a state that is not in its list is not built.
#[test]
fn process_manager_15_a_state_that_is_not_listed_is_not_built() {
    let built = ProcessManager::new(1, POLICY, Worker::<false>, Collect::new());
    assert_eq!(built.map(|_| ()).unwrap_err(), Unbuildable::Unlisted);
}
