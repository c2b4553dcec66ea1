//! Correlation identifier: every message has an id of its own, knows its conversation, and the message it follows from.
//!
//! ```text
//!  order   id 1:7   conversation 1:7   cause  -           a root: Correlate, or Context::emit_root
//!    +- fill    id 2:1   conversation 1:7   cause 1:7     Context::derive
//!    |    +- report   id 3:1   conversation 1:7   cause 2:1
//!    +- reply   id 2:2   conversation 1:7   cause 1:7     Context::reply
//! ```
//!
//! An id is 8 bytes: who made it (16 bits) and the number it gave (48 bits, from 1). Nothing is random, so a replay gives
//! the same ids. 2^48 last 32 days at 10^8 messages a second; numbers of makers are a bounded resource, taken from
//! [`Origins`] at each start, so that ids of a new run never meet those that an old run left in a journal.
//!
//! | stage         | takes                     | holds a message by | keeps the `Again` contract                            |
//! |---------------|---------------------------|--------------------|--------------------------------------------------------|
//! | [`Correlate`] | `&mut T`, stamps in place | gate               | remembers that the event in hand is stamped            |
//! | [`Causal`]    | `&T`, fills a sink        | gate               | remembers how many outputs of the event the sink took  |
//!
//! Bounds: 48 bits of counter, then [`Exhausted::Counter`]; 16 bits of producer, then [`Exhausted::Producers`]. Costs:
//! an id is an addition and a comparison. No allocation, no shared memory but the ledger, no system call.
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Correlated, Message, Sink, Source, SourceMut, Tick, each};
//! use ringmain::pattern::{Causal, Correlate, Origins};
//!
//! let mut origins = Origins::new(1..=9);
//! let (mut tx, mut orders) = spsc::channel(4, Message::<u32>::default)?;
//! let (fills, mut report) = spsc::channel(4, Message::<u64>::default)?;
//!
//! let fill = Causal::new(
//!     origins.open()?,
//!     |order: &Message<u32>, ctx| {
//!         ctx.derive(|fill| {
//!             fill.body = u64::from(order.body);
//!             Ok(())
//!         })?;
//!         Ok(())
//!     },
//!     fills,
//! );
//! let mut stages = Correlate::new(origins.open()?, fill);
//! tx.offer(|order| order.body = 5)?;
//! let _ = orders.drain_mut(Tick::ZERO, 4, &mut stages);
//! let _ = report.drain(Tick::ZERO, 4, &mut each(|fill: &Message<u64>| {
//!     assert_eq!(fill.body, 5);
//!     assert_eq!(fill.ids().cause, fill.ids().conversation);
//! }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::contract::{
    Account, Addressed, At, Correlated, Fault, Flow, Halt, Ids, Ledger, MessageId, Reason, Sink, Stage, Tick,
};
use crate::{ring::Sequence, sync::Arc};
use core::{fmt, ops::Deref, ops::RangeInclusive};

/// What a message is rejected with when no id is left for it.
const NO_ID: Fault = Fault::of(Reason::TableFull);

/// Numbers for makers of ids, each given out once.
///
/// ```
/// use ringmain::pattern::{Exhausted, Origins};
/// let mut origins = Origins::after(u16::MAX - 1); // what the journal of the last run says
/// assert_eq!(origins.open()?.producer(), u16::MAX);
/// assert_eq!(origins.open().unwrap_err(), Exhausted::Producers);
/// # Ok::<(), Exhausted>(())
/// ```
#[derive(Debug)]
pub struct Origins {
    free: RangeInclusive<u16>,
}

impl Origins {
    /// The numbers of `free`. That no message of an earlier owner of one of them is left anywhere is the caller's word.
    #[must_use]
    pub const fn new(free: RangeInclusive<u16>) -> Self {
        Self { free }
    }
    /// The numbers after `last`, the highest one that an earlier run may have used.
    #[must_use]
    pub fn after(last: u16) -> Self {
        let mut free = last..=u16::MAX;
        free.next();
        Self { free }
    }
    /// A maker of ids with a number that no other has.
    ///
    /// # Errors
    /// [`Exhausted::Producers`] when all are given out. Stable.
    pub fn open(&mut self) -> Result<Origin, Exhausted> {
        self.free.next().map(Origin::new).ok_or(Exhausted::Producers)
    }
}

/// A maker of ids: `producer:1`, `producer:2`, and so on. Not `Clone`, as a copy would make the same ids again.
#[derive(Debug)]
pub struct Origin {
    /// The id that was made last; before the first one, number 0 of this producer.
    last: MessageId,
}

impl Origin {
    /// The maker with the number `producer`. Two with one number make the same ids: [`Origins`] takes care of that.
    #[must_use]
    pub const fn new(producer: u16) -> Self {
        Self { last: MessageId::new(producer, 0) }
    }
    /// The maker that made `last`, about to make the next one: for a replay that begins in the middle.
    #[must_use]
    pub const fn after(last: MessageId) -> Self {
        Self { last }
    }
    /// The number of this maker.
    #[must_use]
    pub const fn producer(&self) -> u16 {
        self.last.producer()
    }
    /// An id that this maker never made before. Wait-free, no allocation.
    ///
    /// # Errors
    /// [`Exhausted::Counter`] after 2^48 - 1 ids. Stable.
    #[inline]
    pub fn make(&mut self) -> Result<MessageId, Exhausted> {
        self.last = self.peek()?;
        Ok(self.last)
    }
    /// The id that [`make`](Self::make) would give.
    #[inline]
    fn peek(&self) -> Result<MessageId, Exhausted> {
        let next = MessageId(self.last.0.wrapping_add(1));
        // The counter has run over, into the next producer's numbers.
        if next.counter() == 0 {
            return Err(Exhausted::Counter { producer: self.producer() });
        }
        Ok(next)
    }
}

/// There are no more ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exhausted {
    /// Every number of [`Origins`] is given out.
    Producers,
    /// One maker made all of its ids: open another.
    Counter {
        /// The maker.
        producer: u16,
    },
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Producers => f.write_str(
                "every number for a maker of ids is given out: recycle those whose messages are gone",
            ),
            Self::Counter { producer } => {
                write!(f, "producer {producer} has used up its 2^48 ids: open another origin for it")
            }
        }
    }
}

impl core::error::Error for Exhausted {}

impl From<Exhausted> for Halt {
    /// A message that gets no id is rejected with [`Reason::TableFull`].
    fn from(_: Exhausted) -> Self {
        NO_ID.into()
    }
}

/// Makes every event the root of a conversation: gives it an id, in place, whatever an earlier lap left in its slot.
///
/// An event that no id is left for is rejected with [`Reason::TableFull`] and carries none.
#[derive(Debug)]
pub struct Correlate<S> {
    origin: Origin,
    /// The event that has its id, and comes back because `next` said `Again`.
    stamped: Option<Sequence>,
    ledger: Ledger,
    next: S,
}

impl<S> Correlate<S> {
    /// Stamps with ids of `origin`, then hands on to `next`.
    #[must_use]
    pub fn new(origin: Origin, next: S) -> Self {
        Self { origin, stamped: None, ledger: Ledger::new(), next }
    }
    /// This stage's line of the books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<'e, T, S> Stage<&'e mut T> for Correlate<S>
where
    T: Correlated,
    S: Stage<&'e mut T>,
{
    #[inline]
    fn on_event(&mut self, event: &'e mut T, at: At) -> Flow {
        // By position, as a stage outside may give an event up after `Again`, or `next` may unwind.
        if self.stamped.take() != Some(at.seq) {
            match self.origin.make() {
                Ok(id) => event.set_ids(Ids { id, conversation: id, cause: MessageId::NONE }),
                Err(exhausted) => {
                    event.set_ids(Ids::default());
                    self.ledger.took(1);
                    self.ledger.dead_lettered(NO_ID.reason);
                    return Err(exhausted.into());
                }
            }
        }
        let flow = self.next.on_event(event, at);
        self.stamped = (flow == Err(Halt::Again)).then_some(at.seq);
        self.ledger.handed_on(flow)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.ledger.publish();
        self.next.on_batch_end(now)
    }
}

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
pub struct Context<'a, K> {
    origin: &'a mut Origin,
    sink: &'a mut K,
    /// The ids of the event that is handled.
    cause: Ids,
    /// Messages that the handler asked for in this call; the first `taken` of them went out in an earlier one.
    asked: u64,
    taken: u64,
    /// The first failure.
    halt: Option<Halt>,
    /// The sink said `Stop`, not the closure.
    closed: bool,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_id_is_made_and_then_none() {
        let mut origin = Origin::after(MessageId::new(7, MessageId::MAX_COUNTER - 1));
        assert_eq!(origin.make(), Ok(MessageId::new(7, MessageId::MAX_COUNTER)));
        assert_eq!(origin.make(), Err(Exhausted::Counter { producer: 7 }));
        assert_eq!(origin.make(), Err(Exhausted::Counter { producer: 7 }));
    }

    #[test]
    fn the_first_id_is_not_none() {
        assert_eq!(Origin::new(0).make(), Ok(MessageId(1)));
    }
}
