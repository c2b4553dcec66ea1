//! When to try again, and what is worth it.

use crate::contract::Fault;
use core::time::Duration;

/// How often, and after what delays, a failed event is tried again: rounds that a delay comes before, in each of them
/// the first try and some more at once. Deterministic: the same event at the same times gets the same tries.
///
/// ```
/// use ringmain::pattern::Retry;
/// use std::time::Duration;
/// let ms = Duration::from_millis;
/// let retry = Retry::exponential(5, ms(10), 2, ms(50));
/// let delays: Vec<_> = (1..).map_while(|attempts| retry.delay_after(attempts)).collect();
/// assert_eq!(delays, [10, 20, 40, 50, 50].map(ms));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retry {
    /// Tries at once, after the first of each round.
    immediate: u32,
    /// Rounds after the first.
    delayed: u32,
    first: Duration,
    factor: u32,
    most: Duration,
}

impl Retry {
    /// One attempt, and no more.
    pub const NEVER: Self = Self::immediate(0);

    /// Up to `times` more attempts at once, within the same call.
    #[must_use]
    pub const fn immediate(times: u32) -> Self {
        Self { immediate: times, delayed: 0, first: Duration::ZERO, factor: 1, most: Duration::ZERO }
    }
    /// Up to `times` more attempts, each `delay` after the one before.
    #[must_use]
    pub const fn fixed(times: u32, delay: Duration) -> Self {
        Self { immediate: 0, delayed: times, first: delay, factor: 1, most: delay }
    }
    /// Up to `times` more attempts: the first after `first`, each later one after `factor` times the delay before, but
    /// never more than `most`.
    #[must_use]
    pub const fn exponential(times: u32, first: Duration, factor: u32, most: Duration) -> Self {
        Self { immediate: 0, delayed: times, first, factor, most }
    }
    /// With each of these attempts, up to `times` more at once.
    #[must_use]
    pub const fn each_with_immediate(mut self, times: u32) -> Self {
        self.immediate = times;
        self
    }
    /// How long to wait when `attempts` (from 1) have failed; `None` if that is all.
    #[must_use]
    pub fn delay_after(&self, attempts: u32) -> Option<Duration> {
        let round = self.immediate.saturating_add(1);
        if !attempts.is_multiple_of(round) {
            return Some(Duration::ZERO);
        }
        let rounds = attempts / round;
        (rounds <= self.delayed).then(|| self.delay_before_round(rounds))
    }

    fn delay_before_round(&self, n: u32) -> Duration {
        let growth = self.factor.saturating_pow(n.saturating_sub(1));
        self.first.saturating_mul(growth).min(self.most)
    }
}

/// What becomes of an event that was rejected with a certain fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// Try again as [`Retry`] says, then a letter.
    Retry,
    /// A letter at once.
    Letter,
    /// Nothing: the event is dropped, and counted under the fault's reason.
    Drop,
    /// A letter, then the stage stops.
    Halt,
}

impl Remedy {
    /// The verdict of a channel that was told nothing else: always [`Remedy::Letter`].
    #[must_use]
    pub const fn letter(_: Fault) -> Self {
        Self::Letter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn never_is_one_attempt() {
        assert_eq!(Retry::NEVER.delay_after(1), None);
    }

    #[test]
    fn rounds_multiply() {
        let retry = Retry::fixed(3, 10 * MS).each_with_immediate(5);
        let delays: Vec<_> = (1..).map_while(|attempts| retry.delay_after(attempts)).collect();
        assert_eq!(delays.len() + 1, (5 + 1) * (3 + 1));
        assert_eq!(delays.iter().filter(|delay| **delay == 10 * MS).count(), 3);
    }

    #[test]
    fn a_delay_does_not_overflow() {
        let retry = Retry::exponential(u32::MAX, Duration::MAX, u32::MAX, Duration::MAX);
        assert_eq!(retry.delay_after(u32::MAX), Some(Duration::MAX));
        assert_eq!(retry.each_with_immediate(u32::MAX).delay_after(u32::MAX), Some(Duration::MAX));
    }
}
