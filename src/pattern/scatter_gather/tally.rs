//! Who has said what.

use core::mem;

/// The recipients of one scatter, a bit for each: bit `i` is recipient `i`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Who was asked; in an open set, who has been heard of so far.
    pub expected: u64,
    /// Whose answer is in the accumulator, and complete.
    pub answered: u64,
    /// Who could not be asked, could not answer, or is gone.
    pub failed: u64,
    /// Who has said that there is an answer or that there is none: those above without the ones that could not be asked
    /// or are gone.
    pub heard: u64,
    /// There may be recipients that have not been heard of.
    pub is_open: bool,
}

impl Tally {
    /// Who was asked and has neither answered nor failed.
    #[inline]
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.expected & !(self.answered | self.failed)
    }
    /// Nobody is left who could answer.
    #[inline]
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        !self.is_open && self.missing() == 0
    }
}

/// The numbers of the bits that are set, from the lowest.
pub(super) fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let without_lowest = mask & mask.checked_sub(1)?;
        let lowest = mem::replace(&mut mask, without_lowest).trailing_zeros();
        Some(lowest as usize)
    })
}
