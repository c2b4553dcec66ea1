//! Records of any length between two threads: how many fit, and how it ends. The rest is in the files of the folder.

mod batches;
mod claims;
mod consumer;
mod oracle;
mod source;
mod threads;

use ringmain::channel::bytes::{self, ClaimError, Consumer, MIN_CAPACITY, Producer};
use ringmain::contract::{At, Drained, End, Fault, Flow, Reason, Source, Tick, each};
use ringmain::ring::{CapacityError, Sequence};

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
