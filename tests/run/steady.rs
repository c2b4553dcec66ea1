//! A crew at work allocates nothing: what a run allocates does not depend on how many turns it makes.

use crate::agents::{Turn, busy};
use crate::alloc::allocations;
use ringmain::contract::{Wait, Work};
use ringmain::run::Runner;
use ringmain::wait::{Backoff, BusySpin, Park, Yielding};
use std::time::Duration;

/// What a run of so many turns allocates, each second turn empty and each busy one followed by `row` empty ones.
fn allocated(wait: impl Wait + Send + 'static, turns: usize, row: usize) -> u64 {
    let mut left = turns;
    let mut now = 0;
    let mostly_idle = Turn(move |_| {
        let Some(less) = left.checked_sub(1) else { return Work::Done };
        left = less;
        now = (now + 1) % (row + 1);
        if now == 0 { Work::Busy(1) } else { Work::Idle }
    });
    let runner = Runner::new("one").wait(wait).agent("a", mostly_idle).agent("b", busy(3));
    let (report, allocated) = allocations(|| runner.run_here().unwrap());
    assert!(report.is_clean());
    assert_eq!(report.threads[0].turns, turns as u64 + 1);
    allocated
}

#[test]
fn a_turn_allocates_nothing_whatever_the_wait_is() {
    const FEW: usize = 8;
    const MANY: usize = 200;
    let short = Duration::from_micros(10);
    // The rows are long enough for each strategy to go through all it does, but for the spins.
    let backoff = || Backoff::new().spins(1).yields(1).sleeps(short, short);
    let park = || Park::new().spins(1).yields(1).limit(short);
    let runs: [(&str, &dyn Fn(usize) -> u64); 4] = [
        ("busy spin", &|turns| allocated(BusySpin::new(), turns, 4)),
        ("yielding", &|turns| allocated(Yielding::new().spins(1), turns, 4)),
        ("backoff", &|turns| allocated(backoff(), turns, 4)),
        ("park", &|turns| allocated(park(), turns, 7)),
    ];
    for (name, run) in runs {
        // The first sleep of a thread may set up what the lock needs.
        let _ = run(FEW);
        assert_eq!(run(FEW), run(MANY), "{name}");
    }
}

#[test]
fn a_panic_allocates_no_more_than_its_payload() {
    // The report of a panic holds the payload that the panic allocated, and nothing else.
    let quiet = || Turn(|_| -> Work { std::panic::resume_unwind(Box::new(7u8)) });
    let done = || Turn(|_| Work::Done);
    let panics = allocations(|| Runner::new("a").agent("a", quiet()).run_here().unwrap()).1;
    let ends = allocations(|| Runner::new("a").agent("a", done()).run_here().unwrap()).1;
    // The payload and what the unwinder keeps beside it.
    assert!(panics - ends <= 2, "{panics} against {ends}");
}
