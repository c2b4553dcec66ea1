//! From A to B to C. With two cores, C is where A is.

use super::stream::{Way, put, put_all, take, take_all};
use super::{Plan, Sample};
use crate::crew::{Failed, Gate, Job, Wait, together};
use crate::event::{Put, Take};

/// `pass` is what B does with one event, waiting in the given way.
pub(crate) fn pipeline(
    (mut tx, mut pass, mut rx): (impl Put<u64>, impl FnMut(Wait) + Send + 'static, impl Take<u64>),
    plan: Plan,
) -> Result<Sample, Failed> {
    let (warm, all) = (plan.warm_up(), plan.warm_up() + plan.events);
    let gate = Gate::of(3);
    let (to_b, to_c) = (gate.clone(), gate.clone());
    let a = Job::on(0, move || {
        put_all(&mut tx, Way::Single, 0..warm, plan.wait);
        gate.time(|| {
            put_all(&mut tx, Way::Single, warm..all, plan.wait);
            true
        })
    });
    let b = Job::on(1, move || {
        (0..warm).for_each(|_| pass(plan.wait));
        to_b.time(|| {
            (warm..all).for_each(|_| pass(plan.wait));
            true
        })
    });
    let c = Job::on(2, move || {
        let right = take_all(&mut rx, Way::Single, 0..warm, plan.wait);
        to_c.time(|| take_all(&mut rx, Way::Single, warm..all, plan.wait) && right)
    });
    Ok(Sample::of(plan.events, &together(vec![a, b, c])?))
}

/// B between two rings.
pub(crate) fn relay(mut rx: impl Take<u64>, mut tx: impl Put<u64>) -> impl FnMut(Wait) + Send + 'static {
    move |wait| {
        let event = take(&mut rx, wait);
        put(&mut tx, event, wait);
        tx.publish();
    }
}
