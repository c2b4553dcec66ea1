//! One producer, one consumer; beside `rtrb`, `ringbuf` and `crossbeam-channel`.

use crate::{Base, CAPACITY, Event, How, Ours, Put, Take, group, one_thread, round_trip, two_threads};
use criterion::Criterion;
use crossbeam::channel as crossbeam;
use ringbuf::traits::{Consumer as _, Producer as _, Split as _};
use ringmain::channel::spsc;

pub(crate) fn benches(c: &mut Criterion) {
    for_event::<u64>(c);
    for_event::<[u64; 8]>(c);
}

fn for_event<T: Event>(c: &mut Criterion) {
    for (way, how) in [("one by one", How::OneByOne), ("batch of 32", How::Batches)] {
        let mut group = group(c, &format!("spsc/one thread/{}/{way}", T::NAME));
        one_thread::<T>(&mut group, "base", how, base());
        one_thread::<T>(&mut group, "ringmain", how, ours());
        one_thread::<T>(&mut group, "rtrb", how, rtrb::RingBuffer::new(CAPACITY));
        one_thread::<T>(&mut group, "ringbuf", how, ringbuf());
        one_thread::<T>(&mut group, "crossbeam-channel", how, crossbeam::bounded(CAPACITY));
    }
    let ways = [("one by one", How::OneByOne), ("drained", How::Drained), ("batch of 32", How::Batches)];
    for (way, how) in ways {
        let mut group = group(c, &format!("spsc/two threads/{}/{way}", T::NAME));
        two_threads::<T, _, _>(&mut group, "base", how, base);
        two_threads::<T, _, _>(&mut group, "ringmain", how, ours::<T>);
        two_threads::<T, _, _>(&mut group, "rtrb", how, || rtrb::RingBuffer::new(CAPACITY));
        two_threads::<T, _, _>(&mut group, "ringbuf", how, ringbuf::<T>);
        two_threads::<T, _, _>(&mut group, "crossbeam-channel", how, || crossbeam::bounded(CAPACITY));
    }
    let mut group = group(c, &format!("spsc/round trip/{}", T::NAME));
    round_trip::<T, _, _>(&mut group, "base", base);
    round_trip::<T, _, _>(&mut group, "ringmain", ours::<T>);
    round_trip::<T, _, _>(&mut group, "rtrb", || rtrb::RingBuffer::new(CAPACITY));
    round_trip::<T, _, _>(&mut group, "ringbuf", ringbuf::<T>);
    round_trip::<T, _, _>(&mut group, "crossbeam-channel", || crossbeam::bounded(CAPACITY));
}

fn base() -> (Base, Base) {
    (Base(0), Base(0))
}

fn ours<T: Event>() -> (Ours<spsc::Producer<T>>, Ours<spsc::Consumer<T>>) {
    let (tx, rx) = spsc::channel(CAPACITY, T::default).expect("a power of two");
    (Ours(tx), Ours(rx))
}

impl<T: Event> Put<T> for rtrb::Producer<T> {
    fn put(&mut self, event: T) -> bool {
        self.push(event).is_ok()
    }
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        let room = self.slots().min(n as usize);
        let events = (first..).map(T::new);
        self.write_chunk_uninit(room).map_or(0, |chunk| chunk.fill_from_iter(events) as u64)
    }
}

impl<T: Event> Take<T> for rtrb::Consumer<T> {
    fn take(&mut self) -> Option<T> {
        self.pop().ok()
    }
    fn take_all(&mut self, each: impl FnMut(T)) {
        if let Ok(chunk) = self.read_chunk(self.slots()) {
            chunk.into_iter().for_each(each);
        }
    }
}

fn ringbuf<T: Event>() -> (ringbuf::HeapProd<T>, ringbuf::HeapCons<T>) {
    ringbuf::HeapRb::new(CAPACITY).split()
}

impl<T: Event> Put<T> for ringbuf::HeapProd<T> {
    fn put(&mut self, event: T) -> bool {
        self.try_push(event).is_ok()
    }
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        self.push_iter((first..first + n).map(T::new)) as u64
    }
}

impl<T: Event> Take<T> for ringbuf::HeapCons<T> {
    fn take(&mut self) -> Option<T> {
        self.try_pop()
    }
    fn take_all(&mut self, each: impl FnMut(T)) {
        self.pop_iter().for_each(each);
    }
}

impl<T: Event> Put<T> for crossbeam::Sender<T> {
    fn put(&mut self, event: T) -> bool {
        self.try_send(event).is_ok()
    }
}

impl<T: Event> Take<T> for crossbeam::Receiver<T> {
    fn take(&mut self) -> Option<T> {
        self.try_recv().ok()
    }
}
