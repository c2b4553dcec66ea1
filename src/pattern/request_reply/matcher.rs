//! Which answer belongs to which request, and the books of both.

use super::pending::Pending;
use super::{Answer, Reply, Says, Ticket};
use crate::contract::{Flow, Halt, Ledger, Reason, Tick};
use crate::ring::CapacityError;
use crate::table::Handle;

/// What does not depend on the ports.
#[derive(Debug)]
pub(super) struct Matcher {
    /// The timer goes first where the reply was written behind the deadline.
    pub(super) strict: bool,
    pub(super) pending: Pending<()>,
    /// Of each slot, the last request that the server itself had the last word on.
    answered: Box<[Handle]>,
    /// The requests.
    pub(super) asked: Ledger,
    /// The messages that came in return.
    pub(super) answers: Ledger,
}

impl Matcher {
    pub(super) fn new(producer: u16, outstanding: usize) -> Result<Self, CapacityError> {
        Ok(Self {
            strict: false,
            pending: Pending::new(producer, outstanding)?,
            answered: vec![Handle::NONE; outstanding].into(),
            asked: Ledger::new(),
            answers: Ledger::new(),
        })
    }
    #[inline]
    pub(super) fn holds(&mut self) {
        self.asked.holds(self.pending.len() as u64);
    }
    /// Tells `on` of a reply, if its request is open; else books why it is not told.
    #[inline]
    pub(super) fn meet<A>(
        &mut self,
        reply: &mut Reply<A>,
        now: Tick,
        on: &mut impl FnMut(Ticket, Answer<'_, A>) -> Flow,
    ) -> Flow<bool> {
        let Reply { header, says, body } = reply;
        let (ticket, says) = (Ticket(header.ids.cause), *says);
        let open = self.pending.handle(ticket).and_then(|at| Some((at, self.pending.deadline(at)?)));
        let Some((handle, deadline)) = open else {
            self.astray(ticket, says);
            return Ok(false);
        };
        if self.strict && header.ts > deadline {
            return self.outrun(handle, deadline, says, now, on);
        }
        let flow = on(
            ticket,
            match says {
                Says::Part => Answer::Part(body),
                Says::Reply => Answer::Reply(body),
                Says::End => Answer::End,
                Says::Fault(fault) => Answer::Fault(fault),
            },
        );
        if flow == Err(Halt::Again) {
            return Err(Halt::Again);
        }
        self.answers.took(1);
        self.answers.passed(1);
        match says {
            Says::Part => return flow.map(|()| true),
            Says::Reply | Says::End => self.asked.passed(1),
            Says::Fault(fault) => self.asked.dropped(fault.reason),
        }
        self.pending.close(handle);
        self.answered[handle.index()] = handle;
        self.holds();
        flow.map(|()| true)
    }
    /// Books a reply to an open request that was written too late. The timer goes first; where its time has not come
    /// here, because the clocks of the two sides differ, the request stays open.
    #[cold]
    fn outrun<A>(
        &mut self,
        handle: Handle,
        deadline: Tick,
        says: Says,
        now: Tick,
        on: &mut impl FnMut(Ticket, Answer<'_, A>) -> Flow,
    ) -> Flow<bool> {
        let ticket = self.pending.ticket(handle);
        let due = deadline <= now;
        let flow = if due { self.give_up(handle, Answer::Timeout, Reason::Expired, on) } else { Ok(()) };
        if flow != Err(Halt::Again) {
            self.astray(ticket, says);
        }
        flow.map(|()| due)
    }
    /// Books a reply that nobody waits for.
    fn astray(&mut self, ticket: Ticket, says: Says) {
        self.answers.took(1);
        self.answers.dropped(match self.pending.handle(ticket) {
            None => Reason::InvalidKey,
            Some(handle)
                if matches!(says, Says::Part | Says::End)
                    && self.answered.get(handle.index()) == Some(&handle) =>
            {
                Reason::Duplicate
            }
            Some(_) => Reason::Late,
        });
    }
    /// Tells `on` that an open request will have no reply.
    pub(super) fn give_up<A>(
        &mut self,
        handle: Handle,
        answer: Answer<'_, A>,
        reason: Reason,
        on: &mut impl FnMut(Ticket, Answer<'_, A>) -> Flow,
    ) -> Flow {
        let flow = on(self.pending.ticket(handle), answer);
        if flow != Err(Halt::Again) {
            self.pending.close(handle);
            self.asked.dropped(reason);
            self.holds();
        }
        flow
    }
}

impl Drop for Matcher {
    /// Nobody waits for the answers any more.
    fn drop(&mut self) {
        for _ in 0..self.pending.len() {
            self.asked.dropped(Reason::Shutdown);
        }
        self.asked.holds(0);
    }
}
