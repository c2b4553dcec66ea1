//! Keys that are not with the worker that they would be sent to now.

use crate::ring::CapacityError;
use crate::table::Index;

/// The keys that had events in flight when workers joined or left, each with its worker, until nothing of it is in flight.
///
/// Of a key that is not here, all that is in flight is with the worker that the next one would be sent to.
#[derive(Debug)]
pub(super) struct Affinity {
    /// None where the workers are fixed.
    keys: Option<Index<u64, Pin>>,
    /// There are some.
    any: bool,
}

#[derive(Debug)]
struct Pin {
    worker: u32,
    /// Events of the key that the worker has, at least one.
    count: u32,
}

impl Affinity {
    pub(super) const NONE: Self = Self { keys: None, any: false };

    /// Room for the keys of so many events.
    pub(super) fn new(in_flight: usize) -> Result<Self, CapacityError> {
        Ok(Self { keys: Some(Index::new(in_flight)?), any: false })
    }
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        !self.any
    }
    /// The only worker that may get an event of `key`, if there is one.
    #[cold]
    pub(super) fn worker(&self, key: u64) -> Option<usize> {
        Some(self.keys.as_ref()?.get(&key)?.worker as usize)
    }
    /// An event of `key` was given to its worker.
    #[cold]
    pub(super) fn sent(&mut self, key: u64) {
        if let Some(pin) = self.keys.as_mut().and_then(|keys| keys.get_mut(&key)) {
            pin.count += 1;
        }
    }
    /// Its worker has one less.
    #[cold]
    pub(super) fn back(&mut self, key: u64) {
        let Some(keys) = &mut self.keys else { return };
        let Some(pin) = keys.get_mut(&key) else { return };
        pin.count -= 1;
        if pin.count == 0 {
            keys.remove(&key);
            self.any = !keys.is_empty();
        }
    }
    /// From now on keys may be sent elsewhere, but not those of the events that are `in_flight`.
    #[cold]
    pub(super) fn pin(&mut self, in_flight: impl Iterator<Item = (u64, usize)>) {
        let Some(keys) = &mut self.keys else { return };
        keys.iter_mut().for_each(|(_, pin)| pin.count = 0);
        for (key, worker) in in_flight {
            // There is room for the keys of all that can be in flight.
            if let Ok(pin) = keys.get_or_insert_with(key, || Pin { worker: worker as u32, count: 0 }) {
                pin.count += 1;
            }
        }
        self.any = !keys.is_empty();
    }
}
