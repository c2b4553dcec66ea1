//! What keeps a channel from trying what fails for everybody.

use crate::contract::Tick;
use core::time::Duration;

/// Closed until so many attempts in a row have failed; open from then on: one attempt in each interval, until one succeeds.
#[derive(Debug)]
pub(super) struct Breaker {
    after: u32,
    every: Duration,
    /// In a row; `after` is open.
    failures: u32,
    /// When the next attempt may be, while it is open.
    probe: Tick,
}

impl Breaker {
    /// One that never keeps anybody waiting: what it counts to is far away, and its interval is none.
    pub(super) const NEVER: Self = Self::new(u32::MAX, Duration::ZERO);

    /// `after` is 1 at least.
    pub(super) const fn new(after: u32, every: Duration) -> Self {
        let after = if after == 0 { 1 } else { after };
        Self { after, every, failures: 0, probe: Tick::ZERO }
    }
    #[inline]
    pub(super) const fn is_open(&self) -> bool {
        self.failures == self.after
    }
    /// It has counted nothing, and so has nothing to forget.
    #[inline]
    pub(super) const fn is_at_rest(&self) -> bool {
        self.failures == 0
    }
    /// There may be an attempt at `now`.
    #[inline]
    pub(super) fn lets(&self, now: Tick) -> bool {
        !self.is_open() || self.probe <= now
    }
    pub(super) fn failed(&mut self, now: Tick) {
        self.failures = self.after.min(self.failures.saturating_add(1));
        if self.is_open() {
            self.probe = now.after(self.every);
        }
    }
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_never_keeps_anybody_waiting() {
        let mut never = Breaker { failures: u32::MAX - 1, ..Breaker::NEVER };
        for _ in 0..2 {
            never.failed(Tick::from_nanos(7));
            assert!(never.lets(Tick::from_nanos(7)));
        }
    }

    #[test]
    fn one_that_is_closed_does_not_care_for_the_clock() {
        let mut breaker = Breaker::new(1, Duration::from_nanos(5));
        breaker.failed(Tick::from_nanos(10));
        breaker.succeeded();
        assert!(breaker.is_at_rest() && breaker.lets(Tick::ZERO));
    }

    #[test]
    fn no_failures_are_taken_for_one() {
        let mut breaker = Breaker::new(0, Duration::from_nanos(5));
        assert!(!breaker.is_open());
        breaker.failed(Tick::ZERO);
        assert!(breaker.is_open() && !breaker.lets(Tick::from_nanos(4)));
    }
}
