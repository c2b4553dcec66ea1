//! The channel in which nobody who stalls stops the others.

use crate::kit::{MpmcStrict, channel_conforms, panic_on_purpose, panics, stall};
use ringmain::channel::mpmc::strict::{self, Consumer, Producer};
use ringmain::contract::{At, Drained, End, Flow, Halt, Refused, Sink, Source, SourceMut, Tick, each};
use ringmain::ring::{CapacityError, Sequence};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;
const AGAIN: Drained = Drained { count: 0, end: Some(End::Halted(Halt::Again)) };

fn drain<T: Clone>(rx: &mut impl Source<Event = T>, limit: usize) -> Vec<T> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut each(|event: &T| seen.push(event.clone())));
    seen
}

/// A stage that looks at the first event and wants it again: the event, if there is one.
fn peek(rx: &mut impl Source<Event = u64>) -> Option<u64> {
    let mut seen = None;
    let drained = rx.drain(NOW, ALL, &mut |event: &u64, _: At| -> Flow {
        seen = Some(*event);
        Err(Halt::Again)
    });
    assert_eq!(drained == AGAIN, seen.is_some());
    seen
}

/// One producer and one consumer.
fn pair<T>(capacity: usize, fill: impl FnMut() -> T) -> (Producer<T>, Consumer<T>) {
    let (mut tx, mut rx) = strict::channel(capacity, 1, 1, fill).unwrap();
    (tx.remove(0), rx.remove(0))
}

channel_conforms!(conforms, MpmcStrict);

#[test]
fn more_ends_than_memory_are_an_error() {
    let new = strict::channel(1, usize::MAX, usize::MAX, || 0u64);
    assert_eq!(new.unwrap_err(), CapacityError::TooLarge { asked: 1 });
}

#[test]
fn an_event_in_hand_is_shown_first_and_passed_by_the_others() {
    let (mut tx, mut rx) = strict::channel(2, 1, 2, || 0u64).unwrap();
    tx[0].push(1).unwrap();
    tx[0].push(2).unwrap();
    assert_eq!((peek(&mut rx[0]), peek(&mut rx[0])), (Some(1), Some(1)));
    // It is not in the ring any more.
    assert_eq!((tx[0].free(), rx[0].len(), rx[1].len()), (1, 2, 1));
    assert_eq!(drain(&mut rx[1], ALL), [2]);
    tx[0].push(3).unwrap();
    tx[0].push(4).unwrap();
    // The limit counts it.
    assert_eq!(drain(&mut rx[0], 2), [1, 3]);
    assert_eq!(drain(&mut rx[1], ALL), [4]);
    assert_eq!(tx[0].abandoned(), 0);
}

/// A stage may change an event and ask for it again; it finds it as it left it.
#[test]
fn an_event_in_hand_keeps_what_was_done_to_it() {
    let (mut tx, mut rx) = pair(1, || 0u64);
    tx.push(1).unwrap();
    let mut stage = |event: &mut u64, at: At| -> Flow {
        assert_eq!(at.seq, Sequence::ZERO);
        *event += 1;
        if *event < 4 { Err(Halt::Again) } else { Ok(()) }
    };
    assert_eq!(rx.drain_mut(NOW, ALL, &mut stage), AGAIN);
    tx.push(9).unwrap();
    assert_eq!(rx.drain_mut(NOW, ALL, &mut stage), AGAIN);
    assert_eq!(rx.drain_mut(NOW, 1, &mut stage), Drained { count: 1, end: None });
    assert_eq!(drain(&mut rx, ALL), [9]);
}

/// Whichever event it is: those before it are consumed, and it is in hand.
#[test]
fn a_panic_in_a_stage_leaves_the_event_in_hand() {
    for fatal in 1..=4 {
        let (mut tx, mut rx) = strict::channel(4, 1, 2, || 0u64).unwrap();
        for n in 1..=4 {
            tx[0].push(n).unwrap();
        }
        let mut seen = Vec::new();
        let mut stage = each(|event: &u64| {
            if *event == fatal {
                panic_on_purpose();
            }
            seen.push(*event);
        });
        assert!(panics(|| rx[0].drain(NOW, ALL, &mut stage)));
        assert_eq!(seen, (1..fatal).collect::<Vec<_>>());
        assert_eq!(drain(&mut rx[1], ALL), (fatal + 1..=4).collect::<Vec<_>>());
        assert_eq!(drain(&mut rx[0], ALL), [fatal]);
    }
}

#[test]
fn an_event_in_hand_goes_with_its_consumer_and_is_counted() {
    let (mut tx, mut rx) = strict::channel(4, 1, 3, || 0u64).unwrap();
    for n in 1..=4 {
        tx[0].push(n).unwrap();
    }
    assert_eq!(peek(&mut rx[0]), Some(1));
    assert!(panics(|| rx[1].drain(NOW, ALL, &mut each(|_: &u64| panic_on_purpose()))));
    assert_eq!(drain(&mut rx[2], 1), [3]);
    rx.remove(0);
    assert_eq!((tx[0].abandoned(), rx[0].abandoned(), tx[0].is_closed()), (1, 1, false));
    rx.remove(0);
    assert_eq!(tx[0].abandoned(), 2);
    assert_eq!(drain(&mut rx[0], ALL), [4]);
    drop(rx);
    assert_eq!((tx[0].abandoned(), tx[0].len(), tx[0].is_closed()), (2, 0, true));
}

#[test]
fn the_last_producer_that_goes_is_seen_behind_its_last_event() {
    let end = Drained { count: 0, end: Some(End::Closed) };
    let (mut tx, mut rx) = strict::channel(4, 2, 2, || 0u64).unwrap();
    tx[0].push(1).unwrap();
    tx.remove(0);
    assert_eq!(rx[0].drain(NOW, 0, &mut each(|_: &u64| ())), Drained { count: 0, end: None });
    assert_eq!(peek(&mut rx[0]), Some(1));
    assert_eq!(rx[1].drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 0, end: None });
    tx[0].push(2).unwrap();
    drop(tx);
    assert!(!rx[0].is_closed() && !rx[1].is_closed());
    let drained = rx[1].drain(NOW, ALL, &mut each(|n: &u64| assert_eq!(*n, 2)));
    assert_eq!(drained, Drained { count: 1, end: Some(End::Closed) });
    // The other one has its event still.
    assert!(!rx[0].is_closed() && rx[1].is_closed());
    assert_eq!(rx[1].drain(NOW, ALL, &mut each(|_: &u64| ())), end);
    assert_eq!(drain(&mut rx[0], ALL), [1]);
    assert!(rx[0].is_closed());
    assert_eq!(rx[0].drain(NOW, ALL, &mut each(|_: &u64| ())), end);
}

#[test]
fn a_channel_without_one_side_is_closed() {
    let (_, mut rx) = strict::channel(1, 0, 1, || 0u64).unwrap();
    assert!(rx[0].is_closed());
    assert_eq!(rx[0].drain(NOW, ALL, &mut each(|_: &u64| ())).end, Some(End::Closed));
    let (mut tx, _) = strict::channel(1, 1, 0, || 0u64).unwrap();
    assert!(tx[0].is_closed());
    assert_eq!(tx[0].push(1).unwrap_err().refused, Refused::Closed);
}

// ------------------------------------------------------------------------------------------------ somebody who stalls

/// The closure stands still, as it were, while the others do all this.
fn ten_thousand_pass(tx: &mut Producer<u64>, rx: &mut Consumer<u64>) {
    let n = if cfg!(miri) { 50 } else { 10_000 };
    let mut next = 0;
    let mut expected = 0;
    while expected < n {
        while next < n && tx.push(next).is_ok() {
            next += 1;
        }
        let drained = rx.drain(
            NOW,
            ALL,
            &mut each(|event: &u64| {
                assert_eq!(*event, expected);
                expected += 1;
            }),
        );
        assert_ne!(drained.count, 0, "nothing comes through");
    }
}

/// At every capacity, and with as many as there may be in a fill and in a stage: all but one of each side.
#[test]
fn while_others_stand_in_fills_and_stages_ten_thousand_pass() {
    for capacity in [1, 2, 16] {
        let (mut tx, mut rx) = strict::channel(capacity, 3, 3, || 0).unwrap();
        let [tx_a, tx_b, tx_c] = &mut tx[..] else { unreachable!() };
        let [rx_a, rx_b, rx_c] = &mut rx[..] else { unreachable!() };
        tx_a.push(1).unwrap();
        let mut stage_a = each(|event: &u64| {
            assert_eq!(*event, 1);
            tx_a.push(2).unwrap();
            let mut stage_b = each(|event: &u64| {
                assert_eq!(*event, 2);
                let fill_a = |slot: &mut u64| {
                    *slot = 3;
                    tx_b.offer(|slot| {
                        *slot = 4;
                        ten_thousand_pass(tx_c, rx_c);
                    })
                    .unwrap();
                };
                tx_a.offer(fill_a).unwrap();
            });
            assert_eq!(rx_b.drain(NOW, 1, &mut stage_b).count, 1);
        });
        assert_eq!(rx_a.drain(NOW, 1, &mut stage_a).count, 1);
        // Both were in their fills before it was full.
        assert_eq!(tx[0].len(), 2);
        assert_eq!([drain(&mut rx[0], 1), drain(&mut rx[0], 1)], [[4], [3]]);
    }
}

/// As above, with threads of the system.
#[test]
fn while_two_threads_are_suspended_ten_thousand_pass_between_two_others() {
    let (mut tx, mut rx) = strict::channel(1, 2, 2, || 0u64).unwrap();
    let (mut tx_slow, mut tx) = (tx.remove(0), tx.remove(0));
    let (mut rx_slow, mut rx) = (rx.remove(0), rx.remove(0));
    tx.push(77).unwrap();
    let ((in_stage, stage_stalls), (in_fill, fill_stalls)) = (stall(), stall());
    std::thread::scope(|scope| {
        let stage = scope.spawn(move || {
            let mut stage = each(|event: &u64| {
                assert_eq!(*event, 77);
                stage_stalls.here();
            });
            rx_slow.drain(NOW, 1, &mut stage).count
        });
        in_stage.arrived();
        let fill = scope.spawn(move || {
            tx_slow.fill(|slot| {
                fill_stalls.here();
                *slot = 88;
                Ok(())
            })
        });
        in_fill.arrived();
        let pass = scope.spawn(move || {
            ten_thousand_pass(&mut tx, &mut rx);
            (tx, rx)
        });
        let (_tx, mut rx) = pass.join().unwrap();
        in_fill.go_on();
        in_stage.go_on();
        assert_eq!((stage.join().unwrap(), fill.join().unwrap()), (1, Ok(())));
        assert_eq!(drain(&mut rx, ALL), [88]);
    });
}

/// All saw the last room: one more than the capacity for each producer but one, and then nobody sees any.
#[test]
fn who_saw_room_finds_it_and_there_is_a_bound() {
    /// Each producer fills inside of the fill of the one before.
    fn nested(tx: &mut [Producer<usize>]) {
        let n = tx.len();
        if let Some((tx, others)) = tx.split_first_mut() {
            let fill = |slot: &mut usize| {
                *slot = n;
                nested(others);
            };
            tx.offer(fill).unwrap();
        }
    }
    for capacity in [1, 2, 4, 8] {
        for producers in [1, 2, 3, 5] {
            let start = Sequence::ZERO.minus(9);
            let (mut tx, mut rx) = strict::channel_from(start, capacity, producers, 1, || 0).unwrap();
            for lap in 0..7 {
                while tx[lap % producers].free() > 1 {
                    tx[lap % producers].push(0).unwrap();
                }
                nested(&mut tx);
                for tx in &mut tx {
                    assert_eq!((tx.len(), tx.free()), (capacity + producers - 1, 0));
                    assert_eq!(tx.push(7).unwrap_err().refused, Refused::Full);
                }
                let mut seen = drain(&mut rx[0], capacity);
                assert_eq!(rx[0].len(), producers - 1);
                while !rx[0].is_empty() {
                    seen.extend(drain(&mut rx[0], ALL));
                }
                // The innermost was the first to be done.
                assert_eq!(seen[capacity - 1..], (1..=producers).collect::<Vec<_>>());
            }
        }
    }
}

mod property {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 400 }, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is done by whom, in whatever order, it is one bounded queue, and a hand for each consumer.
        #[test]
        fn it_is_a_bounded_queue_with_hands(
            bits in 0usize..4,
            before in 0u64..40,
            ends in (1usize..4, 1usize..4),
            steps in prop::collection::vec((0usize..8, 0usize..4, 0usize..12), 0..80),
        ) {
            let (capacity, (producers, consumers)) = (1 << bits, ends);
            let start = Sequence::ZERO.minus(before);
            let (mut tx, mut rx) = strict::channel_from(start, capacity, producers, consumers, || 0).unwrap();
            let (mut queue, mut sent) = (VecDeque::new(), 0);
            let mut hands: Vec<Option<u64>> = vec![None; consumers];
            let mut abandoned = 0;
            for (what, who, n) in steps {
                if what < 3 {
                    let who = who % tx.len();
                    let filled = tx[who].fill_many(n, |i, slot| {
                        *slot = sent + i as u64;
                        if what == 2 && i == 2 { Err(Halt::Stop) } else { Ok(()) }
                    });
                    let most = if what == 2 { n.min(2) } else { n };
                    prop_assert_eq!(filled.count, most.min(capacity - queue.len()));
                    queue.extend(sent..sent + filled.count as u64);
                    sent += filled.count as u64;
                } else if what < 6 {
                    let who = who % rx.len();
                    let mut expected: Vec<u64> = Vec::new();
                    while expected.len() < n.min(capacity) {
                        match hands[who].take().or_else(|| queue.pop_front()) {
                            Some(event) => expected.push(event),
                            None => break,
                        }
                    }
                    prop_assert_eq!(drain(&mut rx[who], n), expected);
                } else if what == 6 {
                    let who = who % rx.len();
                    hands[who] = hands[who].take().or_else(|| queue.pop_front());
                    prop_assert_eq!(peek(&mut rx[who]), hands[who]);
                } else if n == 0 && who == 0 && tx.len() > 1 {
                    drop(tx.pop());
                } else if n == 0 && who == 1 && rx.len() > 1 {
                    drop(rx.pop());
                    abandoned += u64::from(hands.pop().is_some_and(|hand| hand.is_some()));
                }
                for tx in &tx {
                    prop_assert_eq!((tx.len(), tx.free()), (queue.len(), capacity - queue.len()));
                    prop_assert_eq!(tx.abandoned(), abandoned);
                }
                for (rx, hand) in rx.iter().zip(&hands) {
                    prop_assert_eq!(rx.len(), queue.len() + usize::from(hand.is_some()));
                }
            }
            drop(tx);
            for (rx, hand) in rx.iter_mut().zip(hands) {
                let mut seen = drain(rx, 1);
                if hand.is_none() {
                    prop_assert_eq!(seen, queue.pop_front().into_iter().collect::<Vec<_>>());
                } else {
                    prop_assert_eq!(seen.pop(), hand);
                }
            }
            prop_assert_eq!(drain(&mut rx[0], ALL), Vec::from(queue));
            prop_assert!(rx.iter().all(Consumer::is_closed));
        }
    }
}
