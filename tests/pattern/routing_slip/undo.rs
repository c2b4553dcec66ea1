//! What is undone when a step fails, and what cannot be.

use super::*;

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
