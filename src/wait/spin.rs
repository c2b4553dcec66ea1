//! Waiting that never lets go of the processor.

use crate::{contract::Wait, sync};

/// Spins, always. The shortest wait there is, for the price of a whole processor.
///
/// | latency                                  | processor                  | system calls |
/// |------------------------------------------|----------------------------|--------------|
/// | one transfer of a cache line             | 100 % of one, all the time | none         |
///
/// For a thread that has a processor for itself, best an isolated one. Two of them on one processor hold each other up
/// for whole time slices; a [`Crew`](crate::run::Crew) that would have more threads than processors turns this strategy
/// into [`Yielding`](super::Yielding).
#[derive(Debug)]
pub struct BusySpin {
    pauses: u32,
}

impl BusySpin {
    /// One pause instruction an empty turn.
    #[must_use]
    pub const fn new() -> Self {
        Self::pausing(1)
    }
    /// So many pause instructions an empty turn: with more, a consumer that is faster than its producer meets the
    /// producer's cache line less often, which costs a little latency and may win throughput. 0 is a bare loop.
    #[must_use]
    pub const fn pausing(pauses: u32) -> Self {
        Self { pauses }
    }
}

impl Default for BusySpin {
    fn default() -> Self {
        Self::new()
    }
}

impl Wait for BusySpin {
    #[inline]
    fn idle(&mut self) {
        for _ in 0..self.pauses {
            sync::spin();
        }
    }
    #[inline]
    fn reset(&mut self) {}
    fn hogs(&self) -> bool {
        true
    }
}
