//! Back-pressure: who holds the publisher up, and whom it leaves behind.

use super::{ALL, GATE, NEWEST, NOW, OLDEST, POLICIES, START, drain, numbers, push, ring};
use crate::kit::{panic_on_purpose, panics};
use ringmain::channel::publish_subscribe::{Begin, Policy, Publisher, Subscriber, channel};
use ringmain::contract::{At, Drained, End, Fault, Filled, Flow, Halt, Sink, Source, each};
use std::thread;

/// A ring of four events, and its only reader, who is in it.
fn read_by(policy: Policy) -> (Publisher<u64, ()>, Subscriber<u64>) {
    let (mut tx, subscriptions) = ring(4, 1);
    let rx = subscriptions.subscribe(policy, Begin::Now).unwrap();
    tx.admit();
    (tx, rx)
}

/// From inside a handler, on the ring that it reads: refused when it is full, and never a deadlock.
#[test]
fn a_handler_that_publishes_on_its_own_ring_is_refused_when_it_is_full() {
    for policy in POLICIES {
        let (mut tx, mut rx) = read_by(policy);
        push(&mut tx, 1..=1);
        let mut taken = 0;
        let _ = rx.drain(
            NOW,
            1,
            &mut each(|_: &u64| {
                while tx.push(9).is_ok() {
                    taken += 1;
                }
            }),
        );
        assert_eq!(taken, 3, "{policy:?}: the slot of the event in hand is not free");
        assert!(rx.missed() == 0 && rx.disconnected().is_none());
        assert!(tx.push(9).is_ok(), "{policy:?}: outside of its handler it can be moved, or has read");
    }
}

/// Also at the second event of a batch, when the slot of the first is free.
#[test]
fn who_is_inside_stays_inside_until_its_batch_is_over() {
    for policy in POLICIES {
        let (mut tx, mut rx) = read_by(policy);
        let _ = tx.push(1);
        let mut taken = Vec::new();
        let mut handler = |n: &u64, _: At| -> Flow {
            let before = *n;
            taken.push((0..100).take_while(|_| tx.push(9).is_ok()).count());
            assert_eq!(*n, before, "it is not written over while it is looked at");
            Ok(())
        };
        let _ = rx.drain(NOW, ALL, &mut handler);
        let _ = rx.drain(NOW, ALL, &mut handler);
        assert_eq!(taken, [3, 1, 1, 1], "{policy:?}");
    }
}

/// What a stage wants again is not taken away from it before it was outside.
#[test]
fn an_event_that_comes_again_may_be_missed_by_one_that_lags_and_by_nobody_else() {
    for policy in [GATE, OLDEST] {
        let (mut tx, subscriptions) = ring(2, 1);
        let mut rx = subscriptions.subscribe(policy, Begin::Now).unwrap();
        push(&mut tx, 1..=2);
        let again = rx.drain(NOW, ALL, &mut |_: &u64, _: At| -> Flow { Err(Halt::Again) });
        assert_eq!(again, Drained { count: 0, end: Some(End::Halted(Halt::Again)) });
        let taken = tx.push(3).is_ok();
        assert_eq!(
            (taken, drain(&mut rx, ALL)),
            (policy == OLDEST, numbers(1 + u64::from(taken)..=2 + u64::from(taken)))
        );
    }
}

/// A panic takes a subscriber that may lag out of the ring: it holds nobody up afterwards, and goes on at that event.
#[test]
fn a_handler_that_panics_is_outside_afterwards() {
    for policy in POLICIES {
        let (mut tx, mut rx) = read_by(policy);
        push(&mut tx, 1..=1);
        assert!(panics(|| rx.drain(NOW, ALL, &mut each(|_: &u64| panic_on_purpose()))));
        assert_eq!((rx.next(), drain(&mut rx, ALL)), (Some(START), vec![1]));
        push(&mut tx, 2..=2);
    }
}

#[test]
fn a_subscription_that_is_never_dropped_holds_up_as_its_policy_says_and_harms_nobody() {
    for policy in POLICIES {
        let (mut tx, subscriptions) = ring(2, 1);
        let rx = std::mem::ManuallyDrop::new(subscriptions.subscribe(policy, Begin::Now).unwrap());
        let taken = (1..=9).filter(|n| tx.push(*n).is_ok()).count();
        assert_eq!(
            taken,
            if matches!(policy, Policy::Gate | Policy::Required) { 2 } else { 9 },
            "{policy:?}"
        );
        drop(tx);
        drop(std::mem::ManuallyDrop::into_inner(rx));
    }
}

#[test]
fn a_batch_fails_where_its_closure_does() {
    let (mut tx, subscriptions) = ring(4, 2);
    let mut rx = subscriptions.subscribe(OLDEST, Begin::Now).unwrap();
    for halt in [Halt::Again, Halt::Stop, Halt::Reject(Fault::new(7))] {
        for fatal in 0..6 {
            let mut calls = 0;
            let filled = tx.fill_many(6, |i, slot| {
                assert_eq!(i, calls);
                calls += 1;
                *slot = i as u64;
                if i == fatal { Err(halt) } else { Ok(()) }
            });
            assert_eq!((filled, calls), (Filled { count: fatal, end: Some(halt) }, fatal + 1));
            let seen = drain(&mut rx, ALL);
            // For the one that failed, a slot was taken from the reader, too.
            let missed = if fatal < 4 { 0 } else { fatal - 3 };
            assert_eq!(seen, (0..fatal as u64).collect::<Vec<_>>()[missed..]);
        }
    }
    let gate = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    let filled = tx.fill_many(6, |_, _| Ok(()));
    assert_eq!(filled, Filled { count: 4, end: Some(Halt::Again) });
    drop(gate);
}

/// One that may lag beside one that gates, on threads of their own: whole events, in order, and the missed ones counted.
#[test]
fn a_slow_subscriber_on_a_thread_of_its_own_gets_whole_events_and_counts_the_rest() {
    let events = if cfg!(miri) { 60 } else { 100_000 };
    for policy in [OLDEST, NEWEST] {
        let (mut tx, subscriptions) = channel(8, 2, || [0u64; 4]).unwrap();
        let mut gate = subscriptions.subscribe(GATE, Begin::Now).unwrap();
        let mut slow = subscriptions.subscribe(policy, Begin::Now).unwrap();
        tx.admit();
        thread::scope(|scope| {
            scope.spawn(move || {
                for n in 1..=events {
                    while tx.push([n; 4]).is_err() {
                        thread::yield_now();
                    }
                }
            });
            scope.spawn(move || {
                let mut next = 1;
                while !gate.is_closed() {
                    for [n, ..] in drain(&mut gate, ALL) {
                        assert_eq!(n, next);
                        next += 1;
                    }
                    thread::yield_now();
                }
                assert_eq!(next, events + 1);
            });
            let mut seen = 0;
            let mut last = 0;
            while !slow.is_closed() {
                for event in drain(&mut slow, 3) {
                    assert!(event == [event[0]; 4] && event[0] > last, "torn, or out of order");
                    last = event[0];
                    seen += 1;
                }
                thread::yield_now();
            }
            assert_eq!((seen + slow.missed(), last), (events, events));
        });
    }
}
