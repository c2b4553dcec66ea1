//! Measuring one event in n, and where the histograms end up.
//!
//! ```text
//!   Timed { probe, next }      seq % n == 0 ?  clock, next, clock, record  :  next
//!             |
//!             `--drop--> its shelf in Latencies, merged under a lock
//! ```
//!
//! | who                     | touches                                                                        |
//! |-------------------------|--------------------------------------------------------------------------------|
//! | the stage's thread      | the probe's own histogram, alone; its shelf once, when the probe is dropped    |
//! | any thread              | [`Latencies::read`]: what was handed back so far, complete when all is joined  |
//!
//! Handing back on drop is the simplest way that costs the hot path nothing; the price is that a histogram cannot be
//! looked at while its stage lives. The [`Books`](super::Books) are there for that.
//!
//! Which events are measured depends on their sequence alone, so a slow moment cannot hide from the sample. Two
//! readings of `Instant` cost tens of nanoseconds, more than most stages: with one event in 64 they add less than one.
//!
//! ```
//! use ringmain::contract::{At, Flow, ManualClock, Stage, Tick};
//! use ringmain::metric::{Latencies, OneIn, Timed};
//! use ringmain::ring::Sequence;
//! use std::time::Duration;
//!
//! let mut latencies = Latencies::new();
//! let clock = ManualClock::new();
//! let slow = |_: &u64, _: At| -> Flow {
//!     clock.advance(Duration::from_nanos(80)); // the work
//!     Ok(())
//! };
//! let mut stage = Timed::new(latencies.probe("slow", clock.clone(), OneIn::new(2)?), slow);
//! for n in 0..10 {
//!     stage.on_event(&n, At { seq: Sequence::new(n), now: Tick::ZERO }).unwrap();
//! }
//! drop(stage);
//! let (name, told) = &latencies.read()[0];
//! assert_eq!((&**name, told.count, told.max), ("slow", 5, Duration::from_nanos(80)));
//! # Ok::<(), ringmain::metric::NotPowerOfTwo>(())
//! ```

use super::{Latency, Summary};
use crate::contract::{At, Clock, Flow, Halt, Stage, Tick};
use parking_lot::Mutex;
use std::sync::Arc;

/// How often to measure: one event in so many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OneIn {
    /// `n - 1`, for `n` a power of two.
    mask: u64,
}

impl OneIn {
    /// Every event.
    pub const ONE: Self = Self { mask: 0 };

    /// One event in `n`, a power of two.
    ///
    /// # Errors
    /// [`NotPowerOfTwo`], so that the choice is a mask and no division.
    pub const fn new(n: u64) -> Result<Self, NotPowerOfTwo> {
        if n.is_power_of_two() { Ok(Self { mask: n - 1 }) } else { Err(NotPowerOfTwo(n)) }
    }
    /// Whether the event number `count` is one of them; 0 is.
    #[inline]
    #[must_use]
    pub const fn takes(self, count: u64) -> bool {
        count & self.mask == 0
    }
}

/// One in so many cannot be chosen with a mask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotPowerOfTwo(pub u64);

impl core::fmt::Display for NotPowerOfTwo {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "one event in {} cannot be sampled: it must be a power of two", self.0)
    }
}

impl core::error::Error for NotPowerOfTwo {}

/// Where probes come from, and where their histograms go.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    shelves: Vec<(Arc<str>, Arc<Mutex<Latency>>)>,
}

impl Latencies {
    /// No probe yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// A probe that hands its histogram back under `name`; probes of the same name are merged. Allocates.
    pub fn probe<C: Clock>(&mut self, name: &str, clock: C, sample: OneIn) -> Probe<C> {
        let known = self.shelves.iter().find(|(shelf, _)| &**shelf == name);
        let shelf = known.map(|(_, shelf)| shelf.clone()).unwrap_or_else(|| {
            let shelf = Arc::new(Mutex::new(Latency::new()));
            self.shelves.push((name.into(), shelf.clone()));
            shelf
        });
        Probe { clock, sample, latency: Latency::new(), shelf }
    }
    /// What was handed back so far, in the order in which the names were first used. Takes a lock for each name, and
    /// allocates: for the control path.
    #[must_use]
    pub fn read(&self) -> Vec<(Arc<str>, Summary)> {
        self.shelves.iter().map(|(name, shelf)| (name.clone(), shelf.lock().summary())).collect()
    }
}

/// A clock, a choice of events and a histogram, for one stage. The histogram is handed back on drop.
#[derive(Debug)]
pub struct Probe<C: Clock> {
    clock: C,
    sample: OneIn,
    /// This probe's own: no other thread sees it before it is handed back.
    latency: Latency,
    shelf: Arc<Mutex<Latency>>,
}

impl<C: Clock> Probe<C> {
    /// Whether event number `count` is to be measured.
    #[inline]
    #[must_use]
    pub fn takes(&self, count: u64) -> bool {
        self.sample.takes(count)
    }
    /// Does `work`, and records how long it took if event number `count` is to be measured. An event that is told to
    /// come `Again` is recorded when it is consumed.
    #[inline]
    pub fn time<R>(&mut self, count: u64, work: impl FnOnce() -> Flow<R>) -> Flow<R> {
        if !self.takes(count) {
            return work();
        }
        let start = self.clock.now();
        let done = work();
        if !matches!(done, Err(Halt::Again)) {
            self.latency.record_since(start, self.clock.now());
        }
        done
    }
    /// Records the time from `due` to now if event number `count` is to be measured. With the time at which the event
    /// was meant to start, carried in the event, the figures are free of coordinated omission.
    #[inline]
    pub fn arrived(&mut self, count: u64, due: Tick) {
        if self.takes(count) {
            self.latency.record_since(due, self.clock.now());
        }
    }
}

impl<C: Clock> Drop for Probe<C> {
    fn drop(&mut self) {
        self.shelf.lock().merge(&self.latency);
    }
}

/// Measures how long the stage after it takes over one event in n: its service time, not the time in the ring.
#[derive(Debug)]
pub struct Timed<C: Clock, S> {
    probe: Probe<C>,
    next: S,
}

impl<C: Clock, S> Timed<C, S> {
    /// `next`, measured by `probe`.
    pub fn new(probe: Probe<C>, next: S) -> Self {
        Self { probe, next }
    }
}

impl<In, C: Clock, S: Stage<In>> Stage<In> for Timed<C, S> {
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        self.probe.time(at.seq.count(), || self.next.on_event(event, at))
    }
    #[inline]
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.next.on_batch_end(now)
    }
}
