use crate::{EVENTS, empty, group};
use criterion::Criterion;
use ringmain::channel::spsc;
use ringmain::contract::{Sink, Source, Tick};
use ringmain::pattern::{Order, Sequencer};
use std::hint::black_box;

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
