//! What differs from [`mpmc`](super::mpmc), whose ring this is: the one producer.

use ringmain::channel::spmc::{self, Consumer};
use ringmain::contract::{At, Drained, End, Fault, Flow, Halt, Refused, Sink, Source, Tick, each};
use ringmain::ring::{CapacityError, Sequence};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

fn drain(rx: &mut Consumer<u64>, limit: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut each(|event: &u64| seen.push(*event)));
    seen
}

#[test]
fn a_bad_capacity_is_an_error() {
    assert_eq!(spmc::channel(0, || 0u8).unwrap_err(), CapacityError::Zero);
    assert!(spmc::channel(12, || 0u8).unwrap_err().to_string().contains("take 16"));
}

#[test]
fn every_capacity_fills_up_refuses_and_goes_on() {
    for capacity in [1, 2, 4, 64] {
        for start in [Sequence::ZERO, Sequence::ZERO.minus(1), Sequence::ZERO.minus(capacity as u64)] {
            let (mut tx, rx) = spmc::channel_from(start, capacity, || 0).unwrap();
            let mut rxs = [rx.clone(), rx];
            for lap in 0..3u64 {
                for i in 0..capacity as u64 {
                    tx.push(lap * 100 + i).unwrap();
                }
                let refusal = tx.push(7).unwrap_err();
                assert_eq!((refusal.event, refusal.refused), (7, Refused::Full));
                assert_eq!((tx.free(), tx.len(), rxs[0].len()), (0, capacity, capacity));
                let seen: Vec<_> = (0..capacity).flat_map(|i| drain(&mut rxs[i % 2], 1)).collect();
                assert_eq!(seen, (lap * 100..lap * 100 + capacity as u64).collect::<Vec<_>>());
                assert!(tx.is_empty() && rxs[1].is_empty());
            }
            assert_eq!(tx.next(), start.plus(3 * capacity as u64));
        }
    }
}

/// What was claimed and not filled is taken back: the same positions are filled the next time.
#[test]
fn a_fill_that_fails_or_panics_leaves_nothing() {
    let fault = Halt::Reject(Fault::new(9));
    for (fatal, panic) in [(0, false), (1, false), (2, false), (0, true), (1, true), (2, true)] {
        let (mut tx, mut rx) = spmc::channel_from(Sequence::ZERO.minus(2), 4, || 0).unwrap();
        for round in 0..5u64 {
            let next = tx.next();
            let mut batch = || {
                tx.fill_many(3, |i, slot| match i == fatal {
                    true if panic => resume_unwind(Box::new("on purpose")),
                    true => Err(fault),
                    false => {
                        *slot = 10 * round + i as u64;
                        Ok(())
                    }
                })
            };
            if panic {
                assert!(catch_unwind(AssertUnwindSafe(batch)).is_err());
            } else {
                let filled = batch();
                assert_eq!((filled.count, filled.end), (fatal, Some(fault)));
            }
            assert_eq!((tx.len(), tx.next()), (fatal, next.plus(fatal as u64)));
            tx.push(10 * round + 9).unwrap();
            assert_eq!(rx.len(), fatal + 1);
            let expected: Vec<_> = (0..fatal as u64).chain([9]).map(|n| 10 * round + n).collect();
            let mut seqs = Vec::new();
            let mut seen = Vec::new();
            let _ = rx.drain(NOW, ALL, &mut |event: &u64, at: At| -> Flow {
                seqs.push(at.seq);
                let _: () = seen.push(*event);
                Ok(())
            });
            assert_eq!(seen, expected);
            assert!(seqs.into_iter().eq((0..=fatal as u64).map(|n| next.plus(n))), "without a gap");
        }
    }
}

#[test]
fn closing_flows_both_ways() {
    let (mut tx, mut rx) = spmc::channel(4, || 0).unwrap();
    let other = rx.clone();
    tx.push(1).unwrap();
    drop(tx);
    assert!(!other.is_closed());
    let drained = rx.drain(NOW, ALL, &mut each(|n: &u64| assert_eq!(*n, 1)));
    assert_eq!(drained, Drained { count: 1, end: Some(End::Closed) });
    assert!(rx.is_closed() && other.is_closed());

    let (mut tx, mut rx) = spmc::channel(4, || 0).unwrap();
    for n in 1..=3 {
        tx.push(n).unwrap();
    }
    let mut other = rx.clone();
    let mut again = |_: &u64, _: At| -> Flow { Err(Halt::Again) };
    assert_eq!(other.drain(NOW, ALL, &mut again).count, 0);
    assert_eq!(drain(&mut rx, 1), [2]);
    drop((rx, other));
    assert_eq!((tx.is_closed(), tx.len(), tx.abandoned()), (true, 1, 1));
    assert_eq!(tx.push(4).unwrap_err().refused, Refused::Closed);
}

#[test]
fn many_consumers_share_everything_exactly_once_and_in_order() {
    let n: u64 = if cfg!(miri) { 20 } else { 30_000 };
    let rings: &[_] = if cfg!(miri) { &[(2, 1), (16, 4)] } else { &[(1, 1), (2, 2), (64, 1), (1024, 16)] };
    for &(capacity, batch) in rings {
        let (mut tx, rx) = spmc::channel_from(Sequence::ZERO.minus(5), capacity, || 0).unwrap();
        let rx = rx.batch(batch);
        let seen: Vec<_> = std::thread::scope(|scope| {
            let consume = |mut rx: Consumer<u64>| {
                let (mut count, mut sum, mut next) = (0, 0, 0);
                loop {
                    let mut see = each(|event: &u64| {
                        assert!(*event >= next, "{event} comes behind {next}");
                        next = event + 1;
                        sum += event;
                    });
                    let drained = rx.drain(NOW, ALL, &mut see);
                    count += drained.count as u64;
                    match drained {
                        Drained { end: Some(_), .. } => return (count, sum),
                        Drained { count: 0, .. } => std::thread::yield_now(),
                        Drained { .. } => {}
                    }
                }
            };
            let threads: Vec<_> =
                vec![rx; 3].into_iter().map(|rx| scope.spawn(move || consume(rx))).collect();
            let mut next = 0;
            while next < n {
                let fill = |i, slot: &mut u64| {
                    *slot = next + i as u64;
                    Ok(())
                };
                match tx.fill_many(batch.min((n - next) as usize), fill).count {
                    0 => std::thread::yield_now(),
                    count => next += count as u64,
                }
            }
            drop(tx);
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(seen.iter().map(|(count, _)| count).sum::<u64>(), n);
        assert_eq!(seen.iter().map(|(_, sum)| sum).sum::<u64>(), n * (n - 1) / 2);
    }
}

mod property {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 400 }, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whoever drains, the ring is a bounded queue, whose next position is that of its last event and one.
        #[test]
        fn a_ring_is_a_bounded_queue(
            bits in 0usize..5,
            before in 0u64..40,
            steps in prop::collection::vec((0usize..3, 0usize..20), 0..60),
        ) {
            let capacity = 1 << bits;
            let start = Sequence::ZERO.minus(before);
            let (mut tx, rx) = spmc::channel_from(start, capacity, || 0).unwrap();
            let mut rxs = [rx.clone(), rx.batch(3)];
            let (mut queue, mut sent) = (VecDeque::new(), 0);
            for (what, n) in steps {
                if what == 2 {
                    let filled = tx.fill_many(n, |i, slot| { *slot = sent + i as u64; Ok(()) });
                    prop_assert_eq!(filled.count, n.min(capacity - queue.len()));
                    queue.extend(sent..sent + filled.count as u64);
                    sent += filled.count as u64;
                } else {
                    let expected: Vec<u64> = queue.drain(..n.min(queue.len())).collect();
                    prop_assert_eq!(drain(&mut rxs[what], n), expected);
                }
                prop_assert_eq!((tx.len(), rxs[0].len()), (queue.len(), queue.len()));
                prop_assert_eq!((tx.free(), tx.next()), (capacity - queue.len(), start.plus(sent)));
            }
            drop(tx);
            prop_assert_eq!(drain(&mut rxs[1], ALL), Vec::from(queue));
            prop_assert!(rxs[0].is_closed());
        }
    }
}
