//! Fan-out: every event reaches every branch exactly once, in order.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 4, "Publish-Subscribe Channel", with receivers that are
//! fixed when the program is built; and the multicast of the LMAX Disruptor (Thompson and others, 2011), whose consumers
//! can be joined again.
//!
//! ```text
//!                    +--- &event ---> branch 0
//!   event ---> round +--- &event ---> branch 1
//!                    +--- &event ---> branch 2
//! ```
//!
//! | a branch says  | then                                                                         |
//! |----------------|------------------------------------------------------------------------------|
//! | `Ok`           | it is served                                                                 |
//! | `Again` (full) | the others are served; the event comes again, for the missing branches alone |
//! | `Reject`       | it is served, and so are the others; the first fault is told at the end      |
//! | `Stop`         | it is detached; the fan-out ends if it was the last, or required             |
//!
//! In the books an event is one `folded`, and one `generated` and one `out` for each branch that took it.
//!
//! # Options
//!
//! | mode                     | is                                                     | a branch that is full                  |
//! |--------------------------|--------------------------------------------------------|----------------------------------------|
//! | on one thread            | [`Fanout`]                                             | the others are served, then it waits   |
//! | ... best effort          | [`Shed`](super::Shed), [`Park`](super::Park) before a branch | loses the event alone; holds a few back |
//! | ... required, optional   | [`Fanout::requiring`]                                  | ends all when it ends; is detached     |
//! | rings, all or nothing    | [`AllOrNothing`]                                       | no ring has the event, and it waits    |
//! | a thread for each, joined | readers of a [`multicast`](crate::channel::multicast) ring; `Producer::joined` | stops those behind it; others are up to a lap ahead |
//!
//! All branches see the one event where it lies, as `&T`, also if the fan-out is lent it as `&mut T`; so no branch can
//! change what another sees:
//! ```compile_fail,E0277
//! # use ringmain::{contract::{Flow, At, Stage}, pattern::Fanout};
//! fn takes_lent_events(_: impl for<'e> Stage<&'e mut u64>) {}
//! let look = |_: &u64, _: At| -> Flow { Ok(()) };
//! let change = |n: &mut u64, _: At| -> Flow {
//!     *n = 0;
//!     Ok(())
//! };
//! takes_lent_events(Fanout::new((look, change)));
//! ```
//! ```
//! # use ringmain::{contract::{Flow, At, Stage}, pattern::Fanout};
//! # fn takes_lent_events(_: impl for<'e> Stage<&'e mut u64>) {}
//! # let look = |_: &u64, _: At| -> Flow { Ok(()) };
//! takes_lent_events(Fanout::new((look, look))); // as all that look at it may
//! ```
//!
//! # Bounds
//!
//! Up to 64 branches, fixed when it is built. It holds nothing (gate): a bit for each branch that was served remembers the
//! round of an event that comes again. It is as slow as its slowest branch that does not shed. A required branch that ends
//! while another still has to get the event ends the fan-out after that. A panic of a branch unwinds; with a
//! [`Catch`](super::Catch) around the branch it is a rejection of that branch alone.
//!
//! # Costs
//!
//! Each branch, a bit of it, and two additions for the books; no copy, no allocation after `new`. Wait-free if the branches
//! are.
//!
//! | over a stage that does nothing                 | ns   |
//! |------------------------------------------------|------|
//! | 1 branch                                       | 0.44 |
//! | 2 branches                                     | 0.65 |
//! | 4 branches                                     | 0.89 |
//! | 2 rings of 8-byte events, with draining both   | 2.78 |
//! | ... [`AllOrNothing`]                           | 2.12 |
//! | 1 reader of a multicast ring, with draining it | 0.86 |
//! | 2 readers                                      | 1.10 |
//! | 4 readers                                      | 1.57 |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- fanout`: nanoseconds an event over the row named, from the
//! quickest sample of each in five rounds, as other work took its turns on the machine (an AMD EPYC, virtual), 24 November
//! 2026. A tenth of a nanosecond is noise.
//!
//! ```
//! use ringmain::contract::{At, Stage, Tick, each};
//! use ringmain::pattern::Fanout;
//! use ringmain::ring::Sequence;
//! use core::cell::Cell;
//!
//! let (sum, count) = (Cell::new(0), Cell::new(0));
//! let mut fanout = Fanout::new((
//!     each(|n: &u64| sum.set(sum.get() + n)),
//!     each(|_: &u64| count.set(count.get() + 1)),
//! ));
//! for n in 1..=4 {
//!     fanout.on_event(&n, At { seq: Sequence::new(n), now: Tick::ZERO }).unwrap();
//! }
//! assert_eq!((sum.get(), count.get()), (10, 4));
//! ```
//!
//! # A scene
#![doc = concat!("```\n", include_str!("../../../examples/fanout.rs"), "```")]

mod all_or_nothing;

pub use all_or_nothing::{AllOrNothing, Sinks};

use super::{Branches, Open, Row};
use crate::contract::{Account, At, Fault, Flow, Halt, Ledger, Stage, Tick};
use crate::ring::Sequence;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};

/// Shows every event to every branch, each exactly once.
pub struct Fanout<B> {
    branches: B,
    open: Open,
    /// The branches that the fan-out does not go on without.
    required: u64,
    round: Round,
    ledger: Ledger,
}

impl<B: Row> Fanout<B> {
    /// Shows events to `branches`: a tuple of up to 8 stages, or an array of up to 64. Allocates the
    /// [`Account`].
    ///
    /// An array of 1 to 64 branches compiles, one of 0 or 65 does not:
    /// ```
    /// # use ringmain::{contract::{At, Flow}, pattern::Fanout};
    /// # let look = |_: &u64, _: At| -> Flow { Ok(()) };
    /// let _ = (Fanout::new([look; 1]), Fanout::new([look; 64]));
    /// ```
    /// ```compile_fail,E0080
    /// # use ringmain::{contract::{At, Flow}, pattern::Fanout};
    /// # let look = |_: &u64, _: At| -> Flow { Ok(()) };
    /// let _ = Fanout::new([look; 0]);
    /// ```
    /// ```compile_fail,E0080
    /// # use ringmain::{contract::{At, Flow}, pattern::Fanout};
    /// # let look = |_: &u64, _: At| -> Flow { Ok(()) };
    /// let _ = Fanout::new([look; 65]);
    /// ```
    #[must_use]
    pub fn new(branches: B) -> Self {
        Self { branches, open: Open::all::<B>(), required: 0, round: Round::default(), ledger: Ledger::new() }
    }
    /// Ends when one of these branches does, not with the last of all; after the event that some have had already is with
    /// the others too.
    ///
    /// # Panics
    /// If there is no such branch.
    #[must_use]
    pub fn requiring(mut self, branches: impl IntoIterator<Item = usize>) -> Self {
        for branch in branches {
            assert!(branch < B::COUNT, "branch {branch} of {}", B::COUNT);
            self.required |= 1 << branch;
        }
        self
    }
}

impl<B> Fanout<B> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    fn is_over(&self) -> bool {
        self.open.is_empty() || self.open.of(self.required) != self.required
    }
}

#[diagnostic::do_not_recommend]
impl<'e, T: ?Sized, B> Stage<&'e T> for Fanout<B>
where
    B: for<'b> Branches<&'b T>,
{
    #[inline]
    fn on_event(&mut self, event: &'e T, at: At) -> Flow {
        let Self { branches, open, round, ledger, .. } = self;
        let flow = round.serve(branches, u64::MAX, open, event, at, ledger);
        if flow != Err(Halt::Again) {
            ledger.took(1);
            ledger.folded();
        }
        if flow == Ok(()) && self.is_over() { Err(Halt::Stop) } else { flow }
    }

    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.ledger.publish();
        let flow = Branches::<&T>::on_batch_end(&mut self.branches, now, &mut self.open);
        // An event that some branches have had is brought to the others first.
        if self.is_over() && self.round.event.is_none() { Err(Halt::Stop) } else { flow }
    }
}

#[diagnostic::do_not_recommend]
impl<'e, T: ?Sized, B> Stage<&'e mut T> for Fanout<B>
where
    B: for<'b> Branches<&'b T>,
{
    #[inline]
    fn on_event(&mut self, event: &'e mut T, at: At) -> Flow {
        Stage::<&T>::on_event(self, event, at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        Stage::<&T>::on_batch_end(self, now)
    }
}

impl<B> Debug for Fanout<B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { open, round, ledger, .. } = self;
        let mut f = f.debug_struct("Fanout");
        f.field("open", open).field("round", round).field("ledger", ledger).finish_non_exhaustive()
    }
}

/// How far the event now on offer has got.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Round {
    /// The event that is to come again; the rest is about it.
    event: Option<Sequence>,
    /// Bit `i`: branch `i` has had it.
    served: u64,
    /// The first rejection. Told when every branch is served, so that one branch's fault does not cost the
    /// others the event.
    fault: Option<Fault>,
}

impl Round {
    /// Offers `event` to each open branch of `wanted` that has not had it. Books what the branches take.
    #[inline]
    pub(super) fn serve<T: ?Sized, B>(
        &mut self,
        branches: &mut B,
        wanted: u64,
        open: &mut Open,
        event: &T,
        at: At,
        ledger: &mut Ledger,
    ) -> Flow
    where
        B: for<'b> Branches<&'b T>,
    {
        // Out of `self` while the branches run: were one to panic, the next event would begin its own round.
        let mut round = match self.event {
            None => Self::default(),
            Some(_) => self.resume(at),
        };
        let mut copies = Copies { taken: 0, ledger };
        let mut full = false;
        let missing = open.of(wanted & !round.served);
        branches.on_each(missing, event, at, |branch, flow| {
            match flow {
                Err(Halt::Again) => {
                    full = true;
                    return;
                }
                Err(Halt::Stop) => open.close(branch),
                Err(Halt::Reject(fault)) => {
                    round.fault.get_or_insert(fault);
                }
                Ok(()) => {}
            }
            round.served |= 1 << branch;
            copies.taken += 1;
        });
        drop(copies);
        if full {
            *self = Self { event: Some(at.seq), ..round };
            return Err(Halt::Again);
        }
        round.fault.map_or(Ok(()), |fault| Err(fault.into()))
    }

    /// The round of an event that may be the one that was to come again.
    #[cold]
    fn resume(&mut self, at: At) -> Self {
        let round = core::mem::take(self);
        if round.event == Some(at.seq) { round } else { Self::default() }
    }
}

/// Books the copies that the branches took, also if one of them panics.
struct Copies<'a> {
    taken: u64,
    ledger: &'a mut Ledger,
}

impl Drop for Copies<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.taken > 0 {
            self.ledger.generated(self.taken);
            self.ledger.passed(self.taken);
        }
    }
}
