//! Of several consumers one is active, and another takes over when it leaves.

use crate::channel::mpmc;
use crate::contract::{Drained, Sink, Source, SourceMut, Stage, Tick};
use crate::ring::Sequence;

/// A source that has several consumers, one at a time.
///
/// ```text
///   ring ==> [ active ]  [ waits ]  [ waits ]             the source itself is the baton:
///   ring             ==> [ active ]  [ waits ]            who has it is active, and nobody has a second one
/// ```
///
/// The first one is active; its clones wait. When the active one is dropped, by its owner or because the
/// pump around it ended in a panic, the source goes back into a ring of one slot, and the first clone that
/// has a turn takes it out. So it goes on with exactly the event that the other one did not consume: there
/// is no gap, no event is consumed twice, and no two are active at a time, as there is one source. An event
/// that was answered `Again`, or panicked on, was not consumed, and so comes first.
///
/// That holds for sources that keep such an event in the ring: [`spsc`](crate::channel::spsc),
/// [`mpsc`](crate::channel::mpsc), a [`multicast`](crate::channel::multicast) reader, and for a consumer of
/// [`spmc`](crate::channel::spmc) or [`mpmc`], which travels with what it has in hand. What the *stage* of
/// the one that left held does not travel. An event that every one panics on ends every one: put a
/// [`Catch`](crate::pattern::Catch) around the stage.
///
/// Turns: an active one is as its source, but for one branch. One that waits looks at one word: wait-free,
/// while the baton rests. Taking it is lock-free; one of those who try has it. When the source is closed and
/// empty, each in turn takes it, sees the end, and leaves. The last one to leave drops it.
///
/// No allocation after [`new`](Self::new); a clone allocates nothing.
///
/// ```
/// use ringmain::channel::spsc;
/// use ringmain::contract::{Sink, SourceMut};
/// use ringmain::pattern::SingleActive;
///
/// let (mut tx, rx) = spsc::channel(4, || 0u64)?;
/// let mut first = SingleActive::new(rx);
/// let mut second = first.clone();
/// tx.push(1)?;
/// tx.push(2)?;
/// assert!(second.pop().is_err());
/// assert_eq!(first.pop(), Ok(1));
/// drop(first);
/// assert_eq!(second.pop(), Ok(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SingleActive<Src> {
    /// There while this one is active.
    source: Option<Src>,
    hand_over: mpmc::Producer<Option<Src>>,
    take_over: mpmc::Consumer<Option<Src>>,
}

impl<Src> SingleActive<Src> {
    /// The first consumer of `source`, which is active; clone it for others. Allocates the ring for the
    /// baton.
    ///
    /// # Panics
    /// Never: one slot is a power of two, and fits into memory.
    #[must_use]
    pub fn new(source: Src) -> Self {
        let (hand_over, take_over) = mpmc::channel(1, || None).expect("one slot fits into memory");
        Self { source: Some(source), hand_over, take_over }
    }
    /// It has the source. Stable until it is dropped; a clone that is not becomes so in a turn of its own
    /// only.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.source.is_some()
    }
    /// The source, if this one has it or can have it now.
    #[inline]
    fn active(&mut self) -> Option<&mut Src> {
        if self.source.is_none() {
            self.source = self.take_over.take(Option::take).ok().flatten();
        }
        self.source.as_mut()
    }
}

/// What one that waits finds.
const NOTHING: Drained = Drained { count: 0, end: None };

impl<Src: Source> Source for SingleActive<Src> {
    type Event = Src::Event;
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e Self::Event>,
    {
        self.active().map_or(NOTHING, |source| source.drain(now, limit, stage))
    }
    #[inline]
    fn position(&self) -> Option<Sequence> {
        self.source.as_ref()?.position()
    }
}

impl<Src: SourceMut> SourceMut for SingleActive<Src> {
    #[inline]
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut Self::Event>,
    {
        self.active().map_or(NOTHING, |source| source.drain_mut(now, limit, stage))
    }
}

/// One more that waits.
impl<Src> Clone for SingleActive<Src> {
    fn clone(&self) -> Self {
        Self { source: None, hand_over: self.hand_over.clone(), take_over: self.take_over.clone() }
    }
}

impl<Src> Drop for SingleActive<Src> {
    fn drop(&mut self) {
        if let Some(source) = self.source.take() {
            // There is room for the only one there is, and it is not closed, as `take_over` is still there.
            let _ = self.hand_over.push(Some(source));
        }
    }
}
