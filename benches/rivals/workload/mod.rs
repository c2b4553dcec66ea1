//! What the contenders do: a file for each family of cases. Every workload runs one sample of one contender, checks
//! everything that arrives, and tells how long it took.
//!
//! The rings are warm: every slot has been written once, and nothing is on the way, when the threads meet at the gate
//! and the time begins. It ends when the last of them is done.

pub(crate) mod many;
pub(crate) mod multicast;
pub(crate) mod pipeline;
pub(crate) mod round_trip;
pub(crate) mod stream;

use crate::crew::{Told, Wait, elapsed};
use hdrhistogram::Histogram;

/// What to run.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Events, or round trips, to take the time of.
    pub(crate) events: u64,
    pub(crate) capacity: usize,
    pub(crate) wait: Wait,
}

impl Plan {
    /// Events before the time begins: a lap at least.
    pub(crate) fn warm_up(&self) -> u64 {
        (self.capacity as u64).max(1 << 11)
    }
}

/// What came of it.
pub(crate) struct Sample {
    /// Of one event, or of one round trip.
    pub(crate) nanos: f64,
    /// Everything arrived once, whole and in order.
    pub(crate) right: bool,
    /// Somebody else was on a core in between.
    pub(crate) preempted: bool,
    /// Nanoseconds of single round trips, where there are any.
    pub(crate) trips: Option<Histogram<u64>>,
}

/// Three significant digits, up to a minute.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("good bounds")
}

impl Sample {
    /// Of threads that passed `events` events on.
    pub(crate) fn of(events: u64, told: &[Told]) -> Self {
        let trips = told.iter().find(|told| !told.trips.is_empty()).map(|told| {
            let mut trips = histogram();
            told.trips.iter().for_each(|nanos| trips.saturating_record(*nanos));
            trips
        });
        Self {
            nanos: elapsed(told).as_nanos() as f64 / events as f64,
            right: told.iter().all(|told| told.right),
            preempted: told.iter().any(|told| told.preemptions > 0),
            trips,
        }
    }
}
