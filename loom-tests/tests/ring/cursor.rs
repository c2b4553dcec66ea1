//! What a cursor hands over: the slots below it.

use super::common::{model, outcomes};
use super::{for_two, gives_back, hands_over, look, one_slot, put, start};
use loom::{sync::Arc, thread};
use ringmain::ring::{Cursor, Slots};

/// A cursor that its writer moves, and the slot it is about.
type Shared = Arc<(Cursor, Slots<u64>)>;

fn parts() -> (Shared, Shared) {
    for_two((Cursor::new(start()), one_slot(|_| ())))
}

#[test]
fn advance_hands_over_the_slot() {
    hands_over(
        "cursor: advance hands over the slot",
        parts,
        |writer| writer.0.advance(start().next()),
        |reader| reader.0.read().done != start(),
    );
}

#[test]
fn the_way_back_hands_over_the_empty_slot() {
    gives_back(
        "cursor: the way back hands over the slot",
        parts,
        |reader| reader.0.advance(start().next()),
        |writer| writer.0.read().done == start().next(),
    );
}

/// What the other thread did last comes with the mark: nothing is lost between "not yet" and "closed".
#[test]
fn close_hands_over_the_last_slot() {
    outcomes("cursor: close hands over the last slot", &[None, Some((7, false)), Some((7, true))], || {
        let (writer, reader) = parts();
        let writer = thread::spawn(move || {
            put(&writer.1, start(), 7);
            writer.0.advance(start().next());
            writer.0.close(start().next());
        });
        let seen = reader.0.read();
        let read = (seen.done != start()).then(|| (look(&reader.1, start()), seen.closed));
        assert!(!seen.closed || read.is_some(), "closed without the last event");
        writer.join().unwrap();
        read
    });
}

#[test]
fn leaving_hands_over_the_slot_and_says_so() {
    gives_back(
        "cursor: leaving hands over the slot",
        parts,
        |reader| reader.0.leave(start()),
        |writer| {
            let seen = writer.0.read();
            assert_eq!(seen.left, seen.closed);
            seen.left
        },
    );
}

#[test]
fn progress_never_goes_backwards() {
    model("cursor: progress never goes backwards", || {
        let (writer, reader) = parts();
        let writer = thread::spawn(move || {
            writer.0.advance(start().plus(1));
            writer.0.advance(start().plus(2));
            writer.0.close(start().plus(2));
        });
        let (first, second) = (reader.0.read(), reader.0.read());
        assert!(second.done.since(start()) >= first.done.since(start()));
        assert!(second.closed >= first.closed);
        writer.join().unwrap();
        assert!(reader.0.read().closed);
    });
}
