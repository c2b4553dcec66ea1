//! What becomes of a request.

use crate::contract::{Fault, Reason, Refused};
use core::fmt::{Display, Formatter};

/// What every open request comes to when whoever could have answered is gone.
pub const RESPONDER_GONE: Fault = Fault::of(Reason::Shutdown);

/// What [`Client::poll`](super::Client::poll) tells of a request. All but [`Answer::Part`] are its outcome, and the last
/// that is told of it.
#[derive(PartialEq, Eq, Debug)]
pub enum Answer<'a, A> {
    /// One part of the answer, in its slot; more will come.
    Part(&'a mut A),
    /// The answer, or the last part of it, in its slot: to be looked at or taken out.
    Reply(&'a mut A),
    /// The end of an answer in parts.
    End,
    /// The server could not, or there is no server any more ([`RESPONDER_GONE`]).
    Fault(Fault),
    /// Its time is over.
    Timeout,
}

/// Why a request was not accepted. It has no outcome, as it has not begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unasked {
    /// As many requests are open as there may be.
    PendingFull,
    /// The request ring is full.
    RingFull,
    /// Nobody is there to answer. Stable.
    NoResponder,
    /// It would be nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    TooDeep,
}

impl Display for Unasked {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::PendingFull => "too many requests are open: poll for their outcomes, or cancel one",
            Self::RingFull => "the request ring is full: try again later, or elsewhere",
            Self::NoResponder => "nobody is there to answer: the server is gone",
            Self::TooDeep => "requests are nested too deep: services that ask one another in a circle?",
        })
    }
}

impl core::error::Error for Unasked {}

impl From<Refused> for Unasked {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::RingFull,
            Refused::Closed => Self::NoResponder,
        }
    }
}

impl From<Unasked> for Fault {
    /// What one who asked on behalf of somebody can tell him.
    fn from(unasked: Unasked) -> Self {
        Self::of(match unasked {
            Unasked::PendingFull => Reason::TableFull,
            Unasked::RingFull => Reason::RingFull,
            Unasked::NoResponder => Reason::Shutdown,
            Unasked::TooDeep => Reason::LoopLimit,
        })
    }
}
