//! Steps and itineraries, before a message starts on one and while it travels.

use super::*;

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
