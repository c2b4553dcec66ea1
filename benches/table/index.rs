use crate::{OPS, group, scattered};
use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use ringmain::table::{Index, Mix};
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, RandomState};
use std::hint::black_box;

fn map<S: BuildHasher + Default>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, capacity: u64) {
    let mut map: HashMap<u64, u64, S> = HashMap::with_capacity_and_hasher(capacity as usize, S::default());
    map.extend((0..capacity).map(|n| (scattered(n), n)));
    let mut oldest = 0;
    group.bench_function(format!("remove and insert, {name}/{capacity}"), |b| {
        b.iter(|| {
            for _ in 0..OPS {
                black_box(map.remove(&scattered(oldest)));
                map.insert(scattered(oldest + capacity), oldest);
                oldest += 1;
            }
        });
    });
    group.bench_function(format!("get, {name}/{capacity}"), |b| {
        b.iter(|| {
            for n in 0..OPS {
                black_box(map.get(&scattered(oldest + scattered(n) % capacity)));
            }
        });
    });
    group.bench_function(format!("get what is not there, {name}/{capacity}"), |b| {
        b.iter(|| {
            for n in 0..OPS {
                black_box(map.get(&!scattered(n)));
            }
        });
    });
}

/// Full all the time: each pass takes the oldest entries out and puts as many in.
pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "index");
    for capacity in [1 << 10, 1 << 16] {
        let mut index = Index::new(capacity as usize).expect("room in memory");
        for n in 0..capacity {
            assert_eq!(index.insert(scattered(n), n), Ok(None));
        }
        let mut oldest = 0;
        group.bench_function(format!("remove and insert/{capacity}"), |b| {
            b.iter(|| {
                for _ in 0..OPS {
                    black_box(index.remove(&scattered(oldest)));
                    let _ = black_box(index.insert(scattered(oldest + capacity), oldest));
                    oldest += 1;
                }
            });
        });
        group.bench_function(format!("get/{capacity}"), |b| {
            b.iter(|| {
                for n in 0..OPS {
                    black_box(index.get(&scattered(oldest + scattered(n) % capacity)));
                }
            });
        });
        group.bench_function(format!("get what is not there/{capacity}"), |b| {
            b.iter(|| {
                for n in 0..OPS {
                    black_box(index.get(&!scattered(n)));
                }
            });
        });
        map::<RandomState>(&mut group, "HashMap", capacity);
        map::<BuildHasherDefault<Mix>>(&mut group, "HashMap with Mix", capacity);
    }
}
