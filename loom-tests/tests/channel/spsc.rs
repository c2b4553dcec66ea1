//! One producer, one consumer: everything accepted arrives once and in order, and a slot is with one side at a time.

use super::common::outcomes;
use super::{ALL, Event, batch, full, offer, passes, peek, start, take, take_some, taking};
use loom::{alloc::Track, thread};
use ringmain::channel::spsc::{self, Consumer, Layout, Packed, Producer, Spaced};
use ringmain::contract::Refused;

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

/// Both ends, for a model that more consumers than one can pass.
fn one_to_one<L: Built>(capacity: usize) -> (Producer<Event, L>, [Consumer<Event, L>; 1]) {
    let (tx, rx) = L::ends(capacity);
    (tx, [rx])
}

/// Each model with both layouts.
macro_rules! models {
    ($($model:ident),+ $(,)?) => {
        models!(@ packed Packed $($model)+);
        models!(@ spaced Spaced $($model)+);
    };
    (@ $name:ident $layout:ident $($model:ident)+) => {
        mod $name {
            use super::*;

            passes! { one_producer("spsc", $layout::ends):
                what_is_published_is_seen,
                a_full_ring_is_filled_again_behind_the_consumer,
                what_is_left_is_dropped_with_the_ring,
                the_last_event_is_seen_before_the_end(Consumer::is_closed),
                room_and_length_are_promises(Producer::len, Producer::free, Consumer::len),
            }
            passes! { one_producer("spsc", one_to_one::<$layout>):
                consumers_that_go_give_back_what_comes_too_late(Producer::is_closed, Producer::len),
            }
            $(#[test]
            fn $model() {
                super::$model::<$layout>();
            })+
        }
    };
}
models! {
    a_batch_takes_what_is_free_and_no_more,
    a_long_batch_makes_room_before_its_end,
    an_event_looked_at_is_not_given_back,
    a_claim_is_seen_when_it_is_committed,
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
        let (mut tx, rx) = full(L::ends, 8);
        let consumer = taking(rx, ALL);
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
        let (mut tx, mut rx) = full(L::ends, 1);
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

/// A claim that is given up leaves the slot to the next fill, and the consumer meets what was committed only.
fn a_claim_is_seen_when_it_is_committed<L: Built>() {
    // There is room for the last claim only behind the consumer.
    let legal = [(false, 0), (false, 1), (true, 1)];
    // Whether the last claim was had, and the most events that a turn of the consumer saw meanwhile.
    outcomes("spsc: claim", &legal, || {
        let (mut tx, mut rx) = full(L::ends, 1);
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
