//! What went wrong elsewhere.

use super::order::{Command, POLICY, RESERVE, Rig, Verb, What, event, ns};
use crate::kit::Collect;
use ringmain::contract::Halt;
use ringmain::pattern::process_manager::{Missing, Policy};

/// CAMEL-24142: a one-shot timeout was skipped when a lock was taken, and the exchange hung for ever. A timer that finds no
/// room waits for it, however long, and is not lost.
#[test]
fn camel_24142_a_timer_that_finds_no_room_is_not_skipped() {
    let out = Collect::<Command>::with_capacity(3);
    let mut rig = Rig::into_sink(8, POLICY, out);
    rig.tell(0, [What::Submit, What::Reserved]);
    for now in [100, 101, 5000] {
        assert_eq!(rig.turn(now), Err(Halt::Again), "it wants to be asked again");
    }
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay]);
    let _ = rig.turn(5001);
    assert_eq!(rig.verbs(), [Verb::CancelReserve]);
    let _ = rig.books();
}

/// boulder #1045: entries were not removed on a timeout, which leaked. Here the table would be full after two.
#[test]
fn boulder_1045_what_timed_out_leaves_nothing_behind() {
    let mut rig = Rig::of(2, POLICY);
    for order in 0..100 {
        let now = order * 1000;
        for what in [What::Submit, What::Reserved] {
            assert_eq!(rig.give(now, event(order, what)), Ok(()), "order {order}");
        }
        let _ = rig.turn(now + 100);
        assert_eq!(rig.give(now + 100, event(order, What::Undone(RESERVE))), Ok(()));
        assert_eq!((rig.manager.len(), rig.manager.next_deadline()), (0, None));
    }
    let _ = rig.books();
}

/// Spring Integration #3334: orphan groups never timed out (there: after a restart). What is held for a process that never
/// begins expires, and a thread that sleeps is told when.
#[test]
fn spring_integration_3334_what_nobody_comes_for_expires() {
    let mut rig = Rig::new(Policy { missing: Missing::Hold(ns(50)), ..POLICY });
    rig.tell(7, [What::Reserved]);
    assert_eq!(rig.manager.next_deadline().map(|due| due.nanos()), Some(57));
    assert_eq!((rig.turn(56), rig.turn(57)), (Err(Halt::Again), Ok(())));
    assert_eq!(rig.manager.next_deadline(), None);
    assert_eq!(rig.books().held, 0);
}
