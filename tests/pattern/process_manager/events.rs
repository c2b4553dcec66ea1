//! Events that come too early, twice, or for nobody; and looking on.

use super::order::{Event, PAY, POLICY, RESERVE, Rig, State, Verb, What, event, ns};
use crate::kit::Dice;
use ringmain::contract::{Fault, Halt, Reason, ReturnAddress};
use ringmain::pattern::process_manager::{Missing, Phase, Policy, Undo};

fn rejected(reason: Reason) -> Result<(), Halt> {
    Err(Halt::Reject(Fault::of(reason)))
}

/// 19.d4: 1000 instances interleaved at random: each ends as its own oracle.
#[test]
fn process_manager_4_processes_do_not_mix() {
    const WAYS: [(&[What], &[Verb]); 3] = [
        (&[What::Submit, What::Reserved, What::Paid, What::Shipped], &[Verb::Reserve, Verb::Pay, Verb::Ship]),
        (
            &[What::Submit, What::Reserved, What::PayFailed, What::Undone(RESERVE)],
            &[Verb::Reserve, Verb::Pay, Verb::CancelReserve],
        ),
        (&[What::Submit, What::Reserved, What::Ping], &[Verb::Reserve, Verb::Pay, Verb::Status, Verb::Bill]),
    ];
    let orders = if cfg!(miri) { 50 } else { 1000 };
    let mut rig = Rig::of(orders, POLICY);
    let mut dice = Dice::new(4);
    let way = |order: usize| WAYS[order % WAYS.len()];
    let (mut at, mut left) = (vec![0; orders], (0..orders).collect::<Vec<_>>());
    while !left.is_empty() {
        let pick = dice.below(left.len() as u64) as usize;
        let order = left[pick];
        assert_eq!(rig.give(0, event(order as u64, way(order).0[at[order]])), Ok(()));
        at[order] += 1;
        if at[order] == way(order).0.len() {
            left.swap_remove(pick);
        }
    }
    let mut verbs = vec![Vec::new(); orders];
    for command in rig.out.take() {
        verbs[command.order as usize].push(command.verb);
    }
    for (order, verbs) in verbs.iter().enumerate() {
        assert_eq!(verbs, way(order).1, "order {order}");
        let state = rig.manager.get(&(order as u64)).map(|order| order.state());
        assert_eq!(state, (order % 3 == 2).then_some(State::Paying));
    }
    let _ = rig.books();
}

/// 19.d5: an event before Submit: Hold(50) -> applied after Submit at t=10; Discard -> counted; and the others.
#[test]
fn process_manager_5_an_event_before_its_process() {
    let hold = Policy { missing: Missing::Hold(ns(50)), ..POLICY };
    let mut rig = Rig::new(hold);
    rig.tell(0, [What::Reserved]);
    assert_eq!((rig.verbs(), rig.turn(9)), (vec![], Err(Halt::Again)));
    rig.tell(10, [What::Submit]);
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay]);
    assert_eq!(rig.books().held, 0);

    let mut rig = Rig::new(hold);
    rig.tell(0, [What::Reserved]);
    let _ = rig.turn(49);
    assert_eq!(rig.turn(50), Ok(()), "its time is over");
    rig.tell(50, [What::Submit]);
    assert_eq!(rig.verbs(), [Verb::Reserve]);
    assert_eq!(rig.books().dropped[Reason::Expired], 1);

    let mut rig = Rig::new(POLICY);
    rig.tell(0, [What::Reserved, What::Submit]);
    assert_eq!(rig.verbs(), [Verb::Reserve]);
    assert_eq!(rig.books().dropped[Reason::InvalidKey], 1);

    let mut rig = Rig::new(Policy { missing: Missing::DeadLetter, ..POLICY });
    assert_eq!(rig.give(0, event(1, What::Reserved)), rejected(Reason::InvalidKey));
    let _ = rig.books();

    let mut rig = Rig::new(Policy { missing: Missing::Reply, ..POLICY });
    let reply_to = ReturnAddress { port: 3, generation: 1 };
    assert_eq!(rig.give(0, Event { reply_to, ..event(1, What::Reserved) }), Ok(()));
    assert_eq!(rig.out.events().first().map(|out| (out.verb, out.to)), Some((Verb::Unknown, reply_to)));
    assert_eq!(rig.books().folded, 1);
}

/// 19.d5: what is held is bounded, and keeps its order.
#[test]
fn process_manager_5_holding_is_bounded() {
    let mut rig = Rig::new(Policy { missing: Missing::Hold(ns(50)), holds: 2, ..POLICY });
    rig.tell(0, [What::Reserved, What::Paid]);
    assert_eq!(rig.give(0, event(1, What::Shipped)), rejected(Reason::WindowFull));
    rig.tell(0, [What::Submit]);
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay, Verb::Ship]);
    let books = rig.books();
    assert_eq!((books.input, books.folded, books.held), (4, 3, 0));
}

/// An event that its state defers waits for the next state; one that it ignores, and one that is an error there.
#[test]
fn process_manager_follows_the_rules_of_each_state() {
    let mut rig = Rig::new(Policy { holds: 1, ..POLICY });
    rig.tell(0, [What::Submit, What::Paid, What::Ping]);
    assert_eq!(rig.give(0, event(1, What::Paid)), rejected(Reason::WindowFull));
    assert_eq!(rig.give(0, event(1, What::Shipped)), rejected(Reason::NoRoute));
    assert_eq!(rig.verbs(), [Verb::Reserve]);
    rig.tell(1, [What::Reserved]);
    assert_eq!(rig.verbs(), [Verb::Pay, Verb::Ship]);
    let books = rig.books();
    assert_eq!((books.folded, books.filtered, books.held), (3, 1, 0));
}

/// 19.d6: duplicate PaymentOk -> one Ship. By the number of its source, and an old number is one too.
#[test]
fn process_manager_6_a_duplicate_has_no_effect() {
    let mut rig = Rig::new(POLICY);
    let from_bank = |number, what| Event { id: Some((2, number)), ..event(1, what) };
    let from_shop = |number, what| Event { id: Some((0, number)), ..event(1, what) };
    for event in [
        from_shop(5, What::Submit),
        from_shop(5, What::Submit),
        from_bank(3, What::Paid),
        from_bank(3, What::Paid),
        from_shop(6, What::Reserved),
        from_bank(3, What::Paid),
        from_bank(2, What::PayFailed),
        from_shop(1, What::Shipped),
    ] {
        assert_eq!(rig.give(0, event), Ok(()));
    }
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay, Verb::Ship]);
    let books = rig.books();
    assert_eq!((books.dropped[Reason::Duplicate], books.folded), (5, 3));
}

/// 19.d6: a duplicate of what is held for a process to come.
#[test]
fn process_manager_6_a_duplicate_of_what_came_too_early() {
    let mut rig = Rig::new(Policy { missing: Missing::Hold(ns(50)), ..POLICY });
    let reserved = Event { id: Some((1, 1)), ..event(1, What::Reserved) };
    for event in [reserved, reserved, event(1, What::Submit), reserved] {
        assert_eq!(rig.give(0, event), Ok(()));
    }
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay]);
    assert_eq!(rig.books().dropped[Reason::Duplicate], 2);
}

/// 19.d14: to query the state by key changes nothing.
#[test]
fn process_manager_14_looking_on_changes_nothing() {
    let mut rig = Rig::new(POLICY);
    rig.tell(0, [What::Submit, What::Reserved]);
    let before = rig.manager.account().read();
    let order = rig.manager.get(&1).unwrap();
    assert_eq!((order.key(), order.state(), order.phase()), (1, State::Paying, Phase::Running));
    assert_eq!((order.data().order, order.steps()), (1, &[Undo::of(RESERVE, 1)][..]));
    assert_eq!((order.outstanding(), order.timers().count()), (1 << PAY, 1));
    assert!(rig.manager.get(&2).is_none());
    assert_eq!((rig.manager.iter().count(), rig.manager.len()), (1, 1));
    assert_eq!(rig.manager.account().read(), before);
    rig.tell(1, [What::Paid, What::Shipped]);
    assert_eq!(rig.verbs(), [Verb::Reserve, Verb::Pay, Verb::Ship]);
}
