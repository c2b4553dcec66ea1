//! Many producers, one consumer: everything accepted arrives once, each producer's events in order; a slot is with one
//! side at a time; and a producer that stands still in its fill hides what is behind it in a ring, and nothing between
//! lanes.

use super::common::outcomes;
use super::{Event, NOW, batch, offer, offering, passes, peek, start, take, take_some, takes};
use loom::{alloc::Track, thread};
use ringmain::channel::mpsc::{self, Consumer, Lanes, Producer};
use ringmain::channel::spsc;
use ringmain::contract::{At, Flow, Refused, Sink, SourceMut};

fn ends(capacity: usize) -> (Producer<Event>, Consumer<Event>) {
    mpsc::channel_from(start(), capacity, || Track::new(0)).unwrap()
}

fn lanes(capacity: usize) -> ([spsc::Producer<Event>; 2], Lanes<Event>) {
    let (producers, lanes) = mpsc::lanes_from(start(), 2, capacity, || Track::new(0)).unwrap();
    (producers.try_into().expect("two were asked for"), lanes)
}

// ---------------------------------------------------------------------------------------------------------- channel

fn two(capacity: usize) -> ([Producer<Event>; 2], Consumer<Event>) {
    let (tx, rx) = ends(capacity);
    ([tx.clone(), tx], rx)
}

passes! { many_producers("mpsc", two):
    what_two_producers_publish_is_seen,
    a_producer_keeps_its_order_between_the_events_of_another,
    producers_that_race_at_the_wrap_get_one_slot,
    an_abandoned_slot_is_passed_over_and_hides_nothing,
    an_abandoned_slot_is_freed_by_the_consumer,
    the_last_producer_closes_behind_the_events_of_all(Consumer::is_closed),
    producers_that_come_and_go_close_the_channel_once,
    batches_of_two_producers_lie_side_by_side,
    length_and_room_are_never_nonsense(Producer::len, Producer::free, Consumer::len),
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

mod lanes {
    use super::passes;

    passes! { many_producers("mpsc: lanes", super::lanes):
        a_producer_keeps_its_order_between_the_events_of_another,
        the_last_producer_closes_behind_the_events_of_all(super::Lanes::is_closed),
    }
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
