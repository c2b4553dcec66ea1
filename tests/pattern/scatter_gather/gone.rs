//! Recipients that go.

use super::{NOW, note, ns, policy, poll, rig, waiting};
use ringmain::pattern::{All, AtDeadline, Ending, Quorum, RESPONDER_GONE, Says, Unasked};
use std::time::Duration;

/// Who is removed while it is waited for has failed, in every scatter; what it says after that is late.
#[test]
fn who_is_removed_while_pending_has_failed() {
    let mut rig = rig::<_, _, _, 3>(4, 4, waiting(Quorum(2)), note);
    for _ in 0..2 {
        rig.ask(0, 50, vec![]).unwrap();
        rig.answer(0, 1);
        rig.answer(1, 2);
    }
    rig.scatter.remove(0b010, ns(1));
    assert_eq!((rig.poll(1), rig.scatter.late(1)), (vec![], 2));
    rig.answer(2, 3);
    rig.scatter.remove(0b100, ns(1));
    let told = rig.poll(1);
    assert_eq!((told.len(), rig.scatter.late(2)), (2, 1));
    for told in told {
        assert_eq!((told.ending, told.answered, told.missing), (Ending::Impossible, 0b001, 0));
        assert_eq!(told.faults, [(1, RESPONDER_GONE), (2, RESPONDER_GONE)]);
    }
}

/// One whose ring is found closed is gone for all that wait for it.
#[test]
fn a_closed_ring_is_a_recipient_that_is_gone() {
    let mut rig = rig::<_, _, _, 2>(8, 1, waiting(Quorum(2)), note);
    let a = rig.ask(0, 50, vec![]).unwrap();
    let [first, second] = rig.to;
    drop(second);
    // The ring is full and closed: this one finds out, and so does the one before.
    let b = rig.scatter.ask_of(0b10, NOW, Duration::from_nanos(50), vec![], |_| ()).unwrap();
    let told = poll(&mut rig.scatter, 1);
    assert_eq!(told.iter().map(|told| told.ticket).collect::<Vec<_>>(), [b]);
    assert_eq!((told[0].ending, &told[0].faults[..]), (Ending::Impossible, &[(1, RESPONDER_GONE)][..]));
    drop(first);
    drop(rig.replies);
    let told = poll(&mut rig.scatter, 2);
    assert_eq!((told[0].ticket, told[0].failed), (a, 0b11));
}

/// With `AllOrNothing` who is gone makes the question a refused one.
#[test]
fn nobody_is_asked_if_one_is_gone() {
    let mut rig = rig::<_, _, _, 3>(4, 4, policy(All), note);
    rig.ask(0, 50, vec![]).unwrap();
    rig.scatter.remove(0b100, ns(1));
    assert_eq!(rig.poll(1)[0].faults, [(2, RESPONDER_GONE)]);
    assert_eq!(rig.ask(1, 50, vec![]), Err(Unasked::NoResponder));
    assert_eq!([0, 1, 2].map(|recipient| rig.to[recipient].len()), [1; 3]);
    assert!(rig.scatter.ask_of(0b011, NOW, Duration::from_nanos(50), vec![], |_| ()).is_ok());
}

/// When the last that could answer has gone, so is told at once, and not at the deadline. What is there at the deadline is
/// told at the deadline all the same, if there is anything.
#[test]
fn all_are_gone() {
    let mut rig = rig::<_, _, _, 2>(4, 4, waiting(AtDeadline), note);
    let (a, b) = (rig.ask(0, 50, vec![]).unwrap(), rig.ask(0, 60, vec![]).unwrap());
    let request = rig.take(0);
    rig.say(&request, Says::Reply, 1);
    drop((rig.to, rig.replies));
    let told = poll(&mut rig.scatter, 1);
    assert_eq!((told.len(), told[0].ticket, told[0].ending), (1, b, Ending::Impossible));
    let told = poll(&mut rig.scatter, 50);
    assert_eq!((told[0].ticket, told[0].ending, told[0].failed), (a, Ending::Complete, 0b10));
    let asked = rig.scatter.ask(ns(50), Duration::from_nanos(50), vec![], |_| unreachable!("nobody"));
    assert_eq!((asked, rig.scatter.pending()), (Err(Unasked::NoResponder), 0));
}
