use crate::kit::{Mpsc, MpscLanes, channel_conforms};
use ringmain::channel::{mpsc, spsc};
use ringmain::contract::{At, Drained, End, Fault, Flow, Halt, Refused, Sink, Source, Tick, each};
use ringmain::ring::Sequence;
use std::panic::{AssertUnwindSafe, catch_unwind};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

fn drain<T: Clone>(rx: &mut impl Source<Event = T>, limit: usize) -> Vec<T> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut each(|event: &T| seen.push(event.clone())));
    seen
}

fn fill_from(tx: &mut impl Sink<Event = u64>, from: u64, n: usize) -> usize {
    let fill = |i, slot: &mut u64| -> Flow {
        *slot = from + i as u64;
        Ok(())
    };
    tx.fill_many(n, fill).count
}

/// Everything there is, with the numbers of the events.
fn numbered(rx: &mut impl Source<Event = u64>, limit: usize) -> Vec<(u64, u64)> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut |event: &u64, at: At| -> Flow {
        seen.push((at.seq.count(), *event));
        Ok(())
    });
    seen
}

channel_conforms!(channel, Mpsc);
channel_conforms!(lanes, MpscLanes);

#[test]
fn a_producer_can_be_cloned_whatever_it_carries() {
    struct NotClone;
    let (tx, _rx) = mpsc::channel(2, || NotClone).unwrap();
    let _clone = tx.clone();
}

/// Wherever in a batch it happens, by a failure or a panic: what was filled before arrives, what comes after is not
/// hidden, and a ring full of void slots is not full for good.
#[test]
fn what_is_given_up_is_void_and_hides_nothing() {
    for capacity in [1, 4] {
        let start = Sequence::ZERO.minus(2);
        let (mut tx, mut rx) = mpsc::channel_from(start, capacity, || 0u64).unwrap();
        let mut other = tx.clone();
        let mut at = start;
        for (bad, panics) in (0..capacity).flat_map(|bad| [(bad, false), (bad, true), (bad, true)]) {
            let fill = |i, slot: &mut u64| -> Flow {
                *slot = i as u64;
                match i {
                    i if i != bad => Ok(()),
                    _ if panics => std::panic::resume_unwind(Box::new("on purpose")),
                    _ => Err(Fault::new(1).into()),
                }
            };
            let filled = catch_unwind(AssertUnwindSafe(|| tx.fill_many(capacity, fill)));
            assert_eq!(filled.is_err(), panics);
            if let Ok(filled) = filled {
                assert_eq!((filled.count, filled.end), (bad, Some(Halt::Reject(Fault::new(1)))));
            }
            assert_eq!((rx.len(), other.free()), (capacity, 0), "the claim was for all");
            assert_eq!(drain(&mut rx, ALL), (0..bad as u64).collect::<Vec<_>>());
            at = at.plus(capacity as u64);
            assert_eq!((rx.next(), other.is_empty()), (at, true));
            other.push(9).unwrap();
            assert_eq!(numbered(&mut rx, 1), [(at.count(), 9)], "void slots leave a gap");
            at = at.next();
        }
    }
}

// ------------------------------------------------------------------------------------------------------------ lanes

#[test]
fn each_lane_has_a_capacity_of_its_own() {
    let start = Sequence::ZERO.minus(2);
    let (mut txs, mut rx) = mpsc::lanes_from(start, 3, 2, || 0u64).unwrap();
    assert_eq!((txs.len(), rx.capacity(), rx.lanes().len()), (3, 6, 3));
    for (n, tx) in (0..).zip(&mut txs) {
        assert_eq!(fill_from(tx, 10 * n, 3), 2);
    }
    assert_eq!((rx.len(), rx.is_empty(), rx.next()), (6, false, start));
    assert_eq!(rx.lanes().iter().map(spsc::Consumer::len).collect::<Vec<_>>(), [2, 2, 2]);
    let numbers: Vec<_> = (0..6).map(|n| start.plus(n).count()).collect();
    let seen = numbered(&mut rx, ALL);
    assert_eq!(seen, numbers.into_iter().zip([0, 1, 10, 11, 20, 21]).collect::<Vec<_>>());
    assert_eq!((rx.len(), rx.is_empty(), rx.next()), (0, true, Sequence::new(4)));
}

/// One lane is kept full; the others wait for no more than its burst, whatever the limit.
#[test]
fn a_lane_that_never_rests_keeps_nobody_waiting() {
    for limit in [1, 7, 64, 100, ALL] {
        let (mut txs, mut rx) = mpsc::lanes(3, 256, || 0u64).unwrap();
        for turn in 0..if cfg!(miri) { 2 } else { 50 } {
            while txs[0].push(0).is_ok() {}
            txs[1].push(1).unwrap();
            txs[2].push(2).unwrap();
            let (mut others, mut before) = (0, 0);
            while others < 2 {
                for event in drain(&mut rx, limit) {
                    others += usize::from(event != 0);
                    before += usize::from(event == 0 && others < 2);
                }
                while txs[0].push(0).is_ok() {}
            }
            // The rest of a burst, and perhaps one more between the two.
            assert!(before <= 64 + 64, "turn {turn}, limit {limit}: {before} before the others");
        }
    }
}

#[test]
fn one_call_ends_though_a_producer_never_rests() {
    let (mut txs, mut rx) = mpsc::lanes(2, 128, || 0u64).unwrap();
    let [busy, idle] = &mut txs[..] else { unreachable!() };
    while busy.push(0).is_ok() {}
    idle.push(1).unwrap();
    let mut seen = 0;
    let drained = rx.drain(NOW, ALL, &mut |_: &u64, _: At| -> Flow {
        seen += 1;
        while busy.push(0).is_ok() {}
        Ok(())
    });
    assert_eq!((drained, seen), (Drained { count: rx.capacity(), end: None }, 256));
}

#[test]
fn what_comes_again_comes_next_with_the_same_number() {
    let (mut txs, mut rx) = mpsc::lanes(2, 4, || 0u64).unwrap();
    txs[1].push(10).unwrap();
    let mut asked = Vec::new();
    let mut full = |event: &u64, at: At| -> Flow {
        asked.push((at.seq.count(), *event));
        Err(Halt::Again)
    };
    let again = Drained { count: 0, end: Some(End::Halted(Halt::Again)) };
    assert_eq!(rx.drain(NOW, 8, &mut full), again);
    txs[0].push(0).unwrap();
    assert_eq!(rx.drain(NOW, 8, &mut full), again);
    assert_eq!(asked, [(0, 10), (0, 10)]);
    assert_eq!(numbered(&mut rx, ALL), [(0, 10), (1, 0)]);
}

#[test]
fn lanes_close_when_all_are_closed_and_empty() {
    let (mut txs, mut rx) = mpsc::lanes(2, 4, || 0u64).unwrap();
    txs[0].push(1).unwrap();
    drop(txs.remove(0));
    let end = Some(End::Closed);
    assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 1, end: None });
    txs[0].push(2).unwrap();
    txs.clear();
    assert!(!rx.is_closed());
    assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 1, end });
    assert!(rx.is_closed());
    assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 0, end });

    let (mut txs, rx) = mpsc::lanes(2, 1, String::new).unwrap();
    txs[1].push("left".into()).unwrap();
    drop(rx);
    assert!(txs.iter().all(spsc::Producer::is_closed));
    let refusal = txs[1].push("back".into()).unwrap_err();
    assert_eq!((txs[1].len(), refusal.event.as_str(), refusal.refused), (1, "back", Refused::Closed));
}

#[test]
fn without_producers_lanes_are_closed_from_the_beginning() {
    let (txs, mut rx) = mpsc::lanes(0, 4, || 0u64).unwrap();
    assert!(txs.is_empty() && rx.is_closed() && rx.is_empty());
    let end = Some(End::Closed);
    assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 0, end });
}

mod property {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 400 }, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is done in whatever order, by whichever producer, the ring is one bounded queue with holes.
        #[test]
        fn a_ring_is_a_bounded_queue(
            bits in 0usize..5,
            before in 0u64..40,
            steps in prop::collection::vec((0usize..4, 0usize..20, any::<bool>()), 0..60),
        ) {
            let capacity = 1 << bits;
            let start = Sequence::ZERO.minus(before);
            let (tx, mut rx) = mpsc::channel_from(start, capacity, || 0u64).unwrap();
            let mut txs = [tx.clone(), tx.clone(), tx];
            let (mut queue, mut sent, mut at) = (VecDeque::<Option<u64>>::new(), 0, start);
            for (who, n, fails) in steps {
                if let Some(tx) = txs.get_mut(who) {
                    let claims = n.min(capacity - queue.len());
                    let good = if fails { claims / 2 } else { claims };
                    let filled = tx.fill_many(n, |i, slot| {
                        if i == good {
                            return Err(Fault::new(1).into());
                        }
                        *slot = sent + i as u64;
                        Ok(())
                    });
                    prop_assert_eq!(filled.count, good);
                    queue.extend((0..claims).map(|i| (i < good).then_some(sent + i as u64)));
                    sent += claims as u64;
                } else {
                    let mut expected = Vec::new();
                    while expected.len() < n {
                        let Some(event) = queue.pop_front() else { break };
                        expected.extend(event);
                        at = at.next();
                    }
                    prop_assert_eq!(drain(&mut rx, n), expected);
                }
                prop_assert_eq!((txs[0].len(), rx.len(), txs[1].free()), (queue.len(), queue.len(), capacity - queue.len()));
                prop_assert_eq!(rx.next(), at);
            }
            drop(txs);
            prop_assert_eq!(drain(&mut rx, ALL), queue.into_iter().flatten().collect::<Vec<_>>());
            prop_assert!(rx.is_closed());
        }

        /// Against a queue for each lane: dense numbers, each lane's own order, nothing lost, and a burst at most.
        #[test]
        fn lanes_are_bounded_queues_in_one_row(
            producers in 1usize..5,
            bits in 0usize..8,
            before in 0u64..40,
            steps in prop::collection::vec((0usize..6, 0usize..150, any::<bool>()), 0..60),
        ) {
            let capacity = 1 << bits;
            let start = Sequence::ZERO.minus(before);
            let (mut txs, mut rx) = mpsc::lanes_from(start, producers, capacity, || (0, 0u64)).unwrap();
            let mut queues = vec![VecDeque::new(); producers];
            let (mut sent, mut next) = (0, start);
            for (who, n, fails) in steps {
                if let (Some(tx), Some(queue)) = (txs.get_mut(who), queues.get_mut(who)) {
                    let room = n.min(capacity - queue.len());
                    let good = if fails { room / 2 } else { room };
                    let filled = tx.fill_many(n, |i, slot| {
                        if i == good {
                            return Err(Fault::new(1).into());
                        }
                        *slot = (who, sent + i as u64);
                        Ok(())
                    });
                    prop_assert_eq!(filled.count, good);
                    queue.extend(sent..sent + good as u64);
                    sent += room as u64;
                } else {
                    let there: usize = queues.iter().map(VecDeque::len).sum();
                    let mut seen = Vec::new();
                    let drained = rx.drain(NOW, n, &mut |event: &(usize, u64), at: At| -> Flow {
                        seen.push((at.seq, *event));
                        Ok(())
                    });
                    prop_assert!(drained.count <= n.min(there));
                    prop_assert!(drained.count != 0 || n == 0 || there == 0, "what is there is found in one round");
                    for (seq, (lane, event)) in seen {
                        prop_assert_eq!((seq, Some(event)), (next, queues[lane].pop_front()));
                        next = next.next();
                    }
                }
                prop_assert_eq!(rx.len(), queues.iter().map(VecDeque::len).sum::<usize>());
                prop_assert_eq!(rx.next(), next);
            }
        }
    }
}
