//! Rings with one producer and one consumer.

use super::ends;
use crate::event::{Event, Put, Take};
use crate::field::Field;
use crate::workload::Plan;
use crate::workload::stream::{Way, stream};
use ringbuf::traits::{Consumer as _, Producer as _, Split as _};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::mem::MaybeUninit;
use std::num::NonZeroUsize;
use std::sync::Arc;

pub(super) fn rings<T: Event>(field: &mut Field) {
    field.ring::<T, _, _>("rtrb", rtrb::RingBuffer::new);
    field.ring::<T, _, _>("ringbuf", |capacity| ringbuf::HeapRb::new(capacity).split());
    field.ring::<T, _, _>("gil spsc", gil_spsc);
    field.ring::<T, _, _>("nexus-queue spsc", nexus_queue::spsc::ring_buffer);
    field.ring::<T, _, _>("nexus-channel", nexus_channel::channel);
    field.ring::<T, _, _>("fq", fq::FastQueue::new);
    field.ring::<T, _, _>("cueue, 4,096 slots at least", |capacity| cueue::cueue(capacity).expect("memory"));
    field.ring::<T, _, _>("npnc", npnc::bounded::spsc::channel);
    field.ring::<T, _, _>("omango spsc", |capacity| omango::queue::spsc::bounded(capacity as u32));
    que::<T, { 1 << 10 }>(field);
    que::<T, { 1 << 16 }>(field);
}

pub(super) fn chains(field: &mut Field) {
    field.chain("rtrb", rtrb::RingBuffer::new);
    field.chain("gil spsc", gil_spsc);
    field.chain("nexus-queue spsc", nexus_queue::spsc::ring_buffer);
}

ends!(
    nexus_queue::spsc::Producer<T>,
    nexus_queue::spsc::Consumer<T>,
    |tx, event| tx.push(event).is_ok(),
    |rx| rx.pop()
);
ends!(nexus_channel::Sender<T>, nexus_channel::Receiver<T>, |tx, event| tx.try_send(event).is_ok(), |rx| rx
    .try_recv()
    .ok());
ends!(
    npnc::bounded::spsc::Producer<T>,
    npnc::bounded::spsc::Consumer<T>,
    |tx, event| tx.produce(event).is_ok(),
    |rx| rx.consume().ok()
);
ends!(
    omango::queue::spsc::BSender<T>,
    omango::queue::spsc::BReceiver<T>,
    |tx, event| tx.try_send(event).is_ok(),
    |rx| rx.try_recv().ok()
);

impl<T: Event> Put<T> for rtrb::Producer<T> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn put(&mut self, event: T) -> bool {
        self.push(event).is_ok()
    }
    #[inline(always)]
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        let events = (first..first + n).map(T::new);
        self.write_chunk_uninit(n as usize).map_or(0, |chunk| chunk.fill_from_iter(events) as u64)
    }
}

impl<T: Event> Take<T> for rtrb::Consumer<T> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn take(&mut self) -> Option<T> {
        self.pop().ok()
    }
    #[inline(always)]
    fn take_all(&mut self, mut each: impl FnMut(T)) {
        if let Ok(chunk) = self.read_chunk(self.slots()) {
            let (first, second) = chunk.as_slices();
            first.iter().chain(second).for_each(|event| each(*event));
            chunk.commit_all();
        }
    }
}

impl<T: Event> Put<T> for ringbuf::HeapProd<T> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn put(&mut self, event: T) -> bool {
        self.try_push(event).is_ok()
    }
    #[inline(always)]
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        self.push_iter((first..first + n).map(T::new)) as u64
    }
}

impl<T: Event> Take<T> for ringbuf::HeapCons<T> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn take(&mut self) -> Option<T> {
        self.try_pop()
    }
    #[inline(always)]
    fn take_all(&mut self, mut each: impl FnMut(T)) {
        let (first, second) = self.as_slices();
        let n = first.len() + second.len();
        first.iter().chain(second).for_each(|event| each(*event));
        self.skip(n);
    }
}

fn gil_spsc<T: Event>(capacity: usize) -> (gil::spsc::Sender<T>, gil::spsc::Receiver<T>) {
    gil::spsc::channel(NonZeroUsize::new(capacity).expect("not zero"))
}

impl<T: Event> Put<T> for gil::spsc::Sender<T> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn put(&mut self, event: T) -> bool {
        self.try_send(event).is_ok()
    }
    #[inline(always)]
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        let free = self.write_buffer();
        let n = free.len().min(n as usize);
        free[..n].iter_mut().zip(first..).for_each(|(slot, number)| *slot = MaybeUninit::new(T::new(number)));
        if n > 0 {
            // SAFETY: the first `n` slots of the write buffer have just been initialised.
            unsafe { self.commit(n) };
        }
        n as u64
    }
}

impl<T: Event> Take<T> for gil::spsc::Receiver<T> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn take(&mut self) -> Option<T> {
        self.try_recv()
    }
    #[inline(always)]
    fn take_all(&mut self, mut each: impl FnMut(T)) {
        let mut guard = self.read_guard();
        guard.as_slice().iter().for_each(|event| each(*event));
        guard.advance(guard.as_slice().len());
    }
}

impl<T: Event> Put<T> for fq::Producer<T> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn put(&mut self, event: T) -> bool {
        self.push(event).is_ok()
    }
    #[inline(always)]
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        self.push_iter((first..first + n).map(T::new)) as u64
    }
}

impl<T: Event> Take<T> for fq::Consumer<T> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn take(&mut self) -> Option<T> {
        self.pop()
    }
    #[inline(always)]
    fn take_all(&mut self, each: impl FnMut(T)) {
        self.pop_iter().for_each(each);
    }
}

impl<T: Event> Put<T> for cueue::Writer<T> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn put(&mut self, event: T) -> bool {
        self.push(event).is_ok()
    }
    #[inline(always)]
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        let free = self.write_chunk();
        let n = free.len().min(n as usize);
        free[..n].iter_mut().zip(first..).for_each(|(slot, number)| *slot = T::new(number));
        self.commit(n);
        n as u64
    }
}

impl<T: Event> Take<T> for cueue::Reader<T> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn take(&mut self) -> Option<T> {
        let event = self.limited_read_chunk(1).first().copied();
        self.commit();
        event
    }
    #[inline(always)]
    fn take_all(&mut self, mut each: impl FnMut(T)) {
        self.read_chunk().iter().for_each(|event| each(*event));
        self.commit();
    }
}

/// It shares memory that its user brings, and publishes every few events only.
fn que<T: Event, const CAPACITY: usize>(field: &mut Field) {
    let run = |plan: Plan| {
        let memory = Arc::new(Memory::new(Layout::new::<::que::Channel<T, CAPACITY>>()));
        // SAFETY: the memory is zeroed, is of the size and alignment of the channel, and lives as long as either end.
        let tx = unsafe { ::que::lossless::producer::Producer::<T, CAPACITY>::initialize_in(memory.at) };
        // SAFETY: as above; the producer has initialised it.
        let rx = unsafe { ::que::lossless::consumer::Consumer::<T, CAPACITY>::join(memory.at) };
        let tx = Que(tx.unwrap_or_else(|_| panic!("fresh memory")), memory.clone());
        let rx = Que(rx.unwrap_or_else(|_| panic!("initialised memory")), memory);
        stream::<T>((tx, rx), plan, Way::Single)
    };
    field.enter(&format!("spsc/{}/{CAPACITY}", T::NAME), "que, late publication", run);
}

/// An end, and the memory it is in.
struct Que<End>(End, #[expect(dead_code, reason = "it is kept for the end")] Arc<Memory>);

impl<T: Event, const CAPACITY: usize> Put<T> for Que<::que::lossless::producer::Producer<T, CAPACITY>> {
    #[inline(always)]
    fn put(&mut self, event: T) -> bool {
        self.0.push(&event).is_ok()
    }
    fn publish(&mut self) {
        self.0.sync();
    }
}

impl<T: Event, const CAPACITY: usize> Take<T> for Que<::que::lossless::consumer::Consumer<T, CAPACITY>> {
    #[inline(always)]
    fn take(&mut self) -> Option<T> {
        self.0.pop()
    }
}

struct Memory {
    at: *mut u8,
    layout: Layout,
}

// SAFETY: it is an address; what is done there is between the two ends.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    fn new(layout: Layout) -> Self {
        assert_ne!(layout.size(), 0);
        // SAFETY: the size is not zero.
        let at = unsafe { alloc_zeroed(layout) };
        assert!(!at.is_null(), "out of memory");
        Self { at, layout }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout, and both ends are gone.
        unsafe { dealloc(self.at, self.layout) };
    }
}
