//! Nobody who stalls stops the others; beside `crossbeam`'s queue, where whoever stalls with a claim does.

use crate::{CAPACITY, Event, How, Ours, Put, Take, group, one_thread, round_trip, together, two_threads};
use criterion::{Criterion, Throughput};
use crossbeam::queue::ArrayQueue;
use ringmain::channel::mpmc::strict::{self, Consumer, Producer};
use std::sync::Arc;

/// Those that both producers put in, in one iteration.
const EVENTS: u64 = CAPACITY as u64;

pub(crate) fn benches(c: &mut Criterion) {
    for_event::<u64>(c);
    for_event::<[u64; 8]>(c);
}

fn for_event<T: Event>(c: &mut Criterion) {
    let mut alone = group(c, &format!("mpmc strict/one thread/{}", T::NAME));
    one_thread::<T>(&mut alone, "ringmain", How::OneByOne, ours());
    one_thread::<T>(&mut alone, "crossbeam ArrayQueue", How::OneByOne, array_queue());
    alone.finish();

    let mut pair = group(c, &format!("mpmc strict/two threads/one to one/{}", T::NAME));
    two_threads::<T, _, _>(&mut pair, "ringmain", How::OneByOne, ours::<T>);
    two_threads::<T, _, _>(&mut pair, "crossbeam ArrayQueue", How::OneByOne, array_queue::<T>);
    pair.finish();

    let mut race = group(c, &format!("mpmc strict/two threads/both fill/{}", T::NAME));
    race.throughput(Throughput::Elements(EVENTS));
    race.bench_function("ringmain", |b| {
        let (tx, mut rx) = strict::channel(CAPACITY, 2, 1, T::default).expect("a power of two");
        let mut rx = Ours(rx.remove(0));
        let mut tx: Vec<_> = tx.into_iter().map(Ours).collect();
        let [a, b_] = &mut tx[..] else { unreachable!("two were asked for") };
        b.iter_custom(|iterations| (0..iterations).map(|_| both_fill(a, b_, &mut rx)).sum());
    });
    race.bench_function("crossbeam ArrayQueue", |b| {
        let (mut tx, mut rx) = array_queue::<T>();
        let mut other = tx.clone();
        b.iter_custom(|iterations| (0..iterations).map(|_| both_fill(&mut tx, &mut other, &mut rx)).sum());
    });
    race.finish();

    let mut trip = group(c, &format!("mpmc strict/round trip/{}", T::NAME));
    round_trip::<T, _, _>(&mut trip, "ringmain", ours::<T>);
    round_trip::<T, _, _>(&mut trip, "crossbeam ArrayQueue", array_queue::<T>);
    trip.finish();
}

/// Two producers fill the ring at the same time; that it is emptied then is not measured.
fn both_fill<T: Event>(
    a: &mut impl Put<T>,
    b: &mut impl Put<T>,
    rx: &mut impl Take<T>,
) -> std::time::Duration {
    let fill =
        |tx: &mut dyn FnMut(T) -> bool| (0..EVENTS / 2).for_each(|n| assert!(tx(T::new(n)), "there is room"));
    let time = together(|| fill(&mut |event| a.put(event)), || fill(&mut |event| b.put(event)));
    let mut sum = 0;
    rx.take_all(|event| sum += event.number());
    assert_eq!(sum, EVENTS / 2 * (EVENTS / 2 - 1), "an event is missing");
    time
}

fn ours<T: Event>() -> (Ours<Producer<T>>, Ours<Consumer<T>>) {
    let (mut tx, mut rx) = strict::channel(CAPACITY, 2, 2, T::default).expect("a power of two");
    (Ours(tx.remove(0)), Ours(rx.remove(0)))
}

fn array_queue<T: Event>() -> (Arc<ArrayQueue<T>>, Arc<ArrayQueue<T>>) {
    let queue = Arc::new(ArrayQueue::new(CAPACITY));
    (queue.clone(), queue)
}
