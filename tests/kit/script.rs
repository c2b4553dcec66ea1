//! A source that follows a script.

use ringmain::contract::{At, Drained, End, Flow, Halt, Source, SourceMut, Stage, Tick};
use ringmain::ring::Sequence;

/// Gives the events of a `Vec` in order, as a ring would: an event that is answered `Again` comes again, one
/// that the stage panics on is not consumed. Closes after the last, unless told to stay open.
#[derive(Debug)]
pub(crate) struct Script<T> {
    events: Vec<T>,
    next: usize,
    first: Sequence,
    closes: bool,
}

impl<T> Script<T> {
    pub(crate) fn new(events: impl IntoIterator<Item = T>) -> Self {
        Self { events: events.into_iter().collect(), next: 0, first: Sequence::ZERO, closes: true }
    }
    /// The first event has this position.
    pub(crate) fn starting_at(mut self, first: Sequence) -> Self {
        self.first = first;
        self
    }
    /// Stays open after the last event.
    pub(crate) fn open(mut self) -> Self {
        self.closes = false;
        self
    }
    /// One more event, in an open script.
    pub(crate) fn then(&mut self, event: T) {
        self.events.push(event);
    }
    /// How many events were consumed.
    pub(crate) fn consumed(&self) -> usize {
        self.next
    }
    /// The events, as the stages left them.
    pub(crate) fn events(&self) -> &[T] {
        &self.events
    }

    fn play(&mut self, now: Tick, limit: usize, mut show: impl FnMut(&mut T, At) -> Flow) -> Drained {
        let mut count = 0;
        while count < limit && self.next < self.events.len() {
            let at = At { seq: self.first.plus(self.next as u64), now };
            let flow = show(&mut self.events[self.next], at);
            if flow != Err(Halt::Again) {
                self.next += 1;
                count += 1;
            }
            if let Err(halt) = flow {
                return Drained { count, end: Some(End::Halted(halt)) };
            }
        }
        let over = self.closes && self.next == self.events.len();
        Drained { count, end: over.then_some(End::Closed) }
    }
}

impl<T> Source for Script<T> {
    type Event = T;

    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e T>,
    {
        self.play(now, limit, |event, at| stage.on_event(event, at))
    }
}

impl<T> SourceMut for Script<T> {
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut T>,
    {
        self.play(now, limit, |event, at| stage.on_event(event, at))
    }
}
