//! Producer and consumer on threads of their own.

use super::{ALL, NOW, drain, ends_before, record};
use ringmain::contract::{Drained, Source, each};

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
