//! The books of a subscriber.

use super::{ALL, ANY, GATE, NOW, Retain, plain, ring};
use crate::kit::{panic_on_purpose, panics};
use ringmain::channel::publish_subscribe::{Begin, NoEvent, Policy, Resume};
use ringmain::contract::{Agent, At, Balance, Fault, Flow, Halt, Reason, Sink, Source, Work, each};
use ringmain::metric::Books;
use ringmain::pattern::publish_subscribe::Publication;
use std::thread;

/// Retained, of other topics, missed, rejected, wanted again: each in its line, and the law holds.
#[test]
fn a_subscriber_has_books_as_a_stage_has() {
    let (mut tx, subscriptions) = ring(4);
    let a = tx.declare("a", Retain::LastN(2)).unwrap();
    let b = tx.declare("b", Retain::Last).unwrap();
    for n in 1..=3 {
        tx.to(a).push(n).unwrap();
    }
    let mut rx = subscriptions.subscribe(&["a"], Policy::Lag(Resume::Oldest), Begin::Now).unwrap();
    let account = rx.account();
    for n in 4..=9 {
        tx.to(if n % 2 == 0 { a } else { b }).push(n).unwrap();
    }
    assert_eq!(account.read(), Balance::default(), "it has not seen any");
    let _ = rx.drain(NOW, ALL, &mut |_: &Publication<u64>, _: At| -> Flow { Err(Halt::Again) });
    assert_eq!(account.read(), Balance::default(), "what comes again is not booked");
    // Retained are 2 and 3; of 4..=9 the first two are missed.
    let mut rejects = |event: &Publication<u64>, _: At| -> Flow {
        if event.event == 6 { Err(Fault::of(Reason::Expired).into()) } else { Ok(()) }
    };
    let _ = rx.drain(NOW, ALL, &mut rejects);
    let books = account.read();
    assert_eq!((books.input, books.out, books.filtered), (5, 3, 0));
    assert_eq!((books.dropped[Reason::Evicted], books.check()), (2, Ok(())));
    assert_eq!(plain(&mut rx), (vec![], vec![8]));
    let books = account.read();
    assert_eq!((books.input, books.out, books.filtered, books.check()), (8, 4, 2, Ok(())));
    assert_eq!((rx.filtered(), rx.ring().missed()), (2, 2));
}

/// Also of the turn that a panic has ended.
#[test]
fn a_subscriber_that_panics_leaves_books_that_are_right() {
    let (mut tx, subscriptions) = ring(4);
    let topic = tx.declare("a", Retain::None).unwrap();
    let rx = subscriptions.subscribe(ANY, Policy::Lag(Resume::Oldest), Begin::Now).unwrap();
    let account = rx.account();
    let mut agent = rx.drive(|event: &Publication<u64>, _: At| -> Flow {
        if event.event == 9 { panic_on_purpose() } else { Ok(()) }
    });
    for n in 1..=10 {
        tx.to(topic).push(n).unwrap();
    }
    assert!(panics(|| agent.work(NOW)));
    assert_eq!(agent.work(NOW), Work::Done);
    let books = account.read();
    assert_eq!((books.input, books.out, books.dropped[Reason::Evicted]), (8, 2, 6));
    assert_eq!(books.check(), Ok(()));
}

/// The account is the seat's: it stays when the subscriber goes, and is empty for the next one.
#[test]
fn a_new_tenant_has_books_of_its_own() {
    let (mut tx, subscriptions) = ring(4);
    let topic = tx.declare("a", Retain::None).unwrap();
    let mut first = subscriptions.subscribe(ANY, GATE, Begin::Now).unwrap();
    let account = first.account();
    for n in 1..=2 {
        tx.to(topic).push(n).unwrap();
        assert_eq!(first.recv(|event| event.event), Ok(n));
    }
    assert!(first.unsubscribe().is_some());
    assert_eq!((account.read().input, account.read().out), (2, 2), "what was not published yet is");
    tx.admit();
    assert_eq!(account.read().out, 2);
    let next = subscriptions.subscribe(ANY, GATE, Begin::Now).unwrap();
    assert_eq!((account.read(), next.account().read()), (Balance::default(), Balance::default()));
}

/// On three threads, read from a fourth: `recv`, `drain`, and one that lags.
#[test]
fn the_books_of_subscribers_are_read_while_they_run() {
    const MANY: u64 = if cfg!(miri) { 60 } else { 20_000 };
    let (mut tx, subscriptions) = ring(8);
    let topics = ["a", "b"].map(|name| tx.declare(name, Retain::None).unwrap());
    let subscribe = |patterns, policy| subscriptions.subscribe(patterns, policy, Begin::Now).unwrap();
    let mut by_recv = subscribe(&["a"][..], GATE);
    let mut by_drain = subscribe(ANY, GATE);
    let mut lags = subscribe(&["b"], Policy::Lag(Resume::Newest));
    tx.admit();
    let books = Books::new()
        .with("by recv", by_recv.account())
        .with("by drain", by_drain.account())
        .with("lags", lags.account());
    thread::scope(|scope| {
        scope.spawn(move || {
            while by_recv.recv(|_| ()) != Err(NoEvent::Closed) {
                thread::yield_now();
            }
        });
        for rx in [&mut by_drain, &mut lags] {
            scope.spawn(move || {
                while !rx.is_closed() {
                    let _ = rx.drain(NOW, 3, &mut each(|_: &Publication<u64>| ()));
                    thread::yield_now();
                }
            });
        }
        scope.spawn(move || {
            for n in 0..MANY {
                while tx.to(topics[(n % 2) as usize]).push(n).is_err() {
                    thread::yield_now();
                }
            }
        });
        let mut last = 0;
        while last < MANY {
            let now = books.read().stage("by drain").unwrap().input;
            assert!(now >= last, "a count goes down");
            last = now;
            thread::yield_now();
        }
    });
    let statement = books.read();
    assert_eq!(statement.check(), Ok(()));
    assert!(statement.iter().all(|(_, books)| books.input == MANY));
    let of = |name| *statement.stage(name).unwrap();
    assert_eq!((of("by recv").out, of("by recv").filtered), (MANY / 2, MANY / 2));
    assert_eq!(of("by drain").out, MANY);
    assert_eq!(of("lags").out + of("lags").filtered + of("lags").dropped[Reason::Evicted], MANY);
}
