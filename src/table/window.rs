//! Which of the positions from `next` on have been seen: one bit for each.
//!
//! ```text
//!     below           |  the window: `width` positions              |   beyond
//!  -------------------+---------------------------------------------+-----------------
//!   seen, or given up | x  x  .  x  .  .  x  .  .  .  .  .  .  .  . |   too far ahead
//!                     ^        ^
//!                     next     what `advance` moves it to
//! ```
//!
//! It is the memory of those who get numbered things in another order: a resequencer (which gives them on up to `next`), a
//! watermark of acknowledgements (`next` is the first that is missing), and a filter of duplicates that is exact for ever,
//! as what is below was seen.
//!
//! ```
//! use ringmain::table::{Mark, Window};
//! let mut window = Window::new(8, 100)?;
//! assert_eq!(window.mark(101), Mark::Fresh);
//! assert_eq!(window.mark(101), Mark::Duplicate);
//! assert_eq!(window.advance(), 0); // 100 is missing
//! assert_eq!(window.mark(100), Mark::Fresh);
//! assert_eq!(window.advance(), 2);
//! assert_eq!((window.next(), window.mark(101), window.mark(110)), (102, Mark::Below, Mark::Beyond));
//! # Ok::<(), ringmain::ring::CapacityError>(())
//! ```

use super::room_for;
use crate::ring::CapacityError;

/// Bits of a word.
const WORD: u64 = u64::BITS as u64;

/// What [`Window::mark`] found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "only a fresh position has been marked by this"]
pub enum Mark {
    /// It was not marked, and is now.
    Fresh,
    /// It was marked before.
    Duplicate,
    /// It lies before `next`: it was marked before, or skipped.
    Below,
    /// It lies `width` or more behind `next`: advance, or skip, and come again.
    Beyond,
}

/// `width` consecutive positions, of which some are marked.
///
/// Positions are counted modulo 2^64. What is up to 2^63 behind `next` is below, the rest beyond, so all of it holds across
/// the wrap.
///
/// Costs: a bit a position. [`Window::mark`] touches one word; [`Window::advance`] one for every 64 positions it passes,
/// so less than one for each that was marked; [`Window::first_marked`] one for every 64 it finds unmarked. No allocation
/// after construction, no shared memory.
#[derive(Clone, Debug)]
pub struct Window {
    /// Position `p` has bit `p % width`, where everything outside of the window is clear.
    words: Box<[u64]>,
    /// The width less one; the width is a power of two.
    mask: u64,
    next: u64,
    /// Marked positions.
    len: u64,
}

impl Window {
    /// The largest width.
    pub const MAX_WIDTH: u64 = 1 << 32;

    /// A window of `width` positions from `next` on, none of them marked. Allocates, for the last time.
    ///
    /// # Errors
    /// [`CapacityError`] if the width is zero, not a power of two, or too large.
    pub fn new(width: usize, next: u64) -> Result<Self, CapacityError> {
        let too_large = CapacityError::TooLarge { asked: width };
        if width == 0 {
            return Err(CapacityError::Zero);
        }
        if width as u64 > Self::MAX_WIDTH {
            return Err(too_large);
        }
        if !width.is_power_of_two() {
            let next = width.checked_next_power_of_two().ok_or(too_large)?;
            return Err(CapacityError::NotPowerOfTwo { asked: width, next });
        }
        let count = width.div_ceil(WORD as usize);
        let mut words = room_for(width, count)?;
        words.resize(count, 0);
        Ok(Self { words: words.into_boxed_slice(), mask: width as u64 - 1, next, len: 0 })
    }
    /// Marks `at`, if it lies in the window. Constant time.
    #[inline]
    pub fn mark(&mut self, at: u64) -> Mark {
        let ahead = at.wrapping_sub(self.next);
        if ahead > self.mask {
            return if ahead.cast_signed() < 0 { Mark::Below } else { Mark::Beyond };
        }
        let (word, bit) = self.place_of(at);
        let bit = 1 << bit;
        if self.words[word] & bit != 0 {
            return Mark::Duplicate;
        }
        self.words[word] |= bit;
        self.len += 1;
        Mark::Fresh
    }
    /// Whether `at` lies in the window and is marked.
    #[inline]
    #[must_use]
    pub fn is_marked(&self, at: u64) -> bool {
        let (word, bit) = self.place_of(at);
        at.wrapping_sub(self.next) <= self.mask && self.words[word] >> bit & 1 == 1
    }
    /// Moves `next` to the first position that is not marked. How many it passed, all of them marked.
    #[inline]
    pub fn advance(&mut self) -> u64 {
        let begin = self.next;
        loop {
            let (word, bit) = self.place_of(self.next);
            let run = u64::from((self.words[word] >> bit).trailing_ones());
            if run == 0 {
                return self.next.wrapping_sub(begin);
            }
            self.pass(word, bit, run);
        }
    }
    /// Moves `next` on to `at`, whatever is marked before it: to give up a gap. How many positions it passed that were not
    /// marked; none, and nothing moves, if `at` is not ahead.
    ///
    /// It takes a word for every 64 positions, but never more than the window has.
    #[inline]
    pub fn skip_to(&mut self, at: u64) -> u64 {
        let ahead = at.wrapping_sub(self.next);
        if ahead.cast_signed() <= 0 {
            return 0;
        }
        if self.len == 0 {
            self.next = at;
            return ahead;
        }
        let marked = self.len;
        if ahead > self.mask {
            self.reset(at);
        }
        while self.next != at {
            let (word, bit) = self.place_of(self.next);
            let to_the_end = WORD.min(self.mask + 1) - u64::from(bit);
            self.pass(word, bit, at.wrapping_sub(self.next).min(to_the_end));
        }
        ahead - (marked - self.len)
    }
    /// Moves `next` on by one, and says whether that was marked: as `skip_to(next() + 1)`, for one that passes many, one
    /// at a time.
    #[inline]
    pub fn step(&mut self) -> bool {
        if self.len == 0 {
            self.next = self.next.wrapping_add(1);
            return false;
        }
        let (word, bit) = self.place_of(self.next);
        let marked = self.words[word] >> bit & 1;
        self.words[word] ^= marked << bit;
        self.len -= marked;
        self.next = self.next.wrapping_add(1);
        marked == 1
    }
    /// Moves `next` on by one, which is known not to be marked: as [`step`](Self::step), for one that has it in hand.
    #[inline]
    pub fn step_unmarked(&mut self) {
        debug_assert!(!self.is_marked(self.next));
        self.next = self.next.wrapping_add(1);
    }
    /// Moves `next` back to `at`, which is not ahead of it, if all that is marked stays in the window. It looks at each
    /// position that would not: for the time before anybody knows where to begin.
    pub fn reach_back(&mut self, at: u64) -> bool {
        let back = self.next.wrapping_sub(at);
        let mut falls_out = (0..back).map(|n| at.wrapping_add(self.width()).wrapping_add(n));
        let fits = back <= self.mask && !falls_out.any(|lost| self.is_marked(lost));
        if fits {
            self.next = at;
        }
        fits
    }
    /// Begins anew at `next`, wherever that is, with nothing marked. Constant time if nothing was.
    pub fn reset(&mut self, next: u64) {
        if self.len != 0 {
            self.words.fill(0);
        }
        self.len = 0;
        self.next = next;
    }
    /// The first position that is marked; `next` lies as far behind as the first gap is long.
    #[inline]
    #[must_use]
    pub fn first_marked(&self) -> Option<u64> {
        if self.len == 0 {
            return None;
        }
        let mut at = self.next;
        loop {
            let (word, bit) = self.place_of(at);
            let marked = self.words[word] >> bit;
            if marked != 0 {
                return Some(at.wrapping_add(u64::from(marked.trailing_zeros())));
            }
            at = at.wrapping_add(WORD.min(self.mask + 1) - u64::from(bit));
        }
    }
    /// The first position of the window.
    #[inline]
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }
    /// How many positions the window has.
    #[inline]
    #[must_use]
    pub const fn width(&self) -> u64 {
        self.mask + 1
    }
    /// How many of them are marked.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }
    /// Whether none is.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The word of a position, and its bit there.
    #[inline]
    const fn place_of(&self, at: u64) -> (usize, u32) {
        let index = at & self.mask;
        ((index / WORD) as usize, (index % WORD) as u32)
    }
    /// Clears `run` positions from `next` on, 1 to 64 that lie in one word, and moves `next` behind them.
    #[inline]
    fn pass(&mut self, word: usize, bit: u32, run: u64) {
        let passed = u64::MAX >> (WORD - run) << bit & self.words[word];
        self.words[word] ^= passed;
        self.len -= u64::from(passed.count_ones());
        self.next = self.next.wrapping_add(run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_skip_of_one() {
        for width in [1, 2, 64, 128] {
            let mut steps = Window::new(width, u64::MAX - 9).unwrap();
            for n in 0..300u64 {
                if n % 3 != 0 {
                    let _ = steps.mark(steps.next().wrapping_add(n % width as u64));
                }
                let mut skips = steps.clone();
                let unmarked = skips.skip_to(skips.next().wrapping_add(1));
                if unmarked == 1 {
                    let mut knows = steps.clone();
                    knows.step_unmarked();
                    assert_eq!((&knows.words, knows.next, knows.len), (&skips.words, skips.next, skips.len));
                }
                assert_eq!(u64::from(!steps.step()), unmarked);
                assert_eq!((&steps.words, steps.next, steps.len), (&skips.words, skips.next, skips.len));
            }
        }
    }

    #[test]
    fn it_reaches_back_as_far_as_what_is_marked_allows() {
        for width in [1, 8, 64, 128] {
            for start in [3, u64::MAX - 2] {
                for ahead in 0..width as u64 {
                    let mut window = Window::new(width, start).unwrap();
                    let marked = start.wrapping_add(ahead);
                    assert_eq!(window.mark(marked), Mark::Fresh);
                    let most = width as u64 - 1 - ahead;
                    assert!(!window.reach_back(start.wrapping_sub(most + 1)));
                    assert_eq!(window.next(), start);
                    assert!(window.reach_back(start.wrapping_sub(most)));
                    assert_eq!(
                        (window.next(), window.first_marked()),
                        (start.wrapping_sub(most), Some(marked))
                    );
                    assert!(!window.reach_back(window.next().wrapping_add(1)), "that is not back");
                }
            }
        }
    }

    #[test]
    fn what_is_outside_of_the_window_is_clear() {
        for width in [1, 2, 32, 64, 128] {
            for start in [0, u64::MAX - 70, u64::MAX] {
                let mut window = Window::new(width, start).unwrap();
                let all = |window: &mut Window| {
                    let next = window.next;
                    (0..width as u64)
                        .map(|n| window.mark(next.wrapping_add(n)))
                        .all(|mark| mark == Mark::Fresh)
                };
                assert!(all(&mut window));
                assert_eq!(
                    window.words.iter().map(|word| u64::from(word.count_ones())).sum::<u64>(),
                    window.len
                );
                assert_eq!((window.advance(), window.len), (width as u64, 0));
                assert!(window.words.iter().all(|&word| word == 0));
                assert!(all(&mut window));
                assert_eq!(window.skip_to(window.next.wrapping_add(width as u64)), 0);
                assert!(window.words.iter().all(|&word| word == 0));
            }
        }
    }
}
