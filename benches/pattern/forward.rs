use crate::{EVENTS, empty, events, group, pass, pass_mut};
use criterion::Criterion;
use ringmain::channel::spsc;
use ringmain::contract::{At, Flow, Sink, Source, Tick, each};
use ringmain::pattern::Forward;

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "forward");
    let mut events = events();
    group.bench_function("base", |b| b.iter(|| pass(&events, &mut empty)));
    let (mut to, mut from) = spsc::channel(EVENTS, || 0u64).unwrap();
    group.bench_function("push by hand, drained", |b| {
        b.iter(|| {
            pass(&events, &mut |n: &u64, _: At| -> Flow { Ok(to.offer(|slot| *slot = *n)?) });
            let _ = from.drain(Tick::ZERO, usize::MAX, &mut each(|_: &u64| ()));
        });
    });
    let (to, mut from) = spsc::channel(EVENTS, || 0u64).unwrap();
    let mut forward = Forward::new(to);
    group.bench_function("copy, drained", |b| {
        b.iter(|| {
            pass(&events, &mut forward);
            let _ = from.drain(Tick::ZERO, usize::MAX, &mut each(|_: &u64| ()));
        });
    });
    group.bench_function("swap, drained", |b| {
        b.iter(|| {
            pass_mut(&mut events, &mut forward);
            let _ = from.drain(Tick::ZERO, usize::MAX, &mut each(|_: &u64| ()));
        });
    });
}
