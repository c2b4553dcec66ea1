//! Many producers, many consumers: everything accepted arrives at one consumer once, each producer's own in order, and a
//! slot is with one thread at a time.

mod strict;

use super::common::outcomes;
use super::{
    ALL, Event, NOW, batch, full, offer, offering, offering_twice, passes, peek, start, take, take_some,
    takes, taking,
};
use loom::{alloc::Track, thread};
use ringmain::channel::mpmc::{self, Consumer, Producer};
use ringmain::contract::{At, Flow, Halt, Sink, Source, SourceMut, each};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

fn ends(capacity: usize) -> (Producer<Event>, Consumer<Event>) {
    mpmc::channel_from(start(), capacity, || Track::new(0)).unwrap()
}

fn two(capacity: usize) -> ([Producer<Event>; 2], Consumer<Event>) {
    let (tx, rx) = ends(capacity);
    ([tx.clone(), tx], rx)
}

passes! { many_producers("mpmc", two):
    what_two_producers_publish_is_seen,
    a_producer_keeps_its_order_between_the_events_of_another,
    the_end_waits_for_every_producer(Consumer::is_closed),
}

/// One producer, two consumers.
fn one_to_two(capacity: usize) -> (Producer<Event>, [Consumer<Event>; 2]) {
    let (tx, rx) = ends(capacity);
    (tx, [rx.clone(), rx])
}

/// What was not delivered: nothing of it was in a hand.
fn left(tx: &Producer<Event>) -> usize {
    assert_eq!(tx.abandoned(), 0);
    tx.len()
}

passes! { one_producer("mpmc", one_to_two):
    consumers_that_go_give_back_what_comes_too_late(Producer::is_closed, left),
}

/// The bits of `events`, each of which came once.
fn bitmap(events: &[u64]) -> u64 {
    events.iter().fold(0, |bits, event| {
        assert_eq!(bits & 1 << event, 0, "{event} came twice");
        bits | 1 << event
    })
}

#[test]
fn an_event_goes_to_one_of_two_consumers() {
    // What the two consumers saw while the producer filled, a bit for each event. Nobody gets the second before somebody
    // has the first.
    let legal = [(0, 0), (0, 1), (1, 0), (0, 3), (3, 0), (1, 2), (2, 1)];
    outcomes("mpmc: one producer, two consumers", &legal, || {
        let (mut tx, mut rx) = ends(2);
        let other = taking(rx.clone(), ALL);
        let producer = thread::spawn(move || assert!(takes(&mut tx, 1) && takes(&mut tx, 2)));
        let mine = take(&mut rx);
        let (theirs, _other) = other.join().unwrap();
        producer.join().unwrap();
        for seen in [&mine, &theirs] {
            assert!(seen.is_sorted(), "of one producer, in its order");
        }
        let rest = take(&mut rx);
        assert_eq!(bitmap(&[&mine[..], &theirs, &rest].concat()), 0b110);
        (bitmap(&mine) >> 1, bitmap(&theirs) >> 1)
    });
}

/// Two of each, in a ring that two events fill; each thread has one turn, for one event.
#[test]
fn everything_accepted_arrives_exactly_once() {
    // How many events each consumer saw in its turn.
    let legal = [(0, 0), (0, 1), (1, 0), (1, 1)];
    outcomes("mpmc: two producers, two consumers", &legal, || {
        let (tx, mut rx) = ends(2);
        let producers = [offering(tx.clone(), 1), offering(tx, 2)];
        let other = taking(rx.clone(), 1);
        let mine = take_some(&mut rx, 1).0;
        let (theirs, _other) = other.join().unwrap();
        let producers = producers.map(|producer| producer.join().unwrap());
        assert!(producers.iter().all(|(taken, _)| *taken));
        let rest = take(&mut rx);
        assert_eq!(bitmap(&[&mine[..], &theirs, &rest].concat()), 0b110);
        (mine.len(), theirs.len())
    });
}

/// The way back: a slot is filled again only when its consumer is done with it, whichever of two that was.
#[test]
fn a_full_ring_is_filled_again_behind_two_consumers() {
    for capacity in [1, 2] {
        // Whether each of the two offers was taken.
        let legal = [(false, false), (false, true), (true, false), (true, true)];
        outcomes(&format!("mpmc: wrap, capacity {capacity}"), &legal, move || {
            let (tx, mut rx) = full(ends, capacity);
            let producer = offering_twice(tx, capacity as u64 + 1);
            let other = taking(rx.clone(), 1);
            let mut seen = take_some(&mut rx, 1).0;
            let (theirs, _other) = other.join().unwrap();
            let ([first, second], _tx) = producer.join().unwrap();
            seen.extend(theirs);
            seen.extend(take(&mut rx));
            let last = capacity as u64 + u64::from(first) + u64::from(second);
            assert_eq!(bitmap(&seen), (1 << (last + 1)) - 2);
            (first, second)
        });
    }
}

#[test]
fn producers_that_race_at_the_wrap_get_one_slot() {
    // Whether producer 2 and producer 3 were taken.
    let legal = [(false, false), (false, true), (true, false)];
    outcomes("mpmc: two producers at the wrap", &legal, || {
        let (tx, mut rx) = full(ends, 1);
        let producers = [offering(tx.clone(), 2), offering(tx, 3)];
        let mut seen = take_some(&mut rx, 1).0;
        let [(two, _tx2), (three, _tx3)] = producers.map(|producer| producer.join().unwrap());
        seen.extend(take(&mut rx));
        let mut sent = vec![1];
        sent.extend(two.then_some(2));
        sent.extend(three.then_some(3));
        assert_eq!(seen, sent);
        (two, three)
    });
}

/// Two consumers claim two events each with one read-modify-write, or what there is of them.
#[test]
fn batches_do_not_overlap() {
    // How many each got: one of them had two to choose from.
    let legal = [(1, 2), (2, 1), (2, 2)];
    outcomes("mpmc: two batches", &legal, || {
        let (tx, rx) = ends(8);
        let (mut tx, mut rx) = (tx, rx.batch(2));
        assert_eq!(batch(&mut tx, 1, 3), 3);
        let other = taking(rx.clone(), 2);
        let producer = thread::spawn(move || assert_eq!(batch(&mut tx, 4, 1), 1));
        let mine = take_some(&mut rx, 2).0;
        let (theirs, _other) = other.join().unwrap();
        producer.join().unwrap();
        assert!(mine.is_sorted() && theirs.is_sorted());
        let rest = take(&mut rx);
        assert_eq!(bitmap(&[&mine[..], &theirs, &rest].concat()), 0b11110);
        (mine.len(), theirs.len())
    });
}

/// What the module says of "full" and "empty": the push of 2 has returned, and yet nothing is there, as an older claim is
/// not finished. It is not lost, and comes behind the older one.
#[test]
fn nothing_is_seen_behind_a_claim_that_is_not_finished() {
    // What was seen after 2 was pushed, and in the end.
    let legal = [(vec![], vec![1, 2]), (vec![1, 2], vec![]), (vec![2], vec![1]), (vec![2, 1], vec![])];
    outcomes("mpmc: empty behind an unfinished claim", &legal, || {
        let (mut tx, mut rx) = ends(2);
        let other = offering(tx.clone(), 1);
        offer(&mut tx, 2).unwrap();
        let seen = take(&mut rx);
        other.join().unwrap();
        (seen, take(&mut rx))
    });
}

/// The same with the sides changed: event 2 is taken and its slot given back, nothing waits any more, and yet the ring is
/// full, as event 1 is still in a hand.
#[test]
fn nothing_is_filled_behind_an_event_in_hand() {
    outcomes("mpmc: full behind an event in hand", &[false, true], || {
        let (mut tx, mut rx) = full(ends, 2);
        let mut looks = rx.clone();
        assert!(peek(&mut looks));
        let looks = taking(looks, 1);
        assert_eq!(take_some(&mut rx, 1).0, [2]);
        assert_eq!(tx.len(), 0);
        let taken = takes(&mut tx, 3);
        let (seen, _looks) = looks.join().unwrap();
        assert_eq!(seen, [1]);
        assert!(taken || takes(&mut tx, 3), "it was only to be tried again");
        assert_eq!(take(&mut rx), [3]);
        taken
    });
}

/// A slot claimed and lost is passed over, and free again, whoever of two consumers meets it.
#[test]
fn a_void_slot_is_passed_over_by_one_of_two() {
    // Which events each of the two saw, a bit for each.
    let legal = [(0, 0b110), (0b110, 0), (0b10, 0b100), (0b100, 0b10)];
    outcomes("mpmc: a void slot, two consumers", &legal, || {
        let (mut tx, mut rx) = ends(4);
        assert_eq!(tx.fill(|_| -> Flow { Err(Halt::Stop) }), Err(Halt::Stop));
        assert!(takes(&mut tx, 1) && takes(&mut tx, 2));
        let other = taking(rx.clone(), ALL);
        let mine = take(&mut rx);
        let (theirs, _other) = other.join().unwrap();
        assert_eq!(bitmap(&[&mine[..], &theirs].concat()), 0b110);
        assert_eq!(batch(&mut tx, 3, 4), 4, "all slots are free again");
        (bitmap(&mine), bitmap(&theirs))
    });
}

/// A fill that panics while another producer fills and the consumer drains: nothing behind it is hidden, and the end comes.
#[test]
fn a_fill_that_panics_hides_nothing() {
    // How many events the consumer saw in its turn, and whether it met the end.
    let legal = [(0, false), (1, false), (1, true)];
    outcomes("mpmc: a fill that panics", &legal, || {
        let (mut tx, mut rx) = ends(2);
        let mut fails = tx.clone();
        let fails = thread::spawn(move || {
            let fill = || fails.offer(|_| resume_unwind(Box::new("on purpose")));
            assert!(catch_unwind(AssertUnwindSafe(fill)).is_err());
        });
        let producer = thread::spawn(move || assert!(takes(&mut tx, 1)));
        let (mut seen, ended) = take_some(&mut rx, ALL);
        let first = seen.len();
        fails.join().unwrap();
        producer.join().unwrap();
        let (rest, closed) = take_some(&mut rx, ALL);
        seen.extend(rest);
        assert!(closed);
        assert_eq!((seen, rx.len()), (vec![1], 0));
        (first, ended)
    });
}

/// "Closed" comes behind the last event, at each consumer, never in place of it.
#[test]
fn the_last_event_is_seen_before_the_end() {
    // What the two consumers saw, and whether they met the end.
    let legal = [
        (0, false, 0, false),
        (0, false, 1, false),
        (0, false, 1, true),
        (0, true, 1, false),
        (0, true, 1, true),
        (1, false, 0, false),
        (1, false, 0, true),
        (1, true, 0, false),
        (1, true, 0, true),
    ];
    outcomes("mpmc: the producers go", &legal, || {
        let (mut tx, mut rx) = ends(2);
        drop(tx.clone());
        let producer = thread::spawn(move || offer(&mut tx, 1).unwrap());
        let mut other = rx.clone();
        let other = thread::spawn(move || (take_some(&mut other, ALL), other));
        let (mine, ended) = take_some(&mut rx, ALL);
        producer.join().unwrap();
        let ((theirs, they_ended), other) = other.join().unwrap();
        let (rest, closed) = take_some(&mut rx, ALL);
        assert_eq!([&mine[..], &theirs, &rest].concat(), [1]);
        assert!(closed && rx.is_closed() && other.is_closed());
        (mine.len(), ended, theirs.len(), they_ended)
    });
}

/// A stage that panics, while the other consumer goes on: its event goes with it and is counted, its slot is free again.
#[test]
fn a_stage_that_panics_takes_one_event_with_it() {
    // What the other consumer saw, in the end; the lost one is not among it.
    let legal = [vec![1, 3], vec![2, 3]];
    outcomes("mpmc: a stage that panics", &legal, || {
        let (mut tx, mut rx) = full(ends, 2);
        let mut fails = rx.clone();
        let fails = thread::spawn(move || {
            let mut stage = each(|_: &Event| resume_unwind(Box::new("on purpose")));
            assert!(catch_unwind(AssertUnwindSafe(|| fails.drain(NOW, 1, &mut stage))).is_err());
        });
        let mut seen = take_some(&mut rx, 1).0;
        fails.join().unwrap();
        assert_eq!((rx.abandoned(), tx.abandoned(), rx.len()), (1, 1, 0));
        assert_eq!(batch(&mut tx, 3, 2), 2, "both slots are free again");
        seen.extend(take_some(&mut rx, 1).0);
        seen
    });
}

/// Everybody goes at once, with an event in hand, one in the ring, and some taken out by value: each is dropped once, or
/// loom reports a leak.
#[test]
fn what_is_left_is_dropped_with_the_ring() {
    // How many the second consumer took out.
    outcomes("mpmc: what is left", &[1], || {
        let (mut tx, rx) = full(ends, 2);
        let mut looks = rx.clone();
        let mut rx = rx;
        assert!(peek(&mut looks));
        let looks = thread::spawn(move || drop(looks));
        let consumer = thread::spawn(move || {
            let mut out = Vec::new();
            let _ = rx.drain_mut(NOW, 1, &mut |slot: &mut Event, _: At| -> Flow {
                out.push(std::mem::replace(slot, Track::new(0)));
                Ok(())
            });
            out.into_iter().map(Track::into_inner).filter(|n| *n == 2).count()
        });
        let _ = offer(&mut tx, 3);
        drop(tx);
        looks.join().unwrap();
        consumer.join().unwrap()
    });
}

/// Whatever the others do, a length is never more than the capacity, at both ends.
#[test]
fn a_length_is_never_more_than_the_capacity() {
    outcomes("mpmc: len, full", &[1, 2], || {
        let (mut tx, mut rx) = full(ends, 2);
        let asks = tx.clone();
        let consumer = taking(rx.clone(), 1);
        let producer = thread::spawn(move || (batch(&mut tx, 3, 2), tx));
        let len = asks.len();
        assert!(rx.len() <= 2 && asks.free() <= 2);
        let (more, _tx) = producer.join().unwrap();
        let (seen, _consumer) = consumer.join().unwrap();
        assert_eq!((seen.len(), asks.len() as u64), (1, 1 + more));
        assert_eq!(take(&mut rx).len() as u64, 1 + more);
        assert_eq!((rx.len(), asks.free()), (0, 2));
        len
    });
}

/// Nor is it less than nothing, where the consumers' counter is seen ahead of the producers'.
#[test]
fn a_length_is_never_less_than_nothing() {
    outcomes("mpmc: len, empty", &[(0, 0), (0, 1), (1, 0), (1, 1)], || {
        let (tx, rx) = ends(2);
        let (asks, mut also_asks) = (tx.clone(), rx.clone());
        let producer = offering(tx, 1);
        let consumer = taking(rx, ALL);
        let seen = (asks.len(), also_asks.len());
        producer.join().unwrap();
        let (taken, _rx) = consumer.join().unwrap();
        assert_eq!(taken.len() + take(&mut also_asks).len(), 1);
        seen
    });
}
