//! A box to keep letters in.

use super::Letter;
use crate::contract::{At, Drained, End, Flow, Halt, Sink, Source, SourceMut, Stage, Tick};
use crate::ring::Sequence;

/// A bounded box of letters for one thread: a sink for the channel, a source for whoever reads them, and the one sink
/// that can make room for a newer letter ([`drop_oldest`](Self::drop_oldest)).
///
/// A letter is never a letter again: one that its reader rejects stays in the box, behind the others, and the reading goes
/// on with the next; [`failed`](Self::failed) counts. A drain shows each letter once at most. What is to be tried again
/// goes back by a [`Redrive`](super::Redrive).
///
/// Allocates when it is built, never after. Across threads take a ring instead: what the reader of that rejects, its pump
/// drops and counts.
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
    /// Of the oldest letter: one more whenever another one is the oldest.
    position: Sequence,
    failed: u64,
}

impl<T> LetterBox<T> {
    /// A box for `capacity` letters, any number; with 0 it is always full.
    #[must_use]
    pub fn new(capacity: usize, mut fill: impl FnMut() -> T) -> Self {
        let letters = (0..capacity).map(|_| Letter::blank(fill())).collect();
        Self { letters, oldest: 0, len: 0, position: Sequence::ZERO, failed: 0 }
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
        self.remove(0);
        true
    }
    /// How often a reader has rejected a letter, which stayed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// The letter `n` after the oldest, below the length.
    pub(super) fn letter(&self, n: usize) -> &Letter<T> {
        &self.letters[self.index(n)]
    }
    /// Takes out the letter `n` after the oldest; older ones close up. What it held stays in a free place.
    pub(super) fn remove(&mut self, n: usize) {
        for newer in (1..=n).rev() {
            let (one, other) = (self.index(newer - 1), self.index(newer));
            self.letters.swap(one, other);
        }
        self.oldest = self.index(1);
        self.len -= 1;
        if n == 0 {
            self.position = self.position.next();
        }
    }
    /// The oldest letter is the newest now.
    fn put_behind(&mut self) {
        let free = self.index(self.len);
        self.letters.swap(self.oldest, free);
        self.oldest = self.index(1);
        self.position = self.position.next();
    }
    /// The index of the letter `n` after the oldest, `n` at most the capacity.
    fn index(&self, n: usize) -> usize {
        let index = self.oldest + n;
        if index < self.letters.len() { index } else { index - self.letters.len() }
    }
    fn walk(&mut self, now: Tick, limit: usize, mut one: impl FnMut(&mut Letter<T>, At) -> Flow) -> Drained {
        let mut count = 0;
        for _ in 0..limit.min(self.len) {
            match one(&mut self.letters[self.oldest], At { seq: self.position, now }) {
                Err(Halt::Reject(_)) => {
                    self.failed += 1;
                    self.put_behind();
                    continue;
                }
                Err(Halt::Again) => return Drained { count, end: Some(End::Halted(Halt::Again)) },
                flow => {
                    self.remove(0);
                    count += 1;
                    if let Err(halt) = flow {
                        return Drained { count, end: Some(End::Halted(halt)) };
                    }
                }
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

/// Letters come with a position in the order of reading (the event's own is in the letter). A box has no end: it is never
/// `Closed`. A rejection is no end either, and no event consumed: the letter stays.
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
