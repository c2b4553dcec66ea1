//! The end that takes out.

use super::{Desk, Policy, Resume, Shared};
use crate::channel::batch::Advance;
use crate::channel::follower::{Feed, Follower};
use crate::contract::{Drained, End, Source, Stage, Tick, each};
use crate::ring::{Progress, Published, Seat, Sequence, Slots, Standing};
use crate::sync::Arc;
use core::{cell::Cell, marker::PhantomData};

/// One subscription. [`Source`] and [`recv`](Self::recv) have its verbs, all wait-free. It allocates nothing.
///
/// Dropping it is leaving, whatever the cause; only for a [`Required`](Policy::Required) one it makes a difference whether
/// it [says so](Self::unsubscribe).
///
/// ```compile_fail,E0277
/// // Subscribers on several threads look at one event at once, so it must be `Sync`.
/// use ringmain::channel::publish_subscribe::{channel, Begin, Policy};
/// let (_tx, subscriptions) = channel(8, 2, || std::cell::Cell::new(0)).unwrap();
/// let subscriber = subscriptions.subscribe(Policy::Gate, Begin::Now).unwrap();
/// std::thread::spawn(move || drop(subscriber));
/// ```
#[derive(Debug)]
pub struct Subscriber<T, D = ()> {
    follower: Follower<Tap<T, D>>,
    policy: Policy,
    /// Where the publisher let it in, once that was seen here.
    joined: Option<Sequence>,
    /// Where the publisher ended it.
    ended: Option<Sequence>,
    /// It conflates, and was moved; what lies on its desk comes first.
    moved: bool,
    missed: u64,
    /// Of those, what `recv` has told, or `drain` has passed over.
    told: u64,
    alone: PhantomData<Cell<()>>,
}

/// Why a subscriber got no event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoEvent {
    /// Nothing new, or the publisher has not let it in yet. May be stale at once.
    Empty,
    /// So many events, at least one, were not seen and will not be. The next event is the one behind them.
    Lagged(u64),
    /// It was too slow for its policy: it has got everything before this position, and gets no more. Stable.
    Disconnected {
        /// The position of the first event that it did not get.
        at: Sequence,
    },
    /// The publisher is gone, and nothing is left. Stable.
    Closed,
}

impl core::fmt::Display for NoEvent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Empty => f.write_str("nothing new: try again"),
            Self::Lagged(n) => {
                write!(f, "{n} events were given up before they were read: go on, or take a larger ring")
            }
            Self::Disconnected { at } => write!(f, "too slow: disconnected at {at}; subscribe anew"),
            Self::Closed => f.write_str("the channel is closed: its publisher is gone"),
        }
    }
}

impl core::error::Error for NoEvent {}

/// A displaced subscriber tries so often to go in; then its turn is over, as the publisher is that fast.
const TRIES: u32 = 4;

impl<T, D> Subscriber<T, D> {
    pub(super) fn new(shared: Arc<Shared<T, D>>, seat: usize, policy: Policy) -> Self {
        let tap = Tap { shared, seat, gates: policy.gates(), said: false };
        Self {
            follower: Follower::new(tap, Sequence::ZERO),
            policy,
            joined: None,
            ended: None,
            moved: false,
            missed: 0,
            told: 0,
            alone: PhantomData,
        }
    }
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.follower.feed().slots().capacity() as usize
    }
    /// The number of its seat. Stable; another subscriber has it afterwards.
    #[must_use]
    pub fn seat(&self) -> usize {
        self.follower.feed().seat
    }
    /// What it asked for. Stable.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }
    /// The position from which on it gets every event, once the publisher has let it in. Stable then.
    pub fn joined(&mut self) -> Option<Sequence> {
        if self.joined.is_none() && self.follower.feed().own().standing() == Standing::Seated {
            // Where it is now; one that conflates may have been moved on already.
            let place = self.follower.feed().own().place();
            self.follower.seek(place.done);
            let joined = self.at_desk(|desk| desk.joined)?;
            self.follower.seek(joined);
            self.joined = Some(joined);
        }
        self.joined
    }
    /// Lends its desk; nothing while the publisher moves it on.
    fn at_desk<R>(&mut self, look: impl FnOnce(&mut Desk<D>) -> R) -> Option<R> {
        if self.policy != Policy::Conflate {
            let tap = self.follower.feed();
            // SAFETY: [R5] the seat is `Seated`, as all callers have seen, and this is its subscriber, borrowed exclusively.
            return Some(unsafe { tap.shared.at_desk(tap.seat, look) });
        }
        let inside = self.sit_down()?;
        let tap = inside.0.follower.feed();
        // SAFETY: [R5] the seat is `Seated`, its subscriber, borrowed exclusively, is inside, and is so until this ends.
        Some(unsafe { tap.shared.at_desk(tap.seat, look) })
    }
    /// Goes in, for one that conflates, also where there is nothing to read.
    fn sit_down(&mut self) -> Option<Inside<'_, T, D>> {
        for _ in 0..TRIES {
            match self.follower.feed().own().enter(self.follower.done()) {
                Ok(()) => return Some(Inside(self)),
                Err(place) if place.ended => return None,
                Err(place) => self.skip_to(place.done),
            }
        }
        None
    }
    /// It [conflates](Policy::Conflate) and was moved on: it gets nothing from the ring before it has looked at its
    /// [`desk`](Self::desk). How many events it missed is known then.
    pub fn was_moved(&mut self) -> bool {
        if self.policy == Policy::Conflate
            && self.joined().is_some()
            && let Some(given_up) = self.at_desk(|desk| desk.given_up)
        {
            self.missed = given_up;
        }
        self.moved
    }
    /// Events that it missed and that nobody was told of: so many, if any. This tells.
    pub fn lag(&mut self) -> Option<u64> {
        let lag = self.missed - self.told;
        self.told = self.missed;
        (lag != 0).then_some(lag)
    }
    /// What the usher has laid on its desk, and what it laid there itself; nothing before it has joined, and while the
    /// publisher moves it on. One that conflates holds the publisher up meanwhile, as if it looked at an event.
    pub fn desk<R>(&mut self, look: impl FnOnce(&mut D) -> R) -> Option<R> {
        self.joined()?;
        let (missed, out) = self.at_desk(|desk| (desk.given_up, look(&mut desk.tenant)))?;
        if self.policy == Policy::Conflate {
            (self.missed, self.moved) = (missed, false);
        }
        Some(out)
    }
    /// The position of the next event to consume, if it is not displaced meanwhile; nothing before it has joined.
    #[must_use]
    pub fn next(&self) -> Option<Sequence> {
        self.joined.map(|_| self.follower.done())
    }
    /// Events that are there and that it has not consumed; 0 until it was told that it has joined, by `joined` or a turn.
    /// One that may lag loses them if it takes its time.
    #[must_use]
    pub fn len(&self) -> usize {
        if self.joined.is_none() || self.ended.is_some() {
            return 0;
        }
        let done = self.follower.done();
        (self.follower.feed().ahead(done).done.since(done) as usize).min(self.capacity())
    }
    /// Nothing can be consumed now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Events that it missed, all in all: what [`recv`](Self::recv) told, and what `drain` passed over. Exact.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }
    /// Where it was disconnected, as far as it knows: the position of the first event that it did not get. Stable.
    #[must_use]
    pub fn disconnected(&self) -> Option<Sequence> {
        self.ended
    }
    /// Nothing will ever come: the publisher is gone and everything is consumed, or it was disconnected. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        match self.joined {
            Some(_) => self.ended.is_some() || !self.moved && self.follower.is_closed(),
            None => self.never_joins(),
        }
    }
    /// Goes, and says so: the position before which it has got everything that it did not miss; nothing if it has not
    /// joined.
    pub fn unsubscribe(mut self) -> Option<Sequence> {
        self.say_goodbye()
    }
    /// As [`unsubscribe`](Self::unsubscribe), by somebody who drops it then.
    pub(crate) fn say_goodbye(&mut self) -> Option<Sequence> {
        let left = self.joined().map(|_| self.follower.done());
        self.follower.feed_mut().said = true;
        left
    }
    /// Shows the next event to `look`, and consumes it. Wait-free.
    ///
    /// # Errors
    /// [`NoEvent`] says why there is none; `look` was not called then. After `Lagged` the next call goes on behind what was
    /// missed.
    pub fn recv<R>(&mut self, look: impl FnOnce(&T) -> R) -> Result<R, NoEvent> {
        let no_event = match self.go_in() {
            Ok(mut inside) if inside.0.missed == inside.0.told => {
                let (mut look, mut seen) = (Some(look), None);
                let mut stage = each(|event: &T| seen = look.take().map(|look| look(event)));
                let drained = inside.drain(Tick::ZERO, 1, &mut stage);
                let closed = drained.end == Some(End::Closed);
                return seen.ok_or(if closed { NoEvent::Closed } else { NoEvent::Empty });
            }
            Ok(_) => NoEvent::Empty,
            Err(no_event) => no_event,
        };
        Err(self.lag().map_or(no_event, NoEvent::Lagged))
    }
    /// The publisher is gone, and has not let it in before it went.
    fn never_joins(&self) -> bool {
        let tap = self.follower.feed();
        // In this order: who finds the end, finds the last admission, too.
        tap.shared.tail.read().closed && tap.own().standing() == Standing::Joining
    }
    /// Goes where slots can be looked at; counts what it missed on the way.
    #[inline]
    fn go_in(&mut self) -> Result<Inside<'_, T, D>, NoEvent> {
        if self.joined.is_none() && self.never_joins() {
            return Err(NoEvent::Closed);
        }
        self.joined().ok_or(NoEvent::Empty)?;
        if !self.policy.gates() {
            self.enter()?;
        }
        Ok(Inside(self))
    }
    fn enter(&mut self) -> Result<(), NoEvent> {
        if let Some(at) = self.ended {
            return Err(NoEvent::Disconnected { at });
        }
        for _ in 0..TRIES {
            if self.moved {
                return Err(NoEvent::Empty);
            }
            let (feed, done) = (self.follower.feed(), self.follower.done());
            let ahead = feed.ahead(done);
            if ahead.done == done {
                return Err(if ahead.closed { NoEvent::Closed } else { NoEvent::Empty });
            }
            match feed.own().enter(done) {
                Ok(()) => {
                    self.resume();
                    return Ok(());
                }
                // The publisher is about to move it on.
                Err(place) if place.ended && self.policy == Policy::Conflate => return Err(NoEvent::Empty),
                Err(place) if place.ended => {
                    self.ended = Some(place.done);
                    return Err(NoEvent::Disconnected { at: place.done });
                }
                Err(place) => self.skip_to(place.done),
            }
        }
        Err(NoEvent::Empty)
    }
    /// It is inside, and goes on to the newest event if it has missed some and is to.
    fn resume(&mut self) {
        if self.missed != self.told && self.policy == Policy::Lag(Resume::Newest) {
            let newest = self.follower.feed().ahead(self.follower.done()).done.minus(1);
            self.skip_to(newest);
        }
    }
    fn skip_to(&mut self, to: Sequence) {
        if self.policy == Policy::Conflate {
            self.moved = true;
        } else {
            self.missed += to.since(self.follower.done());
        }
        self.follower.seek(to);
    }
}

impl<T, D> Source for Subscriber<T, D> {
    type Event = T;
    /// What was missed is passed over, and counted in [`missed`](Subscriber::missed); `At::seq` has a gap there. A
    /// subscriber that was disconnected is closed; see [`disconnected`](Subscriber::disconnected).
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e T>,
    {
        // The common case, said first: nothing is in the way.
        if self.joined.is_some() && self.policy.gates() {
            return self.follower.drain(now, limit, stage);
        }
        match self.go_in() {
            Ok(mut inside) => inside.drain(now, limit, stage),
            Err(NoEvent::Closed | NoEvent::Disconnected { .. }) => {
                Drained { count: 0, end: Some(End::Closed) }
            }
            Err(NoEvent::Empty | NoEvent::Lagged(_)) => Drained { count: 0, end: None },
        }
    }
    #[inline]
    fn position(&self) -> Option<Sequence> {
        self.next()
    }
}

/// A subscriber that is in the ring: one that may be moved will not be until this is dropped.
struct Inside<'a, T, D>(&'a mut Subscriber<T, D>);

impl<T, D> Inside<'_, T, D> {
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e T>,
    {
        self.0.told = self.0.missed;
        self.0.follower.drain(now, limit, stage)
    }
}

impl<T, D> Drop for Inside<'_, T, D> {
    #[inline]
    fn drop(&mut self) {
        let follower = &self.0.follower;
        if !follower.feed().gates {
            follower.feed().own().stand(follower.done(), false);
        }
    }
}

/// Where a subscriber stands at the ring.
#[derive(Debug)]
struct Tap<T, D> {
    shared: Arc<Shared<T, D>>,
    seat: usize,
    /// Nobody moves it, so it need not say that it is inside.
    gates: bool,
    /// It says that it goes.
    said: bool,
}

impl<T, D> Tap<T, D> {
    #[inline]
    fn own(&self) -> &Seat {
        self.shared.seat(self.seat)
    }
}

impl<T, D> Advance for Tap<T, D> {
    #[inline]
    fn advance(&self, done: Sequence) {
        self.own().stand(done, !self.gates);
    }
}

impl<T, D> Feed for Tap<T, D> {
    type Event = T;
    type Mark = ();
    type Line = ();
    #[inline]
    fn slots(&self) -> &Slots<T> {
        &self.shared.slots
    }
    #[inline]
    fn cursor(&self) -> &impl Advance {
        self
    }
    #[inline]
    fn ahead(&self, _done: Sequence) -> Progress {
        self.shared.tail.read()
    }
    #[inline]
    fn published(_mark: &(), _at: Sequence) -> Published {
        Published::Event
    }
    fn leave(&self, _done: Sequence) {
        self.own().leave(self.said);
        self.shared.notice.raise();
    }
}
