//! What a pattern costs fused: the stage called in the same thread, events from a slice, against an empty stage.
//! `hop` (which has `rate`, too) and the second half of `sequencer` are about two threads and more.

use criterion::{Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use ringmain::{
    contract::{At, Flow, Stage, Tick},
    ring::Sequence,
};
use std::{hint::black_box, time::Duration};

mod aggregator;
mod catch;
mod content_router;
mod correlation;
mod dead_letter;
mod fanout;
mod filter;
mod forward;
mod hop;
mod message_queue;
mod point_to_point;
mod process_manager;
mod publish_subscribe;
mod request_reply;
mod resequencer;
mod return_address;
mod routing_slip;
mod scatter_gather;
mod sequencer;
mod translator;

/// Events in one pass.
const EVENTS: usize = 1 << 12;

/// A group whose unit is one event.
fn group<'c>(c: &'c mut Criterion, name: &str) -> criterion::BenchmarkGroup<'c, WallTime> {
    let mut group = c.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(600));
    group.throughput(Throughput::Elements(EVENTS as u64));
    group
}

/// The events of a pass.
fn events() -> Vec<u64> {
    (1..=EVENTS as u64).collect()
}

/// The base: a stage that does nothing but look.
fn empty(event: &u64, _: At) -> Flow {
    black_box(event);
    Ok(())
}

fn at(n: usize) -> At {
    At { seq: Sequence::new(n as u64), now: Tick::ZERO }
}

/// Gives `stage` the events of one batch, and its end.
fn pass<T>(events: &[T], stage: &mut impl for<'e> Stage<&'e T>) {
    for (n, event) in events.iter().enumerate() {
        let _ = black_box(stage.on_event(event, at(n)));
    }
    let _ = black_box(stage.on_batch_end(Tick::ZERO));
}

/// As `pass`, with the events lent.
fn pass_mut<T>(events: &mut [T], stage: &mut impl for<'e> Stage<&'e mut T>) {
    for (n, event) in events.iter_mut().enumerate() {
        let _ = black_box(stage.on_event(event, at(n)));
    }
    let _ = black_box(stage.on_batch_end(Tick::ZERO));
}

criterion_group!(
    benches,
    aggregator::benches,
    catch::benches,
    content_router::benches,
    correlation::benches,
    dead_letter::benches,
    fanout::benches,
    filter::benches,
    forward::benches,
    message_queue::benches,
    request_reply::benches,
    return_address::benches,
    routing_slip::benches,
    scatter_gather::benches,
    point_to_point::benches,
    resequencer::benches,
    process_manager::benches,
    publish_subscribe::benches,
    sequencer::benches,
    sequencer::threads,
    translator::benches,
    // Last, as it pins this thread.
    hop::benches,
);
criterion_main!(benches);
