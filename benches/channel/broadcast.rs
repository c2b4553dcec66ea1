//! One producer that never waits; beside `crossbeam`'s queue used the same way (`force_push` takes the oldest out).

use crate::{CAPACITY, EVENTS, Event, How, Ours, Put, Take, group, one_thread, pause, round_trip, together};
use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use crossbeam::queue::ArrayQueue;
use ringmain::channel::broadcast::{self, NoEvent, Producer, Reader};
use ringmain::ring::Plain;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) fn benches(c: &mut Criterion) {
    for_event::<u64>(c);
    for_event::<[u64; 8]>(c);
}

fn for_event<T: Event + Plain>(c: &mut Criterion) {
    let mut alone = group(c, &format!("broadcast/one thread/{}", T::NAME));
    one_thread::<T>(&mut alone, "ringmain, recv", How::OneByOne, receiving());
    one_thread::<T>(&mut alone, "ringmain, drain", How::OneByOne, draining());
    one_thread::<T>(&mut alone, "ringmain, batch of 32", How::Batches, draining());
    one_thread::<T>(&mut alone, "crossbeam ArrayQueue", How::OneByOne, array_queue());
    alone.finish();

    let mut beside = group(c, &format!("broadcast/two threads/fill beside a reader/{}", T::NAME));
    fill_beside::<T, _, _>(&mut beside, "ringmain", receiving::<T>);
    fill_beside::<T, _, _>(&mut beside, "crossbeam ArrayQueue", array_queue::<T>);
    beside.finish();

    let mut trip = group(c, &format!("broadcast/round trip/{}", T::NAME));
    round_trip::<T, _, _>(&mut trip, "ringmain, recv", receiving::<T>);
    round_trip::<T, _, _>(&mut trip, "ringmain, drain", draining::<T>);
    round_trip::<T, _, _>(&mut trip, "crossbeam ArrayQueue", array_queue::<T>);
}

/// What it costs the producer that somebody reads all he can get.
fn fill_beside<T: Event, P: Put<T>, C: Take<T>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    new: impl Fn() -> (P, C),
) {
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let ((mut tx, mut rx), done) = (new(), AtomicBool::new(false));
            let done = &done;
            let fill = move || {
                for n in 0..iterations * EVENTS {
                    assert!(tx.put(T::new(n)), "it is never refused");
                }
                done.store(true, Ordering::Release);
            };
            let read = move || {
                while !done.load(Ordering::Acquire) {
                    match rx.take() {
                        Some(event) => _ = black_box(event.number()),
                        None => pause(),
                    }
                }
            };
            together(fill, read)
        });
    });
}

/// An end that is asked for one event at a time.
struct Receives<T>(Reader<T>);

impl<T: Event + Plain> Take<T> for Receives<T> {
    fn take(&mut self) -> Option<T> {
        loop {
            match self.0.recv() {
                Ok(event) => return Some(event),
                Err(NoEvent::Lagged(_)) => {}
                Err(_) => return None,
            }
        }
    }
}

fn receiving<T: Event + Plain>() -> (Ours<Producer<T>>, Receives<T>) {
    let (tx, rx) = broadcast::channel(CAPACITY).expect("a power of two");
    (Ours(tx), Receives(rx))
}

fn draining<T: Event + Plain>() -> (Ours<Producer<T>>, Ours<Reader<T>>) {
    let (tx, rx) = broadcast::channel(CAPACITY).expect("a power of two");
    (Ours(tx), Ours(rx))
}

/// A queue that overwrites.
struct Overwrites<T>(Arc<ArrayQueue<T>>);

impl<T: Event> Put<T> for Overwrites<T> {
    fn put(&mut self, event: T) -> bool {
        black_box(self.0.force_push(event));
        true
    }
}

fn array_queue<T: Event>() -> (Overwrites<T>, Arc<ArrayQueue<T>>) {
    let queue = Arc::new(ArrayQueue::new(CAPACITY));
    (Overwrites(queue.clone()), queue)
}
