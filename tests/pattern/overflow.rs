use crate::kit::{Collect, Script, Terms, conforms, rejected, turn};
use ringmain::channel::spsc;
use ringmain::contract::{Agent, Fault, Reason, Source, Tick, Work};
use ringmain::pattern::{Catch, ContentRouter, Divert, Fail, Fanout, Forward, Park, Refuse, Shed};

/// These give events up, or send them elsewhere, when full: choking does change what arrives.
const LOSSY: Terms = Terms { waits: false, ..Terms::STRICT };

conforms!(shed, 1..=100u64, |kit| Shed::new(kit.leaf::<u64>()), LOSSY);
conforms!(refuse, 1..=100u64, |kit| Refuse::new(kit.leaf::<u64>()), LOSSY);
conforms!(
    divert,
    1..=100u64,
    |kit| {
        let next = kit.leaf::<u64>();
        Divert::new(kit.leaf::<u64>(), next)
    },
    LOSSY
);
conforms!(park, 1..=100u64, |kit| Park::new(5, kit.leaf::<u64>()), Terms { waits: false, ..Terms::STRICT });
conforms!(park_nothing, 1..=100u64, |kit| Park::new(0, kit.leaf::<u64>()));

/// 6.c: Drop.
#[test]
fn shed_drops_what_there_is_no_room_for() {
    let full = Collect::with_capacity(2);
    let shed = Shed::new(full.clone());
    let account = shed.account();
    assert_eq!(Script::new(1..=5u64).drive(shed).work(Tick::ZERO), Work::Done);
    assert_eq!(full.events(), [1, 2]);
    assert_eq!((account.read().out, account.read().dropped[Reason::RingFull]), (2, 3));
    assert_eq!(account.read().check(), Ok(()));
}

/// 6.c: Dlc.
#[test]
fn refuse_rejects_what_there_is_no_room_for() {
    let full = Collect::with_capacity(1);
    let mut refuse = Refuse::new(full.clone());
    let account = refuse.account();
    let refused = rejected(turn(&mut Script::new(1..=2u64), &mut refuse, Tick::ZERO));
    assert_eq!(refused, Some(Fault::of(Reason::RingFull)));
    assert_eq!(account.read().dead_lettered[Reason::RingFull], 1);
    assert_eq!(account.read().check(), Ok(()));
}

/// 0.3: Fail.
#[test]
fn fail_ends_where_there_is_no_room() {
    let full = Collect::with_capacity(2);
    let fail = Fail::new(full.clone());
    let account = fail.account();
    assert_eq!(Script::new(1..=5u64).drive(fail).work(Tick::ZERO), Work::Done);
    assert_eq!(full.events(), [1, 2]);
    let books = account.read();
    assert_eq!((books.input, books.out, books.dropped[Reason::Poisoned]), (3, 2, 1));
    assert_eq!(books.check(), Ok(()));
}

/// 0.3: a branch that fails ends alone, or all with it, as the fan-out says.
#[test]
fn fail_ends_a_branch() {
    let [full, free] = [Collect::with_capacity(1), Collect::new()];
    let fanout = Fanout::new((Fail::new(full.clone()), free.clone()));
    assert_eq!(Script::new(1..=3u64).drive(fanout).work(Tick::ZERO), Work::Done);
    assert_eq!((full.events(), free.take()), (vec![1], vec![1, 2, 3]));
    full.take();
    let fanout = Fanout::new((Fail::new(full.clone()), free.clone())).requiring([0]);
    assert_eq!(Script::new(1..=3u64).drive(fanout).work(Tick::ZERO), Work::Done);
    assert_eq!((full.events(), free.events()), (vec![1], vec![1, 2]));
}

/// 6.c: DivertTo.
#[test]
fn divert_goes_elsewhere_and_stays_there_with_an_event() {
    let (first, other) = (Collect::with_capacity(1), Collect::with_capacity(1));
    let divert = Divert::new(other.clone(), first.clone());
    let account = divert.account();
    let mut agent = Script::new(1..=4u64).drive(divert);
    assert_eq!(agent.work(Tick::ZERO), Work::Busy(2));
    assert_eq!((first.take(), other.events()), (vec![1], vec![2]));
    assert_eq!(agent.work(Tick::ZERO), Work::Idle, "3 was diverted, and waits although there is room now");
    other.take();
    assert_eq!(agent.work(Tick::ZERO), Work::Done);
    assert_eq!((first.events(), other.events()), (vec![4], vec![3]));
    assert_eq!((account.read().input, account.read().out), (4, 4));
}

/// 6.c: Park(k).
#[test]
fn park_lets_others_pass_keeps_order_and_waits_when_it_is_full() {
    let [full, free] = [Collect::with_capacity(1), Collect::new()];
    let park = Park::new(2, full.clone());
    let books = park.account();
    let mut agent = Script::new([1u64, 2, 3, 10, 4, 11])
        .drive(ContentRouter::new(|n: &u64| usize::from(*n >= 10), (park, free.clone())));
    assert_eq!(agent.work(Tick::ZERO), Work::Busy(4), "1 is taken, 2 and 3 are parked, 10 passes, 4 waits");
    assert_eq!((full.events(), free.events()), (vec![1], vec![10]));
    assert_eq!(books.read().held, 2);
    assert_eq!(books.read().check(), Ok(()));
    let mut all = Vec::new();
    for _ in 0..3 {
        all.extend(full.take());
        assert_eq!(
            agent.work(Tick::ZERO) == Work::Done,
            all.len() == 3,
            "it goes on while something is parked"
        );
    }
    all.extend(full.take());
    assert_eq!((all, free.events()), (vec![1, 2, 3, 4], vec![10, 11]));
    assert_eq!((books.read().out, books.read().held), (4, 0));
}

#[test]
fn park_is_flushed_after_the_last_event() {
    let (tx, mut rx) = spsc::channel(1, || 0u64).unwrap();
    let mut agent = Script::new(1..=4u64).drive(Park::new(3, Forward::new(tx)));
    let seen = Collect::new();
    let mut turns = 0;
    while agent.work(Tick::ZERO) != Work::Done {
        let _ = rx.drain(Tick::ZERO, 1, &mut seen.clone());
        turns += 1;
        assert!(turns < 10);
    }
    let _ = rx.drain(Tick::ZERO, 1, &mut seen.clone());
    assert_eq!(seen.events(), [1, 2, 3, 4]);
}

#[test]
fn park_books_what_it_could_not_deliver() {
    let park = Park::new(3, Collect::<u64>::with_capacity(0));
    let account = park.account();
    let mut agent = Script::new(1..=2u64).drive(park);
    assert_eq!(agent.work(Tick::ZERO), Work::Idle);
    drop(agent);
    assert_eq!((account.read().held, account.read().dropped[Reason::Shutdown]), (0, 2));
    assert_eq!(account.read().check(), Ok(()));

    let full = Collect::<u64>::with_capacity(0);
    let park = Park::new(3, full.clone());
    let account = park.account();
    let mut agent = Script::new(1..=3u64).drive(park);
    let _ = agent.work(Tick::ZERO);
    full.close();
    assert_eq!(agent.work(Tick::ZERO), Work::Done);
    assert_eq!(account.read().check(), Ok(()));
}

#[test]
fn park_drops_a_parked_event_that_is_rejected_or_panicked_on() {
    for (below, reason) in [
        (Collect::with_capacity(1).rejecting(2, Fault::new(3)), Reason::NonRetryable),
        (Collect::with_capacity(1).panicking_at(2), Reason::Panic),
    ] {
        let park = Park::new(3, below.clone());
        let account = park.account();
        let mut park = Catch::new(park);
        let mut script = Script::new(1..=3u64).open();
        let _ = turn(&mut script, &mut park, Tick::ZERO);
        assert_eq!(below.take(), [1]);
        for _ in 0..3 {
            let _ = turn(&mut script, &mut park, Tick::ZERO);
        }
        assert_eq!(below.events(), [3]);
        assert_eq!(account.read().dropped[reason], 1);
        assert_eq!(account.read().check(), Ok(()));
    }
}
