//! Two producers, two events each: what the numbers of the two sequencers promise, and what they do not.
//!
//! "Before" is said by the program, not by a clock: a producer counts the events it has published in a flag of its own,
//! and reads the other's flag before it publishes. An event that it finds counted was published before its own began.

use crate::common::{model, outcomes};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Acquire, Ordering::Release};
use loom::thread;
use ringmain::channel::{
    multicast::{Many, Multicast},
    spsc,
};
use ringmain::contract::{At, Flow, Sink, Source, Tick};
use ringmain::pattern::Sequencer;
use ringmain::ring::Sequence;

const NOW: Tick = Tick::ZERO;
/// The rings wrap at once.
const START: Sequence = Sequence::ZERO.minus(1);

/// Event `n` of producer `who`, and how many of the other's it found published before.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Event {
    who: usize,
    n: usize,
    before: usize,
}

/// Publishes `count` events, and says so.
fn publish(mut sink: impl Sink<Event = Event>, flags: &[AtomicUsize; 2], who: usize, count: usize) {
    for n in 0..count {
        let before = flags[1 - who].load(Acquire);
        sink.offer(|slot| *slot = Event { who, n, before }).expect("there is room for all");
        flags[who].store(n + 1, Release);
    }
}

/// What `source` has now, after what it had before.
fn take(source: &mut impl Source<Event = Event>, log: &mut Vec<(Sequence, Event)>) {
    let mut stage = |event: &Event, at: At| -> Flow {
        log.push((at.seq, *event));
        Ok(())
    };
    let _ = source.drain(NOW, usize::MAX, &mut stage);
}

/// Numbers from `first` without a gap, each producer's own order, and, if asked for, that of all events of which one was
/// published before the other began.
fn check(log: &[(Sequence, Event)], first: Sequence, real_time: bool) {
    for (n, (seq, _)) in (0..).zip(log) {
        assert_eq!(*seq, first.plus(n), "{log:?}");
    }
    for who in 0..2 {
        assert!(log.iter().filter(|(_, event)| event.who == who).map(|(_, event)| event.n).eq(0..2));
    }
    for (place, (_, late)) in log.iter().enumerate() {
        let seen = log[..place].iter().filter(|(_, early)| early.who != late.who).count();
        assert!(!real_time || seen >= late.before, "published before, and numbered after: {log:?}");
    }
}

fn letters(log: &[(Sequence, Event)]) -> String {
    log.iter().map(|(_, event)| if event.who == 0 { 'a' } else { 'b' }).collect()
}

/// 13.d11: the claim of a ring with many producers is the linearization point: what was published before has a smaller number.
#[test]
fn sequencer_11_the_claim_of_a_ring_is_linearizable() {
    model("sequencer: the claim of a ring is linearizable", || {
        let mut ring = Multicast::<_, Many>::starting_at(START, 4, Event::default).unwrap();
        let mut reader = ring.reader("log", &[]);
        let tx = ring.build().unwrap();
        let flags = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let other = {
            let (tx, flags) = (tx.clone(), flags.clone());
            thread::spawn(move || publish(tx, &flags, 0, 2))
        };
        publish(tx, &flags, 1, 2);
        other.join().unwrap();
        let mut log = Vec::new();
        take(&mut reader, &mut log);
        // No claim failed, so there is no gap here either.
        check(&log, START, true);
    });
}

/// 13.d11: a sequencer over lanes gives dense numbers and keeps each producer's order, in every order that leaves.
#[test]
fn sequencer_11_lanes_are_merged_without_a_gap() {
    let legal = ["aabb", "abab", "abba", "baab", "baba", "bbaa"].map(String::from);
    outcomes("sequencer: lanes are merged without a gap", &legal, || {
        let (a, lane_a) = spsc::channel_from(START, 2, Event::default).unwrap();
        let (b, lane_b) = spsc::channel_from(START, 2, Event::default).unwrap();
        let mut sequencer = Sequencer::round_robin([lane_a, lane_b], 2);
        let flags = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let producers = [(0, a), (1, b)].map(|(who, tx)| {
            let flags = flags.clone();
            thread::spawn(move || publish(tx, &flags, who, 2))
        });
        let mut log = Vec::new();
        take(&mut sequencer, &mut log);
        take(&mut sequencer, &mut log);
        for producer in producers {
            producer.join().unwrap();
        }
        take(&mut sequencer, &mut log);
        check(&log, Sequence::new(1), false);
        letters(&log)
    });
}

/// 13.d11, what it does not promise: the last outcome is the one that the claim of a ring excludes.
#[test]
fn sequencer_11_lanes_do_not_keep_the_order_of_two_producers() {
    let legal =
        [(0, "ab"), (0, "ba"), (1, "ab"), (1, "ba")].map(|(before, order)| (before, order.to_string()));
    outcomes("sequencer: lanes do not keep the order of two", &legal, || {
        let (a, lane_a) = spsc::channel_from(START, 1, Event::default).unwrap();
        let (b, lane_b) = spsc::channel_from(START, 1, Event::default).unwrap();
        let mut sequencer = Sequencer::round_robin([lane_a, lane_b], 1);
        let flags = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let producers = [(0, a), (1, b)].map(|(who, tx)| {
            let flags = flags.clone();
            thread::spawn(move || publish(tx, &flags, who, 1))
        });
        let mut log = Vec::new();
        take(&mut sequencer, &mut log);
        for producer in producers {
            producer.join().unwrap();
        }
        take(&mut sequencer, &mut log);
        let before = log.iter().find(|(_, event)| event.who == 1).map_or(0, |(_, event)| event.before);
        (before, letters(&log))
    });
}
