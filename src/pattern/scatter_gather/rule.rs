//! When a scatter has what it wants.

use super::{Auction, Distribution, Tally};
use core::fmt::{Debug, Formatter};

/// When a scatter is complete, and when it can never be. Asked after each answer that has been folded and each fault that
/// has come; has no effects.
pub trait Rule<Acc> {
    /// It is complete.
    fn is_met(&self, tally: &Tally, acc: &Acc) -> bool;
    /// Whatever else comes, it will not be.
    fn is_impossible(&self, tally: &Tally) -> bool;
    /// What is there at the deadline is what was wanted.
    fn is_met_at_deadline(&self) -> bool {
        false
    }
}

/// The sets of recipients that a rule is fit for: all rules for a [`Distribution`]; for an [`Auction`], where nobody knows
/// how many there are, [`Quorum`] and [`AtDeadline`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be told in an open set: nobody knows how many recipients there are",
    note = "an auction is over with a `Quorum` of answers, or `AtDeadline`"
)]
pub trait FitFor<To> {}

impl<R, K, const N: usize> FitFor<Distribution<K, N>> for R {}
impl<K> FitFor<Auction<K>> for Quorum {}
impl<K> FitFor<Auction<K>> for AtDeadline {}

/// Everybody has answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct All;

/// So many have answered; 0 is as 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quorum(pub u32);

/// One has answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FirstSuccess;

/// One has answered or said that it cannot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FirstAny;

/// The time is up: the best of all that have come until then, say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AtDeadline;

/// The accumulator is such as this function wants it: `Until(|sum: &u64| *sum >= 100)`.
#[derive(Clone, Copy)]
pub struct Until<P>(pub P);

impl<Acc> Rule<Acc> for All {
    #[inline]
    fn is_met(&self, tally: &Tally, _: &Acc) -> bool {
        tally.answered == tally.expected
    }
    #[inline]
    fn is_impossible(&self, tally: &Tally) -> bool {
        tally.failed != 0
    }
}

impl<Acc> Rule<Acc> for Quorum {
    #[inline]
    fn is_met(&self, tally: &Tally, _: &Acc) -> bool {
        tally.answered.count_ones() >= self.0.max(1)
    }
    #[inline]
    fn is_impossible(&self, tally: &Tally) -> bool {
        !tally.is_open && (tally.expected & !tally.failed).count_ones() < self.0.max(1)
    }
}

impl<Acc> Rule<Acc> for FirstSuccess {
    #[inline]
    fn is_met(&self, tally: &Tally, _: &Acc) -> bool {
        tally.answered != 0
    }
    #[inline]
    fn is_impossible(&self, tally: &Tally) -> bool {
        tally.is_settled()
    }
}

impl<Acc> Rule<Acc> for FirstAny {
    #[inline]
    fn is_met(&self, tally: &Tally, _: &Acc) -> bool {
        tally.heard != 0
    }
    #[inline]
    fn is_impossible(&self, tally: &Tally) -> bool {
        tally.is_settled()
    }
}

impl<Acc> Rule<Acc> for AtDeadline {
    #[inline]
    fn is_met(&self, _: &Tally, _: &Acc) -> bool {
        false
    }
    /// Nobody is left, and none has answered.
    #[inline]
    fn is_impossible(&self, tally: &Tally) -> bool {
        tally.is_settled() && tally.answered == 0
    }
    #[inline]
    fn is_met_at_deadline(&self) -> bool {
        true
    }
}

impl<Acc, P: Fn(&Acc) -> bool> Rule<Acc> for Until<P> {
    #[inline]
    fn is_met(&self, _: &Tally, acc: &Acc) -> bool {
        (self.0)(acc)
    }
    #[inline]
    fn is_impossible(&self, tally: &Tally) -> bool {
        tally.is_settled()
    }
}

impl<P> Debug for Until<P> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str("Until(..)")
    }
}
