//! What is missing is asked for.

use super::{ByValue, POLICY, Rig, counts, event, gap, nanos, rig, tick};
use crate::kit::{Collect, turn_mut};
use ringmain::contract::{At, Balance, Fault, Flow, Reason};
use ringmain::pattern::resequencer::{Missing, Policy, Start};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// With a place for requests, each time so long after the one before.
fn asking(every: u64, times: u32, policy: Policy, naks: &Collect<Missing>) -> Rig<ByValue<Collect<Missing>>> {
    let Rig { script, stage, out, account } = rig(8, policy);
    Rig { script, stage: stage.nak(nanos(every), times, ByValue(naks.clone())), out, account }
}

/// 13.d12
#[test]
fn resequencer_12_what_is_asked_for_and_comes_again_leaves_no_gap() {
    let naks = Collect::new();
    let mut rig = asking(10, 3, Policy { start: Start::Fixed(3), ..POLICY }, &naks);
    assert_eq!(rig.at(0, [4]), []);
    assert_eq!(rig.at(9, []), []);
    assert_eq!(naks.take(), []);
    assert_eq!(rig.at(10, []), []);
    assert_eq!(naks.take(), [Missing { from: 3, to: 3 }]);
    assert_eq!(rig.at(15, [3]), [event(3), event(4)]);
    assert_eq!(rig.at(10_000, []), []);
    assert_eq!(naks.take(), []);
    rig.books(Balance { input: 2, generated: 1, out: 3, ..Balance::default() });
}

#[test]
fn requests_are_repeated_and_then_the_gap_is_skipped() {
    let naks = Collect::new();
    let mut rig = asking(10, 3, POLICY, &naks);
    assert_eq!(rig.at(0, [5]), []);
    let asked: Vec<_> = (0..=40)
        .filter(|&t| {
            assert_eq!(rig.at(t, []), []);
            !naks.take().is_empty()
        })
        .collect();
    assert_eq!(asked, [10, 20, 30]);
    assert_eq!(rig.at(529, []), []);
    assert_eq!(rig.at(530, []), [gap(1, 4), event(5)], "so long after the last request");
    rig.books(Balance { input: 1, generated: 4, out: 5, ..Balance::default() });
}

#[test]
fn the_rest_of_a_hole_is_asked_for_in_its_time() {
    let naks = Collect::new();
    let mut rig = asking(10, 2, POLICY, &naks);
    rig.at(0, [5]);
    rig.at(10, []);
    assert_eq!(naks.take(), [Missing { from: 1, to: 4 }]);
    assert_eq!(rig.at(11, [1, 3]), [event(1)]);
    rig.at(19, []);
    assert_eq!(naks.take(), []);
    rig.at(20, []);
    assert_eq!(naks.take(), [Missing { from: 2, to: 2 }]);
    assert_eq!(rig.at(21, [2]), [event(2), event(3)]);
    assert_eq!(naks.take(), [Missing { from: 4, to: 4 }], "which was asked for 11 ns ago");
    rig.books(Balance { input: 4, generated: 3, out: 6, held: 1, ..Balance::default() });
}

/// What comes again does so one by one: that must not make a request for the rest each time.
#[test]
fn what_comes_one_by_one_is_asked_for_once() {
    let naks = Collect::new();
    let mut rig = asking(10, 3, POLICY, &naks);
    rig.at(0, [8]);
    rig.at(10, []);
    for n in 1..7 {
        assert_eq!(rig.at(10 + n, [n]), [event(n)]);
    }
    assert_eq!(naks.take(), [Missing { from: 1, to: 7 }]);
    assert_eq!(rig.at(17, [7]), [event(7), event(8)]);

    // The next hole is one of its own.
    rig.at(100, [10]);
    assert_eq!(naks.take(), []);
    rig.at(110, []);
    assert_eq!(naks.take(), [Missing { from: 9, to: 9 }]);
    rig.books(Balance { input: 9, generated: 2, out: 10, held: 1, ..Balance::default() });
}

#[test]
fn a_request_that_finds_no_room_is_made_in_the_next_turn() {
    let naks = Collect::with_capacity(0);
    let mut rig = asking(10, 1, POLICY, &naks);
    rig.at(0, [2]);
    rig.at(10, []);
    rig.at(600, []);
    assert_eq!(rig.out.take(), [], "nobody was asked yet");
    rig.books(Balance { input: 1, held: 1, ..Balance::default() });

    // One that is closed is not asked any more, and what is missing is skipped in its time.
    naks.close();
    rig.at(700, []);
    assert_eq!(rig.at(1199, []), []);
    assert_eq!(rig.at(1200, []), [gap(1, 1), event(2)]);
    assert_eq!(rig.at(1200, [4]), []);
    assert_eq!(rig.at(1700, []), [gap(3, 3), event(4)], "at once by its own clock");
    rig.books(Balance { input: 2, generated: 3, out: 5, ..Balance::default() });
}

#[test]
fn a_request_that_is_rejected_is_dropped_and_counts() {
    let naks = Collect::new().rejecting(1, Fault::of(Reason::NoRoute));
    let mut rig = asking(10, 1, POLICY, &naks);
    rig.at(0, [2]);
    rig.at(10, []);
    assert_eq!(rig.at(510, []), [gap(1, 1), event(2)]);
    let dropped = counts(&[(Reason::NoRoute, 1)]);
    rig.books(Balance { input: 1, generated: 2, out: 2, dropped, ..Balance::default() });
}

#[test]
fn a_request_that_panics_counts() {
    let mut asked = 0;
    let feedback = |_: Missing, _: At| -> Flow {
        asked += 1;
        panic!("the panic that the test asked for")
    };
    let Rig { mut script, stage, out, account } = rig(8, POLICY);
    let mut stage = stage.nak(nanos(10), 2, feedback);
    script.then((2, 0));
    for t in [0, 10, 20, 30] {
        let _ = catch_unwind(AssertUnwindSafe(|| turn_mut(&mut script, &mut stage, tick(t))));
    }
    let _ = turn_mut(&mut script, &mut stage, tick(520));
    drop(stage);
    assert_eq!((asked, out.take()), (2, vec![gap(1, 1), event(2)]));
    assert_eq!(account.read(), Balance { input: 1, generated: 1, out: 2, ..Balance::default() });
}
