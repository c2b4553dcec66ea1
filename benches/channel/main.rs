//! What a ring costs: on one thread, from core to core, and there and back, with peers in the same run.
//!
//! Two threads are pinned to two cores where there are two, and pause when they have nothing to do; with one core they
//! yield. `base` passes nothing on: it is what the harness itself costs. Figures of different runs do not compare, as
//! the way between two cores changes with where they are; those of one run do.

mod broadcast;
mod bytes;
mod latest;
mod mpmc;
mod mpsc;
mod multicast;
mod publish_subscribe;
mod spmc;
mod spsc;

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use ringmain::contract::{Sink, Source, Tick, each};
use std::hint::{black_box, spin_loop};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const CAPACITY: usize = 1 << 10;
/// Events in one iteration between two threads.
const EVENTS: u64 = 1 << 12;
/// Round trips in one iteration.
const TRIPS: u64 = 1 << 8;
const BATCH: u64 = 32;

/// An event that knows its number in all of its words.
trait Event: Copy + Default + Send + Sync + 'static {
    const NAME: &'static str;
    fn new(number: u64) -> Self;
    fn number(&self) -> u64;
}

impl Event for u64 {
    const NAME: &'static str = "u64";
    fn new(number: u64) -> Self {
        number
    }
    fn number(&self) -> u64 {
        *self
    }
}

impl Event for [u64; 8] {
    const NAME: &'static str = "64 bytes";
    fn new(number: u64) -> Self {
        [number; 8]
    }
    fn number(&self) -> u64 {
        assert!(self.iter().all(|word| word == &self[0]), "a torn event");
        self[0]
    }
}

/// Where a contender puts in. Neither verb blocks.
trait Put<T: Event>: Send {
    fn put(&mut self, event: T) -> bool;
    /// Puts the events from number `first` in, at most `n`, and says how many; together, if the contender can.
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        (0..n).find(|i| !self.put(T::new(first + i))).unwrap_or(n)
    }
}

/// Where a contender takes out. Neither verb blocks.
trait Take<T: Event>: Send {
    fn take(&mut self) -> Option<T>;
    /// Takes all there is; together, if the contender can.
    fn take_all(&mut self, mut each: impl FnMut(T)) {
        while let Some(event) = self.take() {
            each(event);
        }
    }
}

/// The contender that passes nothing on.
struct Base(u64);

impl<T: Event> Put<T> for Base {
    fn put(&mut self, event: T) -> bool {
        black_box(event);
        true
    }
}

impl<T: Event> Take<T> for Base {
    fn take(&mut self) -> Option<T> {
        self.0 += 1;
        Some(black_box(T::new(self.0 - 1)))
    }
    fn take_all(&mut self, mut each: impl FnMut(T)) {
        for _ in 0..BATCH {
            each(black_box(T::new(self.0)));
            self.0 += 1;
        }
    }
}

/// Ours: whatever is a sink, whatever is a source.
struct Ours<End>(End);

impl<T: Event, K: Sink<Event = T> + Send> Put<T> for Ours<K> {
    fn put(&mut self, event: T) -> bool {
        self.0.offer(|slot| *slot = event).is_ok()
    }
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        let fill = |i, slot: &mut T| {
            *slot = T::new(first + i as u64);
            Ok(())
        };
        self.0.fill_many(n as usize, fill).count as u64
    }
}

impl<T: Event, S: Source<Event = T> + Send> Take<T> for Ours<S> {
    fn take(&mut self) -> Option<T> {
        let mut taken = None;
        let _ = self.0.drain(Tick::ZERO, 1, &mut each(|event: &T| taken = Some(*event)));
        taken
    }
    fn take_all(&mut self, mut f: impl FnMut(T)) {
        let _ = self.0.drain(Tick::ZERO, usize::MAX, &mut each(|event: &T| f(*event)));
    }
}

/// How events are put in and taken out.
#[derive(Clone, Copy)]
enum How {
    OneByOne,
    /// Put in one by one, taken out as they are there.
    Drained,
    Batches,
}

fn put_all<T: Event>(tx: &mut impl Put<T>, how: How, from: u64, until: u64) {
    let mut next = from;
    while next < until {
        let n = match how {
            How::OneByOne | How::Drained => u64::from(tx.put(T::new(next))),
            How::Batches => tx.put_some(next, BATCH.min(until - next)),
        };
        if n == 0 {
            pause();
        }
        next += n;
    }
}

fn take_all<T: Event>(rx: &mut impl Take<T>, how: How, from: u64, until: u64) {
    let mut next = from;
    let mut wrong = 0;
    while next < until {
        let before = next;
        let mut see = |event: T| {
            wrong |= event.number() ^ next;
            next += 1;
        };
        match how {
            How::OneByOne => rx.take().into_iter().for_each(see),
            How::Drained | How::Batches => rx.take_all(&mut see),
        }
        if next == before {
            pause();
        }
    }
    assert_eq!(wrong, 0, "an event is missing, or out of order");
}

/// A push and a pop, or a batch of each, without anybody else.
fn one_thread<T: Event>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    how: How,
    (mut tx, mut rx): (impl Put<T>, impl Take<T>),
) {
    let step = if matches!(how, How::Batches) { BATCH } else { 1 };
    let mut next = 0;
    group.throughput(Throughput::Elements(step));
    group.bench_function(name, |b| {
        b.iter(|| {
            put_all(&mut tx, how, next, next + step);
            take_all(&mut rx, how, next, next + step);
            next += step;
        });
    });
}

/// From one core to another: a producer that never waits but for room.
fn two_threads<T: Event, P: Put<T>, C: Take<T>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    how: How,
    new: impl Fn() -> (P, C),
) {
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let ((mut tx, mut rx), events) = (new(), iterations * EVENTS);
            together(move || put_all(&mut tx, how, 0, events), move || take_all(&mut rx, how, 0, events))
        });
    });
}

/// There and back over two rings: an event goes only when the one before has come back.
fn round_trip<T: Event, P: Put<T>, C: Take<T>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    new: impl Fn() -> (P, C),
) {
    group.throughput(Throughput::Elements(TRIPS));
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let ((mut tx, mut rx_there), (mut tx_there, mut rx)) = (new(), new());
            let trips = iterations * TRIPS;
            let here = move || {
                for n in 0..trips {
                    put_all(&mut tx, How::OneByOne, n, n + 1);
                    take_all(&mut rx, How::OneByOne, n, n + 1);
                }
            };
            let there = move || {
                for n in 0..trips {
                    take_all(&mut rx_there, How::OneByOne, n, n + 1);
                    put_all(&mut tx_there, How::OneByOne, n, n + 1);
                }
            };
            together(here, there)
        });
    });
}

/// The time from when both threads are ready until both are done.
fn together(here: impl FnOnce() + Send, there: impl FnOnce() + Send) -> Duration {
    let ready = AtomicUsize::new(0);
    let ready = &ready;
    let begin = move |core| {
        pin(core);
        ready.fetch_add(1, Ordering::AcqRel);
        while ready.load(Ordering::Acquire) < 2 {
            pause();
        }
        Instant::now()
    };
    thread::scope(|scope| {
        let other = scope.spawn(move || {
            begin(1);
            there();
        });
        let one = scope.spawn(move || {
            let start = begin(0);
            here();
            start
        });
        let start = one.join().expect("the bench checks what arrives");
        other.join().expect("the bench checks what arrives");
        start.elapsed()
    })
}

/// To the `nth` core, if there are two: with one, where a thread runs is no question.
fn pin(nth: usize) {
    if let Some(cores) = core_affinity::get_core_ids().filter(|cores| cores.len() > 1) {
        core_affinity::set_for_current(cores[nth % cores.len()]);
    }
}

fn pause() {
    static ALONE: LazyLock<bool> =
        LazyLock::new(|| thread::available_parallelism().is_ok_and(|cores| cores.get() == 1));
    if *ALONE { thread::yield_now() } else { spin_loop() }
}

fn group<'a>(c: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(format!("channel/{name}"));
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1)).sample_size(20);
    group
}

criterion_group!(
    benches,
    broadcast::benches,
    bytes::benches,
    latest::benches,
    mpmc::benches,
    mpsc::benches,
    multicast::benches,
    publish_subscribe::benches,
    spmc::benches,
    spsc::benches,
);
criterion_main!(benches);
