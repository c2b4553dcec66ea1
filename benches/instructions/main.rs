//! What an operation costs in instructions: a figure that another program on the machine does not change.
//!
//! `cargo bench --bench instructions -- NAME N` runs one operation `N` times on one thread, and no more. Under callgrind,
//! two runs with different `N` give the instructions of one operation as a slope, as exact as the compiler's choice.
//! `.ci/instructions` does that for all operations and compares with `recorded.txt`. Without a name every operation runs
//! a few times.
//!
//! `black_box` keeps the compiler from leaving anything out: an event is written, and a reader gets its address.

mod patterns;

use ringmain::channel::multicast::Multicast;
use ringmain::channel::publish_subscribe::{self, Begin, Policy, Resume};
use ringmain::channel::{broadcast, bytes, latest, mpmc, mpsc, spmc, spsc};
use ringmain::contract::{At, Flow, Sink, Source, Stage, Tick, each};
use ringmain::pattern::publish_subscribe as by_topic;
use ringmain::pattern::{
    Ack, AtMostOnce, Choice, ContentRouter, Dispatch, Fanout, Filter, InTurn, Job, KeyHash, LeastLoaded,
    Worker,
};
use ringmain::ring::Sequence;
use std::fmt::Debug;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

const CAPACITY: usize = 1 << 10;
const BATCH: usize = 32;
/// Of readers.
const NAMES: [&str; 2] = ["a", "b"];

type Line = [u64; 8];
type Operation = (&'static str, fn(u64));

/// To measure one more, one line. `n` batches are `n` operations.
const OPERATIONS: [Operation; 56] = [
    ("spsc, push and pop, u64", |n| one_by_one::<u64, 1>(n, spsc())),
    ("spsc, push and pop, 64 bytes", |n| one_by_one::<Line, 1>(n, spsc())),
    ("spsc, batch of 32, u64", |n| batches::<u64, 1>(n, spsc())),
    ("spsc, batch of 32, 64 bytes", |n| batches::<Line, 1>(n, spsc())),
    ("spsc, refused", |n| refused(n, spsc())),
    ("spsc, empty", |n| empty(n, spsc())),
    ("spsc spaced, push and pop, u64", |n| one_by_one::<u64, 1>(n, spaced())),
    ("spsc spaced, push and pop, 64 bytes", |n| one_by_one::<Line, 1>(n, spaced())),
    ("spsc spaced, batch of 32, u64", |n| batches::<u64, 1>(n, spaced())),
    ("spsc spaced, refused", |n| refused(n, spaced())),
    ("spsc spaced, empty", |n| empty(n, spaced())),
    ("bytes, claim and drain, 64 bytes", records),
    ("mpsc, push and pop", |n| one_by_one::<u64, 1>(n, pair(mpsc::channel(CAPACITY, u64::default)))),
    ("mpsc, batch of 32", |n| batches::<u64, 1>(n, pair(mpsc::channel(CAPACITY, u64::default)))),
    ("mpsc, refused", |n| refused(n, pair(mpsc::channel(CAPACITY, u64::default)))),
    ("mpsc, empty", |n| empty(n, pair(mpsc::channel(CAPACITY, u64::default)))),
    ("mpsc lanes, push and pop, 2 lanes", |n| one_by_one::<u64, 1>(n, lanes())),
    ("mpsc lanes, empty, 2 lanes", |n| empty(n, lanes())),
    ("spmc, push and pop", |n| one_by_one::<u64, 1>(n, pair(spmc::channel(CAPACITY, u64::default)))),
    ("spmc, batch of 32", |n| batches::<u64, 1>(n, pair(spmc::channel(CAPACITY, u64::default)))),
    ("mpmc, push and pop", |n| one_by_one::<u64, 1>(n, pair(mpmc::channel(CAPACITY, u64::default)))),
    ("mpmc, batch of 32", |n| batches::<u64, 1>(n, pair(mpmc::channel(CAPACITY, u64::default)))),
    ("mpmc, refused", |n| refused(n, pair(mpmc::channel(CAPACITY, u64::default)))),
    ("mpmc, empty", |n| empty(n, pair(mpmc::channel(CAPACITY, u64::default)))),
    ("mpmc strict, push and pop", |n| one_by_one::<u64, 1>(n, strict())),
    ("mpmc strict, refused", |n| refused(n, strict())),
    ("mpmc strict, empty", |n| empty(n, strict())),
    ("broadcast, push and pop", |n| one_by_one::<u64, 1>(n, pair(broadcast::channel(CAPACITY)))),
    ("latest, change and read", |n| one_by_one::<u64, 1>(n, single(latest::channel(0)))),
    ("multicast, push and pop, 1 reader", |n| one_by_one::<u64, 1>(n, multicast())),
    ("multicast, push and pop, 2 readers", |n| one_by_one::<u64, 2>(n, multicast())),
    ("multicast, batch of 32, 1 reader", |n| batches::<u64, 1>(n, multicast())),
    ("multicast, refused", |n| refused(n, multicast::<1>())),
    ("multicast, empty", |n| empty(n, multicast())),
    ("multicast many, push and pop, 1 reader", |n| one_by_one::<u64, 1>(n, multicast_many())),
    ("multicast many, push and pop, 2 readers", |n| one_by_one::<u64, 2>(n, multicast_many())),
    ("multicast many, batch of 32, 1 reader", |n| batches::<u64, 1>(n, multicast_many())),
    ("multicast many, refused", |n| refused(n, multicast_many::<1>())),
    ("publish-subscribe, push and pop, 1 that gates", |n| one_by_one::<u64, 1>(n, subscribed(Policy::Gate))),
    ("publish-subscribe, push and pop, 2 that gate", |n| one_by_one::<u64, 2>(n, subscribed(Policy::Gate))),
    ("publish-subscribe, push and pop, 1 that may lag", |n| {
        one_by_one::<u64, 1>(n, subscribed(Policy::Lag(Resume::Oldest)));
    }),
    ("publish-subscribe by topic, push and pop", topics),
    ("stage: none", |n| stage(n, look)),
    ("stage: filter", |n| stage(n, Filter::new(|event: &u64| *event != 0, look))),
    ("stage: router to 4", |n| stage(n, ContentRouter::new(by_rest, (look, look, look, look)))),
    ("stage: fan-out to 2", |n| stage(n, Fanout::new((look, look)))),
    ("dispatch in turn to 4 and back, batch of 32", |n| dispatch(n, InTurn::new())),
    ("dispatch to the least loaded of 4 and back, batch of 32", |n| dispatch(n, LeastLoaded)),
    ("dispatch by key to 4 and back, batch of 32", |n| dispatch(n, KeyHash::new(|event: &u64| *event))),
    ("resequencer, in order", patterns::in_order),
    ("aggregator, fold into one of 64 groups", |n| patterns::fold(n, u64::MAX)),
    ("aggregator, fold into groups of 4", |n| patterns::fold(n, 4)),
    ("message queue, in, leased, acknowledged", |n| patterns::queue(n, Duration::MAX)),
    ("message queue, the same with a lease that ends", |n| patterns::queue(n, Duration::from_secs(1))),
    ("routing slip, no step", |n| patterns::slip(n, 0)),
    ("routing slip, 3 steps", |n| patterns::slip(n, 3)),
];

fn main() -> ExitCode {
    // cargo adds `--bench`, and `cargo bench -- --test` asks for a test.
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    match &words[..] {
        [] => OPERATIONS.iter().for_each(|(name, run)| {
            run(CAPACITY as u64 + 1);
            println!("{name}");
        }),
        [name, n] => {
            let operation = OPERATIONS.iter().find(|(known, _)| known == name);
            let (Some((_, run)), Ok(n)) = (operation, n.parse()) else {
                eprintln!("no operation {name}, or {n} is no number");
                return ExitCode::FAILURE;
            };
            run(n);
        }
        // A filter for other benches.
        [_] => {}
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

/// An event for the `n`th time.
trait Event: Default {
    fn new(n: u64) -> Self;
}

impl Event for u64 {
    fn new(n: u64) -> Self {
        n
    }
}

impl Event for Line {
    fn new(n: u64) -> Self {
        [n; 8]
    }
}

/// Puts in one by one; every reader takes it out.
fn one_by_one<T: Event, const N: usize>(
    n: u64,
    (mut tx, mut readers): (impl Sink<Event = T>, [impl Source<Event = T>; N]),
) {
    let mut taken = 0;
    for i in 0..n {
        let _ = black_box(tx.offer(|slot| *slot = T::new(black_box(i))));
        readers.iter_mut().for_each(|rx| taken += take(rx, 1));
    }
    assert_eq!(taken, n * N as u64, "something was refused");
}

/// Puts 32 in; every reader takes 32 out.
fn batches<T: Event, const N: usize>(
    n: u64,
    (mut tx, mut readers): (impl Sink<Event = T>, [impl Source<Event = T>; N]),
) {
    let mut taken = 0;
    for i in 0..n {
        let _ = black_box(tx.fill_many(BATCH, |_, slot| {
            *slot = T::new(black_box(i));
            Ok(())
        }));
        readers.iter_mut().for_each(|rx| taken += take(rx, usize::MAX));
    }
    assert_eq!(taken, n * (BATCH * N) as u64, "something was refused");
}

/// Wants to put one in while there is no room.
fn refused<R>(n: u64, (mut tx, _readers): (impl Sink<Event = u64>, R)) {
    while tx.push(0).is_ok() {}
    let refused = (0..n).filter(|_| black_box(tx.offer(|slot| *slot = 1)).is_err()).count();
    assert_eq!(refused as u64, n, "something was taken");
}

/// Wants to take some out while nothing is there.
fn empty(n: u64, (_tx, [mut rx]): (impl Sink<Event = u64>, [impl Source<Event = u64>; 1])) {
    let taken: u64 = (0..n).map(|_| take(&mut rx, usize::MAX)).sum();
    assert_eq!(taken, 0, "something was there");
}

/// Publishes to four topics in turn, of which the subscriber wants all.
fn topics(n: u64) {
    let sizes = by_topic::Sizes { slots: CAPACITY, seats: 1, topics: 4 };
    let (mut tx, subscriptions) = ok(by_topic::channel(sizes, u64::default));
    let topics = ["a", "b", "c", "d"].map(|name| ok(tx.declare(name, by_topic::Retain::None)));
    let mut rx = ok(subscriptions.subscribe(&["*"], Policy::Gate, Begin::Now));
    let mut taken = 0;
    for i in 0..n {
        let _ = black_box(tx.to(topics[i as usize % 4]).offer(|slot| *slot = black_box(i)));
        taken += take(&mut rx, 1);
    }
    assert_eq!(taken, n, "something was refused");
}

/// Claims 64 bytes, fills and commits them, and takes them out.
fn records(n: u64) {
    let (mut tx, mut rx) = ok(bytes::channel(64 * CAPACITY));
    let mut taken = 0;
    for i in 0..n {
        if let Ok(mut claim) = tx.claim(size_of::<Line>()) {
            claim.fill(black_box(i as u8));
            claim.commit();
        }
        taken += take(&mut rx, 1);
    }
    assert_eq!(taken, n, "something was refused");
}

/// Gives a stage one event after another.
fn stage(n: u64, mut stage: impl for<'e> Stage<&'e u64>) {
    for i in 0..n {
        let at = At { seq: Sequence::new(i), now: Tick::ZERO };
        let _ = black_box(stage.on_event(black_box(&i), at));
    }
}

/// Gives 32 events to four workers, which do them at once, and hears of it.
fn dispatch(n: u64, choice: impl Choice<u64, 4>) {
    let mut workers = Vec::new();
    let posts = [(); 4].map(|()| {
        let (jobs, from_dispatch) = ok(spsc::channel(BATCH, Job::default));
        let (acks, from_worker) = ok(spsc::channel(BATCH, Ack::default));
        workers.push((from_dispatch, Worker::new(acks, look)));
        (jobs, from_worker)
    });
    let mut dispatch = ok(Dispatch::new(choice, AtMostOnce, 4 * BATCH, posts));
    let mut done = 0;
    for i in 0..n {
        for seq in 0..BATCH as u64 {
            let at = At { seq: Sequence::new(seq), now: Tick::ZERO };
            let _ = black_box(dispatch.on_event(black_box(&i), at));
        }
        for (jobs, worker) in &mut workers {
            done += jobs.drain(Tick::ZERO, usize::MAX, worker).count as u64;
        }
        let _ = black_box(Stage::<&u64>::on_batch_end(&mut dispatch, Tick::ZERO));
    }
    assert_eq!(done, n * BATCH as u64, "something was refused");
}

fn look(event: &u64, _: At) -> Flow {
    black_box(event);
    Ok(())
}

/// How many it took.
#[inline(always)]
fn take<T: ?Sized>(rx: &mut impl Source<Event = T>, limit: usize) -> u64 {
    black_box(rx.drain(Tick::ZERO, limit, &mut each(|event: &T| _ = black_box(event)))).count as u64
}

fn ok<T, E: Debug>(made: Result<T, E>) -> T {
    made.expect("a good capacity and a good graph")
}

fn by_rest(event: &u64) -> usize {
    (event % 4) as usize
}

fn single<P, C>((tx, rx): (P, C)) -> (P, [C; 1]) {
    (tx, [rx])
}

fn pair<P, C, E: Debug>(made: Result<(P, C), E>) -> (P, [C; 1]) {
    single(ok(made))
}

fn spsc<T: Default>() -> (impl Sink<Event = T>, [impl Source<Event = T>; 1]) {
    pair(spsc::channel(CAPACITY, T::default))
}

fn spaced<T: Default>() -> (impl Sink<Event = T>, [impl Source<Event = T>; 1]) {
    pair(spsc::spaced(CAPACITY, T::default))
}

/// Only the first of two lanes is used; the other stays open.
fn lanes() -> (impl Sink<Event = u64>, [impl Source<Event = u64>; 1]) {
    let (mut lanes, rx) = ok(mpsc::lanes(2, CAPACITY, u64::default));
    lanes.drain(1..).for_each(std::mem::forget);
    (lanes.remove(0), [rx])
}

fn strict() -> (impl Sink<Event = u64>, [impl Source<Event = u64>; 1]) {
    let (mut producers, mut consumers) = ok(mpmc::strict::channel(CAPACITY, 1, 1, u64::default));
    (producers.remove(0), [consumers.remove(0)])
}

fn multicast<const N: usize>() -> (impl Sink<Event = u64>, [impl Source<Event = u64>; N]) {
    let mut ring = ok(Multicast::new(CAPACITY, u64::default));
    let readers = NAMES.first_chunk().expect("enough names").map(|name| ring.reader(name, &[]));
    (ok(ring.build()), readers)
}

fn multicast_many<const N: usize>() -> (impl Sink<Event = u64>, [impl Source<Event = u64>; N]) {
    let mut ring = ok(Multicast::many(CAPACITY, u64::default));
    let readers = NAMES.first_chunk().expect("enough names").map(|name| ring.reader(name, &[]));
    (ok(ring.build()), readers)
}

fn subscribed<const N: usize>(policy: Policy) -> (impl Sink<Event = u64>, [impl Source<Event = u64>; N]) {
    let (mut tx, subscriptions) = ok(publish_subscribe::channel(CAPACITY, N, u64::default));
    let readers = [(); N].map(|()| ok(subscriptions.subscribe(policy, Begin::Now)));
    tx.admit();
    (tx, readers)
}
