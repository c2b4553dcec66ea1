use crate::{EVENTS, group, pass, pass_mut};
use criterion::Criterion;
use ringmain::contract::{At, Correlated, Flow, Ids, Message, MessageId, Sink};
use ringmain::pattern::{Causal, Correlate, Origin};
use std::hint::black_box;

/// A sink of one slot that is always free.
struct Slot(Message<u64>);

impl Sink for Slot {
    type Event = Message<u64>;
    fn fill<R>(&mut self, fill: impl FnOnce(&mut Message<u64>) -> Flow<R>) -> Flow<R> {
        fill(black_box(&mut self.0))
    }
}

fn look(event: &mut Message<u64>, _: At) -> Flow {
    black_box(event);
    Ok(())
}

/// The base: what a stamp writes, without a stage.
fn write(event: &mut Message<u64>, at: At) -> Flow {
    let id = MessageId(at.seq.count());
    event.set_ids(Ids { id, conversation: id, cause: MessageId::NONE });
    look(event, at)
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "correlation");
    let mut last = 0;
    let mut count = || {
        last += 1;
        black_box(last)
    };
    group.bench_function("base, a number", |b| b.iter(|| (0..EVENTS).fold(0, |all, _| all ^ count())));
    let mut origin = Origin::new(1);
    let mut make = || black_box(origin.make().map_or(0, |id| id.0));
    group.bench_function("an id", |b| b.iter(|| (0..EVENTS).fold(0, |all, _| all ^ make())));
    let mut messages = vec![Message::<u64>::default(); EVENTS];
    group.bench_function("base", |b| b.iter(|| pass_mut(&mut messages, &mut write)));
    let mut stage = Correlate::new(Origin::new(1), look);
    group.bench_function("a root in place", |b| b.iter(|| pass_mut(&mut messages, &mut stage)));

    let mut slot = Slot(Message::default());
    let mut bare = |event: &Message<u64>, _: At| -> Flow {
        slot.fill(|out| {
            out.body = event.body;
            Ok(())
        })
    };
    group.bench_function("base, into a slot", |b| b.iter(|| pass(&messages, &mut bare)));
    let handler = |event: &Message<u64>, ctx: &mut ringmain::pattern::Context<'_, Slot>| -> Flow {
        ctx.derive(|out| {
            out.body = event.body;
            Ok(())
        })?;
        Ok(())
    };
    let mut stage = Causal::new(Origin::new(2), handler, Slot(Message::default()));
    group.bench_function("derived, into a slot", |b| b.iter(|| pass(&messages, &mut stage)));
}
