//! Pattern 1, publish-subscribe channel: topics, retained events and the books. What concerns the ring and its membership
//! is in `tests/channel/publish_subscribe.rs`.

mod books;
mod conflate;
mod oracle;

use crate::kit::{allocations, panic_on_purpose, panics};
use ringmain::channel::publish_subscribe::{Begin, NoEvent, NoSeat, Policy, Resume};
use ringmain::contract::{At, Balance, Drained, End, Fault, Flow, Halt, Reason, Sink, Source, Tick, each};
use ringmain::pattern::publish_subscribe::{
    DeclareError, PatternError, Publication, Publisher, Retain, Sizes, SubscribeError, Subscriber,
    Subscriptions, Topic, channel, channel_retaining, channel_retaining_from,
};
use ringmain::pattern::{Catch, DeadLetter, LetterBox, Overflow};
use ringmain::ring::Sequence;

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;
const GATE: Policy = Policy::Gate;
/// Where the rings of these tests begin: they wrap soon.
const START: Sequence = Sequence::ZERO.minus(3);
/// Everything.
const ANY: &[&str] = &["#"];

fn ring(slots: usize) -> (Publisher<u64>, Subscriptions<u64>) {
    channel_retaining_from(START, Sizes { slots, seats: 3, topics: 100 }, 16, || 0).unwrap()
}

fn drain<T: Clone>(rx: &mut Subscriber<T>, limit: usize) -> Vec<Publication<T>> {
    let mut seen = Vec::new();
    let drained = rx.drain(NOW, limit, &mut each(|event: &Publication<T>| seen.push(event.clone())));
    assert_eq!(drained.count, seen.len());
    seen
}

/// The events, and which of them were retained.
fn plain(rx: &mut Subscriber<u64>) -> (Vec<u64>, Vec<u64>) {
    let (retained, live): (Vec<_>, Vec<_>) = drain(rx, ALL).into_iter().partition(|event| event.retained);
    let numbers = |events: Vec<Publication<u64>>| events.into_iter().map(|event| event.event).collect();
    (numbers(retained), numbers(live))
}

fn balance<T>(tx: &mut Publisher<T>) -> Balance {
    tx.admit();
    let balance = tx.account().read();
    assert_eq!(balance.check(), Ok(()));
    balance
}

// ------------------------------------------------------------------------------------------------- acceptance tests

/// 1.d1, with its ledger.
#[test]
fn d1_the_books_of_a_thousand_events_to_three() {
    let (mut tx, subscriptions) = ring(8);
    let topic = tx.declare("time.us", Retain::None).unwrap();
    let mut readers = [(); 3].map(|()| subscriptions.subscribe(ANY, GATE, Begin::Now).unwrap());
    for n in 1..=1000 {
        tx.to(topic).push(n).unwrap();
        for reader in &mut readers {
            assert_eq!(reader.recv(|event| event.event), Ok(n));
        }
    }
    let books = balance(&mut tx);
    assert_eq!((books.input, books.folded, books.generated, books.out), (1000, 1000, 3000, 3000));
}

/// 1.d5: `recv` tells how many were missed, of all topics, and goes on where the policy says; `drain` passes over them.
#[test]
fn d5_one_that_lags_is_told_how_many_it_missed() {
    for (resume, lagged, rest) in [(Resume::Oldest, 12, 13..=20), (Resume::Newest, 19, 20..=20)] {
        for (drains, wanted, other) in [(false, 1, 20), (false, 2, 10), (true, 1, 20), (true, 2, 10)] {
            let (mut tx, subscriptions) = ring(8);
            let topics = ["a", "b"].map(|name| tx.declare(name, Retain::None).unwrap());
            let mut slow = subscriptions.subscribe(&["a"], Policy::Lag(resume), Begin::Now).unwrap();
            for n in 1..=20 {
                tx.to(topics[usize::from(n % wanted != 0)]).push(n).unwrap();
            }
            if drains {
                let rest: Vec<_> = rest.clone().filter(|n| n % wanted == 0).collect();
                assert_eq!(plain(&mut slow), (vec![], rest));
            } else {
                assert_eq!(slow.recv(|_| ()), Err(NoEvent::Lagged(lagged)));
                for n in rest.clone().filter(|n| n % wanted == 0) {
                    assert_eq!(slow.recv(|event| event.event), Ok(n));
                }
            }
            assert_eq!(slow.recv(|_| ()), Err(NoEvent::Empty), "what was passed over is not told again");
            let passed_over = rest.clone().filter(|n| n % wanted != 0).count() as u64;
            let books = slow.account().read();
            assert_eq!((books.input, books.filtered, books.check()), (20, passed_over, Ok(())));
            assert_eq!((books.dropped[Reason::Evicted], slow.ring().missed()), (lagged, lagged));
            assert!(books.out + passed_over + lagged == 20 && books.out <= other);
        }
    }
}

/// 1.d6: the examples of the documentation of NATS and AMQP.
#[test]
fn d6_patterns_name_topics() {
    let names = ["time.us", "time.us.east", "time.us.east.atlanta", "time.eu.east"];
    let expected: [(&str, &[&str]); 8] = [
        ("time.*.east", &["time.us.east", "time.eu.east"]),
        ("time.us.>", &["time.us.east", "time.us.east.atlanta"]),
        ("time.us.#", &["time.us", "time.us.east", "time.us.east.atlanta"]),
        ("*.*.east.>", &["time.us.east.atlanta"]),
        ("#.east", &["time.us.east", "time.eu.east"]),
        ("time.#.atlanta", &["time.us.east.atlanta"]),
        ("time.us", &["time.us"]),
        (">", &names),
    ];
    for declared_before in 0..=names.len() {
        for (pattern, wanted) in expected {
            let (mut tx, subscriptions) = ring(8);
            let declare = |tx: &mut Publisher<u64>, name: &&str| tx.declare(name, Retain::None).unwrap();
            let (before, after) = names.split_at(declared_before);
            let mut topics: Vec<_> = before.iter().map(|name| declare(&mut tx, name)).collect();
            let mut rx = subscriptions.subscribe(&[pattern], GATE, Begin::Now).unwrap();
            tx.admit();
            topics.extend(after.iter().map(|name| declare(&mut tx, name)));
            for (n, topic) in topics.iter().enumerate() {
                tx.to(*topic).push(n as u64).unwrap();
            }
            let got: Vec<_> =
                drain(&mut rx, ALL).iter().map(|event| tx.name(event.topic).unwrap().to_owned()).collect();
            assert_eq!(got, wanted, "{pattern}, {declared_before} declared before");
            assert_eq!(rx.filtered(), (names.len() - wanted.len()) as u64);
            let books = balance(&mut tx);
            assert_eq!((books.input, books.out), (4, wanted.len() as u64));
            assert_eq!(books.dropped[Reason::NoSubscriber], (names.len() - wanted.len()) as u64);
        }
    }
}

/// 1.d6: one subscriber, patterns that overlap.
#[test]
fn d6_patterns_that_overlap_deliver_once() {
    let (mut tx, subscriptions) = ring(8);
    let (us, eu) =
        (tx.declare("time.us.east", Retain::None).unwrap(), tx.declare("time.eu", Retain::None).unwrap());
    let mut rx = subscriptions.subscribe(&["time.us.*", "#.east", ">"], GATE, Begin::Now).unwrap();
    tx.to(us).push(1).unwrap();
    tx.to(eu).push(2).unwrap();
    assert_eq!(plain(&mut rx), (vec![], vec![1, 2]));
}

/// 1.d7
#[test]
fn d7_the_last_event_comes_first_and_then_what_is_live() {
    for (begin, expected) in [(Begin::Now, (vec![5], vec![6, 7])), (Begin::Oldest, (vec![], vec![5, 6, 7]))] {
        let (mut tx, subscriptions) = ring(8);
        let topic = tx.declare("price", Retain::Last).unwrap();
        tx.to(topic).push(5).unwrap();
        let mut rx = subscriptions.subscribe(ANY, GATE, begin).unwrap();
        assert_eq!(rx.recv(|_| ()), Err(NoEvent::Empty), "not let in yet");
        for n in [6, 7] {
            tx.to(topic).push(n).unwrap();
        }
        assert_eq!(plain(&mut rx), expected, "none twice");
    }
}

/// 1.d7: several topics, and what has left the ring long ago.
#[test]
fn d7_what_is_retained_comes_in_the_order_it_was_published() {
    let (mut tx, subscriptions) = ring(2);
    let a = tx.declare("a", Retain::LastN(3)).unwrap();
    let b = tx.declare("b", Retain::Last).unwrap();
    let c = tx.declare("c", Retain::None).unwrap();
    for n in 1..=10 {
        tx.to([a, b, c][n as usize % 3]).push(n).unwrap();
    }
    // Of a: 3, 6, 9; of b: 10; of c, which is 8, nothing.
    let mut all = subscriptions.subscribe(ANY, GATE, Begin::Now).unwrap();
    let mut some = subscriptions.subscribe(&["a"], GATE, Begin::Now).unwrap();
    tx.to(a).push(12).unwrap();
    assert_eq!(plain(&mut all), (vec![3, 6, 9, 10], vec![12]));
    let mut at = Vec::new();
    for (limit, count) in [(0, 0), (1, 1), (2, 2), (ALL, 1)] {
        let mut stage = |event: &Publication<u64>, here: At| -> Flow {
            at.push((event.event, here.seq.since(START) + 1));
            Ok(())
        };
        assert_eq!(some.drain(NOW, limit, &mut stage).count, count);
    }
    assert_eq!(at, [(3, 3), (6, 6), (9, 9), (12, 11)], "each at its own position");
}

/// 1.d7: as with any source, what a stage wants again comes again, and what it panics on is not consumed.
#[test]
fn d7_a_retained_event_comes_again_if_it_is_asked_for() {
    let (mut tx, subscriptions) = ring(4);
    let topic = tx.declare("a", Retain::LastN(2)).unwrap();
    tx.to(topic).push(1).unwrap();
    tx.to(topic).push(2).unwrap();
    let mut rx = subscriptions.subscribe(ANY, GATE, Begin::Now).unwrap();
    tx.to(topic).push(3).unwrap();
    for _ in 0..2 {
        let again = rx.drain(NOW, ALL, &mut |_: &Publication<u64>, _: At| -> Flow { Err(Halt::Again) });
        assert_eq!(again, Drained { count: 0, end: Some(End::Halted(Halt::Again)) });
        assert!(panics(|| rx.drain(NOW, ALL, &mut each(|_: &Publication<u64>| panic_on_purpose()))));
    }
    let fault = Halt::Reject(Fault::new(1));
    let rejects = rx.drain(NOW, ALL, &mut |_: &Publication<u64>, _: At| -> Flow { Err(fault) });
    assert_eq!(rejects, Drained { count: 1, end: Some(End::Halted(fault)) });
    assert_eq!(plain(&mut rx), (vec![2], vec![3]));
}

/// 1.d8, ToDlc
#[test]
fn d8_a_handler_that_panics_writes_a_letter_and_goes_on() {
    let (mut tx, subscriptions) = ring(16);
    let topic = tx.declare("orders", Retain::None).unwrap();
    let mut rx = subscriptions.subscribe(ANY, GATE, Begin::Now).unwrap();
    for n in 1..=12 {
        tx.to(topic).push(n).unwrap();
    }
    let empty = || Publication { topic, retained: false, event: 0 };
    let (mut letters, mut seen) = (LetterBox::new(4, empty), Vec::new());
    let handler = |order: &Publication<u64>, _: At| -> Flow {
        if order.event == 10 {
            panic_on_purpose()
        }
        seen.push(order.event);
        Ok(())
    };
    let mut stage = DeadLetter::new("book", Overflow::Block, &mut letters, Catch::new(handler));
    assert_eq!(rx.drain(NOW, ALL, &mut stage).count, 12);
    drop(stage);
    let letter = letters.iter().next().unwrap();
    assert_eq!((letter.event.event, letter.fault), (10, Fault::of(Reason::Panic)));
    assert_eq!(seen, (1..=12).filter(|n| *n != 10).collect::<Vec<_>>());
}

/// 1.d9: no subscriber, none for that topic, none any more: taken, and counted.
#[test]
fn d9_an_event_for_nobody_is_taken_and_counted() {
    let (mut tx, subscriptions) = ring(4);
    let (a, b) = (tx.declare("a", Retain::None).unwrap(), tx.declare("b", Retain::None).unwrap());
    tx.to(a).push(1).unwrap();
    assert_eq!(balance(&mut tx).dropped[Reason::NoSubscriber], 1);
    let mut rx = subscriptions.subscribe(&["a"], Policy::DisconnectAfter(1), Begin::Now).unwrap();
    tx.to(a).push(2).unwrap();
    assert_eq!((rx.recv(|event| event.event), balance(&mut tx).out), (Ok(2), 1));
    tx.to(b).push(3).unwrap();
    assert_eq!(balance(&mut tx).dropped[Reason::NoSubscriber], 2);
    // It is disconnected by this one.
    tx.to(a).push(4).unwrap();
    let at = START.plus(2);
    assert_eq!(rx.recv(|_| ()), Err(NoEvent::Disconnected { at }));
    let books = balance(&mut tx);
    assert_eq!((books.input, books.folded, books.out, books.dropped[Reason::NoSubscriber]), (4, 1, 1, 3));
}

// ------------------------------------------------------------------------------------------------------ what is said

#[test]
fn a_topic_is_declared_once_and_mistakes_are_values() {
    let (mut tx, subscriptions) =
        channel_retaining(Sizes { slots: 4, seats: 1, topics: 2 }, 3, || 0u64).unwrap();
    let a = tx.declare("a.b", Retain::LastN(2)).unwrap();
    assert_eq!((tx.declare("a.b", Retain::LastN(2)), tx.topic("a.b"), tx.topic("a")), (Ok(a), Some(a), None));
    assert_eq!(tx.declare("a.b", Retain::None), Err(DeclareError::Otherwise));
    assert_eq!(tx.declare("c", Retain::LastN(2)), Err(DeclareError::Retained { left: 1 }));
    assert_eq!(tx.declare("a.*", Retain::None), Err(DeclareError::Name(PatternError::BadWord)));
    let c = tx.declare("c", Retain::Last).unwrap();
    assert_eq!(tx.declare("d", Retain::None), Err(DeclareError::TooMany { topics: 2 }));
    assert_eq!((tx.name(a), tx.name(c)), (Some("a.b"), Some("c")));
    let (mut other, _) = channel(Sizes { slots: 4, seats: 1, topics: 0 }, || 0u64).unwrap();
    let rejected = other.to(c).fill(|_| -> Flow { unreachable!("no such topic") });
    assert_eq!(rejected, Err(Fault::of(Reason::NoRoute).into()));
    assert_eq!(other.declare("x", Retain::Last), Err(DeclareError::TooMany { topics: 0 }));

    let subscribe = |patterns: &[&str]| subscriptions.subscribe(patterns, GATE, Begin::Now);
    assert_eq!(subscribe(&["a..b"]).unwrap_err(), SubscribeError::Pattern(PatternError::EmptyWord));
    assert_eq!(subscribe(&[]).unwrap_err(), SubscribeError::Pattern(PatternError::NoPattern));
    let _one = subscribe(ANY).unwrap();
    assert_eq!(subscribe(ANY).unwrap_err(), SubscribeError::NoSeat(NoSeat::Full { seats: 1 }));
}

/// A seat is used again, and nobody gets what the tenant before wanted, or was handed.
#[test]
fn a_new_tenant_wants_nothing_of_the_old_one() {
    let (mut tx, subscriptions) =
        channel_retaining(Sizes { slots: 4, seats: 1, topics: 70 }, 4, || 0u64).unwrap();
    let topics: Vec<Topic> = (0..70)
        .map(|n| tx.declare(&format!("t{n}"), if n < 4 { Retain::Last } else { Retain::None }).unwrap())
        .collect();
    tx.to(topics[1]).push(1).unwrap();
    drop(subscriptions.subscribe(ANY, GATE, Begin::Now).unwrap());
    tx.admit();
    let all = subscriptions.subscribe(ANY, GATE, Begin::Now).unwrap();
    tx.admit();
    drop(all);
    tx.admit();
    let mut one = subscriptions.subscribe(&["t69"], GATE, Begin::Oldest).unwrap();
    tx.to(topics[1]).push(2).unwrap();
    tx.to(topics[69]).push(3).unwrap();
    assert_eq!(plain(&mut one), (vec![], vec![3]));
}

/// A clone that panics publishes nothing, and a join is tried again.
#[test]
fn a_clone_that_panics_loses_nobody() {
    #[derive(Debug, PartialEq)]
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
    let (mut tx, subscriptions) =
        channel_retaining(Sizes { slots: 4, seats: 1, topics: 1 }, 2, || Fragile(0)).unwrap();
    let topic = tx.declare("a", Retain::LastN(2)).unwrap();
    for n in 1..=2 {
        tx.to(topic).push(Fragile(n)).unwrap();
    }
    BREAKS.set(1);
    assert!(panics(|| tx.to(topic).push(Fragile(9))));
    let mut rx = subscriptions.subscribe(ANY, GATE, Begin::Now).unwrap();
    // The second of two that are laid on its desk.
    BREAKS.set(2);
    assert!(panics(|| tx.to(topic).push(Fragile(9))));
    assert_eq!(rx.joined(), None);
    tx.to(topic).push(Fragile(3)).unwrap();
    let seen: Vec<_> = drain(&mut rx, ALL).into_iter().map(|event| (event.event.0, event.retained)).collect();
    assert_eq!(seen, [(1, true), (2, true), (3, false)]);
    assert_eq!(balance(&mut tx).input, 3);
}

#[test]
fn the_end_comes_behind_what_was_retained() {
    let (mut tx, subscriptions) = ring(4);
    let topic = tx.declare("a", Retain::Last).unwrap();
    tx.to(topic).push(1).unwrap();
    let [mut first, mut second] = [(); 2].map(|()| subscriptions.subscribe(ANY, GATE, Begin::Now).unwrap());
    drop(tx);
    assert!(!first.is_closed());
    assert_eq!((first.joined(), first.ring().is_closed()), (Some(START.next()), true));
    assert!(!first.is_closed(), "nothing is in the ring, but something was retained");
    assert_eq!(first.recv(|event| (event.event, event.retained)), Ok((1, true)));
    assert_eq!((first.recv(|_| ()), first.is_closed()), (Err(NoEvent::Closed), true));
    let mut look = each(|_: &Publication<u64>| ());
    assert_eq!(second.drain(NOW, ALL, &mut look), Drained { count: 1, end: Some(End::Closed) });
}

#[test]
fn nothing_is_allocated_but_by_declaring() {
    let (mut tx, subscriptions) = ring(8);
    let topics = [("a.b", Retain::LastN(3)), ("a.c", Retain::None), ("b", Retain::Last)]
        .map(|(name, retain)| tx.declare(name, retain).unwrap());
    let ((), count) = allocations(|| {
        for round in 0..100 {
            let lag = Policy::Lag(Resume::Oldest);
            let mut some = subscriptions.subscribe(&["a.*", "#.c"], lag, Begin::Now).unwrap();
            let mut all = subscriptions.subscribe(ANY, GATE, Begin::Oldest).unwrap();
            assert!(subscriptions.subscribe(&["a.."], GATE, Begin::Now).is_err());
            for n in 0..12 {
                let _ = tx.to(topics[n % 3]).push(n as u64);
                if n % 4 == round % 4 {
                    let _ = some.recv(|event| event.event);
                    let _ = all.drain(NOW, ALL, &mut each(|_: &Publication<u64>| ()));
                }
            }
            drop((some, all));
            tx.admit();
        }
    });
    assert_eq!(count, 0);
}
