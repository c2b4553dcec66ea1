//! Two threads and what is between them, run as fast as they can or at a fixed rate.

use crate::{group, request_reply::NOW, request_reply::rings};
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement::WallTime};
use ringmain::contract::{Agent, At, Flow, Sink, Stage, Wait, Work};
use ringmain::{channel::spsc, metric::Latency, run::pin, wait::Yielding};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};
use std::{hint::black_box, iter, ops::Deref, sync::Barrier, thread};

pub(super) const OUTSTANDING: u64 = 64;

/// When events are sent, and what is measured of their coming.
pub(crate) trait Pace: Copy + Send {
    /// Events of a sample, at least.
    const SAMPLE: u64;
    /// What a sample is asked for, by name: each is a bench of its own.
    fn asks() -> impl Iterator<Item = (&'static str, Self)>;
    /// The race begins.
    fn starts(&mut self);
    /// Whether event number `n` may be sent, counted from 0.
    fn is_due(&self, n: u64) -> bool;
    /// Event number `n` has come.
    fn came(&self, n: u64, latency: &RefCell<Latency>);
    /// The time of one event of a sample.
    fn told(&self, events: u64, took: Duration, latency: &Latency) -> Duration;
}

/// As fast as both sides can: nanoseconds per event.
#[derive(Clone, Copy)]
pub(crate) struct Flat;

impl Pace for Flat {
    // Enough that the first lap of a ring is a small part.
    const SAMPLE: u64 = 1 << 17;
    fn asks() -> impl Iterator<Item = (&'static str, Self)> {
        iter::once(("", Self))
    }
    fn starts(&mut self) {}
    fn is_due(&self, _: u64) -> bool {
        true
    }
    fn came(&self, _: u64, _: &RefCell<Latency>) {}
    fn told(&self, events: u64, took: Duration, _: &Latency) -> Duration {
        took.div_f64(events as f64)
    }
}

/// One event each microsecond: the time from the moment at which an event was due until it has come, so that what waits
/// behind a hold-up counts as held up. Where a stage changes their order, the k-th that comes is set against the k-th that
/// was due.
#[derive(Clone, Copy)]
pub(crate) struct Fixed {
    begin: Instant,
    share: f64,
}

impl Fixed {
    const EVERY: Duration = Duration::from_micros(1);
    fn due(&self, n: u64) -> Instant {
        self.begin + Self::EVERY * n as u32
    }
}

impl Pace for Fixed {
    const SAMPLE: u64 = 1 << 14;
    fn asks() -> impl Iterator<Item = (&'static str, Self)> {
        let begin = Instant::now();
        [(", p50", 0.5), (", p99", 0.99), (", p99.9", 0.999), (", max", 1.0)]
            .into_iter()
            .map(move |(name, share)| (name, Self { begin, share }))
    }
    fn starts(&mut self) {
        // By then both threads are there.
        self.begin = Instant::now() + Duration::from_millis(1);
    }
    fn is_due(&self, n: u64) -> bool {
        self.due(n) <= Instant::now()
    }
    fn came(&self, n: u64, latency: &RefCell<Latency>) {
        latency.borrow_mut().record(Instant::now().saturating_duration_since(self.due(n)));
    }
    fn told(&self, _: u64, _: Duration, latency: &Latency) -> Duration {
        latency.quantile(self.share)
    }
}

/// What this thread sees of a race.
pub(crate) struct Seen<P> {
    pace: Cell<P>,
    count: Cell<u64>,
    latency: RefCell<Latency>,
}

impl<P: Pace> Seen<P> {
    pub(crate) fn new() -> Self {
        let (_, pace) = P::asks().next().expect("it asks for something");
        Self { pace: Cell::new(pace), count: Cell::new(0), latency: RefCell::new(Latency::new()) }
    }
}

/// The end of every case: reads all of what comes, so that it does come over, and counts it.
pub(super) struct Look<'a, P>(pub(super) &'a Seen<P>);

impl<P> Clone for Look<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for Look<'_, P> {}

impl<P: Pace, In: Deref<Target: Copy>> Stage<In> for Look<'_, P> {
    fn on_event(&mut self, event: In, _: At) -> Flow {
        black_box(*event);
        let n = self.0.count.get();
        self.0.pace.get().came(n, &self.0.latency);
        self.0.count.set(n + 1);
        Ok(())
    }
}

pub(crate) struct Hops<'c, P> {
    group: BenchmarkGroup<'c, WallTime>,
    cpus: Option<[usize; 2]>,
    seen: &'c Seen<P>,
}

impl<'c, P: Pace> Hops<'c, P> {
    pub(crate) fn new(c: &'c mut Criterion, name: &str, cpus: Option<[usize; 2]>, seen: &'c Seen<P>) -> Self {
        let mut group = group(c, name);
        group.throughput(Throughput::Elements(1)).sampling_mode(SamplingMode::Flat);
        Self { group, cpus, seen }
    }
    pub(super) const fn seen(&self) -> &'c Seen<P> {
        self.seen
    }

    /// The other thread fills `N` rings in turn, by `write`; this one has the agent over their other ends.
    pub(super) fn hop<T: Default + Send, const N: usize, A: Agent>(
        &mut self,
        id: &str,
        write: impl Fn(&mut T, u64) + Copy + Send,
        agent: impl Fn([spsc::Consumer<T>; N]) -> A,
    ) {
        self.over(id, write, || {
            let mut producers = Vec::with_capacity(N);
            let agent = agent(std::array::from_fn(|_| {
                let (tx, rx) = rings();
                producers.push(tx);
                rx
            }));
            (producers, agent)
        });
    }
    /// As `hop`, over rings of any kind.
    pub(super) fn over<T, K: Sink<Event = T> + Send, A: Agent>(
        &mut self,
        id: &str,
        write: impl Fn(&mut T, u64) + Copy + Send,
        new: impl Fn() -> (Vec<K>, A),
    ) {
        self.race(id, |events, pace| {
            let ((mut producers, mut agent), mut n) = (new(), 0);
            let rings = producers.len();
            let fill = move || {
                let put = |n: &u64| {
                    pace.is_due(*n) && producers[*n as usize % rings].offer(|slot| write(slot, *n)).is_ok()
                };
                let filled = (n..events).take_while(put).count() as u64;
                n += filled;
                turn(filled, n == events)
            };
            (fill, move || agent.work(NOW))
        });
    }

    /// This thread has a client that asks number `n`, or hears what has come: how many; the other one has the server.
    pub(super) fn trip<C: FnMut(Option<u64>) -> usize, S: Agent + Send>(
        &mut self,
        id: &str,
        new: impl Fn() -> (C, S),
    ) {
        let count = &self.seen.count;
        self.race(id, |events, pace| {
            let ((mut client, mut server), mut n) = (new(), 0);
            let here = move || {
                let may = |n| n < events && n - count.get() < OUTSTANDING && pace.is_due(n);
                while may(n) && client(Some(n)) == 1 {
                    n += 1;
                }
                turn(client(None) as u64, count.get() == events)
            };
            (move || server.work(NOW), here)
        });
    }

    /// Runs `here`, on this thread and `cpus[0]`, until it is done, with `there` on the other one.
    fn race<A: FnMut() -> Work + Send, B: FnMut() -> Work>(
        &mut self,
        id: &str,
        new: impl Fn(u64, P) -> (A, B),
    ) {
        let (cpus, seen) = (self.cpus, self.seen);
        let sample = |events, mut pace: P| {
            pace.starts();
            seen.pace.set(pace);
            *seen.latency.borrow_mut() = Latency::new();
            let ((there, here), start) = (new(events, pace), &Barrier::new(2));
            let took = thread::scope(|scope| {
                scope.spawn(move || {
                    let _ = cpus.map(|[_, cpu]| pin::current_thread(cpu));
                    start.wait();
                    run(there);
                });
                start.wait();
                let begin = Instant::now();
                run(here);
                begin.elapsed()
            });
            assert_eq!(seen.count.take(), events, "all that was sent came, once");
            pace.told(events, took, &seen.latency.borrow())
        };
        for (ask, pace) in P::asks() {
            let custom = |iters: u64| sample(iters.max(P::SAMPLE), pace).mul_f64(iters as f64);
            self.group.bench_function(format!("{id}{ask}"), |b| b.iter_custom(custom));
        }
    }
}

/// Turns until it is done, and then lets go of its ends.
fn run(mut work: impl FnMut() -> Work) {
    let mut wait = Yielding::new();
    while wait.wait_for(|| Some(work()).filter(|work| *work != Work::Idle)) != Some(Work::Done) {}
}

fn turn(events: u64, done: bool) -> Work {
    let busy = if events == 0 { Work::Idle } else { Work::Busy(events as usize) };
    if done { Work::Done } else { busy }
}
