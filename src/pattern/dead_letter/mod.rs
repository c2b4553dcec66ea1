//! Dead letter channel: what a stage rejects is put aside, with all that is known about it, and the rest goes on.
//!
//! ```text
//!  event --> [ DeadLetter [ Catch [ inner ... ] ] ]          Ok, Again, Stop: as inner says
//!                  |  ^        a panic is a Reject too
//!                  |  +-- Reject --> Remedy: Retry (wait, try again) | Letter | Drop | Halt
//!                  v
//!              letters: any sink of Letter<T>                full: the Overflow that was asked for
//! ```
//!
//! Holds: the event in hand, by gate: while it waits for another attempt, or for room for its letter, it is answered
//! `Again`, so it stays where it lies and those behind it wait. The order is kept. Keeps the `Again` contract by
//! remembering what is known of the event in hand: inner does not see an event again once its letter is due.
//!
//! Never recurses: a letter that its sink rejects, or that has been in too many letters ([`DeadLetter::hops`]), is
//! dropped and counted. Time comes in with the event. A turn at [`Tick::MAX`] is a drain: what waits is tried a last
//! time, and what fails is a letter at once, counted under [`Reason::Shutdown`]. No allocation after construction if
//! `T::clone_from` makes none; no shared memory but the ledger; no system call.
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

mod letter;
mod retry;

pub use letter::{Letter, LetterBox};
pub use retry::{Remedy, Retry};

use crate::contract::{Account, At, Fault, Flow, Halt, Ledger, Reason, Sink, Stage, Tick};
use crate::{ring::Sequence, sync::Arc};
use core::ops::Deref;

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
#[derive(Debug)]
pub enum Overflow<K> {
    /// The event waits for room (`Again`).
    Block,
    /// The letter is not written.
    DropNewest,
    /// The given function of the sink makes room by giving up its oldest letter (which is counted as dropped under
    /// [`Reason::Evicted`]), such as [`LetterBox::drop_oldest`]. If it returns false, the event waits.
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
    desk: Desk<T, K>,
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
        Self { desk: Desk::new(origin, overflow, letters), access: Looks, inner }
    }
}

impl<T, K: Sink<Event = Letter<T>>, S> DeadLetter<T, K, S, Edits> {
    /// Guards `inner`, which edits in place but, by its author's word, rejects before it edits: no copy is kept.
    #[must_use]
    pub fn editing(origin: &'static str, overflow: Overflow<K>, letters: K, inner: S) -> Self
    where
        S: for<'e> Stage<&'e mut T>,
    {
        Self { desk: Desk::new(origin, overflow, letters), access: Edits, inner }
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
        Self { desk: Desk::new(origin, overflow, letters), access, inner }
    }
}

impl<T, K, S, A> DeadLetter<T, K, S, A> {
    /// Tries again, in place, what `classify` says is worth it. Without this, every rejection is a letter at once.
    ///
    /// A letter whose attempts are used up has the fault of the last one, and is counted under
    /// [`Reason::AttemptsExhausted`].
    #[must_use]
    pub fn retry(mut self, retry: Retry, classify: fn(Fault) -> Remedy) -> Self {
        self.desk.retry = retry;
        self.desk.classify = classify;
        self
    }
    /// Lets `write` say more in the letter's 32 bytes, which are zero when it gets them.
    #[must_use]
    pub fn detail(mut self, write: fn(&T, Fault, &mut [u8; 32])) -> Self {
        self.desk.detail = Some(write);
        self
    }
    /// For letters that may come back as events: `count` says how many an event has been in. Its next letter says one
    /// more; one that would say more than `limit` is not written, the event is dropped under [`Reason::LoopLimit`].
    #[must_use]
    pub fn hops(mut self, limit: u8, count: fn(&T) -> u8) -> Self {
        self.desk.hops = Some(Hops { limit, count });
        self
    }
    /// This stage's line of the books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.desk.ledger.account()
    }
    /// Where the letters go.
    #[must_use]
    pub fn letters(&self) -> &K {
        &self.desk.letters
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
        let Self { desk, inner, .. } = self;
        let case = match desk.attempt(at, |_| inner.on_event(&event, at)) {
            Ok(flow) => return flow,
            Err(case) => case,
        };
        desk.settle(case, &event, at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.desk.ledger.publish();
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
        let Self { desk, inner, .. } = self;
        let case = match desk.attempt(at, |_| inner.on_event(event, at)) {
            Ok(flow) => return flow,
            Err(case) => case,
        };
        desk.settle(case, event, at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.desk.ledger.publish();
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
        let Self { desk, access: Keeps { original, kept }, inner } = self;
        if kept.take() != Some(at.seq) {
            original.clone_from(event);
        }
        let tried = desk.attempt(at, |again| {
            if again {
                event.clone_from(original);
            }
            inner.on_event(event, at)
        });
        let flow = match tried {
            Ok(flow) => flow,
            Err(case) => desk.settle(case, original, at),
        };
        *kept = (flow == Err(Halt::Again)).then_some(at.seq);
        flow
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.desk.ledger.publish();
        self.inner.on_batch_end(now)
    }
}

/// Where failures are dealt with, whatever the access.
#[derive(Debug)]
struct Desk<T, K> {
    origin: &'static str,
    overflow: Overflow<K>,
    retry: Retry,
    classify: fn(Fault) -> Remedy,
    detail: Option<fn(&T, Fault, &mut [u8; 32])>,
    hops: Option<Hops<T>>,
    letters: K,
    /// The event in hand, if it has failed and comes again.
    in_hand: Option<Case>,
    ledger: Ledger,
}

/// How many letters an event may be in, and how many it has been in.
#[derive(Debug)]
struct Hops<T> {
    limit: u8,
    count: fn(&T) -> u8,
}

/// What is known of an event that has failed.
#[derive(Clone, Copy, Debug)]
struct Case {
    seq: Sequence,
    fault: Fault,
    attempts: u32,
    first: Tick,
    last: Tick,
    next: Next,
}

/// What is to be done with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    /// Try it at this time.
    Try(Tick),
    /// Write a letter, counted under this reason.
    Letter(Reason),
    /// Write a letter, then stop.
    LetterAndStop,
    Drop,
}

impl<T, K> Desk<T, K> {
    fn new(origin: &'static str, overflow: Overflow<K>, letters: K) -> Self {
        Self {
            origin,
            overflow,
            retry: Retry::NEVER,
            classify: Remedy::letter,
            detail: None,
            hops: None,
            letters,
            in_hand: None,
            ledger: Ledger::new(),
        }
    }

    /// Tries the event in hand until it succeeds, must wait (both `Ok`), or has failed for good (`Err`). `one` is told
    /// whether the event was tried before.
    ///
    /// The case is out of hand while `one` runs: if that unwinds, the next event begins with nothing known.
    #[inline]
    fn attempt(&mut self, at: At, mut one: impl FnMut(bool) -> Flow) -> Result<Flow, Case> {
        // Asked before it is taken: most events are new, and need no write. One that a stage outside gave up after
        // `Again` does not come back.
        let known = self.in_hand.is_some();
        let mut in_hand = if known { self.in_hand.take().filter(|case| case.seq == at.seq) } else { None };
        loop {
            if let Some(case) = in_hand {
                match case.next {
                    Next::Try(due) if due <= at.now => {}
                    Next::Try(_) => {
                        self.in_hand = in_hand;
                        return Ok(Err(Halt::Again));
                    }
                    _ => return Err(case),
                }
            }
            match one(in_hand.is_some()) {
                Err(Halt::Reject(fault)) => in_hand = Some(self.judge(in_hand, fault, at)),
                Err(Halt::Again) => {
                    self.in_hand = in_hand;
                    return Ok(Err(Halt::Again));
                }
                flow => return Ok(self.ledger.handed_on(flow)),
            }
        }
    }

    #[cold]
    fn judge(&self, before: Option<Case>, fault: Fault, At { seq, now }: At) -> Case {
        let attempts = before.map_or(0, |case| case.attempts).saturating_add(1);
        let first = before.map_or(now, |case| case.first);
        let next = match (self.classify)(fault) {
            Remedy::Letter => Next::Letter(fault.reason),
            Remedy::Drop => Next::Drop,
            Remedy::Halt => Next::LetterAndStop,
            Remedy::Retry => match self.retry.delay_after(attempts) {
                Some(_) if now == Tick::MAX => Next::Letter(Reason::Shutdown),
                Some(delay) => Next::Try(now.after(delay)),
                None => Next::Letter(Reason::AttemptsExhausted),
            },
        };
        Case { seq, fault, attempts, first, last: now, next }
    }
}

impl<T: Clone, K: Sink<Event = Letter<T>>> Desk<T, K> {
    /// Disposes of an event that has failed for good; or keeps its case in hand, if there is no room for the letter.
    #[cold]
    fn settle(&mut self, case: Case, event: &T, at: At) -> Flow {
        let (reason, after) = match case.next {
            Next::Drop => {
                self.lose(case.fault.reason);
                return Ok(());
            }
            Next::LetterAndStop => (case.fault.reason, Err(Halt::Stop)),
            Next::Letter(reason) => (reason, Ok(())),
            Next::Try(_) => (case.fault.reason, Ok(())),
        };
        let hops = match &self.hops {
            None => 1,
            Some(Hops { limit, count }) => match count(event) {
                hops if hops >= *limit => {
                    self.lose(Reason::LoopLimit);
                    return after;
                }
                hops => hops + 1,
            },
        };
        let mut put = self.write(&case, event, hops, at);
        if let (Err(Halt::Again), Overflow::DropOldest(make_room)) = (put, &self.overflow)
            && make_room(&mut self.letters)
        {
            // A letter comes back out of the box, and goes nowhere.
            self.ledger.generated(1);
            self.ledger.dropped(Reason::Evicted);
            put = self.write(&case, event, hops, at);
        }
        match (put, &self.overflow) {
            (Ok(()), _) => {
                self.ledger.took(1);
                self.ledger.dead_lettered(reason);
                after
            }
            (Err(Halt::Again), Overflow::Block | Overflow::DropOldest(_)) => {
                self.in_hand = Some(case);
                Err(Halt::Again)
            }
            (Err(Halt::Again), Overflow::DropNewest) => {
                self.lose(Reason::RingFull);
                after
            }
            (Err(Halt::Again), Overflow::HaltStage) => {
                self.lose(Reason::RingFull);
                Err(Halt::Stop)
            }
            (Err(Halt::Stop), Overflow::DropNewest | Overflow::DropOldest(_)) => {
                self.lose(Reason::Shutdown);
                after
            }
            (Err(Halt::Stop), Overflow::Block | Overflow::HaltStage) => {
                self.lose(Reason::Shutdown);
                Err(Halt::Stop)
            }
            (Err(Halt::Reject(fault)), _) => {
                self.lose(fault.reason);
                after
            }
        }
    }

    fn write(&mut self, case: &Case, event: &T, hops: u8, at: At) -> Flow {
        let (origin, detail) = (self.origin, self.detail);
        self.letters.fill(|letter| {
            letter.event.clone_from(event);
            letter.fault = case.fault;
            letter.seq = at.seq;
            letter.origin = origin;
            letter.attempts = case.attempts;
            letter.first = case.first;
            letter.last = case.last;
            letter.hops = hops;
            letter.detail = [0; 32];
            if let Some(write) = detail {
                write(event, case.fault, &mut letter.detail);
            }
            Ok(())
        })
    }

    fn lose(&mut self, reason: Reason) {
        self.ledger.took(1);
        self.ledger.dropped(reason);
    }
}
