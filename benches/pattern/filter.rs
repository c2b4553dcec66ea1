use crate::{empty, events, group, pass};
use criterion::Criterion;
use ringmain::contract::Tick;
use ringmain::pattern::{Expiry, Filter, RateLimit, Sample};
use std::time::Duration;

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "filter");
    let events = events();
    group.bench_function("base", |b| b.iter(|| pass(&events, &mut empty)));
    let mut keeps_all = Filter::new(|n: &u64| *n != 0, empty);
    group.bench_function("keeps all", |b| b.iter(|| pass(&events, &mut keeps_all)));
    let mut keeps_half = Filter::new(|n: &u64| n.is_multiple_of(2), empty);
    group.bench_function("keeps every other", |b| b.iter(|| pass(&events, &mut keeps_half)));
    let mut keeps_none = Filter::new(|n: &u64| *n == 0, empty);
    group.bench_function("keeps none", |b| b.iter(|| pass(&events, &mut keeps_none)));
    let mut expiry = Filter::new(Expiry::new(|n: &u64| Tick::from_nanos(*n)), empty);
    group.bench_function("expiry", |b| b.iter(|| pass(&events, &mut expiry)));
    let mut limited = Filter::new(RateLimit::new(u32::MAX, Duration::from_secs(1)), empty);
    group.bench_function("rate limit", |b| b.iter(|| pass(&events, &mut limited)));
    let mut sampled = Filter::new(Sample::one_in(64), empty);
    group.bench_function("sample", |b| b.iter(|| pass(&events, &mut sampled)));
}
