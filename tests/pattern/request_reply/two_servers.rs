//! iceoryx2 #1969, the second half: a request that failed was delivered to one of two servers, as its send goes through
//! the connections one by one. Here two servers share one ring, and a request is published in it for both, or for none.

use super::{LONG, NOW, Told, ns, poll, responder, twice};
use ringmain::channel::multicast::{Multicast, Reader};
use ringmain::channel::{mpmc, mpsc};
use ringmain::contract::{Agent, Flow, Halt, Source, Work};
use ringmain::pattern::{Addresses, Client, IfDead, Origin, Reply, Request, Server, Unasked, WhenFull};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Where the servers share the work: a refused request is in nobody's hand. A server that goes with a request in its hand
/// takes that one along, which times out; all others are answered once, and the room is whole.
#[test]
fn iceoryx2_1969_a_server_that_goes_takes_no_more_than_it_has_in_hand() {
    let (tx, one) = mpmc::channel(2, Request::<u64>::default).unwrap();
    let (replies, rx) = mpsc::channel(4, Reply::default).unwrap();
    let port = Addresses::new(1..=1).open().unwrap();
    let mut client = Client::new(Origin::new(1), port, 4, rx, tx).unwrap();
    let two = one.clone();
    let never = |_: &Request<u64>, _: &mut u64| -> Flow { Err(Halt::Again) };
    let mut stuck =
        one.drive(Server::new(WhenFull::Block, IfDead::Drop, never, responder([replies.clone()])));
    let mut works = two.drive(Server::new(WhenFull::Block, IfDead::Drop, twice, responder([replies])));
    let timeout = Duration::from_nanos(10);
    let ask = |client: &mut Client<_, _>, n| client.request(NOW, timeout, |slot| *slot = n);
    let [a, b] = [1, 2].map(|n| ask(&mut client, n).unwrap());
    for n in 3..9 {
        assert_eq!(ask(&mut client, n), Err(Unasked::RingFull));
    }
    assert_eq!((stuck.work(NOW), client.pending()), (Work::Idle, 2));
    assert_eq!((works.work(NOW), poll(&mut client, NOW)), (Work::Busy(1), vec![(b, Told::Reply(4))]));
    drop(stuck);
    assert_eq!((works.work(NOW), poll(&mut client, NOW)), (Work::Idle, vec![]), "what it had is gone");
    let [c, d] = [5, 6].map(|n| ask(&mut client, n).unwrap());
    assert_eq!(ask(&mut client, 7), Err(Unasked::RingFull), "and its slot is free");
    assert_eq!(works.work(NOW), Work::Busy(2));
    let told = [(c, Told::Reply(10)), (d, Told::Reply(12)), (a, Told::Timeout)];
    assert_eq!((poll(&mut client, ns(10)), client.pending(), client.late()), (told.into(), 0, 0));
}

/// Where each of two servers sees every request: a refused one is seen by neither, also not by the one that has room. The
/// first answer is told, the second is late. When one goes, no more is accepted, and the other answers what was.
#[test]
fn iceoryx2_1969_a_refused_request_reaches_neither_of_two_servers() {
    let mut ring = Multicast::new(2, Request::<u64>::default).unwrap();
    let (one, two) = (ring.reader("one", &[]), ring.reader("two", &[]));
    let (replies, rx) = mpsc::channel(8, Reply::default).unwrap();
    let port = Addresses::new(1..=1).open().unwrap();
    let mut client = Client::new(Origin::new(1), port, 8, rx, ring.build().unwrap()).unwrap();
    let seen = [(); 2].map(|()| Rc::new(RefCell::new(Vec::new())));
    let server = |requests: Reader<Request<u64>>, replies, seen: &Rc<RefCell<Vec<u64>>>| {
        let seen = seen.clone();
        let handler = move |request: &Request<u64>, answer: &mut u64| -> Flow {
            seen.borrow_mut().push(request.body);
            twice(request, answer)
        };
        requests.drive(Server::new(WhenFull::Block, IfDead::Drop, handler, responder([replies])))
    };
    let (mut one, mut two) = (server(one, replies.clone(), &seen[0]), server(two, replies, &seen[1]));
    let [a, b] = [1, 2].map(|n| client.request(NOW, LONG, |slot| *slot = n).unwrap());
    assert_eq!(one.work(NOW), Work::Busy(2));
    // Of the two, one has room.
    for n in 3..9 {
        assert_eq!(client.request(NOW, LONG, |slot| *slot = n), Err(Unasked::RingFull));
    }
    assert_eq!((one.work(NOW), client.pending()), (Work::Idle, 2));
    assert_eq!(two.work(NOW), Work::Busy(2));
    assert_eq!(poll(&mut client, NOW), [(a, Told::Reply(2)), (b, Told::Reply(4))]);
    assert_eq!(client.late(), 2);

    let [c, d] = [10, 11].map(|n| client.request(NOW, LONG, |slot| *slot = n).unwrap());
    drop(one);
    assert_eq!(client.request(NOW, LONG, |slot| *slot = 12), Err(Unasked::NoResponder));
    assert_eq!(client.pending(), 2);
    assert_eq!(two.work(NOW), Work::Busy(2));
    assert_eq!(poll(&mut client, NOW), [(c, Told::Reply(20)), (d, Told::Reply(22))]);
    let seen = seen.map(|seen| seen.take());
    assert_eq!(seen, [vec![1, 2], vec![1, 2, 10, 11]], "what was refused was seen by nobody");
    assert_eq!((client.pending(), client.late()), (0, 2));
}
