//! Request-reply: one outcome for each request, told to who asked and to nobody else. The numbers of the tests are those
//! of the specification: 3 is request-reply, 14 the correlation of nested requests, 15 the proxy. The client is here; who
//! answers it, and what it is compared with, has a file each.

mod alloc;
#[cfg(feature = "async")]
mod awaited;
mod correlation;
mod mailbox;
mod oracle;
mod peers;
mod proxy;
mod refused;
mod servers;
mod strict;
mod two_servers;

use crate::kit::{Collect, allocations};
use ringmain::channel::spsc;
use ringmain::contract::{
    Addressed, Agent, Correlated, Fault, Flow, Halt, MessageId, Reason, ReturnAddress, Sink, Source,
    SourceMut, Tick, Work,
};
use ringmain::pattern::{
    Addresses, Answer, Client, IfDead, Origin, Reply, ReplyPorts, Request, Responder, Says, Server, Ticket,
    Unasked, WhenFull, service,
};
use ringmain::ring::CapacityError;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
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
