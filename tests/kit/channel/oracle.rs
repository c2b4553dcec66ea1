//! Random steps against a bounded queue.

use super::{ALL, NOW, drain, lens};
use crate::kit::{Asked, Free, Rig, Shown};
use proptest::prelude::*;
use ringmain::contract::{At, Drained, End, Filled, Flow, Halt, Sink, Source};
use ringmain::ring::Sequence;
use std::collections::VecDeque;

#[derive(Clone, Debug)]
enum Step {
    /// So many, of which this one fails.
    Fill(usize, usize),
    /// So many at most, and this one is answered `Again`.
    Drain(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0usize..20, 0usize..40).prop_map(|(n, fails)| Step::Fill(n, fails)),
        (0usize..20, 0usize..40).prop_map(|(n, again)| Step::Drain(n, again)),
    ];
    prop::collection::vec(step, 0..60)
}

/// Whatever is done in whatever order, the ring is a bounded queue, and no question changes it.
pub(crate) fn any_steps_make_a_bounded_queue<R: Rig>() {
    let config = ProptestConfig {
        cases: if cfg!(miri) { 2 } else { 300 },
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(bits in 0usize..5, before in 0u64..40, steps in steps())| {
        let capacity = 1 << bits;
        let (mut tx, mut rx) = R::build(Sequence::ZERO.minus(before), capacity, || 0).unwrap();
        // `None` is a slot that was lost.
        let (mut queue, mut sent) = (VecDeque::new(), 0);
        // The first of it was shown already.
        let mut shown = false;
        for step in steps {
            match step {
                Step::Fill(n, fails) => {
                    let outside = usize::from(shown && R::SHOWN == Shown::OutOfTheRing);
                    let claims = n.min(capacity - (queue.len() - outside));
                    let filled = tx.fill_many(n, |i, slot| {
                        *slot = sent + i as u64;
                        if i == fails { Err(Halt::Stop) } else { Ok(()) }
                    });
                    let end = match (fails < claims, claims < n) {
                        (true, _) => Some(Halt::Stop),
                        (false, full) => full.then_some(Halt::Again),
                    };
                    prop_assert_eq!(filled, Filled { count: claims.min(fails), end });
                    queue.extend((sent..sent + filled.count as u64).map(Some));
                    sent += filled.count as u64;
                    if R::VOIDS {
                        queue.extend((filled.count..claims).map(|_| None));
                    }
                }
                Step::Drain(n, again) => {
                    let mut seen = Vec::new();
                    let mut stage = |event: &u64, _: At| -> Flow {
                        if seen.len() == again {
                            return Err(Halt::Again);
                        }
                        seen.push(*event);
                        Ok(())
                    };
                    // One call may give less than there is, but something.
                    let mut drained = Drained { count: 0, end: None };
                    while drained.count < n && drained.end.is_none() {
                        let more = rx.drain(NOW, n - drained.count, &mut stage);
                        drained = Drained { count: drained.count + more.count, end: more.end };
                        if more.count == 0 {
                            break;
                        }
                    }
                    let mut expected = Vec::new();
                    while expected.len() < n.min(again) && let Some(next) = queue.pop_front() {
                        expected.extend(next);
                    }
                    if n > again {
                        while queue.front() == Some(&None) {
                            queue.pop_front();
                        }
                    }
                    let halted = n > again && !queue.is_empty();
                    shown = halted || shown && n == 0;
                    let end = halted.then_some(End::Halted(Halt::Again));
                    prop_assert_eq!(drained, Drained { count: expected.len(), end });
                    prop_assert_eq!(seen, expected);
                }
            }
            for _ in 0..2 {
                let lens = lens::<R>(queue.len(), shown);
                prop_assert_eq!((tx.len(), rx.len()), lens);
                prop_assert_eq!((tx.is_empty(), rx.is_empty()), (lens.0 == 0, lens.1 == 0));
                prop_assert!(tx.free() == capacity - lens.0 && !tx.is_closed() && !rx.is_closed());
            }
        }
        drop(tx);
        prop_assert_eq!(drain(&mut rx, ALL), Vec::from_iter(queue.into_iter().flatten()));
        prop_assert!(rx.is_closed());
    });
}
