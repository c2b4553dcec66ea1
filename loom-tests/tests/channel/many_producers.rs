//! What rings with many producers have in common, seen by one consumer: everything accepted arrives once, each
//! producer's events in order; a slot is with one side at a time; and the end is behind the last event of all.
//!
//! A model gets the ring's name, for its outcomes, and `ends`, which makes two producers and a consumer for so many
//! slots. A file that says `passes! { many_producers(..): .. }` has a test of its own for each of the models it names.

use super::common::outcomes;
use super::{ALL, Event, NOW, Rx, Tx, batch, offer, offering, start, take, take_some, takes, until_the_end};
use loom::{alloc::Track, thread};
use ringmain::contract::{At, Fault, Flow};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

type Ends<K, C> = fn(usize) -> ([K; 2], C);

pub(super) fn what_two_producers_publish_is_seen<K: Tx, C: Rx>(ring: &str, ends: Ends<K, C>) {
    // How many events the consumer saw while they came, and all of them in its order.
    let legal: Vec<_> = (0..3).flat_map(|n| [(n, vec![1, 2]), (n, vec![2, 1])]).collect();
    outcomes(&format!("{ring}: two producers, one consumer"), &legal, move || {
        let ([one, two], mut rx) = ends(2);
        let producers = [offering(one, 1), offering(two, 2)];
        let mut seen = take(&mut rx);
        let count = seen.len();
        let producers = producers.map(|producer| producer.join().unwrap());
        assert!(producers.iter().all(|(taken, _)| *taken));
        seen.extend(take(&mut rx));
        (count, seen)
    });
}

/// The events with their numbers.
fn numbered(rx: &mut impl Rx, limit: usize) -> Vec<(u64, u64)> {
    let mut seen = Vec::new();
    let mut stage = |event: &Event, at: At| -> Flow {
        seen.push((at.seq.since(start()), *event.get_ref()));
        Ok(())
    };
    let _ = rx.drain(NOW, limit, &mut stage);
    seen
}

/// The order is one row of numbers, and each producer's own events are in it as they were filled.
pub(super) fn a_producer_keeps_its_order_between_the_events_of_another<K: Tx, C: Rx>(
    ring: &str,
    ends: Ends<K, C>,
) {
    let legal = [vec![1, 2, 10], vec![1, 10, 2], vec![10, 1, 2]];
    outcomes(&format!("{ring}: order of two producers"), &legal, move || {
        let ([mut tx, other], mut rx) = ends(4);
        let other = offering(other, 10);
        let two = thread::spawn(move || {
            assert!(takes(&mut tx, 1) && takes(&mut tx, 2));
            tx
        });
        let mut seen = numbered(&mut rx, 1);
        seen.extend(numbered(&mut rx, ALL));
        let (taken, _other) = other.join().unwrap();
        let _tx = two.join().unwrap();
        seen.extend(numbered(&mut rx, ALL));
        assert!(taken);
        assert!(seen.iter().map(|(number, _)| *number).eq(0..3));
        seen.into_iter().map(|(_, event)| event).collect()
    });
}

pub(super) fn producers_that_race_at_the_wrap_get_one_slot<K: Tx, C: Rx>(ring: &str, ends: Ends<K, C>) {
    // Whether producer 2 and producer 3 were taken, and what the consumer saw in its second turn.
    let legal = [
        (false, false, 0),
        (false, true, 0),
        (false, true, 1),
        (true, false, 0),
        (true, false, 1),
        (true, true, 1),
    ];
    outcomes(&format!("{ring}: claim race at the wrap"), &legal, move || {
        let ([mut tx, other], mut rx) = ends(1);
        offer(&mut tx, 1).unwrap();
        let producers = [offering(tx, 2), offering(other, 3)];
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

#[derive(Clone, Copy, Debug)]
enum Mishap {
    Fails,
    Panics,
}

fn abandon(tx: &mut impl Tx, how: Mishap) {
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

pub(super) fn an_abandoned_slot_is_passed_over_and_hides_nothing<K: Tx, C: Rx>(ring: &str, ends: Ends<K, C>) {
    for how in [Mishap::Fails, Mishap::Panics] {
        outcomes(&format!("{ring}: a fill {how:?}"), &[0, 1], move || {
            let ([mut bad, good], mut rx) = ends(2);
            let good = offering(good, 1);
            let bad = thread::spawn(move || {
                abandon(&mut bad, how);
                bad
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
pub(super) fn an_abandoned_slot_is_freed_by_the_consumer<K: Tx, C: Rx>(ring: &str, ends: Ends<K, C>) {
    outcomes(&format!("{ring}: void at the wrap"), &[(false, 0), (true, 0), (true, 1)], move || {
        let ([mut bad, other], mut rx) = ends(1);
        abandon(&mut bad, Mishap::Fails);
        let other = offering(other, 1);
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

pub(super) fn the_last_producer_closes_behind_the_events_of_all<K: Tx, C: Rx>(
    ring: &str,
    ends: Ends<K, C>,
    is_closed: fn(&C) -> bool,
) {
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
    outcomes(&format!("{ring}: the last producer goes"), &legal, move || until_the_end(ends(2), is_closed));
}

/// The last of two producers to go has seen the other's claim, so the end is not told before its event.
pub(super) fn the_end_waits_for_every_producer<K: Tx, C: Rx>(
    ring: &str,
    ends: Ends<K, C>,
    is_closed: fn(&C) -> bool,
) {
    // Events seen and the end met, in one turn.
    let legal = [(0, false), (1, false), (2, false), (2, true)];
    outcomes(&format!("{ring}: two producers go"), &legal, move || {
        let ([one, two], mut rx) = ends(4);
        let producers =
            [(one, 1), (two, 2)].map(|(mut tx, n)| thread::spawn(move || offer(&mut tx, n).unwrap()));
        let (mut seen, ended) = take_some(&mut rx, ALL);
        let first = seen.len();
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        let (rest, closed) = take_some(&mut rx, ALL);
        seen.extend(rest);
        seen.sort_unstable();
        assert_eq!((seen, closed, is_closed(&rx)), (vec![1, 2], true, true));
        (first, ended)
    });
}

/// A clone keeps the channel open that its original leaves, while another producer leaves, too.
pub(super) fn producers_that_come_and_go_close_the_channel_once<K: Tx + Clone, C: Rx>(
    ring: &str,
    ends: Ends<K, C>,
) {
    let legal = [(0, false), (1, false), (1, true)];
    outcomes(&format!("{ring}: producers come and go"), &legal, move || {
        let ([tx, other], mut rx) = ends(2);
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

pub(super) fn batches_of_two_producers_lie_side_by_side<K: Tx, C: Rx>(ring: &str, ends: Ends<K, C>) {
    // One slot is free, then two; the consumer may take the first of the other's batch in the same turn.
    let legal = [(0, 2), (1, 1), (1, 2), (2, 0), (2, 1)];
    outcomes(&format!("{ring}: two batches"), &legal, move || {
        let ([mut tx, mut other], mut rx) = ends(2);
        offer(&mut tx, 1).unwrap();
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
pub(super) fn length_and_room_are_never_nonsense<K: Tx, C: Rx>(
    ring: &str,
    ends: Ends<K, C>,
    len: fn(&K) -> usize,
    free: fn(&K) -> usize,
    waiting: fn(&C) -> usize,
) {
    outcomes(&format!("{ring}: len and free"), &[(1, 1), (1, 2), (2, 1), (2, 2)], move || {
        let ([mut tx, other], mut rx) = ends(2);
        assert_eq!(batch(&mut tx, 1, 2), 2);
        let other = offering(other, 3);
        let rx = thread::spawn(move || {
            assert_eq!((waiting(&rx), take_some(&mut rx, 1).0), (2, vec![1]));
            rx
        });
        let (seen, room) = (len(&tx), free(&tx));
        assert!(room <= 1);
        let rx = rx.join().unwrap();
        let (taken, other) = other.join().unwrap();
        let then = 1 + usize::from(taken);
        assert_eq!((waiting(&rx), len(&tx), free(&other)), (then, then, 2 - then));
        (seen, then)
    });
}
