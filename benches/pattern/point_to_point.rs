use crate::{EVENTS, empty, events, group, pass};
use criterion::Criterion;
use ringmain::channel::spsc;
use ringmain::contract::{At, Flow, Sink, Source, Tick, each};
use ringmain::pattern::point_to_point::{
    Ack, AtMostOnce, Choice, Dispatch, InTurn, Job, KeyHash, LeastLoaded, Loss, Partition, Redeliver,
    SingleActive, Worker,
};
use ringmain::pattern::{Filter, LetterBox};
use ringmain::table::Handle;
use std::hint::black_box;

/// Rings of jobs and of acknowledgements for four workers.
type Rings =
    [((spsc::Producer<Job<u64>>, spsc::Consumer<Job<u64>>), (spsc::Producer<Ack>, spsc::Consumer<Ack>)); 4];

fn rings() -> Rings {
    std::array::from_fn(|_| {
        (spsc::channel(EVENTS, Job::default).unwrap(), spsc::channel(EVENTS, Ack::default).unwrap())
    })
}

/// A pass through a dispatcher, four workers on the same thread, and back.
fn there_and_back<C: Choice<u64, 4>, L: Loss<u64>>(choice: C, loss: L) -> impl FnMut(&[u64]) {
    let mut workers = Vec::new();
    let posts = rings().map(|((jobs, from_dispatch), (acks, from_worker))| {
        workers.push((from_dispatch, Worker::new(acks, empty)));
        (jobs, from_worker)
    });
    let mut dispatch = Dispatch::new(choice, loss, EVENTS, posts).unwrap();
    move |events| {
        pass(events, &mut dispatch);
        for (jobs, worker) in &mut workers {
            let _ = jobs.drain(Tick::ZERO, usize::MAX, worker);
        }
        pass(&[], &mut dispatch);
    }
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "point to point");
    let events = events();
    group.bench_function("base", |b| b.iter(|| pass(&events, &mut empty)));
    let mut filter = Filter::new(|n: &u64| n.is_multiple_of(4), empty);
    group.bench_function("filter, one in 4", |b| b.iter(|| pass(&events, &mut filter)));
    let [by_seq, ..] = Partition::<_, 4>::by_seq();
    let mut partition = Filter::new(by_seq, empty);
    group.bench_function("partition by position, one in 4", |b| b.iter(|| pass(&events, &mut partition)));
    let [by_seq, ..] = Partition::<_, 5>::by_seq();
    let mut partition = Filter::new(by_seq, empty);
    group.bench_function("partition by position, one in 5", |b| b.iter(|| pass(&events, &mut partition)));
    let [by_key, ..] = Partition::<_, 4>::by_key(|n: &u64| *n);
    let mut partition = Filter::new(by_key, empty);
    group.bench_function("partition by key, one in 4", |b| b.iter(|| pass(&events, &mut partition)));

    let mut ends = rings();
    group.bench_function("two hops by hand, 4 rings", |b| {
        b.iter(|| {
            for (n, event) in events.iter().enumerate() {
                let job = Job { event: *event, handle: Handle::NONE, attempt: 1 };
                ends[n % 4].0.0.offer(|slot| *slot = job).unwrap();
            }
            for ((_, jobs), (acks, _)) in &mut ends {
                let _ = jobs.drain(Tick::ZERO, usize::MAX, &mut |job: &Job<u64>, _: At| -> Flow {
                    black_box(&job.event);
                    Ok(acks.offer(|ack| *ack = Ack::Done(job.handle))?)
                });
            }
            for (_, (_, acks)) in &mut ends {
                let _ = acks.drain(Tick::ZERO, usize::MAX, &mut each(|ack: &Ack| _ = black_box(ack)));
            }
        });
    });
    let mut in_turn = there_and_back(InTurn::new(), AtMostOnce);
    group.bench_function("dispatch in turn, 4 workers", |b| b.iter(|| in_turn(&events)));
    let letters = LetterBox::new(1, || 0u64);
    let mut again = there_and_back(InTurn::new(), Redeliver::new("bench", 3, letters));
    group.bench_function("dispatch in turn, redelivering", |b| b.iter(|| again(&events)));
    let mut loaded = there_and_back(LeastLoaded, AtMostOnce);
    group.bench_function("dispatch to the least loaded", |b| b.iter(|| loaded(&events)));
    let mut by_key = there_and_back(KeyHash::new(|n: &u64| *n), AtMostOnce);
    group.bench_function("dispatch by key", |b| b.iter(|| by_key(&events)));

    let (mut tx, mut rx) = spsc::channel(EVENTS, || 0u64).unwrap();
    group.bench_function("hop", |b| {
        b.iter(|| {
            for event in &events {
                tx.offer(|slot| *slot = *event).unwrap();
            }
            let _ = rx.drain(Tick::ZERO, usize::MAX, &mut empty);
        });
    });
    let (mut tx, rx) = spsc::channel(EVENTS, || 0u64).unwrap();
    let mut active = SingleActive::new(rx);
    let mut waits = active.clone();
    group.bench_function("hop, single active", |b| {
        b.iter(|| {
            for event in &events {
                tx.offer(|slot| *slot = *event).unwrap();
            }
            let _ = active.drain(Tick::ZERO, usize::MAX, &mut empty);
        });
    });
    group.bench_function("a turn of one that waits, times the events", |b| {
        b.iter(|| {
            for _ in 0..EVENTS {
                let _ = black_box(waits.drain(Tick::ZERO, usize::MAX, &mut empty));
            }
        });
    });
}
