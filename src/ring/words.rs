//! Slots that may be read while they are overwritten: events as atomic words, each slot under a stamp.
//!
//! ```text
//!  | stamp | word 0 | word 1 | .. | word n |      one slot; the rest of the last word is zero
//! ```
//!
//! | stamp of slot `s mod capacity` | meaning for a reader at `s`                                                  |
//! |--------------------------------|------------------------------------------------------------------------------|
//! | `s - capacity`                 | not yet                                                                      |
//! | `s` and `BUSY`                 | not yet: it is being written                                                 |
//! | `s`                            | there, and still there if the stamp is the same when the words are copied    |
//! | any other                      | gone: overwritten, or about to be                                            |
//!
//! Nobody is kept out, so no rule says who may touch a slot. What makes that sound: every word is an atomic, so to read
//! it beside a write is no data race, and an event that is [`Plain`] has no padding and no bits without a meaning, so
//! even a torn mixture of two would be a value. That no mixture is ever returned is what the stamp is for, and the
//! reason for its orderings:
//!
//! | writer                                  | reader                                | what it is good for                |
//! |-----------------------------------------|---------------------------------------|------------------------------------|
//! | stamp `s`, Release, behind the words S6 | first look at the stamp, Acquire S7   | no words older than the stamp says |
//! | fence Release behind stamp `BUSY` S8    | fence Acquire, then the second look S9 | no words newer than the stamp says |
//! | stamp `BUSY`, Release S10               | first look at the stamp, Acquire S7   | who finds an event gone sees all that the writer did before it came round |
//!
//! The second line is the less known one: whoever has read one word of a later event, with any ordering, and passes the
//! Acquire fence then, sees the `BUSY` that the writer stored before its Release fence (or something later), and not the
//! `s` he saw first. The third keeps a reader from looking for ever in a slot that is gone because a position that it
//! learnt elsewhere is old. Algorithm: a sequence lock, by Boehm, "Can seqlocks get along with programming language
//! memory models?" (MSPC 2012), one for each slot, with the position for the count of writes.

use super::{CapacityError, Sequence};
use crate::sync::{AtomicU64, Ordering, fence};
use core::marker::PhantomData;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// An event that can be copied word by word while somebody overwrites it: all of its bytes are its own (no padding),
/// every pattern of bits is a value of it (no `bool`, no enum, no reference, nothing that owns memory), and it is `Copy`.
///
/// Every type that says so is one. Numbers and arrays of them do; a struct does with
///
/// ```
/// # use zerocopy::{FromBytes, Immutable, IntoBytes};
/// #[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
/// #[repr(C)]
/// struct Quote {
///     bid: i64,
///     ask: i64,
///     symbol: [u8; 8],
/// }
/// ```
///
/// and the crate `zerocopy` (0.8, feature `derive`) among its dependencies; the derive refuses what would not be sound.
/// Any size will do, none included, and any alignment.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read while it is being overwritten",
    label = "not plain: it owns memory, has padding, or has bits without a meaning",
    note = "derive `Clone, Copy, zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable` for it",
    note = "what owns memory (`String`, `Vec`, `Box`) goes through `channel::spsc` or `channel::multicast`, or as an index into a table"
)]
pub trait Plain: Copy + FromBytes + IntoBytes + Immutable {}

#[diagnostic::do_not_recommend]
impl<T: Copy + FromBytes + IntoBytes + Immutable> Plain for T {}

/// `capacity` slots of `T`, for one thread that writes and any number that read.
#[derive(Debug)]
pub struct Words<T> {
    /// The slots, one behind the other.
    words: Box<[AtomicU64]>,
    /// The number of slots, a power of two, less one.
    mask: u64,
    /// Events go in and come out by value; none is shared.
    event: PhantomData<fn(T) -> T>,
}

/// What a reader finds at a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// Nothing has been written there yet.
    NotYet,
    /// The event, and it is copied.
    Event,
    /// The writer came round, perhaps while the event was copied.
    Gone,
}

/// The event of the stamp's position is being written.
const BUSY: u64 = 1;
/// The bytes of a word.
const WORD: usize = size_of::<u64>();

impl<T> Words<T> {
    /// The number of slots.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.mask + 1
    }
}

impl<T: Plain> Words<T> {
    /// The words of one slot: the stamp, and as many as the event needs.
    const STRIDE: usize = 1 + size_of::<T>().div_ceil(WORD);

    /// Allocates `capacity` slots; the slot of each position from `start` waits for its first event.
    ///
    /// # Errors
    /// [`CapacityError`] if `capacity` is zero, not a power of two, or too large for memory.
    pub fn new(capacity: usize, start: Sequence) -> Result<Self, CapacityError> {
        CapacityError::check(capacity)?;
        let too_large = CapacityError::TooLarge { asked: capacity };
        let len = capacity.checked_mul(Self::STRIDE).ok_or(too_large)?;
        let mut words = Vec::new();
        words.try_reserve_exact(len).map_err(|_| too_large)?;
        let lap = capacity as u64;
        let mask = lap - 1;
        for index in 0..lap {
            // A lap before the first position at or after `start` that lands on this index.
            let behind = start.plus(index.wrapping_sub(start.count()) & mask).minus(lap);
            words.push(AtomicU64::new(behind.word(0)));
            words.extend((1..Self::STRIDE).map(|_| AtomicU64::new(0)));
        }
        Ok(Self { words: words.into_boxed_slice(), mask, event: PhantomData })
    }
    /// Writes the event of position `at` over what the slot holds. Wait-free. A thread that stalls in it makes the
    /// event that was there unreadable, and holds nobody up.
    ///
    /// It belongs to one thread at a time, and positions only grow; nothing breaks in memory if not, but readers may
    /// get mixtures.
    ///
    /// ordering: both stores of the stamp are Release; they pair with the Acquire load of `read`, and hand over what came
    /// before them. The words are Relaxed, behind a Release fence that pairs with the Acquire fence of `read`.
    #[inline]
    pub fn write(&self, at: Sequence, event: &T) {
        let (stamp, words) = self.slot(at);
        stamp.store(at.word(BUSY), Ordering::Release);
        fence(Ordering::Release);
        let store = |word: &AtomicU64, bytes| word.store(u64::from_ne_bytes(bytes), Ordering::Relaxed);
        let (whole, rest) = event.as_bytes().as_chunks::<WORD>();
        for (word, bytes) in words.iter().zip(whole) {
            store(word, *bytes);
        }
        if let Some(word) = words.get(whole.len()) {
            let mut bytes = [0; WORD];
            bytes[..rest.len()].copy_from_slice(rest);
            store(word, bytes);
        }
        stamp.store(at.word(0), Ordering::Release);
    }
    /// Copies the event of position `at`, which the writer has reached or is at most a lap before, if it is there. If it
    /// is not, `event` may be a mixture. Wait-free: one attempt.
    ///
    /// ordering: Acquire for the first look at the stamp; pairs with the Release stores of `write`. Relaxed for the words,
    /// and for the second look behind an Acquire fence, which pairs with the Release fence of `write`.
    #[inline]
    #[must_use]
    pub fn read(&self, at: Sequence, event: &mut T) -> Found {
        let (stamp, words) = self.slot(at);
        let seen = stamp.load(Ordering::Acquire);
        if seen != at.word(0) {
            let position = Sequence::of_word(seen);
            let not_yet = position == at || position == at.minus(self.capacity());
            return if not_yet { Found::NotYet } else { Found::Gone };
        }
        let load = |word: &AtomicU64| word.load(Ordering::Relaxed).to_ne_bytes();
        let (whole, rest) = event.as_mut_bytes().as_chunks_mut::<WORD>();
        for (word, bytes) in words.iter().zip(&mut *whole) {
            *bytes = load(word);
        }
        if let Some(word) = words.get(whole.len()) {
            rest.copy_from_slice(&load(word)[..rest.len()]);
        }
        fence(Ordering::Acquire);
        if stamp.load(Ordering::Relaxed) == seen { Found::Event } else { Found::Gone }
    }
    /// The stamp and the words of the slot of position `at`.
    #[inline(always)]
    fn slot(&self, at: Sequence) -> (&AtomicU64, &[AtomicU64]) {
        let from = (at.count() & self.mask) as usize * Self::STRIDE;
        let slot = &self.words[from..from + Self::STRIDE];
        (&slot[0], &slot[1..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words<T: Plain>(capacity: usize, start: Sequence) -> Words<T> {
        Words::new(capacity, start).unwrap()
    }
    fn read<T: Plain>(words: &Words<T>, at: Sequence) -> (Found, T) {
        let mut event = T::new_zeroed();
        (words.read(at, &mut event), event)
    }

    #[test]
    fn a_bad_capacity_is_a_value() {
        let new = |asked| Words::<[u64; 8]>::new(asked, Sequence::ZERO).unwrap_err();
        assert_eq!(new(0), CapacityError::Zero);
        assert_eq!(new(3), CapacityError::NotPowerOfTwo { asked: 3, next: 4 });
        for asked in [1 << (usize::BITS - 1), 1 << (usize::BITS - 5)] {
            assert_eq!(new(asked), CapacityError::TooLarge { asked });
        }
    }

    #[test]
    fn a_slot_tells_its_laps_apart_across_the_wrap() {
        for capacity in [1, 2, 8] {
            for start in [Sequence::ZERO, Sequence::new(5), Sequence::ZERO.minus(1)] {
                let words = words::<u64>(capacity, start);
                let lap = capacity as u64;
                for n in 0..3 * lap {
                    let at = start.plus(n);
                    assert_eq!(read(&words, at).0, Found::NotYet);
                    words.write(at, &n);
                    assert_eq!(read(&words, at), (Found::Event, n));
                    if n >= lap {
                        assert_eq!(read(&words, at.minus(lap)).0, Found::Gone);
                    }
                }
            }
        }
    }

    /// What a writer that stalls leaves to be seen.
    #[test]
    fn a_slot_that_is_being_written_is_not_there_yet_and_what_it_held_is_gone() {
        let (words, at) = (words::<u64>(1, Sequence::ZERO), Sequence::new(1));
        words.write(Sequence::ZERO, &7);
        words.slot(at).0.store(at.word(BUSY), Ordering::Relaxed);
        assert_eq!(read(&words, Sequence::ZERO).0, Found::Gone);
        assert_eq!(read(&words, at).0, Found::NotYet);
        assert_eq!(read(&words, at.next()).0, Found::NotYet);
    }

    #[test]
    fn every_size_and_alignment_comes_back_as_it_went_in() {
        fn round<T: Plain + PartialEq + core::fmt::Debug>(events: [T; 3], stride: usize) {
            let words = words::<T>(2, Sequence::ZERO);
            assert_eq!(words.words.len(), 2 * stride);
            for (n, event) in events.iter().enumerate() {
                words.write(Sequence::new(n as u64), event);
                assert_eq!(read(&words, Sequence::new(n as u64)), (Found::Event, *event));
            }
        }
        round([(); 3], 1);
        round([1u8, 2, 255], 2);
        round([[1u8; 7], [2; 7], [255; 7]], 2);
        round([[1u8; 9], [2; 9], [255; 9]], 3);
        round([[1u16; 9], [2; 9], [u16::MAX; 9]], 4);
        round([1u128, 2, u128::MAX], 3);
        round([[0.5f64; 8], [-0.0; 8], [f64::MAX; 8]], 9);
    }
}
