//! Random ways over stages that share a few rings, beside lists.

use super::{FAULT, Run, Trace, UndoIt, WRITE, erase, fails, planner, undone};
use crate::kit::{Collect, Dice, seeds};
use ringmain::channel::mpsc;
use ringmain::contract::{Agent, Flow, Sink, SourceMut, Tick};
use ringmain::pattern::routing_slip::{IfGone, Progress, Then, Visit};
use ringmain::pattern::{ByPlace, ContentRouter, Forward, RoutingSlip};

/// So many messages are under way at a time, so that stages that forward to one another always have room.
const UNDERWAY: usize = 4;

/// What a way comes to: the digits of what was done, in its order, and of what was undone.
fn expected(way: &[u8], failing: &[bool; 4], undoes: &[bool; 4]) -> (u64, Option<u8>) {
    let (mut trace, mut done) = (0, Vec::new());
    for step in way {
        if failing[usize::from(*step) - 1] {
            for digit in done.into_iter().rev() {
                trace = trace * 10 + 9 - digit;
            }
            return (trace, Some(*step));
        }
        let digit = u64::from(*step);
        trace = trace * 10 + digit;
        if undoes[usize::from(*step) - 1] {
            done.push(digit);
        }
    }
    (trace, None)
}

/// A step that is not to be undone leaves no note.
fn quiet<const DIGIT: u64>(trace: &mut Trace, _: &mut Visit) -> Flow<Then> {
    trace.body = trace.body * 10 + DIGIT;
    Ok(Then::Next)
}
const QUIET: [Run; 4] = [quiet::<1>, quiet::<2>, quiet::<3>, quiet::<4>];

/// 20.d2: messages with random permutations of steps, over one to three stages: each its own order, one pass each.
#[test]
fn routing_slip_2_random_ways_agree_with_lists() {
    for seed in seeds(100_000) {
        let mut dice = Dice::new(seed);
        let (mut planner, steps) = planner();
        let failing = [(); 4].map(|()| dice.one_in(6));
        let undoes = [(); 4].map(|()| !dice.one_in(3));
        let homes = [(); 4].map(|()| dice.below(3) as usize);
        let out = Collect::new();
        let (mut senders, mut agents) = (Vec::new(), Vec::new());
        let rings: Vec<_> = (0..3).map(|_| mpsc::channel(UNDERWAY, Trace::default).unwrap()).collect();
        senders.extend(rings.iter().map(|(tx, _)| tx.clone()));
        for (home, (_, rx)) in rings.into_iter().enumerate() {
            let mut by_place = ByPlace::new(planner.share(), 3, 3);
            let mut activities = Vec::new();
            for (n, step) in steps.into_iter().enumerate() {
                by_place = by_place.step(step, homes[n]);
                if homes[n] == home {
                    let run = if undoes[n] { WRITE[n] } else { QUIET[n] };
                    activities.push(undone(step, if failing[n] { fails } else { run }, erase as UndoIt));
                }
            }
            let branches = (
                Forward::new(senders[0].clone()),
                Forward::new(senders[1].clone()),
                Forward::new(senders[2].clone()),
                out.clone(),
            );
            let router = ContentRouter::new(by_place, branches);
            agents.push(rx.drive_mut(RoutingSlip::new(
                planner.share(),
                IfGone::Fault,
                1,
                activities,
                router,
            )));
        }
        let mut ways: Vec<Vec<u8>> = Vec::new();
        let mut first = senders.clone();
        for n in 0..dice.below(9) {
            let mut way: Vec<u8> = (1..=4).collect();
            for at in (1..way.len()).rev() {
                way.swap(at, dice.below(at as u64 + 1) as usize);
            }
            way.truncate(dice.below(5) as usize);
            while ways.len() - out.len() >= UNDERWAY {
                let _ = agents[dice.below(3) as usize].work(Tick::ZERO);
            }
            let mut event = super::start(&mut planner, &way);
            event.header.seq = n;
            first[dice.below(3) as usize].push(event).unwrap();
            ways.push(way);
        }
        while out.len() < ways.len() {
            let _ = agents[dice.below(3) as usize].work(Tick::ZERO);
        }
        let mut seen = out.take();
        seen.sort_by_key(|event| event.header.seq);
        for (event, way) in seen.iter().zip(&ways) {
            let (trace, failed) = expected(way, &failing, &undoes);
            assert_eq!(event.body, trace, "seed {seed}: {way:?}");
            assert_eq!(event.log.fault(), failed.map(|step| (step, FAULT)), "seed {seed}");
            let progress = if failed.is_some() { Progress::Faulted } else { Progress::Completed };
            assert_eq!(event.log.progress(), progress, "seed {seed}");
        }
    }
}
