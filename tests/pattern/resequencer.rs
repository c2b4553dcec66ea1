//! Resequencer: in order, each once, and what is missing is told. The numbers of the tests are those of the specification.

mod batch;
mod copies;
mod ending;
mod keyed;
mod numbers;
mod oracle;
mod others;
mod panics;
mod rejections;
mod requests;
mod times;

use crate::kit::{Choke, Collect, Script, Terms, allocations, conforms, rejected, turn_mut};
use ringmain::contract::{Account, At, Balance, Fault, Flow, Halt, PerReason, Reason, Stage, Tick};
use ringmain::pattern::Nowhere;
use ringmain::pattern::resequencer::{
    Ahead, Apart, Closing, Duplicate, Hole, Late, Missing, Ordered, Policy, Resequencer, Start, Unbuildable,
};
use ringmain::ring::CapacityError;
use std::sync::Arc;
use std::time::Duration;

/// A number, and something to tell two events of one number apart.
type Packet = (u64, u8);
/// What went on.
type Item = Ordered<Packet>;

const fn nanos(n: u64) -> Duration {
    Duration::from_nanos(n)
}
const fn tick(n: u64) -> Tick {
    Tick::from_nanos(n)
}
fn event(n: u64) -> Item {
    Ordered::Event((n, 0))
}
fn gap(from: u64, to: u64) -> Item {
    Ordered::Gap(Missing { from, to })
}
fn stray(n: u64, why: Reason) -> Item {
    Ordered::Stray((n, 0), why)
}
fn counts(of: &[(Reason, u64)]) -> PerReason<u64> {
    PerReason::from_fn(|reason| of.iter().find(|(own, _)| *own == reason).map_or(0, |(_, n)| *n))
}

/// Begins with 1, drops what is late, keeps the first, advances, skips after 500 ns.
const POLICY: Policy = Policy {
    start: Start::Fixed(1),
    late: Late::Drop,
    duplicate: Duplicate::KeepFirst,
    ahead: Ahead::Advance,
    hole: Hole::Skip { after: nanos(500) },
    closing: Closing::Release,
};

/// A stage for items, made of one for their copies.
struct Copies<S>(S);

impl<S: for<'e> Stage<&'e Item>> Stage<Ordered<&mut Packet>> for Copies<S> {
    fn on_event(&mut self, item: Ordered<&mut Packet>, at: At) -> Flow {
        let item = match item {
            Ordered::Event(packet) => Ordered::Event(*packet),
            Ordered::Gap(missing) => Ordered::Gap(missing),
            Ordered::Stray(packet, why) => Ordered::Stray(*packet, why),
        };
        self.0.on_event(&item, at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.0.on_batch_end(now)
    }
}

type Number = fn(&Packet) -> u64;
type Plain<N = Nowhere> = Resequencer<Packet, Number, Copies<Choke<Collect<Item>>>, N>;

/// A resequencer between a script and what it gives on; each item is refused so many times before it is taken.
struct Rig<N = Nowhere> {
    script: Script<Packet>,
    stage: Plain<N>,
    out: Collect<Item>,
    account: Arc<Account>,
}

fn choked(window: usize, policy: Policy, refusals: usize) -> Rig {
    let out = Collect::new();
    let next = Copies(Choke::new(refusals, out.clone()));
    let number: Number = |packet| packet.0;
    let stage = Resequencer::new(window, policy, number, Packet::default, next).unwrap();
    let account = stage.account();
    Rig { script: Script::new([]).open(), stage, out, account }
}
fn rig(window: usize, policy: Policy) -> Rig {
    choked(window, policy, 0)
}

impl<N: Stage<Missing>> Rig<N> {
    fn turn(&mut self, t: u64) -> Option<Fault> {
        rejected(turn_mut(&mut self.script, &mut self.stage, tick(t)))
    }
    /// Packets come at a time, and what went on in that turn.
    fn come(&mut self, t: u64, packets: impl IntoIterator<Item = Packet>) -> Vec<Item> {
        packets.into_iter().for_each(|packet| self.script.then(packet));
        self.turn(t);
        self.out.take()
    }
    fn at(&mut self, t: u64, numbers: impl IntoIterator<Item = u64>) -> Vec<Item> {
        self.come(t, numbers.into_iter().map(|n| (n, 0)))
    }
    #[track_caller]
    fn books(&self, expected: Balance) {
        assert_eq!(self.account.read(), expected);
        assert_eq!(expected.check(), Ok(()));
    }
}

/// A leaf of the suite takes what is lent; gaps come by value.
struct ByValue<S>(S);

impl<E, S: for<'e> Stage<&'e E>> Stage<E> for ByValue<S> {
    fn on_event(&mut self, event: E, at: At) -> Flow {
        self.0.on_event(&event, at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.0.on_batch_end(now)
    }
}

macro_rules! suited {
    ($kit:ident, $policy:expr) => {
        suited!($kit, $policy, Duration::from_secs(1), 1)
    };
    ($kit:ident, $policy:expr, $every:expr, $times:expr) => {{
        let hazard = $kit.hazard();
        let number = move |n: &u64| {
            hazard.pass();
            *n
        };
        let events = $kit.leaf::<u64>();
        let next = Apart::new(ByValue($kit.leaf::<Missing>()), $kit.leaf::<u64>(), events);
        let requests = ByValue($kit.leaf::<Missing>());
        let stage = Resequencer::new(8, $policy, number, u64::default, next).unwrap();
        stage.nak($every, $times, requests)
    }};
}

mod conformance;

conforms!(mut in_order, 1..=100u64, |kit| suited!(kit, POLICY));
conforms!(in_order_shown, 1..=100u64, |kit| suited!(kit, POLICY));
// Every fifth is missing, and the others come in groups that are turned round: the seventh that goes on was held, so its
// rejection stays here.
conforms!(
    mut out_of_order,
    (0..25u64).flat_map(|group| (1..5).rev().map(move |n| 5 * group + n)),
    |kit| suited!(kit, Policy { hole: Hole::Wait, ..POLICY }),
    Terms { reject_passes: false, ..Terms::STRICT }
);
conforms!(
    out_of_order_shown,
    (0..25u64).flat_map(|group| (1..5).rev().map(move |n| 5 * group + n)),
    |kit| suited!(kit, Policy { hole: Hole::Wait, ..POLICY }),
    Terms { reject_passes: false, ..Terms::STRICT }
);

/// 13.d2
#[test]
fn resequencer_2_each_waits_for_the_one_before() {
    let mut rig = rig(8, POLICY);
    let emissions = [3, 1, 2, 5, 4].map(|n| rig.at(0, [n]));
    let expected = [vec![], vec![event(1)], vec![event(2), event(3)], vec![], vec![event(4), event(5)]];
    assert_eq!(emissions, expected);
    assert_eq!(rig.stage.next(), Some(6));
    rig.books(Balance { input: 5, out: 5, ..Balance::default() });
}

/// 13.d3, Camel's own test: what is in order goes at once, what is not when the gap timer says so, and not earlier.
#[test]
fn resequencer_3_a_gap_is_skipped_when_its_time_has_passed() {
    let mut waits = rig(8, Policy { start: Start::Fixed(3), ..POLICY });
    assert_eq!(waits.at(0, [4]), []);
    assert_eq!(waits.at(499, []), []);
    waits.books(Balance { input: 1, held: 1, ..Balance::default() });
    assert_eq!(waits.at(500, []), [gap(3, 3), event(4)]);
    waits.books(Balance { input: 1, generated: 1, out: 2, ..Balance::default() });

    let mut goes = rig(8, Policy { start: Start::Fixed(4), ..POLICY });
    assert_eq!(goes.at(0, [4]), [event(4)]);
    goes.books(Balance { input: 1, out: 1, ..Balance::default() });
}

/// 13.d4
#[test]
fn resequencer_4_what_comes_after_its_gap_is_late_by_policy() {
    let after_the_gap = |late| {
        let mut rig = rig(8, Policy { start: Start::Fixed(3), late, ..POLICY });
        rig.at(0, [4]);
        rig.at(500, []);
        rig.script.then((3, 0));
        let fault = rig.turn(501);
        (rig.out.take(), fault, rig)
    };
    let gone = Balance { input: 2, generated: 1, out: 2, ..Balance::default() };
    let (out, fault, rig) = after_the_gap(Late::Drop);
    assert_eq!((out, fault), (vec![], None));
    rig.books(Balance { dropped: counts(&[(Reason::Late, 1)]), ..gone });

    let (out, fault, rig) = after_the_gap(Late::Reject);
    assert_eq!((out, fault), (vec![], Some(Fault::of(Reason::Late))));
    rig.books(Balance { dead_lettered: counts(&[(Reason::Late, 1)]), ..gone });

    let (out, fault, rig) = after_the_gap(Late::Pass);
    assert_eq!((out, fault), (vec![stray(3, Reason::Late)], None));
    rig.books(Balance { out: 3, ..gone });
}

/// 13.d5
#[test]
fn resequencer_5_a_duplicate_is_counted_and_one_of_the_two_goes_on() {
    let packets = [(3, 0), (2, 0), (2, 1), (1, 0)];
    let with = |duplicate| {
        let mut rig = rig(8, Policy { duplicate, ..POLICY });
        packets.into_iter().for_each(|packet| rig.script.then(packet));
        let fault = rig.turn(0);
        rig.turn(0);
        (rig.out.take(), fault, rig)
    };
    let gone = Balance { input: 4, out: 3, ..Balance::default() };
    let (out, fault, rig) = with(Duplicate::KeepFirst);
    assert_eq!((out, fault), (vec![event(1), event(2), event(3)], None));
    rig.books(Balance { dropped: counts(&[(Reason::Duplicate, 1)]), ..gone });

    let (out, fault, rig) = with(Duplicate::KeepLast);
    assert_eq!((out, fault), (vec![event(1), Ordered::Event((2, 1)), event(3)], None));
    rig.books(Balance { dropped: counts(&[(Reason::Duplicate, 1)]), ..gone });

    let (out, fault, rig) = with(Duplicate::Reject);
    let expected = (vec![event(1), event(2), event(3)], Some(Fault::of(Reason::Duplicate)));
    assert_eq!((out, fault), expected);
    rig.books(Balance { dead_lettered: counts(&[(Reason::Duplicate, 1)]), ..gone });
}

/// 13.d6
#[test]
fn resequencer_6_a_number_beyond_the_window_moves_it_on() {
    let mut advance = rig(4, POLICY);
    assert_eq!(advance.at(0, [2, 3, 9]), [gap(1, 1), event(2), event(3), gap(4, 5)]);
    assert_eq!(advance.stage.next(), Some(6));
    advance.books(Balance { input: 3, generated: 2, out: 4, held: 1, ..Balance::default() });
}

/// 13.d6, the other policies.
#[test]
fn resequencer_6_or_is_dropped_or_rejected_or_waits() {
    let with = |ahead| {
        let mut rig = rig(4, Policy { ahead, ..POLICY });
        [2, 3, 9].into_iter().for_each(|n| rig.script.then((n, 0)));
        let fault = rig.turn(0);
        assert_eq!(rig.out.take(), []);
        (fault, rig)
    };
    let holding = Balance { input: 3, held: 2, ..Balance::default() };
    let (fault, rig) = with(Ahead::Drop);
    assert_eq!(fault, None);
    rig.books(Balance { dropped: counts(&[(Reason::WindowFull, 1)]), ..holding });

    let (fault, rig) = with(Ahead::Reject);
    assert_eq!(fault, Some(Fault::of(Reason::WindowFull)));
    rig.books(Balance { dead_lettered: counts(&[(Reason::WindowFull, 1)]), ..holding });

    let (fault, mut rig) = with(Ahead::Block);
    assert_eq!((fault, rig.script.consumed()), (None, 2));
    rig.books(Balance { input: 2, ..holding });
    assert_eq!(rig.at(499, []), []);
    assert_eq!(rig.at(500, []), [gap(1, 1), event(2), event(3)]);
    assert_eq!(rig.at(501, []), [], "9 is still too far: 4 is waited for as long as the others were");
    assert_eq!(rig.at(1000, []), []);
    assert_eq!(rig.at(1001, []), [gap(4, 5)], "as far as it takes for 9 to fit in");
    assert_eq!(rig.at(1002, []), []);
    assert_eq!(rig.at(1502, []), [gap(6, 8), event(9)]);
    rig.books(Balance { input: 3, generated: 3, out: 6, ..Balance::default() });
}

/// 13.d7
#[test]
fn resequencer_7_a_hundred_backwards_come_out_forwards() {
    let mut rig = rig(128, POLICY);
    assert_eq!(rig.at(0, (2..=100).rev()), []);
    rig.books(Balance { input: 99, held: 99, ..Balance::default() });
    assert_eq!(rig.at(0, [1]), (1..=100).map(event).collect::<Vec<_>>());
    rig.books(Balance { input: 100, out: 100, ..Balance::default() });
}

/// 13.d10
#[test]
fn resequencer_10_blocking_without_a_gap_timer_is_not_built() {
    let build = |window, policy| {
        Resequencer::new(window, policy, |packet: &Packet| packet.0, Packet::default, Nowhere).map(|_| ())
    };
    let blocking = Policy { ahead: Ahead::Block, ..POLICY };
    let error = build(8, Policy { hole: Hole::Wait, ..blocking }).unwrap_err();
    assert_eq!(error, Unbuildable::WouldDeadlock);
    assert!(error.to_string().contains("`Hole::Skip`"), "{error}");
    assert_eq!(build(8, blocking), Ok(()));
    assert_eq!(build(8, Policy { hole: Hole::Halt { after: nanos(1) }, ..blocking }), Ok(()));
    assert_eq!(build(0, POLICY), Err(Unbuildable::Window(CapacityError::Zero)));
    let error = CapacityError::NotPowerOfTwo { asked: 100, next: 128 };
    assert_eq!(build(100, POLICY), Err(Unbuildable::Window(error)));
    // Half of all numbers is the most: else early and late are one.
    let of_a_byte = |window| {
        Resequencer::new(window, POLICY, |packet: &Packet| packet.1, Packet::default, Nowhere).map(|_| ())
    };
    assert_eq!(of_a_byte(128), Ok(()));
    assert_eq!(of_a_byte(256), Err(Unbuildable::TooLarge { window: 256, bits: 8 }));
}

/// Full in the middle: everything is kept, nothing comes twice, and nothing new is taken meanwhile.
#[test]
fn a_full_output_keeps_everything() {
    for refusals in 1..4 {
        let mut rig = choked(4, POLICY, refusals);
        let mut out = rig.at(0, [4, 3, 2, 1, 6, 9, 20, 17, 18, 19]);
        for _ in 0..100 {
            out.extend(rig.at(0, []));
        }
        let first: Vec<_> = (1..5).map(event).chain([gap(5, 5), event(6), gap(7, 8), event(9)]).collect();
        let then = [gap(10, 16), event(17), event(18), event(19), event(20)];
        assert_eq!(out, [&first[..], &then].concat());
        rig.books(Balance { input: 10, generated: 3, out: 13, ..Balance::default() });
    }
}

#[test]
fn nothing_is_allocated_whatever_comes() {
    let naks = Collect::with_capacity(1);
    for ahead in [Ahead::Advance, Ahead::Drop, Ahead::Reject, Ahead::Block] {
        for hole in [Hole::Skip { after: nanos(5) }, Hole::Halt { after: nanos(50) }] {
            let policy = Policy { ahead, hole, start: Start::SettleFor(nanos(3)), ..POLICY };
            let Rig { mut script, stage, account, .. } = choked(4, policy, 1);
            let mut stage = stage.nak(nanos(2), 2, ByValue(naks.clone()));
            (0..200u64).for_each(|n| script.then((n ^ 3 ^ (n % 7 / 6 * 12), 0)));
            let ((), allocated) = allocations(|| {
                for t in 0..400 {
                    let _ = turn_mut(&mut script, &mut stage, tick(t / 2));
                }
                (0..20).for_each(|_| _ = turn_mut(&mut script, &mut stage, Tick::MAX));
                drop(stage);
            });
            assert_eq!(allocated, 0, "{ahead:?} {hole:?}");
            assert_eq!(account.read().check(), Ok(()));
            assert!(account.read().out > 0);
        }
    }
}
