//! What panics and what fails.

use super::NOW;
use super::order::{Command, Orders, POLICY, RESERVE, Rig, State, Verb, What, event, ns};
use crate::kit::{Collect, Script, panics, turn};
use ringmain::contract::{At, Fault, Halt, Reason, Stage, Tick};
use ringmain::pattern::process_manager::{Missing, Phase, Policy, ProcessManager, UNDECLARED, Undo};
use ringmain::pattern::{Catch, DeadLetter, LetterBox, Overflow, Remedy, Retry};
use ringmain::ring::Sequence;

/// 19.d8: panic in a transition -> state unchanged, event to the dead letter channel after retries; others go on.
#[test]
fn process_manager_8_a_panic_changes_nothing_and_is_a_letter() {
    for trouble in [What::Panic, What::Fault] {
        let out = Collect::new();
        let manager = ProcessManager::new(2, POLICY, Orders::default(), out.clone()).unwrap();
        let account = manager.account();
        let letters = LetterBox::new(4, Default::default);
        let mut stage = DeadLetter::new("orders", Overflow::Block, letters, Catch::new(manager))
            .retry(Retry::immediate(2), |_| Remedy::Retry);
        let way = [What::Submit, What::Reserved, trouble, What::Paid, What::Shipped];
        let mut script = Script::new(way.map(|what| event(1, what)));
        while script.consumed() < way.len() {
            let _ = turn(&mut script, &mut stage, NOW);
        }
        let letters: Vec<_> = stage.letters().iter().map(|letter| (letter.fault, letter.attempts)).collect();
        let fault = if trouble == What::Panic { Fault::of(Reason::Panic) } else { Fault::new(5) };
        assert_eq!(letters, [(fault, 3)]);
        let commands: Vec<_> = out.take().into_iter().map(|out: Command| (out.order, out.verb)).collect();
        assert_eq!(commands, [(1, Verb::Reserve), (1, Verb::Pay), (1, Verb::Ship)]);
        drop(stage);
        assert_eq!(account.read().check(), Ok(()));
    }
}

/// 19.d8: the process itself, looked at right behind the panic.
#[test]
fn process_manager_8_state_data_timers_and_steps_are_as_they_were() {
    let mut rig = Rig::new(POLICY);
    rig.tell(0, [What::Submit, What::Reserved]);
    assert!(panics(|| rig.give(0, event(1, What::Panic))));
    assert_eq!(rig.give(0, event(1, What::Fault)), Err(Halt::Reject(Fault::new(5))));
    let order = rig.manager.get(&1).unwrap();
    assert_eq!((order.state(), order.data().order), (State::Paying, 1));
    assert_eq!((order.steps(), order.timers().count()), (&[Undo::of(RESERVE, 1)][..], 1));
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay]);
    rig.tell(0, [What::Paid]);
    assert_eq!(rig.verbs(), [Verb::Ship]);
    let _ = rig.books();
}

/// 19.d8: a panic at the first event leaves no process behind.
#[test]
fn process_manager_8_a_panic_at_the_beginning_begins_nothing() {
    let machine = Orders { submit_panics: true, ..Orders::default() };
    let out = Collect::<Command>::new();
    let mut manager = ProcessManager::new(2, POLICY, machine, out.clone()).unwrap();
    let at = At { seq: Sequence::ZERO, now: NOW };
    assert!(panics(|| manager.on_event(&event(1, What::Submit), at)));
    assert!(manager.is_empty() && out.is_empty());
}

/// A way back that panics when nobody is there to be told: the process waits for an operator, and the books balance.
#[test]
fn process_manager_8_a_panic_on_the_way_back_is_stuck() {
    let machine = Orders { undo_panics: true, ..Orders::default() };
    let policy = Policy { deadline: Some(ns(50)), ..POLICY };
    let mut manager = ProcessManager::new(2, policy, machine, Collect::<Command>::new()).unwrap();
    let account = manager.account();
    let at = At { seq: Sequence::ZERO, now: NOW };
    for what in [What::Submit, What::Reserved] {
        assert_eq!(manager.on_event(&event(1, what), at), Ok(()));
    }
    // An event that leads back: nothing has happened.
    assert!(panics(|| manager.on_event(&event(1, What::PayFailed), at)));
    assert_eq!(manager.get(&1).map(|order| order.phase()), Some(Phase::Running));
    // The deadline: somebody has to look.
    assert!(panics(|| manager.on_batch_end(Tick::from_nanos(50))));
    assert_eq!(manager.get(&1).map(|order| order.phase()), Some(Phase::Stuck(Undo::of(RESERVE, 1))));
    assert_eq!((manager.stuck(), manager.on_batch_end(Tick::MAX)), (1, Ok(())));
    drop(manager);
    let books = account.read();
    assert_eq!((books.check(), books.dropped[Reason::Panic]), (Ok(()), 1));
}

/// A held event that panics when its process goes on costs itself, and is booked.
#[test]
fn process_manager_8_a_held_event_that_panics_is_booked() {
    let policy = Policy { missing: Missing::Hold(ns(50)), ..POLICY };
    let mut rig = Rig::new(policy);
    rig.tell(0, [What::Reserved, What::Panic]);
    assert_eq!(rig.give(0, event(1, What::Submit)), Ok(()), "it has no part in that");
    assert!(panics(|| rig.turn(0)));
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay]);
    let books = rig.books();
    assert_eq!((books.dropped[Reason::Panic], books.held), (1, 0));
}

/// A handler that leads to where its rule does not: nothing of it happens, so the diagram is never wrong.
#[test]
fn process_manager_15_what_is_not_declared_does_not_happen() {
    let mut rig = Rig::new(POLICY);
    rig.tell(0, [What::Submit, What::Reserved]);
    let _ = rig.verbs();
    assert_eq!(rig.give(0, event(1, What::Astray)), Err(Halt::Reject(UNDECLARED)));
    assert_eq!(rig.verbs(), []);
    assert_eq!(rig.manager.get(&1).map(|order| order.state()), Some(State::Paying));
    let _ = rig.books();
}
