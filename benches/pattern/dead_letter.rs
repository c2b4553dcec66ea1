use crate::{EVENTS, empty, events, group, pass, pass_mut};
use criterion::Criterion;
use ringmain::contract::{At, Fault, Flow, Sink, Stage, Tick};
use ringmain::pattern::{DeadLetter, Letter, LetterBox, Overflow, RateLimit, Redrive, Remedy, Retry};
use ringmain::ring::Sequence;
use std::{hint::black_box, time::Duration};

/// Places to wait in, and events between two turns' ends.
const PLACES: usize = 64;

/// An event of one cache line.
type Line = [u64; 8];

fn bad(event: &u64, _: At) -> Flow {
    black_box(event);
    Err(Fault::new(1).into())
}

/// Fails in even turns.
fn at_times(event: &u64, at: At) -> Flow {
    black_box(event);
    if at.now.nanos().is_multiple_of(2) { Err(Fault::new(1).into()) } else { Ok(()) }
}

/// Every event fails, waits aside for its timer, and passes in the next turn.
fn pass_twice(events: &[u64], clock: &mut u64, stage: &mut impl for<'e> Stage<&'e u64>) {
    for some in events.chunks(PLACES) {
        let now = Tick::from_nanos(*clock);
        *clock += 2;
        for (n, event) in some.iter().enumerate() {
            let _ = black_box(stage.on_event(event, At { seq: Sequence::new(n as u64), now }));
        }
        let _ = black_box(stage.on_batch_end(now.after(Duration::from_nanos(1))));
    }
}

/// Tries again after a nanosecond.
fn aside<S>(overflow: Overflow<LetterBox<u64>>, inner: S) -> DeadLetter<u64, LetterBox<u64>, S>
where
    S: for<'e> Stage<&'e u64>,
{
    DeadLetter::new("bench", overflow, LetterBox::new(PLACES, || 0u64), inner)
        .retry(Retry::fixed(3, Duration::from_nanos(1)), |_| Remedy::Retry)
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
    let make_room = || Overflow::DropOldest(LetterBox::drop_oldest);
    let mut stage = DeadLetter::new("bench", make_room(), LetterBox::new(64, || 0u64), bad);
    group.bench_function("all fail, a letter each", |b| b.iter(|| pass(&events, &mut stage)));
    let mut stage = aside(Overflow::Block, empty).aside(PLACES, || 0).unwrap();
    group.bench_function("all pass, places aside", |b| b.iter(|| pass(&events, &mut stage)));
    let mut stage = aside(Overflow::Block, empty).by_key(PLACES, 8, |n| *n, || 0).unwrap();
    group.bench_function("all pass, places by key", |b| b.iter(|| pass(&events, &mut stage)));
    let mut clock = 0;
    let mut stage = aside(Overflow::Block, at_times).aside(PLACES, || 0).unwrap();
    group.bench_function("all fail once, aside and back", |b| {
        b.iter(|| pass_twice(&events, &mut clock, &mut stage))
    });
    let mut stage = aside(Overflow::Block, at_times).by_key(PLACES, PLACES, |n| *n, || 0).unwrap();
    group.bench_function("all fail once, by key and back", |b| {
        b.iter(|| pass_twice(&events, &mut clock, &mut stage))
    });
    let mut stage = aside(make_room(), bad).aside(PLACES, || 0).unwrap();
    group.bench_function("all fail, places and box full", |b| b.iter(|| pass(&events, &mut stage)));

    let letter = Letter { hops: 1, ..Letter::blank(7u64) };
    let mut letters = LetterBox::new(EVENTS, || 0u64);
    let mut back = LetterBox::new(EVENTS, || 0u64);
    let readdress = |letter: &Letter<u64>, to: &mut Letter<u64>| to.event = letter.event;
    let rate = RateLimit::new(u32::MAX, Duration::from_nanos(1));
    group.bench_function("letters appended", |b| {
        b.iter(|| {
            for _ in 0..EVENTS {
                let _ = black_box(letters.push(letter.clone()));
            }
            while letters.drop_oldest() {}
        });
    });
    group.bench_function("letters appended, and redriven", |b| {
        b.iter(|| {
            for _ in 0..EVENTS {
                let _ = black_box(letters.push(letter.clone()));
            }
            let all = |_: &Letter<u64>| true;
            let mut redrive = Redrive::new(1, rate.clone(), all, readdress, &mut back);
            assert_eq!(redrive.redrive(&mut letters, Tick::ZERO).sent, EVENTS);
            while back.drop_oldest() {}
        });
    });

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
