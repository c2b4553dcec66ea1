//! What others have broken.

use super::{ALL, GATE, START, drain, number, numbers, push, ring};
use ringmain::channel::publish_subscribe::Begin;
use ringmain::contract::{Refused, Sink};
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::thread;

/// LMAX #27, #126, #286: an empty group of gates must neither block the publisher nor let it overrun who comes next.
#[test]
fn lmax_27_126_286_the_last_gate_that_goes_neither_blocks_nor_unbounds_the_ring() {
    let (mut tx, subscriptions) = ring(4, 2);
    for round in 0..50 {
        let first = 100 * round;
        let mut rx = subscriptions.subscribe(GATE, Begin::Now).unwrap();
        push(&mut tx, first + 1..=first + 4);
        assert_eq!(tx.push(0).unwrap_err().refused, Refused::Full);
        assert_eq!(drain(&mut rx, 2), [first + 1, first + 2]);
        // It goes with two events unread, and nobody is there for laps.
        drop(rx);
        push(&mut tx, first + 5..=first + 29);
        // The next one gates from its join on, at once.
        let mut next = subscriptions.subscribe(GATE, Begin::Oldest).unwrap();
        tx.admit();
        assert_eq!(tx.push(0).unwrap_err().refused, Refused::Full);
        assert_eq!(drain(&mut next, ALL), numbers(first + 26..=first + 29));
        push(&mut tx, first + 30..=first + 33);
        assert_eq!(tx.push(0).unwrap_err().refused, Refused::Full);
        assert_eq!(drain(&mut next, ALL), numbers(first + 30..=first + 33));
    }
}

/// STORM-342: events lost, or out of order, or a hang, when publishing while the consumer starts. On two threads, in many
/// rounds: the publisher runs when the subscriber comes, and goes on until it is there. So each join falls inside the
/// stream, and nearly half of them, at least, where the ring has already been overwritten.
#[test]
fn storm_342_publishing_while_a_subscriber_starts_loses_nothing() {
    /// Events after the subscriber has asked: more than it takes to be let in, and more than a lap.
    const AFTER: u64 = 40;
    let rounds = if cfg!(miri) { 4 } else { 400 };
    let mut behind_others = 0;
    for seed in 0..rounds {
        let (mut tx, subscriptions) = ring(4, 1);
        let begin = [Begin::Now, Begin::Oldest, Begin::At(START)][seed as usize % 3];
        let (published, asked) = (&AtomicU64::new(0), &AtomicBool::new(false));
        thread::scope(|scope| {
            let publisher = scope.spawn(move || {
                let (mut n, mut after) = (0, 0);
                while after < AFTER {
                    after += u64::from(asked.load(Acquire));
                    n += 1;
                    while tx.push(n).is_err() {
                        thread::yield_now();
                    }
                    published.store(n, Relaxed);
                    if (n + seed).is_multiple_of(7) {
                        thread::yield_now();
                    }
                }
                n
            });
            while published.load(Relaxed) < seed * 5 % 9 {
                thread::yield_now();
            }
            let mut rx = subscriptions.subscribe(GATE, begin).unwrap();
            asked.store(true, Release);
            let mut seen = Vec::new();
            while !rx.is_closed() {
                seen.extend(drain(&mut rx, 3));
                thread::yield_now();
            }
            let (first, last) = (number(rx.joined()).unwrap(), publisher.join().unwrap());
            assert!(first + AFTER <= last + 1, "seed {seed}: {first} of {last} is inside the stream");
            assert_eq!(seen, numbers(first..=last), "seed {seed}");
            behind_others += u64::from(first > 1);
        });
    }
    assert!(behind_others >= rounds * 4 / 9, "{behind_others} joins of {rounds} came behind other events");
}
