//! Several producers, one or several consumers that compete; and producers alone.

use super::stream::{put, take};
use super::{Plan, Sample};
use crate::crew::{Failed, Gate, Job, Told, together};
use crate::event::{Put, Take};
use std::iter::repeat_with;

/// Below these bits of a number is the number within its producer.
const PRODUCER: u32 = 40;
const WITHIN: u64 = (1 << PRODUCER) - 1;

/// What a consumer has seen of each producer.
#[derive(Default)]
struct Seen {
    next: [u64; 8],
    sum: u64,
    disorder: bool,
}

impl Seen {
    /// Each producer's own events come in order, with gaps where others got them.
    #[inline(always)]
    fn see(&mut self, number: u64) {
        let next = &mut self.next[(number >> PRODUCER) as usize & 7];
        self.disorder |= number & WITHIN < *next;
        *next = (number & WITHIN) + 1;
        self.sum = self.sum.wrapping_add(number);
    }
}

/// From all of `producers` to all of `consumers`, wherever the system lets them run. Each event has to arrive once, and
/// each consumer takes an equal share.
pub(crate) fn compete<P: Put<u64>, C: Take<u64>>(
    (producers, consumers): (Vec<P>, Vec<C>),
    plan: Plan,
) -> Result<Sample, Failed> {
    let (sources, sinks) = (producers.len() as u64, consumers.len() as u64);
    let events = plan.events.next_multiple_of(sources * sinks);
    let gate = Gate::of(producers.len() + consumers.len());
    let of_producer = |(nth, mut tx): (usize, P)| {
        let gate = gate.clone();
        Job::anywhere(move || {
            gate.time(|| {
                let first = (nth as u64) << PRODUCER;
                (first..first + events / sources).for_each(|number| put(&mut tx, number, plan.wait));
                tx.publish();
                true
            })
        })
    };
    let of_consumer = |mut rx: C| {
        let gate = gate.clone();
        Job::anywhere(move || {
            let mut seen = Seen::default();
            let told = gate.time(|| {
                (0..events / sinks).for_each(|_| seen.see(take(&mut rx, plan.wait)));
                !seen.disorder
            });
            Told { sum: seen.sum, ..told }
        })
    };
    let each = events / sources;
    let of_all = (0..sources).fold(0u64, |sum, nth| {
        sum.wrapping_add((nth << PRODUCER).wrapping_mul(each)).wrapping_add(each * (each - 1) / 2)
    });
    let jobs = producers.into_iter().enumerate().map(of_producer).collect::<Vec<_>>();
    let told = together(jobs.into_iter().chain(consumers.into_iter().map(of_consumer)).collect())?;
    let sum = told.iter().fold(0u64, |sum, told| sum.wrapping_add(told.sum));
    let sample = Sample::of(events, &told);
    Ok(Sample { right: sample.right && sum == of_all, ..sample })
}

/// Two producers on two cores fill half a ring each while nobody consumes, again and again. To empty it is not part of
/// the time.
pub(crate) fn fill<P: Put<u64>, C: Take<u64>>(
    (producers, consumers): (Vec<P>, Vec<C>),
    plan: Plan,
) -> Result<Sample, Failed> {
    // Some rings keep a few slots free.
    let half = plan.capacity as u64 / 2 - 64;
    let fills = (plan.events / (2 * half)).max(1);
    let gate = Gate::of(producers.len());
    let consumers = consumers.into_iter().map(Some).chain(repeat_with(|| None));
    let producer = |(nth, (mut tx, mut rx)): (usize, (P, Option<C>))| {
        let gate = gate.clone();
        Job::on(nth, move || {
            let first = (nth as u64) << PRODUCER;
            let mut fill = || {
                let told = gate.time(|| {
                    (first..first + half).for_each(|number| put(&mut tx, number, plan.wait));
                    tx.publish();
                    true
                });
                gate.pass();
                let right = rx.as_mut().is_none_or(|rx| {
                    let mut seen = Seen::default();
                    (0..2 * half).for_each(|_| seen.see(take(rx, plan.wait)));
                    !seen.disorder && seen.next[..2] == [half; 2]
                });
                Told { right, ..told }
            };
            // The first one touches the memory.
            let mut all = Told { right: fill().right, ..Told::default() };
            for told in (0..fills).map(|_| fill()) {
                all.spans.extend(told.spans);
                all.right &= told.right;
                all.preemptions += told.preemptions;
            }
            all
        })
    };
    let jobs = producers.into_iter().zip(consumers).enumerate().map(producer);
    Ok(Sample::of(fills * 2 * half, &together(jobs.collect())?))
}
