//! Requests that come to no reply: the requester is dead, or the handler failed and somebody else is told.

use super::{NOW, Told, ns, origins, poll, requests, requests_of_port_1, responder, twice};
use crate::kit::{Choke, Collect, Script, Terms, conforms};
use ringmain::contract::{
    Addressed, Agent, End, Fault, Flow, Halt, MessageId, Reason, ReturnAddress, Source,
};
use ringmain::pattern::{
    IfDead, Origin, REPLY_DEAD, Reply, Request, Responder, Says, Server, WhenFull, service,
};
use std::time::Duration;

/// The port where faults go.
const DESK: ReturnAddress = ReturnAddress { port: 2, generation: 1 };

/// Where the faults of a request go: to nobody in particular, if it is odd.
fn desk(request: &Request<u64>) -> ReturnAddress {
    if request.body.is_multiple_of(2) { DESK } else { ReturnAddress::default() }
}

/// Fails with its number what is divisible by 5, and panics where it is by 7.
fn moody(request: &Request<u64>, answer: &mut u64) -> Flow {
    match request.body {
        n if n % 5 == 0 => Err(Fault::new(n as u32).into()),
        n if n % 7 == 0 => crate::kit::panic_on_purpose(),
        _ => twice(request, answer),
    }
}

/// What a collected answer says, and to which request.
fn said(seen: &Collect<Reply<u64>>) -> Vec<(u64, Says)> {
    seen.take().iter().map(|reply| (reply.header.ids.cause.counter(), reply.says)).collect()
}

fn to_port_1(body: u64) -> Request<u64> {
    let mut request = Request { body, depth: 1, ..Request::default() };
    request.set_reply_to(ReturnAddress { port: 1, generation: 1 });
    request.header.ids.id = MessageId::new(9, body);
    request
}

// One port, as the ids of the replies are numbered over all of them. The first fault is the eighth answer: it offers its
// slot twice, and the suite counts to the seventh.
conforms!(
    server_that_tells_faults_apart,
    requests_of_port_1(),
    |kit| {
        let handler = |request: &Request<u64>, answer: &mut u64| match request.body {
            n if n % 16 == 0 => Err(Fault::new(5).into()),
            _ => twice(request, answer),
        };
        Server::new(WhenFull::Block, IfDead::Drop, handler, responder([kit.sink::<Reply<u64>>()]))
            .faults_to(Addressed::reply_to)
    },
    Terms { stop_ends: false, ..Terms::STRICT }
);

/// 15.d4, for a server: as its policy says, and it goes on.
#[test]
fn return_address_4_a_dead_requester_is_dropped_or_rejected() {
    for if_dead in [IfDead::Drop, IfDead::Reject] {
        let (gone, here) = (Collect::new(), Collect::new());
        gone.close();
        let mut server = Server::new(WhenFull::Block, if_dead, twice, responder([gone, here.clone()]));
        let account = server.account();
        let mut script = Script::new(requests().take(4));
        let mut rejected = 0;
        while let Some(End::Halted(halt)) = script.drain(NOW, 9, &mut server).end {
            assert_eq!(halt, REPLY_DEAD.into());
            rejected += 1;
        }
        drop(server);
        let books = account.read();
        assert_eq!((here.len(), books.input, books.out, books.check()), (2, 4, 2, Ok(())));
        let dead = (books.dropped[Reason::ReplyDead], books.dead_lettered[Reason::ReplyDead]);
        assert_eq!((rejected, dead), if if_dead == IfDead::Drop { (0, (2, 0)) } else { (2, (0, 2)) });
    }
}

/// 15.d2, for a server: F gets the fault, and A nothing; without an address for faults A gets it.
#[test]
fn return_address_2_a_servers_fault_goes_where_faults_go() {
    let (a, f) = (Collect::new(), Collect::new());
    let mut server =
        Server::new(WhenFull::Block, IfDead::Drop, moody, responder([a.clone(), f.clone()])).faults_to(desk);
    let account = server.account();
    let _ = Script::new([1, 5, 7, 10, 14].map(to_port_1)).drain(NOW, 9, &mut server);
    let panic = Says::Fault(Fault::of(Reason::Panic));
    assert_eq!(said(&a), [(1, Says::Reply), (5, Says::Fault(Fault::new(5))), (7, panic)]);
    assert_eq!(said(&f), [(10, Says::Fault(Fault::new(10))), (14, panic)]);
    drop(server);
    assert_eq!((account.read().input, account.read().out, account.read().check()), (5, 5, Ok(())));
}

/// 15.d2: the requester, who is not told, times out: one outcome.
#[test]
fn return_address_2_a_requester_that_is_not_told_times_out() {
    let ([mut asks, mut desk], requests, ports) = service::<u64, u64, 2>(origins(), 4).unwrap();
    let server = Server::new(WhenFull::Block, IfDead::Drop, moody, Responder::new(Origin::new(9), ports));
    let mut server = requests.drive(server.faults_to(|_| DESK));
    let timeout = Duration::from_nanos(10);
    let [fails, works] = [5, 6].map(|n| asks.request(NOW, timeout, |slot| *slot = n).unwrap());
    let _ = server.work(NOW);
    assert_eq!(poll(&mut asks, ns(10)), [(works, Told::Reply(12)), (fails, Told::Timeout)]);
    // What the desk did not ask is nobody's answer there.
    let answered = desk.replies();
    assert_eq!(poll(&mut desk, ns(10)), []);
    assert_eq!(answered.read().dropped[Reason::InvalidKey], 1);
}

/// A fault whose place is full waits there, and the handler does not meet the request again, also where its requester
/// has given up meanwhile; with `DropReply` it is dropped.
#[test]
fn a_fault_of_a_server_waits_for_room_without_another_attempt() {
    for when_full in [WhenFull::Block, WhenFull::DropReply] {
        let (a, f) = (Collect::new(), Collect::new());
        let mut asked = 0;
        let handler = |_: &Request<u64>, _: &mut u64| -> Flow {
            asked += 1;
            Err(Fault::new(3).into())
        };
        let ports = responder([Choke::new(0, a.clone()), Choke::new(2, f.clone())]);
        let mut server = Server::new(when_full, IfDead::Drop, handler, ports).faults_to(|_| DESK);
        let account = server.account();
        let mut request = to_port_1(2);
        request.header.deadline = ns(1);
        let mut script = Script::new([request]);
        let mut waited = 0;
        while script.drain(ns(1 + waited), 9, &mut server).end == Some(End::Halted(Halt::Again)) {
            waited += 1;
        }
        drop(server);
        assert_eq!((asked, a.len()), (1, 0));
        let books = account.read();
        assert_eq!(books.check(), Ok(()));
        if when_full == WhenFull::Block {
            assert_eq!((waited, said(&f), books.out), (2, vec![(2, Says::Fault(Fault::new(3)))], 1));
        } else {
            assert_eq!((waited, said(&f), books.dropped[Reason::RingFull]), (0, vec![], 1));
        }
    }
}

/// An answer in parts that fails: the parts are A's, the fault is F's, and the books balance.
#[test]
fn return_address_2_parts_and_their_fault_go_to_two_places() {
    let (a, f) = (Collect::new(), Collect::new());
    let handler = |_: &Request<u64>, part: u32, _: &mut u64| -> Flow<Says> {
        if part < 2 { Ok(Says::Part) } else { Ok(Says::Fault(Fault::new(9))) }
    };
    let ports = responder([Choke::new(1, a.clone()), Choke::new(3, f.clone())]);
    let mut server = Server::in_parts(WhenFull::Block, IfDead::Drop, handler, ports).faults_to(|_| DESK);
    let account = server.account();
    let mut script = Script::new([to_port_1(1)]);
    while script.drain(NOW, 9, &mut server).end == Some(End::Halted(Halt::Again)) {}
    drop(server);
    assert_eq!(said(&a), [(1, Says::Part), (1, Says::Part)]);
    assert_eq!(said(&f), [(1, Says::Fault(Fault::new(9)))]);
    let books = account.read();
    assert_eq!((books.input, books.generated, books.folded, books.out), (1, 3, 1, 3));
    assert_eq!(books.check(), Ok(()));
}

/// The place for faults is dead: as the policy says, like any dead address.
#[test]
fn return_address_4_a_dead_place_for_faults() {
    for (if_dead, end) in [(IfDead::Drop, End::Closed), (IfDead::Reject, End::Halted(REPLY_DEAD.into()))] {
        let a = Collect::new();
        let mut server =
            Server::new(WhenFull::Block, if_dead, moody, responder([a.clone()])).faults_to(|_| DESK);
        let account = server.account();
        assert_eq!(Script::new([to_port_1(5)]).drain(NOW, 9, &mut server).end, Some(end));
        drop(server);
        assert_eq!((a.len(), account.read().input, account.read().check()), (0, 1, Ok(())));
    }
}
