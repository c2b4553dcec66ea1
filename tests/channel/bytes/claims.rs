//! Claims: what is committed, what is given up, and what is refused.

use super::{ALL, EACH, drain, ends, ends_before, record};
use crate::kit::{panic_on_purpose, panics};
use ringmain::channel::bytes::{ClaimError, Consumer, Producer};
use ringmain::contract::{Fault, Flow, Halt, ManualClock, Reason, Tick, Wait};
use std::mem::forget;

#[test]
fn a_claim_is_shorter_than_it_was_if_it_is_committed_so() {
    for offset in (0..128).step_by(8 * EACH) {
        for (claimed, committed) in
            (0..=24).step_by(EACH).flat_map(|n| (0..=n).step_by(EACH).map(move |m| (n, m)))
        {
            let (mut tx, mut rx) = ends_before(offset, 128);
            let mut claim = tx.claim(claimed).unwrap();
            assert_eq!(claim.len(), claimed);
            claim.copy_from_slice(&record(3, claimed));
            claim.commit_len(committed);
            tx.push(b"next").unwrap();
            assert_eq!(drain(&mut rx, ALL), [&record(3, claimed)[..committed], b"next"]);
        }
    }
}

#[test]
fn more_than_was_claimed_is_not_committed() {
    let (mut tx, mut rx) = ends(64);
    let claim = tx.claim(3).unwrap();
    assert!(panics(move || claim.commit_len(4)));
    tx.push(b"after").unwrap();
    assert_eq!(drain(&mut rx, ALL), [b"after"]);
}

/// However a claim ends without a commit, wherever in the ring it stood: nothing is published, and the next claim gets
/// the same room.
#[test]
#[allow(clippy::forget_non_drop, reason = "that it is the same as dropping it is what is tested")]
fn a_claim_that_is_not_committed_was_never_there() {
    let ways: [fn(&mut Producer); 5] = [
        |tx| drop(tx.claim(20).unwrap()),
        |tx| tx.claim(20).unwrap().abort(),
        |tx| forget(tx.claim(20).unwrap()),
        |tx| assert!(panics(|| tx.offer(20, |_| panic_on_purpose()))),
        |tx| assert_eq!(tx.fill(20, |_| -> Flow { Err(Fault::new(1).into()) }), Err(Fault::new(1).into())),
    ];
    for give_up in ways {
        for offset in (0..128).step_by(8 * EACH) {
            let (mut tx, mut rx) = ends_before(offset, 128);
            tx.push(b"before").unwrap();
            let (next, len) = (tx.next(), tx.len());
            for _ in 0..9 {
                give_up(&mut tx);
                assert_eq!((tx.next(), tx.len(), rx.len()), (next, len, len));
            }
            tx.push(b"behind").unwrap();
            assert_eq!(drain(&mut rx, ALL), [b"before", b"behind"]);
        }
    }
}

#[test]
fn a_claim_holds_what_was_there() {
    let (mut tx, mut rx) = ends(32);
    assert_eq!(*tx.claim(8).unwrap(), [0; 8]);
    for n in 0..2 {
        tx.push(&record(n, 8)).unwrap();
    }
    assert_eq!(drain(&mut rx, ALL).len(), 2);
    assert_eq!(*tx.claim(8).unwrap(), *record(0, 8));
}

#[test]
fn what_fill_says_is_what_becomes_of_the_record() {
    let (mut tx, mut rx) = ends(32);
    let put = tx.fill(3, |bytes| {
        bytes.copy_from_slice(b"one");
        Ok(bytes.len())
    });
    assert_eq!(put, Ok(3));
    assert_eq!(tx.fill(8, |_| Ok(())), Ok(()));
    assert_eq!(tx.fill(8, |_| -> Flow { unreachable!("full") }), Err(Halt::Again));
    assert_eq!(drain(&mut rx, 1), [b"one"]);
    drop(rx);
    assert_eq!(tx.fill(8, |_| -> Flow { unreachable!("closed") }), Err(Halt::Stop));
}

/// As a stage may say `tx.push(bytes)?`.
#[test]
fn a_refusal_is_a_halt() {
    assert_eq!(Halt::from(ClaimError::Full), Halt::Again);
    assert_eq!(Halt::from(ClaimError::Closed), Halt::Stop);
    let too_long = ClaimError::TooLong { len: 9, max: 8 };
    assert_eq!(Halt::from(too_long), Halt::Reject(Fault::of(Reason::NonRetryable)));
}

#[test]
fn who_waits_gets_room_or_the_end() {
    struct Hand<'a>(Option<&'a mut Consumer>, usize);
    impl Wait for Hand<'_> {
        fn idle(&mut self) {
            self.1 += 1;
            assert_eq!(drain(self.0.as_deref_mut().unwrap(), 1).len(), 1);
        }
        fn reset(&mut self) {
            self.0 = None;
        }
    }
    let (mut tx, mut rx) = ends(32);
    tx.push(b"1").unwrap();
    tx.push(b"2").unwrap();
    let mut hand = Hand(Some(&mut rx), 0);
    tx.offer_waiting(&mut hand, 1, |bytes| bytes[0] = b'3').unwrap();
    assert_eq!((hand.1, hand.0.is_none()), (1, true));
    assert_eq!(drain(&mut rx, ALL), [b"2", b"3"]);
    drop(rx);
    let mut nobody = Hand(None, 0);
    assert_eq!(tx.offer_waiting(&mut nobody, 8, |_| ()), Err(ClaimError::Closed));
    assert!(matches!(tx.offer_waiting(&mut nobody, 9, |_| ()), Err(ClaimError::TooLong { .. })));
}

/// A wait that is over means one try, in which nothing is filled; one that finds room does not ask for the time.
#[test]
fn a_deadline_that_has_passed_is_full() {
    struct Never;
    impl Wait for Never {
        fn idle(&mut self) {
            panic!("the time was over before");
        }
        fn reset(&mut self) {}
    }
    let (mut tx, mut rx) = ends(32);
    tx.push(b"1").unwrap();
    tx.push(b"2").unwrap();
    let (mut never, hand) = (Never, ManualClock::new());
    hand.set(Tick::from_nanos(5));
    for deadline in [0, 4, 5] {
        let mut clock = hand.clone();
        let mut wait = never.until(&mut clock, Tick::from_nanos(deadline));
        let put = tx.offer_waiting(&mut wait, 1, |_| unreachable!("it is full"));
        assert_eq!(put, Err(ClaimError::Full));
    }
    assert_eq!(drain(&mut rx, 1), [b"1"]);
    tx.offer_waiting(&mut never.until(&mut hand.clone(), Tick::ZERO), 1, |bytes| bytes[0] = b'3').unwrap();
    assert_eq!(drain(&mut rx, ALL), [b"2", b"3"]);
}
