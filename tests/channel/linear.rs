//! Histories of several threads, each of which one thread could have had: see [`kit::linear`](crate::kit::linear).
//!
//! `RINGMAIN_HISTORIES=10000 cargo test --release --test channel linear -- --nocapture` is the long version.

use crate::kit::linear::{Did, Fifo, FifoTerms, Lanes, Lossy, Op, Spec, explore, histories, linearizable};
use crate::kit::*;
use ringmain::contract::{Drained, End, Filled, Flow, Halt};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// The first of `specs` is what the ring would be without its documented weakness.
fn check<S: Spec>(name: &str, ends: (usize, usize), specs: impl Fn(usize) -> Vec<S>, build: Build) {
    let explored = explore(name, ends, histories(), specs, build).unwrap_or_else(|failed| panic!("{failed}"));
    assert!(explored.overlapping > 0 || cfg!(miri), "no two operations of {name} met");
}

fn fifo(name: &str, ends: (usize, usize), terms: &[FifoTerms], build: Build) {
    let (producers, consumers) = ends;
    let specs = |capacity| {
        let spec = |terms: &FifoTerms| Fifo { capacity, producers, consumers, terms: *terms };
        terms.iter().map(spec).collect()
    };
    check(name, ends, specs, build);
}

const STRICT: FifoTerms = FifoTerms::STRICT;

#[test]
fn spsc() {
    fifo("spsc", (1, 1), &[STRICT], scene::<Spsc, u64>(1, 1));
    fifo("spsc, spaced", (1, 1), &[STRICT], scene::<SpscSpaced, u64>(1, 1));
}

/// A claim that is not finished hides what is behind it.
#[test]
fn mpsc() {
    let strict = FifoTerms { voids: true, ..STRICT };
    let terms = [strict, FifoTerms { hides: true, ..strict }];
    fifo("mpsc", (2, 1), &terms, scene::<Mpsc, u64>(2, 1));
}

#[test]
fn mpsc_lanes() {
    let specs = |capacity| vec![Lanes { capacity, producers: 2 }];
    check("mpsc, lanes", (2, 1), specs, scene::<MpscLanes, u64>(2, 1));
}

/// A slot that was taken and is not given back looks full.
#[test]
fn spmc() {
    let strict = FifoTerms { shown: Shown::InHand, ..STRICT };
    let terms = [strict, FifoTerms { lags: true, ..strict }];
    fifo("spmc", (1, 2), &terms, scene::<Spmc, u64>(1, 2));
}

/// Both.
#[test]
fn mpmc() {
    let strict = FifoTerms { voids: true, shown: Shown::InHand, ..STRICT };
    let terms = [strict, FifoTerms { hides: true, lags: true, ..strict }];
    fifo("mpmc", (2, 1), &terms, scene::<Mpmc, u64>(2, 1));
    fifo("mpmc, competing", (1, 2), &terms, scene::<Mpmc, u64>(1, 2));
}

/// Neither. But producers that saw the same last room all find it.
#[test]
fn mpmc_strict() {
    let strict = FifoTerms { shown: Shown::OutOfTheRing, ..STRICT };
    let terms = [strict, FifoTerms { late: true, ..strict }];
    fifo("mpmc, strict", (2, 1), &terms, scene::<MpmcStrict, u64>(2, 1));
    fifo("mpmc, strict, competing", (1, 2), &[strict], scene::<MpmcStrict, u64>(1, 2));
}

#[test]
fn multicast_one() {
    let terms = FifoTerms { each_sees_all: true, ..STRICT };
    fifo("multicast, one", (1, 1), &[terms], scene::<MulticastOne, u64>(1, 1));
    fifo("multicast, one, to two", (1, 2), &[terms], readers_of_one::<u64>(2));
}

/// As mpsc.
#[test]
fn multicast_many() {
    let strict = FifoTerms { each_sees_all: true, voids: true, ..STRICT };
    let terms = [strict, FifoTerms { hides: true, ..strict }];
    fifo("multicast, many", (2, 1), &terms, scene::<MulticastMany, u64>(2, 1));
    fifo("multicast, many, to two", (1, 2), &terms, readers_of_many::<u64>(1, 2));
}

#[test]
fn publish_subscribe() {
    let terms = FifoTerms { each_sees_all: true, ..STRICT };
    fifo("publish-subscribe", (1, 1), &[terms], subscribers::<u64>(1));
    fifo("publish-subscribe, to two", (1, 2), &[terms], subscribers::<u64>(2));
}

#[test]
fn broadcast() {
    for readers in [1, 2] {
        let specs = |capacity| {
            vec![Lossy { capacity, readers, hides: false }, Lossy { capacity, readers, hides: true }]
        };
        check("broadcast", (1, readers), specs, broadcasts::<u64>(readers));
    }
}

#[test]
fn latest() {
    for readers in [1, 2] {
        let specs = |_| vec![Lossy { capacity: 1, readers, hides: false }];
        check("latest", (1, readers), specs, latests::<u64>(readers));
    }
}

/// Twice the capacity, as a ring of bytes has room for two records at least.
#[test]
fn bytes() {
    let specs = |capacity| vec![Fifo { capacity: 2 * capacity, producers: 1, consumers: 1, terms: STRICT }];
    check("bytes", (1, 1), specs, Box::new(|start, capacity| records()(start, 2 * capacity)));
}

// ------------------------------------------------------------------------------------ what the checker must find

/// `(thread, began, over, what it did)`
fn history(ops: &[(usize, u64, u64, Did)]) -> Vec<Op> {
    ops.iter().map(|&(thread, began, over, did)| Op { thread, began, over, did }).collect()
}

const QUEUE: Fifo = Fifo { capacity: 2, producers: 2, consumers: 1, terms: STRICT };
const HIDES: Fifo = Fifo { terms: FifoTerms { hides: true, ..STRICT }, ..QUEUE };
const LAGS: Fifo = Fifo { terms: FifoTerms { lags: true, ..STRICT }, ..QUEUE };

const fn put(value: u64) -> Did {
    Did::Put { by: 0, value }
}
const fn took(value: u64) -> Did {
    Did::Took { by: 0, value }
}
const EMPTY: Did = Did::Empty { by: 0 };
const FULL: Did = Did::Full { by: 0 };
const ENDED: Did = Did::Ended { by: 0 };
const WENT: Did = Did::ProducerWent { by: 0 };

#[test]
fn what_a_queue_can_do_is_accepted() {
    let overlap =
        [(0, 0, 9, put(1)), (1, 1, 8, put(2)), (2, 2, 3, took(2)), (2, 4, 5, took(1)), (2, 6, 7, EMPTY)];
    assert!(linearizable(&QUEUE, &history(&overlap)));
    let full = [(0, 0, 1, put(1)), (0, 2, 3, put(2)), (0, 4, 7, FULL), (1, 5, 6, took(1))];
    assert!(linearizable(&QUEUE, &history(&full)));
    let ends = [(0, 0, 1, put(1)), (0, 2, 3, WENT), (1, 4, 5, WENT), (2, 6, 7, took(1)), (2, 8, 9, ENDED)];
    assert!(linearizable(&QUEUE, &history(&ends)));
}

#[test]
fn what_no_queue_can_do_is_rejected() {
    let planted: [&[_]; 9] = [
        // Out of order.
        &[(0, 0, 1, put(1)), (1, 2, 3, put(2)), (2, 4, 5, took(2))],
        // Twice, and never put.
        &[(0, 0, 1, put(1)), (2, 2, 3, took(1)), (2, 4, 5, took(1))],
        &[(2, 0, 1, took(1)), (0, 2, 3, put(1))],
        // Lost.
        &[(0, 0, 1, put(1)), (2, 2, 3, EMPTY)],
        &[(0, 0, 1, put(1)), (0, 2, 3, WENT), (1, 2, 3, WENT), (2, 4, 5, ENDED)],
        // More than it holds, and less.
        &[(0, 0, 1, put(1)), (0, 2, 3, put(2)), (1, 4, 5, put(3))],
        &[(0, 0, 1, put(1)), (0, 2, 3, FULL)],
        // The end, while a producer is there; and none, when all are gone.
        &[(0, 0, 1, WENT), (2, 2, 3, ENDED)],
        &[(0, 0, 1, WENT), (1, 2, 3, WENT), (2, 4, 5, EMPTY)],
    ];
    for ops in planted {
        for spec in [QUEUE, HIDES, LAGS] {
            assert!(!linearizable(&spec, &history(ops)), "{ops:?}");
        }
    }
}

/// Vyukov's queue: what a finished push put in is not to be seen, because an older claim is not finished.
#[test]
fn empty_behind_an_unfinished_put_is_the_documented_weakness_and_no_more() {
    let hidden = [(0, 0, 9, put(1)), (1, 1, 2, put(2)), (2, 3, 4, EMPTY), (2, 10, 11, took(1))];
    assert!(!linearizable(&QUEUE, &history(&hidden)));
    assert!(linearizable(&HIDES, &history(&hidden)));
    // The older one is finished, too.
    let lost = [(0, 0, 3, put(1)), (1, 1, 2, put(2)), (2, 4, 5, EMPTY), (2, 10, 11, took(1))];
    assert!(!linearizable(&HIDES, &history(&lost)));
    // The unfinished one was behind.
    let lost = [(0, 0, 9, put(1)), (1, 1, 2, put(2)), (2, 3, 4, EMPTY), (2, 10, 11, took(2))];
    assert!(!linearizable(&HIDES, &history(&lost)));
}

#[test]
fn full_before_an_unfinished_take_is_the_documented_weakness_and_no_more() {
    let laps = |over| {
        let puts = [(0, 0, 1, put(1)), (0, 2, 3, put(2))];
        let takes = [(2, 4, over, took(1)), (3, 5, 6, took(2))];
        history(&[&puts[..], &takes[..], &[(1, 8, 9, FULL)]].concat())
    };
    assert!(!linearizable(&QUEUE, &laps(10)));
    assert!(linearizable(&LAGS, &laps(10)));
    assert!(!linearizable(&LAGS, &laps(7)));
}

/// What is in the hand of one consumer is passed by the other, and its room may be free or not.
#[test]
fn an_event_in_hand_is_for_nobody_else() {
    let saw = |value| Did::Saw { by: 0, value };
    let other = |value| Did::Took { by: 1, value };
    let ops = history(&[
        (0, 0, 1, put(1)),
        (0, 2, 3, put(2)),
        (2, 4, 5, saw(1)),
        (3, 6, 7, other(2)),
        (0, 8, 9, put(3)),
        (0, 10, 11, put(4)),
        (2, 12, 13, took(1)),
        (2, 14, 15, took(3)),
    ]);
    let allows = |shown, ops: &[Op]| {
        let terms = FifoTerms { shown, ..STRICT };
        linearizable(&Fifo { consumers: 2, terms, ..QUEUE }, ops)
    };
    assert!(allows(Shown::OutOfTheRing, &ops));
    assert!(!allows(Shown::InHand, &ops) && !allows(Shown::InTheRing, &ops));
    // One slot was free. But the one in hand is the first to be used again.
    let full = history(&[(0, 8, 9, FULL)]);
    assert!(allows(Shown::InHand, &[&ops[..4], &full].concat()));
    assert!(!allows(Shown::OutOfTheRing, &[&ops[..4], &full].concat()));
}

/// A slot that a failed fill claimed takes room until the consumer is past it.
#[test]
fn a_lost_slot_takes_room_until_it_is_passed_over() {
    let voids = Fifo { terms: FifoTerms { voids: true, ..STRICT }, ..QUEUE };
    let lost = Did::Failed { by: 0 };
    let passed = Did::Passed { by: 0 };
    let full = [(0, 0, 1, lost), (0, 2, 3, put(1)), (0, 4, 5, FULL)];
    assert!(linearizable(&voids, &history(&full)));
    assert!(!linearizable(&QUEUE, &history(&full)));
    let passes =
        [(0, 0, 1, lost), (2, 2, 9, passed), (2, 2, 9, took(1)), (0, 3, 4, put(1)), (0, 5, 6, put(2))];
    assert!(linearizable(&voids, &history(&passes)));
}

#[test]
fn lanes_have_no_order_between_them_and_each_its_own() {
    let lanes = Lanes { capacity: 2, producers: 2 };
    let other = |value| Did::Put { by: 1, value };
    let puts = [(0, 0, 1, put(1)), (0, 2, 3, put(2)), (0, 4, 5, FULL), (1, 6, 7, other(3))];
    let then = |takes: &[_]| linearizable(&lanes, &history(&[&puts[..], takes].concat()));
    assert!(then(&[(2, 8, 9, took(3)), (2, 10, 11, took(1)), (2, 12, 13, took(2)), (2, 14, 15, EMPTY)]));
    assert!(!then(&[(2, 8, 9, took(2)), (2, 10, 11, took(1))]));
    assert!(!then(&[(2, 8, 9, took(1)), (2, 10, 11, took(2)), (2, 12, 13, EMPTY)]));
}

#[test]
fn what_a_lossy_reader_missed_is_gone_and_counted() {
    let ring = Lossy { capacity: 2, readers: 1, hides: false };
    let missed = |n| Did::Missed { by: 0, n };
    let puts = [(0, 0, 1, put(1)), (0, 2, 3, put(2)), (0, 4, 5, put(3)), (0, 6, 7, put(4))];
    let then = |takes: &[_]| linearizable(&ring, &history(&[&puts[..], takes].concat()));
    assert!(then(&[(1, 8, 9, missed(2)), (1, 10, 11, took(3)), (1, 12, 13, took(4)), (1, 14, 15, EMPTY)]));
    // Twice as far, to have a start.
    assert!(then(&[(1, 8, 9, missed(3)), (1, 10, 11, took(4))]));
    // A wrong count, one that is gone, all of them, and one that was there.
    assert!(!then(&[(1, 8, 9, missed(2)), (1, 10, 11, took(4))]));
    assert!(!then(&[(1, 8, 9, took(1))]));
    assert!(!then(&[(1, 8, 9, missed(4))]));
    assert!(!then(&[(1, 8, 9, missed(2)), (1, 10, 11, missed(1))]));
    // Unless it was shown already.
    let shown = [(1, 2, 3, Did::Saw { by: 0, value: 1 }), (1, 8, 9, took(1)), (1, 10, 11, missed(1))];
    assert!(then(&shown));
}

/// A queue behind a lock, with one thing wrong.
#[derive(Clone)]
struct Wrong {
    inside: Arc<Mutex<VecDeque<u64>>>,
    capacity: usize,
    what: Mistake,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Mistake {
    None,
    /// The newest comes first.
    Stack,
    /// It looks whether there is room, lets go of the lock, and puts.
    Forgets,
    /// What is taken stays for a moment.
    Twice,
}

impl Put for Wrong {
    fn put(&mut self, n: usize, make: &mut dyn FnMut(usize) -> Flow<u64>) -> Filled {
        for count in 0..n {
            if self.inside.lock().unwrap().len() == self.capacity {
                return Filled { count, end: Some(Halt::Again) };
            }
            let mut inside = self.inside.lock().unwrap();
            if self.what != Mistake::Forgets && inside.len() == self.capacity {
                return Filled { count, end: Some(Halt::Again) };
            }
            match make(count) {
                Ok(value) => inside.push_back(value),
                Err(halt) => return Filled { count, end: Some(halt) },
            }
        }
        Filled { count: n, end: None }
    }
}

impl Take for Wrong {
    fn take(&mut self, limit: usize, see: &mut dyn FnMut(u64) -> Flow) -> Drained {
        for count in 0..limit {
            let mut inside = self.inside.lock().unwrap();
            let at = if self.what == Mistake::Stack { inside.len().saturating_sub(1) } else { 0 };
            let Some(value) = inside.get(at).copied() else { return Drained { count, end: None } };
            if self.what == Mistake::Twice {
                drop(inside);
                std::thread::yield_now();
                inside = self.inside.lock().unwrap();
            }
            if let Err(halt) = see(value) {
                return Drained { count, end: Some(End::Halted(halt)) };
            }
            inside.remove(at);
        }
        Drained { count: limit, end: None }
    }
}

/// It does not know when an end is gone, so this is told to it.
#[test]
fn a_queue_with_a_mistake_is_found_out_and_the_program_is_small() {
    let find = |what, ends: (usize, usize), most| {
        let specs = |capacity| {
            let (producers, consumers) = ends;
            vec![Fifo { capacity, producers: producers + 1, consumers: consumers + 1, terms: STRICT }]
        };
        explore("a queue with a mistake", ends, most, specs, |_, capacity| {
            let end = Wrong { inside: Arc::default(), capacity, what };
            Scene::of(vec![end.clone(); ends.0], vec![end; ends.1])
        })
    };
    find(Mistake::None, (2, 1), if cfg!(miri) { 2 } else { 100 }).unwrap();
    if cfg!(miri) {
        return;
    }
    for (what, ends) in [(Mistake::Stack, (1, 1)), (Mistake::Forgets, (2, 1)), (Mistake::Twice, (1, 2))] {
        let found = find(what, ends, 100_000).expect_err("a mistake is found");
        assert!(found.contains("RINGMAIN_SEED"), "{found}");
        // Two in the wrong order; the others need luck to be made small.
        assert!(what != Mistake::Stack || found.matches("Put {").count() <= 3, "{found}");
    }
}
