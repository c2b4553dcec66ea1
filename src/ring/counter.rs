//! One writer's statistic, readable from anywhere.

use crate::sync::{AtomicU64, Ordering};

/// A number that one thread writes and any thread reads: a count, a gauge, a time. Orders nothing.
///
/// All operations are wait-free. There is no read-modify-write: two writers would lose counts (not memory
/// safety), so a counter belongs to one of them.
#[derive(Debug)]
pub struct Counter(AtomicU64);

impl Counter {
    /// A counter that reads `value`.
    #[must_use]
    pub fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }
    /// The last value stored, or one not long before it.
    ///
    /// ordering: Relaxed, because a statistic hands over nothing.
    #[inline]
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
    /// Stores `value`.
    ///
    /// ordering: Relaxed, as `get`.
    #[inline]
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_value() {
        let counter = Counter::default();
        assert_eq!(counter.get(), 0);
        counter.set(u64::MAX);
        assert_eq!(counter.get(), u64::MAX);
    }
}
