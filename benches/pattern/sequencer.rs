use crate::{EVENTS, empty, group};
use criterion::{Criterion, Throughput};
use ringmain::channel::{multicast::Multicast, spsc};
use ringmain::contract::{Drained, End, Sink, Source, Tick, Wait};
use ringmain::pattern::{Order, Sequencer};
use ringmain::wait::Yielding;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

const BURST: usize = 32;

/// So many lanes, and their producers.
fn lanes(count: usize) -> (Vec<spsc::Producer<u64>>, Vec<spsc::Consumer<u64>>) {
    (0..count).map(|_| spsc::channel(EVENTS / count, || 0u64).expect("a power of two")).unzip()
}

/// Fills every lane, then takes all there is.
fn round<O: Order<spsc::Consumer<u64>>>(
    producers: &mut [spsc::Producer<u64>],
    sequencer: &mut Sequencer<spsc::Consumer<u64>, O>,
) {
    fill(producers);
    while black_box(sequencer.drain(Tick::ZERO, usize::MAX, &mut empty)).count != 0 {}
}

fn fill(producers: &mut [spsc::Producer<u64>]) {
    for n in 0..EVENTS / producers.len() {
        for producer in &mut *producers {
            let _ = producer.offer(|slot| *slot = n as u64);
        }
    }
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "sequencer");
    let (mut producers, mut consumers) = lanes(1);
    group.bench_function("base: one lane, without", |b| {
        b.iter(|| {
            fill(&mut producers);
            while black_box(consumers[0].drain(Tick::ZERO, BURST, &mut empty)).count != 0 {}
        });
    });
    for count in [1, 2, 4, 8] {
        let (mut producers, consumers) = lanes(count);
        let mut sequencer = Sequencer::round_robin(consumers, BURST);
        group.bench_function(format!("{count} lanes, round robin"), |b| {
            b.iter(|| round(&mut producers, &mut sequencer));
        });
        let (mut producers, consumers) = lanes(count);
        let mut sequencer = Sequencer::by_key(consumers, EVENTS, |n: &u64| *n);
        group.bench_function(format!("{count} lanes, by key"), |b| {
            b.iter(|| round(&mut producers, &mut sequencer));
        });
    }
}

/// The time that `source` needs for all that the producers, a thread each, put in.
fn race<K: Sink<Event = u64> + Send>(
    producers: Vec<K>,
    mut source: impl Source<Event = u64>,
    each: u64,
) -> Duration {
    let start = Barrier::new(producers.len() + 1);
    thread::scope(|scope| {
        for mut producer in producers {
            let start = &start;
            scope.spawn(move || {
                let mut wait = Yielding::new();
                start.wait();
                for n in 0..each {
                    let _ = producer.offer_waiting(&mut wait, |slot| *slot = n);
                }
            });
        }
        let mut wait = Yielding::new();
        start.wait();
        let begin = Instant::now();
        loop {
            let drained = source.drain(Tick::ZERO, usize::MAX, &mut empty);
            match drained {
                Drained { end: Some(End::Closed), .. } => return begin.elapsed(),
                Drained { count: 0, .. } => wait.idle(),
                _ => wait.reset(),
            }
        }
    })
}

/// The two sequencers side by side, with producers on threads: one ring that all claim from, or a lane for each.
pub(crate) fn threads(c: &mut Criterion) {
    let mut group = group(c, "sequencer, threads");
    group.sample_size(10).throughput(Throughput::Elements(1));
    for count in [1, 2, 4, 8] {
        let share = |iters: u64| iters.div_ceil(count as u64);
        group.bench_function(format!("{count} producers, one ring"), |b| {
            b.iter_custom(|iters| {
                let mut ring = Multicast::many(EVENTS, || 0u64).expect("a power of two");
                let reader = ring.reader("bench", &[]);
                let tx = ring.build().expect("one reader");
                let producers = vec![tx; count];
                race(producers, reader, share(iters))
            });
        });
        group.bench_function(format!("{count} producers, a lane each"), |b| {
            b.iter_custom(|iters| {
                let (producers, consumers) = lanes(count);
                race(producers, Sequencer::round_robin(consumers, EVENTS / count), share(iters))
            });
        });
    }
}
