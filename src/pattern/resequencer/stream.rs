//! The resequencer of an endless stream.

use super::hole::Requests;
use super::lent::{Lay, Lends, Out, Shows};
use super::sorter::{Common, Phase, Sorter};
use super::{Missing, Number, Ordered, Policy, Unbuildable};
use crate::contract::{Account, At, Flow, Halt, Stage, Tick};
use crate::pattern::{Nowhere, worse};
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::mem;
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
    only: Only<T>,
    feedback: N,
    next: S,
}

impl<T, F, S> Resequencer<T, F, S> {
    /// Orders by `number`, which says where the numbers wrap by its type, with a window of `window` slots, each filled
    /// by `room`; their contents do not matter. Allocates the slots and the [`Account`].
    ///
    /// # Errors
    /// [`Unbuildable`] if the window is not a power of two, is too large for the memory or for the numbers, or if the policy
    /// would wait for ever: [`Ahead::Block`](super::Ahead::Block) with [`Hole::Wait`](super::Hole::Wait).
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
        let sorter = Sorter::new::<Q>(window, &policy, room)?;
        let only = Only { sorter, common: Common::new(policy) };
        Ok(Self { number, only, feedback: Nowhere, next })
    }
    /// Asks `feedback` for the first hole, `every` so long and up to `times`, before what [`Hole`](super::Hole) says of it comes to
    /// pass. If only a part of it comes, the rest is asked for in its time, not sooner than so long after the last request
    /// that it was in.
    ///
    /// `feedback` is full (`Again`): it is asked in the next turn. It rejects: the request is dropped, and counts. It
    /// stops: nobody is asked any more.
    pub fn nak<N>(self, every: Duration, times: u32, feedback: N) -> Resequencer<T, F, S, N>
    where
        N: Stage<Missing>,
    {
        let Self { number, mut only, next, .. } = self;
        only.common.requests = Requests { every, times };
        Resequencer { number, only, feedback, next }
    }
}

impl<T, F, S, N> Resequencer<T, F, S, N> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.only.common.ledger.account()
    }
    /// The number that goes on next; none before the start is known. For a restart: with [`Start::Fixed`](super::Start::Fixed) of it, what
    /// went on before is late, and what was held is missing.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        let Sorter { phase, shelf, .. } = &self.only.sorter;
        (*phase == Phase::Running).then(|| shelf.next())
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
        self.only.take(number, event, at, &mut Shows(&mut self.next))
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let Self { only, feedback, next, .. } = self;
        let own = only.end_turn::<&T>(now, |missing, at| feedback.on_event(missing, at), &mut Shows(next));
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
        self.only.take(number, event, at, &mut Lends(&mut self.next))
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let Self { only, feedback, next, .. } = self;
        let own =
            only.end_turn::<&mut T>(now, |missing, at| feedback.on_event(missing, at), &mut Lends(next));
        worse(worse(own, next.on_batch_end(now)), ignored_stop(feedback.on_batch_end(now)))
    }
}

/// That nobody listens to requests any more ends nothing.
pub(super) fn ignored_stop(flow: Flow) -> Flow {
    if flow == Err(Halt::Stop) { Ok(()) } else { flow }
}

impl<T, F, S, N> Debug for Resequencer<T, F, S, N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Resequencer")
            .field("next", &self.next())
            .field("held", &self.only.sorter.shelf.held())
            .field("ledger", &self.only.common.ledger)
            .finish_non_exhaustive()
    }
}

/// One stream, and nothing but that.
struct Only<T> {
    sorter: Sorter<T>,
    common: Common,
}

impl<T> Only<T> {
    /// An event comes. What is in order, while nothing is held, is all done here.
    #[inline]
    fn take<E: Lay<T>>(&mut self, number: u64, event: E, at: At, out: &mut impl Out<T, E>) -> Flow {
        let Self { sorter, common } = self;
        if sorter.goes_straight_on(number) {
            return sorter.pass(event, at, common, out);
        }
        sorter.sort_in(number, event, at, common, out)
    }
    /// The end of a turn: what the stage after had no room for, then what the time brings about.
    fn end_turn<E>(
        &mut self,
        now: Tick,
        ask: impl FnMut(Missing, At) -> Flow,
        out: &mut impl Out<T, E>,
    ) -> Flow {
        let Self { sorter, common } = self;
        let waits = mem::take(&mut common.full);
        let mut flow = sorter.bring(now, common, out);
        if flow.is_ok() && !waits {
            flow = sorter.pass_time(now, common, ask, out);
        }
        common.full = false;
        sorter.blocked = None;
        common.ledger.publish();
        if sorter.shelf.is_behind() { flow.and(Err(Halt::Again)) } else { flow }
    }
}

impl<T> Drop for Only<T> {
    fn drop(&mut self) {
        self.sorter.shelf.close(&mut self.common.ledger);
    }
}
