//! The resequencer of batches.

use super::{Balance, Packet, Reason, counts, nanos, tick};
use crate::kit::{Choke, Collect, Dice, Script, allocations, conforms, seeds, turn, turn_mut};
use ringmain::contract::{Agent, Fault, SourceMut, Tick, Work, each};
use ringmain::pattern::Catch;
use ringmain::pattern::resequencer::{Batch, BatchResequencer, Equals, Sort};
use ringmain::ring::CapacityError;
use std::time::Duration;

const BATCH: Batch = Batch { size: 5, timeout: nanos(100), sort: Sort::Ascending, equals: Equals::Allow };

conforms!(
    mut batch,
    (1..=100u64).map(|n| n ^ 1),
    |kit| {
        let hazard = kit.hazard();
        let key = move |n: &u64| {
            hazard.pass();
            *n
        };
        BatchResequencer::new(BATCH, key, u64::default, kit.leaf::<u64>()).unwrap()
    },
    // What is held is in nobody's hands.
    crate::kit::Terms { reject_passes: false, ..crate::kit::Terms::STRICT }
);
conforms!(
    batch_shown,
    (1..=100u64).map(|n| n ^ 1),
    |kit| BatchResequencer::new(BATCH, |n: &u64| *n, u64::default, kit.leaf::<u64>()).unwrap(),
    crate::kit::Terms { reject_passes: false, ..crate::kit::Terms::STRICT }
);

/// 13.d9
#[test]
fn resequencer_9_a_batch_is_a_stable_sort() {
    let sorted = |batch: Batch, refusals| {
        let out = Collect::new();
        let next = Choke::new(refusals, out.clone());
        let mut stage =
            BatchResequencer::new(batch, |packet: &Packet| packet.0, Packet::default, next).unwrap();
        let account = stage.account();
        let mut script = Script::new([(5, 0), (3, 0), (3, 1), (1, 0), (4, 0)]).open();
        (0..20).for_each(|_| _ = turn_mut(&mut script, &mut stage, tick(0)));
        (out.take(), account.read())
    };
    for refusals in 0..3 {
        let all = Balance { input: 5, out: 5, ..Balance::default() };
        let ascending = vec![(1, 0), (3, 0), (3, 1), (4, 0), (5, 0)];
        assert_eq!(sorted(BATCH, refusals), (ascending, all));
        let descending = vec![(5, 0), (4, 0), (3, 0), (3, 1), (1, 0)];
        assert_eq!(sorted(Batch { sort: Sort::Descending, ..BATCH }, refusals), (descending, all));

        let one_less = Balance { out: 4, dropped: counts(&[(Reason::Duplicate, 1)]), ..all };
        for (equals, kept) in [(Equals::KeepFirst, 0), (Equals::KeepLast, 1)] {
            let without = vec![(1, 0), (3, kept), (4, 0), (5, 0)];
            assert_eq!(sorted(Batch { equals, ..BATCH }, refusals), (without, one_less));
        }
    }
}

/// 13.d9, the timeout: from the first of a batch, and not early.
#[test]
fn resequencer_9_a_batch_ends_with_its_time() {
    let out = Collect::new();
    let mut stage = BatchResequencer::new(BATCH, |n: &u64| *n, u64::default, out.clone()).unwrap();
    let account = stage.account();
    let mut script = Script::new([3, 1]).open();
    let _ = turn(&mut script, &mut stage, tick(50));
    script.then(2);
    let _ = turn(&mut script, &mut stage, tick(149));
    assert_eq!(out.take(), []);
    assert_eq!(account.read(), Balance { input: 3, held: 3, ..Balance::default() });
    let _ = turn(&mut script, &mut stage, tick(150));
    assert_eq!(out.take(), [1, 2, 3]);
    assert_eq!(account.read(), Balance { input: 3, out: 3, ..Balance::default() });

    // An event of the same turn is seen first, and completes it: then there is no time to run out.
    (10..15).for_each(|n| script.then(n));
    script.then(9);
    let _ = turn(&mut script, &mut stage, tick(400));
    assert_eq!(out.take(), [10, 11, 12, 13, 14]);
    let _ = turn(&mut script, &mut stage, tick(499));
    assert_eq!(out.take(), []);
    let _ = turn(&mut script, &mut stage, tick(500));
    assert_eq!(out.take(), [9]);
    assert_eq!(account.read(), Balance { input: 9, out: 9, ..Balance::default() });
}

#[test]
fn a_batch_goes_on_in_the_last_turn_and_a_pump_waits_for_that() {
    let out = Collect::new();
    let batch = Batch { timeout: Duration::MAX, ..BATCH };
    let stage = BatchResequencer::new(batch, |n: &u64| *n, u64::default, out.clone()).unwrap();
    let account = stage.account();
    let mut agent = Script::new([2, 1]).drive_mut(stage);
    let _ = agent.work(tick(0));
    assert_eq!(agent.work(tick(u64::MAX - 1)), Work::Idle);
    assert_eq!(agent.work(Tick::MAX), Work::Done);
    assert_eq!(out.take(), [1, 2]);
    assert_eq!(account.read(), Balance { input: 2, out: 2, ..Balance::default() });
}

#[test]
fn what_is_left_of_a_batch_is_counted() {
    // While it is collected, and while it is brought on.
    for (numbers, out) in [(3, 0), (5, 2)] {
        let sink = Collect::with_capacity(2);
        let mut stage = BatchResequencer::new(BATCH, |n: &u64| *n, u64::default, sink.clone()).unwrap();
        let account = stage.account();
        let _ = turn(&mut Script::new(0..numbers), &mut stage, tick(0));
        assert_eq!(
            account.read(),
            Balance { input: numbers, out, held: numbers - out, ..Balance::default() }
        );
        drop(stage);
        let dropped = counts(&[(Reason::Shutdown, numbers - out)]);
        assert_eq!(account.read(), Balance { input: numbers, out, dropped, ..Balance::default() });
    }
}

#[test]
fn a_member_that_is_rejected_or_unwound_on_is_dropped() {
    let batch = Batch { size: 3, ..BATCH };
    for unwinds in [false, true] {
        let out = Collect::new();
        let out = if unwinds { out.panicking_at(2) } else { out.rejecting(2, Fault::of(Reason::NoRoute)) };
        let stage = BatchResequencer::new(batch, |n: &u64| *n, u64::default, out.clone()).unwrap();
        let account = stage.account();
        let mut stage = Catch::new(stage);
        let mut script = Script::new([3, 2, 1]).open();
        (0..3).for_each(|_| _ = turn(&mut script, &mut stage, tick(0)));
        assert_eq!(out.take(), [1, 3]);
        let why = if unwinds { Reason::Panic } else { Reason::NoRoute };
        assert_eq!(
            account.read(),
            Balance { input: 3, out: 2, dropped: counts(&[(why, 1)]), ..Balance::default() }
        );
    }
}

#[test]
fn no_batch_allocates() {
    for sort in [Sort::Ascending, Sort::Descending] {
        let next = Choke::new(1, each(|_: &mut u64| ()));
        let batch = Batch { size: 64, sort, equals: Equals::KeepLast, ..BATCH };
        let mut stage = BatchResequencer::new(batch, |n: &u64| n % 50, u64::default, next).unwrap();
        let account = stage.account();
        let mut script = Script::new((0..1000).map(|n| n * 7919 % 1009)).open();
        let ((), allocated) = allocations(|| {
            (0..3000).for_each(|t| _ = turn_mut(&mut script, &mut stage, tick(t)));
            drop(stage);
        });
        assert_eq!((allocated, account.read().check()), (0, Ok(())));
        assert_eq!(account.read().input, 1000);
    }
}

#[test]
fn a_batch_of_nothing_is_not_built() {
    let none =
        BatchResequencer::new(Batch { size: 0, ..BATCH }, |n: &u64| *n, u64::default, each(|_: &u64| ()));
    assert_eq!(none.unwrap_err(), CapacityError::Zero);
}

/// Against `slice::sort_by_key`.
#[test]
fn random_batches_are_what_a_stable_sort_makes_of_them() {
    let mut dice = Dice::new(9);
    for _ in seeds(5_000) {
        let size = 1 + dice.below(9) as usize;
        let packets: Vec<Packet> = (0..dice.below(40)).map(|n| (dice.below(6), n as u8)).collect();
        let out = Collect::new();
        let next = Choke::new(dice.below(3) as usize, out.clone());
        let batch = Batch { size, ..BATCH };
        let mut stage =
            BatchResequencer::new(batch, |packet: &Packet| packet.0, Packet::default, next).unwrap();
        let account = stage.account();
        let mut script = Script::new(packets.clone()).open();
        while account.read().out < packets.len() as u64 {
            let _ = turn_mut(&mut script, &mut stage, Tick::ZERO);
            if script.consumed() == packets.len() {
                let _ = turn_mut(&mut script, &mut stage, Tick::MAX);
            }
        }
        let expected = packets.chunks(size).flat_map(|batch| {
            let mut batch = batch.to_vec();
            batch.sort_by_key(|packet| packet.0);
            batch
        });
        assert!(out.take().into_iter().eq(expected));
        assert_eq!(account.read().check(), Ok(()));
    }
}
