//! A ring of bytes, reused for ever, of which a stretch at a time is looked at or changed.
//!
//! ```text
//!   position % capacity:   0        8       16       24              capacity
//!                          +--------+--------+--------+-- ... --+--------+
//!                          |        |  at .. at + n   |         |        |
//!                          +--------+--------+--------+-- ... --+--------+
//!                                   a stretch begins at a multiple of 8 and lies in a row
//! ```
//!
//! | bytes `at .. at + n`       | who may touch them                                          | rule |
//! |----------------------------|-------------------------------------------------------------|------|
//! | shared ([`Region::share`]) | any number of threads, as long as none has one of them lent | R1 |
//! | lent ([`Region::lend`], [`Region::hold`]) | one thread, and no other at the same time    | R2 |
//!
//! R0: the capacity is a power of two, a multiple of 8, and never changes, so a position masked with one less is the
//! number of a byte. A stretch lies in a row: `n` is at most [`Region::row`] of `at`. `at` is a multiple of 8.
//!
//! Who that is at what time is said by the channels, in their own tables. Every byte is initialised when the ring is
//! built: a stretch that is lent holds what was written there before.

use super::slots::MAX_CAPACITY;
use super::{CapacityError, Sequence};
use crate::sync::{Bytes, Writing};
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

/// The unit of a region: every stretch begins at a multiple of it.
const WORD: usize = 8;

/// `capacity` bytes, in words of 8.
#[derive(Debug)]
pub struct Region {
    /// Never empty; its length is a power of two and a multiple of 8.
    bytes: Bytes,
}

// SAFETY: [R1] and [R2] are the contracts of `share`, `lend` and `hold`: a byte is with one thread exclusively or with
// several that only look, and a byte has no other owner than the region.
unsafe impl Sync for Region {}

impl Region {
    /// Allocates `capacity` bytes, all zero.
    ///
    /// # Errors
    /// [`CapacityError`] if `capacity` is less than 8, not a power of two, or too large for memory.
    pub fn new(capacity: usize) -> Result<Self, CapacityError> {
        if capacity < WORD {
            return Err(CapacityError::TooSmall { asked: capacity, least: WORD });
        }
        let too_large = CapacityError::TooLarge { asked: capacity };
        if !capacity.is_power_of_two() {
            let next = capacity.checked_next_power_of_two().ok_or(too_large)?;
            return Err(CapacityError::NotPowerOfTwo { asked: capacity, next });
        }
        if capacity as u64 > MAX_CAPACITY {
            return Err(too_large);
        }
        Ok(Self { bytes: Bytes::zeroed(capacity / WORD).ok_or(too_large)? })
    }
    /// The number of bytes.
    #[inline(always)]
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.bytes.len() as u64
    }
    /// The bytes from position `at` that lie in a row.
    #[inline(always)]
    #[must_use]
    pub fn row(&self, at: Sequence) -> u64 {
        (self.bytes.len() - self.offset(at)) as u64
    }
    /// Shows the `n` bytes from position `at` to `f`. They begin at an address that is a multiple of 8.
    ///
    /// # Safety
    /// R0: `at` is a multiple of 8, and `n` at most `row(at)`. R1: no thread has one of the bytes lent, or takes it,
    /// while `f` runs.
    #[inline(always)]
    pub unsafe fn share<R>(&self, at: Sequence, n: usize, f: impl FnOnce(&[u8]) -> R) -> R {
        let _reading = self.bytes.reading(self.offset(at), n);
        // SAFETY: [R1] by the caller; [R0] the bytes are those of `self`, initialised since `new`.
        f(unsafe { &*self.place(at, n) })
    }
    /// Lends the `n` bytes from position `at` to `f`, which may change them. They begin at an address that is a multiple
    /// of 8.
    ///
    /// # Safety
    /// R0: `at` is a multiple of 8, and `n` at most `row(at)`. R2: no other reference to one of the bytes exists, or is
    /// made, while `f` runs.
    #[inline(always)]
    pub unsafe fn lend<R>(&self, at: Sequence, n: usize, f: impl FnOnce(&mut [u8]) -> R) -> R {
        let _writing = self.bytes.writing(self.offset(at), n);
        // SAFETY: [R2] by the caller; [R0] the bytes are those of `self`, initialised since `new`.
        f(unsafe { &mut *self.place(at, n) })
    }
    /// As `lend`, until what it returns is dropped or forgotten.
    ///
    /// # Safety
    /// R0: `at` is a multiple of 8, and `n` at most `row(at)`. R2: no other reference to one of the bytes exists, or is
    /// made, while what it returns lives.
    #[inline(always)]
    #[must_use]
    pub unsafe fn hold(&self, at: Sequence, n: usize) -> Lent<'_> {
        let writing = self.bytes.writing(self.offset(at), n);
        Lent { place: self.place(at, n), region: PhantomData, _writing: writing }
    }
    #[inline(always)]
    fn place(&self, at: Sequence, n: usize) -> *mut [u8] {
        core::ptr::slice_from_raw_parts_mut(self.bytes.begin().wrapping_add(self.offset(at)), n)
    }
    #[inline(always)]
    fn offset(&self, at: Sequence) -> usize {
        // `self.bytes` is never empty, but the compiler does not know it: `wrapping_sub` keeps a check away.
        at.count() as usize & self.bytes.len().wrapping_sub(1)
    }
}

/// Bytes of a [`Region`] that are lent for as long as it lives.
///
/// It keeps a pointer and makes a reference only when it is asked for one: while it is passed on, to a function that
/// gives the bytes to another thread, there is no reference that the compiler could hold to be alone.
#[derive(Debug)]
pub struct Lent<'a> {
    /// Valid to read and to write, and nobody else's [R2], while `self` lives.
    place: *mut [u8],
    region: PhantomData<&'a Region>,
    _writing: Writing,
}

impl Lent<'_> {
    /// The bytes are nobody's again.
    #[inline(always)]
    pub fn give_back(self) {}
}

impl Deref for Lent<'_> {
    type Target = [u8];
    #[inline(always)]
    fn deref(&self) -> &[u8] {
        // SAFETY: [R2] by the caller of `hold`, the only constructor; `&self` keeps `deref_mut` away.
        unsafe { &*self.place }
    }
}

impl DerefMut for Lent<'_> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: [R2] by the caller of `hold`, the only constructor; `&mut self` is the only way to the bytes.
        unsafe { &mut *self.place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_capacity_is_a_value() {
        assert_eq!(Region::new(4).unwrap_err(), CapacityError::TooSmall { asked: 4, least: 8 });
        assert_eq!(Region::new(24).unwrap_err(), CapacityError::NotPowerOfTwo { asked: 24, next: 32 });
        for asked in [usize::MAX, isize::MAX as usize + 1] {
            assert_eq!(Region::new(asked).unwrap_err(), CapacityError::TooLarge { asked });
        }
    }

    #[test]
    fn a_stretch_is_where_its_position_says_lap_after_lap() {
        let region = Region::new(32).unwrap();
        for at in [Sequence::ZERO.minus(8), Sequence::ZERO, Sequence::new(8), Sequence::new(56)] {
            let row = region.row(at);
            assert_eq!(row, 32 - at.count() % 32);
            // SAFETY: [R2] this test is the only thread; [R0] as long as the row.
            unsafe { region.lend(at, row as usize, |bytes| bytes.fill(at.count() as u8)) };
            // SAFETY: [R1] this test is the only thread; [R0] as long as the row, a lap later.
            let same = unsafe {
                region.share(at.plus(32), row as usize, |bytes| {
                    bytes.as_ptr().addr() % 8 == 0 && bytes.iter().all(|byte| *byte == at.count() as u8)
                })
            };
            assert!(same);
        }
    }

    #[test]
    fn what_is_held_is_changed_in_place() {
        let region = Region::new(16).unwrap();
        // SAFETY: [R2] this test is the only thread; [R0] eight bytes from 8 of 16 are in a row.
        let mut held = unsafe { region.hold(Sequence::new(8), 3) };
        assert_eq!(*held, [0, 0, 0]);
        held.copy_from_slice(&[1, 2, 3]);
        held.give_back();
        // SAFETY: [R1] this test is the only thread; [R0] all of the ring.
        let all = unsafe { region.share(Sequence::ZERO, 16, <[u8]>::to_vec) };
        assert_eq!(all, [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0]);
    }
}
