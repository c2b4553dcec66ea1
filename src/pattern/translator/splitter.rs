//! Splitter: one event becomes none, one or many in the next ring.

use crate::contract::{Account, At, Fault, Flow, Halt, Ledger, Message, PartOf, Reason, Sink, Stage, Tick};
use crate::pattern::Origin;
use crate::ring::Sequence;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::ops::Deref;

/// Writes the parts of each event into a sink.
///
/// ```text
///  order [a b c] ---> Splitter ==write(&order, 0 of 3)==> slot   part 0 of 3
///                              ==write(&order, 1 of 3)==> slot   part 1 of 3
///                              ==write(&order, 2 of 3)==> slot   part 2 of 3
/// ```
///
/// Each part is written straight into a slot of the sink; the parts that there is room for are published
/// together. An event without parts is consumed. If writing a part fails, the parts before it are out (a
/// published slot cannot be taken back), the rest is not written, and the rejection goes with the original to
/// the dead letter channel.
///
/// Holds: nothing (gate). `Again`: it remembers how many parts are out. In the books an event is one
/// `folded`, and one `generated` and one `out` for each part. Costs: `write`, the sink, no allocation after
/// `new`.
pub struct Splitter<C, F, K> {
    count: C,
    write: F,
    sink: K,
    /// The event that is to come again, and how many of its parts are out.
    begun: Option<(Sequence, PartOf)>,
    ledger: Ledger,
}

impl<C, F, K: Sink> Splitter<C, F, K> {
    /// `count` tells how many parts an event has, at most 255 (more is `Reject(InvalidKey)`, with none of
    /// them out); `write` writes one of them into a slot of `sink`, all of it: of a [`Message`] the header, too, which
    /// [`as_parts`] does. Allocates the [`Account`].
    pub fn new<T: ?Sized>(count: C, write: F, sink: K) -> Self
    where
        C: FnMut(&T) -> usize,
        F: FnMut(&T, PartOf, &mut K::Event) -> Flow,
    {
        Self { count, write, sink, begun: None, ledger: Ledger::new() }
    }
}

impl<C, F, K> Splitter<C, F, K> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<In, C, F, K> Stage<In> for Splitter<C, F, K>
where
    In: Deref,
    C: FnMut(&In::Target) -> usize,
    F: FnMut(&In::Target, PartOf, &mut K::Event) -> Flow,
    K: Sink,
{
    fn on_event(&mut self, event: In, at: At) -> Flow {
        let mut parts = match self.begun.take() {
            Some((seq, parts)) if seq == at.seq => parts,
            _ => match u8::try_from((self.count)(&event)) {
                Ok(of) => PartOf { index: 0, of },
                Err(_) => return self.ledger.delivered(Err(Fault::of(Reason::InvalidKey).into())),
            },
        };
        let Self { write, sink, ledger, .. } = self;
        let first = parts.index;
        let filled = sink.fill_many((parts.of - first).into(), |i, slot| {
            // `i` is below the 255 parts there are at most.
            write(&event, PartOf { index: first + i as u8, of: parts.of }, slot)
        });
        ledger.generated(filled.count as u64);
        ledger.passed(filled.count as u64);
        match filled.end {
            Some(Halt::Again) => {
                parts.index += filled.count as u8;
                self.begun = Some((at.seq, parts));
                Err(Halt::Again)
            }
            Some(Halt::Stop) => {
                ledger.took(1);
                ledger.dropped(Reason::Shutdown);
                Err(Halt::Stop)
            }
            Some(Halt::Reject(fault)) => {
                ledger.took(1);
                ledger.dead_lettered(fault.reason);
                Err(fault.into())
            }
            None => {
                ledger.took(1);
                ledger.folded();
                Ok(())
            }
        }
    }
    fn on_batch_end(&mut self, _: Tick) -> Flow {
        self.ledger.publish();
        Ok(())
    }
}

impl<C, F, K> Debug for Splitter<C, F, K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { begun, ledger, .. } = self;
        f.debug_struct("Splitter").field("begun", begun).field("ledger", ledger).finish_non_exhaustive()
    }
}

/// Lifts the writing of parts from bodies to messages: each part has an id that `origin` makes, its place
/// among the parts, the whole's conversation, and the whole as its cause; the rest of its header is the
/// whole's. Of a whole that is a part itself, the place among the outer parts is overwritten: there is one level.
pub fn as_parts<A, B>(
    mut origin: Origin,
    mut write: impl FnMut(&A, PartOf, &mut B) -> Flow,
) -> impl FnMut(&Message<A>, PartOf, &mut Message<B>) -> Flow {
    move |whole, part, slot| {
        write(&whole.body, part, &mut slot.body)?;
        let id = origin.make()?;
        slot.header = whole.header;
        slot.header.part = part;
        slot.header.ids.id = id;
        slot.header.ids.cause = whole.header.ids.id;
        Ok(())
    }
}
