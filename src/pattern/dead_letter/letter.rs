//! What a dead letter channel writes, and a box to keep it in.

use crate::contract::{At, Drained, End, Fault, Flow, Halt, Sink, Source, SourceMut, Stage, Tick};
use crate::ring::Sequence;

/// An event that could not be processed, and all that is known about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter<T> {
    /// The event as it was when it came to the channel.
    pub event: T,
    /// Why the last attempt failed.
    pub fault: Fault,
    /// The event's position in its ring.
    pub seq: Sequence,
    /// The name of the channel that wrote the letter.
    pub origin: &'static str,
    /// How often the event was tried, from 1.
    pub attempts: u32,
    /// When the first attempt failed.
    pub first: Tick,
    /// When the last attempt failed.
    pub last: Tick,
    /// How many letters the event has been in, this one included.
    pub hops: u8,
    /// What the channel's `detail` wrote; zeros without one.
    pub detail: [u8; 32],
}

impl<T> Letter<T> {
    /// A letter that says nothing yet: what a ring of letters is filled with.
    #[must_use]
    pub const fn blank(event: T) -> Self {
        Self {
            event,
            fault: Fault::new(0),
            seq: Sequence::ZERO,
            origin: "",
            attempts: 0,
            first: Tick::ZERO,
            last: Tick::ZERO,
            hops: 0,
            detail: [0; 32],
        }
    }
}

impl<T> Letter<T> {
    /// Writes what is known, over what an earlier letter left, but for the event.
    fn stamp(&mut self, failure: &Failure, origin: &'static str, hops: u8) {
        Failure {
            fault: self.fault,
            seq: self.seq,
            attempts: self.attempts,
            first: self.first,
            last: self.last,
        } = *failure;
        (self.origin, self.hops, self.detail) = (origin, hops, [0; 32]);
    }
    /// As [`write`](Self::write), with the event moved in.
    pub(in crate::pattern) fn enclose(&mut self, event: T, failure: &Failure, origin: &'static str) {
        self.event = event;
        self.stamp(failure, origin, 1);
    }
}

impl<T: Clone> Letter<T> {
    /// Writes what is known, over what an earlier letter left.
    pub(in crate::pattern) fn write(&mut self, event: &T, failure: &Failure, origin: &'static str, hops: u8) {
        self.event.clone_from(event);
        self.stamp(failure, origin, hops);
    }
}

impl<T: Default> Default for Letter<T> {
    fn default() -> Self {
        Self::blank(T::default())
    }
}

/// What is known of an event that has failed.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// The event's position in its ring.
    pub seq: Sequence,
    /// Why the last attempt failed.
    pub fault: Fault,
    /// Attempts so far.
    pub attempts: u32,
    /// When the first one failed.
    pub first: Tick,
    /// When the last one failed.
    pub last: Tick,
}

/// A bounded box of letters for one thread: a sink for the channel, a source for whoever reads them, and the one sink
/// that can make room for a newer letter ([`drop_oldest`](Self::drop_oldest)).
///
/// Allocates when it is built, never after. Across threads take a ring instead.
///
/// ```
/// use ringmain::contract::{Fault, Sink};
/// use ringmain::pattern::LetterBox;
/// let mut letters = LetterBox::new(2, || 0u32);
/// letters.offer(|letter| letter.fault = Fault::new(7))?;
/// assert_eq!(letters.iter().next().unwrap().fault, Fault::new(7));
/// # Ok::<(), ringmain::contract::Refused>(())
/// ```
#[derive(Clone, Debug)]
pub struct LetterBox<T> {
    letters: Box<[Letter<T>]>,
    /// Index of the oldest letter, below the capacity (0 if that is 0).
    oldest: usize,
    len: usize,
    /// The position of the oldest letter among all that were in the box.
    position: Sequence,
}

impl<T> LetterBox<T> {
    /// A box for `capacity` letters, any number; with 0 it is always full.
    #[must_use]
    pub fn new(capacity: usize, mut fill: impl FnMut() -> T) -> Self {
        let letters = (0..capacity).map(|_| Letter::blank(fill())).collect();
        Self { letters, oldest: 0, len: 0, position: Sequence::ZERO }
    }
    /// Letters in the box.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }
    /// No letter is in the box.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// The letters, oldest first; they stay in the box.
    pub fn iter(&self) -> impl Iterator<Item = &Letter<T>> {
        let (newer, older) = self.letters.split_at(self.oldest);
        older.iter().chain(newer).take(self.len)
    }
    /// Gives up the oldest letter; false if there is none.
    pub fn drop_oldest(&mut self) -> bool {
        if self.len == 0 {
            return false;
        }
        self.oldest = self.index(1);
        self.len -= 1;
        self.position = self.position.next();
        true
    }

    /// The index of the letter `n` after the oldest, `n` at most the capacity.
    fn index(&self, n: usize) -> usize {
        let index = self.oldest + n;
        if index < self.letters.len() { index } else { index - self.letters.len() }
    }
    fn walk(&mut self, now: Tick, limit: usize, mut one: impl FnMut(&mut Letter<T>, At) -> Flow) -> Drained {
        let mut count = 0;
        while count < limit && self.len != 0 {
            let flow = one(&mut self.letters[self.oldest], At { seq: self.position, now });
            if flow != Err(Halt::Again) {
                self.drop_oldest();
                count += 1;
            }
            if let Err(halt) = flow {
                return Drained { count, end: Some(End::Halted(halt)) };
            }
        }
        Drained { count, end: None }
    }
}

impl<T> Sink for LetterBox<T> {
    type Event = Letter<T>;
    fn fill<R>(&mut self, fill: impl FnOnce(&mut Letter<T>) -> Flow<R>) -> Flow<R> {
        if self.len == self.letters.len() {
            return Err(Halt::Again);
        }
        let free = self.index(self.len);
        let done = fill(&mut self.letters[free])?;
        self.len += 1;
        Ok(done)
    }
}

/// Letters come with their position in the box (the event's own is in the letter). A box has no end: it is never
/// `Closed`.
impl<T> Source for LetterBox<T> {
    type Event = Letter<T>;
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e Letter<T>>,
    {
        self.walk(now, limit, |letter, at| stage.on_event(letter, at))
    }
}

impl<T> SourceMut for LetterBox<T> {
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut Letter<T>>,
    {
        self.walk(now, limit, |letter, at| stage.on_event(letter, at))
    }
}
