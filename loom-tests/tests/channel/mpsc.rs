//! Many producers, one consumer: everything accepted arrives once, each producer's events in order; a slot is with one
//! side at a time; and a producer that stands still in its fill hides what is behind it in a ring, and nothing between
//! lanes.

use super::common::outcomes;
use super::{ALL, Event, NOW, batch, offer, peek, start, take, take_some, takes};
use loom::{alloc::Track, thread};
use ringmain::channel::mpsc::{self, Consumer, Lanes, Producer};
use ringmain::channel::spsc;
use ringmain::contract::{At, Fault, Flow, Refused, Sink, Source, SourceMut};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

fn ends(capacity: usize) -> (Producer<Event>, Consumer<Event>) {
    mpsc::channel_from(start(), capacity, || Track::new(0)).unwrap()
}

fn lanes(capacity: usize) -> ([spsc::Producer<Event>; 2], Lanes<Event>) {
    let (producers, lanes) = mpsc::lanes_from(start(), 2, capacity, || Track::new(0)).unwrap();
    (producers.try_into().expect("two were asked for"), lanes)
}

/// Offers `n` on a thread of its own; whether it was taken, and the producer.
fn offering<K>(mut tx: K, n: u64) -> thread::JoinHandle<(bool, K)>
where
    K: Sink<Event = Event> + 'static,
{
    thread::spawn(move || (takes(&mut tx, n), tx))
}

// ---------------------------------------------------------------------------------------------------------- channel

#[test]
fn what_two_producers_publish_is_seen() {
    let legal: Vec<_> = (0..3).flat_map(|n| [(n, vec![1, 2]), (n, vec![2, 1])]).collect();
    outcomes("mpsc: two producers, one consumer", &legal, || {
        let (tx, mut rx) = ends(2);
        let producers = [offering(tx.clone(), 1), offering(tx, 2)];
        let mut seen = take(&mut rx);
        let count = seen.len();
        let producers = producers.map(|producer| producer.join().unwrap());
        assert!(producers.iter().all(|(taken, _)| *taken));
        seen.extend(take(&mut rx));
        (count, seen)
    });
}

/// The order is the one of the claims, and each producer's own events are in it as they were filled.
#[test]
fn a_producer_keeps_its_order_between_the_events_of_another() {
    let legal = [vec![1, 2, 10], vec![1, 10, 2], vec![10, 1, 2]];
    outcomes("mpsc: order of two producers", &legal, || {
        let (mut tx, mut rx) = ends(4);
        let other = offering(tx.clone(), 10);
        let two = thread::spawn(move || {
            assert!(takes(&mut tx, 1) && takes(&mut tx, 2));
            tx
        });
        let mut seen = take_some(&mut rx, 1).0;
        seen.extend(take(&mut rx));
        let (taken, _other) = other.join().unwrap();
        let _tx = two.join().unwrap();
        seen.extend(take(&mut rx));
        assert!(taken);
        seen
    });
}

#[test]
fn producers_that_race_at_the_wrap_get_one_slot() {
    // Whether producer 2 and producer 3 were taken, and what the consumer saw in its second turn.
    let legal = [
        (false, false, 0),
        (false, true, 0),
        (false, true, 1),
        (true, false, 0),
        (true, false, 1),
        (true, true, 1),
    ];
    outcomes("mpsc: claim race at the wrap", &legal, || {
        let (mut tx, mut rx) = ends(1);
        offer(&mut tx, 1).unwrap();
        let producers = [offering(tx.clone(), 2), offering(tx, 3)];
        assert_eq!(take(&mut rx), [1]);
        let mut seen = take(&mut rx);
        let count = seen.len();
        let [(two, _tx2), (three, _tx3)] = producers.map(|producer| producer.join().unwrap());
        seen.extend(take(&mut rx));
        seen.sort_unstable();
        let sent: Vec<u64> = [two.then_some(2), three.then_some(3)].into_iter().flatten().collect();
        assert_eq!(seen, sent);
        (two, three, count)
    });
}

/// Others have lapped the producer since it claimed last: it takes what is free, and not what it remembers.
#[test]
fn a_producer_that_was_away_finds_its_place() {
    // Whether the one that was away and the other were taken, and what the consumer saw in its turn.
    let legal = [
        (false, true, 1),
        (false, true, 2),
        (true, false, 1),
        (true, false, 2),
        (true, true, 1),
        (true, true, 2),
        (true, true, 3),
    ];
    outcomes("mpsc: a producer that was away", &legal, || {
        let (mut away, mut rx) = ends(2);
        let mut busy = away.clone();
        offer(&mut away, 1).unwrap();
        assert_eq!(batch(&mut busy, 2, 1), 1);
        assert_eq!(take(&mut rx), [1, 2]);
        assert_eq!(batch(&mut busy, 3, 2), 2);
        assert_eq!(take_some(&mut rx, 1).0, [3]);
        let threads = [offering(away, 5), offering(busy, 6)];
        let mut seen = take_some(&mut rx, 1).0;
        assert_eq!(seen, [4]);
        seen.extend(take(&mut rx));
        let count = seen.len();
        let [(five, _away), (six, _busy)] = threads.map(|thread| thread.join().unwrap());
        seen.extend(take(&mut rx));
        seen.sort_unstable();
        let sent = [Some(4), five.then_some(5), six.then_some(6)];
        assert_eq!(seen, sent.into_iter().flatten().collect::<Vec<_>>());
        (five, six, count)
    });
}

#[derive(Clone, Copy, Debug)]
enum Mishap {
    Fails,
    Panics,
}

fn abandon(tx: &mut Producer<Event>, how: Mishap) {
    match how {
        Mishap::Fails => {
            let failed = tx.fill(|slot| -> Flow {
                *slot = Track::new(666);
                Err(Fault::new(1).into())
            });
            assert_eq!(failed, Err(Fault::new(1).into()));
        }
        Mishap::Panics => {
            // Without the hook, which would print.
            let panicked =
                catch_unwind(AssertUnwindSafe(|| tx.offer(|_| resume_unwind(Box::new("on purpose")))));
            assert!(panicked.is_err());
        }
    }
}

#[test]
fn an_abandoned_slot_is_passed_over_and_hides_nothing() {
    for how in [Mishap::Fails, Mishap::Panics] {
        outcomes(&format!("mpsc: a fill {how:?}"), &[0, 1], move || {
            let (mut tx, mut rx) = ends(2);
            let good = offering(tx.clone(), 1);
            let bad = thread::spawn(move || {
                abandon(&mut tx, how);
                tx
            });
            let mut seen = take(&mut rx);
            let count = seen.len();
            let (taken, mut tx) = good.join().unwrap();
            let _bad = bad.join().unwrap();
            seen.extend(take(&mut rx));
            assert_eq!((taken, seen), (true, vec![1]));
            assert!(takes(&mut tx, 2) && takes(&mut tx, 3), "the void slot is free again");
            assert_eq!(take(&mut rx), [2, 3]);
            count
        });
    }
}

/// The void slot is the only one: it is free for the other producer when the consumer has passed it, not before.
#[test]
fn an_abandoned_slot_is_freed_by_the_consumer() {
    outcomes("mpsc: void at the wrap", &[(false, 0), (true, 0), (true, 1)], || {
        let (mut tx, mut rx) = ends(1);
        abandon(&mut tx, Mishap::Fails);
        let other = offering(tx, 1);
        assert!(take(&mut rx).is_empty(), "the slot is void, and no turn walks more than a lap");
        let seen = take(&mut rx);
        let (taken, mut tx) = other.join().unwrap();
        let rest = take(&mut rx);
        assert_eq!(seen.len() + rest.len(), usize::from(taken));
        assert!(takes(&mut tx, 2));
        assert_eq!(take(&mut rx), [2]);
        (taken, seen.len())
    });
}

#[test]
fn the_last_producer_closes_behind_the_events_of_all() {
    // Events seen and the end met, in each of two turns. The end never comes before both events.
    let legal = [
        (0, false, 0, false),
        (0, false, 1, false),
        (0, false, 2, false),
        (0, false, 2, true),
        (1, false, 0, false),
        (1, false, 1, false),
        (1, false, 1, true),
        (2, false, 0, false),
        (2, false, 0, true),
        (2, true, 0, true),
    ];
    outcomes("mpsc: the last producer goes", &legal, || {
        let (tx, mut rx) = ends(2);
        let producers = [1, 2].map(|n| {
            let mut tx = tx.clone();
            thread::spawn(move || offer(&mut tx, n).unwrap())
        });
        drop(tx);
        let (first, ended) = take_some(&mut rx, ALL);
        let (second, ended_then) = take_some(&mut rx, ALL);
        for producer in producers {
            producer.join().unwrap();
        }
        let (third, closed) = take_some(&mut rx, ALL);
        let counts = (first.len(), ended, second.len(), ended_then);
        let mut seen = [first, second, third].concat();
        seen.sort_unstable();
        assert_eq!((seen, closed, rx.is_closed()), (vec![1, 2], true, true));
        counts
    });
}

/// A clone keeps the channel open that its original leaves, while another producer leaves, too.
#[test]
fn producers_that_come_and_go_close_the_channel_once() {
    let legal = [(0, false), (1, false), (1, true)];
    outcomes("mpsc: producers come and go", &legal, || {
        let (tx, mut rx) = ends(2);
        let other = tx.clone();
        let heir = thread::spawn(move || {
            let mut heir = tx.clone();
            drop(tx);
            offer(&mut heir, 1).unwrap();
        });
        let leaver = thread::spawn(move || drop(other));
        let (mut seen, ended) = take_some(&mut rx, ALL);
        let count = seen.len();
        heir.join().unwrap();
        leaver.join().unwrap();
        let (rest, closed) = take_some(&mut rx, ALL);
        seen.extend(rest);
        assert_eq!((seen, closed), (vec![1], true));
        (count, ended)
    });
}

/// The consumer looks, takes one out by value, and goes; what is left, and what two producers still bring, is dropped
/// once, or loom reports a leak.
#[test]
fn a_consumer_that_goes_refuses_all_producers_and_nothing_leaks() {
    // Who was taken: one slot is given back.
    let legal = [(false, false), (false, true), (true, false)];
    outcomes("mpsc: the consumer goes", &legal, || {
        let (mut tx, mut rx) = ends(2);
        assert_eq!(batch(&mut tx, 1, 2), 2);
        let mut other = tx.clone();
        let rx = thread::spawn(move || {
            assert!(peek(&mut rx));
            let mut out = None;
            let drained = rx.drain_mut(NOW, 1, &mut |slot: &mut Event, _: At| -> Flow {
                out = Some(std::mem::replace(slot, Track::new(0)));
                Ok(())
            });
            assert_eq!((drained.count, out.map(Track::into_inner)), (1, Some(1)));
        });
        let other = thread::spawn(move || (offer(&mut other, 3).is_ok(), other));
        let mine = match tx.push(Track::new(4)) {
            Ok(()) => true,
            Err(refusal) => {
                assert_eq!(refusal.event.into_inner(), 4);
                false
            }
        };
        rx.join().unwrap();
        let (theirs, mut other) = other.join().unwrap();
        assert_eq!([offer(&mut tx, 5), offer(&mut other, 5)], [Err(Refused::Closed); 2]);
        assert!(tx.is_closed() && other.is_closed());
        assert_eq!(
            (tx.len(), other.len()),
            (1 + usize::from(mine || theirs), 1 + usize::from(mine || theirs))
        );
        (mine, theirs)
    });
}

#[test]
fn batches_of_two_producers_lie_side_by_side() {
    // One slot is free, then two; the consumer may take the first of the other's batch in the same turn.
    let legal = [(0, 2), (1, 1), (1, 2), (2, 0), (2, 1)];
    outcomes("mpsc: two batches", &legal, || {
        let (mut tx, mut rx) = ends(2);
        offer(&mut tx, 1).unwrap();
        let mut other = tx.clone();
        let other = thread::spawn(move || (batch(&mut other, 10, 2), other));
        let mut seen = take(&mut rx);
        let mine = batch(&mut tx, 20, 2);
        let (theirs, _other) = other.join().unwrap();
        seen.extend(take(&mut rx));
        let (a, b): (Vec<u64>, Vec<u64>) = seen[1..].iter().partition(|n| **n < 20);
        assert_eq!(a, (10..10 + theirs).collect::<Vec<_>>());
        assert_eq!(b, (20..20 + mine).collect::<Vec<_>>());
        (theirs, mine)
    });
}

/// What the ends say of themselves may be stale, but it was true at some time: here there are never less than one.
#[test]
fn length_and_room_are_never_nonsense() {
    outcomes("mpsc: len and free", &[(1, 1), (1, 2), (2, 1), (2, 2)], || {
        let (mut tx, mut rx) = ends(2);
        assert_eq!(batch(&mut tx, 1, 2), 2);
        let other = offering(tx.clone(), 3);
        let rx = thread::spawn(move || {
            assert_eq!((rx.len(), take_some(&mut rx, 1).0), (2, vec![1]));
            rx
        });
        let (len, free) = (tx.len(), tx.free());
        assert!(free <= 1);
        let rx = rx.join().unwrap();
        let (taken, other) = other.join().unwrap();
        let then = 1 + usize::from(taken);
        assert_eq!((rx.len(), tx.len(), other.free()), (then, then, 2 - then));
        (len, then)
    });
}

/// Whatever the others do while one stands still in its fill: the consumer passes its slot only when it has gone on.
#[test]
fn a_producer_that_stalls_stops_the_consumer_at_its_slot() {
    // What the consumer saw meanwhile, and whether the other's second event had room: it has none before the consumer
    // is done with the first slot.
    let legal = [(vec![1], false), (vec![1], true)];
    outcomes("mpsc: a producer stalls", &legal, || {
        let (mut tx, mut rx) = ends(2);
        let mut other = tx.clone();
        offer(&mut tx, 1).unwrap();
        let mut meanwhile = None;
        tx.offer(|slot| {
            let other = thread::spawn(move || (takes(&mut other, 3), takes(&mut other, 4), other));
            let seen = [take(&mut rx), take(&mut rx)].concat();
            let (first, second, other) = other.join().unwrap();
            meanwhile = Some((seen, first || second, other));
            *slot = Track::new(2);
        })
        .unwrap();
        let (seen, room, _other) = meanwhile.unwrap();
        let rest = take(&mut rx);
        assert_eq!((&rest[..1], rest.len()), (&[2][..], 1 + usize::from(room)));
        (seen, room)
    });
}

// ------------------------------------------------------------------------------------------------------------ lanes

/// The events with their numbers.
fn numbered(rx: &mut Lanes<Event>, limit: usize) -> Vec<(u64, u64)> {
    let mut seen = Vec::new();
    let mut stage = |event: &Event, at: At| -> Flow {
        seen.push((at.seq.since(start()), *event.get_ref()));
        Ok(())
    };
    let _ = rx.drain(NOW, limit, &mut stage);
    seen
}

#[test]
fn lanes_give_one_row_of_numbers() {
    let legal = [vec![1, 2, 10], vec![1, 10, 2], vec![10, 1, 2]];
    outcomes("mpsc: lanes, two producers, one consumer", &legal, || {
        let ([mut a, b], mut rx) = lanes(2);
        let a = thread::spawn(move || {
            assert!(takes(&mut a, 1) && takes(&mut a, 2));
            a
        });
        let b = offering(b, 10);
        let mut seen = numbered(&mut rx, 1);
        seen.extend(numbered(&mut rx, ALL));
        let (_a, (taken, _b)) = (a.join().unwrap(), b.join().unwrap());
        seen.extend(numbered(&mut rx, ALL));
        assert!(taken);
        assert!(seen.iter().map(|(number, _)| *number).eq(0..3));
        seen.into_iter().map(|(_, event)| event).collect()
    });
}

#[test]
fn a_full_lane_is_filled_again_behind_the_consumer() {
    // Who was taken: the lanes do not know of each other.
    let legal = [(false, false), (false, true), (true, false), (true, true)];
    outcomes("mpsc: lanes at the wrap", &legal, || {
        let ([mut a, mut b], mut rx) = lanes(1);
        offer(&mut a, 1).unwrap();
        offer(&mut b, 10).unwrap();
        let producers = [offering(a, 2), offering(b, 20)];
        let mut seen = take(&mut rx);
        let [(two, _a), (twenty, _b)] = producers.map(|producer| producer.join().unwrap());
        seen.extend(take(&mut rx));
        let (a, b): (Vec<u64>, Vec<u64>) = seen.into_iter().partition(|n| *n < 10);
        assert_eq!((a.len(), b.len()), (1 + usize::from(two), 1 + usize::from(twenty)));
        assert!(a == [1, 2][..a.len()] && b == [10, 20][..b.len()]);
        (two, twenty)
    });
}

#[test]
fn lanes_end_when_both_producers_are_gone() {
    // Events seen and the end met, in each of two turns. The end never comes before both events.
    let legal = [
        (0, false, 0, false),
        (0, false, 1, false),
        (0, false, 2, false),
        (0, false, 2, true),
        (1, false, 0, false),
        (1, false, 1, false),
        (1, false, 1, true),
        (2, false, 0, false),
        (2, false, 0, true),
        (2, true, 0, true),
    ];
    outcomes("mpsc: the producers of lanes go", &legal, || {
        let ([mut a, mut b], mut rx) = lanes(1);
        let a = thread::spawn(move || offer(&mut a, 1).unwrap());
        let b = thread::spawn(move || offer(&mut b, 2).unwrap());
        let (first, ended) = take_some(&mut rx, ALL);
        let (second, ended_then) = take_some(&mut rx, ALL);
        a.join().unwrap();
        b.join().unwrap();
        let (third, closed) = take_some(&mut rx, ALL);
        let counts = (first.len(), ended, second.len(), ended_then);
        let mut seen = [first, second, third].concat();
        seen.sort_unstable();
        assert_eq!((seen, closed, rx.is_closed()), (vec![1, 2], true, true));
        counts
    });
}

#[test]
fn lanes_that_go_refuse_both_producers() {
    // Who was taken.
    let legal = [(false, false), (false, true), (true, false), (true, true)];
    outcomes("mpsc: lanes go", &legal, || {
        let ([mut a, mut b], mut rx) = lanes(1);
        offer(&mut a, 1).unwrap();
        let rx = thread::spawn(move || assert_eq!(take_some(&mut rx, 1).0, [1]));
        let b = thread::spawn(move || {
            let taken = offer(&mut b, 2).is_ok();
            (taken, b)
        });
        let mine = offer(&mut a, 3).is_ok();
        rx.join().unwrap();
        let (theirs, mut b) = b.join().unwrap();
        assert_eq!([offer(&mut a, 4), offer(&mut b, 4)], [Err(Refused::Closed); 2]);
        assert_eq!((a.len(), b.len()), (usize::from(mine), usize::from(theirs)));
        (mine, theirs)
    });
}

/// As for a channel; but here the other's events are seen, and its room is its own.
#[test]
fn a_producer_that_stalls_in_its_lane_holds_up_nobody() {
    // What the consumer saw in its turn, and whether there was room for the second event then.
    let legal = [(0, false), (1, false), (1, true)];
    outcomes("mpsc: a producer stalls in its lane", &legal, || {
        let ([mut a, mut b], mut rx) = lanes(1);
        let mut meanwhile = None;
        a.offer(|slot| {
            let other = thread::spawn(move || (takes(&mut b, 10), takes(&mut b, 20), b));
            let mut seen = take(&mut rx);
            let count = seen.len();
            let (first, second, b) = other.join().unwrap();
            seen.extend(take(&mut rx));
            assert!(first);
            assert_eq!(seen, &[10, 20][..1 + usize::from(second)], "all of it, before this fill goes on");
            meanwhile = Some((count, second, b));
            *slot = Track::new(1);
        })
        .unwrap();
        let (count, second, _b) = meanwhile.expect("the fill ran");
        assert_eq!(take(&mut rx), [1]);
        (count, second)
    });
}
