//! A thread that stands still, wherever it can, and what the others can do meanwhile: the statement of each ring's
//! documentation, as numbers.
//!
//! One thread is stopped inside of a fill, inside of a stage, or between two batches. The others go on, turn by turn:
//! every other producer puts one event, every other consumer takes all there is.

use crate::kit::*;
use ringmain::contract::{Drained, End, Fault, Flow, Halt};
use ringmain::ring::Sequence;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What the others can do before one of them is refused, or for as long as the test lasts.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Others {
    /// So many events they put in.
    put: usize,
    /// So many events a consumer sees.
    see: usize,
}

/// Nobody is held up.
const FREE: usize = 100;

/// The slots of each ring.
const CAPACITY: usize = 4;

/// The tests of one ring: a module for each, with what the others can put in and see while somebody stalls in a fill, in a
/// stage, and as a producer and a consumer between two batches.
macro_rules! stalls {
    ($($name:ident: $build:expr, $fill:expr, $stage:expr, $producer:expr, $consumer:expr;)+) => {$(
        mod $name {
            use super::*;

            #[test]
            fn a_producer_stalls_in_a_fill() {
                let ends: [fn() -> Flow; 3] =
                    [|| Ok(()), || Err(Fault::new(1).into()), || resume_unwind(Box::new("on purpose"))];
                for end in ends {
                    assert_eq!(in_a_fill(&$build, end), $fill);
                }
            }
            #[test]
            fn a_consumer_stalls_in_a_stage() {
                for panics in [false, true] {
                    assert_eq!(in_a_stage(&$build, panics), $stage);
                }
            }
            #[test]
            fn one_of_them_stalls_between_two_batches() {
                assert_eq!(idle_producer(&$build), $producer);
                assert_eq!(idle_consumer(&$build), $consumer);
            }
            #[test]
            fn the_other_side_may_go_while_one_stalls() {
                gone_meanwhile(&$build);
            }
        }
    )+};
}

/// `others(2, 1)`: they put in two, and one of them sees one.
const fn others(put: usize, see: usize) -> Others {
    Others { put, see }
}
/// Nobody is held up; where there is no other producer, nothing comes.
const ALL_GO_ON: Others = others(FREE, FREE);
const NOTHING_COMES: Others = others(0, 0);
/// So much fits in, and nobody sees it.
const FULL: Others = others(CAPACITY, 0);
const FULL_BUT_ONE: Others = others(CAPACITY - 1, 0);

stalls! {
    //  in a fill               in a stage                      producer        consumer
    spsc: scene::<Spsc, u64>(1, 1),
        NOTHING_COMES,          FULL_BUT_ONE,                   NOTHING_COMES,  FULL;
    spsc_spaced: scene::<SpscSpaced, u64>(1, 1),
        NOTHING_COMES,          FULL_BUT_ONE,                   NOTHING_COMES,  FULL;
    bytes: records(),
        NOTHING_COMES,          FULL_BUT_ONE,                   NOTHING_COMES,  FULL;

    // The rest of the lap may be filled, and nobody sees it.
    mpsc: scene::<Mpsc, u64>(2, 1),
        FULL_BUT_ONE,           FULL_BUT_ONE,                   ALL_GO_ON,      FULL;
    // Each producer has its own room: it is the first, whose event is in the stage, that is refused.
    mpsc_lanes: scene::<MpscLanes, u64>(2, 1),
        ALL_GO_ON,              others(2 * (CAPACITY - 1), 0),    ALL_GO_ON,      others(2 * CAPACITY, 0);

    // The other consumer sees what is behind the event in hand, whose slot is needed in the next lap.
    spmc: scene::<Spmc, u64>(1, 2),
        NOTHING_COMES,          others(CAPACITY - 1, CAPACITY - 1), NOTHING_COMES, ALL_GO_ON;
    mpmc: scene::<Mpmc, u64>(2, 2),
        FULL_BUT_ONE,           others(CAPACITY - 1, CAPACITY - 1), ALL_GO_ON,  ALL_GO_ON;
    mpmc_strict: scene::<MpmcStrict, u64>(2, 2),
        ALL_GO_ON,              ALL_GO_ON,                      ALL_GO_ON,      ALL_GO_ON;

    // The other reader sees all that the ring can hold.
    multicast_one: scene::<MulticastOne, u64>(1, 1),
        NOTHING_COMES,          FULL_BUT_ONE,                   NOTHING_COMES,  FULL;
    multicast_one_to_two: readers_of_one::<u64>(2),
        NOTHING_COMES,          others(CAPACITY - 1, CAPACITY), NOTHING_COMES,  others(CAPACITY, CAPACITY);
    multicast_many: scene::<MulticastMany, u64>(2, 1),
        FULL_BUT_ONE,           FULL_BUT_ONE,                   ALL_GO_ON,      FULL;
    multicast_many_to_two: readers_of_many::<u64>(2, 2),
        FULL_BUT_ONE,           others(CAPACITY - 1, CAPACITY), ALL_GO_ON,      others(CAPACITY, CAPACITY);

    // One that gates, as a reader of multicast. One that may lag holds the publisher up while its handler runs, and no longer.
    publish_subscribe: subscribers::<u64>(2),
        NOTHING_COMES,          others(CAPACITY - 1, CAPACITY), NOTHING_COMES,  others(CAPACITY, CAPACITY);
    publish_subscribe_lagging: laggards::<u64>(2),
        NOTHING_COMES,          others(CAPACITY - 1, CAPACITY), NOTHING_COMES,  ALL_GO_ON;

    // The other reader sees all, that of before the stall too.
    broadcast: broadcasts::<u64>(2),
        NOTHING_COMES,          others(FREE, FREE + 1),         NOTHING_COMES,  ALL_GO_ON;
    latest: latests::<u64>(2),
        NOTHING_COMES,          others(FREE, FREE + 1),         NOTHING_COMES,  ALL_GO_ON;
}

/// Far from what the others put in.
const STALLED: u64 = 1000;

fn build(build: &Build) -> Scene {
    build(Sequence::ZERO.minus(1), CAPACITY)
}

fn put(tx: &mut dyn Put, number: u64) -> Result<(), Halt> {
    let filled = tx.put(1, &mut |_| Ok(number));
    filled.end.map_or(Ok(()), Err)
}

/// All there is, and what the ring said of it.
fn take(rx: &mut dyn Take) -> (Vec<u64>, Option<End>) {
    let mut seen = Vec::new();
    let Drained { end, .. } = rx.take(usize::MAX, &mut |number| -> Flow {
        seen.push(number);
        Ok(())
    });
    (seen, end)
}

/// The others take turns until one is refused. Every event that a consumer sees is added to its `seen`.
fn go_on(tx: &mut [Box<dyn Put>], rx: &mut [Box<dyn Take>], seen: &mut [Vec<u64>]) -> Others {
    let before: Vec<_> = seen.iter().map(Vec::len).collect();
    let mut count = 0;
    loop {
        for (rx, seen) in rx.iter_mut().zip(&mut *seen) {
            let (more, end) = take(&mut **rx);
            assert_eq!(end, None, "nobody has gone");
            seen.extend(more);
        }
        if count == FREE || tx.is_empty() {
            break;
        }
        let turn = count % tx.len();
        match put(&mut *tx[turn], count as u64) {
            Ok(()) => count += 1,
            Err(halt) => break assert_eq!(halt, Halt::Again),
        }
    }
    let see = seen.iter().zip(before).map(|(seen, before)| seen.len() - before).max();
    Others { put: count, see: see.unwrap_or(0) }
}

/// Every event arrived where it should, and the ring works: the consumers have all of them together, or each has all but
/// those that it knows to have missed.
fn all_is_well(scene: &mut Scene, mut seen: Vec<Vec<u64>>, mut expected: Vec<u64>) {
    // By two producers, in case one of them stalled: what it holds back comes first.
    for (tx, number) in scene.tx.iter_mut().zip([STALLED + 1, STALLED + 2]) {
        put(&mut **tx, number).unwrap();
        expected.push(number);
        for (rx, seen) in scene.rx.iter_mut().zip(&mut seen) {
            seen.extend(take(&mut **rx).0);
        }
    }
    expected.sort_unstable();
    let sorted = |mut seen: Vec<u64>| {
        seen.sort_unstable();
        seen
    };
    let all = sorted(seen.concat());
    let each = seen.iter().zip(&scene.rx).all(|(seen, rx)| {
        let wanted = seen.iter().all(|number| expected.binary_search(number).is_ok());
        let mut once = sorted(seen.clone());
        once.dedup();
        wanted && once.len() == seen.len() && seen.len() + rx.missed() as usize == expected.len()
    });
    assert!(all == expected || each, "{seen:?} in place of {expected:?}");
}

fn in_a_fill(make: &Build, end: fn() -> Flow) -> Others {
    let mut scene = build(make);
    let mut seen = vec![Vec::new(); scene.rx.len()];
    let mut stalls = scene.tx.remove(0);
    let (stalled, stall) = stall();
    let (others, stalls, filled) = std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let mut make = |_| {
                stall.here();
                end().map(|()| STALLED)
            };
            let filled = catch_unwind(AssertUnwindSafe(|| stalls.put(1, &mut make).count == 1));
            (stalls, filled.unwrap_or(false))
        });
        stalled.arrived();
        let others = go_on(&mut scene.tx, &mut scene.rx, &mut seen);
        stalled.go_on();
        let (stalls, filled) = thread.join().unwrap();
        (others, stalls, filled)
    });
    scene.tx.insert(0, stalls);
    for (rx, seen) in scene.rx.iter_mut().zip(&mut seen) {
        seen.extend(take(&mut **rx).0);
    }
    let mut expected: Vec<u64> = (0..others.put as u64).collect();
    expected.extend(filled.then_some(STALLED));
    all_is_well(&mut scene, seen, expected);
    others
}

/// Takes events until it stands still at the first, whose number is returned; `panics` after it.
fn stalls_in_a_stage(rx: &mut dyn Take, stall: &Stall, panics: bool) -> Vec<u64> {
    let mut seen = Vec::new();
    let _ = catch_unwind(AssertUnwindSafe(|| {
        rx.take(1, &mut |number| -> Flow {
            stall.here();
            if panics {
                resume_unwind(Box::new("on purpose"));
            }
            seen.push(number);
            Ok(())
        })
    }));
    seen
}

fn in_a_stage(make: &Build, panics: bool) -> Others {
    let mut scene = build(make);
    put(&mut *scene.tx[0], STALLED).unwrap();
    let mut stalls = scene.rx.remove(0);
    let mut seen = vec![Vec::new(); scene.rx.len()];
    let (stalled, stall) = stall();
    let (others, stalls, mine) = std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let seen = stalls_in_a_stage(&mut *stalls, &stall, panics);
            (stalls, seen)
        });
        stalled.arrived();
        let others = go_on(&mut scene.tx, &mut scene.rx, &mut seen);
        stalled.go_on();
        let (stalls, mine) = thread.join().unwrap();
        (others, stalls, mine)
    });
    scene.rx.insert(0, stalls);
    seen.insert(0, mine);
    for (rx, seen) in scene.rx.iter_mut().zip(&mut seen) {
        seen.extend(take(&mut **rx).0);
    }
    let mut expected: Vec<u64> = (0..others.put as u64).collect();
    expected.push(STALLED);
    all_is_well(&mut scene, seen, expected);
    others
}

fn idle_producer(make: &Build) -> Others {
    let mut scene = build(make);
    let mut seen = vec![Vec::new(); scene.rx.len()];
    let others = go_on(&mut scene.tx[1..], &mut scene.rx, &mut seen);
    all_is_well(&mut scene, seen, (0..others.put as u64).collect());
    others
}

fn idle_consumer(make: &Build) -> Others {
    let mut scene = build(make);
    let mut seen = vec![Vec::new(); scene.rx.len()];
    let others = go_on(&mut scene.tx, &mut scene.rx[1..], &mut seen[1..]);
    seen[0].extend(take(&mut *scene.rx[0]).0);
    all_is_well(&mut scene, seen, (0..others.put as u64).collect());
    others
}

/// Whoever stalls finds the end when it goes on, not before.
fn gone_meanwhile(make: &Build) {
    let Scene { mut tx, mut rx, lossy } = build(make);
    let mut stalls = tx.remove(0);
    let (stalled, stall_here) = stall();
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let filled = stalls.put(1, &mut |_| {
                stall_here.here();
                Ok(STALLED)
            });
            assert_eq!(filled.count, 1);
            let more = (0..=CAPACITY as u64).find_map(|number| put(&mut *stalls, number).err());
            assert_eq!(more, (!lossy).then_some(Halt::Stop));
        });
        stalled.arrived();
        rx.clear();
        tx.clear();
        stalled.go_on();
        thread.join().unwrap();
    });

    let Scene { mut tx, mut rx, .. } = build(make);
    put(&mut *tx[0], STALLED).unwrap();
    let mut stalls = rx.remove(0);
    let (stalled, stall) = stall();
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            assert_eq!(stalls_in_a_stage(&mut *stalls, &stall, false), [STALLED]);
            assert_eq!(take(&mut *stalls), (vec![], Some(End::Closed)));
        });
        stalled.arrived();
        tx.clear();
        rx.clear();
        stalled.go_on();
        thread.join().unwrap();
    });
}
