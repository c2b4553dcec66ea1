//! What a fault is worth.

use crate::contract::Fault;

/// What becomes of an event that was rejected with a certain fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// Try again as [`Retry`](super::Retry) says, then a letter.
    Retry,
    /// A letter at once.
    Letter,
    /// Nothing: the event is dropped, and counted under the fault's reason.
    Drop,
    /// A letter, then the stage stops.
    Halt,
}

impl Remedy {
    /// The verdict of a channel that was told nothing else: always [`Remedy::Letter`].
    #[must_use]
    pub const fn letter(_: Fault) -> Self {
        Self::Letter
    }
}
