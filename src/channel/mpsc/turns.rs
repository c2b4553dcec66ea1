//! Several sources taken for one, in turn: which is next, and which number an event has.
//!
//! Nothing here is shared between threads. Beside [`Lanes`](super::Lanes) the round robin of a
//! [`Sequencer`](crate::pattern::Sequencer) is made of it.

use crate::contract::{At, Drained, End, Flow, Halt, Stage};
use crate::ring::Sequence;

/// Up to so many events of each source, then of the next.
#[derive(Debug)]
pub(crate) struct Turns {
    burst: usize,
    /// The source whose turn it is. It keeps the turn while the stage says `Again`: the event in hand must come next.
    turn: usize,
    /// What is left of its burst, at least 1.
    left: usize,
}

impl Turns {
    /// No source gets more than `burst` events (0 is taken for 1) ahead of one that has any.
    pub(crate) fn new(burst: usize) -> Self {
        let burst = burst.max(1);
        Self { burst, turn: 0, left: burst }
    }
    /// At most a burst of events of each source; and whether one of them has used its burst up, and so may have more.
    /// `take` gives at most so many of one to the stage.
    #[inline]
    pub(crate) fn round<Src>(
        &mut self,
        sources: &mut [Src],
        limit: usize,
        mut take: impl FnMut(&mut Src, usize) -> Drained,
    ) -> (Drained, bool) {
        let (mut count, mut closed, mut more) = (0, 0, false);
        for _ in 0..sources.len() {
            let want = self.left.min(limit - count);
            let taken = take(&mut sources[self.turn], want);
            count += taken.count;
            self.left -= taken.count;
            let halted = matches!(taken.end, Some(End::Halted(_)));
            closed += usize::from(taken.end == Some(End::Closed));
            more |= self.left == 0;
            // A source keeps its turn if the stage or the limit cut it short.
            if self.left == 0 || (!halted && taken.count < want) {
                self.pass_on(sources.len());
            }
            if halted {
                return (Drained { count, end: taken.end }, more);
            }
            if count == limit {
                break;
            }
        }
        // `Closed` is stable, so that each source said it in this round is enough.
        (Drained { count, end: (closed == sources.len()).then_some(End::Closed) }, more)
    }
    /// One event, of the first that has any; `take` gives at most one of a source to the stage.
    #[inline]
    pub(crate) fn one<Src>(
        &mut self,
        sources: &mut [Src],
        mut take: impl FnMut(&mut Src) -> Drained,
    ) -> Drained {
        let mut closed = 0;
        for _ in 0..sources.len() {
            let Drained { count, end } = take(&mut sources[self.turn]);
            let halted = matches!(end, Some(End::Halted(_)));
            self.left -= count;
            if self.left == 0 || (count == 0 && !halted) {
                self.pass_on(sources.len());
            }
            if halted {
                return Drained { count, end };
            }
            closed += usize::from(end == Some(End::Closed));
            if count == 1 {
                return Drained { count, end: end.filter(|_| closed == sources.len()) };
            }
        }
        Drained { count: 0, end: (closed == sources.len()).then_some(End::Closed) }
    }
    #[cold]
    fn pass_on(&mut self, sources: usize) {
        self.turn = if self.turn + 1 < sources { self.turn + 1 } else { 0 };
        self.left = self.burst;
    }
}

/// Gives what it is shown its number, and uses a number up when the event is consumed.
pub(crate) struct Numbered<'a, S> {
    pub(crate) next: &'a mut Sequence,
    pub(crate) stage: &'a mut S,
}

impl<In, S: Stage<In>> Stage<In> for Numbered<'_, S> {
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        let flow = self.stage.on_event(event, At { seq: *self.next, now: at.now });
        if flow != Err(Halt::Again) {
            *self.next = self.next.next();
        }
        flow
    }
}
