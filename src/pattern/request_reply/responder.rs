//! How an answer gets to where its request came from.

use super::{Caller, Reply, Says};
use crate::contract::{Flow, Header, Ids, Sink, Tick};
use crate::pattern::{Control, Fixed, NoReply, Origin, PortChange, ReplyPorts};
use core::fmt::{Debug, Formatter};

/// Writes replies to where their requests came from: a table of ports, and ids for the replies.
///
/// A [`Server`](super::Server) has one. It is also what an agent needs that answers later than it was asked: it
/// keeps the [`Caller`].
pub struct Responder<K, C = Fixed> {
    origin: Origin,
    ports: ReplyPorts<K, C>,
}

impl<A, K: Sink<Event = Reply<A>>, C: Control<PortChange<K>>> Responder<K, C> {
    /// Replies through `ports`, with ids of `origin`.
    #[must_use]
    pub const fn new(origin: Origin, ports: ReplyPorts<K, C>) -> Self {
        Self { origin, ports }
    }
    /// Lends the body of the next free slot of the caller's ring to `write`, and publishes it if that returns `Ok`, as
    /// the kind of message that it says. In all other cases than [`NoReply::Halted`] `write` was not called.
    ///
    /// # Errors
    /// [`NoReply`]: no address, a dead one, a full ring; or what `write` said, or
    /// [`Reason::TableFull`](crate::contract::Reason::TableFull) if no id is left.
    #[inline]
    pub fn answer(
        &mut self,
        caller: &Caller,
        now: Tick,
        write: impl FnOnce(&mut A) -> Flow<Says>,
    ) -> Result<Says, NoReply> {
        let Self { origin, ports } = self;
        let Caller { ids, reply_to, .. } = *caller;
        ports.reply(reply_to, |slot| {
            slot.says = write(&mut slot.body)?;
            let ids = Ids { id: origin.make()?, conversation: ids.conversation, cause: ids.id };
            slot.header = Header { ids, ts: now, ..Header::default() };
            Ok(slot.says)
        })
    }
    /// The table, to open and close ports where no other thread does.
    #[must_use]
    pub fn ports_mut(&mut self) -> &mut ReplyPorts<K, C> {
        &mut self.ports
    }
    #[inline]
    pub(super) fn on_batch_end(&mut self, now: Tick) {
        self.ports.on_batch_end(now);
    }
}

impl<K, C> Debug for Responder<K, C> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Responder").field("origin", &self.origin).field("ports", &self.ports).finish()
    }
}
