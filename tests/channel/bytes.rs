use proptest::prelude::*;
use ringmain::channel::bytes::{self, ClaimError, Consumer, MIN_CAPACITY, Producer};
use ringmain::contract::{
    Agent, At, Drained, End, Fault, Flow, Halt, ManualClock, NoEvent, Reason, Source, SourceMut, Tick, Wait,
    Work, each,
};
use ringmain::pattern::{Catch, ContentRouter, Fanout, Filter, RoundRobin, Sequencer, Translator};
use ringmain::ring::{CapacityError, Sequence};
use std::collections::VecDeque;
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;
const HEADER: usize = 8;
/// Each length and place in a table, or, where that would take too long, each seventh.
const EACH: usize = if cfg!(miri) { 7 } else { 1 };

fn ends(capacity: usize) -> (Producer, Consumer) {
    bytes::channel(capacity).unwrap()
}

/// Ends whose next record begins `offset` bytes before the position wraps, and so before the ring's end.
fn ends_before(offset: usize, capacity: usize) -> (Producer, Consumer) {
    bytes::channel_from(Sequence::ZERO.minus(offset as u64), capacity).unwrap()
}

/// A record that no other one is like, of `len` bytes.
fn record(number: usize, len: usize) -> Vec<u8> {
    (0..len).map(|i| (number * 31 + i * 7 + 1) as u8).collect()
}

/// The bytes of a frame, header included.
fn frame(len: usize) -> usize {
    HEADER + len.next_multiple_of(8)
}

fn drain(rx: &mut impl Source<Event = [u8]>, limit: usize) -> Vec<Vec<u8>> {
    let mut seen = Vec::new();
    let _ = rx.drain(
        NOW,
        limit,
        &mut each(|bytes: &[u8]| {
            assert_eq!(bytes.as_ptr().addr() % 8, 0);
            seen.push(bytes.to_vec());
        }),
    );
    seen
}

/// Without the hook, which would print.
fn panic_on_purpose() -> ! {
    resume_unwind(Box::new("on purpose"))
}

fn panics<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

// ------------------------------------------------------------------------------------------- capacity and length

#[test]
fn a_bad_capacity_is_an_error_that_says_what_to_do() {
    for asked in [0, 1, 16, 31] {
        let error = bytes::channel(asked).unwrap_err();
        assert_eq!(error, CapacityError::TooSmall { asked, least: MIN_CAPACITY });
        assert!(error.to_string().contains("take 32"));
    }
    assert_eq!(bytes::channel(48).unwrap_err(), CapacityError::NotPowerOfTwo { asked: 48, next: 64 });
    for asked in [usize::MAX, isize::MAX as usize + 1] {
        assert_eq!(bytes::channel(asked).unwrap_err(), CapacityError::TooLarge { asked });
    }
    let (tx, rx) = ends(MIN_CAPACITY);
    assert_eq!((tx.capacity(), rx.capacity(), tx.max_record()), (32, 32, 8));
}

/// The promise of `max_record`, at every offset: an empty ring takes every record up to that length at once.
#[test]
fn an_empty_ring_takes_every_record_wherever_it_stands() {
    for capacity in [32, 64, 128].into_iter().step_by(EACH) {
        for offset in (0..capacity).step_by(8) {
            let max = capacity / 2 - HEADER;
            for len in (0..=max).step_by(EACH) {
                let (mut tx, mut rx) = ends_before(offset, capacity);
                assert_eq!(tx.max_record(), max);
                // More than a lap, with the same length and with the longest.
                for n in 0..5 {
                    let sent = record(n, if n % 2 == 0 { len } else { max });
                    tx.push(&sent).unwrap();
                    assert_eq!(drain(&mut rx, ALL), [sent]);
                    assert!(tx.is_empty() && rx.is_empty());
                }
            }
        }
    }
}

#[test]
fn a_record_that_is_too_long_is_refused_with_the_limit() {
    let (mut tx, mut rx) = ends(64);
    let too_long = ClaimError::TooLong { len: 25, max: 24 };
    assert_eq!(tx.claim(25).unwrap_err(), too_long);
    assert_eq!(tx.push(&[0; 25]), Err(too_long));
    assert_eq!(
        tx.fill(25, |_| -> Flow { unreachable!("too long") }),
        Err(Fault::of(Reason::NonRetryable).into())
    );
    assert!(too_long.to_string().contains("at most 24"));
    assert_eq!(tx.claim(usize::MAX).unwrap_err(), ClaimError::TooLong { len: usize::MAX, max: 24 });
    assert!(rx.peek(|_| ()).is_err());
    drop(rx);
    assert_eq!(tx.push(&[0; 25]), Err(too_long));
}

/// What is in the ring is in it byte for byte, with its headers, up to the last one that fits.
#[test]
fn a_ring_fills_up_refuses_and_goes_on() {
    for len in (0..=24).step_by(EACH) {
        let (mut tx, mut rx) = ends(64);
        for lap in 0..4 {
            let mut sent = Vec::new();
            while tx.push(&record(sent.len() + lap, len)).is_ok() {
                sent.push(record(sent.len() + lap, len));
                assert_eq!(tx.free() + tx.len(), 64);
                assert_eq!(rx.len(), tx.len());
            }
            assert_eq!(tx.push(&record(0, len)), Err(ClaimError::Full));
            assert!(tx.free() < 2 * frame(len), "len {len}: {} free", tx.free());
            if lap == 0 {
                assert_eq!(tx.len(), sent.len() * frame(len));
            }
            assert_eq!(drain(&mut rx, ALL), sent);
            assert_eq!((tx.len(), rx.len(), tx.next()), (0, 0, rx.next()));
        }
    }
}

#[test]
fn padding_is_nobodys_record() {
    // Eight bytes before the end: room for a header and no more.
    let (mut tx, mut rx) = ends_before(8, 64);
    tx.push(b"behind the padding").unwrap();
    assert_eq!(tx.len(), 8 + frame(18));
    assert_eq!(rx.peek(<[u8]>::to_vec).unwrap(), b"behind the padding");
    let mut seqs = Vec::new();
    let mut stage = |bytes: &[u8], at: At| -> Flow {
        seqs.push((at.seq, bytes.len()));
        Ok(())
    };
    assert_eq!(rx.drain(NOW, 1, &mut stage), Drained { count: 1, end: None });
    assert_eq!(seqs, [(Sequence::ZERO, 18)]);
    assert_eq!(rx.next(), Sequence::new(frame(18) as u64));
    // A record without a byte takes those eight as they are.
    let (mut tx, mut rx) = ends_before(8, 64);
    tx.push(b"").unwrap();
    assert_eq!((tx.len(), drain(&mut rx, ALL)), (8, vec![Vec::new()]));
}

#[test]
fn positions_are_those_of_the_headers() {
    let (mut tx, mut rx) = ends(64);
    let mut at = Vec::new();
    for len in [0, 1, 8, 9] {
        at.push((tx.next().count(), len));
        tx.push(&record(len, len)).unwrap();
    }
    let mut stage = |bytes: &[u8], place: At| -> Flow {
        assert_eq!(at.remove(0), (place.seq.count(), bytes.len()));
        Ok(())
    };
    assert_eq!(rx.drain(NOW, ALL, &mut stage), Drained { count: 4, end: None });
    assert!(at.is_empty());
}

// ------------------------------------------------------------------------------------------------------- claims

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

// ------------------------------------------------------------------------------------------------------- batches

#[test]
fn a_batch_is_seen_when_it_ends() {
    let (mut tx, mut rx) = ends(128);
    let mut batch = tx.batch();
    batch.push(b"one").unwrap();
    batch.claim(9).unwrap().abort();
    batch.offer(2, |bytes| bytes.copy_from_slice(b"by")).unwrap();
    assert!(rx.is_empty());
    let mut claim = batch.claim(9).unwrap();
    claim[0] = b'1';
    claim.commit_len(1);
    assert!(rx.is_empty());
    batch.publish();
    assert_eq!(drain(&mut rx, ALL), [&b"one"[..], b"by", b"1"]);
    batch.push(b"two").unwrap();
    assert!(rx.is_empty());
    drop(batch);
    assert_eq!(drain(&mut rx, ALL), [b"two"]);
    drop(tx.batch());
    assert!(rx.is_empty() && tx.is_empty());
}

#[test]
fn a_batch_that_is_refused_shows_what_it_has() {
    let (mut tx, mut rx) = ends(64);
    let mut batch = tx.batch();
    for n in 0..4 {
        batch.push(&record(n, 8)).unwrap();
    }
    assert_eq!(batch.push(b""), Err(ClaimError::Full));
    assert_eq!(drain(&mut rx, ALL).len(), 4);
    batch.push(b"and on").unwrap();
    drop(rx);
    assert_eq!((0..9).filter(|_| batch.push(b"seven").is_ok()).count(), 3);
    assert_eq!(batch.push(b""), Err(ClaimError::Closed));
}

#[test]
fn a_panic_in_a_batch_publishes_what_was_committed_before() {
    for fatal in 0..4 {
        let (mut tx, mut rx) = ends_before(24, 128);
        assert!(panics(|| {
            let mut batch = tx.batch();
            for n in 0..4 {
                batch.offer(5, |bytes| {
                    if n == fatal {
                        panic_on_purpose();
                    }
                    bytes.copy_from_slice(&record(n, 5));
                })?;
            }
            Ok::<(), ClaimError>(())
        }));
        let before: Vec<_> = (0..fatal).map(|n| record(n, 5)).collect();
        assert_eq!(drain(&mut rx, ALL), before);
        tx.push(b"after").unwrap();
        assert_eq!(drain(&mut rx, ALL), [b"after"]);
    }
}

#[test]
fn a_batch_that_is_forgotten_goes_out_with_the_next_record_or_the_end() {
    let (mut tx, mut rx) = ends(128);
    for end in [false, true] {
        let mut batch = tx.batch();
        batch.push(b"forgotten").unwrap();
        forget(batch);
        assert!(rx.is_empty());
        if end {
            break;
        }
        tx.push(b"next").unwrap();
        assert_eq!(drain(&mut rx, ALL), [&b"forgotten"[..], b"next"]);
    }
    drop(tx);
    assert_eq!(drain(&mut rx, ALL), [b"forgotten"]);
}

// ---------------------------------------------------------------------------------------------------- the consumer

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

// ------------------------------------------------------------------------------------------------------ closing

#[test]
fn a_closed_producer_is_seen_behind_its_last_record() {
    for limit in [1, ALL] {
        let (mut tx, mut rx) = ends_before(8, 64);
        tx.push(b"last").unwrap();
        drop(tx);
        assert!(!rx.is_closed());
        let drained = rx.drain(NOW, limit, &mut each(|bytes: &[u8]| assert_eq!(bytes, b"last")));
        assert_eq!(drained, Drained { count: 1, end: Some(End::Closed) });
        assert!(rx.is_closed());
        let end = Drained { count: 0, end: Some(End::Closed) };
        assert_eq!(rx.drain(NOW, limit, &mut each(|_: &[u8]| unreachable!())), end);
    }
}

#[test]
fn a_closed_consumer_says_what_it_left() {
    let (mut tx, mut rx) = ends(64);
    tx.push(b"a").unwrap();
    tx.push(b"b").unwrap();
    assert_eq!(drain(&mut rx, 1), [b"a"]);
    drop(rx);
    assert!(tx.is_closed());
    assert_eq!(tx.len(), frame(1));
    // The room that was seen to be free is used up first.
    assert_eq!(tx.push(&[0; 24]), Ok(()));
    assert_eq!(tx.push(b"c"), Err(ClaimError::Closed));
    assert_eq!(tx.claim(0).unwrap_err(), ClaimError::Closed);
}

#[test]
fn what_is_committed_for_nobody_is_left_behind() {
    let (mut tx, rx) = ends(64);
    let claim = tx.claim(3).unwrap();
    drop(rx);
    claim.commit();
    assert!(tx.is_closed());
    assert_eq!(tx.len(), frame(3));
}

// ----------------------------------------------------------------------------------------------- as a source

#[test]
fn a_consumer_drives_a_stage() {
    let (mut tx, rx) = ends(64);
    let mut seen = 0;
    {
        let mut agent = rx.drive(Filter::new(
            |bytes: &[u8]| bytes.len() > 1,
            Catch::new(each(|bytes: &[u8]| seen += bytes.len())),
        ));
        tx.push(b"a").unwrap();
        tx.push(b"bcd").unwrap();
        assert_eq!(agent.work(NOW), Work::Busy(2));
        drop(tx);
        assert_eq!(agent.work(NOW), Work::Done);
    }
    assert_eq!(seen, 3);
}

#[test]
fn patterns_take_bytes() {
    let (mut tx, mut rx) = ends(128);
    let (parsed, mut out) = ringmain::channel::spsc::channel(8, || 0u64).unwrap();
    let (mut odd, mut even, mut all) = (Vec::new(), Vec::new(), 0);
    for n in 1..=4u64 {
        tx.push(&n.to_le_bytes()).unwrap();
    }
    let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
    let router = ContentRouter::new(
        |bytes: &[u8]| usize::from(number(bytes) % 2 == 0),
        (each(|bytes: &[u8]| odd.push(number(bytes))), each(|bytes: &[u8]| even.push(number(bytes)))),
    );
    let translator = Translator::new(
        |bytes: &[u8], event: &mut u64| {
            *event = number(bytes);
            Ok(())
        },
        parsed,
    );
    let mut stage = Fanout::new((router, translator, each(|bytes: &[u8]| all += bytes.len())));
    assert_eq!(rx.drain(NOW, ALL, &mut stage), Drained { count: 4, end: None });
    drop(stage);
    assert_eq!((odd, even, all), (vec![1, 3], vec![2, 4], 32));
    let mut sum = 0;
    let _ = out.drain(NOW, ALL, &mut each(|n: &u64| sum += n));
    assert_eq!(sum, 10);
}

/// Many producers: a channel each, merged.
#[test]
fn several_channels_merge_into_one_source() {
    let (mut one, rx_one) = ends(64);
    let (mut two, rx_two) = ends(64);
    let mut merged = Sequencer::round_robin([rx_one, rx_two], 4);
    one.push(b"1").unwrap();
    two.push(b"22").unwrap();
    one.push(b"333").unwrap();
    let mut seen = drain(&mut merged, ALL);
    seen.sort();
    assert_eq!(seen, [&b"1"[..], b"22", b"333"]);
    let _: Sequencer<Consumer, RoundRobin> = merged;
}

// ------------------------------------------------------------------------------------------------------ threads

/// Records of every length, each with a checksum, arrive whole and in order, whatever the size of the ring.
#[test]
fn two_threads_hand_everything_over_in_order() {
    let n: usize = if cfg!(miri) { 20 } else { 20_000 };
    for (capacity, batch) in [(32, 1), (64, 3), (256, 1), (4096, 32)] {
        let (mut tx, mut rx) = ends_before(24, capacity);
        let max = tx.max_record();
        let len = move |n: usize| (n * 7919) % (max + 1).min(300);
        let producer = std::thread::spawn(move || {
            let mut next = 0;
            while next < n {
                let before = next;
                let mut room = tx.batch();
                while next < n.min(before + batch) && room.push(&record(next, len(next))).is_ok() {
                    next += 1;
                }
                drop(room);
                if next == before {
                    std::thread::yield_now();
                }
            }
        });
        let mut expected = 0;
        loop {
            let drained = rx.drain(
                NOW,
                ALL,
                &mut each(|bytes: &[u8]| {
                    assert!(
                        bytes
                            .iter()
                            .copied()
                            .eq((0..len(expected)).map(|i| (expected * 31 + i * 7 + 1) as u8))
                    );
                    expected += 1;
                }),
            );
            match drained {
                Drained { end: Some(_), .. } => break,
                Drained { count: 0, .. } => std::thread::yield_now(),
                Drained { .. } => {}
            }
        }
        assert_eq!(expected, n);
        producer.join().unwrap();
    }
}

/// A claim in the hand of a producer that stalls holds nobody up, and is nobody's business if it is given up.
#[test]
fn a_producer_that_stalls_with_a_claim_holds_nothing_up() {
    let (mut tx, mut rx) = ends_before(16, 64);
    tx.push(b"before").unwrap();
    let mut claim = tx.claim(20).unwrap();
    claim.fill(b'x');
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(drain(&mut rx, ALL), [b"before"]);
            assert!(rx.is_empty());
            assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &[u8]| ())), Drained { count: 0, end: None });
        });
    });
    claim.commit();
    assert_eq!(drain(&mut rx, ALL), [[b'x'; 20]]);
}

// ------------------------------------------------------------------------------------------------------ properties

/// What may be done to a channel.
#[derive(Clone, Debug)]
enum Step {
    Push(usize),
    /// Claims the first, commits the second of it.
    Shorten(usize, usize),
    GiveUp(usize),
    Batch(Vec<usize>),
    Forget(usize),
    Panic(usize),
    Drain(usize),
    DrainMut(usize),
    /// A stage wants the record after so many again.
    Again(usize),
    Peek,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let len = || 0usize..140;
    let step = prop_oneof![
        4 => len().prop_map(Step::Push),
        2 => (len(), len()).prop_map(|(a, b)| Step::Shorten(a, b)),
        1 => len().prop_map(Step::GiveUp),
        2 => prop::collection::vec(len(), 0..6).prop_map(Step::Batch),
        1 => len().prop_map(Step::Forget),
        1 => len().prop_map(Step::Panic),
        4 => (0usize..6).prop_map(Step::Drain),
        1 => (0usize..6).prop_map(Step::DrainMut),
        1 => (0usize..4).prop_map(Step::Again),
        1 => Just(Step::Peek),
    ];
    prop::collection::vec(step, 0..if cfg!(miri) { 20 } else { 80 })
}

/// The ring as a queue of records that remembers how many bytes it takes: what a channel must look like from outside.
struct Model {
    queue: VecDeque<(usize, Vec<u8>)>,
    /// Bytes from the beginning of the ring.
    at: usize,
    capacity: usize,
}

impl Model {
    /// The bytes before a frame of `size`, if it does not fit before the end.
    fn padding(&self, size: usize) -> usize {
        let row = self.capacity - self.at % self.capacity;
        if size <= row { 0 } else { row }
    }
    fn len(&self) -> usize {
        self.queue.iter().map(|(size, _)| size).sum()
    }
    fn expect(&self, len: usize) -> Result<(), ClaimError> {
        let max = self.capacity / 2 - HEADER;
        if len > max {
            return Err(ClaimError::TooLong { len, max });
        }
        let size = frame(len);
        let fits = self.padding(size) + size <= self.capacity - self.len();
        if fits { Ok(()) } else { Err(ClaimError::Full) }
    }
    fn put(&mut self, claimed: usize, record: Vec<u8>) {
        let size = self.padding(frame(claimed)) + frame(record.len());
        self.at += size;
        self.queue.push_back((size, record));
    }
    fn take(&mut self, n: usize) -> Vec<Vec<u8>> {
        self.queue.drain(..n.min(self.queue.len())).map(|(_, record)| record).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 1 } else { 400 }, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done in whatever order, the ring is a queue of records, byte for byte, that holds exactly as much as
    /// its frames and its padding leave room for.
    #[test]
    fn a_ring_is_a_bounded_queue_of_records(bits in 5usize..9, before in 0usize..32, steps in steps()) {
        let capacity = 1 << bits;
        let before = before * 8;
        let (mut tx, mut rx) = ends_before(before, capacity);
        let at = before.next_multiple_of(capacity) - before;
        let mut model = Model { queue: VecDeque::new(), at, capacity };
        for (n, step) in steps.into_iter().enumerate() {
            match step {
                Step::Push(len) => {
                    let (expected, sent) = (model.expect(len), record(n, len));
                    prop_assert_eq!(tx.push(&sent), expected);
                    if expected.is_ok() {
                        model.put(len, sent);
                    }
                }
                Step::Shorten(claimed, committed) => {
                    let (expected, committed) = (model.expect(claimed), committed.min(claimed));
                    match tx.claim(claimed) {
                        Ok(mut claim) => {
                            claim.copy_from_slice(&record(n, claimed));
                            claim.commit_len(committed);
                            prop_assert_eq!(expected, Ok(()));
                            model.put(claimed, record(n, claimed)[..committed].to_vec());
                        }
                        Err(error) => prop_assert_eq!(expected, Err(error)),
                    }
                }
                Step::GiveUp(len) => {
                    let gave_up = tx.claim(len).map(|mut claim| claim.fill(0xAA));
                    prop_assert_eq!(gave_up, model.expect(len));
                }
                Step::Forget(len) => {
                    prop_assert_eq!(tx.claim(len).map(forget), model.expect(len));
                }
                Step::Panic(len) => {
                    prop_assert_eq!(panics(|| tx.offer(len, |_| panic_on_purpose())), model.expect(len).is_ok());
                }
                Step::Batch(lens) => {
                    let mut shown = rx.len();
                    let mut batch = tx.batch();
                    for len in lens {
                        let (expected, sent) = (model.expect(len), record(n + len, len));
                        prop_assert_eq!(batch.push(&sent), expected);
                        match expected {
                            Ok(()) => model.put(len, sent),
                            Err(ClaimError::Full) => shown = model.len(),
                            Err(_) => {}
                        }
                        prop_assert_eq!(rx.len(), shown);
                    }
                }
                Step::Drain(limit) => prop_assert_eq!(drain(&mut rx, limit), model.take(limit)),
                Step::DrainMut(limit) => {
                    let mut seen = Vec::new();
                    let mut stage = |bytes: &mut [u8], _: At| -> Flow {
                        seen.push(bytes.to_vec());
                        bytes.fill(0x55);
                        Ok(())
                    };
                    prop_assert_eq!(rx.drain_mut(NOW, limit, &mut stage).end, None);
                    prop_assert_eq!(seen, model.take(limit));
                }
                Step::Again(after) => {
                    let (mut left, mut seen) = (after, Vec::new());
                    let mut stage = |bytes: &[u8], _: At| -> Flow {
                        left = left.checked_sub(1).ok_or(Halt::Again)?;
                        seen.push(bytes.to_vec());
                        Ok(())
                    };
                    let again = after < model.queue.len();
                    let drained = rx.drain(NOW, ALL, &mut stage);
                    prop_assert_eq!(drained.end, again.then_some(End::Halted(Halt::Again)));
                    prop_assert_eq!(seen, model.take(after));
                }
                Step::Peek => {
                    let oldest = model.queue.front().map(|(_, record)| record.clone());
                    prop_assert_eq!(rx.peek(<[u8]>::to_vec).ok(), oldest);
                }
            }
            prop_assert_eq!((tx.len(), rx.len(), tx.free()), (model.len(), model.len(), capacity - model.len()));
            prop_assert_eq!(rx.next().plus(model.len() as u64), tx.next());
        }
        drop(tx);
        prop_assert_eq!(drain(&mut rx, ALL), model.take(ALL));
        prop_assert!(rx.is_closed());
    }

    /// No sequence of lengths up to `max_record` wedges a ring: a refused record is taken once the consumer has drained.
    #[test]
    fn no_record_waits_for_more_than_the_consumer(
        bits in 5usize..11,
        before in 0usize..128,
        lens in prop::collection::vec((0usize..1024, any::<bool>()), 1..if cfg!(miri) { 10 } else { 100 }),
    ) {
        let (mut tx, mut rx) = ends_before(before * 8, 1 << bits);
        for (n, (len, drained)) in lens.into_iter().enumerate() {
            let sent = record(n, len % (tx.max_record() + 1));
            if tx.push(&sent) == Err(ClaimError::Full) {
                drain(&mut rx, ALL);
                prop_assert_eq!(tx.push(&sent), Ok(()));
            }
            if drained {
                prop_assert_eq!(drain(&mut rx, ALL).pop(), Some(sent));
            }
        }
    }
}
