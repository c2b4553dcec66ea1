//! Many producers, one consumer; beside `crossbeam`'s queue and channel.

use crate::{
    CAPACITY, Event, How, Ours, Put, Take, group, one_thread, put_all, round_trip, together, two_threads,
};
use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use crossbeam::channel::bounded;
use crossbeam::queue::ArrayQueue;
use ringmain::channel::{mpsc, spsc};
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn benches(c: &mut Criterion) {
    for_event::<u64>(c);
    for_event::<[u64; 8]>(c);
}

fn for_event<T: Event>(c: &mut Criterion) {
    for (way, how) in [("one by one", How::OneByOne), ("batch of 32", How::Batches)] {
        let mut group = group(c, &format!("mpsc/one thread/{}/{way}", T::NAME));
        one_thread::<T>(&mut group, "ringmain channel", how, channel());
        one_thread::<T>(&mut group, "ringmain lanes", how, lanes());
        one_thread::<T>(&mut group, "crossbeam ArrayQueue", how, array_queue());
        one_thread::<T>(&mut group, "crossbeam-channel", how, bounded(CAPACITY));
    }
    for (way, how) in [("one by one", How::OneByOne), ("batch of 32", How::Batches)] {
        let mut group = group(c, &format!("mpsc/two producers, nobody consuming/{}/{way}", T::NAME));
        two_producers::<T, _, _>(&mut group, "ringmain channel", how, || {
            let (tx, rx) = channel();
            ([Ours(tx.0.clone()), tx], rx)
        });
        two_producers::<T, _, _>(&mut group, "ringmain lanes", how, || {
            let (mut txs, rx) = mpsc::lanes(2, CAPACITY, T::default).expect("a power of two");
            ([0, 1].map(|_| Ours(txs.swap_remove(0))), Ours(rx))
        });
        two_producers::<T, _, _>(&mut group, "crossbeam ArrayQueue", how, || {
            let (tx, rx) = array_queue();
            ([tx.clone(), tx], rx)
        });
        two_producers::<T, _, _>(&mut group, "crossbeam-channel", how, || {
            let (tx, rx) = bounded(CAPACITY);
            ([tx.clone(), tx], rx)
        });
    }
    for (way, how) in [("one by one", How::OneByOne), ("drained", How::Drained)] {
        let mut group = group(c, &format!("mpsc/two threads, as one of many producers/{}/{way}", T::NAME));
        two_threads::<T, _, _>(&mut group, "ringmain channel", how, channel::<T>);
        two_threads::<T, _, _>(&mut group, "ringmain lanes", how, lanes::<T>);
        two_threads::<T, _, _>(&mut group, "crossbeam ArrayQueue", how, array_queue::<T>);
        two_threads::<T, _, _>(&mut group, "crossbeam-channel", how, || bounded(CAPACITY));
    }
    let mut trip = group(c, &format!("mpsc/round trip/{}", T::NAME));
    round_trip::<T, _, _>(&mut trip, "ringmain channel", channel::<T>);
    round_trip::<T, _, _>(&mut trip, "ringmain lanes", lanes::<T>);
    round_trip::<T, _, _>(&mut trip, "crossbeam ArrayQueue", array_queue::<T>);
    round_trip::<T, _, _>(&mut trip, "crossbeam-channel", || bounded(CAPACITY));
}

/// Two threads fill half of an empty ring each. What they put in is taken out between two rounds, untimed.
fn two_producers<T: Event, P: Put<T>, C: Take<T>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    how: How,
    new: impl Fn() -> ([P; 2], C),
) {
    const HALF: u64 = CAPACITY as u64 / 2;
    group.throughput(Throughput::Elements(2 * HALF));
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let ([mut one, mut other], mut rx) = new();
            let mut spent = Duration::ZERO;
            for _ in 0..iterations {
                spent += together(|| put_all(&mut one, how, 0, HALF), || put_all(&mut other, how, 0, HALF));
                let mut left = 2 * HALF;
                while left != 0 {
                    rx.take_all(|_| left -= 1);
                }
            }
            spent
        });
    });
}

fn channel<T: Event>() -> (Ours<mpsc::Producer<T>>, Ours<mpsc::Consumer<T>>) {
    let (tx, rx) = mpsc::channel(CAPACITY, T::default).expect("a power of two");
    (Ours(tx), Ours(rx))
}

/// One of two producers; the other is gone, and its lane is looked at all the same.
fn lanes<T: Event>() -> (Ours<spsc::Producer<T>>, Ours<mpsc::Lanes<T>>) {
    let (mut txs, rx) = mpsc::lanes(2, CAPACITY, T::default).expect("a power of two");
    (Ours(txs.remove(0)), Ours(rx))
}

fn array_queue<T: Event>() -> (Arc<ArrayQueue<T>>, Arc<ArrayQueue<T>>) {
    let queue = Arc::new(ArrayQueue::new(CAPACITY));
    (queue.clone(), queue)
}
