//! Slots order nothing themselves: who may touch one is said by a cursor or a stamp, and the models watch for overlaps.

use super::common::model;
use super::{for_two, look, one_slot, put, start};
use loom::{sync::Arc, thread};
use ringmain::ring::{Published, Sequence, Slots, Stamp};

#[test]
fn many_may_look_at_once() {
    model("slots: many may look at once", || {
        let (slots, other) = for_two(one_slot(|_| ()));
        put(&slots, start(), 7);
        let other = thread::spawn(move || look(&other, start()));
        assert_eq!(look(&slots, start()), 7);
        assert_eq!(other.join().unwrap(), 7);
    });
}

/// The self-check of every other model: were a slot lent while another thread looks, loom would say so.
#[test]
#[should_panic(expected = "Causality violation")]
fn an_overlap_is_reported() {
    model("slots: an overlap is reported", || {
        let (slots, other) = for_two(one_slot(|_| ()));
        let other = thread::spawn(move || put(&other, start(), 7));
        look(&slots, start());
        other.join().unwrap();
    });
}

/// Neighbours are independent, whatever happens to the one beside, and every value is dropped once.
#[test]
fn neighbours_do_not_touch() {
    model("slots: neighbours do not touch", || {
        let token = Arc::new(());
        let fill = || Arc::clone(&token);
        let mark = |at: Sequence| Stamp::new(at.minus(2));
        let slots = Arc::new(Slots::new(2, start(), fill, mark).unwrap());
        let at = [start(), start().next()];
        let other = Arc::clone(&slots);
        let other = thread::spawn(move || {
            // SAFETY: [R2] this slot is this thread's until it is published.
            unsafe { other.lend(at[1], |slot| drop(Arc::clone(slot))) };
            other.mark(at[1]).publish(at[1]);
        });
        // SAFETY: [R2] this slot is the main thread's until it is published.
        unsafe { slots.lend(at[0], |slot| drop(Arc::clone(slot))) };
        slots.mark(at[0]).publish(at[0]);
        assert_eq!(slots.mark(at[0]).read(at[0]), Published::Event);
        other.join().unwrap();
        assert_eq!(slots.mark(at[1]).read(at[1]), Published::Event);
        // A value that is not dropped is a leak, which loom reports.
        drop(slots);
    });
}
