//! Everything accepted arrives once and in order, at one of the consumers, and nobody waits for anybody.
//!
//! loom tries at every step of a thread to run it no further until the others are at their end. So what a model asserts
//! of one thread before it joins another holds wherever that one stalls: in its closures, and at each step of a swap.

use crate::common::{model, outcomes};
use crate::{ALL, Event, NOW, offer, peek, start, take, take_some, takes};
use loom::{alloc::Track, thread};
use ringmain::channel::mpmc::strict::{self, Consumer, Producer};
use ringmain::contract::{At, Flow, Halt, Refused, Sink, SourceMut};
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

#[test]
fn what_is_published_is_seen() {
    let legal = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)];
    outcomes("strict: publish", &legal, || {
        let ([mut tx], [mut rx]) = ends(2);
        let producer = thread::spawn(move || {
            offer(&mut tx, 1).unwrap();
            offer(&mut tx, 2).unwrap();
            tx
        });
        let (first, second) = (take(&mut rx), take(&mut rx));
        let _tx = producer.join().unwrap();
        assert_eq!([&first[..], &second, &take(&mut rx)].concat(), [1, 2]);
        (first.len(), second.len())
    });
}

/// The way back: what is taken makes room, and the slot is filled again only when its consumer is done with it.
#[test]
fn a_full_ring_is_filled_again_behind_the_consumer() {
    for capacity in [1, 2] {
        let legal = [(false, false), (false, true), (true, false), (true, true)];
        outcomes(&format!("strict: wrap, capacity {capacity}"), &legal, move || {
            let ([mut tx], [mut rx]) = full(capacity);
            let next = capacity as u64 + 1;
            let producer = thread::spawn(move || {
                let first = takes(&mut tx, next);
                (first, takes(&mut tx, next + u64::from(first)), tx)
            });
            let mut seen = take_some(&mut rx, 1).0;
            seen.extend(take_some(&mut rx, 1).0);
            let (first, second, _tx) = producer.join().unwrap();
            std::iter::repeat_with(|| take(&mut rx)).take(2).for_each(|more| seen.extend(more));
            let last = capacity as u64 + u64::from(first) + u64::from(second);
            assert_eq!(seen, (1..=last).collect::<Vec<_>>());
            (first, second)
        });
    }
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

/// "Closed" comes behind the last event of the last producer, never in place of it.
#[test]
fn the_last_event_is_seen_before_the_end() {
    outcomes("strict: the producers go", &[(0, false), (1, false), (2, false), (2, true)], || {
        let ([a, b], [mut rx]) = ends(4);
        let producers = [(a, 1), (b, 2)].map(|(mut tx, n)| thread::spawn(move || offer(&mut tx, n).unwrap()));
        let (first, ended) = take_some(&mut rx, ALL);
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        let (second, closed) = take_some(&mut rx, ALL);
        assert!(closed && rx.is_closed());
        let mut all = [&first[..], &second].concat();
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
        (first.len(), ended)
    });
}

/// Who pushes to nobody gets his event back, and can tell how many were not delivered.
#[test]
fn consumers_that_go_give_back_what_comes_too_late() {
    // Events put in, those that were seen, and whether the first refusal was "closed".
    let legal = [(0, 0, true), (1, 0, false), (1, 0, true), (1, 1, false), (1, 1, true), (2, 1, false)];
    outcomes("strict: the consumers go", &legal, || {
        let ([mut tx], [mut rx, other]) = ends(1);
        drop(other);
        let consumer = thread::spawn(move || take_some(&mut rx, 1).0.len());
        let (mut pushed, mut closed) = (0, false);
        for n in [1, 2] {
            match tx.push(Track::new(n)) {
                Ok(()) => pushed += 1,
                Err(refusal) => {
                    assert_eq!(refusal.event.into_inner(), n);
                    closed = refusal.refused == Refused::Closed;
                    break;
                }
            }
        }
        let seen = consumer.join().unwrap();
        assert!(tx.is_closed());
        assert_eq!((tx.len(), offer(&mut tx, 3)), (pushed - seen, Err(Refused::Closed)));
        (pushed, seen, closed)
    });
}

/// All ends go with events in the ring, in a hand, or taken out by value: each is dropped once, or loom reports a leak.
#[test]
fn what_is_left_is_dropped_with_the_channel() {
    for taken in [0, 1, 2] {
        let legal: &[bool] = if taken == 0 { &[false] } else { &[false, true] };
        outcomes(&format!("strict: {taken} taken out"), legal, move || {
            let ([mut tx], [mut rx]) = full(2);
            let consumer = thread::spawn(move || {
                let mut out = Vec::new();
                let drained = rx.drain_mut(NOW, taken, &mut |slot: &mut Event, _: At| -> Flow {
                    out.push(std::mem::replace(slot, Track::new(0)));
                    Ok(())
                });
                assert_eq!((drained.count, out.len()), (taken, taken));
                assert!(out.into_iter().map(Track::into_inner).eq(1..=taken as u64));
                if taken == 1 {
                    assert!(peek(&mut rx));
                }
            });
            let put = offer(&mut tx, 3);
            drop(tx);
            consumer.join().unwrap();
            put.is_ok()
        });
    }
}

/// What the only consumer and the only producer are told holds until they act.
#[test]
fn room_and_length_are_promises() {
    outcomes("strict: len and free", &[(0, 1), (1, 1), (1, 2), (2, 1)], || {
        let ([mut tx], [mut rx]) = full(2);
        let producer = thread::spawn(move || {
            let (free, len) = (tx.free(), tx.len());
            assert!(free <= 2 && len <= 2);
            (0..free as u64).for_each(|n| offer(&mut tx, 3 + n).unwrap());
            (free, tx)
        });
        let first = take_some(&mut rx, 1).0;
        let len = rx.len();
        assert!(len <= 2);
        let rest = take_some(&mut rx, len).0;
        assert_eq!((first, rest.len()), (vec![1], len));
        let (free, tx) = producer.join().unwrap();
        assert!(tx.len() + tx.free() >= 2);
        (free, len)
    });
}
