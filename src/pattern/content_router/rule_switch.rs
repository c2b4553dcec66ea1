//! A router's rules, replaced from another thread at one sequence number.

use super::Selector;
use crate::contract::{At, Flow, Halt, SourceMut};
use crate::ring::{Counter, Sequence};
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};

/// New rules, and the first sequence number that they are for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Change<R> {
    /// From this event on. Changes come in order of this number.
    pub from: Sequence,
    /// A [`Selector`].
    pub rules: R,
}

/// A [`Selector`] that another thread replaces, at one sequence number.
///
/// ```text
///   control: Change { from: 1001, rules } --> ring --+
///                                                    v
///   events  ... 999 1000 | 1001 1002 ... ---> RuleSwitch ---> branch
///              old rules | new rules
/// ```
///
/// Every event is judged by exactly one set of rules, the one in force at its sequence number. A change that
/// is in the ring of changes before event `n` is published (by whomever: the two rings may have different
/// producers, as long as one happens before the other) is known when event `n` is judged. One that comes
/// later than its own number takes effect at once. Which set that was, [`version`](Self::version) tells the
/// branches, for them to stamp what they pass on.
///
/// The ring of changes is any [`SourceMut`], an SPSC channel mostly. New rules are swapped with the ones in
/// the slot: the old ones go back through the ring and are dropped by whoever fills the slot next, so routing
/// never frees memory.
///
/// Costs: in steady state one look at the ring of changes a turn (one Acquire load), and one comparison an event.
pub struct RuleSwitch<R, Src> {
    rules: R,
    changes: Src,
    watch: Watch,
    version: u64,
    shown: Arc<Counter>,
}

impl<R, Src: SourceMut<Event = Change<R>>> RuleSwitch<R, Src> {
    /// Begins with `rules`, and takes others from `changes`. Allocates the counter of
    /// [`version`](Self::version).
    #[must_use]
    pub fn new(rules: R, changes: Src) -> Self {
        let shown = Arc::new(Counter::new(0));
        Self { rules, changes, watch: Watch::Turn, version: 0, shown }
    }
    /// How many changes have taken effect: to be read from any thread, or by a branch. A branch that reads it while it
    /// handles an event reads the version that judged this event; what lies between them must not hold events back, as
    /// [`Park`](super::Park) does.
    #[must_use]
    pub fn version(&self) -> Arc<Counter> {
        self.shown.clone()
    }

    /// Takes over the changes that are due at `at`.
    #[cold]
    fn look(&mut self, at: At) {
        if matches!(self.watch, Watch::Due(from) if !is_due(from, at.seq)) {
            return;
        }
        let Self { rules, changes, watch, version, .. } = self;
        *watch = Watch::Rest;
        let mut take = |change: &mut Change<R>, _: At| -> Flow {
            if !is_due(change.from, at.seq) {
                *watch = Watch::Due(change.from);
                return Err(Halt::Again);
            }
            core::mem::swap(rules, &mut change.rules);
            *version += 1;
            Ok(())
        };
        // How it ended says nothing new: the ring may be empty, closed for ever, or begin with a change for
        // later.
        let _ = changes.drain_mut(at.now, usize::MAX, &mut take);
        self.shown.set(self.version);
    }
}

impl<T: ?Sized, R, Src> Selector<T> for RuleSwitch<R, Src>
where
    R: Selector<T>,
    Src: SourceMut<Event = Change<R>>,
{
    #[inline]
    fn select(&mut self, event: &T, at: At) -> usize {
        if self.watch != Watch::Rest {
            self.look(at);
        }
        self.rules.select(event, at)
    }
    fn on_batch_end(&mut self) {
        self.watch = Watch::Turn;
        self.rules.on_batch_end();
    }
}

impl<R, Src> Debug for RuleSwitch<R, Src> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { watch, version, .. } = self;
        f.debug_struct("RuleSwitch").field("watch", watch).field("version", version).finish_non_exhaustive()
    }
}

/// When the ring of changes is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Watch {
    /// With the turn's first event, not before it: the source has its snapshot of the turn then, and what happened before
    /// those events is visible.
    Turn,
    /// With this event, for which a change is known.
    Due(Sequence),
    /// Not in this turn.
    Rest,
}

/// `seq` is not before `from`. Positions have no order, only a distance: the shorter way round decides.
#[inline]
fn is_due(from: Sequence, seq: Sequence) -> bool {
    seq.since(from) < 1 << (Sequence::BITS - 1)
}
