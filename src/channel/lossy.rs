//! What [`broadcast`](super::broadcast) and [`latest`](super::latest) are made of: one writer that waits for nobody, and
//! readers that copy.
//!
//! ```text
//!             oldest there        a reader's `next`          tail
//!               v                      v                      v
//!  ... | gone | there | there | ... | there | ... | there | being written | not yet ...
//! ```
//!
//! | slot `s`  | who may touch it                                                                                 |
//! |-----------|--------------------------------------------------------------------------------------------------|
//! | any       | the writer and every reader, at any time: slots are atomic words, see [`Words`]; no rule is needed |
//!
//! | store (Release)                     | load (Acquire)                   | what it hands over                          |
//! |-------------------------------------|----------------------------------|---------------------------------------------|
//! | a slot's stamp S6                   | `Words::read` S7                 | the event; every event, and `tail`, before it |
//! | a slot's stamp `BUSY` S10           | `Words::read` that finds an event gone S7 | every event, and `tail`, before it |
//! | `tail.advance` S1, behind the stamp | readers that seek the newest S2  | the stamps of all slots before `tail`       |
//! | `end.close` S1, once                | readers that find nothing new S2 | as `tail`, for the last time                |
//!
//! A reader that follows the events looks at the stamps alone, so `tail` stays with the writer's core; one that finds
//! nothing looks at `end`, a line that is written once.

use crate::channel::{APART, Apart};
use crate::contract::{At, Drained, End, Halt, Stage, Tick};
use crate::ring::{Cursor, Plain, Sequence, Tally, Words};
use crate::sync::Arc;
use zerocopy::FromZeros;

/// Why a reader got no event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoEvent {
    /// Nothing new. May be stale at once.
    Empty,
    /// So many events, at least one, were not seen and will not be: the producer came round before this reader did. The
    /// next event is the one behind them.
    Lagged(u64),
    /// The producer is gone, and nothing is left. Stable.
    Closed,
}

impl core::fmt::Display for NoEvent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Empty => f.write_str("nothing new: try again"),
            Self::Lagged(n) => {
                write!(f, "{n} events were overwritten before they were read: go on, or take a larger ring")
            }
            Self::Closed => f.write_str("the ring is closed: its producer is gone"),
        }
    }
}

impl core::error::Error for NoEvent {}

/// The memory of a lossy ring.
#[derive(Debug)]
pub(super) struct Shared<T> {
    pub(super) words: Words<T>,
    /// Everything before it is published.
    pub(super) tail: Cursor,
    /// Moves once: to the last position, and closed, when the writer is gone.
    end: Cursor,
    readers: Tally,
    /// The first position.
    start: Sequence,
}

impl<T> Shared<T> {
    pub(super) fn new(words: Words<T>, start: Sequence) -> Self {
        Self { words, tail: Cursor::new(start), end: Cursor::new(start), readers: Tally::new(), start }
    }
    /// So many events before `tail` are there.
    pub(super) fn kept(&self, tail: Sequence) -> u64 {
        tail.since(self.start).min(self.words.capacity())
    }
}

/// The writer's side.
#[derive(Debug)]
pub(super) struct Head<T> {
    shared: Arc<Shared<T>>,
    /// Exact: everything before it is published.
    next: Sequence,
    _apart: Apart,
}

impl<T> Head<T> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        let next = shared.start;
        Self { shared, next, _apart: APART }
    }
    pub(super) fn shared(&self) -> &Arc<Shared<T>> {
        &self.shared
    }
    /// The position of the next event.
    pub(super) fn next(&self) -> Sequence {
        self.next
    }
    pub(super) fn readers(&self) -> usize {
        self.shared.readers.get() as usize
    }
    #[inline]
    pub(super) fn publish(&mut self, event: &T)
    where
        T: Plain,
    {
        self.shared.words.write(self.next, event);
        self.next = self.next.next();
        self.shared.tail.advance(self.next);
    }
}

impl<T> Drop for Head<T> {
    fn drop(&mut self) {
        self.shared.end.close(self.next);
    }
}

/// The private state of a reader.
#[derive(Debug)]
pub(super) struct View<T> {
    shared: Arc<Shared<T>>,
    /// Everything before it was consumed, or missed.
    pub(super) next: Sequence,
    /// A copy of the event at `next` that a stage wants again: it may be overwritten by then.
    held: Option<T>,
    pub(super) missed: u64,
    _apart: Apart,
}

impl<T> View<T> {
    pub(super) fn new(shared: &Arc<Shared<T>>, next: Sequence) -> Self {
        shared.readers.add(1);
        Self { shared: shared.clone(), next, held: None, missed: 0, _apart: APART }
    }
    pub(super) fn shared(&self) -> &Arc<Shared<T>> {
        &self.shared
    }
    /// Events published from `next` on, gone or there.
    pub(super) fn behind(&self) -> u64 {
        // Where the stamps have led this reader, the tail follows: it may be one step short.
        self.shared.tail.read().done.next().since(self.next).saturating_sub(1)
    }
    /// There is nothing behind `next`, so the reader had better look again only if the answer is `None`: then the last
    /// events came between the two looks.
    #[inline]
    pub(super) fn nothing(&self) -> Option<NoEvent> {
        let end = self.shared.end.read();
        match end.closed {
            false => Some(NoEvent::Empty),
            true => (end.done == self.next).then_some(NoEvent::Closed),
        }
    }
    pub(super) fn is_closed(&self) -> bool {
        self.nothing() == Some(NoEvent::Closed)
    }
    /// The event at `next` is consumed.
    #[inline]
    pub(super) fn step(&mut self) {
        self.next = self.next.next();
    }
    /// The `n` events from `next` will not be seen.
    #[inline]
    pub(super) fn skip(&mut self, n: u64) {
        self.next = self.next.plus(n);
        self.missed += n;
    }
    /// Copies the event that a stage wanted again, for the last time.
    #[cold]
    fn again(&mut self, event: &mut T) -> Result<(), NoEvent> {
        if let Some(held) = self.held.take() {
            *event = held;
        }
        Ok(())
    }
    /// No event is wanted again.
    #[inline]
    pub(super) fn forget(&mut self) {
        self.held = None;
    }
}

impl<T: Copy> Clone for View<T> {
    fn clone(&self) -> Self {
        let shared = self.shared.clone();
        shared.readers.add(1);
        Self { shared, ..*self }
    }
}

impl<T> Drop for View<T> {
    fn drop(&mut self) {
        self.shared.readers.remove(1);
    }
}

/// A reader: which event it wants next.
pub(super) trait Look {
    type Event: Plain;
    fn view(&mut self) -> &mut View<Self::Event>;
    /// Moves `next` to the event that this reader wants and copies it. `Lagged`: it was overwritten; it may look again.
    fn look(&mut self, event: &mut Self::Event) -> Result<(), NoEvent>;
    /// As `look`, but what a stage wanted again comes first.
    #[inline]
    fn take(&mut self, event: &mut Self::Event) -> Result<(), NoEvent> {
        if self.view().held.is_none() { self.look(event) } else { self.view().again(event) }
    }
    /// Shows at most `limit` events to `stage`, and gives up for now when it has lagged more than `laps` times.
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, mut laps: u32, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e Self::Event>,
    {
        let (mut count, mut end) = (0, None);
        let mut event = Self::Event::new_zeroed();
        while count < limit {
            match self.take(&mut event) {
                Ok(()) => {}
                Err(NoEvent::Lagged(_)) if laps > 0 => {
                    laps -= 1;
                    continue;
                }
                Err(NoEvent::Closed) => {
                    end = Some(End::Closed);
                    break;
                }
                Err(_) => break,
            }
            let view = self.view();
            let flow = stage.on_event(&event, At { seq: view.next, now });
            if flow == Err(Halt::Again) {
                view.held = Some(event);
            } else {
                view.step();
                count += 1;
            }
            if let Err(halt) = flow {
                end = Some(End::Halted(halt));
                break;
            }
        }
        Drained { count, end }
    }
}
