//! The clock of the machine.

use crate::contract::{Clock, Tick};
use std::time::Instant;

/// Nanoseconds since this clock was made, by [`Instant`]: never back, whatever happens to the time of day. Copies have
/// the same origin, so the ticks of all threads of a crew compare.
///
/// A reading is one `clock_gettime` or its like: some tens of nanoseconds, and no system call where the system has it in
/// user space.
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock {
    origin: Instant,
}

impl MonotonicClock {
    /// A clock whose [`Tick::ZERO`] is now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for MonotonicClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MonotonicClock {
    #[inline]
    fn now(&mut self) -> Tick {
        Tick::ZERO.after(self.origin.elapsed())
    }
}
