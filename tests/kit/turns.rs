//! Turns for an agent until it is done.

use ringmain::contract::{Agent, Tick, Work};
use std::thread;

/// Gives `agent` turns until it is done. In an empty one others go first, as threads outnumber cores in tests.
pub(crate) fn run(mut agent: impl Agent) {
    loop {
        match agent.work(Tick::ZERO) {
            Work::Busy(_) => {}
            Work::Idle => thread::yield_now(),
            Work::Done => return,
        }
    }
}
