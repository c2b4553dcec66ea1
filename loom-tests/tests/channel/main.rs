//! The models of `src/channel/`: whole rings, by their public verbs.
//!
//! Each model gives every thread a fixed number of turns (nobody waits in a loop), gets the ends back at `join`, takes
//! out alone what is left, and asserts that what was accepted is what was seen. Rings start at the last position before
//! the wrap, and are so small that they wrap.
//!
//! What several rings have to do is written once, in `many_producers` and `one_producer`; the file of a ring says at its
//! head which of that it passes, and holds what is its own.

#[path = "../common/mod.rs"]
mod common;

mod broadcast;
mod bytes;
mod latest;
mod many_producers;
mod mpmc;
mod mpsc;
mod multicast;
mod one_producer;
mod publish_subscribe;
mod spmc;
mod spsc;

use loom::{
    alloc::Track,
    thread::{self, JoinHandle},
};
use ringmain::contract::{At, End, Flow, Halt, Refused, Sink, Source, Tick, each};
use ringmain::ring::Sequence;

/// A number that loom misses if it is never dropped.
type Event = Track<u64>;

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

/// A producer and a consumer, as far as models need them.
trait Tx: Sink<Event = Event> + 'static {}
impl<T: Sink<Event = Event> + 'static> Tx for T {}
trait Rx: Source<Event = Event> + 'static {}
impl<T: Source<Event = Event> + 'static> Rx for T {}

/// A test for each shared model that a ring passes: `passes! { file("ring", ends): model, model(more) }`.
macro_rules! passes {
    ($file:ident($ring:literal, $ends:expr): $($model:ident $(($($more:expr),+))?),+ $(,)?) => {$(
        #[test]
        fn $model() {
            $crate::$file::$model($ring, $ends $($(, $more)+)?);
        }
    )+};
}
use passes;

/// The last position before the wrap, where every model starts.
fn start() -> Sequence {
    Sequence::ZERO.minus(1)
}

fn offer(tx: &mut impl Sink<Event = Event>, n: u64) -> Result<(), Refused> {
    tx.offer(|slot| *slot = Track::new(n))
}

/// Offers `n` and says whether it was taken; a ring that is closed is a mistake.
fn takes(tx: &mut impl Sink<Event = Event>, n: u64) -> bool {
    match offer(tx, n) {
        Ok(()) => true,
        Err(Refused::Full) => false,
        Err(Refused::Closed) => panic!("closed while everybody is there"),
    }
}

/// Offers `n` on a thread of its own; whether it was taken, and the producer.
fn offering<K: Tx>(mut tx: K, n: u64) -> JoinHandle<(bool, K)> {
    thread::spawn(move || (takes(&mut tx, n), tx))
}

/// Makes two offers on a thread of its own, of `n` and, if that was taken, of the number behind it; which were taken, and
/// the producer.
fn offering_twice<K: Tx>(mut tx: K, n: u64) -> JoinHandle<([bool; 2], K)> {
    thread::spawn(move || {
        let first = takes(&mut tx, n);
        ([first, takes(&mut tx, n + u64::from(first))], tx)
    })
}

/// Ends of a ring that holds `1..=capacity`.
fn full<K: Tx, C>(ends: fn(usize) -> (K, C), capacity: usize) -> (K, C) {
    let (mut tx, rx) = ends(capacity);
    assert_eq!(batch(&mut tx, 1, capacity), capacity as u64);
    (tx, rx)
}

/// Offers up to `n` numbers from `from` in one claim; how many were taken.
fn batch(tx: &mut impl Sink<Event = Event>, from: u64, n: usize) -> u64 {
    let filled = tx.fill_many(n, |i, slot| {
        *slot = Track::new(from + i as u64);
        Ok(())
    });
    filled.count as u64
}

/// One turn: what is there now.
fn take(rx: &mut impl Source<Event = Event>) -> Vec<u64> {
    take_some(rx, ALL).0
}

/// One turn of at most `limit`, and whether it met the end.
fn take_some(rx: &mut impl Source<Event = Event>, limit: usize) -> (Vec<u64>, bool) {
    let mut seen = Vec::new();
    let drained = rx.drain(NOW, limit, &mut each(|event: &Event| seen.push(*event.get_ref())));
    assert_eq!(drained.count, seen.len());
    (seen, drained.end == Some(End::Closed))
}

/// One turn of at most `limit` on a thread of its own; what it saw, and the consumer.
fn taking<C: Rx>(mut rx: C, limit: usize) -> JoinHandle<(Vec<u64>, C)> {
    thread::spawn(move || (take_some(&mut rx, limit).0, rx))
}

/// One turn of a stage that looks at the first event and wants it again: whether there was one.
fn peek(rx: &mut impl Source<Event = Event>) -> bool {
    let mut looked = false;
    let drained = rx.drain(NOW, ALL, &mut |event: &Event, _: At| -> Flow {
        looked = *event.get_ref() != 0;
        Err(Halt::Again)
    });
    assert_eq!((drained.count, drained.end == Some(End::Halted(Halt::Again))), (0, looked));
    looked
}

/// Two turns of the consumer beside the producers, and one when they are done; what these give back lives as long.
fn turns<C, T, K, const N: usize>(
    rx: &mut C,
    turn: impl Fn(&mut C) -> T,
    producers: [JoinHandle<K>; N],
) -> [T; 3] {
    let (first, second) = (turn(rx), turn(rx));
    let _done = producers.map(|producer| producer.join().unwrap());
    [first, second, turn(rx)]
}

/// Each producer offers one event and goes, and the end is behind all of them. Events seen and the end met, in each of
/// two turns meanwhile.
fn until_the_end<K: Tx, C: Rx, const N: usize>(
    (producers, mut rx): ([K; N], C),
    is_closed: fn(&C) -> bool,
) -> (usize, bool, usize, bool) {
    let mut sent = 0;
    let producers = producers.map(|mut tx| {
        sent += 1;
        thread::spawn(move || offer(&mut tx, sent).unwrap())
    });
    let [(first, ended), (second, ended_then), (third, closed)] =
        turns(&mut rx, |rx| take_some(rx, ALL), producers);
    let counts = (first.len(), ended, second.len(), ended_then);
    let mut seen = [first, second, third].concat();
    seen.sort_unstable();
    assert_eq!((seen, closed, is_closed(&rx)), ((1..=sent).collect(), true, true));
    counts
}
