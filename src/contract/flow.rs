//! What a stage says about one event.

use super::{Reason, Tick};
use crate::ring::Sequence;

/// `Ok`: consumed, go on. `Err(halt)`: the batch does not simply go on.
///
/// A `Result`, so that the commonest line of all, `self.sink.fill(|slot| ...)?`, carries back-pressure, closing and
/// rejection by itself.
pub type Flow<T = ()> = Result<T, Halt>;

/// Why a batch stops short, and whether the event counts as consumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Halt {
    /// Not consumed: somebody downstream is full. The same event comes again.
    Again,
    /// Consumed, but not processable: the nearest dead letter channel, or the pump, disposes of it.
    Reject(Fault),
    /// Consumed, and this stage wants no more, ever.
    Stop,
}

/// Why an event could not be processed, in one register.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fault {
    /// The kind, under which ledgers count it.
    pub reason: Reason,
    /// The user's own number; 0 where the library found the fault.
    pub code: u32,
}

impl Fault {
    /// The user's fault number `code`, which trying again will not mend.
    #[must_use]
    pub const fn new(code: u32) -> Self {
        Self { reason: Reason::NonRetryable, code }
    }
    /// A fault that says no more than its reason.
    #[must_use]
    pub const fn of(reason: Reason) -> Self {
        Self { reason, code: 0 }
    }
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.code {
            0 => self.reason.fmt(f),
            code => write!(f, "{} {code}", self.reason),
        }
    }
}

impl core::error::Error for Fault {}

impl From<Fault> for Halt {
    #[inline]
    fn from(fault: Fault) -> Self {
        Self::Reject(fault)
    }
}

/// Where and when a stage meets an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At {
    /// The event's position in its ring. Strictly increasing; with several producers on one ring there may be gaps,
    /// where a producer gave a claimed slot up.
    pub seq: Sequence,
    /// The time at which this turn began: one reading for the whole batch.
    pub now: Tick,
}
