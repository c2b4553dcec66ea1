//! A stage between two rings, each of which has another thread at its far end.

use crate::common::outcomes;
use loom::thread;
use ringmain::channel::spsc::{self, channel_from};
use ringmain::contract::{Agent, Reason, Sink, Source, SourceMut, Tick, Work, each};
use ringmain::pattern::Forward;
use ringmain::ring::Sequence;

const NOW: Tick = Tick::ZERO;
/// The rings wrap at once.
const START: Sequence = Sequence::ZERO.minus(1);

/// What `rx` has now, after what it had before.
fn take(rx: &mut spsc::Consumer<u64>, log: &mut Vec<u64>) {
    let _ = rx.drain(NOW, usize::MAX, &mut each(|n: &u64| log.push(*n)));
}

/// Three threads, rings of one slot: what the first ring took comes out of the second, once and in order,
/// whichever of them was full when.
#[test]
fn forward_loses_and_repeats_nothing_between_two_rings() {
    // Events that the producer could place.
    outcomes("forward: nothing lost between two rings", &[1, 2], || {
        let (mut tx, from) = channel_from(START, 1, || 0u64).unwrap();
        let (to, mut rx) = channel_from(START, 1, || 0u64).unwrap();
        let producer = thread::spawn(move || (1..=2).take_while(|n| tx.push(*n).is_ok()).count() as u64);
        let forwarder = thread::spawn(move || {
            let mut agent = from.drive_mut(Forward::new(to));
            let _ = agent.work(NOW);
            let _ = agent.work(NOW);
            agent
        });
        let mut log = Vec::new();
        take(&mut rx, &mut log);
        let placed = producer.join().unwrap();
        let mut agent = forwarder.join().unwrap();
        for _ in 0..2 {
            let _ = agent.work(NOW);
            take(&mut rx, &mut log);
        }
        assert_eq!(log, (1..=placed).collect::<Vec<_>>());
        placed
    });
}

/// The reader of the second ring goes away: each event is delivered or booked as dropped, and the agent ends.
#[test]
fn forward_books_what_a_closed_ring_did_not_take() {
    // Delivered, dropped. Not one each: a producer that saw room for two does not look again before it used
    // that up.
    outcomes("forward: a ring that closes", &[(0, 1), (2, 0)], || {
        let (mut tx, from) = channel_from(START, 2, || 0u64).unwrap();
        let (to, rx) = channel_from(START, 2, || 0u64).unwrap();
        tx.push(1).unwrap();
        tx.push(2).unwrap();
        drop(tx);
        let forward = Forward::new(to);
        let account = forward.account();
        let reader = thread::spawn(move || drop(rx));
        let mut agent = from.drive(forward);
        assert_eq!(agent.work(NOW), Work::Done);
        reader.join().unwrap();
        let books = account.read();
        assert_eq!(books.check(), Ok(()));
        (books.out, books.dropped[Reason::Shutdown])
    });
}
