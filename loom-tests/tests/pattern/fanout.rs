//! A fan-out into two rings, each with a reader on another thread.

use crate::common::outcomes;
use loom::thread;
use ringmain::channel::spsc::{self, channel_from};
use ringmain::contract::{At, Halt, Source, Stage, Tick, each};
use ringmain::pattern::{AllOrNothing, Fanout, Forward};
use ringmain::ring::Sequence;

const NOW: Tick = Tick::ZERO;
/// The rings wrap at once.
const START: Sequence = Sequence::ZERO.minus(1);

/// What `rx` has now, after what it had before.
fn take(rx: &mut spsc::Consumer<u64>, log: &mut Vec<u64>) {
    let _ = rx.drain(NOW, usize::MAX, &mut each(|n: &u64| log.push(*n)));
}

/// Offers events 1 and 2, the second twice, to `stage`; returns how many it consumed.
fn offer_two(stage: &mut impl for<'e> Stage<&'e u64>) -> u64 {
    let at = |n| At { seq: START.plus(n), now: NOW };
    assert_eq!(stage.on_event(&1, at(1)), Ok(()));
    let again = (0..2).all(|_| stage.on_event(&2, at(2)) == Err(Halt::Again));
    if again { 1 } else { 2 }
}

/// Rings of one slot, so the second event may find either of them full, at either try: each reader has each
/// event once.
#[test]
fn fanout_serves_each_branch_once_whichever_is_full() {
    // Events consumed, and what the branches have: one that has 2 although it comes again must not get it
    // again.
    let legal = [(1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 2, 2)];
    outcomes("fanout: each branch once", &legal, || {
        let (a, mut from_a) = channel_from(START, 1, || 0u64).unwrap();
        let (b, mut from_b) = channel_from(START, 1, || 0u64).unwrap();
        let mut fanout = Fanout::new((Forward::new(a), Forward::new(b)));
        let reader = |mut rx: spsc::Consumer<u64>| {
            thread::spawn(move || {
                let mut log = Vec::new();
                take(&mut rx, &mut log);
                (rx, log)
            })
        };
        let a = reader(from_a);
        let b = reader(from_b);
        let consumed = offer_two(&mut fanout);
        let mut log = [Vec::new(), Vec::new()];
        (from_a, log[0]) = a.join().unwrap();
        (from_b, log[1]) = b.join().unwrap();
        take(&mut from_a, &mut log[0]);
        take(&mut from_b, &mut log[1]);
        for log in &log {
            assert_eq!(*log, (1..=log.len() as u64).collect::<Vec<_>>());
        }
        (consumed, log[0].len(), log[1].len())
    });
}

/// One of two rings may be full: an event is in both or in none.
#[test]
fn fanout_4_all_or_nothing_is_all_or_nothing() {
    outcomes("fanout: all or nothing", &[1, 2], || {
        let (a, mut from_a) = channel_from(START, 2, || 0u64).unwrap();
        let (b, mut from_b) = channel_from(START, 1, || 0u64).unwrap();
        let reader = thread::spawn(move || {
            let mut log = Vec::new();
            take(&mut from_b, &mut log);
            (from_b, log)
        });
        let consumed = offer_two(&mut AllOrNothing::new((a, b)));
        let (mut from_b, mut seen_b) = reader.join().unwrap();
        let mut seen_a = Vec::new();
        take(&mut from_a, &mut seen_a);
        take(&mut from_b, &mut seen_b);
        assert_eq!(seen_a, (1..=consumed).collect::<Vec<_>>());
        assert_eq!(seen_a, seen_b);
        consumed
    });
}
