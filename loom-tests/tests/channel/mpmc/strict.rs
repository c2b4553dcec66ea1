//! Everything accepted arrives once and in order, at one of the consumers, and nobody waits for anybody.
//!
//! loom tries at every step of a thread to run it no further until the others are at their end. So what a model asserts
//! of one thread before it joins another holds wherever that one stalls: in its closures, and at each step of a swap.

use crate::common::{model, outcomes};
use crate::{Event, offer, passes, peek, start, take, take_some, takes};
use loom::{alloc::Track, thread};
use ringmain::channel::mpmc::strict::{self, Consumer, Producer};
use ringmain::contract::{Flow, Halt, Sink};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

fn ends<const P: usize, const C: usize>(capacity: usize) -> ([Producer<Event>; P], [Consumer<Event>; C]) {
    let (tx, rx) = strict::channel_from(start(), capacity, P, C, || Track::new(0)).unwrap();
    match (tx.try_into(), rx.try_into()) {
        (Ok(tx), Ok(rx)) => (tx, rx),
        _ => unreachable!("as many as were asked for"),
    }
}

/// Ends of a channel that holds `1..=capacity`.
fn full<const P: usize, const C: usize>(capacity: usize) -> ([Producer<Event>; P], [Consumer<Event>; C]) {
    let (mut tx, rx) = ends(capacity);
    (1..=capacity as u64).for_each(|n| offer(&mut tx[0], n).unwrap());
    (tx, rx)
}

fn one(capacity: usize) -> (Producer<Event>, Consumer<Event>) {
    let ([tx], [rx]) = ends(capacity);
    (tx, rx)
}

/// One producer, and the last of two consumers.
fn last(capacity: usize) -> (Producer<Event>, [Consumer<Event>; 1]) {
    let ([tx], [rx, _gone]) = ends(capacity);
    (tx, [rx])
}

fn two(capacity: usize) -> ([Producer<Event>; 2], Consumer<Event>) {
    let (tx, [rx]) = ends(capacity);
    (tx, rx)
}

passes! { one_producer("strict", one):
    what_is_published_is_seen,
    a_full_ring_is_filled_again_behind_the_consumer,
    what_is_left_is_dropped_with_the_ring,
    room_and_length_are_promises(Producer::len, Producer::free, Consumer::len),
}

passes! { one_producer("strict", last):
    consumers_that_go_give_back_what_comes_too_late(Producer::is_closed, Producer::len),
}

passes! { many_producers("strict", two):
    the_end_waits_for_every_producer(Consumer::is_closed),
}

/// Wherever the other producer stalls, its event is in or it is not, and this one goes on: what it put in is there.
#[test]
fn a_producer_that_stalls_holds_up_nobody() {
    outcomes("strict: two producers", &[(1, 2), (2, 1), (2, 3)], || {
        let ([mut tx, mut other], [mut rx]) = ends(2);
        let producer = thread::spawn(move || offer(&mut other, 1).unwrap());
        offer(&mut tx, 2).unwrap();
        let first = take_some(&mut rx, 1).0[0];
        let second = if first == 1 {
            take_some(&mut rx, 1).0[0]
        } else {
            // The other one may not be there yet.
            offer(&mut tx, 3).unwrap();
            take_some(&mut rx, 1).0[0]
        };
        producer.join().unwrap();
        let mut all = [&[first, second], &take(&mut rx)[..]].concat();
        all.sort_unstable();
        assert!(all == [1, 2] || all == [1, 2, 3]);
        (first, second)
    });
}

/// It fills, and comes too late for the room that it saw: the capacity is one, and both get their event in.
#[test]
fn who_saw_room_gets_in() {
    outcomes("strict: the last room", &[(false, true), (true, false), (true, true)], || {
        let ([mut a, mut b], [mut rx]) = ends(1);
        let producer = thread::spawn(move || (takes(&mut a, 1), a));
        let mine = takes(&mut b, 2);
        let (theirs, mut a) = producer.join().unwrap();
        assert_eq!((a.len(), a.free()), (usize::from(mine) + usize::from(theirs), 0));
        assert!(!takes(&mut a, 3) && !takes(&mut b, 3));
        let mut seen = [take(&mut rx), take(&mut rx)].concat();
        seen.sort_unstable();
        assert!(
            seen.into_iter().eq([(1, theirs), (2, mine)].into_iter().filter(|(_, put)| *put).map(|(n, _)| n))
        );
        (theirs, mine)
    });
}

/// Wherever the other consumer stalls, it has its event or not, and the rest is there for this one.
#[test]
fn a_consumer_that_stalls_holds_up_nobody() {
    outcomes("strict: two consumers", &[vec![1, 2], vec![1, 3], vec![2, 3]], || {
        let ([mut tx], [mut rx, mut other]) = full(2);
        let consumer = thread::spawn(move || (take_some(&mut other, 1).0, other));
        let mut mine = take_some(&mut rx, 1).0;
        offer(&mut tx, 3).unwrap();
        mine.extend(take_some(&mut rx, 1).0);
        assert_eq!(mine.len(), 2);
        let (theirs, _other) = consumer.join().unwrap();
        let mut all = [&mine[..], &theirs, &take(&mut rx)].concat();
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3]);
        mine
    });
}

/// Two producers, two consumers, one of each on two threads: each event goes to one consumer, and those of one producer
/// are in order.
#[test]
fn every_event_goes_to_one_consumer() {
    outcomes("strict: two and two", &[(10, 20), (20, 10)], || {
        let ([mut tx_a, mut tx_b], [mut rx_a, mut rx_b]) = ends(2);
        let other = thread::spawn(move || {
            offer(&mut tx_a, 10).unwrap();
            (take_some(&mut rx_a, 1).0[0], tx_a)
        });
        offer(&mut tx_b, 20).unwrap();
        // Each put one in and then takes one, so there is one for each.
        let mine = take_some(&mut rx_b, 1).0[0];
        let (theirs, _tx_a) = other.join().unwrap();
        assert!(rx_b.is_empty());
        (theirs, mine)
    });
}

/// A fill that fails, or panics, holds up nobody while it lasts, and nothing is published.
#[test]
fn a_fill_that_is_given_up_leaves_nothing() {
    for dies in [false, true] {
        model(&format!("strict: given up, panic {dies}"), move || {
            let ([mut tx, mut other], [mut rx]) = ends(1);
            let producer = thread::spawn(move || {
                let fill = |slot: &mut Event| -> Flow {
                    *slot = Track::new(9);
                    if dies { resume_unwind(Box::new("on purpose")) } else { Err(Halt::Stop) }
                };
                let filled = catch_unwind(AssertUnwindSafe(|| other.fill(fill)));
                assert!(!matches!(filled, Ok(Ok(()))));
            });
            assert!(takes(&mut tx, 1));
            assert_eq!(take(&mut rx), [1]);
            assert!(takes(&mut tx, 2));
            producer.join().unwrap();
            assert_eq!((take(&mut rx), rx.len()), (vec![2], 0));
        });
    }
}

/// An event in hand is not in the ring: it makes room, others pass it, and it is counted if its consumer goes with it.
#[test]
fn an_event_in_hand_is_with_its_consumer() {
    outcomes("strict: in hand, then gone", &[(1, false), (1, true), (2, true)], || {
        let ([mut tx], [mut rx, mut other]) = full(1);
        let consumer = thread::spawn(move || peek(&mut other) && peek(&mut other));
        let put = takes(&mut tx, 2);
        let mine = take(&mut rx);
        let theirs = consumer.join().unwrap();
        assert_eq!(tx.abandoned(), u64::from(theirs));
        let rest = take(&mut rx).len();
        assert_eq!(usize::from(theirs) + mine.len() + rest, 1 + usize::from(put));
        (1 + usize::from(put), theirs)
    });
}
