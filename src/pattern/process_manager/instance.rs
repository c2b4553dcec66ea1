//! One process.

use super::undo::Done;
use super::{Machine, Undo};
use crate::contract::{ReturnAddress, Tick};
use crate::table::TimerId;
use core::fmt::{Debug, Formatter};

/// Timers that one instance may have at a time.
pub const MAX_TIMERS: usize = 4;
/// Senders whose last event an instance remembers.
pub const SOURCES: usize = 4;

/// One process as it stands, to be looked at.
///
/// In this order in memory: first what every event looks at, which is a cache line if key and data are small.
#[repr(C)]
pub struct Instance<M: Machine> {
    pub(super) phase: Phase,
    pub(super) outstanding: u32,
    pub(super) originator: ReturnAddress,
    pub(super) state: M::State,
    pub(super) data: M::Data,
    pub(super) key: M::Key,
    /// The last event of each source.
    pub(super) seen: [u64; SOURCES],
    /// The deadline; then the next look at an undoing; then being forgotten.
    pub(super) alarm: TimerId,
    pub(super) timers: [Option<(M::Kind, TimerId)>; MAX_TIMERS],
    pub(super) done: Done,
}

/// Which way a process goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Forward.
    Running,
    /// Back: `undo` is being undone, for the `attempts`th time.
    Undoing {
        /// What is being undone.
        undo: Undo,
        /// From 1.
        attempts: u32,
        /// Sent, and not yet answered; else it waits to be sent again.
        sent: bool,
    },
    /// This could not be undone as often as the policy says: it waits for an operator.
    Stuck(Undo),
    /// Ended, and remembered for a time.
    Completed,
    /// Ended, every step undone, and remembered for a time.
    Compensated,
}

impl<M: Machine> Instance<M> {
    pub(super) fn new(key: M::Key, originator: ReturnAddress) -> Self {
        Self {
            key,
            state: M::INITIAL,
            data: M::Data::default(),
            phase: Phase::Running,
            outstanding: 0,
            originator,
            seen: [0; SOURCES],
            timers: [None; MAX_TIMERS],
            alarm: TimerId::NONE,
            done: Done::new(),
        }
    }
    /// Whose it is.
    #[must_use]
    pub fn key(&self) -> M::Key {
        self.key
    }
    /// Where it stands; once it was turned back, where it stood then.
    #[must_use]
    pub fn state(&self) -> M::State {
        self.state
    }
    /// What it remembers.
    #[must_use]
    pub fn data(&self) -> &M::Data {
        &self.data
    }
    /// Which way it goes.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }
    /// The steps that are done and not undone, the last one last. That which is being undone is not among them.
    #[must_use]
    pub fn steps(&self) -> &[Undo] {
        self.done.as_slice()
    }
    /// The requests that are open, a bit each.
    #[must_use]
    pub fn outstanding(&self) -> u32 {
        self.outstanding
    }
    /// The timers that are armed.
    pub fn timers(&self) -> impl Iterator<Item = M::Kind> {
        self.timers.iter().flatten().map(|(kind, _)| *kind)
    }

    /// This event of this source, or a later one, was here before.
    pub(super) fn has_seen(&self, event: &M::Event) -> bool {
        M::identity(event)
            .is_some_and(|(source, id)| self.seen.get(usize::from(source)).is_some_and(|last| id <= *last))
    }
    pub(super) fn note(&mut self, event: &M::Event) {
        if let Some((source, id)) = M::identity(event)
            && let Some(last) = self.seen.get_mut(usize::from(source))
        {
            // What was deferred comes after what came behind it.
            *last = id.max(*last);
        }
    }
    /// Whether all of these timers would find a place.
    pub(super) fn has_places(&self, changes: &[(M::Kind, Option<Tick>)]) -> bool {
        if changes.is_empty() {
            return true;
        }
        let mut armed = self.timers.map(|timer| timer.map(|(kind, _)| kind));
        changes.iter().all(|(kind, due)| {
            let place = armed.iter().position(|armed| *armed == Some(*kind));
            match (place, due) {
                (Some(place), None) => armed[place] = None,
                (None, Some(_)) => match armed.iter_mut().find(|armed| armed.is_none()) {
                    Some(free) => *free = Some(*kind),
                    None => return false,
                },
                _ => {}
            }
            true
        })
    }
}

impl<M: Machine> Debug for Instance<M> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Instance")
            .field("state", &self.state)
            .field("phase", &self.phase)
            .field("steps", &self.steps())
            .finish_non_exhaustive()
    }
}
