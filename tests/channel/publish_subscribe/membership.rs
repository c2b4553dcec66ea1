//! Who joins and who leaves, and the usher who is told of it.

use super::{ALL, GATE, OLDEST, START, drain, number, numbers, push, recv, ring};
use crate::kit::{panic_on_purpose, panics};
use ringmain::channel::publish_subscribe::{
    Begin, BuildError, MOST_SEATS, NoEvent, NoSeat, Policy, Subscriber, Usher, channel, channel_with,
};
use ringmain::contract::{Refused, Sink};
use ringmain::ring::{CapacityError, Sequence};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

/// A thousand times under load: each gets exactly what was published between its join and its leave.
#[test]
fn a_thousand_joins_and_leaves_under_load_lose_nothing() {
    let (rounds, members) = if cfg!(miri) { (3, 2) } else { (500, 2) };
    let (mut tx, subscriptions) = ring(16, 4);
    let (done, published) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let mut joiners = Vec::new();
        let steady = subscriptions.subscribe(GATE, Begin::Now).unwrap();
        tx.admit();
        for member in 0..members {
            let subscriptions = subscriptions.clone();
            joiners.push(scope.spawn(move || {
                for round in 0..rounds {
                    let begin = if round % 2 == 0 { Begin::Now } else { Begin::Oldest };
                    let mut rx = loop {
                        match subscriptions.subscribe(GATE, begin) {
                            Ok(rx) => break rx,
                            Err(NoSeat::Full { .. }) => thread::yield_now(),
                            Err(no_seat) => unreachable!("it publishes until all have left: {no_seat}"),
                        }
                    };
                    let mut seen = Vec::new();
                    while seen.len() < 1 + round % 9 + member {
                        seen.extend(drain(&mut rx, 5));
                        thread::yield_now();
                    }
                    let (first, last) = (number(rx.joined()).unwrap(), number(rx.unsubscribe()).unwrap() - 1);
                    assert_eq!(seen, numbers(first..=last), "round {round} of {member}");
                }
            }));
        }
        let (done, published) = (&done, &published);
        scope.spawn(move || {
            let mut n = 0;
            while !done.load(Relaxed) {
                if tx.push(n + 1).is_ok() {
                    n += 1;
                } else {
                    thread::yield_now();
                }
            }
            published.store(n, Relaxed);
        });
        let steady = scope.spawn(move || {
            let mut steady = steady;
            let mut next = 1;
            while !steady.is_closed() {
                for n in drain(&mut steady, ALL) {
                    assert_eq!(n, next);
                    next += 1;
                }
                thread::yield_now();
            }
            next - 1
        });
        for joiner in joiners {
            joiner.join().unwrap();
        }
        done.store(true, Relaxed);
        assert_eq!(steady.join().unwrap(), published.load(Relaxed));
    });
}

#[test]
fn seats_are_limited_and_come_back_when_the_publisher_has_seen_it() {
    let (mut tx, subscriptions) = ring(2, 3);
    assert_eq!((subscriptions.seats(), subscriptions.capacity()), (3, 2));
    let mut all: Vec<_> = (0..3).map(|_| subscriptions.subscribe(GATE, Begin::Now).unwrap()).collect();
    assert_eq!(all.iter().map(Subscriber::seat).collect::<Vec<_>>(), [0, 1, 2]);
    let full = NoSeat::Full { seats: 3 };
    assert_eq!(subscriptions.subscribe(GATE, Begin::Now).unwrap_err(), full);
    all.remove(1);
    assert_eq!(subscriptions.subscribe(GATE, Begin::Now).unwrap_err(), full, "not seen yet");
    tx.admit();
    assert_eq!((tx.subscribers(), subscriptions.subscribe(GATE, Begin::Now).unwrap().seat()), (2, 1));
    let most = channel::<u8>(1, MOST_SEATS, || 0).unwrap();
    let all: Vec<_> = std::iter::from_fn(|| most.1.subscribe(GATE, Begin::Now).ok()).collect();
    assert_eq!(all.len(), MOST_SEATS);
}

#[test]
fn numbers_that_make_no_channel_are_errors_that_say_what_to_do() {
    let error = |capacity, seats| channel::<u8>(capacity, seats, || 0).err().unwrap();
    assert_eq!(error(3, 1), BuildError::Capacity(CapacityError::NotPowerOfTwo { asked: 3, next: 4 }));
    for seats in [0, MOST_SEATS + 1, usize::MAX] {
        assert_eq!(error(4, seats), BuildError::Seats { asked: seats });
        assert!(error(4, seats).to_string().contains("1 to 64"));
    }
}

#[test]
fn the_end_comes_behind_the_last_event_also_for_those_who_were_not_let_in_yet() {
    let (mut tx, subscriptions) = ring(4, 3);
    push(&mut tx, 1..=2);
    let mut late = subscriptions.subscribe(GATE, Begin::Oldest).unwrap();
    assert!(!late.is_closed());
    drop(tx);
    assert!(!late.is_closed(), "the publisher lets in for a last time");
    assert_eq!(drain(&mut late, ALL), [1, 2]);
    assert!(late.is_closed());
    assert_eq!(recv(&mut late), Err(NoEvent::Closed));
    assert_eq!(subscriptions.subscribe(GATE, Begin::Now).unwrap_err(), NoSeat::Closed);
}

#[test]
fn who_goes_before_it_was_let_in_was_never_there() {
    let (mut tx, subscriptions) = ring(2, 1);
    let rx = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    assert_eq!(rx.unsubscribe(), None);
    push(&mut tx, 1..=9);
    assert_eq!((tx.unheard(), tx.subscribers()), (9, 0));
    assert!(panics(|| subscriptions.subscribe_with(GATE, Begin::Now, |()| panic_on_purpose())));
    push(&mut tx, 10..=19);
    assert_eq!(subscriptions.subscribe(GATE, Begin::Now).unwrap().seat(), 0, "the seat is not lost");
}

/// The usher is called between two numbers, once for each join and leave; if it panics it is called again.
#[test]
fn an_usher_is_told_of_everybody_and_may_panic() {
    #[derive(Default)]
    struct Log {
        lines: Vec<(char, usize, u64)>,
        panics: bool,
    }
    impl Usher for Log {
        type Desk = u64;
        fn desk(&mut self) -> u64 {
            0
        }
        fn joins(&mut self, seat: usize, desk: &mut u64, joined: Sequence) {
            if std::mem::take(&mut self.panics) {
                panic_on_purpose()
            }
            self.lines.push(('+', seat, *desk));
            *desk = joined.since(START);
        }
        fn leaves(&mut self, seat: usize, desk: &mut u64) {
            self.lines.push(('-', seat, *desk));
        }
    }
    let log = Log { panics: true, ..Log::default() };
    let (mut tx, subscriptions) = channel_with(log, START, 2, 2, || 0u64).unwrap();
    let mut rx = subscriptions.subscribe_with(OLDEST, Begin::Now, |desk| *desk = 77).unwrap();
    assert_eq!(rx.desk(|desk| *desk), None);
    assert!(panics(|| tx.push(0)));
    push(&mut tx, 1..=3);
    assert_eq!(rx.desk(|desk| std::mem::replace(desk, 5)), Some(0), "where it joined");
    drop(rx);
    tx.admit();
    tx.admit();
    assert_eq!(tx.usher().lines, [('+', 0, 77), ('-', 0, 5)]);
    assert!(!tx.usher_mut().panics);
}

/// Its panic unwinds through the publisher, which does not call it again then: a second panic would end the process.
#[test]
fn an_usher_that_always_panics_ends_the_channel_and_not_the_process() {
    struct Bad;
    impl Usher for Bad {
        type Desk = ();
        fn desk(&mut self) {}
        fn joins(&mut self, _seat: usize, _desk: &mut (), _joined: Sequence) {
            panic_on_purpose()
        }
        fn leaves(&mut self, _seat: usize, _desk: &mut ()) {}
    }
    let (mut tx, subscriptions) = channel_with(Bad, START, 2, 2, || 0u64).unwrap();
    let mut rx = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    assert!(panics(move || tx.push(1)));
    assert_eq!(
        (recv(&mut rx), rx.is_closed(), subscriptions.is_closed()),
        (Err(NoEvent::Closed), true, true)
    );
}

/// A required subscriber closes the channel also where the usher panics when it goes.
#[test]
fn an_usher_that_panics_at_a_leave_hides_nothing() {
    struct Bad(bool);
    impl Usher for Bad {
        type Desk = ();
        fn desk(&mut self) {}
        fn joins(&mut self, _seat: usize, _desk: &mut (), _joined: Sequence) {}
        fn leaves(&mut self, _seat: usize, _desk: &mut ()) {
            if std::mem::take(&mut self.0) {
                panic_on_purpose()
            }
        }
    }
    let (mut tx, subscriptions) = channel_with(Bad(true), START, 2, 1, || 0u64).unwrap();
    let rx = subscriptions.subscribe(Policy::Required, Begin::Now).unwrap();
    tx.admit();
    drop(rx);
    assert!(panics(|| tx.push(1)));
    assert_eq!(tx.push(2).unwrap_err().refused, Refused::Closed);
    assert!(subscriptions.subscribe(GATE, Begin::Now).is_ok(), "the seat is free again");
}
