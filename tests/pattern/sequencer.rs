//! Sequencer: one order and dense numbers, whatever the lanes, the stage and the limits do.

mod books;

use crate::kit::{Choke, Collect, Dice, Script, allocations, run, seeds};
use proptest::prelude::*;
use ringmain::channel::{multicast::Multicast, spsc};
use ringmain::contract::{At, Drained, End, Fault, Flow, Halt, Sink, Source, SourceMut, Stage, Tick, each};
use ringmain::pattern::Sequencer;
use ringmain::ring::Sequence;
use ringmain::wait::Yielding;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

const NOW: Tick = Tick::ZERO;

/// What came out, with its numbers.
fn numbered(log: &mut Vec<(u64, u32)>) -> impl FnMut(&u32, At) -> Flow {
    |event: &u32, at: At| {
        log.push((at.seq.count(), *event));
        Ok(())
    }
}

fn drain_all<S: Source<Event = u32>>(source: &mut S) -> Vec<(u64, u32)> {
    let mut log = Vec::new();
    while source.drain(NOW, usize::MAX, &mut numbered(&mut log)).end != Some(End::Closed) {}
    log
}

#[derive(Clone, Copy, Default)]
struct Numbered {
    seq: u64,
    producer: u64,
    n: u64,
}

/// 13.d1: 4 times 250,000 in release, no gap, each producer's own order, and one order for three consumers.
#[test]
fn sequencer_1_four_producers_one_order() {
    let each_makes: u64 = match () {
        () if cfg!(miri) => 20,
        () if cfg!(debug_assertions) => 20_000,
        () => 250_000,
    };
    let (producers, lanes): (Vec<_>, Vec<_>) =
        (0..4).map(|_| spsc::channel(64, || (0u64, 0u64)).unwrap()).unzip();
    let mut ring = Multicast::new(128, Numbered::default).unwrap();
    let readers: Vec<_> = ["a", "b", "c"].map(|name| ring.reader(name, &[])).into();
    let mut tx = ring.build().unwrap();
    let sequencer = Sequencer::round_robin(lanes, 16).drive(move |event: &(u64, u64), at: At| -> Flow {
        let seq = at.seq.count();
        Ok(tx.offer(|slot| *slot = Numbered { seq, producer: event.0, n: event.1 })?)
    });

    let orders = thread::scope(|scope| {
        for (producer, mut tx) in producers.into_iter().enumerate() {
            scope.spawn(move || {
                for n in 0..each_makes {
                    tx.offer_waiting(&mut Yielding::new(), |slot| *slot = (producer as u64, n)).unwrap();
                }
            });
        }
        scope.spawn(move || run(sequencer));
        let readers: Vec<_> = readers
            .into_iter()
            .map(|reader| {
                scope.spawn(move || {
                    let (mut last, mut next, mut order) = (0, [0; 4], 0u64);
                    run(reader.drive(each(|event: &Numbered| {
                        assert_eq!(event.seq, last + 1, "the numbers are dense");
                        assert_eq!(
                            event.n, next[event.producer as usize],
                            "each producer's own order is kept"
                        );
                        last += 1;
                        next[event.producer as usize] += 1;
                        order = order.wrapping_mul(0x100_0000_01b3) ^ (event.producer << 48 | event.n);
                    })));
                    (last, order)
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(orders[0].0, 4 * each_makes);
    assert!(orders.iter().all(|order| *order == orders[0]), "all consumers see the same order");
}

#[test]
fn a_burst_of_each_lane_in_turn() {
    let lanes = [Script::new([10, 11, 12, 13, 14]), Script::new([20]), Script::new([30, 31, 32])];
    let seen: Vec<_> = drain_all(&mut Sequencer::round_robin(lanes, 2));
    let events: Vec<_> = seen.iter().map(|(_, event)| *event).collect();
    assert_eq!(events, [10, 11, 20, 30, 31, 12, 13, 32, 14]);
    assert!(seen.iter().map(|(seq, _)| *seq).eq(1..=9));
}

#[test]
fn one_call_is_one_round() {
    let lanes = [Script::new([1, 2, 3]), Script::new([4, 5, 6])];
    let mut sequencer = Sequencer::round_robin(lanes, 2);
    let mut log = Vec::new();
    let drained = sequencer.drain(NOW, usize::MAX, &mut numbered(&mut log));
    assert_eq!(drained, Drained { count: 4, end: None });
}

#[test]
fn a_limit_cuts_a_burst_in_two_and_the_lane_keeps_its_turn() {
    let lanes = [Script::new([1, 2, 3, 4]), Script::new([5, 6])];
    let mut sequencer = Sequencer::round_robin(lanes, 3);
    let mut log = Vec::new();
    for _ in 0..6 {
        let drained = sequencer.drain(NOW, 1, &mut numbered(&mut log));
        assert_eq!(drained.count, 1);
    }
    let events: Vec<_> = log.iter().map(|(_, event)| *event).collect();
    assert_eq!(events, [1, 2, 3, 5, 6, 4]);
    assert_eq!(sequencer.drain(NOW, 1, &mut numbered(&mut Vec::new())).end, Some(End::Closed));
}

#[test]
fn a_limit_of_nothing_takes_nothing() {
    let mut sequencer = Sequencer::round_robin([Script::new([1])], 1);
    let nothing = Drained { count: 0, end: None };
    assert_eq!(sequencer.drain(NOW, 0, &mut numbered(&mut Vec::new())), nothing);
    let mut sequencer = Sequencer::merge([Script::new([1])], 1, |n: &u32| *n);
    assert_eq!(sequencer.drain(NOW, 0, &mut numbered(&mut Vec::new())), nothing);
}

#[test]
fn a_burst_of_0_is_1() {
    let lanes = || [Script::new([1, 2]), Script::new([3])];
    assert_eq!(drain_all(&mut Sequencer::round_robin(lanes(), 0)), [(1, 1), (2, 3), (3, 2)]);
    assert_eq!(drain_all(&mut Sequencer::by_key(lanes(), 0, |n: &u32| *n)), [(1, 1), (2, 2), (3, 3)]);
}

#[test]
fn no_lanes_are_closed_lanes() {
    let closed = Drained { count: 0, end: Some(End::Closed) };
    let none = Vec::<Script<u32>>::new;
    assert_eq!(Sequencer::round_robin(none(), 1).drain(NOW, 1, &mut each(|_: &u32| ())), closed);
    assert_eq!(Sequencer::merge(none(), 1, |n: &u32| *n).drain(NOW, 1, &mut each(|_: &u32| ())), closed);
}

#[test]
fn it_is_closed_when_every_lane_is() {
    let (mut a, lane_a) = spsc::channel(4, || 0u32).unwrap();
    let (mut b, lane_b) = spsc::channel(4, || 0u32).unwrap();
    let mut sequencer = Sequencer::round_robin([lane_a, lane_b], 4);
    let mut log = Vec::new();
    a.push(1).unwrap();
    drop(a);
    assert_eq!(sequencer.drain(NOW, 8, &mut numbered(&mut log)), Drained { count: 1, end: None });
    b.push(2).unwrap();
    drop(b);
    let end = Some(End::Closed);
    assert_eq!(sequencer.drain(NOW, 8, &mut numbered(&mut log)), Drained { count: 1, end });
    assert_eq!(sequencer.drain(NOW, 8, &mut numbered(&mut log)), Drained { count: 0, end });
    assert_eq!(log, [(1, 1), (2, 2)]);
}

#[test]
fn dropping_it_closes_every_lane() {
    let (mut a, lane) = spsc::channel(1, || 0u32).unwrap();
    drop(Sequencer::round_robin([lane], 1));
    assert!(a.is_closed());
    let _ = a.push(1);
    assert!(a.push(2).is_err());
}

#[test]
fn a_stalled_producer_holds_up_nobody_but_a_merge() {
    let lanes = || [Script::new([5, 7]), Script::new([]).open()];
    let mut log = Vec::new();
    let _ = Sequencer::round_robin(lanes(), 8).drain(NOW, 8, &mut numbered(&mut log));
    let _ = Sequencer::by_key(lanes(), 8, |n: &u32| *n).drain(NOW, 8, &mut numbered(&mut log));
    assert_eq!(log, [(1, 5), (2, 7), (1, 5), (2, 7)]);
    let mut merge = Sequencer::merge(lanes(), 8, |n: &u32| *n);
    let nothing = Drained { count: 0, end: None };
    assert_eq!(merge.drain(NOW, 8, &mut numbered(&mut log)), nothing);
}

#[test]
fn a_producer_that_stalls_in_its_fill_holds_up_nobody() {
    let (mut a, lane_a) = spsc::channel(4, || 0u32).unwrap();
    let (mut b, lane_b) = spsc::channel(4, || 0u32).unwrap();
    let mut sequencer = Sequencer::round_robin([lane_a, lane_b], 4);
    let mut log = Vec::new();
    a.offer(|slot| {
        // The slot is claimed and not finished; meanwhile:
        b.push(20).unwrap();
        assert_eq!(sequencer.drain(NOW, 8, &mut numbered(&mut log)).count, 1);
        *slot = 10;
    })
    .unwrap();
    assert_eq!(sequencer.drain(NOW, 8, &mut numbered(&mut log)).count, 1);
    assert_eq!(log, [(1, 20), (2, 10)]);
}

#[test]
fn a_sequencer_of_sequencers_has_one_row_of_numbers() {
    let pair = |n| Sequencer::round_robin([Script::new([n, n + 1]), Script::new([n + 10])], 1);
    let seen = drain_all(&mut Sequencer::round_robin([pair(100), pair(200)], 2));
    assert_eq!(seen, [(1, 100), (2, 110), (3, 200), (4, 210), (5, 101), (6, 201)]);
}

#[test]
fn a_slot_given_up_in_a_lane_leaves_no_gap() {
    let mut ring = Multicast::many(4, || 0u32).unwrap();
    let lane = ring.reader("lane", &[]);
    let mut tx = ring.build().unwrap();
    tx.push(1).unwrap();
    let fault = Fault::new(1);
    assert_eq!(tx.fill(|_| -> Flow { Err(fault.into()) }), Err(fault.into()));
    tx.push(3).unwrap();
    drop(tx);
    assert_eq!(drain_all(&mut Sequencer::round_robin([lane], 4)), [(1, 1), (2, 3)]);
}

#[test]
fn a_merge_goes_on_when_the_empty_lane_has_an_event_or_closes() {
    let (mut a, lane_a) = spsc::channel(4, || 0u32).unwrap();
    let (mut b, lane_b) = spsc::channel(4, || 0u32).unwrap();
    let mut merge = Sequencer::merge([lane_a, lane_b], 8, |n: &u32| *n);
    for n in [5, 7] {
        a.push(n).unwrap();
    }
    let mut log = Vec::new();
    assert_eq!(merge.drain(NOW, 8, &mut numbered(&mut log)).count, 0);
    b.push(6).unwrap();
    assert_eq!(merge.drain(NOW, 8, &mut numbered(&mut log)).count, 2, "7 waits: 6 was the last of b so far");
    drop(b);
    assert_eq!(merge.drain(NOW, 8, &mut numbered(&mut log)), Drained { count: 1, end: None });
    assert_eq!(log, [(1, 5), (2, 6), (3, 7)]);
}

#[test]
fn equal_keys_come_in_the_order_of_the_lanes() {
    let lanes = [Script::new([3, 18]), Script::new([2, 19])];
    let seen = drain_all(&mut Sequencer::merge(lanes, 8, |n: &u32| *n / 2));
    assert_eq!(seen, [(1, 3), (2, 2), (3, 18), (4, 19)]);
}

#[test]
fn what_comes_again_comes_next_with_the_same_number() {
    // A smaller key, and the turn of another lane, must not get in between.
    let (mut a, lane_a) = spsc::channel(4, || 0u32).unwrap();
    let (mut b, lane_b) = spsc::channel(4, || 0u32).unwrap();
    let mut sequencer = Sequencer::by_key([lane_a, lane_b], 8, |n: &u32| *n);
    a.push(5).unwrap();
    let mut asked = Vec::new();
    let mut full = |event: &u32, at: At| -> Flow {
        asked.push((at.seq.count(), *event));
        Err(Halt::Again)
    };
    let again = Drained { count: 0, end: Some(End::Halted(Halt::Again)) };
    assert_eq!(sequencer.drain(NOW, 8, &mut full), again);
    b.push(1).unwrap();
    assert_eq!(sequencer.drain(NOW, 8, &mut full), again);
    assert_eq!(asked, [(1, 5), (1, 5)]);
    drop((a, b));
    assert_eq!(drain_all(&mut sequencer), [(1, 5), (2, 1)]);
}

#[test]
fn a_choke_changes_nothing() {
    let lanes = || [Script::new(0..10), Script::new(100..105), Script::new(200..220)];
    let plain = drain_all(&mut Sequencer::round_robin(lanes(), 3));
    for times in 1..=3 {
        let seen = Collect::new();
        let mut stage = Choke::new(times, seen.clone());
        let mut sequencer = Sequencer::round_robin(lanes(), 3);
        while sequencer.drain(NOW, usize::MAX, &mut stage).end != Some(End::Closed) {}
        assert!(seen.events().into_iter().eq(plain.iter().map(|(_, event)| *event)));
    }
}

#[test]
fn a_rejected_event_uses_its_number_up() {
    let mut sequencer = Sequencer::round_robin([Script::new([1, 2]), Script::new([3])], 2);
    let fault = Fault::new(9);
    let mut log = Vec::new();
    let mut picky = |event: &u32, at: At| -> Flow {
        if *event == 1 {
            Err(fault)?;
        }
        log.push((at.seq.count(), *event));
        Ok(())
    };
    let end = Some(End::Halted(Halt::Reject(fault)));
    assert_eq!(sequencer.drain(NOW, 8, &mut picky), Drained { count: 1, end });
    assert_eq!(sequencer.drain(NOW, 8, &mut picky).count, 2);
    assert_eq!(log, [(2, 2), (3, 3)]);
}

#[test]
fn an_event_that_the_stage_panics_on_is_not_consumed_and_keeps_its_number() {
    let mut sequencer = Sequencer::round_robin([Script::new([1, 2, 3])], 8);
    let mut log = Vec::new();
    let mut bomb = |event: &u32, _: At| -> Flow {
        assert_ne!(*event, 2, "the panic that the test asked for");
        Ok(())
    };
    let panicked = catch_unwind(AssertUnwindSafe(|| sequencer.drain(NOW, 8, &mut bomb)));
    assert!(panicked.is_err());
    assert_eq!(sequencer.next(), Sequence::new(2));
    let _ = sequencer.drain(NOW, 8, &mut numbered(&mut log));
    assert_eq!(log, [(2, 2), (3, 3)]);
}

#[test]
fn a_key_that_panics_loses_nothing() {
    let mut bomb = true;
    let lanes = [Script::new([1]), Script::new([2])];
    let mut sequencer = Sequencer::merge(lanes, 8, |n: &u32| {
        assert!(*n != 2 || !std::mem::take(&mut bomb), "the panic that the test asked for");
        *n
    });
    let panicked = catch_unwind(AssertUnwindSafe(|| sequencer.drain(NOW, 8, &mut each(|_: &u32| ()))));
    assert!(panicked.is_err());
    assert_eq!(drain_all(&mut sequencer), [(1, 1), (2, 2)]);
}

#[test]
fn an_event_is_lent_where_it_lies() {
    let (mut tx, lane) = spsc::channel(4, || 0u32).unwrap();
    let mut here = 0;
    tx.offer(|slot| here = std::ptr::from_mut(slot).addr()).unwrap();
    let mut sequencer = Sequencer::round_robin([lane], 1);
    let mut there = 0;
    let _ = sequencer.drain_mut(NOW, 1, &mut each(|slot: &mut u32| there = std::ptr::from_mut(slot).addr()));
    assert_eq!(here, there);
}

#[test]
fn the_numbers_go_across_the_wrap() {
    let start = Sequence::ZERO.minus(2);
    let mut sequencer = Sequencer::round_robin([Script::new([1, 2, 3, 4])], 8).starting_at(start);
    let mut numbers = Vec::new();
    let mut stage = |_: &u32, at: At| -> Flow {
        numbers.push(at.seq);
        Ok(())
    };
    let _ = sequencer.drain(NOW, 8, &mut stage);
    assert_eq!(numbers, [start, start.next(), Sequence::ZERO, Sequence::new(1)]);
}

#[test]
fn no_round_allocates() {
    fn rounds(mut sequencer: impl SourceMut<Event = u32>) -> u64 {
        let mut stage = Choke::new(1, each(|n: &mut u32| *n += 1));
        let work = || while sequencer.drain_mut(NOW, 3, &mut stage).end != Some(End::Closed) {};
        allocations(work).1
    }
    let lanes = || [Script::new(0..50), Script::new(10..90), Script::new([])];
    assert_eq!(rounds(Sequencer::round_robin(lanes(), 4)), 0);
    assert_eq!(rounds(Sequencer::by_key(lanes(), 4, |n: &u32| *n)), 0);
    assert_eq!(rounds(Sequencer::merge(lanes(), 4, |n: &u32| *n)), 0);
}

/// Refuses, rejects or takes, as the plan says.
struct Moody<'a> {
    plan: std::iter::Cycle<std::slice::Iter<'a, u8>>,
    log: Vec<(u64, u32)>,
}

impl Stage<&u32> for Moody<'_> {
    fn on_event(&mut self, event: &u32, at: At) -> Flow {
        match self.plan.next() {
            Some(0) => return Err(Halt::Again),
            Some(1) => {
                self.log.push((at.seq.count(), *event));
                return Err(Fault::new(1).into());
            }
            _ => {}
        }
        self.log.push((at.seq.count(), *event));
        Ok(())
    }
}

fn moody(mut source: impl Source<Event = u32>, limits: &[usize], mood: &[u8]) -> Vec<(u64, u32)> {
    let mut stage = Moody { plan: mood.iter().cycle(), log: Vec::new() };
    let mut limits = limits.iter().cycle();
    while source.drain(NOW, *limits.next().unwrap(), &mut stage).end != Some(End::Closed) {}
    stage.log
}

/// Lanes of ascending numbers; the lane is the remainder by 8.
fn ascending(lengths: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let lane = |(lane, steps): (usize, &Vec<u32>)| {
        let mut at = 0;
        steps.iter().map(|step| (at += step, at * 8 + lane as u32).1).collect()
    };
    lengths.iter().enumerate().map(lane).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 4 } else { 256 }, failure_persistence: None,
        ..ProptestConfig::default() })]

    /// Against a queue for each lane: dense numbers, each lane's own order, and never more than a burst ahead.
    #[test]
    fn round_robin_is_fair_and_dense(
        steps in prop::collection::vec(prop::collection::vec(1u32..9, 0..20), 1..6),
        burst in 1usize..5,
        limits in prop::collection::vec(1usize..7, 1..5),
        mood in prop::collection::vec(0u8..6, 1..12).prop_filter("it must take something", |mood| {
            mood.iter().any(|m| *m != 0)
        }),
    ) {
        let lanes = ascending(&steps);
        let scripts = lanes.iter().map(|lane| Script::new(lane.clone()));
        let log = moody(Sequencer::round_robin(scripts, burst), &limits, &mood);
        prop_assert!(log.iter().map(|(seq, _)| *seq).eq(1..=log.len() as u64));
        let mut queues: Vec<_> = lanes.iter().map(|lane| lane.iter().peekable()).collect();
        let mut run = (usize::MAX, 0);
        for (_, event) in log {
            let lane = (event % 8) as usize;
            prop_assert_eq!(queues[lane].next(), Some(&event));
            run = if run.0 == lane { (lane, run.1 + 1) } else { (lane, 1) };
            let others = queues.iter_mut().enumerate().any(|(i, queue)| i != lane && queue.peek().is_some());
            prop_assert!(run.1 <= burst || !others, "{} events of one lane while others wait", run.1);
        }
        prop_assert!(queues.iter_mut().all(|queue| queue.next().is_none()));
    }

    /// Against a sort.
    #[test]
    fn a_merge_of_ascending_lanes_ascends(
        steps in prop::collection::vec(prop::collection::vec(0u32..3, 0..20), 1..6),
        burst in 1usize..5,
        limits in prop::collection::vec(1usize..7, 1..5),
        mood in prop::collection::vec(0u8..6, 1..12).prop_filter("it must take something", |mood| {
            mood.iter().any(|m| *m != 0)
        }),
    ) {
        let lanes = ascending(&steps);
        let scripts = || lanes.iter().map(|lane| Script::new(lane.clone()));
        let mut sorted = lanes.concat();
        // Stable, and the lanes are in order: so equal keys are in the order of the lanes.
        sorted.sort_by_key(|n| n / 8);
        let want: Vec<_> = (1..).zip(sorted).collect();
        prop_assert_eq!(&moody(Sequencer::merge(scripts(), burst, |n: &u32| n / 8), &limits, &mood), &want);
        prop_assert_eq!(&moody(Sequencer::by_key(scripts(), burst, |n: &u32| n / 8), &limits, &mood), &want);
    }
}

/// Consumes, rejects or refuses at random, and checks each event that it is shown against `expect`.
struct Checking<'a, F> {
    dice: &'a mut Dice,
    expect: F,
}

impl<F: FnMut(u64, u32, bool)> Stage<&u32> for Checking<'_, F> {
    fn on_event(&mut self, event: &u32, at: At) -> Flow {
        let mood = self.dice.below(8);
        (self.expect)(at.seq.count(), *event, mood > 2);
        match mood {
            0..=2 => Err(Halt::Again),
            3 => Err(Fault::new(1).into()),
            _ => Ok(()),
        }
    }
}

/// 13: up to a burst of each lane in turn, whatever the limits are and however often the stage refuses: lists that are
/// gone through by hand.
#[test]
fn sequencer_in_turn_agrees_with_lists() {
    for seed in seeds(100_000) {
        let mut dice = Dice::new(seed);
        let burst = 1 + dice.below(4) as usize;
        let lanes: Vec<Vec<u32>> = (0..1 + dice.below(4) as u32)
            .map(|lane| (0..dice.below(6) as u32).map(|n| lane * 10 + n).collect())
            .collect();

        let mut want = Vec::new();
        let mut rest = lanes.clone();
        while rest.iter().any(|lane| !lane.is_empty()) {
            for lane in &mut rest {
                want.extend(lane.drain(..burst.min(lane.len())));
            }
        }

        let mut sequencer = Sequencer::round_robin(lanes.into_iter().map(Script::new), burst);
        let mut taken = 0;
        let mut closed = false;
        while !closed {
            let limit = 1 + dice.below(6) as usize;
            let expect = |seq, event, consumes| {
                assert_eq!((seq, Some(&event)), (taken as u64 + 1, want.get(taken)), "seed {seed}");
                taken += usize::from(consumes);
            };
            let mut stage = Checking { dice: &mut dice, expect };
            closed = sequencer.drain(NOW, limit, &mut stage).end == Some(End::Closed);
        }
        assert_eq!(taken, want.len(), "seed {seed}");
        let books = sequencer.account().read();
        assert_eq!(
            (books.input, books.out, books.check()),
            (taken as u64, taken as u64, Ok(())),
            "seed {seed}"
        );
    }
}

/// 13: the smallest key of those that are there, or of all, while producers come and go at random: the smallest of some
/// queues, looked for by hand.
#[test]
fn sequencer_by_key_agrees_with_queues() {
    for seed in seeds(100_000) {
        let mut dice = Dice::new(seed);
        let waits = dice.one_in(2);
        let (mut producers, lanes): (Vec<_>, Vec<_>) = (0..1 + dice.below(3))
            .map(|_| spsc::channel(4, || 0u32).unwrap())
            .map(|(tx, rx)| (Some(tx), rx))
            .unzip();
        let mut queues = vec![VecDeque::new(); lanes.len()];
        let key = |n: &u32| n / 2;
        let mut sequencer =
            if waits { Sequencer::merge(lanes, 8, key) } else { Sequencer::by_key(lanes, 8, key) };

        let (mut taken, mut in_hand) = (0, None);
        for step in 0.. {
            // So many steps that everybody is gone in the end.
            let lane = dice.below(producers.len() as u64) as usize;
            match &mut producers[lane] {
                Some(tx) if step < 8 => {
                    let event = dice.below(10) as u32;
                    if tx.push(event).is_ok() {
                        queues[lane].push_back(event);
                    }
                }
                gone => *gone = None,
            }
            let limit = dice.below(4) as usize;
            let expect = |seq, event, consumes| {
                let heads = queues.iter().enumerate().filter_map(|(i, queue)| Some((queue.front()? / 2, i)));
                let lane = in_hand.or(heads.min().map(|(_, lane)| lane)).unwrap();
                let held_up =
                    waits && producers.iter().zip(&queues).any(|(tx, q)| tx.is_some() && q.is_empty());
                assert!(!held_up || in_hand.is_some(), "seed {seed}: a lane is not waited for");
                assert_eq!((seq, Some(&event)), (taken + 1, queues[lane].front()), "seed {seed}");
                if consumes {
                    queues[lane].pop_front();
                    taken += 1;
                }
                in_hand = (!consumes).then_some(lane);
            };
            let mut stage = Checking { dice: &mut dice, expect };
            match sequencer.drain(NOW, limit, &mut stage) {
                Drained { end: Some(End::Closed), .. } => break,
                Drained { end: Some(_), .. } => {}
                // It took all that it might.
                Drained { count, end: None } => {
                    let left = queues.iter().any(|queue| !queue.is_empty());
                    let held_up =
                        waits && producers.iter().zip(&queues).any(|(tx, q)| tx.is_some() && q.is_empty());
                    assert!(count == limit || !left || held_up, "seed {seed}: it stopped for nothing");
                }
            }
        }
        assert!(queues.iter().all(VecDeque::is_empty), "seed {seed}: it closed too early");
        let books = sequencer.account().read();
        assert_eq!((books.input, books.out, books.check()), (taken, taken, Ok(())), "seed {seed}");
    }
}
