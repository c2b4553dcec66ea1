use crate::{EVENTS, empty, events, group, pass, pass_mut};
use criterion::Criterion;
use ringmain::channel::spsc;
use ringmain::contract::{At, Flow, Halt, Message, PartOf, Sink, Source, Tick, each};
use ringmain::pattern::{Edit, Splitter, Translator, keeping_header};
use std::hint::black_box;

/// One slot that is always free: what is left is the translator.
struct Slot<T>(T);

impl<T> Sink for Slot<T> {
    type Event = T;

    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        let filled = fill(&mut self.0);
        black_box(&self.0);
        filled
    }
}

pub(crate) fn double(n: &u64, out: &mut u64) -> Flow {
    *out = n.checked_mul(2).ok_or(Halt::Stop)?;
    Ok(())
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "translator");
    let mut events = events();
    group.bench_function("base", |b| b.iter(|| pass(&events, &mut empty)));
    let mut slot = Slot(0);
    let mut by_hand = |n: &u64, _: At| slot.fill(|out| double(n, out));
    group.bench_function("the same by hand", |b| b.iter(|| pass(&events, &mut by_hand)));
    let mut project = Translator::new(double, Slot(0));
    group.bench_function("project", |b| b.iter(|| pass(&events, &mut project)));

    let mut count = |n: &mut u64, at: At| -> Flow {
        *n += 1;
        empty(n, at)
    };
    group.bench_function("the same edit by hand", |b| b.iter(|| pass_mut(&mut events, &mut count)));
    let add_one = |n: &mut u64| -> Flow {
        *n += 1;
        Ok(())
    };
    let mut edit = Edit::new(add_one, |n: &mut u64, at: At| empty(n, at));
    group.bench_function("edit", |b| b.iter(|| pass_mut(&mut events, &mut edit)));

    let messages: Vec<_> = events.iter().map(|n| Message { body: *n, ..Message::default() }).collect();
    let mut message = Translator::new(keeping_header(double), Slot(Message::default()));
    group.bench_function("message, header kept", |b| b.iter(|| pass(&messages, &mut message)));

    let (to, mut from) = spsc::channel(4 * EVENTS, || 0u64).unwrap();
    let write = |n: &u64, part: PartOf, out: &mut u64| -> Flow {
        *out = n + u64::from(part.index);
        Ok(())
    };
    let mut split = Splitter::new(|_: &u64| 4, write, to);
    group.bench_function("splitter, 4 parts into a ring, drained", |b| {
        b.iter(|| {
            pass(&events, &mut split);
            let _ = from.drain(Tick::ZERO, usize::MAX, &mut each(|_: &u64| ()));
        });
    });
}
