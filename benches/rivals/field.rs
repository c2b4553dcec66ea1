//! Who runs in which case. A contender is a function that makes its ends; the field knows where it can run.

use crate::crew::{Failed, Wait};
use crate::event::{Event, Put, Take};
use crate::machine::cores;
use crate::workload::many::{compete, fill};
use crate::workload::pipeline::{pipeline, relay};
use crate::workload::round_trip::round_trip;
use crate::workload::stream::{Way, solo, stream};
use crate::workload::{Plan, Sample, multicast};

/// All cases, in the order of the tables: name, capacity, threads.
const CASES: [(&str, usize, usize, What); 24] = [
    ("spsc/u64/1024", 1 << 10, 2, What::Event),
    ("spsc/u64/65536", 1 << 16, 2, What::Event),
    ("spsc/64B/1024", 1 << 10, 2, What::Event),
    ("spsc/64B/65536", 1 << 16, 2, What::Event),
    ("drained/u64/1024", 1 << 10, 2, What::Event),
    ("drained/u64/65536", 1 << 16, 2, What::Event),
    ("drained/64B/1024", 1 << 10, 2, What::Event),
    ("drained/64B/65536", 1 << 16, 2, What::Event),
    ("batch-32/u64/1024", 1 << 10, 2, What::Event),
    ("batch-32/u64/65536", 1 << 16, 2, What::Event),
    ("batch-32/64B/1024", 1 << 10, 2, What::Event),
    ("batch-32/64B/65536", 1 << 16, 2, What::Event),
    ("round-trip/u64", 1 << 10, 2, What::RoundTrip),
    ("round-trip/64B", 1 << 10, 2, What::RoundTrip),
    ("mpsc/2x1", 1 << 10, 3, What::Event),
    ("spmc/1x2", 1 << 10, 3, What::Event),
    ("mpmc/2x2", 1 << 10, 4, What::Event),
    ("mpmc/4x4", 1 << 10, 8, What::Event),
    ("producers/2", 1 << 14, 2, What::Event),
    ("multicast/polled", 1 << 10, 2, What::Event),
    ("multicast/threads", 1 << 10, 3, What::Event),
    ("pipeline/3", 1 << 10, 3, What::Event),
    ("solo/u64", 1 << 10, 1, What::Event),
    ("solo/64B", 1 << 10, 1, What::Event),
];

/// As many producers or consumers as one likes.
pub(crate) const ANY: usize = usize::MAX;

/// What the time is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    Event,
    RoundTrip,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// No library: the least that could do it.
    Limit,
    Peer,
    Ours,
}

pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) run: Box<dyn Fn(Plan) -> Result<Sample, Failed>>,
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) capacity: usize,
    pub(crate) what: What,
    threads: usize,
    pub(crate) contenders: Vec<Contender>,
}

impl Case {
    /// There are more threads than cores, so they have to yield, and being preempted is part of it.
    pub(crate) fn is_crowded(&self) -> bool {
        self.threads > cores()
    }
    /// The ways to wait of which each contender has the better one.
    pub(crate) fn waits(&self) -> &'static [Wait] {
        match self.threads {
            _ if self.is_crowded() => &[Wait::Yield],
            1 => &[Wait::Spin],
            _ => &[Wait::Spin, Wait::Pause],
        }
    }
}

pub(crate) struct Field {
    pub(crate) cases: Vec<Case>,
    kind: Kind,
}

impl Field {
    pub(crate) fn new() -> Self {
        let case =
            |(name, capacity, threads, what)| Case { name, capacity, what, threads, contenders: Vec::new() };
        Self { cases: CASES.map(case).into(), kind: Kind::Limit }
    }
    /// Those that are entered from now on are of this kind.
    pub(crate) fn of(&mut self, kind: Kind) -> &mut Self {
        self.kind = kind;
        self
    }
    /// Into one case.
    pub(crate) fn enter(
        &mut self,
        case: &str,
        name: &'static str,
        run: impl Fn(Plan) -> Result<Sample, Failed> + 'static,
    ) {
        let contender = Contender { name, kind: self.kind, run: Box::new(run) };
        let case = self.cases.iter_mut().find(|known| known.name == case);
        case.unwrap_or_else(|| panic!("{name} is entered into an unknown case")).contenders.push(contender);
    }
    /// A ring with one producer and one consumer, into everything between two ends.
    pub(crate) fn ring<T: Event, P: Put<T>, C: Take<T>>(
        &mut self,
        name: &'static str,
        new: impl Fn(usize) -> (P, C) + Copy + 'static,
    ) {
        let kind = T::NAME;
        for capacity in [1 << 10, 1 << 16] {
            let mut enter = |way, family| {
                let run = move |plan: Plan| stream::<T>(new(plan.capacity), plan, way);
                self.enter(&format!("{family}/{kind}/{capacity}"), name, run);
            };
            enter(Way::Single, "spsc");
            if C::TOGETHER {
                enter(Way::Drained, "drained");
            }
            if P::TOGETHER && C::TOGETHER {
                enter(Way::Batches, "batch-32");
            }
        }
        let run = move |plan: Plan| round_trip::<T>((new(plan.capacity), new(plan.capacity)), plan);
        self.enter(&format!("round-trip/{kind}"), name, run);
        self.enter(&format!("solo/{kind}"), name, move |plan| solo::<T>(new(plan.capacity), plan));
    }
    /// Two rings in a row.
    pub(crate) fn chain<P: Put<u64>, C: Take<u64>>(
        &mut self,
        name: &'static str,
        new: impl Fn(usize) -> (P, C) + Copy + 'static,
    ) {
        self.enter("pipeline/3", name, move |plan| {
            let ((tx, to_b), (from_b, rx)) = (new(plan.capacity), new(plan.capacity));
            pipeline((tx, relay(to_b, from_b), rx), plan)
        });
    }
    /// A queue with at most so many producers and consumers: `new` makes the ends for a capacity and their numbers.
    pub(crate) fn many<P: Put<u64>, C: Take<u64>>(
        &mut self,
        name: &'static str,
        (most_producers, most_consumers): (usize, usize),
        new: impl Fn(usize, usize, usize) -> (Vec<P>, Vec<C>) + Copy + 'static,
    ) {
        let cases = [("mpsc/2x1", 2, 1), ("spmc/1x2", 1, 2), ("mpmc/2x2", 2, 2), ("mpmc/4x4", 4, 4)];
        for (case, producers, consumers) in cases {
            if producers <= most_producers && consumers <= most_consumers {
                let run = move |plan: Plan| compete(new(plan.capacity, producers, consumers), plan);
                self.enter(case, name, run);
            }
        }
        if most_producers >= 2 {
            self.enter("producers/2", name, move |plan| fill(new(plan.capacity, 2, 1), plan));
        }
    }
    /// A queue with one consumer, and a producer to be cloned.
    pub(crate) fn shared<P: Put<u64> + Clone, C: Take<u64>>(
        &mut self,
        name: &'static str,
        new: impl Fn(usize) -> (P, C) + Copy + 'static,
    ) {
        self.many(name, (ANY, 1), move |capacity, producers, _| {
            let (tx, rx) = new(capacity);
            (vec![tx; producers], vec![rx])
        });
    }
    /// A queue whose ends can both be cloned.
    pub(crate) fn competing<P: Put<u64> + Clone, C: Take<u64> + Clone>(
        &mut self,
        name: &'static str,
        new: impl Fn(usize) -> (P, C) + Copy + 'static,
    ) {
        self.many(name, (ANY, ANY), move |capacity, producers, consumers| {
            let (tx, rx) = new(capacity);
            (vec![tx; producers], vec![rx; consumers])
        });
    }
    /// A ring of which two readers see everything.
    pub(crate) fn multicast<P: Put<u64>, C: Take<u64>>(
        &mut self,
        name: &'static str,
        new: impl Fn(usize) -> (P, [C; 2]) + Copy + 'static,
    ) {
        self.enter("multicast/polled", name, move |plan| multicast::polled(new(plan.capacity), plan));
        self.enter("multicast/threads", name, move |plan| multicast::threads(new(plan.capacity), plan));
    }
}
