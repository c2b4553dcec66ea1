//! Credit for lossy rings, which overwrite what slow readers have not seen: so they can be compared with those that wait.

use crate::event::{Put, Take};
use crossbeam_utils::CachePadded;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes a lossy ring lossless with the cheapest flow control there is: each reader tells how far it is every quarter of
/// a lap, and the producer stays less than a lap ahead of the slowest.
pub(crate) fn credit<P, C>(capacity: usize, tx: P, [a, b]: [C; 2]) -> (Credit<P>, [Credited<C>; 2]) {
    let done: [Arc<CachePadded<AtomicU64>>; 2] = Default::default();
    let capacity = capacity as u64;
    let reader = |rx, nth: usize| Credited { rx, seen: 0, done: done[nth].clone(), every: capacity / 4 };
    let readers = [reader(a, 0), reader(b, 1)];
    // Such a ring may be writing its next slot already.
    (Credit { tx, next: 0, until: capacity - 1, capacity, done }, readers)
}

pub(crate) struct Credit<P> {
    tx: P,
    next: u64,
    /// There is room before this position.
    until: u64,
    capacity: u64,
    done: [Arc<CachePadded<AtomicU64>>; 2],
}

impl<P: Put<u64>> Put<u64> for Credit<P> {
    #[inline(always)]
    fn put(&mut self, event: u64) -> bool {
        if self.next == self.until {
            let slowest = self.done.iter().map(|done| done.load(Ordering::Acquire)).min();
            self.until = slowest.unwrap_or(0) + self.capacity - 1;
        }
        let room = self.next < self.until;
        if room {
            self.tx.put(event);
            self.next += 1;
        }
        room
    }
}

pub(crate) struct Credited<C> {
    rx: C,
    seen: u64,
    done: Arc<CachePadded<AtomicU64>>,
    /// A power of two.
    every: u64,
}

impl<C: Take<u64>> Take<u64> for Credited<C> {
    #[inline(always)]
    fn take(&mut self) -> Option<u64> {
        let event = self.rx.take()?;
        self.seen += 1;
        if self.seen & (self.every - 1) == 0 {
            self.done.store(self.seen, Ordering::Release);
        }
        Some(event)
    }
}
