//! A position in an endless stream of events.
//!
//! ```text
//!   63                                2   1        0
//!  +-----------------------------------+--------+--------+
//!  |  position, modulo 2^62            | mark 1 | mark 0 |   a word in shared memory
//!  +-----------------------------------+--------+--------+
//! ```
//!
//! A position is kept shifted left by two, so that wrapping arithmetic on the whole word is right by itself
//! and the two lowest bits are free for what a [`Cursor`](super::Cursor) or a [`Stamp`](super::Stamp) has to
//! say in the same atomic word. At 10^9 events a second 2^62 last 146 years; the code is right across the
//! wrap all the same, and its tests start just before it.

/// A position: the number of events before it, modulo 2^62. [`Sequence::ZERO`] is the first event of a ring.
///
/// There is no order between positions, only a distance ([`Sequence::since`]): an order would be wrong
/// across the wrap.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Sequence(u64);

/// One position, in the units of the word.
const STEP: u64 = 1 << Sequence::MARK_BITS;

impl Sequence {
    /// The position of the first event of a ring.
    pub const ZERO: Self = Self(0);
    /// The lowest bits of the word, which belong to the marks.
    const MARK_BITS: u32 = 2;
    /// Positions are counted modulo `2^BITS`.
    pub const BITS: u32 = u64::BITS - Self::MARK_BITS;

    /// The position after `count` events, modulo 2^62.
    #[inline]
    #[must_use]
    pub const fn new(count: u64) -> Self {
        Self(count << Self::MARK_BITS)
    }
    /// How many events come before this position, modulo 2^62.
    #[inline]
    #[must_use]
    pub const fn count(self) -> u64 {
        self.0 >> Self::MARK_BITS
    }
    /// The position `n` events later.
    #[inline]
    #[must_use]
    pub const fn plus(self, n: u64) -> Self {
        Self(self.0.wrapping_add(n << Self::MARK_BITS))
    }
    /// The position `n` events earlier.
    #[inline]
    #[must_use]
    pub const fn minus(self, n: u64) -> Self {
        Self(self.0.wrapping_sub(n << Self::MARK_BITS))
    }
    /// The next position.
    #[inline]
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(STEP))
    }
    /// How many events lie between `earlier` and this position. Meaningless if `earlier` is later.
    #[inline]
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.wrapping_sub(earlier.0) >> Self::MARK_BITS
    }
    /// The word of this position and `marks`, which must fit in the mark bits.
    #[inline]
    pub(super) const fn word(self, marks: u64) -> u64 {
        debug_assert!(marks < STEP);
        self.0 | marks
    }
    /// The position in a word.
    #[inline]
    pub(super) const fn of_word(word: u64) -> Self {
        Self(word & !(STEP - 1))
    }
}

impl core::fmt::Debug for Sequence {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "#{}", self.count())
    }
}

impl core::fmt::Display for Sequence {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.count().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_holds_across_the_wrap() {
        let last = Sequence::ZERO.minus(1);
        assert_eq!(last.count(), (1 << 62) - 1);
        assert_eq!(last.next(), Sequence::ZERO);
        assert_eq!(last.plus(3), Sequence::new(2));
        assert_eq!(Sequence::new(2).since(last), 3);
        assert_eq!(last.since(last), 0);
    }

    #[test]
    fn marks_do_not_touch_the_position() {
        let at = Sequence::new(77);
        for marks in 0..STEP {
            assert_eq!(Sequence::of_word(at.word(marks)), at);
        }
    }
}
