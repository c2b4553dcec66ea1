//! What a branch does with an event that the stage below has no room for. Nothing said is waiting.

use crate::contract::{Account, At, Flow, Halt, Ledger, Reason, Stage, Tick};
use crate::pattern::worse;
use crate::ring::Sequence;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};

macro_rules! gives_up {
    ($(#[$doc:meta])* $name:ident, |$ledger:ident| $full:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<S> {
            ledger: Ledger,
            next: S,
        }

        impl<S> $name<S> {
            /// Stands before `next`. Allocates the [`Account`].
            #[must_use]
            pub fn new(next: S) -> Self {
                Self { ledger: Ledger::new(), next }
            }
            /// This stage's books.
            #[must_use]
            pub fn account(&self) -> Arc<Account> {
                self.ledger.account()
            }
        }

        impl<In, S: Stage<In>> Stage<In> for $name<S> {
            #[inline]
            fn on_event(&mut self, event: In, at: At) -> Flow {
                match self.next.on_event(event, at) {
                    Err(Halt::Again) => {
                        let $ledger = &mut self.ledger;
                        $full
                    }
                    flow => self.ledger.handed_on(flow),
                }
            }
            fn on_batch_end(&mut self, now: Tick) -> Flow {
                self.ledger.publish();
                self.next.on_batch_end(now)
            }
        }
    };
}
gives_up! {
    /// Drops what the stage below has no room for: `dropped[RingFull]`.
    Shed, |ledger| {
        ledger.took(1);
        ledger.dropped(Reason::RingFull);
        Ok(())
    }
}
gives_up! {
    /// Rejects what the stage below has no room for, as [`Reason::RingFull`].
    Refuse, |ledger| ledger.delivered(Err(crate::contract::Fault::of(Reason::RingFull).into()))
}
gives_up! {
    /// Ends at the first event that the stage below has no room for, as [`Reason::Poisoned`]: where a full ring means that
    /// something is broken, and to go on would be worse than to stop.
    Fail, |ledger| {
        ledger.took(1);
        ledger.dropped(Reason::Poisoned);
        Err(Halt::Stop)
    }
}

/// Sends what the stage below has no room for to another stage.
///
/// When that one is full too the event waits, for it: an event that was diverted once does not come back.
pub struct Divert<O, S> {
    other: O,
    /// The event that is to come again goes to `other`.
    diverted: Option<Sequence>,
    ledger: Ledger,
    next: S,
}

impl<O, S> Divert<O, S> {
    /// Stands before `next`, and uses `other` when `next` is full. Allocates the [`Account`].
    #[must_use]
    pub fn new(other: O, next: S) -> Self {
        Self { other, diverted: None, ledger: Ledger::new(), next }
    }
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<'e, T: ?Sized, O, S> Stage<&'e T> for Divert<O, S>
where
    O: Stage<&'e T>,
    S: Stage<&'e T>,
{
    #[inline]
    fn on_event(&mut self, event: &'e T, at: At) -> Flow {
        if self.diverted.take() != Some(at.seq) {
            let flow = self.next.on_event(event, at);
            if flow != Err(Halt::Again) {
                return self.ledger.handed_on(flow);
            }
        }
        let flow = self.other.on_event(event, at);
        if flow == Err(Halt::Again) {
            self.diverted = Some(at.seq);
        }
        self.ledger.handed_on(flow)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.ledger.publish();
        let flow = self.next.on_batch_end(now);
        worse(flow, self.other.on_batch_end(now))
    }
}

impl<O, S> Debug for Divert<O, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { diverted, ledger, .. } = self;
        f.debug_struct("Divert").field("diverted", diverted).field("ledger", ledger).finish_non_exhaustive()
    }
}
