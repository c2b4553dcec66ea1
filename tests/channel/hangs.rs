//! The ways in which a bus hangs when somebody's code panics, and what these rings do instead. For somebody who stalls
//! see [`stalls`](crate::stalls).
//!
//! Nothing here sleeps. A thread that waits gives its time slice away, and fails after so many times that only a hang
//! explains it.

use crate::kit::{panic_on_purpose, panics};
use ringmain::channel::multicast::Multicast;
use ringmain::channel::spsc;
use ringmain::contract::{Agent, Drained, End, Refused, Sink, Source, Stage, Tick, Work, each};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

fn drain(rx: &mut impl Source<Event = u64>) -> Vec<u64> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, ALL, &mut each(|event: &u64| seen.push(*event)));
    seen
}

/// A handler that panics when it meets its third event.
fn panics_at_the_third() -> impl for<'e> Stage<&'e u64> + Send {
    let mut before = 2;
    each(move |_: &u64| {
        if before == 0 {
            panic_on_purpose();
        }
        before -= 1;
    })
}

/// Pushes `0..n`, waiting where the ring is full; how many were taken before it said that it is closed.
fn push_all(tx: &mut impl Sink<Event = u64>, n: u64) -> u64 {
    let mut full = 0;
    let mut next = 0;
    while next < n {
        match tx.push(next) {
            Ok(()) => (next, full) = (next + 1, 0),
            Err(refusal) if refusal.refused == Refused::Closed => break,
            Err(_) => {
                full += 1;
                assert!(full < 10_000_000, "the producer hangs at {next}");
                std::thread::yield_now();
            }
        }
    }
    next
}

/// Gives `agent` turns until it panics.
fn work_until_panic(agent: &mut impl Agent) {
    for _ in 0..10_000_000 {
        let mut work = Work::Idle;
        if panics(|| work = agent.work(NOW)) {
            assert_eq!(agent.work(NOW), Work::Done);
            return;
        }
        assert_ne!(work, Work::Done, "the end came before the panic");
        std::thread::yield_now();
    }
    panic!("the handler never met its third event");
}

// ------------------------------------------------------------------------------------------- a fill that panics

/// A slot claimed and lost must not hide what comes behind it, nor keep the end from coming.
#[test]
fn after_a_fill_that_panics_every_later_event_arrives_and_the_end_comes() {
    let mut ring = Multicast::many(16, || 0).unwrap();
    let mut readers = [ring.reader("a", &[]), ring.reader("b", &[])];
    let mut behind = ring.reader("behind", &[&readers[0], &readers[1]]);
    let mut tx = ring.build().unwrap();
    let mut other = tx.clone();

    assert!(panics(|| tx.offer(|_| panic_on_purpose())));
    for n in 0..5 {
        tx.push(2 * n).unwrap();
        other.push(2 * n + 1).unwrap();
    }
    let all: Vec<u64> = (0..10).collect();
    assert!(readers.iter_mut().all(|reader| drain(reader) == all));
    assert_eq!(drain(&mut behind), all);

    drop(tx);
    drop(other);
    let end = Drained { count: 0, end: Some(End::Closed) };
    assert!(readers.iter_mut().all(|reader| reader.drain(NOW, ALL, &mut each(|_: &u64| ())) == end));
}

// ---------------------------------------------------------------------------------------- a handler that panics

/// The pump is kept alive after the panic, so it is the panic that frees the producer, not the thread that ends.
#[test]
fn a_producer_is_told_when_its_reader_panics() {
    fn told<T: Sink<Event = u64> + Send>(mut tx: T, rx: impl Source<Event = u64> + Send) -> (T, u64) {
        let mut pump = rx.drive(panics_at_the_third());
        let taken = std::thread::scope(|scope| {
            let producer = scope.spawn(|| push_all(&mut tx, 200));
            work_until_panic(&mut pump);
            producer.join().unwrap()
        });
        // Two events were consumed, and the ring has 64 slots.
        assert!((3..=66).contains(&taken), "{taken} of 200 were taken");
        drop(pump);
        (tx, taken)
    }

    let (tx, rx) = spsc::channel(64, || 0).unwrap();
    let (tx, taken) = told(tx, rx);
    assert_eq!((tx.is_closed(), tx.len() as u64), (true, taken - 2));

    let mut ring = Multicast::new(64, || 0).unwrap();
    let rx = ring.reader("rx", &[]);
    let (tx, taken) = told(ring.build().unwrap(), rx);
    assert_eq!((tx.closed_by(), tx.len() as u64), (Some("rx"), taken - 2));

    let mut ring = Multicast::many(64, || 0).unwrap();
    let rx = ring.reader("rx", &[]);
    let (tx, _) = told(ring.build().unwrap(), rx);
    assert_eq!(tx.closed_by(), Some("rx"));
}

/// A reader that may leave may panic, too: the others do not notice.
#[test]
fn an_optional_reader_that_panics_holds_nobody_up() {
    let mut ring = Multicast::many(64, || 0).unwrap();
    let mut main = ring.reader("main", &[]);
    let view = ring.optional().reader("view", &[]);
    let mut tx = ring.build().unwrap();
    let mut view = view.drive(panics_at_the_third());
    std::thread::scope(|scope| {
        let producer = scope.spawn(move || push_all(&mut tx, 200));
        let reader = scope.spawn(move || {
            let mut seen = Vec::new();
            while !main.is_closed() {
                seen.extend(drain(&mut main));
                std::thread::yield_now();
            }
            seen
        });
        work_until_panic(&mut view);
        assert_eq!(producer.join().unwrap(), 200);
        assert_eq!(reader.join().unwrap(), (0..200).collect::<Vec<u64>>());
    });
}

/// In whatever order the parts are dropped after the panic.
#[test]
fn after_a_panic_everything_can_be_dropped() {
    for order in 0..6 {
        let mut ring = Multicast::many(4, || 0).unwrap();
        let rx = ring.reader("rx", &[]);
        let behind = ring.reader("behind", &[&rx]);
        let mut tx = ring.build().unwrap();
        let mut pump = rx.drive(panics_at_the_third());
        assert_eq!(push_all(&mut tx, 4), 4);
        work_until_panic(&mut pump);
        let mut parts: Vec<Box<dyn std::any::Any>> = vec![Box::new(pump), Box::new(tx), Box::new(behind)];
        drop(parts.remove(order % 3));
        drop(parts.remove(order / 3));
    }
}
