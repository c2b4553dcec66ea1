//! Every reader sees every event; beside one ring of `rtrb` for each reader. Many producers; beside `crossbeam`'s queue.

use crate::{CAPACITY, Event, How, Ours, Put, Take, group, one_thread, round_trip, two_threads};
use criterion::Criterion;
use crossbeam::queue::ArrayQueue;
use ringmain::channel::multicast::{Many, Multicast, Producer, Reader, SharedProducer};
use std::hint::black_box;
use std::sync::Arc;

pub(crate) fn benches(c: &mut Criterion) {
    for_event::<u64>(c);
    for_event::<[u64; 8]>(c);
}

fn for_event<T: Event>(c: &mut Criterion) {
    let mut to_two = group(c, &format!("multicast/one thread/to two readers/{}", T::NAME));
    one_thread::<T>(&mut to_two, "ringmain", How::OneByOne, beside());
    one_thread::<T>(&mut to_two, "two of rtrb", How::OneByOne, two_of_rtrb());
    to_two.finish();

    let mut many = group(c, &format!("multicast/one thread/as one of many producers/{}", T::NAME));
    one_thread::<T>(&mut many, "ringmain", How::OneByOne, shared());
    one_thread::<T>(&mut many, "ringmain, batch of 32", How::Batches, shared());
    one_thread::<T>(&mut many, "crossbeam ArrayQueue", How::OneByOne, array_queue());
    many.finish();

    let mut to_two = group(c, &format!("multicast/two threads/two readers on one/{}", T::NAME));
    two_threads::<T, _, _>(&mut to_two, "side by side, ringmain", How::OneByOne, beside::<T>);
    two_threads::<T, _, _>(&mut to_two, "side by side, two of rtrb", How::OneByOne, two_of_rtrb::<T>);
    two_threads::<T, _, _>(&mut to_two, "side by side, drained, ringmain", How::Drained, beside::<T>);
    two_threads::<T, _, _>(&mut to_two, "one behind the other, ringmain", How::OneByOne, behind::<T>);
    two_threads::<T, _, _>(&mut to_two, "one behind the other, drained, ringmain", How::Drained, behind::<T>);
    to_two.finish();

    let mut many = group(c, &format!("multicast/two threads/as one of many producers/{}", T::NAME));
    two_threads::<T, _, _>(&mut many, "ringmain", How::OneByOne, shared::<T>);
    two_threads::<T, _, _>(&mut many, "ringmain, batch of 32", How::Batches, shared::<T>);
    two_threads::<T, _, _>(&mut many, "crossbeam ArrayQueue", How::OneByOne, array_queue::<T>);
    many.finish();

    let mut trip = group(c, &format!("multicast/round trip/{}", T::NAME));
    round_trip::<T, _, _>(&mut trip, "ringmain, two readers", beside::<T>);
    round_trip::<T, _, _>(&mut trip, "ringmain, as one of many producers", shared::<T>);
    round_trip::<T, _, _>(&mut trip, "crossbeam ArrayQueue", array_queue::<T>);
}

/// Two ends of which both have to take an event.
struct Both<A, B>(A, B);

impl<T: Event, A: Put<T>, B: Put<T>> Put<T> for Both<A, B> {
    /// The second first: what is taken from the second has been taken from the first, so there is room in both.
    fn put(&mut self, event: T) -> bool {
        let room = self.1.put(event);
        if room {
            assert!(self.0.put(event), "the first is no fuller than the second");
        }
        room
    }
}

impl<T: Event, A: Take<T>, B: Take<T>> Take<T> for Both<A, B> {
    fn take(&mut self) -> Option<T> {
        let event = self.0.take()?;
        let same = self.1.take().expect("what the first sees is there for the second");
        assert_eq!(event.number(), same.number(), "the readers see the same");
        Some(event)
    }
    fn take_all(&mut self, each: impl FnMut(T)) {
        let mut seen = 0;
        self.0.take_all(|event: T| seen ^= event.number());
        black_box(seen);
        self.1.take_all(each);
    }
}

type Two<T> = Both<Ours<Reader<T>>, Ours<Reader<T>>>;

fn beside<T: Event>() -> (Ours<Producer<T>>, Two<T>) {
    let mut ring = Multicast::new(CAPACITY, T::default).expect("a power of two");
    let (a, b) = (ring.reader("a", &[]), ring.reader("b", &[]));
    (Ours(ring.build().expect("a good graph")), Both(Ours(a), Ours(b)))
}

fn behind<T: Event>() -> (Ours<Producer<T>>, Two<T>) {
    let mut ring = Multicast::new(CAPACITY, T::default).expect("a power of two");
    let a = ring.reader("a", &[]);
    let b = ring.reader("b", &[&a]);
    (Ours(ring.build().expect("a good graph")), Both(Ours(a), Ours(b)))
}

fn shared<T: Event>() -> (Ours<SharedProducer<T>>, Ours<Reader<T, Many>>) {
    let mut ring = Multicast::many(CAPACITY, T::default).expect("a power of two");
    let reader = ring.reader("a", &[]);
    (Ours(ring.build().expect("a good graph")), Ours(reader))
}

type TwoOfRtrb<T> = (Both<rtrb::Producer<T>, rtrb::Producer<T>>, Both<rtrb::Consumer<T>, rtrb::Consumer<T>>);

fn two_of_rtrb<T: Event>() -> TwoOfRtrb<T> {
    let ((tx_a, rx_a), (tx_b, rx_b)) = (rtrb::RingBuffer::new(CAPACITY), rtrb::RingBuffer::new(CAPACITY));
    (Both(tx_a, tx_b), Both(rx_a, rx_b))
}

fn array_queue<T: Event>() -> (Arc<ArrayQueue<T>>, Arc<ArrayQueue<T>>) {
    let queue = Arc::new(ArrayQueue::new(CAPACITY));
    (queue.clone(), queue)
}

impl<T: Event> Put<T> for Arc<ArrayQueue<T>> {
    fn put(&mut self, event: T) -> bool {
        self.push(event).is_ok()
    }
}

impl<T: Event> Take<T> for Arc<ArrayQueue<T>> {
    fn take(&mut self) -> Option<T> {
        self.pop()
    }
}
