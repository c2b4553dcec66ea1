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

use crate::contract::{At, Drained, End, Flow, Halt, Stage, Tick};
use crate::ring::{Cursor, Progress, Published, Sequence, Slots};

/// What a follower reads from, and where it says how far it is.
pub(super) trait Feed {
    /// What the ring carries.
    type Event;
    /// What stands beside each event.
    type Mark;
    /// The ring.
    fn slots(&self) -> &Slots<Self::Event, Self::Mark>;
    /// The follower's own cursor.
    fn cursor(&self) -> &Cursor;
    /// The follower is at `done`: how far may it go at most, and will there be more?
    fn ahead(&self, done: Sequence) -> Progress;
    /// What lies at position `at`, which is before `ahead`.
    fn published(&self, at: Sequence) -> Published;
    /// Says for the last time how far it is.
    fn leave(&self, done: Sequence);
}

/// The private state of one consumer of a ring.
#[derive(Debug)]
pub(super) struct Follower<F: Feed> {
    feed: F,
    /// Exact: everything before it is consumed; published at the end of each batch, and now and then in it.
    done: Sequence,
    /// As it was seen last. May be stale, never too late.
    ahead: Progress,
}

/// So many events are consumed between two stores of the cursor in one batch: seldom enough to leave the line to those
/// who read it, often enough that they need not wait for the end of a long batch.
const STRIDE: u64 = 64;

/// Publishes the follower's progress, however the batch ends. An empty batch writes nothing: it would take the line
/// from the other side for no reason.
struct Batch<'a> {
    cursor: &'a Cursor,
    done: &'a mut Sequence,
    published: Sequence,
    stride: u64,
}

impl Batch<'_> {
    #[inline]
    fn step(&mut self) {
        *self.done = self.done.next();
        if self.done.since(self.published) == self.stride {
            self.publish();
        }
    }
    #[inline]
    fn publish(&mut self) {
        self.cursor.advance(*self.done);
        self.published = *self.done;
    }
}

impl Drop for Batch<'_> {
    #[inline]
    fn drop(&mut self) {
        if *self.done != self.published {
            self.publish();
        }
    }
}

impl<F: Feed> Follower<F> {
    pub(super) fn new(feed: F, start: Sequence) -> Self {
        let ahead = Progress { done: start, closed: false, left: false };
        Self { feed, done: start, ahead }
    }
    pub(super) fn feed(&self) -> &F {
        &self.feed
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
        (0..most).find(|n| self.feed.published(self.done.plus(*n)) == Published::NotYet).unwrap_or(most)
    }
    /// Walks at most `limit` events; `one` is called with positions that are this follower's by R4.
    #[inline]
    fn walk(
        &mut self,
        limit: usize,
        mut one: impl FnMut(&Slots<F::Event, F::Mark>, Sequence) -> Flow,
    ) -> Drained {
        let feed = &self.feed;
        let slots = feed.slots();
        let stride = STRIDE.min(slots.capacity().div_ceil(4));
        let published = self.done;
        let mut batch = Batch { cursor: feed.cursor(), done: &mut self.done, published, stride };
        let (mut count, mut end) = (0, None);
        // What was seen last is enough for a small limit, but for the void slots in it.
        let mut fresh = self.ahead.done.since(*batch.done) < limit as u64;
        if fresh {
            self.ahead = feed.ahead(*batch.done);
        }
        while count < limit {
            if *batch.done == self.ahead.done {
                if fresh {
                    break;
                }
                fresh = true;
                self.ahead = feed.ahead(*batch.done);
                continue;
            }
            match feed.published(*batch.done) {
                Published::NotYet => {
                    // The stamps have the last word on how far it goes; the end may have come meanwhile.
                    self.ahead = feed.ahead(*batch.done);
                    break;
                }
                Published::Void => batch.step(),
                Published::Event => match one(slots, *batch.done) {
                    Ok(()) => {
                        count += 1;
                        batch.step();
                    }
                    Err(halt) => {
                        if halt != Halt::Again {
                            count += 1;
                            batch.step();
                        }
                        end = Some(End::Halted(halt));
                        break;
                    }
                },
            }
        }
        drop(batch);
        let dry = self.ahead.closed && self.done == self.ahead.done;
        Drained { count, end: end.or(dry.then_some(End::Closed)) }
    }
    #[inline]
    pub(super) fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e F::Event>,
    {
        self.walk(limit, |slots, seq| {
            // SAFETY: [R4] `seq` lies between this follower and those ahead, so no writer is in the slot; `Feed` is
            // implemented so that a follower that takes slots exclusively is alone between its ends.
            unsafe { slots.share(seq, |event| stage.on_event(event, At { seq, now })) }
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
        self.walk(limit, |slots, seq| {
            // SAFETY: [R4] `seq` lies between this follower and those ahead, so no writer is in the slot; by the
            // caller there is no other follower either.
            unsafe { slots.lend(seq, |event| stage.on_event(event, At { seq, now })) }
        })
    }
}

impl<F: Feed> Drop for Follower<F> {
    fn drop(&mut self) {
        self.feed.leave(self.done);
    }
}
