//! The way back.

use super::order::{LABEL, PAY, POLICY, RESERVE, Rig, Verb, What, event, ns};
use ringmain::contract::{Fault, Halt, Reason};
use ringmain::pattern::Retry;
use ringmain::pattern::process_manager::{Phase, Policy, Undo};

const REMEMBER: Policy = Policy { remember: ns(500), ..POLICY };
const PAYING: [What; 2] = [What::Submit, What::Reserved];
const SHIPPING: [What; 3] = [What::Submit, What::Reserved, What::Paid];

fn phase(rig: &Rig) -> Option<Phase> {
    rig.manager.get(&1).map(|order| order.phase())
}

/// 19.d2: pay fails -> outputs [Reserve, Pay, CancelReserve], state Compensated.
#[test]
fn process_manager_2_what_was_done_is_undone() {
    let mut rig = Rig::new(REMEMBER);
    rig.tell(0, PAYING);
    rig.tell(1, [What::PayFailed]);
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay, Verb::CancelReserve]);
    let undoing = Phase::Undoing { undo: Undo::of(RESERVE, 1), attempts: 1, sent: true };
    assert_eq!(phase(&rig), Some(undoing));
    rig.tell(2, [What::Undone(RESERVE)]);
    assert_eq!(phase(&rig), Some(Phase::Compensated));
    assert_eq!(rig.verbs(), []);
    let _ = rig.books();
}

/// 19.d2: the order of compensation with 3 done steps = 3, 2, 1, each when the one before is acknowledged.
#[test]
fn process_manager_2_three_steps_are_undone_in_reverse() {
    let mut rig = Rig::new(POLICY);
    rig.tell(0, SHIPPING);
    let _ = rig.verbs();
    for (what, verb) in [
        (What::ShipFailed, Verb::CancelLabel),
        (What::Undone(LABEL), Verb::Refund),
        (What::Undone(PAY), Verb::CancelReserve),
    ] {
        rig.tell(1, [what]);
        assert_eq!(rig.verbs(), [verb]);
    }
    rig.tell(1, [What::Undone(RESERVE)]);
    assert!(rig.manager.is_empty());
    let _ = rig.books();
}

/// 19.d3: payment timeout 100: at t=100 compensation; PaymentOk at t=101 -> late -> Refund emitted once.
#[test]
fn process_manager_3_a_payment_that_comes_too_late_is_paid_back_once() {
    let mut rig = Rig::new(REMEMBER);
    rig.tell(0, PAYING);
    let _ = (rig.turn(99), rig.verbs());
    assert_eq!(rig.verbs(), []);
    let _ = rig.turn(100);
    assert_eq!(rig.verbs(), [Verb::CancelReserve]);
    rig.tell(101, [What::Paid]);
    assert_eq!(rig.verbs(), [], "one after the other");
    rig.tell(102, [What::Undone(RESERVE)]);
    assert_eq!(rig.verbs(), [Verb::Refund]);
    let again = rig.give(103, event(1, What::Paid));
    assert_eq!(again, Err(Halt::Reject(Fault::of(Reason::Late))));
    rig.tell(104, [What::Undone(PAY)]);
    assert_eq!((phase(&rig), rig.verbs()), (Some(Phase::Compensated), vec![]));
    let _ = rig.books();
}

/// 19.d3, when the way back is over already: the process goes back once more.
#[test]
fn process_manager_3_also_when_all_was_undone_before() {
    let mut rig = Rig::new(REMEMBER);
    rig.tell(0, PAYING);
    let _ = rig.turn(100);
    rig.tell(100, [What::Undone(RESERVE)]);
    assert_eq!(phase(&rig), Some(Phase::Compensated));
    let _ = rig.verbs();
    rig.tell(101, [What::Paid]);
    assert_eq!(rig.verbs(), [Verb::Refund]);
    // It is not forgotten when it was to be.
    rig.tell(700, [What::Undone(PAY)]);
    assert_eq!(rig.turn(1199), Ok(()), "who is only remembered keeps nobody waiting");
    assert_eq!(phase(&rig), Some(Phase::Compensated));
    assert_eq!(rig.turn(1200), Ok(()));
    assert!(rig.manager.is_empty());
    let _ = rig.books();
}

/// A late event that is of no account, and one that nobody expects.
#[test]
fn process_manager_3_what_else_is_late() {
    let mut rig = Rig::new(REMEMBER);
    rig.tell(0, PAYING);
    rig.tell(0, [What::PayFailed, What::Ping]);
    let late = Err(Halt::Reject(Fault::of(Reason::Late)));
    assert_eq!(rig.give(0, event(1, What::Shipped)), late);
    let books = rig.books();
    assert_eq!((books.filtered, books.dead_lettered[Reason::Late]), (1, 1));
}

/// 19.d11: a step back fails 3x -> Failed(stuck), visible in the query, others go on; an operator's Retry completes it.
#[test]
fn process_manager_11_a_step_that_cannot_be_undone_waits_for_an_operator() {
    let mut rig = Rig::new(REMEMBER);
    rig.tell(0, PAYING);
    rig.tell(0, [What::PayFailed]);
    let _ = rig.verbs();
    for now in [10, 20] {
        rig.tell(now - 10, [What::UndoFailed(RESERVE)]);
        let _ = rig.turn(now - 1);
        assert_eq!(rig.verbs(), [], "after a delay");
        let _ = rig.turn(now);
        assert_eq!(rig.verbs(), [Verb::CancelReserve]);
    }
    let exhausted = Err(Halt::Reject(Fault::of(Reason::AttemptsExhausted)));
    assert_eq!(rig.give(20, event(1, What::UndoFailed(RESERVE))), exhausted);
    assert_eq!(rig.verbs(), [Verb::Stuck(RESERVE)]);
    assert_eq!((rig.manager.stuck(), phase(&rig)), (1, Some(Phase::Stuck(Undo::of(RESERVE, 1)))));
    assert_eq!(rig.turn(9_999), Ok(()), "time brings nothing to it");
    // It is not forgotten when its event comes to a dead letter channel that tries again.
    assert_eq!(rig.give(20, event(1, What::UndoFailed(RESERVE))), exhausted);

    for what in [What::Submit, What::Reserved, What::Paid, What::Shipped] {
        assert_eq!(rig.give(30, event(2, what)), Ok(()));
    }
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay, Verb::Ship]);

    rig.tell(40, [What::Operator]);
    assert_eq!((rig.verbs(), rig.manager.stuck()), (vec![Verb::CancelReserve], 0));
    rig.tell(41, [What::Undone(RESERVE)]);
    assert_eq!(phase(&rig), Some(Phase::Compensated));
    let books = rig.books();
    assert_eq!(books.dead_lettered[Reason::AttemptsExhausted], 2);
}

/// 19.d11: no answer is a failure, too; and what is answered while it waits to be sent again is done.
#[test]
fn process_manager_11_no_answer_is_a_failure() {
    let mut rig = Rig::new(REMEMBER);
    rig.tell(0, PAYING);
    rig.tell(0, [What::PayFailed]);
    let _ = (rig.verbs(), rig.turn(999));
    let _ = rig.turn(1000);
    assert_eq!(rig.verbs(), []);
    let _ = rig.turn(1010);
    assert_eq!(rig.verbs(), [Verb::CancelReserve]);
    let _ = rig.turn(2010);
    rig.tell(2011, [What::Undone(RESERVE)]);
    assert_eq!((phase(&rig), rig.verbs()), (Some(Phase::Compensated), vec![]));
    // What is said twice.
    rig.tell(2012, [What::Undone(RESERVE), What::UndoFailed(RESERVE), What::Operator]);
    let books = rig.books();
    assert_eq!(books.dropped[Reason::Duplicate], 3);
}

/// 19.d11: nobody ever answers: it is stuck by its time alone, and what was stuck may be done after all.
#[test]
fn process_manager_11_stuck_by_time_and_undone_after_all() {
    let mut rig = Rig::new(Policy { retry: Retry::immediate(2), ..REMEMBER });
    rig.tell(0, PAYING);
    rig.tell(0, [What::PayFailed]);
    for now in [1000, 2000, 3000] {
        let _ = rig.turn(now);
    }
    let [cancel, stuck] = [Verb::CancelReserve, Verb::Stuck(RESERVE)];
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay, cancel, cancel, cancel, stuck]);
    rig.tell(3001, [What::Paid]);
    rig.tell(3002, [What::Undone(RESERVE)]);
    assert_eq!(rig.verbs(), [Verb::Refund]);
    let books = rig.books();
    assert_eq!(books.dropped[Reason::AttemptsExhausted], 1);
}

/// The deadline of all turns a process back from whatever state; a process without a step has nothing to undo.
#[test]
fn process_manager_is_turned_back_by_its_deadline_from_any_state() {
    let ways: [(&[What], &[Verb]); 3] =
        [(&[What::Submit], &[]), (&PAYING, &[Verb::CancelReserve]), (&SHIPPING, &[Verb::CancelLabel])];
    for (way, back) in ways {
        let mut rig = Rig::new(Policy { deadline: Some(ns(50)), ..REMEMBER });
        rig.tell(0, way.iter().copied());
        let _ = (rig.turn(49), rig.verbs());
        let _ = rig.turn(50);
        assert_eq!(rig.verbs(), back);
        assert_eq!(phase(&rig) == Some(Phase::Compensated), back.is_empty());
        let _ = rig.books();
    }
}

/// What was deferred when the process was turned back has come too late, and is undone; also if nothing else was.
#[test]
fn process_manager_3_what_was_deferred_is_undone() {
    let mut rig = Rig::new(Policy { deadline: Some(ns(50)), ..REMEMBER });
    rig.tell(0, [What::Submit, What::Paid]);
    let _ = rig.turn(50);
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Refund]);
    rig.tell(51, [What::Undone(PAY)]);
    assert_eq!(phase(&rig), Some(Phase::Compensated));
    assert_eq!(rig.books().held, 0);

    // One that is not remembered has nobody to undo it: it is told as late.
    let mut rig = Rig::new(Policy { deadline: Some(ns(50)), ..POLICY });
    rig.tell(0, [What::Submit, What::Paid]);
    let _ = rig.turn(50);
    let books = rig.books();
    assert_eq!((books.dropped[Reason::Late], books.held), (1, 0));
}

/// More steps than can be remembered, and more timers: nothing of it happens.
#[test]
fn process_manager_bounds_are_errors() {
    let mut rig = Rig::new(Policy { outputs: 1, ..POLICY });
    rig.tell(0, PAYING);
    let too_much = Err(Halt::Reject(ringmain::pattern::process_manager::TOO_MUCH));
    // Two commands where one is the most.
    assert_eq!(rig.give(0, event(1, What::Ping)), too_much);
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay]);
    let _ = rig.books();
}
