//! What other resequencers do, or did wrong, each as a case.

use super::{
    Ahead, Balance, Closing, Duplicate, Hole, POLICY, Policy, Reason, Start, counts, event, gap, nanos, rig,
    stray,
};

/// Apache Camel, stream: as no start is known, the first element always waits for the timeout. Here that is one start of
/// three, and has its name.
#[test]
fn camel_the_first_element_waits_only_if_asked_to() {
    let mut camel = rig(8, Policy { start: Start::SettleFor(nanos(1000)), ..POLICY });
    assert_eq!(camel.at(0, [1, 2]), []);
    assert_eq!(camel.at(999, []), []);
    assert_eq!(camel.at(1000, []), [event(1), event(2)]);
    camel.books(Balance { input: 2, out: 2, ..Balance::default() });

    for start in [Start::Fixed(1), Start::FirstSeen] {
        let mut at_once = rig(8, Policy { start, ..POLICY });
        assert_eq!(at_once.at(0, [1, 2]), [event(1), event(2)]);
        at_once.books(Balance { input: 2, out: 2, ..Balance::default() });
    }
}

/// Apache Camel, stream: duplicates keep the last.
#[test]
fn camel_keeps_the_last_of_two() {
    let mut rig = rig(8, Policy { duplicate: Duplicate::KeepLast, ..POLICY });
    let out = rig.come(0, [(2, 0), (2, 1), (1, 0)]);
    assert_eq!(out, [super::Ordered::Event((1, 0)), super::Ordered::Event((2, 1))]);
    let dropped = counts(&[(Reason::Duplicate, 1)]);
    rig.books(Balance { input: 3, out: 2, dropped, ..Balance::default() });
}

/// Apache Camel, stream: at capacity the caller waits. Here it does if a gap timer will let it go on.
#[test]
fn camel_at_capacity_the_sender_waits() {
    let mut rig = rig(4, Policy { ahead: Ahead::Block, ..POLICY });
    rig.at(0, [2, 3, 4, 5]);
    assert_eq!(rig.script.consumed(), 3, "5 has to wait, and 1 would too");
    assert_eq!(rig.at(500, [1]), [gap(1, 1), event(2), event(3), event(4)]);
    assert_eq!(rig.at(501, []), [event(5)]);
    let dropped = counts(&[(Reason::Late, 1)]);
    rig.books(Balance { input: 5, generated: 1, out: 5, dropped, ..Balance::default() });
}

/// Spring Integration: a late message opens a new group, which "is never released because of the hole". Here a number that
/// was given up opens nothing: it is late, and what comes after it goes on.
#[test]
fn spring_nothing_is_held_for_ever_because_of_a_hole() {
    let mut rig = rig(8, POLICY);
    rig.at(0, [1, 3]);
    assert_eq!(rig.at(500, []), [gap(2, 2), event(3)]);
    assert_eq!(rig.at(501, [2]), []);
    rig.out.take();
    assert_eq!(rig.at(502, [4, 5]), [event(4), event(5)]);
    let dropped = counts(&[(Reason::Late, 1)]);
    rig.books(Balance { input: 5, generated: 1, out: 5, dropped, ..Balance::default() });
}

/// rust-camel, `GapPolicy::EmitPartial`: what is held goes on. There the gap is passed over in silence.
#[test]
fn rust_camel_emit_partial_tells_the_gap() {
    let mut rig = rig(8, Policy { hole: Hole::Skip { after: nanos(10) }, ..POLICY });
    rig.at(0, [1, 3, 4]);
    assert_eq!(rig.at(10, []), [gap(2, 2), event(3), event(4)]);
    rig.books(Balance { input: 3, generated: 1, out: 4, ..Balance::default() });
}

/// rust-camel, `GapPolicy::DropAndLog`: everything held is dropped. Here it comes as strays, and the stage stops.
#[test]
fn rust_camel_drop_and_log_loses_nothing_in_silence() {
    let mut rig = rig(8, Policy { hole: Hole::Halt { after: nanos(10) }, ..POLICY });
    rig.at(0, [1, 3, 4]);
    assert_eq!(rig.at(10, []), [3, 4].map(|n| stray(n, Reason::GapSkipped)));
    rig.books(Balance { input: 3, out: 3, ..Balance::default() });
}

/// rust-camel, `CapacityPolicy::LogAndDrop`.
#[test]
fn rust_camel_log_and_drop_counts_what_it_drops() {
    let mut rig = rig(4, Policy { ahead: Ahead::Drop, ..POLICY });
    assert_eq!(rig.at(0, [2, 5, 1]), [event(1), event(2)]);
    let dropped = counts(&[(Reason::WindowFull, 1)]);
    rig.books(Balance { input: 3, out: 2, dropped, ..Balance::default() });
}

/// Apache Camel, `completeAllOnStop` (CAMEL-23513): what is held when the end comes is brought on once, not twice, however
/// often it is told that it is the end.
#[test]
fn camel_the_end_may_be_told_twice() {
    let mut rig = rig(8, Policy { closing: Closing::Release, ..POLICY });
    rig.at(0, [2]);
    assert_eq!(rig.at(u64::MAX, []), [gap(1, 1), event(2)]);
    assert_eq!(rig.at(u64::MAX, []), []);
    rig.books(Balance { input: 1, generated: 1, out: 2, ..Balance::default() });
}

/// CAMEL-24142: a timeout that was due while something else was busy was lost, and what it was for hung for ever. Here
/// every turn asks again.
#[test]
fn camel_a_timeout_that_met_a_full_output_is_not_lost() {
    let mut rig = super::choked(8, POLICY, 3);
    rig.at(0, [2]);
    let mut out = Vec::new();
    (500..508).for_each(|t| out.extend(rig.at(t, [])));
    assert_eq!(out, [gap(1, 1), event(2)]);
    rig.books(Balance { input: 1, generated: 1, out: 2, ..Balance::default() });
}
