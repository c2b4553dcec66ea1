//! Ports that ring.
//!
//! | the port inside ...                              | who is rung for it         |
//! |--------------------------------------------------|----------------------------|
//! | a sink, and the closure of a `fill` was called   | who reads: see below       |
//! | a source, and a `drain` passed over a slot        | who fills: there is room   |
//! | either, and a stage or a fill panicked           | both: some of it counts    |
//! | either, and it was dropped                       | both: it is closed         |
//!
//! A sink rings also for a fill that failed: with many producers it leaves a void slot, and what another producer
//! published after that slot can only be read now.
//!
//! A source rings for void slots, too, if it says where it [is](Source::position).

use super::Bell;
use crate::contract::{Drained, Filled, Flow, Refused, Room, Sink, Source, SourceMut, Stage, Tick};
use crate::ring::Sequence;
use smallvec::SmallVec;

/// A port that rings one bell, or several, whenever it made work for their threads.
///
/// Made by [`Bell::on`] or, for several bells, by [`Ringing::new`]. To be wrapped is all that a port needs: what it
/// costs while everybody is awake is a fence and a load per bell after each fill or non-empty drain, so fill in batches.
///
/// ```
/// use ringmain::{channel::spsc, contract::Sink, wait::{Park, Ringing}};
/// let (tx, _rx) = spsc::channel(8, || 0u64)?;
/// let (here, there) = (Park::new(), Park::new());
/// let mut tx = Ringing::new(tx, [&here.bell(), &there.bell()]);
/// tx.offer(|slot| *slot = 42)?; // wakes either
/// assert_eq!(tx.port().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ringing<P> {
    /// Before `bells`, because fields are dropped in this order: first the port closes, then the bells ring.
    port: P,
    bells: Bells,
}

impl<P> Ringing<P> {
    /// `port`, ringing each of `bells`. Allocates if there are more than two.
    #[must_use]
    pub fn new<'a>(port: P, bells: impl IntoIterator<Item = &'a Bell>) -> Self {
        Self { port, bells: Bells(bells.into_iter().cloned().collect()) }
    }
    /// The port inside, to ask it how full it is and the like.
    #[must_use]
    pub fn port(&self) -> &P {
        &self.port
    }
}

impl<K: Sink> Sink for Ringing<K> {
    type Event = K::Event;

    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut Self::Event) -> Flow<R>) -> Flow<R> {
        let mut stroke = Stroke { bells: &self.bells, due: false };
        self.port.fill(|slot| {
            stroke.due = true;
            fill(slot)
        })
    }
    #[inline]
    fn fill_many(&mut self, n: usize, mut fill: impl FnMut(usize, &mut Self::Event) -> Flow) -> Filled {
        let mut stroke = Stroke { bells: &self.bells, due: false };
        self.port.fill_many(n, |i, slot| {
            stroke.due = true;
            fill(i, slot)
        })
    }
}

impl<K: Room> Room for Ringing<K> {
    #[inline]
    fn room(&mut self, n: usize) -> Result<(), Refused> {
        self.port.room(n)
    }
}

impl<Src: Source> Source for Ringing<Src> {
    type Event = Src::Event;

    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e Self::Event>,
    {
        let (before, mut stroke) = (self.port.position(), Stroke { bells: &self.bells, due: true });
        let drained = self.port.drain(now, limit, stage);
        stroke.due = drained.count > 0 || self.port.position() != before;
        drained
    }
    #[inline]
    fn position(&self) -> Option<Sequence> {
        self.port.position()
    }
    #[inline]
    fn in_hand(&self) -> usize {
        self.port.in_hand()
    }
}

impl<Src: SourceMut> SourceMut for Ringing<Src> {
    #[inline]
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut Self::Event>,
    {
        let (before, mut stroke) = (self.port.position(), Stroke { bells: &self.bells, due: true });
        let drained = self.port.drain_mut(now, limit, stage);
        stroke.due = drained.count > 0 || self.port.position() != before;
        drained
    }
}

/// Rings when it is dropped: the port is closed then.
#[derive(Clone, Debug)]
struct Bells(SmallVec<[Bell; 2]>);

impl Drop for Bells {
    fn drop(&mut self) {
        Bell::ring_all(&self.0);
    }
}

/// Rings at the end of a call, however it ends, if there is something to ring for.
struct Stroke<'a> {
    bells: &'a Bells,
    due: bool,
}

impl Drop for Stroke<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.due {
            Bell::ring_all(&self.bells.0);
        }
    }
}
