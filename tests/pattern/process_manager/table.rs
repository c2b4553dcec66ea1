//! The table of processes: full, reused.

use super::order::{Command, Orders, POLICY, Rig, What, event, ns};
use crate::kit::Collect;
use ringmain::contract::{Fault, Halt, Reason};
use ringmain::pattern::process_manager::{Full, Policy, ProcessManager, Unbuildable};
use ringmain::ring::CapacityError;

const ALL: [What; 4] = [What::Submit, What::Reserved, What::Paid, What::Shipped];
const TABLE_FULL: Result<(), Halt> = Err(Halt::Reject(Fault::of(Reason::TableFull)));

fn full(policy: Policy) -> Rig {
    let mut rig = Rig::of(2, policy);
    for order in [1, 2] {
        assert_eq!(rig.give(0, event(order, What::Submit)), Ok(()));
    }
    rig
}

/// 19.d10: table full: N+1-th Submit is rejected; the place of one that is finished is reused.
#[test]
fn process_manager_10_full_rejects_and_places_are_reused() {
    let mut rig = full(POLICY);
    assert_eq!(rig.give(0, event(3, What::Submit)), TABLE_FULL);
    assert_eq!(rig.manager.len(), 2, "the others are as they were");
    rig.tell(0, ALL.into_iter().skip(1));
    for order in 3..100 {
        for what in ALL {
            assert_eq!(rig.give(0, event(order, what)), Ok(()), "order {order}");
        }
    }
    let _ = rig.books();
}

/// 19.d10: who has ended and is remembered makes room, the first one first; who has not does not.
#[test]
fn process_manager_10_those_that_ended_are_evicted_first() {
    let mut rig = full(Policy { full: Full::EvictFinished, remember: ns(1000), ..POLICY });
    assert_eq!(rig.give(0, event(3, What::Submit)), TABLE_FULL);
    for order in [2, 1] {
        for what in ALL.into_iter().skip(1) {
            assert_eq!(rig.give(0, event(order, what)), Ok(()));
        }
    }
    assert_eq!(rig.give(0, event(3, What::Submit)), Ok(()));
    assert!(rig.manager.get(&2).is_none() && rig.manager.get(&1).is_some());
    assert_eq!(rig.give(0, event(2, What::Submit)), Ok(()), "as if it had never been");
    assert!(rig.manager.get(&1).is_none());
    assert_eq!(rig.give(0, event(1, What::Submit)), TABLE_FULL);
    let _ = rig.books();
}

/// 19.d10: Block waits for the deadline of one that is there.
#[test]
fn process_manager_10_block_waits_for_a_deadline() {
    let mut rig = full(Policy { full: Full::Block, deadline: Some(ns(50)), ..POLICY });
    for now in [0, 49] {
        assert_eq!(rig.give(now, event(3, What::Submit)), Err(Halt::Again));
        assert_eq!(rig.turn(now), Err(Halt::Again));
    }
    let _ = rig.turn(50);
    assert_eq!(rig.give(50, event(3, What::Submit)), Ok(()));
    assert_eq!(rig.books().input, 3);
}

/// 19.d10: Block does not wait for those that are all stuck: the event that frees them may be behind.
#[test]
fn process_manager_10_block_does_not_wait_for_what_is_stuck() {
    let mut rig = full(Policy { full: Full::Block, deadline: Some(ns(50)), ..POLICY });
    for order in [1, 2] {
        assert_eq!(rig.give(0, event(order, What::Reserved)), Ok(()));
    }
    let mut now = 0;
    while rig.manager.stuck() < 2 {
        assert_eq!(rig.give(now, event(3, What::Submit)), Err(Halt::Again));
        let _ = rig.turn(now);
        now += 10;
    }
    assert_eq!(rig.give(now, event(3, What::Submit)), TABLE_FULL);
    let _ = rig.books();
}

/// 19.d10: what cannot be built says so.
#[test]
fn process_manager_10_unbuildable() {
    let build = |capacity, policy| {
        let sink = Collect::<Command>::new();
        ProcessManager::new(capacity, policy, Orders::default(), sink).map(|_| ()).unwrap_err()
    };
    let block = Policy { full: Full::Block, ..POLICY };
    assert_eq!(build(2, block), Unbuildable::WouldDeadlock);
    assert!(build(2, block).to_string().contains("`deadline`"));
    assert_eq!(build(0, POLICY), Unbuildable::Capacity(CapacityError::Zero));
    assert!(matches!(build(usize::MAX, POLICY), Unbuildable::Capacity(CapacityError::TooLarge { .. })));
}

/// A timer of a process that has ended does not meet the next one with its key, nor the next one in its place.
#[test]
fn process_manager_timers_do_not_outlive_their_process() {
    let mut rig = Rig::of(1, POLICY);
    for what in [What::Submit, What::Reserved, What::PayFailed, What::Undone(super::order::RESERVE)] {
        assert_eq!(rig.give(0, event(1, what)), Ok(()));
    }
    for what in [What::Submit, What::Reserved] {
        assert_eq!(rig.give(60, event(1, what)), Ok(()));
    }
    let _ = rig.out.take();
    let _ = rig.turn(159);
    assert_eq!(rig.verbs(), []);
    let _ = rig.turn(160);
    assert_eq!(rig.verbs(), [super::order::Verb::CancelReserve]);
    let _ = rig.books();
}
