//! The one way out for a handler: its verbs write the ids.

use super::Origin;
use crate::contract::{Addressed, Correlated, Flow, Halt, Ids, MessageId, Sink};
use core::fmt;

/// What a handler sends with. The slot of the sink is lent by its three verbs and by nothing else, and the ids are
/// written after the handler's closure: they can be neither forgotten nor forged.
///
/// Each verb puts in one message and gives its id. Each fails as the sink does ([`Halt::Again`] full, [`Halt::Stop`]
/// closed), with what its closure says, or with [`Reason::TableFull`] when no id is left; then nothing was put in, and
/// every later call for this event fails in the same way. Never blocks, never allocates.
///
/// Without a context there is no way to the sink:
/// ```compile_fail,E0616
/// use ringmain::{channel::spsc, contract::{Message, Sink}, pattern::{Causal, Origin}};
/// let (sink, _rx) = spsc::channel(4, Message::<u64>::default)?;
/// let forgetful = Causal::new(
///     Origin::new(1),
///     |_: &Message<u32>, ctx| {
///         ctx.sink.offer(|out| out.body = 5)?; // error[E0616]: field `sink` of struct `Context` is private
///         Ok(())
///     },
///     sink,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`Reason::TableFull`]: crate::contract::Reason::TableFull
pub struct Context<'a, K> {
    pub(super) origin: &'a mut Origin,
    pub(super) sink: &'a mut K,
    /// The ids of the event that is handled.
    pub(super) cause: Ids,
    /// Messages that the handler asked for in this call; the first `taken` of them went out in an earlier one.
    pub(super) asked: u64,
    pub(super) taken: u64,
    /// The first failure.
    pub(super) halt: Option<Halt>,
    /// The sink said `Stop`, not the closure.
    pub(super) closed: bool,
}

impl<K: Sink> Context<'_, K>
where
    K::Event: Correlated,
{
    /// Sends a message that follows from the event: in its conversation, caused by it.
    ///
    /// # Errors
    /// As said at [`Context`].
    #[inline]
    pub fn derive(&mut self, fill: impl FnOnce(&mut K::Event) -> Flow) -> Flow<MessageId> {
        let Ids { id: cause, conversation, .. } = self.cause;
        self.put(|id| Ids { id, conversation, cause }, fill)
    }
    /// Sends the answer to `request`, the event: derived from it, and addressed to where it said.
    ///
    /// # Errors
    /// As said at [`Context`].
    #[inline]
    pub fn reply(
        &mut self,
        request: &impl Addressed,
        fill: impl FnOnce(&mut K::Event) -> Flow,
    ) -> Flow<MessageId>
    where
        K::Event: Addressed,
    {
        let address = request.reply_to();
        self.derive(|answer| {
            fill(answer)?;
            answer.set_reply_to(address);
            Ok(())
        })
    }
    /// Sends a message that begins a conversation of its own.
    ///
    /// # Errors
    /// As said at [`Context`].
    #[inline]
    pub fn emit_root(&mut self, fill: impl FnOnce(&mut K::Event) -> Flow) -> Flow<MessageId> {
        self.put(|id| Ids { id, conversation: id, cause: MessageId::NONE }, fill)
    }

    #[inline]
    fn put(
        &mut self,
        ids: impl FnOnce(MessageId) -> Ids,
        fill: impl FnOnce(&mut K::Event) -> Flow,
    ) -> Flow<MessageId> {
        if let Some(halt) = self.halt {
            return Err(halt);
        }
        let ahead = self.taken - self.asked;
        if ahead > 0 {
            self.asked += 1;
            // Only this event took ids since: its messages have the last `taken` ones.
            return Ok(MessageId(self.origin.last.0 - (ahead - 1)));
        }
        let mut lent = false;
        let put = self.origin.peek().map_err(Halt::from).and_then(|id| {
            self.sink.fill(|slot| {
                lent = true;
                fill(slot)?;
                slot.set_ids(ids(id));
                Ok(id)
            })
        });
        match put {
            Ok(id) => {
                self.origin.last = id;
                self.asked += 1;
                self.taken += 1;
            }
            Err(halt) => {
                self.halt = Some(halt);
                self.closed = halt == Halt::Stop && !lent;
            }
        }
        put
    }
}

impl<K> fmt::Debug for Context<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("cause", &self.cause)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}
