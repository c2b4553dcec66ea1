//! What rings have in common as one producer and one consumer see them: everything accepted arrives once and in order,
//! the end behind the last of it, and what does not arrive is known.
//!
//! A model gets the ring's name, for its outcomes, and `ends`, which makes both ends for so many slots. A file that says
//! `passes! { one_producer(..): .. }` has a test of its own for each of the models it names.

use super::common::outcomes;
use super::{
    Event, NOW, Rx, Tx, batch, full, offer, offering_twice, peek, take, take_some, turns, until_the_end,
};
use loom::{alloc::Track, thread};
use ringmain::contract::{At, Flow, Refused, SourceMut};

type Ends<K, C> = fn(usize) -> (K, C);

pub(super) fn what_is_published_is_seen<K: Tx, C: Rx>(ring: &str, ends: Ends<K, C>) {
    let legal = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)];
    outcomes(&format!("{ring}: publish"), &legal, move || {
        let (mut tx, mut rx) = ends(2);
        let producer = thread::spawn(move || {
            offer(&mut tx, 1).unwrap();
            offer(&mut tx, 2).unwrap();
            tx
        });
        let seen = turns(&mut rx, take, [producer]);
        assert_eq!(seen.concat(), [1, 2]);
        (seen[0].len(), seen[1].len())
    });
}

/// The way back: a slot is filled again only when the consumer is done with it.
pub(super) fn a_full_ring_is_filled_again_behind_the_consumer<K: Tx, C: Rx>(ring: &str, ends: Ends<K, C>) {
    for capacity in [1, 2] {
        let legal = [(false, false), (false, true), (true, false), (true, true)];
        outcomes(&format!("{ring}: wrap, capacity {capacity}"), &legal, move || {
            let (tx, mut rx) = full(ends, capacity);
            let producer = offering_twice(tx, capacity as u64 + 1);
            let mut seen = take_some(&mut rx, 1).0;
            seen.extend(take_some(&mut rx, 1).0);
            let ([first, second], _tx) = producer.join().unwrap();
            seen.extend([take(&mut rx), take(&mut rx)].concat());
            let last = capacity as u64 + u64::from(first) + u64::from(second);
            assert_eq!(seen, (1..=last).collect::<Vec<_>>());
            (first, second)
        });
    }
}

/// Both ends go with `2 - taken` events left, some taken out by value: each is dropped once, or loom reports a leak.
pub(super) fn what_is_left_is_dropped_with_the_ring<K: Tx, C: Rx + SourceMut>(ring: &str, ends: Ends<K, C>) {
    for taken in [0, 1, 2] {
        let legal: &[(bool, bool)] = match taken {
            // The ring is full until the consumer is gone.
            0 => &[(false, false), (false, true)],
            _ => &[(false, false), (false, true), (true, false)],
        };
        // Whether the last offer was taken, or refused because of "closed".
        outcomes(&format!("{ring}: {} left", 2 - taken), legal, move || {
            let (mut tx, mut rx) = full(ends, 2);
            let consumer = thread::spawn(move || {
                let mut out = Vec::new();
                let drained = rx.drain_mut(NOW, taken, &mut |slot: &mut Event, _: At| -> Flow {
                    out.push(std::mem::replace(slot, Track::new(0)));
                    Ok(())
                });
                assert_eq!((drained.count, out.len()), (taken, taken));
                assert!(out.into_iter().map(Track::into_inner).eq(1..=taken as u64));
                if taken == 1 {
                    assert!(peek(&mut rx), "the other one goes from the hand");
                }
            });
            let put = offer(&mut tx, 3);
            drop(tx);
            consumer.join().unwrap();
            (put.is_ok(), put == Err(Refused::Closed))
        });
    }
}

/// "Closed" comes behind the last event, never in place of it.
pub(super) fn the_last_event_is_seen_before_the_end<K: Tx, C: Rx>(
    ring: &str,
    ends: Ends<K, C>,
    is_closed: fn(&C) -> bool,
) {
    // Events seen and the end met, in each of two turns.
    let legal = [
        (0, false, 0, false),
        (0, false, 1, false),
        (0, false, 1, true),
        (1, false, 0, false),
        (1, false, 0, true),
        (1, true, 0, true),
    ];
    outcomes(&format!("{ring}: the producer goes"), &legal, move || {
        let (tx, rx) = ends(2);
        until_the_end(([tx], rx), is_closed)
    });
}

/// Who pushes to nobody gets the event back, and can tell to the last one how many were not delivered. Of consumers
/// there may be more here.
pub(super) fn consumers_that_go_give_back_what_comes_too_late<K: Tx, C: Rx, const N: usize>(
    ring: &str,
    ends: fn(usize) -> (K, [C; N]),
    is_closed: fn(&K) -> bool,
    left: fn(&K) -> usize,
) {
    // Events accepted, those the consumers saw, and whether the first refusal, if there was one, said "closed".
    let mut legal = vec![
        (0, 0, Some(true)),
        (1, 0, Some(false)),
        (1, 0, Some(true)),
        (1, 1, Some(false)),
        (1, 1, Some(true)),
        (2, 1, None),
    ];
    // One turn of a consumer is for one event.
    legal.extend((N == 2).then_some((2, 2, None)));
    outcomes(&format!("{ring}: all consumers go"), &legal, move || {
        let (mut tx, consumers) = ends(1);
        let consumers = consumers.map(|mut rx| thread::spawn(move || take_some(&mut rx, 1).0.len()));
        let (mut accepted, mut closed) = (0, None);
        for n in [1, 2] {
            match tx.push(Track::new(n)) {
                Ok(()) => accepted += 1,
                Err(refusal) => {
                    assert_eq!(refusal.event.into_inner(), n);
                    closed = Some(refusal.refused == Refused::Closed);
                    break;
                }
            }
        }
        let seen: usize = consumers.map(|consumer| consumer.join().unwrap()).iter().sum();
        assert!(is_closed(&tx));
        assert_eq!((left(&tx), offer(&mut tx, 9)), (accepted - seen, Err(Refused::Closed)));
        (accepted, seen, closed)
    });
}

/// What the only producer and the only consumer are told holds until they act, and is never more than the capacity.
pub(super) fn room_and_length_are_promises<K: Tx, C: Rx>(
    ring: &str,
    ends: Ends<K, C>,
    len: fn(&K) -> usize,
    free: fn(&K) -> usize,
    waiting: fn(&C) -> usize,
) {
    // The room that the producer was told of, and the length that the consumer was.
    let legal = [(0, 1), (1, 1), (1, 2), (2, 1)];
    outcomes(&format!("{ring}: len and free"), &legal, move || {
        let (mut tx, mut rx) = full(ends, 2);
        let producer = thread::spawn(move || {
            let (room, left) = (free(&tx), len(&tx));
            assert!(room <= 2 && left <= 2);
            assert_eq!(batch(&mut tx, 3, room), room as u64);
            (room, tx)
        });
        let first = take_some(&mut rx, 1).0;
        let more = waiting(&rx);
        assert!(more <= 2);
        let rest = take_some(&mut rx, more).0;
        assert_eq!((first, rest.len()), (vec![1], more));
        let (room, tx) = producer.join().unwrap();
        assert_eq!(len(&tx) + free(&tx), 2);
        (room, more)
    });
}
