use crate::{EVENTS, empty, events, group, pass};
use criterion::Criterion;
use ringmain::channel::{multicast::Multicast, spsc};
use ringmain::contract::{At, Sink, Source, Tick, each};
use ringmain::pattern::{AllOrNothing, Fanout, Forward};

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "fanout");
    let events = events();
    group.bench_function("base", |b| b.iter(|| pass(&events, &mut empty)));
    let mut one = Fanout::new((empty,));
    group.bench_function("1 branch", |b| b.iter(|| pass(&events, &mut one)));
    let mut two = Fanout::new((empty, empty));
    group.bench_function("2 branches", |b| b.iter(|| pass(&events, &mut two)));
    let mut four = Fanout::new((empty, empty, empty, empty));
    group.bench_function("4 branches", |b| b.iter(|| pass(&events, &mut four)));

    let ring = || spsc::channel(EVENTS, || 0u64).unwrap();
    let ((a, mut from_a), (b, mut from_b)) = (ring(), ring());
    let mut rings = Fanout::new((Forward::new(a), Forward::new(b)));
    group.bench_function("2 rings, drained", |bench| {
        bench.iter(|| {
            pass(&events, &mut rings);
            let _ = from_a.drain(Tick::ZERO, usize::MAX, &mut each(|_: &u64| ()));
            let _ = from_b.drain(Tick::ZERO, usize::MAX, &mut each(|_: &u64| ()));
        });
    });
    let ((a, mut from_a), (b, mut from_b)) = (ring(), ring());
    let mut rings = AllOrNothing::new((a, b));
    group.bench_function("2 rings, all or nothing, drained", |bench| {
        bench.iter(|| {
            pass(&events, &mut rings);
            let _ = from_a.drain(Tick::ZERO, usize::MAX, &mut each(|_: &u64| ()));
            let _ = from_b.drain(Tick::ZERO, usize::MAX, &mut each(|_: &u64| ()));
        });
    });
    // Gate mode: no copy, a cursor for each branch. The readers' own work is in it.
    for readers in [1, 2, 4] {
        let mut ring = Multicast::new(EVENTS, || 0u64).unwrap();
        let mut branches: Vec<_> =
            ["a", "b", "c", "d"][..readers].iter().map(|name| ring.reader(name, &[])).collect();
        let mut tx = ring.build().unwrap();
        group.bench_function(format!("multicast, drained, readers: {readers}"), |bench| {
            bench.iter(|| {
                pass(&events, &mut |n: &u64, _: At| Ok(tx.offer(|slot| *slot = *n)?));
                for branch in &mut branches {
                    let _ = branch.drain(Tick::ZERO, usize::MAX, &mut empty);
                }
            });
        });
    }
}
