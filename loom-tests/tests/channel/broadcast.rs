//! One producer that waits for nobody: a reader gets whole events, in order, and knows exactly how many it did not get.
//!
//! Event `n` is the number `n`, at the `n`th position, so that what a reader says of itself can be checked.

use super::common::outcomes;
use super::{ALL, NOW, start};
use loom::thread;
use ringmain::channel::broadcast::{self, Join, NoEvent, Producer, Reader};
use ringmain::contract::{At, End, Flow, Halt, Sink, Source};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

fn ends(capacity: usize) -> (Producer<u64>, Reader<u64>) {
    broadcast::channel_from(start(), capacity).unwrap()
}

/// Publishes so many more events.
fn publish(tx: &mut Producer<u64>, n: u64) {
    for _ in 0..n {
        let number = tx.next().since(start());
        tx.push(number).unwrap();
    }
}

/// How far a reader is.
fn place(rx: &Reader<u64>) -> u64 {
    rx.next().since(start())
}

/// One `recv`, checked: the event is that of the position, and a gap is as long as it says.
fn recv(rx: &mut Reader<u64>) -> Result<u64, NoEvent> {
    let (before, missed) = (place(rx), rx.missed());
    let got = rx.recv();
    let (moved, more) = (place(rx) - before, rx.missed() - missed);
    match got {
        Ok(event) => assert_eq!((event, moved, more), (before, 1, 0)),
        Err(NoEvent::Lagged(n)) => assert!(n > 0 && n == moved && n == more),
        Err(_) => assert_eq!((moved, more), (0, 0)),
    }
    got
}

/// What is left when nobody writes: everything up to `until`, in order, behind at most one more lag.
fn rest(rx: &mut Reader<u64>, until: u64) {
    while place(rx) < until {
        let got = recv(rx);
        assert!(!matches!(got, Err(NoEvent::Empty | NoEvent::Closed)), "lost in front of {until}");
    }
    assert_eq!(place(rx), until);
}

/// A result of `recv` that can be pinned; of an event only that it came.
fn name(got: Result<u64, NoEvent>) -> &'static str {
    match got {
        Ok(_) => "event",
        Err(NoEvent::Empty) => "empty",
        Err(NoEvent::Lagged(_)) => "lagged",
        Err(NoEvent::Closed) => "closed",
    }
}

#[test]
fn what_is_published_is_seen_by_both() {
    let legal: Vec<_> = (0..2).flat_map(|a| (0..2).map(move |b| (a, b))).collect();
    outcomes("broadcast: publish to two", &legal, || {
        let (mut tx, mut rx) = ends(2);
        let mut other = rx.clone();
        let other = thread::spawn(move || (u64::from(recv(&mut other).is_ok()), other));
        let producer = thread::spawn(move || {
            publish(&mut tx, 1);
            tx
        });
        let mine = u64::from(recv(&mut rx).is_ok());
        let (theirs, mut other) = other.join().unwrap();
        let _tx = producer.join().unwrap();
        rest(&mut rx, 1);
        rest(&mut other, 1);
        (mine, theirs)
    });
}

/// The producer comes round while the reader looks: an event or a lag, and the two together leave nothing out.
#[test]
fn a_reader_that_is_lapped_knows_what_it_missed() {
    for (capacity, legal) in [
        // Where it stands after one look, and after two.
        (
            1,
            vec![
                ("event", "empty"),
                ("event", "event"),
                ("event", "lagged"),
                ("lagged", "empty"),
                ("lagged", "event"),
                ("lagged", "lagged"),
            ],
        ),
        (2, vec![("event", "event"), ("event", "lagged"), ("lagged", "event"), ("lagged", "lagged")]),
    ] {
        outcomes(&format!("broadcast: lapped, capacity {capacity}"), &legal, move || {
            let (mut tx, mut rx) = ends(capacity);
            publish(&mut tx, capacity as u64);
            let producer = thread::spawn(move || {
                publish(&mut tx, 2);
                tx
            });
            let (first, second) = (recv(&mut rx), recv(&mut rx));
            let _tx = producer.join().unwrap();
            rest(&mut rx, capacity as u64 + 2);
            (name(first), name(second))
        });
    }
}

/// A reader that sleeps for laps and wakes while the producer writes on.
#[test]
fn a_reader_that_overslept_stands_at_the_oldest() {
    let legal = [(1, false), (1, true), (2, false), (2, true), (3, true)];
    outcomes("broadcast: overslept", &legal, || {
        let (mut tx, mut rx) = ends(2);
        publish(&mut tx, 3);
        let producer = thread::spawn(move || {
            publish(&mut tx, 2);
            tx
        });
        let Err(NoEvent::Lagged(n)) = recv(&mut rx) else { panic!("event 0 was gone before") };
        let got = recv(&mut rx).is_ok();
        let _tx = producer.join().unwrap();
        rest(&mut rx, 5);
        (n, got)
    });
}

#[test]
fn the_last_event_is_seen_before_the_end() {
    let legal = [("empty", "empty"), ("empty", "event"), ("event", "empty"), ("event", "closed")];
    outcomes("broadcast: the producer goes", &legal, || {
        let (mut tx, mut rx) = ends(2);
        let producer = thread::spawn(move || publish(&mut tx, 1));
        let ends = (recv(&mut rx), recv(&mut rx));
        producer.join().unwrap();
        rest(&mut rx, 1);
        assert_eq!(recv(&mut rx), Err(NoEvent::Closed));
        assert!(rx.is_closed());
        (name(ends.0), name(ends.1))
    });
}

/// Also if the end comes while it is lapped: nothing is "closed" away.
#[test]
fn a_reader_that_lags_at_the_end_gets_what_is_left() {
    outcomes("broadcast: lapped at the end", &["event", "lagged"], || {
        let (mut tx, mut rx) = ends(1);
        publish(&mut tx, 1);
        let producer = thread::spawn(move || publish(&mut tx, 2));
        let first = recv(&mut rx);
        producer.join().unwrap();
        rest(&mut rx, 3);
        assert_eq!(recv(&mut rx), Err(NoEvent::Closed));
        name(first)
    });
}

/// A turn of a stage: what it shows and what it passes over is all there was, and it ends.
#[test]
fn a_drain_passes_over_what_it_missed() {
    // Events shown, and missed.
    let legal = [(0, 1), (0, 2), (1, 0), (1, 1), (1, 2)];
    outcomes("broadcast: drain", &legal, || {
        let (mut tx, mut rx) = ends(1);
        publish(&mut tx, 1);
        let producer = thread::spawn(move || {
            publish(&mut tx, 2);
            tx
        });
        let mut shown = Vec::new();
        let drained = rx.drain(NOW, ALL, &mut |event: &u64, at: At| -> Flow {
            assert_eq!(*event, at.seq.since(start()));
            shown.push(*event);
            Ok(())
        });
        assert!(shown.is_sorted() && drained.count == shown.len() && shown.len() <= 1);
        assert_eq!(place(&rx), shown.len() as u64 + rx.missed());
        let missed = rx.missed();
        let _tx = producer.join().unwrap();
        rest(&mut rx, 3);
        (shown.len(), missed)
    });
}

/// The contract of `Again`: the same event, though it is overwritten meanwhile.
#[test]
fn an_event_wanted_again_comes_again() {
    outcomes("broadcast: again", &[0, 1], || {
        let (mut tx, mut rx) = ends(1);
        publish(&mut tx, 1);
        let producer = thread::spawn(move || {
            publish(&mut tx, 1);
            tx
        });
        let mut wanted = None;
        let drained = rx.drain(NOW, ALL, &mut |event: &u64, _: At| -> Flow {
            wanted = Some(*event);
            Err(Halt::Again)
        });
        assert_eq!((drained.count, drained.end.is_some()), (0, wanted.is_some()));
        let _tx = producer.join().unwrap();
        let first = wanted.unwrap_or(1);
        assert_eq!(recv(&mut rx.clone()).ok(), wanted.or(Some(1)));
        assert_eq!(recv(&mut rx), Ok(first));
        rest(&mut rx, 2);
        assert_eq!(rx.missed(), first);
        first
    });
}

/// Readers come and go while the producer writes; one that joins finds what was there.
#[test]
fn readers_that_come_and_go() {
    let legal: Vec<_> = [0, 1].iter().flat_map(|a| [1, 2].map(|b| (*a, b))).collect();
    outcomes("broadcast: readers come and go", &legal, || {
        let (mut tx, rx) = ends(2);
        publish(&mut tx, 1);
        let joiner = thread::spawn(move || {
            let newest = rx.subscribe(Join::Newest);
            let oldest = rx.subscribe(Join::Oldest);
            assert_eq!(place(&oldest), 0);
            drop(rx);
            (place(&newest), oldest)
        });
        publish(&mut tx, 1);
        let there = tx.readers();
        assert!((1..=3).contains(&there));
        let (newest, mut oldest) = joiner.join().unwrap();
        assert_eq!(tx.readers(), 1);
        rest(&mut oldest, 2);
        drop(oldest);
        assert_eq!(tx.readers(), 0);
        publish(&mut tx, 1);
        (newest, there.min(2))
    });
}

/// A fill that panics beside a reader in the very slot: nothing is published, and nothing overwritten.
#[test]
fn a_fill_that_panics_touches_no_slot() {
    outcomes("broadcast: a fill that panics", &["event", "lagged"], || {
        let (mut tx, mut rx) = ends(1);
        publish(&mut tx, 1);
        let mut other = rx.clone();
        let producer = thread::spawn(move || {
            let fill = |_: &mut u64| -> Flow { resume_unwind(Box::new("on purpose")) };
            assert!(catch_unwind(AssertUnwindSafe(|| tx.fill(fill))).is_err());
            let before = recv(&mut other);
            publish(&mut tx, 1);
            (before, tx)
        });
        let first = recv(&mut rx);
        let (before, _tx) = producer.join().unwrap();
        assert_eq!(before, Ok(0));
        rest(&mut rx, 2);
        name(first)
    });
}

/// What a reader says of itself while the producer writes: never more than the ring holds, and never nonsense where the
/// stamps are ahead of the tail.
#[test]
fn length_is_never_nonsense() {
    outcomes("broadcast: len", &[(false, 0), (false, 1), (false, 2), (true, 0), (true, 1)], || {
        let (mut tx, mut rx) = ends(2);
        let producer = thread::spawn(move || publish(&mut tx, 2));
        let got = recv(&mut rx).is_ok();
        let len = rx.len();
        assert!(len + usize::from(got) <= 2);
        assert!(len == 0 || !rx.is_empty());
        let end = rx.drain(NOW, 0, &mut |_: &u64, _: At| -> Flow { unreachable!("the limit is 0") });
        assert_eq!((end.count, end.end == Some(End::Closed)), (0, false));
        producer.join().unwrap();
        assert_eq!(rx.len(), 2 - usize::from(got));
        rest(&mut rx, 2);
        (got, len)
    });
}
