//! One agent on one thread: its name, its turns, its end.

use super::{AgentEnd, AgentReport, Panic, Stopper};
use crate::contract::{Agent, Tick, Work};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a panic of an agent does to the others. The agent itself is dropped in any case, so that its neighbours see its
/// channels closed.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum OnPanic {
    /// Nothing: the other agents go on, and the report names it.
    #[default]
    End,
    /// All threads of the crew stop, as with [`Handle::stop`](super::Handle::stop).
    StopCrew,
    /// The process aborts at once, after the panic was printed.
    Abort,
}

/// An agent that has no thread yet.
pub(super) struct Recruit {
    pub(super) name: String,
    pub(super) on_panic: OnPanic,
    /// Called on the thread that the agent will have: what it makes need not be `Send`.
    pub(super) build: Box<dyn FnOnce() -> Box<dyn Agent> + Send>,
}

/// An agent on its thread.
pub(super) struct Seat {
    name: String,
    on_panic: OnPanic,
    stopper: Stopper,
    /// `None` once it has ended; then `end` says how.
    agent: Option<Box<dyn Agent>>,
    end: AgentEnd,
}

impl Seat {
    pub(super) fn take(recruit: Recruit, stopper: Stopper) -> Self {
        let Recruit { name, on_panic, build } = recruit;
        let mut seat = Self { name, on_panic, stopper, agent: None, end: AgentEnd::Stopped };
        match catch_unwind(AssertUnwindSafe(build)) {
            Ok(agent) => seat.agent = Some(agent),
            Err(payload) => seat.panicked(Panic::new(payload)),
        }
        seat
    }
    /// One turn; an agent that has ended is `Done`.
    #[inline]
    pub(super) fn turn(&mut self, now: Tick) -> Work {
        let Some(agent) = &mut self.agent else { return Work::Done };
        // Unwind safe: an agent that panicked is never called again, only dropped.
        match catch_unwind(AssertUnwindSafe(|| agent.work(now))) {
            Ok(Work::Done) => self.end(AgentEnd::Done),
            Ok(work) => return work,
            Err(payload) => self.panicked(Panic::new(payload)),
        }
        Work::Done
    }
    /// Drops the agent if it is still there.
    pub(super) fn stop(&mut self) {
        if self.agent.is_some() {
            self.end(AgentEnd::Stopped);
        }
    }
    pub(super) fn into_report(self) -> AgentReport {
        AgentReport { name: self.name, end: self.end }
    }

    #[cold]
    fn panicked(&mut self, panic: Panic) {
        match self.on_panic {
            OnPanic::End => {}
            OnPanic::StopCrew => self.stopper.stop(),
            OnPanic::Abort => std::process::abort(),
        }
        self.end(AgentEnd::Panicked(panic));
    }
    fn end(&mut self, end: AgentEnd) {
        self.end = end;
        let Some(agent) = self.agent.take() else { return };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(agent))) {
            if matches!(self.end, AgentEnd::Panicked(_)) {
                // The first panic is the one to report. A payload may panic when it is dropped, so this one is not.
                core::mem::forget(payload);
            } else {
                self.panicked(Panic::new(payload));
            }
        }
    }
}
