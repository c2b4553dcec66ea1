//! Open sets.

use super::{Here, NOW, PRODUCER, Quotes, lowest, note, ns, policy, poll};
use ringmain::channel::mpsc;
use ringmain::channel::multicast::{self, Multicast};
use ringmain::contract::{Fault, MessageId, Reason, Sink, Source, each};
use ringmain::pattern::{
    Addresses, AtDeadline, Auction, Desk, Ending, FitFor, Origin, Policy, Quorum, Reply, Request, Rule, Says,
    Scatter, Unasked,
};
use ringmain::ring::CapacityError;
use std::time::Duration;

type Asks = Auction<multicast::Producer<Request<u64>>>;

struct Rig<Acc, R, F> {
    scatter: Here<Acc, R, F, Asks>,
    to: multicast::Reader<Request<u64>>,
    replies: mpsc::Producer<Reply<u64>>,
}

/// Who bids is not there: the test writes the replies, with the ids of any bidder.
fn rig<Acc, R, F>(bidders: usize, policy: Policy<R>, fold: F) -> Rig<Acc, R, F>
where
    R: Rule<Acc> + FitFor<Asks>,
    F: FnMut(&mut Acc, usize, &mut u64),
{
    let mut ring = Multicast::new(2, Request::default).unwrap();
    let to = ring.reader("bidders", &[]);
    let requests = ring.build().unwrap();
    let (replies, rx) = mpsc::channel(64, Reply::default).unwrap();
    let port = Addresses::new(1..=1).open().unwrap();
    let desk = Desk::new(Origin::new(PRODUCER), port, rx, Auction::new(bidders, requests).unwrap());
    Rig { scatter: Scatter::new(4, policy, fold, desk).unwrap(), to, replies }
}

fn bid(replies: &mut mpsc::Producer<Reply<u64>>, bidder: u16, to: MessageId, says: Says, body: u64) {
    let mut reply = Reply { says, body, ..Reply::default() };
    reply.header.ids.cause = to;
    reply.header.ids.id = MessageId::new(bidder, 1);
    replies.push(reply).unwrap();
}

/// The best bid at the deadline, of an unknown number. The numbers stay.
#[test]
fn the_best_at_the_deadline() {
    let mut rig = rig(4, policy(AtDeadline), lowest());
    for (asked, twice) in [(0, 1), (50, 2)] {
        let ticket = rig.scatter.ask(ns(asked), Duration::from_nanos(50), None, |slot| *slot = 1).unwrap();
        assert_eq!(rig.to.len(), 1);
        let is_it = |request: &Request<u64>| assert_eq!(request.header.ids.id, ticket.id());
        assert_eq!(rig.to.drain(NOW, 1, &mut each(is_it)).count, 1);
        for (bidder, price) in [(900, 102), (17, 99), (800, 100)] {
            bid(&mut rig.replies, bidder, ticket.id(), Says::Reply, price);
        }
        bid(&mut rig.replies, 17, ticket.id(), Says::Reply, 1);
        bid(&mut rig.replies, 33, ticket.id(), Says::Fault(Fault::new(4)), 1);
        assert_eq!(poll(&mut rig.scatter, asked + 49), []);
        let [told] = &poll(&mut rig.scatter, asked + 50)[..] else { panic!("one") };
        assert_eq!((told.ending, told.acc), (Ending::Complete, Some((1, 99))));
        assert_eq!((told.answered, &told.faults[..]), (0b0111, &[(3, Fault::new(4))][..]));
        assert_eq!(rig.scatter.duplicates(), twice);
    }
    assert_eq!(
        [0, 1, 4].map(|bidder| rig.scatter.recipients().producer(bidder)),
        [Some(900), Some(17), None]
    );
}

/// 9.d10: a quorum, which may be of as many as have not been heard of yet; `All` does not compile: see the page.
#[test]
fn scatter_gather_10_a_quorum_of_an_open_set() {
    let mut rig = rig(4, policy(Quorum(2)), note);
    let ticket = rig.scatter.ask(NOW, Duration::from_nanos(50), Quotes::new(), |_| ()).unwrap();
    bid(&mut rig.replies, 5, ticket.id(), Says::Fault(Fault::new(4)), 0);
    bid(&mut rig.replies, 6, ticket.id(), Says::Reply, 1);
    assert_eq!(poll(&mut rig.scatter, 1), []);
    bid(&mut rig.replies, 7, ticket.id(), Says::Reply, 2);
    bid(&mut rig.replies, 8, ticket.id(), Says::Reply, 2);
    let [told] = &poll(&mut rig.scatter, 2)[..] else { panic!("one") };
    assert_eq!((told.ending, &told.acc[..]), (Ending::Complete, &[(1, 1), (2, 2)][..]));
    assert_eq!(rig.scatter.late(3), 1);
}

/// More bidders than there is room for; an id that no auction has given out.
#[test]
fn bidders_are_bounded() {
    let mut rig = rig(1, policy(Quorum(2)), note);
    let ticket = rig.scatter.ask(NOW, Duration::from_nanos(50), Quotes::new(), |_| ()).unwrap();
    bid(&mut rig.replies, 5, ticket.id(), Says::Reply, 1);
    bid(&mut rig.replies, 6, ticket.id(), Says::Reply, 2);
    bid(&mut rig.replies, 5, MessageId(ticket.id().0 | 1 << 10), Says::Reply, 2);
    let [told] = &poll(&mut rig.scatter, 50)[..] else { panic!("one") };
    assert_eq!((told.ending, &told.acc[..]), (Ending::Deadline, &[(0, 1)][..]));
    let books = rig.scatter.replies().read();
    assert_eq!((books.dropped[Reason::TableFull], books.dropped[Reason::InvalidKey]), (1, 1));
    let auction = |bidders| Auction::new(bidders, ()).map(drop);
    assert_eq!(auction(65), Err(CapacityError::TooLarge { asked: 65 }));
    assert_eq!((auction(0), auction(64)), (Err(CapacityError::Zero), Ok(())));
}

/// The one ring is full; everybody is gone.
#[test]
fn nobody_can_be_asked() {
    let mut rig = rig(4, super::waiting(Quorum(1)), note);
    let ask = |rig: &mut Rig<_, _, _>| {
        rig.scatter.ask(NOW, Duration::from_nanos(50), Quotes::new(), |_: &mut u64| ())
    };
    assert!(ask(&mut rig).is_ok() && ask(&mut rig).is_ok());
    assert_eq!((ask(&mut rig), rig.scatter.pending()), (Err(Unasked::RingFull), 2));
    drop(rig.replies);
    // Nobody is left, also of those that have not been heard of.
    let told = poll(&mut rig.scatter, 1);
    assert_eq!(told.iter().map(|told| told.ending).collect::<Vec<_>>(), [Ending::Impossible; 2]);
    let asked = rig.scatter.ask(NOW, Duration::from_nanos(50), Quotes::new(), |_| ());
    assert_eq!(asked, Err(Unasked::NoResponder));
}
