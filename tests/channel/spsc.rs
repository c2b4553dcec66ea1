use ringmain::channel::spsc::{self, Claim};
use ringmain::contract::{
    At, Drained, End, Fault, Flow, Halt, NoEvent, Refused, Sink, Source, SourceMut, Tick, each,
};
use ringmain::ring::{CapacityError, Sequence};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

fn drain<T: Clone>(rx: &mut impl Source<Event = T>, limit: usize) -> Vec<T> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut each(|event: &T| seen.push(event.clone())));
    seen
}

/// Counts its drops.
struct Counted(Arc<AtomicUsize>);
impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn a_bad_capacity_is_an_error_that_says_what_to_do() {
    assert_eq!(spsc::channel(0, || 0u8).unwrap_err(), CapacityError::Zero);
    let error = spsc::channel(12, || 0u8).unwrap_err();
    assert_eq!(error, CapacityError::NotPowerOfTwo { asked: 12, next: 16 });
    assert!(error.to_string().contains("take 16"));
    for asked in [usize::MAX, isize::MAX as usize, 1 << (usize::BITS - 1)] {
        assert!(spsc::channel(asked, || [0u64; 2]).is_err(), "{asked}");
    }
}

#[test]
fn every_capacity_fills_up_refuses_and_goes_on() {
    for capacity in [1, 2, 4, 64] {
        for start in [Sequence::ZERO, Sequence::ZERO.minus(1), Sequence::ZERO.minus(capacity as u64)] {
            let (mut tx, mut rx) = spsc::channel_from(start, capacity, || 0usize).unwrap();
            assert_eq!((tx.capacity(), rx.capacity()), (capacity, capacity));
            for lap in 0..3 {
                for i in 0..capacity {
                    assert_eq!((tx.free(), tx.len()), (capacity - i, i));
                    tx.push(lap * 100 + i).unwrap();
                }
                let refusal = tx.push(7).unwrap_err();
                assert_eq!((refusal.event, refusal.refused), (7, Refused::Full));
                assert_eq!((tx.free(), rx.len()), (0, capacity));
                assert_eq!(drain(&mut rx, ALL), (lap * 100..lap * 100 + capacity).collect::<Vec<_>>());
                assert!(tx.is_empty() && rx.is_empty());
            }
            assert_eq!(rx.next(), start.plus(3 * capacity as u64));
        }
    }
}

#[test]
fn a_limit_is_kept_and_positions_follow_one_another() {
    let (mut tx, mut rx) = spsc::channel(8, || 0u64).unwrap();
    assert_eq!(
        tx.fill_many(5, |i, slot| {
            let _: () = *slot = i as u64;
            Ok(())
        })
        .count,
        5
    );
    let mut at = Vec::new();
    let mut stage = |event: &u64, place: At| -> Flow {
        at.push((place.seq.count(), *event));
        Ok(())
    };
    assert_eq!(rx.drain(NOW, 2, &mut stage), Drained { count: 2, end: None });
    assert_eq!(rx.drain(NOW, 0, &mut stage), Drained { count: 0, end: None });
    assert_eq!(rx.drain(NOW, ALL, &mut stage), Drained { count: 3, end: None });
    assert_eq!(at, (0..5).map(|n| (n, n)).collect::<Vec<_>>());
}

#[test]
fn a_batch_takes_what_fits_and_says_so() {
    let (mut tx, mut rx) = spsc::channel(4, || 0usize).unwrap();
    let filled = tx.fill_many(6, |i, slot| {
        let _: () = *slot = i;
        Ok(())
    });
    assert_eq!((filled.count, filled.end), (4, Some(Halt::Again)));
    let filled = tx.fill_many(1, |_, _| unreachable!("it is full"));
    assert_eq!((filled.count, filled.end), (0, Some(Halt::Again)));
    assert_eq!(tx.fill_many(0, |_, _| unreachable!("nothing to fill")).end, None);
    assert_eq!(drain(&mut rx, 3), [0, 1, 2]);
    let fault = Halt::Reject(Fault::new(9));
    let filled = tx.fill_many(3, |i, slot| {
        if i == 1 {
            Err(fault)
        } else {
            let _: () = *slot = 10 + i;
            Ok(())
        }
    });
    assert_eq!((filled.count, filled.end), (1, Some(fault)));
    assert_eq!(drain(&mut rx, ALL), [3, 10]);
}

#[test]
fn a_fill_that_fails_publishes_nothing() {
    let (mut tx, mut rx) = spsc::channel(2, || 0u8).unwrap();
    assert_eq!(tx.fill(|_| -> Flow { Err(Fault::new(1).into()) }), Err(Halt::Reject(Fault::new(1))));
    assert_eq!(tx.fill(|slot| Ok(std::mem::replace(slot, 5))), Ok(0));
    assert_eq!(drain(&mut rx, ALL), [5]);
}

#[test]
fn a_panic_in_a_fill_publishes_what_was_filled_before() {
    let (mut tx, mut rx) = spsc::channel(4, || 0usize).unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        tx.fill_many(3, |i, slot| {
            assert!(i < 2, "on purpose");
            *slot = 1 + i;
            Ok(())
        })
    }));
    assert!(caught.is_err());
    assert_eq!(drain(&mut rx, ALL), [1, 2]);
    tx.push(3).unwrap();
    assert_eq!(drain(&mut rx, ALL), [3]);
}

#[test]
fn a_claim_is_published_when_it_is_committed() {
    for start in [Sequence::ZERO, Sequence::ZERO.minus(1)] {
        let (mut tx, mut rx) = spsc::channel_from(start, 2, || vec![0u8]).unwrap();
        for n in 1..=5 {
            let mut slot = tx.claim().unwrap();
            slot.clear();
            slot.extend([n, n]);
            assert_eq!(*slot, [n, n]);
            assert_eq!(rx.pop(), Err(NoEvent::Empty));
            slot.commit();
            assert_eq!(rx.pop(), Ok(vec![n, n]));
        }
        assert_eq!((tx.next(), rx.next()), (start.plus(5), start.plus(5)));
    }
}

#[test]
fn a_claim_given_up_is_as_if_it_had_never_been() {
    let (mut tx, mut rx) = spsc::channel(1, || 0).unwrap();
    let ways: [fn(Claim<'_, i32>); 2] = [
        |claim| drop(claim),
        |claim| {
            let _claim = claim;
            std::panic::resume_unwind(Box::new("on purpose"));
        },
    ];
    for (way, n) in ways.into_iter().zip(1..) {
        let before = tx.next();
        let mut claim = tx.claim().unwrap();
        assert_eq!(*claim, 10 * (n - 1), "it is the same slot, as it was left");
        *claim = n;
        let _ = catch_unwind(AssertUnwindSafe(|| way(claim)));
        assert_eq!((tx.next(), tx.free(), rx.len()), (before, 1, 0));
        assert_eq!(tx.fill(|slot| Ok(*slot)), Ok(n), "what was written into it stays in it");
        assert_eq!(rx.take(|slot| std::mem::replace(slot, 10 * n)), Ok(n));
    }
}

#[test]
fn a_full_or_closed_channel_cannot_be_claimed() {
    let (mut tx, mut rx) = spsc::channel(1, || 0).unwrap();
    tx.push(1).unwrap();
    assert_eq!(tx.claim().unwrap_err(), Refused::Full);
    assert_eq!(rx.pop(), Ok(1));
    assert!(tx.claim().is_ok());
    drop(rx);
    tx.claim().expect("it is not looked for the consumer while there is room").commit();
    assert_eq!(tx.claim().unwrap_err(), Refused::Closed);
    assert_eq!(tx.len(), 1);
}

/// What a commit overwrote, what it published, and what was only claimed: each value is dropped once.
#[test]
fn claimed_values_are_dropped_once() {
    let drops = Arc::new(AtomicUsize::new(0));
    let counted = || Some(Counted(drops.clone()));
    let (mut tx, mut rx) = spsc::channel(2, || None).unwrap();
    *tx.claim().unwrap() = counted();
    let mut claim = tx.claim().unwrap();
    assert!(claim.is_some());
    *claim = counted();
    assert_eq!(drops.load(Relaxed), 1);
    claim.commit();
    *tx.claim().unwrap() = counted();
    drop(rx.pop().unwrap());
    assert_eq!(drops.load(Relaxed), 2);
    drop((tx, rx));
    assert_eq!(drops.load(Relaxed), 3);
}

#[test]
fn what_a_stage_says_decides_whether_the_event_is_consumed() {
    let fault = Fault::new(3);
    for (halt, consumed) in [(Halt::Again, 1), (Halt::Reject(fault), 2), (Halt::Stop, 2)] {
        let (mut tx, mut rx) = spsc::channel(4, || 0u8).unwrap();
        for n in 1..=3 {
            tx.push(n).unwrap();
        }
        let mut stage = |event: &u8, _: At| if *event == 2 { Err(halt) } else { Ok(()) };
        let drained = rx.drain(NOW, ALL, &mut stage);
        assert_eq!(drained, Drained { count: consumed, end: Some(End::Halted(halt)) });
        assert_eq!(drain(&mut rx, ALL).len(), 3 - consumed);
    }
}

#[test]
fn a_panic_in_a_stage_consumes_what_came_before() {
    let (mut tx, mut rx) = spsc::channel(4, || 0u8).unwrap();
    for n in 1..=3 {
        tx.push(n).unwrap();
    }
    let mut stage = each(|event: &u8| assert!(*event < 2, "on purpose"));
    assert!(catch_unwind(AssertUnwindSafe(|| rx.drain(NOW, ALL, &mut stage))).is_err());
    assert_eq!(tx.len(), 2);
    assert_eq!(drain(&mut rx, ALL), [2, 3]);
}

#[test]
fn a_closed_producer_is_seen_behind_its_last_event() {
    let (mut tx, mut rx) = spsc::channel(4, || 0u8).unwrap();
    tx.push(1).unwrap();
    drop(tx);
    assert!(!rx.is_closed());
    let drained = rx.drain(NOW, ALL, &mut each(|n: &u8| assert_eq!(*n, 1)));
    assert_eq!(drained, Drained { count: 1, end: Some(End::Closed) });
    assert!(rx.is_closed());
    assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &u8| ())), Drained { count: 0, end: Some(End::Closed) });
}

#[test]
fn a_closed_consumer_gives_the_event_back_and_says_what_it_left() {
    let (mut tx, mut rx) = spsc::channel(2, String::new).unwrap();
    tx.push("a".into()).unwrap();
    tx.push("b".into()).unwrap();
    assert_eq!(drain(&mut rx, 1), ["a"]);
    drop(rx);
    assert!(tx.is_closed());
    assert_eq!(tx.len(), 1);
    let refusal = tx.push("c".into()).unwrap_err();
    assert_eq!((refusal.event.as_str(), refusal.refused), ("c", Refused::Closed));
    let filled = tx.fill_many(2, |_, _| unreachable!("closed"));
    assert_eq!((filled.count, filled.end), (0, Some(Halt::Stop)));
}

#[test]
fn owned_values_are_dropped_once_wherever_they_are() {
    let drops = Arc::new(AtomicUsize::new(0));
    let counted = || Some(Counted(drops.clone()));
    for taken in 0..3 {
        drops.store(0, Relaxed);
        let (mut tx, mut rx) = spsc::channel(4, || None).unwrap();
        let mut sent = 0;
        for _ in 0..6 {
            sent += usize::from(tx.push(counted()).is_ok());
            let mut left = usize::from(sent % 2 == 0);
            let _ = rx.drain_mut(NOW, taken.min(left), &mut |slot: &mut Option<Counted>, _: At| -> Flow {
                left -= 1;
                drop(slot.take());
                Ok(())
            });
        }
        let refused = 6 - sent;
        drop(tx);
        drop(rx);
        assert_eq!(drops.load(Relaxed), sent + refused, "taken {taken}");
    }
}

#[test]
fn events_without_a_size_and_large_ones_pass() {
    let (mut tx, mut rx) = spsc::channel(8, || ()).unwrap();
    assert_eq!(tx.fill_many(9, |_, ()| Ok(())).count, 8);
    assert_eq!(drain(&mut rx, ALL).len(), 8);

    let build = std::thread::Builder::new().stack_size(64 << 20);
    let large = build.spawn(|| spsc::channel(2, || [0u8; 1 << 20]).unwrap()).unwrap();
    let (mut tx, mut rx) = large.join().unwrap();
    let small_stack = std::thread::Builder::new().stack_size(256 << 10).spawn(move || {
        tx.offer(|slot| slot[77] = 7).unwrap();
        let _ = rx.drain(NOW, ALL, &mut each(|slot: &[u8; 1 << 20]| assert_eq!(slot[77], 7)));
    });
    small_stack.unwrap().join().unwrap();
}

#[test]
fn the_address_of_an_event_is_the_same_at_both_ends() {
    let (mut tx, mut rx) = spsc::channel(4, || [0u64; 8]).unwrap();
    for _ in 0..9 {
        let written = tx.fill(|slot| Ok(std::ptr::from_ref(slot) as usize)).unwrap();
        let _ = rx.drain(
            NOW,
            ALL,
            &mut each(|event: &[u64; 8]| {
                assert_eq!(std::ptr::from_ref(event) as usize, written);
            }),
        );
    }
}

#[test]
fn two_threads_hand_everything_over_in_order() {
    let n: u64 = if cfg!(miri) { 60 } else { 300_000 };
    for (capacity, batch) in [(1, 1), (2, 2), (64, 1), (1024, 32)] {
        let start = Sequence::ZERO.minus(5);
        let (mut tx, mut rx) = spsc::channel_from(start, capacity, || 0u64).unwrap();
        let producer = std::thread::spawn(move || {
            let mut next = 0;
            while next < n {
                let want = batch.min((n - next) as usize);
                let filled = tx.fill_many(want, |i, slot| {
                    let _: () = *slot = next + i as u64;
                    Ok(())
                });
                next += filled.count as u64;
                if filled.count == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let mut expected = 0;
        loop {
            let drained = rx.drain(
                NOW,
                ALL,
                &mut each(|event: &u64| {
                    assert_eq!(*event, expected);
                    expected += 1;
                }),
            );
            match drained {
                Drained { end: Some(_), .. } => break,
                Drained { count: 0, .. } => std::thread::yield_now(),
                Drained { .. } => {}
            }
        }
        assert_eq!(expected, n);
        producer.join().unwrap();
    }
}

mod property {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 400 }, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is done in whatever order, the ring is a bounded queue, and no question changes it.
        #[test]
        fn a_ring_is_a_bounded_queue(
            bits in 0usize..5,
            before in 0u64..40,
            steps in prop::collection::vec((any::<bool>(), 0usize..20), 0..60),
        ) {
            let capacity = 1 << bits;
            let start = Sequence::ZERO.minus(before);
            let (mut tx, mut rx) = spsc::channel_from(start, capacity, || 0u64).unwrap();
            let (mut queue, mut sent) = (VecDeque::new(), 0);
            for (put, n) in steps {
                if put {
                    let filled = tx.fill_many(n, |i, slot| { *slot = sent + i as u64; Ok(()) });
                    prop_assert_eq!(filled.count, n.min(capacity - queue.len()));
                    queue.extend(sent..sent + filled.count as u64);
                    sent += filled.count as u64;
                } else {
                    let expected: Vec<u64> = queue.drain(..n.min(queue.len())).collect();
                    prop_assert_eq!(drain(&mut rx, n), expected);
                }
                prop_assert_eq!((tx.len(), rx.len()), (queue.len(), queue.len()));
                prop_assert_eq!(tx.free(), capacity - queue.len());
                prop_assert_eq!(tx.next(), rx.next().plus(queue.len() as u64));
            }
            drop(tx);
            prop_assert_eq!(drain(&mut rx, ALL), Vec::from(queue));
            prop_assert!(rx.is_closed());
        }
    }
}
