//! Waiting that lets others go first.

use super::patience::Patience;
use crate::{contract::Wait, sync};

/// Spins for a few turns, then offers the processor to others in each turn.
///
/// | latency                                       | processor                                | system calls      |
/// |-----------------------------------------------|------------------------------------------|-------------------|
/// | as spinning, if nobody else wants to run      | 100 % of one, if nobody else wants to run | one an empty turn |
///
/// For threads that outnumber the processors and must not sleep. It never sleeps, so the processor never does either.
#[derive(Debug)]
pub struct Yielding {
    patience: Patience,
}

impl Yielding {
    /// The spinning turns of [`Yielding::new`].
    pub const SPINS: u32 = 6;

    /// Spins for [`Self::SPINS`] turns, 63 pauses in all.
    #[must_use]
    pub const fn new() -> Self {
        Self { patience: Patience::new(Self::SPINS, 0) }
    }
    /// Spins for so many turns; the `n`-th, counted from 0, has `2^n` pauses, but at most 64.
    #[must_use]
    pub fn spins(mut self, turns: u32) -> Self {
        self.patience.set_spins(turns);
        self
    }
}

impl Default for Yielding {
    fn default() -> Self {
        Self::new()
    }
}

impl Wait for Yielding {
    #[inline]
    fn idle(&mut self) {
        if !self.patience.spend() {
            sync::yield_now();
        }
    }
    #[inline]
    fn reset(&mut self) {
        self.patience.reset();
    }
}
