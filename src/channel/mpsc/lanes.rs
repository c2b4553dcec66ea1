//! The strict variant: a lane for each producer, merged by the consumer. No thread that stalls, wherever it does, holds
//! up another, but for the room in its own lane.

use super::{Numbered, Turns};
use crate::channel::spsc;
use crate::channel::{APART, Apart};
use crate::contract::{Drained, Source, SourceMut, Stage, Tick};
use crate::ring::{CapacityError, Sequence};

/// So many events of one lane are taken before another that has any gets its turn.
const BURST: usize = 64;

/// Builds `producers` lanes of `capacity` slots each (a power of two), each slot filled by `fill` now and reused for
/// ever. Without any producer it is closed from the beginning.
///
/// ```
/// use ringmain::channel::mpsc;
/// use ringmain::contract::{At, Flow, Sink, Source, Tick};
///
/// let (mut producers, mut rx) = mpsc::lanes(2, 8, || 0u64)?;
/// for (n, tx) in (10..).zip(&mut producers) {
///     tx.push(n)?;
/// }
/// let mut seen = Vec::new();
/// let _ = rx.drain(Tick::ZERO, 8, &mut |n: &u64, at: At| -> Flow { Ok(seen.push((at.seq.count(), *n))) });
/// assert_eq!(seen, [(0, 10), (1, 11)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CapacityError`] if the capacity is zero, not a power of two, or too large.
pub fn lanes<T>(
    producers: usize,
    capacity: usize,
    fill: impl FnMut() -> T,
) -> Result<(Vec<spsc::Producer<T>>, Lanes<T>), CapacityError> {
    lanes_from(Sequence::ZERO, producers, capacity, fill)
}

/// As [`lanes`], with positions and numbers counted from `start`: for tests that begin just before the wrap.
///
/// # Errors
/// As [`lanes`].
#[doc(hidden)]
pub fn lanes_from<T>(
    start: Sequence,
    producers: usize,
    capacity: usize,
    mut fill: impl FnMut() -> T,
) -> Result<(Vec<spsc::Producer<T>>, Lanes<T>), CapacityError> {
    let mut ends = Vec::new();
    for _ in 0..producers {
        ends.push(spsc::channel_from(start, capacity, &mut fill)?);
    }
    let (producers, lanes): (_, Vec<_>) = ends.into_iter().unzip();
    let slots = lanes.iter().map(spsc::Consumer::capacity).sum();
    Ok((
        producers,
        Lanes { lanes: lanes.into(), turns: Turns::new(BURST), next: start, slots, _apart: APART },
    ))
}

/// The end that takes out of all lanes. Dropping it closes them: each producer is refused with `Closed`.
///
/// [`Source`] and [`SourceMut`] have its verbs, all wait-free but those that wait. Up to 64 events of each lane are taken in
/// turn, and in one call no more than all lanes have slots: so a producer that never rests keeps neither the others waiting
/// nor the call from ending. `At::seq` counts the events of all lanes without a gap. An event that the stage answers `Again`
/// comes next, with the same number, whatever came to the other lanes meanwhile. `Closed` comes when every lane is closed
/// and empty.
///
/// The same merge, over sources of any kind, is [`Sequencer::round_robin`](crate::pattern::Sequencer::round_robin).
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::mpsc::Lanes<u64>>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Lanes<T> {
    lanes: Box<[spsc::Consumer<T>]>,
    turns: Turns,
    /// The number of the next event.
    next: Sequence,
    /// Of all lanes.
    slots: usize,
    _apart: Apart,
}

impl<T> Lanes<T> {
    /// The number of slots of all lanes. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.slots
    }
    /// Events that can be consumed now. At least so many stay until this end drains.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lanes.iter().map(spsc::Consumer::len).sum()
    }
    /// Nothing can be consumed now. `false` is stable until this end drains.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lanes.iter().all(spsc::Consumer::is_empty)
    }
    /// All producers are gone and everything is consumed. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.lanes.iter().all(spsc::Consumer::is_closed)
    }
    /// The number of the next event to consume.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.next
    }
    /// The lanes, in the order of their producers, to see how far behind each is.
    #[must_use]
    pub fn lanes(&self) -> &[spsc::Consumer<T>] {
        &self.lanes
    }
    /// Rounds until nothing is there, but no more events than there are slots. `take` gives at most so many of a lane to the
    /// stage, with the number that is next. Not part of its callers, which are small but for it.
    #[inline(never)]
    fn rounds(
        &mut self,
        limit: usize,
        mut take: impl FnMut(&mut spsc::Consumer<T>, usize, &mut Sequence) -> Drained,
    ) -> Drained {
        let (limit, mut count) = (limit.min(self.slots), 0);
        loop {
            let take = |lane: &mut _, limit| take(lane, limit, &mut self.next);
            let (taken, more) = self.turns.round(&mut self.lanes, limit - count, take);
            count += taken.count;
            if !more || count == limit || taken.end.is_some() {
                return Drained { count, end: taken.end };
            }
        }
    }
}

impl<T> Source for Lanes<T> {
    type Event = T;
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e T>,
    {
        if limit == 1 {
            // Often wanted, and a short way if the compiler knows.
            let Self { lanes, turns, next, .. } = self;
            return turns.one(lanes, |lane| lane.drain(now, 1, &mut Numbered { next, stage }));
        }
        self.rounds(limit, |lane, limit, next| lane.drain(now, limit, &mut Numbered { next, stage }))
    }
}

impl<T> SourceMut for Lanes<T> {
    #[inline]
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut T>,
    {
        if limit == 1 {
            // Often wanted, and a short way if the compiler knows.
            let Self { lanes, turns, next, .. } = self;
            return turns.one(lanes, |lane| lane.drain_mut(now, 1, &mut Numbered { next, stage }));
        }
        self.rounds(limit, |lane, limit, next| lane.drain_mut(now, limit, &mut Numbered { next, stage }))
    }
}
