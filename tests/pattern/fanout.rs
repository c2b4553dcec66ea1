//! Fan-out: each branch has every event once, where it lies.
//!
//! 5.d6, the half of it that must not compile (a branch over `&mut T`), is a program in the docs of `pattern::fanout`.

mod rings;

use crate::kit::{Choke, Collect, Dice, Script, Terms, conforms, rejected, seeds, turn, turn_mut};
use ringmain::channel::multicast::Multicast;
use ringmain::channel::spsc;
use ringmain::contract::{Agent, At, End, Fault, Halt, Reason, Sink, Source, Stage, Tick, Work, each};
use ringmain::pattern::{AllOrNothing, Catch, Fanout, Forward, Shed};
use ringmain::ring::Sequence;

const OPEN_ENDED: Terms = Terms { stop_ends: false, ..Terms::STRICT };

conforms!(
    plain,
    1..=100u64,
    |kit| Fanout::new((kit.leaf::<u64>(), kit.leaf::<u64>(), kit.leaf::<u64>())),
    OPEN_ENDED
);
conforms!(
    mut over_lent_events,
    1..=100u64,
    |kit| Fanout::new([kit.leaf::<u64>(), kit.leaf::<u64>()]),
    OPEN_ENDED
);
conforms!(requiring_all, 1..=100u64, |kit| Fanout::new([kit.leaf::<u64>(), kit.leaf::<u64>()])
    .requiring([0, 1]));
conforms!(all_or_nothing, 1..=100u64, |kit| AllOrNothing::new((
    kit.sink::<u64>(),
    kit.sink::<u64>(),
    kit.sink::<u64>()
)));
conforms!(
    with_a_branch_that_sheds,
    1..=100u64,
    |kit| Fanout::new((Shed::new(kit.leaf::<u64>()), kit.leaf::<u64>())),
    Terms { waits: false, ..OPEN_ENDED }
);

/// 5.d1: three branches, 1..=1000 each; 1000 in and folded, 3000 generated and out.
#[test]
fn fanout_1_each_branch_gets_everything() {
    let [a, b, c] = [Collect::new(), Collect::new(), Collect::new()];
    let fanout = Fanout::new((a.clone(), b.clone(), c.clone()));
    let account = fanout.account();
    let mut agent = Script::new(1..=1000u64).drive(fanout);
    assert_eq!(agent.work(Tick::ZERO), Work::Done);
    let all: Vec<_> = (1..=1000).collect();
    assert_eq!([a.events(), b.events(), c.events()], [all.clone(), all.clone(), all]);
    let books = account.read();
    assert_eq!((books.input, books.folded, books.generated, books.out), (1000, 1000, 3000, 3000));
    assert_eq!(books.check(), Ok(()));
}

/// 5.d2: a diamond; the join sees an event when both flags are set.
#[test]
fn fanout_2_a_join_comes_after_both_branches() {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    const EVENTS: u64 = if cfg!(miri) { 50 } else { 20_000 };
    struct Flags {
        a: AtomicU64,
        b: AtomicU64,
        n: u64,
    }
    let mut ring = Multicast::new(8, || Flags { a: 0.into(), b: 0.into(), n: 0 }).unwrap();
    let a = ring.reader("a", &[]);
    let b = ring.reader("b", &[]);
    let join = ring.reader("join", &[&a, &b]);
    let mut tx = ring.build().unwrap();
    let joined = std::thread::scope(|scope| {
        scope.spawn(|| until_done(a.drive(each(|event: &Flags| event.a.store(event.n, Relaxed)))));
        scope.spawn(|| until_done(b.drive(each(|event: &Flags| event.b.store(event.n, Relaxed)))));
        let joined = scope.spawn(|| {
            let mut joined = 0;
            until_done(join.drive(each(|event: &Flags| {
                joined += 1;
                assert_eq!((event.a.load(Relaxed), event.b.load(Relaxed), event.n), (joined, joined, joined));
            })));
            joined
        });
        for n in 1..=EVENTS {
            while tx.offer(|event| event.n = n).is_err() {
                std::thread::yield_now();
            }
        }
        drop(tx);
        joined.join().unwrap()
    });
    assert_eq!(joined, EVENTS);
}

fn until_done(mut agent: impl Agent) {
    while agent.work(Tick::ZERO) != Work::Done {
        std::thread::yield_now();
    }
}

/// 5.d3: the journal stalls at 5.
#[test]
fn fanout_3_a_branch_that_stalls_stops_the_join_and_not_the_other() {
    const CAPACITY: u64 = 8;
    let mut ring = Multicast::new(CAPACITY as usize, || 0u64).unwrap();
    let mut journal = ring.reader("journal", &[]);
    let mut other = ring.reader("other", &[]);
    let mut join = ring.reader("join", &[&journal, &other]);
    let mut tx = ring.build().unwrap();
    let seen = [Collect::new(), Collect::new(), Collect::new()];
    let mut n = 0;
    for _ in 0..20 {
        while tx.offer(|slot| *slot = n + 1).is_ok() {
            n += 1;
        }
        let left = 4 - seen[0].len();
        let _ = journal.drain(Tick::ZERO, left, &mut seen[0].clone());
        let _ = other.drain(Tick::ZERO, usize::MAX, &mut seen[1].clone());
        let _ = join.drain(Tick::ZERO, usize::MAX, &mut seen[2].clone());
    }
    let upto = |n| (1..=n).collect::<Vec<u64>>();
    assert_eq!(seen[0].events(), upto(4), "the journal stalls at 5");
    assert_eq!(seen[2].events(), upto(4), "so the join stops at 4");
    assert_eq!(seen[1].events(), upto(4 + CAPACITY), "and the other is a lap ahead");
}

/// 5.d4: ring b is full, rings a and c are unchanged.
#[test]
fn fanout_4_all_or_nothing_leaves_every_ring_alone_when_one_is_full() {
    let (a, from_a) = spsc::channel(4, || 0u64).unwrap();
    let (b, mut from_b) = spsc::channel(2, || 0u64).unwrap();
    let (c, from_c) = spsc::channel(4, || 0u64).unwrap();
    let mut all = AllOrNothing::new((a, b, c));
    let account = all.account();
    let mut script = Script::new(1..=3u64);
    let (drained, _) = turn(&mut script, &mut all, Tick::ZERO);
    assert_eq!(drained.end, Some(End::Halted(Halt::Again)), "ring b is full");
    assert_eq!((from_a.len(), from_b.len(), from_c.len()), (2, 2, 2));
    let _ = from_b.drain(Tick::ZERO, 1, &mut each(|_: &u64| ()));
    let _ = turn(&mut script, &mut all, Tick::ZERO);
    assert_eq!((from_a.len(), from_b.len(), from_c.len()), (3, 2, 3));
    assert_eq!((account.read().folded, account.read().out), (3, 9));
    assert_eq!(account.read().check(), Ok(()));
}

/// 5.d4: nor does anything show of a copy that panicked half-way.
#[test]
fn fanout_4_all_or_nothing_publishes_nowhere_when_the_copy_panics() {
    #[derive(Default, Debug)]
    struct Brittle(u64);
    impl Clone for Brittle {
        fn clone(&self) -> Self {
            assert!(self.0 != 2, "the panic that the test asked for");
            Self(self.0)
        }
    }
    let (a, from_a) = spsc::channel(4, Brittle::default).unwrap();
    let (b, from_b) = spsc::channel(4, Brittle::default).unwrap();
    let mut all = Catch::new(AllOrNothing::new([a, b]));
    let mut script = Script::new([1, 2, 3].map(Brittle));
    assert_eq!(rejected(turn(&mut script, &mut all, Tick::ZERO)), Some(Fault::of(Reason::Panic)));
    let _ = turn(&mut script, &mut all, Tick::ZERO);
    assert_eq!((from_a.len(), from_b.len()), (2, 2));
}

/// 5.d5: ten events, four slots at b, which stalls: six are dropped there.
#[test]
fn fanout_5_best_effort_drops_for_the_stalled_branch_alone() {
    let a = Collect::new();
    let (to_b, from_b) = spsc::channel(4, || 0u64).unwrap();
    let b = Shed::new(Forward::new(to_b));
    let dropped = b.account();
    let _ = turn(&mut Script::new(1..=10u64), &mut Fanout::new((a.clone(), b)), Tick::ZERO);
    assert_eq!((a.len(), from_b.len()), (10, 4));
    assert_eq!(dropped.read().dropped[Reason::RingFull], 6);
    assert_eq!(dropped.read().check(), Ok(()));
}

/// 5.d6: one address for all.
#[test]
fn fanout_6_the_branches_see_one_address() {
    let [a, b, c] = [Collect::new(), Collect::new(), Collect::new()];
    let (mut tx, mut rx) = spsc::channel(4, || 0u64).unwrap();
    let mut written = Vec::new();
    for n in 1..=4 {
        tx.offer(|slot| {
            *slot = n;
            written.push(std::ptr::from_ref(slot).addr());
        })
        .unwrap();
    }
    let _ = rx.drain(Tick::ZERO, 4, &mut Fanout::new((a.clone(), b.clone(), c.clone())));
    assert_eq!([a.addresses(), b.addresses(), c.addresses()], [written.clone(), written.clone(), written]);
}

/// 5.d7: monotone, and the minimum of the cursors.
#[test]
fn fanout_7_joined_goes_forward_and_is_the_slowest() {
    let mut ring = Multicast::new(8, || 0u64).unwrap();
    let mut branches = [ring.reader("a", &[]), ring.reader("b", &[]), ring.reader("c", &[])];
    let mut tx = ring.build().unwrap();
    let mut before = 0;
    let mut dice = Dice::new(1);
    for _ in 0..500 {
        while tx.offer(|_| ()).is_ok() {}
        let (who, how_far) = (dice.below(3), dice.below(5));
        let _ = branches[who as usize].drain(Tick::ZERO, how_far as usize, &mut each(|_: &u64| ()));
        let slowest = branches.iter().map(|branch| branch.next().count()).min().unwrap();
        assert_eq!(tx.joined().count(), slowest);
        assert!(slowest >= before);
        before = slowest;
    }
    assert!(before > 100, "it went nowhere");
}

/// 5.c: a branch that refuses the event costs the others nothing, and the refusal is told once.
#[test]
fn fanout_goes_on_past_a_rejection_and_tells_the_first() {
    let (a, b) = (Fault::new(1), Fault::new(2));
    let last = Collect::new();
    let mut fanout = Fanout::new((
        Choke::new(3, Collect::<u64>::new().rejecting(1, a)),
        Collect::<u64>::new().rejecting(1, b),
        last.clone(),
    ));
    let mut script = Script::new([7, 8]);
    let mut faults = Vec::new();
    for _ in 0..10 {
        faults.extend(rejected(turn(&mut script, &mut fanout, Tick::ZERO)));
    }
    assert_eq!(last.events(), [7, 8]);
    assert_eq!(faults, [b], "once an event, and the first that came: branch 0 was not ready");
}

#[test]
fn fanout_begins_a_new_round_after_a_panic() {
    let (first, last) = (Collect::new(), Collect::new());
    let mut fanout =
        Catch::new(Fanout::new((first.clone(), Collect::<u64>::new().panicking_at(1), last.clone())));
    let mut script = Script::new([1, 2]);
    let _ = turn(&mut script, &mut fanout, Tick::ZERO);
    let _ = turn(&mut script, &mut fanout, Tick::ZERO);
    assert_eq!((first.events(), last.events()), (vec![1, 2], vec![2]));
}

#[test]
fn fanout_begins_a_new_round_for_another_event() {
    // The event that was to come again was given up above; the next one is not the same.
    let (open, full) = (Collect::new(), Collect::with_capacity(0));
    let mut fanout = Fanout::new((open.clone(), full.clone()));
    for n in 0..3u64 {
        let at = At { seq: Sequence::new(n), now: Tick::ZERO };
        assert_eq!(Stage::<&u64>::on_event(&mut fanout, &n, at), Err(Halt::Again));
        assert_eq!(Stage::<&u64>::on_event(&mut fanout, &n, at), Err(Halt::Again));
    }
    assert_eq!((open.events(), full.events()), (vec![0, 1, 2], vec![]));
}

/// 5.c: required and optional branches.
#[test]
fn fanout_ends_with_its_last_branch_or_with_a_required_one() {
    let [a, b] = [Collect::<u64>::new().stopping_at(3), Collect::new().stopping_at(5)];
    let mut any = Script::new(1..=9u64).drive(Fanout::new([a.clone(), b.clone()]));
    assert_eq!(any.work(Tick::ZERO), Work::Done);
    assert_eq!((a.events(), b.events()), (vec![1, 2, 3], vec![1, 2, 3, 4, 5]));

    let [a, b] = [Collect::<u64>::new().stopping_at(3), Collect::new()];
    let mut one = Script::new(1..=9u64).drive(Fanout::new([a, b.clone()]).requiring([0]));
    assert_eq!(one.work(Tick::ZERO), Work::Done);
    assert_eq!(b.events(), [1, 2, 3]);
}

#[test]
fn fanout_lends_nothing() {
    let copy = Collect::new();
    let mut script = Script::new([1u64, 2]);
    let _ = turn_mut(&mut script, &mut Fanout::new((copy.clone(),)), Tick::ZERO);
    assert_eq!(copy.events(), script.events());
}

/// 5.c: an optional branch that dies, of a ring that nobody reads any more or of a panic, is detached; the required ones
/// go on, and end it when one of them dies.
#[test]
fn fanout_detaches_an_optional_branch_that_dies() {
    let required = Collect::new().stopping_at(9);
    let (to_nobody, from) = spsc::channel(2, || 0u64).unwrap();
    drop(from);
    let dead = Forward::new(to_nobody);
    let booked = dead.account();
    let panicking = Catch::new(Collect::<u64>::new().panicking_at(3));
    let fanout = Fanout::new((required.clone(), dead, panicking)).requiring([0]);
    let account = fanout.account();
    let mut agent = Script::new(1..=20u64).drive(fanout);
    while agent.work(Tick::ZERO) != Work::Done {}
    assert_eq!(required.events(), (1..=9).collect::<Vec<_>>(), "it ends with the required branch");
    let booked = booked.read();
    assert_eq!(booked.dropped[Reason::Shutdown], 1, "closed is said once, and then nobody asks it again");
    assert_eq!((account.read().input, account.read().generated), (9, 9 + booked.input + 9));
    assert_eq!(account.read().check(), Ok(()));
}

/// 5.c: a required branch ends with an event that another has no room for yet: that one gets it before all end.
#[test]
fn fanout_brings_the_last_event_to_all() {
    let (full, required) = (Collect::with_capacity(1), Collect::new().stopping_at(2));
    let fanout = Fanout::new((full.clone(), required)).requiring([1]);
    let account = fanout.account();
    let mut agent = Script::new(1..=9u64).drive(fanout);
    assert_eq!(agent.work(Tick::ZERO), Work::Busy(1));
    assert_eq!(agent.work(Tick::ZERO), Work::Idle, "2 waits");
    assert_eq!(full.take(), [1]);
    assert_eq!(agent.work(Tick::ZERO), Work::Done);
    assert_eq!(full.events(), [2]);
    drop(agent);
    assert_eq!((account.read().input, account.read().generated), (2, 4));
}

/// 5.c: an optional branch in gate mode: a reader that may leave gates nobody when it is gone, and is not waited for when joined.
#[test]
fn fanout_goes_on_without_an_optional_reader() {
    let mut ring = Multicast::new(4, || 0u64).unwrap();
    let mut book = ring.reader("book", &[]);
    let screen = ring.optional().reader("screen", &[]);
    let mut tx = ring.build().unwrap();
    let mut fill_up = || (0..9).take_while(|_| tx.offer(|slot| *slot += 1).is_ok()).count();
    assert_eq!(fill_up(), 4);
    assert_eq!(book.drain(Tick::ZERO, 9, &mut each(|_: &u64| ())).count, 4);
    assert_eq!(fill_up(), 0, "the screen stands still");
    drop(screen);
    assert_eq!(fill_up(), 4, "and is gone");
}

/// 5: branches that are full, reject or end at random, some of them shedding, some required: a list for each branch.
#[test]
fn fanout_agrees_with_a_list_for_each_branch() {
    for seed in seeds(100_000) {
        agrees_with_lists(seed);
    }
}

fn agrees_with_lists(seed: u64) {
    const EVENTS: usize = 12;
    let mut dice = Dice::new(seed);
    // The nth event, if any, that a branch rejects or ends with.
    let mut nth = |one_in| dice.one_in(one_in).then(|| 1 + dice.below(EVENTS as u64) as usize);
    let plans = [(); 3].map(|()| (nth(4), nth(4)));
    let required = [(); 3].map(|()| dice.one_in(4));

    // A branch that ends has the event it ended with; a rejected one is lost for that branch alone.
    let mut want = [(); 3].map(|()| Vec::new());
    let (mut open, mut consumed, mut faults, mut generated) = ([true; 3], 0, 0, 0);
    for n in 1..=EVENTS {
        consumed = n;
        let mut rejected = false;
        for (branch, (reject, stop)) in plans.into_iter().enumerate() {
            if !open[branch] {
                continue;
            }
            generated += 1;
            if reject == Some(n) {
                rejected = true;
            } else {
                want[branch].push(n as u64);
                // Its own count: a branch is offered each event once.
                open[branch] = stop != Some(n);
            }
        }
        faults += usize::from(rejected);
        if !open.contains(&true) || open.iter().zip(required).any(|(open, needed)| needed && !open) {
            break;
        }
    }

    let outputs = plans.map(|(reject, stop)| {
        let mut output = Collect::new();
        if let Some(nth) = reject {
            output = output.rejecting(nth, Fault::new(1));
        }
        stop.into_iter().fold(output, Collect::stopping_at)
    });
    let branch = |i: usize| Choke::at_random(seed.wrapping_mul(3) + i as u64, 2, outputs[i].clone());
    let fanout = Fanout::new([branch(0), branch(1), branch(2)]);
    let mut fanout = fanout.requiring((0..3).filter(|i| required[*i]));
    let books = fanout.account();
    let mut script = Script::new(1..=EVENTS as u64);
    let mut told = 0;
    loop {
        let (drained, after) = turn(&mut script, &mut fanout, Tick::ZERO);
        match drained.end {
            Some(End::Halted(Halt::Reject(_))) => told += 1,
            Some(End::Halted(Halt::Stop) | End::Closed) => break,
            _ => {}
        }
        if after == Err(Halt::Stop) {
            break;
        }
    }
    drop(fanout);
    assert_eq!(outputs.map(|output| output.take()), want, "seed {seed}");
    assert_eq!((script.consumed(), told), (consumed, faults), "seed {seed}");
    let books = books.read();
    assert_eq!((books.folded, books.generated), (consumed as u64, generated), "seed {seed}");
    assert_eq!(books.check(), Ok(()), "seed {seed}");
}
