//! The requester's end.

use super::matcher::Matcher;
use super::pending::Pending;
use super::{Answer, Caller, MAX_DEPTH, RESPONDER_GONE, Reply, Request, Ticket, Unasked};
use crate::contract::{
    Account, At, End, Flow, Header, Ids, Ledger, MessageId, NoEvent, Reason, Refused, ReturnAddress, Sink,
    SourceMut, Tick,
};
use crate::pattern::{Origin, Port};
use crate::ring::CapacityError;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::time::Duration;

/// Asks, and tells the one outcome that each accepted request has.
///
/// | outcome                       | told by                         | in [`account`](Self::account) |
/// |-------------------------------|---------------------------------|-------------------------------|
/// | [`Answer::Reply`], [`Answer::End`] | [`poll`](Self::poll)       | `out`                         |
/// | [`Answer::Fault`]             | `poll`                          | `dropped`, by its reason      |
/// | ... of [`RESPONDER_GONE`]     | `poll`                          | `dropped[Shutdown]`           |
/// | [`Answer::Timeout`]           | `poll`                          | `dropped[Expired]`            |
/// | cancelled                     | [`cancel`](Self::cancel)        | `filtered`                    |
/// | none yet                      |                                 | `held`                        |
/// | no responder                  | [`request`](Self::request): [`Unasked::NoResponder`] | is not accepted |
///
/// What comes after the outcome is counted and changes nothing; it is in the other line of the books,
/// [`replies`](Self::replies): `late` is `dropped[Late]`, a part behind the end of its answer (which the server should
/// not have sent) is `dropped[Duplicate]`, and an answer to somebody else's request is `dropped[InvalidKey]`.
///
/// `Src` is the reply ring of this client alone, `K` leads to whoever answers. Built by [`service`](super::service), or
/// of any ports by [`new`](Self::new).
pub struct Client<Src, K> {
    reply_to: ReturnAddress,
    matcher: Matcher,
    replies: Src,
    requests: K,
}

impl<Q, A, Src, K> Client<Src, K>
where
    Src: SourceMut<Event = Reply<A>>,
    K: Sink<Event = Request<Q>>,
{
    /// Sends requests into `requests` and finds their replies in `replies`, which is read by nobody else and is what
    /// `port` leads to. Up to `outstanding` requests (1 to 65,536) may be open. `origin` is used up: its number is in
    /// every ticket, so no other client's is mistaken for one of this.
    ///
    /// Allocates the table, the timers and two [`Account`]s.
    ///
    /// # Errors
    /// [`CapacityError`] if `outstanding` is zero or too large.
    pub fn new(
        origin: Origin,
        port: Port<Reply<A>>,
        outstanding: usize,
        replies: Src,
        requests: K,
    ) -> Result<Self, CapacityError> {
        let matcher = Matcher {
            strict: false,
            pending: Pending::new(origin.producer(), outstanding)?,
            asked: Ledger::new(),
            answers: Ledger::new(),
        };
        Ok(Self { reply_to: port.address(), matcher, replies, requests })
    }
    /// Holds a reply by when it was written, rather than by when it is met: one whose header's `ts` is behind the deadline
    /// of its request is late, and the request times out, also if both are there before the [`poll`](Self::poll). At the
    /// deadline itself it is in time. That needs servers that write `ts` by the same clock, as a
    /// [`Server`](super::Server) does: one that writes none is never late.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.matcher.strict = true;
        self
    }
    /// Asks; `fill` writes the body of the request into its slot. The answer is waited for until `now` and `timeout`, as
    /// [`poll`](Self::poll) sees it; it is worth nothing to the server after that. Constant time, no allocation; wait-free
    /// if the sink is.
    ///
    /// The order is: an entry in the table, its timer, and then the request is published; so its reply is expected before
    /// anybody can send it.
    ///
    /// # Errors
    /// [`Unasked`]: then `fill` was not called, nothing was published, and entry and timer are undone.
    #[inline]
    pub fn request(
        &mut self,
        now: Tick,
        timeout: Duration,
        fill: impl FnOnce(&mut Q),
    ) -> Result<Ticket, Unasked> {
        self.ask(&Caller::default(), now, now.after(timeout), fill)
    }
    /// As [`request`](Self::request), on behalf of `caller`, whose request is being handled: it is in the same
    /// conversation, caused by that request, one deeper, and not waited for longer than that is.
    ///
    /// # Errors
    /// [`Unasked`], with [`Unasked::TooDeep`] behind [`MAX_DEPTH`]: so two services that ask each other without end
    /// come to one.
    #[inline]
    pub fn request_for(
        &mut self,
        caller: &Caller,
        now: Tick,
        timeout: Duration,
        fill: impl FnOnce(&mut Q),
    ) -> Result<Ticket, Unasked> {
        if caller.depth >= MAX_DEPTH {
            return Err(Unasked::TooDeep);
        }
        let deadline = match caller.deadline {
            Tick::ZERO => now.after(timeout),
            theirs => theirs.min(now.after(timeout)),
        };
        self.ask(caller, now, deadline, fill)
    }
    #[inline]
    fn ask(
        &mut self,
        caller: &Caller,
        now: Tick,
        deadline: Tick,
        fill: impl FnOnce(&mut Q),
    ) -> Result<Ticket, Unasked> {
        let Self { reply_to, matcher, replies, requests } = self;
        // Who answers holds the other end of this ring.
        if replies.peek(|_| ()) == Err(NoEvent::Closed) {
            return Err(Unasked::NoResponder);
        }
        let reserved = matcher.pending.reserve(deadline).ok_or(Unasked::PendingFull)?;
        let ticket = reserved.ticket();
        let id = ticket.id();
        let Ids { id: cause, conversation, .. } = caller.ids;
        let conversation = if conversation == MessageId::NONE { id } else { conversation };
        let asked = requests.offer(|slot| {
            fill(&mut slot.body);
            let ids = Ids { id, conversation, cause };
            slot.header = Header { ids, ts: now, deadline, reply_to: *reply_to, ..Header::default() };
            slot.depth = caller.depth + 1;
        });
        asked.map_err(|refused| match refused {
            Refused::Full => Unasked::RingFull,
            Refused::Closed => Unasked::NoResponder,
        })?;
        reserved.keep();
        matcher.asked.took(1);
        matcher.holds();
        Ok(ticket)
    }
    /// Tells `on` what has come, and then what has not come in time: first the replies that are there when it is called,
    /// then, if the ring is closed, [`RESPONDER_GONE`] for each request that is open; and then the timers at `now`. So a
    /// reply that was published before its deadline is told also if nobody polled until long after;
    /// [`strict`](Self::strict) looks at when it was written. Returns how many answers were told, parts included.
    ///
    /// An answer that `on` says [`Again`](crate::contract::Halt::Again) to, or panics on, is not told: it comes first the
    /// next time, and its request stays open. No allocation. Never blocks: at most the ring's capacity of replies, and each request once.
    /// At [`Tick::MAX`] everything that is open times out: for the end of a program.
    ///
    /// # Errors
    /// What `on` said first; with `Reject` and `Stop` that answer is told. The rest is left for the next call.
    pub fn poll(&mut self, now: Tick, mut on: impl FnMut(Ticket, Answer<'_, A>) -> Flow) -> Flow<usize> {
        let told = self.tell(now, &mut on);
        self.matcher.asked.publish();
        self.matcher.answers.publish();
        told
    }
    fn tell(&mut self, now: Tick, on: &mut impl FnMut(Ticket, Answer<'_, A>) -> Flow) -> Flow<usize> {
        let Self { matcher, replies, .. } = self;
        let mut told = 0;
        let mut meet = |reply: &mut Reply<A>, at: At| -> Flow {
            let flow = matcher.meet(reply, at.now, on)?;
            told += usize::from(flow);
            Ok(())
        };
        let drained = replies.drain_mut(now, usize::MAX, &mut meet);
        match drained.end {
            None => {}
            Some(End::Halted(halt)) => return Err(halt),
            Some(End::Closed) if matcher.pending.len() > 0 => {
                let mut slot = 0;
                while let Some(handle) = matcher.pending.next_open(slot) {
                    slot = handle.index() + 1;
                    matcher.give_up(handle, Answer::Fault(RESPONDER_GONE), RESPONDER_GONE.reason, on)?;
                    told += 1;
                }
            }
            Some(End::Closed) => {}
        }
        while let Some(handle) = matcher.pending.due(now) {
            matcher.give_up(handle, Answer::Timeout, Reason::Expired, on)?;
            told += 1;
        }
        Ok(told)
    }
}

impl<Src, K> Client<Src, K> {
    /// Waits for the answer no longer: it is cancelled, and what comes is late. False if there was an outcome already.
    /// The server is not told.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        let handle = self.matcher.pending.handle(ticket);
        let cancelled = handle.is_some_and(|handle| self.matcher.pending.close(handle));
        if cancelled {
            self.matcher.asked.filtered();
            self.matcher.holds();
        }
        cancelled
    }
    /// How many requests may be open.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.matcher.pending.capacity()
    }
    /// How many requests are open.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.matcher.pending.len()
    }
    /// When an open request times out; nothing if it is not open.
    #[must_use]
    pub fn deadline(&self, ticket: Ticket) -> Option<Tick> {
        self.matcher.pending.handle(ticket).and_then(|handle| self.matcher.pending.deadline(handle))
    }
    /// When the next request times out, or somewhat before: for a thread that sleeps. Nothing if none is open.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        self.matcher.pending.next_deadline()
    }
    /// The books of the requests: each is held until it has its outcome. Published by [`poll`](Self::poll).
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.matcher.asked.account()
    }
    /// The books of the messages that came in return.
    #[must_use]
    pub fn replies(&self) -> Arc<Account> {
        self.matcher.answers.account()
    }
    /// Replies that came after their request had its outcome.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.matcher.answers.balance().dropped[Reason::Late]
    }
    /// Parts, and ends, that came behind the end of their answer.
    #[must_use]
    pub fn protocol_errors(&self) -> u64 {
        self.matcher.answers.balance().dropped[Reason::Duplicate]
    }
}

impl<Src, K> Debug for Client<Src, K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { reply_to, matcher, .. } = self;
        f.debug_struct("Client").field("reply_to", reply_to).field("matcher", matcher).finish_non_exhaustive()
    }
}
