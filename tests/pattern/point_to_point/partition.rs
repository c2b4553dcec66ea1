//! Partition: parts that are disjoint and complete, and what a slow reader does to the others.

use super::NOW;
use crate::kit::{Collect, Script, allocations, turn};
use ringmain::channel::multicast::Multicast;
use ringmain::contract::{Agent, Refused, Sink, Source, each};
use ringmain::pattern::Filter;
use ringmain::pattern::point_to_point::Partition;
use ringmain::ring::Sequence;

/// 2.c: by position it is `seq % N`, also across the wrap of the positions, where a part may get two in a
/// row.
#[test]
fn by_position_the_parts_are_disjoint_and_complete() {
    for first in [Sequence::ZERO, Sequence::ZERO.minus(7)] {
        let parts: [Vec<u64>; 3] = Partition::by_seq().map(|part| {
            let seen = Collect::new();
            let mut script = Script::new((0..20).map(|n| first.plus(n).count())).starting_at(first);
            let _ = turn(&mut script, &mut Filter::new(part, seen.clone()), NOW);
            seen.events()
        });
        for (part, seen) in (0..).zip(&parts) {
            assert!(seen.iter().all(|seq| seq % 3 == part));
        }
        assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), 20);
    }
}

/// 2.c: nobody takes over for a slow reader, which gates the ring for all.
#[test]
fn a_slow_reader_gates_the_ring() {
    let mut ring = Multicast::new(8, || 0u64).unwrap();
    let readers = [ring.reader("quick", &[]), ring.reader("slow", &[])];
    let mut tx = ring.build().unwrap();
    let logs = [Collect::new(), Collect::new()];
    let [even, odd] = Partition::by_seq();
    let [quick, slow] = readers;
    let mut quick = quick.drive(Filter::new(even, logs[0].clone()));
    let mut slow = slow.drive(Filter::new(odd, logs[1].clone())).limit(1);
    let mut sent = 0;
    let mut publish = |sent: &mut u64| {
        while tx.offer(|slot| *slot = *sent) == Ok(()) {
            *sent += 1;
        }
        assert_eq!(tx.offer(|_| ()), Err(Refused::Full));
    };
    publish(&mut sent);
    let _ = quick.work(NOW);
    publish(&mut sent);
    assert_eq!((sent, logs[0].events(), logs[1].len()), (8, vec![0, 2, 4, 6], 0), "nobody steals 1");
    let _ = slow.work(NOW);
    publish(&mut sent);
    assert_eq!(sent, 9, "a part that is not the slow one's has to be passed by it, too");
}

/// No allocation after construction, by position and by key.
#[test]
fn nothing_is_allocated() {
    let [_, by_seq] = Partition::by_seq();
    let [by_key, ..] = Partition::<_, 3>::by_key(|n: &u64| *n);
    let mut stage = Filter::new(by_seq, Filter::new(by_key, each(|_: &u64| ())));
    let mut script = Script::new(0..1_000u64);
    assert_eq!(allocations(|| _ = turn(&mut script, &mut stage, NOW)).1, 0);
}
