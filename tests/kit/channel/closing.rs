//! The end of a ring, from either side.

use super::{ALL, NOW, drain, fill, most, numbers, ring, starts};
use crate::kit::{Asked, Free, Rig};
use ringmain::contract::{Drained, End, Filled, Halt, Refused, Sink, Source, each};
use std::mem::ManuallyDrop;

/// Whatever is in the ring, "empty, then closed" loses nothing; and it is said only when the last producer is gone.
pub(crate) fn the_end_comes_behind_the_last_event<R: Rig>() {
    for left in 0..=4 {
        for limit in [1, ALL] {
            let (mut tx, mut rx) = R::ends(starts(4)[2], 4, (most(R::MANY_PRODUCERS), 1), || 0).unwrap();
            let mut rx = rx.remove(0);
            assert!(!rx.is_closed());
            assert_eq!(fill(&mut tx[0], 0, left).count, left);
            while tx.pop().is_some() {
                assert!(tx.is_empty() || !rx.is_closed());
            }
            assert_eq!(rx.is_closed(), left == 0);
            let (mut seen, mut end) = (Vec::new(), None);
            for _ in 0..=left {
                let drained = rx.drain(NOW, limit, &mut each(|event: &u64| seen.push(*event)));
                end = drained.end;
                assert!(end.is_none() || seen.len() == left, "closed before it is empty");
            }
            assert_eq!((seen, end), (numbers(0, left), Some(End::Closed)));
            assert!(rx.is_closed());
            let again = rx.drain(NOW, limit, &mut each(|_: &u64| ()));
            assert_eq!(again, Drained { count: 0, end: Some(End::Closed) });
        }
    }
}

/// Slots that the producer knows to be free may be filled once more; then it is told.
pub(crate) fn a_consumer_that_goes_gives_the_event_back<R: Rig>() {
    for left in 0..=2 {
        let (mut tx, mut rx) = R::ends(starts(2)[2], 2, (1, most(R::MANY_CONSUMERS)), String::new).unwrap();
        let mut tx = tx.remove(0);
        for n in 0..left {
            tx.push(n.to_string()).unwrap();
        }
        assert_eq!(drain(&mut rx[0], 1).len(), left.min(1));
        while rx.pop().is_some() {
            assert!(rx.is_empty() || !tx.is_closed());
        }
        assert_eq!(
            (tx.len(), tx.free()),
            (left.saturating_sub(1), 2 - left.saturating_sub(1)),
            "it says what is left"
        );
        assert!(tx.is_closed());
        let refusal =
            std::iter::repeat_with(|| tx.push("back".into())).take(3).find_map(Result::err).unwrap();
        assert_eq!((refusal.event.as_str(), refusal.refused), ("back", Refused::Closed));
        let filled = tx.fill_many(2, |_, _| unreachable!("closed"));
        assert_eq!(filled, Filled { count: 0, end: Some(Halt::Stop) });
        assert_eq!(tx.offer(|_| unreachable!("closed")), Err(Refused::Closed));
    }
}

/// As after `mem::forget`, but what Miri would call a leak is given back at the end.
pub(crate) fn a_handle_that_is_never_dropped_holds_up_and_harms_nobody<R: Rig>() {
    let (tx, mut rx) = ring::<R, _>(2, || 0);
    let mut tx = ManuallyDrop::new(tx);
    tx.push(1).unwrap();
    assert_eq!(drain(&mut rx, ALL), [1]);
    let waits = rx.drain(NOW, ALL, &mut each(|_: &u64| ()));
    assert_eq!((waits, rx.is_closed()), (Drained { count: 0, end: None }, false));
    drop(rx);
    assert!(tx.is_closed());
    drop(ManuallyDrop::into_inner(tx));

    let (mut tx, rx) = ring::<R, _>(2, || 0);
    let rx = ManuallyDrop::new(rx);
    assert_eq!(fill(&mut tx, 0, 3), Filled { count: 2, end: Some(Halt::Again) });
    for _ in 0..3 {
        assert_eq!(tx.push(9).unwrap_err().refused, Refused::Full);
    }
    assert!(!tx.is_closed());
    drop(tx);
    assert!(!rx.is_closed());
    drop(ManuallyDrop::into_inner(rx));
}
