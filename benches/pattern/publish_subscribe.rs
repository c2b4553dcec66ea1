//! What topics cost, beside the same ring without any: to publish, and to read.

use crate::{EVENTS, group};
use criterion::Criterion;
use ringmain::channel::publish_subscribe::{self as channel, Begin, Policy};
use ringmain::contract::{Sink, Source, Tick, each};
use ringmain::pattern::publish_subscribe::{Publication, Retain, Sizes, channel_retaining};
use std::hint::black_box;
use std::time::{Duration, Instant};

pub(crate) fn benches(c: &mut Criterion) {
    let mut publish = group(c, "publish_subscribe/publish");
    publish.bench_function("base, no topics", |b| b.iter_custom(|n| without_topics(n).publish));
    for (name, retain) in [("a topic", Retain::None), ("a topic that retains the last", Retain::Last)] {
        publish.bench_function(name, |b| b.iter_custom(|n| with_topics(n, retain, ">").publish));
    }
    publish.finish();

    let mut read = group(c, "publish_subscribe/read");
    read.bench_function("base, no topics", |b| b.iter_custom(|n| without_topics(n).read));
    for (name, pattern) in [("all topics", ">"), ("one topic of four", "a.0"), ("none of them", "b")] {
        read.bench_function(name, |b| b.iter_custom(|n| with_topics(n, Retain::None, pattern).read));
    }
    read.finish();
}

/// The time that each side spent.
#[derive(Default)]
struct Spent {
    publish: Duration,
    read: Duration,
}

fn passes(iterations: u64, mut publish: impl FnMut(), mut read: impl FnMut()) -> Spent {
    let mut spent = Spent::default();
    for _ in 0..iterations {
        let begin = Instant::now();
        publish();
        let between = Instant::now();
        read();
        spent.publish += between - begin;
        spent.read += between.elapsed();
    }
    spent
}

fn without_topics(iterations: u64) -> Spent {
    let (mut tx, subscriptions) = channel::channel(EVENTS, 1, || 0u64).expect("a power of two");
    let mut rx = subscriptions.subscribe(Policy::Gate, Begin::Now).expect("a seat");
    tx.admit();
    passes(
        iterations,
        || (0..EVENTS as u64).for_each(|n| tx.offer(|slot| *slot = black_box(n)).expect("it was read")),
        || _ = rx.drain(Tick::ZERO, usize::MAX, &mut each(|n: &u64| _ = black_box(*n))),
    )
}

/// Events go to four topics in turn.
fn with_topics(iterations: u64, retain: Retain, pattern: &str) -> Spent {
    let sizes = Sizes { slots: EVENTS, seats: 1, topics: 64 };
    let (mut tx, subscriptions) = channel_retaining(sizes, 4, || 0u64).expect("a power of two");
    let topics = ["a.0", "a.1", "a.2", "a.3"].map(|name| tx.declare(name, retain).expect("there is room"));
    let mut rx = subscriptions.subscribe(&[pattern], Policy::Gate, Begin::Now).expect("a seat");
    tx.admit();
    passes(
        iterations,
        || {
            for n in 0..EVENTS {
                let mut to = tx.to(topics[n % topics.len()]);
                to.offer(|slot| *slot = black_box(n as u64)).expect("it was read");
            }
        },
        || {
            let mut look = each(|event: &Publication<u64>| _ = black_box(event.event));
            let _ = rx.drain(Tick::ZERO, usize::MAX, &mut look);
        },
    )
}
