//! Is what several threads saw what one thread could have seen?
//!
//! ```text
//!  a  |--- push 1 ---|         |- push 2: full -|         each operation has a stamp before it and one after;
//!  b        |-- drain: 1 --|        |-- drain: empty --|  a history is linearizable if there is an order of the
//!           ^ overlaps: either may come first              operations, in which none comes before one that was over
//!                                                          before it began, that a sequential queue can answer so
//! ```
//!
//! [`explore`] makes small programs, runs them on threads that are kept from one to the next, and looks for such an
//! order by trying all (Wing & Gong, "Testing and verifying concurrent objects", 1993), with states that were met
//! before left out (Lowe, "Testing for linearizability", 2017). A program that fails is made smaller.
//!
//! The stamps come from one counter, so what was over before something else began also happened before it: a ring
//! has no right to miss it. They order more than the ring itself does, so this finds wrong algorithms; too weak
//! orderings are for the models.

use super::{Put, Scene, Take};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use ringmain::contract::{End, Fault, Flow, Halt};
use ringmain::ring::Sequence;
use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::{BuildHasher, Hash, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

// ------------------------------------------------------------------------------------------------- histories

/// What one operation did. Producers and consumers are counted from 0, each kind for itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Did {
    Put {
        by: usize,
        value: u64,
    },
    /// The fill was called, and failed.
    Failed {
        by: usize,
    },
    Full {
        by: usize,
    },
    /// Refused, because nobody will read.
    Refused {
        by: usize,
    },
    Took {
        by: usize,
        value: u64,
    },
    /// It was shown, and answered with `Again`.
    Saw {
        by: usize,
        value: u64,
    },
    Empty {
        by: usize,
    },
    /// There is no more, and there will not be.
    Ended {
        by: usize,
    },
    /// It may have passed over slots that were lost: a batch does so between any two of its events, and around them.
    Passed {
        by: usize,
    },
    ProducerWent {
        by: usize,
    },
    ConsumerWent {
        by: usize,
    },
}

/// One operation of a history. Those of one thread stand in the order in which it did them; the parts of a batch have
/// the same stamps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) thread: usize,
    pub(crate) began: u64,
    pub(crate) over: u64,
    pub(crate) did: Did,
}

/// What a structure does when one thread has it.
pub(crate) trait Spec {
    type State: Clone + Eq + Hash;
    fn start(&self) -> Self::State;
    /// Whether it knows of what `did` is about.
    fn concerns(&self, _did: &Did) -> bool {
        true
    }
    /// The states after `op`, none if it cannot have answered so.
    fn after(&self, state: &Self::State, op: &Op) -> Vec<Self::State>;
}

/// Some order of `history` is one that `spec` allows.
pub(crate) fn linearizable<S: Spec>(spec: &S, history: &[Op]) -> bool {
    let history: Vec<&Op> = history.iter().filter(|op| spec.concerns(&op.did)).collect();
    assert!(history.len() < 128, "a bit for each operation");
    let all = (1u128 << history.len()) - 1;
    let precedes = |a: usize, b: usize| {
        let (first, then) = (history[a], history[b]);
        first.over < then.began || (first.thread == then.thread && a < b)
    };
    let before: Vec<u128> = (0..history.len())
        .map(|b| (0..history.len()).filter(|a| precedes(*a, b)).fold(0, |mask, a| mask | 1 << a))
        .collect();
    let mut seen = HashSet::new();
    let mut open = vec![(0, spec.start())];
    while let Some((done, state)) = open.pop() {
        if done == all {
            return true;
        }
        for (i, op) in history.iter().enumerate() {
            if done & 1 << i == 0 && before[i] & !done == 0 {
                for state in spec.after(&state, op) {
                    let next = (done | 1 << i, state);
                    if seen.insert(next.clone()) {
                        open.push(next);
                    }
                }
            }
        }
    }
    false
}

/// Two threads were inside of an operation at once.
fn overlaps(history: &[Op]) -> bool {
    let both = |a: &Op, b: &Op| a.thread != b.thread && a.began < b.over && b.began < a.over;
    history.iter().enumerate().any(|(i, a)| history[..i].iter().any(|b| both(a, b)))
}

// ---------------------------------------------------------------------------------------------- specifications

/// A bounded queue, first in, first out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fifo {
    pub(crate) capacity: usize,
    pub(crate) producers: usize,
    pub(crate) consumers: usize,
    pub(crate) terms: FifoTerms,
}

/// What a queue says otherwise than most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FifoTerms {
    /// Every consumer sees every event, and the queue is closed when one of them has gone. Otherwise they compete, and
    /// it is closed when all have.
    pub(crate) each_sees_all: bool,
    /// A fill that failed takes a slot until consumers have passed it over.
    pub(crate) voids: bool,
    /// `Empty` may be said while the put of the oldest event is not over, whatever is behind it.
    pub(crate) hides: bool,
    /// `Full` may be said while the take that frees the next slot is not over.
    pub(crate) lags: bool,
}

impl FifoTerms {
    pub(crate) const STRICT: Self = Self { each_sees_all: false, voids: false, hides: false, lags: false };
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Queue {
    /// All there ever were.
    items: Vec<Item>,
    /// How far each consumer is, or all together.
    heads: Vec<usize>,
    producers: usize,
    consumers: usize,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Item {
    /// Nothing, if the fill failed.
    value: Option<u64>,
    put_over: u64,
    take_over: u64,
}

impl Queue {
    fn held(&self) -> usize {
        self.items.len() - self.heads.iter().min().expect("a queue has a consumer")
    }
}

impl Fifo {
    fn head(&self, consumer: usize) -> usize {
        if self.terms.each_sees_all { consumer } else { 0 }
    }
    fn closed(&self, queue: &Queue) -> bool {
        if self.terms.each_sees_all { queue.consumers < self.consumers } else { queue.consumers == 0 }
    }
    /// `queue` as it is, and with each further lost slot in front of `by` passed over. The last has an event in front,
    /// or nothing.
    fn passed(&self, queue: &Queue, by: usize, op: &Op) -> Vec<Queue> {
        let mut states = vec![queue.clone()];
        let mut queue = queue.clone();
        while self.front(&queue, by).is_some_and(|item| item.value.is_none()) {
            self.step(&mut queue, by, op);
            states.push(queue.clone());
        }
        states
    }
    fn front<'q>(&self, queue: &'q Queue, by: usize) -> Option<&'q Item> {
        queue.items.get(queue.heads[self.head(by)])
    }
    /// `by` is done with what is in front of it.
    fn step(&self, queue: &mut Queue, by: usize, op: &Op) {
        let head = &mut queue.heads[self.head(by)];
        let item = &mut queue.items[*head];
        item.take_over = item.take_over.max(op.over);
        *head += 1;
    }
}

impl Spec for Fifo {
    type State = Queue;

    fn concerns(&self, did: &Did) -> bool {
        self.terms.voids || !matches!(did, Did::Passed { .. })
    }

    fn start(&self) -> Queue {
        let heads = if self.terms.each_sees_all { self.consumers } else { 1 };
        let (producers, consumers) = (self.producers, self.consumers);
        Queue { items: Vec::new(), heads: vec![0; heads], producers, consumers }
    }

    fn after(&self, queue: &Queue, op: &Op) -> Vec<Queue> {
        let full = queue.held() == self.capacity;
        let mut next = queue.clone();
        let legal = match op.did {
            // Room that is known may be filled though the consumer has gone.
            Did::Put { value, .. } => {
                next.items.push(Item { value: Some(value), put_over: op.over, take_over: 0 });
                !full
            }
            Did::Failed { .. } => {
                if self.terms.voids {
                    next.items.push(Item { value: None, put_over: op.over, take_over: 0 });
                }
                !full
            }
            Did::Full { .. } => {
                let reused = queue.items.len().checked_sub(self.capacity);
                let lags = reused.is_some_and(|at| queue.items[at].take_over > op.began);
                (full || self.terms.lags && lags) && !self.closed(queue)
            }
            Did::Refused { .. } => self.closed(queue),
            Did::Took { by, value } => {
                next = self.passed(queue, by, op).pop().expect("one at least");
                let found = self.front(&next, by).is_some_and(|item| item.value == Some(value));
                if found {
                    self.step(&mut next, by, op);
                }
                found
            }
            Did::Saw { by, value } => {
                next = self.passed(queue, by, op).pop().expect("one at least");
                self.front(&next, by).is_some_and(|item| item.value == Some(value))
            }
            Did::Passed { by } => return self.passed(queue, by, op),
            Did::Empty { by } => {
                let mut states = self.passed(queue, by, op);
                let hidden = |item: &Item| self.terms.hides && item.put_over > op.began;
                states.retain(|queue| self.front(queue, by).map_or(queue.producers > 0, hidden));
                return states;
            }
            Did::Ended { by } => {
                next = self.passed(queue, by, op).pop().expect("one at least");
                self.front(&next, by).is_none() && queue.producers == 0
            }
            Did::ProducerWent { .. } => {
                next.producers -= 1;
                true
            }
            Did::ConsumerWent { .. } => {
                next.consumers -= 1;
                true
            }
        };
        if legal { vec![next] } else { Vec::new() }
    }
}

// --------------------------------------------------------------------------------------------------- programs

/// What one thread does with its end.
#[derive(Clone, Debug)]
struct Script {
    steps: Vec<Step>,
    /// It drops its end when it is done, else the end is kept until all are.
    goes: bool,
}

#[derive(Clone, Debug)]
struct Step {
    /// A batch if it is more than one.
    n: usize,
    /// The fill fails, or the stage says `Again`.
    fails: bool,
    /// So often the processor is given away before it, and inside of it.
    pauses: (usize, usize),
}

impl Step {
    /// More than the ring of `program` can hold.
    fn all_of(program: &Program) -> Self {
        Self { n: program.capacity + 1, fails: false, pauses: (0, 0) }
    }
}

#[derive(Clone, Debug)]
struct Program {
    capacity: usize,
    /// The wrap is so many positions away.
    before_wrap: u64,
    scripts: Vec<Script>,
}

fn programs(threads: usize) -> impl Strategy<Value = Program> {
    let step = (1usize..=2, prop::bool::weighted(0.15), (0usize..3, 0usize..3))
        .prop_map(|(n, fails, pauses)| Step { n, fails, pauses });
    let script = (prop::collection::vec(step, 1..=5), prop::bool::weighted(0.4))
        .prop_map(|(steps, goes)| Script { steps, goes });
    let scripts = prop::collection::vec(script, threads..=threads);
    (0usize..=1, 0u64..4, scripts).prop_map(|(bits, before_wrap, scripts)| Program {
        capacity: 1 << bits,
        before_wrap,
        scripts,
    })
}

fn pause(times: usize) {
    for _ in 0..times {
        std::thread::yield_now();
    }
}

enum Which {
    Producer(usize, Box<dyn Put>),
    Consumer(usize, Box<dyn Take>),
}

/// One thread's part of a history.
struct Recorder {
    clock: Arc<AtomicU64>,
    thread: usize,
    ops: Vec<Op>,
}

impl Recorder {
    fn new(clock: &Arc<AtomicU64>, thread: usize) -> Self {
        Self { clock: clock.clone(), thread, ops: Vec::new() }
    }
    fn stamp(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }
    fn record(&mut self, work: impl FnOnce(&mut Vec<Did>)) {
        let mut did = Vec::new();
        let began = self.stamp();
        work(&mut did);
        let over = self.stamp();
        self.ops.extend(did.into_iter().map(|did| Op { thread: self.thread, began, over, did }));
    }
    fn put(&mut self, by: usize, tx: &mut dyn Put, first: u64, step: &Step) {
        self.record(|did| {
            let mut failed = false;
            let filled = tx.put(step.n, &mut |i| {
                pause(step.pauses.1);
                failed = step.fails && step.n == 1;
                if failed { Err(Fault::new(0).into()) } else { Ok(first + i as u64) }
            });
            did.extend((0..filled.count).map(|i| Did::Put { by, value: first + i as u64 }));
            // Of a batch, `Full` tells of the time at which it began.
            match filled.end {
                _ if failed => did.push(Did::Failed { by }),
                Some(Halt::Again) if filled.count == 0 => did.push(Did::Full { by }),
                Some(Halt::Stop) => did.push(Did::Refused { by }),
                _ => {}
            }
        });
    }
    fn take(&mut self, by: usize, rx: &mut dyn Take, step: &Step) {
        self.record(|did| {
            let drained = rx.take(step.n, &mut |value| -> Flow {
                pause(step.pauses.1);
                if step.fails {
                    did.extend([Did::Passed { by }, Did::Saw { by, value }]);
                    return Err(Halt::Again);
                }
                did.extend([Did::Passed { by }, Did::Took { by, value }]);
                Ok(())
            });
            did.push(Did::Passed { by });
            match drained.end {
                Some(End::Closed) => did.push(Did::Ended { by }),
                None if drained.count == 0 => did.push(Did::Empty { by }),
                _ => {}
            }
        });
    }
    fn leave(&mut self, end: Which) {
        self.record(|did| match end {
            Which::Producer(by, tx) => {
                drop(tx);
                did.push(Did::ProducerWent { by });
            }
            Which::Consumer(by, rx) => {
                drop(rx);
                did.push(Did::ConsumerWent { by });
            }
        });
    }
    /// Runs `script`; the end, if it is kept.
    fn run(&mut self, mut end: Which, script: &Script) -> Option<Which> {
        let mut next = 0;
        for step in &script.steps {
            pause(step.pauses.0);
            match &mut end {
                Which::Producer(by, tx) => self.put(*by, &mut **tx, 100 * (*by as u64 + 1) + next, step),
                Which::Consumer(by, rx) => self.take(*by, &mut **rx, step),
            }
            next += step.n as u64;
        }
        if script.goes {
            self.leave(end);
            return None;
        }
        Some(end)
    }
}

type Job<R> = Box<dyn FnOnce() -> R + Send>;

/// Threads that are kept, so that a program costs no more than its steps.
struct Pool<R> {
    threads: Vec<(mpsc::Sender<Job<R>>, mpsc::Receiver<std::thread::Result<R>>)>,
}

impl<R: Send + 'static> Pool<R> {
    fn new(threads: usize) -> Self {
        let thread = || {
            let (give, jobs) = mpsc::channel::<Job<R>>();
            let (done, results) = mpsc::channel();
            std::thread::spawn(move || {
                for job in jobs {
                    if done.send(catch_unwind(AssertUnwindSafe(job))).is_err() {
                        break;
                    }
                }
            });
            (give, results)
        };
        Self { threads: (0..threads).map(|_| thread()).collect() }
    }
    /// Runs `jobs`, which begin together, each on a thread.
    fn run(&self, jobs: Vec<Job<R>>) -> Vec<R> {
        let n = jobs.len();
        let there = Arc::new(AtomicUsize::new(0));
        for ((give, _), job) in self.threads.iter().zip(jobs) {
            let there = there.clone();
            let together = move || {
                there.fetch_add(1, Ordering::AcqRel);
                while there.load(Ordering::Acquire) < n {
                    std::thread::yield_now();
                }
                job()
            };
            give.send(Box::new(together)).expect("a thread of the pool catches panics");
        }
        let results: Vec<_> = self.threads.iter().take(n).map(|(_, results)| results.recv()).collect();
        let result = |result: Result<std::thread::Result<R>, _>| {
            result.expect("a thread of the pool catches panics").unwrap_or_else(|panic| resume_unwind(panic))
        };
        results.into_iter().map(result).collect()
    }
}

type Kept = (Vec<Op>, Option<Which>);

/// What happened when `program` was run on `scene`; at last the producers go, and the consumers take what is left.
fn history(pool: &Pool<Kept>, program: &Program, scene: Scene) -> Vec<Op> {
    let clock = Arc::new(AtomicU64::new(0));
    let producers = scene.tx.into_iter().enumerate().map(|(by, tx)| Which::Producer(by, tx));
    let consumers = scene.rx.into_iter().enumerate().map(|(by, rx)| Which::Consumer(by, rx));
    let ends = producers.chain(consumers).zip(program.scripts.clone()).enumerate();
    let jobs: Vec<Job<Kept>> = ends
        .map(|(thread, (end, script))| -> Job<Kept> {
            let mut recorder = Recorder::new(&clock, thread);
            Box::new(move || {
                let kept = recorder.run(end, &script);
                (recorder.ops, kept)
            })
        })
        .collect();
    let mut last = Recorder::new(&clock, jobs.len());
    let mut ops = Vec::new();
    for (done, kept) in pool.run(jobs) {
        ops.extend(done);
        // Those that kept their ends stand in the order of the scripts, producers first.
        match kept {
            Some(Which::Consumer(by, mut rx)) => last.take(by, &mut *rx, &Step::all_of(program)),
            Some(producer) => last.leave(producer),
            None => {}
        }
    }
    ops.extend(last.ops);
    ops
}

// ------------------------------------------------------------------------------------------------ exploration

/// What [`explore`] did.
#[derive(Debug)]
pub(crate) struct Explored {
    pub(crate) histories: usize,
    /// In so many of them two threads were inside of an operation at once.
    pub(crate) overlapping: usize,
    /// So many are none of the strict specification, but of the weaker one.
    pub(crate) weak: usize,
}

/// From the environment: `RINGMAIN_HISTORIES=10000` for the long version.
pub(crate) fn histories() -> usize {
    let asked = std::env::var("RINGMAIN_HISTORIES").ok();
    asked.map_or(if cfg!(miri) { 5 } else { 400 }, |n| n.parse().expect("RINGMAIN_HISTORIES is a number"))
}

/// From the environment: `RINGMAIN_SEED=7` makes the programs of an earlier run again.
fn seed() -> u64 {
    let asked = std::env::var("RINGMAIN_SEED").ok();
    asked.map_or_else(|| RandomState::new().hash_one(0), |n| n.parse().expect("RINGMAIN_SEED is a number"))
}

/// Runs programs on `producers + consumers` threads. Of each history, `specs` are asked for the capacity that it had:
/// the strict one first, and the weaker ones that the structure documents behind it.
///
/// # Errors
/// The smallest history that none of them allows.
pub(crate) fn explore<S: Spec>(
    name: &str,
    (producers, consumers): (usize, usize),
    histories: usize,
    specs: impl Fn(usize) -> Vec<S>,
    build: impl Fn(Sequence, usize) -> Scene,
) -> Result<Explored, String> {
    let seed = seed();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed.to_le_bytes(); 4].concat());
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let pool = Pool::new(producers + consumers);
    let run = |program: &Program| {
        let scene = build(Sequence::ZERO.minus(program.before_wrap), program.capacity);
        assert_eq!((scene.tx.len(), scene.rx.len()), (producers, consumers));
        let history = history(&pool, program, scene);
        let judge = specs(program.capacity).iter().position(|spec| linearizable(spec, &history));
        (history, judge)
    };
    let mut explored = Explored { histories, overlapping: 0, weak: 0 };
    for _ in 0..histories {
        let mut tree = programs(producers + consumers).new_tree(&mut runner).expect("no program is rejected");
        let (history, judge) = run(&tree.current());
        explored.overlapping += usize::from(overlaps(&history));
        match judge {
            Some(0) => {}
            Some(_) => explored.weak += 1,
            None => {
                let (program, history) = smallest(&mut tree, history, |program| {
                    let mut runs = std::iter::repeat_with(|| run(program)).take(200);
                    runs.find(|(_, judge)| judge.is_none()).map(|(history, _)| history)
                });
                return Err(format!("{name}, RINGMAIN_SEED={seed}: {program:?}{}", drawn(&history)));
            }
        }
    }
    let Explored { overlapping, weak, .. } = explored;
    println!(
        "{name:<26} {histories:>6} histories, {overlapping:>6} overlap, {weak:>5} weak, RINGMAIN_SEED={seed}"
    );
    Ok(explored)
}

/// The smallest program of `tree` that `fails`, and its history.
fn smallest(
    tree: &mut impl ValueTree<Value = Program>,
    mut history: Vec<Op>,
    fails: impl Fn(&Program) -> Option<Vec<Op>>,
) -> (Program, Vec<Op>) {
    let mut program = tree.current();
    let mut goes_on = tree.simplify();
    while goes_on {
        let smaller = tree.current();
        goes_on = match fails(&smaller) {
            Some(failed) => {
                (program, history) = (smaller, failed);
                tree.simplify()
            }
            None => tree.complicate(),
        };
    }
    (program, history)
}

fn drawn(history: &[Op]) -> String {
    let lines =
        history.iter().map(|op| format!("\n  {}: {:>3}..{:<3} {:?}", op.thread, op.began, op.over, op.did));
    lines.collect()
}
