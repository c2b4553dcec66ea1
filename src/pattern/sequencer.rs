//! Sequencer: several producers, one order, and the numbers 1, 2, 3, ... without a gap.
//!
//! No pattern of the book by that name: *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 5, "Message
//! Sequence" (page 170), has numbers that a receiver puts messages in order by, and leaves to the sender to make them.
//! A process that makes them for all is the fixed sequencer of total order broadcast (Défago, Schiper and Urbán, *ACM
//! Computing Surveys* 36(4), 2004). The other way round is the [`resequencer`](super::resequencer).
//!
//! ```text
//!  producer a ==> lane 0 --+
//!  producer b ==> lane 1 --+--> Sequencer --> At { seq: 1, 2, 3, ... } --> stages, or one multicast ring to many
//!  producer c ==> lane 2 --+       (a Source)
//! ```
//!
//! # Options
//!
//! | built with                               | takes                                             | a lane that is open and empty |
//! |------------------------------------------|---------------------------------------------------|-------------------------------|
//! | [`round_robin`](Sequencer::round_robin)  | up to `burst` events of each lane, in turn        | is passed over                |
//! | [`by_key`](Sequencer::by_key)            | the smallest key of those that are there now      | is passed over                |
//! | [`merge`](Sequencer::merge)              | the smallest key of all                           | **is waited for**             |
//!
//! Numbers begin with 1, or [`starting_at`](Sequencer::starting_at) where a run before ended. Lanes are any sources of
//! one type. Which of the crate's two sequencers to take, this one or the claim of a ring with many producers, is told
//! at [`Sequencer`].
//!
//! # Bounds
//!
//! The lanes are fixed when it is built. It holds nothing: the events stay in their lanes until the stage consumes
//! them, and a lane that is full refuses its own producer, as ever. One call takes at most `burst` events for each
//! lane, so it ends also if producers never rest. An event that the stage answers `Again` comes next, with the same
//! number, whatever came to the other lanes meanwhile. Numbers are [`Sequence`]s, modulo 2^62. Closed when every lane is
//! closed and empty.
//!
//! # Costs
//!
//! One more hop than the claim of a shared ring, and a store to a line of its own for each producer. In turn, an event
//! costs an addition; by key, a comparison with the key of each lane's next event, which is looked at once. No
//! allocation after construction, no shared memory of its own but the books, no system call. Wait-free fills, lock-free merge, if the
//! lanes and the stage are; with [`merge`](Sequencer::merge) a producer that stalls stops it. It is measured beside one
//! lane without it by `cargo bench -p ringmain --bench pattern -- sequencer`.
//!
//! The books: an event is `in` and `out` when the stage has consumed it, also if the stage rejected it or stopped on it.
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{At, Flow, Sink, Source, Tick};
//! use ringmain::pattern::Sequencer;
//!
//! let (mut a, lane_a) = spsc::channel(4, || 0u32)?;
//! let (mut b, lane_b) = spsc::channel(4, || 0u32)?;
//! let mut lanes = Sequencer::round_robin([lane_a, lane_b], 1);
//! for n in [10, 11] {
//!     a.push(n)?;
//! }
//! b.push(20)?;
//!
//! let mut seen = Vec::new();
//! let mut stage = |n: &u32, at: At| -> Flow { Ok(seen.push((at.seq.count(), *n))) };
//! let _ = lanes.drain(Tick::ZERO, 8, &mut stage);
//! let _ = lanes.drain(Tick::ZERO, 8, &mut stage);
//! assert_eq!(seen, [(1, 10), (2, 20), (3, 11)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
//! `examples/sequencer.rs`, which `cargo run --example sequencer` runs:
#![doc = concat!("```\n", include_str!("../../examples/sequencer.rs"), "```")]

use crate::channel::mpsc::{Numbered, Turns};
use crate::contract::{Account, At, Drained, End, Flow, Halt, Ledger, Source, SourceMut, Stage, Tick};
use crate::ring::Sequence;
use crate::sync::Arc;
use core::fmt;

/// One source made of several of a kind, with dense numbers in `At::seq`.
///
/// A source over sources: each producer has a lane of its own (an SPSC ring, say), the sequencer takes from all of
/// them, and the stage it drives sees one stream. Where the lanes are new and taken in turn,
/// [`mpsc::lanes`](crate::channel::mpsc::lanes) is the same with less to write: it makes the rings, and its merge is that
/// of [`round_robin`](Self::round_robin). The sequencer merges lanes of any kind, by a key if asked to, and begins its
/// numbers where it is told.
///
/// It is the second sequencer of this crate; the first costs nothing, as it is the claim of a ring with many producers,
/// [`mpsc::channel`](crate::channel::mpsc::channel) or [multicast](crate::channel::multicast):
///
/// |                                             | `Sequencer` or `mpsc::lanes`        | claim of a ring with many producers      |
/// |---------------------------------------------|-------------------------------------|------------------------------------------|
/// | number                                      | dense: 1, 2, 3, ...                 | position in the ring; a gap for each fill that failed |
/// | order of one producer's events              | kept                                | kept                                     |
/// | all readers see the same order              | yes                                 | yes                                      |
/// | `publish(a)` returned before `publish(b)` began | `a` first only if from one producer, or by a key that says so | `a` first      |
/// | a producer that stalls in its fill          | **holds up nobody**                 | holds readers up at its slot             |
/// | progress, end to end                        | wait-free fill, lock-free merge     | lock-free claim, blocked by that producer |
/// | a producer pays                             | a store to a line of its own        | a contended compare-and-swap             |
/// | the merge costs                             | one more hop                        | nothing                                  |
///
/// The fourth line cannot be mended by looking harder: lanes are looked at one after the other, so a lane may be found
/// empty just before `a` comes, and `b`, which is later, be found in the next. Take the ring, or [`merge`](Self::merge)
/// by a time stamp, where that matters.
///
/// Which lane is next:
///
/// | built with                  | order                                              | a lane without events |
/// |-----------------------------|----------------------------------------------------|------------------------|
/// | [`round_robin`](Self::round_robin)  | up to `burst` events of each lane, in turn         | is passed over         |
/// | [`by_key`](Self::by_key)       | the smallest key of those there now                | is passed over         |
/// | [`merge`](Self::merge)        | the smallest key of all, exact if each lane's keys ascend | **is waited for** until it closes |
///
/// Equal keys: the lower lane first. One call takes at most `burst` events for each lane, also if more are there: so
/// that a producer that never rests cannot keep a turn from ending. Give the lanes' capacity, and a turn takes all that
/// was there.
#[derive(Debug)]
pub struct Sequencer<Src, O> {
    lanes: Box<[Src]>,
    order: O,
    /// The number of the next event.
    next: Sequence,
    /// The number of the first event that is not in the books.
    booked: Sequence,
    ledger: Ledger,
}

impl<Src: Source> Sequencer<Src, RoundRobin> {
    /// Takes up to `burst` events (0 is taken for 1) of each lane in turn: no lane gets more than `burst` ahead of one
    /// that has events. Without any lane it is closed. Allocates room for the lanes.
    #[must_use]
    pub fn round_robin(lanes: impl IntoIterator<Item = Src>, burst: usize) -> Self {
        Self::new(lanes.into_iter().collect(), RoundRobin(Turns::new(burst)))
    }
}

impl<Src: Source, Key: Ord, F: FnMut(&Src::Event) -> Key> Sequencer<Src, ByKey<Key, F>> {
    /// Takes the event with the smallest key of those that are there: a lane that is empty holds up nobody, so an event
    /// with a smaller key may come later. One call takes at most `burst` events times the number of lanes. Allocates
    /// room for the lanes and a key of each.
    #[must_use]
    pub fn by_key(lanes: impl IntoIterator<Item = Src>, burst: usize, key: F) -> Self {
        Self::keyed(lanes.into_iter().collect(), burst, key, false)
    }
    /// Takes the event with the smallest key of all: every lane that is open must show its next event first, so a
    /// producer that stalls **holds up everybody**. If the keys of each lane ascend, so do those of the whole. The rest
    /// as [`by_key`](Self::by_key).
    #[must_use]
    pub fn merge(lanes: impl IntoIterator<Item = Src>, burst: usize, key: F) -> Self {
        Self::keyed(lanes.into_iter().collect(), burst, key, true)
    }
    fn keyed(lanes: Box<[Src]>, burst: usize, key: F, waits: bool) -> Self {
        let most = burst.max(1).saturating_mul(lanes.len());
        let heads = lanes.iter().map(|_| Head::Unknown).collect();
        Self::new(lanes, ByKey { key, waits, most, heads, chosen: None })
    }
}

impl<Src, O> Sequencer<Src, O> {
    fn new(lanes: Box<[Src]>, order: O) -> Self {
        let first = Sequence::new(1);
        Self { lanes, order, next: first, booked: first, ledger: Ledger::new() }
    }
    /// Begins with the number `next` instead of 1: for a restart.
    #[must_use]
    pub fn starting_at(mut self, next: Sequence) -> Self {
        (self.next, self.booked) = (next, next);
        self
    }
    /// The number of the next event.
    #[must_use]
    pub const fn next(&self) -> Sequence {
        self.next
    }
    /// The lanes, to see how far behind each is.
    #[must_use]
    pub const fn lanes(&self) -> &[Src] {
        &self.lanes
    }
    /// Its line of the books, published with each drain and at the end.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    /// Books every number that was used up.
    #[inline]
    fn publish(&mut self) {
        let consumed = self.next.since(self.booked);
        self.booked = self.next;
        self.ledger.took(consumed);
        self.ledger.passed(consumed);
        self.ledger.publish();
    }
}

impl<Src: Source, O: Order<Src>> Source for Sequencer<Src, O> {
    type Event = Src::Event;
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e Src::Event>,
    {
        let Self { lanes, order, next, .. } = self;
        let mut stage = Numbered { next, stage };
        let drained = order.round(lanes, now, limit, |lane, limit| lane.drain(now, limit, &mut stage));
        self.publish();
        drained
    }
}

impl<Src: SourceMut, O: Order<Src>> SourceMut for Sequencer<Src, O> {
    #[inline]
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut Src::Event>,
    {
        let Self { lanes, order, next, .. } = self;
        let mut stage = Numbered { next, stage };
        let drained = order.round(lanes, now, limit, |lane, limit| lane.drain_mut(now, limit, &mut stage));
        self.publish();
        drained
    }
}

impl<Src, O> Drop for Sequencer<Src, O> {
    /// A stage's panic may have ended the last drain before its end.
    fn drop(&mut self) {
        self.publish();
    }
}

/// Which lane is next. Two of them, in this file.
pub trait Order<Src>: sealed::Sealed {
    /// One call's worth of events: `take` gives at most so many of a lane to the stage.
    #[doc(hidden)]
    fn round(
        &mut self,
        lanes: &mut [Src],
        now: Tick,
        limit: usize,
        take: impl FnMut(&mut Src, usize) -> Drained,
    ) -> Drained;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::RoundRobin {}
    impl<Key, F> Sealed for super::ByKey<Key, F> {}
}

/// Up to so many events of each lane in turn.
#[derive(Debug)]
pub struct RoundRobin(Turns);

impl<Src: Source> Order<Src> for RoundRobin {
    #[inline]
    fn round(
        &mut self,
        lanes: &mut [Src],
        _: Tick,
        limit: usize,
        take: impl FnMut(&mut Src, usize) -> Drained,
    ) -> Drained {
        self.0.round(lanes, limit, take).0
    }
}

/// The smallest key first.
pub struct ByKey<Key, F> {
    key: F,
    /// An open lane that is empty is waited for.
    waits: bool,
    /// Events in one call.
    most: usize,
    /// What is known of the next event of each lane. A head stays what it is until it is taken, as nobody else takes.
    heads: Box<[Head<Key>]>,
    /// The lane whose event the stage has in hand: it comes next, also if a smaller key has come meanwhile.
    chosen: Option<usize>,
}

enum Head<Key> {
    Unknown,
    Key(Key),
    Closed,
}

impl<Key: Ord, F> ByKey<Key, F> {
    /// The lane whose event is next; else, why there is none.
    fn choose<Src>(&mut self, lanes: &mut [Src], now: Tick) -> Result<usize, Option<End>>
    where
        Src: Source,
        F: FnMut(&Src::Event) -> Key,
    {
        for (lane, head) in lanes.iter_mut().zip(&mut self.heads) {
            if let Head::Unknown = head {
                *head = look(lane, now, &mut self.key);
                if self.waits && matches!(head, Head::Unknown) {
                    return Err(None);
                }
            }
        }
        let known = self.heads.iter().enumerate().filter_map(|(lane, head)| match head {
            Head::Key(key) => Some((key, lane)),
            _ => None,
        });
        let closed = || self.heads.iter().all(|head| matches!(head, Head::Closed)).then_some(End::Closed);
        known.min().map(|(_, lane)| lane).ok_or_else(closed)
    }
}

impl<Src, Key, F> Order<Src> for ByKey<Key, F>
where
    Src: Source,
    Key: Ord,
    F: FnMut(&Src::Event) -> Key,
{
    fn round(
        &mut self,
        lanes: &mut [Src],
        now: Tick,
        limit: usize,
        mut take: impl FnMut(&mut Src, usize) -> Drained,
    ) -> Drained {
        let limit = if lanes.is_empty() { limit } else { limit.min(self.most) };
        let mut count = 0;
        while count < limit {
            let lane = match self.chosen {
                Some(lane) => lane,
                None => match self.choose(lanes, now) {
                    Ok(lane) => lane,
                    Err(end) => return Drained { count, end },
                },
            };
            self.chosen = Some(lane);
            let taken = take(&mut lanes[lane], 1);
            if taken.count != 0 {
                count += taken.count;
                self.chosen = None;
                self.heads[lane] = Head::Unknown;
            }
            if let Some(End::Halted(_)) = taken.end {
                return Drained { count, end: taken.end };
            }
        }
        Drained { count, end: None }
    }
}

/// The key of a lane's next event. The event is shown and not taken: that is what `Again` means.
fn look<Src: Source, Key>(lane: &mut Src, now: Tick, key: &mut impl FnMut(&Src::Event) -> Key) -> Head<Key> {
    let mut seen = None;
    let mut peek = |event: &Src::Event, _: At| -> Flow {
        seen = Some(key(event));
        Err(Halt::Again)
    };
    let drained = lane.drain(now, 1, &mut peek);
    match (seen, drained.end) {
        (Some(key), _) => Head::Key(key),
        (None, Some(End::Closed)) => Head::Closed,
        (None, _) => Head::Unknown,
    }
}

impl<Key, F> fmt::Debug for ByKey<Key, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByKey").field("waits", &self.waits).field("most", &self.most).finish_non_exhaustive()
    }
}
