//! The ways in which a bus hangs when somebody's code panics or stalls, and what these rings do instead.
//!
//! Nothing here sleeps. A thread that waits gives its time slice away, and fails after so many times that only a hang
//! explains it.

use ringmain::channel::multicast::{Many, Multicast, SharedProducer};
use ringmain::channel::{mpsc as channels, spsc};
use ringmain::contract::{
    Agent, At, Drained, End, Fault, Flow, Halt, Refused, Sink, Source, Stage, Tick, Work, each,
};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

/// Without the hook, which would print.
fn panic_on_purpose() -> ! {
    resume_unwind(Box::new("on purpose"))
}

fn panics<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

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

/// Wherever in a batch it happens, and however often: a lap of lost slots does not fill the ring for good.
#[test]
fn a_batch_may_panic_at_any_slot() {
    let mut ring = Multicast::many(4, || 0).unwrap();
    let mut rx = ring.reader("rx", &[]);
    let mut tx = ring.build().unwrap();
    for fatal in [0, 1, 2, 3].repeat(3) {
        let batch = |tx: &mut SharedProducer<u64>| {
            tx.fill_many(4, |i, slot| {
                if i == fatal {
                    panic_on_purpose();
                }
                *slot = i as u64;
                Ok(())
            })
        };
        assert!(panics(|| batch(&mut tx)));
        assert_eq!(drain(&mut rx), (0..fatal as u64).collect::<Vec<_>>());
        tx.push(9).unwrap();
        assert_eq!(drain(&mut rx), [9]);
    }
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

    let (tx, rx) = channels::channel(64, || 0).unwrap();
    let (tx, taken) = told(tx, rx);
    assert_eq!((tx.is_closed(), tx.len() as u64), (true, taken - 2));

    let (mut txs, rx) = channels::lanes(2, 64, || 0).unwrap();
    let (tx, taken) = told(txs.swap_remove(0), rx);
    assert_eq!((tx.is_closed(), tx.len() as u64, txs[0].is_closed()), (true, taken - 2, true));

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

// --------------------------------------------------------------------------------------------- somebody who stalls

/// Tells a thread that stands still inside a closure to go on, at the latest when this is dropped.
struct Stalled {
    arrived: mpsc::Receiver<()>,
    _go_on: mpsc::Sender<()>,
}

impl Stalled {
    /// The thread stands still now.
    fn arrived(&self) {
        self.arrived.recv().unwrap();
    }
    fn go_on(self) {}
}

/// What the closure calls.
struct Stall {
    arrive: mpsc::Sender<()>,
    wait: mpsc::Receiver<()>,
}

impl Stall {
    fn here(&self) {
        self.arrive.send(()).unwrap();
        assert!(self.wait.recv().is_err(), "the other end says `go on` by going");
    }
}

fn stall() -> (Stalled, Stall) {
    let ((arrive, arrived), (_go_on, wait)) = (mpsc::channel(), mpsc::channel());
    (Stalled { arrived, _go_on }, Stall { arrive, wait })
}

type Fill = fn(&mut u64) -> Flow;

/// What becomes of a fill that stalled, and whether it puts 100 in.
const ENDS: [(Fill, bool); 3] = [
    (
        |slot| {
            *slot = 100;
            Ok(())
        },
        true,
    ),
    (|_| Err(Halt::Reject(Fault::new(1))), false),
    (|_| panic_on_purpose(), false),
];

/// Stands still inside of a fill, then ends it; whether it was filled.
fn fill_stalling(mut tx: impl Sink<Event = u64>, stall: Stall, end: Fill) -> bool {
    let fill = |slot: &mut u64| {
        stall.here();
        end(slot)
    };
    catch_unwind(AssertUnwindSafe(|| tx.fill(fill))).is_ok_and(|filled| filled.is_ok())
}

/// What [`ringmain::channel::multicast`] says of a producer that stalls in its fill, whatever becomes of it then.
#[test]
fn a_producer_that_stalls_stops_readers_at_its_slot_and_others_after_a_lap() {
    for (end, good) in ENDS {
        let expected: &[u64] = if good { &[100, 1, 2, 3] } else { &[1, 2, 3] };
        let mut ring = Multicast::many(4, || 0).unwrap();
        let (mut a, mut b) = (ring.reader("a", &[]), ring.reader("b", &[]));
        let mut tx = ring.build().unwrap();
        let stalls = tx.clone();
        tx.push(0).unwrap();
        let here = tx.clone();
        let (stalled, stall) = stall();
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || fill_stalling(stalls, stall, end));
            stalled.arrived();
            assert_eq!((drain(&mut a), drain(&mut b)), (vec![0], vec![0]));
            let at = a.next();
            for n in 1..=3 {
                tx.push(n).unwrap();
                assert_eq!((drain(&mut a), a.next(), a.len()), (vec![], at, 0), "it stops exactly there");
            }
            assert_eq!(tx.push(4).unwrap_err().refused, Refused::Full);
            assert_eq!((here.len(), here.free()), (4, 0));
            stalled.go_on();
            assert_eq!(thread.join().unwrap(), good);
        });
        assert_eq!((drain(&mut a), drain(&mut b)), (expected.to_vec(), expected.to_vec()));
        tx.push(5).unwrap();
        assert_eq!(drain(&mut a), [5]);
    }
}

/// What [`ringmain::channel::mpsc`] says of it: in a `channel`, the same.
#[test]
fn a_producer_that_stalls_stops_the_consumer_at_its_slot_and_others_after_a_lap() {
    for (end, good) in ENDS {
        let (mut tx, mut rx) = channels::channel(4, || 0).unwrap();
        let stalls = tx.clone();
        tx.push(0).unwrap();
        let (stalled, stall) = stall();
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || fill_stalling(stalls, stall, end));
            stalled.arrived();
            assert_eq!(drain(&mut rx), [0]);
            let at = rx.next();
            for n in 1..=3 {
                tx.push(n).unwrap();
                assert_eq!((drain(&mut rx), rx.next(), rx.len()), (vec![], at, 0), "it stops exactly there");
            }
            assert_eq!(tx.push(4).unwrap_err().refused, Refused::Full);
            assert_eq!((tx.len(), tx.free()), (4, 0));
            stalled.go_on();
            assert_eq!(thread.join().unwrap(), good);
        });
        assert_eq!(drain(&mut rx), if good { vec![100, 1, 2, 3] } else { vec![1, 2, 3] });
        tx.push(5).unwrap();
        assert_eq!(drain(&mut rx), [5]);
    }
}

/// And between `lanes`, nobody is held up: not for one event, and not after many laps.
#[test]
fn a_producer_that_stalls_in_its_lane_holds_up_nobody() {
    for (end, good) in ENDS {
        let (mut txs, mut rx) = channels::lanes(2, 4, || 0).unwrap();
        let (stalls, mut tx) = (txs.swap_remove(0), txs.swap_remove(0));
        let (stalled, stall) = stall();
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || fill_stalling(stalls, stall, end));
            stalled.arrived();
            for n in 0..100 {
                tx.push(n).unwrap();
                assert_eq!(drain(&mut rx), [n]);
            }
            assert_eq!(push_all(&mut tx, 4), 4);
            stalled.go_on();
            assert_eq!(thread.join().unwrap(), good);
        });
        let mut seen = drain(&mut rx);
        seen.sort_unstable();
        assert_eq!(seen, if good { vec![0, 1, 2, 3, 100] } else { vec![0, 1, 2, 3] });
        drop(tx);
        let end = Drained { count: 0, end: Some(End::Closed) };
        assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &u64| ())), end);
    }
}

/// A consumer that stalls in its handler refuses the producers after a lap, of the ring or of each one's lane.
#[test]
fn a_consumer_that_stalls_refuses_producers_after_a_lap() {
    fn refused<K: Sink<Event = u64>, S: Source<Event = u64> + Send>(
        mut txs: [K; 2],
        mut rx: S,
        rooms: [usize; 2],
    ) {
        txs[0].push(0).unwrap();
        let (stalled, stall) = stall();
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || {
                let _ = rx.drain(NOW, 1, &mut each(|_: &u64| stall.here()));
                rx
            });
            stalled.arrived();
            for (tx, room) in txs.iter_mut().zip(rooms) {
                let taken = (1..=9).take_while(|n| tx.push(*n).is_ok()).count();
                assert_eq!(taken, room, "and no push waits");
            }
            stalled.go_on();
            let mut rx = thread.join().unwrap();
            assert_eq!(drain(&mut rx).len(), rooms[0] + rooms[1]);
            assert!(txs.iter_mut().all(|tx| tx.push(1).is_ok()));
        });
    }
    let (tx, rx) = channels::channel(4, || 0).unwrap();
    refused([tx.clone(), tx], rx, [3, 0]);
    let (txs, rx) = channels::lanes(2, 4, || 0).unwrap();
    refused(txs.try_into().unwrap(), rx, [3, 4]);
}

/// The other reader sees all that the ring can hold, the producers are refused and not blocked, and all go on after.
#[test]
fn a_reader_that_stalls_gates_the_producers_and_no_other_reader() {
    let mut ring: Multicast<u64, Many> = Multicast::many(4, || 0).unwrap();
    let (mut stalls, mut other) = (ring.reader("stalls", &[]), ring.reader("other", &[]));
    let mut tx = ring.build().unwrap();
    tx.push(0).unwrap();
    tx.push(1).unwrap();
    let (stalled, stall) = stall();
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let mut seen = Vec::new();
            let mut stage = |event: &u64, _: At| -> Flow {
                if *event == 1 {
                    stall.here();
                }
                seen.push(*event);
                Ok(())
            };
            let _ = stalls.drain(NOW, 2, &mut stage);
            (seen, stalls)
        });
        stalled.arrived();
        // Event 1 is in hand, event 0 is given back.
        assert_eq!(drain(&mut other), [0, 1]);
        for n in 2..=4 {
            tx.clone().push(n).unwrap();
        }
        assert_eq!(tx.push(5).unwrap_err().refused, Refused::Full);
        assert_eq!(drain(&mut other), [2, 3, 4]);
        assert_eq!(tx.push(5).unwrap_err().refused, Refused::Full);
        stalled.go_on();
        let (seen, mut stalls) = thread.join().unwrap();
        assert_eq!(seen, [0, 1]);
        tx.push(5).unwrap();
        assert_eq!(drain(&mut stalls), [2, 3, 4, 5]);
    });
}
