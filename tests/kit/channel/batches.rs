//! Events that are put or taken together, and the one among them at which it ends.

use super::{ALL, NOW, drain, fill, lens, numbers, panic_on_purpose, panics, ring};
use crate::kit::{Asked, Rig};
use ringmain::contract::{At, Drained, End, Fault, Filled, Flow, Halt, Sink, Source, SourceMut, each};
use ringmain::ring::Sequence;

pub(crate) fn a_limit_is_kept_and_positions_grow<R: Rig>() {
    let (mut tx, mut rx) = ring::<R, _>(8, || 0);
    assert_eq!(fill(&mut tx, 0, 5), Filled { count: 5, end: None });
    let mut seen = Vec::new();
    let mut stage = |event: &u64, at: At| -> Flow {
        seen.push((at.seq.since(Sequence::ZERO.minus(2)), *event));
        Ok(())
    };
    for (limit, count) in [(2, 2), (0, 0), (1, 1), (ALL, 2), (ALL, 0)] {
        assert_eq!(rx.drain(NOW, limit, &mut stage), Drained { count, end: None });
    }
    assert!(seen.is_sorted_by(|a, b| a.0 < b.0), "{seen:?}");
    assert_eq!(seen.iter().map(|(_, event)| *event).collect::<Vec<_>>(), numbers(0, 5));
}

pub(crate) fn a_batch_takes_what_fits_and_says_so<R: Rig>() {
    let (mut tx, mut rx) = ring::<R, _>(4, || 0);
    assert_eq!(fill(&mut tx, 0, 6), Filled { count: 4, end: Some(Halt::Again) });
    let full = tx.fill_many(1, |_, _| unreachable!("it is full"));
    assert_eq!(full, Filled { count: 0, end: Some(Halt::Again) });
    let none = tx.fill_many(0, |_, _| unreachable!("nothing to fill"));
    assert_eq!(none, Filled { count: 0, end: None });
    assert_eq!(drain(&mut rx, 3), [0, 1, 2]);
    assert_eq!(fill(&mut tx, 4, 3), Filled { count: 3, end: None });
    assert_eq!(drain(&mut rx, ALL), [3, 4, 5, 6]);
}

/// What was filled before is published, what comes later arrives, and laps of it do not fill the ring for good.
pub(crate) fn a_batch_may_fail_or_panic_at_any_slot<R: Rig>() {
    let fault = Halt::Reject(Fault::new(9));
    let (mut tx, mut rx) = ring::<R, _>(4, || 0);
    for (fatal, halts) in [0, 1, 2, 3].repeat(3).into_iter().zip([true, false].repeat(6)) {
        let batch = |tx: &mut R::Tx<u64>| {
            tx.fill_many(4, |i, slot| {
                *slot = i as u64;
                match i == fatal {
                    true if halts => Err(fault),
                    true => panic_on_purpose(),
                    false => Ok(()),
                }
            })
        };
        if halts {
            assert_eq!(batch(&mut tx), Filled { count: fatal, end: Some(fault) });
        } else {
            assert!(panics(|| batch(&mut tx)));
        }
        assert_eq!(drain(&mut rx, ALL), numbers(0, fatal));

        // The same for one slot, which is lost at most.
        if halts {
            assert_eq!(tx.fill(|_| -> Flow { Err(fault) }), Err(fault));
        } else {
            assert!(panics(|| tx.offer(|_| panic_on_purpose())));
        }
        assert_eq!(fill(&mut tx, 10, 3), Filled { count: 3, end: None });
        assert_eq!(drain(&mut rx, ALL), [10, 11, 12]);
        assert_eq!((tx.len(), rx.len()), (0, 0));
    }
    assert_eq!(tx.fill(|slot| Ok(std::mem::replace(slot, 5))).map(|_| ()), Ok(()));
    assert_eq!(drain(&mut rx, ALL), [5]);
}

pub(crate) fn what_a_stage_says_decides_whether_the_event_is_consumed<R: Rig>() {
    for halt in [Halt::Again, Halt::Reject(Fault::new(3)), Halt::Stop] {
        for fatal in 0..4 {
            for limit in [1, ALL] {
                let (mut tx, mut rx) = ring::<R, _>(4, || 0);
                let _ = fill(&mut tx, 0, 4);
                let _ = drain(&mut rx, if limit == 1 { fatal } else { 0 });
                let mut stage = |event: &u64, _: At| if *event == fatal as u64 { Err(halt) } else { Ok(()) };
                let consumed = fatal + usize::from(halt != Halt::Again);
                let count = if limit == 1 { consumed - fatal } else { consumed };
                // As often as the stage says so, the event comes again.
                let drained = rx.drain(NOW, limit, &mut stage);
                assert_eq!(drained, Drained { count, end: Some(End::Halted(halt)) });
                assert_eq!((tx.len(), rx.len()), lens::<R>(4 - consumed, halt == Halt::Again));
                if halt == Halt::Again {
                    let drained = rx.drain(NOW, limit, &mut stage);
                    assert_eq!(drained, Drained { count: 0, end: Some(End::Halted(halt)) });
                }
                assert_eq!(drain(&mut rx, ALL), numbers(consumed as u64, 4 - consumed));
            }
        }
    }
}

/// What came before is consumed, and the event itself is not.
pub(crate) fn a_stage_may_panic_at_any_event<R: Rig>() {
    for fatal in 0..4 {
        for lends in [false, true] {
            let (mut tx, mut rx) = ring::<R, _>(4, || 0);
            let _ = fill(&mut tx, 0, 4);
            let panics_at = |event: u64| {
                if event == fatal {
                    panic_on_purpose()
                }
            };
            assert!(panics(|| if lends {
                rx.drain_mut(NOW, ALL, &mut each(|event: &mut u64| panics_at(*event)))
            } else {
                rx.drain(NOW, ALL, &mut each(|event: &u64| panics_at(*event)))
            }));
            let left = 4 - fatal as usize;
            assert_eq!((tx.len(), rx.len()), lens::<R>(left, true));
            assert_eq!(drain(&mut rx, ALL), numbers(fatal, left));
            assert_eq!(fill(&mut tx, 4, 4).count, 4);
            assert_eq!(drain(&mut rx, ALL), numbers(4, 4));
        }
    }
}

pub(crate) fn a_drain_ends_though_events_come_as_fast_as_it_goes<R: Rig>() {
    let (mut tx, mut rx) = ring::<R, _>(4, || 0);
    assert_eq!(fill(&mut tx, 0, 4).count, 4);
    let mut refills = each(|_: &u64| {
        let _ = tx.push(9);
    });
    for _ in 0..3 {
        assert!((1..=4).contains(&rx.drain(NOW, ALL, &mut refills).count));
    }
}
