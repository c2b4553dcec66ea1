//! A consumer of a ring: takes the events in order, behind those it follows, and says how far it is.
//!
//! ```text
//!           done (this follower)          ahead (whom it follows)
//!             v                             v
//!  ... | done | here | here | here | here | not yet | ...
//! ```
//!
//! | slot `s`            | who may touch it                                           | rule |
//! |---------------------|------------------------------------------------------------|------|
//! | `done <= s < ahead` | this follower, and others that stand between the same ends | R4 |
//!
//! | store (Release)                | load (Acquire)           | what it hands over                    |
//! |--------------------------------|--------------------------|---------------------------------------|
//! | own cursor, `advance` S1     | who waits for this one   | the slots it is done with              |
//! | the cursor ahead, or the slot's stamp S1 S3 | `Feed::ahead`, `Feed::published` | the slots' contents |

use super::batch::{Advance, Batch};
use super::pace::Pace;
use crate::channel::{APART, Apart};
use crate::contract::{At, Drained, End, Flow, Halt, Stage, Tick};
use crate::ring::{Progress, Published, Sequence, Slot, Slots};

/// What a follower reads from, and where it says how far it is.
pub(super) trait Feed {
    /// What the ring carries.
    type Event;
    /// What stands beside each event.
    type Mark;
    /// What a slot is aligned as.
    type Line;
    /// The ring.
    fn slots(&self) -> &Slots<Self::Event, Self::Mark, Self::Line>;
    /// The follower's own cursor, or what it has instead.
    fn cursor(&self) -> &impl Advance;
    /// The follower is at `done`: how far may it go at most, and will there be more?
    fn ahead(&self, done: Sequence) -> Progress;
    /// What lies at position `at`, which is before `ahead`, in a slot whose mark is `mark`.
    fn published(mark: &Self::Mark, at: Sequence) -> Published;
    /// Says for the last time how far it is.
    fn leave(&self, done: Sequence);
}

/// The private state of one consumer of a ring.
#[derive(Debug)]
pub(super) struct Follower<F: Feed> {
    feed: F,
    /// Exact: everything before it is consumed; published at the end of each batch, and now and then in it.
    done: Sequence,
    /// How far those ahead were seen to be. May be stale, never too late.
    ahead: Sequence,
    /// They were seen to publish nothing behind `ahead`. Stable.
    ended: bool,
    pace: Pace,
    _apart: Apart,
}

/// So many events are consumed between two stores of the cursor in one batch: seldom enough to leave the line to those
/// who read it, often enough that they need not wait for the end of a long batch.
const STRIDE: u64 = 64;

impl<F: Feed> Follower<F> {
    pub(super) fn new(feed: F, start: Sequence) -> Self {
        Self { feed, done: start, ahead: start, ended: false, pace: Pace::new(start), _apart: APART }
    }
    pub(super) fn feed(&self) -> &F {
        &self.feed
    }
    pub(super) fn feed_mut(&mut self) -> &mut F {
        &mut self.feed
    }
    /// Goes on at `to`, which those ahead have reached, and passes over what is before it.
    pub(super) fn seek(&mut self, to: Sequence) {
        (self.done, self.ahead, self.ended) = (to, to, false);
    }
    /// Everything before it is consumed.
    pub(super) fn done(&self) -> Sequence {
        self.done
    }
    /// Those ahead will publish no more, and everything is consumed.
    pub(super) fn is_closed(&self) -> bool {
        let ahead = self.feed.ahead(self.done);
        ahead.closed && ahead.done == self.done
    }
    /// Events (and void slots) between this follower and those ahead.
    pub(super) fn len(&self) -> u64 {
        let most = self.feed.ahead(self.done).done.since(self.done);
        let not_yet = |n: &u64| {
            let at = self.done.plus(*n);
            F::published(self.feed.slots().mark(at), at) == Published::NotYet
        };
        (0..most).find(not_yet).unwrap_or(most)
    }
    /// Walks at most `limit` events; `one` is called with slots that are this follower's by [R4].
    #[inline]
    fn walk(
        &mut self,
        limit: usize,
        mut one: impl FnMut(&Slot<F::Event, F::Mark, F::Line>, Sequence) -> Flow,
    ) -> Drained {
        if limit == 1 {
            return self.walk_one(one);
        }
        let feed = &self.feed;
        let slots = feed.slots();
        let stride = (slots.capacity() / 4).clamp(1, STRIDE);
        let mut batch = Batch::new(Some(feed.cursor()), &mut self.done);
        let (mut left, mut end) = (limit as u64, None);
        let mut known = self.ahead.since(batch.at);
        // What was seen last is enough for a small limit, but for the void slots in it.
        let mut fresh = known < left;
        if fresh {
            (self.ahead, self.ended) = look(feed, &mut self.pace, batch.at);
            known = self.ahead.since(batch.at);
        }
        'batch: while known.min(left) != 0 {
            let most = known.min(left);
            for slot in slots.row(batch.at, most.min(stride)) {
                match F::published(slot.mark(), batch.at) {
                    Published::NotYet => {
                        // The stamps have the last word on how far it goes; the end may have come meanwhile.
                        (self.ahead, self.ended) = seen(feed, batch.at);
                        break 'batch;
                    }
                    Published::Void => batch.step(),
                    Published::Event => match one(slot, batch.at) {
                        Ok(()) => {
                            left -= 1;
                            batch.step();
                        }
                        Err(halt) => {
                            if halt != Halt::Again {
                                left -= 1;
                                batch.step();
                            }
                            end = Some(End::Halted(halt));
                            break 'batch;
                        }
                    },
                }
            }
            if left == 0 {
                break;
            }
            batch.publish();
            known = self.ahead.since(batch.at);
            if known == 0 && !fresh {
                fresh = true;
                (self.ahead, self.ended) = look(feed, &mut self.pace, batch.at);
                known = self.ahead.since(batch.at);
            }
        }
        drop(batch);
        let dry = self.ended && self.done == self.ahead;
        Drained { count: limit - left as usize, end: end.or(dry.then_some(End::Closed)) }
    }
    /// As `walk`, for one event: there is no progress to keep while it runs.
    #[inline(always)]
    fn walk_one(&mut self, one: impl FnOnce(&Slot<F::Event, F::Mark, F::Line>, Sequence) -> Flow) -> Drained {
        let (mut count, mut end, mut fresh) = (0, None, false);
        loop {
            if self.done == self.ahead {
                if fresh {
                    break;
                }
                fresh = true;
                (self.ahead, self.ended) = look(&self.feed, &mut self.pace, self.done);
                continue;
            }
            let slot = self.feed.slots().slot(self.done);
            match F::published(slot.mark(), self.done) {
                Published::NotYet => {
                    (self.ahead, self.ended) = seen(&self.feed, self.done);
                    break;
                }
                Published::Void => self.step(),
                Published::Event => {
                    let flow = one(slot, self.done);
                    if flow != Err(Halt::Again) {
                        count = 1;
                        self.step();
                    }
                    end = flow.err().map(End::Halted);
                    break;
                }
            }
        }
        let dry = self.ended && self.done == self.ahead;
        Drained { count, end: end.or(dry.then_some(End::Closed)) }
    }
    #[inline(always)]
    fn step(&mut self) {
        self.done = self.done.next();
        self.feed.cursor().advance(self.done);
    }
    #[inline]
    pub(super) fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e F::Event>,
    {
        self.walk(limit, |slot, seq| {
            // SAFETY: [R4] `seq` lies between this follower and those ahead, so no writer is in the slot; `Feed` is
            // implemented so that a follower that takes slots exclusively is alone between its ends.
            unsafe { slot.share(|event| stage.on_event(event, At { seq, now })) }
        })
    }
    /// As `drain`, with the slots lent.
    ///
    /// # Safety
    /// R4 exclusively: no other follower stands between the same ends.
    #[inline]
    pub(super) unsafe fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut F::Event>,
    {
        self.walk(limit, |slot, seq| {
            // SAFETY: [R4] `seq` lies between this follower and those ahead, so no writer is in the slot; by the
            // caller there is no other follower either.
            unsafe { slot.lend(|event| stage.on_event(event, At { seq, now })) }
        })
    }
}

/// Looks how far those ahead of `done` are.
///
/// While it waits, the line of the next slot is asked for together with the cursor's: when the event comes, two lines are
/// on their way at once, and not one after the other.
#[inline(always)]
fn look<F: Feed>(feed: &F, pace: &mut Pace, done: Sequence) -> (Sequence, bool) {
    if pace.before_look(done) {
        feed.slots().will_read(done);
    }
    let (ahead, ended) = seen(feed, done);
    pace.after_look(done, ahead != done);
    (ahead, ended)
}

/// How far those ahead of `done` are, and whether they go no further.
#[inline(always)]
fn seen<F: Feed>(feed: &F, done: Sequence) -> (Sequence, bool) {
    let ahead = feed.ahead(done);
    (ahead.done, ahead.closed)
}

impl<F: Feed> Drop for Follower<F> {
    fn drop(&mut self) {
        self.feed.leave(self.done);
    }
}
