//! What a message queue costs a message: in, leased, and acknowledged, on one thread. The base is a `VecDeque` that forgets
//! what it gives out.

use crate::{EVENTS, group};
use criterion::Criterion;
use ringmain::contract::Tick;
use ringmain::pattern::{AtCapacity, Consumer, Lease, LetterBox, Priorities, Queue, Terms, Ttl};
use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;

const NOW: Tick = Tick::ZERO;
const EVER: Duration = Duration::MAX;
const SOON: Duration = Duration::from_millis(30);

type Numbers = Queue<u64, LetterBox<u64>>;

/// A queue of which `ready` messages are waiting, and one consumer that may have all.
fn queue(capacity: usize, ready: usize) -> (Numbers, Consumer) {
    let letters = LetterBox::new(1, || 0);
    let mut queue =
        Queue::new(capacity, 1, AtCapacity::Reject, "bench", letters).expect("a capacity that is no error");
    let consumer = queue.join(u32::MAX).expect("one place");
    for n in 0..ready as u64 {
        let _ = queue.publish(NOW, Terms::PLAIN, n);
    }
    (queue, consumer)
}

/// One message in, one leased and done.
#[inline]
fn once(queue: &mut Numbers, consumer: Consumer, terms: Terms, span: Duration, n: u64) {
    let _ = black_box(queue.publish(NOW, terms, black_box(n)));
    let lease = queue.lease(consumer, NOW, span).unwrap_or_default();
    let _ = black_box(queue.ack(lease));
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "message queue");
    let mut plain: VecDeque<u64> = (0..16).collect();
    group.bench_function("base: in and out of a VecDeque", |b| {
        b.iter(|| {
            for n in 0..EVENTS as u64 {
                plain.push_back(black_box(n));
                black_box(plain.pop_front());
            }
        });
    });
    for (name, terms, span) in [
        ("no timer", Terms::PLAIN, EVER),
        ("a lease that ends", Terms::PLAIN, SOON),
        ("a lease and a time to live that end", Terms { ttl: SOON, ..Terms::PLAIN }, SOON),
    ] {
        let (mut queue, consumer) = queue(64, 16);
        group.bench_function(format!("published, leased, acknowledged: {name}"), |b| {
            b.iter(|| (0..EVENTS as u64).for_each(|n| once(&mut queue, consumer, terms, span, n)));
        });
    }
    let (lazy, consumer) = queue(64, 16);
    let mut lazy = lazy.ttl(Ttl::Lazy);
    let terms = Terms { ttl: SOON, ..Terms::PLAIN };
    group.bench_function("published, leased, acknowledged: a lazy time to live", |b| {
        b.iter(|| (0..EVENTS as u64).for_each(|n| once(&mut lazy, consumer, terms, EVER, n)));
    });
    let (weighted, consumer) = queue(64, 16);
    let mut weighted = weighted.priorities(Priorities::weighted([1, 2, 4, 8]));
    group.bench_function("published, leased, acknowledged: 4 weighted priorities", |b| {
        b.iter(|| {
            for n in 0..EVENTS as u64 {
                once(&mut weighted, consumer, Terms { priority: n as u8 % 4, ttl: EVER }, EVER, n);
            }
        });
    });
    for depth in [1 << 10, 1 << 20] {
        let (mut queue, consumer) = queue(depth + 1, depth);
        group.bench_function(format!("published, leased, acknowledged: {depth} ready"), |b| {
            b.iter(|| (0..EVENTS as u64).for_each(|n| once(&mut queue, consumer, Terms::PLAIN, EVER, n)));
        });
    }
    // As many leases at a time as there are messages in a batch; acknowledged in order, and in another one.
    let (mut queue, consumer) = queue(64, 0);
    for (name, step) in [("in order", 1), ("out of order", 37)] {
        let mut leases = [Lease::default(); 64];
        group.bench_function(format!("64 published, leased, acknowledged: {name}"), |b| {
            b.iter(|| {
                for _ in 0..EVENTS / 64 {
                    for n in 0..64 {
                        let _ = black_box(queue.publish(NOW, Terms::PLAIN, n));
                    }
                    for lease in &mut leases {
                        *lease = queue.lease(consumer, NOW, EVER).unwrap_or_default();
                    }
                    for n in 0..64 {
                        let _ = black_box(queue.ack(leases[n * step % 64]));
                    }
                }
            });
        });
    }
}
