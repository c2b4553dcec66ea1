//! Who has turns.
//!
//! ```text
//!  Source ==drain==> Stage > Stage > Stage ==fill==> Sink
//!   \____________________ one Pump ____________________/
//!                             |
//!          Agent::work(now) -> Busy(n) | Idle | Done
//! ```

use super::{Account, Drained, End, Flow, Halt, Ledger, Source, SourceMut, Stage, Tick};
use crate::sync::Arc;

/// Something with a duty cycle: alone on a thread, one of several on it, or in the caller's own loop.
pub trait Agent {
    /// One turn at time `now`. Never blocks. After [`Work::Done`], `Done` for ever.
    fn work(&mut self, now: Tick) -> Work;
}

/// What a turn came to.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    /// So many events, at least one.
    Busy(usize),
    /// Nothing to do, or nobody to take it, for now.
    Idle,
    /// Nothing to do ever again.
    Done,
}

impl Work {
    /// The turn of two agents on one thread: busy if one is, done when both are.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Busy(a), Self::Busy(b)) => Self::Busy(a + b),
            (Self::Busy(n), _) | (_, Self::Busy(n)) => Self::Busy(n),
            (Self::Done, Self::Done) => Self::Done,
            _ => Self::Idle,
        }
    }
}

impl<A: Agent + ?Sized> Agent for &mut A {
    fn work(&mut self, now: Tick) -> Work {
        (**self).work(now)
    }
}

impl<A: Agent + ?Sized> Agent for Box<A> {
    fn work(&mut self, now: Tick) -> Work {
        (**self).work(now)
    }
}

macro_rules! tuple_agents {
    ($($A:ident $i:tt),+) => {
        /// Several agents, each with one turn in a turn, in order.
        impl<$($A: Agent),+> Agent for ($($A,)+) {
            fn work(&mut self, now: Tick) -> Work {
                let all = Work::Done;
                $(let all = all.and(self.$i.work(now));)+
                all
            }
        }
    };
}
tuple_agents!(A 0);
tuple_agents!(A 0, B 1);
tuple_agents!(A 0, B 1, C 2);
tuple_agents!(A 0, B 1, C 2, D 3);
tuple_agents!(A 0, B 1, C 2, D 3, E 4);
tuple_agents!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple_agents!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_agents!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

macro_rules! pump {
    ($(#[$doc:meta])* $name:ident, $source:ident, $drain:ident, $($r:tt)+) => {
        $(#[$doc])*
        ///
        /// When the source is closed and empty (and the stage's `on_batch_end` does not say `Again`, which means that it
        /// still holds events), or the stage says `Stop`, or panics, the pump drops both: that frees
        /// what is upstream and closes what is downstream, in one way for three causes. What the stage rejects and no
        /// dead letter channel caught is counted as dropped in the pump's own ledger, by reason, and the pump goes on.
        ///
        /// It takes, in each turn, all that is there when the turn begins, unless [`limit`](Self::limit) says less,
        /// and calls the stage's `on_batch_end` after it: so a message that was there before its own deadline is seen
        /// before the deadline fires.
        #[derive(Debug)]
        pub struct $name<Src, S> {
            /// Emptied at the end: dropping the source frees upstream, dropping the stage closes its sinks.
            live: Option<(Src, S)>,
            limit: usize,
            /// Nothing is claimed any more.
            leaves: bool,
            ledger: Ledger,
        }

        impl<Src, S> $name<Src, S> {
            pub(super) fn new(source: Src, stage: S) -> Self {
                Self { live: Some((source, stage)), limit: usize::MAX, leaves: false, ledger: Ledger::new() }
            }
            /// At most `events` a turn; 0 is taken for 1.
            #[must_use]
            pub fn limit(mut self, events: usize) -> Self {
                self.limit = events.max(1);
                self
            }
            /// It is to leave in order: it claims nothing more from its source, finishes what it has [in
            /// hand](Source::in_hand) and what its stage holds, and is done. Give it turns until it says so: one that is
            /// dropped before takes along what it has in hand.
            pub fn leave(&mut self) {
                self.leaves = true;
            }
            /// The pump's own line of the books: what it drained, and what it dropped because a stage rejected it.
            #[must_use]
            pub fn account(&self) -> Arc<Account> {
                self.ledger.account()
            }
        }

        impl<Src: $source, S> Agent for $name<Src, S>
        where
            S: for<'e> Stage<$($r)+ Src::Event>,
        {
            fn work(&mut self, now: Tick) -> Work {
                let live = EndOnUnwind(&mut self.live);
                let Some((source, stage)) = live.0 else { return Work::Done };
                let drained = if self.leaves {
                    match source.in_hand() {
                        0 => Drained { count: 0, end: Some(End::Closed) },
                        rest => source.$drain(now, rest.min(self.limit), stage),
                    }
                } else {
                    source.$drain(now, self.limit, stage)
                };
                let after = stage.on_batch_end(now);
                core::mem::forget(live);
                let work = settle(drained, &mut self.ledger, after);
                if work == Work::Done {
                    self.live = None;
                }
                work
            }
        }
    };
}
pump! {
    /// A stage bound to a source that shows its events: `&T`.
    Pump, Source, drain, &'e
}
pump! {
    /// A stage bound to a source that lends its events: `&mut T`.
    PumpMut, SourceMut, drain_mut, &'e mut
}

/// Books a drain and says what the turn came to; `after` is the stage's answer to the end of the turn.
fn settle(drained: Drained, ledger: &mut Ledger, after: Flow) -> Work {
    ledger.took(drained.count as u64);
    let mut passed = drained.count as u64;
    if let Some(End::Halted(Halt::Reject(fault))) = drained.end {
        passed -= 1;
        ledger.dropped(fault.reason);
    }
    ledger.passed(passed);
    ledger.publish();
    match (drained.end, after, drained.count) {
        (Some(End::Halted(Halt::Stop)), ..) | (_, Err(Halt::Stop), _) => Work::Done,
        // Nothing more comes, but the stage holds events that it wants to bring downstream.
        (Some(End::Closed), Err(Halt::Again), _) => Work::Idle,
        (Some(End::Closed), ..) => Work::Done,
        (_, _, 0) => Work::Idle,
        (_, _, count) => Work::Busy(count),
    }
}

/// Ends a pump whose stage unwound: its neighbours see `Closed`, the thread's other agents go on.
struct EndOnUnwind<'a, L>(&'a mut Option<L>);

impl<L> Drop for EndOnUnwind<'_, L> {
    fn drop(&mut self) {
        *self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_turns_add_up() {
        assert_eq!(Work::Busy(1).and(Work::Busy(2)), Work::Busy(3));
        assert_eq!(Work::Done.and(Work::Busy(2)), Work::Busy(2));
        assert_eq!(Work::Idle.and(Work::Done), Work::Idle);
        assert_eq!(Work::Done.and(Work::Done), Work::Done);
    }
}
