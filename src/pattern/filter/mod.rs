//! Message filter: lets through what its criterion keeps, unchanged and in order.
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
//! | dropped (late)  | nowhere   | `dropped[Expired]` |
//!
//! Holds: nothing (gate): the event itself, wherever it lies, is what goes on. An event that is not let
//! through counts as consumed, so a filter that keeps nothing still advances.
//!
//! `Again`: the verdict is remembered for the event that comes again; the criterion is asked once for each
//! event and may have state. A panic of the criterion unwinds (see [`IfItPanics`] for the other two answers).
//!
//! A request that is not let through can be told so: `discard_to` a stage that answers to its
//! [`reply_to`](crate::contract::Addressed::reply_to).
//!
//! Costs: the criterion, and a few additions for the books. No allocation after `new`. Wait-free if the
//! stages after are.
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Agent, Sink, Source, Tick, each};
//! use ringmain::pattern::Filter;
//!
//! let (mut tx, rx) = spsc::channel(8, || 0u64)?;
//! let mut kept = Vec::new();
//! let mut agent = rx.drive(Filter::new(|n: &u64| n % 2 == 0, each(|n: &u64| kept.push(*n))));
//! for n in 1..=6 {
//!     tx.offer(|slot| *slot = n)?;
//! }
//! let _ = agent.work(Tick::ZERO);
//! drop(agent);
//! assert_eq!(kept, [2, 4, 6]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
