//! The channel: a stage around the one that may reject.

use super::breaker::Breaker;
use super::disposal::{Disposal, Hops};
use super::shelf::Shelf;
use super::{Letter, Overflow, Remedy, Retry};
use crate::contract::{Account, At, Fault, Flow, Halt, Sink, Stage, Tick};
use crate::pattern::worse;
use crate::ring::{CapacityError, Sequence};
use crate::sync::Arc;
use core::ops::Deref;
use core::time::Duration;

/// Puts what the stage inside rejects into `letters`, with all that is known about it, and goes on.
///
/// | built with                         | inner takes | the letter has                                            | costs an event |
/// |------------------------------------|-------------|-----------------------------------------------------------|----------------|
/// | [`new`](Self::new)                 | `&T`        | the event                                                 | a comparison   |
/// | [`editing`](Self::editing)         | `&mut T`    | the event as inner left it: inner rejects before it edits | a comparison   |
/// | [`keeping_original`](Self::keeping_original) | `&mut T` | a copy from before inner saw it                    | a copy of `T`  |
///
/// A [`retry`](Self::retry) waits where the event lies, by `Again`, and all behind it wait, unless they are told to wait
/// [`aside`](Self::aside) or [`by_key`](Self::by_key). Around a [`Catch`](crate::pattern::Catch) it writes letters for
/// panics too.
#[derive(Debug)]
pub struct DeadLetter<T, K, S, A = Looks> {
    disposal: Disposal<T, K>,
    shelf: Option<Shelf<T>>,
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
        Self::over(Looks, origin, overflow, letters, inner)
    }
}

impl<T, K: Sink<Event = Letter<T>>, S> DeadLetter<T, K, S, Edits> {
    /// Guards `inner`, which edits in place but, by its author's word, rejects before it edits: no copy is kept.
    #[must_use]
    pub fn editing(origin: &'static str, overflow: Overflow<K>, letters: K, inner: S) -> Self
    where
        S: for<'e> Stage<&'e mut T>,
    {
        Self::over(Edits, origin, overflow, letters, inner)
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
        Self::over(Keeps { original: room, kept: None }, origin, overflow, letters, inner)
    }
}

impl<T, K, S, A> DeadLetter<T, K, S, A> {
    fn over(access: A, origin: &'static str, overflow: Overflow<K>, letters: K, inner: S) -> Self {
        Self { disposal: Disposal::new(origin, overflow, letters), shelf: None, access, inner }
    }
    /// Tries again what `classify` says is worth it. Without this, every rejection is a letter at once.
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
    /// What is to be tried later waits aside, in one of `places` (any number from 1), and the events behind it overtake it.
    /// `room` makes what first lies in each place; its value does not matter. Allocates them, and a timer each.
    ///
    /// An event that no place is left for is a letter at once, counted under [`Reason::TableFull`]: so what fails never
    /// stands in the way of what does not.
    ///
    /// # Errors
    /// [`CapacityError`] if there are no places, or too many.
    ///
    /// [`Reason::TableFull`]: crate::contract::Reason::TableFull
    pub fn aside(mut self, places: usize, room: impl FnMut() -> T) -> Result<Self, CapacityError> {
        self.shelf = Some(Shelf::new(places, room)?);
        self.disposal.aside = true;
        Ok(self)
    }
    /// As [`aside`](Self::aside), but events of one key do not overtake each other: while one waits, those of its key that
    /// come wait in places behind it, untried, and those of other keys go on. At most `keys` (from 1) wait at a time.
    ///
    /// An event that no place or no key is left for is a letter at once, counted under [`Reason::TableFull`]; if it was
    /// only to wait behind another one, the letter says 0 attempts, and that reason. `key` tells the key of an event; a
    /// hash of a longer one will do, as two keys with one hash wait for each other and no more.
    ///
    /// # Errors
    /// [`CapacityError`] if there are no places or no keys, or too many.
    ///
    /// [`Reason::TableFull`]: crate::contract::Reason::TableFull
    pub fn by_key(
        mut self,
        places: usize,
        keys: usize,
        key: fn(&T) -> u64,
        room: impl FnMut() -> T,
    ) -> Result<Self, CapacityError> {
        self.shelf = Some(Shelf::new(places, room)?.by_key(keys, key)?);
        self.disposal.aside = true;
        Ok(self)
    }
    /// Tries nothing while it is of no use: after `failures` attempts in a row (0 is taken for 1) that failed, there is one
    /// attempt in each span `every`, until one succeeds. The event whose turn it is waits where it lies, and what waits
    /// aside goes on waiting.
    ///
    /// Only those failures count that are worth a [`Remedy::Retry`]: the others are the fault of their events.
    #[must_use]
    pub fn breaker(mut self, failures: u32, every: Duration) -> Self {
        self.disposal.breaker = Breaker::new(failures, every);
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
    /// The breaker is open: one attempt in each interval.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.disposal.breaker.is_open()
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
        let Self { disposal, shelf, inner, .. } = self;
        disposal.handle(shelf, event, at, |event, _| inner.on_event(&**event, at), |event| &**event)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let Self { disposal, shelf, inner, .. } = self;
        let own = disposal.end_turn(shelf, now, |event, _, _, at| inner.on_event(event, at));
        worse(own, inner.on_batch_end(now))
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
        let Self { disposal, shelf, inner, .. } = self;
        disposal.handle(shelf, event, at, |event, _| inner.on_event(event, at), |event| &**event)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let Self { disposal, shelf, inner, .. } = self;
        let own = disposal.end_turn(shelf, now, |event, _, _, at| inner.on_event(event, at));
        worse(own, inner.on_batch_end(now))
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
        let Self { disposal, shelf, access: Keeps { original, kept }, inner } = self;
        if kept.take() != Some(at.seq) {
            original.clone_from(event);
        }
        let one = |(event, original): &mut (&mut T, &mut T), again: bool| {
            if again {
                event.clone_from(original);
            }
            inner.on_event(event, at)
        };
        let flow = disposal.handle(shelf, (event, original), at, one, |(_, original)| original);
        *kept = (flow == Err(Halt::Again)).then_some(at.seq);
        flow
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let Self { disposal, shelf, inner, .. } = self;
        let own = disposal.end_turn(shelf, now, |event, desk, again, at| {
            if again {
                desk.clone_from(event);
            }
            inner.on_event(desk, at)
        });
        worse(own, inner.on_batch_end(now))
    }
}
