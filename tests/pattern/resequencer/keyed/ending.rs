//! How a key ends, and how all of them do.

use super::*;
use ringmain::contract::{Agent, End, Sink, SourceMut, Work};

/// A parcel with a 9 is the last one of its key.
fn ending(policy: Policy, refusals: usize) -> Rig<Nowhere, fn(&Parcel) -> bool> {
    let Rig { script, stage, out, account } = choked(Keys { most: 1, ..TWO }, 8, policy, refusals);
    let last: fn(&Parcel) -> bool = |parcel| parcel.2 == 9;
    Rig { script, stage: stage.ending_with(last), out, account }
}
fn last(key: char, n: u64) -> Item {
    (key, Ordered::Event((n, 9)))
}

#[test]
fn a_key_ends_when_its_last_event_went_on() {
    let mut rig = ending(POLICY, 0);
    let out = rig.come(0, [('a', 1, 0), ('a', 2, 9), ('b', 1, 9), ('c', 1, 0)]);
    assert_eq!(out, [event('a', 1), last('a', 2), last('b', 1), event('c', 1)]);
    assert_eq!((rig.stage.keys(), rig.stage.next(&'a'), rig.stage.next(&'c')), (1, None, Some(2)));
    rig.books(Balance { input: 4, out: 4, ..Balance::default() });
}

#[test]
fn a_key_does_not_end_before_what_is_missing_came() {
    let mut rig = ending(POLICY, 0);
    assert_eq!(rig.come(0, [('a', 3, 9), ('a', 1, 0)]), [event('a', 1)]);
    rig.script.then(('b', 1, 0));
    assert_eq!(rig.turn(0), Some(Fault::of(Reason::TableFull)));
    assert_eq!(rig.at(1, [('a', 2)]), [event('a', 2), last('a', 3)]);
    assert_eq!(rig.at(2, [('b', 1)]), [event('b', 1)]);
    let dead_lettered = counts(&[(Reason::TableFull, 1)]);
    rig.books(Balance { input: 5, out: 4, dead_lettered, ..Balance::default() });
}

/// By the time of a hole, or because the last number itself was given up and comes late.
#[test]
fn a_key_ends_when_what_is_missing_is_given_up() {
    let mut rig = ending(POLICY, 0);
    assert_eq!(rig.come(0, [('a', 2, 9)]), []);
    assert_eq!(rig.at(500, []), [gap('a', 1, 1), last('a', 2)]);
    assert_eq!(rig.stage.keys(), 0);

    assert_eq!(rig.at(500, [('b', 1), ('b', 3)]), [event('b', 1)]);
    assert_eq!(rig.at(1000, []), [gap('b', 2, 2), event('b', 3)]);
    assert_eq!(rig.stage.keys(), 1, "nobody knows that 2 was the last");
    assert_eq!(rig.come(1001, [('b', 2, 9)]), []);
    assert_eq!(rig.stage.keys(), 0);
    let dropped = counts(&[(Reason::Late, 1)]);
    rig.books(Balance { input: 4, generated: 2, out: 5, dropped, ..Balance::default() });
}

#[test]
fn what_is_held_beyond_the_last_goes_on_as_the_policy_says() {
    for refusals in 0..3 {
        let with = |closing| {
            let mut rig = ending(Policy { closing, ..POLICY }, refusals);
            let mut out = rig.come(0, [('a', 5, 0), ('a', 3, 0), ('a', 1, 9), ('b', 1, 0)]);
            (0..30).for_each(|_| out.extend(rig.at(0, [])));
            (out, rig)
        };
        let (out, rig) = with(Closing::Release);
        let a = [last('a', 1), gap('a', 2, 2), event('a', 3), gap('a', 4, 4), event('a', 5)];
        assert_eq!(out, [&a[..], &[event('b', 1)]].concat());
        rig.books(Balance { input: 4, generated: 2, out: 6, ..Balance::default() });
        let (out, rig) = with(Closing::Stray);
        let strays = [3, 5].map(|n| stray('a', n, Reason::Shutdown));
        assert_eq!(out, [&[last('a', 1)], &strays[..], &[event('b', 1)]].concat());
        rig.books(Balance { input: 4, out: 4, ..Balance::default() });
    }
}

/// What comes of a key after its end opens it again.
#[test]
fn a_key_that_ended_begins_anew() {
    let mut rig = ending(POLICY, 0);
    let twice = [('a', 1, 0), ('a', 2, 9)];
    let out = rig.come(0, twice.into_iter().chain(twice));
    assert_eq!(out, [event('a', 1), last('a', 2), event('a', 1), last('a', 2)]);
    rig.books(Balance { input: 4, out: 4, ..Balance::default() });
}

/// A hole that is the end, is that of its key. What comes of it is rejected until it leaves.
#[test]
fn a_halt_is_the_end_of_one_key() {
    for refusals in 0..3 {
        let halts = Policy { hole: Hole::Halt { after: nanos(500) }, ..POLICY };
        let mut rig = choked(TWO, 8, halts, refusals);
        let mut out = Vec::new();
        for (t, comes) in [(0, vec![('a', 3), ('a', 5)]), (100, vec![('b', 2)]), (500, vec![])] {
            out.extend(rig.at(t, comes));
        }
        (0..10).for_each(|_| out.extend(rig.at(500, [])));
        assert_eq!(out, [3, 5].map(|n| stray('a', n, Reason::GapSkipped)));
        rig.script.then(('a', 1, 0));
        assert_eq!(rig.turn(501), Some(Fault::of(Reason::Poisoned)));
        let mut out = rig.at(502, [('b', 1)]);
        (0..10).for_each(|_| out.extend(rig.at(502, [])));
        assert_eq!(out, [event('b', 1), event('b', 2)], "the other goes on");
        assert_eq!(rig.stage.next(&'a'), None);
        let dead_lettered = counts(&[(Reason::Poisoned, 1)]);
        rig.books(Balance { input: 5, out: 4, dead_lettered, ..Balance::default() });
    }
}

/// The last event of a key is blocked, and its hole is the end: it was not consumed, so it did not end the key, which would
/// begin anew with it, and be blocked by it, for ever.
#[test]
fn a_last_event_that_is_blocked_does_not_end_its_key() {
    let policy = Policy { ahead: Ahead::Block, hole: Hole::Halt { after: nanos(500) }, ..POLICY };
    let mut rig = ending(policy, 0);
    assert_eq!(rig.come(0, [('a', 2, 0), ('a', 50, 9)]), []);
    assert_eq!(rig.at(500, []), [stray('a', 2, Reason::GapSkipped)]);
    assert_eq!(rig.turn(501), Some(Fault::of(Reason::Poisoned)));
    assert_eq!(rig.stage.keys(), 0);
    let dead_lettered = counts(&[(Reason::Poisoned, 1)]);
    rig.books(Balance { input: 2, out: 1, dead_lettered, ..Balance::default() });
}

/// It leaves by its last event, or evicted.
#[test]
fn a_key_that_halted_leaves() {
    let halts = Policy { hole: Hole::Halt { after: nanos(500) }, ..POLICY };
    let mut ends = ending(halts, 0);
    ends.at(0, [('a', 3)]);
    assert_eq!(ends.at(500, []), [stray('a', 3, Reason::GapSkipped)]);
    ends.script.then(('a', 7, 9));
    assert_eq!(ends.turn(501), Some(Fault::of(Reason::Poisoned)));
    assert_eq!(ends.stage.keys(), 0);
    assert_eq!(ends.at(502, [('a', 1)]), [event('a', 1)]);
    let dead_lettered = counts(&[(Reason::Poisoned, 1)]);
    ends.books(Balance { input: 3, out: 2, dead_lettered, ..Balance::default() });

    let full = TableFull::EvictOldest(Closing::Release);
    let mut evicted = rig(Keys { most: 1, full }, 8, halts);
    evicted.at(0, [('a', 3)]);
    assert_eq!(evicted.at(500, []), [stray('a', 3, Reason::GapSkipped)]);
    assert_eq!(evicted.at(501, [('b', 1), ('a', 1)]), [event('b', 1), event('a', 1)]);
    evicted.books(Balance { input: 3, out: 3, ..Balance::default() });
}

/// The last turn is the one at the end of time: all keys, also if there is no room for all at once.
#[test]
fn the_rest_of_all_keys_goes_on_with_gaps_or_as_strays() {
    for refusals in 0..3 {
        for hole in [Hole::Wait, Hole::Skip { after: nanos(500) }, Hole::Halt { after: nanos(500) }] {
            let with = |closing| {
                let mut rig = choked(TWO, 8, Policy { hole, closing, ..POLICY }, refusals);
                let mut out = rig.at(0, [('b', 3), ('a', 2), ('a', 4)]);
                (0..30).for_each(|_| out.extend(rig.at(u64::MAX, [])));
                (out, rig)
            };
            let (out, rig) = with(Closing::Release);
            let a = [gap('a', 1, 1), event('a', 2), gap('a', 3, 3), event('a', 4)];
            assert_eq!(out, [&[gap('b', 1, 2), event('b', 3)], &a[..]].concat());
            rig.books(Balance { input: 3, generated: 3, out: 6, ..Balance::default() });
            let (out, rig) = with(Closing::Stray);
            let strays = [('b', 3), ('a', 2), ('a', 4)].map(|(key, n)| stray(key, n, Reason::Shutdown));
            assert_eq!(out, strays);
            rig.books(Balance { input: 3, out: 3, ..Balance::default() });
        }
    }
}

/// The source is closed, a number of one key is missing: the pump goes on until its time is up, and ends then.
#[test]
fn a_pump_does_not_end_while_a_key_holds_something() {
    let Rig { stage, out, account, .. } = rig(TWO, 8, POLICY);
    let (mut tx, rx) = ringmain::channel::spsc::channel(8, Parcel::default).unwrap();
    let mut agent = rx.drive_mut(stage);
    [('a', 1, 0), ('b', 2, 0)].into_iter().for_each(|parcel| tx.push(parcel).unwrap());
    drop(tx);
    let _ = agent.work(tick(0));
    assert_eq!(agent.work(tick(499)), Work::Idle);
    assert_eq!(agent.work(tick(500)), Work::Done);
    assert_eq!(out.take(), [event('a', 1), gap('b', 1, 1), event('b', 2)]);
    assert_eq!(account.read(), Balance { input: 2, generated: 1, out: 3, ..Balance::default() });
}

#[test]
fn what_all_keys_hold_at_a_sudden_end_is_counted() {
    let mut rig = rig(TWO, 8, POLICY);
    rig.at(0, [('a', 2), ('b', 3), ('b', 4)]);
    let Rig { stage, account, .. } = rig;
    drop(stage);
    let dropped = counts(&[(Reason::Shutdown, 3)]);
    assert_eq!(account.read(), Balance { input: 3, dropped, ..Balance::default() });
}

/// Whatever it stopped on: what is in order, what is late, what others waited for, what is evicted.
#[test]
fn who_stopped_is_given_nothing_more() {
    let evicts = Keys { most: 2, full: TableFull::EvictOldest(Closing::Release) };
    let cases = [
        (1, vec![('a', 1), ('b', 1)]),
        (2, vec![('a', 1), ('a', 1), ('b', 2)]),
        (1, vec![('a', 2), ('a', 1), ('b', 1)]),
        (2, vec![('a', 2), ('a', 1), ('b', 1)]),
        (2, vec![('a', 2), ('b', 2), ('c', 1), ('b', 1)]),
    ];
    for (nth, comes) in cases {
        let out = Collect::new().stopping_at(nth);
        let policy = Policy { late: Late::Pass, ..POLICY };
        let mut stage = built(evicts, 4, policy, Choke::new(0, out.clone()));
        let account = stage.account();
        let mut script = Script::new(comes.iter().map(|(key, n)| (*key, *n, 0)));
        let (drained, _) = turn_mut(&mut script, &mut stage, tick(0));
        assert_eq!(drained.end, Some(End::Halted(Halt::Stop)), "{comes:?}");
        (0..4).for_each(|t| _ = turn_mut(&mut script, &mut stage, tick(1000 * t)));
        assert_eq!(turn_mut(&mut script, &mut stage, Tick::MAX).1, Err(Halt::Stop));
        drop(stage);
        assert_eq!(out.len(), nth, "{comes:?}");
        let books = account.read();
        assert_eq!((books.check(), books.out), (Ok(()), nth as u64));
        assert_eq!(books.dropped[Reason::Shutdown], comes.len() as u64 + books.generated - nth as u64);
    }
}
