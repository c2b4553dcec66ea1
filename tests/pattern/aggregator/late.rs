//! What comes after its group has closed.

use super::*;
use ClosedBy::{Inactivity, Size};

const SIZE_2: Terms = Conditions { size: Some(2), ..Conditions::NONE };

/// 8.d4: the last two closed keys are remembered. (A test of Camel's.)
#[test]
fn aggregator_4_the_last_k_closed_keys_are_remembered() {
    let policy = Policy { late: Late::Discard { remember: 2 }, ..POLICY };
    let mut rig = Rig::new(policy, SIZE_2);
    rig.give_all(0, [1, 1, 2, 2, 3, 3].map(|key| item(key, 1)));
    assert_eq!(rig.results(), [1, 2, 3].map(|key| (key, 2, 2, Size)));
    rig.give_all(0, [1, 2, 3].map(|key| item(key, 1)));
    assert_eq!(rig.stage.groups(), 1, "1 is forgotten");
    assert_eq!(rig.balance().dropped[Reason::Late], 2);
    rig.close();

    let mut rig = Rig::new(Policy { late: Late::Dlc { remember: 2 }, ..POLICY }, SIZE_2);
    rig.give_all(0, [1, 1].map(|key| item(key, 1)));
    assert_eq!(rig.give(0, item(1, 1)), Err(Fault::of(Reason::Late).into()));
    assert_eq!(rig.balance().dead_lettered[Reason::Late], 1);
    rig.close();

    let mut rig = Rig::new(POLICY, SIZE_2);
    rig.give_all(0, [1, 1, 1, 1].map(|key| item(key, 1)));
    let epochs: Vec<_> = rig.out.events().iter().map(|sum| sum.epoch).collect();
    assert_eq!(epochs, [1, 2], "nothing is remembered");
    rig.close();
}

/// Spring Integration #3755: groups that have closed are kept for those that come late, without end.
#[test]
fn spring_3755_the_memory_of_closed_groups_is_bounded() {
    let policy = Policy { late: Late::Discard { remember: 16 }, ..POLICY };
    let mut rig = Rig::new(policy, Conditions { size: Some(1), ..Conditions::NONE });
    let rounds = if cfg!(miri) { 200 } else { 100_000 };
    for key in 1..=rounds {
        rig.give_all(0, [item(key, 1)]);
        let _ = rig.out.take();
        assert_eq!(rig.stage.groups(), 0, "a closed group leaves nothing in the table");
        // The oldest that is remembered, and the one before it, which opens anew.
        if key == 17 {
            rig.give_all(0, [item(2, 1)]);
            assert!(rig.out.is_empty());
            rig.give_all(0, [item(1, 1)]);
            assert_eq!(rig.results().len(), 1);
        }
    }
    let (balance, _) = rig.close();
    assert_eq!(balance.dropped[Reason::Late], 1);
}

/// What becomes of a group whose time is over, and of one that is open at the end.
#[test]
fn a_group_that_is_not_complete_goes_where_the_policy_says() {
    for (fate, results, letters) in
        [(Unfinished::EmitPartial, 1, 0), (Unfinished::Discard, 0, 0), (Unfinished::Dlc, 0, 1)]
    {
        let conditions = Conditions { inactivity: Some(nanos(10)), ..SIZE_3 };
        let mut rig = Rig::new(Policy { expired: fate, ..POLICY }, conditions);
        rig.give_all(0, [item(1, 4), item(1, 5)]);
        let _ = rig.end_turn(9);
        assert_eq!(rig.stage.groups(), 1);
        assert_eq!(rig.end_turn(10), Ok(()));
        assert_eq!(rig.results(), vec![(1, 9, 2, Inactivity); results]);
        assert_eq!(rig.letters(), vec![(1, 9, 2, Inactivity); letters]);
        let (balance, members) = rig.close();
        assert_eq!(balance.dead_lettered[Reason::Expired], letters as u64);
        assert_eq!(members.emitted, 2 * results as u64);
        assert_eq!(members.discarded[Reason::Expired], if results == 0 { 2 } else { 0 });

        let mut rig = Rig::new(Policy { stopped: fate, ..POLICY }, SIZE_3);
        rig.give_all(0, [item(1, 4), item(1, 5)]);
        assert_eq!(rig.end_turn(u64::MAX), Ok(()));
        assert_eq!((rig.results().len(), rig.letters().len()), (results, letters));
        let (balance, members) = rig.close();
        assert_eq!(balance.dead_lettered[Reason::Shutdown], letters as u64);
        assert_eq!(members.discarded[Reason::Shutdown], if results == 0 { 2 } else { 0 });
    }
}

/// An event of a key whose result still waits: it opens the next group, or it waits, too.
#[test]
fn a_key_whose_result_waits_opens_anew_or_waits() {
    for (pending, flow) in [(Pending::NewEpoch, Ok(())), (Pending::Wait, Err(Halt::Again))] {
        let policy = Policy { pending, ..POLICY };
        let mut rig = Rig::over(policy, SIZE_2, Collect::new(), Collect::with_capacity(1));
        rig.give_all(0, [1, 1, 2, 2].map(|key| item(key, 1)));
        assert_eq!(rig.stage.groups(), 1, "2 waits");
        assert_eq!(rig.give(0, item(2, 5)), flow);
        rig.give_all(0, [item(3, 1)]);
        assert_eq!(rig.results().len(), 1);
        rig.give_all(0, [item(2, 5), item(2, 5)]);
        let mut seen = Vec::new();
        while rig.end_turn(u64::MAX) == Err(Halt::Again) {
            seen.extend(rig.results());
        }
        seen.extend(rig.results());
        assert_eq!(seen[0], (2, 2, 2, Size));
        assert_eq!(seen[1].1, 10);
        rig.close();
    }
}
