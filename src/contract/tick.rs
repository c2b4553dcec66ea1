//! Time as an input: nothing below the runner reads a clock.

use crate::{ring::Counter, sync::Arc};
use core::time::Duration;

/// A point in time, in nanoseconds since an origin that the clock chose. [`Tick::ZERO`] is that origin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Tick(u64);

impl Tick {
    /// The origin of the clock.
    pub const ZERO: Self = Self(0);
    /// The end of time: a deadline that never comes.
    pub const MAX: Self = Self(u64::MAX);

    /// `nanos` nanoseconds after the origin.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }
    /// Nanoseconds since the origin.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }
    /// This point, `span` later; [`Tick::MAX`] rather than an overflow.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
    /// The time since `earlier`; zero if it is later, as a clock may go back.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Tells the time. The runner reads it once a turn; stages get what it read.
pub trait Clock {
    /// The time now. Not earlier than the last answer, unless the clock says otherwise.
    fn now(&mut self) -> Tick;
}

/// A clock that stands still until it is told to go: for tests and simulations. Clones show the same time.
///
/// ```
/// use ringmain::contract::{Clock, ManualClock, Tick};
/// use std::time::Duration;
/// let hand = ManualClock::new();
/// let mut clock = hand.clone();
/// hand.advance(Duration::from_nanos(7));
/// assert_eq!(clock.now(), Tick::from_nanos(7));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Counter>);

impl ManualClock {
    /// A clock at [`Tick::ZERO`].
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Counter::new(0)))
    }
    /// Puts the clock at `tick`, earlier or later.
    pub fn set(&self, tick: Tick) {
        self.0.set(tick.nanos());
    }
    /// Puts the clock `span` forward. One thread at a time.
    pub fn advance(&self, span: Duration) {
        self.set(Tick(self.0.get()).after(span));
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&mut self) -> Tick {
        Tick(self.0.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stops_at_the_ends() {
        assert_eq!(Tick::MAX.after(Duration::MAX), Tick::MAX);
        assert_eq!(Tick::ZERO.after(Duration::MAX), Tick::MAX);
        assert_eq!(Tick::ZERO.since(Tick::MAX), Duration::ZERO);
    }

    #[test]
    fn clones_of_a_manual_clock_agree() {
        let hand = ManualClock::new();
        let mut clock = hand.clone();
        hand.set(Tick::from_nanos(9));
        assert_eq!(clock.now(), Tick::from_nanos(9));
        hand.set(Tick::from_nanos(3));
        assert_eq!(clock.now(), Tick::from_nanos(3));
    }
}
