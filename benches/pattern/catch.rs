use crate::{empty, events, group, pass};
use criterion::Criterion;
use ringmain::pattern::Catch;

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "catch");
    let events = events();
    group.bench_function("base", |b| b.iter(|| pass(&events, &mut empty)));
    let mut stage = Catch::new(empty);
    group.bench_function("no panic", |b| b.iter(|| pass(&events, &mut stage)));
}
