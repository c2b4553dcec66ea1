//! Dead letter channel: what a stage rejects is put aside, with all that is known about it, and the rest goes on.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 4, "Dead Letter Channel" (page 119): where a messaging
//! system puts what it cannot or should not deliver. Here what a handler cannot take goes there, too, which the book
//! gives a channel of its own, "Invalid Message Channel".
//!
//! ```text
//!  event --> [ DeadLetter [ Catch [ inner ... ] ] ]          Ok, Again, Stop: as inner says
//!                  |  ^        a panic is a Reject too
//!                  |  +-- Reject --> Remedy: Retry (wait, try again) | Letter | Drop | Halt
//!                  v
//!              letters: any sink of Letter<T>                full: the Overflow that was asked for
//! ```
//!
//! # Options
//!
//! | to be said            | is                                                                  | unless said                |
//! |-----------------------|---------------------------------------------------------------------|----------------------------|
//! | the box is full       | [`Overflow`]: wait, lose a letter, stop                             | always said                |
//! | what inner may do     | [`DeadLetter::new`], [`editing`](DeadLetter::editing), [`keeping_original`](DeadLetter::keeping_original) | always said |
//! | what a fault is worth | [`Remedy`], by [`DeadLetter::retry`]: retry, letter, drop, halt     | a letter at once           |
//! | how often, how late   | [`Retry`]: at once, fixed, exponential                              | never                      |
//! | more in the letter    | [`DeadLetter::detail`], 32 bytes                                    | zeros                      |
//! | letters that come back | [`DeadLetter::hops`]                                               | not counted                |
//!
//! # Bounds
//!
//! | bounded                                   | at the bound                                                |
//! |-------------------------------------------|-------------------------------------------------------------|
//! | the letters, or a [`LetterBox`]           | as the [`Overflow`] says                                    |
//! | attempts, and the time between            | a letter, counted under `AttemptsExhausted`                 |
//! | letters that an event has been in         | it is dropped, and counted under `LoopLimit`                |
//!
//! It holds the event in hand, by gate: while it waits for another attempt, or for room for its letter, it is answered
//! `Again`, so it stays where it lies and those behind it wait. The order is kept. Keeps the `Again` contract by
//! remembering what is known of the event in hand: inner does not see an event again once its letter is due.
//!
//! Never recurses: a letter that its sink rejects is dropped and counted. Time comes in with the event. A turn at
//! [`Tick::MAX`] is a drain: what waits is tried a last time, and what fails is a letter at once, counted under
//! [`Reason::Shutdown`].
//!
//! # Costs
//!
//! An event that passes costs a comparison; with [`keeping_original`](DeadLetter::keeping_original), a copy. One that
//! fails costs its attempts and a letter. No allocation after construction if `T::clone_from` makes none; no shared
//! memory but the ledger; no system call. As wait-free as inner and the letters are. They are measured by `cargo bench
//! -p ringmain --bench pattern -- dead_letter`.
//!
//! ```
//! use ringmain::contract::{At, Fault, Flow, Source, Tick};
//! use ringmain::pattern::{DeadLetter, LetterBox, Overflow};
//! # use ringmain::{channel::spsc, contract::Sink};
//!
//! let (mut tx, mut orders) = spsc::channel(4, || 0u64)?;
//! for price in [10, 0, 30] {
//!     tx.push(price)?;
//! }
//! let mut letters = LetterBox::new(8, || 0u64);
//! let mut book = DeadLetter::new("book", Overflow::Block, &mut letters, |price: &u64, _: At| -> Flow {
//!     if *price == 0 { Err(Fault::new(404))? }
//!     Ok(())
//! });
//! assert_eq!(orders.drain(Tick::ZERO, 8, &mut book).count, 3);
//! drop(book);
//! let letter = letters.iter().next().unwrap();
//! assert_eq!((letter.event, letter.fault, letter.seq.count()), (0, Fault::new(404), 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
//! `examples/dead_letter.rs`, which `cargo run --example dead_letter` runs:
#![doc = concat!("```\n", include_str!("../../../examples/dead_letter.rs"), "```")]
//!
//! [`Reason::Shutdown`]: crate::contract::Reason::Shutdown

mod disposal;
mod letter;
mod retry;

pub(in crate::pattern) use letter::Failure;
pub use letter::{Letter, LetterBox};
pub use retry::{Remedy, Retry};

use crate::contract::{Account, At, Fault, Flow, Halt, Sink, Stage, Tick};
use crate::{ring::Sequence, sync::Arc};
use core::ops::Deref;
use disposal::{Disposal, Hops};

/// What happens to an event that failed when the letter box is full. There is no default: it is always said.
///
/// | policy       | a full box               | a closed box                       | may lose                      |
/// |--------------|--------------------------|------------------------------------|-------------------------------|
/// | `Block`      | waits, and all behind it | stops                              | nothing, while a box is there |
/// | `DropNewest` | goes on without a letter | goes on without a letter           | the event that failed         |
/// | `DropOldest` | goes on                  | goes on without a letter           | the oldest letter             |
/// | `HaltStage`  | stops                    | stops                              | the event that failed         |
///
/// An event without a letter is counted as dropped, under [`Reason::RingFull`] or, if the box is closed,
/// [`Reason::Shutdown`].
///
/// [`Reason::RingFull`]: crate::contract::Reason::RingFull
/// [`Reason::Shutdown`]: crate::contract::Reason::Shutdown
#[derive(Debug)]
pub enum Overflow<K> {
    /// The event waits for room (`Again`).
    Block,
    /// The letter is not written.
    DropNewest,
    /// The given function of the sink makes room by giving up its oldest letter (which is counted as dropped under
    /// [`Reason::Evicted`]), such as [`LetterBox::drop_oldest`]. If it returns false, the event waits.
    ///
    /// [`Reason::Evicted`]: crate::contract::Reason::Evicted
    DropOldest(fn(&mut K) -> bool),
    /// The letter is not written, and the stage stops.
    HaltStage,
}

/// Puts what the stage inside rejects into `letters`, with all that is known about it, and goes on.
///
/// | built with                         | inner takes | the letter has                                            | costs an event |
/// |------------------------------------|-------------|-----------------------------------------------------------|----------------|
/// | [`new`](Self::new)                 | `&T`        | the event                                                 | a comparison   |
/// | [`editing`](Self::editing)         | `&mut T`    | the event as inner left it: inner rejects before it edits | a comparison   |
/// | [`keeping_original`](Self::keeping_original) | `&mut T` | a copy from before inner saw it                    | a copy of `T`  |
///
/// A retry waits by `Again`: the event stays where it lies, those behind it wait, and the order is kept. Around a
/// [`Catch`](super::Catch) it writes letters for panics too.
#[derive(Debug)]
pub struct DeadLetter<T, K, S, A = Looks> {
    disposal: Disposal<T, K>,
    access: A,
    inner: S,
}

/// The stage inside looks on.
#[derive(Debug)]
pub struct Looks;

/// The stage inside edits in place, and the letter has what it left.
#[derive(Debug)]
pub struct Edits;

/// The stage inside edits in place, and the letter has what it got.
#[derive(Debug)]
pub struct Keeps<T> {
    original: T,
    /// Of which event `original` is the copy, if that was answered `Again`: it comes as inner left it.
    kept: Option<Sequence>,
}

impl<T, K: Sink<Event = Letter<T>>, S> DeadLetter<T, K, S> {
    /// Guards `inner`, which looks on. `origin` is what the letters say they come from.
    #[must_use]
    pub fn new(origin: &'static str, overflow: Overflow<K>, letters: K, inner: S) -> Self
    where
        S: for<'e> Stage<&'e T>,
    {
        Self { disposal: Disposal::new(origin, overflow, letters), access: Looks, inner }
    }
}

impl<T, K: Sink<Event = Letter<T>>, S> DeadLetter<T, K, S, Edits> {
    /// Guards `inner`, which edits in place but, by its author's word, rejects before it edits: no copy is kept.
    #[must_use]
    pub fn editing(origin: &'static str, overflow: Overflow<K>, letters: K, inner: S) -> Self
    where
        S: for<'e> Stage<&'e mut T>,
    {
        Self { disposal: Disposal::new(origin, overflow, letters), access: Edits, inner }
    }
}

impl<T, K: Sink<Event = Letter<T>>, S> DeadLetter<T, K, S, Keeps<T>> {
    /// Guards `inner`, which edits in place, and keeps a copy of each event from before that: for the letter, and for
    /// each attempt after the first. `room` is where the copy lies; its value does not matter.
    #[must_use]
    pub fn keeping_original(
        origin: &'static str,
        overflow: Overflow<K>,
        room: T,
        letters: K,
        inner: S,
    ) -> Self
    where
        S: for<'e> Stage<&'e mut T>,
    {
        let access = Keeps { original: room, kept: None };
        Self { disposal: Disposal::new(origin, overflow, letters), access, inner }
    }
}

impl<T, K, S, A> DeadLetter<T, K, S, A> {
    /// Tries again, in place, what `classify` says is worth it. Without this, every rejection is a letter at once.
    ///
    /// A letter whose attempts are used up has the fault of the last one, and is counted under
    /// [`Reason::AttemptsExhausted`].
    ///
    /// [`Reason::AttemptsExhausted`]: crate::contract::Reason::AttemptsExhausted
    #[must_use]
    pub fn retry(mut self, retry: Retry, classify: fn(Fault) -> Remedy) -> Self {
        self.disposal.retry = retry;
        self.disposal.classify = classify;
        self
    }
    /// Lets `write` say more in the letter's 32 bytes, which are zero when it gets them.
    #[must_use]
    pub fn detail(mut self, write: fn(&T, Fault, &mut [u8; 32])) -> Self {
        self.disposal.detail = Some(write);
        self
    }
    /// For letters that may come back as events: `count` says how many an event has been in. Its next letter says one
    /// more; one that would say more than `limit` is not written, the event is dropped under [`Reason::LoopLimit`].
    ///
    /// [`Reason::LoopLimit`]: crate::contract::Reason::LoopLimit
    #[must_use]
    pub fn hops(mut self, limit: u8, count: fn(&T) -> u8) -> Self {
        self.disposal.hops = Some(Hops { limit, count });
        self
    }
    /// This stage's line of the books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.disposal.ledger.account()
    }
    /// Where the letters go.
    #[must_use]
    pub fn letters(&self) -> &K {
        &self.disposal.letters
    }
}

impl<In, T, K, S> Stage<In> for DeadLetter<T, K, S>
where
    In: Deref<Target = T>,
    T: Clone,
    K: Sink<Event = Letter<T>>,
    S: for<'e> Stage<&'e T>,
{
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        let Self { disposal, inner, .. } = self;
        let case = match disposal.attempt(at, |_| inner.on_event(&event, at)) {
            Ok(flow) => return flow,
            Err(case) => case,
        };
        disposal.settle(case, &event)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.disposal.ledger.publish();
        self.inner.on_batch_end(now)
    }
}

impl<T, K, S> Stage<&mut T> for DeadLetter<T, K, S, Edits>
where
    T: Clone,
    K: Sink<Event = Letter<T>>,
    S: for<'e> Stage<&'e mut T>,
{
    #[inline]
    fn on_event(&mut self, event: &mut T, at: At) -> Flow {
        let Self { disposal, inner, .. } = self;
        let case = match disposal.attempt(at, |_| inner.on_event(event, at)) {
            Ok(flow) => return flow,
            Err(case) => case,
        };
        disposal.settle(case, event)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.disposal.ledger.publish();
        self.inner.on_batch_end(now)
    }
}

impl<T, K, S> Stage<&mut T> for DeadLetter<T, K, S, Keeps<T>>
where
    T: Clone,
    K: Sink<Event = Letter<T>>,
    S: for<'e> Stage<&'e mut T>,
{
    #[inline]
    fn on_event(&mut self, event: &mut T, at: At) -> Flow {
        let Self { disposal, access: Keeps { original, kept }, inner } = self;
        if kept.take() != Some(at.seq) {
            original.clone_from(event);
        }
        let tried = disposal.attempt(at, |again| {
            if again {
                event.clone_from(original);
            }
            inner.on_event(event, at)
        });
        let flow = match tried {
            Ok(flow) => flow,
            Err(case) => disposal.settle(case, original),
        };
        *kept = (flow == Err(Halt::Again)).then_some(at.seq);
        flow
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.disposal.ledger.publish();
        self.inner.on_batch_end(now)
    }
}
