//! A thread that stands still, wherever it can, and what the others can do meanwhile: the statement of each ring's
//! documentation, as numbers.
//!
//! One thread is stopped inside of a fill, inside of a stage, or between two batches. The others go on, turn by turn:
//! every other producer puts one event, every other consumer takes all there is.

use crate::kit::{
    Build, Lanes, Mpsc, MulticastMany, MulticastOne, Put, Scene, Spsc, Stall, Take, scene, stall,
};
use crate::kit::{readers_of_many, readers_of_one};
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

/// The tests of one ring: a module for each, with what the others can do in each case.
macro_rules! stalls {
    ($name:ident, $build:expr, fill: ($fill_put:expr, $fill_see:expr), stage: ($stage_put:expr, $stage_see:expr),
     idle_producer: ($tx_put:expr, $tx_see:expr), idle_consumer: ($rx_put:expr, $rx_see:expr) $(,)?) => {
        mod $name {
            use super::*;

            #[test]
            fn a_producer_stalls_in_a_fill() {
                let ends: [fn() -> Flow; 3] =
                    [|| Ok(()), || Err(Fault::new(1).into()), || resume_unwind(Box::new("on purpose"))];
                for end in ends {
                    let others = Others { put: $fill_put, see: $fill_see };
                    assert_eq!(in_a_fill(&$build, end), others);
                }
            }
            #[test]
            fn a_consumer_stalls_in_a_stage() {
                let others = Others { put: $stage_put, see: $stage_see };
                assert_eq!(in_a_stage(&$build, false), others);
                assert_eq!(in_a_stage(&$build, true), others);
            }
            #[test]
            fn one_of_them_stalls_between_two_batches() {
                assert_eq!(idle_producer(&$build), Others { put: $tx_put, see: $tx_see });
                assert_eq!(idle_consumer(&$build), Others { put: $rx_put, see: $rx_see });
            }
            #[test]
            fn the_other_side_may_go_while_one_stalls() {
                gone_meanwhile(&$build);
            }
        }
    };
}

// Without another producer nothing comes.
stalls!(spsc, scene::<Spsc, u64>(1, 1),
    fill: (0, 0), stage: (CAPACITY - 1, 0), idle_producer: (0, 0), idle_consumer: (CAPACITY, 0));
// The rest of the lap may be filled, and the consumer sees none of it before the slot.
stalls!(mpsc, scene::<Mpsc, u64>(2, 1),
    fill: (CAPACITY - 1, 0), stage: (CAPACITY - 1, 0), idle_producer: (FREE, FREE), idle_consumer: (CAPACITY, 0));
// A lane is full after its own lap, and whoever stalls in another one does not matter. The first has one event more.
stalls!(lanes, scene::<Lanes, u64>(2, 1),
    fill: (FREE, FREE), stage: (2 * CAPACITY - 2, 0), idle_producer: (FREE, FREE), idle_consumer: (2 * CAPACITY, 0));
stalls!(multicast_one, scene::<MulticastOne, u64>(1, 1),
    fill: (0, 0), stage: (CAPACITY - 1, 0), idle_producer: (0, 0), idle_consumer: (CAPACITY, 0));
// The other reader sees all that the ring can hold.
stalls!(multicast_one_to_two, readers_of_one::<u64>(2),
    fill: (0, 0), stage: (CAPACITY - 1, CAPACITY), idle_producer: (0, 0), idle_consumer: (CAPACITY, CAPACITY));
// The rest of the lap may be filled, and nobody sees it.
stalls!(multicast_many, scene::<MulticastMany, u64>(2, 1),
    fill: (CAPACITY - 1, 0), stage: (CAPACITY - 1, 0), idle_producer: (FREE, FREE), idle_consumer: (CAPACITY, 0));
stalls!(multicast_many_to_two, readers_of_many::<u64>(2, 2),
    fill: (CAPACITY - 1, 0), stage: (CAPACITY - 1, CAPACITY), idle_producer: (FREE, FREE),
    idle_consumer: (CAPACITY, CAPACITY));

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
fn others(tx: &mut [Box<dyn Put>], rx: &mut [Box<dyn Take>], seen: &mut [Vec<u64>]) -> Others {
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

/// Every event arrived where it should, whoever has it, and the ring works.
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
    let each = || seen.iter().all(|seen| sorted(seen.clone()) == expected);
    assert!(all == expected || each(), "{seen:?} in place of {expected:?}");
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
        let others = others(&mut scene.tx, &mut scene.rx, &mut seen);
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
        let others = others(&mut scene.tx, &mut scene.rx, &mut seen);
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
    let others = others(&mut scene.tx[1..], &mut scene.rx, &mut seen);
    all_is_well(&mut scene, seen, (0..others.put as u64).collect());
    others
}

fn idle_consumer(make: &Build) -> Others {
    let mut scene = build(make);
    let mut seen = vec![Vec::new(); scene.rx.len()];
    let others = others(&mut scene.tx, &mut scene.rx[1..], &mut seen[1..]);
    seen[0].extend(take(&mut *scene.rx[0]).0);
    all_is_well(&mut scene, seen, (0..others.put as u64).collect());
    others
}

/// Whoever stalls finds the end when it goes on, not before.
fn gone_meanwhile(make: &Build) {
    let Scene { mut tx, mut rx } = build(make);
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
            assert_eq!(more, Some(Halt::Stop));
        });
        stalled.arrived();
        rx.clear();
        tx.clear();
        stalled.go_on();
        thread.join().unwrap();
    });

    let Scene { mut tx, mut rx } = build(make);
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
