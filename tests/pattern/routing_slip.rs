//! Pattern 20, routing slip. The numbers of the tests are those of the specification; 9, a way that goes on after a crash,
//! has to wait for a durable channel.

mod oracle;

use crate::kit::{Choke, Collect, Script, Terms, allocations, conforms, rejected, turn_mut};
use ringmain::channel::spsc;
use ringmain::contract::{
    Account, Agent, Balance, End, Fault, Flow, Halt, NoEvent, Reason, Sink, SourceMut, Tick, Work,
};
use ringmain::pattern::routing_slip::{
    Entry, IfGone, Log, MAX_STEPS, NoUndo, Notice, Path, Place, Progress, Step, Then, Unplanned, Visit,
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

/// 20.d3: C faults, A and B logged: compensation order B, A, then Faulted{step C, cause}.
#[test]
fn routing_slip_3_what_was_done_is_undone_backwards() {
    let (mut planner, [a, b, c, _]) = planner();
    let events = [start(&mut planner, &[1, 2, 3]), start(&mut planner, &[3])];
    let activities = [undone(a, WRITE[0], erase), undone(b, WRITE[1], erase), undone(c, fails, erase)];
    let (out, faults, books) = through(&planner, activities, events);
    assert_eq!(out.iter().map(|event| event.body).collect::<Vec<_>>(), [1278, 0]);
    for event in out {
        assert_eq!((event.log.progress(), event.log.fault()), (Progress::Faulted, Some((3, FAULT))));
        assert_eq!(event.log.to_undo().count(), 0);
    }
    assert_eq!(
        (faults, books.input, books.out),
        (vec![], 2, 2),
        "that a way fails is an outcome, not a loss"
    );
}

/// Only what was noted is undone.
#[test]
fn routing_slip_3_a_step_that_notes_nothing_is_not_undone() {
    let (mut planner, [a, b, c, _]) = planner();
    let event = start(&mut planner, &[1, 2, 3]);
    let quiet = |trace: &mut Trace, visit: &mut Visit| -> Flow<Then> {
        let _ = visit.at;
        trace.body = trace.body * 10 + 2;
        Ok(Then::Next)
    };
    let fails: Run = |trace, _| {
        assert_eq!(trace.log().to_undo().collect::<Vec<_>>(), [1]);
        Err(FAULT.into())
    };
    // Nor what nobody can undo, whatever it notes.
    for b in [true, false].map(|can| (can, b)) {
        let activities =
            (undone(a, WRITE[0], erase), Activity::new(b.1, quiet).undone_by(erase), Activity::new(c, fails));
        let (out, ..) = if b.0 {
            through(&planner, activities, [event])
        } else {
            through(&planner, (activities.0, Activity::new(b.1, WRITE[1]), activities.2), [event])
        };
        assert_eq!(out[0].body, 128);
    }
}

/// 20.d4: the compensation of A fails 3 times: CompensationFailed{A}, to the dead letters; B's was done.
#[test]
fn routing_slip_4_what_cannot_be_undone_is_a_dead_letter() {
    let (mut planner, [a, b, c, _]) = planner();
    let event = start(&mut planner, &[1, 2, 3]);
    let (attempts, notices) = (RefCell::new(0), RefCell::new(Vec::new()));
    let sticks_and_counts = |trace: &mut Trace, note: u64| -> Flow {
        *attempts.borrow_mut() += 1;
        sticks(trace, note)
    };
    let activities = (
        Activity::new(a, WRITE[0]).undone_by(sticks_and_counts),
        undone(b, WRITE[1], erase),
        undone(c, fails, erase),
    );
    let stage = RoutingSlip::new(planner.share(), IfGone::Fault, 3, activities, Nowhere)
        .watched_by(|_: &Trace, notice| notices.borrow_mut().push(notice));
    let account = stage.account();
    let mut letters = LetterBox::new(4, Trace::default);
    let mut stage = DeadLetter::editing("slip", Overflow::Block, &mut letters, stage);
    assert_eq!(turn_mut(&mut Script::new([event]), &mut stage, NOW).0.end, Some(End::Closed));
    drop(stage);
    let letter = letters.iter().next().unwrap();
    assert_eq!(
        (letter.fault, letter.event.body, letter.event.log.progress()),
        (Fault::new(8), 127, Progress::Stuck)
    );
    assert_eq!(letter.event.log.to_undo().collect::<Vec<_>>(), [1], "its log says what was not undone");
    assert_eq!(*attempts.borrow(), 3);
    let stuck = [Notice::Failed(3, FAULT), Notice::Undone(2), Notice::Stuck(1, Fault::new(8))];
    assert_eq!(notices.borrow()[2..], stuck);
    let books = account.read();
    assert_eq!((books.input, books.dead_lettered[Reason::NonRetryable], books.check()), (1, 1, Ok(())));
}

/// ... and one that works the third time is undone, and all before it.
#[test]
fn routing_slip_4_each_step_has_its_own_attempts() {
    let (mut planner, [a, b, c, _]) = planner();
    let event = start(&mut planner, &[1, 2, 3]);
    let attempts = RefCell::new(0);
    let third_time = |trace: &mut Trace, note: u64| -> Flow {
        *attempts.borrow_mut() += 1;
        if *attempts.borrow() % 3 == 0 { erase(trace, note) } else { sticks(trace, note) }
    };
    let activities = (
        Activity::new(a, WRITE[0]).undone_by(third_time),
        Activity::new(b, WRITE[1]).undone_by(third_time),
        Activity::new(c, fails as Run),
    );
    let (out, faults, _) = through(&planner, activities, [event]);
    assert_eq!((out[0].body, out[0].log.progress(), faults), (1278, Progress::Faulted, vec![]));
    assert_eq!(*attempts.borrow(), 6);
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

/// 20.d6: unknown step 9 in a dynamic slip: rejected when built; when removed meanwhile: Fault(UnknownStep) and
/// compensation, or it is passed over and counted.
#[test]
fn routing_slip_6_steps_that_are_not_there() {
    let (mut planner, steps) = planner();
    assert_eq!(planner.itinerary_of(&[1, 9]), Err(Unplanned::UnknownStep(9)));
    assert_eq!(planner.itinerary_of(&[0]), Err(Unplanned::UnknownStep(0)));
    let event = start(&mut planner, &[1, 2, 3]);
    planner.remove(2);
    assert_eq!(planner.itinerary_of(&[1, 2]), Err(Unplanned::UnknownStep(2)));
    assert_eq!(planner.name(2), Some("B"));

    let (out, faults, _) = through(&planner, all(steps), [event]);
    let gone = Fault::of(Reason::NoRoute);
    assert_eq!(
        (out[0].body, out[0].log.progress(), out[0].log.fault()),
        (18, Progress::Faulted, Some((2, gone)))
    );
    assert_eq!(faults, []);

    let out = Collect::new();
    let mut stage = RoutingSlip::new(planner.share(), IfGone::Skip, 1, all(steps), out.clone());
    assert_eq!(rejected(turn_mut(&mut Script::new([event]), &mut stage, NOW)), None);
    assert_eq!((stage.skipped(), out.take()[0].body), (1, 13));
}

/// What has to be undone by a step that is gone cannot be.
#[test]
fn routing_slip_6_a_step_that_is_gone_undoes_nothing() {
    let (mut planner, [a, b, ..]) = planner();
    let mut event = start(&mut planner, &[1, 2]);
    let gone = RefCell::new(planner);
    let itineraries = gone.borrow().share();
    let removes = |_: &mut Trace, _: &mut Visit| -> Flow<Then> {
        gone.borrow_mut().remove(1);
        Err(FAULT.into())
    };
    let activities = (undone(a, WRITE[0], erase), Activity::new(b, removes));
    let mut stage = RoutingSlip::new(itineraries, IfGone::Skip, 2, activities, Nowhere);
    let mut script = Script::new([event]);
    assert_eq!(rejected(turn_mut(&mut script, &mut stage, NOW)), Some(Fault::of(Reason::NoRoute)));
    event = script.events()[0];
    assert_eq!((event.body, event.log.progress(), event.log.fault()), (1, Progress::Stuck, Some((2, FAULT))));
}

struct Raw;
struct Parsed;

/// 20.d7: type mismatch A:Out != B:In: compile-fail (static: the page's doc test), or Err (dynamic).
#[test]
fn routing_slip_7_steps_that_do_not_fit() {
    let mut planner = Planner::new(4);
    let parse = planner.step::<Raw, Parsed>("parse").unwrap();
    let price = planner.step::<Parsed, Parsed>("price").unwrap();
    let path = Path::new().then(parse).then(price);
    assert!(planner.itinerary(&path).is_ok());
    assert!(planner.itinerary_of(&[parse.number(), price.number()]).is_ok());
    let wrong = planner.itinerary_of(&[price.number(), parse.number()]).unwrap_err();
    let Unplanned::Mismatch { step, takes, given } = wrong else { panic!("{wrong:?}") };
    assert_eq!(step, "parse");
    assert!(takes.ends_with("Raw") && given.ends_with("Parsed"));
    assert!(wrong.to_string().contains("step `parse` takes"), "{wrong}");
}

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

/// 20.d10: log capacity 2, three logged steps: fault at the third before its effect.
#[test]
fn routing_slip_10_a_full_log_is_a_fault_before_the_effect() {
    type Small = Traveller<u64, 2>;
    let (mut planner, [a, b, c, _]) = planner();
    let itinerary = planner.itinerary_of(&[1, 2, 3]).unwrap();
    let mut event = Small::default();
    planner.share().start(&mut event, itinerary);
    let run = |n: &mut Small, visit: &mut Visit| -> Flow<Then> {
        n.body += 1;
        visit.note(0);
        Ok(Then::Next)
    };
    let undo = |n: &mut Small, _: u64| -> Flow {
        n.body += 10;
        Ok(())
    };
    let activities = [a, b, c].map(|step| Activity::new(step, run).undone_by(undo));
    let out = Collect::new();
    let mut stage = RoutingSlip::new(planner.share(), IfGone::Fault, 1, activities, out.clone());
    let _ = turn_mut(&mut Script::new([event]), &mut stage, NOW);
    let event = out.take()[0];
    let full = Some((3, Fault::of(Reason::TableFull)));
    assert_eq!((event.body, event.log.progress(), event.log.fault()), (22, Progress::Faulted, full));
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

/// A step twice in a list is an error, unless it is meant.
#[test]
fn a_repeated_step_is_said() {
    let (mut planner, steps) = planner();
    assert_eq!(planner.itinerary_of(&[1, 2, 1]), Err(Unplanned::Repeated(1)));
    let mut planner = planner.repeating();
    let event = start(&mut planner, &[1, 2, 1]);
    let (out, ..) = through(&planner, all(steps), [event]);
    assert_eq!(out[0].body, 121);
}

#[test]
fn the_bounds_of_a_planner_are_errors() {
    let mut planner = Planner::new(1);
    assert_eq!(planner.itinerary_of(&[1; MAX_STEPS + 1]), Err(Unplanned::TooLong { steps: 17 }));
    for _ in 0..255 {
        planner.step::<(), ()>("one of many").unwrap();
    }
    assert_eq!(planner.step::<(), ()>("one too many").unwrap_err(), Unplanned::TooManySteps);
    let longest: Vec<u8> = (240..=255).collect();
    let itinerary = planner.itinerary_of(&longest).unwrap();
    assert_eq!(planner.itinerary_of(&[1]), Err(Unplanned::Full { capacity: 1 }));
    let mut event = Trace::default();
    planner.share().start(&mut event, itinerary);
    assert!(planner.share().rest(event.header.slip).eq(longest.iter().copied()));
    for step in longest {
        assert_eq!(planner.share().place(&event), Place::Do(step));
        event.header.slip += 1;
    }
    assert_eq!(planner.share().place(&event), Place::End(Progress::Completed));
    for error in [Unplanned::TooManySteps, Unplanned::Full { capacity: 1 }, Unplanned::UnknownStep(9)] {
        assert!(!error.to_string().is_empty());
    }
}

/// A header that says nothing, or nonsense, is told, and changes nothing.
#[test]
fn a_message_without_an_itinerary_is_rejected() {
    let (mut planner, steps) = planner();
    let mut events = vec![Trace::default(); 3];
    let _ = start(&mut planner, &[1]);
    (events[1].header.slip, events[2].header.slip) = (9999 << 8, 1 << 8 | 24);
    let (out, faults, books) = through(&planner, all(steps), events.clone());
    assert_eq!((out.len(), faults), (0, vec![Fault::of(Reason::NoRoute); 3]));
    assert_eq!((books.input, books.dead_lettered[Reason::NoRoute]), (3, 3));
    let mut by_place = ByPlace::new(planner.share(), 0, 1);
    let at = ringmain::contract::At { seq: ringmain::ring::Sequence::ZERO, now: NOW };
    for event in events {
        assert_eq!(
            ringmain::pattern::Selector::select(&mut by_place, &event, at),
            ringmain::pattern::NO_ROUTE
        );
    }
}

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

/// The planner makes itineraries while messages travel, on another thread, and neither waits for the other.
#[test]
fn itineraries_are_made_while_messages_travel() {
    let count = if cfg!(miri) { 10 } else { 1000 };
    let mut planner = Planner::new(count);
    let steps = ["A", "B", "C", "D"].map(|name| planner.step::<(), ()>(name).unwrap());
    let itineraries: Arc<Itineraries> = planner.share();
    let (mut tx, rx) = spsc::channel(4, Trace::default).unwrap();
    let (to, mut done) = spsc::channel(count.next_power_of_two(), Trace::default).unwrap();
    let mut agent =
        rx.drive_mut(RoutingSlip::new(planner.share(), IfGone::Fault, 1, all(steps), Forward::new(to)));
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while agent.work(NOW) != Work::Done {
                std::thread::yield_now();
            }
        });
        for n in 0..count {
            let way = [n, n + 1].map(|n| 1 + (n % 4) as u8);
            let mut event = Trace::default();
            itineraries.start(&mut event, planner.itinerary_of(&way).unwrap());
            while tx.push(event).is_err() {
                std::thread::yield_now();
            }
        }
        drop(tx);
    });
    for n in 0..count as u64 {
        assert_eq!(done.pop().unwrap().body, (1 + n % 4) * 10 + 1 + (n + 1) % 4);
    }
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

/// Messages on the way are of fixed size, and the log of one that cannot be undone is two words.
#[test]
fn a_log_is_part_of_its_message() {
    assert_eq!(size_of::<Traveller<u64, 0>>(), 64 + 16 + 8);
    assert_eq!(size_of::<Log<[Entry; 4]>>(), 16 + 4 * 16);
    let _ = Activity::<fn(), NoUndo>::clone;
}
