//! The user's code, when it panics or cannot take what it is told.

use super::{NOW, Told, note, ns, policy, rig, waiting};
use crate::kit::panic_on_purpose;
use ringmain::contract::{Fault, Flow, Halt, Reason};
use ringmain::pattern::{All, Ending, Quorum, Says, Until};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// A fold that panics makes its recipient fail; the scatter goes by its rule, and the others are as they were.
#[test]
fn a_fold_that_panics() {
    let fold = |sum: &mut u64, _: usize, n: &mut u64| match *n {
        13 => panic_on_purpose(),
        n => *sum += n,
    };
    let mut rig = rig::<_, _, _, 3>(4, 4, waiting(Quorum(2)), fold);
    rig.ask(0, 50, 0).unwrap();
    let request = rig.answer(0, 13);
    rig.answer(1, 1);
    assert_eq!(rig.poll(1), []);
    rig.say(&request, Says::Reply, 1);
    rig.answer(2, 2);
    let [told] = &rig.poll(2)[..] else { panic!("one") };
    assert_eq!((told.ending, told.acc, told.answered), (Ending::Complete, 3, 0b110));
    assert_eq!((&told.faults[..], rig.scatter.duplicates()), (&[(0, Fault::of(Reason::Panic))][..], 1));
    let books = rig.scatter.replies().read();
    assert_eq!((books.input, books.folded, books.dropped[Reason::Panic], books.check()), (4, 2, 1, Ok(())));
}

/// So does a rule that panics on an answer; on a fault it is as if it were not met.
#[test]
fn a_rule_that_panics() {
    let rule = Until(|quotes: &Vec<(usize, u64)>| match quotes.last() {
        Some((_, 13)) => panic_on_purpose(),
        last => last.is_some_and(|(_, n)| *n == 7),
    });
    let mut rig = rig::<_, _, _, 3>(4, 4, waiting(rule), note);
    rig.ask(0, 50, vec![]).unwrap();
    rig.answer(0, 13);
    rig.fault(1, 5);
    assert_eq!(rig.poll(1), []);
    rig.answer(2, 7);
    let [told] = &rig.poll(1)[..] else { panic!("one") };
    assert_eq!((told.ending, &told.acc[..]), (Ending::Complete, &[(0, 13), (2, 7)][..]));
    assert_eq!(told.faults, [(0, Fault::of(Reason::Panic)), (1, Fault::new(5))]);
}

/// What `on` cannot take is told again, once; so is what it panics on. The fold meets each answer once.
#[test]
fn an_outcome_that_cannot_be_taken_comes_again() {
    let mut folded = 0;
    let fold = |_: &mut (), _: usize, _: &mut u64| folded += 1;
    let mut rig = rig::<_, _, _, 1>(4, 4, policy(All), fold);
    let (a, b) = (rig.ask(0, 50, ()).unwrap(), rig.ask(0, 50, ()).unwrap());
    rig.answer(0, 1);
    let request = rig.answer(0, 2);
    let mut met = Vec::new();
    let mut full = |ticket, _: ringmain::pattern::Gathered<'_, ()>| -> Flow {
        met.push(ticket);
        if ticket == a { Ok(()) } else { Err(Halt::Again) }
    };
    assert_eq!(rig.scatter.poll(ns(1), &mut full), Err(Halt::Again));
    assert_eq!(rig.scatter.poll(ns(1), &mut full), Err(Halt::Again));
    assert_eq!((met, rig.scatter.pending(), rig.scatter.cancel(b)), (vec![a, b, b], 1, false));
    // It is over, although it is not told.
    rig.say(&request, Says::Reply, 2);
    let panics =
        catch_unwind(AssertUnwindSafe(|| rig.scatter.poll(ns(1), |_, _| -> Flow { panic_on_purpose() })));
    assert!(panics.is_err());
    let [Told { ticket, ending, .. }] = rig.poll(1000)[..] else { panic!("one") };
    assert_eq!((ticket, ending, rig.scatter.late(0)), (b, Ending::Complete, 1));
    drop(rig);
    assert_eq!(folded, 2);
}

/// With `Stop` and `Reject` an outcome is told, and the rest waits for the next poll.
#[test]
fn an_outcome_that_ends_the_poll_is_told() {
    for halt in [Halt::Stop, Fault::new(1).into()] {
        let mut rig = rig::<_, _, _, 1>(4, 4, policy(All), note);
        let (_, b) = (rig.ask(0, 10, vec![]).unwrap(), rig.ask(0, 10, vec![]).unwrap());
        assert_eq!(rig.scatter.poll(ns(10), |_, _| Err(halt)), Err(halt));
        assert_eq!(rig.poll(10).iter().map(|told| told.ticket).collect::<Vec<_>>(), [b]);
    }
}

/// One who panics while a question is written has not asked: nothing is open.
#[test]
fn a_question_that_panics_is_not_asked() {
    let mut rig = rig::<_, _, _, 3>(1, 4, policy(All), note);
    for _ in 0..3 {
        let asked = catch_unwind(AssertUnwindSafe(|| {
            rig.scatter.ask(NOW, Duration::from_nanos(9), vec![], |_| panic_on_purpose())
        }));
        assert!(asked.is_err());
        assert_eq!((rig.scatter.pending(), rig.scatter.next_deadline()), (0, None));
        assert_eq!([0, 1, 2].map(|recipient| rig.to[recipient].len()), [0; 3]);
    }
    assert!(rig.ask(0, 9, vec![]).is_ok());
}
