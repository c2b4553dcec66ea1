//! When it is over, where the acceptance tests do not say.

use super::{NOW, PRODUCER, note, policy, poll, rig, waiting};
use ringmain::channel::{mpsc, spsc};
use ringmain::pattern::{
    Addresses, All, Desk, Distribution, Ending, FirstAny, Origin, Reply, Request, Scatter, Until,
};
use std::time::Duration;

#[test]
fn the_first_of_any_kind() {
    let mut rig = rig::<_, _, _, 3>(4, 1, waiting(FirstAny), note);
    rig.ask(0, 50, vec![]).unwrap();
    rig.fault(1, 7);
    let [told] = &rig.poll(1)[..] else { panic!("one") };
    assert_eq!((told.ending, told.failed), (Ending::Complete, 0b010));
    // Those that could not be asked have said nothing.
    rig.ask(1, 50, vec![]).unwrap();
    assert_eq!(rig.poll(1), []);
    rig.take(0);
    rig.answer(1, 1);
    assert_eq!(rig.poll(2)[0].failed, 0b101);
}

/// A rule over the accumulator; and one that all answers do not fulfil.
#[test]
fn until_the_accumulator_is_as_wanted() {
    let sum = |acc: &mut u64, _: usize, n: &mut u64| *acc += *n;
    let mut rig = rig::<_, _, _, 3>(4, 4, policy(Until(|sum: &u64| *sum >= 10)), sum);
    for (last, ending) in [(7, Ending::Complete), (1, Ending::Impossible)] {
        rig.ask(0, 50, 0).unwrap();
        rig.answer(0, 4);
        rig.answer(1, 4);
        assert_eq!(rig.poll(1), []);
        rig.answer(2, last);
        let [told] = &rig.poll(1)[..] else { panic!("one") };
        assert_eq!((told.ending, told.acc), (ending, 8 + last));
    }
}

/// Nobody to ask: told by the next poll, which is not a timeout.
#[test]
fn an_empty_set_has_a_result_at_once() {
    let mut rig = rig::<_, _, _, 3>(4, 4, policy(All), note);
    let asked = rig.scatter.ask_of(0, NOW, Duration::from_nanos(50), vec![], |_| unreachable!("nobody"));
    let [told] = &rig.poll(0)[..] else { panic!("one") };
    assert_eq!((Ok(told.ticket), told.ending, told.answered), (asked, Ending::Empty, 0));
    // A set that never had anybody.
    let (_, rx) = mpsc::channel(1, Reply::default).unwrap();
    let port = Addresses::new(1..=1).open().unwrap();
    let nobody = Distribution::new([(); 0].map(|()| spsc::channel(1, Request::default).unwrap().0));
    let desk = Desk::new(Origin::new(PRODUCER), port, rx, nobody);
    let mut scatter = Scatter::new(1, policy(All), note, desk).unwrap();
    scatter.ask(NOW, Duration::from_nanos(50), vec![], |_: &mut u64| ()).unwrap();
    assert_eq!(poll(&mut scatter, 0)[0].ending, Ending::Empty);
}
