//! Keyed resequencer: pattern 13, a table of streams. Each key has what the plain one has, by itself; the numbers of the
//! tests are those of the specification.

mod ending;
mod full;
mod oracle;
mod panics;
mod requests;
mod suite;

use super::{
    Ahead, Balance, ByValue, Choke, Closing, Collect, Duplicate, Fault, Flow, Halt, Hole, Late, Missing,
    Nowhere, Ordered, POLICY, Packet, Policy, Reason, Script, Stage, Start, Tick, Unbuildable, allocations,
    counts, nanos, rejected, tick, turn_mut,
};
use ringmain::contract::{Account, At};
use ringmain::pattern::KeyedResequencer;
use ringmain::pattern::resequencer::{Endless, Keyed, Keys, Last, TableFull};
use ringmain::ring::CapacityError;
use std::sync::Arc;

/// A key, a number, and something to tell two events of one number apart.
type Parcel = (char, u64, u8);
/// What went on, and of which key.
type Item = (char, Ordered<Packet>);

fn event(key: char, n: u64) -> Item {
    (key, Ordered::Event((n, 0)))
}
fn gap(key: char, from: u64, to: u64) -> Item {
    (key, Ordered::Gap(Missing { from, to }))
}
fn stray(key: char, n: u64, why: Reason) -> Item {
    (key, Ordered::Stray((n, 0), why))
}

/// Room for two keys; who comes third is rejected.
const TWO: Keys = Keys { most: 2, full: TableFull::Reject };

/// A stage for what comes with its key, made of one for copies.
struct Copies<S>(S);

impl<S: for<'e> Stage<&'e Item>> Stage<Keyed<char, Ordered<&mut Parcel>>> for Copies<S> {
    fn on_event(&mut self, Keyed { key, item }: Keyed<char, Ordered<&mut Parcel>>, at: At) -> Flow {
        let packet = |parcel: &mut Parcel| {
            assert_eq!(parcel.0, key);
            (parcel.1, parcel.2)
        };
        let item = match item {
            Ordered::Event(parcel) => Ordered::Event(packet(parcel)),
            Ordered::Gap(missing) => Ordered::Gap(missing),
            Ordered::Stray(parcel, why) => Ordered::Stray(packet(parcel), why),
        };
        self.0.on_event(&(key, item), at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.0.on_batch_end(now)
    }
}

type Key = fn(&Parcel) -> char;
type Number = fn(&Parcel) -> u64;
type Plain<N = Nowhere, L = Endless> =
    KeyedResequencer<char, Parcel, Key, Number, Copies<Choke<Collect<Item>>>, N, L>;

/// A keyed resequencer before what it gives on; each item is refused so many times before it is taken.
fn built(keys: Keys, window: usize, policy: Policy, next: Choke<Collect<Item>>) -> Plain {
    let (key, number): (Key, Number) = (|parcel| parcel.0, |parcel| parcel.1);
    KeyedResequencer::new(keys, window, policy, key, number, Parcel::default, Copies(next)).unwrap()
}

/// ... between a script and a log.
struct Rig<N = Nowhere, L = Endless> {
    script: Script<Parcel>,
    stage: Plain<N, L>,
    out: Collect<Item>,
    account: Arc<Account>,
}

fn choked(keys: Keys, window: usize, policy: Policy, refusals: usize) -> Rig {
    let out = Collect::new();
    let stage = built(keys, window, policy, Choke::new(refusals, out.clone()));
    let account = stage.account();
    Rig { script: Script::new([]).open(), stage, out, account }
}
fn rig(keys: Keys, window: usize, policy: Policy) -> Rig {
    choked(keys, window, policy, 0)
}

impl<N: Stage<Keyed<char, Missing>>, L: Last<Parcel>> Rig<N, L> {
    fn turn(&mut self, t: u64) -> Option<Fault> {
        rejected(turn_mut(&mut self.script, &mut self.stage, tick(t)))
    }
    /// Parcels come at a time, and what went on in that turn.
    fn come(&mut self, t: u64, parcels: impl IntoIterator<Item = Parcel>) -> Vec<Item> {
        parcels.into_iter().for_each(|parcel| self.script.then(parcel));
        self.turn(t);
        self.out.take()
    }
    fn at(&mut self, t: u64, numbers: impl IntoIterator<Item = (char, u64)>) -> Vec<Item> {
        self.come(t, numbers.into_iter().map(|(key, n)| (key, n, 0)))
    }
    #[track_caller]
    fn books(&self, expected: Balance) {
        assert_eq!(self.account.read(), expected);
        assert_eq!(expected.check(), Ok(()));
    }
}

/// 13.d2, of each key: none waits for another.
#[test]
fn keyed_resequencer_2_each_waits_for_the_one_before_of_its_own() {
    let mut rig = rig(TWO, 8, POLICY);
    let comes = [('a', 3), ('b', 1), ('a', 1), ('b', 3), ('a', 2), ('b', 2), ('a', 5), ('b', 4), ('a', 4)];
    let emissions = comes.map(|of| rig.at(0, [of]));
    let expected = [
        vec![],
        vec![event('b', 1)],
        vec![event('a', 1)],
        vec![],
        vec![event('a', 2), event('a', 3)],
        vec![event('b', 2), event('b', 3)],
        vec![],
        vec![event('b', 4)],
        vec![event('a', 4), event('a', 5)],
    ];
    assert_eq!(emissions, expected);
    assert_eq!((rig.stage.next(&'a'), rig.stage.next(&'b'), rig.stage.next(&'c')), (Some(6), Some(5), None));
    assert_eq!(rig.stage.keys(), 2);
    rig.books(Balance { input: 9, out: 9, ..Balance::default() });
}

/// 13.d3, of each key: its hole has a clock of its own.
#[test]
fn keyed_resequencer_3_a_gap_is_skipped_when_its_time_has_passed() {
    let mut rig = rig(TWO, 8, POLICY);
    assert_eq!(rig.at(0, [('a', 2)]), []);
    assert_eq!(rig.at(100, [('b', 3)]), []);
    assert_eq!(rig.at(499, []), []);
    rig.books(Balance { input: 2, held: 2, ..Balance::default() });
    assert_eq!(rig.at(500, []), [gap('a', 1, 1), event('a', 2)]);
    assert_eq!(rig.at(599, [('a', 4)]), []);
    assert_eq!(rig.at(600, []), [gap('b', 1, 2), event('b', 3)]);
    assert_eq!(rig.at(1099, []), [gap('a', 3, 3), event('a', 4)]);
    rig.books(Balance { input: 3, generated: 3, out: 6, ..Balance::default() });
}

/// Those that are due in one turn come in the order of their times.
#[test]
fn gaps_of_different_keys_come_in_the_order_of_their_times() {
    let mut rig = rig(Keys { most: 3, ..TWO }, 8, POLICY);
    rig.at(0, [('c', 2)]);
    rig.at(1, [('a', 2)]);
    rig.at(2, [('b', 2), ('b', 4)]);
    let expected = ['c', 'a', 'b'].map(|key| [gap(key, 1, 1), event(key, 2)]);
    let rest = [gap('b', 3, 3), event('b', 4)];
    assert_eq!(rig.at(10_000, []), [expected.concat(), rest.to_vec()].concat());
    rig.books(Balance { input: 4, generated: 4, out: 8, ..Balance::default() });
}

/// The hole behind one that was asked for is due earlier than the one was: a timer that is set already is set anew.
#[test]
fn a_later_hole_may_be_due_earlier() {
    let naks = Collect::new();
    let Rig { script, stage, out, account } = rig(TWO, 8, POLICY);
    let stage = stage.nak(nanos(100), 1, ByValue(naks.clone()));
    let mut rig = Rig { script, stage, out, account };
    rig.at(0, [('a', 2), ('a', 4)]);
    rig.at(100, []);
    let ask = |n| Keyed { key: 'a', item: Missing { from: n, to: n } };
    assert_eq!(naks.take(), [ask(1)], "which is waited for until 600");
    assert_eq!(rig.at(150, [('a', 1)]), [event('a', 1), event('a', 2)]);
    assert_eq!(naks.take(), [ask(3)], "at once, as it is missing since 0");
    assert_eq!(rig.at(649, []), []);
    assert_eq!(rig.at(650, []), [gap('a', 3, 3), event('a', 4)]);
    rig.books(Balance { input: 3, generated: 3, out: 6, ..Balance::default() });
}

/// 13.d4
#[test]
fn keyed_resequencer_4_what_comes_after_its_gap_is_late_by_policy() {
    let after_the_gap = |late| {
        let mut rig = rig(TWO, 8, Policy { start: Start::Fixed(3), late, ..POLICY });
        rig.at(0, [('b', 4), ('a', 3)]);
        rig.at(500, []);
        rig.script.then(('b', 3, 0));
        let fault = rig.turn(501);
        (rig.out.take(), fault, rig)
    };
    let gone = Balance { input: 3, generated: 1, out: 3, ..Balance::default() };
    let (out, fault, rig) = after_the_gap(Late::Drop);
    assert_eq!((out, fault), (vec![], None));
    rig.books(Balance { dropped: counts(&[(Reason::Late, 1)]), ..gone });

    let (out, fault, rig) = after_the_gap(Late::Reject);
    assert_eq!((out, fault), (vec![], Some(Fault::of(Reason::Late))));
    rig.books(Balance { dead_lettered: counts(&[(Reason::Late, 1)]), ..gone });

    let (out, fault, rig) = after_the_gap(Late::Pass);
    assert_eq!((out, fault), (vec![stray('b', 3, Reason::Late)], None));
    rig.books(Balance { out: 4, ..gone });
}

/// 13.d5: a number that another key has is no duplicate.
#[test]
fn keyed_resequencer_5_a_duplicate_is_one_of_the_same_key() {
    let parcels = [('a', 3, 0), ('b', 3, 0), ('b', 2, 0), ('a', 2, 0), ('a', 2, 1), ('b', 1, 0), ('a', 1, 0)];
    let with = |duplicate| {
        let mut rig = rig(TWO, 8, Policy { duplicate, ..POLICY });
        parcels.into_iter().for_each(|parcel| rig.script.then(parcel));
        let fault = rig.turn(0);
        rig.turn(0);
        (rig.out.take(), fault, rig)
    };
    let gone = Balance { input: 7, out: 6, ..Balance::default() };
    let all = |second| {
        let b = [1, 2, 3].map(|n| event('b', n));
        [&b[..], &[event('a', 1), ('a', Ordered::Event((2, second))), event('a', 3)]].concat()
    };
    let (out, fault, rig) = with(Duplicate::KeepFirst);
    assert_eq!((out, fault), (all(0), None));
    rig.books(Balance { dropped: counts(&[(Reason::Duplicate, 1)]), ..gone });

    let (out, fault, rig) = with(Duplicate::KeepLast);
    assert_eq!((out, fault), (all(1), None));
    rig.books(Balance { dropped: counts(&[(Reason::Duplicate, 1)]), ..gone });

    let (out, fault, rig) = with(Duplicate::Reject);
    assert_eq!((out, fault), (all(0), Some(Fault::of(Reason::Duplicate))));
    rig.books(Balance { dead_lettered: counts(&[(Reason::Duplicate, 1)]), ..gone });
}

/// 13.d6: the window of one key moves on, that of the other stays.
#[test]
fn keyed_resequencer_6_a_number_beyond_the_window_moves_that_of_its_key() {
    let mut rig = rig(TWO, 4, POLICY);
    let out = rig.at(0, [('b', 2), ('a', 2), ('a', 3), ('b', 4), ('a', 9)]);
    assert_eq!(out, [gap('a', 1, 1), event('a', 2), event('a', 3), gap('a', 4, 5)]);
    assert_eq!((rig.stage.next(&'a'), rig.stage.next(&'b')), (Some(6), Some(1)));
    rig.books(Balance { input: 5, generated: 2, out: 4, held: 3, ..Balance::default() });
}

/// 13.d6, the other policies. Who blocks holds up all keys, until the hole of its own is given up.
#[test]
fn keyed_resequencer_6_or_is_dropped_or_rejected_or_waits() {
    let with = |ahead| {
        let mut rig = rig(TWO, 4, Policy { ahead, ..POLICY });
        [('b', 2), ('a', 2), ('a', 9), ('b', 1)]
            .into_iter()
            .for_each(|(key, n)| rig.script.then((key, n, 0)));
        let fault = rig.turn(0);
        rig.turn(0);
        (rig.out.take(), fault, rig)
    };
    let other = vec![event('b', 1), event('b', 2)];
    let gone = Balance { input: 4, out: 2, held: 1, ..Balance::default() };
    let (out, fault, rig) = with(Ahead::Drop);
    assert_eq!((out, fault), (other.clone(), None));
    rig.books(Balance { dropped: counts(&[(Reason::WindowFull, 1)]), ..gone });

    let (out, fault, rig) = with(Ahead::Reject);
    assert_eq!((out, fault), (other, Some(Fault::of(Reason::WindowFull))));
    rig.books(Balance { dead_lettered: counts(&[(Reason::WindowFull, 1)]), ..gone });

    let (out, fault, mut rig) = with(Ahead::Block);
    assert_eq!((out, fault, rig.script.consumed()), (vec![], None, 2));
    let first = [gap('b', 1, 1), event('b', 2), gap('a', 1, 1), event('a', 2)];
    assert_eq!(rig.at(500, []), first, "both in their time, that of b first");
    assert_eq!(rig.at(501, []), []);
    assert_eq!(rig.at(1001, []), [gap('a', 3, 5)], "as far as it takes for 9 to fit in");
    assert_eq!(rig.at(1002, []), [], "1 of b is late");
    assert_eq!(rig.at(1502, []), [gap('a', 6, 8), event('a', 9)]);
    let dropped = counts(&[(Reason::Late, 1)]);
    rig.books(Balance { input: 4, generated: 4, out: 7, dropped, ..Balance::default() });
}

/// 13.d10, and what else is not built.
#[test]
fn keyed_resequencer_10_blocking_without_a_gap_timer_is_not_built() {
    let build = |most, window, policy| {
        let keys = Keys { most, ..TWO };
        let (key, number) = (|parcel: &Parcel| parcel.0, |parcel: &Parcel| parcel.1);
        KeyedResequencer::new(keys, window, policy, key, number, Parcel::default, Nowhere).map(|_| ())
    };
    let blocking = Policy { ahead: Ahead::Block, ..POLICY };
    assert_eq!(build(2, 8, Policy { hole: Hole::Wait, ..blocking }), Err(Unbuildable::WouldDeadlock));
    assert_eq!(build(2, 8, blocking), Ok(()));
    assert_eq!(build(2, 0, POLICY), Err(Unbuildable::Window(CapacityError::Zero)));
    assert_eq!(build(0, 8, POLICY), Err(Unbuildable::Keys(CapacityError::Zero)));
    let error = build(usize::MAX, 8, POLICY).unwrap_err();
    assert_eq!(error, Unbuildable::Keys(CapacityError::TooLarge { asked: usize::MAX }));
    assert!(!error.to_string().is_empty());
    let of_a_byte = |window| {
        let (key, number) = (|parcel: &Parcel| parcel.0, |parcel: &Parcel| parcel.2);
        KeyedResequencer::new(TWO, window, POLICY, key, number, Parcel::default, Nowhere).map(|_| ())
    };
    assert_eq!(of_a_byte(128), Ok(()));
    assert_eq!(of_a_byte(256), Err(Unbuildable::TooLarge { window: 256, bits: 8 }));
}

/// Each key begins where its own first event says.
#[test]
fn each_key_begins_by_itself() {
    let mut first_seen = rig(TWO, 8, Policy { start: Start::FirstSeen, ..POLICY });
    let out = first_seen.at(0, [('a', 7), ('b', 100), ('a', 8), ('b', 99)]);
    assert_eq!(out, [event('a', 7), event('b', 100), event('a', 8)]);
    let dropped = counts(&[(Reason::Late, 1)]);
    first_seen.books(Balance { input: 4, out: 3, dropped, ..Balance::default() });

    let mut settles = rig(TWO, 8, Policy { start: Start::SettleFor(nanos(100)), ..POLICY });
    assert_eq!(settles.at(0, [('a', 8), ('a', 7)]), []);
    assert_eq!(settles.at(50, [('b', 101), ('b', 100)]), []);
    assert_eq!(settles.at(100, []), [event('a', 7), event('a', 8)]);
    assert_eq!(settles.at(149, []), []);
    assert_eq!(settles.at(150, []), [event('b', 100), event('b', 101)]);
    settles.books(Balance { input: 4, out: 4, ..Balance::default() });
}

/// Full in the middle: everything is kept, nothing comes twice, and nothing new is taken meanwhile, of whatever key.
#[test]
fn a_full_output_keeps_everything() {
    for refusals in 1..4 {
        let mut rig = choked(TWO, 4, POLICY, refusals);
        let comes = [('a', 3), ('b', 2), ('a', 2), ('a', 1), ('b', 1), ('b', 9), ('a', 4), ('b', 7)];
        let mut out = rig.at(0, comes);
        for _ in 0..100 {
            out.extend(rig.at(0, []));
        }
        let expected = [
            event('a', 1),
            event('a', 2),
            event('a', 3),
            event('b', 1),
            event('b', 2),
            gap('b', 3, 5),
            event('a', 4),
        ];
        assert_eq!(out, expected);
        rig.books(Balance { input: 8, generated: 1, out: 7, held: 2, ..Balance::default() });
    }
}

#[test]
fn nothing_is_allocated_whatever_comes() {
    let fulls = [
        TableFull::Reject,
        TableFull::EvictOldest(Closing::Release),
        TableFull::EvictLru(Closing::Stray),
        TableFull::Block { idle: nanos(3), closing: Closing::Release },
        TableFull::Fail,
    ];
    let naks = Collect::with_capacity(1);
    for full in fulls {
        for hole in [Hole::Skip { after: nanos(5) }, Hole::Halt { after: nanos(50) }] {
            let policy = Policy { hole, start: Start::SettleFor(nanos(3)), ..POLICY };
            let Rig { mut script, stage, account, .. } = choked(Keys { most: 3, full }, 4, policy, 1);
            let stage = stage.nak(nanos(2), 2, ByValue(naks.clone()));
            let mut stage = stage.ending_with(|parcel: &Parcel| parcel.1 % 50 == 49);
            let key = |n: u64| char::from(b'a' + (n / 16 % 5) as u8);
            (0..400u64).for_each(|n| script.then((key(n), n ^ 3 ^ (n % 7 / 6 * 12), 0)));
            let ((), allocated) = allocations(|| {
                for t in 0..900 {
                    let _ = turn_mut(&mut script, &mut stage, tick(t / 2));
                }
                (0..60).for_each(|_| _ = turn_mut(&mut script, &mut stage, Tick::MAX));
                drop(stage);
            });
            assert_eq!(allocated, 0, "{full:?} {hole:?}");
            let books = account.read();
            assert_eq!((books.check(), books.held), (Ok(()), 0));
            assert!(books.out > 0);
        }
    }
}
