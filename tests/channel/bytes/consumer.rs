//! The consumer: what it shows to a stage, and what it leaves.

use super::{ALL, EACH, NOW, drain, ends, ends_before, record};
use crate::kit::{panic_on_purpose, panics};
use ringmain::contract::{At, Drained, End, Fault, Flow, Halt, NoEvent, Source, SourceMut, each};

#[test]
fn a_limit_is_kept() {
    let (mut tx, mut rx) = ends_before(40, 128);
    for n in 0..5 {
        tx.push(&record(n, n)).unwrap();
    }
    assert_eq!(rx.drain(NOW, 0, &mut each(|_: &[u8]| unreachable!())), Drained { count: 0, end: None });
    assert_eq!(drain(&mut rx, 2), [record(0, 0), record(1, 1)]);
    assert_eq!(drain(&mut rx, 1), [record(2, 2)]);
    assert_eq!(drain(&mut rx, ALL), [record(3, 3), record(4, 4)]);
}

#[test]
fn what_a_stage_says_decides_whether_the_record_is_consumed() {
    let fault = Fault::new(3);
    for (halt, consumed) in [(Halt::Again, 1), (Halt::Reject(fault), 2), (Halt::Stop, 2)] {
        for (offset, limit) in (0..128).step_by(8 * EACH).flat_map(|offset| [(offset, 2), (offset, ALL)]) {
            let (mut tx, mut rx) = ends_before(offset, 128);
            for n in 1..=3 {
                tx.push(&record(n, 3)).unwrap();
            }
            let mut stage = |bytes: &[u8], _: At| if bytes == record(2, 3) { Err(halt) } else { Ok(()) };
            let drained = rx.drain(NOW, limit, &mut stage);
            assert_eq!(drained, Drained { count: consumed, end: Some(End::Halted(halt)) });
            assert_eq!(tx.len(), rx.len());
            let left: Vec<_> = (consumed + 1..=3).map(|n| record(n, 3)).collect();
            assert_eq!(drain(&mut rx, ALL), left);
        }
    }
}

#[test]
fn a_panic_in_a_stage_consumes_what_came_before() {
    for fatal in 0..4 {
        let (mut tx, mut rx) = ends_before(40, 128);
        for n in 0..4 {
            tx.push(&record(n, n)).unwrap();
        }
        let mut stage = each(|bytes: &[u8]| {
            if bytes.len() == fatal {
                panic_on_purpose();
            }
        });
        assert!(panics(|| rx.drain(NOW, ALL, &mut stage)));
        assert_eq!(tx.len(), rx.len());
        let left: Vec<_> = (fatal..4).map(|n| record(n, n)).collect();
        assert_eq!(drain(&mut rx, ALL), left);
    }
}

#[test]
fn a_peek_changes_nothing() {
    let (mut tx, mut rx) = ends(64);
    assert_eq!(rx.peek(|_| ()), Err(NoEvent::Empty));
    tx.push(b"here").unwrap();
    for _ in 0..3 {
        assert_eq!(rx.peek(|bytes| bytes.len()), Ok(4));
        assert!(panics(|| rx.peek(|_| panic_on_purpose())));
    }
    assert_eq!((rx.len(), tx.len()), (16, 16));
    drop(tx);
    assert_eq!(drain(&mut rx, ALL), [b"here"]);
    assert_eq!(rx.peek(|_| ()), Err(NoEvent::Closed));
}

#[test]
fn a_record_is_changed_where_it_lies() {
    let (mut tx, mut rx) = ends(64);
    tx.push(b"abc").unwrap();
    let mut stage = |bytes: &mut [u8], _: At| -> Flow {
        bytes.make_ascii_uppercase();
        if bytes == b"ABC" { Err(Halt::Again) } else { Ok(()) }
    };
    let again = Drained { count: 0, end: Some(End::Halted(Halt::Again)) };
    assert_eq!(rx.drain_mut(NOW, ALL, &mut stage), again);
    assert_eq!(drain(&mut rx, ALL), [b"ABC"]);
}

/// A long batch gives room back before it ends: a producer that is called by the stage finds some.
#[test]
fn a_long_batch_makes_room_before_its_end() {
    let (mut tx, mut rx) = ends(128);
    while tx.push(&[7; 8]).is_ok() {}
    let mut put = Vec::new();
    let mut stage = each(|_: &[u8]| put.push(tx.push(&[8; 8]).is_ok()));
    assert_eq!(rx.drain(NOW, ALL, &mut stage).count, 8);
    assert_eq!(put, [false, false, true, true, true, true, true, true]);
}

/// Each drain ends, though each record brings another one.
#[test]
fn what_comes_during_a_drain_is_for_the_next() {
    let (mut tx, mut rx) = ends(64);
    tx.push(b"one").unwrap();
    for limit in [2, ALL] {
        let mut stage = each(|bytes: &[u8]| tx.push(bytes).unwrap());
        assert_eq!(rx.drain(NOW, limit, &mut stage).count, 1);
    }
}
