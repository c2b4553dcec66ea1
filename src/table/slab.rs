//! A fixed number of slots for values, each found again by a handle that can outlive it.
//!
//! ```text
//!   handle   generation 7 | index 2             in 64 bits, for the header of a message
//!                               |
//!              0      1      2  v   3
//!           +------+------+------+------+
//!           |  5   |  9   |  7   |  1   |       generation: how many tenants the slot has had
//!           | free | free |value | free |
//!           +------+------+------+------+
//!              |      ^             ^
//!    newest ---+      +-- oldest ---|--> 1, 3, 0: the next value goes to slot 1
//! ```
//!
//! ```
//! use ringmain::table::{Handle, Slab};
//! let mut pending = Slab::new(2)?;
//! let handle = pending.insert("order 7").expect("two are free");
//! let corr: u64 = handle.to_bits(); // travels with the request, and comes back with the reply
//!
//! assert_eq!(pending.remove(Handle::from_bits(corr)), Some("order 7"));
//! assert_eq!(pending.remove(Handle::from_bits(corr)), None); // the second reply
//! # Ok::<(), ringmain::ring::CapacityError>(())
//! ```

use super::room_for;
use crate::ring::CapacityError;

/// No slot: the end of the list of free ones, and out of every slab's bounds.
const NIL: u32 = u32::MAX;
/// The generation of no tenant.
const NOBODY: u32 = 0;

/// Which slot of a [`Slab`], and which of its tenants.
///
/// Meant for the slab that gave it: another one may well have a tenant of the same numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Handle {
    index: u32,
    /// From 1; 0 in a handle that matches nothing.
    generation: u32,
}

impl Handle {
    /// The handle that never matches anything; 0 in a header.
    pub const NONE: Self = Self { index: 0, generation: NOBODY };

    /// The slot: less than the capacity of the slab that gave the handle. Two tenants never have the same at one time, so
    /// it can number what is kept beside the slab.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }
    /// The handle as a number: generation in the upper 32 bits, index in the lower.
    #[inline]
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }
    /// The handle of a number, wherever that comes from: one that no slab gave matches nothing, or some tenant.
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self { index: bits as u32, generation: (bits >> 32) as u32 }
    }
}

/// Up to `capacity` values, found by [`Handle`].
///
/// A handle matches the tenant it was given for and no other: not an earlier or later one of its slot, and nobody once that
/// one is removed. So it may travel in a message and come back too late.
///
/// *Reuse* is first in, first out: the slot that has been free for longest is next. The handles that are kept where they
/// should not be then stay different for as long as possible, at the price of walking through all of the memory.
///
/// *Used up.* A slot tells 2^32 - 1 tenants apart, then its generation begins at 1 again. A stale handle could thus match
/// only if it is kept while its slot changes its tenant 2^32 - 1 times, or a multiple of it exactly: with at least `n` slots
/// always free, that is after `n` times 2^32 insertions, 5 days at 10^7 a second for 1,024. A slot is not retired instead,
/// because then each slab would be full for ever one day.
///
/// Costs: each operation touches one slot, a removal two. No allocation after construction, no shared memory.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    /// Its length is the capacity.
    slots: Box<[Slot<T>]>,
    /// The ends of the list of free slots; [`NIL`] if there is none.
    oldest: u32,
    newest: u32,
    len: usize,
}

#[derive(Clone, Debug)]
struct Slot<T> {
    /// Of the tenant, or of the next one; never [`NOBODY`].
    generation: u32,
    /// The slot freed after this one, while this one is free.
    next: u32,
    value: Option<T>,
}

impl<T> Slab<T> {
    /// The largest capacity: an index has 32 bits, and one of them is no slot.
    pub const MAX_CAPACITY: usize = NIL as usize;

    /// An empty slab for `capacity` values, any number from 1 to [`Self::MAX_CAPACITY`]. Allocates, for the last time.
    ///
    /// # Errors
    /// [`CapacityError`] if the capacity is zero or too large.
    pub fn new(capacity: usize) -> Result<Self, CapacityError> {
        if capacity == 0 {
            return Err(CapacityError::Zero);
        }
        if capacity > Self::MAX_CAPACITY {
            return Err(CapacityError::TooLarge { asked: capacity });
        }
        let mut slots = room_for(capacity, capacity)?;
        let newest = capacity as u32 - 1;
        slots.extend((0..=newest).map(|index| Slot {
            generation: NOBODY + 1,
            next: if index == newest { NIL } else { index + 1 },
            value: None,
        }));
        Ok(Self { slots: slots.into_boxed_slice(), oldest: 0, newest, len: 0 })
    }
    /// Puts `value` into the slot that has been free for longest.
    ///
    /// # Errors
    /// The value itself, if every slot has a tenant.
    #[inline]
    pub fn insert(&mut self, value: T) -> Result<Handle, T> {
        let index = self.oldest;
        let Some(slot) = self.slots.get_mut(index as usize) else { return Err(value) };
        self.oldest = slot.next;
        slot.value = Some(value);
        self.len += 1;
        Ok(Handle { index, generation: slot.generation })
    }
    /// Takes out what `handle` stands for; nothing if that is gone. No handle to it matches from here on.
    #[inline]
    pub fn remove(&mut self, handle: Handle) -> Option<T> {
        self.remove_if(handle, |_| true)
    }
    /// As [`remove`](Self::remove), if `fits` says so of it; else it stays, and the answer is as if it were gone.
    #[inline]
    pub fn remove_if(&mut self, handle: Handle, fits: impl FnOnce(&T) -> bool) -> Option<T> {
        let slot = self.slots.get_mut(handle.index())?;
        if slot.generation != handle.generation {
            return None;
        }
        let value = slot.value.take_if(|value| fits(value))?;
        slot.generation = after(slot.generation);
        slot.next = NIL;
        if self.oldest == NIL {
            self.oldest = handle.index;
        } else {
            self.slots[self.newest as usize].next = handle.index;
        }
        self.newest = handle.index;
        self.len -= 1;
        Some(value)
    }
    /// What `handle` stands for; nothing if that is gone.
    #[inline]
    #[must_use]
    pub fn get(&self, handle: Handle) -> Option<&T> {
        let slot = self.slots.get(handle.index())?;
        if slot.generation == handle.generation { slot.value.as_ref() } else { None }
    }
    /// As [`get`](Self::get), to change it.
    #[inline]
    #[must_use]
    pub fn get_mut(&mut self, handle: Handle) -> Option<&mut T> {
        let slot = self.slots.get_mut(handle.index())?;
        if slot.generation == handle.generation { slot.value.as_mut() } else { None }
    }
    /// The handle of the tenant of slot `index`, if it has one. With `0..capacity` it is a walk over all values that can be
    /// left off, changed and taken up again.
    #[inline]
    #[must_use]
    pub fn handle_at(&self, index: usize) -> Option<Handle> {
        let slot = self.slots.get(index)?;
        slot.value.is_some().then_some(Handle { index: index as u32, generation: slot.generation })
    }
    /// Every value with its handle, in the order of the slots. Takes time for every slot, also for free ones.
    pub fn iter(&self) -> impl Iterator<Item = (Handle, &T)> {
        (0..).zip(&self.slots).filter_map(|(index, slot)| {
            slot.value.as_ref().map(|value| (Handle { index, generation: slot.generation }, value))
        })
    }
    /// As [`iter`](Self::iter), to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Handle, &mut T)> {
        (0..).zip(&mut self.slots).filter_map(|(index, slot)| {
            let generation = slot.generation;
            slot.value.as_mut().map(|value| (Handle { index, generation }, value))
        })
    }
    /// How many values are in it.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }
    /// Whether none is.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// How many it has room for.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.slots.len()
    }
    /// Whether the next [`insert`](Self::insert) fails.
    #[inline]
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.oldest == NIL
    }
}

/// The generation of the next tenant: all 32 bits, without [`NOBODY`].
#[inline]
const fn after(generation: u32) -> u32 {
    match generation.wrapping_add(1) {
        NOBODY => NOBODY + 1,
        next => next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_up_generation_begins_again_and_the_slot_stays_in_use() {
        let mut slab = Slab::new(1).unwrap();
        let first = slab.insert('a').unwrap();
        assert_eq!((first.generation, slab.remove(first)), (1, Some('a')));
        slab.slots[0].generation = u32::MAX;
        let last = slab.insert('b').unwrap();
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.remove(last), Some('b'));
        // 2^32 - 1 tenants later: the documented bound. The one just before is told apart, and so is nobody.
        let again = slab.insert('c').unwrap();
        assert_eq!(again, first);
        assert_eq!((slab.get(last), slab.get(Handle::NONE)), (None, None));
    }

    #[test]
    fn what_does_not_fit_stays() {
        let mut slab = Slab::new(1).unwrap();
        let a = slab.insert('a').unwrap();
        assert_eq!((slab.remove_if(a, |value| *value == 'b'), slab.get(a)), (None, Some(&'a')));
        assert_eq!((slab.remove_if(a, |value| *value == 'a'), slab.get(a)), (Some('a'), None));
    }

    #[test]
    fn the_list_of_free_slots_ends_and_begins_again() {
        let mut slab = Slab::new(2).unwrap();
        let (a, b) = (slab.insert('a').unwrap(), slab.insert('b').unwrap());
        assert_eq!((slab.oldest, slab.is_full()), (NIL, true));
        assert_eq!(slab.remove(b), Some('b'));
        assert_eq!((slab.oldest, slab.newest), (1, 1));
        assert_eq!(slab.remove(a), Some('a'));
        assert_eq!((slab.oldest, slab.newest, slab.slots[1].next), (1, 0, 0));
    }

    #[test]
    fn no_larger_than_promised() {
        assert!(size_of::<Slot<u64>>() <= 24);
        assert_eq!(size_of::<Handle>(), 8);
    }
}
