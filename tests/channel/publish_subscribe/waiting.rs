//! A publisher that waits for room when the channel ends for it.

use super::{NOW, push, ring};
use crate::kit::{panic_on_purpose, panics};
use ringmain::channel::publish_subscribe::{Begin, Policy};
use ringmain::contract::{Agent, At, Flow, Refused, Sink, Source, Wait, Work};
use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};
use std::thread;

/// Counts, and lets something happen in one of its rounds.
struct Counts<F> {
    idles: u32,
    at: u32,
    then: F,
}

impl<F: FnMut()> Wait for Counts<F> {
    fn idle(&mut self) {
        self.idles += 1;
        if self.idles == self.at {
            (self.then)();
        }
    }
    fn reset(&mut self) {}
    fn over(&mut self) -> bool {
        assert!(self.idles < self.at, "one iteration more than needed");
        false
    }
}

/// 1.d8, Halt, while the publisher is inside `push_waiting`: the wait in which the required subscriber goes is its last. It
/// goes by being dropped, or by a panic of its handler.
#[test]
fn d8_a_publisher_that_waits_is_refused_within_one_iteration() {
    for panicking in [false, true] {
        for at in [1, 2, 5] {
            let (mut tx, subscriptions) = ring(2, 1);
            let risk = subscriptions.subscribe(Policy::Required, Begin::Now).unwrap();
            let mut agent = Some(risk.drive(|_: &u64, _: At| -> Flow { panic_on_purpose() }));
            push(&mut tx, 1..=2);
            let then = || match &mut agent {
                Some(agent) if panicking => assert!(panics(|| agent.work(NOW))),
                agent => *agent = None,
            };
            let mut wait = Counts { idles: 0, at, then };
            let refusal = tx.push_waiting(&mut wait, 3).unwrap_err();
            assert_eq!((refusal.event, refusal.refused), (3, Refused::Closed));
            assert_eq!(wait.idles, at, "refused in the turn after that one");
            assert_eq!(tx.halted_by(), Some(0));
        }
    }
}

/// The same with the subscriber on a thread of its own: once it is gone, the publisher idles at most once.
#[test]
fn d8_a_publisher_that_waits_for_another_thread_is_refused_within_one_iteration() {
    struct Watch<'a> {
        waits: &'a AtomicBool,
        gone: &'a AtomicBool,
        after: u32,
    }
    impl Wait for Watch<'_> {
        fn idle(&mut self) {
            self.after += u32::from(self.gone.load(Acquire));
            self.waits.store(true, Release);
            thread::yield_now();
        }
        fn reset(&mut self) {}
    }
    for _ in 0..if cfg!(miri) { 3 } else { 200 } {
        let (mut tx, subscriptions) = ring(2, 1);
        let risk = subscriptions.subscribe(Policy::Required, Begin::Now).unwrap();
        push(&mut tx, 1..=2);
        let (waits, gone) = (&AtomicBool::new(false), &AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(move || {
                while !waits.load(Acquire) {
                    thread::yield_now();
                }
                drop(risk);
                gone.store(true, Release);
            });
            let mut wait = Watch { waits, gone, after: 0 };
            let refusal = tx.push_waiting(&mut wait, 3).unwrap_err();
            assert_eq!((refusal.event, refusal.refused), (3, Refused::Closed));
            assert!(wait.after <= 1, "{} iterations after it was gone", wait.after);
        });
    }
}

/// LMAX #223: a handler's exception stops the consumer, the ring fills, and the producer blocks for ever. Whatever the policy,
/// here it does not: it is refused as closed where the subscriber is required, and goes on where it is not.
#[test]
fn lmax_223_a_handler_that_panics_leaves_no_publisher_waiting() {
    for policy in super::POLICIES {
        let (mut tx, subscriptions) = ring(4, 1);
        let rx = subscriptions.subscribe(policy, Begin::Now).unwrap();
        tx.admit();
        let mut agent = rx.drive(|n: &u64, _: At| -> Flow {
            if *n == 1 { panic_on_purpose() } else { Ok(()) }
        });
        push(&mut tx, 1..=1);
        assert!(panics(|| agent.work(NOW)));
        assert_eq!(agent.work(NOW), Work::Done);
        let never = || unreachable!("{policy:?}: nothing is to be waited for");
        let put: Vec<_> = (2..=20)
            .map(|n| tx.push_waiting(&mut Counts { idles: 0, at: 1, then: never }, n).map_err(|r| r.refused))
            .collect();
        let expected = if policy == Policy::Required { Err(Refused::Closed) } else { Ok(()) };
        assert!(put.iter().all(|put| *put == expected), "{policy:?}: {put:?}");
    }
}
