//! What the calling thread did to the processor, as the kernel tells it.

use ringmain::contract::Wait;
use std::time::{Duration, Instant};

/// The share of one processor that the calling thread takes while it waits in vain for `span`. `None` where the system
/// does not tell.
pub(crate) fn idle_share(wait: &mut impl Wait, span: Duration) -> Option<f64> {
    let (cpu, begin) = (cpu_time()?, Instant::now());
    while begin.elapsed() < span {
        wait.idle();
    }
    Some((cpu_time()? - cpu).as_secs_f64() / begin.elapsed().as_secs_f64())
}

/// How often the calling thread went to sleep of its own accord. `None` where the system does not tell, or tells it of
/// Miri's own thread.
pub(crate) fn sleeps() -> Option<u64> {
    if cfg!(miri) {
        return None;
    }
    let status = std::fs::read_to_string("/proc/thread-self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    line.trim().parse().ok()
}

/// A strategy that never sleeps is not asleep more often than this, whatever it is asked: to look may cost a sleep.
pub(crate) fn assert_no_sleeps(turns: u64, mut turn: impl FnMut()) {
    let before = sleeps();
    (0..turns).for_each(|_| turn());
    if let (Some(before), Some(after)) = (before, sleeps()) {
        assert!(after - before < turns / 10, "{} sleeps in {turns} turns", after - before);
    }
}

/// On Linux `schedstat` begins with the nanoseconds on a processor.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().map(Duration::from_nanos).ok()
}
