//! How much a ring holds.

use super::{ALL, drain, most, starts};
use crate::kit::{Asked, Event, Free, Rig};
use ringmain::contract::{Refused, Sink};
use ringmain::ring::{CapacityError, Sequence};

pub(crate) fn a_bad_capacity_is_an_error<R: Rig>() {
    fn refused<R: Rig, T: Event>(capacity: usize, fill: impl FnMut() -> T) -> CapacityError {
        R::build(Sequence::ZERO, capacity, fill).err().unwrap()
    }
    assert_eq!(refused::<R, _>(0, || 0u8), CapacityError::Zero);
    assert_eq!(refused::<R, _>(3, || 0u8), CapacityError::NotPowerOfTwo { asked: 3, next: 4 });
    let most = isize::MAX as usize;
    for asked in [usize::MAX, most, most / size_of::<[u64; 2]>(), most + 1, (most + 1) / 8] {
        refused::<R, _>(asked, || [0u64; 2]);
    }
}

/// By all ends in turn, and all of them say the same.
pub(crate) fn every_capacity_fills_up_refuses_and_goes_on<R: Rig>() {
    let ends = (most(R::MANY_PRODUCERS && !R::OWN_ROOM), most(R::MANY_CONSUMERS));
    for capacity in if cfg!(miri) { vec![1, 4] } else { vec![1, 2, 4, 64] } {
        for start in starts(capacity) {
            let (mut tx, mut rx) = R::ends(start, capacity, ends, || 0).unwrap();
            assert_eq!((tx.len(), rx.len()), ends);
            let all_say = |tx: &[R::Tx<u64>], rx: &[R::Rx<u64>], n: usize| {
                let same = |capacity_is, len, is_empty| (capacity_is, len, is_empty) == (capacity, n, n == 0);
                tx.iter().all(|tx| same(tx.capacity(), tx.len(), tx.is_empty()) && tx.free() == capacity - n)
                    && rx.iter().all(|rx| same(rx.capacity(), rx.len(), rx.is_empty()))
            };
            for lap in 0..3 {
                let first = lap * 100;
                for i in 0..capacity {
                    assert!(all_say(&tx, &rx, i));
                    tx[i % ends.0].push(first + i as u64).unwrap();
                }
                assert!(all_say(&tx, &rx, capacity));
                for tx in &mut tx {
                    let refusal = tx.push(7).unwrap_err();
                    assert_eq!((refusal.event, refusal.refused), (7, Refused::Full));
                }
                for i in 0..capacity {
                    assert_eq!(drain(&mut rx[i % ends.1], 1), [first + i as u64]);
                }
                assert!(all_say(&tx, &rx, 0));
                assert!(rx.iter_mut().all(|rx| drain(rx, ALL).is_empty()));
            }
        }
    }
}
