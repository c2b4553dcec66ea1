//! The end that takes out.

use super::interests::Interests;
use super::{Publication, topics::Desk};
use crate::channel::publish_subscribe::{self as channel, NoEvent, Policy};
use crate::contract::{Account, At, Drained, End, Flow, Halt, Ledger, Reason, Source, Stage, Tick};
use crate::ring::Sequence;
use crate::sync::Arc;

/// One subscription. [`Source`] and [`recv`](Self::recv) have its verbs: first what was retained, oldest first, then what
/// comes.
///
/// Its books: `in` is all that it went past, what was retained for it included; of these are `out` what was shown and
/// consumed, `filtered` the events of other topics, and dropped for [`Reason::Evicted`] what it missed. They are published
/// at the end of each turn, by [`recv`](Self::recv) every 64 events and when there is none, and at the end.
#[derive(Debug)]
pub struct Subscriber<T> {
    ring: channel::Subscriber<Publication<T>, Desk<T>>,
    interests: Arc<Interests>,
    /// Of the ring, and the row of the interests.
    seat: usize,
    /// Its policy: the publisher may lay more on its desk.
    conflates: bool,
    /// Nothing is left there.
    handed: bool,
    ledger: Ledger,
}

/// Events that `recv` shows between two publications of the books, less one.
const BOOKS: u64 = 63;

impl<T> Subscriber<T> {
    pub(super) fn new(ring: channel::Subscriber<Publication<T>, Desk<T>>, interests: Arc<Interests>) -> Self {
        let seat = ring.seat();
        let ledger = interests.books(seat);
        let conflates = ring.policy() == Policy::Conflate;
        Self { ring, interests, seat, conflates, handed: false, ledger }
    }
    /// The position from which on it gets every event of its topics, once the publisher has let it in. Stable then.
    pub fn joined(&mut self) -> Option<Sequence> {
        self.ring.joined()
    }
    /// Goes, and says so; see [`channel::Subscriber::unsubscribe`].
    pub fn unsubscribe(mut self) -> Option<Sequence> {
        self.ring.say_goodbye()
    }
    /// Nothing will ever come: all that was retained is consumed, and the ring is closed. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.ring.is_closed() && (self.handed || self.ring.next().is_none())
    }
    /// Events of other topics that it passed over.
    #[must_use]
    pub const fn filtered(&self) -> u64 {
        self.ledger.balance().filtered
    }
    /// Its line of the books. The account is that of its seat: it stays as it is when the subscriber has gone, until the seat
    /// has a new one.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
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
        let next = self.find(look);
        if next.is_err() || self.ledger.balance().out & BOOKS == BOOKS {
            self.publish();
        }
        next
    }
    fn find<R>(&mut self, look: impl FnOnce(&Publication<T>) -> R) -> Result<R, NoEvent> {
        if self.conflates
            && let Some(lag) = self.look_round()
        {
            return Err(NoEvent::Lagged(lag));
        }
        let (mut look, mut seen) = (Some(look), None);
        let mut show = |publication: &Publication<T>| seen = look.take().map(|look| look(publication));
        if !self.handed {
            let mut stage = |publication: &Publication<T>, _: At| -> Flow {
                show(publication);
                Ok(())
            };
            let handed = self.hand_over(Tick::ZERO, 1, &mut stage);
            if let Some(seen) = seen {
                return Ok(seen);
            }
            if !self.handed {
                return Err(if handed.end.is_some() { NoEvent::Closed } else { NoEvent::Empty });
            }
        }
        let Self { ring, interests, seat, ledger, .. } = self;
        let mut show = |publication: &Publication<T>| seen = look.take().map(|look| look(publication));
        let mut last = NoEvent::Empty;
        for _ in 0..ring.capacity() {
            let wanted = ring.recv(|publication| {
                let wanted = interests.has(*seat, publication.topic);
                if wanted {
                    show(publication);
                }
                wanted
            });
            match wanted {
                Ok(true) => {
                    ledger.took(1);
                    ledger.passed(1);
                    break;
                }
                Ok(false) => {
                    ledger.took(1);
                    ledger.filtered();
                }
                Err(no_event) => {
                    last = no_event;
                    break;
                }
            }
        }
        seen.ok_or(last)
    }
    /// If it was moved on, what lies on its desk is new, and comes first: so many were missed before that.
    #[cold]
    fn look_round(&mut self) -> Option<u64> {
        if self.ring.was_moved() {
            self.handed = false;
        }
        self.ring.lag()
    }
    /// A turn is over: what was missed in it is booked, too.
    fn publish(&mut self) {
        let booked = self.ledger.balance().dropped[Reason::Evicted];
        self.ledger.missed(self.ring.missed() - booked);
        self.ledger.publish();
    }
    /// Shows what was retained to `stage`, at most `limit`; `handed` is set when all was, and there is no end then.
    #[cold]
    fn hand_over<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e Publication<T>>,
    {
        let Self { ring, handed, ledger, .. } = self;
        let mut count = 0;
        let end = ring.desk(|desk| {
            while count < limit {
                let Some(kept) = desk.retained.get(desk.handed) else {
                    // Clones that nobody needs any more.
                    desk.retained.clear();
                    (desk.handed, *handed) = (0, true);
                    break;
                };
                let flow = ledger.handed_on(stage.on_event(&kept.publication, At { seq: kept.at, now }));
                if flow != Err(Halt::Again) {
                    (desk.handed, count) = (desk.handed + 1, count + 1);
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
    #[inline]
    fn turn<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e Publication<T>>,
    {
        let mut count = 0;
        if self.conflates {
            self.look_round();
        }
        if !self.handed {
            let handed = self.hand_over(now, limit, stage);
            // What is in the ring comes behind all of it, and who is not let in yet has not seen all of it.
            if !self.handed {
                return handed;
            }
            count = handed.count;
        }
        let Self { ring, interests, seat, ledger, .. } = self;
        let mut lap = ring.capacity();
        loop {
            let mut shown = 0;
            let drained =
                ring.drain(now, lap.min(limit - count), &mut |publication: &Publication<T>, at: At| {
                    if !interests.has(*seat, publication.topic) {
                        ledger.took(1);
                        ledger.filtered();
                        return Ok(());
                    }
                    let flow = ledger.handed_on(stage.on_event(publication, at));
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
}

impl<T> Source for Subscriber<T> {
    type Event = Publication<T>;
    /// The count is of the events that were shown; others are passed over, a lap of them at most.
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e Publication<T>>,
    {
        let drained = self.turn(now, limit, stage);
        self.publish();
        drained
    }
    fn position(&self) -> Option<Sequence> {
        self.ring.position()
    }
}

impl<T> Drop for Subscriber<T> {
    /// A handler's panic may have ended the last turn before its end.
    fn drop(&mut self) {
        self.publish();
    }
}
