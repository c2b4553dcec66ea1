//! Catch: a panic of the stage inside becomes a rejected event, and the rest goes on.
//!
//! No pattern of *Enterprise Integration Patterns* (Hohpe and Woolf) by itself: it makes of a panic what the "Dead Letter
//! Channel" of the book takes.
//!
//! ```text
//!  event --> [ Catch [ inner ] ]        Ok, Again, Reject, Stop: as inner says; panic: Reject(Fault::of(Panic))
//! ```
//!
//! Without it a panic ends the pump: its neighbours see `Closed`, and the event it panicked on is not consumed. With it
//! the event counts as consumed and rejected, so that a dead letter channel around it writes a letter, or tries again.
//! Either way nothing before that event is lost, and nothing after it.
//!
//! # Options
//!
//! | around the handler                          | a panic                                                           |
//! |---------------------------------------------|-------------------------------------------------------------------|
//! | nothing                                     | ends the pump; the event is not consumed                          |
//! | `Catch`                                     | is a rejection: the event is dropped by the pump, and counted     |
//! | [`DeadLetter`](super::DeadLetter), `Catch`  | is a letter, or another attempt                                   |
//! | [`IfItPanics`](super::IfItPanics), around a criterion | is a yes or a no                                        |
//!
//! # Bounds
//!
//! It holds nothing, and keeps the `Again` contract as inner does. What state the stage inside is in after a panic is
//! its author's business, as with [`AssertUnwindSafe`]: the patterns of this room forget the event in hand and go on
//! with the next. Where a half-changed state is worse than a stop, leave `Catch` out. In a program built with `panic =
//! "abort"` there is nothing to catch. The panic hook runs as ever, so the panic is reported where the program's panics
//! are.
//!
//! # Costs
//!
//! A comparison and the books, until there is a panic, which costs microseconds and allocates (the panic's, not ours).
//! As wait-free as the stage inside. It is measured by `cargo bench -p ringmain --bench pattern -- catch`.
//!
//! ```
//! use ringmain::contract::{At, Fault, Flow, Halt, Reason, Stage, Tick};
//! use ringmain::pattern::Catch;
//! # use ringmain::ring::Sequence;
//!
//! # std::panic::set_hook(Box::new(|_| ()));
//! let mut inner = Catch::new(|n: &u32, _: At| -> Flow { assert_ne!(*n, 13); Ok(()) });
//! let at = At { seq: Sequence::ZERO, now: Tick::ZERO };
//! assert_eq!(inner.on_event(&13, at), Err(Halt::Reject(Fault::of(Reason::Panic))));
//! assert_eq!(inner.on_event(&14, at), Ok(()));
//! ```
//!
//! # A scene
//! `examples/catch.rs`, which `cargo run --example catch` runs:
#![doc = concat!("```\n", include_str!("../../examples/catch.rs"), "```")]

use crate::contract::{Account, At, Fault, Flow, Ledger, Reason, Stage, Tick};
use crate::sync::Arc;
use core::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Turns a panic of the stage inside into `Reject(Fault::of(Reason::Panic))`.
///
/// Around it, a [`DeadLetter`](super::DeadLetter) writes a letter for the event, or tries again. What state `inner` is
/// in after a panic is its author's business.
#[derive(Debug)]
pub struct Catch<S> {
    caught: u64,
    ledger: Ledger,
    inner: S,
}

impl<S> Catch<S> {
    /// Catches the panics of `inner`.
    #[must_use]
    pub fn new(inner: S) -> Self {
        Self { caught: 0, ledger: Ledger::new(), inner }
    }
    /// This stage's line of the books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    /// Panics caught so far, those at the end of a batch included.
    #[must_use]
    pub const fn caught(&self) -> u64 {
        self.caught
    }

    #[inline]
    fn guard(&mut self, call: impl FnOnce(&mut S) -> Flow) -> Flow {
        let inner = &mut self.inner;
        catch_unwind(AssertUnwindSafe(|| call(inner))).unwrap_or_else(|payload| {
            self.caught += 1;
            discard(payload);
            Err(Fault::of(Reason::Panic).into())
        })
    }
}

impl<In, S: Stage<In>> Stage<In> for Catch<S> {
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        let caught = self.caught;
        let flow = self.guard(|inner| inner.on_event(event, at));
        if self.caught == caught {
            return self.ledger.handed_on(flow);
        }
        self.ledger.took(1);
        self.ledger.dead_lettered(Reason::Panic);
        flow
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.ledger.publish();
        self.guard(|inner| inner.on_batch_end(now))
    }
}

/// Drops a panic's payload, which is the user's and may panic in its turn; that second payload is leaked, as there would
/// be no end to it.
#[cold]
pub(super) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        core::mem::forget(second);
    }
}
