//! One producer or many: what a claim costs, and what becomes of one that is not used.

use crate::ring::{Claim, Sequence, Slots, Stamp};
use core::fmt::Debug;

/// One producer: nobody races it, so its claim is a store, and what it does not use it takes back.
#[derive(Debug)]
pub enum One {}

/// Many producers: a claim is a read-modify-write, and what is not used is void, as others may have gone on behind it.
#[derive(Debug)]
pub enum Many {}

/// [`One`] or [`Many`].
pub trait Mode: Debug + sealed::Sealed {
    /// Claims the `n` positions from `from`, or tells where the first free one is now.
    #[doc(hidden)]
    fn take(claim: &Claim, from: Sequence, n: u64) -> Result<(), Sequence>;
    /// The positions `at..until`, the last of a claim, will not be filled.
    #[doc(hidden)]
    fn give_up<T>(claim: &Claim, slots: &Slots<T, Stamp>, at: Sequence, until: Sequence);
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::One {}
    impl Sealed for super::Many {}
}

impl Mode for One {
    #[inline(always)]
    fn take(claim: &Claim, from: Sequence, n: u64) -> Result<(), Sequence> {
        claim.set(from.plus(n));
        Ok(())
    }
    #[cold]
    fn give_up<T>(claim: &Claim, _slots: &Slots<T, Stamp>, at: Sequence, _until: Sequence) {
        claim.set(at);
    }
}

impl Mode for Many {
    #[inline(always)]
    fn take(claim: &Claim, from: Sequence, n: u64) -> Result<(), Sequence> {
        claim.take(from, n)
    }
    #[cold]
    fn give_up<T>(_claim: &Claim, slots: &Slots<T, Stamp>, mut at: Sequence, until: Sequence) {
        while at != until {
            slots.mark(at).abandon(at);
            at = at.next();
        }
    }
}
