//! The time of a gap, and what comes before it is up.

use super::{POLICY, choked, event, gap, rig, tick};
use ringmain::contract::{At, Balance, Halt, Stage};
use ringmain::ring::Sequence;

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
