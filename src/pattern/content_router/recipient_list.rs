//! Recipient list: each event reaches the branches that its content names.

use super::{Branches, Open, Row};
use crate::contract::{Account, At, Fault, Flow, Halt, Ledger, Reason, Stage, Tick};
use crate::pattern::fanout::Round;
use crate::ring::Sequence;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};

/// A set of branches, by number below 64.
///
/// ```
/// use ringmain::pattern::Recipients;
/// assert_eq!(Recipients::of([0, 2]), Recipients::NONE.and(2).and(0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Recipients(u64);

impl Recipients {
    /// Nobody.
    pub const NONE: Self = Self(0);

    /// These.
    #[must_use]
    pub fn of<const N: usize>(branches: [usize; N]) -> Self {
        branches.into_iter().fold(Self::NONE, Self::and)
    }
    /// Also `branch`; a number above 63 names nobody.
    #[inline]
    #[must_use]
    pub const fn and(self, branch: usize) -> Self {
        if branch < 64 { Self(self.0 | 1 << branch) } else { self }
    }
}

/// Sends each event to the branches that its selector names: none to all of them, each exactly once.
///
/// ```text
///                                    +--- 0 ---> stage      event names {0, 2}
///   event ---> selector {0, 2} ----- |    1      stage
///                 |                  +--- 2 ---> stage
///                 +-- { } --> Reject(NoRoute)
/// ```
///
/// A [`Fanout`](crate::pattern::Fanout) by [`ContentRouter`](super::ContentRouter)'s choice, and like both:
/// branches see `&T`, a full branch makes the event come again for the missing ones alone, a rejection is
/// told when all are served, and the selector is asked once for each event. If all branches that an event
/// names are closed, it is `Reject(Closed)`.
///
/// Holds: nothing (gate). In the books an event is one `folded`, and one `generated` and one `out` for each
/// branch that took it; one that nobody is named for is `dead_lettered[NoRoute]`. Costs: no copy, no
/// allocation after `new`.
pub struct RecipientList<F, B> {
    select: F,
    branches: B,
    open: Open,
    /// The choice for the event that is to come again.
    chosen: Option<(Sequence, u64)>,
    round: Round,
    ledger: Ledger,
}

impl<F, B: Row> RecipientList<F, B> {
    /// Sends by `select` to `branches`: a tuple of up to 8 stages, or an array of up to 64. Allocates the
    /// [`Account`].
    ///
    /// An array of 1 to 64 branches compiles, one of 0 or 65 does not:
    /// ```
    /// # use ringmain::{contract::{At, Flow}, pattern::{RecipientList, Recipients}};
    /// # let look = |_: &u64, _: At| -> Flow { Ok(()) };
    /// # let first = |_: &u64| Recipients::of([0]);
    /// let _ = (RecipientList::new(first, [look; 1]), RecipientList::new(first, [look; 64]));
    /// ```
    /// ```compile_fail,E0080
    /// # use ringmain::{contract::{At, Flow}, pattern::{RecipientList, Recipients}};
    /// # let look = |_: &u64, _: At| -> Flow { Ok(()) };
    /// # let first = |_: &u64| Recipients::of([0]);
    /// let _ = RecipientList::new(first, [look; 0]);
    /// ```
    /// ```compile_fail,E0080
    /// # use ringmain::{contract::{At, Flow}, pattern::{RecipientList, Recipients}};
    /// # let look = |_: &u64, _: At| -> Flow { Ok(()) };
    /// # let first = |_: &u64| Recipients::of([0]);
    /// let _ = RecipientList::new(first, [look; 65]);
    /// ```
    pub fn new<T: ?Sized>(select: F, branches: B) -> Self
    where
        F: FnMut(&T) -> Recipients,
    {
        let (open, ledger) = (Open::all::<B>(), Ledger::new());
        Self { select, branches, open, chosen: None, round: Round::default(), ledger }
    }
}

impl<F, B> RecipientList<F, B> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<'e, T: ?Sized, F, B> Stage<&'e T> for RecipientList<F, B>
where
    F: FnMut(&T) -> Recipients,
    B: for<'b> Branches<&'b T>,
{
    #[inline]
    fn on_event(&mut self, event: &'e T, at: At) -> Flow {
        let wanted = match self.chosen.take() {
            Some((seq, wanted)) if seq == at.seq => wanted,
            _ => {
                let wanted = (self.select)(event).0;
                if Open::all::<B>().of(wanted) == 0 {
                    return self.ledger.delivered(Err(Fault::of(Reason::NoRoute).into()));
                }
                if self.open.of(wanted) == 0 {
                    return self.ledger.delivered(Err(Fault::of(Reason::Closed).into()));
                }
                wanted
            }
        };
        let Self { branches, open, round, ledger, .. } = self;
        let flow = round.serve(branches, wanted, open, event, at, ledger);
        if flow == Err(Halt::Again) {
            self.chosen = Some((at.seq, wanted));
            return flow;
        }
        self.ledger.took(1);
        self.ledger.folded();
        if flow == Ok(()) && self.open.is_empty() { Err(Halt::Stop) } else { flow }
    }

    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.ledger.publish();
        Branches::<&T>::on_batch_end(&mut self.branches, now, &mut self.open)
    }
}

impl<F, B> Debug for RecipientList<F, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { open, chosen, round, ledger, .. } = self;
        let mut f = f.debug_struct("RecipientList");
        f.field("open", open).field("chosen", chosen).field("round", round).field("ledger", ledger);
        f.finish_non_exhaustive()
    }
}
