use crate::{EVENTS, empty, events, group, pass, pass_mut};
use criterion::Criterion;
use ringmain::contract::{At, Fault, Flow};
use ringmain::pattern::{DeadLetter, LetterBox, Overflow};
use std::hint::black_box;

/// An event of one cache line.
type Line = [u64; 8];

fn bad(event: &u64, _: At) -> Flow {
    black_box(event);
    Err(Fault::new(1).into())
}

fn touch(event: &mut Line, _: At) -> Flow {
    event[0] = event[0].wrapping_add(1);
    Ok(())
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "dead_letter");
    let events = events();
    let small = || LetterBox::new(1, || 0u64);
    group.bench_function("base", |b| b.iter(|| pass(&events, &mut empty)));
    let mut stage = DeadLetter::new("bench", Overflow::Block, small(), empty);
    group.bench_function("all pass", |b| b.iter(|| pass(&events, &mut stage)));
    let mut stage = DeadLetter::new("bench", Overflow::DropNewest, small(), bad);
    group.bench_function("all fail, box full", |b| b.iter(|| pass(&events, &mut stage)));
    let make_room = Overflow::DropOldest(LetterBox::drop_oldest);
    let mut stage = DeadLetter::new("bench", make_room, LetterBox::new(64, || 0u64), bad);
    group.bench_function("all fail, a letter each", |b| b.iter(|| pass(&events, &mut stage)));

    let mut lines = vec![Line::default(); EVENTS];
    let small = || LetterBox::new(1, Line::default);
    group.bench_function("base, lent lines", |b| b.iter(|| pass_mut(&mut lines, &mut touch)));
    let mut stage = DeadLetter::editing("bench", Overflow::Block, small(), touch);
    group.bench_function("all pass, lent lines", |b| b.iter(|| pass_mut(&mut lines, &mut stage)));
    let mut stage = DeadLetter::keeping_original("bench", Overflow::Block, Line::default(), small(), touch);
    group.bench_function("all pass, lent lines, originals kept", |b| {
        b.iter(|| pass_mut(&mut lines, &mut stage));
    });
}
