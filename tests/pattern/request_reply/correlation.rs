//! Correlation of requests that are nested, and of answers that come after their time.

use super::{LONG, NOW, Told, copied, ns, origins, poll, rig};
use crate::kit::Dice;
use ringmain::contract::{Agent, Correlated, Fault, Flow, MessageId, Reason, Source};
use ringmain::pattern::{
    Caller, MAX_DEPTH, Origin, Proxy, Request, Responder, Says, Server, Ticket, Unasked, WhenFull, service,
};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

/// 14.d3: a request inside the handling of a request: the outer reply matches the outer one, the inner the inner one, to
/// depth 4; depth 5 is an error.
#[test]
fn correlation_3_nested_requests() {
    assert_eq!(MAX_DEPTH, 4);
    // Four services in a row, each of which asks the next; the last answers.
    let asks = |n: u16| {
        let ([client], requests, ports) = service::<u64, u64, 1>([Origin::new(n)], 4).unwrap();
        (client, requests, Responder::new(Origin::new(100 + n), ports))
    };
    let ((mut outer, r1, p1), (c2, r2, p2), (c3, r3, p3), (c4, r4, p4)) =
        (asks(1), asks(2), asks(3), asks(4));
    let (mut c5, _r5, _p5) = asks(5);
    let seen = RefCell::new(Vec::new());
    let last = |request: &Request<u64>, answer: &mut u64| -> Flow {
        seen.borrow_mut().push((request.depth, request.ids()));
        assert_eq!(c5.request_for(&request.caller(), NOW, LONG, |_| ()), Err(Unasked::TooDeep));
        *answer = request.body * 10;
        Ok(())
    };
    let mut one = r1.drive(Proxy::new(WhenFull::Block, LONG, c2, p1));
    let mut two = r2.drive(Proxy::new(WhenFull::Block, LONG, c3, p2));
    let mut three = r3.drive(Proxy::new(WhenFull::Block, LONG, c4, p3));
    let mut four = r4.drive(Server::new(WhenFull::Block, last, p4));
    let tickets = [1, 2].map(|n| outer.request(NOW, LONG, |slot| *slot = n).unwrap());
    let mut told = Vec::new();
    for _ in 0..9 {
        let _ = (&mut one, &mut two, &mut three, &mut four).work(NOW);
        told.extend(poll(&mut outer, NOW));
    }
    assert_eq!(told, [(tickets[0], Told::Reply(10)), (tickets[1], Told::Reply(20))]);
    drop((one, two, three, four));
    for ((depth, ids), ticket) in seen.into_inner().into_iter().zip(tickets) {
        assert_eq!((depth, ids.conversation), (4, ticket.id()), "one conversation, by whomever it was asked");
        assert_eq!((ids.id.producer(), ids.cause.producer()), (4, 3));
    }

    // One service more, and the innermost one cannot ask: who asked first is told so.
    let ((mut outer, r1, p1), (c2, r2, p2), (c3, r3, p3), (c4, r4, p4)) =
        (asks(1), asks(2), asks(3), asks(4));
    let (c5, _r5, _p5) = asks(5);
    let mut one = r1.drive(Proxy::new(WhenFull::Block, LONG, c2, p1));
    let mut two = r2.drive(Proxy::new(WhenFull::Block, LONG, c3, p2));
    let mut three = r3.drive(Proxy::new(WhenFull::Block, LONG, c4, p3));
    let mut four = r4.drive(Proxy::new(WhenFull::Block, LONG, c5, p4));
    let ticket = outer.request(NOW, LONG, |_| ()).unwrap();
    let mut told = Vec::new();
    for _ in 0..9 {
        let _ = (&mut one, &mut two, &mut three, &mut four).work(NOW);
        told.extend(poll(&mut outer, NOW));
    }
    assert_eq!(told, [(ticket, Told::Fault(Fault::of(Reason::LoopLimit)))]);
}

/// 14.d3: two services that ask each other without end come to one.
#[test]
fn correlation_3_a_circle_of_requests_ends() {
    let ([mut outer, inner], requests, ports) = service::<u64, u64, 2>(origins(), 4).unwrap();
    // Asks itself.
    let proxy = Proxy::new(WhenFull::Block, LONG, inner, Responder::new(Origin::new(9), ports));
    let (account, asked) = (proxy.account(), proxy.asked());
    let mut circle = requests.drive(proxy);
    let ticket = outer.request(NOW, LONG, |_| ()).unwrap();
    let mut told = Vec::new();
    for _ in 0..20 {
        let _ = circle.work(NOW);
        told.extend(poll(&mut outer, NOW));
    }
    assert_eq!(told, [(ticket, Told::Fault(Fault::of(Reason::LoopLimit)))]);
    drop(circle);
    assert_eq!((account.read().input, account.read().out, account.read().check()), (4, 4, Ok(())));
    assert_eq!((asked.read().input, asked.read().dropped[Reason::LoopLimit]), (3, 3));
}

/// A nested request is not waited for longer than the one it is for.
#[test]
fn correlation_3_a_nested_request_has_no_later_deadline() {
    let mut rig = rig(4, 4, 4);
    let caller = Caller { deadline: ns(50), depth: 1, ..Caller::default() };
    let inner = rig.client.request_for(&caller, NOW, Duration::from_nanos(100), |_| ()).unwrap();
    let shorter = rig.client.request_for(&caller, NOW, Duration::from_nanos(20), |_| ()).unwrap();
    let free = Caller { depth: 1, ..Caller::default() };
    let longer = rig.client.request_for(&free, NOW, Duration::from_nanos(100), |_| ()).unwrap();
    assert_eq!(
        [rig.take(), rig.take(), rig.take()].map(|request| request.header.deadline),
        [ns(50), ns(20), ns(100)]
    );
    assert_eq!(rig.poll(ns(20)), [(shorter, Told::Timeout)]);
    assert_eq!(rig.poll(ns(50)), [(inner, Told::Timeout)]);
    assert_eq!(rig.poll(ns(100)), [(longer, Told::Timeout)]);
}

/// 14.d4: a stale generation is never matched: a million random reuses of few slots, each with the reply of an earlier
/// tenant beside its own.
#[test]
fn correlation_4_no_stale_reply_is_matched_in_a_million_reuses() {
    let reuses = if cfg!(miri) { 200 } else { 1_000_000 };
    let mut rig = rig(4, 4, 16);
    let mut dice = Dice::new(4);
    let mut open: Vec<(Ticket, u64)> = Vec::new();
    let mut stale = VecDeque::from([MessageId::NONE; 64]);
    let (mut reused, mut late) = (0, 0);
    while reused < reuses {
        while let Ok(ticket) = rig.ask(NOW, 10, reused) {
            open.push((ticket, reused));
            reused += 1;
            rig.take();
        }
        for _ in 0..dice.below(4) {
            let old = stale[dice.below(64) as usize];
            late += u64::from(old != MessageId::NONE);
            rig.say(old, Says::Reply, u64::MAX);
        }
        let mut expected = Vec::new();
        for _ in 0..1 + dice.below(4).min(open.len() as u64 - 1) {
            let (ticket, body) = open.swap_remove(dice.below(open.len() as u64) as usize);
            rig.say(ticket.id(), Says::Reply, body);
            expected.push((ticket, body));
            stale.pop_front();
            stale.push_back(ticket.id());
        }
        let mut expected = expected.into_iter();
        let told = rig.client.poll(NOW, |ticket, answer| {
            let (own, body) = expected.next().expect("no more answers than replies to open requests");
            assert_eq!((ticket, copied(answer)), (own, Told::Reply(body)));
            Ok(())
        });
        assert!(told.is_ok() && expected.next().is_none());
    }
    assert_eq!(rig.client.late(), late);
}
