//! The table is full, and one more key comes.

use super::*;
use crate::kit::Dice;
use ringmain::contract::{Agent, End, Sink, SourceMut, Work};
use ringmain::pattern::resequencer::Apart;
use ringmain::pattern::{DeadLetter, LetterBox, Overflow};

/// Two keys hold something: a came first, b was used last but one.
fn two_hold(full: TableFull, refusals: usize) -> Rig {
    let mut rig = choked(Keys { most: 2, full }, 4, POLICY, refusals);
    assert_eq!(rig.at(0, [('a', 2)]), []);
    assert_eq!(rig.at(1, [('b', 2), ('b', 4)]), []);
    assert_eq!(rig.at(2, [('a', 4)]), []);
    rig.books(Balance { input: 4, held: 4, ..Balance::default() });
    rig
}
/// What a key of theirs has when it is evicted.
fn in_order(key: char) -> [Item; 4] {
    [gap(key, 1, 1), event(key, 2), gap(key, 3, 3), event(key, 4)]
}
fn as_strays(key: char) -> [Item; 2] {
    [2, 4].map(|n| stray(key, n, Reason::Evicted))
}

/// 13.c: `Reject`. Nobody leaves, and who is there goes on.
#[test]
fn full_rejects_the_new_key() {
    let mut rig = two_hold(TableFull::Reject, 0);
    rig.script.then(('c', 1, 0));
    assert_eq!((rig.turn(3), rig.out.take()), (Some(Fault::of(Reason::TableFull)), vec![]));
    let dead_lettered = counts(&[(Reason::TableFull, 1)]);
    rig.books(Balance { input: 5, held: 4, dead_lettered, ..Balance::default() });
    assert_eq!(
        rig.at(4, [('a', 1), ('b', 1)]),
        [1, 2].map(|n| event('a', n)).into_iter().chain([1, 2].map(|n| event('b', n))).collect::<Vec<_>>()
    );
    rig.books(Balance { input: 7, out: 4, held: 2, dead_lettered, ..Balance::default() });
}

/// 13.c: `Reject` is a letter for the channel around it.
#[test]
fn what_the_full_table_rejects_is_a_letter() {
    let Rig { stage, out, account, .. } = rig(TWO, 4, POLICY);
    let mut guarded = DeadLetter::editing("feed", Overflow::Block, LetterBox::new(8, Parcel::default), stage);
    let comes = [('a', 1, 0), ('b', 1, 0), ('c', 1, 0), ('a', 2, 0)];
    let _ = turn_mut(&mut Script::new(comes), &mut guarded, tick(0));
    let letters: Vec<_> =
        guarded.letters().iter().map(|letter| (letter.event, letter.fault.reason)).collect();
    assert_eq!(letters, [(('c', 1, 0), Reason::TableFull)]);
    assert_eq!(out.take(), [event('a', 1), event('b', 1), event('a', 2)]);
    let dead_lettered = counts(&[(Reason::TableFull, 1)]);
    assert_eq!(account.read(), Balance { input: 4, out: 3, dead_lettered, ..Balance::default() });
}

/// 13.c: `EvictOldest`. What the key holds goes on first: in order with gaps, or as strays.
#[test]
fn full_evicts_the_oldest_and_what_it_holds_goes_on() {
    let mut release = two_hold(TableFull::EvictOldest(Closing::Release), 0);
    assert_eq!(release.at(3, [('c', 1)]), [&in_order('a')[..], &[event('c', 1)]].concat());
    assert_eq!((release.stage.next(&'a'), release.stage.next(&'b')), (None, Some(1)));
    release.books(Balance { input: 5, generated: 2, out: 5, held: 2, ..Balance::default() });
    assert_eq!(release.at(4, [('d', 1)]), [&in_order('b')[..], &[event('d', 1)]].concat(), "the next oldest");
    release.books(Balance { input: 6, generated: 4, out: 10, ..Balance::default() });

    let mut strays = two_hold(TableFull::EvictOldest(Closing::Stray), 0);
    assert_eq!(strays.at(3, [('c', 1)]), [&as_strays('a')[..], &[event('c', 1)]].concat());
    strays.books(Balance { input: 5, out: 3, held: 2, ..Balance::default() });
}

/// 13.c: `EvictOldest(Dlc)`: the strays to a letter box.
#[test]
fn what_is_evicted_as_strays_can_be_written_down() {
    let (strays, events) = (Collect::new(), Collect::new());
    let next = Apart::new(Nowhere, strays.clone(), events.clone());
    let (key, number): (Key, Number) = (|parcel| parcel.0, |parcel| parcel.1);
    let keys = Keys { most: 1, full: TableFull::EvictOldest(Closing::Stray) };
    let mut stage = KeyedResequencer::new(keys, 4, POLICY, key, number, Parcel::default, next).unwrap();
    let mut script = Script::new([('a', 1, 0), ('a', 3, 0), ('b', 1, 0)]);
    let _ = crate::kit::turn(&mut script, &mut stage, tick(0));
    assert_eq!(strays.take(), [('a', 3, 0)]);
    assert_eq!(events.take(), [('a', 1, 0), ('b', 1, 0)]);
}

/// 13.c: `EvictLru`.
#[test]
fn full_evicts_the_one_that_was_used_least_recently() {
    let mut release = two_hold(TableFull::EvictLru(Closing::Release), 0);
    assert_eq!(release.at(3, [('c', 1)]), [&in_order('b')[..], &[event('c', 1)]].concat());
    release.books(Balance { input: 5, generated: 2, out: 5, held: 2, ..Balance::default() });

    let mut strays = two_hold(TableFull::EvictLru(Closing::Stray), 0);
    assert_eq!(strays.at(3, [('c', 1)]), [&as_strays('b')[..], &[event('c', 1)]].concat());
    assert_eq!(
        strays.at(4, [('c', 2), ('b', 1)]),
        [&[event('c', 2)], &as_strays('a')[..], &[event('b', 1)]].concat()
    );
    strays.books(Balance { input: 7, out: 7, ..Balance::default() });
}

/// 13.c: `Block`, which has its time condition with it: until a key has been silent for so long.
#[test]
fn full_blocks_until_a_key_was_silent_for_long_enough() {
    for closing in [Closing::Release, Closing::Stray] {
        let mut rig = two_hold(TableFull::Block { idle: nanos(10), closing }, 0);
        assert_eq!(rig.at(3, [('c', 1), ('a', 1)]), []);
        assert_eq!((rig.at(10, []), rig.script.consumed()), (vec![], 4), "b was used at 1");
        rig.books(Balance { input: 4, held: 4, ..Balance::default() });
        let b = if closing == Closing::Release { in_order('b').to_vec() } else { as_strays('b').to_vec() };
        assert_eq!(rig.at(11, []), [&b[..], &[event('c', 1), event('a', 1), event('a', 2)]].concat());
        let generated = if closing == Closing::Release { 2 } else { 0 };
        rig.books(Balance { input: 6, generated, out: 5 + generated, held: 1, ..Balance::default() });
    }
}

/// 13.c: `Block`: a hole that is given up in its time is no reason to wait any longer, and does not make a place free.
#[test]
fn full_blocks_while_gaps_are_given_up() {
    let full = TableFull::Block { idle: nanos(1000), closing: Closing::Release };
    let mut rig = two_hold(full, 0);
    assert_eq!(rig.at(3, [('c', 1)]), []);
    assert_eq!(rig.at(501, []), [&in_order('a')[..2], &in_order('b')].concat());
    assert_eq!(rig.at(502, []), in_order('a')[2..]);
    assert_eq!(rig.at(1000, []), []);
    assert_eq!(rig.at(1001, []), [event('c', 1)]);
    rig.books(Balance { input: 5, generated: 4, out: 9, ..Balance::default() });
}

/// ... and in the last turn every key has been silent for long enough.
#[test]
fn who_is_blocked_is_served_in_the_last_turn() {
    let full = TableFull::Block { idle: nanos(1000), closing: Closing::Stray };
    let mut rig = two_hold(full, 0);
    assert_eq!(rig.at(3, [('c', 1)]), []);
    let mut out = rig.at(u64::MAX, []);
    (0..4).for_each(|_| out.extend(rig.at(u64::MAX, [])));
    assert_eq!(out, [&as_strays('b')[..], &[event('c', 1)], &in_order('a')].concat());
    rig.books(Balance { input: 5, generated: 2, out: 7, ..Balance::default() });
}

/// 13.c: `Fail`.
#[test]
fn full_is_the_end() {
    let mut rig = two_hold(TableFull::Fail, 0);
    [('c', 1), ('a', 1)].into_iter().for_each(|(key, n)| rig.script.then((key, n, 0)));
    let (drained, after) = turn_mut(&mut rig.script, &mut rig.stage, tick(3));
    assert_eq!((drained.end, after), (Some(End::Halted(Halt::Stop)), Err(Halt::Stop)));
    assert_eq!(rig.out.take(), []);
    let dropped = counts(&[(Reason::Poisoned, 1)]);
    rig.books(Balance { input: 5, held: 4, dropped, ..Balance::default() });
    let (drained, _) = turn_mut(&mut rig.script, &mut rig.stage, tick(4));
    assert_eq!(drained.end, Some(End::Halted(Halt::Stop)), "for good");
    let Rig { stage, account, .. } = rig;
    drop(stage);
    let dropped = counts(&[(Reason::Poisoned, 1), (Reason::Shutdown, 5)]);
    assert_eq!(account.read(), Balance { input: 6, dropped, ..Balance::default() });
}

/// A key that was evicted begins anew: nothing is remembered of it.
#[test]
fn who_was_evicted_begins_anew() {
    let full = TableFull::EvictOldest(Closing::Release);
    let mut fixed = rig(Keys { most: 1, full }, 8, POLICY);
    let out = fixed.at(0, [('a', 1), ('a', 2), ('b', 1), ('a', 3), ('a', 1)]);
    assert_eq!(out, [event('a', 1), event('a', 2), event('b', 1), event('a', 1)]);
    assert_eq!(fixed.stage.next(&'a'), Some(2));
    fixed.books(Balance { input: 5, out: 4, held: 1, ..Balance::default() });

    let mut seen = rig(Keys { most: 1, full }, 8, Policy { start: Start::FirstSeen, ..POLICY });
    let out = seen.at(0, [('a', 1), ('b', 1), ('a', 3), ('a', 4)]);
    assert_eq!(out, [event('a', 1), event('b', 1), event('a', 3), event('a', 4)]);
    seen.books(Balance { input: 4, out: 4, ..Balance::default() });
}

/// The output is full in the middle of an eviction: it goes on where it was, before anything else.
#[test]
fn an_eviction_through_a_full_output_is_the_same() {
    for refusals in 1..4 {
        for closing in [Closing::Release, Closing::Stray] {
            let mut rig = two_hold(TableFull::EvictOldest(closing), refusals);
            let mut out = rig.at(3, [('c', 1), ('b', 1)]);
            (0..40).for_each(|_| out.extend(rig.at(3, [])));
            let a =
                if closing == Closing::Release { in_order('a').to_vec() } else { as_strays('a').to_vec() };
            assert_eq!(out, [&a[..], &[event('c', 1), event('b', 1), event('b', 2)]].concat());
            let generated = if closing == Closing::Release { 2 } else { 0 };
            rig.books(Balance { input: 6, generated, out: 5 + generated, held: 1, ..Balance::default() });
        }
    }
}

/// A stage outside gives up the event that the eviction was for: it is carried to its end all the same.
#[test]
fn an_eviction_that_began_is_carried_to_its_end() {
    let mut rig = two_hold(TableFull::EvictOldest(Closing::Release), 1);
    let at = At { seq: ringmain::ring::Sequence::ZERO, now: tick(3) };
    assert_eq!(rig.stage.on_event(&mut ('c', 1, 0), at), Err(Halt::Again));
    let mut out = Vec::new();
    (0..10).for_each(|_| out.extend(rig.at(3, [])));
    assert_eq!(out, in_order('a'));
    assert_eq!(rig.stage.keys(), 1);
    rig.books(Balance { input: 4, generated: 2, out: 4, held: 2, ..Balance::default() });
}

/// What is evicted is in nobody's hands: a rejection of it stays here.
#[test]
fn what_is_rejected_while_it_is_evicted_is_dropped() {
    let out = Collect::new().rejecting(2, Fault::new(7));
    let keys = Keys { most: 1, full: TableFull::EvictLru(Closing::Release) };
    let mut stage = built(keys, 4, POLICY, Choke::new(0, out.clone()));
    let account = stage.account();
    let mut script = Script::new([('a', 2, 0), ('b', 1, 0)]);
    assert_eq!(rejected(turn_mut(&mut script, &mut stage, tick(0))), None);
    assert_eq!(out.take(), [gap('a', 1, 1), event('b', 1)]);
    let dropped = counts(&[(Reason::NonRetryable, 1)]);
    assert_eq!(account.read(), Balance { input: 2, generated: 1, out: 2, dropped, ..Balance::default() });
}

/// Who settles when it is evicted has no more time to.
#[test]
fn who_settles_is_evicted_in_order() {
    let policy = Policy { start: Start::SettleFor(nanos(100)), ..POLICY };
    for (closing, first) in [(Closing::Release, event('a', 5)), (Closing::Stray, event('a', 5))] {
        let mut rig = rig(Keys { most: 1, full: TableFull::EvictOldest(closing) }, 8, policy);
        let out = rig.at(0, [('a', 7), ('a', 6), ('a', 5), ('b', 1)]);
        assert_eq!(out, [first, event('a', 6), event('a', 7)]);
        assert_eq!(rig.at(100, []), [event('b', 1)]);
        rig.books(Balance { input: 4, out: 4, ..Balance::default() });
    }
}

/// The clock of a key that left is not that of the one that has its place now.
#[test]
fn a_timer_does_not_outlive_its_key() {
    let mut rig = rig(Keys { most: 1, full: TableFull::EvictOldest(Closing::Release) }, 8, POLICY);
    rig.at(0, [('a', 2)]);
    assert_eq!(rig.at(400, [('b', 2)]), [gap('a', 1, 1), event('a', 2)]);
    assert_eq!(rig.at(500, []), []);
    assert_eq!(rig.at(899, []), []);
    assert_eq!(rig.at(900, []), [gap('b', 1, 1), event('b', 2)]);
    rig.books(Balance { input: 2, generated: 2, out: 4, ..Balance::default() });
}

/// A thousand keys through eight places: each has its own, and none is mistaken for another.
#[test]
fn many_keys_take_turns_in_few_places() {
    for full in [TableFull::EvictOldest(Closing::Release), TableFull::EvictLru(Closing::Release)] {
        let mut dice = Dice::new(8);
        let mut rig = rig(Keys { most: 8, full }, 4, Policy { start: Start::FirstSeen, ..POLICY });
        let key = |n: u64| char::from_u32(0x4E00 + n as u32).unwrap();
        let comes: Vec<_> = (0..20_000).map(|n| (key(dice.below(1000)), n)).collect();
        for some in comes.chunks(100) {
            // Wild numbers only make gaps and holds; the stage after checks the key of each.
            rig.at(0, some.iter().copied());
            assert!(rig.stage.keys() <= 8);
        }
        rig.at(u64::MAX, []);
        let books = rig.account.read();
        assert_eq!((books.input, books.held, books.check()), (20_000, 0, Ok(())));
        assert_eq!(books.out + books.dropped[Reason::Late], books.input + books.generated);
    }
}

/// Over a ring, by a pump: who was blocked is let in when another key ends in front of it.
#[test]
fn a_pump_lets_the_next_key_in() {
    let out = Collect::new();
    let stage = built(
        Keys { most: 1, full: TableFull::Block { idle: nanos(50), closing: Closing::Release } },
        4,
        POLICY,
        Choke::new(0, out.clone()),
    );
    let (mut tx, rx) = ringmain::channel::spsc::channel(8, Parcel::default).unwrap();
    let mut agent = rx.drive_mut(stage.ending_with(|parcel: &Parcel| parcel.2 == 9));
    [('a', 1, 0), ('a', 2, 9), ('b', 1, 0), ('c', 1, 0)]
        .into_iter()
        .for_each(|parcel| tx.push(parcel).unwrap());
    drop(tx);
    assert_eq!(agent.work(tick(0)), Work::Busy(3));
    assert_eq!(agent.work(tick(49)), Work::Idle);
    assert_eq!(agent.work(tick(50)), Work::Done);
    let a2 = ('a', Ordered::Event((2, 9)));
    assert_eq!(out.take(), [event('a', 1), a2, event('b', 1), event('c', 1)]);
}
