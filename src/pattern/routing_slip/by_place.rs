//! Sends messages to the stages of their next steps.

use super::{Itinerant, Itineraries, Place, Progress, Step};
use crate::contract::At;
use crate::pattern::{NO_ROUTE, Selector};
use crate::sync::Arc;

/// For a [`ContentRouter`](crate::pattern::ContentRouter) behind a [`RoutingSlip`](super::RoutingSlip): a message goes to
/// the branch where its next step is done, or undone, or where its way ends.
#[derive(Clone, Debug)]
pub struct ByPlace {
    itineraries: Arc<Itineraries>,
    /// By step; at 0, which is none, those that have completed.
    branches: Box<[u8; 256]>,
    faulted: u8,
}

/// No branch.
const NONE: u8 = u8::MAX;

impl ByPlace {
    /// Messages that have completed go to `completed`, those that have failed (what they had done is undone, or could not
    /// be) to `faulted`. Allocates.
    ///
    /// # Panics
    /// If that is no branch: their numbers are 0 to 63.
    #[must_use]
    pub fn new(itineraries: Arc<Itineraries>, completed: usize, faulted: usize) -> Self {
        let mut branches = Box::new([NONE; 256]);
        branches[0] = branch(completed);
        Self { itineraries, branches, faulted: branch(faulted) }
    }
    /// Step `step` is done, and undone, at `to`.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[must_use]
    pub fn step<I, O>(mut self, step: Step<I, O>, to: usize) -> Self {
        self.branches[usize::from(step.number())] = branch(to);
        self
    }
}

fn branch(number: usize) -> u8 {
    assert!(number < 64, "branch {number}, of 0 to 63");
    number as u8
}

impl<T: Itinerant + ?Sized> Selector<T> for ByPlace {
    #[inline]
    fn select(&mut self, event: &T, _: At) -> usize {
        let branch = match self.itineraries.place(event) {
            Place::Do(step) | Place::Undo(step) => self.branches[usize::from(step)],
            Place::End(Progress::Completed) => self.branches[0],
            Place::End(_) => self.faulted,
            Place::Lost => NONE,
        };
        if branch == NONE { NO_ROUTE } else { usize::from(branch) }
    }
}
