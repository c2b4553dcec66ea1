//! The resequencer of an endless stream.

use super::hole::Requests;
use super::lent::{Lends, Shows};
use super::shelf::Shelf;
use super::sorter::{Phase, Sorter};
use super::{Ahead, Hole, Missing, Number, Ordered, Policy, Start, Unbuildable};
use crate::contract::{Account, At, Flow, Halt, Stage, Tick};
use crate::pattern::{Nowhere, worse};
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::time::Duration;

/// Gives numbered events on in the order of their numbers, each at most once, and tells what is missing.
///
/// The numbers that go on ascend. One that is passed over comes in an [`Ordered::Gap`], once, between the events before
/// and behind it. What is done about everything else is said by a [`Policy`]; see the [module](super).
///
/// In the books, a gap and a request are `generated` and `out`; what waits is `held`. Wait-free, if the stages after are;
/// one event may bring on as many as the window holds.
pub struct Resequencer<T, F, S, N = Nowhere> {
    number: F,
    sorter: Sorter<T>,
    requests: Requests,
    feedback: N,
    next: S,
}

impl<T, F, S> Resequencer<T, F, S> {
    /// Orders by `number`, which says where the numbers wrap by its type, with a window of `window` slots, each filled
    /// by `room`; their contents do not matter. Allocates the slots and the [`Account`].
    ///
    /// # Errors
    /// [`Unbuildable`] if the window is not a power of two, is too large for the memory or for the numbers, or if the policy
    /// would wait for ever: [`Ahead::Block`] with [`Hole::Wait`].
    ///
    /// ```
    /// use ringmain::contract::each;
    /// use ringmain::pattern::resequencer::*;
    ///
    /// let policy = Policy {
    ///     start: Start::FirstSeen,
    ///     late: Late::Reject,
    ///     duplicate: Duplicate::KeepLast,
    ///     ahead: Ahead::Block,
    ///     hole: Hole::Wait,
    ///     closing: Closing::Release,
    /// };
    /// let ignore = each(|_: Ordered<&u16>| ());
    /// let never = Resequencer::new(256, policy, |n: &u16| *n, u16::default, ignore);
    /// assert_eq!(never.unwrap_err(), Unbuildable::WouldDeadlock);
    /// ```
    ///
    /// A stage after that does not say what it does about gaps does not compile:
    /// ```compile_fail,E0004
    /// # use ringmain::contract::{At, Flow};
    /// # use ringmain::pattern::resequencer::*;
    /// # fn with(policy: Policy) {
    /// let stage = |item: Ordered<&u64>, _: At| -> Flow {
    ///     match item {
    ///         Ordered::Event(n) => println!("{n}"),
    ///     }
    ///     Ok(())
    /// };
    /// let _ = Resequencer::new(256, policy, |n: &u64| *n, u64::default, stage);
    /// # }
    /// ```
    pub fn new<Q: Number>(
        window: usize,
        policy: Policy,
        number: F,
        room: impl FnMut() -> T,
        next: S,
    ) -> Result<Self, Unbuildable>
    where
        F: Fn(&T) -> Q,
    {
        if window as u64 > 1 << (Q::BITS - 1) {
            return Err(Unbuildable::TooLarge { window, bits: Q::BITS });
        }
        if policy.ahead == Ahead::Block && policy.hole == Hole::Wait {
            return Err(Unbuildable::WouldDeadlock);
        }
        let first = if let Start::Fixed(first) = policy.start { first } else { 0 };
        let shelf = Shelf::new(window, first, u64::MAX >> (u64::BITS - Q::BITS), room)?;
        let requests = Requests { every: Duration::ZERO, times: 0 };
        Ok(Self { number, sorter: Sorter::new(policy, shelf), requests, feedback: Nowhere, next })
    }
    /// Asks `feedback` for the first hole, `every` so long and up to `times`, before what [`Hole`] says of it comes to
    /// pass. If only a part of it comes, the rest is asked for in its time, not sooner than so long after the last request
    /// that it was in.
    ///
    /// `feedback` is full (`Again`): it is asked in the next turn. It rejects: the request is dropped, and counts. It
    /// stops: nobody is asked any more.
    pub fn nak<N>(self, every: Duration, times: u32, feedback: N) -> Resequencer<T, F, S, N>
    where
        N: Stage<Missing>,
    {
        let Self { number, sorter, next, .. } = self;
        Resequencer { number, sorter, requests: Requests { every, times }, feedback, next }
    }
}

impl<T, F, S, N> Resequencer<T, F, S, N> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.sorter.ledger.account()
    }
    /// The number that goes on next; none before the start is known. For a restart: with [`Start::Fixed`] of it, what
    /// went on before is late, and what was held is missing.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        (self.sorter.phase == Phase::Running).then(|| self.sorter.shelf.next())
    }
}

impl<T, Q, F, S, N> Stage<&T> for Resequencer<T, F, S, N>
where
    T: Clone,
    Q: Number,
    F: Fn(&T) -> Q,
    N: Stage<Missing>,
    S: for<'e> Stage<Ordered<&'e T>>,
{
    #[inline]
    fn on_event(&mut self, event: &T, at: At) -> Flow {
        let number = (self.number)(event).wide();
        self.sorter.take(number, event, at, &mut Shows(&mut self.next))
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let Self { sorter, requests, feedback, next, .. } = self;
        let ask = |missing, at| feedback.on_event(missing, at);
        let own = sorter.end_turn::<&T>(now, requests, ask, &mut Shows(next));
        worse(worse(own, next.on_batch_end(now)), ignored_stop(feedback.on_batch_end(now)))
    }
}

impl<T, Q, F, S, N> Stage<&mut T> for Resequencer<T, F, S, N>
where
    Q: Number,
    F: Fn(&T) -> Q,
    N: Stage<Missing>,
    S: for<'e> Stage<Ordered<&'e mut T>>,
{
    #[inline]
    fn on_event(&mut self, event: &mut T, at: At) -> Flow {
        let number = (self.number)(event).wide();
        self.sorter.take(number, event, at, &mut Lends(&mut self.next))
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let Self { sorter, requests, feedback, next, .. } = self;
        let ask = |missing, at| feedback.on_event(missing, at);
        let own = sorter.end_turn::<&mut T>(now, requests, ask, &mut Lends(next));
        worse(worse(own, next.on_batch_end(now)), ignored_stop(feedback.on_batch_end(now)))
    }
}

/// That nobody listens to requests any more ends nothing.
fn ignored_stop(flow: Flow) -> Flow {
    if flow == Err(Halt::Stop) { Ok(()) } else { flow }
}

impl<T, F, S, N> Debug for Resequencer<T, F, S, N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Sorter { shelf, ledger, .. } = &self.sorter;
        f.debug_struct("Resequencer")
            .field("next", &self.next())
            .field("held", &shelf.held())
            .field("ledger", ledger)
            .finish_non_exhaustive()
    }
}
