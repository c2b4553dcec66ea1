//! What differs from [`mpmc`](super::mpmc), whose ring this is: the one producer.

use crate::kit::{Spmc, channel_conforms};
use ringmain::channel::spmc::{self, Consumer};
use ringmain::contract::{At, Fault, Flow, Halt, Sink, Source, Tick, each};
use ringmain::ring::Sequence;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

fn drain(rx: &mut Consumer<u64>, limit: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut each(|event: &u64| seen.push(*event)));
    seen
}

channel_conforms!(conforms, Spmc);

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
