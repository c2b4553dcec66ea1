//! Resequencer: in order, each once, and what is missing is told. The numbers of the tests are those of the specification.

mod batch;
mod oracle;
mod others;

use crate::kit::{Choke, Collect, Script, Terms, allocations, conforms, rejected, turn, turn_mut};
use ringmain::channel::spsc;
use ringmain::contract::{
    Account, Agent, At, Balance, End, Fault, Flow, Halt, Header, Message, PerReason, Reason, Sink, SourceMut,
    Stage, Tick, Work, each,
};
use ringmain::pattern::resequencer::{
    Ahead, Apart, Closing, Duplicate, Hole, Late, Missing, Ordered, Policy, Resequencer, Start, Unbuildable,
    header_seq,
};
use ringmain::pattern::{Catch, DeadLetter, LetterBox, Nowhere, Overflow};
use ringmain::ring::{CapacityError, Sequence};
use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// With a place for requests, each time so long after the one before.
fn asking(every: u64, times: u32, policy: Policy, naks: &Collect<Missing>) -> Rig<ByValue<Collect<Missing>>> {
    let Rig { script, stage, out, account } = rig(8, policy);
    Rig { script, stage: stage.nak(nanos(every), times, ByValue(naks.clone())), out, account }
}

/// 13.d12
#[test]
fn resequencer_12_what_is_asked_for_and_comes_again_leaves_no_gap() {
    let naks = Collect::new();
    let mut rig = asking(10, 3, Policy { start: Start::Fixed(3), ..POLICY }, &naks);
    assert_eq!(rig.at(0, [4]), []);
    assert_eq!(rig.at(9, []), []);
    assert_eq!(naks.take(), []);
    assert_eq!(rig.at(10, []), []);
    assert_eq!(naks.take(), [Missing { from: 3, to: 3 }]);
    assert_eq!(rig.at(15, [3]), [event(3), event(4)]);
    assert_eq!(rig.at(10_000, []), []);
    assert_eq!(naks.take(), []);
    rig.books(Balance { input: 2, generated: 1, out: 3, ..Balance::default() });
}

#[test]
fn requests_are_repeated_and_then_the_gap_is_skipped() {
    let naks = Collect::new();
    let mut rig = asking(10, 3, POLICY, &naks);
    assert_eq!(rig.at(0, [5]), []);
    let asked: Vec<_> = (0..=40)
        .filter(|&t| {
            assert_eq!(rig.at(t, []), []);
            !naks.take().is_empty()
        })
        .collect();
    assert_eq!(asked, [10, 20, 30]);
    assert_eq!(rig.at(529, []), []);
    assert_eq!(rig.at(530, []), [gap(1, 4), event(5)], "so long after the last request");
    rig.books(Balance { input: 1, generated: 4, out: 5, ..Balance::default() });
}

#[test]
fn the_rest_of_a_hole_is_asked_for_in_its_time() {
    let naks = Collect::new();
    let mut rig = asking(10, 2, POLICY, &naks);
    rig.at(0, [5]);
    rig.at(10, []);
    assert_eq!(naks.take(), [Missing { from: 1, to: 4 }]);
    assert_eq!(rig.at(11, [1, 3]), [event(1)]);
    rig.at(19, []);
    assert_eq!(naks.take(), []);
    rig.at(20, []);
    assert_eq!(naks.take(), [Missing { from: 2, to: 2 }]);
    assert_eq!(rig.at(21, [2]), [event(2), event(3)]);
    assert_eq!(naks.take(), [Missing { from: 4, to: 4 }], "which was asked for 11 ns ago");
    rig.books(Balance { input: 4, generated: 3, out: 6, held: 1, ..Balance::default() });
}

/// What comes again does so one by one: that must not make a request for the rest each time.
#[test]
fn what_comes_one_by_one_is_asked_for_once() {
    let naks = Collect::new();
    let mut rig = asking(10, 3, POLICY, &naks);
    rig.at(0, [8]);
    rig.at(10, []);
    for n in 1..7 {
        assert_eq!(rig.at(10 + n, [n]), [event(n)]);
    }
    assert_eq!(naks.take(), [Missing { from: 1, to: 7 }]);
    assert_eq!(rig.at(17, [7]), [event(7), event(8)]);

    // The next hole is one of its own.
    rig.at(100, [10]);
    assert_eq!(naks.take(), []);
    rig.at(110, []);
    assert_eq!(naks.take(), [Missing { from: 9, to: 9 }]);
    rig.books(Balance { input: 9, generated: 2, out: 10, held: 1, ..Balance::default() });
}

#[test]
fn a_request_that_finds_no_room_is_made_in_the_next_turn() {
    let naks = Collect::with_capacity(0);
    let mut rig = asking(10, 1, POLICY, &naks);
    rig.at(0, [2]);
    rig.at(10, []);
    rig.at(600, []);
    assert_eq!(rig.out.take(), [], "nobody was asked yet");
    rig.books(Balance { input: 1, held: 1, ..Balance::default() });

    // One that is closed is not asked any more, and what is missing is skipped in its time.
    naks.close();
    rig.at(700, []);
    assert_eq!(rig.at(1199, []), []);
    assert_eq!(rig.at(1200, []), [gap(1, 1), event(2)]);
    assert_eq!(rig.at(1200, [4]), []);
    assert_eq!(rig.at(1700, []), [gap(3, 3), event(4)], "at once by its own clock");
    rig.books(Balance { input: 2, generated: 3, out: 5, ..Balance::default() });
}

#[test]
fn a_request_that_is_rejected_is_dropped_and_counts() {
    let naks = Collect::new().rejecting(1, Fault::of(Reason::NoRoute));
    let mut rig = asking(10, 1, POLICY, &naks);
    rig.at(0, [2]);
    rig.at(10, []);
    assert_eq!(rig.at(510, []), [gap(1, 1), event(2)]);
    let dropped = counts(&[(Reason::NoRoute, 1)]);
    rig.books(Balance { input: 1, generated: 2, out: 2, dropped, ..Balance::default() });
}

#[test]
fn each_start() {
    let mut first_seen = rig(8, Policy { start: Start::FirstSeen, ..POLICY });
    assert_eq!(first_seen.stage.next(), None);
    assert_eq!(first_seen.at(0, [7, 6, 9, 8]), [event(7), event(8), event(9)]);
    first_seen.books(Balance {
        input: 4,
        out: 3,
        dropped: counts(&[(Reason::Late, 1)]),
        ..Balance::default()
    });

    let mut settles = rig(8, Policy { start: Start::SettleFor(nanos(100)), ..POLICY });
    assert_eq!(settles.at(50, [7]), []);
    assert_eq!(settles.at(149, [5, 9, 5]), []);
    assert_eq!(settles.stage.next(), None);
    assert_eq!(settles.at(150, []), [event(5)]);
    assert_eq!(settles.stage.next(), Some(6));
    assert_eq!(settles.at(151, [6, 4]), [event(6), event(7)]);
    let dropped = counts(&[(Reason::Late, 1), (Reason::Duplicate, 1)]);
    settles.books(Balance { input: 6, out: 3, held: 1, dropped, ..Balance::default() });

    // 9 is what the gap timer counts from, not the end of the settling.
    assert_eq!(settles.at(648, []), []);
    assert_eq!(settles.at(649, []), [gap(8, 8), event(9)]);
}

#[test]
fn settling_ends_when_the_window_is_full() {
    let mut rig = rig(4, Policy { start: Start::SettleFor(nanos(100)), ..POLICY });
    assert_eq!(rig.at(0, [7, 8, 5]), []);
    assert_eq!(rig.at(0, [4]), [], "8 would not fit any more");
    assert_eq!(rig.at(0, [9]), [event(5)]);
    assert_eq!(rig.at(0, [6]), [event(6), event(7), event(8), event(9)]);
    let dropped = counts(&[(Reason::Late, 1)]);
    rig.books(Balance { input: 6, out: 5, dropped, ..Balance::default() });
}

#[test]
fn a_restart_goes_on_where_it_was() {
    let mut before = rig(8, POLICY);
    before.at(0, [1, 2, 4]);
    let next = before.stage.next().unwrap();
    let Rig { stage, account, .. } = before;
    drop(stage);
    let dropped = counts(&[(Reason::Shutdown, 1)]);
    assert_eq!(account.read(), Balance { input: 3, out: 2, dropped, ..Balance::default() });

    // The sender sends again what it has no answer for.
    let mut after = rig(8, Policy { start: Start::Fixed(next), ..POLICY });
    assert_eq!(after.at(0, [2, 3, 4]), [event(3), event(4)]);
    let dropped = counts(&[(Reason::Late, 1)]);
    after.books(Balance { input: 3, out: 2, dropped, ..Balance::default() });
}

#[test]
fn numbers_wrap() {
    // 64 bits.
    let mut wide = rig(8, Policy { start: Start::Fixed(u64::MAX - 1), ..POLICY });
    assert_eq!(wide.at(0, [1, u64::MAX]), []);
    assert_eq!(
        wide.at(0, [u64::MAX - 1, 0, u64::MAX]),
        [event(u64::MAX - 1), event(u64::MAX), event(0), event(1)]
    );
    let dropped = counts(&[(Reason::Late, 1)]);
    wide.books(Balance { input: 5, out: 4, dropped, ..Balance::default() });

    // 32, 16 and 8 bits: the type of the number says where.
    fn narrow<Q: ringmain::pattern::resequencer::Number + 'static>(number: fn(&Packet) -> Q, max: u64) {
        let out = Collect::<Item>::new();
        let policy = Policy { start: Start::Fixed(max - 1), ..POLICY };
        let next = Copies(out.clone());
        let mut stage = Resequencer::new(8, policy, number, Packet::default, next).unwrap();
        let account = stage.account();
        let packets = [max - 1, 1, 0, max - 1].map(|n| (n, 0));
        let _ = turn_mut(&mut Script::new(packets), &mut stage, tick(0));
        assert_eq!(stage.next(), Some(max));
        let _ = turn_mut(&mut Script::new([]), &mut stage, tick(500));
        assert_eq!(out.take(), [event(max - 1), gap(max, max), event(0), event(1)]);
        assert_eq!(stage.next(), Some(2));
        let _ = turn_mut(&mut Script::new([(max - 9, 0), (3, 0)]), &mut stage, tick(600));
        let _ = turn_mut(&mut Script::new([]), &mut stage, tick(1100));
        assert_eq!(out.take(), [gap(2, 2), event(3)]);
        let dropped = counts(&[(Reason::Late, 2)]);
        let expected = Balance { input: 6, generated: 2, out: 6, dropped, ..Balance::default() };
        assert_eq!((account.read(), expected.check()), (expected, Ok(())));
    }
    narrow(|packet| packet.0 as u32, u32::MAX.into());
    narrow(|packet| packet.0 as u16, u16::MAX.into());
    narrow(|packet| packet.0 as u8, u8::MAX.into());

    // Of the 256 numbers of a byte, the 128 from the next one on are ahead, the others late.
    let out = Collect::<Item>::new();
    let mut byte =
        Resequencer::new(128, POLICY, |packet: &Packet| packet.0 as u8, Packet::default, Copies(out.clone()))
            .unwrap();
    let account = byte.account();
    let _ = turn_mut(&mut Script::new([(128, 0), (129, 0)]), &mut byte, tick(0));
    let dropped = counts(&[(Reason::Late, 1)]);
    assert_eq!(account.read(), Balance { input: 2, held: 1, dropped, ..Balance::default() });

    // A gap across the wrap.
    let mut across = rig(2, Policy { start: Start::Fixed(u64::MAX), ..POLICY });
    assert_eq!(across.at(0, [3]), [gap(u64::MAX, 1)]);
    across.books(Balance { input: 1, generated: 1, out: 1, held: 1, ..Balance::default() });
}

#[test]
fn a_clock_that_goes_back_fires_nothing() {
    let mut rig = rig(8, POLICY);
    rig.at(1000, [2]);
    assert_eq!(rig.at(0, []), []);
    assert_eq!(rig.at(1499, []), []);
    assert_eq!(rig.at(1500, []), [gap(1, 1), event(2)]);
    rig.books(Balance { input: 1, generated: 1, out: 2, ..Balance::default() });
}

/// The time of the event behind a hole counts, not when the hole came to be the first: a burst of losses does not add up.
#[test]
fn holes_are_waited_for_side_by_side() {
    let mut rig = rig(8, POLICY);
    rig.at(0, [2]);
    rig.at(100, [4]);
    rig.at(200, [6]);
    assert_eq!(rig.at(500, []), [gap(1, 1), event(2)]);
    assert_eq!(rig.at(700, []), [gap(3, 3), event(4), gap(5, 5), event(6)]);
    rig.books(Balance { input: 3, generated: 3, out: 6, ..Balance::default() });
}

/// The missing one was there before its time was up, and it is seen before that: T3.
#[test]
fn what_came_in_the_turn_comes_before_what_the_time_brings_about() {
    let mut rig = rig(8, POLICY);
    rig.at(0, [2]);
    assert_eq!(rig.at(10_000, [1]), [event(1), event(2)]);
    rig.books(Balance { input: 2, out: 2, ..Balance::default() });
}

/// ... also if it had to wait for room.
#[test]
fn what_waits_for_room_comes_before_what_the_time_brings_about() {
    let mut rig = choked(8, POLICY, 1);
    rig.at(0, [2]);
    assert_eq!(rig.at(10_000, [1]), [], "refused");
    assert_eq!(rig.at(10_000, []), [event(1), event(2)], "and no gap");
    rig.books(Balance { input: 2, out: 2, ..Balance::default() });
}

/// A stage outside gives up what was refused: the time goes on all the same.
#[test]
fn what_was_given_up_outside_is_missing() {
    let mut rig = choked(8, POLICY, 1);
    rig.at(0, [2]);
    let at = At { seq: Sequence::new(9), now: tick(1) };
    assert_eq!(rig.stage.on_event(&mut (1, 0), at), Err(Halt::Again));
    for t in 2..8 {
        rig.at(600 + t, []);
    }
    rig.out.take();
    rig.books(Balance { input: 1, generated: 1, out: 2, ..Balance::default() });
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

/// `&T` and `&mut T` do the same; the first copies what it has to keep, the second moves it.
#[test]
fn what_is_lent_moves_and_what_is_shown_is_copied() {
    let names = ["one", "two", "three"].map(String::from);
    let number = |name: &String| name.len() as u64;
    let policy = Policy { start: Start::Fixed(3), ahead: Ahead::Advance, ..POLICY };
    let mut script = Script::new(names.clone().into_iter().chain(["four".to_string()]));
    let addresses: Vec<_> = script.events().iter().map(|name| name.as_ptr().addr()).collect();
    let mut seen = Vec::with_capacity(4);
    let next = |item: Ordered<&mut String>, _: At| -> Flow {
        if let Ordered::Event(name) = item {
            seen.push((std::mem::take(name), 0));
        }
        Ok(())
    };
    let mut stage = Resequencer::new(4, policy, number, String::new, next).unwrap();
    let account = stage.account();
    let ((), allocated) = allocations(|| _ = turn_mut(&mut script, &mut stage, tick(0)));
    drop(stage);
    assert_eq!(allocated, 0, "one waits, and is not copied for it");
    // "two" is as long as "one", and comes second: late. "three" waited, in a slot, for "four".
    let moved: Vec<_> = seen.iter().map(|(name, _)| (name.as_str(), name.as_ptr().addr())).collect();
    assert_eq!(moved, [("one", addresses[0]), ("four", addresses[3]), ("three", addresses[2])]);
    let dropped = counts(&[(Reason::Late, 1)]);
    assert_eq!(account.read(), Balance { input: 4, out: 3, dropped, ..Balance::default() });

    let mut seen = Vec::with_capacity(3);
    let next = |item: Ordered<&String>, _: At| -> Flow {
        if let Ordered::Event(name) = item {
            seen.push(name.as_ptr().addr());
        }
        Ok(())
    };
    let mut script = Script::new(["one", "three", "four"].map(String::from));
    let there: Vec<_> = script.events().iter().map(|name| name.as_ptr().addr()).collect();
    let mut stage = Resequencer::new(4, policy, number, String::new, next).unwrap();
    let account = stage.account();
    let ((), allocated) = allocations(|| _ = turn(&mut script, &mut stage, tick(0)));
    drop(stage);
    assert_eq!(allocated, 1, "of the one that waits, the clone");
    assert_eq!(seen[..2], [there[0], there[2]], "in order: from where it lies");
    assert_ne!(seen[2], there[1], "a copy");
    assert_eq!(account.read(), Balance { input: 3, out: 3, ..Balance::default() });
}

#[test]
fn the_position_in_the_ring_goes_with_the_event() {
    let mut seen = Vec::new();
    let next = |item: Ordered<&u64>, at: At| -> Flow {
        if let Ordered::Event(n) = item {
            seen.push((*n, at.seq.count()));
        }
        Ok(())
    };
    let mut stage = Resequencer::new(4, POLICY, |n: &u64| *n, u64::default, next).unwrap();
    let mut script = Script::new([3, 1, 2]).starting_at(Sequence::new(10));
    let _ = turn(&mut script, &mut stage, tick(0));
    drop(stage);
    assert_eq!(seen, [(1, 11), (2, 12), (3, 10)]);
}

#[test]
fn a_halt_passes_over_no_gap() {
    let mut rig = rig(8, Policy { hole: Hole::Halt { after: nanos(500) }, ..POLICY });
    assert_eq!(rig.at(0, [1, 3, 5]), [event(1)]);
    assert_eq!(rig.at(499, []), []);
    let (_, after) = turn_mut(&mut rig.script, &mut rig.stage, tick(500));
    assert_eq!(after, Err(Halt::Stop));
    assert_eq!(rig.out.take(), [stray(3, Reason::GapSkipped), stray(5, Reason::GapSkipped)]);
    rig.script.then((6, 0));
    let (drained, _) = turn_mut(&mut rig.script, &mut rig.stage, tick(501));
    assert_eq!(drained.end, Some(End::Halted(Halt::Stop)), "for good");
    let dropped = counts(&[(Reason::Shutdown, 1)]);
    rig.books(Balance { input: 4, out: 3, dropped, ..Balance::default() });
}

#[test]
fn a_halt_brings_all_strays_on_also_if_there_is_no_room() {
    let mut rig = choked(8, Policy { hole: Hole::Halt { after: nanos(500) }, ..POLICY }, 2);
    rig.at(0, [3, 5]);
    let mut turns = 0;
    while turn_mut(&mut rig.script, &mut rig.stage, tick(500)).1 != Err(Halt::Stop) {
        turns += 1;
    }
    assert_eq!((turns, rig.out.take()), (4, [3, 5].map(|n| stray(n, Reason::GapSkipped)).to_vec()));
    rig.books(Balance { input: 2, out: 2, ..Balance::default() });
}

/// The last turn is the one at the end of time.
#[test]
fn the_rest_goes_on_with_gaps_or_as_strays() {
    let last = u64::MAX;
    for refusals in 0..3 {
        for hole in [Hole::Wait, Hole::Skip { after: nanos(500) }, Hole::Halt { after: nanos(500) }] {
            let mut release = choked(8, Policy { hole, ..POLICY }, refusals);
            let mut out = release.at(0, [3, 4, 6]);
            (0..20).for_each(|_| out.extend(release.at(last, [])));
            assert_eq!(out, [gap(1, 2), event(3), event(4), gap(5, 5), event(6)]);
            release.books(Balance { input: 3, generated: 2, out: 5, ..Balance::default() });

            let mut strays = choked(8, Policy { hole, closing: Closing::Stray, ..POLICY }, refusals);
            let mut out = strays.at(0, [3, 4, 6]);
            (0..20).for_each(|_| out.extend(strays.at(last, [])));
            assert_eq!(out, [3, 4, 6].map(|n| stray(n, Reason::Shutdown)));
            strays.books(Balance { input: 3, out: 3, ..Balance::default() });
        }
    }
}

#[test]
fn what_settles_or_blocks_goes_on_in_the_last_turn_too() {
    let mut settles = rig(4, Policy { start: Start::SettleFor(nanos(100)), ..POLICY });
    assert_eq!(settles.at(0, [3, 2]), []);
    assert_eq!(settles.at(u64::MAX, []), [event(2), event(3)]);
    settles.books(Balance { input: 2, out: 2, ..Balance::default() });

    let mut blocks = rig(4, Policy { ahead: Ahead::Block, ..POLICY });
    assert_eq!(blocks.at(0, [50]), []);
    let mut out = Vec::new();
    (0..3).for_each(|_| out.extend(blocks.at(u64::MAX, [])));
    assert_eq!(out, [gap(1, 46), gap(47, 49), event(50)]);
    blocks.books(Balance { input: 1, generated: 2, out: 3, ..Balance::default() });
}

/// The source is closed, a number is missing: the pump goes on until its time is up, and ends then.
#[test]
fn a_pump_does_not_end_while_something_is_held() {
    let Rig { stage, out, account, .. } = rig(8, POLICY);
    let (mut tx, rx) = spsc::channel(8, Packet::default).unwrap();
    let mut agent = rx.drive_mut(stage);
    tx.push((2, 0)).unwrap();
    drop(tx);
    let _ = agent.work(tick(0));
    assert_eq!(agent.work(tick(499)), Work::Idle);
    assert_eq!(agent.work(tick(500)), Work::Done);
    assert_eq!(out.take(), [gap(1, 1), event(2)]);
    assert_eq!(account.read(), Balance { input: 1, generated: 1, out: 2, ..Balance::default() });
}

#[test]
fn what_is_held_at_a_sudden_end_is_counted() {
    let mut rig = rig(8, POLICY);
    rig.at(0, [2, 3, 5]);
    let Rig { stage, account, .. } = rig;
    drop(stage);
    let dropped = counts(&[(Reason::Shutdown, 3)]);
    assert_eq!(account.read(), Balance { input: 3, dropped, ..Balance::default() });
}

#[test]
fn a_stop_ends_it_and_the_event_in_hand_is_counted() {
    let out = Collect::<Item>::new().stopping_at(2);
    let number: Number = |packet| packet.0;
    let next = Copies(out.clone());
    let mut stage = Resequencer::new(4, POLICY, number, Packet::default, next).unwrap();
    let account = stage.account();
    let mut script = Script::new([2, 3, 9].map(|n| (n, 0)));
    let (drained, _) = turn_mut(&mut script, &mut stage, tick(0));
    assert_eq!(drained.end, Some(End::Halted(Halt::Stop)));
    drop(stage);
    assert_eq!(out.take(), [gap(1, 1), event(2)]);
    let dropped = counts(&[(Reason::Shutdown, 2)]);
    let expected = Balance { input: 3, generated: 1, out: 2, dropped, ..Balance::default() };
    assert_eq!((account.read(), expected.check()), (expected, Ok(())));
}

/// Whatever it stopped on: what is in order, what is late, what others waited for.
#[test]
fn who_stopped_is_given_nothing_more() {
    for (nth, numbers) in [(1, vec![1, 2]), (2, vec![1, 1, 2]), (1, vec![2, 1, 3]), (2, vec![2, 3, 1, 4])] {
        let out = Collect::<Item>::new().stopping_at(nth);
        let number: Number = |packet| packet.0;
        let policy = Policy { late: Late::Pass, ..POLICY };
        let mut stage = Resequencer::new(4, policy, number, Packet::default, Copies(out.clone())).unwrap();
        let account = stage.account();
        let mut script = Script::new(numbers.iter().map(|n| (*n, 0)));
        (0..4).for_each(|t| _ = turn_mut(&mut script, &mut stage, tick(1000 * t)));
        assert_eq!(turn_mut(&mut script, &mut stage, Tick::MAX).1, Err(Halt::Stop));
        drop(stage);
        assert_eq!(out.len(), nth, "{numbers:?}");
        let books = account.read();
        assert_eq!((books.check(), books.out), (Ok(()), nth as u64));
        assert_eq!(books.dropped[Reason::Shutdown], (numbers.len() - nth) as u64);
    }
}

/// A rejection comes out if the event is in hand, and stays here if it was held or is a gap.
#[test]
fn rejections_go_where_the_event_is() {
    let rejecting = |nth| {
        let out = Collect::<Item>::new().rejecting(nth, Fault::new(7));
        let number: Number = |packet| packet.0;
        let next = Copies(out.clone());
        let mut stage = Resequencer::new(4, POLICY, number, Packet::default, next).unwrap();
        let account = stage.account();
        let mut script = Script::new([2, 1, 9].map(|n| (n, 0)));
        let mut faults = Vec::new();
        while script.consumed() < 3 {
            faults.extend(rejected(turn_mut(&mut script, &mut stage, tick(0))));
        }
        (faults, out.take(), account.read())
    };
    let others = Balance { input: 3, generated: 1, held: 1, ..Balance::default() };
    let (faults, out, books) = rejecting(1);
    assert_eq!((faults, out), (vec![Fault::new(7)], vec![event(2), gap(3, 5)]));
    assert_eq!(books, Balance { out: 3, ..others }, "taken by the stage after, which rejected it");
    let dropped = counts(&[(Reason::NonRetryable, 1)]);
    let (faults, out, books) = rejecting(2);
    assert_eq!((faults, out), (vec![], vec![event(1), gap(3, 5)]));
    assert_eq!(books, Balance { out: 2, dropped, ..others });
    let (faults, out, books) = rejecting(3);
    assert_eq!((faults, out), (vec![], vec![event(1), event(2)]));
    assert_eq!(books, Balance { out: 2, dropped, ..others });
}

/// ... and what waited for it goes on before the next event is judged: a second 2 is late then, and replaces nothing.
#[test]
fn what_waited_for_a_rejected_event_goes_on_first() {
    let out = Collect::<Item>::new().rejecting(1, Fault::new(7));
    let policy = Policy { duplicate: Duplicate::KeepLast, ..POLICY };
    let number: Number = |packet| packet.0;
    let stage = Resequencer::new(4, policy, number, Packet::default, Copies(out.clone())).unwrap();
    let account = stage.account();
    let letters = LetterBox::new(8, Packet::default);
    let mut guarded = DeadLetter::editing("video", Overflow::Block, letters, stage);
    let _ = turn_mut(&mut Script::new([(2, 0), (1, 0), (2, 1)]), &mut guarded, tick(0));
    assert_eq!(guarded.letters().iter().map(|letter| letter.event).collect::<Vec<_>>(), [(1, 0)]);
    assert_eq!(out.take(), [event(2)]);
    let dropped = counts(&[(Reason::Late, 1)]);
    assert_eq!(account.read(), Balance { input: 3, out: 2, dropped, ..Balance::default() });
}

/// A dead letter channel around it has what the policies reject.
#[test]
fn what_is_rejected_is_a_letter() {
    let policy = Policy { late: Late::Reject, duplicate: Duplicate::Reject, ahead: Ahead::Reject, ..POLICY };
    let Rig { stage, out, account, .. } = rig(4, policy);
    let letters = LetterBox::new(8, Packet::default);
    let mut guarded = DeadLetter::editing("video", Overflow::Block, letters, stage);
    let packets = [(1, 0), (1, 1), (3, 0), (3, 1), (99, 0), (2, 0)];
    let _ = turn_mut(&mut Script::new(packets), &mut guarded, tick(0));
    let letters: Vec<_> =
        guarded.letters().iter().map(|letter| (letter.event, letter.fault.reason)).collect();
    assert_eq!(letters, [((1, 1), Reason::Late), ((3, 1), Reason::Duplicate), ((99, 0), Reason::WindowFull)]);
    assert_eq!(out.take(), [1, 2, 3].map(event));
    let dead_lettered = counts(&letters.iter().map(|letter| (letter.1, 1)).collect::<Vec<_>>());
    assert_eq!(account.read(), Balance { input: 6, out: 3, dead_lettered, ..Balance::default() });
}

/// A number that the stage after unwound on is used up: no hole, and not shown again.
#[test]
fn a_panic_of_the_stage_after_uses_the_number_up() {
    for nth in 1..=4 {
        let out = Collect::<Item>::new().panicking_at(nth);
        let number: Number = |packet| packet.0;
        let next = Copies(out.clone());
        let stage = Resequencer::new(4, POLICY, number, Packet::default, next).unwrap();
        let account = stage.account();
        let mut caught = Catch::new(stage);
        let mut script = Script::new([2, 1, 9].map(|n| (n, 0)));
        for _ in 0..4 {
            let _ = turn_mut(&mut script, &mut caught, tick(0));
        }
        (0..2).for_each(|_| _ = turn_mut(&mut script, &mut caught, tick(500)));
        drop(caught);
        // The event in hand, 1 or 9, is the catcher's. 9 was not held yet when the gap before it unwound.
        let mut left = vec![event(1), event(2), gap(3, 5)];
        left.extend(if nth == 3 { vec![] } else { vec![gap(6, 8), event(9)] });
        if nth == 2 {
            // 1 had gone on when 2 unwound.
            left = vec![event(1), gap(3, 5), gap(6, 8), event(9)];
        } else {
            left.retain(|item| *item != [event(1), event(2), gap(3, 5), gap(6, 8)][nth - 1]);
        }
        assert_eq!(out.take(), left, "unwound on {nth}");
        assert_eq!(account.read().check(), Ok(()));
        assert_eq!(account.read().dropped[Reason::Panic], u64::from(nth != 1), "unwound on {nth}");
    }
}

#[test]
fn a_number_that_panics_changes_nothing() {
    let out = Collect::<Item>::new();
    let number = |packet: &Packet| {
        assert_ne!(packet.1, 9, "the panic that the test asked for");
        packet.0
    };
    let next = Copies(out.clone());
    let stage = Resequencer::new(4, POLICY, number, Packet::default, next).unwrap();
    let account = stage.account();
    let mut caught = Catch::new(stage);
    let mut script = Script::new([(2, 0), (1, 9), (1, 0)]);
    while script.consumed() < 3 {
        let _ = turn_mut(&mut script, &mut caught, tick(0));
    }
    assert_eq!(out.take(), [event(1), event(2)]);
    assert_eq!(account.read(), Balance { input: 2, out: 2, ..Balance::default() });
}

/// A copy that panics leaves the slot as free as it was.
#[test]
fn a_clone_that_panics_changes_nothing() {
    #[derive(Debug)]
    struct Brittle(u64, bool);
    impl Clone for Brittle {
        fn clone(&self) -> Self {
            assert!(!self.1, "the panic that the test asked for");
            Self(self.0, self.1)
        }
    }
    let mut seen = Vec::new();
    let next = |item: Ordered<&Brittle>, _: At| -> Flow {
        if let Ordered::Event(brittle) = item {
            seen.push(brittle.0);
        }
        Ok(())
    };
    let mut stage =
        Resequencer::new(4, POLICY, |brittle: &Brittle| brittle.0, || Brittle(0, false), next).unwrap();
    let account = stage.account();
    let at = At { seq: Sequence::ZERO, now: tick(0) };
    let unwound = catch_unwind(AssertUnwindSafe(|| stage.on_event(&Brittle(2, true), at)));
    assert!(unwound.is_err());
    for brittle in [Brittle(2, false), Brittle(1, true)] {
        assert_eq!(stage.on_event(&brittle, at), Ok(()));
    }
    drop(stage);
    assert_eq!(seen, [1, 2]);
    assert_eq!(account.read(), Balance { input: 2, out: 2, ..Balance::default() });
}

#[test]
fn a_request_that_panics_counts() {
    let mut asked = 0;
    let feedback = |_: Missing, _: At| -> Flow {
        asked += 1;
        panic!("the panic that the test asked for")
    };
    let Rig { mut script, stage, out, account } = rig(8, POLICY);
    let mut stage = stage.nak(nanos(10), 2, feedback);
    script.then((2, 0));
    for t in [0, 10, 20, 30] {
        let _ = catch_unwind(AssertUnwindSafe(|| turn_mut(&mut script, &mut stage, tick(t))));
    }
    let _ = turn_mut(&mut script, &mut stage, tick(520));
    drop(stage);
    assert_eq!((asked, out.take()), (2, vec![gap(1, 1), event(2)]));
    assert_eq!(account.read(), Balance { input: 1, generated: 1, out: 2, ..Balance::default() });
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

#[test]
fn the_number_of_a_header_will_do() {
    let message = |seq: u64| Message { header: Header { seq, ..Header::default() }, body: 10 * seq as u32 };
    let mut seen = Vec::new();
    let next = Apart::new(Nowhere, Nowhere, each(|message: &Message<u32>| seen.push(message.body)));
    let mut stage = Resequencer::new(4, POLICY, header_seq::<u32>, Message::default, next).unwrap();
    let account = stage.account();
    let _ = turn(&mut Script::new([2, 1, 3].map(message)), &mut stage, tick(0));
    drop(stage);
    assert_eq!(seen, [10, 20, 30]);
    assert_eq!(account.read(), Balance { input: 3, out: 3, ..Balance::default() });
}
