//! Many producers, consumers that share the work; beside `crossbeam`'s queue and channel.
//!
//! Between many threads there are more of them than cores, so one that has nothing to do yields.

mod strict;

use crate::{CAPACITY, EVENTS, Event, How, Ours, Put, Take, group, one_thread, round_trip, two_threads};
use ::crossbeam::{channel as crossbeam, queue::ArrayQueue};
use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use ringmain::channel::mpmc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) fn benches(c: &mut Criterion) {
    for_event::<u64>(c);
    for_event::<[u64; 8]>(c);
    strict::benches(c);
}

fn for_event<T: Event>(c: &mut Criterion) {
    let mut alone = group(c, &format!("mpmc/one thread/{}", T::NAME));
    one_thread::<T>(&mut alone, "ringmain", How::OneByOne, ours(1));
    one_thread::<T>(&mut alone, "ringmain, batch of 32", How::Batches, ours(32));
    one_thread::<T>(&mut alone, "crossbeam ArrayQueue", How::OneByOne, array_queue());
    one_thread::<T>(&mut alone, "crossbeam-channel", How::OneByOne, crossbeam::bounded(CAPACITY));
    alone.finish();

    let mut two = group(c, &format!("mpmc/two threads/{}", T::NAME));
    two_threads::<T, _, _>(&mut two, "ringmain", How::OneByOne, || ours::<T>(1));
    two_threads::<T, _, _>(&mut two, "ringmain, batch of 32", How::Batches, || ours::<T>(32));
    two_threads::<T, _, _>(&mut two, "crossbeam ArrayQueue", How::OneByOne, array_queue::<T>);
    two_threads::<T, _, _>(&mut two, "crossbeam-channel", How::OneByOne, || crossbeam::bounded(CAPACITY));
    two.finish();

    for n in [2, 4] {
        let mut many = group(c, &format!("mpmc/{n} producers, {n} consumers/{}", T::NAME));
        many_threads::<T, _, _>(&mut many, "ringmain", How::OneByOne, n, || ours::<T>(1));
        many_threads::<T, _, _>(&mut many, "ringmain, drained", How::Drained, n, || ours::<T>(1));
        many_threads::<T, _, _>(&mut many, "ringmain, drained, batch of 8", How::Drained, n, || ours::<T>(8));
        many_threads::<T, _, _>(&mut many, "crossbeam ArrayQueue", How::OneByOne, n, array_queue::<T>);
        many_threads::<T, _, _>(&mut many, "crossbeam-channel", How::OneByOne, n, || {
            crossbeam::bounded(CAPACITY)
        });
    }

    let mut trip = group(c, &format!("mpmc/round trip/{}", T::NAME));
    round_trip::<T, _, _>(&mut trip, "ringmain", || ours::<T>(1));
    round_trip::<T, _, _>(&mut trip, "crossbeam ArrayQueue", array_queue::<T>);
    round_trip::<T, _, _>(&mut trip, "crossbeam-channel", || crossbeam::bounded(CAPACITY));
}

type Ends<P, C> = (Ours<P>, Ours<C>);

fn ours<T: Event>(batch: usize) -> Ends<mpmc::Producer<T>, mpmc::Consumer<T>> {
    let (tx, rx) = mpmc::channel(CAPACITY, T::default).expect("a power of two");
    (Ours(tx), Ours(rx.batch(batch)))
}

fn array_queue<T: Event>() -> (Arc<ArrayQueue<T>>, Arc<ArrayQueue<T>>) {
    let queue = Arc::new(ArrayQueue::new(CAPACITY));
    (queue.clone(), queue)
}

impl<End: Clone> Clone for Ours<End> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// `n` producers and `n` consumers: the time until every event has been taken.
fn many_threads<T: Event, P: Put<T> + Clone, C: Take<T> + Clone>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    how: How,
    n: usize,
    new: impl Fn() -> (P, C),
) {
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let (tx, rx) = new();
            share(vec![tx; n], vec![rx; n], how, iterations * EVENTS)
        });
    });
}

pub(crate) fn share<T: Event>(
    txs: Vec<impl Put<T>>,
    rxs: Vec<impl Take<T>>,
    how: How,
    events: u64,
) -> Duration {
    let (ready, producers) = (&Barrier::new(txs.len() + rxs.len()), txs.len() as u64);
    let (taken, sum) = (&AtomicU64::new(0), &AtomicU64::new(0));
    let start = thread::scope(|scope| {
        for (mut tx, who) in txs.into_iter().zip(0..) {
            scope.spawn(move || {
                ready.wait();
                for n in (who..events).step_by(producers as usize) {
                    while !tx.put(T::new(n)) {
                        thread::yield_now();
                    }
                }
            });
        }
        let consumers: Vec<_> = rxs
            .into_iter()
            .map(|mut rx| {
                scope.spawn(move || {
                    ready.wait();
                    let (start, mut seen) = (Instant::now(), 0u64);
                    while taken.load(Ordering::Relaxed) < events {
                        let mut count = 0;
                        let mut see = |event: T| {
                            seen = seen.wrapping_add(event.number());
                            count += 1;
                        };
                        match how {
                            How::OneByOne => rx.take().into_iter().for_each(see),
                            How::Drained | How::Batches => rx.take_all(&mut see),
                        }
                        if count == 0 {
                            thread::yield_now();
                        } else {
                            taken.fetch_add(count, Ordering::Relaxed);
                        }
                    }
                    sum.fetch_add(seen, Ordering::Relaxed);
                    start
                })
            })
            .collect();
        consumers.into_iter().map(|rx| rx.join().expect("nobody panics")).min().expect("a consumer")
    });
    let time = start.elapsed();
    let expected = (0..events).fold(0, u64::wrapping_add);
    assert_eq!(sum.load(Ordering::Relaxed), expected, "an event is missing, or came twice");
    time
}
