//! Message filter: lets through what its criterion keeps, unchanged and in order.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 7, "Message Filter": a router with one way on, which
//! takes the messages out of a channel that nobody behind it wants.
//!
//! ```text
//!   1 2 3 4 5 6 ---> Filter: even? --- 2 4 6 ---> next
//!                       |
//!                       +------------- 1 3 5 ---> discard   (nowhere, unless `discard_to`)
//! ```
//!
//! | event           | goes to   | in the books       |
//! |-----------------|-----------|--------------------|
//! | kept            | `next`    | `out`              |
//! | discarded       | `discard` | `filtered`         |
//! | dropped         | nowhere   | `dropped[Expired]`, `dropped[LoopLimit]` |
//!
//! # Options
//!
//! | criterion      | keeps                                      | state                                  |
//! |----------------|--------------------------------------------|----------------------------------------|
//! | a closure      | what it says `true` of                     | the closure's own                      |
//! | [`Expiry`]     | what is not past its deadline              | none                                   |
//! | [`HopLimit`]   | what has not been round too often          | none                                   |
//! | [`RateLimit`]  | so many in a span, with so much of a burst | a bucket of tokens, filled by `at.now` |
//! | [`Sample`]     | one in n                                   | a count                                |
//! | [`Changed`]    | what differs from the last it kept, by key | one key                                |
//! | [`IfItPanics`] | what its criterion keeps                   | its criterion's                        |
//!
//! Filters nest, the outermost is asked first: put the cheap ones outside, and an [`Expiry`] before a predicate that is
//! not to be called for what is too late. A closure that looks at the [`Header`](crate::contract::Header) of a message alone
//! touches the first 64 bytes of the slot and not the body.
//!
//! The other way out is any stage. A request that is not let through is told so, once, by a handler that answers to its
//! [`reply_to`](crate::contract::Addressed::reply_to):
//! ```
//! # use ringmain::channel::spsc;
//! # use ringmain::contract::{Addressed, Fault, Flow, Message, Reason, ReturnAddress, Stage, each};
//! # use ringmain::pattern::{Causal, Context, Filter, Origin};
//! type Answer = Message<Result<u32, Fault>>;
//! # let (replies, from_replies) = spsc::channel(8, || Answer { header: Default::default(), body: Ok(0) })?;
//! let decline = |request: &Message<u32>, ctx: &mut Context<'_, spsc::Producer<Answer>>| -> Flow {
//!     if request.reply_to() != ReturnAddress::default() {
//!         ctx.reply(request, |answer| {
//!             answer.body = Err(Fault::of(Reason::Filtered));
//!             Ok(())
//!         })?;
//!     }
//!     Ok(())
//! };
//! let declined = Causal::new(Origin::new(7), decline, replies);
//! let small = |request: &Message<u32>| request.body < 1000;
//! let filter = Filter::new(small, each(|_: &Message<u32>| ())).discard_to(declined);
//! # fn takes(_: impl for<'e> Stage<&'e Message<u32>>) {}
//! # takes(filter);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Bounds
//!
//! It holds nothing (gate): the event itself, wherever it lies, is what goes on, so there is nothing to fill up. A full
//! `next` or `discard` is [`Halt::Again`]: the event waits, and all behind it. The verdict is remembered for the event that
//! comes again; the criterion is asked once for each event and may have state. What is not let through counts as consumed,
//! so a filter that keeps nothing still advances.
//!
//! A panic of the criterion unwinds to the pump, which ends there, and the event is not consumed. [`IfItPanics`] makes
//! a yes or a no of it. With a [`Catch`](super::Catch) around the filter it is a rejection, and with a
//! [`DeadLetter`](super::DeadLetter) around both the event is a letter, and the rest goes on:
//! ```
//! # use ringmain::contract::{At, Reason, Stage, Tick, each};
//! # use ringmain::pattern::{Catch, DeadLetter, Filter, LetterBox, Overflow};
//! # use ringmain::ring::Sequence;
//! # let mut letters = LetterBox::new(8, || 0u64);
//! # let next = each(|_: &u64| ());
//! let filter = Filter::new(|n: &u64| 100 / n > 3, next); // panics on 0
//! let caught = Catch::new(filter);
//! let mut stage = DeadLetter::new("filter", Overflow::Block, &mut letters, caught);
//! # for n in 0..3 {
//! #     stage.on_event(&n, At { seq: Sequence::new(n), now: Tick::ZERO }).unwrap();
//! # }
//! # drop(stage);
//! # assert_eq!(letters.iter().map(|letter| (letter.event, letter.fault.reason)).collect::<Vec<_>>(), [(0, Reason::Panic)]);
//! ```
//!
//! # Costs
//!
//! The criterion, and a few additions for the books; no allocation after `new`, no copy. Wait-free if the stages after are.
//!
//! | over a stage that does nothing                                  | ns   |
//! |-----------------------------------------------------------------|------|
//! | a closure that keeps all                                        | 0.34 |
//! | ... that keeps every other                                      | 0.29 |
//! | ... that keeps none                                             | 0.22 |
//! | by the header of 256 bytes, none kept, over reading that header | 0.20 |
//! | [`Expiry`]                                                      | 0.33 |
//! | [`RateLimit`]                                                   | 0.57 |
//! | [`Sample`], one in 64                                           | 0.45 |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- filter`: nanoseconds an event over the row named, from the
//! quickest sample of each in five rounds, as other work took its turns on the machine (an AMD EPYC, virtual), 24 November
//! 2026. A tenth of a nanosecond is noise.
//!
//! # A scene
#![doc = concat!("```\n", include_str!("../../../examples/filter.rs"), "```")]

mod criterion;
mod limit;
mod thinning;

pub use criterion::{Criterion, IfItPanics, Verdict};
pub use limit::{Expiry, HopLimit, RateLimit};
pub use thinning::{Changed, Sample};

use super::worse;
use crate::contract::{Account, At, Flow, Halt, Ledger, Stage, Tick};
use crate::ring::Sequence;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::ops::Deref;

/// Lets through the events that its criterion keeps; the others count as consumed.
pub struct Filter<C, S, D = Nowhere> {
    criterion: C,
    next: S,
    discard: D,
    /// The verdict on the event that is to come again.
    judged: Option<(Sequence, Verdict)>,
    ledger: Ledger,
}

impl<C, S> Filter<C, S> {
    /// Lets through to `next` what `criterion` keeps: a closure `|event: &T| -> bool`, or any [`Criterion`].
    /// Allocates the [`Account`].
    pub fn new(criterion: C, next: S) -> Self {
        Self { criterion, next, discard: Nowhere, judged: None, ledger: Ledger::new() }
    }
    /// Gives what is not let through to `discard`, instead of nobody.
    pub fn discard_to<D>(self, discard: D) -> Filter<C, S, D> {
        let Self { criterion, next, judged, ledger, .. } = self;
        Filter { criterion, next, discard, judged, ledger }
    }
}

impl<C, S, D> Filter<C, S, D> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }

    /// The verdict on an event that may be the one that was to come again.
    #[cold]
    fn judged_before<T: ?Sized>(&mut self, event: &T, at: At) -> Verdict
    where
        C: Criterion<T>,
    {
        match self.judged.take() {
            Some((seq, verdict)) if seq == at.seq => verdict,
            _ => self.criterion.judge(event, at),
        }
    }
}

impl<In, C, S, D> Stage<In> for Filter<C, S, D>
where
    In: Deref,
    C: Criterion<In::Target>,
    S: Stage<In>,
    D: Stage<In>,
{
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        let verdict = match self.judged {
            None => self.criterion.judge(&event, at),
            Some(_) => self.judged_before(&event, at),
        };
        let flow = match verdict {
            Verdict::Keep => {
                let flow = self.next.on_event(event, at);
                self.ledger.handed_on(flow)
            }
            Verdict::Discard => {
                let flow = self.discard.on_event(event, at);
                if flow != Err(Halt::Again) {
                    self.ledger.took(1);
                    self.ledger.filtered();
                }
                flow
            }
            Verdict::Drop(reason) => {
                self.ledger.took(1);
                self.ledger.dropped(reason);
                Ok(())
            }
        };
        if flow == Err(Halt::Again) {
            self.judged = Some((at.seq, verdict));
        }
        flow
    }

    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.ledger.publish();
        let kept = self.next.on_batch_end(now);
        worse(kept, self.discard.on_batch_end(now))
    }
}

impl<C, S, D> Debug for Filter<C, S, D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { judged, ledger, .. } = self;
        f.debug_struct("Filter").field("judged", judged).field("ledger", ledger).finish_non_exhaustive()
    }
}

/// The end of a branch that nobody listens to: consumes everything.
#[derive(Clone, Copy, Default, Debug)]
pub struct Nowhere;

impl<In> Stage<In> for Nowhere {
    #[inline]
    fn on_event(&mut self, _: In, _: At) -> Flow {
        Ok(())
    }
}
