//! The root of a conversation, stamped where it lies.

use super::{NO_ID, Origin};
use crate::contract::{Account, At, Correlated, Flow, Halt, Ids, Ledger, MessageId, Stage, Tick};
use crate::{ring::Sequence, sync::Arc};

/// Makes every event the root of a conversation: gives it an id, in place, whatever an earlier lap left in its slot.
///
/// An event that no id is left for is rejected with [`Reason::TableFull`] and carries none.
///
/// [`Reason::TableFull`]: crate::contract::Reason::TableFull
#[derive(Debug)]
pub struct Correlate<S> {
    origin: Origin,
    /// The event that has its id, and comes back because `next` said `Again`.
    stamped: Option<Sequence>,
    ledger: Ledger,
    next: S,
}

impl<S> Correlate<S> {
    /// Stamps with ids of `origin`, then hands on to `next`.
    #[must_use]
    pub fn new(origin: Origin, next: S) -> Self {
        Self { origin, stamped: None, ledger: Ledger::new(), next }
    }
    /// This stage's line of the books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<'e, T, S> Stage<&'e mut T> for Correlate<S>
where
    T: Correlated,
    S: Stage<&'e mut T>,
{
    #[inline]
    fn on_event(&mut self, event: &'e mut T, at: At) -> Flow {
        // By position, as a stage outside may give an event up after `Again`, or `next` may unwind.
        if self.stamped.take() != Some(at.seq) {
            match self.origin.make() {
                Ok(id) => event.set_ids(Ids { id, conversation: id, cause: MessageId::NONE }),
                Err(exhausted) => {
                    event.set_ids(Ids::default());
                    self.ledger.took(1);
                    self.ledger.dead_lettered(NO_ID.reason);
                    return Err(exhausted.into());
                }
            }
        }
        let flow = self.next.on_event(event, at);
        self.stamped = (flow == Err(Halt::Again)).then_some(at.seq);
        self.ledger.handed_on(flow)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.ledger.publish();
        self.next.on_batch_end(now)
    }
}
