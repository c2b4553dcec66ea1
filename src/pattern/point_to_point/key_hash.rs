//! Which of `N` an event's key belongs to.

use crate::contract::At;
use crate::pattern::Selector;
use crate::table::Mix;
use core::fmt::{Debug, Formatter};
use core::hash::Hasher;

/// Says by an event's key which of `N` consumers, workers or branches it belongs to: `mix(key) % N`.
///
/// The same key belongs to the same one in each run, on each machine, and wherever it is asked: a
/// [`Partition`](super::Partition), a [`Dispatch`](super::Dispatch) and a router with the same `N` agree. It
/// is a [`Selector`] of a [`ContentRouter`](crate::pattern::ContentRouter): then each branch can say by
/// itself what a full ring means, where no acknowledgement is asked for.
///
/// `mix` is that of the room [`table`](crate::table::Mix): one multiplication, after which keys in a row are spread. It
/// keeps nobody out who chooses keys in order to overload one worker.
#[derive(Clone, Copy)]
pub struct KeyHash<F, const N: usize> {
    key: F,
}

impl<F, const N: usize> KeyHash<F, N> {
    /// `key` tells the key of an event; it has to say the same each time that it is asked.
    ///
    /// ```
    /// use ringmain::{channel::spsc, pattern::{ContentRouter, Forward, KeyHash, Park}};
    /// # use ringmain::ring::CapacityError;
    /// let [(a, _rx_a), (b, _rx_b)] = [spsc::channel(8, || 0u64)?, spsc::channel(8, || 0u64)?];
    /// let router = ContentRouter::new(
    ///     KeyHash::<_, 2>::new(|n: &u64| n % 100),
    ///     [a, b].map(|ring| Park::<u64, _>::new(16, Forward::new(ring))),
    /// );
    /// # Ok::<(), CapacityError>(())
    /// ```
    /// Of none there is no one that it could belong to:
    /// ```compile_fail,E0080
    /// let _ = ringmain::pattern::KeyHash::<_, 0>::new(|n: &u64| *n);
    /// ```
    pub const fn new<T: ?Sized>(key: F) -> Self
    where
        F: Fn(&T) -> u64,
    {
        const { assert!(N > 0, "a key belongs to one of at least one") };
        Self { key }
    }
    /// The number of the one that `event` belongs to, below `N`.
    #[inline]
    #[must_use]
    pub fn owner<T: ?Sized>(&self, event: &T) -> usize
    where
        F: Fn(&T) -> u64,
    {
        (mix(self.key_of(event)) % N as u64) as usize
    }
    #[inline]
    pub(super) fn key_of<T: ?Sized>(&self, event: &T) -> u64
    where
        F: Fn(&T) -> u64,
    {
        (self.key)(event)
    }
}

impl<T: ?Sized, F: Fn(&T) -> u64, const N: usize> Selector<T> for KeyHash<F, N> {
    #[inline]
    fn select(&mut self, event: &T, _: At) -> usize {
        self.owner(event)
    }
}

impl<F, const N: usize> Debug for KeyHash<F, N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        write!(f, "KeyHash(.., {N})")
    }
}

#[inline]
fn mix(key: u64) -> u64 {
    let mut mix = Mix::default();
    mix.write_u64(key);
    mix.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change here would move everybody's keys.
    #[test]
    fn a_key_has_the_same_owner_everywhere() {
        let by_key = KeyHash::<_, 64>::new(|n: &u64| *n);
        assert_eq!([0, 1, 2, 1 << 40, u64::MAX].map(|key| by_key.owner(&key)), [4, 49, 47, 4, 20]);
    }

    #[test]
    fn keys_in_a_row_are_spread() {
        let by_key = KeyHash::<_, 4>::new(|n: &u64| *n);
        let mut count = [0; 4];
        for key in 0..4_000 {
            count[by_key.owner(&key)] += 1;
        }
        assert!(count.iter().all(|count| (900..1_100).contains(count)), "{count:?}");
    }
}
