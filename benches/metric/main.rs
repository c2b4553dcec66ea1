//! What measuring costs: a record, and a stage measured for one event in 1, 64 or 1,024.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ringmain::{
    contract::{At, Clock, Flow, Ledger, Stage, Tick},
    metric::{Books, Latencies, Latency, OneIn, Timed},
    ring::Sequence,
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const EVENTS: u64 = 1 << 12;

struct Wall(Instant);

impl Clock for Wall {
    fn now(&mut self) -> Tick {
        Tick::ZERO.after(self.0.elapsed())
    }
}

fn stage(event: &u64, _: At) -> Flow {
    black_box(event);
    Ok(())
}

fn turn(stage: &mut impl for<'e> Stage<&'e u64>) {
    for n in 0..EVENTS {
        let _ = black_box(stage.on_event(&n, At { seq: Sequence::new(n), now: Tick::ZERO }));
    }
}

fn metric(c: &mut Criterion) {
    let mut group = c.benchmark_group("metric");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group.throughput(Throughput::Elements(EVENTS));
    let mut latency = Latency::new();
    group.bench_function("record", |b| {
        b.iter(|| (0..EVENTS).for_each(|n| latency.record(Duration::from_nanos(black_box(n * 31)))));
    });
    let mut bare = stage;
    group.bench_function("stage/bare", |b| b.iter(|| turn(&mut bare)));
    for n in [1, 64, 1024] {
        let one_in = OneIn::new(n).expect("a power of two");
        let mut timed = Timed::new(Latencies::new().probe("stage", Wall(Instant::now()), one_in), stage);
        group.bench_function(format!("stage/timed one in {n}"), |b| b.iter(|| turn(&mut timed)));
    }
    group.finish();

    let ledgers: Vec<_> = (0..16).map(|_| Ledger::new()).collect();
    let mut books = Books::new();
    ledgers.iter().for_each(|ledger| books.enter("stage", ledger.account()));
    c.bench_function("metric/read the books of 16 stages", |b| b.iter(|| black_box(books.read())));
}

criterion_group!(benches, metric);
criterion_main!(benches);
