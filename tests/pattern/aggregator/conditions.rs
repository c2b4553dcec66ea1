//! When a group closes: every condition, and their order.

use super::*;
use ClosedBy::{After, Before, Inactivity, Interval, NewKey, Size, Stop, Total};

/// 8.d1: size 3; after the fifth event one group is complete, and one is held.
#[test]
fn aggregator_1_a_group_of_three_closes_with_its_third_event() {
    let mut rig = Rig::new(POLICY, SIZE_3);
    for (key, n) in [(1, 1), (2, 10), (1, 2), (2, 20)] {
        rig.give_all(0, [item(key, n)]);
        assert!(rig.out.is_empty());
    }
    rig.give_all(0, [item(1, 3)]);
    assert_eq!(rig.results(), [(1, 6, 3, Size)]);
    assert_eq!(rig.stage.groups(), 1);
    let balance = rig.balance();
    assert_eq!(balance, Balance { input: 5, folded: 5, generated: 1, out: 1, ..Balance::default() });
    let (_, members) = rig.close();
    assert_eq!((members.emitted, members.discarded[Reason::Shutdown]), (3, 2));
}

/// 8.d2: another key closes the group that is open, before its own opens. (A test of Camel's.)
#[test]
fn aggregator_2_a_new_key_closes_the_others() {
    let mut rig = Rig::new(POLICY, Conditions { new_key: true, ..SIZE_3 });
    rig.give_all(0, [1, 1, 2, 2, 3, 3, 3].map(|key| item(key, 1)));
    assert_eq!(rig.results(), [(1, 2, 2, NewKey), (2, 2, 2, NewKey), (3, 3, 3, Size)]);
    assert_eq!(rig.stage.groups(), 0);
    rig.close();
}

/// 8.d3: inactivity begins anew with each event, the total time does not.
#[test]
fn aggregator_3_inactivity_is_not_the_total_time() {
    let run = |conditions| {
        let mut rig = Rig::new(POLICY, conditions);
        let mut seen = Vec::new();
        for t in 0..=30 {
            if [0, 8, 16].contains(&t) {
                rig.give_all(t, [item(1, 1)]);
            }
            let _ = rig.end_turn(t);
            seen.extend(rig.results().into_iter().map(|(_, _, n, by)| (t, n, by)));
        }
        rig.close();
        seen
    };
    let inactivity = Conditions { inactivity: Some(nanos(10)), ..Conditions::NONE };
    let total = Conditions { total: Some(nanos(10)), ..Conditions::NONE };
    assert_eq!(run(inactivity), [(26, 3, Inactivity)]);
    assert_eq!(run(total), [(10, 2, Total), (26, 1, Total)]);
    // Of both, the one that is over first is told; of two at once, inactivity.
    let both = |total| Conditions { total: Some(nanos(total)), ..inactivity };
    assert_eq!(run(both(20)), [(20, 3, Total)]);
    assert_eq!(run(both(26)), [(26, 3, Inactivity)]);
}

/// 8.d5: the event that would be too much opens the next group.
#[test]
fn aggregator_5_before_closes_without_the_event() {
    let before: fn(&i64, &Item) -> bool = |sum, item| sum + item.n > 100;
    let mut rig = Rig::new(POLICY, Conditions { before: Some(before), ..Conditions::NONE });
    rig.give_all(0, [40, 50, 30, 90].map(|n| item(1, n)));
    assert_eq!(rig.results(), [(1, 90, 2, Before), (1, 30, 1, Before)]);
    assert_eq!(rig.stage.groups(), 1);
    let _ = rig.end_turn(u64::MAX);
    assert_eq!(rig.results(), [(1, 90, 1, Stop)]);
    rig.close();
}

/// It is not late either, if closed keys are remembered, nor if it has to wait for room and comes again.
#[test]
fn the_event_that_closed_a_group_is_not_late() {
    let before: fn(&i64, &Item) -> bool = |sum, item| sum + item.n > 100;
    let policy = Policy { groups: 1, late: Late::Dlc { remember: 8 }, ..POLICY };
    let conditions = Conditions { before: Some(before), ..Conditions::NONE };
    let mut rig = Rig::over(policy, conditions, Collect::new(), Collect::with_capacity(1));
    rig.give_all(0, [60, 60].map(|n| item(1, n)));
    for _ in 0..3 {
        assert_eq!(rig.give(0, item(1, 70)), Err(Halt::Again), "60 is in the way of the second 60");
    }
    assert_eq!(rig.results(), [(1, 60, 1, Before)]);
    rig.give_all(0, [item(1, 70)]);
    assert_eq!(rig.results(), [(1, 60, 1, Before)]);
    let (balance, _) = rig.close();
    assert_eq!(balance.input, 3);
}

#[test]
fn weight_closes_at_its_limit() {
    let weight = Weight { of: |item: &Item| item.n as u64, limit: 100 };
    let mut rig = Rig::new(POLICY, Conditions { weight: Some(weight), ..Conditions::NONE });
    rig.give_all(0, [60, 39, 1, 150].map(|n| item(1, n)));
    assert_eq!(rig.results(), [(1, 100, 3, ClosedBy::Weight), (1, 150, 1, ClosedBy::Weight)]);
    rig.close();
}

/// In one event: before, fold, after, size, weight.
#[test]
fn the_first_condition_that_holds_is_told() {
    let all = Conditions {
        after: Some(|sum: &i64| *sum >= 10),
        before: Some(|sum: &i64, item: &Item| sum + item.n > 15),
        weight: Some(Weight { of: |_: &Item| 1, limit: 2 }),
        size: Some(2),
        ..Conditions::NONE
    };
    let run = |conditions, items: &[i64]| {
        let mut rig = Rig::new(POLICY, conditions);
        rig.give_all(0, items.iter().map(|n| item(1, *n)));
        rig.results().iter().map(|(.., by)| *by).collect::<Vec<_>>()
    };
    assert_eq!(run(all, &[5, 20]), [Before, After]);
    assert_eq!(run(all, &[5, 5]), [After]);
    assert_eq!(run(all, &[1, 1]), [Size]);
    assert_eq!(run(Conditions { size: None, ..all }, &[1, 1]), [ClosedBy::Weight]);
}

#[test]
fn an_interval_closes_all_groups_at_its_multiples() {
    let mut rig = Rig::new(POLICY, Conditions { interval: Some(nanos(10)), ..Conditions::NONE });
    let mut seen = Vec::new();
    for t in [3, 9, 10, 19, 45, 50] {
        rig.give_all(t, [item(1, 1), item(2, 1)]);
        let _ = rig.end_turn(t);
        seen.extend(rig.results().into_iter().map(|(key, _, n, by)| (t, key, n, by)));
    }
    let expected = [(10, 3), (45, 2), (50, 1)];
    let expected: Vec<_> =
        expected.iter().flat_map(|&(t, n)| [1, 2].map(|key| (t, key, n, Interval))).collect();
    assert_eq!(seen, expected);
    rig.close();
}

#[test]
fn force_closes_one_key_or_all() {
    let mut rig = Rig::new(POLICY, SIZE_3);
    rig.give_all(0, [3, 1, 2].map(|key| item(key, 1)));
    rig.stage.force(Force::Key(1));
    rig.stage.force(Force::Key(9));
    assert_eq!(rig.end_turn(0), Err(Halt::Again), "two are open");
    assert_eq!(rig.results(), [(1, 1, 1, ClosedBy::Force)]);
    rig.stage.force(Force::All);
    assert_eq!(rig.end_turn(0), Ok(()));
    assert_eq!(rig.results(), [(3, 1, 1, ClosedBy::Force), (2, 1, 1, ClosedBy::Force)]);
    rig.close();
}

#[test]
fn a_result_says_all_that_is_known() {
    let mut rig = Rig::new(POLICY, SIZE_3);
    rig.give_all(5, [item(1, 1)]);
    rig.give_all(7, [item(2, 1), item(2, 1)]);
    rig.give_all(9, [item(2, 1)]);
    let _ = rig.end_turn(u64::MAX);
    let of = |key, epoch, n, closed_by, (opened, touched)| Aggregate {
        key,
        epoch,
        n,
        closed_by,
        opened: tick(opened),
        touched: tick(touched),
        value: n as i64,
    };
    assert_eq!(rig.out.events(), [of(2, 2, 3, Size, (7, 9)), of(1, 1, 1, Stop, (5, 5))]);
    assert_eq!((Size.is_partial(), Stop.is_partial()), (false, true));
    rig.close();
}

/// 8.d12, and the others that are not built.
#[test]
fn aggregator_12_a_policy_that_would_wait_for_ever_is_not_built() {
    let next = || Copies(Choke::new(0, Collect::<Sum>::new()));
    let error = |policy, conditions| {
        Aggregator::new(policy, conditions, key as Key, 0, sum as Fold, next(), next()).err()
    };
    let block = Policy { full: Full::Block, ..POLICY };
    assert_eq!(error(block, SIZE_3), Some(Unbuildable::WouldDeadlock));
    for timed in [
        Conditions { inactivity: Some(nanos(1)), ..SIZE_3 },
        Conditions { total: Some(nanos(1)), ..SIZE_3 },
        Conditions { interval: Some(nanos(1)), ..SIZE_3 },
    ] {
        assert_eq!(error(block, timed), None);
    }
    assert_eq!(error(POLICY, Conditions::NONE), Some(Unbuildable::NoCondition), "force alone");
    let zero = Some(Unbuildable::Capacity(CapacityError::Zero));
    assert_eq!(error(Policy { groups: 0, ..POLICY }, SIZE_3), zero);
    assert_eq!(error(Policy { late: Late::Discard { remember: 0 }, ..POLICY }, SIZE_3), zero);
    assert_eq!(error(POLICY, Conditions { size: Some(0), ..SIZE_3 }), zero);
    assert_eq!(error(POLICY, Conditions { interval: Some(Duration::ZERO), ..SIZE_3 }), zero);
    let replace = Parts { of: |item: &Item| item.part, duplicate: Duplicate::Replace };
    assert_eq!(
        error(POLICY, Conditions { parts: Some(replace), ..SIZE_3 }),
        Some(Unbuildable::NothingToReplace)
    );
    for unbuildable in [Unbuildable::WouldDeadlock, Unbuildable::NoCondition, Unbuildable::NothingToReplace] {
        assert!(unbuildable.to_string().contains('`'), "it names what to say instead");
    }
}
