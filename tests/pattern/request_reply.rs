//! Request-reply: one outcome for each request, told to who asked and to nobody else. The numbers of the tests are those
//! of the specification: 3 is request-reply, 14 the correlation of nested requests, 15 the proxy.

mod oracle;
mod proxy;
mod refused;
mod strict;
mod two_servers;

use crate::kit::{Choke, Collect, Dice, Script, Terms, allocations, conforms, seeds};
use ringmain::channel::{mpmc, mpsc, spsc};
use ringmain::contract::{
    Addressed, Agent, Correlated, End, Fault, Flow, Halt, MessageId, Reason, ReturnAddress, Sink, Source,
    SourceMut, Stage, Tick, Work,
};
use ringmain::pattern::{
    Addresses, Answer, Caller, Client, IfDead, MAX_DEPTH, NO_RETURN_ADDRESS, Origin, Proxy, RESPONDER_GONE,
    Reply, ReplyPorts, Request, Responder, Says, Server, Ticket, Unasked, WhenFull, service,
};
use ringmain::ring::CapacityError;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

const NOW: Tick = Tick::ZERO;
const LONG: Duration = Duration::from_secs(1);

fn ns(n: u64) -> Tick {
    Tick::from_nanos(n)
}

fn origins<const N: usize>() -> [Origin; N] {
    let mut numbers = 1..;
    [(); N].map(|()| Origin::new(numbers.next().unwrap()))
}

/// An answer, copied out of its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Told {
    Part(u64),
    Reply(u64),
    End,
    Fault(Fault),
    Timeout,
}

fn copied(answer: Answer<'_, u64>) -> Told {
    match answer {
        Answer::Part(n) => Told::Part(*n),
        Answer::Reply(n) => Told::Reply(*n),
        Answer::End => Told::End,
        Answer::Fault(fault) => Told::Fault(fault),
        Answer::Timeout => Told::Timeout,
    }
}

/// What one poll tells.
fn poll<Src, K>(client: &mut Client<Src, K>, now: Tick) -> Vec<(Ticket, Told)>
where
    Src: SourceMut<Event = Reply<u64>>,
    K: Sink<Event = Request<u64>>,
{
    let mut told = Vec::new();
    let count = client.poll(now, |ticket, answer| {
        told.push((ticket, copied(answer)));
        Ok(())
    });
    assert_eq!(count, Ok(told.len()));
    told
}

fn twice(request: &Request<u64>, answer: &mut u64) -> Flow {
    *answer = request.body * 2;
    Ok(())
}

/// A client between two rings, whose other ends the test holds.
struct Rig {
    client: Client<spsc::Consumer<Reply<u64>>, spsc::Producer<Request<u64>>>,
    requests: spsc::Consumer<Request<u64>>,
    replies: spsc::Producer<Reply<u64>>,
}

/// The number of the rig's client.
const PRODUCER: u16 = 1;

fn rig(outstanding: usize, request_ring: usize, reply_ring: usize) -> Rig {
    let (tx, requests) = spsc::channel(request_ring, Request::default).unwrap();
    let (replies, rx) = spsc::channel(reply_ring, Reply::default).unwrap();
    let port = Addresses::new(1..=1).open().unwrap();
    let client = Client::new(Origin::new(PRODUCER), port, outstanding, rx, tx).unwrap();
    Rig { client, requests, replies }
}

impl Rig {
    fn ask(&mut self, now: Tick, timeout: u64, body: u64) -> Result<Ticket, Unasked> {
        self.client.request(now, Duration::from_nanos(timeout), |slot| *slot = body)
    }
    /// The next request that a server would see.
    fn take(&mut self) -> Request<u64> {
        self.requests.pop().unwrap()
    }
    fn say(&mut self, to: MessageId, says: Says, body: u64) {
        self.replies.push(reply(to, says, body)).unwrap();
    }
    fn poll(&mut self, now: Tick) -> Vec<(Ticket, Told)> {
        poll(&mut self.client, now)
    }
}

fn reply(to: MessageId, says: Says, body: u64) -> Reply<u64> {
    let mut reply = Reply { says, body, ..Reply::default() };
    reply.header.ids.cause = to;
    reply
}

/// Requests with the return address of port 1 or 2, by turns.
fn requests() -> impl Iterator<Item = Request<u64>> {
    (1..=100).map(|n| {
        let mut request = Request { body: n, depth: 1, ..Request::default() };
        request.set_reply_to(ReturnAddress { port: 1 + (n % 2) as u16, generation: 1 });
        request.header.ids.id = MessageId::new(9, n);
        request
    })
}

fn requests_of_port_1() -> impl Iterator<Item = Request<u64>> {
    requests().filter(|request| request.reply_to().port == 1)
}

/// Ports 1 to `sinks.len()`, each with a sink.
fn responder<K: Sink<Event = Reply<u64>>>(sinks: impl IntoIterator<Item = K>) -> Responder<K> {
    let (mut addresses, mut ports) = (Addresses::new(1..=9), ReplyPorts::new(1..=9));
    for sink in sinks {
        assert!(ports.open(addresses.open().unwrap(), sink).is_none());
    }
    Responder::new(Origin::new(77), ports)
}

// One port, as the ids of the replies are numbered over all of them.
conforms!(
    server,
    requests_of_port_1(),
    |kit| Server::new(WhenFull::Block, IfDead::Drop, twice, responder([kit.sink::<Reply<u64>>()])),
    Terms { stop_ends: false, ..Terms::STRICT }
);
conforms!(
    server_in_parts,
    requests_of_port_1(),
    |kit| Server::in_parts(WhenFull::Block, IfDead::Drop, three, responder([kit.sink::<Reply<u64>>()])),
    Terms { stop_ends: false, ..Terms::STRICT }
);
conforms!(
    server_that_drops_replies,
    requests_of_port_1(),
    |kit| Server::new(WhenFull::DropReply, IfDead::Drop, twice, responder([kit.sink::<Reply<u64>>()])),
    Terms { stop_ends: false, waits: false, ..Terms::STRICT }
);

/// Three parts, and the end.
fn three(request: &Request<u64>, part: u32, body: &mut u64) -> Flow<Says> {
    *body = request.body * 10 + u64::from(part);
    Ok(if part < 3 { Says::Part } else { Says::End })
}

/// 3.d1: echo, a million in sequence: equal; pending=0, late=0, allocations=0.
#[test]
fn request_reply_1_echo() {
    let count = match () {
        () if cfg!(miri) => 100,
        () if cfg!(debug_assertions) => 200_000,
        () => 1_000_000,
    };
    let [own, other] = origins();
    let ([mut client], requests, ports) = service([own], 4).unwrap();
    let echo = |request: &Request<u64>, answer: &mut u64| -> Flow {
        *answer = request.body;
        Ok(())
    };
    let server = Server::new(WhenFull::Block, IfDead::Drop, echo, Responder::new(other, ports));
    let (asked, answered, served) = (client.account(), client.replies(), server.account());
    let mut server = requests.drive(server);
    let ((), allocated) = allocations(|| {
        for n in 0..count {
            let ticket = client.request(NOW, LONG, |slot| *slot = n).unwrap();
            assert_eq!(server.work(NOW), Work::Busy(1));
            let mut seen = None;
            let told = client.poll(NOW, |whose, answer| {
                seen = Some((whose, copied(answer)));
                Ok(())
            });
            assert_eq!((told, seen), (Ok(1), Some((ticket, Told::Reply(n)))));
        }
    });
    assert_eq!((client.pending(), client.late(), allocated), (0, 0, 0));
    drop((client, server));
    for books in [&asked, &answered, &served] {
        assert_eq!((books.read().input, books.read().out, books.read().check()), (count, count, Ok(())));
    }
}

/// Clients and server on threads of their own: each client gets its own answers, all of them, and nothing else.
#[test]
fn two_clients_and_a_server_on_three_threads() {
    let count = if cfg!(miri) { 20 } else { 5000 };
    let (clients, requests, ports) = service(origins::<2>(), 8).unwrap();
    let server = Server::new(WhenFull::Block, IfDead::Drop, twice, Responder::new(Origin::new(9), ports));
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
        requests.drive(Server::new(WhenFull::Block, IfDead::Drop, twice, responder([replies]))).limit(2)
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

/// 3.d2: 64 outstanding, answered in reverse: each has its own value.
#[test]
fn request_reply_2_answers_in_reverse() {
    let mut rig = rig(64, 64, 64);
    let mut expected: Vec<_> =
        (0..64).map(|n| (rig.ask(NOW, 1000, n).unwrap(), Told::Reply(n * n))).collect();
    let taken: Vec<_> = (0..64).map(|_| rig.take()).collect();
    for request in taken.iter().rev() {
        rig.say(request.ids().id, Says::Reply, request.body * request.body);
    }
    expected.reverse();
    assert_eq!(rig.poll(NOW), expected);
    assert_eq!(rig.client.pending(), 0);
}

/// 3.d3: deadline 100, reply published at 101, polled each ns: Timeout at 100, late=1.
#[test]
fn request_reply_3_a_timeout_at_its_time() {
    let mut rig = rig(4, 4, 4);
    let ticket = rig.ask(NOW, 100, 7).unwrap();
    let id = rig.take().ids().id;
    for t in 0..100 {
        assert_eq!(rig.poll(ns(t)), [], "T1: never early");
    }
    assert_eq!(rig.poll(ns(100)), [(ticket, Told::Timeout)]);
    rig.say(id, Says::Reply, 14);
    assert_eq!(rig.poll(ns(101)), []);
    assert_eq!((rig.client.late(), rig.client.pending()), (1, 0));
    let (asked, answered) = (rig.client.account(), rig.client.replies());
    drop(rig);
    assert_eq!(asked.read().dropped[Reason::Expired], 1);
    assert_eq!(answered.read().dropped[Reason::Late], 1);
    assert_eq!((asked.read().check(), answered.read().check()), (Ok(()), Ok(())));
}

/// 3.d3: a reply published at 99, first poll at 150: Reply (T3).
#[test]
fn request_reply_3_a_reply_in_time_beats_a_late_poll() {
    let mut rig = rig(4, 4, 4);
    let (in_time, never) = (rig.ask(NOW, 100, 1).unwrap(), rig.ask(NOW, 100, 2).unwrap());
    let id = rig.take().ids().id;
    rig.say(id, Says::Reply, 2);
    assert_eq!(rig.poll(ns(150)), [(in_time, Told::Reply(2)), (never, Told::Timeout)]);
    assert_eq!(rig.client.late(), 0);
}

/// 3.d4, iceoryx2 #1905 and spring-amqp #1312: P=1, A times out, B takes the slot, reply(A) arrives.
#[test]
fn request_reply_4_iceoryx2_1905_spring_amqp_1312_a_late_reply_is_not_the_next_ones() {
    let mut rig = rig(1, 4, 4);
    let a = rig.ask(NOW, 10, 1).unwrap();
    assert_eq!(rig.poll(ns(10)), [(a, Told::Timeout)]);
    let b = rig.ask(ns(10), 10, 2).unwrap();
    assert_eq!((a.slot(), b.slot()), (0, 0));
    rig.say(a.id(), Says::Reply, 111);
    assert_eq!(rig.poll(ns(11)), []);
    assert_eq!((rig.client.pending(), rig.client.late()), (1, 1));
    rig.say(b.id(), Says::Reply, 222);
    assert_eq!(rig.poll(ns(12)), [(b, Told::Reply(222))]);
}

/// 3.d5: P=4, the fifth request: PendingFull, and the request ring is unchanged. After one reply it is accepted.
#[test]
fn request_reply_5_the_table_is_bounded() {
    let mut rig = rig(4, 8, 8);
    let first = rig.ask(NOW, 100, 0).unwrap();
    for n in 1..4 {
        rig.ask(NOW, 100, n).unwrap();
    }
    let refused = rig.client.request(NOW, LONG, |_| unreachable!("nothing is written"));
    assert_eq!((refused, rig.requests.len()), (Err(Unasked::PendingFull), 4));
    rig.say(first.id(), Says::Reply, 0);
    assert_eq!(rig.poll(NOW).len(), 1);
    assert!(rig.ask(NOW, 100, 4).is_ok());
    assert_eq!(rig.requests.len(), 5);
}

/// 3.d6: no responder: NoResponder in the same call.
#[test]
fn request_reply_6_no_responder_is_told_at_once() {
    let mut rig = rig(4, 4, 4);
    drop((rig.requests, rig.replies));
    for _ in 0..9 {
        let refused = rig.client.request(NOW, LONG, |_| unreachable!("nothing is written"));
        assert_eq!(refused, Err(Unasked::NoResponder));
    }
    assert_eq!((rig.client.pending(), poll(&mut rig.client, Tick::MAX)), (0, vec![]));
}

/// 3.d6, where the ring of replies is open still, as another server has it: the ring of requests says it.
#[test]
fn request_reply_6_no_responder_by_the_request_ring() {
    let requests = Collect::<Request<u64>>::new();
    requests.close();
    let (_replies, rx) = spsc::channel(4, Reply::<u64>::default).unwrap();
    let port = Addresses::new(1..=1).open().unwrap();
    let mut client = Client::new(Origin::new(1), port, 4, rx, requests).unwrap();
    assert_eq!(client.request(NOW, LONG, |_| ()), Err(Unasked::NoResponder));
    assert_eq!((client.pending(), client.next_deadline()), (0, None));
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
    let server = Server::new(WhenFull::Block, IfDead::Drop, moody, Responder::new(Origin::new(9), ports));
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
    let server = Server::new(WhenFull::DropReply, IfDead::Drop, twice, responder([sink_1, sink_2]));
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
    let mut server = Server::new(WhenFull::Block, IfDead::Drop, handler, responder([sink]));
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
    let server =
        Server::in_parts(WhenFull::Block, IfDead::Drop, handler, Responder::new(Origin::new(9), ports));
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
    let server = Server::new(WhenFull::Block, IfDead::Drop, handler, Responder::new(Origin::new(9), ports));
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
    let mut server = Server::in_parts(WhenFull::Block, IfDead::Drop, three, responder([sink]));
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
    let mut server = Server::in_parts(WhenFull::DropReply, IfDead::Drop, three, responder([sink]));
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
    let server = Server::new(WhenFull::Block, IfDead::Drop, handler, Responder::new(Origin::new(9), ports));
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
    let mut server = Server::new(WhenFull::Block, IfDead::Drop, never, responder([Collect::new()]));
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
    let mut server = Server::new(WhenFull::Block, IfDead::Drop, twice, responder([gone, here.clone()]));
    let account = server.account();
    assert_eq!(Script::new(requests()).drain(NOW, 999, &mut server).end, Some(End::Closed));
    drop(server);
    assert_eq!((here.len(), account.read().dropped[Reason::ReplyDead]), (50, 50));
    assert_eq!(account.read().check(), Ok(()));
}

/// iceoryx2 #1969: a send that fails keeps neither an entry nor a timer. Here the request ring is full.
#[test]
fn iceoryx2_1969_a_request_that_is_refused_leaves_nothing_behind() {
    let mut rig = rig(4, 1, 4);
    let first = rig.ask(NOW, 100, 1).unwrap();
    for _ in 0..9 {
        let refused = rig.client.request(NOW, LONG, |_| unreachable!("nothing is written"));
        assert_eq!((refused, rig.client.pending()), (Err(Unasked::RingFull), 1));
    }
    // All of the capacity is there still, and so is the ring.
    for n in 2..=4 {
        rig.take();
        rig.ask(NOW, 100, n).unwrap();
    }
    assert_eq!((rig.client.pending(), rig.take().body), (4, 4));
    let told = rig.poll(ns(100));
    assert_eq!((told.len(), told[0]), (4, (first, Told::Timeout)));
    let asked = rig.client.account();
    drop(rig);
    assert_eq!((asked.read().input, asked.read().dropped[Reason::Expired]), (4, 4));
}

/// CAMEL-24073: correlation registered, send fails, callback runs (twice) at the timeout. Here it never runs.
#[test]
fn camel_24073_what_was_not_sent_has_no_outcome() {
    let mut rig = rig(4, 1, 4);
    rig.ask(NOW, 100, 1).unwrap();
    assert_eq!(rig.ask(NOW, 50, 2), Err(Unasked::RingFull));
    assert_eq!((rig.poll(ns(99)), rig.poll(ns(100)).len(), rig.poll(Tick::MAX)), (vec![], 1, vec![]));
    // Nor where the closure that fills the request panics.
    rig.take();
    let asked = catch_unwind(AssertUnwindSafe(|| {
        rig.client.request(ns(100), LONG, |_| crate::kit::panic_on_purpose())
    }));
    assert!(asked.is_err());
    assert_eq!((rig.client.pending(), rig.client.next_deadline(), rig.requests.len()), (0, None, 0));
    assert_eq!(rig.poll(Tick::MAX), []);
}

/// boulder #1045 (and the mcp java-sdk #1133): the entry of a request that timed out is removed.
#[test]
fn boulder_1045_a_timeout_leaves_no_entry() {
    let mut rig = rig(2, 2, 2);
    for round in 0..1000 {
        let now = ns(round * 10);
        let tickets = [rig.ask(now, 10, 0).unwrap(), rig.ask(now, 10, 1).unwrap()];
        rig.take();
        rig.take();
        assert_eq!(rig.poll(ns(round * 10 + 10)), tickets.map(|ticket| (ticket, Told::Timeout)));
        assert_eq!((rig.client.pending(), rig.client.next_deadline()), (0, None));
    }
}

/// peerd #455: registered after the send, a fast reply is lost. Here the server answers inside of the send.
#[test]
fn peerd_455_a_reply_that_comes_within_the_call_is_matched() {
    /// A sink that is server, too: the reply is published before the request returns.
    struct AtOnce(spsc::Producer<Reply<u64>>);
    impl Sink for AtOnce {
        type Event = Request<u64>;
        fn fill<R>(&mut self, fill: impl FnOnce(&mut Request<u64>) -> Flow<R>) -> Flow<R> {
            let mut request = Request::default();
            let filled = fill(&mut request)?;
            self.0.push(reply(request.ids().id, Says::Reply, request.body * 2)).unwrap();
            Ok(filled)
        }
    }
    let (replies, rx) = spsc::channel(4, Reply::default).unwrap();
    let port = Addresses::new(1..=1).open().unwrap();
    let mut client = Client::new(Origin::new(1), port, 4, rx, AtOnce(replies)).unwrap();
    let ticket = client.request(NOW, Duration::ZERO, |slot| *slot = 21).unwrap();
    assert_eq!(poll(&mut client, NOW), [(ticket, Told::Reply(42))]);
}

#[test]
fn a_cancelled_request_has_no_other_outcome() {
    let mut rig = rig(2, 4, 4);
    let (a, b) = (rig.ask(NOW, 10, 1).unwrap(), rig.ask(NOW, 10, 2).unwrap());
    assert!(rig.client.cancel(a));
    assert!(!rig.client.cancel(a), "once");
    rig.say(a.id(), Says::Reply, 1);
    assert_eq!(rig.poll(NOW), []);
    assert_eq!(rig.poll(ns(10)), [(b, Told::Timeout)]);
    assert!(!rig.client.cancel(b), "too late");
    assert!(!rig.client.cancel(Ticket::default()), "nobody's");
    let asked = rig.client.account();
    drop(rig);
    assert_eq!((asked.read().filtered, asked.read().check()), (1, Ok(())));
}

/// A reply to the request of another client, of which this one has one with the same slot and tenant.
#[test]
fn a_foreign_reply_matches_nothing() {
    let mut rig = rig(2, 4, 4);
    let ticket = rig.ask(NOW, 10, 1).unwrap();
    let foreign = MessageId::new(PRODUCER + 1, ticket.id().counter());
    rig.say(foreign, Says::Reply, 666);
    rig.say(MessageId::NONE, Says::Reply, 666);
    rig.say(MessageId::new(PRODUCER, 0xFFFF_FFFF_FFFF), Says::Reply, 666);
    assert_eq!(rig.poll(NOW), []);
    assert_eq!((rig.client.pending(), rig.client.late()), (1, 1));
    let answered = rig.client.replies();
    drop(rig);
    assert_eq!(answered.read().dropped[Reason::InvalidKey], 2);
    assert_eq!(answered.read().check(), Ok(()));
}

/// What `on` cannot take now is told again, and its request stays open; in the order in which it came.
#[test]
fn an_answer_that_cannot_be_taken_comes_again() {
    let mut rig = rig(4, 4, 4);
    let (a, b, c) =
        (rig.ask(NOW, 10, 1).unwrap(), rig.ask(NOW, 10, 2).unwrap(), rig.ask(NOW, 10, 3).unwrap());
    rig.say(a.id(), Says::Reply, 1);
    rig.say(b.id(), Says::Reply, 2);
    let mut met = Vec::new();
    let mut full = |ticket, _: Answer<'_, u64>| -> Flow {
        met.push(ticket);
        if ticket == a { Ok(()) } else { Err(Halt::Again) }
    };
    assert_eq!(rig.client.poll(ns(10), &mut full), Err(Halt::Again));
    assert_eq!(rig.client.poll(ns(10), &mut full), Err(Halt::Again));
    assert_eq!((met, rig.client.pending()), (vec![a, b, b], 2));
    // Its own timer has fired meanwhile; the reply was there before.
    assert_eq!(rig.poll(ns(11)), [(b, Told::Reply(2)), (c, Told::Timeout)]);
    // A panic is no answer either.
    let d = rig.ask(ns(11), 10, 4).unwrap();
    let panics = catch_unwind(AssertUnwindSafe(|| {
        rig.client.poll(ns(21), |_, _| -> Flow { crate::kit::panic_on_purpose() })
    }));
    assert!(panics.is_err());
    assert_eq!(rig.poll(ns(21)), [(d, Told::Timeout)]);
    let (asked, answered) = (rig.client.account(), rig.client.replies());
    drop(rig);
    assert_eq!((asked.read().check(), answered.read().check()), (Ok(()), Ok(())));
}

/// With `Stop` and `Reject` an answer is told, and the rest waits for the next poll.
#[test]
fn an_answer_that_ends_the_poll_is_told() {
    for halt in [Halt::Stop, Fault::new(1).into()] {
        let mut rig = rig(3, 4, 4);
        let [a, b, c] = [1, 2, 3].map(|n| rig.ask(NOW, 10, n).unwrap());
        rig.say(a.id(), Says::Reply, 1);
        rig.say(b.id(), Says::Reply, 2);
        assert_eq!(rig.client.poll(NOW, |_, _| Err(halt)), Err(halt));
        assert_eq!(rig.poll(NOW), [(b, Told::Reply(2))]);
        assert_eq!(rig.client.poll(ns(10), |_, _| Err(halt)), Err(halt));
        assert_eq!((rig.poll(ns(10)), rig.client.pending(), rig.client.cancel(c)), (vec![], 0, false));
    }
}

#[test]
fn a_client_has_between_1_and_65536_open_requests() {
    for (asked, error) in [(0, CapacityError::Zero), (1 << 17, CapacityError::TooLarge { asked: 1 << 17 })] {
        assert_eq!(service::<u64, u64, 1>(origins(), asked).map(drop).unwrap_err(), error);
    }
    if cfg!(miri) {
        return;
    }
    let ([mut client], _requests, _ports) = service::<u64, u64, 1>(origins(), 1 << 16).unwrap();
    let slots: HashSet<_> = (0..1 << 16).map(|_| client.request(NOW, LONG, |_| ()).unwrap().slot()).collect();
    assert_eq!((slots.len(), client.request(NOW, LONG, |_| ())), (1 << 16, Err(Unasked::PendingFull)));
}

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
    let mut four = r4.drive(Server::new(WhenFull::Block, IfDead::Drop, last, p4));
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

/// No path allocates: replies, faults, timeouts, cancel, table full, ring full, late, foreign, the server gone.
#[test]
fn no_path_allocates() {
    let ([mut client, mut other], requests, ports) = service::<u64, u64, 2>(origins(), 4).unwrap();
    let handler = |request: &Request<u64>, part: u32, body: &mut u64| -> Flow<Says> {
        *body = request.body;
        match (request.body, part) {
            (7, _) => Err(Fault::new(7).into()),
            (8, 0..2) => Ok(Says::Part),
            _ => Ok(Says::Reply),
        }
    };
    let responder = Responder::new(Origin::new(9), ports);
    let mut server = requests.drive(Server::in_parts(WhenFull::DropReply, IfDead::Drop, handler, responder));
    let mut told = [0; 5];
    let mut on = |_: Ticket, answer: Answer<'_, u64>| -> Flow {
        told[match answer {
            Answer::Part(_) => 0,
            Answer::Reply(_) => 1,
            Answer::End => 2,
            Answer::Fault(_) => 3,
            Answer::Timeout => 4,
        }] += 1;
        Ok(())
    };
    let ((), allocated) = allocations(|| {
        for n in [1, 7, 8] {
            client.request(NOW, LONG, |slot| *slot = n).unwrap();
            assert_eq!(server.work(NOW), Work::Busy(1));
            client.poll(NOW, &mut on).unwrap();
        }
        // The table full; cancelled; out of time, at the server and at the client; late.
        for _ in 0..4 {
            client.request(NOW, Duration::from_nanos(10), |_| ()).unwrap();
        }
        assert_eq!(client.request(NOW, LONG, |_| ()), Err(Unasked::PendingFull));
        assert_eq!(server.work(ns(5)), Work::Busy(4));
        client.poll(ns(5), &mut on).unwrap();
        let ticket = client.request(ns(5), Duration::from_nanos(10), |_| ()).unwrap();
        assert!(client.cancel(ticket));
        client.request(ns(5), Duration::from_nanos(10), |_| ()).unwrap();
        assert_eq!(server.work(ns(6)), Work::Busy(2));
        client.poll(ns(6), &mut on).unwrap();
        client.request(ns(6), Duration::from_nanos(10), |_| ()).unwrap();
        client.poll(ns(16), &mut on).unwrap();
        assert_eq!(server.work(ns(17)), Work::Busy(1));
        // Its ring full, which drops the rest of an answer; then the server goes.
        for _ in 0..2 {
            other.request(ns(17), LONG, |slot| *slot = 8).unwrap();
        }
        assert_eq!(server.work(ns(17)), Work::Busy(2));
        drop(server);
        other.poll(ns(17), &mut on).unwrap();
        client.poll(ns(17), &mut on).unwrap();
        assert_eq!(client.request(ns(17), LONG, |_| ()), Err(Unasked::NoResponder));
    });
    assert_eq!((allocated, client.late()), (0, 1));
    assert_eq!(told, [5, 8, 0, 2, 1]);
}
