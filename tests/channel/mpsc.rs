use crate::kit::{Lanes, Mpsc, channel_conforms};
use ringmain::channel::{mpsc, spsc};
use ringmain::contract::{At, Drained, End, Fault, Flow, Halt, Refused, Sink, Source, SourceMut, Tick, each};
use ringmain::ring::{CapacityError, Sequence};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

channel_conforms!(shared, Mpsc);
channel_conforms!(in_lanes, Lanes);

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

/// Counts its drops.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);
impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// A producer can be cloned whatever it carries.
struct NotClone;

#[test]
fn a_bad_capacity_is_an_error_that_says_what_to_do() {
    assert_eq!(mpsc::channel(0, || 0u8).unwrap_err(), CapacityError::Zero);
    let error = CapacityError::NotPowerOfTwo { asked: 12, next: 16 };
    assert_eq!(mpsc::channel(12, || 0u8).unwrap_err(), error);
    assert_eq!(mpsc::lanes(2, 12, || 0u8).unwrap_err(), error);
    for asked in [usize::MAX, isize::MAX as usize, 1 << (usize::BITS - 1)] {
        assert!(mpsc::channel(asked, || [0u64; 2]).is_err(), "{asked}");
        assert!(mpsc::lanes(1, asked, || [0u64; 2]).is_err(), "{asked}");
    }
}

#[test]
fn every_capacity_fills_up_refuses_and_goes_on() {
    for capacity in [1, 2, 4, 64] {
        for start in [Sequence::ZERO, Sequence::ZERO.minus(1), Sequence::ZERO.minus(capacity as u64)] {
            let (mut a, mut rx) = mpsc::channel_from(start, capacity, || 0usize).unwrap();
            let mut b = a.clone();
            assert_eq!((a.capacity(), rx.capacity()), (capacity, capacity));
            for lap in 0..3 {
                for i in 0..capacity {
                    assert_eq!((a.free(), b.len(), rx.len()), (capacity - i, i, i));
                    if i % 2 == 0 { &mut a } else { &mut b }.push(lap * 100 + i).unwrap();
                }
                for tx in [&mut a, &mut b] {
                    let refusal = tx.push(7).unwrap_err();
                    assert_eq!((refusal.event, refusal.refused), (7, Refused::Full));
                    assert_eq!((tx.free(), tx.is_empty()), (0, false));
                }
                assert_eq!(drain(&mut rx, ALL), (lap * 100..lap * 100 + capacity).collect::<Vec<_>>());
                assert!(a.is_empty() && b.is_empty() && rx.is_empty());
            }
            assert_eq!(rx.next(), start.plus(3 * capacity as u64));
        }
    }
}

/// A producer that others have lapped does not believe what it knew.
#[test]
fn a_producer_that_was_away_for_laps_finds_its_place() {
    for away in 0..20 {
        let (mut busy, mut rx) = mpsc::channel(4, || 0u64).unwrap();
        let mut idle = busy.clone();
        idle.push(0).unwrap();
        assert_eq!(drain(&mut rx, ALL), [0]);
        for n in 0..away {
            busy.push(n).unwrap();
            assert_eq!(drain(&mut rx, ALL), [n]);
        }
        for n in 0..4 {
            idle.push(100 + n).unwrap();
        }
        assert_eq!(idle.push(9).unwrap_err().refused, Refused::Full);
        assert_eq!(busy.push(9).unwrap_err().refused, Refused::Full);
        assert_eq!(drain(&mut rx, ALL), [100, 101, 102, 103]);
    }
}

#[test]
fn a_batch_takes_what_fits_and_says_so() {
    let (mut tx, mut rx) = mpsc::channel(4, || 0u64).unwrap();
    let filled = tx.fill_many(6, |i, slot| {
        let _: () = *slot = i as u64;
        Ok(())
    });
    assert_eq!((filled.count, filled.end), (4, Some(Halt::Again)));
    let filled = tx.fill_many(1, |_, _| unreachable!("it is full"));
    assert_eq!((filled.count, filled.end), (0, Some(Halt::Again)));
    assert_eq!(tx.fill_many(0, |_, _| unreachable!("nothing to fill")).end, None);
    assert_eq!(numbered(&mut rx, 3), [(0, 0), (1, 1), (2, 2)]);
    assert_eq!(fill_from(&mut tx.clone(), 10, 9), 3);
    assert_eq!(drain(&mut rx, ALL), [3, 10, 11, 12]);
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

#[test]
fn what_a_stage_says_decides_whether_the_event_is_consumed() {
    fn check(mut tx: impl Sink<Event = u64>, mut rx: impl Source<Event = u64>, halt: Halt, consumed: usize) {
        assert_eq!(fill_from(&mut tx, 1, 3), 3);
        let mut stage = |event: &u64, _: At| if *event == 2 { Err(halt) } else { Ok(()) };
        let drained = rx.drain(NOW, ALL, &mut stage);
        assert_eq!(drained, Drained { count: consumed, end: Some(End::Halted(halt)) });
        let mut bomb = each(|event: &u64| assert!(*event != 3, "on purpose"));
        assert!(catch_unwind(AssertUnwindSafe(|| rx.drain(NOW, ALL, &mut bomb))).is_err());
        assert_eq!(drain(&mut rx, ALL), [3], "a panic consumes what came before");
    }
    for (halt, consumed) in [(Halt::Again, 1), (Halt::Reject(Fault::new(3)), 2), (Halt::Stop, 2)] {
        let (tx, rx) = mpsc::channel(4, || 0).unwrap();
        check(tx, rx, halt, consumed);
        let (mut tx, rx) = mpsc::lanes(2, 4, || 0).unwrap();
        check(tx.swap_remove(1), rx, halt, consumed);
    }
}

#[test]
fn the_last_producer_closes_behind_its_last_event() {
    let (mut a, mut rx) = mpsc::channel(4, || 0u8).unwrap();
    let mut b = a.clone();
    a.push(1).unwrap();
    drop(a);
    assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &u8| ())), Drained { count: 1, end: None });
    b.push(2).unwrap();
    drop(b.clone());
    assert_eq!(b.fill(|_| -> Flow { Err(Halt::Again) }), Err(Halt::Again));
    drop(b);
    assert!(!rx.is_closed());
    let end = Some(End::Closed);
    assert_eq!(rx.drain(NOW, ALL, &mut each(|n: &u8| assert_eq!(*n, 2))), Drained { count: 1, end });
    assert!(rx.is_closed());
    assert_eq!(rx.drain(NOW, 1, &mut each(|_: &u8| ())), Drained { count: 0, end });
}

#[test]
fn a_closed_consumer_gives_the_event_back_and_says_what_it_left() {
    let (mut tx, mut rx) = mpsc::channel(2, String::new).unwrap();
    let mut other = tx.clone();
    tx.push("a".into()).unwrap();
    other.push("b".into()).unwrap();
    assert_eq!(drain(&mut rx, 1), ["a"]);
    drop(rx);
    for tx in [&mut tx, &mut other] {
        assert!(tx.is_closed());
        assert_eq!(tx.len(), 1);
        let refusal = tx.push("c".into()).unwrap_err();
        assert_eq!((refusal.event.as_str(), refusal.refused), ("c", Refused::Closed));
        let filled = tx.fill_many(2, |_, _| unreachable!("closed"));
        assert_eq!((filled.count, filled.end), (0, Some(Halt::Stop)));
    }
}

#[test]
fn owned_values_are_dropped_once_wherever_they_are() {
    fn check(
        mut txs: [impl Sink<Event = Option<Counted>>; 2],
        mut rx: impl SourceMut<Event = Option<Counted>>,
    ) {
        let (drops, mut made) = (Arc::new(AtomicUsize::new(0)), 0);
        let mut new = || {
            made += 1;
            Some(Counted(drops.clone()))
        };
        for n in 0..12 {
            let tx = &mut txs[n % 2];
            drop(tx.push(new()));
            if n % 3 == 0 {
                // Overwrites what was there, and gives the slot up.
                let failed = tx.fill(|slot| -> Flow {
                    *slot = new();
                    Err(Fault::new(1).into())
                });
                assert!(failed.is_err());
            }
            let _ = rx.drain_mut(NOW, n % 2, &mut each(|slot: &mut Option<Counted>| drop(slot.take())));
        }
        drop(txs);
        drop(rx);
        assert_eq!(drops.load(Relaxed), made);
    }
    let (tx, rx) = mpsc::channel(4, || None).unwrap();
    check([tx.clone(), tx], rx);
    let (txs, rx) = mpsc::lanes(2, 4, || None).unwrap();
    check(txs.try_into().unwrap(), rx);
}

#[test]
fn events_without_a_size_and_large_ones_pass() {
    let (mut tx, mut rx) = mpsc::channel(8, || ()).unwrap();
    assert_eq!(tx.fill_many(9, |_, ()| Ok(())).count, 8);
    assert_eq!(drain(&mut rx, ALL).len(), 8);
    let (tx, _rx) = mpsc::channel(2, || NotClone).unwrap();
    let _clone = tx.clone();

    let build = std::thread::Builder::new().stack_size(64 << 20);
    let large = build.spawn(|| mpsc::channel(2, || [0u8; 1 << 20]).unwrap()).unwrap();
    let (mut tx, mut rx) = large.join().unwrap();
    let small_stack = std::thread::Builder::new().stack_size(256 << 10).spawn(move || {
        let written = tx
            .fill(|slot| {
                slot[77] = 7;
                Ok(std::ptr::from_ref(slot).addr())
            })
            .unwrap();
        let mut look = each(|slot: &[u8; 1 << 20]| {
            assert_eq!((slot[77], std::ptr::from_ref(slot).addr()), (7, written));
        });
        assert_eq!(rx.drain(NOW, ALL, &mut look).count, 1);
    });
    small_stack.unwrap().join().unwrap();
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
        for turn in 0..50 {
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

#[test]
fn a_fill_that_panics_in_a_lane_publishes_what_was_filled_before() {
    let (mut txs, mut rx) = mpsc::lanes(2, 4, || 0u64).unwrap();
    let fill = |i, slot: &mut u64| {
        assert!(i < 2, "on purpose");
        *slot = 1 + i as u64;
        Ok(())
    };
    assert!(catch_unwind(AssertUnwindSafe(|| txs[0].fill_many(3, fill))).is_err());
    txs[1].push(9).unwrap();
    assert_eq!(numbered(&mut rx, ALL), [(0, 1), (1, 2), (2, 9)]);
}

#[test]
fn an_event_is_lent_where_it_lies() {
    let (mut txs, mut rx) = mpsc::lanes(2, 4, || 0u64).unwrap();
    for tx in &mut txs {
        let written = tx.fill(|slot| Ok(std::ptr::from_mut(slot).addr())).unwrap();
        let mut look = each(|slot: &mut u64| assert_eq!(std::ptr::from_mut(slot).addr(), written));
        assert_eq!(rx.drain_mut(NOW, 1, &mut look).count, 1);
    }
}

// ---------------------------------------------------------------------------------------------------------- threads

/// Each producer sends `n` numbers, some by batches, and some fills fail; all arrive, each producer's in order.
fn soak<K: Sink<Event = (usize, u64)> + Send>(
    txs: Vec<K>,
    mut rx: impl SourceMut<Event = (usize, u64)>,
    n: u64,
) {
    let mut next = vec![0; txs.len()];
    std::thread::scope(|scope| {
        for (who, mut tx) in txs.into_iter().enumerate() {
            scope.spawn(move || {
                let (mut next, mut calls) = (0, 0);
                while next < n {
                    calls += 1;
                    let filled = tx.fill_many(3.min((n - next) as usize), |i, slot| {
                        if calls % 7 == 6 && i == 1 {
                            return Err(Fault::new(0).into());
                        }
                        *slot = (who, next + i as u64);
                        Ok(())
                    });
                    next += filled.count as u64;
                    if filled.count == 0 {
                        std::thread::yield_now();
                    }
                }
            });
        }
        let mut last = None;
        loop {
            let drained = rx.drain_mut(NOW, 50, &mut |event: &mut (usize, u64), at: At| -> Flow {
                assert!(
                    last.is_none_or(|last| at.seq.since(last) < 1 << 61 && at.seq != last),
                    "the numbers ascend"
                );
                last = Some(at.seq);
                let (who, number) = std::mem::take(event);
                assert_eq!(number, next[who]);
                next[who] += 1;
                Ok(())
            });
            match drained {
                Drained { end: Some(_), .. } => break,
                Drained { count: 0, .. } => std::thread::yield_now(),
                Drained { .. } => {}
            }
        }
    });
    assert!(next.iter().all(|next| *next == n), "{next:?}");
}

#[test]
fn many_threads_hand_everything_over_in_order() {
    let n: u64 = if cfg!(miri) { 20 } else { 20_000 };
    for (producers, capacity) in [(1, 1), (2, 2), (3, 64), (4, 1024)] {
        let start = Sequence::ZERO.minus(5);
        let (tx, rx) = mpsc::channel_from(start, capacity, || (0, 0)).unwrap();
        soak(vec![tx; producers], rx, n);
        let (txs, rx) = mpsc::lanes_from(start, producers, capacity, || (0, 0)).unwrap();
        soak(txs, rx, n);
    }
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
