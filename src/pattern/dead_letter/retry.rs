//! When to try again.

use crate::table::Mix;
use core::hash::Hasher;
use core::time::Duration;

/// How often, and after what delays, a failed event is tried again: rounds that a delay comes before, in each of them
/// the first try and some more at once. Deterministic: the same event at the same times gets the same tries.
///
/// ```
/// use ringmain::pattern::Retry;
/// use std::time::Duration;
/// let ms = Duration::from_millis;
/// let retry = Retry::exponential(5, ms(10), 2, ms(50));
/// let delays: Vec<_> = (1..).map_while(|attempts| retry.delay_after(attempts, 0)).collect();
/// assert_eq!(delays, [10, 20, 40, 50, 50].map(ms));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retry {
    /// Tries at once, after the first of each round.
    immediate: u32,
    delays: Delays,
    /// How much of a delay may be cut off, in percent.
    jitter: u32,
}

/// What comes before each round after the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Delays {
    Growing { rounds: u32, first: Duration, factor: u32, most: Duration },
    Listed(&'static [Duration]),
}

impl Retry {
    /// One attempt, and no more.
    pub const NEVER: Self = Self::immediate(0);

    /// Up to `times` more attempts at once, within the same call.
    #[must_use]
    pub const fn immediate(times: u32) -> Self {
        Self { immediate: times, delays: Delays::Listed(&[]), jitter: 0 }
    }
    /// Up to `times` more attempts, each `delay` after the one before.
    #[must_use]
    pub const fn fixed(times: u32, delay: Duration) -> Self {
        Self::exponential(times, delay, 1, delay)
    }
    /// Up to `times` more attempts: the first after `first`, each later one after `factor` times the delay before, but
    /// never more than `most`.
    #[must_use]
    pub const fn exponential(times: u32, first: Duration, factor: u32, most: Duration) -> Self {
        Self { immediate: 0, delays: Delays::Growing { rounds: times, first, factor, most }, jitter: 0 }
    }
    /// One more attempt after each of these `delays`.
    #[must_use]
    pub const fn listed(delays: &'static [Duration]) -> Self {
        Self { immediate: 0, delays: Delays::Listed(delays), jitter: 0 }
    }
    /// With each of these attempts, up to `times` more at once.
    #[must_use]
    pub const fn each_with_immediate(mut self, times: u32) -> Self {
        self.immediate = times;
        self
    }
    /// Each delay is shorter by up to `percent` of it (at most 100), so that events which failed together do not all come
    /// back together. By how much is a hash of the event's position and its attempts: a replay does the same.
    #[must_use]
    pub const fn jitter(mut self, percent: u32) -> Self {
        self.jitter = if percent < 100 { percent } else { 100 };
        self
    }
    /// How long to wait when `attempts` (from 1) of event `id` have failed; `None` if that is all. A channel takes the
    /// event's position for its id; without [`jitter`](Self::jitter) it does not matter.
    #[must_use]
    pub fn delay_after(&self, attempts: u32, id: u64) -> Option<Duration> {
        let round = self.immediate.saturating_add(1);
        if !attempts.is_multiple_of(round) {
            return Some(Duration::ZERO);
        }
        let delay = self.delays.before_round(attempts / round)?;
        Some(if self.jitter == 0 { delay } else { self.cut(delay, attempts, id) })
    }

    fn cut(&self, delay: Duration, attempts: u32, id: u64) -> Duration {
        let mut hash = Mix::default();
        hash.write_u64(id);
        hash.write_u32(attempts);
        let nanos = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        let most = u128::from(nanos) * u128::from(self.jitter) / 100;
        let part = (most * u128::from(hash.finish() >> 32)) >> 32;
        delay - Duration::from_nanos(part as u64)
    }
}

impl Delays {
    /// Of round `n` after the first, from 1.
    fn before_round(&self, n: u32) -> Option<Duration> {
        match self {
            Self::Growing { rounds, first, factor, most } => (n <= *rounds).then(|| {
                let growth = factor.saturating_pow(n.saturating_sub(1));
                first.saturating_mul(growth).min(*most)
            }),
            Self::Listed(delays) => delays.get(n.wrapping_sub(1) as usize).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn delays(retry: Retry, id: u64) -> Vec<Duration> {
        (1..).map_while(|attempts| retry.delay_after(attempts, id)).collect()
    }

    #[test]
    fn never_is_one_attempt() {
        assert_eq!(Retry::NEVER.delay_after(1, 0), None);
    }

    #[test]
    fn rounds_multiply() {
        let delays = delays(Retry::fixed(3, 10 * MS).each_with_immediate(5), 0);
        assert_eq!(delays.len() + 1, (5 + 1) * (3 + 1));
        assert_eq!(delays.iter().filter(|delay| **delay == 10 * MS).count(), 3);
    }

    #[test]
    fn a_list_is_taken_as_it_is() {
        const LIST: &[Duration] = &[Duration::from_millis(1), Duration::from_millis(7)];
        assert_eq!(delays(Retry::listed(LIST), 9), LIST);
        assert_eq!(delays(Retry::listed(&[]), 9), []);
    }

    #[test]
    fn a_delay_does_not_overflow() {
        let retry = Retry::exponential(u32::MAX, Duration::MAX, u32::MAX, Duration::MAX);
        assert_eq!(retry.delay_after(u32::MAX, 0), Some(Duration::MAX));
        assert_eq!(retry.each_with_immediate(u32::MAX).delay_after(u32::MAX, 0), Some(Duration::MAX));
        assert!(retry.jitter(100).delay_after(u32::MAX, 0).is_some_and(|delay| delay < Duration::MAX));
    }

    #[test]
    fn jitter_cuts_and_is_the_same_in_each_run() {
        let retry = Retry::fixed(4, 1000 * MS).jitter(20);
        let all: Vec<_> = (0..1000).flat_map(|id| delays(retry, id)).collect();
        assert_eq!(all, (0..1000).flat_map(|id| delays(retry, id)).collect::<Vec<_>>());
        assert!(all.iter().all(|delay| (800 * MS..=1000 * MS).contains(delay)));
        // Spread over the whole of the part that may be cut: about a tenth of them in each tenth of it.
        for tenth in 0..10 {
            let part = 800 * MS + 20 * MS * tenth..800 * MS + 20 * MS * (tenth + 1);
            let count = all.iter().filter(|delay| part.contains(delay)).count();
            assert!((300..500).contains(&count), "{count} of 4000 in {part:?}");
        }
        assert_eq!(delays(retry.jitter(0), 1), [1000 * MS; 4]);
    }
}
