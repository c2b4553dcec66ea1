//! A hash table of a fixed number of entries.
//!
//! ```text
//!   hash of the key, masked: its home          taken by whom else comes home there: the next free one
//!             |                                   |
//!      +------v------+-------------+-------------v+-------------+
//!      | hash k  v   | hash k  v   | hash k  v    |             |     twice the capacity, or more, a power of two
//!      +-------------+-------------+--------------+-------------+
//!                           <--- an entry that is removed is filled from behind
//! ```
//!
//! Open addressing with linear probing. The table has at least twice as many places as it may have entries, so it is at
//! most half full: a key that is there is found at its 1.5th place on average when it is full, one that is not takes 2.5
//! (Knuth, *Sorting and Searching*, 6.4). A removal moves later entries nearer to their homes, so no marks of removed ones
//! are left in the way.
//!
//! ```
//! use ringmain::table::Index;
//! let mut fills = Index::new(2)?;
//! *fills.get_or_insert_with("GOOG", || 0).expect("room for two") += 5;
//! *fills.get_or_insert_with("GOOG", || 0).expect("room for two") += 7;
//! assert_eq!(fills.insert("AAPL", 1), Ok(None));
//! assert_eq!(fills.insert("MSFT", 3), Err(("MSFT", 3))); // full, and given back
//! assert_eq!(fills.remove("GOOG"), Some(12));
//! # Ok::<(), ringmain::ring::CapacityError>(())
//! ```

use super::room_for;
use crate::ring::CapacityError;
use core::borrow::Borrow;
use core::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use core::num::NonZeroU32;
use core::{fmt, mem};

/// Up to `capacity` values by their keys.
///
/// Exactly `capacity` entries fit, whatever their keys; the table is at most half full then. A removal leaves no mark, so
/// it is as fast after a billion of them as new. Constant time on average, if the hashes are good; what many keys with one
/// hash cost is time.
///
/// Keys are compared in full. The hash function is a parameter; the default, [`Mix`], is fast and the same on all machines,
/// so that a table has the same order everywhere. It has no secret: whoever may choose the keys can choose those with one
/// home. Where that matters, take [`std::hash::RandomState`] and give up the order.
///
/// Costs: 4 bytes a place beside key and value. No allocation after construction, no shared memory.
#[derive(Clone)]
pub struct Index<K, V, S = BuildHasherDefault<Mix>> {
    /// At least twice the capacity, a power of two. From the home of an entry to the entry all places are taken.
    places: Box<[Option<Entry<K, V>>]>,
    len: usize,
    capacity: usize,
    hasher: S,
}

#[derive(Clone)]
struct Entry<K, V> {
    /// Never 0, so that a free place needs no mark of its own.
    hash: NonZeroU32,
    key: K,
    value: V,
}

impl<K: Hash + Eq, V> Index<K, V> {
    /// An empty table for `capacity` entries, any number from 1 to [`Self::MAX_CAPACITY`]. Allocates, for the last time.
    ///
    /// # Errors
    /// [`CapacityError`] if the capacity is zero or too large.
    pub fn new(capacity: usize) -> Result<Self, CapacityError> {
        Self::with_hasher(capacity, BuildHasherDefault::new())
    }
}

impl<K, V, S> Index<K, V, S> {
    /// The largest capacity: a place is told by 31 bits of a hash.
    pub const MAX_CAPACITY: usize = 1 << 30;

    /// How many entries there are.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }
    /// Whether there is none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// How many there is room for.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }
    /// Whether an [`insert`](Self::insert) of a new key fails.
    #[inline]
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len == self.capacity
    }
    /// Every entry, in an order that depends on nothing but the calls before. Takes time for every place, also for free
    /// ones.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.places.iter().flatten().map(|entry| (&entry.key, &entry.value))
    }
    /// As [`iter`](Self::iter), to change the values.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.places.iter_mut().flatten().map(|entry| (&entry.key, &mut entry.value))
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> Index<K, V, S> {
    /// As [`Index::new`], with another hash function.
    ///
    /// # Errors
    /// [`CapacityError`] if the capacity is zero or too large.
    pub fn with_hasher(capacity: usize, hasher: S) -> Result<Self, CapacityError> {
        if capacity == 0 {
            return Err(CapacityError::Zero);
        }
        if capacity > Self::MAX_CAPACITY {
            return Err(CapacityError::TooLarge { asked: capacity });
        }
        let count = (2 * capacity).next_power_of_two();
        let mut places = room_for(capacity, count)?;
        places.extend((0..count).map(|_| None));
        Ok(Self { places: places.into_boxed_slice(), len: 0, capacity, hasher })
    }
    /// Gives `key` the value, and returns the one it had.
    ///
    /// # Errors
    /// Key and value, if the key is new and there is no room for it.
    #[inline]
    pub fn insert(&mut self, key: K, value: V) -> Result<Option<V>, (K, V)> {
        let hash = self.hash_of(&key);
        let place = self.find(&key, hash);
        if let Some(entry) = &mut self.places[place] {
            return Ok(Some(mem::replace(&mut entry.value, value)));
        }
        if self.is_full() {
            return Err((key, value));
        }
        self.places[place] = Some(Entry { hash, key, value });
        self.len += 1;
        Ok(None)
    }
    /// The value of `key`; that which `make` gives, if it has none yet.
    ///
    /// # Errors
    /// The key, if it is new and there is no room for it. Then `make` was not called.
    #[inline]
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> Result<&mut V, K> {
        let hash = self.hash_of(&key);
        let place = self.find(&key, hash);
        let fresh = self.places[place].is_none();
        if fresh && self.is_full() {
            return Err(key);
        }
        let entry = self.places[place].get_or_insert_with(|| Entry { hash, key, value: make() });
        self.len += usize::from(fresh);
        Ok(&mut entry.value)
    }
    /// The value of `key`.
    #[inline]
    #[must_use]
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.places[self.find(key, self.hash_of(key))].as_ref().map(|entry| &entry.value)
    }
    /// The value of `key`, to change it.
    #[inline]
    #[must_use]
    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key, self.hash_of(key));
        self.places[place].as_mut().map(|entry| &mut entry.value)
    }
    /// Takes `key` and its value out.
    #[inline]
    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key, self.hash_of(key));
        let removed = self.places[place].take()?;
        self.len -= 1;
        self.fill_from_behind(place);
        Some(removed.value)
    }

    /// Never 0.
    #[inline]
    fn hash_of<Q: Hash + ?Sized>(&self, key: &Q) -> NonZeroU32 {
        let hash = self.hasher.hash_one(key);
        NonZeroU32::MIN | (hash ^ hash >> 32) as u32
    }
    /// The place of `key`; the free one where it would be put, if it is not there.
    #[inline]
    fn find<Q: Eq + ?Sized>(&self, key: &Q, hash: NonZeroU32) -> usize
    where
        K: Borrow<Q>,
    {
        let mut place = self.home(hash);
        // It ends, as half of the places are free.
        while let Some(entry) = &self.places[place]
            && (entry.hash != hash || entry.key.borrow() != key)
        {
            place = self.behind(place);
        }
        place
    }
    /// Moves entries towards their homes into the `hole` that one has left, until nothing is missing on their way.
    #[inline]
    fn fill_from_behind(&mut self, mut hole: usize) {
        let mask = self.places.len() - 1;
        let mut place = self.behind(hole);
        while let Some(entry) = &self.places[place] {
            // The hole is on its way, unless its home is behind the hole.
            let way = place.wrapping_sub(self.home(entry.hash)) & mask;
            if way >= place.wrapping_sub(hole) & mask {
                self.places.swap(hole, place);
                hole = place;
            }
            place = self.behind(place);
        }
    }
    /// Where an entry with this hash belongs. The lowest bit is always set and says nothing.
    #[inline]
    const fn home(&self, hash: NonZeroU32) -> usize {
        (hash.get() >> 1) as usize & (self.places.len() - 1)
    }
    /// The place after `place`; the first one after the last.
    #[inline]
    const fn behind(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Debug for Index<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A hash function that is the same on every machine and in every release of this crate: each word is mixed in by a
/// multiplication to 128 bits, of which both halves are taken.
///
/// (Of slices of numbers `core` hashes the bytes as they lie in memory, which depends on the byte order.)
#[derive(Clone, Copy, Debug)]
pub struct Mix(u64);

impl Default for Mix {
    fn default() -> Self {
        // The fraction of pi.
        Self(0x243F_6A88_85A3_08D3)
    }
}

impl Hasher for Mix {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(size_of::<u64>()) {
            let mut word = [0; size_of::<u64>()];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }
    #[inline]
    fn write_u64(&mut self, word: u64) {
        // The golden ratio.
        let product = u128::from(self.0 ^ word) * 0x9E37_79B9_7F4A_7C15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
    #[inline]
    fn write_u8(&mut self, word: u8) {
        self.write_u64(word.into());
    }
    #[inline]
    fn write_u16(&mut self, word: u16) {
        self.write_u64(word.into());
    }
    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }
    #[inline]
    fn write_u128(&mut self, word: u128) {
        self.write_u64(word as u64);
        self.write_u64((word >> 64) as u64);
    }
    #[inline]
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far the entries are from their homes on average.
    fn way<K: Hash + Eq, V>(index: &Index<K, V>) -> f64 {
        let taken = index.places.iter().enumerate().filter_map(|(n, entry)| Some((n, entry.as_ref()?)));
        let ways = taken.map(|(n, entry)| n.wrapping_sub(index.home(entry.hash)) & (index.places.len() - 1));
        ways.sum::<usize>() as f64 / index.len() as f64
    }

    #[test]
    fn keys_of_any_stride_spread() {
        let capacity = if cfg!(miri) { 256 } else { 4096 };
        for shift in (0..52).step_by(if cfg!(miri) { 17 } else { 1 }) {
            let mut index = Index::new(capacity).unwrap();
            for n in 0..capacity as u64 {
                assert_eq!(index.insert(n << shift, ()), Ok(None));
            }
            // A half on average, if the hashes are as good as random; few keys scatter more.
            assert!(way(&index) < 1.2, "{} places at a stride of 2^{shift}", way(&index));
        }
    }

    #[test]
    fn pairs_and_texts_spread() {
        let capacity = if cfg!(miri) { 64 } else { 4096 };
        let mut pairs = Index::new(capacity).unwrap();
        let mut texts = Index::new(capacity).unwrap();
        for n in 0..capacity {
            assert_eq!(pairs.insert((n % 64, n / 64), ()), Ok(None));
            assert_eq!(texts.insert(format!("order {n:04}"), ()), Ok(None));
        }
        assert!(way(&pairs) < 1.2, "{}", way(&pairs));
        assert!(way(&texts) < 1.2, "{}", way(&texts));
    }

    #[test]
    fn the_hash_is_the_same_everywhere() {
        let hash = |feed: fn(&mut Mix)| {
            let mut mix = Mix::default();
            feed(&mut mix);
            mix.finish()
        };
        assert_eq!(hash(|mix| mix.write(b"ringmain!")), 0xA375_A6CB_46AB_5610);
        let words = |mix: &mut Mix| {
            mix.write_u8(1);
            mix.write_u16(2);
            mix.write_u32(3);
            mix.write_usize(4);
            mix.write_u128(6 << 64 | 5);
        };
        assert_eq!(hash(words), 0x7132_CED8_D53D_A27B);
    }

    #[test]
    fn a_free_place_needs_no_mark() {
        assert!(size_of::<Option<Entry<u64, u64>>>() <= 24);
    }
}
