use crate::{OPS, group, scattered};
use criterion::Criterion;
use ringmain::contract::Tick;
use ringmain::table::Wheel;
use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;
use std::time::Duration;

/// From now to the deadline: 1 to 17 milliseconds.
fn span(n: u64) -> u64 {
    1_000_000 + scattered(n) % (1 << 24)
}

/// From one arming to the next, such that `live` are armed when all fire after 9 milliseconds on average.
fn pace(live: usize) -> u64 {
    9_000_000 / live as u64
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "wheel");
    for live in [1 << 10, 1 << 16] {
        for (name, resolution) in [("1 ns", 1), ("1 us", 1_000), ("1 ms", 1_000_000)]
            .map(|(name, ns)| (name, Duration::from_nanos(ns)))
        {
            // The usual case: the reply comes, and the timer is cancelled.
            let mut wheel = Wheel::new(live, resolution).expect("room in memory");
            let mut ids: VecDeque<_> =
                (0..live as u64).filter_map(|n| wheel.arm(Tick::from_nanos(span(n)), n).ok()).collect();
            group.bench_function(format!("cancel and arm/{live} live, {name}"), |b| {
                b.iter(|| {
                    for n in 0..OPS {
                        black_box(ids.pop_front().and_then(|id| wheel.cancel(id)));
                        ids.extend(wheel.arm(Tick::from_nanos(span(n)), n));
                    }
                });
            });
            // The other one: each fires.
            let mut wheel = Wheel::new(2 * live, resolution).expect("room in memory");
            let mut now = 0;
            let mut turn = |wheel: &mut Wheel<u64>, n| {
                now += pace(live);
                let at = Tick::from_nanos(now);
                while let Some(item) = wheel.pop(at) {
                    black_box(item);
                }
                let _ = black_box(wheel.arm(Tick::from_nanos(now + span(n)), n));
            };
            (0..4 * live as u64).for_each(|n| turn(&mut wheel, n));
            group.bench_function(format!("arm and fire/{live} live, {name}"), |b| {
                b.iter(|| (0..OPS).for_each(|n| turn(&mut wheel, n)));
            });
        }

        let mut tree = BTreeMap::new();
        let mut keys: VecDeque<(u64, u64)> = (0..live as u64).map(|n| (span(n), n)).collect();
        tree.extend(keys.iter().map(|&key| (key, key.1)));
        let mut serial = live as u64;
        group.bench_function(format!("cancel and arm, BTreeMap/{live} live"), |b| {
            b.iter(|| {
                for n in 0..OPS {
                    black_box(keys.pop_front().and_then(|key| tree.remove(&key)));
                    serial += 1;
                    keys.push_back((span(n), serial));
                    tree.insert((span(n), serial), n);
                }
            });
        });
        let mut tree = BTreeMap::new();
        let (mut now, mut serial) = (0, 0);
        let mut turn = |tree: &mut BTreeMap<(u64, u64), u64>, n| {
            now += pace(live);
            while let Some(first) = tree.first_entry().filter(|first| first.key().0 <= now) {
                black_box(first.remove());
            }
            serial += 1;
            tree.insert((now + span(n), serial), n);
        };
        (0..4 * live as u64).for_each(|n| turn(&mut tree, n));
        group.bench_function(format!("arm and fire, BTreeMap/{live} live"), |b| {
            b.iter(|| (0..OPS).for_each(|n| turn(&mut tree, n)));
        });
    }

    let mut wheel = Wheel::new(1 << 10, Duration::from_micros(1)).expect("room in memory");
    for n in 0..1 << 10 {
        wheel.arm(Tick::from_nanos((1 << 50) + span(n)), n).expect("room for them");
    }
    let mut now = 0;
    group.bench_function("a turn with nothing due", |b| {
        b.iter(|| {
            for _ in 0..OPS {
                now += 1;
                black_box(wheel.pop(Tick::from_nanos(now)));
            }
        });
    });
}
