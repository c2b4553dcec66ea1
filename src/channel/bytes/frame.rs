//! What stands before each record: how long it is.
//!
//! ```text
//!   63                             33  32   31                                   0
//!  +---------------------------------+-----+--------------------------------------+
//!  |  0                              |  P  |  length, in bytes, header not counted |   header: a `u64` of this machine
//!  +---------------------------------+-----+--------------------------------------+
//!  |  payload: `length` bytes                                                     |
//!  +                                          +-----------------------------------+
//!  |                                          |  0 to 7 bytes, whatever they hold |   up to the next multiple of 8
//!  +------------------------------------------+-----------------------------------+
//! ```
//!
//! `P` is 0 before a record, whose payload is what the consumer is shown. It is 1 before padding, which reaches to the
//! end of the ring and which nobody is shown. There is no room for a type or a time: what a record is about, it says
//! itself, in its first bytes.

use crate::ring::{Region, Sequence};

/// The length of a header, and what every frame begins at a multiple of.
pub(super) const HEADER: usize = size_of::<Frame>();

/// One header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Frame(u64);

const PADDING: u64 = 1 << 32;
const LENGTH: u64 = PADDING - 1;

impl Frame {
    /// Before a record of `len` bytes, less than 4 GiB.
    #[inline(always)]
    pub(super) const fn record(len: usize) -> Self {
        debug_assert!(len as u64 <= LENGTH);
        Self(len as u64)
    }
    /// Before padding of `size` bytes, this header among them.
    #[inline(always)]
    pub(super) const fn padding(size: u64) -> Self {
        debug_assert!(size - HEADER as u64 <= LENGTH);
        Self(PADDING | (size - HEADER as u64))
    }
    /// Nobody is shown what comes behind it.
    #[inline(always)]
    pub(super) const fn is_padding(self) -> bool {
        self.0 & PADDING != 0
    }
    /// The bytes behind the header, without those that only fill up.
    #[inline(always)]
    pub(super) const fn len(self) -> usize {
        (self.0 & LENGTH) as usize
    }
    /// From the beginning of this header to that of the next.
    #[inline(always)]
    pub(super) const fn size(self) -> u64 {
        const LAST: u64 = HEADER as u64 - 1;
        ((self.0 & LENGTH) + HEADER as u64 + LAST) & !LAST
    }
    /// The header at `at`.
    ///
    /// # Safety
    /// R0: `at` is a multiple of 8. R4: the producer has published it, and this is the consumer.
    #[inline(always)]
    pub(super) unsafe fn read(region: &Region, at: Sequence) -> Self {
        let mut word = [0; HEADER];
        // SAFETY: [R4] by the caller; [R0] eight bytes from a multiple of 8 lie in a row.
        unsafe { region.share(at, HEADER, |bytes| word.copy_from_slice(bytes)) };
        Self(u64::from_ne_bytes(word))
    }
    /// Puts this header at `at`.
    ///
    /// # Safety
    /// R0: `at` is a multiple of 8. R3: the consumer is done with what was there, and this is the producer.
    #[inline(always)]
    pub(super) unsafe fn write(self, region: &Region, at: Sequence) {
        // SAFETY: [R3] by the caller; [R0] eight bytes from a multiple of 8 lie in a row.
        unsafe { region.lend(at, HEADER, |bytes| bytes.copy_from_slice(&self.0.to_ne_bytes())) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_ends_where_the_next_can_begin() {
        for (len, size) in [(0, 8), (1, 16), (8, 16), (9, 24), (LENGTH as usize, (1 << 32) + 8)] {
            let frame = Frame::record(len);
            assert_eq!((frame.len(), frame.size(), frame.is_padding()), (len, size, false));
        }
        for size in [8, 16, 1 << 32] {
            assert_eq!((Frame::padding(size).size(), Frame::padding(size).is_padding()), (size, true));
        }
    }
}
