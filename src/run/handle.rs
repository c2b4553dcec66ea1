//! What is left of a crew in the hand of who started it.

use super::shared::Shared;
use super::{Notice, Report, Running};
use crate::ring::Counter;
use crate::sync::Arc;
use core::time::Duration;
use std::thread;
use std::time::Instant;

/// A running crew: stop it, look at it, wait for it.
///
/// Dropping it stops the crew and waits for nobody: threads end after the turn they are in, and an agent that is stuck
/// stays stuck, alone. To know that all have ended, [`join`](Self::join).
#[must_use = "dropping the handle stops the crew"]
#[derive(Debug)]
pub struct Handle {
    shared: Arc<Shared>,
    stopper: Stopper,
    /// Empty once it is joined.
    threads: Vec<thread::JoinHandle<()>>,
    notices: Vec<Notice>,
    /// The report was given out, and with it what `shared` held.
    joined: bool,
}

impl Handle {
    pub(super) fn new(
        shared: Arc<Shared>,
        stopper: Stopper,
        threads: Vec<thread::JoinHandle<()>>,
        notices: Vec<Notice>,
    ) -> Self {
        Self { shared, stopper, threads, notices, joined: false }
    }
    /// Tells every thread to leave its loop and to drop its agents, which closes their channels. Events that are still
    /// in a ring stay there; to have them all handled, drop the producers instead and `join`.
    ///
    /// Returns at once. A thread sees it after the turn it is in, and after the sleep it is in: so late as its wait
    /// strategy may sleep, unless somebody rings its bell.
    pub fn stop(&self) {
        self.stopper.stop();
    }
    /// Does what [`stop`](Self::stop) does, from elsewhere.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }
    /// What was done otherwise than asked for.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
    /// Every thread has ended. `true` is stable.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.joined || self.shared.is_finished()
    }
    /// The threads that have not ended, and where they are now. Takes a lock that no turn takes, and allocates.
    #[must_use]
    pub fn running(&self) -> Vec<Running> {
        if self.joined { Vec::new() } else { self.shared.running(&self.shared.turns()) }
    }
    /// Waits until every thread has ended, at most for `time`. **Blocks.** It stops nobody: a crew ends when its agents
    /// are done, or when it is told to.
    ///
    /// # Errors
    /// [`JoinError::Late`] names each thread that is still there, and the agent it is in; the crew can be joined again.
    /// [`JoinError::Joined`] if the report was given out before.
    pub fn join(&mut self, time: Duration) -> Result<Report, JoinError> {
        if self.joined {
            return Err(JoinError::Joined);
        }
        // A time past the end of the clock is for ever.
        self.join_until(Instant::now().checked_add(time)).map_err(|running| JoinError::Late { time, running })
    }
    /// Waits for as long as it takes.
    pub(super) fn into_report(mut self) -> Report {
        loop {
            if let Ok(report) = self.join_until(None) {
                return report;
            }
        }
    }
    fn join_until(&mut self, deadline: Option<Instant>) -> Result<Report, Vec<Running>> {
        let turns_before = self.shared.turns();
        let Some(threads) = self.shared.reports(deadline) else {
            return Err(self.shared.running(&turns_before));
        };
        self.joined = true;
        for thread in self.threads.drain(..) {
            // Its report is here, so nothing but the end of the thread is left, and nothing that could panic.
            let _ = thread.join();
        }
        Ok(Report { threads, notices: core::mem::take(&mut self.notices) })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if !self.joined {
            self.stopper.stop();
        }
    }
}

/// Stops a crew from any thread: from a signal handler's, or one of its own agents.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<Counter>);

impl Stopper {
    pub(super) fn new() -> Self {
        Self(Arc::new(Counter::new(0)))
    }
    /// As [`Handle::stop`]. Wait-free.
    pub fn stop(&self) {
        self.0.set(1);
    }
    /// The crew was stopped. `true` is stable. Wait-free.
    #[inline]
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.get() != 0
    }
}

/// Why there is no report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JoinError {
    /// Some threads have not ended in time.
    Late {
        /// How long they were given.
        time: Duration,
        /// They.
        running: Vec<Running>,
    },
    /// The report was given out before.
    Joined,
}

impl core::fmt::Display for JoinError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Late { time, running } => {
                write!(f, "not ended within {time:?}")?;
                running.iter().try_for_each(|running| write!(f, "; {running}"))
            }
            Self::Joined => f.write_str("this crew was joined before"),
        }
    }
}

impl core::error::Error for JoinError {}
