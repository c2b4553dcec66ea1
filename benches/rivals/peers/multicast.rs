//! Rings of which every reader sees every event, and two rings side by side.

use super::ends;
use crate::credit::credit;
use crate::event::{Event, Put, Take};
use crate::field::Field;
use low_latency_data_structures::{mem::global::GlobalAllocator, spmc};

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
