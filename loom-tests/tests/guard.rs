//! What keeps the models from passing without having checked anything.

mod common;

use common::{outcomes, seen};
use loom::{sync::Arc, thread};
use ringmain::ring::{Cursor, Sequence};
use ringmain::sync::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Release};

const _: () =
    assert!(cfg!(loom), "without cfg(loom) the threads of a model share memory that nobody watches");

/// The main thread reads; the other reads, then writes. Both answers of the main thread are legal.
fn reader_beside_reader_and_writer() -> usize {
    let x = Arc::new(AtomicUsize::new(0));
    let y = Arc::clone(&x);
    let other = thread::spawn(move || {
        y.load(Acquire);
        y.store(1, Release);
    });
    let read = x.load(Acquire);
    other.join().unwrap();
    read
}

#[test]
fn dense_mode_finds_what_stock_loom_skips() {
    assert_eq!(seen(true, reader_beside_reader_and_writer), [0, 1].into());
    // Should this one fail, then loom has learnt to see the other answer, and dense mode can go.
    assert_eq!(seen(false, reader_beside_reader_and_writer), [0].into());
}

#[test]
#[should_panic(expected = "never ends in [2]")]
fn an_outcome_that_is_never_reached_fails() {
    outcomes("guard: outcome missing", &[0, 1, 2], reader_beside_reader_and_writer);
}

#[test]
#[should_panic(expected = "ends in [1]")]
fn an_outcome_that_is_not_pinned_fails() {
    outcomes("guard: outcome not pinned", &[0], reader_beside_reader_and_writer);
}

#[test]
fn the_crate_itself_is_compiled_for_loom() {
    // An atomic of the crate is a point of choice for loom: two threads, hence two outcomes.
    outcomes("guard: the crate's atomics are loom's", &[0, 1], || {
        let cursor = Arc::new(Cursor::new(Sequence::ZERO));
        let writer = Arc::clone(&cursor);
        let other = thread::spawn(move || writer.advance(Sequence::new(1)));
        let read = cursor.read().done.count();
        other.join().unwrap();
        read
    });
}
