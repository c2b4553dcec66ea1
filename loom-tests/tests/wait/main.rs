//! The models of `src/wait/`: no wake-up is lost. loom has no clock, so a thread that nobody wakes is a deadlock, which
//! loom reports.

#[path = "../common/mod.rs"]
mod common;

mod bell;
mod park;
mod ringing;
mod task;

use ringmain::contract::Wait;
use ringmain::ring::{Cursor, Sequence};
use ringmain::wait::Park;

/// The last position before the wrap, where every model starts.
fn start() -> Sequence {
    Sequence::ZERO.minus(1)
}

/// Neither spins nor yields: the first `idle` of a row lists the thread, the second sleeps.
fn park() -> Park {
    Park::new().spins(0).yields(0)
}

/// Waits until `cursor` says that `events` are there, and tells how often `idle` was called: 0 if they were there, 1 if
/// they came before the turn that follows the listing, 2 if it slept once, and so on.
fn wait_for(cursor: &Cursor, events: u64, park: &mut Park) -> u32 {
    let mut idles = 0;
    while cursor.read().done.since(start()) < events {
        park.idle();
        idles += 1;
    }
    park.reset();
    idles
}
