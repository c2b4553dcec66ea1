//! The channel in which nobody who stalls stops the others.

use ringmain::channel::mpmc::strict::{self, Consumer, Producer};
use ringmain::contract::{At, Drained, End, Fault, Flow, Halt, Refused, Sink, Source, SourceMut, Tick, each};
use ringmain::ring::{CapacityError, Sequence};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
    mpsc,
};

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

fn panics<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// Without the hook, which would print.
fn panic_on_purpose() -> ! {
    resume_unwind(Box::new("on purpose"))
}

/// One producer and one consumer.
fn pair<T>(capacity: usize, fill: impl FnMut() -> T) -> (Producer<T>, Consumer<T>) {
    let (mut tx, mut rx) = strict::channel(capacity, 1, 1, fill).unwrap();
    (tx.remove(0), rx.remove(0))
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
    let new = |capacity, ends| strict::channel(capacity, ends, ends, || [0u64; 2]).unwrap_err();
    assert_eq!(new(0, 1), CapacityError::Zero);
    assert_eq!(new(12, 2), CapacityError::NotPowerOfTwo { asked: 12, next: 16 });
    for asked in [isize::MAX as usize, 1 << (usize::BITS - 1)] {
        assert!(new(asked, 1).to_string().contains(&asked.to_string()));
    }
    assert_eq!(new(1, usize::MAX), CapacityError::TooLarge { asked: 1 });
}

#[test]
fn every_capacity_fills_up_refuses_and_goes_on() {
    let capacities: &[usize] = if cfg!(miri) { &[1, 4] } else { &[1, 2, 4, 64] };
    for &capacity in capacities {
        for (producers, consumers) in [(1, 1), (1, 3), (3, 1), (2, 2), (9, 5)] {
            for start in [Sequence::ZERO, Sequence::ZERO.minus(1), Sequence::ZERO.minus(capacity as u64)] {
                let (mut tx, mut rx) =
                    strict::channel_from(start, capacity, producers, consumers, || 0usize).unwrap();
                assert_eq!((tx.len(), rx.len()), (producers, consumers));
                assert!(tx.iter().all(|tx| tx.capacity() == capacity));
                assert!(rx.iter().all(|rx| rx.capacity() == capacity));
                for lap in 0..3 {
                    for i in 0..capacity {
                        assert!(tx.iter().all(|tx| (tx.free(), tx.len()) == (capacity - i, i)));
                        tx[i % producers].push(lap * 100 + i).unwrap();
                    }
                    for tx in &mut tx {
                        let refusal = tx.push(7).unwrap_err();
                        assert_eq!((refusal.event, refusal.refused), (7, Refused::Full));
                    }
                    assert!(rx.iter().all(|rx| rx.len() == capacity));
                    for i in 0..capacity {
                        assert_eq!(drain(&mut rx[i % consumers], 1), [lap * 100 + i]);
                    }
                    assert!(tx.iter().all(Producer::is_empty) && rx.iter().all(Consumer::is_empty));
                    assert!(rx.iter_mut().all(|rx| drain(rx, ALL).is_empty()));
                }
            }
        }
    }
}

#[test]
fn a_limit_is_kept_and_positions_follow_one_another() {
    let (mut tx, mut rx) = pair(8, || 0u64);
    for n in 0..5 {
        tx.push(n).unwrap();
    }
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

/// So that events that come during the call do not make it endless.
#[test]
fn a_drain_ends_after_a_capacity_of_events() {
    let (mut tx, mut rx) = pair(4, || 0u64);
    tx.push(0).unwrap();
    let mut stage = |event: &u64, _: At| -> Flow {
        tx.push(event + 1).unwrap();
        Ok(())
    };
    assert_eq!(rx.drain(NOW, ALL, &mut stage), Drained { count: 4, end: None });
    assert_eq!(drain(&mut rx, ALL), [4]);
}

#[test]
fn a_batch_takes_what_fits_and_says_so() {
    let (mut tx, mut rx) = pair(4, || 0usize);
    let filled = tx.fill_many(6, |i, slot| {
        let _: () = *slot = i;
        Ok(())
    });
    assert_eq!((filled.count, filled.end), (4, Some(Halt::Again)));
    assert_eq!(tx.fill_many(0, |_, _| unreachable!("nothing to fill")).end, None);
    assert_eq!(tx.fill_many(1, |_, _| unreachable!("it is full")).end, Some(Halt::Again));
    assert_eq!(drain(&mut rx, 3), [0, 1, 2]);
    let fault = Halt::Reject(Fault::new(9));
    let filled = tx.fill_many(3, |i, slot| {
        let _: () = *slot = 10 + i;
        if i == 1 { Err(fault) } else { Ok(()) }
    });
    assert_eq!((filled.count, filled.end), (1, Some(fault)));
    assert_eq!(drain(&mut rx, ALL), [3, 10]);
}

/// Whichever fill it is, nothing is lost but what was not filled, and nobody is held up.
#[test]
fn a_fill_that_fails_or_panics_publishes_nothing() {
    for fatal in 0..6 {
        for dies in [false, true] {
            let (mut tx, mut rx) = strict::channel(4, 2, 1, || 0u64).unwrap();
            let mut expected = Vec::new();
            for n in 0..6 {
                let tx = &mut tx[n as usize % 2];
                let fill = |slot: &mut u64| -> Flow<u64> {
                    *slot = n;
                    match n == fatal {
                        true if dies => panic_on_purpose(),
                        true => Err(Fault::new(1).into()),
                        false => Ok(n),
                    }
                };
                let filled = catch_unwind(AssertUnwindSafe(|| tx.fill(fill)));
                match filled {
                    Ok(Ok(got)) => assert_eq!(got, n),
                    Ok(Err(halt)) => assert_eq!((halt, n, dies), (Fault::new(1).into(), fatal, false)),
                    Err(_) => assert_eq!((n, dies), (fatal, true)),
                }
                expected.extend((n != fatal).then_some(n));
                assert_eq!((tx.len(), tx.free()), (expected.len(), 4 - expected.len()));
                if expected.len() == 3 {
                    assert_eq!(drain(&mut rx[0], ALL), std::mem::take(&mut expected));
                }
            }
            assert_eq!(drain(&mut rx[0], ALL), expected);
        }
    }
}

#[test]
fn what_a_stage_says_decides_whether_the_event_is_consumed() {
    let fault = Fault::new(3);
    for (halt, consumed) in [(Halt::Again, 1), (Halt::Reject(fault), 2), (Halt::Stop, 2)] {
        let (mut tx, mut rx) = pair(4, || 0u8);
        for n in 1..=3 {
            tx.push(n).unwrap();
        }
        let mut stage = |event: &u8, _: At| if *event == 2 { Err(halt) } else { Ok(()) };
        let drained = rx.drain(NOW, ALL, &mut stage);
        assert_eq!(drained, Drained { count: consumed, end: Some(End::Halted(halt)) });
        assert_eq!(rx.len(), 3 - consumed);
        assert_eq!(drain(&mut rx, ALL).len(), 3 - consumed);
    }
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
fn the_last_consumer_that_goes_closes_and_what_it_left_is_told() {
    let (mut tx, mut rx) = strict::channel(2, 2, 2, String::new).unwrap();
    tx[0].push("a".into()).unwrap();
    tx[1].push("b".into()).unwrap();
    assert_eq!(drain(&mut rx[0], 1), ["a"]);
    rx.remove(0);
    assert!(!tx[0].is_closed());
    tx[0].push("c".into()).unwrap();
    drop(rx);
    for tx in &mut tx {
        assert_eq!((tx.is_closed(), tx.len(), tx.abandoned()), (true, 2, 0));
        let refusal = tx.push("d".into()).unwrap_err();
        assert_eq!((refusal.event.as_str(), refusal.refused), ("d", Refused::Closed));
        let filled = tx.fill_many(2, |_, _| unreachable!("closed"));
        assert_eq!((filled.count, filled.end), (0, Some(Halt::Stop)));
    }
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

/// In the ring, in hand, taken out, refused, given up in a fill, or left in a slot.
#[test]
fn owned_values_are_dropped_once_wherever_they_are() {
    for taken in 0..3 {
        for handles_go_first in [false, true] {
            let drops = Arc::new(AtomicUsize::new(0));
            let counted = || Some(Counted(drops.clone()));
            let (mut tx, mut rx) = strict::channel(4, 2, 3, || None).unwrap();
            let mut made = 0;
            for i in 0..9 {
                made += 1;
                match i {
                    3 => {
                        let filled = tx[0].fill(|slot| -> Flow {
                            *slot = counted();
                            Err(Halt::Stop)
                        });
                        assert_eq!(filled, Err(Halt::Stop));
                    }
                    _ => drop(tx[i % 2].push(counted())),
                }
                if i % 2 == 0 {
                    let mut take = |slot: &mut Option<Counted>, _: At| -> Flow {
                        drop(slot.take());
                        Ok(())
                    };
                    let _ = rx[i % 3].drain_mut(NOW, taken.min(1), &mut take);
                }
            }
            let again = rx[0].drain(NOW, ALL, &mut |_: &Option<Counted>, _: At| -> Flow { Err(Halt::Again) });
            assert_eq!(again, AGAIN);
            if handles_go_first {
                drop(tx);
                drop(rx);
            } else {
                drop(rx);
                drop(tx);
            }
            assert_eq!(drops.load(Relaxed), made, "taken {taken}");
        }
    }
}

#[test]
fn events_without_a_size_and_large_ones_pass() {
    let (mut tx, mut rx) = strict::channel(8, 2, 1, || ()).unwrap();
    assert_eq!(tx[1].fill_many(9, |_, ()| Ok(())).count, 8);
    assert_eq!(drain(&mut rx[0], ALL).len(), 8);

    let build = std::thread::Builder::new().stack_size(64 << 20);
    let large = build.spawn(|| pair(2, || [0u8; 1 << 20])).unwrap();
    let (mut tx, mut rx) = large.join().unwrap();
    let small_stack = std::thread::Builder::new().stack_size(256 << 10).spawn(move || {
        tx.offer(|slot| slot[77] = 7).unwrap();
        let _ = rx.drain(NOW, ALL, &mut each(|slot: &[u8; 1 << 20]| assert_eq!(slot[77], 7)));
    });
    small_stack.unwrap().join().unwrap();
}

#[test]
fn the_address_of_an_event_is_the_same_at_both_ends() {
    let (mut tx, mut rx) = strict::channel(4, 2, 2, || [0u64; 8]).unwrap();
    for i in 0..40 {
        let written = tx[i % 2].fill(|slot| Ok(std::ptr::from_ref(slot) as usize)).unwrap();
        let mut look = each(|event: &[u64; 8]| assert_eq!(std::ptr::from_ref(event) as usize, written));
        assert_eq!(rx[i / 2 % 2].drain(NOW, ALL, &mut look).count, 1);
    }
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
    // A closure says that it has arrived, and stands still until the other end of its second channel is gone.
    let (arrive, arrived) = mpsc::channel();
    let ((go_on_fill, wait_fill), (go_on_stage, wait_stage)) = (mpsc::channel::<()>(), mpsc::channel::<()>());
    let arrive_too = arrive.clone();
    std::thread::scope(|scope| {
        let stage = scope.spawn(move || {
            let mut stage = each(|event: &u64| {
                arrive.send(*event).unwrap();
                wait_stage.recv().unwrap_err();
            });
            rx_slow.drain(NOW, 1, &mut stage).count
        });
        assert_eq!(arrived.recv().unwrap(), 77);
        let fill = scope.spawn(move || {
            tx_slow.fill(|slot| {
                arrive_too.send(88).unwrap();
                wait_fill.recv().unwrap_err();
                *slot = 88;
                Ok(())
            })
        });
        assert_eq!(arrived.recv().unwrap(), 88);
        let pass = scope.spawn(move || {
            ten_thousand_pass(&mut tx, &mut rx);
            (tx, rx)
        });
        let (_tx, mut rx) = pass.join().unwrap();
        drop((go_on_fill, go_on_stage));
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
    let capacities: &[usize] = if cfg!(miri) { &[1, 4] } else { &[1, 2, 4, 8] };
    for &capacity in capacities {
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

// -------------------------------------------------------------------------------------------------------- real threads

/// Each of `producers` sends `n` numbers, some after a fill that fails; everything arrives once, and each consumer sees
/// those of one producer in order, some of them twice.
fn soak(producers: usize, consumers: usize, capacity: usize, n: u64) {
    let start = Sequence::ZERO.minus(n);
    let (tx, rx) = strict::channel_from(start, capacity, producers, consumers, || (0, 0)).unwrap();
    let send = |mut tx: Producer<(usize, u64)>, who: usize| {
        move || {
            for number in 0..n {
                if number % 7 == 3 {
                    let _ = tx.fill(|slot| -> Flow {
                        *slot = (who, u64::MAX);
                        Err(Fault::new(0).into())
                    });
                }
                while tx.push((who, number)).is_err() {
                    std::thread::yield_now();
                }
            }
        }
    };
    let receive = |mut rx: Consumer<(usize, u64)>| {
        move || {
            let (mut last, mut seen, mut position) = (vec![None; producers], Vec::new(), None);
            let mut asked = false;
            loop {
                let mut stage = |&(who, number): &(usize, u64), at: At| -> Flow {
                    if number % 5 == 2 && !asked {
                        asked = true;
                        return Err(Halt::Again);
                    }
                    asked = false;
                    assert!(last[who] < Some(number), "{who}: {number} after {:?}", last[who]);
                    last[who] = Some(number);
                    let at = at.seq.since(start);
                    assert!(position < Some(at), "position {at} after {position:?}");
                    position = Some(at);
                    seen.push((who, number));
                    Ok(())
                };
                match rx.drain(NOW, 5, &mut stage) {
                    Drained { end: Some(End::Closed), .. } => return seen,
                    Drained { count: 0, .. } => std::thread::yield_now(),
                    Drained { .. } => {}
                }
            }
        }
    };
    let mut seen: Vec<(usize, u64)> = std::thread::scope(|scope| {
        let receivers: Vec<_> = rx.into_iter().map(|rx| scope.spawn(receive(rx))).collect();
        for (who, tx) in tx.into_iter().enumerate() {
            scope.spawn(send(tx, who));
        }
        receivers.into_iter().flat_map(|receiver| receiver.join().unwrap()).collect()
    });
    seen.sort_unstable();
    assert!(seen.into_iter().eq((0..producers).flat_map(|who| (0..n).map(move |number| (who, number)))));
}

#[test]
fn all_threads_together_pass_everything_on_once() {
    let n = if cfg!(miri) { 12 } else { 20_000 };
    soak(1, 1, 1, n);
    soak(2, 2, 2, n);
    soak(1, 3, 16, n);
    soak(4, 1, 8, n);
    soak(4, 4, 64, n);
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
