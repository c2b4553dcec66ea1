//! Questions that are not accepted.

use super::{NOW, note, ns, policy, rig, waiting};
use ringmain::pattern::{All, Caller, Ending, MAX_DEPTH, Quorum, Request, Unasked, distribution};
use ringmain::pattern::{Origin, Scatter};
use ringmain::ring::CapacityError;
use std::collections::HashSet;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(1);

/// The table is full: nothing is written, no ring is changed.
#[test]
fn the_table_is_bounded() {
    let mut rig = rig::<_, _, _, 2>(2, 8, waiting(All), note);
    assert!(rig.ask(0, 10, vec![]).is_ok() && rig.ask(0, 10, vec![]).is_ok());
    let refused = rig.scatter.ask(NOW, LONG, vec![], |_| unreachable!("nothing is written"));
    assert_eq!((refused, rig.to[0].len(), rig.to[1].len()), (Err(Unasked::PendingFull), 2, 2));
    assert_eq!(rig.poll(10).len(), 2);
    assert!(rig.ask(10, 10, vec![]).is_ok());
}

#[test]
fn a_recipient_that_is_none_is_not_asked() {
    let mut rig = rig::<_, _, _, 2>(2, 8, waiting(All), note);
    assert_eq!(rig.scatter.ask_of(0b101, NOW, LONG, vec![], |_| ()), Err(Unasked::NoResponder));
    assert_eq!((rig.scatter.pending(), rig.to[0].len()), (0, 0));
}

/// On behalf of somebody: in his conversation, no longer than he waits, and not without end.
#[test]
fn a_question_within_a_question() {
    let mut rig = rig::<_, _, _, 1>(2, 8, policy(All), note);
    rig.ask(0, 30, vec![]).unwrap();
    let outer = rig.take(0);
    let mut caller = outer.caller();
    rig.scatter.ask_for(&caller, ns(1), LONG, vec![], |_| ()).unwrap();
    let Request { header, depth, .. } = rig.take(0);
    assert_eq!(
        (header.ids.conversation, header.ids.cause),
        (outer.header.ids.conversation, outer.header.ids.id)
    );
    assert_eq!((header.deadline, depth), (ns(30), 2));
    let told = rig.poll(30);
    assert_eq!([told[0].ending, told[1].ending], [Ending::Deadline; 2]);
    caller.depth = MAX_DEPTH;
    let refused = rig.scatter.ask_for(&caller, ns(1), LONG, vec![], |_| ());
    assert_eq!((refused, rig.scatter.pending()), (Err(Unasked::TooDeep), 0));
    assert!(rig.scatter.ask_for(&Caller::default(), ns(1), LONG, vec![], |_| ()).is_ok());
}

#[test]
fn between_1_and_1024_may_be_open() {
    let scatter = |outstanding| {
        let (desk, _dealers) = distribution::<u64, u64, 2>(Origin::new(1), 1024).unwrap();
        Scatter::new(outstanding, policy(Quorum(1)), note, desk)
    };
    assert_eq!(scatter(0).map(drop), Err(CapacityError::Zero));
    assert_eq!(scatter(1025).map(drop), Err(CapacityError::TooLarge { asked: 1025 }));
    assert!(distribution::<u64, u64, 2>(Origin::new(1), 0).is_err());
    if cfg!(miri) {
        return;
    }
    let (desk, _dealers) = distribution::<u64, u64, 2>(Origin::new(1), 1024).unwrap();
    let mut scatter = Scatter::new(1024, policy(Quorum(1)), note, desk).unwrap();
    let slots: HashSet<_> =
        (0..1024).map(|_| scatter.ask(NOW, LONG, vec![], |_| ()).unwrap().slot()).collect();
    assert_eq!((slots.len(), scatter.ask(NOW, LONG, vec![], |_| ())), (1024, Err(Unasked::PendingFull)));
}

/// The widest set there is: each of 64 is told apart.
#[test]
fn sixty_four_recipients() {
    let mut rig = rig::<_, _, _, 64>(2, 2, policy(All), note);
    rig.ask(0, 50, vec![]).unwrap();
    for recipient in (0..64).rev() {
        assert_eq!(rig.poll(0), []);
        rig.answer(recipient, recipient as u64);
    }
    let [told] = &rig.poll(0)[..] else { panic!("one") };
    assert_eq!((told.ending, told.answered), (Ending::Complete, u64::MAX));
    assert!(told.acc.iter().all(|(recipient, n)| *recipient as u64 == *n));
}
