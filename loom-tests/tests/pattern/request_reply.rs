//! A server on another thread: it answers before the request returns, or too late, or it goes.

use crate::common::outcomes;
use loom::thread;
use ringmain::channel::spsc::{self, channel_from};
use ringmain::contract::{Flow, Source, SourceMut, Tick};
use ringmain::pattern::{
    Addresses, Answer, Client, IfDead, Origin, RESPONDER_GONE, Reply, ReplyPorts, Request, Responder, Says,
    Server, Ticket, WhenFull,
};
use ringmain::ring::Sequence;
use std::time::Duration;

/// The rings wrap at once.
const START: Sequence = Sequence::ZERO.minus(1);
const NOW: Tick = Tick::ZERO;
const TIMEOUT: Duration = Duration::from_nanos(10);

type End = Client<spsc::Consumer<Reply<u64>>, spsc::Producer<Request<u64>>>;

struct Rig {
    client: End,
    requests: spsc::Consumer<Request<u64>>,
    ports: ReplyPorts<spsc::Producer<Reply<u64>>>,
}

fn rig() -> Rig {
    let (tx, requests) = channel_from(START, 2, Request::default).unwrap();
    let (replies, rx) = channel_from(START, 2, Reply::default).unwrap();
    let port = Addresses::new(1..=1).open().unwrap();
    let mut ports = ReplyPorts::new(1..=1);
    assert!(ports.open(port, replies).is_none());
    let client = Client::new(Origin::new(1), port, 2, rx, tx).unwrap();
    Rig { client, requests, ports }
}

fn twice(request: &Request<u64>, answer: &mut u64) -> Flow {
    *answer = request.body * 2;
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Told {
    Reply(u64),
    Gone,
    Timeout,
}

fn poll(client: &mut End, now: Tick) -> Vec<(Ticket, Told)> {
    let mut log = Vec::new();
    let told = client.poll(now, |ticket, answer| {
        let told = match answer {
            Answer::Reply(n) => Told::Reply(*n),
            Answer::Fault(RESPONDER_GONE) => Told::Gone,
            Answer::Timeout => Told::Timeout,
            other => panic!("{other:?}"),
        };
        log.push((ticket, told));
        Ok(())
    });
    assert_eq!(told, Ok(log.len()));
    log
}

/// 3.d8: whenever the other thread publishes its reply, also before `request` returns, it is matched.
#[test]
fn request_reply_8_a_reply_before_the_request_returns_is_matched() {
    // Told while the server was at work, or only after it.
    outcomes("request-reply: a fast reply is matched", &[true, false], || {
        let Rig { mut client, mut requests, ports } = rig();
        let server = thread::spawn(move || {
            let mut server =
                Server::new(WhenFull::Block, IfDead::Drop, twice, Responder::new(Origin::new(2), ports));
            let _ = requests.drain(NOW, usize::MAX, &mut server);
            (requests, server)
        });
        let ticket = client.request(NOW, TIMEOUT, |slot| *slot = 21).unwrap();
        let early = poll(&mut client, NOW);
        let (mut requests, mut server) = server.join().unwrap();
        let _ = requests.drain(NOW, usize::MAX, &mut server);
        let mut told = early.clone();
        told.extend(poll(&mut client, NOW));
        assert_eq!(told, [(ticket, Told::Reply(42))]);
        assert_eq!((client.pending(), client.late()), (0, 0));
        !early.is_empty()
    });
}

/// A reply and the timeout race: exactly one of them is told, and a reply that lost is late.
#[test]
fn request_reply_3_a_reply_or_a_timeout_and_not_both() {
    let legal = [(Told::Reply(42), 0), (Told::Timeout, 1)];
    outcomes("request-reply: a reply or a timeout", &legal, || {
        let Rig { mut client, mut requests, ports } = rig();
        let ticket = client.request(NOW, TIMEOUT, |slot| *slot = 21).unwrap();
        let server = thread::spawn(move || {
            let caller = requests.take(|request| request.caller()).unwrap();
            let mut responder = Responder::new(Origin::new(2), ports);
            let answered = responder.answer(&caller, NOW, |body| {
                *body = 42;
                Ok(Says::Reply)
            });
            assert_eq!(answered, Ok(Says::Reply));
            (requests, responder)
        });
        let now = NOW.after(TIMEOUT);
        let mut told = poll(&mut client, now);
        let ends = server.join().unwrap();
        told.extend(poll(&mut client, now));
        drop(ends);
        told.extend(poll(&mut client, now));
        assert_eq!((told.len(), told[0].0), (1, ticket));
        (told[0].1, client.late())
    });
}

/// The server goes with a request in its ring, or after it has answered: that is told, and nothing twice.
#[test]
fn request_reply_10_a_server_that_goes_is_told_once() {
    outcomes("request-reply: a server that goes", &[Told::Reply(42), Told::Gone], || {
        let Rig { mut client, mut requests, ports } = rig();
        let server = thread::spawn(move || {
            let mut server =
                Server::new(WhenFull::Block, IfDead::Drop, twice, Responder::new(Origin::new(2), ports));
            let _ = requests.drain(NOW, usize::MAX, &mut server);
        });
        let asked = client.request(NOW, TIMEOUT, |slot| *slot = 21);
        let mut told = poll(&mut client, NOW);
        server.join().unwrap();
        told.extend(poll(&mut client, NOW));
        match asked {
            Ok(ticket) => {
                assert_eq!((told.len(), told[0].0, client.pending()), (1, ticket, 0));
                told[0].1
            }
            // It went before it was asked: nothing was accepted.
            Err(_) => {
                assert!(told.is_empty());
                Told::Gone
            }
        }
    });
}
