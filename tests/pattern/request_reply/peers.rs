//! What others have broken, each as a case.

use super::{LONG, NOW, Told, ns, poll, reply, rig};
use ringmain::channel::spsc;
use ringmain::contract::{Correlated, Flow, Reason, Sink, Tick};
use ringmain::pattern::{Addresses, Client, Origin, Reply, Request, Says, Unasked};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

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
