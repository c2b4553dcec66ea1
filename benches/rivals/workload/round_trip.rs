//! There and back over two rings: an event goes only when the one before has come back.

use super::stream::{put, take};
use super::{Plan, Sample};
use crate::crew::{Failed, Gate, Job, Told, together};
use crate::event::{Event, Put, Take};
use std::ops::Range;
use std::time::Instant;

/// Trips before the time begins.
const WARM_UP: u64 = 300;

pub(crate) fn round_trip<T: Event>(
    ((mut tx, mut rx_there), (mut tx_there, mut rx)): (
        (impl Put<T>, impl Take<T>),
        (impl Put<T>, impl Take<T>),
    ),
    plan: Plan,
) -> Result<Sample, Failed> {
    let ask = move |number| {
        put(&mut tx, T::new(number), plan.wait);
        tx.publish();
        take(&mut rx, plan.wait).number()
    };
    let answer = move |_| {
        let event = take(&mut rx_there, plan.wait);
        put(&mut tx_there, event, plan.wait);
        tx_there.publish();
    };
    trips(plan, ask, answer)
}

/// `ask` sends a number and returns the one that comes back; `answer` sends one back. The mean is of trips that nobody
/// disturbs by looking at a clock; the percentiles are of as many more.
pub(crate) fn trips(
    plan: Plan,
    mut ask: impl FnMut(u64) -> u64 + Send + 'static,
    mut answer: impl FnMut(u64) + Send + 'static,
) -> Result<Sample, Failed> {
    let (undisturbed, all) = (WARM_UP + plan.events, WARM_UP + 2 * plan.events);
    let gate = Gate::of(2);
    let there = gate.clone();
    let asker = Job::on(0, move || {
        let mut ask_all = |numbers: Range<u64>| {
            let wrong = numbers.fold(0, |wrong, number| wrong | (ask(number) ^ number));
            wrong == 0
        };
        let right = ask_all(0..WARM_UP);
        let told = gate.time(|| ask_all(WARM_UP..undisturbed) && right);
        let mut trips = Vec::with_capacity(plan.events as usize);
        let right = (undisturbed..all).fold(told.right, |right, number| {
            let begin = Instant::now();
            let back = ask(number);
            trips.push(begin.elapsed().as_nanos() as u64);
            right && back == number
        });
        Told { right, trips, ..told }
    });
    let answerer = Job::on(1, move || {
        (0..WARM_UP).for_each(&mut answer);
        let told = there.time(|| {
            (WARM_UP..undisturbed).for_each(&mut answer);
            true
        });
        (undisturbed..all).for_each(&mut answer);
        told
    });
    Ok(Sample::of(plan.events, &together(vec![asker, answerer])?))
}
