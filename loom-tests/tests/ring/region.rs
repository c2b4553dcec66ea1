//! A region orders nothing itself: who may touch which bytes is said by a cursor, and the models watch for overlaps.

use super::common::model;
use super::start;
use loom::{sync::Arc, thread};
use ringmain::ring::{Cursor, Region, Sequence};

/// The last multiple of 8 before the wrap.
fn first() -> Sequence {
    start().minus(7)
}

fn region() -> Arc<Region> {
    Arc::new(Region::new(32).unwrap())
}

/// Writes `n` bytes from `at`.
fn put(region: &Region, at: Sequence, n: usize) {
    // SAFETY: [R2] the model says whose bytes these are; if it errs, loom reports the race.
    unsafe { region.lend(at, n, |bytes| bytes.fill(n as u8)) }
}

/// Whether the `n` bytes from `at` are those that `put` wrote.
fn look(region: &Region, at: Sequence, n: usize) -> bool {
    // SAFETY: [R1] as in `put`.
    unsafe { region.share(at, n, |bytes| bytes.iter().all(|byte| *byte == n as u8)) }
}

#[test]
fn many_may_look_at_once() {
    model("region: many may look at once", || {
        let region = region();
        put(&region, first(), 5);
        let other = Arc::clone(&region);
        let other = thread::spawn(move || look(&other, first(), 5));
        assert!(look(&region, first(), 5));
        assert!(other.join().unwrap());
    });
}

/// What is behind the wrap is another stretch than what is before it.
#[test]
fn neighbours_do_not_touch() {
    model("region: neighbours do not touch", || {
        let region = region();
        let other = Arc::clone(&region);
        let other = thread::spawn(move || put(&other, Sequence::ZERO, 17));
        put(&region, first(), 8);
        other.join().unwrap();
        assert!(look(&region, first(), 8) && look(&region, Sequence::ZERO, 17));
    });
}

/// The self-check of every model with bytes: were some lent while another thread looks, loom would say so.
#[test]
#[should_panic(expected = "Causality violation")]
fn an_overlap_is_reported() {
    model("region: an overlap is reported", || {
        let region = region();
        let other = Arc::clone(&region);
        let other = thread::spawn(move || put(&other, Sequence::ZERO, 17));
        look(&region, Sequence::new(16), 1);
        other.join().unwrap();
    });
}

/// The same for bytes that are held: they are in use until the guard is gone, not only when it is asked for them.
#[test]
#[should_panic(expected = "currently writing to cell")]
fn bytes_that_are_held_are_in_use() {
    model("region: held beyond the hand-over", || {
        let (region, tail) = (region(), Arc::new(Cursor::new(first())));
        let (other, published) = (Arc::clone(&region), Arc::clone(&tail));
        let other = thread::spawn(move || {
            // SAFETY: [R2] broken on purpose: the bytes are published while they are still held.
            let held = unsafe { other.hold(first(), 8) };
            published.advance(Sequence::ZERO);
            thread::yield_now();
            held.give_back();
        });
        if tail.read().done == Sequence::ZERO {
            look(&region, first(), 8);
        }
        other.join().unwrap();
    });
}
