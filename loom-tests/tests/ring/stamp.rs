//! What a stamp hands over: its own slot.

use super::common::{model, outcomes};
use super::{look, one_slot, put, start};
use loom::{sync::Arc, thread};
use ringmain::ring::{Published, Sequence, Slots, Stamp};

/// One slot that was last filled a lap ago.
type Shared = Arc<Slots<u64, Stamp>>;

fn parts() -> (Shared, Shared) {
    let slots = one_slot(|at: Sequence| Stamp::new(at.minus(1)));
    (Arc::clone(&slots), slots)
}

#[test]
fn publish_hands_over_the_slot() {
    outcomes("stamp: publish hands over the slot", &[None, Some(7)], || {
        let (writer, reader) = parts();
        let writer = thread::spawn(move || {
            put(&writer, start(), 7);
            writer.mark(start()).publish(start());
        });
        let read = (reader.mark(start()).read(start()) == Published::Event).then(|| look(&reader, start()));
        writer.join().unwrap();
        read
    });
}

/// A void slot is handed over too: what the failed fill left behind belongs to whoever comes next.
#[test]
fn abandon_hands_over_the_slot() {
    outcomes("stamp: abandon hands over the slot", &[None, Some(7)], || {
        let (writer, reader) = parts();
        let writer = thread::spawn(move || {
            put(&writer, start(), 7);
            writer.mark(start()).abandon(start());
        });
        let answer = reader.mark(start()).read(start());
        assert_ne!(answer, Published::Event);
        let read = (answer == Published::Void).then(|| look(&reader, start()));
        writer.join().unwrap();
        read
    });
}

/// A reader that waits for a position is not taken in by the same slot's next lap.
#[test]
fn a_lap_is_not_mistaken_for_another() {
    model("stamp: a lap is not mistaken for another", || {
        let (writer, reader) = parts();
        let (first, second) = (start(), start().next());
        let writer = thread::spawn(move || {
            writer.mark(first).publish(first);
            writer.mark(second).abandon(second);
        });
        assert_ne!(reader.mark(first).read(first), Published::Void);
        assert_ne!(reader.mark(second).read(second), Published::Event);
        writer.join().unwrap();
        assert_eq!(reader.mark(first).read(first), Published::NotYet);
        assert_eq!(reader.mark(second).read(second), Published::Void);
    });
}
