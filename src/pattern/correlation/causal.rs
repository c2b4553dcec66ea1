//! A stage around a handler that sends only through its context.

use super::{Context, Origin};
use crate::contract::{Account, At, Correlated, Flow, Halt, Ledger, Reason, Sink, Stage, Tick};
use crate::{ring::Sequence, sync::Arc};
use core::ops::Deref;

/// A handler whose messages follow from the event it handles: it reaches its sink through a [`Context`] only, which
/// writes the ids.
///
/// When the sink is full in the middle, the handler is called again for the same event and must ask for the same
/// messages in the same order; those that the sink took already are passed over, closure and all, with the id they got.
#[derive(Debug)]
pub struct Causal<F, K> {
    origin: Origin,
    /// How many messages the sink took for which event, if that comes back because it was full then.
    begun: Option<(Sequence, u64)>,
    ledger: Ledger,
    handler: F,
    sink: K,
}

impl<F, K: Sink> Causal<F, K> {
    /// Calls `handler` for each event, with a context that fills `sink` and takes ids from `origin`.
    #[must_use]
    pub fn new<T>(origin: Origin, handler: F, sink: K) -> Self
    where
        F: FnMut(&T, &mut Context<'_, K>) -> Flow,
    {
        Self { origin, begun: None, ledger: Ledger::new(), handler, sink }
    }
}

impl<F, K> Causal<F, K> {
    /// This stage's line of the books: each event is folded into the messages made of it, or filtered if there is none.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    /// Books the event in hand and the messages made of it.
    #[inline]
    fn book(&mut self, flow: Flow, closed: bool, made: u64) {
        self.book_messages(made);
        match flow {
            Err(Halt::Reject(fault)) => self.ledger.dead_lettered(fault.reason),
            _ if closed => self.ledger.dropped(Reason::Shutdown),
            _ if made == 0 => self.ledger.filtered(),
            _ => self.ledger.folded(),
        }
        self.ledger.took(1);
    }
    #[inline]
    fn book_messages(&mut self, made: u64) {
        if made != 0 {
            self.ledger.generated(made);
            self.ledger.passed(made);
        }
    }
}

impl<In, T, F, K> Stage<In> for Causal<F, K>
where
    In: Deref<Target = T>,
    T: Correlated,
    F: FnMut(&T, &mut Context<'_, K>) -> Flow,
    K: Sink,
{
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        // Taken, and by position: the handler may unwind, and a stage outside may give an event up after `Again`.
        let taken = match self.begun.take() {
            Some((seq, taken)) if seq == at.seq => taken,
            Some((_, taken)) => {
                self.book_messages(taken);
                0
            }
            None => 0,
        };
        let mut context = Context {
            origin: &mut self.origin,
            sink: &mut self.sink,
            cause: event.ids(),
            asked: 0,
            taken,
            halt: None,
            closed: false,
        };
        let said = (self.handler)(&event, &mut context);
        let Context { taken, halt, closed, .. } = context;
        // What the sink refused is refused, also if the handler forgot to say so.
        let flow = halt.map_or(said, Err);
        if flow == Err(Halt::Again) {
            self.begun = Some((at.seq, taken));
        } else {
            self.book(flow, closed, taken);
        }
        flow
    }
    fn on_batch_end(&mut self, _: Tick) -> Flow {
        self.ledger.publish();
        Ok(())
    }
}
