//! What the tables cost, beside what the standard library has for the same purpose.

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use std::time::Duration;

mod index;
mod slab;
mod wheel;
mod window;

/// Operations in one pass.
const OPS: u64 = 1 << 12;

/// A group whose unit is one operation.
fn group<'c>(c: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = c.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(600));
    group.throughput(Throughput::Elements(OPS));
    group
}

/// Numbers in no order, the same in each run.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20
}

criterion_group!(benches, index::benches, slab::benches, wheel::benches, window::benches);
criterion_main!(benches);
