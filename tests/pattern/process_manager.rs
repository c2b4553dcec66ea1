//! Process manager: a process takes one event at a time, and all that follows from it happens together. The numbers of the
//! tests are those of the specification, pattern 19.
//!
//! 19.d13, a state and an event without a rule, is a `compile_fail` test in the documentation of the module, beside what
//! does compile. 19.d9 has no journal: see `replay`.

mod alloc;
mod bounds;
mod compensation;
mod composite;
mod diagram;
mod events;
mod oracle;
pub(crate) mod order;
mod panics;
mod peers;
mod replay;
mod table;

use crate::kit::{Choke, Collect, conforms};
use order::{Command, Event, Orders, POLICY, Rig, State, Verb, What, event, ns};
use ringmain::channel::spsc;
use ringmain::contract::{At, Fault, Halt, Reason, Room, Sink, SourceMut, Stage, Tick};
use ringmain::pattern::process_manager::{Phase, Policy, ProcessManager};
use ringmain::ring::Sequence;

const NOW: Tick = Tick::ZERO;

/// Forty orders, each all the way.
fn happy() -> impl Iterator<Item = Event> {
    let way = [What::Submit, What::Reserved, What::Paid, What::Shipped];
    (1..=40).flat_map(move |order| way.map(|what| event(order, what)))
}

conforms!(process_manager, happy(), |kit| {
    let machine = Orders { hazard: Some(kit.hazard()), ..Orders::default() };
    ProcessManager::new(4, POLICY, machine, kit.sink::<Command>()).unwrap()
});

/// 19.d1: happy path -> Completed, outputs [Reserve, Pay, Ship], entry freed.
#[test]
fn process_manager_1_all_the_way() {
    let mut rig = Rig::new(POLICY);
    rig.tell(0, [What::Submit, What::Reserved, What::Paid]);
    assert_eq!(rig.manager.get(&1).map(|order| order.state()), Some(State::Shipping));
    rig.tell(1, [What::Shipped]);
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay, Verb::Ship]);
    assert!(rig.manager.is_empty(), "the entry is free");
    assert_eq!(rig.turn(1), Ok(()), "no timer is left");
    let books = rig.books();
    assert_eq!((books.input, books.folded, books.generated, books.out), (4, 4, 3, 3));
}

/// 19.d1, remembered: it is there as Completed, and what comes is late.
#[test]
fn process_manager_1_completed_is_remembered_for_a_time() {
    let mut rig = Rig::new(Policy { remember: ns(50), ..POLICY });
    rig.tell(0, [What::Submit, What::Reserved, What::Paid, What::Shipped]);
    assert_eq!(rig.manager.get(&1).map(|order| order.phase()), Some(Phase::Completed));
    let late = rig.give(49, event(1, What::Shipped));
    assert_eq!(late, Err(Halt::Reject(Fault::of(Reason::Late))));
    let _ = rig.turn(49);
    assert_eq!(rig.manager.len(), 1);
    assert_eq!(rig.turn(50), Ok(()));
    assert!(rig.manager.is_empty());
    let books = rig.books();
    assert_eq!(books.dead_lettered[Reason::Late], 1);
}

/// 19.d7: the output ring has 1 slot, the transition needs 2 -> the event is not consumed, no partial output; later both.
#[test]
fn process_manager_7_all_commands_or_none() {
    let (mut tx, mut rx) = spsc::channel(2, Command::default).unwrap();
    tx.push(Command::default()).unwrap();
    assert_eq!(tx.room(1), Ok(()));
    let mut manager = ProcessManager::new(2, POLICY, Orders::default(), tx).unwrap();
    let at = At { seq: Sequence::ZERO, now: NOW };
    // One command at most is one that finds room; but it waits for as many as there may be.
    for _ in 0..3 {
        assert_eq!(manager.on_event(&event(1, What::Submit), at), Err(Halt::Again));
        let _ = manager.on_batch_end(NOW);
        assert!(manager.is_empty());
        assert_eq!(rx.len(), 1);
    }
    for what in [What::Submit, What::Reserved] {
        rx.pop().unwrap();
        assert_eq!(manager.on_event(&event(1, what), at), Ok(()));
    }
    // Two at once: the ping.
    assert_eq!(manager.on_event(&event(1, What::Ping), at), Err(Halt::Again));
    assert_eq!(rx.len(), 1);
    assert_eq!(rx.pop().map(|command| command.verb), Ok(Verb::Pay));
    assert_eq!(manager.on_event(&event(1, What::Ping), at), Ok(()));
    let both = [rx.pop().unwrap().verb, rx.pop().unwrap().verb];
    assert_eq!(both, [Verb::Status, Verb::Bill]);
}

/// 19.d7: whatever the sink refuses, each step is taken once, and a timer does not overtake the event that waits.
#[test]
fn process_manager_7_what_comes_again_has_no_effect() {
    let out = Collect::new();
    let mut manager = ProcessManager::new(2, POLICY, Orders::default(), Choke::new(3, out.clone())).unwrap();
    let at = |now| At { seq: Sequence::ZERO, now };
    let give = |manager: &mut ProcessManager<_, _>, what, now| {
        let now = Tick::from_nanos(now);
        let mut refusals = 0;
        while manager.on_event(&event(1, what), at(now)) == Err(Halt::Again) {
            assert_eq!(manager.on_batch_end(now), Err(Halt::Again));
            refusals += 1;
        }
        refusals
    };
    for what in [What::Submit, What::Reserved] {
        assert_eq!(give(&mut manager, what, 0), 3);
    }
    // Its time is up, but the payment was there before.
    assert_eq!(give(&mut manager, What::Paid, 100), 3);
    let verbs: Vec<_> = out.events().into_iter().map(|command: Command| command.verb).collect();
    assert_eq!(verbs, [Verb::Reserve, Verb::Pay, Verb::Ship]);
}

/// A closed sink ends it.
#[test]
fn process_manager_ends_where_nobody_listens() {
    let (tx, rx) = spsc::channel(2, Command::default).unwrap();
    let mut manager = ProcessManager::new(2, POLICY, Orders::default(), tx).unwrap();
    let account = manager.account();
    drop(rx);
    let at = At { seq: Sequence::ZERO, now: NOW };
    let mut flow = Ok(());
    for what in [What::Submit, What::Reserved, What::Paid] {
        flow = flow.and(manager.on_event(&event(1, what), at));
    }
    assert_eq!(flow, Err(Halt::Stop));
    drop(manager);
    assert_eq!(account.read().check(), Ok(()));
}
