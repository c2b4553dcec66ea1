//! A tally loses no count, whoever raises or lowers it.

use super::common::outcomes;
use loom::{sync::Arc, thread};
use ringmain::ring::Tally;

#[test]
fn no_count_is_lost() {
    outcomes("tally: two writers", &[2, 5], || {
        let tally = Arc::new(Tally::new());
        let other = Arc::clone(&tally);
        let writer = thread::spawn(move || other.add(3));
        tally.add(2);
        let between = tally.get();
        writer.join().unwrap();
        assert_eq!(tally.get(), 5);
        between
    });
}

#[test]
fn what_is_added_can_be_removed() {
    outcomes("tally: one adds, one removes", &[1, 2], || {
        let tally = Arc::new(Tally::new());
        tally.add(2);
        let other = Arc::clone(&tally);
        let writer = thread::spawn(move || other.add(1));
        tally.remove(1);
        let between = tally.get();
        writer.join().unwrap();
        assert_eq!(tally.get(), 2);
        between
    });
}
