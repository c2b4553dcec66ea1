//! A ring of always-initialised slots, reused for ever.
//!
//! | slot `s`             | who may touch it                                           | rule |
//! |----------------------|------------------------------------------------------------|------|
//! | shared ([`Slot::share`]) | any number of threads, as long as none has it lent    | R1 |
//! | lent ([`Slot::lend`])    | one thread, and no other at the same time             | R2 |
//!
//! R0: the number of slots is a power of two and never changes, so a position masked with one less is an index.
//!
//! Who that is at what time is said by the channels, in their own tables. A slot is initialised when the ring is
//! built and holds a value until the ring is dropped, so there is no half-filled lap and no second drop: a new event
//! overwrites, or swaps with, what the slot held.

use super::Sequence;
use crate::sync::{self, UnsafeCell};

/// The largest ring: far below the numbers that tell laps apart, and building one of empty events still ends.
pub(super) const MAX_CAPACITY: u64 = 1 << 32;

/// The bytes that move between cores at once. Only speed depends on it.
const LINE: usize = 64;

/// `capacity` slots of `T`, each with a mark `M` (a [`Stamp`](super::Stamp) or nothing) beside it, and aligned as `L`.
#[derive(Debug)]
pub struct Slots<T, M = (), L = ()> {
    /// Never empty; its length is a power of two.
    slots: Box<[Slot<T, M, L>]>,
    /// One less than that.
    mask: usize,
}

/// One event and its mark.
#[derive(Debug)]
pub struct Slot<T, M = (), L = ()> {
    mark: M,
    event: UnsafeCell<T>,
    /// Takes no room, but makes the slot begin where an `L` could.
    _begins: [L; 0],
}

/// The alignment of slots that share no line with one another.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Line;

/// Why nothing of the asked capacity can be built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CapacityError {
    /// At least one slot is needed.
    Zero,
    /// The capacity must be a power of two; `next` is the smallest one that is large enough.
    NotPowerOfTwo {
        /// What was asked for.
        asked: usize,
        /// What to ask for instead.
        next: usize,
    },
    /// So many slots (or bytes) do not fit into memory.
    TooLarge {
        /// What was asked for.
        asked: usize,
    },
    /// A ring of bytes needs at least `least`.
    TooSmall {
        /// What was asked for.
        asked: usize,
        /// What to ask for instead.
        least: usize,
    },
}

impl CapacityError {
    /// Says what is wrong with `capacity`, whatever the events are.
    pub(super) fn check(capacity: usize) -> Result<(), Self> {
        if capacity == 0 {
            return Err(Self::Zero);
        }
        let too_large = Self::TooLarge { asked: capacity };
        if !capacity.is_power_of_two() {
            let next = capacity.checked_next_power_of_two().ok_or(too_large)?;
            return Err(Self::NotPowerOfTwo { asked: capacity, next });
        }
        if capacity as u64 > MAX_CAPACITY { Err(too_large) } else { Ok(()) }
    }
    /// An empty vector with room for the so many slots of a ring of `capacity`.
    pub(super) fn room_for<S>(capacity: usize, slots: usize) -> Result<Vec<S>, Self> {
        Self::check(capacity)?;
        let too_large = Self::TooLarge { asked: capacity };
        if slots as u64 > MAX_CAPACITY {
            return Err(too_large);
        }
        let mut room = Vec::new();
        room.try_reserve_exact(slots).map_err(|_| too_large)?;
        Ok(room)
    }
}

impl core::fmt::Display for CapacityError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Zero => f.write_str("a capacity of 0 holds nothing: ask for at least 1"),
            Self::NotPowerOfTwo { asked, next } => {
                write!(f, "the capacity must be a power of two: {asked} is not, take {next}")
            }
            Self::TooLarge { asked } => {
                write!(
                    f,
                    "a capacity of {asked} does not fit into memory: ask for less, or for smaller events"
                )
            }
            Self::TooSmall { asked, least } => {
                write!(f, "a ring of {asked} bytes is too small: take {least} or more")
            }
        }
    }
}

impl core::error::Error for CapacityError {}

// SAFETY: [R1] and [R2] are the contracts of `share` and `lend`: a slot is with one thread exclusively (which needs
// `T: Send`) or with several that only look (which needs `T: Sync`). `M` is reached by shared reference only.
unsafe impl<T: Send + Sync, M: Sync, L> Sync for Slots<T, M, L> {}
// SAFETY: [R2] whoever has `Slots` itself is the only one; it owns its values, and moving it moves them.
unsafe impl<T: Send, M: Send, L> Send for Slots<T, M, L> {}

impl<T, M> Slots<T, M> {
    /// Allocates `capacity` slots side by side; the slot of each position from `start` gets what `fill` and `mark` make.
    ///
    /// # Errors
    /// [`CapacityError`] if `capacity` is zero, not a power of two, or too large for memory.
    pub fn new(
        capacity: usize,
        start: Sequence,
        fill: impl FnMut() -> T,
        mark: impl FnMut(Sequence) -> M,
    ) -> Result<Self, CapacityError> {
        Self::aligned(capacity, start, fill, mark)
    }
}

impl<T, M, L> Slots<T, M, L> {
    /// As [`Slots::new`], with each slot aligned as `L`.
    ///
    /// # Errors
    /// As [`Slots::new`].
    pub fn aligned(
        capacity: usize,
        start: Sequence,
        mut fill: impl FnMut() -> T,
        mut mark: impl FnMut(Sequence) -> M,
    ) -> Result<Self, CapacityError> {
        let mut slots = CapacityError::room_for(capacity, capacity)?;
        let lap = capacity as u64;
        slots.extend((0..lap).map(|index| {
            // The first position at or after `start` that lands on this index.
            let ahead = index.wrapping_sub(start.count()) & (lap - 1);
            Slot::new(fill(), mark(start.plus(ahead)))
        }));
        Ok(Self { slots: slots.into_boxed_slice(), mask: capacity - 1 })
    }
    /// The number of slots.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.slots.len() as u64
    }
    /// The mark of the slot of position `at`.
    #[inline]
    #[must_use]
    pub fn mark(&self, at: Sequence) -> &M {
        self.slot(at).mark()
    }
    /// As [`Slot::share`], for the slot of position `at`.
    ///
    /// # Safety
    /// R1: no thread has the slot lent, or takes it, while `f` runs.
    #[inline(always)]
    pub unsafe fn share<R>(&self, at: Sequence, f: impl FnOnce(&T) -> R) -> R {
        // SAFETY: [R1] by the caller.
        unsafe { self.slot(at).share(f) }
    }
    /// As [`Slot::lend`], for the slot of position `at`.
    ///
    /// # Safety
    /// R2: no other reference to the slot exists, or is made, while `f` runs.
    #[inline(always)]
    pub unsafe fn lend<R>(&self, at: Sequence, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: [R2] by the caller.
        unsafe { self.slot(at).lend(f) }
    }
    /// The slots of the positions from `at`, as far as they lie in a row: at least one, at most `n`. To walk along a
    /// row costs less than to look each position up.
    #[inline(always)]
    #[must_use]
    pub fn row(&self, at: Sequence, n: u64) -> &[Slot<T, M, L>] {
        // SAFETY: [R0] `new`, the only constructor, checks that the length is a power of two; `mask` is one less, so what
        // is masked with it is an index.
        let from = unsafe { self.slots.get_unchecked(self.index(at)..) };
        from.get(..n as usize).unwrap_or(from)
    }
    /// So many slots before it fills one, a writer does well to say that it [will](Self::will_write): a few lines, the
    /// time that a line takes to come from another core.
    pub const AHEAD: u64 = match size_of::<Slot<T, M, L>>() {
        0 => 1,
        size => 1 + (4 * LINE - 1) as u64 / size as u64,
    };
    /// So many slots begin in one line, at least one.
    pub const IN_LINE: u64 = match size_of::<Slot<T, M, L>>() {
        0 => 1,
        size => 1 + (LINE - 1) as u64 / size as u64,
    };
    /// Has the line in which the slot of position `at` begins fetched for writing. Wait-free; a hint without effect on
    /// what is read or written.
    #[inline(always)]
    pub fn will_write(&self, at: Sequence) {
        sync::will_write(self.slot(at));
    }
    /// As [`will_write`](Self::will_write), for reading.
    #[inline(always)]
    pub fn will_read(&self, at: Sequence) {
        sync::will_read(self.slot(at));
    }
    /// The slot of position `at`.
    #[inline(always)]
    #[must_use]
    pub fn slot(&self, at: Sequence) -> &Slot<T, M, L> {
        // SAFETY: [R0] `new`, the only constructor, checks that the length is a power of two; `mask` is one less, so what
        // is masked with it is an index.
        unsafe { self.slots.get_unchecked(self.index(at)) }
    }
    #[inline(always)]
    fn index(&self, at: Sequence) -> usize {
        at.count() as usize & self.mask
    }
}

impl<T, M, L> Slot<T, M, L> {
    pub(super) fn new(event: T, mark: M) -> Self {
        Self { mark, event: UnsafeCell::new(event), _begins: [] }
    }
    /// The slot before it does not begin in the same line.
    #[inline(always)]
    #[must_use]
    pub fn begins_line(&self) -> bool {
        core::ptr::from_ref(self).addr() % LINE < size_of::<Self>()
    }
    /// What stands beside the event.
    #[inline(always)]
    #[must_use]
    pub fn mark(&self) -> &M {
        &self.mark
    }
    /// Shows the event to `f`.
    ///
    /// # Safety
    /// R1: no thread has the slot lent, or takes it, while `f` runs.
    #[inline(always)]
    pub unsafe fn share<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        self.event.with(|event| {
            // SAFETY: [R1] by the caller; the slot is initialised since `Slots::new`.
            f(unsafe { &*event })
        })
    }
    /// Lends the event to `f`, which may change it.
    ///
    /// # Safety
    /// R2: no other reference to the event exists, or is made, while `f` runs.
    #[inline(always)]
    pub unsafe fn lend<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.event.with_mut(|event| {
            // SAFETY: [R2] by the caller; the slot is initialised since `Slots::new`.
            f(unsafe { &mut *event })
        })
    }
    /// Where the event lies, for a guard that lends it by steps. To dereference it takes what [`lend`](Self::lend) takes
    /// (R2), from then on as long as the reference lives. A model takes the call for a write, so call it for each
    /// reference anew.
    #[inline(always)]
    #[must_use]
    pub fn place(&self) -> *mut T {
        self.event.with_mut(|event| event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Arc;

    fn slots<T>(capacity: usize, fill: impl FnMut() -> T) -> Result<Slots<T>, CapacityError> {
        Slots::new(capacity, Sequence::ZERO, fill, |_| ())
    }

    #[test]
    fn a_bad_capacity_is_a_value() {
        assert_eq!(slots(0, || 0u8).unwrap_err(), CapacityError::Zero);
        let next = CapacityError::NotPowerOfTwo { asked: 3, next: 4 };
        assert_eq!(slots(3, || 0u8).unwrap_err(), next);
        let asked = usize::MAX;
        assert_eq!(slots(asked, || 0u8).unwrap_err(), CapacityError::TooLarge { asked });
        let asked = isize::MAX as usize / 8 + 1;
        assert_eq!(slots(asked, || [0u64; 8]).unwrap_err(), CapacityError::TooLarge { asked });
        assert!(next.to_string().contains("take 4"));
    }

    #[test]
    fn each_position_of_a_lap_has_a_slot_and_a_mark_of_its_own() {
        for start in [Sequence::ZERO, Sequence::new(5), Sequence::ZERO.minus(3)] {
            let slots = Slots::new(4, start, || 0u64, |at| at).unwrap();
            for i in 0..4 {
                let at = start.plus(i);
                assert_eq!(*slots.mark(at), at);
                // SAFETY: [R2] this test is the only thread.
                unsafe { slots.lend(at, |event| *event = i) };
            }
            for i in 0..4 {
                // SAFETY: [R1] this test is the only thread.
                assert_eq!(unsafe { slots.share(start.plus(i + 4), |event| *event) }, i);
            }
        }
    }

    #[test]
    fn every_value_is_dropped_once() {
        let token = Arc::new(());
        let ring = slots(8, || token.clone()).unwrap();
        assert_eq!(Arc::strong_count(&token), 9);
        drop(ring);
        assert_eq!(Arc::strong_count(&token), 1);
    }
}
