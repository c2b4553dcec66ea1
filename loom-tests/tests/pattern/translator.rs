//! Two translators write into one ring, and one of them fails.

use crate::common::outcomes;
use loom::thread;
use ringmain::channel::multicast::{Many, Multicast};
use ringmain::channel::spsc;
use ringmain::contract::{At, Fault, Flow, Halt, PartOf, Source, Stage, Tick, each};
use ringmain::pattern::{Splitter, Translator};
use ringmain::ring::Sequence;

const NOW: Tick = Tick::ZERO;
/// The ring wraps at once.
const START: Sequence = Sequence::ZERO.minus(1);
const AT: At = At { seq: START, now: NOW };
const FAULT: Fault = Fault::new(1);

/// What fails half-way is seen by no reader, and hides nothing that another producer puts behind it.
#[test]
fn translator_3_one_that_fails_hides_nothing() {
    // What the reader saw while the two were at work.
    let legal = [vec![], vec![7]];
    outcomes("translator: a failure hides nothing", &legal, || {
        let mut ring = Multicast::<u64, Many>::starting_at(START, 2, || 0).unwrap();
        let mut reader = ring.reader("reader", &[]);
        let tx = ring.build().unwrap();
        let other = tx.clone();
        let failing = thread::spawn(move || {
            let fails = |_: &u64, slot: &mut u64| -> Flow {
                *slot = 99;
                Err(FAULT.into())
            };
            assert_eq!(Translator::new(fails, other).on_event(&1, AT), Err(Halt::Reject(FAULT)));
        });
        let working = thread::spawn(move || {
            let copies = |n: &u64, slot: &mut u64| -> Flow {
                *slot = *n;
                Ok(())
            };
            assert_eq!(Translator::new(copies, tx).on_event(&7, AT), Ok(()));
        });
        let mut log = Vec::new();
        let _ = reader.drain(NOW, usize::MAX, &mut each(|n: &u64| log.push(*n)));
        let early = log.clone();
        failing.join().unwrap();
        working.join().unwrap();
        let _ = reader.drain(NOW, usize::MAX, &mut each(|n: &u64| log.push(*n)));
        assert_eq!(log, [7]);
        early
    });
}

/// The parts of a whole are in order and complete, however much room there was at a time.
#[test]
fn translator_6_a_splitter_goes_on_where_it_was() {
    // Tries: one for each part, and one more if the second came before the reader.
    outcomes("translator: a splitter goes on where it was", &[3, 4], || {
        let (to, mut from) = spsc::channel_from(START, 1, || 0u8).unwrap();
        let split = |_: &u64| 3;
        let write = |_: &u64, part: PartOf, slot: &mut u8| -> Flow {
            *slot = part.index;
            Ok(())
        };
        let reader = thread::spawn(move || {
            let mut log = Vec::new();
            let _ = from.drain(NOW, usize::MAX, &mut each(|n: &u8| log.push(*n)));
            (from, log)
        });
        let mut splitter = Splitter::new(split, write, to);
        let mut tries = 1;
        let mut done = splitter.on_event(&5, AT);
        if done == Err(Halt::Again) {
            tries += 1;
            done = splitter.on_event(&5, AT);
        }
        let (mut from, mut log) = reader.join().unwrap();
        while done == Err(Halt::Again) {
            let _ = from.drain(NOW, usize::MAX, &mut each(|n: &u8| log.push(*n)));
            tries += 1;
            done = splitter.on_event(&5, AT);
        }
        let _ = from.drain(NOW, usize::MAX, &mut each(|n: &u8| log.push(*n)));
        assert_eq!(log, [0, 1, 2]);
        tries
    });
}
