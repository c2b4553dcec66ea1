//! Both lines of the books, literally.

use super::{NOW, note, ns, policy, rig, waiting};
use ringmain::contract::{Balance, MessageId, PerReason, Reason};
use ringmain::pattern::{All, Quorum, Says};
use std::time::Duration;

fn dropped(counts: &[(Reason, u64)]) -> PerReason<u64> {
    PerReason::from_fn(|reason| counts.iter().find(|(own, _)| *own == reason).map_or(0, |(_, n)| *n))
}

/// Every way to end, and every message.
#[test]
fn everything_is_in_the_books() {
    let mut rig = rig::<_, _, _, 2>(8, 8, policy(All), note);
    let (scatters, replies) = (rig.scatter.account(), rig.scatter.replies());
    // Complete; a duplicate while it is open; late.
    rig.ask(0, 50, vec![]).unwrap();
    let request = rig.answer(0, 1);
    rig.say(&request, Says::Reply, 1);
    rig.answer(1, 1);
    rig.say(&request, Says::Reply, 1);
    // Of another requester; of a recipient that there is not.
    super::say(&mut rig.replies, MessageId::new(9, 1), Says::Reply, 1);
    super::say(&mut rig.replies, MessageId(request.header.ids.id.0 | 2 << 10), Says::Reply, 1);
    rig.poll(1);
    // One failed; the time is up; nobody asked; cancelled.
    rig.ask(1, 50, vec![]).unwrap();
    rig.fault(0, 7);
    rig.poll(2);
    rig.ask(2, 50, vec![]).unwrap();
    rig.poll(52);
    rig.scatter.ask_of(0, ns(52), Duration::from_nanos(1), vec![], |_| ()).unwrap();
    rig.poll(52);
    let ticket = rig.ask(52, 50, vec![]).unwrap();
    assert!(rig.scatter.cancel(ticket) && !rig.scatter.cancel(ticket));
    // One is open.
    rig.ask(52, 50, vec![]).unwrap();
    rig.poll(53);
    let by = dropped(&[(Reason::NonRetryable, 1), (Reason::Expired, 1)]);
    let expected = Balance { input: 6, out: 2, filtered: 1, held: 1, dropped: by, ..Balance::default() };
    assert_eq!((scatters.read(), scatters.read().check()), (expected, Ok(())));
    let by = dropped(&[(Reason::Duplicate, 1), (Reason::Late, 1), (Reason::InvalidKey, 2)]);
    let expected = Balance { input: 7, folded: 3, dropped: by, ..Balance::default() };
    assert_eq!((replies.read(), replies.read().check()), (expected, Ok(())));
    // And it goes.
    drop(rig);
    let scatters = scatters.read();
    assert_eq!((scatters.held, scatters.dropped[Reason::Shutdown], scatters.check()), (0, 1, Ok(())));
}

/// All have answered, and it is not what was wanted; a ring is full.
#[test]
fn an_impossible_one_is_booked_by_its_first_fault() {
    let mut rig = rig::<_, _, _, 2>(8, 1, waiting(Quorum(2)), note);
    let scatters = rig.scatter.account();
    rig.scatter.ask_of(0b01, NOW, Duration::from_nanos(50), vec![], |_| ()).unwrap();
    rig.answer(0, 1);
    rig.poll(0);
    for _ in 0..2 {
        rig.ask(0, 50, vec![]).unwrap();
    }
    rig.poll(0);
    let by = dropped(&[(Reason::Filtered, 1), (Reason::RingFull, 1)]);
    assert_eq!(scatters.read(), Balance { input: 3, held: 1, dropped: by, ..Balance::default() });
}
