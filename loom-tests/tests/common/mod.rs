//! How every model is run: twice, within a bound, and with its outcomes pinned.
//!
//! A model is a small program of two or three threads. loom runs it once for each interleaving, and for each value
//! that a load may legally see. Each model runs in both modes of the crate's `sync` room: *stock*, which is loom as it
//! comes, and *dense*, which puts back the interleavings that loom 0.7 skips (see `src/sync.rs`).
//!
//! A model also says what it ends in, and the set of ends is pinned: dense mode must see exactly the legal ones, stock
//! mode nothing beside them. A model that explores too little then fails instead of passing, and an outcome that
//! nobody expected fails too. So a model is made small enough for two preemptions to reach all of its outcomes.
//!
//! | variable                | meaning                                                                        |
//! |-------------------------|--------------------------------------------------------------------------------|
//! | `LOOM_MAX_PREEMPTIONS`  | switches away from a thread that could go on; 2 if not set, 255 is exhaustive  |
//! | `LOOM_MAX_BRANCHES`     | points of choice in one execution; 5,000 if not set                            |
//! | `LOOM_LOG`, `LOOM_LOCATION`, `LOOM_CHECKPOINT_FILE`, `LOOM_CHECKPOINT_INTERVAL` | as in loom: to see one failure again |
//!
//! `cargo loom -- --nocapture` prints one line for each model and mode.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// loom allocates for the largest execution: more than this makes every model slower.
const BRANCHES: usize = 5_000;
/// Enough to kill every weakened ordering of this crate.
const PREEMPTIONS: usize = 2;

/// Checks that `f` holds in every interleaving, in both modes.
pub fn model(name: &str, f: impl Fn() + Send + Sync + 'static) {
    outcomes(name, &[()], f);
}

/// Checks that `f` holds in every interleaving, in both modes, and that what it returns is, over all of them, exactly
/// `legal`.
pub fn outcomes<T>(name: &str, legal: &[T], f: impl Fn() -> T + Send + Sync + 'static)
where
    T: Ord + Clone + Debug + Send + 'static,
{
    let legal: BTreeSet<T> = legal.iter().cloned().collect();
    let f = Arc::new(f);
    for dense in [false, true] {
        let run = explore(dense, Arc::clone(&f));
        let mode = if dense { "dense" } else { "stock" };
        eprintln!(
            "{name:<44} {mode} bound {:<3} {:>8} executions {:>8.3} s {:>3} outcomes",
            run.bound,
            run.executions,
            run.seconds,
            run.seen.len()
        );
        let illegal: Vec<_> = run.seen.difference(&legal).collect();
        assert!(
            illegal.is_empty(),
            "{name} ({mode}): ends in {illegal:?}, which is not among the pinned outcomes"
        );
        // Fewer preemptions reach fewer outcomes, and stock loom skips some.
        if dense && run.bound >= PREEMPTIONS {
            let missed: Vec<_> = legal.difference(&run.seen).collect();
            assert!(
                missed.is_empty(),
                "{name} ({mode}): never ends in {missed:?}: the model explores too little"
            );
        }
    }
}

/// The outcomes that one mode sees, nothing asserted.
pub fn seen<T>(dense: bool, f: impl Fn() -> T + Send + Sync + 'static) -> BTreeSet<T>
where
    T: Ord + Send + 'static,
{
    explore(dense, Arc::new(f)).seen
}

struct Run<T> {
    bound: usize,
    executions: usize,
    seconds: f64,
    seen: BTreeSet<T>,
}

/// `std`'s lock and counter on purpose: loom must not see what only watches.
fn explore<T>(dense: bool, f: Arc<impl Fn() -> T + Send + Sync + 'static>) -> Run<T>
where
    T: Ord + Send + 'static,
{
    let mut builder = loom::model::Builder::new();
    let bound = *builder.preemption_bound.get_or_insert(PREEMPTIONS);
    if std::env::var_os("LOOM_MAX_BRANCHES").is_none() {
        builder.max_branches = BRANCHES;
    }
    let executions = Arc::new(AtomicUsize::new(0));
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let begin = Instant::now();
    let (count, ends) = (Arc::clone(&executions), Arc::clone(&seen));
    ringmain::sync::dense(dense);
    builder.check(move || {
        count.fetch_add(1, Relaxed);
        let end = f();
        ends.lock().expect("no model panics under this lock").insert(end);
    });
    ringmain::sync::dense(false);
    let seen = std::mem::take(&mut *seen.lock().expect("no model panics under this lock"));
    Run { bound, executions: executions.load(Relaxed), seconds: begin.elapsed().as_secs_f64(), seen }
}
