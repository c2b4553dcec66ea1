//! Both sides on threads of their own.

use super::{ALL, NOW, fill, ring};
use crate::kit::{Asked, Rig};
use ringmain::contract::{At, Drained, End, Filled, Flow, Halt, Refused, Sink, Source, each};
use ringmain::ring::Sequence;

pub(crate) fn two_threads_hand_everything_over_in_order<R: Rig>() {
    let n: u64 = if cfg!(miri) { 30 } else { 30_000 };
    for (capacity, batch) in [(1, 1), (2, 2), (64, 1), (1024, 32)] {
        let (mut tx, mut rx) = ring::<R, _>(capacity, || 0);
        let producer = std::thread::spawn(move || {
            let mut next = 0;
            while next < n {
                let filled = fill(&mut tx, next, batch.min((n - next) as usize));
                next += filled.count as u64;
                assert!(tx.len() <= capacity);
                match filled {
                    // The other thread has failed.
                    Filled { end: Some(Halt::Stop), .. } => return,
                    Filled { count: 0, .. } => std::thread::yield_now(),
                    _ => {}
                }
            }
        });
        let mut expected = 0;
        loop {
            let there = rx.len();
            assert!(there <= capacity);
            let drained = rx.drain(
                NOW,
                ALL,
                &mut each(|event: &u64| {
                    assert_eq!(*event, expected);
                    expected += 1;
                }),
            );
            // Where consumers compete, what is there may be on its way to others, and is counted from its claim on.
            assert!(R::MANY_CONSUMERS || there == 0 || drained.count > 0, "it had {there} and gave none");
            match drained {
                Drained { end: Some(end), .. } => break assert_eq!(end, End::Closed),
                Drained { count: 0, .. } => std::thread::yield_now(),
                Drained { .. } => {}
            }
        }
        assert_eq!(expected, n);
        producer.join().unwrap();
    }
}

/// Where there may be two: each event once, those of one producer in their order, and positions that grow.
pub(crate) fn two_threads_a_side_hand_everything_over_once<R: Rig>() {
    let n: u64 = if cfg!(miri) { 20 } else { 5_000 };
    let two = |many| if many { 2 } else { 1 };
    let ends = (two(R::MANY_PRODUCERS), two(R::MANY_CONSUMERS));
    for capacity in [1, 2, 64] {
        let start = Sequence::ZERO.minus(3);
        let (tx, rx) = R::ends(start, capacity, ends, || (0, 0)).unwrap();
        let producers = Vec::from_iter((0..).zip(tx).map(|(who, mut tx)| {
            std::thread::spawn(move || {
                for number in 0..n {
                    // Closed only if the other side has failed.
                    while tx.offer(|slot| *slot = (who, number)) == Err(Refused::Full) {
                        std::thread::yield_now();
                    }
                }
            })
        }));
        let consumers = Vec::from_iter(rx.into_iter().map(|mut rx| {
            std::thread::spawn(move || {
                let (mut seen, mut next, mut at_least) = (Vec::new(), [0; 2], 0);
                loop {
                    let drained = rx.drain(NOW, 3, &mut |&(who, number): &(usize, u64), at: At| -> Flow {
                        assert!(number >= next[who] && at.seq.since(start) >= at_least);
                        (next[who], at_least) = (number + 1, at.seq.since(start) + 1);
                        seen.push((who, number));
                        Ok(())
                    });
                    match drained {
                        Drained { end: Some(_), .. } => return seen,
                        Drained { count: 0, .. } => std::thread::yield_now(),
                        Drained { .. } => {}
                    }
                }
            })
        }));
        let mut seen = Vec::from_iter(consumers.into_iter().flat_map(|consumer| consumer.join().unwrap()));
        seen.sort_unstable();
        assert!(seen.into_iter().eq((0..ends.0).flat_map(|who| (0..n).map(move |number| (who, number)))));
        producers.into_iter().for_each(|producer| producer.join().unwrap());
    }
}
