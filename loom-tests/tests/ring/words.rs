//! What a stamped slot of words hands over: a whole event or none, however the two sides meet in it.

use super::common::outcomes;
use super::{for_two, start};
use loom::{sync::Arc, thread};
use ringmain::ring::{Cursor, Found, Words};

/// Two words, which differ in a mixture.
type Pair = [u64; 2];

fn one_slot() -> (Arc<Words<Pair>>, Arc<Words<Pair>>) {
    for_two(Words::new(1, start()).unwrap())
}

/// What a reader finds, in a form that can be pinned.
fn found(words: &Words<Pair>, lap: u64) -> &'static str {
    let mut pair = Pair::default();
    match words.read(start().plus(lap), &mut pair) {
        Found::NotYet => "not yet",
        Found::Event if pair == [lap + 1; 2] => "the event",
        Found::Event => panic!("a torn event: {pair:?}"),
        Found::Gone => "gone",
    }
}

/// Writes the event of each of `laps` to the one slot.
fn write(words: &Words<Pair>, laps: core::ops::Range<u64>) {
    for lap in laps {
        words.write(start().plus(lap), &[lap + 1; 2]);
    }
}

#[test]
fn the_stamp_hands_over_the_words() {
    outcomes("words: the stamp hands over the words", &["not yet", "the event"], || {
        let (writer, reader) = one_slot();
        let writer = thread::spawn(move || write(&writer, 0..1));
        let end = found(&reader, 0);
        writer.join().unwrap();
        assert_eq!(found(&reader, 0), "the event");
        end
    });
}

/// The case that needs the fences: a reader is in the slot when the writer comes round.
#[test]
fn what_is_overwritten_meanwhile_is_no_event() {
    outcomes("words: overwritten while it is copied", &["the event", "gone"], || {
        let (writer, reader) = one_slot();
        write(&writer, 0..1);
        let writer = thread::spawn(move || write(&writer, 1..2));
        let end = found(&reader, 0);
        writer.join().unwrap();
        assert_eq!((found(&reader, 0), found(&reader, 1)), ("gone", "the event"));
        end
    });
}

/// As before, but the event that is read is written meanwhile, too.
#[test]
fn a_writer_that_is_two_laps_faster() {
    let legal = ["not yet", "the event", "gone"];
    outcomes("words: two laps beside a reader", &legal, || {
        let (writer, reader) = one_slot();
        write(&writer, 0..1);
        let writer = thread::spawn(move || write(&writer, 1..3));
        let end = found(&reader, 1);
        writer.join().unwrap();
        assert_eq!((found(&reader, 1), found(&reader, 2)), ("gone", "the event"));
        end
    });
}

/// What a reader learns of one slot comes with all that the writer did before.
#[test]
fn an_event_comes_with_those_before_it() {
    outcomes("words: what comes before", &[false, true], || {
        let words = Arc::new(Words::new(2, start()).unwrap());
        let writer = Arc::clone(&words);
        let writer = thread::spawn(move || write(&writer, 0..2));
        let second = found(&words, 1) == "the event";
        assert!(!second || found(&words, 0) == "the event");
        writer.join().unwrap();
        second
    });
}

/// Who looks into a slot that is gone sees how far the writer was when it came round, and so looks elsewhere next.
#[test]
fn a_slot_that_is_gone_tells_how_far_the_writer_is() {
    outcomes("words: what comes before it is gone", &[false, true], || {
        let shared = Arc::new((Words::new(1, start()).unwrap(), Cursor::new(start())));
        write(&shared.0, 0..1);
        let writer = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            writer.1.advance(start().next());
            write(&writer.0, 1..2);
        });
        let gone = found(&shared.0, 0) == "gone";
        if gone {
            assert_eq!(found(&shared.0, 0), "gone");
            assert_eq!(shared.1.read().done, start().next());
        }
        writer.join().unwrap();
        gone
    });
}
