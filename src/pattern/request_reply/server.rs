//! The replier's end.

use super::handler::said;
use super::{Caller, Handler, Once, Parts, Reply, Request, Responder, Says};
use crate::contract::{Account, At, Flow, Halt, Reason, ReturnAddress, Sink, Stage, Tick};
use crate::pattern::return_address::Delivery;
use crate::pattern::{Control, Fixed, IfDead, NoReply, PortChange, WhenFull};
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::ops::Deref;

/// A stage that has each request answered by a handler, in the slot of the reply itself.
///
/// | the request                                   | its requester hears          | in the books             |
/// |-----------------------------------------------|------------------------------|--------------------------|
/// | handled                                       | the reply                    | `out`                    |
/// | the handler rejects it                        | that fault                   | `out`                    |
/// | the handler panics                            | [`Reason::Panic`]            | `out`                    |
/// | its deadline is past; the handler is not asked | nothing: it has timed out   | `dropped[Expired]`       |
/// | no room for the reply                         | as [`WhenFull`] says         | `dropped[RingFull]`      |
/// | the requester is gone                         |                              | `ReplyDead`, as [`IfDead`] says |
/// | no return address                             |                              | rejected, [`NO_RETURN_ADDRESS`] |
/// | the handler says `Stop`                       | that the responder is gone   | `dropped[Shutdown]`      |
///
/// The handler is asked when there is a slot for what it writes, so it meets each request (of an answer in parts: each
/// part) once, unless it says `Again` itself. When the server is dropped, its ports close, and with the last one of a
/// ring its requester hears that the responder is gone.
///
/// [`NO_RETURN_ADDRESS`]: crate::pattern::NO_RETURN_ADDRESS
pub struct Server<Q, H, K, C = Fixed> {
    handler: H,
    responder: Responder<K, C>,
    /// A fault needs no writing: it is in the envelope of the reply.
    delivery: Delivery<Request<Q>, ()>,
}

impl<Q, A, F, K: Sink<Event = Reply<A>>, C: Control<PortChange<K>>> Server<Q, Once<F>, K, C> {
    /// Has `handler` write the answer to each request into its slot, where an earlier answer lies. Allocates the
    /// [`Account`].
    #[must_use]
    pub fn new(when_full: WhenFull, if_dead: IfDead, handler: F, responder: Responder<K, C>) -> Self
    where
        F: FnMut(&Request<Q>, &mut A) -> Flow,
    {
        Self { handler: Once(handler), responder, delivery: Delivery::new(when_full, if_dead) }
    }
}

impl<Q, A, F, K: Sink<Event = Reply<A>>, C: Control<PortChange<K>>> Server<Q, Parts<F>, K, C> {
    /// Asks `handler` for part 0, 1, 2 and so on of the answer, as long as it says [`Says::Part`]; [`Says::Reply`] is a
    /// last part, [`Says::End`] the end without one. In the books a request is one `folded`, and each message `generated`
    /// and `out`, if there are parts. Allocates the [`Account`].
    #[must_use]
    pub fn in_parts(when_full: WhenFull, if_dead: IfDead, handler: F, responder: Responder<K, C>) -> Self
    where
        F: FnMut(&Request<Q>, u32, &mut A) -> Flow<Says>,
    {
        Self { handler: Parts(handler), responder, delivery: Delivery::new(when_full, if_dead) }
    }
}

impl<Q, H, K, C> Server<Q, H, K, C> {
    /// Has faults go to the address that `to` finds in the request, rather than where the reply would have gone; unless
    /// that is none. Then the requester hears nothing of a request that failed, and it times out.
    #[must_use]
    pub fn faults_to(mut self, to: fn(&Request<Q>) -> ReturnAddress) -> Self {
        self.delivery.faults_to(to, ());
        self
    }
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.delivery.ledger.account()
    }
    /// What it replies through, to open and close ports where no other thread does.
    #[must_use]
    pub fn responder_mut(&mut self) -> &mut Responder<K, C> {
        &mut self.responder
    }
}

impl<In, Q, A, H, K, C> Stage<In> for Server<Q, H, K, C>
where
    In: Deref<Target = Request<Q>>,
    H: Handler<Q, A>,
    K: Sink<Event = Reply<A>>,
    C: Control<PortChange<K>>,
{
    #[inline]
    fn on_event(&mut self, request: In, at: At) -> Flow {
        let Self { handler, responder, delivery } = self;
        let caller = request.caller();
        let mut progress = delivery.resume(at.seq);
        let answered = loop {
            if let Some(fault) = progress.failed {
                break Err(NoReply::Halted(fault.into()));
            }
            if caller.gave_up(at.now) {
                delivery.give_up(Reason::Expired);
                return Ok(());
            }
            let answered = responder.answer(&caller, at.now, |body| {
                match said(|| handler.write(&request, progress.parts, body))? {
                    // Not into this slot.
                    Says::Fault(fault) if delivery.has_faults_to() => Err(fault.into()),
                    says => Ok(says),
                }
            });
            if answered != Ok(Says::Part) {
                break answered.map(drop);
            }
            delivery.ledger.generated(1);
            delivery.ledger.passed(1);
            progress.parts += 1;
        };
        let Err(NoReply::Halted(Halt::Reject(fault))) = answered else {
            return delivery.settle(answered, progress, at);
        };
        delivery.fail(&request, fault, progress, at, |reply_to, ()| {
            let told = Caller { reply_to, ..caller };
            responder.answer(&told, at.now, |_| Ok(Says::Fault(fault))).map(drop)
        })
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.responder.on_batch_end(now);
        self.delivery.ledger.publish();
        Ok(())
    }
}

impl<Q, H, K, C> Debug for Server<Q, H, K, C> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { delivery, responder, .. } = self;
        f.debug_struct("Server")
            .field("responder", responder)
            .field("delivery", delivery)
            .finish_non_exhaustive()
    }
}
