//! What a stamp hands over: its own slot.

use super::common::{model, outcomes};
use super::{for_two, hands_over, look, one_slot, put, start};
use loom::{sync::Arc, thread};
use ringmain::ring::{Claimable, Published, Sequence, Slots, Stamp};

/// One slot that was last filled a lap ago.
type Shared = Arc<Slots<u64, Stamp>>;

fn parts() -> (Shared, Shared) {
    for_two(one_slot(|at: Sequence| Stamp::new(at.minus(1))))
}

#[test]
fn publish_hands_over_the_slot() {
    hands_over(
        "stamp: publish hands over the slot",
        parts,
        |writer| writer.mark(start()).publish(start()),
        |reader| reader.mark(start()).read(start()) == Published::Event,
    );
}

/// A void slot is handed over too: what the failed fill left behind belongs to whoever comes next.
#[test]
fn abandon_hands_over_the_slot() {
    hands_over(
        "stamp: abandon hands over the slot",
        parts,
        |writer| writer.mark(start()).abandon(start()),
        |reader| {
            let answer = reader.mark(start()).read(start());
            assert_ne!(answer, Published::Event);
            answer == Published::Void
        },
    );
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

/// The way back: a consumer is done, and a producer may fill the slot for the next lap.
#[test]
fn release_hands_over_the_empty_slot() {
    outcomes("stamp: release hands over the slot", &[7, 8], || {
        let (consumer, producer) = parts();
        put(&producer, start(), 7);
        producer.mark(start()).publish(start());
        let consumer = thread::spawn(move || {
            assert_eq!(consumer.mark(start()).to_take(start()), Claimable::Now);
            assert_eq!(look(&consumer, start()), 7);
            consumer.mark(start()).release(start());
        });
        let next = start().next();
        if producer.mark(next).to_fill(start()) == Claimable::Now {
            put(&producer, next, 8);
        }
        consumer.join().unwrap();
        look(&producer, next)
    });
}

/// Who asks for a position is told when it is too late, and is not taken in by the lap before or after.
#[test]
fn a_position_becomes_claimable_once_and_then_is_gone() {
    use Claimable::{Gone, NotYet, Now};
    let legal = [(NotYet, NotYet), (NotYet, Now), (NotYet, Gone), (Now, Now), (Now, Gone), (Gone, Gone)];
    let legal = legal.map(|(one, two)| (one as u8, two as u8));
    outcomes("stamp: claimable once", &legal, || {
        let (writer, reader) = parts();
        let writer = thread::spawn(move || {
            let mark = writer.mark(start());
            mark.publish(start());
            mark.release(start());
        });
        let ask = || reader.mark(start()).to_take(start());
        let (one, two) = (ask(), ask());
        writer.join().unwrap();
        assert_eq!(reader.mark(start()).to_fill(start()), Now);
        (one as u8, two as u8)
    });
}
