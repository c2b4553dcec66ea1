//! What a cursor hands over: the slots below it.

use super::common::{model, outcomes};
use super::{look, one_slot, put, start};
use loom::{sync::Arc, thread};
use ringmain::ring::{Cursor, Slots};

/// A cursor that its writer moves, and the slot it is about.
type Shared = Arc<(Cursor, Arc<Slots<u64>>)>;

fn parts() -> (Shared, Shared) {
    let shared = Arc::new((Cursor::new(start()), one_slot(|_| ())));
    (Arc::clone(&shared), shared)
}

#[test]
fn advance_hands_over_the_slot() {
    outcomes("cursor: advance hands over the slot", &[None, Some(7)], || {
        let (writer, reader) = parts();
        let writer = thread::spawn(move || {
            put(&writer.1, start(), 7);
            writer.0.advance(start().next());
        });
        let done = reader.0.read().done;
        let read = (done != start()).then(|| look(&reader.1, start()));
        writer.join().unwrap();
        read
    });
}

#[test]
fn the_way_back_hands_over_the_empty_slot() {
    outcomes("cursor: the way back hands over the slot", &[7, 8], || {
        let (reader, writer) = parts();
        put(&writer.1, start(), 7);
        let reader = thread::spawn(move || {
            let read = look(&reader.1, start());
            assert_eq!(read, 7);
            reader.0.advance(start().next());
        });
        if writer.0.read().done == start().next() {
            put(&writer.1, start().next(), 8);
        }
        reader.join().unwrap();
        look(&writer.1, start())
    });
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
    outcomes("cursor: leaving hands over the slot", &[7, 8], || {
        let (reader, writer) = parts();
        put(&writer.1, start(), 7);
        let reader = thread::spawn(move || {
            assert_eq!(look(&reader.1, start()), 7);
            reader.0.leave(start());
        });
        let seen = writer.0.read();
        assert_eq!(seen.left, seen.closed);
        if seen.left {
            put(&writer.1, start().next(), 8);
        }
        reader.join().unwrap();
        look(&writer.1, start())
    });
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
