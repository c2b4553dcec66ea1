use crate::{OPS, group};
use criterion::Criterion;
use ringmain::table::{Mark, Window};
use std::collections::HashSet;
use std::hint::black_box;

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "window");
    let mut window = Window::new(1 << 10, 0).expect("room in memory");
    group.bench_function("mark and advance, in order", |b| {
        b.iter(|| {
            for _ in 0..OPS {
                black_box(window.mark(black_box(window.next())) == Mark::Fresh);
                black_box(window.advance());
            }
        });
    });
    // Blocks of 64, each backwards: 63 are held, then all go on.
    let mut at = window.next();
    group.bench_function("mark and advance, 64 in disorder", |b| {
        b.iter(|| {
            for _ in 0..OPS {
                black_box(window.mark(black_box(at ^ 63)) == Mark::Fresh);
                black_box(window.advance());
                at += 1;
            }
        });
    });
    let (mut set, mut next) = (HashSet::new(), 0);
    let mut at = 0u64;
    group.bench_function("mark and advance, 64 in disorder, HashSet", |b| {
        b.iter(|| {
            for _ in 0..OPS {
                black_box(set.insert(black_box(at ^ 63)));
                while set.remove(&next) {
                    next += 1;
                }
                at += 1;
            }
        });
    });
    let mut window = Window::new(1 << 10, 0).expect("room in memory");
    group.bench_function("first marked, at the far end of 1,024", |b| {
        let _ = window.mark(1023);
        b.iter(|| {
            for _ in 0..OPS {
                black_box(black_box(&window).first_marked());
            }
        });
    });
}
