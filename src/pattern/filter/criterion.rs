//! What a filter decides by.

use crate::contract::{At, Reason};
use crate::pattern::catch::discard;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Decides on events of type `T`. Every `FnMut(&T) -> bool` is one.
///
/// A filter asks once for each event, also if the event comes again because somebody downstream was full, so a criterion
/// may count. None of those here allocates, blocks or reads a clock.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decide on events of type `{T}`",
    note = "a closure `|event: &{T}| -> bool {{ ... }}` is a criterion; annotate the event's type"
)]
pub trait Criterion<T: ?Sized> {
    /// What becomes of `event`. Asked once for each event.
    fn judge(&mut self, event: &T, at: At) -> Verdict;
}

/// What becomes of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It goes on.
    Keep,
    /// It does not, on purpose: to the discard output, and booked as filtered.
    Discard,
    /// It is worth nothing to anybody: booked as dropped, under the reason.
    Drop(Reason),
}

impl From<bool> for Verdict {
    #[inline]
    fn from(keep: bool) -> Self {
        if keep { Self::Keep } else { Self::Discard }
    }
}

impl<T: ?Sized, F: FnMut(&T) -> bool> Criterion<T> for F {
    #[inline]
    fn judge(&mut self, event: &T, _: At) -> Verdict {
        self(event).into()
    }
}

/// Decides for a criterion that panics, where a panic is not to reach a `Catch` or end the pump.
///
/// The criterion is asked again for the next event: what state it has then is its own affair. Where panics
/// abort the process, so does this one.
#[derive(Clone, Debug)]
pub struct IfItPanics<C> {
    verdict: Verdict,
    criterion: C,
}

impl<C> IfItPanics<C> {
    /// The verdict on events that `criterion` panics on is `verdict`.
    pub const fn new(verdict: Verdict, criterion: C) -> Self {
        Self { verdict, criterion }
    }
}

impl<T: ?Sized, C: Criterion<T>> Criterion<T> for IfItPanics<C> {
    fn judge(&mut self, event: &T, at: At) -> Verdict {
        catch_unwind(AssertUnwindSafe(|| self.criterion.judge(event, at))).unwrap_or_else(|payload| {
            discard(payload);
            self.verdict
        })
    }
}
