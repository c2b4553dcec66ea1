mod strict;

use crate::kit::{Mpmc, channel_conforms, panic_on_purpose, panics};
use ringmain::channel::mpmc::{self, Consumer, Producer};
use ringmain::contract::{At, Drained, End, Fault, Flow, Halt, Refused, Sink, Source, Tick, each};
use ringmain::ring::Sequence;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;
const AGAIN: Option<End> = Some(End::Halted(Halt::Again));

fn drain<T: Clone>(rx: &mut impl Source<Event = T>, limit: usize) -> Vec<T> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut each(|event: &T| seen.push(event.clone())));
    seen
}

/// Fills up to `n` slots with numbers from `from`.
fn fill(tx: &mut Producer<u64>, from: u64, n: usize) -> usize {
    let filled = tx.fill_many(n, |i, slot| {
        let _: () = *slot = from + i as u64;
        Ok(())
    });
    filled.count
}

/// Shows one event to a stage that wants it again.
fn peek(rx: &mut Consumer<u64>) -> Option<u64> {
    let mut seen = None;
    let drained = rx.drain(NOW, ALL, &mut |event: &u64, _: At| -> Flow {
        seen = Some(*event);
        Err(Halt::Again)
    });
    assert_eq!(drained, Drained { count: 0, end: seen.and(AGAIN) });
    seen
}

channel_conforms!(conforms, Mpmc);

#[test]
fn a_fill_that_fails_or_panics_is_passed_over() {
    let fault = Halt::Reject(Fault::new(9));
    // The slot of a batch of three that it happens at, and how.
    for (fatal, panic) in [(0, false), (1, false), (2, false), (0, true), (1, true), (2, true)] {
        let (mut tx, rx) = mpmc::channel_from(Sequence::ZERO.minus(2), 4, || 0).unwrap();
        let mut other = tx.clone();
        let mut rxs = [rx.clone().batch(1), rx.batch(2)];
        // A lap and more of lost slots does not fill the ring.
        for round in 0..5u64 {
            let mut batch = || {
                tx.fill_many(3, |i, slot| match i == fatal {
                    true if panic => panic_on_purpose(),
                    true => Err(fault),
                    false => {
                        *slot = 10 * round + i as u64;
                        Ok(())
                    }
                })
            };
            if panic {
                assert!(panics(batch));
            } else {
                let filled = batch();
                assert_eq!((filled.count, filled.end), (fatal, Some(fault)));
            }
            other.push(10 * round + 9).unwrap();
            assert_eq!(other.push(0).unwrap_err().refused, Refused::Full);
            let expected: Vec<_> = (0..fatal as u64).chain([9]).map(|n| 10 * round + n).collect();
            assert_eq!(drain(&mut rxs[round as usize % 2], ALL), expected);
        }
        drop((tx, other));
        assert!(rxs.iter().all(Consumer::is_closed));
    }
}

#[test]
fn what_a_stage_says_decides_whether_the_event_is_consumed() {
    let fault = Fault::new(3);
    for batch in [1, 4] {
        for (halt, consumed) in [(Halt::Again, 1), (Halt::Reject(fault), 2), (Halt::Stop, 2)] {
            let (mut tx, rx) = mpmc::channel(16, || 0).unwrap();
            let mut rx = rx.batch(batch);
            assert_eq!(fill(&mut tx, 1, 3), 3);
            let mut stage = |event: &u64, _: At| if *event == 2 { Err(halt) } else { Ok(()) };
            let drained = rx.drain(NOW, ALL, &mut stage);
            assert_eq!(drained, Drained { count: consumed, end: Some(End::Halted(halt)) });
            assert_eq!(drain(&mut rx, ALL).len(), 3 - consumed);
        }
    }
}

#[test]
fn an_event_in_hand_is_shown_first_and_to_nobody_else() {
    let (mut tx, mut rx) = mpmc::channel(4, || 0).unwrap();
    let mut other = rx.clone();
    assert_eq!(fill(&mut tx, 1, 4), 4);
    assert_eq!(peek(&mut rx), Some(1));
    assert_eq!((rx.len(), other.len(), tx.len()), (4, 3, 3), "one in hand, three in the ring");
    let mut third = rx.clone();
    assert_eq!((drain(&mut other, ALL), drain(&mut third, ALL)), (vec![2, 3, 4], vec![]));
    // The others are done with their slots, but the next in turn is the one in hand.
    assert_eq!((tx.len(), tx.free()), (0, 4));
    assert_eq!(tx.push(5).unwrap_err().refused, Refused::Full);
    assert_eq!((rx.is_empty(), other.is_empty()), (false, true));
    assert_eq!((peek(&mut rx), drain(&mut rx, ALL)), (Some(1), vec![1]));
    assert_eq!(fill(&mut tx, 5, 9), 4);
    assert_eq!(drain(&mut rx, ALL), [5, 6, 7, 8]);
}

#[test]
fn the_rest_of_a_batch_stays_in_the_hand() {
    let (mut tx, rx) = mpmc::channel(16, || 0).unwrap();
    let mut one_by_one = rx.clone();
    // A quarter of the ring.
    let mut rx = rx.batch(ALL);
    assert_eq!(fill(&mut tx, 1, 6), 6);
    assert_eq!(peek(&mut rx), Some(1));
    assert_eq!((rx.len(), one_by_one.len()), (6, 2));
    assert_eq!(drain(&mut one_by_one, ALL), [5, 6]);
    assert_eq!((drain(&mut rx, 2), drain(&mut rx, ALL)), (vec![1, 2], vec![3, 4]));
    assert_eq!(fill(&mut tx, 7, 6), 6);
    assert_eq!(drain(&mut rx, 1), [7], "a limit is not overdrawn");
    assert_eq!(drain(&mut one_by_one, 1), [8]);
    // A clone claims as many at once, but has nothing in its hand.
    let mut clone = rx.clone();
    assert_eq!((peek(&mut rx), clone.len(), peek(&mut clone)), (Some(9), 0, None));
}

/// The event it panicked on is in the hand; where the consumer goes, so does what is in its hand, and is counted.
#[test]
fn after_a_panic_the_event_is_shown_again_or_counted() {
    for (batch, lost) in [(1, [1, 1, 1, 1]), (4, [4, 3, 2, 1])] {
        for (fatal, lost) in (0..4u64).zip(lost) {
            for goes in [false, true] {
                let (mut tx, rx) = mpmc::channel(16, || 0).unwrap();
                let (mut rx, mut other) = (rx.clone().batch(batch), rx);
                assert_eq!(fill(&mut tx, 0, 5), 5);
                let mut stage = each(|event: &u64| {
                    if *event == fatal {
                        panic_on_purpose();
                    }
                });
                assert!(panics(|| rx.drain(NOW, ALL, &mut stage)));
                if goes {
                    drop(rx);
                    assert_eq!((tx.abandoned(), other.abandoned()), (lost, lost));
                    assert_eq!(drain(&mut other, ALL), (fatal + lost..5).collect::<Vec<_>>());
                } else {
                    assert_eq!(drain(&mut rx, ALL), (fatal..5).collect::<Vec<_>>());
                    drop(rx);
                    assert_eq!(tx.abandoned(), 0);
                }
                assert_eq!(fill(&mut tx, 0, 99), 16, "no slot is lost");
            }
        }
    }
}

/// Void slots in a hand are no events.
#[test]
fn only_events_are_counted_as_abandoned() {
    let (mut tx, rx) = mpmc::channel(16, || 0).unwrap();
    let mut rx = rx.batch(4);
    tx.push(1).unwrap();
    assert!(tx.fill(|_| -> Flow { Err(Halt::Stop) }).is_err());
    tx.push(2).unwrap();
    assert_eq!(peek(&mut rx), Some(1));
    drop(rx);
    assert_eq!((tx.abandoned(), tx.len(), tx.is_closed()), (2, 0, true));
}

/// Nobody else can give such a slot back. The ring says so, and does not wait for it.
#[test]
fn a_consumer_that_is_forgotten_makes_the_ring_full_at_its_event() {
    let (mut tx, mut rx) = mpmc::channel(2, || 0).unwrap();
    let mut other = rx.clone();
    assert_eq!(fill(&mut tx, 1, 2), 2);
    assert_eq!(peek(&mut rx), Some(1));
    let rx = std::mem::ManuallyDrop::new(rx);
    assert_eq!(drain(&mut other, ALL), [2]);
    for _ in 0..3 {
        assert_eq!(tx.push(3).unwrap_err().refused, Refused::Full);
    }
    assert_eq!(drain(&mut other, ALL), []);
    drop(other);
    assert!(!tx.is_closed(), "one is still there, for all anybody knows");
    // So that nothing leaks.
    drop(std::mem::ManuallyDrop::into_inner(rx));
    assert_eq!((tx.is_closed(), tx.abandoned()), (true, 1));
}

#[test]
fn each_consumer_sees_the_end_when_all_is_claimed_and_its_hand_is_empty() {
    let (mut tx, mut rx) = mpmc::channel(4, || 0).unwrap();
    let mut other = rx.clone();
    assert_eq!(fill(&mut tx, 1, 3), 3);
    assert!(tx.clone().fill(|_| -> Flow { Err(Halt::Stop) }).is_err());
    drop(tx);
    assert_eq!(peek(&mut rx), Some(1));
    assert!(!rx.is_closed() && !other.is_closed());
    let drained = other.drain(NOW, 2, &mut each(|n: &u64| assert_ne!(*n, 1)));
    assert_eq!(drained, Drained { count: 2, end: None });
    // The void slot at the end is passed over first.
    assert_eq!(other.drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 0, end: Some(End::Closed) });
    assert_eq!((rx.is_closed(), other.is_closed()), (false, true));
    assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 1, end: Some(End::Closed) });
    assert!(rx.is_closed());
}

/// As a ring that is full when its producer goes.
#[test]
fn the_end_comes_with_the_last_event_of_a_lap() {
    let (mut tx, mut rx) = mpmc::channel(2, || 0).unwrap();
    assert_eq!(fill(&mut tx, 1, 2), 2);
    drop(tx);
    assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 2, end: Some(End::Closed) });
}

/// Who pushes `n` numbers of his own, marked as his in the upper half.
fn produce(mut tx: Producer<u64>, who: u64, n: u64, batch: usize) {
    let mut next = 0;
    while next < n {
        let want = batch.min((n - next) as usize);
        let sent = fill(&mut tx, who << 32 | next, want) as u64;
        next += sent;
        assert!(tx.len() <= tx.capacity());
        if sent == 0 {
            std::thread::yield_now();
        }
    }
}

/// Drains to the end: how many, their sum, and that each producer's come in order.
fn consume(mut rx: Consumer<u64>) -> (u64, u64) {
    let (mut count, mut sum, mut next) = (0, 0u64, [0; 4]);
    loop {
        let drained = rx.drain(
            NOW,
            ALL,
            &mut each(|event: &u64| {
                let (who, n) = ((event >> 32) as usize, event & 0xffff_ffff);
                assert!(n >= next[who], "{n} of producer {who} comes behind {}", next[who]);
                next[who] = n + 1;
                sum += event;
            }),
        );
        count += drained.count as u64;
        assert!(rx.len() <= rx.capacity());
        match drained {
            Drained { end: Some(_), .. } => return (count, sum),
            Drained { count: 0, .. } => std::thread::yield_now(),
            Drained { .. } => {}
        }
    }
}

#[test]
fn many_threads_share_everything_exactly_once_and_in_order() {
    let n: u64 = if cfg!(miri) { 10 } else { 10_000 };
    let rings: &[_] = if cfg!(miri) { &[(2, 1), (16, 4)] } else { &[(1, 1), (2, 2), (64, 1), (1024, 16)] };
    for &(capacity, batch) in rings {
        for (producers, consumers) in if cfg!(miri) { vec![(2, 2)] } else { vec![(1, 3), (3, 1), (3, 3)] } {
            let (tx, rx) = mpmc::channel_from(Sequence::ZERO.minus(5), capacity, || 0).unwrap();
            let rx = rx.batch(batch);
            let seen: Vec<_> = std::thread::scope(|scope| {
                for who in 0..producers {
                    let tx = tx.clone();
                    scope.spawn(move || produce(tx, who, n, batch));
                }
                drop(tx);
                let rxs = vec![rx; consumers];
                let threads: Vec<_> = rxs.into_iter().map(|rx| scope.spawn(move || consume(rx))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let expected: u64 = (0..producers).map(|who| n * (who << 32) + n * (n - 1) / 2).sum();
            assert_eq!(seen.iter().map(|(count, _)| count).sum::<u64>(), producers * n);
            assert_eq!(seen.iter().map(|(_, sum)| sum).sum::<u64>(), expected);
        }
    }
}

/// Producers and consumers that come, fail and go all the while: what was accepted was seen, or is accounted for.
#[test]
fn every_event_is_seen_abandoned_or_left() {
    let rounds: u64 = if cfg!(miri) { 3 } else { 300 };
    let (tx, rx) = mpmc::channel(16, || 0).unwrap();
    let (last_tx, sent) = (tx.clone(), AtomicUsize::new(0));
    let seen: usize = std::thread::scope(|scope| {
        for who in 0..2 {
            let (tx, sent) = (tx.clone(), &sent);
            scope.spawn(move || {
                for n in 0..rounds {
                    let mut tx = tx.clone();
                    if n % 7 == who {
                        assert!(panics(|| while tx.fill(|_| -> Flow { panic_on_purpose() }).is_err() {
                            std::thread::yield_now();
                        }));
                    }
                    match tx.push(n) {
                        Ok(()) => drop(sent.fetch_add(1, Relaxed)),
                        Err(_) => std::thread::yield_now(),
                    }
                }
            });
        }
        let consumers = [1, 4].map(|batch| {
            let rx = rx.clone().batch(batch);
            scope.spawn(move || {
                let mut seen = 0;
                for n in 0..rounds {
                    let mut rx = rx.clone();
                    let mut stage = each(|event: &u64| {
                        if (n + event).is_multiple_of(5) {
                            panic_on_purpose();
                        }
                        seen += 1;
                    });
                    let _ = catch_unwind(AssertUnwindSafe(|| rx.drain(NOW, ALL, &mut stage)));
                    std::thread::yield_now();
                }
                seen
            })
        });
        consumers.map(|consumer| consumer.join().unwrap()).iter().sum()
    });
    let mut rx = rx;
    let left = drain(&mut rx, ALL).len();
    assert_eq!(seen + left + last_tx.abandoned() as usize, sent.load(Relaxed));
    assert_eq!(last_tx.len(), 0);
}

mod property {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// What a ring with several ends is, one step at a time: two counters, and which slots are given back.
    struct Model {
        capacity: usize,
        /// What was put at each position; nothing where the fill failed.
        filled: Vec<Option<u64>>,
        head: usize,
        released: BTreeSet<usize>,
        /// Positions claimed by each consumer, and how many it claims at once.
        hands: [(Vec<usize>, usize); 2],
    }

    impl Model {
        fn free(&self) -> usize {
            let before = |n: usize| (self.filled.len() + n).checked_sub(self.capacity);
            (0..self.capacity).take_while(|n| before(*n).is_none_or(|at| self.released.contains(&at))).count()
        }
        /// Drains at most `limit`, for a lap at most; the stage wants the event after `again` again.
        fn drain(&mut self, who: usize, limit: usize, again: usize) -> Vec<u64> {
            let mut seen = Vec::new();
            let (mut hand, batch) = std::mem::take(&mut self.hands[who]);
            for _ in 0..self.capacity {
                if seen.len() == limit {
                    break;
                }
                if hand.is_empty() {
                    let until = self.filled.len().min(self.head + batch.min(limit - seen.len()));
                    hand.extend(self.head..until);
                    self.head = until;
                }
                let Some(&at) = hand.first() else { break };
                if let Some(event) = self.filled[at] {
                    if seen.len() == again {
                        break;
                    }
                    seen.push(event);
                }
                hand.remove(0);
                self.released.insert(at);
            }
            self.hands[who] = (hand, batch);
            seen
        }
        fn len(&self) -> usize {
            self.filled.len() - self.head
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 400 }, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is done by whom in whatever order, the ring does what the model does, and no question changes it.
        #[test]
        fn a_ring_is_a_bounded_queue_with_hands(
            bits in 0usize..5,
            before in 0u64..40,
            batch in 1usize..5,
            steps in prop::collection::vec((0usize..5, 0usize..2, 0usize..20, 0usize..8), 0..60),
        ) {
            let capacity = 1 << bits;
            let start = Sequence::ZERO.minus(before);
            let (tx, rx) = mpmc::channel_from(start, capacity, || 0).unwrap();
            let (mut txs, mut rxs) = ([tx.clone(), tx], [rx.clone(), rx.batch(batch)]);
            let mut model = Model {
                capacity,
                filled: Vec::new(),
                head: 0,
                released: BTreeSet::new(),
                hands: [(Vec::new(), 1), (Vec::new(), batch.min(capacity / 4).max(1))],
            };
            for (what, who, n, again) in steps {
                match what {
                    0 | 1 => {
                        // Fails at slot `again`, if it comes to that; so does the rest of the claim.
                        let first = model.filled.len() as u64;
                        let (claimed, good) = (n.min(model.free()), again.min(n.min(model.free())));
                        let filled = txs[who].fill_many(n, |i, slot| {
                            *slot = first + i as u64;
                            if i == again { Err(Halt::Stop) } else { Ok(()) }
                        });
                        prop_assert_eq!(filled.count, good);
                        model.filled.extend((0..claimed).map(|i| (i < good).then_some(first + i as u64)));
                    }
                    _ => {
                        let again = if what == 2 { again } else { ALL };
                        let mut seen = Vec::new();
                        let _ = rxs[who].drain(NOW, n, &mut |event: &u64, _: At| -> Flow {
                            if seen.len() == again {
                                return Err(Halt::Again);
                            }
                            let _: () = seen.push(*event);
                            Ok(())
                        });
                        prop_assert_eq!(seen, model.drain(who, n, again));
                    }
                }
                prop_assert_eq!(txs[0].len(), model.len());
                prop_assert_eq!(rxs[who].len(), model.len() + model.hands[who].0.len());
            }
            drop(txs);
            for (who, rx) in rxs.iter_mut().enumerate() {
                let mut seen = Vec::new();
                let mut expected = Vec::new();
                while !rx.is_closed() {
                    seen.extend(drain(rx, ALL));
                    expected.extend(model.drain(who, ALL, ALL));
                }
                prop_assert_eq!(seen, expected);
            }
        }
    }
}
