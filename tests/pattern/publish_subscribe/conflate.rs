//! 1 (c), `Conflate(key)`, where the key is the topic: the newest event of each replaces those before it.

use super::{ALL, ANY, NOW, START, balance, plain, ring};
use crate::kit::{allocations, panic_on_purpose, panics};
use ringmain::channel::publish_subscribe::{self as plain_channel, Begin, NoEvent, NoSeat, Policy};
use ringmain::contract::{At, Flow, Halt, Reason, Refused, Sink, Source, each};
use ringmain::pattern::publish_subscribe::{
    Publication, Publisher, Retain, Sizes, SubscribeError, Subscriber, Topic, channel, channel_retaining,
};
use std::collections::HashMap;
use std::thread;

const CONFLATE: Policy = Policy::Conflate;

/// Topics "a", "b" and "c", each of which keeps its last event, and one subscriber to all of them.
fn three(slots: usize) -> (Publisher<u64>, [Topic; 3], Subscriber<u64>) {
    let (mut tx, subscriptions) = ring(slots);
    let topics = ["a", "b", "c"].map(|name| tx.declare(name, Retain::Last).unwrap());
    let rx = subscriptions.subscribe(ANY, CONFLATE, Begin::Now).unwrap();
    (tx, topics, rx)
}

/// Also of a topic whose newest event has left the ring long ago, and also when the publisher is gone.
#[test]
fn publish_subscribe_conflate_gives_the_newest_of_each_topic_and_then_what_comes() {
    for ends in [false, true] {
        let (mut tx, [a, b, c], mut rx) = three(4);
        tx.to(c).push(1).unwrap();
        for n in 2..=20 {
            tx.to(if n % 2 == 0 { a } else { b }).push(n).unwrap();
        }
        let mut tx = Some(tx);
        if ends {
            drop(tx.take());
        }
        // Moved on last when #17 needed a slot: 1, 15 and 16 were the newest then.
        assert_eq!(rx.recv(|_| ()), Err(NoEvent::Lagged(16 - 3)));
        for expected in
            [(1, true), (15, true), (16, true), (17, false), (18, false), (19, false), (20, false)]
        {
            assert!(!rx.is_closed());
            assert_eq!(rx.recv(|event| (event.event, event.retained)), Ok(expected));
        }
        let end = if ends { NoEvent::Closed } else { NoEvent::Empty };
        assert_eq!((rx.recv(|_| ()), rx.is_closed()), (Err(end), ends));
        let books = rx.account().read();
        assert_eq!((books.input, books.out, books.dropped[Reason::Evicted]), (20, 7, 13));
        assert_eq!(books.check(), Ok(()));
    }
}

/// Overrun again while it looks through what was kept: nothing twice, nothing out of order.
#[test]
fn publish_subscribe_conflate_shows_nothing_twice() {
    let (mut tx, [a, b, c], mut rx) = three(2);
    for (topic, n) in [(a, 1), (b, 2), (c, 3), (c, 4), (c, 5)] {
        tx.to(topic).push(n).unwrap();
    }
    assert_eq!(rx.recv(|_| ()), Err(NoEvent::Lagged(1)), "3, as 1, 2 and 4 are kept");
    assert_eq!(rx.recv(|event| event.event), Ok(1));
    for n in 6..=8 {
        tx.to(c).push(n).unwrap();
    }
    // 1 was seen; 2 was not, and is the newest still; 4 to 6 are behind 7, or not.
    let mut seen = Vec::new();
    let missed = loop {
        match rx.recv(|event| (event.event, event.retained)) {
            Ok(event) => seen.push(event),
            Err(NoEvent::Lagged(n)) => assert!(seen.is_empty() && n > 0),
            Err(_) => break rx.ring().missed(),
        }
    };
    assert_eq!(seen.first(), Some(&(2, true)));
    assert_eq!(seen.last(), Some(&(8, false)));
    assert!(seen.is_sorted() && seen.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(1 + seen.len() as u64 + missed, 8);
}

/// The publisher is held up by nothing but a look at an event, also at one that was kept.
#[test]
fn publish_subscribe_conflate_holds_nobody_up_but_while_it_looks() {
    let (mut tx, [a, ..], mut rx) = three(2);
    for n in 1..=1000 {
        tx.to(a).push(n).unwrap();
    }
    let mut refused = Vec::new();
    let mut publishes = |_: &Publication<u64>, _: At| -> Flow {
        refused.push((0..3).map(|n| tx.to(a).push(2000 + n).is_ok()).collect::<Vec<_>>());
        Err(Halt::Again)
    };
    let _ = rx.drain(NOW, ALL, &mut publishes);
    // 998 was kept; 999 and 1000 lie in the ring, where there is no room while it looks.
    assert_eq!(refused, [[false; 3]]);
    assert_eq!(tx.to(a).push(1001), Ok(()));
    assert_eq!(plain(&mut rx), (vec![1000], vec![1001]));
    assert_eq!((rx.account().read().input, balance(&mut tx).input), (1001, 1001));
}

#[test]
fn publish_subscribe_conflate_needs_something_that_is_kept() {
    let (_tx, subscriptions) = channel(Sizes { slots: 2, seats: 1, topics: 1 }, || 0u64).unwrap();
    let refused = subscriptions.subscribe(ANY, CONFLATE, Begin::Now).unwrap_err();
    assert_eq!(refused, SubscribeError::NoSeat(NoSeat::NothingKept));
    assert!(refused.to_string().contains("channel_retaining"));
    let (_tx, subscriptions) = plain_channel::channel(2, 1, || 0u64).unwrap();
    assert_eq!(subscriptions.subscribe(CONFLATE, Begin::Now).unwrap_err(), NoSeat::NothingKept);
}

/// Of a topic that keeps nothing it misses what it is too late for, and is told; of one that keeps two it gets two.
#[test]
fn publish_subscribe_conflate_gets_what_each_topic_keeps() {
    let (mut tx, subscriptions) = ring(2);
    let none = tx.declare("none", Retain::None).unwrap();
    let two = tx.declare("two", Retain::LastN(2)).unwrap();
    let mut rx = subscriptions.subscribe(ANY, CONFLATE, Begin::Now).unwrap();
    for (topic, n) in [(two, 1), (two, 2), (two, 3), (none, 4), (none, 5), (none, 6)] {
        tx.to(topic).push(n).unwrap();
    }
    assert_eq!(plain(&mut rx), (vec![2, 3], vec![5, 6]));
    assert_eq!(rx.ring().missed(), 2);
}

/// Its turn is as it was before, and the event is not published.
#[test]
fn publish_subscribe_conflate_survives_a_clone_that_panics() {
    #[derive(Debug)]
    struct Fragile(u64);
    std::thread_local! { /// So many clones until one panics.
    static BREAKS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) } }
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            if BREAKS.replace(BREAKS.get().saturating_sub(1)) == 1 {
                panic_on_purpose()
            }
            Self(self.0)
        }
    }
    let sizes = Sizes { slots: 2, seats: 1, topics: 2 };
    let (mut tx, subscriptions) = channel_retaining(sizes, 2, || Fragile(0)).unwrap();
    let [a, b] = ["a", "b"].map(|name| tx.declare(name, Retain::Last).unwrap());
    let mut rx = subscriptions.subscribe(ANY, CONFLATE, Begin::Now).unwrap();
    tx.to(a).push(Fragile(1)).unwrap();
    tx.to(b).push(Fragile(2)).unwrap();
    // The second of two that are laid on its desk.
    BREAKS.set(2);
    assert!(panics(|| tx.to(b).push(Fragile(9))));
    let mut seen = Vec::new();
    let _ = rx.drain(
        NOW,
        1,
        &mut each(|event: &Publication<Fragile>| seen.push((event.event.0, event.retained))),
    );
    for n in 3..=4 {
        tx.to(b).push(Fragile(n)).unwrap();
    }
    let _ = rx.drain(
        NOW,
        ALL,
        &mut each(|event: &Publication<Fragile>| seen.push((event.event.0, event.retained))),
    );
    assert_eq!(seen, [(1, false), (3, true), (4, false)]);
    assert_eq!((rx.ring().missed(), balance(&mut tx).input), (1, 4));
}

#[test]
fn publish_subscribe_conflate_allocates_nothing() {
    let (mut tx, topics, mut rx) = three(4);
    let ((), allocated) = allocations(|| {
        for n in 0..1000 {
            tx.to(topics[n % 3]).push(n as u64).unwrap();
            if n % 50 == 0 {
                let _ = rx.drain(NOW, 2, &mut each(|_: &Publication<u64>| ()));
                let _ = rx.recv(|_| ());
            }
        }
    });
    assert_eq!((allocated, rx.account().read().check()), (0, Ok(())));
    assert!(rx.ring().missed() > 500);
}

/// On threads: each topic's events in order and none twice, the newest of each among them, and all that were missed told.
#[test]
fn publish_subscribe_conflate_on_threads() {
    const MANY: u64 = if cfg!(miri) { 60 } else { 20_000 };
    let (mut tx, topics, mut rx) = three(4);
    tx.admit();
    let publisher = thread::spawn(move || {
        let mut newest = HashMap::new();
        for n in 0..MANY {
            // The last third goes to one of them, so that the others are quiet at the end.
            let topic = topics[if n < MANY / 3 * 2 { n % 3 } else { 0 } as usize];
            while tx.to(topic).offer(|slot| *slot = n) == Err(Refused::Full) {
                thread::yield_now();
            }
            newest.insert(topic, n);
            if n % 7 == 0 {
                thread::yield_now();
            }
        }
        newest
    });
    let (mut last, mut seen) = (HashMap::new(), 0);
    let mut position = None;
    while !rx.is_closed() {
        let mut look = |event: &Publication<u64>, at: At| -> Flow {
            assert!(last.insert(event.topic, event.event).is_none_or(|before| before < event.event));
            let at = at.seq.since(START);
            assert!(position.replace(at).is_none_or(|before| before < at), "out of order");
            seen += 1;
            Ok(())
        };
        let _ = rx.drain(NOW, 2, &mut look);
        thread::yield_now();
    }
    assert_eq!(last, publisher.join().unwrap());
    let books = rx.account().read();
    assert_eq!((books.input, books.out, books.check()), (MANY, seen, Ok(())));
}
