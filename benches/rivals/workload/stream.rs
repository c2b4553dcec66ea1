//! From one thread to another as fast as it goes, one by one and in batches; and on a single thread.

use super::{Plan, Sample};
use crate::crew::{Failed, Gate, Idle, Job, Wait, together};
use crate::event::{Event, Put, Take};
use std::ops::Range;

/// Events put in together.
const BATCH: u64 = 32;

/// How events are put in and taken out.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// Both one by one.
    Single,
    /// Put in one by one, taken out as they are there.
    Drained,
    /// Put in by 32, taken out as they are there.
    Batches,
}

/// From the first core to the second.
pub(crate) fn stream<T: Event>(
    (mut tx, mut rx): (impl Put<T>, impl Take<T>),
    plan: Plan,
    way: Way,
) -> Result<Sample, Failed> {
    let warm = plan.warm_up();
    let all = warm + plan.events;
    let gate = Gate::of(2);
    let there = gate.clone();
    let producer = Job::on(0, move || {
        put_all(&mut tx, way, 0..warm, plan.wait);
        gate.time(|| {
            put_all(&mut tx, way, warm..all, plan.wait);
            true
        })
    });
    let consumer = Job::on(1, move || {
        let right = take_all(&mut rx, way, 0..warm, plan.wait);
        there.time(|| take_all(&mut rx, way, warm..all, plan.wait) && right)
    });
    Ok(Sample::of(plan.events, &together(vec![producer, consumer])?))
}

/// Puts in and takes out one by one, without anybody else.
pub(crate) fn solo<T: Event>(
    (mut tx, mut rx): (impl Put<T>, impl Take<T>),
    plan: Plan,
) -> Result<Sample, Failed> {
    let warm = plan.warm_up();
    let all = warm + plan.events;
    let job = Job::on(0, move || {
        let mut both = |numbers: Range<u64>| {
            let mut wrong = 0;
            for number in numbers {
                put(&mut tx, T::new(number), plan.wait);
                tx.publish();
                wrong |= take(&mut rx, plan.wait).number() ^ number;
            }
            wrong == 0
        };
        let right = both(0..warm);
        Gate::of(1).time(|| both(warm..all) && right)
    });
    Ok(Sample::of(plan.events, &together(vec![job])?))
}

#[inline(always)]
pub(crate) fn put<T: Event>(tx: &mut impl Put<T>, event: T, wait: Wait) {
    let mut idle = Idle::new(wait);
    while !tx.put(event) {
        idle.turn();
    }
}

#[inline(always)]
pub(crate) fn take<T: Event>(rx: &mut impl Take<T>, wait: Wait) -> T {
    let mut idle = Idle::new(wait);
    loop {
        match rx.take() {
            Some(event) => return event,
            None => idle.turn(),
        }
    }
}

#[inline(always)]
pub(crate) fn put_all<T: Event>(tx: &mut impl Put<T>, way: Way, numbers: Range<u64>, wait: Wait) {
    match way {
        Way::Single | Way::Drained => numbers.for_each(|number| put(tx, T::new(number), wait)),
        Way::Batches => {
            let (mut next, mut idle) = (numbers.start, Idle::new(wait));
            while next < numbers.end {
                match tx.put_some(next, BATCH.min(numbers.end - next)) {
                    0 => idle.turn(),
                    n => (next, idle) = (next + n, Idle::new(wait)),
                }
            }
        }
    }
    tx.publish();
}

/// Whether the events that came were those with these numbers.
#[inline(always)]
pub(crate) fn take_all<T: Event>(rx: &mut impl Take<T>, way: Way, numbers: Range<u64>, wait: Wait) -> bool {
    let mut wrong = 0;
    match way {
        Way::Single => numbers.for_each(|number| wrong |= take(rx, wait).number() ^ number),
        Way::Drained | Way::Batches => {
            let (mut next, mut idle) = (numbers.start, Idle::new(wait));
            while next < numbers.end {
                let before = next;
                rx.take_all(|event: T| {
                    wrong |= event.number() ^ next;
                    next += 1;
                });
                if next == before {
                    idle.turn();
                } else {
                    idle.reset();
                }
            }
        }
    }
    wrong == 0
}
