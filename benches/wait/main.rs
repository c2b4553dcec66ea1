//! What it costs to wait, and to wake: one empty turn of each strategy, a ring that nobody needs, one that wakes.

use criterion::{Criterion, criterion_group, criterion_main};
use ringmain::channel::spsc;
use ringmain::contract::{Sink, Source, Tick, Wait, each};
use ringmain::wait::{Backoff, BusySpin, Park, Yielding};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// The first empty turn of a row, and the reset that ends it: what a short wait costs.
fn first_turn(c: &mut Criterion) {
    let mut group = c.benchmark_group("wait/first turn and reset");
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    let mut strategies: [(&str, Box<dyn Wait>); 4] = [
        ("busy spin", Box::new(BusySpin::new())),
        ("yielding", Box::new(Yielding::new())),
        ("backoff", Box::new(Backoff::new())),
        ("park", Box::new(Park::new())),
    ];
    for (name, wait) in &mut strategies {
        group.bench_function(*name, |b| {
            b.iter(|| {
                wait.idle();
                wait.reset();
            });
        });
    }
    group.finish();
}

/// What a producer pays for a consumer that might sleep.
fn ring(c: &mut Criterion) {
    let mut group = c.benchmark_group("wait/ring");
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    let park = Park::new();
    let bell = park.bell();
    group.bench_function("awake", |b| b.iter(|| black_box(&bell).ring()));
    let mut park = Park::new().spins(0).yields(0);
    let bell = park.bell();
    group.bench_function("listed: list, wake, take the token", |b| {
        b.iter(|| {
            park.idle();
            bell.ring();
            park.idle();
        });
    });
    group.finish();
}

/// There and back between two threads of which neither rings in vain: both sleep at once, or both as they do by default.
fn round_trip(c: &mut Criterion) {
    let mut group = c.benchmark_group("wait/round trip");
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1)).sample_size(20);
    group.bench_function("park, asleep at once", |b| {
        ping_pong(b, Park::new().spins(0).yields(0), Park::new().spins(0).yields(0));
    });
    group.bench_function("park, as it comes", |b| ping_pong(b, Park::new(), Park::new()));
    group.finish();
}

fn ping_pong(b: &mut criterion::Bencher<'_>, mut here: Park, mut there: Park) {
    let (tx, mut rx_there) = spsc::channel(1, || ()).expect("one is a power of two");
    let (tx_there, mut rx) = spsc::channel(1, || ()).expect("one is a power of two");
    let (mut tx, mut tx_there) = (there.bell().on(tx), here.bell().on(tx_there));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                if take(&mut rx_there, &mut there) {
                    let _ = tx_there.offer(|()| ());
                }
            }
        });
        b.iter(|| {
            let _ = tx.offer(|()| ());
            while !take(&mut rx, &mut here) {}
        });
        stop.store(true, Relaxed);
    });
}

/// One turn of a runner's loop.
fn take(source: &mut impl Source<Event = ()>, wait: &mut Park) -> bool {
    let taken = source.drain(Tick::ZERO, 1, &mut each(|(): &()| ())).count == 1;
    if taken {
        wait.reset();
    } else {
        wait.idle();
    }
    taken
}

criterion_group!(benches, first_turn, ring, round_trip);
criterion_main!(benches);
