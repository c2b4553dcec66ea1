//! The feed on its own: when rows are due, and what it does when the ring is full or gone.

use crate::market::{
    event::Event,
    feed::{Feed, Pace},
    lines::Lines,
};
use ringmain::{
    channel::spsc,
    contract::{Agent, ManualClock, Source, Tick, Work, each},
    metric::{Latencies, OneIn},
};

const ROW: &str = "34200.5,1,7,100,5850000,1\n";

/// A feed of so many rows into a ring of four slots.
fn feed(
    rows: usize,
    pace: Option<Pace>,
) -> (Feed<std::io::Cursor<String>, spsc::Producer<Event>, ManualClock>, spsc::Consumer<Event>) {
    let (tx, rx) = spsc::channel(4, Event::blank).unwrap();
    let probe = Latencies::new().probe("parse", ManualClock::new(), OneIn::ONE);
    let lines = Lines::new(std::io::Cursor::new(ROW.repeat(rows)), 0);
    (Feed::new(lines, tx, pace, probe), rx)
}

/// The numbers and due times that are in the ring now.
fn taken(rx: &mut spsc::Consumer<Event>) -> Vec<(u64, u64)> {
    let mut seen = Vec::new();
    let _ = rx.drain(
        Tick::ZERO,
        usize::MAX,
        &mut each(|event: &Event| {
            assert!(event.row().is_some());
            seen.push((event.number, event.due.nanos()));
        }),
    );
    seen
}

#[test]
fn rows_are_due_at_the_rate_and_not_sent_before() {
    // Three a second: a third of a nanosecond is lost in no row.
    let due = [0, 333_333_333, 666_666_666, 1_000_000_000, 1_333_333_333, 1_666_666_666, 2_000_000_000];
    let (mut feed, mut rx) = feed(due.len(), Some(Pace::new(3)));
    let start = 77;
    assert_eq!(feed.work(Tick::from_nanos(start)), Work::Idle, "it reads first");
    for (n, due) in due.into_iter().enumerate() {
        if n > 0 {
            assert_eq!(feed.work(Tick::from_nanos(start + due - 1)), Work::Idle);
        }
        assert_eq!(feed.work(Tick::from_nanos(start + due)), Work::Busy(1));
        assert_eq!(taken(&mut rx), [(n as u64 + 1, start + due)]);
    }
    let late = Tick::from_nanos(9_000_000_000);
    assert_eq!(feed.work(late), Work::Done);
    assert_eq!(feed.account().read().check(), Ok(()));
}

#[test]
fn a_row_that_is_sent_late_is_still_due_when_it_was() {
    let (mut feed, mut rx) = feed(6, Some(Pace::new(1_000_000_000)));
    assert_eq!(feed.work(Tick::from_nanos(10)), Work::Idle);
    assert_eq!(feed.work(Tick::from_nanos(10)), Work::Busy(1));
    assert_eq!(feed.work(Tick::from_nanos(500)), Work::Busy(3), "the ring has four slots");
    assert_eq!(feed.work(Tick::from_nanos(600)), Work::Idle, "and they are full");
    assert_eq!(taken(&mut rx), [(1, 10), (2, 11), (3, 12), (4, 13)]);
    assert_eq!(feed.work(Tick::from_nanos(700)), Work::Busy(2));
    assert_eq!(taken(&mut rx), [(5, 14), (6, 15)]);
}

#[test]
fn without_a_rate_a_row_is_due_when_it_is_read() {
    let (mut feed, mut rx) = feed(3, None);
    assert_eq!(feed.work(Tick::from_nanos(5)), Work::Idle);
    assert_eq!(feed.work(Tick::from_nanos(6)), Work::Busy(3));
    assert_eq!(taken(&mut rx), [(1, 6), (2, 6), (3, 6)]);
}

#[test]
fn it_ends_when_nobody_reads() {
    let (mut feed, rx) = feed(100, None);
    assert_eq!(feed.work(Tick::ZERO), Work::Idle);
    assert_eq!(feed.work(Tick::ZERO), Work::Busy(4));
    drop(rx);
    assert_eq!(feed.work(Tick::ZERO), Work::Done);
    assert_eq!(feed.work(Tick::ZERO), Work::Done);
    let books = feed.account().read();
    assert_eq!((books.generated, books.check()), (4, Ok(())), "rows that were not read are nobody's");
}
