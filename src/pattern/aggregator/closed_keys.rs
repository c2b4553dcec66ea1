//! The keys of the groups that closed last, so that what comes late is known.

use crate::ring::CapacityError;
use crate::table::Index;
use core::hash::Hash;

/// The last so many of them. A key that closes again is as young as its last closing.
#[derive(Debug)]
pub(super) struct ClosedKeys<K> {
    /// A ring: closing number `n` is at `n` modulo its length.
    ring: Box<[Option<K>]>,
    /// Of each key that is remembered, the number of its last closing.
    index: Index<K, u64>,
    closings: u64,
}

impl<K: Copy + Eq + Hash> ClosedKeys<K> {
    pub(super) fn new(capacity: usize) -> Result<Self, CapacityError> {
        let index = Index::new(capacity)?;
        Ok(Self { ring: (0..capacity).map(|_| None).collect(), index, closings: 0 })
    }
    #[inline]
    pub(super) fn contains(&self, key: &K) -> bool {
        self.index.get(key).is_some()
    }
    pub(super) fn remember(&mut self, key: K) {
        let places = self.ring.len() as u64;
        let place = (self.closings % places) as usize;
        if let Some(oldest) = self.ring[place].replace(key)
            && self.index.get(&oldest).is_some_and(|number| number + places == self.closings)
        {
            let _ = self.index.remove(&oldest);
        }
        // There is room: each key in the index has a place of its own in the ring, and one of those was just given up.
        let _ = self.index.insert(key, self.closings);
        self.closings += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_unless_it_closed_again() {
        let mut closed = ClosedKeys::new(2).unwrap();
        let known = |closed: &ClosedKeys<u8>| (1..=4).filter(|key| closed.contains(key)).collect::<Vec<_>>();
        for (key, remembered) in
            [(1, vec![1]), (2, vec![1, 2]), (3, vec![2, 3]), (2, vec![2, 3]), (4, vec![2, 4]), (4, vec![4])]
        {
            closed.remember(key);
            assert_eq!(known(&closed), remembered, "after {key}");
        }
    }
}
