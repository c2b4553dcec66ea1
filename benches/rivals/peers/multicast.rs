//! Rings of which every reader sees every event, and two rings side by side.

use super::ends;
use crate::event::{Event, Put, Take};
use crate::field::Field;
use crossbeam_utils::CachePadded;
use low_latency_data_structures::{mem::global::GlobalAllocator, spmc};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) fn rings<T: Event>(field: &mut Field) {
    field.ring::<T, _, _>("photon-ring", |capacity| {
        let (tx, rx) = photon_ring::channel_bounded(capacity, 0);
        (tx, rx.subscribe())
    });
}

pub(super) fn many(field: &mut Field) {
    field.multicast("photon-ring", |capacity| {
        let (tx, rx) = photon_ring::channel_bounded(capacity, 0);
        (tx, [rx.subscribe(), rx.subscribe()])
    });
    field.multicast("photon-ring, lossy with credit", |capacity| {
        let (tx, rx) = photon_ring::channel(capacity);
        credit(capacity, Lossy(tx), [rx.subscribe(), rx.subscribe()])
    });
    field.multicast("low-latency-data-structures, lossy with credit", |capacity| {
        assert_eq!(capacity, 1 << 10, "the capacity is in the type");
        let (tx, rx) = spmc::new::<u64, { 1 << 10 }, _>(spmc::Options::global_mlocked());
        credit(capacity, tx, [rx.clone(), rx])
    });
    field.multicast("2 x rtrb", |capacity| {
        let ((a, from_a), (b, from_b)) = (rtrb::RingBuffer::new(capacity), rtrb::RingBuffer::new(capacity));
        (Twice { a, b, a_has_it: false }, [from_a, from_b])
    });
}

ends!(
    photon_ring::Publisher<T>,
    photon_ring::Subscriber<T>,
    |tx, event| tx.try_publish(event).is_ok(),
    |rx| match rx.try_recv() {
        Ok(event) => Some(event),
        Err(photon_ring::TryRecvError::Empty) => None,
        // It was lapped: a number that nobody waits for.
        Err(_) => Some(T::new(u64::MAX)),
    }
);

/// It overwrites what readers have not seen, so it always has room.
struct Lossy<End>(End);

impl Put<u64> for Lossy<photon_ring::Publisher<u64>> {
    #[inline(always)]
    fn put(&mut self, event: u64) -> bool {
        self.0.publish(event);
        true
    }
}

impl Put<u64> for spmc::Producer<u64, { 1 << 10 }, GlobalAllocator> {
    #[inline(always)]
    fn put(&mut self, event: u64) -> bool {
        spmc::Producer::publish(self, event);
        true
    }
}

impl Take<u64> for spmc::Consumer<u64, { 1 << 10 }, GlobalAllocator> {
    #[inline(always)]
    fn take(&mut self) -> Option<u64> {
        match self.try_read() {
            spmc::ReadResult::Value(event) => Some(event),
            spmc::ReadResult::Empty => None,
            // It was lapped: a number that nobody waits for.
            _ => Some(u64::MAX),
        }
    }
}

/// Makes a lossy ring lossless with the cheapest flow control there is: each reader tells how far it is every quarter of
/// a lap, and the producer stays less than a lap ahead of the slowest.
fn credit<P, C>(capacity: usize, tx: P, [a, b]: [C; 2]) -> (Credit<P>, [Credited<C>; 2]) {
    let done: [Arc<CachePadded<AtomicU64>>; 2] = Default::default();
    let capacity = capacity as u64;
    let reader = |rx, nth: usize| Credited { rx, seen: 0, done: done[nth].clone(), every: capacity / 4 };
    let readers = [reader(a, 0), reader(b, 1)];
    // Such a ring may be writing its next slot already.
    (Credit { tx, next: 0, until: capacity - 1, capacity, done }, readers)
}

struct Credit<P> {
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

struct Credited<C> {
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

/// One ring for each reader.
struct Twice<P> {
    a: P,
    b: P,
    /// What is being put in has been put into `a`.
    a_has_it: bool,
}

impl<P: Put<u64>> Put<u64> for Twice<P> {
    #[inline(always)]
    fn put(&mut self, event: u64) -> bool {
        self.a_has_it = self.a_has_it || self.a.put(event);
        let both = self.a_has_it && self.b.put(event);
        self.a_has_it &= !both;
        both
    }
}
