//! Pattern 20, routing slip. The numbers of the tests are those of the specification; 9, a way that goes on after a crash,
//! has to wait for a durable channel.

mod oracle;
mod planning;
mod undo;

use crate::kit::{Choke, Collect, Script, Terms, allocations, conforms, rejected, turn_mut};
use ringmain::channel::spsc;
use ringmain::contract::{
    Account, Agent, Balance, End, Fault, Flow, Halt, NoEvent, Reason, Sink, SourceMut, Tick, Work,
};
use ringmain::pattern::routing_slip::{
    IfGone, MAX_STEPS, Notice, Path, Place, Progress, Step, Then, Unplanned, Visit,
};
use ringmain::pattern::{
    Activity, ByPlace, ContentRouter, DeadLetter, Forward, Itinerant, Itineraries, LetterBox, Nowhere,
    Overflow, Planner, RoutingSlip, Traveller,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

const NOW: Tick = Tick::ZERO;
const FAULT: Fault = Fault::new(7);

/// What was done: a decimal digit for each step, and 9 less that digit for one that was undone.
type Trace = Traveller<u64, 4>;
type Run = fn(&mut Trace, &mut Visit) -> Flow<Then>;
type UndoIt = fn(&mut Trace, u64) -> Flow;

fn write<const DIGIT: u64>(trace: &mut Trace, visit: &mut Visit) -> Flow<Then> {
    trace.body = trace.body * 10 + DIGIT;
    visit.note(DIGIT);
    Ok(Then::Next)
}
fn fails(_: &mut Trace, _: &mut Visit) -> Flow<Then> {
    Err(FAULT.into())
}
fn erase(trace: &mut Trace, digit: u64) -> Flow {
    trace.body = trace.body * 10 + 9 - digit;
    Ok(())
}
fn sticks(_: &mut Trace, _: u64) -> Flow {
    Err(Fault::new(8).into())
}

const WRITE: [Run; 4] = [write::<1>, write::<2>, write::<3>, write::<4>];

/// Four steps, of one type, by their numbers 1 to 4.
fn planner() -> (Planner, [Step<(), ()>; 4]) {
    let mut planner = Planner::new(64);
    let steps = ["A", "B", "C", "D"].map(|name| planner.step(name).unwrap());
    (planner, steps)
}

/// An event at the beginning of a way of these steps.
fn start(planner: &mut Planner, steps: &[u8]) -> Trace {
    let itinerary = planner.itinerary_of(steps).unwrap();
    let mut event = Trace::default();
    planner.share().start(&mut event, itinerary);
    event
}

type Undone = Activity<Run, UndoIt>;

fn undone(step: Step<(), ()>, run: Run, undo: UndoIt) -> Undone {
    Activity::new(step, run).undone_by(undo)
}

/// The four, all of which can be undone.
fn all(steps: [Step<(), ()>; 4]) -> [Undone; 4] {
    let mut run = WRITE.into_iter();
    steps.map(|step| undone(step, run.next().unwrap(), erase))
}

/// Runs events through a stage of these activities: what came out, what was rejected, its books.
fn through(
    planner: &Planner,
    activities: impl ringmain::pattern::routing_slip::Activities<Trace>,
    events: impl IntoIterator<Item = Trace>,
) -> (Vec<Trace>, Vec<Fault>, Balance) {
    let out = Collect::new();
    let mut stage = RoutingSlip::new(planner.share(), IfGone::Fault, 3, activities, out.clone());
    let account = stage.account();
    let mut script = Script::new(events);
    let mut faults = Vec::new();
    while let Some(End::Halted(halt)) = script.drain_mut(NOW, 99, &mut stage).end {
        match halt {
            Halt::Reject(fault) => faults.push(fault),
            other => panic!("{other:?}"),
        }
    }
    drop(stage);
    let books = account.read();
    assert_eq!(books.check(), Ok(()));
    (out.take(), faults, books)
}

/// Four ways, each 25 times, of which the second begins elsewhere and the third fails.
fn ways() -> (Planner, Vec<Trace>) {
    let (mut planner, _) = planner();
    let ways: [&[u8]; 4] = [&[1, 2], &[4, 1], &[1, 2, 3], &[]];
    let ways = ways.map(|way| start(&mut planner, way));
    (planner, (0..100).map(|n| ways[n % 4]).collect())
}

// Steps 1 to 3 are done here, where the third fails; the fourth is done elsewhere.
conforms!(
    mut slip,
    ways().1,
    |kit| {
        let (planner, [a, b, c, d]) = (ways().0, planner().1);
        let by_place = ByPlace::new(planner.share(), 0, 1).step(d, 2);
        let hazard = kit.hazard();
        let activities = (undone(a, WRITE[0], erase), undone(b, WRITE[1], erase), undone(c, fails, erase));
        let next = ContentRouter::new(by_place, [kit.leaf::<Trace>(), kit.leaf(), kit.leaf()]);
        // Its panic is the failure of a step; that of a watcher comes out.
        RoutingSlip::new(planner.share(), IfGone::Fault, 1, activities, next).watched_by(
            move |_: &Trace, notice| {
                if matches!(notice, Notice::Ended(_)) {
                    hazard.pass()
                }
            },
        )
    },
    Terms { stop_ends: false, ..Terms::STRICT }
);

// ------------------------------------------------------------------------------------------------- acceptance tests

/// 20.d1: slip [A,B,C] on x: C(B(A(x))), visits A, B, C; D untouched.
#[test]
fn routing_slip_1_steps_are_done_in_their_order() {
    let (mut planner, steps) = planner();
    let event = start(&mut planner, &[1, 2, 3]);
    let (out, faults, books) = through(&planner, all(steps), [event]);
    let [event] = out[..] else { panic!("{out:?}") };
    assert_eq!((event.body, event.log.visits(), event.log.progress()), (123, 3, Progress::Completed));
    assert_eq!((faults, books.input, books.out), (vec![], 1, 1));
}

/// The same, each step on a thread of its own.
#[test]
fn routing_slip_1_each_step_on_a_thread_of_its_own() {
    let count = if cfg!(miri) { 10 } else { 2000 };
    let (mut planner, steps) = planner();
    let first = start(&mut planner, &[1, 2, 3, 4]);
    let (mut tx, mut rx) = spsc::channel(8, Trace::default).unwrap();
    let mut agents = Vec::new();
    for (step, activity) in all(steps).into_iter().enumerate() {
        let (to, from) = spsc::channel(8, Trace::default).unwrap();
        let stage = RoutingSlip::new(planner.share(), IfGone::Fault, 1, [activity], Forward::new(to));
        agents.push((step, rx.drive_mut(stage)));
        rx = from;
    }
    std::thread::scope(|scope| {
        for (_, mut agent) in agents {
            scope.spawn(move || {
                while agent.work(NOW) != Work::Done {
                    std::thread::yield_now();
                }
            });
        }
        scope.spawn(move || {
            for n in 0..count {
                let event = Trace { body: n, ..first };
                while tx.push(event).is_err() {
                    std::thread::yield_now();
                }
            }
        });
        // On a thread of its own, which lets go of its end if it panics.
        let itineraries = planner.share();
        scope.spawn(move || {
            for n in 0..count {
                let event = loop {
                    match rx.pop() {
                        Ok(event) => break event,
                        Err(NoEvent::Empty) => std::thread::yield_now(),
                        Err(NoEvent::Closed) => panic!("{n} of {count}"),
                    }
                };
                assert_eq!((event.body, event.log.progress()), (n * 10_000 + 1234, Progress::Completed));
                assert_eq!(itineraries.place(&event), Place::End(Progress::Completed));
            }
        });
    });
}

/// 20.d5: revise at A to [X,Y]: A, X, Y; discarded [B,C] reported. Revise to []: completed at A.
#[test]
fn routing_slip_5_the_rest_of_the_way_is_revised() {
    let (mut planner, [a, b, c, d]) = planner();
    let [other, none] = [&[2, 4][..], &[]].map(|way| planner.itinerary_of(way).unwrap());
    let event = start(&mut planner, &[1, 2, 3]);
    for (then, trace, discarded) in [
        (Then::Revise(other), 124, vec![2, 3]),
        (Then::Revise(none), 1, vec![2, 3]),
        (Then::Terminate, 1, vec![2, 3]),
    ] {
        let itineraries = planner.share();
        let revises = move |trace: &mut Trace, visit: &mut Visit| write::<1>(trace, visit).map(|_| then);
        let activities = (
            Activity::new(a, revises),
            Activity::new(b, WRITE[1]),
            Activity::new(c, WRITE[2]),
            Activity::new(d, WRITE[3]),
        );
        let (out, told) = (Collect::new(), Rc::new(RefCell::new((Vec::new(), None))));
        let seen = told.clone();
        let mut stage = RoutingSlip::new(planner.share(), IfGone::Fault, 1, activities, out.clone())
            .watched_by(move |_: &Trace, notice| match notice {
                Notice::Discarded(rest) => seen.borrow_mut().0.extend(itineraries.rest(rest)),
                Notice::Ended(progress) => seen.borrow_mut().1 = Some(progress),
                _ => {}
            });
        assert_eq!(rejected(turn_mut(&mut Script::new([event]), &mut stage, NOW)), None);
        drop(stage);
        assert_eq!((out.take()[0].body, &told.borrow().0), (trace, &discarded), "{then:?}");
        assert_eq!(told.borrow().1, Some(Progress::Completed));
    }
}

struct Raw;

/// 20.d8: empty slip: straight to completion.
#[test]
fn routing_slip_8_an_empty_way_is_complete() {
    let (mut planner, steps) = planner();
    let itinerary = planner.itinerary(&Path::<Raw, Raw>::default()).unwrap();
    let mut event = Trace::default();
    planner.share().start(&mut event, itinerary);
    let (out, ..) = through(&planner, all(steps), [event]);
    assert_eq!((out[0].body, out[0].log.progress(), out[0].log.visits()), (0, Progress::Completed, 0));
}

/// 20.d11: visit limit 8 with loop A, B, A, B..: LoopLimit at the 9th.
#[test]
fn routing_slip_11_a_way_without_an_end_has_one() {
    for (limit, visits) in [(8, 8), (0, 0), (255, 255)] {
        let mut planner = Planner::new(4).visits(limit);
        let [a, b] = ["A", "B"].map(|name| planner.step::<(), ()>(name).unwrap());
        let round = planner.itinerary_of(&[1, 2]).unwrap();
        let mut event = Traveller::<u64, 0>::default();
        planner.share().start(&mut event, round);
        let on = |n: &mut Traveller<u64, 0>, _: &mut Visit| -> Flow<Then> {
            n.body += 1;
            Ok(Then::Next)
        };
        let again =
            move |n: &mut Traveller<u64, 0>, visit: &mut Visit| on(n, visit).map(|_| Then::Revise(round));
        let activities = (Activity::new(a, on), Activity::new(b, again));
        let out = Collect::new();
        let mut stage = RoutingSlip::new(planner.share(), IfGone::Fault, 1, activities, out.clone());
        let _ = turn_mut(&mut Script::new([event]), &mut stage, NOW);
        let event = out.take()[0];
        let step = 1 + visits as u8 % 2;
        assert_eq!((event.body, event.log.fault()), (visits, Some((step, Fault::of(Reason::LoopLimit)))));
    }
}

// --------------------------------------------------------------------------------------------------------- the rest

/// The deadline of the message is that of its way: the first step behind it fails. At the deadline it is in time.
#[test]
fn the_deadline_ends_the_way() {
    let (mut planner, steps) = planner();
    let [mut event, late] = [(); 2].map(|()| start(&mut planner, &[1, 2]));
    event.header.deadline = Tick::from_nanos(10);
    let late =
        Trace { header: ringmain::contract::Header { deadline: Tick::from_nanos(9), ..late.header }, ..late };
    let out = Collect::new();
    let mut stage = RoutingSlip::new(planner.share(), IfGone::Fault, 1, all(steps), out.clone());
    let _ = turn_mut(&mut Script::new([event, late]), &mut stage, Tick::from_nanos(10));
    let out = out.take();
    assert_eq!((out[0].body, out[0].log.progress()), (12, Progress::Completed));
    assert_eq!((out[1].body, out[1].log.fault()), (0, Some((1, Fault::of(Reason::Expired)))));
}

/// A panic is the failure of its step, in doing and in undoing.
#[test]
fn a_panic_is_the_failure_of_its_step() {
    let (mut planner, [a, b, ..]) = planner();
    let event = start(&mut planner, &[1, 2]);
    let panics = |_: &mut Trace, _: &mut Visit| -> Flow<Then> { crate::kit::panic_on_purpose() };
    let (out, ..) = through(&planner, (undone(a, WRITE[0], erase), Activity::new(b, panics)), [event]);
    assert_eq!((out[0].body, out[0].log.fault()), (18, Some((2, Fault::of(Reason::Panic)))));
    let panics_too = |_: &mut Trace, _: u64| -> Flow { crate::kit::panic_on_purpose() };
    let activities = (Activity::new(a, WRITE[0]).undone_by(panics_too), Activity::new(b, panics));
    let (_, faults, _) = through(&planner, activities, [event]);
    assert_eq!(faults, [Fault::of(Reason::Panic)]);
}

/// `Again` of an activity has it asked again, and no step before it; `Stop` ends the stage.
#[test]
fn an_activity_can_wait_and_stop() {
    let (mut planner, [a, b, ..]) = planner();
    let event = start(&mut planner, &[1, 2]);
    let asked = RefCell::new(0);
    let waits = |trace: &mut Trace, visit: &mut Visit| -> Flow<Then> {
        *asked.borrow_mut() += 1;
        if *asked.borrow() < 3 { Err(Halt::Again) } else { write::<2>(trace, visit) }
    };
    let out = Collect::new();
    let activities = (undone(a, WRITE[0], erase), Activity::new(b, waits));
    let mut stage =
        RoutingSlip::new(planner.share(), IfGone::Fault, 1, activities, Choke::new(2, out.clone()));
    let mut script = Script::new([event]);
    let mut turns = 0;
    while turn_mut(&mut script, &mut stage, NOW).0.end != Some(End::Closed) {
        turns += 1;
    }
    assert_eq!((turns, out.take()[0].body, *asked.borrow()), (4, 12, 3));

    let stops = |_: &mut Trace, _: &mut Visit| -> Flow<Then> { Err(Halt::Stop) };
    let mut stage = RoutingSlip::new(planner.share(), IfGone::Fault, 1, (Activity::new(a, stops),), Nowhere);
    let account: Arc<Account> = stage.account();
    assert_eq!(turn_mut(&mut Script::new([event]), &mut stage, NOW).0.end, Some(End::Halted(Halt::Stop)));
    drop(stage);
    assert_eq!((account.read().dropped[Reason::Shutdown], account.read().check()), (1, Ok(())));
}

/// Not one: doing, failing, undoing, sticking, passing over, and a way that ends in no itinerary.
#[test]
fn no_path_allocates() {
    let (mut planner, [a, b, c, d]) = planner();
    let ways: [&[u8]; 3] = [&[1, 2], &[1, 2, 3], &[4, 3]];
    let mut events: Vec<_> = ways.iter().map(|way| start(&mut planner, way)).collect();
    events.push(Trace::default());
    let activities = [
        undone(a, WRITE[0], erase),
        undone(b, WRITE[1], erase),
        undone(c, fails, erase),
        undone(d, WRITE[3], sticks),
    ];
    let mut stage = RoutingSlip::new(planner.share(), IfGone::Skip, 2, activities, Nowhere);
    let mut script = Script::new(events.iter().copied().cycle().take(40));
    let ((), count) = allocations(|| {
        while turn_mut(&mut script, &mut stage, NOW).0.end != Some(End::Closed) {}
        planner.remove(1);
        let _ = planner.itinerary_of(&[2, 3]);
    });
    assert_eq!(count, 0);
}

/// Messages on the way are of fixed size, and the log of one that cannot be undone is two words, where a word of 64 bits is
/// aligned to as many.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_log_is_part_of_its_message() {
    assert_eq!(size_of::<Traveller<u64, 0>>(), 64 + 16 + 8);
    assert_eq!(size_of::<Traveller<u64, 4>>(), 64 + 16 + 4 * 16 + 8);
}
