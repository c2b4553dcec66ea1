//! One producer, consumers that share the work; beside `crossbeam`'s channel.

use crate::mpmc::share;
use crate::{CAPACITY, EVENTS, Event, How, Ours, group, one_thread, two_threads};
use criterion::{Criterion, Throughput};
use crossbeam::channel as crossbeam;
use ringmain::channel::{mpmc, spmc};

pub(crate) fn benches(c: &mut Criterion) {
    for_event::<u64>(c);
    for_event::<[u64; 8]>(c);
    claim_curve(c);
}

/// What it costs that more claim: consumers of one producer, and as many of each, side by side.
fn claim_curve(c: &mut Criterion) {
    let mut curve = group(c, "spmc/claim curve/u64");
    curve.throughput(Throughput::Elements(EVENTS));
    for consumers in [1, 2, 4, 8] {
        curve.bench_function(format!("spmc, 1 to {consumers}"), |b| {
            b.iter_custom(|n| {
                let (tx, rx) = ours::<u64>(1);
                share(vec![tx], vec![rx; consumers], How::OneByOne, n * EVENTS)
            });
        });
    }
    for each in [1, 2, 4] {
        curve.bench_function(format!("mpmc, {each} to {each}"), |b| {
            b.iter_custom(|n| {
                let (tx, rx) = mpmc::channel(CAPACITY, u64::default).expect("a power of two");
                share(vec![Ours(tx); each], vec![Ours(rx); each], How::OneByOne, n * EVENTS)
            });
        });
    }
}

fn for_event<T: Event>(c: &mut Criterion) {
    let mut alone = group(c, &format!("spmc/one thread/{}", T::NAME));
    one_thread::<T>(&mut alone, "ringmain", How::OneByOne, ours(1));
    one_thread::<T>(&mut alone, "ringmain, batch of 32", How::Batches, ours(32));
    one_thread::<T>(&mut alone, "crossbeam-channel", How::OneByOne, crossbeam::bounded(CAPACITY));
    alone.finish();

    let mut two = group(c, &format!("spmc/two threads/{}", T::NAME));
    two_threads::<T, _, _>(&mut two, "ringmain", How::OneByOne, || ours::<T>(1));
    two_threads::<T, _, _>(&mut two, "ringmain, batch of 32", How::Batches, || ours::<T>(32));
    two_threads::<T, _, _>(&mut two, "crossbeam-channel", How::OneByOne, || crossbeam::bounded(CAPACITY));
    two.finish();

    let mut three = group(c, &format!("spmc/three consumers/{}", T::NAME));
    three.throughput(Throughput::Elements(EVENTS));
    three.bench_function("ringmain", |b| {
        b.iter_custom(|n| {
            let (tx, rx) = ours::<T>(1);
            share(vec![tx], vec![rx; 3], How::OneByOne, n * EVENTS)
        });
    });
    three.bench_function("ringmain, drained, batch of 8", |b| {
        b.iter_custom(|n| {
            let (tx, rx) = ours::<T>(8);
            share(vec![tx], vec![rx; 3], How::Drained, n * EVENTS)
        });
    });
    three.bench_function("crossbeam-channel", |b| {
        b.iter_custom(|n| {
            let (tx, rx) = crossbeam::bounded::<T>(CAPACITY);
            share(vec![tx], vec![rx; 3], How::OneByOne, n * EVENTS)
        });
    });
}

fn ours<T: Event>(batch: usize) -> (Ours<spmc::Producer<T>>, Ours<spmc::Consumer<T>>) {
    let (tx, rx) = spmc::channel(CAPACITY, T::default).expect("a power of two");
    (Ours(tx), Ours(rx.batch(batch)))
}
