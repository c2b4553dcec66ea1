//! What is known of an event that has failed, and what is to be done with it.

use super::Failure;
use crate::contract::{At, Fault, Reason, Tick};

/// What is known of an event that has failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) failure: Failure,
    pub(super) next: Next,
}

/// What is to be done with it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    /// Try it at this time.
    Try(Tick),
    End(Ending),
}

/// What becomes of an event that is not tried any more.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    /// A letter, counted under this reason.
    Letter(Reason),
    /// A letter, then it stops.
    LetterAndStop,
    Drop,
}

impl Case {
    /// Of an event that becomes a letter for `reason` without being tried (again), unless its end is known.
    #[cold]
    pub(super) fn untried(before: Option<Self>, reason: Reason, At { seq, now }: At) -> Self {
        if let Some(known @ Self { next: Next::End(_), .. }) = before {
            return known;
        }
        let none = Failure { seq, fault: Fault::of(reason), attempts: 0, first: now, last: now };
        let failure = before.map_or(none, |case| case.failure);
        Self { failure, next: Next::End(Ending::Letter(reason)) }
    }
}
