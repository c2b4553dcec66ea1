//! The end that takes out.

use super::interests::Interests;
use super::{Publication, topics::Desk};
use crate::channel::publish_subscribe::{self as channel, NoEvent};
use crate::contract::{At, Drained, End, Flow, Halt, Source, Stage, Tick};
use crate::ring::Sequence;
use crate::sync::Arc;

/// One subscription. [`Source`] and [`recv`](Self::recv) have its verbs: first what was retained, oldest first, then what
/// comes.
#[derive(Debug)]
pub struct Subscriber<T> {
    ring: channel::Subscriber<Publication<T>, Desk<T>>,
    interests: Arc<Interests>,
    /// Of the ring, and the row of the interests.
    seat: usize,
    /// So many of the retained events were consumed; nothing if all were.
    handed: Option<usize>,
    filtered: u64,
}

impl<T> Subscriber<T> {
    pub(super) fn new(ring: channel::Subscriber<Publication<T>, Desk<T>>, interests: Arc<Interests>) -> Self {
        let seat = ring.seat();
        Self { ring, interests, seat, handed: Some(0), filtered: 0 }
    }
    /// The position from which on it gets every event of its topics, once the publisher has let it in. Stable then.
    pub fn joined(&mut self) -> Option<Sequence> {
        self.ring.joined()
    }
    /// Goes, and says so; see [`channel::Subscriber::unsubscribe`].
    pub fn unsubscribe(self) -> Option<Sequence> {
        self.ring.unsubscribe()
    }
    /// Nothing will ever come: all that was retained is consumed, and the ring is closed. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.ring.is_closed() && (self.handed.is_none() || self.ring.next().is_none())
    }
    /// Events of other topics that it passed over.
    #[must_use]
    pub const fn filtered(&self) -> u64 {
        self.filtered
    }
    /// The subscription to the ring, to be asked.
    #[must_use]
    pub const fn ring(&self) -> &channel::Subscriber<Publication<T>, Desk<T>> {
        &self.ring
    }
    /// Shows the next event of its topics to `look`, and consumes it. Wait-free: it passes over a lap of others at most.
    ///
    /// # Errors
    /// [`NoEvent`] says why there is none; `look` was not called then.
    pub fn recv<R>(&mut self, look: impl FnOnce(&Publication<T>) -> R) -> Result<R, NoEvent> {
        let (mut look, mut seen) = (Some(look), None);
        let mut show = |publication: &Publication<T>| seen = look.take().map(|look| look(publication));
        if self.handed.is_some() {
            let mut stage = |publication: &Publication<T>, _: At| -> Flow {
                show(publication);
                Ok(())
            };
            let handed = self.hand_over(Tick::ZERO, 1, &mut stage);
            if let Some(seen) = seen {
                return Ok(seen);
            }
            if self.handed.is_some() {
                return Err(if handed.end.is_some() { NoEvent::Closed } else { NoEvent::Empty });
            }
        }
        let (interests, seat, mut passed) = (&self.interests, self.seat, 0);
        let mut show = |publication: &Publication<T>| seen = look.take().map(|look| look(publication));
        let mut last = NoEvent::Empty;
        for _ in 0..self.ring.capacity() {
            let wanted = self.ring.recv(|publication| {
                let wanted = interests.has(seat, publication.topic);
                if wanted {
                    show(publication);
                }
                wanted
            });
            match wanted {
                Ok(true) => break,
                Ok(false) => passed += 1,
                Err(no_event) => {
                    last = no_event;
                    break;
                }
            }
        }
        self.filtered += passed;
        seen.ok_or(last)
    }
    /// Shows what was retained to `stage`, at most `limit`; `handed` is empty when all was, and there is no end then.
    #[cold]
    fn hand_over<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e Publication<T>>,
    {
        let (handed, mut count) = (&mut self.handed, 0);
        let end = self.ring.desk(|desk| {
            while count < limit
                && let Some(next) = *handed
            {
                let Some(kept) = desk.retained.get(next) else {
                    // Clones that nobody needs any more.
                    desk.retained.clear();
                    *handed = None;
                    break;
                };
                let flow = stage.on_event(&kept.publication, At { seq: kept.at, now });
                if flow != Err(Halt::Again) {
                    (*handed, count) = (Some(next + 1), count + 1);
                }
                if let Err(halt) = flow {
                    return Some(End::Halted(halt));
                }
            }
            None
        });
        let never = end.is_none() && self.ring.is_closed();
        Drained { count, end: end.flatten().or(never.then_some(End::Closed)) }
    }
}

impl<T> Source for Subscriber<T> {
    type Event = Publication<T>;
    /// The count is of the events that were shown; others are passed over, a lap of them at most.
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e Publication<T>>,
    {
        let mut count = 0;
        if self.handed.is_some() {
            let handed = self.hand_over(now, limit, stage);
            // What is in the ring comes behind all of it, and who is not let in yet has not seen all of it.
            if self.handed.is_some() {
                return handed;
            }
            count = handed.count;
        }
        let (interests, seat, filtered) = (&self.interests, self.seat, &mut self.filtered);
        let mut lap = self.ring.capacity();
        loop {
            let mut shown = 0;
            let drained =
                self.ring.drain(now, lap.min(limit - count), &mut |publication: &Publication<T>, at: At| {
                    if !interests.has(seat, publication.topic) {
                        *filtered += 1;
                        return Ok(());
                    }
                    let flow = stage.on_event(publication, at);
                    shown += usize::from(flow != Err(Halt::Again));
                    flow
                });
            count += shown;
            lap -= drained.count;
            if drained.end.is_some() || drained.count == 0 || lap == 0 || count == limit {
                return Drained { count, end: drained.end };
            }
        }
    }
    fn position(&self) -> Option<Sequence> {
        self.ring.position()
    }
}
