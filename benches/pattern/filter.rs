use crate::{EVENTS, empty, events, group, pass};
use criterion::Criterion;
use ringmain::contract::{At, Flow, Header, Message, Tick};
use ringmain::pattern::{Expiry, Filter, Nowhere, RateLimit, Sample};
use std::{hint::black_box, time::Duration};

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
    // What a header costs to look at does not depend on the body behind it.
    let messages = vec![Message { header: Header::default(), body: [0u64; 24] }; EVENTS];
    let mut look = |message: &Message<[u64; 24]>, _: At| -> Flow {
        black_box(message.header.topic);
        Ok(())
    };
    group.bench_function("base, 256 bytes, by the header", |b| b.iter(|| pass(&messages, &mut look)));
    let mut by_topic = Filter::new(|message: &Message<[u64; 24]>| message.header.topic == 3, Nowhere);
    group.bench_function("keeps none of 256 bytes, by the header", |b| {
        b.iter(|| pass(&messages, &mut by_topic))
    });
}
