//! One asked after the other.

use super::{Quotes, Rig, note, ns, policy, rig, waiting};
use ringmain::contract::{Fault, Reason, Tick};
use ringmain::pattern::{Ending, FirstSuccess, Policy, RESPONDER_GONE, Request};
use std::time::Duration;

type Fold = fn(&mut Quotes, usize, &mut u64);

fn hedged(policy: Policy<FirstSuccess>, ring: usize) -> Rig<Quotes, FirstSuccess, Fold, 3> {
    let Rig { scatter, to, replies } = rig(4, ring, policy, note as Fold);
    Rig { scatter: scatter.hedged(Duration::from_nanos(10)), to, replies }
}

fn lengths(rig: &Rig<Quotes, FirstSuccess, Fold, 3>) -> [usize; 3] {
    [0, 1, 2].map(|recipient| rig.to[recipient].len())
}

/// 9.d8: after 10 the next is asked: A is silent, B is asked at 10 and answers at 12: the result is there at 12. The reply
/// of A at 20 is late.
#[test]
fn scatter_gather_8_the_next_is_asked_after_a_while() {
    let mut rig = hedged(policy(FirstSuccess), 4);
    let ticket = rig.ask(0, 50, vec![]).unwrap();
    assert_eq!((rig.poll(9), lengths(&rig), rig.scatter.next_deadline()), (vec![], [1, 0, 0], Some(ns(10))));
    assert_eq!((rig.poll(10), lengths(&rig)), (vec![], [1, 1, 0]));
    let asked = rig.answer(1, 7);
    assert_eq!((asked.body, asked.depth, asked.header.ts, asked.header.deadline), (0, 1, ns(10), ns(50)));
    let [told] = &rig.poll(12)[..] else { panic!("one") };
    assert_eq!((told.ticket, told.ending, &told.acc[..]), (ticket, Ending::Complete, &[(1, 7)][..]));
    assert_eq!((told.answered, told.missing), (0b010, 0b101));
    rig.answer(0, 5);
    assert_eq!((rig.poll(20), rig.scatter.late(0), lengths(&rig)), (vec![], 1, [0, 0, 0]));
}

/// Who answers in time leaves the others alone. The loser is not told; its server sees that the time is over.
#[test]
fn nobody_else_is_asked_in_vain_and_a_loser_has_a_deadline() {
    let mut rig = hedged(policy(FirstSuccess), 4);
    rig.ask(0, 50, vec![]).unwrap();
    rig.answer(0, 1);
    assert_eq!((rig.poll(10)[0].answered, rig.poll(100), lengths(&rig)), (0b001, vec![], [0, 0, 0]));
    rig.ask(100, 50, vec![]).unwrap();
    rig.poll(110);
    rig.answer(1, 1);
    assert_eq!(rig.poll(111).len(), 1);
    let loser: Request<u64> = rig.take(0);
    assert!(!loser.caller().gave_up(ns(150)) && loser.caller().gave_up(ns(151)));
}

/// One that fails has the next asked in the same turn; when all have failed, so it is told.
#[test]
fn a_fault_has_the_next_asked_at_once() {
    let mut rig = hedged(policy(FirstSuccess), 4);
    rig.ask(0, 50, vec![]).unwrap();
    for (recipient, now) in [(0, 1), (1, 2)] {
        rig.fault(recipient, 7);
        assert_eq!(rig.poll(now), []);
        assert_eq!(rig.to[recipient + 1].len(), 1);
    }
    assert_eq!(rig.scatter.next_deadline(), Some(ns(50)));
    rig.fault(2, 9);
    let [told] = &rig.poll(3)[..] else { panic!("one") };
    assert_eq!((told.ending, told.failed, told.faults[2]), (Ending::Impossible, 0b111, (2, Fault::new(9))));
}

/// One that cannot be asked has failed, and the next is asked.
#[test]
fn a_full_ring_is_stepped_over() {
    for policy in [policy(FirstSuccess), waiting(FirstSuccess)] {
        let mut rig = hedged(policy, 1);
        // A and B have one each that they do not take.
        rig.ask(0, 20, vec![]).unwrap();
        rig.poll(10);
        assert_eq!(rig.poll(20).len(), 1);
        rig.ask(20, 50, vec![]).unwrap();
        assert_eq!(lengths(&rig), [1, 1, 1]);
        rig.answer(2, 3);
        let [told] = &rig.poll(21)[..] else { panic!("one") };
        let full = Fault::of(Reason::RingFull);
        assert_eq!((told.ending, &told.faults[..]), (Ending::Complete, &[(0, full), (1, full)][..]));
        // All of them are full.
        rig.scatter.ask_of(0b011, ns(30), Duration::from_nanos(50), vec![], |_| ()).unwrap();
        assert_eq!(rig.poll(30)[0].ending, Ending::Impossible);
    }
}

/// One that goes before it is asked is left out, and brings nobody else's turn nearer; one that goes while it is waited
/// for does.
#[test]
fn who_is_gone_is_not_asked() {
    let mut rig = hedged(policy(FirstSuccess), 4);
    rig.ask(0, 100, vec![]).unwrap();
    rig.scatter.remove(0b010, ns(1));
    assert_eq!((rig.poll(9), lengths(&rig)), (vec![], [1, 0, 0]));
    rig.scatter.remove(0b001, ns(9));
    assert_eq!((rig.poll(9), lengths(&rig)), (vec![], [1, 0, 1]));
    rig.answer(2, 3);
    let [told] = &rig.poll(10)[..] else { panic!("one") };
    assert_eq!(told.faults, [(0, RESPONDER_GONE), (1, RESPONDER_GONE)]);
    // And from now on: the third at once; its ring is closed by then.
    drop(rig.to);
    rig.scatter.ask(ns(10), Duration::from_nanos(9), vec![], |_| ()).unwrap();
    let ended = super::poll(&mut rig.scatter, 10);
    // The ring may find out only when it is full.
    let ended = if ended.is_empty() { super::poll(&mut rig.scatter, 19) } else { ended };
    assert!(matches!(ended[0].ending, Ending::Impossible | Ending::Deadline));
}

/// The clock may jump: everybody is asked, or the time is up, whichever comes first.
#[test]
fn a_late_poll_asks_one_and_the_deadline_is_kept() {
    let mut rig = hedged(policy(FirstSuccess), 4);
    rig.ask(0, 50, vec![]).unwrap();
    assert_eq!((rig.poll(49), lengths(&rig)), (vec![], [1, 1, 0]));
    assert_eq!(rig.poll(50)[0].ending, Ending::Deadline);
    assert_eq!((rig.poll(u64::MAX), rig.scatter.next_deadline()), (vec![], None::<Tick>));
}
