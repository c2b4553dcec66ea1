//! A stand-in for a service.

use super::{Answer, Caller, Client, Reply, Request, Responder, Says, Ticket, Unasked};
use crate::contract::{Account, At, Fault, Flow, Halt, Ledger, Reason, Sink, SourceMut, Stage, Tick};
use crate::pattern::{Control, Fixed, NoReply, PortChange, WhenFull};
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::mem;
use core::ops::Deref;
use core::time::Duration;

/// A stage that asks others in its own name, with its own address, and hands what they answer to who asked it: the smart
/// proxy (Hohpe and Woolf, p. 558).
///
/// ```text
///  X == request { reply_to: X } ==> Proxy == request { reply_to: Proxy } ==> Z
///  X <== reply =================== Proxy <== reply ======================== Z
/// ```
///
/// It remembers who asked, by the slot of the request that it makes of that. A *delegate*, which does not want to see the
/// answer, hands the request on as it is: that is a [`Forward`](crate::pattern::Forward).
///
/// | what comes                              | who asked hears             | in the books           |
/// |-----------------------------------------|-----------------------------|------------------------|
/// | an answer, or its last part             | the same                    | `out`                  |
/// | no answer in time                       | a fault, [`Reason::Expired`] | `out`                 |
/// | nobody to ask, or nested too deep       | a fault, of [`Unasked`]     | `out`                  |
/// | who asked is gone, or was never named   |                             | `dropped[ReplyDead]`   |
/// | his ring is full                        | as [`WhenFull`] says        | `dropped[RingFull]`    |
///
/// A request that comes too late is dropped; one that finds the table or the ring of the proxy full waits, and so do
/// those behind it. Answers are handed on at the end of each turn, one swap each.
pub struct Proxy<Src, K, P, C = Fixed> {
    when_full: WhenFull,
    patience: Duration,
    /// Who asked, by the slot of the ticket.
    callers: Box<[Caller]>,
    client: Client<Src, K>,
    ledger: Ledger,
    responder: Responder<P, C>,
}

impl<Q, A, Src, K, P, C> Proxy<Src, K, P, C>
where
    Src: SourceMut<Event = Reply<A>>,
    K: Sink<Event = Request<Q>>,
    P: Sink<Event = Reply<A>>,
    C: Control<PortChange<P>>,
{
    /// Asks through `client`, waits for each answer up to `patience` but no longer than who asked does, and answers
    /// through `responder`. Allocates room for who asked, and the [`Account`].
    #[must_use]
    pub fn new(
        when_full: WhenFull,
        patience: Duration,
        client: Client<Src, K>,
        responder: Responder<P, C>,
    ) -> Self {
        let callers = vec![Caller::default(); client.capacity()].into();
        Self { when_full, patience, callers, client, ledger: Ledger::new(), responder }
    }
}

impl<Src, K, P, C> Proxy<Src, K, P, C> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    /// The books of the requests that it makes.
    #[must_use]
    pub fn asked(&self) -> Arc<Account> {
        self.client.account()
    }
}

/// Books what became of the last message to a caller; `Again` if it is to be tried again.
fn settle(when_full: WhenFull, ledger: &mut Ledger, answered: Result<Says, NoReply>) -> Flow {
    match answered {
        Ok(_) => ledger.passed(1),
        Err(NoReply::Full) if when_full == WhenFull::DropReply => ledger.dropped(Reason::RingFull),
        Err(NoReply::Full | NoReply::Halted(Halt::Again)) => return Err(Halt::Again),
        Err(NoReply::Dead | NoReply::NoReturnAddress) => ledger.dropped(Reason::ReplyDead),
        // No id is left for the reply.
        Err(NoReply::Halted(_)) => ledger.dropped(Reason::TableFull),
    }
    Ok(())
}

impl<In, Q, A, Src, K, P, C> Stage<In> for Proxy<Src, K, P, C>
where
    In: Deref<Target = Request<Q>>,
    Q: Clone,
    Src: SourceMut<Event = Reply<A>>,
    K: Sink<Event = Request<Q>>,
    P: Sink<Event = Reply<A>>,
    C: Control<PortChange<P>>,
{
    fn on_event(&mut self, request: In, at: At) -> Flow {
        let Self { when_full, patience, callers, client, ledger, responder } = self;
        let caller = request.caller();
        if caller.gave_up(at.now) {
            ledger.took(1);
            ledger.dropped(Reason::Expired);
            return Ok(());
        }
        match client.request_for(&caller, at.now, *patience, |body| body.clone_from(&request.body)) {
            Ok(ticket) => {
                callers[ticket.slot()] = caller;
                ledger.holds(client.pending() as u64);
            }
            Err(Unasked::PendingFull | Unasked::RingFull) => return Err(Halt::Again),
            Err(unasked) => {
                let told = responder.answer(&caller, at.now, |_| Ok(Says::Fault(unasked.into())));
                settle(*when_full, ledger, told)?;
            }
        }
        ledger.took(1);
        Ok(())
    }
    /// `Again` as long as it waits for answers, so that it has turns also when no request comes any more.
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let Self { when_full, callers, client, ledger, responder, .. } = self;
        let polled = client.poll(now, |ticket: Ticket, answer: Answer<'_, A>| {
            let caller = &callers[ticket.slot()];
            let (says, body) = match answer {
                Answer::Part(body) => (Says::Part, Some(body)),
                Answer::Reply(body) => (Says::Reply, Some(body)),
                Answer::End => (Says::End, None),
                Answer::Fault(fault) => (Says::Fault(fault), None),
                Answer::Timeout => (Says::Fault(Fault::of(Reason::Expired)), None),
            };
            let told = responder.answer(caller, now, |slot| {
                if let Some(body) = body {
                    mem::swap(slot, body);
                }
                Ok(says)
            });
            settle(*when_full, ledger, told)?;
            if says == Says::Part {
                ledger.generated(1);
            }
            Ok(())
        });
        ledger.holds(client.pending() as u64);
        responder.on_batch_end(now);
        ledger.publish();
        if polled == Ok(0) && client.pending() == 0 { Ok(()) } else { Err(Halt::Again) }
    }
}

impl<Src, K, P, C> Debug for Proxy<Src, K, P, C> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { when_full, patience, client, ledger, responder, .. } = self;
        f.debug_struct("Proxy")
            .field("when_full", when_full)
            .field("patience", patience)
            .field("client", client)
            .field("ledger", ledger)
            .field("responder", responder)
            .finish_non_exhaustive()
    }
}

impl<Src, K, P, C> Drop for Proxy<Src, K, P, C> {
    /// Who asked hears that the responder is gone.
    fn drop(&mut self) {
        for _ in 0..self.client.pending() {
            self.ledger.dropped(Reason::Shutdown);
        }
        self.ledger.holds(0);
    }
}
