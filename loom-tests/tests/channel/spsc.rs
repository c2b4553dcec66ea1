//! One producer, one consumer: everything accepted arrives once and in order, and a slot is with one side at a time.

use super::common::outcomes;
use super::{ALL, Event, NOW, batch, offer, peek, start, take, take_some, takes};
use loom::{alloc::Track, thread};
use ringmain::channel::spsc::{self, Consumer, Layout, Packed, Producer, Spaced};
use ringmain::contract::{At, Flow, Refused, Sink, SourceMut};

/// A layout and its constructor.
trait Built: Layout + 'static {
    fn ends(capacity: usize) -> (Producer<Event, Self>, Consumer<Event, Self>)
    where
        Self: Sized;
}

impl Built for Packed {
    fn ends(capacity: usize) -> (Producer<Event>, Consumer<Event>) {
        spsc::channel_from(start(), capacity, || Track::new(0)).unwrap()
    }
}

impl Built for Spaced {
    fn ends(capacity: usize) -> (Producer<Event, Self>, Consumer<Event, Self>) {
        spsc::spaced_from(start(), capacity, || Track::new(0)).unwrap()
    }
}

/// Ends of a ring that holds `1..=capacity`.
fn full<L: Built>(capacity: usize) -> (Producer<Event, L>, Consumer<Event, L>) {
    let (mut tx, rx) = L::ends(capacity);
    assert_eq!(batch(&mut tx, 1, capacity), capacity as u64);
    (tx, rx)
}

/// Each model with both layouts.
macro_rules! models {
    ($($model:ident),+ $(,)?) => {
        models!(@ packed Packed $($model)+);
        models!(@ spaced Spaced $($model)+);
    };
    (@ $name:ident $layout:ident $($model:ident)+) => {
        mod $name {
            $(#[test]
            fn $model() {
                super::$model::<super::$layout>();
            })+
        }
    };
}
models! {
    what_is_published_is_seen,
    a_full_ring_is_filled_again_behind_the_consumer,
    a_batch_takes_what_is_free_and_no_more,
    a_long_batch_makes_room_before_its_end,
    an_event_looked_at_is_not_given_back,
    what_is_left_is_dropped_with_the_ring,
    the_last_event_is_seen_before_the_end,
    a_consumer_that_goes_gives_back_what_comes_too_late,
    room_and_length_are_promises,
    a_claim_is_seen_when_it_is_committed,
}

fn what_is_published_is_seen<L: Built>() {
    let legal = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)];
    outcomes("spsc: publish", &legal, || {
        let (mut tx, mut rx) = L::ends(2);
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

/// The way back: a slot is filled again only when the consumer is done with it.
fn a_full_ring_is_filled_again_behind_the_consumer<L: Built>() {
    for capacity in [1, 2] {
        let legal = [(false, false), (false, true), (true, false), (true, true)];
        outcomes(&format!("spsc: wrap, capacity {capacity}"), &legal, move || {
            let (mut tx, mut rx) = full::<L>(capacity);
            let next = capacity as u64 + 1;
            let producer = thread::spawn(move || {
                let first = takes(&mut tx, next);
                (first, takes(&mut tx, next + u64::from(first)), tx)
            });
            let mut seen = take_some(&mut rx, 1).0;
            seen.extend(take_some(&mut rx, 1).0);
            let (first, second, _tx) = producer.join().unwrap();
            seen.extend(take(&mut rx));
            let last = capacity as u64 + u64::from(first) + u64::from(second);
            assert_eq!(seen, (1..=last).collect::<Vec<_>>());
            (first, second)
        });
    }
}

fn a_batch_takes_what_is_free_and_no_more<L: Built>() {
    let legal = [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)];
    outcomes("spsc: batch", &legal, || {
        let (mut tx, mut rx) = L::ends(2);
        offer(&mut tx, 1).unwrap();
        let producer = thread::spawn(move || {
            let first = batch(&mut tx, 2, 2);
            (first, batch(&mut tx, 2 + first, 2), tx)
        });
        let mut seen = take(&mut rx);
        seen.extend(take(&mut rx));
        let (first, second, _tx) = producer.join().unwrap();
        seen.extend(take(&mut rx));
        assert_eq!(seen, (1..=1 + first + second).collect::<Vec<_>>());
        (first, second)
    });
}

/// A consumer gives slots back while its batch lasts: in a ring of eight two by two, but for the one before the end of
/// the slots, where the model starts.
fn a_long_batch_makes_room_before_its_end<L: Built>() {
    outcomes("spsc: room before the end of a batch", &[0, 1, 3, 5, 7, 8], || {
        let (mut tx, mut rx) = full::<L>(8);
        let consumer = thread::spawn(move || (take(&mut rx), rx));
        let more = batch(&mut tx, 9, 8);
        let (mut seen, mut rx) = consumer.join().unwrap();
        seen.extend(take(&mut rx));
        assert_eq!(seen, (1..=8 + more).collect::<Vec<_>>());
        more
    });
}

/// What a stage wants again stays where it is: the slot is not free, and when the consumer goes it is undelivered.
fn an_event_looked_at_is_not_given_back<L: Built>() {
    // Whether the two refusals say "closed"; the slot never becomes free.
    let legal = [(false, false), (false, true), (true, true)];
    outcomes("spsc: again, then gone", &legal, || {
        let (mut tx, mut rx) = full::<L>(1);
        let consumer = thread::spawn(move || {
            assert!(peek(&mut rx));
            assert!(peek(&mut rx));
        });
        let first = offer(&mut tx, 2).unwrap_err();
        let second = offer(&mut tx, 2).unwrap_err();
        consumer.join().unwrap();
        assert!(tx.is_closed());
        assert_eq!((tx.len(), offer(&mut tx, 2)), (1, Err(Refused::Closed)));
        (first == Refused::Closed, second == Refused::Closed)
    });
}

/// Both ends go with `2 - taken` events left, some taken out by value: each is dropped once, or loom reports a leak.
fn what_is_left_is_dropped_with_the_ring<L: Built>() {
    for taken in [0, 1, 2] {
        let legal: &[(bool, bool)] = match taken {
            // The ring is full until the consumer is gone.
            0 => &[(false, false), (false, true)],
            _ => &[(false, false), (false, true), (true, false)],
        };
        // Whether the last offer was taken, or refused because of "closed".
        outcomes(&format!("spsc: {} left", 2 - taken), legal, move || {
            let (mut tx, mut rx) = full::<L>(2);
            let consumer = thread::spawn(move || {
                let mut out = Vec::new();
                let drained = rx.drain_mut(NOW, taken, &mut |slot: &mut Event, _: At| -> Flow {
                    out.push(std::mem::replace(slot, Track::new(0)));
                    Ok(())
                });
                assert_eq!((drained.count, out.len()), (taken, taken));
                assert!(out.into_iter().map(Track::into_inner).eq(1..=taken as u64));
            });
            let put = offer(&mut tx, 3);
            drop(tx);
            consumer.join().unwrap();
            (put.is_ok(), put == Err(Refused::Closed))
        });
    }
}

/// "Closed" comes behind the last event, never in place of it.
fn the_last_event_is_seen_before_the_end<L: Built>() {
    let legal = [
        (0, false, 0, false),
        (0, false, 1, false),
        (0, false, 1, true),
        (1, false, 0, false),
        (1, false, 0, true),
        (1, true, 0, true),
    ];
    outcomes("spsc: the producer goes", &legal, || {
        let (mut tx, mut rx) = L::ends(2);
        let producer = thread::spawn(move || offer(&mut tx, 1).unwrap());
        let (first, ended) = take_some(&mut rx, ALL);
        let (second, ended_then) = take_some(&mut rx, ALL);
        producer.join().unwrap();
        let (third, closed) = take_some(&mut rx, ALL);
        assert_eq!([&first[..], &second, &third].concat(), [1]);
        assert!(closed && rx.is_closed());
        (first.len(), ended, second.len(), ended_then)
    });
}

/// Who pushes to nobody gets his event back, and can tell to the last one how many were not delivered.
fn a_consumer_that_goes_gives_back_what_comes_too_late<L: Built>() {
    // Events pushed, those the consumer saw, and whether the first refusal was "closed".
    let legal = [(0, 0, true), (1, 0, false), (1, 0, true), (1, 1, false), (1, 1, true), (2, 1, false)];
    outcomes("spsc: the consumer goes", &legal, || {
        let (mut tx, mut rx) = L::ends(1);
        let consumer = thread::spawn(move || take(&mut rx).len());
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
        assert_eq!(tx.len(), pushed - seen);
        (pushed, seen, closed)
    });
}

/// What the ends say of themselves holds until they act, and is never more than the capacity.
fn room_and_length_are_promises<L: Built>() {
    let legal = [(0, 1), (1, 1), (1, 2), (2, 1)];
    outcomes("spsc: len and free", &legal, || {
        let (mut tx, mut rx) = full::<L>(2);
        let producer = thread::spawn(move || {
            let (free, len) = (tx.free(), tx.len());
            assert!(free <= 2 && len <= 2);
            assert_eq!(batch(&mut tx, 3, free), free as u64);
            (free, tx)
        });
        let first = take_some(&mut rx, 1).0;
        let len = rx.len();
        assert!(len <= 2);
        let rest = take_some(&mut rx, len).0;
        assert_eq!((first, rest.len()), (vec![1], len));
        let (free, tx) = producer.join().unwrap();
        assert_eq!(tx.len() + tx.free(), 2);
        (free, len)
    });
}

/// A claim that is given up leaves the slot to the next fill, and the consumer meets what was committed only.
fn a_claim_is_seen_when_it_is_committed<L: Built>() {
    // There is room for the last claim only behind the consumer.
    let legal = [(false, 0), (false, 1), (true, 1)];
    // Whether the last claim was had, and the most events that a turn of the consumer saw meanwhile.
    outcomes("spsc: claim", &legal, || {
        let (mut tx, mut rx) = full::<L>(1);
        assert_eq!(take(&mut rx), [1]);
        let producer = thread::spawn(move || {
            *tx.claim().unwrap() = Track::new(9);
            let mut claim = tx.claim().unwrap();
            assert_eq!(*claim.get_ref(), 9);
            *claim = Track::new(2);
            claim.commit();
            let again = tx.claim().map(|mut claim| {
                *claim = Track::new(3);
                claim.commit();
            });
            (again.is_ok(), tx)
        });
        let (first, second) = (take_some(&mut rx, 1).0, take_some(&mut rx, 1).0);
        let (again, _tx) = producer.join().unwrap();
        let seen = [&first[..], &second, &take(&mut rx)].concat();
        assert_eq!(seen, (2..=2 + u64::from(again)).collect::<Vec<_>>());
        (again, first.len().max(second.len()))
    });
}
