//! The way out: what closes while the stage after is full, and what comes at the same time.

use super::*;
use crate::kit::{Dice, seeds};
use ClosedBy::{Inactivity, Size, Total};

const SIZE_2: Terms = Conditions { size: Some(2), ..Conditions::NONE };

/// 8.d8, and CAMEL-24142, where a timeout is skipped if its group is busy just then: the last event and the end of the time
/// in one turn. The event was there first, so the group is complete, once.
#[test]
fn aggregator_8_camel_24142_the_last_event_beats_the_timeout_of_its_turn() {
    let (dead, out) = (Collect::new(), Collect::new());
    for seed in seeds(100_000) {
        let mut dice = Dice::new(seed);
        let size = 2 + dice.below(3);
        let time = 10 + dice.below(20);
        let (inactivity, total) = (dice.one_in(2), dice.one_in(2));
        let conditions = Conditions {
            size: Some(size),
            inactivity: (inactivity || !total).then_some(nanos(time)),
            total: total.then_some(nanos(time)),
            ..Conditions::NONE
        };
        let mut rig = Rig::over(POLICY, conditions, dead.clone(), out.clone());
        rig.give_all(0, (1..size).map(|_| item(1, 1)));
        if dice.one_in(2) {
            let _ = rig.end_turn(dice.below(time));
        }
        // In time, late by a step, or late by a stall of the thread.
        let now = time + dice.pick(&[0, 1, 1_000_000]);
        rig.give_all(now, [item(1, 1)]);
        let _ = rig.end_turn(now);
        let _ = rig.end_turn(now + time);
        assert_eq!(rig.results(), [(1, size as i64, size, Size)], "seed {seed}");
        let (balance, _) = rig.close();
        assert_eq!(balance.out, 1, "seed {seed}");
    }
}

/// CAMEL-24142: each group whose time is over closes, in that turn, whatever the others do.
#[test]
fn camel_24142_no_timeout_is_skipped() {
    let groups = if cfg!(miri) { 20 } else { 500 };
    let policy = Policy { groups: groups as usize, ..POLICY };
    let mut rig = Rig::new(policy, Conditions { total: Some(nanos(1000)), ..SIZE_3 });
    for key in 1..=groups {
        rig.give_all(key.into(), [item(key, 1)]);
    }
    for now in 1001..=1000 + u64::from(groups) {
        let _ = rig.end_turn(now);
        assert_eq!(rig.results(), [((now - 1000) as u32, 1, 1, Total)]);
    }
    rig.close();
}

/// 8.d9: three groups close, and there is room for one. Timers go on; nothing is lost; the order is that of the closings.
#[test]
fn aggregator_9_what_closes_while_the_output_is_full_goes_on_in_order() {
    let conditions = Conditions { inactivity: Some(nanos(10)), ..SIZE_2 };
    let policy = Policy { groups: 8, ..POLICY };
    let mut rig = Rig::over(policy, conditions, Collect::new(), Collect::with_capacity(1));
    rig.give_all(0, [7, 1, 2, 3, 3, 1, 2].map(|key| item(key, 1)));
    assert_eq!(rig.stage.groups(), 3, "3 went on, 1 and 2 wait, 7 is open");
    assert_eq!(rig.end_turn(10), Err(Halt::Again), "the time of 7 is over");
    // Its key is not in the table any more: it closed, though it did not go on.
    rig.give_all(10, [item(7, 9)]);
    assert_eq!(rig.stage.groups(), 4);
    let mut seen = rig.results();
    while seen.len() < 4 {
        let _ = rig.end_turn(11);
        let next = rig.results();
        assert_eq!(next.len(), 1);
        seen.extend(next);
    }
    assert_eq!(seen, [(3, 2, 2, Size), (1, 2, 2, Size), (2, 2, 2, Size), (7, 1, 1, Inactivity)]);
    let (balance, members) = rig.close();
    assert_eq!((balance.input, balance.out, members.discarded[Reason::Shutdown]), (8, 4, 1));
}

/// A result that is refused so many times goes on once, and is the same.
#[test]
fn a_result_comes_again_unchanged() {
    let mut rig = Rig::choked(POLICY, SIZE_2, Collect::new(), Collect::new(), 3);
    rig.give_all(0, [1, 1].map(|key| item(key, 1)));
    for _ in 0..2 {
        assert_eq!(rig.end_turn(0), Err(Halt::Again));
    }
    assert_eq!(rig.end_turn(0), Ok(()));
    assert_eq!(rig.results(), [(1, 2, 2, Size)]);
    rig.close();
}

/// CAMEL-23513, where what closes at the end races with the end: all that is open or waits goes on in the last turns, once.
#[test]
fn camel_23513_the_end_loses_nothing() {
    let policy = Policy { groups: 100, ..POLICY };
    let mut rig = Rig::over(policy, SIZE_2, Collect::new(), Collect::with_capacity(1));
    rig.give_all(0, (1..=40).chain(1..=20).map(|key| item(key, 1)));
    let mut seen = Vec::new();
    loop {
        let flow = rig.end_turn(u64::MAX);
        seen.extend(rig.results());
        if flow != Err(Halt::Again) {
            break;
        }
    }
    let complete = (1..=20).map(|key| (key, 2, 2, Size));
    let partial = (21..=40).map(|key| (key, 1, 1, ClosedBy::Stop));
    assert!(seen.into_iter().eq(complete.chain(partial)));
    assert_eq!(rig.stage.groups(), 0);
    rig.close();
}

/// CAMEL-20139: results that are completed together each have their own key.
#[test]
fn camel_20139_results_closed_together_have_their_own_keys() {
    let policy = Policy { groups: 64, ..POLICY };
    let check = |mut rig: Rig| {
        let results = rig.results();
        assert_eq!(results.len(), 64);
        for (key, sum, n, _) in results {
            assert_eq!((sum, n), (i64::from(key) * 2, 2));
        }
        let _ = rig.end_turn(0);
        rig.close();
    };
    for by in 0..4 {
        let conditions = match by {
            0 => Conditions { interval: Some(nanos(10)), ..SIZE_3 },
            1 => Conditions { total: Some(nanos(10)), ..SIZE_3 },
            _ => SIZE_3,
        };
        let mut rig = Rig::new(policy, conditions);
        rig.give_all(0, (1..=64).chain(1..=64).map(|key| item(key, key.into())));
        let _ = rig.end_turn(0);
        if by == 3 {
            rig.stage.force(Force::All);
        }
        let _ = rig.end_turn(if by == 2 { u64::MAX } else { 10 });
        check(rig);
    }
}
