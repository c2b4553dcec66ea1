//! What others have broken.

use super::{ALL, GATE, START, drain, number, numbers, push, ring};
use ringmain::channel::publish_subscribe::Begin;
use ringmain::contract::{Refused, Sink};
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
/// rounds, with joins at every point of it.
#[test]
fn storm_342_publishing_while_a_subscriber_starts_loses_nothing() {
    let rounds = if cfg!(miri) { 4 } else { 400 };
    for seed in 0..rounds {
        let (mut tx, subscriptions) = ring(4, 1);
        let begin = [Begin::Now, Begin::Oldest, Begin::At(START)][seed as usize % 3];
        let events = 40;
        thread::scope(|scope| {
            scope.spawn(move || {
                for n in 1..=events {
                    while tx.push(n).is_err() {
                        thread::yield_now();
                    }
                    if (n + seed).is_multiple_of(7) {
                        thread::yield_now();
                    }
                }
            });
            for _ in 0..seed % 5 {
                thread::yield_now();
            }
            let Ok(mut rx) = subscriptions.subscribe(GATE, begin) else { return };
            let mut seen = Vec::new();
            while !rx.is_closed() {
                seen.extend(drain(&mut rx, 3));
                thread::yield_now();
            }
            let first = number(rx.joined()).unwrap_or(events + 1);
            assert_eq!(seen, numbers(first..=events), "seed {seed}");
        });
    }
}
