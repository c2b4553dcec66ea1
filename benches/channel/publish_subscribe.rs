//! What one more subscriber costs the publisher; beside the fixed readers of `multicast`.

use crate::{CAPACITY, How, Ours, group, round_trip, two_threads};
use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use ringmain::channel::{
    multicast::{Multicast, Producer, Reader},
    publish_subscribe::{self, Begin, Policy, Resume},
};
use ringmain::contract::{Sink, Source, Tick, each};
use std::hint::black_box;

/// Of the readers of `multicast`.
const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

pub(crate) fn benches(c: &mut Criterion) {
    let mut publish = group(c, "publish_subscribe/publish");
    for subscribers in [0, 1, 2, 4, 8] {
        let (mut tx, subscriptions) =
            publish_subscribe::channel(CAPACITY, 8, || 0u64).expect("a power of two");
        let subscribe = |_| subscriptions.subscribe(Policy::Gate, Begin::Now).expect("a seat");
        let mut readers: Vec<_> = (0..subscribers).map(subscribe).collect();
        tx.admit();
        laps(&mut publish, &format!("{subscribers} that gate"), &mut tx, &mut readers);
    }
    for readers in [1, 2, 4, 8] {
        let mut ring = Multicast::new(CAPACITY, || 0u64).expect("a power of two");
        let mut all: Vec<_> = NAMES[..readers].iter().map(|name| ring.reader(name, &[])).collect();
        let mut tx = ring.build().expect("a graph without an editor");
        laps(&mut publish, &format!("{readers} of multicast"), &mut tx, &mut all);
    }
    // One that sleeps, and is moved on for every event.
    let (mut tx, subscriptions) = publish_subscribe::channel(CAPACITY, 8, || 0u64).expect("a power of two");
    for (name, resume) in [("oldest", Resume::Oldest), ("newest", Resume::Newest)] {
        let sleeps = subscriptions.subscribe(Policy::Lag(resume), Begin::Now).expect("a seat");
        tx.admit();
        laps(
            &mut publish,
            &format!("one that lags, {name}"),
            &mut tx,
            &mut [] as &mut [publish_subscribe::Subscriber<u64>],
        );
        drop(sleeps);
    }
    publish.finish();

    let mut hop = group(c, "publish_subscribe/two threads");
    two_threads::<u64, _, _>(&mut hop, "one that gates", How::Drained, subscribed);
    two_threads::<u64, _, _>(&mut hop, "one of multicast", How::Drained, reading);
    hop.finish();
    let mut trip = group(c, "publish_subscribe/round trip");
    round_trip::<u64, _, _>(&mut trip, "one that gates", subscribed);
    round_trip::<u64, _, _>(&mut trip, "one of multicast", reading);
    trip.finish();

    let mut join = group(c, "publish_subscribe/membership");
    let (mut tx, subscriptions) = publish_subscribe::channel(CAPACITY, 64, || 0u64).expect("a power of two");
    join.bench_function("subscribe, admit, leave, admit", |b| {
        b.iter(|| {
            let subscriber = subscriptions.subscribe(Policy::Gate, Begin::Now).expect("a seat");
            tx.admit();
            drop(subscriber);
            tx.admit();
        });
    });
    join.finish();
}

fn subscribed() -> (Ours<publish_subscribe::Publisher<u64>>, Ours<publish_subscribe::Subscriber<u64>>) {
    let (mut tx, subscriptions) = publish_subscribe::channel(CAPACITY, 1, || 0).expect("a power of two");
    let rx = subscriptions.subscribe(Policy::Gate, Begin::Now).expect("a seat");
    tx.admit();
    (Ours(tx), Ours(rx))
}

fn reading() -> (Ours<Producer<u64>>, Ours<Reader<u64>>) {
    let mut ring = Multicast::new(CAPACITY, || 0).expect("a power of two");
    let rx = ring.reader("rx", &[]);
    (Ours(ring.build().expect("one reader")), Ours(rx))
}

/// Half a lap is published one by one, and that is what counts; then everybody reads it.
fn laps(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    tx: &mut impl Sink<Event = u64>,
    readers: &mut [impl Source<Event = u64>],
) {
    let half = CAPACITY as u64 / 2;
    group.throughput(Throughput::Elements(half));
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let mut spent = std::time::Duration::ZERO;
            for _ in 0..iterations {
                let begin = std::time::Instant::now();
                for n in 0..half {
                    tx.offer(|slot| *slot = black_box(n)).expect("everybody has read");
                }
                spent += begin.elapsed();
                for reader in &mut *readers {
                    let _ = reader.drain(Tick::ZERO, usize::MAX, &mut each(|n: &u64| _ = black_box(*n)));
                }
            }
            spent
        });
    });
}
