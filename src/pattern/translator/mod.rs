//! Message translator: what an event of this ring means in that one; or the same event, changed where it
//! lies.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 3, "Message Translator": a filter between two that do not
//! speak the same format. [`Splitter`] is that of chapter 7.
//!
//! ```text
//!  ring a --- &In    --> Translator ==f(&In, &mut Out)==> slot of ring b    `f` writes there
//!  ring a --- &mut T --> Edit: f(&mut T) --- &mut T --> next                  no second slot at all
//! ```
//!
//! | `f` says                 | [`Translator`]        | [`Edit`]                   |
//! |--------------------------|-----------------------|----------------------------|
//! | `Ok`                     | the slot is published | the event goes on          |
//! | `Reject`, or it panics   | nothing is published  | the event does not go on   |
//! | (not asked: output full) | `Again`               | the edit is not made twice |
//!
//! # Options
//!
//! | to                                          | take                                                          |
//! |---------------------------------------------|---------------------------------------------------------------|
//! | write another type into the next ring       | [`Translator`]                                                |
//! | change the event in place                   | [`Edit`], where nobody else reads the slot at the same time   |
//! | make none, one or many of one               | [`Splitter`], its parts as messages by [`as_parts`]           |
//! | keep the header: the same message           | [`keeping_header`]                                            |
//! | make a message that follows from it         | [`deriving_header`]: a new id, the conversation, the cause    |
//! | bring bodies of older versions up to date   | [`Upcast`], in an `Edit` or within a translation              |
//! | have dead letters show what came in, behind an `Edit` | [`DeadLetter::keeping_original`](super::DeadLetter::keeping_original), for a copy of each event |
//!
//! [`Translator::new`] and [`Splitter::new`] leave the whole slot to the closure, the header too. Into a sink of
//! [`Message`]s, a closure that writes the body alone publishes it **under the header that an earlier lap left in the
//! slot**: an old id, an old deadline, the reply address of somebody else. [`keeping_header`], [`deriving_header`] and,
//! for parts, [`as_parts`] write the header, and lift a closure over bodies to one over messages.
//!
//! Parts know one level: [`as_parts`] of what is a part already overwrites its place among the outer parts with that
//! among the inner ones. The cause of an inner part is the outer one; whoever wants the outer place behind two
//! splitters has the first one write it into the body too.
//!
//! A rejection carries no event: the dead letter channel above has the original, which a translator only looks at.
//!
//! # Bounds
//!
//! It holds nothing (gate). A full sink is `Again`; a translator asks the sink first, so `f` meets each event once, and an
//! edit remembers that it is made. A ring of many producers cannot take a claimed slot back: what fails there leaves a void
//! slot, which readers pass over and the next lap uses again. A splitter makes at most 255 parts of an event, and remembers
//! how many are out. Versions that [`Upcast`] does not know are `Reject(InvalidKey)`.
//!
//! # Costs
//!
//! `f`, the sink's `fill`, a few additions for the books; no copy but what `f` writes, no allocation after `new`. As
//! wait-free as the sink is.
//!
//! | what                                                | ns   | over                           |
//! |-----------------------------------------------------|------|--------------------------------|
//! | [`Translator`] into a slot                          | 0.39 | the same `f` and slot, by hand |
//! | [`Edit`]                                            | 0.34 | the same edit by hand          |
//! | [`Translator`] of a message, header kept            | 1.03 | a stage that does nothing      |
//! | [`Splitter`], 4 parts into a ring, with draining it | 4.75 | a stage that does nothing      |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- translator`: nanoseconds an event over the row named, from the
//! quickest sample of each in five rounds, as other work took its turns on the machine (an AMD EPYC, virtual), 24 November
//! 2026. A tenth of a nanosecond is noise.
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Agent, Fault, Flow, Sink, Source, Tick, each};
//! use ringmain::pattern::Translator;
//!
//! const TOO_COLD: Fault = Fault::new(1);
//! let (mut celsius, from_celsius) = spsc::channel(8, || 0i32)?;
//! let (fahrenheit, mut out) = spsc::channel(8, || 0i32)?;
//! let to_fahrenheit = |c: &i32, f: &mut i32| -> Flow {
//!     if *c < -273 {
//!         return Err(TOO_COLD.into());
//!     }
//!     *f = c * 9 / 5 + 32;
//!     Ok(())
//! };
//! let mut agent = from_celsius.drive(Translator::new(to_fahrenheit, fahrenheit));
//! for c in [0, -300, 100] {
//!     celsius.push(c).unwrap();
//! }
//! let _ = agent.work(Tick::ZERO); // as far as the one that is rejected
//! let _ = agent.work(Tick::ZERO);
//! let mut seen = Vec::new();
//! let _ = out.drain(Tick::ZERO, usize::MAX, &mut each(|f: &i32| seen.push(*f)));
//! assert_eq!(seen, [32, 212]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
#![doc = concat!("```\n", include_str!("../../../examples/translator.rs"), "```")]

mod splitter;
mod upcast;

pub use splitter::{Splitter, as_parts};
pub use upcast::Upcast;

use super::Origin;
use crate::contract::{Account, At, Flow, Halt, Ledger, Message, Sink, Stage, Tick};
use crate::ring::Sequence;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::ops::Deref;

/// Writes into the next slot of a sink what an event means there.
pub struct Translator<F, K> {
    translate: F,
    sink: K,
    ledger: Ledger,
}

impl<F, K: Sink> Translator<F, K> {
    /// Translates by `translate` into `sink`. What lies in the slot before is what an earlier event left
    /// there: write all of it. Of a [`Message`] that is the header, too: lift `translate` by [`keeping_header`] or
    /// [`deriving_header`]. Allocates the [`Account`].
    pub fn new<T: ?Sized>(translate: F, sink: K) -> Self
    where
        F: FnMut(&T, &mut K::Event) -> Flow,
    {
        Self { translate, sink, ledger: Ledger::new() }
    }
}

impl<F, K> Translator<F, K> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<In, F, K> Stage<In> for Translator<F, K>
where
    In: Deref,
    F: FnMut(&In::Target, &mut K::Event) -> Flow,
    K: Sink,
{
    #[inline]
    fn on_event(&mut self, event: In, _: At) -> Flow {
        let flow = self.sink.fill(|slot| (self.translate)(&event, slot));
        self.ledger.delivered(flow)
    }
    fn on_batch_end(&mut self, _: Tick) -> Flow {
        self.ledger.publish();
        Ok(())
    }
}

impl<F, K> Debug for Translator<F, K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Translator").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

/// Changes the event where it lies, then hands it on.
///
/// It takes `&mut T` only, so a source that others read at the same time cannot drive it, and the builder of
/// a [`multicast`](crate::channel::multicast) graph refuses an editor that races with another node:
/// ```compile_fail,E0277
/// # use ringmain::{channel::multicast::Multicast, contract::{Flow, Source, each}, pattern::Edit};
/// let mut ring = Multicast::new(8, || 0u64).unwrap();
/// let reader = ring.reader("shared", &[]);
/// reader.drive(Edit::new(|n: &mut u64| -> Flow { *n += 1; Ok(()) }, each(|_: &mut u64| ())));
/// ```
pub struct Edit<F, S> {
    edit: F,
    next: S,
    /// The event that is to come again is edited already.
    edited: Option<Sequence>,
    ledger: Ledger,
}

impl<F, S> Edit<F, S> {
    /// Edits by `edit` and hands on to `next`. Allocates the [`Account`].
    pub fn new<T: ?Sized>(edit: F, next: S) -> Self
    where
        F: FnMut(&mut T) -> Flow,
    {
        Self { edit, next, edited: None, ledger: Ledger::new() }
    }
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<'e, T: ?Sized, F, S> Stage<&'e mut T> for Edit<F, S>
where
    F: FnMut(&mut T) -> Flow,
    S: Stage<&'e mut T>,
{
    #[inline]
    fn on_event(&mut self, event: &'e mut T, at: At) -> Flow {
        // Looked at before it is taken: the usual event writes nothing here.
        if self.edited.is_none() || self.edited.take() != Some(at.seq) {
            let flow = (self.edit)(event);
            if flow.is_err() {
                return self.ledger.delivered(flow);
            }
        }
        let flow = self.next.on_event(event, at);
        if flow == Err(Halt::Again) {
            self.edited = Some(at.seq);
        }
        self.ledger.handed_on(flow)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.ledger.publish();
        self.next.on_batch_end(now)
    }
}

impl<F, S> Debug for Edit<F, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { edited, ledger, .. } = self;
        f.debug_struct("Edit").field("edited", edited).field("ledger", ledger).finish_non_exhaustive()
    }
}

/// Lifts a translation of bodies to one of messages: the same message in another form, with all of its
/// header.
pub fn keeping_header<A, B>(
    mut translate: impl FnMut(&A, &mut B) -> Flow,
) -> impl FnMut(&Message<A>, &mut Message<B>) -> Flow {
    move |message, slot| {
        translate(&message.body, &mut slot.body)?;
        slot.header = message.header;
        Ok(())
    }
}

/// Lifts a translation of bodies to one of messages: a new message, with an id that `origin` makes, the same
/// conversation, and the original as its cause. The rest of the header (reply address, deadline, ...) is the
/// original's.
pub fn deriving_header<A, B>(
    mut origin: Origin,
    mut translate: impl FnMut(&A, &mut B) -> Flow,
) -> impl FnMut(&Message<A>, &mut Message<B>) -> Flow {
    move |message, slot| {
        translate(&message.body, &mut slot.body)?;
        let id = origin.make()?;
        slot.header = message.header;
        slot.header.ids.id = id;
        slot.header.ids.cause = message.header.ids.id;
        Ok(())
    }
}
