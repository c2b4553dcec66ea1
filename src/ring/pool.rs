//! Slots that lie in no order: which one is whose is said by its number.
//!
//! | slot                              | who may touch it                    | rule |
//! |-----------------------------------|-------------------------------------|------|
//! | the one whose [`SlotId`] you have | you, and nobody else                | R5 |
//!
//! A slot is initialised when the pool is built, and holds a value until the pool is dropped, as in a ring of
//! [`Slots`](super::Slots).

use super::{CapacityError, Slot, SlotId};

/// The slots that go round in an [`Exchange`](super::Exchange).
#[derive(Debug)]
pub struct Pool<T> {
    slots: Box<[Slot<T>]>,
}

impl<T> Pool<T> {
    /// Allocates all `slots` of a ring of `capacity`, the spare ones included, each with what `fill` makes.
    ///
    /// # Errors
    /// [`CapacityError`] if `capacity` is zero or not a power of two, or if there is no memory for so many slots.
    pub fn new(capacity: usize, slots: usize, mut fill: impl FnMut() -> T) -> Result<Self, CapacityError> {
        let mut pool = CapacityError::room_for(capacity, slots)?;
        pool.extend((0..slots).map(|_| Slot::new(fill(), ())));
        Ok(Self { slots: pool.into_boxed_slice() })
    }
    /// The slot of that number.
    #[inline(always)]
    #[must_use]
    pub fn slot(&self, id: &SlotId) -> &Slot<T> {
        &self.slots[id.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_bad_capacity_is_a_value() {
        assert_eq!(Pool::new(0, 1, || 0u8).unwrap_err(), CapacityError::Zero);
        let next = CapacityError::NotPowerOfTwo { asked: 3, next: 4 };
        assert_eq!(Pool::new(3, 1, || 0u8).unwrap_err(), next);
        for (capacity, slots) in [(1, usize::MAX), (1 << (usize::BITS - 1), 1 << (usize::BITS - 1))] {
            let too_large = CapacityError::TooLarge { asked: capacity };
            assert_eq!(
                Pool::new(capacity, slots, || [0u64; 8]).unwrap_err(),
                too_large,
                "{capacity} {slots}"
            );
        }
    }

    #[test]
    fn every_value_is_dropped_once() {
        let token = Arc::new(());
        let pool = Pool::new(4, 7, || token.clone()).unwrap();
        assert_eq!(Arc::strong_count(&token), 8);
        drop(pool);
        assert_eq!(Arc::strong_count(&token), 1);
    }
}
