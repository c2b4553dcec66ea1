//! A table that is full.

use super::*;
use ClosedBy::{Evicted, Size, Total};

/// 8.d6: a fifth key, and room for four.
#[test]
fn aggregator_6_a_full_table_rejects_or_evicts() {
    let opened = |full, conditions| {
        let mut rig = Rig::new(Policy { full, ..POLICY }, conditions);
        rig.give_all(0, [1, 2, 3, 4, 1].map(|key| item(key, 1)));
        rig
    };
    let full = Err(Fault::of(Reason::TableFull).into());

    let mut rig = opened(Full::RejectNew, SIZE_3);
    assert_eq!(rig.give(0, item(5, 1)), full);
    assert_eq!(rig.balance().dead_lettered[Reason::TableFull], 1);
    rig.give_all(0, [item(1, 1)]);
    assert_eq!(rig.results(), [(1, 3, 3, Size)], "the groups are as they were");
    rig.give_all(0, [item(5, 1)]);
    rig.close();

    let mut rig = opened(Full::EvictOldest(Unfinished::EmitPartial), SIZE_3);
    rig.give_all(0, [item(5, 1)]);
    assert_eq!(rig.results(), [(1, 2, 2, Evicted)]);
    assert!(Evicted.is_partial());
    assert_eq!(rig.stage.groups(), 4, "5 is open");
    rig.close();

    let mut rig = opened(Full::EvictOldest(Unfinished::Dlc), SIZE_3);
    rig.give_all(0, [item(5, 1)]);
    assert_eq!((rig.results(), rig.letters()), (vec![], vec![(1, 2, 2, Evicted)]));
    let (balance, members) = rig.close();
    assert_eq!((balance.dead_lettered[Reason::Evicted], members.discarded[Reason::Evicted]), (1, 2));

    let mut rig = opened(Full::EvictLru(Unfinished::EmitPartial), SIZE_3);
    rig.give_all(0, [item(5, 1)]);
    assert_eq!(rig.results(), [(2, 1, 1, Evicted)], "1 was used last");
    rig.close();

    let mut rig = opened(Full::Fail, SIZE_3);
    assert_eq!(rig.give(0, item(5, 1)), Err(Halt::Stop));
    assert_eq!(rig.give(0, item(1, 1)), Err(Halt::Stop), "it is the end");
    let (balance, _) = rig.close();
    assert_eq!((balance.dropped[Reason::TableFull], balance.dropped[Reason::Shutdown]), (1, 1));
}

/// Blocked, until time makes room.
#[test]
fn an_event_that_blocks_comes_in_when_a_time_is_over() {
    let conditions = Conditions { total: Some(nanos(10)), ..SIZE_3 };
    let mut rig = Rig::new(Policy { full: Full::Block, ..POLICY }, conditions);
    for key in 1..=4 {
        rig.give_all(key.into(), [item(key, 1)]);
    }
    for t in 5..11 {
        assert_eq!(rig.give(t, item(5, 1)), Err(Halt::Again));
        assert_eq!(rig.end_turn(t), Err(Halt::Again));
    }
    assert_eq!(rig.end_turn(11), Err(Halt::Again));
    assert_eq!(rig.results(), [(1, 1, 1, Total)]);
    rig.give_all(11, [item(5, 1)]);
    let (balance, _) = rig.close();
    assert_eq!(balance.input, 5, "what came again is booked once");
}

/// What waits to go on is waited for, also where a full table rejects: the room will be there.
#[test]
fn a_place_that_is_about_to_be_free_is_waited_for() {
    let conditions = Conditions { size: Some(1), ..Conditions::NONE };
    let mut rig = Rig::over(POLICY, conditions, Collect::new(), Collect::with_capacity(1));
    rig.give_all(0, (1..=5).map(|key| item(key, 1)));
    assert_eq!(rig.give(0, item(6, 1)), Err(Halt::Again));
    let _ = rig.out.take();
    rig.give_all(0, [item(6, 1)]);
    rig.close();
}

/// 8.d10: as many keys as there are, with one hash.
#[test]
fn aggregator_10_keys_with_equal_hashes_are_told_apart() {
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    struct Same(u32);
    impl std::hash::Hash for Same {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            state.write_u8(7);
        }
    }
    let keys = if cfg!(miri) { 30 } else { 1000 };
    for table in [keys as usize, keys as usize / 2] {
        let mut seen = Vec::new();
        let next = |sum: Aggregate<Same, &mut u64>, _: At| -> Flow {
            seen.push((sum.key.0, *sum.value));
            Ok(())
        };
        let add = |sum: &mut u64, n: &u32| -> Result<(), Fault> {
            *sum += u64::from(*n);
            Ok(())
        };
        let two = Conditions { size: Some(2), ..Conditions::NONE };
        let policy = Policy { groups: table, ..POLICY };
        let dead = |_: Aggregate<Same, &mut u64>, _: At| -> Flow { Ok(()) };
        let mut stage = Aggregator::new(policy, two, |n: &u32| Some(Same(*n)), 0, add, dead, next).unwrap();
        let at = At { seq: Sequence::ZERO, now: tick(0) };
        let refused = (1..=keys).filter(|n| stage.on_event(n, at).is_err()).count();
        assert_eq!(refused, keys as usize - table);
        (1..=table as u32).rev().for_each(|n| stage.on_event(&n, at).unwrap());
        drop(stage);
        let expected: Vec<_> = (1..=table as u32).rev().map(|n| (n, 2 * u64::from(n))).collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn an_event_without_a_key_is_rejected() {
    let mut rig = Rig::new(POLICY, SIZE_3);
    assert_eq!(rig.give(0, item(0, 1)), Err(Fault::of(Reason::InvalidKey).into()));
    assert_eq!(rig.balance().dead_lettered[Reason::InvalidKey], 1);
    rig.close();
}
