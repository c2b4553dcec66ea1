//! How long things took, as a histogram of fixed size.
//!
//! ```text
//!   record(span) ->  | 1 ns | .. | 1 us | .. | 1 ms | .. | 68.7 s and more |      each bucket within 1 % of its values
//! ```
//!
//! A histogram belongs to one thread and is merged with others when that thread is done: there is nothing shared to
//! slow it down.
//!
//! **Coordinated omission.** Whoever sends at a fixed rate and is held up sends late; measured from the moment of
//! sending, the hold-up vanishes from the figures of all the events that had to wait behind it. Measure from the moment
//! at which the event was *due* ([`Latency::record_since`]) and it does not.
//!
//! Costs: about 30 KiB, allocated by [`Latency::new`] and never again.
//!
//! ```
//! use ringmain::metric::Latency;
//! use std::time::Duration;
//! let mut latency = Latency::new();
//! for us in 1..=1000 {
//!     latency.record(Duration::from_micros(us));
//! }
//! let told = latency.summary();
//! assert_eq!((told.count, told.max), (1000, Duration::from_millis(1)));
//! assert!(told.p50 >= Duration::from_micros(500) && told.p50 < Duration::from_micros(505));
//! ```

use crate::contract::Tick;
use core::time::Duration;
use hdrhistogram::Histogram;

/// Decimal digits kept of a value.
const DIGITS: u8 = 2;

/// A latency histogram: 1 ns to [`Latency::BOUND`], two digits, the maximum exact.
#[derive(Clone, Debug)]
pub struct Latency {
    /// Never resizes: what is out of its bounds saturates.
    spans: Histogram<u64>,
    /// The longest span in nanoseconds, exact and not saturated.
    max: u64,
}

impl Latency {
    /// Longer spans are counted in the last bucket; only `max` tells them apart.
    pub const BOUND: Duration = Duration::from_nanos((1 << 36) - 1);

    /// An empty histogram. Allocates; nothing else here does.
    #[must_use]
    pub fn new() -> Self {
        let spans = Histogram::new_with_bounds(1, (1 << 36) - 1, DIGITS);
        Self { spans: spans.expect("the bounds are constant and in order"), max: 0 }
    }
    /// Counts one span. Wait-free, never fails: out of bounds saturates.
    #[inline]
    pub fn record(&mut self, span: Duration) {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        self.max = self.max.max(nanos);
        self.spans.saturating_record(nanos);
    }
    /// Counts the time from `due`, when the event was meant to start, to `now`: free of coordinated omission. Zero if
    /// `due` is later, as an event may be early.
    #[inline]
    pub fn record_since(&mut self, due: Tick, now: Tick) {
        self.record(now.since(due));
    }
    /// Adds what `other` counted. Does not allocate.
    pub fn merge(&mut self, other: &Self) {
        self.max = self.max.max(other.max);
        self.spans.add(&other.spans).expect("all histograms have the same bounds");
    }
    /// How many spans were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.spans.len()
    }
    /// The span that a share `q` of all spans does not exceed (0.5 is the median), within 1 %; zero if there are none.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Duration {
        Duration::from_nanos(self.spans.value_at_quantile(q).min(self.max))
    }
    /// The figures of a report.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            count: self.count(),
            p50: self.quantile(0.5),
            p99: self.quantile(0.99),
            p999: self.quantile(0.999),
            max: Duration::from_nanos(self.max),
        }
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

/// What a report says of a [`Latency`]. All zero if nothing was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Summary {
    /// How many spans.
    pub count: u64,
    /// The median.
    pub p50: Duration,
    /// 99 of 100 are not longer.
    pub p99: Duration,
    /// 999 of 1,000 are not longer.
    pub p999: Duration,
    /// The longest; exact.
    pub max: Duration,
}
