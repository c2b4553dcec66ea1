//! A proxy: between who asks and who answers.

use super::{LONG, NOW, Rig, Told, ns, poll, reply, requests_of_port_1, responder, rig, twice};
use crate::kit::{Choke, Collect, Script, allocations};
use ringmain::contract::{
    Addressed, Agent, Correlated, Fault, Flow, Halt, Reason, Sink, Source, SourceMut, Stage, Work,
};
use ringmain::pattern::{
    Origin, Proxy, RESPONDER_GONE, Reply, Request, Responder, Says, Server, WhenFull, service,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// 15.d3, the proxy: Y gets the reply, then A; and what A asked is in one conversation with what Y asked.
#[test]
fn return_address_3_a_proxy_gets_the_reply_first() {
    let ([mut a], to_y, y_ports) = service::<u64, u64, 1>([Origin::new(1)], 4).unwrap();
    let ([y], to_z, z_ports) = service::<u64, u64, 1>([Origin::new(2)], 4).unwrap();
    let asked = Rc::new(RefCell::new(Vec::new()));
    let log = asked.clone();
    let handler = move |request: &Request<u64>, answer: &mut u64| -> Flow {
        log.borrow_mut().push((request.ids(), request.reply_to()));
        twice(request, answer)
    };
    let proxy = Proxy::new(WhenFull::Block, LONG, y, Responder::new(Origin::new(3), y_ports));
    let (account, made) = (proxy.account(), proxy.asked());
    let mut y = to_y.drive(proxy);
    let mut z = to_z.drive(Server::new(WhenFull::Block, handler, Responder::new(Origin::new(4), z_ports)));
    let ticket = a.request(NOW, LONG, |slot| *slot = 21).unwrap();
    assert_eq!(y.work(NOW), Work::Busy(1));
    assert_eq!(z.work(NOW), Work::Busy(1));
    assert_eq!(poll(&mut a, NOW), [], "it is with the proxy");
    let _ = y.work(NOW);
    assert_eq!(poll(&mut a, NOW), [(ticket, Told::Reply(42))]);
    let (ids, reply_to) = asked.borrow()[0];
    assert_eq!((ids.conversation, ids.cause, ids.id.producer()), (ticket.id(), ticket.id(), 2));
    assert_eq!(reply_to.port, 1, "the address of the proxy, in the table of Z");
    drop(a);
    assert_eq!(y.work(NOW), Work::Done);
    assert_eq!((account.read().input, account.read().out, account.read().check()), (1, 1, Ok(())));
    assert_eq!((made.read().input, made.read().out, made.read().check()), (1, 1, Ok(())));
}

/// What a proxy tells when it gets no answer, and that it ends when nothing is to come any more.
#[test]
fn a_proxy_tells_who_asked_what_became_of_it() {
    let ([mut a], to_y, y_ports) = service::<u64, u64, 1>([Origin::new(1)], 8).unwrap();
    let Rig { client: y, mut requests, mut replies } = rig(8, 8, 8);
    let patience = Duration::from_nanos(10);
    let proxy = Proxy::new(WhenFull::Block, patience, y, Responder::new(Origin::new(3), y_ports));
    let account = proxy.account();
    let mut y = to_y.drive(proxy);
    let tickets = [0, 1, 2, 3].map(|n| a.request(NOW, LONG, |slot| *slot = n).unwrap());
    let _ = y.work(NOW);
    let ids: Vec<_> = std::iter::from_fn(|| requests.pop().ok()).map(|request| request.ids().id).collect();
    for (to, says, body) in [
        (ids[0], Says::Part, 5),
        (ids[0], Says::End, 0),
        (ids[1], Says::Fault(Fault::new(9)), 0),
        (ids[2], Says::Reply, 7),
    ] {
        replies.push(reply(to, says, body)).unwrap();
    }
    let _ = y.work(ns(10));
    let told = [
        (tickets[0], Told::Part(5)),
        (tickets[0], Told::End),
        (tickets[1], Told::Fault(Fault::new(9))),
        (tickets[2], Told::Reply(7)),
        (tickets[3], Told::Fault(Fault::of(Reason::Expired))),
    ];
    assert_eq!(poll(&mut a, ns(10)), told);

    // The service goes while the proxy waits for it; and whoever asks now is told at once.
    let [gone, none] = [4, 5].map(|n| {
        let ticket = a.request(ns(10), LONG, |slot| *slot = n).unwrap();
        let _ = y.work(ns(10));
        ticket
    });
    drop((requests, replies));
    let _ = y.work(ns(11));
    assert_eq!(poll(&mut a, ns(11)), [gone, none].map(|ticket| (ticket, Told::Fault(RESPONDER_GONE))));
    let late = a.request(ns(11), LONG, |_| ()).unwrap();
    let _ = y.work(ns(11));
    assert_eq!(poll(&mut a, ns(11)), [(late, Told::Fault(RESPONDER_GONE))]);
    drop(a);
    assert_eq!(y.work(ns(12)), Work::Done);
    let books = account.read();
    assert_eq!((books.input, books.generated, books.out, books.held), (7, 1, 8, 0));
    assert_eq!(books.check(), Ok(()));
}

/// A proxy whose caller does not read waits with the answer, and repeats nothing.
#[test]
fn a_proxy_waits_for_room() {
    let out = Collect::new();
    let Rig { client, mut requests, mut replies } = rig(8, 8, 8);
    let mut proxy = Proxy::new(WhenFull::Block, LONG, client, responder([Choke::new(2, out.clone())]));
    let account = proxy.account();
    let _ = Script::new(requests_of_port_1().take(3)).drain(NOW, 9, &mut proxy);
    while let Ok(request) = requests.pop() {
        replies.push(reply(request.ids().id, Says::Reply, request.body)).unwrap();
    }
    let mut turns = 0;
    while Stage::<&Request<u64>>::on_batch_end(&mut proxy, NOW) == Err(Halt::Again) {
        turns += 1;
        assert!(turns < 20);
    }
    drop(proxy);
    let bodies: Vec<_> = out.events().iter().map(|reply: &Reply<u64>| reply.body).collect();
    assert_eq!((bodies, account.read().out, account.read().check()), (vec![2, 4, 6], 3, Ok(())));
}

/// Nor does a proxy: with answers, faults, timeouts, nobody to ask, and a caller that does not read.
#[test]
fn no_path_of_a_proxy_allocates() {
    let ([mut a], to_y, y_ports) = service::<u64, u64, 1>([Origin::new(1)], 2).unwrap();
    let Rig { client: y, mut requests, mut replies } = rig(4, 4, 4);
    let patience = Duration::from_nanos(10);
    let mut y =
        to_y.drive(Proxy::new(WhenFull::DropReply, patience, y, Responder::new(Origin::new(3), y_ports)));
    let ((), allocated) = allocations(|| {
        for (now, says) in [(0, Some(Says::Reply)), (1, Some(Says::Fault(Fault::new(1)))), (2, None)] {
            a.request(ns(now), LONG, |slot| *slot = now).unwrap();
            let _ = y.work(ns(now));
            let id = requests.pop().unwrap().ids().id;
            if let Some(says) = says {
                replies.push(reply(id, says, now)).unwrap();
            }
            let _ = y.work(ns(now + 10));
            assert_eq!(a.poll(ns(now + 10), |_, _| Ok(())), Ok(1));
        }
        // Three parts for a ring of two.
        a.request(ns(20), LONG, |_| ()).unwrap();
        let _ = y.work(ns(20));
        let id = requests.pop().unwrap().ids().id;
        for _ in 0..3 {
            replies.push(reply(id, Says::Part, 0)).unwrap();
        }
        let _ = y.work(ns(20));
        assert_eq!(a.poll(ns(20), |_, _| Ok(())), Ok(2));
        drop((requests, replies));
        let _ = y.work(ns(21));
        a.request(ns(22), LONG, |_| ()).unwrap();
        let _ = y.work(ns(22));
        assert_eq!(a.poll(ns(22), |_, _| Ok(())), Ok(2));
    });
    assert_eq!((allocated, a.pending()), (0, 0));
}

/// A proxy that is dropped with a request in hand: who asked hears that the responder is gone, and it is booked.
#[test]
fn a_proxy_that_goes_is_told() {
    let ([mut a], to_y, y_ports) = service::<u64, u64, 1>([Origin::new(1)], 2).unwrap();
    let Rig { client, requests: _requests, replies: _replies } = rig(4, 4, 4);
    let proxy = Proxy::new(WhenFull::Block, LONG, client, Responder::new(Origin::new(3), y_ports));
    let (account, asked) = (proxy.account(), proxy.asked());
    let mut y = to_y.drive(proxy);
    let ticket = a.request(NOW, LONG, |_| ()).unwrap();
    let _ = y.work(NOW);
    drop(y);
    assert_eq!(poll(&mut a, NOW), [(ticket, Told::Fault(RESPONDER_GONE))]);
    for books in [&account, &asked] {
        assert_eq!((books.read().dropped[Reason::Shutdown], books.read().check()), (1, Ok(())));
    }
}
