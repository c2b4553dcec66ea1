//! What a topic has kept, and what is published while somebody joins: none twice, none missing.

use super::common::outcomes;
use loom::{alloc::Track, sync::Arc, thread};
use ringmain::channel::publish_subscribe::{Begin, Policy};
use ringmain::contract::{Sink, Source, Tick, each};
use ringmain::pattern::publish_subscribe::{
    Publication, Publisher, Retain, Sizes, Subscriber, Subscriptions, channel_retaining_from,
};
use ringmain::ring::Sequence;

/// A number that loom misses if it is never dropped, and that can be cloned.
type Event = Arc<Track<u64>>;

fn ring(slots: usize) -> (Publisher<Event>, Subscriptions<Event>) {
    let sizes = Sizes { slots, seats: 1, topics: 2 };
    channel_retaining_from(Sequence::ZERO.minus(1), sizes, 1, || Arc::new(Track::new(0))).unwrap()
}

fn event(n: u64) -> Event {
    Arc::new(Track::new(n))
}

/// One turn: each event, and whether it was retained.
fn take(rx: &mut Subscriber<Event>) -> Vec<(u64, bool)> {
    let mut seen = Vec::new();
    let mut see = each(|event: &Publication<Event>| seen.push((*event.event.get_ref(), event.retained)));
    let _ = rx.drain(Tick::ZERO, usize::MAX, &mut see);
    seen
}

/// 1.d7: `publish(6)` races `subscribe`: {5 retained, 6} or {6 retained}; never {5 retained} alone and then 7, and never 6
/// twice.
#[test]
fn d7_a_publish_races_a_join() {
    // What it got in the end, and how much of it in its first turn.
    let legal = [
        (vec![(5, true), (6, false), (7, false)], 0),
        (vec![(5, true), (6, false), (7, false)], 1),
        (vec![(5, true), (6, false), (7, false)], 2),
        (vec![(6, true), (7, false)], 0),
    ];
    outcomes("publish-subscribe: retained", &legal, || {
        let (mut tx, subscriptions) = ring(2);
        let topic = tx.declare("a", Retain::Last).unwrap();
        assert!(tx.to(topic).push(event(5)).is_ok());
        let joiner = thread::spawn(move || {
            let mut rx = subscriptions.subscribe(&["a"], Policy::Gate, Begin::Now).unwrap();
            (take(&mut rx), rx)
        });
        assert!(tx.to(topic).push(event(6)).is_ok());
        let (mut seen, mut rx) = joiner.join().unwrap();
        let first = seen.len();
        assert!(tx.to(topic).push(event(7)).is_ok());
        seen.extend(take(&mut rx));
        (seen, first)
    });
}

/// A topic is declared, and published to, while a subscriber reads: who sees the event knows that he wants it.
#[test]
fn a_topic_that_is_declared_later_is_known_with_its_first_event() {
    outcomes("publish-subscribe: declared later", &[(0, 0), (1, 0), (1, 1)], || {
        let (mut tx, subscriptions) = ring(2);
        let mut rx = subscriptions.subscribe(&["a.*"], Policy::Gate, Begin::Now).unwrap();
        tx.admit();
        let reader = thread::spawn(move || (take(&mut rx), rx));
        for (n, name) in [(1, "b"), (2, "a.b")] {
            let topic = tx.declare(name, Retain::None).unwrap();
            assert!(tx.to(topic).push(event(n)).is_ok());
        }
        let (mut seen, mut rx) = reader.join().unwrap();
        let first = (rx.filtered(), seen.len());
        seen.extend(take(&mut rx));
        assert_eq!((seen, rx.filtered()), (vec![(2, false)], 1));
        first
    });
}

/// The publisher moves on a subscriber that conflates while it wants to read: in order, none twice, the newest at last, and
/// the rest is told.
#[test]
fn conflate_an_overrun_meets_a_turn() {
    // How many events its first turn got, and whether event 3 found room.
    let legal = [(0, true), (1, false), (1, true), (2, false), (2, true)];
    outcomes("publish-subscribe: conflate", &legal, || {
        let (mut tx, subscriptions) = ring(1);
        let topic = tx.declare("a", Retain::Last).unwrap();
        let mut rx = subscriptions.subscribe(&["a"], Policy::Conflate, Begin::Now).unwrap();
        assert!(tx.to(topic).push(event(1)).is_ok());
        let reader = thread::spawn(move || (take(&mut rx), rx));
        let taken = [2, 3].map(|n| tx.to(topic).push(event(n)).is_ok());
        let (mut seen, mut rx) = reader.join().unwrap();
        let first = seen.len();
        seen.extend(take(&mut rx));
        let numbers: Vec<_> = seen.into_iter().map(|(n, _)| n).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
        let newest = if taken[1] { 3 } else { 1 + u64::from(taken[0]) };
        assert_eq!(numbers.last(), Some(&newest));
        let published = 1 + taken.iter().filter(|taken| **taken).count() as u64;
        assert_eq!(numbers.len() as u64 + rx.ring().missed(), published);
        (first, taken[1])
    });
}
