//! The replier's end.

use super::handler::said;
use super::{Handler, Once, Parts, Reply, Request, Responder, Says};
use crate::contract::{Account, At, Flow, Halt, Ledger, Reason, Sink, Stage, Tick};
use crate::pattern::{Control, Fixed, NO_RETURN_ADDRESS, NoReply};
use crate::{ring::Sequence, sync::Arc};
use core::fmt::{Debug, Formatter};
use core::ops::Deref;

/// What happens to a request when the ring of its requester is full. There is no default: it is always said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhenFull {
    /// It waits (`Again`), and so do those behind it: a requester that never reads stops the service for all.
    Block,
    /// It is dropped without a reply, and counted under [`Reason::RingFull`]: the requester times out, nobody else
    /// notices. The work is not done either; of an answer in parts, the rest is dropped.
    DropReply,
}

/// A stage that has each request answered by a handler, in the slot of the reply itself.
///
/// | the request                                   | its requester hears          | in the books             |
/// |-----------------------------------------------|------------------------------|--------------------------|
/// | handled                                       | the reply                    | `out`                    |
/// | the handler rejects it                        | that fault                   | `out`                    |
/// | the handler panics                            | [`Reason::Panic`]            | `out`                    |
/// | its deadline is past; the handler is not asked | nothing: it has timed out   | `dropped[Expired]`       |
/// | no room for the reply                         | as [`WhenFull`] says         | `dropped[RingFull]`      |
/// | the requester is gone                         |                              | `dropped[ReplyDead]`     |
/// | no return address                             |                              | rejected, [`NO_RETURN_ADDRESS`] |
/// | the handler says `Stop`                       | that the responder is gone   | `dropped[Shutdown]`      |
///
/// The handler is asked when there is a slot for what it writes, so it meets each request (of an answer in parts: each
/// part) once, unless it says `Again` itself. When the server is dropped, its ports close, and with the last one of a
/// ring its requester hears that the responder is gone.
pub struct Server<H, K, C = Fixed> {
    when_full: WhenFull,
    handler: H,
    /// The next part of which request, if that comes back.
    begun: Option<(Sequence, u32)>,
    ledger: Ledger,
    responder: Responder<K, C>,
}

impl<A, F, K: Sink<Event = Reply<A>>, C: Control<K>> Server<Once<F>, K, C> {
    /// Has `handler` write the answer to each request into its slot, where an earlier answer lies. Allocates the
    /// [`Account`].
    #[must_use]
    pub fn new<Q>(when_full: WhenFull, handler: F, responder: Responder<K, C>) -> Self
    where
        F: FnMut(&Request<Q>, &mut A) -> Flow,
    {
        Self { when_full, handler: Once(handler), begun: None, ledger: Ledger::new(), responder }
    }
}

impl<A, F, K: Sink<Event = Reply<A>>, C: Control<K>> Server<Parts<F>, K, C> {
    /// Asks `handler` for part 0, 1, 2 and so on of the answer, as long as it says [`Says::Part`]; [`Says::Reply`] is a
    /// last part, [`Says::End`] the end without one. In the books a request is one `folded`, and each message `generated`
    /// and `out`, if there are parts. Allocates the [`Account`].
    #[must_use]
    pub fn in_parts<Q>(when_full: WhenFull, handler: F, responder: Responder<K, C>) -> Self
    where
        F: FnMut(&Request<Q>, u32, &mut A) -> Flow<Says>,
    {
        Self { when_full, handler: Parts(handler), begun: None, ledger: Ledger::new(), responder }
    }
}

impl<H, K, C> Server<H, K, C> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    /// What it replies through, to open and close ports where no other thread does.
    #[must_use]
    pub fn responder_mut(&mut self) -> &mut Responder<K, C> {
        &mut self.responder
    }
    /// The request in hand is done with, and has the last message of its answer.
    #[inline]
    fn answered(&mut self, part: u32) {
        self.ledger.took(1);
        self.ledger.passed(1);
        if part > 0 {
            self.ledger.generated(1);
            self.ledger.folded();
        }
    }
    fn drop_request(&mut self, reason: Reason) {
        self.ledger.took(1);
        self.ledger.dropped(reason);
    }
}

impl<In, Q, A, H, K, C> Stage<In> for Server<H, K, C>
where
    In: Deref<Target = Request<Q>>,
    H: Handler<Q, A>,
    K: Sink<Event = Reply<A>>,
    C: Control<K>,
{
    #[inline]
    fn on_event(&mut self, request: In, at: At) -> Flow {
        let caller = request.caller();
        // By position, as a stage outside may give a request up after `Again`.
        let mut part = match self.begun.take() {
            Some((seq, part)) if seq == at.seq => part,
            _ => 0,
        };
        if caller.gave_up(at.now) {
            self.drop_request(Reason::Expired);
            return Ok(());
        }
        loop {
            let Self { handler, responder, .. } = self;
            let answered =
                responder.answer(&caller, at.now, |body| said(|| handler.write(&request, part, body)));
            match answered {
                Ok(Says::Part) => {
                    self.ledger.generated(1);
                    self.ledger.passed(1);
                    part += 1;
                }
                Ok(_) => {
                    self.answered(part);
                    return Ok(());
                }
                Err(NoReply::Full) if self.when_full == WhenFull::DropReply => {
                    self.drop_request(Reason::RingFull);
                    return Ok(());
                }
                Err(NoReply::Full | NoReply::Halted(Halt::Again)) => {
                    self.begun = Some((at.seq, part));
                    return Err(Halt::Again);
                }
                Err(NoReply::Dead) => {
                    self.drop_request(Reason::ReplyDead);
                    return Ok(());
                }
                Err(NoReply::NoReturnAddress) => return self.ledger.delivered(Err(NO_RETURN_ADDRESS.into())),
                Err(NoReply::Halted(halt)) => return self.ledger.delivered(Err(halt)),
            }
        }
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.responder.on_batch_end(now);
        self.ledger.publish();
        Ok(())
    }
}

impl<H, K, C> Debug for Server<H, K, C> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { when_full, begun, ledger, responder, .. } = self;
        f.debug_struct("Server")
            .field("when_full", when_full)
            .field("begun", begun)
            .field("ledger", ledger)
            .field("responder", responder)
            .finish_non_exhaustive()
    }
}
