//! Batches: records that are seen together, and what is left of one that ends early.

use super::{ALL, drain, ends, ends_before, record};
use crate::kit::{panic_on_purpose, panics};
use ringmain::channel::bytes::ClaimError;
use std::mem::forget;

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
