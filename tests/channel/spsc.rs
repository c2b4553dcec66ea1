use crate::kit::{Spsc, SpscSpaced, channel_conforms};
use ringmain::channel::spsc::{self, Claim};
use ringmain::contract::{NoEvent, Refused, Sink, Source, SourceMut, Tick, each};
use ringmain::ring::Sequence;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

channel_conforms!(packed, Spsc);
channel_conforms!(spaced, SpscSpaced);

#[test]
fn each_end_knows_its_position() {
    let (mut tx, mut rx) = spsc::channel(4, || 0).unwrap();
    for n in 0..9 {
        let at = tx.next();
        tx.push(n).unwrap();
        assert_eq!((rx.next(), tx.next()), (at, at.next()));
        assert_eq!(rx.drain(Tick::ZERO, 1, &mut each(|_: &u64| ())).count, 1);
        assert_eq!(rx.next(), tx.next());
    }
}

/// Counts its drops.
struct Counted(Arc<AtomicUsize>);
impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
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
