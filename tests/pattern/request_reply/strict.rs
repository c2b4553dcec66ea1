//! The option `strict`: a reply is held by when it was written.

use super::*;
use ringmain::pattern::RESPONDER_GONE;

impl Rig {
    fn strict(self) -> Self {
        Self { client: self.client.strict(), ..self }
    }
    fn say_at(&mut self, ts: u64, to: MessageId, says: Says, body: u64) {
        let mut reply = reply(to, says, body);
        reply.header.ts = ns(ts);
        self.replies.push(reply).unwrap();
    }
}

/// 0.5 T3: written at the deadline a reply is in time, one tick behind it is late, and the request times out, although
/// both were there before the poll; without `strict` both are told.
#[test]
fn request_reply_3_strict_at_the_boundary() {
    let told = |rig: Rig, ts, now| {
        let mut rig = rig;
        let ticket = rig.ask(NOW, 100, 1).unwrap();
        rig.say_at(ts, ticket.id(), Says::Reply, 2);
        let told = rig.poll(ns(now));
        assert!(told.iter().all(|(whose, _)| *whose == ticket));
        let (asked, answered) = (rig.client.account(), rig.client.replies());
        assert_eq!((rig.poll(Tick::MAX), rig.client.pending()), (vec![], 0));
        let late = rig.client.late();
        drop(rig);
        assert_eq!((asked.read().check(), answered.read().check()), (Ok(()), Ok(())));
        assert_eq!(
            (asked.read().dropped[Reason::Expired], answered.read().dropped[Reason::Late]),
            (late, late)
        );
        (told.into_iter().map(|(_, told)| told).collect::<Vec<_>>(), late)
    };
    for now in [101, 150] {
        for ts in [0, 99, 100, 101] {
            assert_eq!(told(rig(4, 4, 4), ts, now), (vec![Told::Reply(2)], 0), "{ts} {now}");
        }
        for ts in [0, 99, 100] {
            assert_eq!(told(rig(4, 4, 4).strict(), ts, now), (vec![Told::Reply(2)], 0), "{ts} {now}");
        }
        assert_eq!(told(rig(4, 4, 4).strict(), 101, now), (vec![Told::Timeout], 1), "{now}");
    }
}

/// T1 holds: where the client's clock is behind the server's, a reply that is late does not let the timer fire early.
#[test]
fn a_late_reply_does_not_let_a_timer_fire_early() {
    let mut rig = rig(4, 4, 4).strict();
    let ticket = rig.ask(NOW, 100, 1).unwrap();
    rig.say_at(101, ticket.id(), Says::Reply, 2);
    assert_eq!((rig.poll(ns(99)), rig.client.late(), rig.client.pending()), (vec![], 1, 1));
    assert_eq!(rig.poll(ns(100)), [(ticket, Told::Timeout)]);
}

/// Of an answer in parts those in time are told, and then the timeout; the server that goes at once does not change it.
#[test]
fn the_late_rest_of_an_answer_is_a_timeout() {
    let mut rig = rig(4, 4, 4).strict();
    let (ticket, open) = (rig.ask(NOW, 100, 1).unwrap(), rig.ask(NOW, 100, 2).unwrap());
    for (ts, says, body) in [(100, Says::Part, 1), (101, Says::Part, 2), (102, Says::End, 0)] {
        rig.say_at(ts, ticket.id(), says, body);
    }
    drop((rig.requests, rig.replies));
    let told = poll(&mut rig.client, ns(103));
    assert_eq!(told, [(ticket, Told::Part(1)), (ticket, Told::Timeout), (open, Told::Fault(RESPONDER_GONE))]);
    assert_eq!((rig.client.late(), rig.client.protocol_errors()), (2, 0));
}

/// A timeout that cannot be taken comes again, with its late reply booked once.
#[test]
fn a_strict_timeout_that_cannot_be_taken_comes_again() {
    let mut rig = rig(4, 4, 4).strict();
    let [a, b] = [1, 2].map(|n| rig.ask(NOW, 100, n).unwrap());
    for ticket in [a, b] {
        rig.say_at(101, ticket.id(), Says::Reply, 2);
    }
    for _ in 0..3 {
        assert_eq!(rig.client.poll(ns(101), |_, _| Err(Halt::Again)), Err(Halt::Again));
        assert_eq!((rig.client.late(), rig.client.pending()), (0, 2));
    }
    assert_eq!(rig.client.poll(ns(101), |_, _| Err(Halt::Stop)), Err(Halt::Stop));
    assert_eq!((rig.client.late(), rig.client.pending()), (1, 1));
    assert_eq!(rig.poll(ns(101)), [(b, Told::Timeout)]);
    assert_eq!((rig.client.late(), rig.client.pending()), (2, 0));
}

/// A server at work writes when: one that comes to a request in time and is slow to the next does not matter to it.
#[test]
fn a_server_writes_the_time() {
    let ([client], requests, ports) = service(origins(), 4).unwrap();
    let mut client = client.strict();
    let server = Server::new(WhenFull::Block, IfDead::Drop, twice, Responder::new(Origin::new(9), ports));
    let mut server = requests.drive(server);
    let ticket = client.request(NOW, Duration::from_nanos(100), |slot| *slot = 4).unwrap();
    assert_eq!(server.work(ns(100)), Work::Busy(1));
    assert_eq!(poll(&mut client, ns(10_000)), [(ticket, Told::Reply(8))]);
}
