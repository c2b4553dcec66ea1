use crate::{EVENTS, at, empty, events, group, pass, pass_mut};
use criterion::Criterion;
use ringmain::contract::{At, Fault, Flow, Stage, Tick};
use ringmain::pattern::Nowhere;
use ringmain::pattern::aggregator::{
    Aggregate, Aggregator, Collected, Conditions, FoldFailure, Full, Late, Overfull, Pending, Policy, Store,
    Unfinished,
};
use std::hint::black_box;
use std::time::Duration;

/// A second, which never passes here: each group has a timer that is armed and cancelled.
const SECOND: Option<Duration> = Some(Duration::from_secs(1));

fn policy(groups: usize) -> Policy {
    Policy {
        groups,
        full: Full::RejectNew,
        late: Late::NewGroup,
        pending: Pending::NewEpoch,
        expired: Unfinished::EmitPartial,
        stopped: Unfinished::EmitPartial,
        failure: FoldFailure::SkipMessage,
    }
}

fn add(sum: &mut u64, n: &u64) -> Result<(), Fault> {
    *sum = sum.wrapping_add(*n);
    Ok(())
}

/// A folding stage over keys that `key` makes of the numbers of a pass.
fn folding(
    groups: usize,
    conditions: Conditions<u64, u64>,
    key: fn(u64, u64) -> u64,
) -> impl for<'e> Stage<&'e u64> {
    let mask = groups as u64 - 1;
    let next = |sum: Aggregate<u64, &mut u64>, _: At| -> Flow {
        black_box(*sum.value);
        Ok(())
    };
    Aggregator::new(policy(groups), conditions, move |n: &u64| Some(key(*n, mask)), 0, add, Nowhere, next)
        .expect("a condition")
}

/// Keys that jump about the table.
fn scattered(n: u64, mask: u64) -> u64 {
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20 & mask
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "aggregator");
    let mut numbers = events();
    group.bench_function("base", |b| b.iter(|| pass(&numbers, &mut empty)));
    for groups in [64, 1 << 10, 1 << 14, 1 << 17, 1 << 20] {
        // So large that no group closes: all groups are open after the warming up.
        let never = Conditions { size: Some(u64::MAX), ..Conditions::NONE };
        let mut stage = folding(groups, never, scattered);
        // Each pass goes on where the one before ended.
        let mut base = 0;
        for n in 0..4 * groups as u64 {
            let _ = stage.on_event(&n, at(0));
        }
        group.bench_function(format!("fold, {groups} groups"), |b| {
            b.iter(|| {
                for n in 0..EVENTS as u64 {
                    let _ = black_box(stage.on_event(&(base + n), at(n as usize)));
                }
                base += EVENTS as u64;
                let _ = black_box(stage.on_batch_end(Tick::ZERO));
            })
        });
    }
    for (name, inactivity) in [("", None), (", inactivity", SECOND)] {
        let never = Conditions { size: Some(u64::MAX), inactivity, ..Conditions::NONE };
        let mut stage = folding(64, never, |n, mask| n & mask);
        group.bench_function(format!("fold in turn, 64 groups{name}"), |b| {
            b.iter(|| pass(&numbers, &mut stage))
        });
    }
    for (name, inactivity) in [("open and close", None), ("open, arm and close", SECOND)] {
        let one = Conditions { size: Some(1), inactivity, ..Conditions::NONE };
        let mut stage = folding(64, one, |n, _| n);
        group.bench_function(format!("{name}, 64 groups"), |b| b.iter(|| pass(&numbers, &mut stage)));
    }
    let four = Conditions { size: Some(4), inactivity: SECOND, ..Conditions::NONE };
    let store = Store::new(4, 256, Overfull::Close, u64::default).expect("not 0");
    let next = |group: Aggregate<u64, Collected<'_, u64, u64>>, _: At| -> Flow {
        black_box(group.value.members.iter().sum::<u64>());
        Ok(())
    };
    let dead = |_: Aggregate<u64, Collected<'_, u64, u64>>, _: At| -> Flow { Ok(()) };
    let key = |n: &u64| Some(n >> 2);
    let mut collects =
        Aggregator::collecting(policy(64), four, store, key, (0, add), dead, next).expect("a condition");
    group.bench_function("collect four, with timer", |b| b.iter(|| pass_mut(&mut numbers, &mut collects)));

    let idle = Conditions { size: Some(u64::MAX), inactivity: SECOND, ..Conditions::NONE };
    let mut stage = folding(1 << 14, idle, |n, mask| n & mask);
    for n in 0..1 << 14 {
        let _ = stage.on_event(&n, at(0));
    }
    group.bench_function("the end of a turn, 16384 timers, a 4096th", |b| {
        b.iter(|| black_box(stage.on_batch_end(Tick::from_nanos(1))))
    });
}
