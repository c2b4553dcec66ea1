//! The newest value only: a read gets a whole value, never an older one than before, and knows how many were conflated.
//!
//! Value `n` is the pair of `n`s, at the `n`th position; 0 is the initial one. Two slots, so that two values are enough
//! to overwrite what is being read.

use super::common::outcomes;
use super::{ALL, NOW, start};
use loom::thread;
use ringmain::channel::latest::{self, NoValue, Producer, Reader, Reading};
use ringmain::contract::{At, Drained, End, Flow, Halt, Sink, Source};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

type Pair = [u64; 2];

fn ends() -> (Producer<Pair>, Reader<Pair>) {
    latest::channel_from(start(), 2, [0; 2])
}

/// Publishes so many more values.
fn publish(tx: &mut Producer<Pair>, n: u64) {
    for _ in 0..n {
        tx.offer(|pair| *pair = pair.map(|number| number + 1)).unwrap();
    }
}

/// The number of a reading, checked.
fn number(reading: Reading<Pair>) -> u64 {
    let number = reading.seq.since(start());
    assert_eq!(reading.value, [number; 2]);
    number
}

/// The number of the newest value if it is news, checked.
fn recv(rx: &mut Reader<Pair>) -> Result<u64, NoValue> {
    let (before, missed) = (rx.next(), rx.missed());
    let reading = rx.recv()?;
    assert_eq!((reading.seq.since(before), rx.missed() - missed), (reading.conflated, reading.conflated));
    assert_eq!(rx.next(), reading.seq.next());
    Ok(number(reading))
}

/// One turn of a stage that says `flow`; the number of the value it saw.
fn drain(rx: &mut Reader<Pair>, flow: Flow) -> (Option<u64>, Drained) {
    let mut seen = None;
    let drained = rx.drain(NOW, ALL, &mut |pair: &Pair, at: At| {
        seen = Some(at.seq.since(start()));
        assert_eq!(Some(*pair), seen.map(|number| [number; 2]));
        flow
    });
    (seen, drained)
}

/// There is a value to read at any time, also while two newer ones are written; and no way back.
#[test]
fn there_is_always_a_value_to_read() {
    outcomes("latest: read", &[(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)], || {
        let (mut tx, mut rx) = ends();
        let producer = thread::spawn(move || {
            publish(&mut tx, 2);
            tx
        });
        let ends = (number(rx.read()), number(rx.read()));
        let _tx = producer.join().unwrap();
        assert_eq!((number(rx.read()), rx.next().since(start())), (2, 3));
        ends
    });
}

#[test]
fn news_are_told_once_and_what_was_conflated_is_counted() {
    let legal: Vec<_> = [(0, None), (0, Some(1)), (0, Some(2)), (1, None), (1, Some(2)), (2, None)].into();
    outcomes("latest: recv", &legal, || {
        let (mut tx, mut rx) = ends();
        let producer = thread::spawn(move || {
            publish(&mut tx, 2);
            tx
        });
        let (first, second) = (recv(&mut rx).unwrap(), recv(&mut rx).ok());
        let _tx = producer.join().unwrap();
        let third = recv(&mut rx).ok();
        assert!(rx.is_empty() && recv(&mut rx) == Err(NoValue::Unchanged));
        let told = 1 + u64::from(second.is_some()) + u64::from(third.is_some());
        assert_eq!(told + rx.missed(), 3);
        (first, second)
    });
}

/// The last value is news before the end is.
#[test]
fn the_last_value_is_seen_before_the_end() {
    let unchanged = Err(NoValue::Unchanged);
    let legal = [(0, unchanged), (0, Ok(1)), (1, unchanged), (1, Err(NoValue::Closed))]
        .map(|(a, b)| (a, format!("{b:?}")));
    outcomes("latest: the producer goes", &legal, || {
        let (mut tx, mut rx) = ends();
        let producer = thread::spawn(move || publish(&mut tx, 1));
        let ends = (recv(&mut rx).unwrap(), format!("{:?}", recv(&mut rx)));
        producer.join().unwrap();
        let _ = recv(&mut rx);
        assert_eq!(recv(&mut rx), Err(NoValue::Closed));
        assert_eq!((rx.is_closed(), number(rx.read())), (true, 1));
        ends
    });
}

#[test]
fn a_turn_shows_one_value() {
    let legal = [(Some(0), None), (Some(0), Some(1)), (Some(1), None)];
    outcomes("latest: drain", &legal, || {
        let (mut tx, mut rx) = ends();
        let producer = thread::spawn(move || publish(&mut tx, 1));
        let (first, drained) = drain(&mut rx, Ok(()));
        assert_eq!(drained, Drained { count: 1, end: None });
        let (second, drained) = drain(&mut rx, Ok(()));
        assert_eq!(drained.count, usize::from(second.is_some()));
        producer.join().unwrap();
        let _ = drain(&mut rx, Ok(()));
        assert_eq!(drain(&mut rx, Ok(())).1, Drained { count: 0, end: Some(End::Closed) });
        (first, second)
    });
}

/// The contract of `Again`: the same value, though it is overwritten meanwhile; the newest comes behind it.
#[test]
fn a_value_wanted_again_comes_again() {
    outcomes("latest: again", &[0, 1, 2], || {
        let (mut tx, mut rx) = ends();
        let producer = thread::spawn(move || publish(&mut tx, 2));
        let (wanted, drained) = drain(&mut rx, Err(Halt::Again));
        assert_eq!(drained, Drained { count: 0, end: Some(End::Halted(Halt::Again)) });
        producer.join().unwrap();
        assert_eq!(number(rx.clone().read()), 2);
        assert_eq!(drain(&mut rx, Ok(())).0, wanted);
        let (newest, _) = drain(&mut rx, Ok(()));
        assert_eq!(newest, (wanted != Some(2)).then_some(2));
        wanted.unwrap()
    });
}

#[test]
fn two_readers_are_independent() {
    let legal: Vec<_> = (0..2).flat_map(|a| (0..2).map(move |b| (a, b))).collect();
    outcomes("latest: two readers", &legal, || {
        let (mut tx, mut rx) = ends();
        let mut other = rx.clone();
        let other = thread::spawn(move || (number(other.read()), other));
        let producer = thread::spawn(move || {
            publish(&mut tx, 1);
            tx
        });
        let mine = number(rx.read());
        let (theirs, mut other) = other.join().unwrap();
        let tx = producer.join().unwrap();
        assert_eq!((number(rx.read()), number(other.read()), tx.readers()), (1, 1, 2));
        (mine, theirs)
    });
}

/// Readers come and go while the producer writes; the newest value is news to one that comes.
#[test]
fn readers_that_come_and_go() {
    outcomes("latest: readers come and go", &[1, 2], || {
        let (mut tx, rx) = ends();
        let late = tx.subscribe();
        let other = thread::spawn(move || {
            drop(rx);
            let mut late = late;
            recv(&mut late).unwrap()
        });
        publish(&mut tx, 1);
        let there = tx.readers();
        assert!(there <= 2);
        assert!(other.join().unwrap() <= 1);
        assert_eq!((tx.readers(), recv(&mut tx.subscribe())), (0, Ok(1)));
        there.max(1)
    });
}

#[test]
fn a_fill_that_panics_changes_nothing() {
    outcomes("latest: a fill that panics", &[0, 1], || {
        let (mut tx, mut rx) = ends();
        let producer = thread::spawn(move || {
            let fill = |pair: &mut Pair| -> Flow {
                *pair = [9, 9];
                resume_unwind(Box::new("on purpose"))
            };
            assert!(catch_unwind(AssertUnwindSafe(|| tx.fill(fill))).is_err());
            publish(&mut tx, 1);
        });
        let seen = number(rx.read());
        producer.join().unwrap();
        assert_eq!(number(rx.read()), 1);
        seen
    });
}
