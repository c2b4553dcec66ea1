//! Whom a process answers: who sent the event in hand, or who began it all.

use super::{NOW, open};
use crate::kit::Collect;
use crate::process_manager::order::{Command, Event, POLICY, Rig, Verb, What, event};
use ringmain::channel::spsc;
use ringmain::contract::{Flow, ReturnAddress, Sink, Source};
use ringmain::pattern::{IfDead, Replier, WhenFull};

/// 15.d8: saga: reply vs reply_to_originator differ, and each goes where it should.
#[test]
fn return_address_8_reply_and_reply_to_originator_differ() {
    let (customer, clerk) = (Collect::<Command>::new(), Collect::<Command>::new());
    let (addresses, ports) = open([customer.clone(), clerk.clone()]);
    let mut rig = Rig::new(POLICY);
    let from = |reply_to: ReturnAddress, what| Event { reply_to, ..event(1, what) };
    let (of_customer, of_clerk) = (addresses[0].address(), addresses[1].address());
    // The customer begins it; the clerk asks about it, and the customer himself.
    for event in [
        from(of_customer, What::Submit),
        event(1, What::Reserved),
        from(of_clerk, What::Ping),
        from(of_customer, What::Ping),
    ] {
        assert_eq!(rig.give(0, event), Ok(()));
    }
    let (mut tx, mut rx) = spsc::channel(8, Command::default).unwrap();
    for command in rig.out.take().into_iter().filter(|command| command.to != ReturnAddress::default()) {
        tx.push(command).unwrap();
    }
    let pass = |command: &Command, slot: &mut Command| -> Flow {
        *slot = *command;
        Ok(())
    };
    let mut replier = Replier::new(WhenFull::Block, IfDead::Reject, pass, ports);
    assert_eq!(rx.drain(NOW, 9, &mut replier).count, 4);
    let verbs = |who: Collect<Command>| who.events().iter().map(|reply| reply.verb).collect::<Vec<_>>();
    assert_eq!(verbs(clerk), [Verb::Status], "who sent the event in hand");
    assert_eq!(verbs(customer), [Verb::Bill, Verb::Status, Verb::Bill], "who began it");
}
