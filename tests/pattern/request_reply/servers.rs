//! The server: one or several, in whole answers or in parts.

use super::{LONG, NOW, Told, ns, origins, poll, requests, requests_of_port_1, responder, rig, twice};
use crate::kit::{Collect, Script, Terms, conforms};
use ringmain::channel::{mpmc, mpsc, spsc};
use ringmain::contract::{Agent, End, Fault, Flow, Halt, Reason, Source, SourceMut, Work};
use ringmain::pattern::{
    Addresses, Client, NO_RETURN_ADDRESS, Origin, RESPONDER_GONE, Reply, Request, Responder, Says, Server,
    Unasked, WhenFull, service,
};
use std::collections::HashMap;
use std::time::Duration;

// One port, as the ids of the replies are numbered over all of them.
conforms!(
    server,
    requests_of_port_1(),
    |kit| Server::new(WhenFull::Block, twice, responder([kit.sink::<Reply<u64>>()])),
    Terms { stop_ends: false, ..Terms::STRICT }
);
conforms!(
    server_in_parts,
    requests_of_port_1(),
    |kit| Server::in_parts(WhenFull::Block, three, responder([kit.sink::<Reply<u64>>()])),
    Terms { stop_ends: false, ..Terms::STRICT }
);
conforms!(
    server_that_drops_replies,
    requests_of_port_1(),
    |kit| Server::new(WhenFull::DropReply, twice, responder([kit.sink::<Reply<u64>>()])),
    Terms { stop_ends: false, waits: false, ..Terms::STRICT }
);

/// Three parts, and the end.
fn three(request: &Request<u64>, part: u32, body: &mut u64) -> Flow<Says> {
    *body = request.body * 10 + u64::from(part);
    Ok(if part < 3 { Says::Part } else { Says::End })
}

/// Clients and server on threads of their own: each client gets its own answers, all of them, and nothing else.
#[test]
fn two_clients_and_a_server_on_three_threads() {
    let count = if cfg!(miri) { 20 } else { 5000 };
    let (clients, requests, ports) = service(origins::<2>(), 8).unwrap();
    let server = Server::new(WhenFull::Block, twice, Responder::new(Origin::new(9), ports));
    let served = server.account();
    let mut server = requests.drive(server);
    let server = std::thread::spawn(move || {
        while server.work(NOW) != Work::Done {
            std::thread::yield_now();
        }
    });
    let asking = clients.map(|mut client| {
        std::thread::spawn(move || {
            let mut open = HashMap::new();
            let (mut asked, mut answered) = (0, 0);
            while answered < count {
                let body = asked;
                match (asked < count).then(|| client.request(NOW, LONG, |slot| *slot = body)) {
                    Some(Ok(ticket)) => {
                        assert_eq!(open.insert(ticket, body), None, "a ticket twice");
                        asked += 1;
                    }
                    Some(Err(Unasked::PendingFull)) | None => std::thread::yield_now(),
                    Some(Err(unasked)) => panic!("{unasked}"),
                }
                for (ticket, told) in poll(&mut client, NOW) {
                    assert_eq!(Some(told), open.remove(&ticket).map(|body| Told::Reply(2 * body)));
                    answered += 1;
                }
            }
            assert_eq!((client.pending(), client.late(), client.protocol_errors()), (0, 0, 0));
        })
    });
    for thread in asking {
        thread.join().unwrap();
    }
    server.join().unwrap();
    let books = served.read();
    assert_eq!((books.input, books.out, books.check()), (2 * count, 2 * count, Ok(())));
}

/// Two servers share the work and the reply ring: each request is answered once; that the responder is gone is told when
/// the last of them is.
#[test]
fn servers_that_share_a_ring_are_gone_with_the_last_one() {
    let (tx, one) = mpmc::channel(8, Request::<u64>::default).unwrap();
    let (replies, rx) = mpsc::channel(8, Reply::default).unwrap();
    let port = Addresses::new(1..=1).open().unwrap();
    let mut client = Client::new(Origin::new(1), port, 8, rx, tx).unwrap();
    let server = |requests: mpmc::Consumer<Request<u64>>, replies| {
        requests.drive(Server::new(WhenFull::Block, twice, responder([replies]))).limit(2)
    };
    let (mut two, mut one) = (server(one.clone(), replies.clone()), server(one, replies));
    let tickets = [1, 2, 3, 4, 5].map(|n| client.request(NOW, LONG, |slot| *slot = n).unwrap());
    assert_eq!((one.work(NOW), two.work(NOW)), (Work::Busy(2), Work::Busy(2)));
    let expected: Vec<_> = (1..=4).map(|n| Told::Reply(2 * n)).collect();
    assert!(poll(&mut client, NOW).into_iter().eq(tickets.into_iter().zip(expected)));
    drop(one);
    assert_eq!((poll(&mut client, NOW), client.pending()), (vec![], 1));
    drop(two);
    assert_eq!(poll(&mut client, NOW), [(tickets[4], Told::Fault(RESPONDER_GONE))]);
}

/// 3.d7: handler Err(7) -> Fault(7); handler panic -> Fault(Panic), and the server goes on.
#[test]
fn request_reply_7_faults_and_panics_are_answers() {
    let ([mut client], requests, ports) = service(origins(), 4).unwrap();
    let moody = |request: &Request<u64>, answer: &mut u64| -> Flow {
        match request.body {
            7 => Err(Fault::new(7).into()),
            13 => crate::kit::panic_on_purpose(),
            _ => twice(request, answer),
        }
    };
    let server = Server::new(WhenFull::Block, moody, Responder::new(Origin::new(9), ports));
    let account = server.account();
    let mut server = requests.drive(server);
    let tickets = [7, 13, 21].map(|n| client.request(NOW, LONG, |slot| *slot = n).unwrap());
    assert_eq!(server.work(NOW), Work::Busy(3));
    let told = [Told::Fault(Fault::new(7)), Told::Fault(Fault::of(Reason::Panic)), Told::Reply(42)];
    assert_eq!(poll(&mut client, NOW), tickets.into_iter().zip(told).collect::<Vec<_>>());
    drop(server);
    assert_eq!((account.read().out, account.read().check()), (3, Ok(())));
    let asked = client.account();
    drop(client);
    let books = asked.read();
    assert_eq!((books.out, books.dropped[Reason::NonRetryable], books.dropped[Reason::Panic]), (1, 1, 1));
    assert_eq!(books.check(), Ok(()));
}

/// 3.d9, iceoryx2 PR #805: client 1 never reads (reply ring of 2, DropReply): client 2's 1000 requests all complete;
/// client 1: 2 replies and 998 timeouts.
#[test]
fn request_reply_9_iceoryx2_805_a_client_that_never_reads_stops_nobody() {
    let count = if cfg!(miri) { 50 } else { 1000 };
    let (to_server, requests) = mpsc::channel(16, Request::<u64>::default).unwrap();
    let (sink_1, inbox_1) = spsc::channel(2, Reply::default).unwrap();
    let (sink_2, inbox_2) = spsc::channel(16, Reply::default).unwrap();
    let mut addresses = Addresses::new(1..=2);
    let mut client = |origin, inbox, requests| {
        Client::new(origin, addresses.open().unwrap(), 1024, inbox, requests).unwrap()
    };
    let [one, two] = origins();
    let (mut lazy, mut busy) = (client(one, inbox_1, to_server.clone()), client(two, inbox_2, to_server));
    let server = Server::new(WhenFull::DropReply, twice, responder([sink_1, sink_2]));
    let account = server.account();
    let mut server = requests.drive(server);
    let timeout = Duration::from_nanos(100);
    for n in 0..count {
        lazy.request(NOW, timeout, |slot| *slot = n).unwrap();
        let ticket = busy.request(NOW, timeout, |slot| *slot = n).unwrap();
        assert_eq!(server.work(NOW), Work::Busy(2));
        assert_eq!(poll(&mut busy, NOW), [(ticket, Told::Reply(2 * n))]);
    }
    let told = poll(&mut lazy, ns(100));
    let replies = told.iter().filter(|(_, told)| matches!(told, Told::Reply(_))).count() as u64;
    let timeouts = told.iter().filter(|(_, told)| *told == Told::Timeout).count() as u64;
    assert_eq!((replies, timeouts), (2, count - 2));
    drop(server);
    let books = account.read();
    assert_eq!((books.out, books.dropped[Reason::RingFull], books.check()), (count + 2, count - 2, Ok(())));
}

/// ... and with Block it does: what is promised, and why it has to be said.
#[test]
fn request_reply_9_block_waits_for_the_client_and_repeats_nothing() {
    let (sink, inbox) = spsc::channel(1, Reply::default).unwrap();
    let mut asked = Vec::new();
    let handler = |request: &Request<u64>, answer: &mut u64| -> Flow {
        asked.push(request.body);
        twice(request, answer)
    };
    let mut server = Server::new(WhenFull::Block, handler, responder([sink]));
    let mut script = Script::new(requests_of_port_1().take(3));
    let mut inbox = inbox;
    for n in [2, 4, 6] {
        for _ in 0..3 {
            let _ = script.drain(NOW, 9, &mut server);
        }
        assert_eq!(inbox.pop().unwrap().body, 2 * n);
    }
    drop(server);
    assert_eq!(asked, [2, 4, 6]);
}

/// 3.d10: a stream of 3 and the end: [1, 2, 3, End]; a part behind the end: protocol_error=1, not delivered.
#[test]
fn request_reply_10_an_answer_in_parts() {
    let ([mut client], requests, ports) = service::<u64, u64, 1>(origins(), 4).unwrap();
    let handler = |_: &Request<u64>, part: u32, body: &mut u64| -> Flow<Says> {
        *body = u64::from(part) + 1;
        Ok(if part < 3 { Says::Part } else { Says::End })
    };
    let server = Server::in_parts(WhenFull::Block, handler, Responder::new(Origin::new(9), ports));
    let account = server.account();
    let mut server = requests.drive(server);
    let ticket = client.request(NOW, LONG, |_| ()).unwrap();
    let _ = server.work(NOW);
    let told: Vec<_> =
        poll(&mut client, NOW).into_iter().map(|(whose, told)| (whose == ticket, told)).collect();
    let expected = [Told::Part(1), Told::Part(2), Told::Part(3), Told::End];
    assert_eq!(told, expected.map(|told| (true, told)));
    drop(server);
    let books = account.read();
    assert_eq!((books.input, books.folded, books.generated, books.out), (1, 1, 4, 4));
    assert_eq!(books.check(), Ok(()));

    let mut rig = rig(2, 4, 8);
    let ticket = rig.ask(NOW, 100, 0).unwrap();
    for (says, body) in [(Says::Part, 1), (Says::End, 0), (Says::Part, 2), (Says::End, 0)] {
        rig.say(ticket.id(), says, body);
    }
    assert_eq!(rig.poll(NOW), [(ticket, Told::Part(1)), (ticket, Told::End)]);
    assert_eq!((rig.client.protocol_errors(), rig.client.late()), (2, 0));
    // A part for a request that the client gave up is late, and no error of the server's.
    let ticket = rig.ask(NOW, 100, 0).unwrap();
    assert!(rig.client.cancel(ticket));
    rig.say(ticket.id(), Says::Part, 1);
    assert_eq!(rig.poll(NOW), []);
    assert_eq!((rig.client.protocol_errors(), rig.client.late()), (2, 1));
}

/// 3.d10: the server ends: what is outstanding gets ResponderGone at once.
#[test]
fn request_reply_10_the_server_ends() {
    let ([mut one, mut two], requests, ports) = service::<u64, u64, 2>(origins(), 4).unwrap();
    let handler = |request: &Request<u64>, answer: &mut u64| -> Flow {
        if request.body == 2 { Err(Halt::Stop) } else { twice(request, answer) }
    };
    let server = Server::new(WhenFull::Block, handler, Responder::new(Origin::new(9), ports));
    let account = server.account();
    let mut server = requests.drive(server);
    let a = one.request(NOW, LONG, |slot| *slot = 1).unwrap();
    let b = two.request(NOW, LONG, |slot| *slot = 2).unwrap();
    let c = one.request(NOW, LONG, |slot| *slot = 3).unwrap();
    assert_eq!(server.work(NOW), Work::Done);
    // What was answered before is told first.
    assert_eq!(poll(&mut one, NOW), [(a, Told::Reply(2)), (c, Told::Fault(RESPONDER_GONE))]);
    assert_eq!(poll(&mut two, NOW), [(b, Told::Fault(RESPONDER_GONE))]);
    for client in [&mut one, &mut two] {
        assert_eq!(client.request(NOW, LONG, |_| ()), Err(Unasked::NoResponder));
        assert_eq!((client.pending(), client.next_deadline()), (0, None));
    }
    assert_eq!((account.read().dropped[Reason::Shutdown], account.read().check()), (1, Ok(())));
    let asked = one.account();
    drop(one);
    assert_eq!((asked.read().out, asked.read().dropped[Reason::Shutdown]), (1, 1));
    assert_eq!(asked.read().check(), Ok(()));
}

/// An answer in parts that finds the ring full goes on where it was; with DropReply the rest of it is dropped.
#[test]
fn an_answer_in_parts_goes_on_where_it_was() {
    let (sink, mut inbox) = spsc::channel(2, Reply::default).unwrap();
    let mut server = Server::in_parts(WhenFull::Block, three, responder([sink]));
    let account = server.account();
    let mut script = Script::new(requests_of_port_1().take(1));
    let mut seen = Vec::new();
    for end in [Some(End::Halted(Halt::Again)), Some(End::Closed)] {
        assert_eq!(script.drain(NOW, 9, &mut server).end, end);
        while let Ok(reply) = inbox.pop() {
            seen.push((reply.says, reply.body));
        }
    }
    assert_eq!(seen, [(Says::Part, 20), (Says::Part, 21), (Says::Part, 22), (Says::End, 23)]);
    drop(server);
    assert_eq!((account.read().input, account.read().out, account.read().check()), (1, 4, Ok(())));

    let (sink, mut inbox) = spsc::channel(2, Reply::default).unwrap();
    let mut server = Server::in_parts(WhenFull::DropReply, three, responder([sink]));
    let account = server.account();
    assert_eq!(Script::new(requests_of_port_1().take(1)).drain(NOW, 9, &mut server).end, Some(End::Closed));
    assert_eq!((inbox.pop().unwrap().body, inbox.pop().unwrap().body, inbox.pop().is_err()), (20, 21, true));
    drop(server);
    let books = account.read();
    assert_eq!((books.input, books.out, books.dropped[Reason::RingFull], books.check()), (1, 2, 1, Ok(())));
}

/// The deadline travels: a server that comes to a request after it skips the work and counts it.
#[test]
fn a_server_skips_what_nobody_waits_for() {
    let ([mut client], requests, ports) = service(origins(), 4).unwrap();
    let mut worked = 0;
    let handler = |request: &Request<u64>, answer: &mut u64| -> Flow {
        worked += 1;
        twice(request, answer)
    };
    let server = Server::new(WhenFull::Block, handler, Responder::new(Origin::new(9), ports));
    let account = server.account();
    let mut server = requests.drive(server);
    for timeout in [99, 100, 101] {
        client.request(NOW, Duration::from_nanos(timeout), |_| ()).unwrap();
    }
    assert_eq!(server.work(ns(100)), Work::Busy(3));
    drop(server);
    assert_eq!((worked, account.read().dropped[Reason::Expired]), (2, 1));
    // The replies are there before the timers are looked at: one time is up.
    let told: Vec<_> = poll(&mut client, ns(100)).into_iter().map(|(_, told)| told).collect();
    assert_eq!(told, [Told::Reply(0), Told::Reply(0), Told::Fault(RESPONDER_GONE)]);
}

/// A request that says no address is rejected, and the handler is not asked.
#[test]
fn a_request_without_an_address_is_rejected() {
    let never = |_: &Request<u64>, _: &mut u64| -> Flow { unreachable!("nobody could get the answer") };
    let mut server = Server::new(WhenFull::Block, never, responder([Collect::new()]));
    let account = server.account();
    let drained = Script::new([Request::default()]).drain(NOW, 1, &mut server);
    assert_eq!(drained.end, Some(End::Halted(NO_RETURN_ADDRESS.into())));
    drop(server);
    assert_eq!((account.read().dead_lettered[Reason::NoRoute], account.read().check()), (1, Ok(())));
}

/// The requester has gone: counted, and the server goes on.
#[test]
fn a_requester_that_is_gone_is_counted() {
    let (gone, here) = (Collect::new(), Collect::new());
    gone.close();
    let mut server = Server::new(WhenFull::Block, twice, responder([gone, here.clone()]));
    let account = server.account();
    assert_eq!(Script::new(requests()).drain(NOW, 999, &mut server).end, Some(End::Closed));
    drop(server);
    assert_eq!((here.len(), account.read().dropped[Reason::ReplyDead]), (50, 50));
    assert_eq!(account.read().check(), Ok(()));
}
