//! The requester's end.

use super::gathering::{Gathering, Gatherings, id_for};
use super::hedge::Hedge;
use super::tally::bits;
use super::{Audience, Desk, Distribution, Ending, FitFor, Gathered, IfFull, Policy, Rule, Tally};
use crate::contract::{
    Account, At, End, Flow, NoEvent, Reason, Refused, ReturnAddress, Sink, SourceMut, Tick,
};
use crate::pattern::{Caller, MAX_DEPTH, RESPONDER_GONE, Reply, Request, Ticket, Unasked};
use crate::ring::CapacityError;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::time::Duration;

/// Asks many, and tells the one outcome that each accepted scatter has.
///
/// | outcome                                     | told by                   | in [`account`](Self::account)  |
/// |---------------------------------------------|---------------------------|--------------------------------|
/// | [`Ending::Complete`], [`Ending::Empty`]     | [`poll`](Self::poll)      | `out`                          |
/// | [`Ending::Impossible`]                      | `poll`                    | `dropped`, by the reason of the first recipient that failed; by `Filtered` if all answered |
/// | [`Ending::Deadline`]                        | `poll`                    | `dropped[Expired]`             |
/// | cancelled                                   | [`cancel`](Self::cancel)  | `filtered`                     |
/// | none yet, or not told yet                   |                           | `held`                         |
///
/// Every message that comes in return is in the other line of the books, [`replies`](Self::replies):
///
/// | message                                             | is                   |
/// |-----------------------------------------------------|----------------------|
/// | an answer, or a part of one, or that there is none  | `folded`             |
/// | the fold, or the rule, panicked on it               | `dropped[Panic]`     |
/// | of one who has answered already                     | `dropped[Duplicate]` |
/// | its scatter is over, or its recipient was given up  | `dropped[Late]`, and [`late`](Self::late) by recipient |
/// | to somebody else's question, or of one not asked    | `dropped[InvalidKey]` |
/// | of a bidder more than an auction has room for       | `dropped[TableFull]` |
///
/// `Src` is the reply ring of this requester alone, `To` leads to who is asked, `F` folds an answer into an `Acc`.
pub struct Scatter<Q, Acc, R, F, Src, To> {
    reply_to: ReturnAddress,
    pub(super) policy: Policy<R>,
    fold: F,
    pub(super) table: Gatherings<Acc>,
    pub(super) hedge: Option<Hedge<Q>>,
    /// Who is not asked any more.
    gone: u64,
    replies: Src,
    pub(super) to: To,
}

impl<Q, A, Acc, R, F, Src, To> Scatter<Q, Acc, R, F, Src, To>
where
    R: Rule<Acc> + FitFor<To>,
    F: FnMut(&mut Acc, usize, &mut A),
    Src: SourceMut<Event = Reply<A>>,
    To: Audience<Q>,
{
    /// Up to `outstanding` scatters (1 to 1,024) may be open. `fold` takes each answer, or part of one, into the
    /// accumulator of its scatter; it gets the recipient's number and the answer in its slot, to be looked at or taken
    /// out. One that panics makes that recipient fail of [`Reason::Panic`]; what it has done to the accumulator stays.
    ///
    /// Allocates the table, the timers and two [`Account`]s.
    ///
    /// # Errors
    /// [`CapacityError`] if `outstanding` is zero or too large.
    pub fn new(
        outstanding: usize,
        policy: Policy<R>,
        fold: F,
        desk: Desk<Src, To>,
    ) -> Result<Self, CapacityError> {
        let Desk { origin, reply_to, replies, to } = desk;
        let table = Gatherings::new(origin.producer(), outstanding, to.width())?;
        Ok(Self { reply_to, policy, fold, table, hedge: None, gone: 0, replies, to })
    }
    /// Asks everybody; `fill` writes the body of each request into its slot, which holds what an earlier one left. The
    /// answers are folded into `acc`, and waited for until `now` and `timeout`; the deadline travels with the request. No
    /// allocation; wait-free if the sinks are. Takes time for each recipient.
    ///
    /// The order is: an entry in the table, its timer, and then the requests are published.
    ///
    /// # Errors
    /// [`Unasked`]: then nothing was published, and entry and timer are undone. With [`IfFull::BestEffort`] a ring that is
    /// full or closed is no error, but if it is that of an auction.
    #[inline]
    pub fn ask(
        &mut self,
        now: Tick,
        timeout: Duration,
        acc: Acc,
        fill: impl FnMut(&mut Q),
    ) -> Result<Ticket, Unasked> {
        let whom = everybody(&self.to);
        self.launch(&Caller::default(), whom, now, timeout, acc, fill)
    }
    /// As [`ask`](Self::ask), on behalf of `caller`, whose request is being handled: it is in the same conversation, caused
    /// by that request, one deeper, and not waited for longer than that is.
    ///
    /// # Errors
    /// [`Unasked`], with [`Unasked::TooDeep`] behind [`MAX_DEPTH`].
    pub fn ask_for(
        &mut self,
        caller: &Caller,
        now: Tick,
        timeout: Duration,
        acc: Acc,
        fill: impl FnMut(&mut Q),
    ) -> Result<Ticket, Unasked> {
        if caller.depth >= MAX_DEPTH {
            return Err(Unasked::TooDeep);
        }
        let whom = everybody(&self.to);
        self.launch(caller, whom, now, timeout, acc, fill)
    }
    fn launch(
        &mut self,
        caller: &Caller,
        whom: u64,
        now: Tick,
        timeout: Duration,
        acc: Acc,
        mut fill: impl FnMut(&mut Q),
    ) -> Result<Ticket, Unasked> {
        let Self { reply_to, policy, table, hedge, gone, replies, to, .. } = self;
        let (deadline, is_empty) = (caller.patience(now, timeout), whom == 0 && !To::IS_OPEN);
        // Who answers holds the other end of this ring.
        if !is_empty && replies.peek(|_| ()) == Err(NoEvent::Closed) {
            return Err(Unasked::NoResponder);
        }
        let tally = Tally { expected: whom, is_open: To::IS_OPEN, ..Tally::default() };
        let unasked = if hedge.is_some() { whom } else { 0 };
        let gathering = Gathering { tally, acc, deadline, unasked, ending: None };
        let reserved = table.pending.reserve(deadline, gathering).ok_or(Unasked::PendingFull)?;
        let ticket = reserved.ticket();
        let (header, depth) = (caller.asks(ticket, *reply_to, now, deadline), caller.depth + 1);
        let mut write = |recipient, slot: &mut Request<Q>| {
            fill(&mut slot.body);
            (slot.header, slot.depth) = (header, depth);
            slot.header.ids.id = id_for(ticket, recipient);
        };
        let (mut full, mut closed, dead) = (0, 0, whom & *gone);
        if let Some(hedge) = hedge {
            write(0, &mut hedge.requests[ticket.slot()]);
        } else if policy.if_full == IfFull::BestEffort && !To::IS_OPEN {
            for recipient in bits(whom & !dead) {
                match to.offer(recipient, |slot| write(recipient, slot)) {
                    Ok(()) => {}
                    Err(Refused::Full) => full |= 1 << recipient,
                    Err(Refused::Closed) => closed |= 1 << recipient,
                }
            }
        } else if dead != 0 {
            return Err(Unasked::NoResponder);
        } else {
            to.offer_all(whom, &mut write)?;
        }
        let handle = reserved.keep();
        table.scatters.took(1);
        table.holds();
        if is_empty {
            table.end(handle, Ending::Empty);
        }
        for (recipients, fault) in [(full, Unasked::RingFull.into()), (dead, RESPONDER_GONE)] {
            for recipient in bits(recipients) {
                table.fail(handle, recipient, fault, false, now);
            }
        }
        // Also where it is another scatter that waits for them.
        self.remove(closed, now);
        if self.hedge.is_some() {
            self.hop(handle, now);
        } else {
            // A quorum of more than there are, say.
            self.table.check(handle, &self.policy);
        }
        Ok(ticket)
    }
    /// Takes these recipients (a bit for each) for gone: they fail of [`RESPONDER_GONE`] wherever their answer is missing,
    /// and are not asked any more. One whose request ring is found closed is taken for gone of itself; whoever knows
    /// better, and sooner, says it here. Takes time for each slot of the table; what is over by it is told by the next
    /// [`poll`](Self::poll).
    pub fn remove(&mut self, recipients: u64, now: Tick) {
        if recipients != 0 {
            self.gone |= recipients;
            self.table.gone(recipients, false, now, &self.policy);
        }
    }
    /// Folds what has come, and then looks for what has not come in time: first the replies that are there when it is
    /// called; then, if the ring is closed, everybody who is missing has failed of [`RESPONDER_GONE`]; and then the timers
    /// at `now`. So an answer that was published before its deadline counts also if nobody polled until long after. After
    /// that it tells `on` of what is over, in the order in which it ended. Returns how many scatters were told.
    ///
    /// An outcome that `on` says [`Again`](crate::contract::Halt::Again) to, or panics on, is not told: it comes first the
    /// next time. It is over all the same: what comes meanwhile is late. No allocation. Never blocks: at most the ring's
    /// capacity of replies, each recipient that is asked later, and each scatter once.
    ///
    /// # Errors
    /// What `on` said first; with `Reject` and `Stop` that outcome is told. The rest is left for the next call.
    pub fn poll(&mut self, now: Tick, mut on: impl FnMut(Ticket, Gathered<'_, Acc>) -> Flow) -> Flow<usize> {
        let Self { policy, fold, table, replies, to, .. } = self;
        let mut meet = |reply: &mut Reply<A>, at: At| -> Flow {
            table.meet(reply, at.now, policy, fold, to);
            Ok(())
        };
        let drained = replies.drain_mut(now, usize::MAX, &mut meet);
        if drained.end == Some(End::Closed) {
            table.gone(u64::MAX, true, now, policy);
        }
        while let Some(handle) = self.table.pending.due(now) {
            if self.table.running(handle).is_some_and(|gathering| gathering.deadline <= now) {
                let is_met = self.policy.rule.is_met_at_deadline();
                self.table.end(handle, if is_met { Ending::Complete } else { Ending::Deadline });
            } else {
                self.hop(handle, now);
            }
        }
        let told = self.table.tell(&mut on);
        self.table.scatters.publish();
        self.table.answers.publish();
        told
    }
}

impl<Q, A, Acc, R, F, Src, K, const N: usize> Scatter<Q, Acc, R, F, Src, Distribution<K, N>>
where
    R: Rule<Acc>,
    F: FnMut(&mut Acc, usize, &mut A),
    Src: SourceMut<Event = Reply<A>>,
    K: Sink<Event = Request<Q>>,
{
    /// As [`ask`](Self::ask), but only recipients of `whom`, a bit for each. With none of them it is over at once, with
    /// [`Ending::Empty`].
    ///
    /// # Errors
    /// [`Unasked`], with [`Unasked::NoResponder`] for a bit that no recipient has.
    pub fn ask_of(
        &mut self,
        whom: u64,
        now: Tick,
        timeout: Duration,
        acc: Acc,
        fill: impl FnMut(&mut Q),
    ) -> Result<Ticket, Unasked> {
        if whom & !everybody(&self.to) != 0 {
            return Err(Unasked::NoResponder);
        }
        self.launch(&Caller::default(), whom, now, timeout, acc, fill)
    }
}

impl<Q, Acc, R, F, Src, To> Scatter<Q, Acc, R, F, Src, To> {
    /// Waits no longer: it is cancelled, and what comes is late. False if it was over already. Nobody is told; a server
    /// that comes to the request behind its deadline skips it.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        self.table.cancel(ticket)
    }
    /// Who is asked.
    #[must_use]
    pub const fn recipients(&self) -> &To {
        &self.to
    }
    /// How many scatters may be open.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.table.pending.capacity()
    }
    /// How many scatters have not been told of.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.table.pending.len()
    }
    /// When there is something to be done about time, or somewhat before: for a thread that sleeps.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        self.table.pending.next_deadline()
    }
    /// The books of the scatters: each is held until its outcome is told. Published by [`poll`](Self::poll).
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.table.scatters.account()
    }
    /// The books of the messages that came in return.
    #[must_use]
    pub fn replies(&self) -> Arc<Account> {
        self.table.answers.account()
    }
    /// Messages of this recipient that came after their scatter was over, or after it was given up.
    #[must_use]
    pub fn late(&self, recipient: usize) -> u64 {
        self.table.late.get(recipient).copied().unwrap_or_default()
    }
    /// Messages of recipients that had answered already.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.table.answers.balance().dropped[Reason::Duplicate]
    }
}

/// A bit for each of a known set.
fn everybody<Q, To: Audience<Q>>(to: &To) -> u64 {
    match to.width() {
        width if width == 0 || To::IS_OPEN => 0,
        width => u64::MAX >> (64 - width),
    }
}

impl<Q, Acc, R: Debug, F, Src, To: Debug> Debug for Scatter<Q, Acc, R, F, Src, To> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { policy, table, hedge, to, .. } = self;
        f.debug_struct("Scatter")
            .field("policy", policy)
            .field("pending", &table.pending.len())
            .field("hedge", hedge)
            .field("to", to)
            .finish_non_exhaustive()
    }
}
