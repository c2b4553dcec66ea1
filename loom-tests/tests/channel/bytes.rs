//! Records of any length, one producer, one consumer: everything committed arrives once, whole and in order, and a byte
//! is with one side at a time. Every ring starts eight bytes before the wrap, which is also the end of its memory: the
//! first record with something in it lies behind padding.

use super::common::outcomes;
use super::{ALL, NOW, start, turns};
use loom::thread;
use ringmain::channel::bytes::{self, ClaimError, Consumer, Producer};
use ringmain::contract::{At, End, Flow, Halt, Source, SourceMut, each};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

fn ends(capacity: usize) -> (Producer, Consumer) {
    bytes::channel_from(start().minus(7), capacity).unwrap()
}

/// A record that says its length, in each byte.
fn push(tx: &mut Producer, len: usize) -> Result<(), ClaimError> {
    tx.offer(len, |bytes| bytes.fill(len as u8))
}

/// Pushes a record and says whether it was taken; a ring that is closed is a mistake.
fn takes(tx: &mut Producer, len: usize) -> bool {
    match push(tx, len) {
        Ok(()) => true,
        Err(ClaimError::Full) => false,
        Err(error) => panic!("{error}"),
    }
}

/// The length of a record that is whole.
fn whole(bytes: &[u8]) -> usize {
    assert!(bytes.iter().all(|byte| usize::from(*byte) == bytes.len()), "{bytes:?}");
    bytes.len()
}

/// One turn of at most `limit`, and whether it met the end.
fn take_some(rx: &mut Consumer, limit: usize) -> (Vec<usize>, bool) {
    let mut seen = Vec::new();
    let drained = rx.drain(NOW, limit, &mut each(|bytes: &[u8]| seen.push(whole(bytes))));
    assert_eq!(drained.count, seen.len());
    (seen, drained.end == Some(End::Closed))
}

/// One turn: what is there now.
fn take(rx: &mut Consumer) -> Vec<usize> {
    take_some(rx, ALL).0
}

#[test]
fn what_is_published_is_seen() {
    let legal = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)];
    outcomes("bytes: publish", &legal, || {
        let (mut tx, mut rx) = ends(64);
        let producer = thread::spawn(move || {
            push(&mut tx, 9).unwrap();
            push(&mut tx, 0).unwrap();
            tx
        });
        let seen = turns(&mut rx, take, [producer]);
        assert_eq!(seen.concat(), [9, 0]);
        (seen[0].len(), seen[1].len())
    });
}

/// The way back: bytes are written again only when the consumer is done with them. The producer needs the room of the
/// padding, of the record behind it, and of both.
#[test]
fn a_full_ring_is_filled_again_behind_the_consumer() {
    let (none, first, second, both) = ((false, false), (true, false), (false, true), (true, true));
    for (lens, legal) in [
        ([8, 0], [none, first, second, both].as_slice()),
        // What is enough for the first is enough for both: nothing is lost to padding.
        ([0, 8], &[none, second, both]),
        // Behind the padding and the first there is no room for the second.
        ([7, 1], &[none, first, second]),
    ] {
        outcomes(&format!("bytes: wrap by padding, {lens:?}"), legal, move || {
            let (mut tx, mut rx) = ends(32);
            // Eight of padding, sixteen, and the last eight.
            assert!(takes(&mut tx, 8) && takes(&mut tx, 0) && tx.free() == 0);
            let producer = thread::spawn(move || (takes(&mut tx, lens[0]), takes(&mut tx, lens[1]), tx));
            let mut seen = take_some(&mut rx, 1).0;
            seen.extend(take_some(&mut rx, 1).0);
            let (first, second, _tx) = producer.join().unwrap();
            seen.extend(take(&mut rx));
            let mut sent = vec![8, 0];
            sent.extend(first.then_some(lens[0]));
            sent.extend(second.then_some(lens[1]));
            assert_eq!(seen, sent);
            (first, second)
        });
    }
}

/// While a claim is held, and written to, the consumer reads what is before it; it sees the claim when it is committed,
/// as long as it was committed.
#[test]
fn a_claim_is_seen_when_it_is_committed() {
    let legal = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)];
    outcomes("bytes: a claim in the hand", &legal, || {
        let (mut tx, mut rx) = ends(64);
        let producer = thread::spawn(move || {
            push(&mut tx, 1).unwrap();
            let mut claim = tx.claim(20).unwrap();
            claim[..10].fill(10);
            thread::yield_now();
            claim[10..].fill(99);
            claim.commit_len(10);
            tx
        });
        let seen = turns(&mut rx, take, [producer]);
        assert_eq!(seen.concat(), [1, 10]);
        (seen[0].len(), seen[1].len())
    });
}

/// A claim that was written to and given up, by hand, by an answer or by a panic, was never there.
#[test]
fn a_claim_that_is_given_up_is_not_seen() {
    for way in 0..3 {
        outcomes(&format!("bytes: given up, way {way}"), &[0, 1], move || {
            let (mut tx, mut rx) = ends(64);
            let producer = thread::spawn(move || {
                match way {
                    0 => {
                        let mut claim = tx.claim(20).unwrap();
                        claim.fill(99);
                        claim.abort();
                    }
                    1 => {
                        let refused = tx.fill(20, |bytes| -> Flow {
                            bytes.fill(99);
                            Err(Halt::Stop)
                        });
                        assert_eq!(refused, Err(Halt::Stop));
                    }
                    _ => {
                        let panics = AssertUnwindSafe(|| {
                            tx.offer(20, |bytes| {
                                bytes.fill(99);
                                resume_unwind(Box::new("on purpose"))
                            })
                        });
                        assert!(catch_unwind(panics).is_err());
                    }
                }
                push(&mut tx, 9).unwrap();
                tx
            });
            let first = take(&mut rx);
            let _tx = producer.join().unwrap();
            assert_eq!([&first[..], &take(&mut rx)].concat(), [9]);
            first.len()
        });
    }
}

/// All records of a batch are seen at once, or none.
#[test]
fn a_batch_is_seen_whole() {
    let legal = [(0, 0), (0, 3), (3, 0)];
    outcomes("bytes: batch", &legal, || {
        let (mut tx, mut rx) = ends(64);
        let producer = thread::spawn(move || {
            let mut batch = tx.batch();
            for len in [3, 0, 9] {
                batch.offer(len, |bytes| bytes.fill(len as u8)).unwrap();
            }
            drop(batch);
            tx
        });
        let seen = turns(&mut rx, take, [producer]);
        assert_eq!(seen.concat(), [3, 0, 9]);
        (seen[0].len(), seen[1].len())
    });
}

/// A batch that finds the ring full shows what it has, before it ends: who waits in a batch waits for a consumer that
/// can see why.
#[test]
fn a_batch_that_is_refused_shows_what_it_has() {
    // Whether the record after the refusal was taken, within the same batch.
    outcomes("bytes: a batch in a full ring", &[false, true], || {
        let (mut tx, mut rx) = ends(32);
        let consumer = thread::spawn(move || (take(&mut rx), rx));
        let mut batch = tx.batch();
        batch.push(&[8; 8]).unwrap();
        batch.push(&[]).unwrap();
        let taken = batch.push(&[1]).is_ok() || batch.push(&[1]).is_ok();
        drop(batch);
        let (mut seen, mut rx) = consumer.join().unwrap();
        seen.extend(take(&mut rx));
        assert_eq!(seen, [&[8, 0][..], if taken { &[1] } else { &[] }].concat());
        taken
    });
}

/// A consumer gives bytes back while its batch lasts: here whenever it is a quarter of the ring further. With its padding,
/// the first record needs 24 of the 64, the others 16.
#[test]
fn a_long_batch_makes_room_before_its_end() {
    outcomes("bytes: room before the end of a batch", &[0, 1, 2, 3], || {
        let (mut tx, mut rx) = ends(64);
        while takes(&mut tx, 0) {}
        let consumer = thread::spawn(move || (take(&mut rx), rx));
        let more = (0..8).take_while(|_| takes(&mut tx, 8)).count();
        let (mut seen, mut rx) = consumer.join().unwrap();
        seen.extend(take(&mut rx));
        assert_eq!(seen, [&[0; 8][..], &[8; 3][..more]].concat());
        more
    });
}

/// What a stage wants again stays where it is, whole, and so does what is only looked at; when the consumer goes, it is
/// undelivered.
#[test]
fn a_record_looked_at_is_not_given_back() {
    // Whether the two refusals say "closed"; the record's bytes never become free.
    let legal = [(false, false), (false, true), (true, true)];
    outcomes("bytes: again, then gone", &legal, || {
        let (mut tx, mut rx) = ends(32);
        push(&mut tx, 8).unwrap();
        push(&mut tx, 0).unwrap();
        let consumer = thread::spawn(move || {
            assert_eq!(rx.peek(whole), Ok(8));
            let drained = rx.drain(NOW, ALL, &mut |bytes: &[u8], _: At| -> Flow {
                assert_eq!(whole(bytes), 8);
                Err(Halt::Again)
            });
            assert_eq!((drained.count, drained.end), (0, Some(End::Halted(Halt::Again))));
        });
        let first = push(&mut tx, 0).unwrap_err();
        let second = push(&mut tx, 0).unwrap_err();
        consumer.join().unwrap();
        assert!(tx.is_closed());
        assert_eq!((tx.len(), push(&mut tx, 0)), (32, Err(ClaimError::Closed)));
        (first == ClaimError::Closed, second == ClaimError::Closed)
    });
}

/// The consumer may write to a record, too: it is alone with it.
#[test]
fn a_record_is_changed_where_it_lies() {
    outcomes("bytes: change in place", &[false, true], || {
        let (mut tx, mut rx) = ends(32);
        push(&mut tx, 8).unwrap();
        push(&mut tx, 0).unwrap();
        let producer = thread::spawn(move || (takes(&mut tx, 8), tx));
        let drained = rx.drain_mut(NOW, 1, &mut |bytes: &mut [u8], _: At| -> Flow {
            assert_eq!(whole(bytes), 8);
            bytes.fill(99);
            Ok(())
        });
        assert_eq!(drained.count, 1);
        let (more, _tx) = producer.join().unwrap();
        assert_eq!(take(&mut rx), [&[0][..], if more { &[8] } else { &[] }].concat());
        more
    });
}

/// "Closed" comes behind the last record, never in place of it.
#[test]
fn the_last_record_is_seen_before_the_end() {
    let legal = [
        (0, false, 0, false),
        (0, false, 1, false),
        (0, false, 1, true),
        (1, false, 0, false),
        (1, false, 0, true),
        (1, true, 0, true),
    ];
    outcomes("bytes: the producer goes", &legal, || {
        let (mut tx, mut rx) = ends(32);
        let producer = thread::spawn(move || push(&mut tx, 8).unwrap());
        let [(first, ended), (second, ended_then), (third, closed)] =
            turns(&mut rx, |rx| take_some(rx, ALL), [producer]);
        assert_eq!([&first[..], &second, &third].concat(), [8]);
        assert!(closed && rx.is_closed());
        (first.len(), ended, second.len(), ended_then)
    });
}

/// Who pushes to nobody learns of it, and can tell to the last byte how much was not delivered.
#[test]
fn a_consumer_that_goes_is_missed() {
    // Records pushed, those the consumer saw, and whether the first refusal was "closed".
    let legal = [(1, 0, false), (1, 0, true), (1, 1, false), (1, 1, true), (2, 1, false)];
    outcomes("bytes: the consumer goes", &legal, || {
        let (mut tx, mut rx) = ends(32);
        let consumer = thread::spawn(move || take(&mut rx).len());
        let (mut pushed, mut closed) = (0, false);
        for _ in 0..2 {
            match push(&mut tx, 8) {
                Ok(()) => pushed += 1,
                Err(error) => {
                    closed = error == ClaimError::Closed;
                    break;
                }
            }
        }
        let seen = consumer.join().unwrap();
        assert!(tx.is_closed());
        // The first has eight bytes of padding before it, the second has none.
        let sizes = [24, 16];
        assert_eq!(tx.len(), sizes[seen..pushed].iter().sum::<usize>());
        (pushed, seen, closed)
    });
}

/// What the ends say of themselves holds until they act, and is never more than the capacity.
#[test]
fn room_and_length_are_promises() {
    let legal = [(0, 8), (24, 8), (24, 16), (24, 24), (24, 32), (32, 8)];
    outcomes("bytes: len and free", &legal, || {
        let (mut tx, mut rx) = ends(32);
        push(&mut tx, 8).unwrap();
        push(&mut tx, 0).unwrap();
        let producer = thread::spawn(move || {
            let (free, len) = (tx.free(), tx.len());
            assert!(free <= 32 && len <= 32);
            for _ in 0..free / 8 {
                push(&mut tx, 0).unwrap();
            }
            (free, tx)
        });
        let first = take_some(&mut rx, 1).0;
        let len = rx.len();
        assert!(len <= 32);
        let rest = take_some(&mut rx, len / 8).0;
        assert_eq!((first, rest), (vec![8], vec![0; len / 8]));
        let (free, tx) = producer.join().unwrap();
        assert_eq!(tx.len() + tx.free(), 32);
        (free, len)
    });
}
