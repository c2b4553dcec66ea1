//! What went wrong in other rings, and does not here: a test for each, named after it.
//!
//! Where another test shows it already, [`SHOWN`] says which.

use crate::kit::{Asked, Drops, Rig, Shown, every_rig, panic_on_purpose, panics};
use ringmain::channel::spsc;
use ringmain::contract::{Drained, NoEvent, Refused, Sink, Source, SourceMut, Tick, each};
use ringmain::ring::Sequence;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Who it was, what went wrong there, and the test of ours that would fail.
const SHOWN: [(&str, &str, &str); 21] = [
    (
        "crossbeam RUSTSEC-2018-0009",
        "an element was dropped when it was taken, and again later",
        "owned_values_are_dropped_once_wherever_they_are",
    ),
    (
        "thingbuf c444e50",
        "what nobody received was never dropped",
        "owned_values_are_dropped_once_wherever_they_are",
    ),
    (
        "slice-ring-buffer RUSTSEC-2025-0044",
        "a double free where the ring wraps",
        "owned_values_are_dropped_once_wherever_they_are",
    ),
    (
        "array-queue RUSTSEC-2020-0047",
        "the wrong index where the ring wraps",
        "any_steps_make_a_bounded_queue",
    ),
    (
        "LMAX Disruptor 105d8d85",
        "a question, asked between a claim and its publication, moved the cursor",
        "any_steps_make_a_bounded_queue",
    ),
    ("iceoryx #289", "wrong data after 2^31 operations", "any_steps_make_a_bounded_queue"),
    (
        "crossbeam RUSTSEC-2022-0019 to 0021",
        "zeroes for a value that has no zero",
        "every_kind_of_event_passes",
    ),
    ("crossbeam #1146", "an event larger than the stack", "every_kind_of_event_passes"),
    ("crossbeam #1300", "a capacity of usize::MAX overflows", "a_bad_capacity_is_an_error"),
    ("flume 1cb8f38", "a capacity of usize::MAX overflows", "a_bad_capacity_is_an_error"),
    (
        "scc RUSTSEC-2026-0205",
        "the user's code panics while an index is moved already",
        "a_batch_may_fail_or_panic_at_any_slot",
    ),
    (
        "array-queue RUSTSEC-2025-0054",
        "the user's code panics while elements are taken",
        "a_stage_may_panic_at_any_event",
    ),
    (
        "thingbuf #83",
        "after a guard is leaked in a full ring, the sender spins for ever",
        "a_handle_that_is_never_dropped_holds_up_and_harms_nobody",
    ),
    (
        "flume #120",
        "closed is said of a value that was sent just before",
        "the_end_comes_behind_the_last_event",
    ),
    (
        "oneringbuf RUSTSEC-2026-0143",
        "a handle is cloned and not counted",
        "the_end_comes_behind_the_last_event",
    ),
    (
        "JCTools #119",
        "it is not empty, and the only consumer gets nothing",
        "two_threads_hand_everything_over_in_order",
    ),
    (
        "heapless #583",
        "full and empty while an older claim is not finished, and nobody says so",
        "empty_behind_an_unfinished_put_is_the_documented_weakness_and_no_more",
    ),
    (
        "tokio RUSTSEC-2025-0023",
        "events are looked at by several threads, and need not bear it",
        "the_table_is_checked_when_this_is_compiled",
    ),
    (
        "disruptor 4.4.0",
        "a fill that panics hides every later event, and the end",
        "after_a_fill_that_panics_every_later_event_arrives_and_the_end_comes",
    ),
    (
        "disruptor 4.4.0, LMAX Disruptor #223",
        "after a handler that panics the producer waits for ever",
        "a_producer_is_told_when_its_reader_panics",
    ),
    (
        "disruptor 4.4.0",
        "after a handler that panics a drop panics",
        "after_a_panic_everything_can_be_dropped",
    ),
];

#[test]
fn every_test_that_the_table_names_is_there() {
    let tests = [
        include_str!("../kit/channel/batches.rs"),
        include_str!("../kit/channel/capacity.rs"),
        include_str!("../kit/channel/closing.rs"),
        include_str!("../kit/channel/events.rs"),
        include_str!("../kit/channel/oracle.rs"),
        include_str!("../kit/channel/threads.rs"),
        include_str!("../house/auto_traits.rs"),
        include_str!("hangs.rs"),
        include_str!("linear.rs"),
    ];
    for (who, _, test) in SHOWN {
        let there = tests.iter().any(|text| text.contains(&format!("fn {test}")));
        assert!(there, "{who}: no test is called {test}");
    }
}

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

/// Before the wrap, so that it lies within what the tests do.
fn ring<R: Rig, T: Send + Sync + 'static>(capacity: usize, fill: impl FnMut() -> T) -> (R::Tx<T>, R::Rx<T>) {
    R::build(Sequence::ZERO.minus(3), capacity, fill).unwrap()
}

/// crossbeam #1187 (RUSTSEC-2025-0024) and rust-lang/rust #139553: the last receiver went while somebody sent, both
/// freed the same block. And crossbeam #972: it went before anything was sent.
fn crossbeam_1187_a_receiver_goes_while_others_send<R: Rig>() {
    for round in 0..if cfg!(miri) { 4 } else { 200 } {
        let values = 32;
        let drops = Drops::new(values);
        let (mut tx, mut rx) = ring::<R, _>(4, || None);
        std::thread::scope(|scope| {
            let drops = &drops;
            let mut send = move |ids: std::ops::Range<usize>| {
                for id in ids {
                    drop(tx.push(drops.value(id)));
                    std::thread::yield_now();
                }
            };
            scope.spawn(move || send(0..values));
            for _ in 0..round % 8 {
                let _ = rx.drain_mut(NOW, 1, &mut each(|slot: &mut Option<_>| drop(slot.take())));
            }
            drop(rx);
        });
        assert_eq!(drops.counts(), vec![1; values]);
    }
}
every_rig!(crossbeam_1187_a_receiver_goes_while_others_send);

/// crossbeam #1102: what lies in the channel when the last receiver goes stays there, and so do the senders of answers
/// in it; who waits for an answer waits for ever. Here it stays, too, until somebody takes its slot or the ring goes.
/// But who asked is told at once, without having to send again.
fn crossbeam_1102_who_waits_for_an_answer_is_told_when_nobody_will_give_one<R: Rig>() {
    let (mut tx, rx) = ring::<R, _>(2, || None);
    let (reply_tx, reply) = spsc::channel(1, || 0u64).unwrap();
    // So that it may be shown to several readers.
    let request = std::sync::Mutex::new(reply_tx);
    assert!(tx.push(Some(request)).is_ok());
    assert!(!tx.is_closed());
    drop(rx);
    assert_eq!((tx.is_closed(), reply.is_closed()), (true, false));
    drop(tx);
    assert!(reply.is_closed());
}
every_rig!(crossbeam_1102_who_waits_for_an_answer_is_told_when_nobody_will_give_one);

/// crossbeam #1295: an operation that was selected and leaked left a claimed slot behind, which was read as if it had been
/// filled. (Of the claims of a ring of bytes, `a_claim_that_is_not_committed_was_never_there` says the same.)
#[test]
#[allow(clippy::forget_non_drop, reason = "that it has no `Drop` to miss is what this shows")]
fn crossbeam_1295_a_claim_that_is_leaked_was_never_there() {
    let (mut tx, mut rx) = spsc::channel_from(Sequence::ZERO.minus(1), 1, String::new).unwrap();
    for n in ["a", "b", "c"] {
        for _ in 0..3 {
            let mut claim = tx.claim().unwrap();
            *claim = "leaked".to_owned();
            std::mem::forget(claim);
            assert_eq!((tx.len(), tx.free(), rx.pop()), (0, 1, Err(NoEvent::Empty)));
        }
        tx.push(n.to_owned()).unwrap();
        assert_eq!(tx.push(String::new()).unwrap_err().refused, Refused::Full);
        assert_eq!(rx.pop().as_deref(), Ok(n));
    }
}

/// crossbeam #523 and #749: `len` was the difference of two numbers that did not belong together, and went below zero.
fn crossbeam_523_no_onlooker_sees_more_than_fits_nor_less_than_nothing<R: Rig>() {
    let n: u64 = if cfg!(miri) { 40 } else { 20_000 };
    let two = |many| if many { 2 } else { 1 };
    let ends = (two(R::MANY_PRODUCERS), two(R::MANY_CONSUMERS));
    let (mut txs, mut rxs) = R::ends(Sequence::ZERO.minus(3), 4, ends, || 0).unwrap();
    let (mut tx, mut rx) = (txs.remove(0), rxs.remove(0));
    // Where producers fill what they saw room for, there may be one event more for each of the others.
    let most = if R::SHOWN == Shown::OutOfTheRing { 3 + ends.0 } else { 4 };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let idle = txs.into_iter().map(|tx| Box::new(tx) as Box<dyn Asked + Send>);
        let onlookers = idle.chain(rxs.into_iter().map(|rx| Box::new(rx) as Box<dyn Asked + Send>));
        for onlooker in onlookers {
            let over = &over;
            scope.spawn(move || {
                while !over.load(Relaxed) {
                    assert!(onlooker.len() <= most);
                    std::thread::yield_now();
                }
            });
        }
        scope.spawn(move || {
            for i in 0..n {
                while tx.push(i).is_err() {
                    assert!(tx.len() <= most);
                    std::thread::yield_now();
                }
                assert!(tx.len() <= most);
            }
        });
        let mut next = 0;
        while next < n {
            assert!(rx.len() <= most);
            next += rx.drain(NOW, ALL, &mut each(|_: &u64| ())).count as u64;
            std::thread::yield_now();
        }
        over.store(true, Relaxed);
    });
}
every_rig!(crossbeam_523_no_onlooker_sees_more_than_fits_nor_less_than_nothing);

/// aeron #2015: a full ring had room for a producer whose idea of the consumer's position was of an earlier lap, and
/// what nobody had seen was overwritten. agrona #22 and #43: the other way, room that was there was not seen.
fn aeron_2015_a_full_ring_is_full_for_a_producer_that_was_away<R: Rig>() {
    for capacity in [1, 2, 4] {
        for away in 0..=3 * capacity {
            let (mut tx, mut rx) = R::ends(Sequence::ZERO.minus(3), capacity, (2, 1), || 0).unwrap();
            let (mut was_away, mut tx, mut rx) = (tx.remove(0), tx.remove(0), rx.remove(0));
            let mut take = |n| {
                let mut seen = Vec::new();
                let _ = rx.drain(NOW, n, &mut each(|event: &u64| seen.push(*event)));
                seen
            };
            // It knows the whole ring to be free, as it was.
            was_away.push(0).unwrap();
            assert_eq!(take(ALL), [0]);
            for n in 1..=away as u64 {
                tx.push(n).unwrap();
                assert_eq!(take(ALL), [n]);
            }
            for n in 0..capacity as u64 {
                tx.push(100 + n).unwrap();
            }
            for _ in 0..3 {
                assert_eq!(was_away.push(9).unwrap_err().refused, Refused::Full);
                assert_eq!(tx.push(9).unwrap_err().refused, Refused::Full);
            }
            assert_eq!(take(1), [100]);
            was_away.push(200).unwrap();
            assert_eq!(tx.push(9).unwrap_err().refused, Refused::Full);
            let expected: Vec<u64> = (101..100 + capacity as u64).chain([200]).collect();
            assert_eq!(take(ALL), expected);
        }
    }
}
every_rig!(shared aeron_2015_a_full_ring_is_full_for_a_producer_that_was_away);

/// scc RUSTSEC-2026-0205 and once_cell RUSTSEC-2019-0017, for the code that is forgotten most easily: an event's own
/// `Drop` panics, where it is overwritten, where it is taken out, and where it goes with the ring.
fn scc_2026_0205_an_event_whose_drop_panics_is_gone_once_and_takes_nothing_with_it<R: Rig>() {
    struct Fatal(Arc<AtomicBool>, #[expect(dead_code, reason = "it is dropped")] Option<crate::kit::Dropped>);
    impl Drop for Fatal {
        fn drop(&mut self) {
            if self.0.swap(false, Relaxed) {
                panic_on_purpose();
            }
        }
    }
    let values = 9;
    let drops = Drops::new(values);
    let armed = Arc::new(AtomicBool::new(false));
    let mut ids = 0..values;
    let mut value = || Some(Fatal(armed.clone(), drops.value(ids.next().unwrap())));
    let (mut tx, mut rx) = ring::<R, _>(2, || None);

    // Seen and left where they are, so that the next to be put there drop them.
    for _ in 0..2 {
        assert!(tx.push(value()).is_ok());
        assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &Option<Fatal>| ())).count, 1);
    }
    // Where the slots are the consumer's, what it left there goes with them.
    armed.store(true, Relaxed);
    let overwritten = panics(|| tx.push(value()).is_ok());
    assert_eq!(overwritten, !armed.swap(false, Relaxed));
    let _ = rx.drain(NOW, ALL, &mut each(|_: &Option<Fatal>| ()));

    assert!(tx.push(value()).is_ok());
    armed.store(true, Relaxed);
    let mut take_out = each(|slot: &mut Option<Fatal>| drop(slot.take()));
    assert!(panics(|| rx.drain_mut(NOW, 1, &mut take_out)));
    let Drained { count, end: None } = rx.drain_mut(NOW, ALL, &mut take_out) else { unreachable!("open") };
    assert!(count <= 1, "the event it panicked on may come again, without its value");

    assert!(tx.push(value()).is_ok());
    assert!(tx.push(value()).is_ok());
    drop(tx);
    armed.store(true, Relaxed);
    assert!(panics(|| drop(rx)));
    for id in ids {
        drop(drops.value(id));
    }
    assert_eq!(drops.counts(), vec![1; values]);
}
every_rig!(scc_2026_0205_an_event_whose_drop_panics_is_gone_once_and_takes_nothing_with_it);
