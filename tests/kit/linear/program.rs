//! Small programs for the ends of a ring, and what happens when they are run.

use super::pool::{Job, Pool};
use super::{Did, Op};
use crate::kit::{Put, Scene, Take};
use proptest::prelude::*;
use ringmain::contract::{End, Fault, Flow, Halt};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
pub(super) struct Program {
    pub(super) capacity: usize,
    /// The wrap is so many positions away.
    pub(super) before_wrap: u64,
    scripts: Vec<Script>,
}

pub(super) fn programs(threads: usize) -> impl Strategy<Value = Program> {
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

pub(super) enum Which {
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
            let missed = rx.missed();
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
            let missed = rx.missed() - missed;
            if missed > 0 {
                did.insert(0, Did::Missed { by, n: missed });
            }
            match drained.end {
                Some(End::Closed) => did.push(Did::Ended { by }),
                None if drained.count == 0 && missed == 0 => did.push(Did::Empty { by }),
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

pub(super) type Kept = (Vec<Op>, Option<Which>);

/// What happened when `program` was run on `scene`; at last the producers go, and the consumers take what is left.
pub(super) fn history(pool: &Pool<Kept>, program: &Program, scene: Scene) -> Vec<Op> {
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
