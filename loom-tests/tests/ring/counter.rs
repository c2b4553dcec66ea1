//! A statistic: whatever is read was written, and it does not go back.

use super::common::outcomes;
use loom::{sync::Arc, thread};
use ringmain::ring::Counter;

#[test]
fn a_reader_sees_what_was_written_in_order() {
    let legal = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];
    outcomes("counter: read in the order written", &legal, || {
        let counter = Arc::new(Counter::default());
        let writer = Arc::clone(&counter);
        let writer = thread::spawn(move || {
            writer.set(1);
            writer.set(2);
        });
        let read = (counter.get(), counter.get());
        writer.join().unwrap();
        assert_eq!(counter.get(), 2);
        read
    });
}
