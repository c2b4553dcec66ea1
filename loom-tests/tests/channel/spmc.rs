//! One producer that claims with a store, many consumers: what differs from [`mpmc`](super::mpmc).

use super::common::outcomes;
use super::{Event, batch, full, offer, passes, start, take, take_some, takes, taking};
use loom::alloc::Track;
use loom::thread;
use ringmain::channel::spmc::{self, Consumer, Producer};
use ringmain::contract::{Fault, Flow, Halt, Refused, Sink};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

fn ends(capacity: usize) -> (Producer<Event>, Consumer<Event>) {
    spmc::channel_from(start(), capacity, || Track::new(0)).unwrap()
}

passes! { one_producer("spmc", ends):
    the_last_event_is_seen_before_the_end(Consumer::is_closed),
}

#[test]
fn an_event_goes_to_one_of_two_consumers() {
    // How many events each of the two saw in its turn, which is for one.
    let legal = [(0, 0), (0, 1), (1, 0), (1, 1)];
    outcomes("spmc: one producer, two consumers", &legal, || {
        let (mut tx, mut rx) = ends(2);
        let other = taking(rx.clone(), 1);
        let producer = thread::spawn(move || assert!(takes(&mut tx, 1) && takes(&mut tx, 2)));
        let mine = take_some(&mut rx, 1).0;
        let (theirs, _other) = other.join().unwrap();
        producer.join().unwrap();
        let mut seen = [&mine[..], &theirs, &take(&mut rx)].concat();
        seen.sort_unstable();
        assert_eq!(seen, [1, 2]);
        (mine.len(), theirs.len())
    });
}

#[test]
fn a_full_ring_is_filled_again_behind_two_consumers() {
    // How many of two more were taken at once, and how many of one more then.
    let legal = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)];
    outcomes("spmc: wrap", &legal, || {
        let (mut tx, mut rx) = full(ends, 2);
        let consumers = [rx.clone(), rx.clone()].map(|rx| taking(rx, 1));
        let first = batch(&mut tx, 3, 2);
        let second = batch(&mut tx, 3 + first, 1);
        let mut seen: Vec<_> = consumers.map(|consumer| consumer.join().unwrap().0).concat();
        seen.extend(take(&mut rx));
        seen.sort_unstable();
        assert_eq!(seen, (1..=2 + first + second).collect::<Vec<_>>());
        assert_eq!(tx.next(), start().plus(2 + first + second));
        (first, second)
    });
}

/// What was claimed and not filled is taken back: nothing of it is seen, and nothing has to be passed over.
#[test]
fn a_fill_that_fails_leaves_nothing() {
    // How many events the consumer saw while they came.
    outcomes("spmc: fills that fail", &[0, 1, 2, 3], || {
        let (mut tx, mut rx) = ends(4);
        let producer = thread::spawn(move || {
            let fault = Halt::Reject(Fault::new(1));
            let fails = |i, slot: &mut Event| {
                *slot = Track::new(1);
                if i == 1 { Err(fault) } else { Ok(()) }
            };
            assert_eq!(tx.fill_many(3, fails).count, 1);
            let panics = |_: &mut Event| -> Flow { resume_unwind(Box::new("on purpose")) };
            assert!(catch_unwind(AssertUnwindSafe(|| tx.fill(panics))).is_err());
            assert!(takes(&mut tx, 2) && takes(&mut tx, 3));
            tx
        });
        let mut seen = take(&mut rx);
        let count = seen.len();
        let tx = producer.join().unwrap();
        assert_eq!((tx.len(), tx.next()), (3 - count, start().plus(3)));
        seen.extend(take(&mut rx));
        assert_eq!(seen, [1, 2, 3]);
        count
    });
}

#[test]
fn consumers_that_go_refuse_the_producer() {
    // Whether the two offers were taken; of the events left, the producer knows.
    let legal = [(false, false), (true, false), (true, true)];
    outcomes("spmc: the consumers go", &legal, || {
        let (mut tx, rx) = ends(2);
        let consumers = [rx.clone(), rx].map(|rx| thread::spawn(move || drop(rx)));
        let sent = [1, 2].map(|n| offer(&mut tx, n).is_ok());
        for consumer in consumers {
            consumer.join().unwrap();
        }
        assert_eq!(offer(&mut tx, 3), Err(Refused::Closed));
        assert_eq!(tx.len(), sent.iter().filter(|sent| **sent).count());
        (sent[0], sent[1])
    });
}

#[test]
fn a_length_is_never_more_than_the_capacity() {
    outcomes("spmc: len", &[1, 2], || {
        let (mut tx, mut rx) = full(ends, 2);
        let asks = rx.clone();
        let mut takes_one = rx.clone();
        let consumer = thread::spawn(move || take_some(&mut takes_one, 1).0.len());
        let producer = thread::spawn(move || (batch(&mut tx, 3, 2), tx));
        let len = asks.len();
        let (more, tx) = producer.join().unwrap();
        assert_eq!(consumer.join().unwrap(), 1);
        assert_eq!(tx.len() as u64, 1 + more);
        assert_eq!(take(&mut rx).len() as u64, 1 + more);
        len
    });
}
