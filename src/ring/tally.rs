//! A statistic of many writers, readable from anywhere.

use crate::sync::{AtomicU64, Ordering};

/// A count that any thread raises or lowers, and any thread reads. Orders nothing.
///
/// All operations are wait-free. Where there is one writer, a [`Counter`](super::Counter) costs it less.
#[derive(Debug)]
pub struct Tally(AtomicU64);

impl Tally {
    /// Nothing was counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicU64::new(0))
    }
    /// `n` more.
    ///
    /// ordering: Relaxed, because a statistic hands over nothing; as a read-modify-write it loses no count.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }
    /// `n` fewer, of those that were added.
    ///
    /// ordering: Relaxed, as `add`.
    pub fn remove(&self, n: u64) {
        self.0.fetch_sub(n, Ordering::Relaxed);
    }
    /// All that was counted, or nearly.
    ///
    /// ordering: Relaxed, as `add`.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_added_and_not_removed() {
        let tally = Tally::default();
        tally.add(2);
        tally.add(3);
        tally.remove(1);
        assert_eq!(tally.get(), 4);
    }
}
