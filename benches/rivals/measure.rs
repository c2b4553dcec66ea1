//! The rounds of one case, and what they come to.
//!
//! The distance between two cores of a shared machine drifts by the minute, up to twofold, and somebody else may have the
//! core at any time. So every round has one short sample of each contender; a sample in which a thread was preempted is
//! thrown away and repeated; right before each sample there is one of the limit, and the ratio of the two is what drifts
//! least; and what counts is the median over all rounds.

use crate::crew::{Failed, Wait};
use crate::field::{Case, Contender, Kind, What};
use crate::machine::Usage;
use crate::workload::{Plan, Sample, histogram};
use hdrhistogram::Histogram;
use std::time::Instant;

/// How much to measure.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) rounds: usize,
    /// The length of a sample.
    pub(crate) millis: f64,
}

/// Contenders so many times slower than the first get a fifth of the rounds.
const FAR_BEHIND: f64 = 20.0;
/// A preempted sample is taken so often at most.
const ATTEMPTS: usize = 3;

/// A contender's figures.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The way to wait that suits it best.
    pub(crate) wait: Wait,
    /// Of one event or round trip, in each round.
    pub(crate) nanos: Vec<f64>,
    /// Each of them against the sample of the limit before it.
    of_limit: Vec<f64>,
    /// Round trips of all rounds.
    pub(crate) trips: Histogram<u64>,
    /// What is wrong with it, if something is.
    pub(crate) fault: Option<Fault>,
    /// There was no sample without preemption.
    pub(crate) disturbed: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// An event was lost, came twice, torn or out of order.
    Wrong,
    Failed(Failed),
}

/// A case's figures, the fastest first.
pub(crate) struct Table {
    pub(crate) case: &'static str,
    pub(crate) what: What,
    pub(crate) rows: Vec<Row>,
    /// Under which conditions.
    pub(crate) note: String,
}

impl Row {
    fn new(contender: &Contender, wait: Wait) -> Self {
        Self {
            name: contender.name,
            kind: contender.kind,
            wait,
            nanos: Vec::new(),
            of_limit: Vec::new(),
            trips: histogram(),
            fault: None,
            disturbed: false,
        }
    }
    pub(crate) fn median(&self) -> f64 {
        median(&self.nanos)
    }
    /// One sample; `None` if there is none.
    fn sample(&mut self, contender: &Contender, plan: Plan) -> Option<Sample> {
        match (contender.run)(plan) {
            Ok(sample) => {
                if !sample.right {
                    self.fault.get_or_insert(Fault::Wrong);
                }
                Some(sample)
            }
            Err(failed) => {
                self.fault = Some(Fault::Failed(failed));
                None
            }
        }
    }
    fn has_failed(&self) -> bool {
        matches!(self.fault, Some(Fault::Failed(_)))
    }
}

impl Table {
    /// The fastest of its kind that does what it should.
    pub(crate) fn best(&self, kind: Kind) -> Option<&Row> {
        self.rows.iter().find(|row| row.kind == kind && row.fault.is_none())
    }
    pub(crate) fn of_peer(&self, row: &Row) -> Option<f64> {
        self.best(Kind::Peer).map(|peer| row.median() / peer.median())
    }
    pub(crate) fn of_limit(&self, row: &Row) -> Option<f64> {
        let unpaired = || self.best(Kind::Limit).map(|limit| row.median() / limit.median());
        if row.of_limit.is_empty() { unpaired() } else { Some(median(&row.of_limit)) }
    }
}

/// A contender in the rounds.
struct Runner<'a> {
    contender: &'a Contender,
    row: Row,
    plan: Plan,
    /// What the first samples came to.
    guess: f64,
    rounds: usize,
}

impl<'a> Runner<'a> {
    /// Tries the ways to wait.
    fn new(case: &Case, contender: &'a Contender, pace: Pace) -> Self {
        let events = if case.what == What::RoundTrip { 300 } else { 20_000 };
        let mut runner = Self {
            contender,
            row: Row::new(contender, Wait::Yield),
            plan: Plan { events, capacity: case.capacity, wait: Wait::Yield },
            guess: f64::INFINITY,
            rounds: pace.rounds,
        };
        for &wait in case.waits() {
            for _ in 0..3 {
                let plan = Plan { wait, ..runner.plan };
                let nanos = runner.row.sample(contender, plan).map_or(f64::INFINITY, |sample| sample.nanos);
                if nanos < runner.guess {
                    (runner.guess, runner.row.wait) = (nanos, wait);
                }
                if runner.row.has_failed() {
                    return runner;
                }
            }
        }
        let long = if case.is_crowded() { 3.0 } else { 1.0 };
        let length = long * pace.millis * 1e6;
        runner.plan.wait = runner.row.wait;
        runner.plan.events = match case.what {
            What::Event => ((length / runner.guess) as u64).max(2 * case.capacity as u64),
            // Half of a sample is for the mean, half for the percentiles.
            What::RoundTrip => ((length / runner.guess / 2.0) as u64).max(events),
        };
        runner
    }
    /// A sample for a round, and one of the `limit` right before it.
    fn run(&mut self, case: &Case, limit: Option<&(&Contender, Plan)>) {
        for attempt in 1..=ATTEMPTS {
            let before = limit.and_then(|(limit, plan)| {
                let events = (plan.events / 2).max(1);
                (limit.run)(Plan { events, ..*plan }).ok().filter(|sample| !sample.preempted)
            });
            let Some(sample) = self.row.sample(self.contender, self.plan) else { return };
            let disturbed = sample.preempted && !case.is_crowded();
            if disturbed && attempt < ATTEMPTS {
                continue;
            }
            if disturbed {
                // It counts only as long as there is no better one.
                if self.row.nanos.is_empty() {
                    (self.row.nanos, self.row.disturbed) = (vec![sample.nanos], true);
                }
                return;
            }
            if std::mem::take(&mut self.row.disturbed) {
                self.row.nanos.clear();
            }
            self.row.nanos.push(sample.nanos);
            self.row.of_limit.extend(before.map(|before| sample.nanos / before.nanos));
            if let Some(trips) = sample.trips {
                self.row.trips += trips;
            }
            return;
        }
    }
}

/// Measures those of the case that are `wanted`.
pub(crate) fn measure(case: &Case, wanted: impl Fn(&Contender) -> bool, pace: Pace) -> Option<Table> {
    let (start, usage) = (Instant::now(), Usage::now());
    let contenders = case.contenders.iter().filter(|contender| wanted(contender));
    let mut runners: Vec<_> = contenders.map(|contender| Runner::new(case, contender, pace)).collect();
    let first = runners.iter().map(|runner| runner.guess).fold(f64::INFINITY, f64::min);
    for runner in &mut runners {
        if runner.guess > FAR_BEHIND * first {
            runner.rounds = pace.rounds.div_ceil(5);
        }
    }
    let limits = runners.iter().filter(|runner| runner.row.kind == Kind::Limit && runner.row.fault.is_none());
    let limit = limits.min_by(|a, b| a.guess.total_cmp(&b.guess)).filter(|_| !case.is_crowded());
    let limit = limit.map(|runner| (runner.contender, runner.plan));
    let n = runners.len();
    for round in 0..pace.rounds {
        for nth in 0..n {
            // Nobody always runs behind the same other.
            let runner = &mut runners[(nth + 7 * round) % n];
            if round < runner.rounds && !runner.row.has_failed() {
                runner.run(case, limit.as_ref());
            }
        }
    }
    let mut rows: Vec<_> = runners.into_iter().map(|runner| runner.row).collect();
    rows.sort_by(|a, b| a.median().total_cmp(&b.median()));
    let note = format!(
        "{} rounds in {:.0} s; {}",
        pace.rounds,
        start.elapsed().as_secs_f64(),
        Usage::others_since(usage)
    );
    (!rows.is_empty()).then_some(Table { case: case.name, what: case.what, rows, note })
}

/// Not a number of nothing, which sorts last.
fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let (half, odd) = (values.len() / 2, values.len() % 2 == 1);
    match values.len() {
        0 => f64::NAN,
        _ if odd => values[half],
        _ => (values[half - 1] + values[half]) / 2.0,
    }
}
