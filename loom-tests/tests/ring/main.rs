//! The models of `src/ring/`: what each structure hands over from one thread to another.

#[path = "../common/mod.rs"]
mod common;

mod claim;
mod counter;
mod cursor;
mod exchange;
mod notice;
mod presence;
mod region;
mod seat;
mod slots;
mod stamp;
mod tally;
mod words;

use loom::sync::Arc;
use ringmain::ring::{Sequence, Slots};

/// The last position before the wrap, where every model starts.
fn start() -> Sequence {
    Sequence::ZERO.minus(1)
}

/// A ring of one slot that two threads hold, with a mark that `mark` makes.
fn one_slot<M>(mark: impl FnMut(Sequence) -> M) -> Arc<Slots<u64, M>> {
    Arc::new(Slots::new(1, start(), || 0, mark).unwrap())
}

/// Writes into the slot of `at`.
fn put<M>(slots: &Slots<u64, M>, at: Sequence, event: u64) {
    // SAFETY: [R2] the model says whose slot it is; if it errs, loom reports the race.
    unsafe { slots.lend(at, |slot| *slot = event) }
}

/// Reads what the slot of `at` holds.
fn look<M>(slots: &Slots<u64, M>, at: Sequence) -> u64 {
    // SAFETY: [R1] as in `put`.
    unsafe { slots.share(at, |slot| *slot) }
}
