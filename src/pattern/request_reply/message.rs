//! What travels: a request, and what is said in return.

use crate::contract::{Fault, Headed, Header, Ids, MessageId, ReturnAddress, Tick};
use core::time::Duration;

/// How deep requests may be nested: one that is made while another is handled is one deeper than that.
pub const MAX_DEPTH: u8 = 4;

/// A question, on its way. Its header says who asked (`ids.id` is the [`Ticket`]), where the reply goes and until when it
/// is of use.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Request<Q> {
    /// Written by the client.
    pub header: Header,
    /// From 1; one more than that of the request that this one was made for.
    pub depth: u8,
    /// What is asked.
    pub body: Q,
}

impl<Q> Request<Q> {
    /// What has to be kept of a request to answer it later, or to ask others on its behalf.
    #[must_use]
    pub const fn caller(&self) -> Caller {
        let Header { ids, reply_to, deadline, .. } = self.header;
        Caller { ids, reply_to, deadline, depth: self.depth }
    }
}

/// Who asked, and until when the answer is of use: all of a [`Request`] but what was asked.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Caller {
    /// Those of the request.
    pub ids: Ids,
    /// Where the reply goes.
    pub reply_to: ReturnAddress,
    /// [`Tick::ZERO`] is never.
    pub deadline: Tick,
    /// How many requests deep this is.
    pub depth: u8,
}

impl Caller {
    /// Nobody waits for the answer any more: its deadline is before `now`.
    #[inline]
    #[must_use]
    pub fn gave_up(&self, now: Tick) -> bool {
        self.deadline != Tick::ZERO && self.deadline < now
    }
    /// Until when an answer is waited for that is asked for on his behalf: no longer than he does.
    #[inline]
    pub(in crate::pattern) fn patience(&self, now: Tick, timeout: Duration) -> Tick {
        match self.deadline {
            Tick::ZERO => now.after(timeout),
            theirs => theirs.min(now.after(timeout)),
        }
    }
    /// The header of a request that is made on his behalf: in his conversation, caused by his request.
    #[inline]
    pub(in crate::pattern) fn asks(
        &self,
        Ticket(id): Ticket,
        reply_to: ReturnAddress,
        now: Tick,
        deadline: Tick,
    ) -> Header {
        let Ids { id: cause, conversation, .. } = self.ids;
        let conversation = if conversation == MessageId::NONE { id } else { conversation };
        let ids = Ids { id, conversation, cause };
        Header { ids, ts: now, deadline, reply_to, ..Header::default() }
    }
}

/// One message of an answer, on its way. Its header names the request as its cause.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Reply<A> {
    /// Written by the server.
    pub header: Header,
    /// What it is.
    pub says: Says,
    /// The answer, if `says` is [`Says::Part`] or [`Says::Reply`]; else what an earlier one left.
    pub body: A,
}

/// What one message of an answer is. All but a part are the last.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Says {
    /// One part of the answer; more will come.
    Part,
    /// The whole answer, or the last part of it.
    Reply,
    /// The end of an answer in parts, without one of its own.
    #[default]
    End,
    /// There will be no answer, or no more of it.
    Fault(Fault),
}

/// The stub that the requester keeps: which of its requests an answer belongs to. No other request ever has the same one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Ticket(pub(in crate::pattern) MessageId);

impl Ticket {
    /// The id of the request.
    #[must_use]
    pub const fn id(self) -> MessageId {
        self.0
    }
    /// A number less than the requests that the client may have open, and of no other open request: for what the
    /// requester wants to remember beside it.
    #[inline]
    #[must_use]
    pub const fn slot(self) -> usize {
        self.0.0 as u16 as usize
    }
}

impl<Q> Headed for Request<Q> {
    #[inline]
    fn header(&self) -> &Header {
        &self.header
    }
    #[inline]
    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }
}

impl<A> Headed for Reply<A> {
    #[inline]
    fn header(&self) -> &Header {
        &self.header
    }
    #[inline]
    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }
}
