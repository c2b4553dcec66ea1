//! Random steps against a queue of records.

use super::{ALL, HEADER, NOW, drain, ends_before, frame, record};
use crate::kit::{panic_on_purpose, panics};
use proptest::prelude::*;
use ringmain::channel::bytes::ClaimError;
use ringmain::contract::{At, End, Flow, Halt, Source, SourceMut};
use std::collections::VecDeque;
use std::mem::forget;

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
