use crate::{OPS, group, scattered};
use criterion::Criterion;
use ringmain::table::{Handle, Slab};
use std::collections::{HashMap, VecDeque};
use std::hint::black_box;

/// What is kept of a pending request, say.
type Value = [u64; 4];

/// `live` requests are pending all the time; each pass answers the oldest ones and sends as many.
pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "slab");
    for live in [16, 1 << 10, 1 << 16] {
        let mut slab = Slab::new(live).expect("room in memory");
        let mut pending: VecDeque<Handle> =
            (0..live as u64).filter_map(|n| slab.insert([n; 4]).ok()).collect();
        group.bench_function(format!("remove and insert/{live} live"), |b| {
            b.iter(|| {
                for n in 0..OPS {
                    let oldest = pending.pop_front().expect("some are pending");
                    black_box(slab.remove(oldest));
                    pending.extend(slab.insert([n; 4]).ok());
                }
            });
        });
        let handles: Vec<Handle> = pending.iter().copied().collect();
        group.bench_function(format!("get/{live} live"), |b| {
            b.iter(|| {
                for n in 0..OPS {
                    black_box(slab.get(handles[scattered(n) as usize % live]));
                }
            });
        });

        let mut map: HashMap<u64, Value> = (0..live as u64).map(|n| (n, [n; 4])).collect();
        let (mut first, mut last) = (0, live as u64);
        group.bench_function(format!("remove and insert, HashMap by number/{live} live"), |b| {
            b.iter(|| {
                for n in 0..OPS {
                    black_box(map.remove(&first));
                    map.insert(last, [n; 4]);
                    (first, last) = (first + 1, last + 1);
                }
            });
        });
        group.bench_function(format!("get, HashMap by number/{live} live"), |b| {
            b.iter(|| {
                for n in 0..OPS {
                    black_box(map.get(&(first + scattered(n) % live as u64)));
                }
            });
        });
    }
}
