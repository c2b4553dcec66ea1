//! Who gets which positions, and who is the last to leave.

use super::common::outcomes;
use super::{look, put, start};
use loom::{sync::Arc, thread};
use ringmain::ring::{Claim, Sequence, Slots};

/// Two attempts to claim `n` positions; where they begin, counted from `start`.
fn attempt(claim: &Claim, n: u64) -> Option<u64> {
    let mut from = claim.peek();
    for _ in 0..2 {
        match claim.take(from, n) {
            Ok(()) => return Some(from.since(start())),
            Err(now) => from = now,
        }
    }
    None
}

#[test]
fn every_position_is_claimed_once() {
    // One thread claims two positions, the other one; the wrap lies between them.
    outcomes("claim: every position is claimed once", &[(0, 2), (1, 0)], || {
        let claim = Arc::new(Claim::new(start()));
        let other = Arc::clone(&claim);
        let other = thread::spawn(move || attempt(&other, 2));
        let mine = attempt(&claim, 1);
        let theirs = other.join().unwrap();
        assert_eq!(claim.peek(), start().plus(3));
        (theirs.expect("two attempts"), mine.expect("two attempts"))
    });
}

#[test]
fn the_last_to_leave_sees_what_the_others_did() {
    // 0: the main thread was the last, 1: the other one.
    outcomes("claim: the last to leave sees all", &[0, 1], || {
        let shared = Arc::new((Claim::new(start()), Slots::<u64>::new(2, start(), || 0, |_| ()).unwrap()));
        shared.0.join();
        let turn = |shared: &(Claim, Slots<u64>), mine: Sequence, theirs: Sequence| {
            put(&shared.1, mine, 7);
            let last = shared.0.leave();
            if last {
                assert_eq!(look(&shared.1, mine), 7);
                assert_eq!(look(&shared.1, theirs), 7);
            }
            last
        };
        let other = Arc::clone(&shared);
        let other = thread::spawn(move || turn(&other, start().next(), start()));
        let mine = turn(&shared, start(), start().next());
        let theirs = other.join().unwrap();
        assert_ne!(mine, theirs, "exactly one is the last");
        u64::from(theirs)
    });
}

/// The one that makes another producer still counts, so the count does not touch zero in between.
#[test]
fn joining_keeps_the_ring_open() {
    outcomes("claim: joining keeps the ring open", &[(false, true), (true, false)], || {
        let claim = Arc::new(Claim::new(start()));
        claim.join();
        let second = Arc::clone(&claim);
        let second = thread::spawn(move || {
            second.join();
            assert!(!second.leave(), "the one it made is still there");
            second.leave()
        });
        let mine = claim.leave();
        (mine, second.join().unwrap())
    });
}

/// One that is alone with the counter stores where others take; what is read is what was stored, in that order.
#[test]
fn a_store_claims_for_the_only_one() {
    let legal = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];
    outcomes("claim: a store claims", &legal, || {
        let claim = Arc::new(Claim::new(start()));
        let alone = Arc::clone(&claim);
        let alone = thread::spawn(move || {
            alone.set(start().next());
            alone.set(start().plus(2));
        });
        let ask = || claim.peek().since(start());
        let seen = (ask(), ask());
        alone.join().unwrap();
        assert_eq!(ask(), 2);
        seen
    });
}
