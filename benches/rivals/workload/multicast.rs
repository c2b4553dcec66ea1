//! One producer, two readers that see every event each.

use super::stream::{Way, put_all, take_all};
use super::{Plan, Sample};
use crate::crew::{Failed, Gate, Idle, Job, together};
use crate::event::{Event, Put, Take};

/// Each reader has a thread; with two cores they share the second.
pub(crate) fn threads<C: Take<u64>>(
    (mut tx, readers): (impl Put<u64>, [C; 2]),
    plan: Plan,
) -> Result<Sample, Failed> {
    let (warm, all) = (plan.warm_up(), plan.warm_up() + plan.events);
    let gate = Gate::of(3);
    let reader = |(mut rx, core): (C, usize)| {
        let gate = gate.clone();
        Job::on(core, move || {
            let right = take_all(&mut rx, Way::Single, 0..warm, plan.wait);
            gate.time(|| take_all(&mut rx, Way::Single, warm..all, plan.wait) && right)
        })
    };
    let mut jobs: Vec<_> = readers.into_iter().zip([1, 3]).map(reader).collect();
    jobs.push(Job::on(0, move || {
        put_all(&mut tx, Way::Single, 0..warm, plan.wait);
        gate.time(|| {
            put_all(&mut tx, Way::Single, warm..all, plan.wait);
            true
        })
    }));
    Ok(Sample::of(plan.events, &together(jobs)?))
}

/// One thread polls both readers, so that every thread has a core.
pub(crate) fn polled<C: Take<u64>>(
    (mut tx, mut readers): (impl Put<u64>, [C; 2]),
    plan: Plan,
) -> Result<Sample, Failed> {
    let (warm, all) = (plan.warm_up(), plan.warm_up() + plan.events);
    let gate = Gate::of(2);
    let there = gate.clone();
    let producer = Job::on(0, move || {
        put_all(&mut tx, Way::Single, 0..warm, plan.wait);
        gate.time(|| {
            put_all(&mut tx, Way::Single, warm..all, plan.wait);
            true
        })
    });
    let consumer = Job::on(1, move || {
        let mut next = [0; 2];
        let mut poll_until = |until| {
            let (mut wrong, mut idle) = (0, Idle::new(plan.wait));
            while next.iter().any(|next| *next < until) {
                let before = next;
                for (rx, next) in readers.iter_mut().zip(&mut next) {
                    rx.take_all(|event| {
                        wrong |= event.number() ^ *next;
                        *next += 1;
                    });
                }
                if next == before {
                    idle.turn();
                } else {
                    idle.reset();
                }
            }
            wrong == 0
        };
        let right = poll_until(warm);
        there.time(|| poll_until(all) && right)
    });
    Ok(Sample::of(plan.events, &together(vec![producer, consumer])?))
}
