//! Waiting that takes its time: the default.

use super::patience::Patience;
use crate::{contract::Wait, sync};
use core::time::Duration;

/// Spins, then yields, then sleeps by the clock, twice as long each time up to a maximum. The default of the crate.
///
/// | empty turns in a row | latency                                    | processor           | system calls      |
/// |----------------------|--------------------------------------------|---------------------|-------------------|
/// | the first few        | as [`BusySpin`](super::BusySpin)           | 100 % of one        | none              |
/// | some more            | as [`Yielding`](super::Yielding)           | 100 %, if free      | one an empty turn |
/// | all after            | up to twice the time already waited, at most the longest sleep | nearly none | one an empty turn |
///
/// It needs nothing from the other side: no bell, no fence. What the system adds to a sleep comes on top (on Linux the
/// timer slack of the thread, 50 µs unless set otherwise).
///
/// ```
/// use ringmain::{contract::Wait, wait::Backoff};
/// use std::time::Duration;
/// let mut wait = Backoff::new().spins(0).yields(0).sleeps(Duration::from_micros(10), Duration::from_micros(100));
/// wait.idle(); // 10 µs
/// wait.idle(); // 20 µs
/// wait.reset();
/// wait.idle(); // 10 µs
/// ```
#[derive(Debug)]
pub struct Backoff {
    patience: Patience,
    first: Duration,
    longest: Duration,
    /// How long the next sleep is.
    nap: Duration,
}

impl Backoff {
    /// The spinning turns of [`Backoff::new`].
    pub const SPINS: u32 = 8;
    /// The yielding turns of [`Backoff::new`].
    pub const YIELDS: u32 = 16;
    /// The first sleep of [`Backoff::new`], and the shortest there is.
    pub const FIRST: Duration = Duration::from_micros(1);
    /// The longest sleep of [`Backoff::new`]: so late may a timer be.
    pub const LONGEST: Duration = Duration::from_millis(1);

    /// [`Self::SPINS`] turns of spinning, [`Self::YIELDS`] turns of yielding, then sleeps from [`Self::FIRST`] to
    /// [`Self::LONGEST`].
    #[must_use]
    pub const fn new() -> Self {
        Self {
            patience: Patience::new(Self::SPINS, Self::YIELDS),
            first: Self::FIRST,
            longest: Self::LONGEST,
            nap: Self::FIRST,
        }
    }
    /// Spins for so many turns; the `n`-th, counted from 0, has `2^n` pauses, but at most 64.
    #[must_use]
    pub fn spins(mut self, turns: u32) -> Self {
        self.patience.set_spins(turns);
        self
    }
    /// Yields for so many turns.
    #[must_use]
    pub fn yields(mut self, turns: u32) -> Self {
        self.patience.set_yields(turns);
        self
    }
    /// Sleeps for `first`, then twice as long each time, at most `longest`. Less than [`Self::FIRST`] is taken for
    /// that, and a `longest` that is less than `first` for `first`.
    #[must_use]
    pub fn sleeps(mut self, first: Duration, longest: Duration) -> Self {
        self.first = first.max(Self::FIRST);
        self.longest = longest.max(self.first);
        self.nap = self.first;
        self
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

impl Wait for Backoff {
    fn idle(&mut self) {
        if !self.patience.spend() {
            sync::sleep(self.nap);
            self.nap = self.nap.saturating_mul(2).min(self.longest);
        }
    }
    #[inline]
    fn reset(&mut self) {
        self.patience.reset();
        self.nap = self.first;
    }
}
