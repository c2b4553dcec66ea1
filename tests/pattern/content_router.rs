//! Content-based router: one branch for each event, the first that its content says.
//!
//! 6.d7 (an enum router without a case does not compile) is a program in the docs of `pattern::content_router`; 6.d8 is in
//! `recipient_list.rs`.

use crate::kit::{Choke, Collect, Dice, Script, Terms, conforms, rejected, seeds, turn};
use ringmain::channel::{mpsc, spsc};
use ringmain::contract::{Agent, At, End, Fault, Flow, Halt, Reason, Sink, Source, Tick, Work};
use ringmain::pattern::{Catch, Change, ContentRouter, DeadLetter, Filter, HopLimit, LetterBox, NO_ROUTE};
use ringmain::pattern::{Overflow, Park, Refuse, RuleSwitch, Rules, Translator};
use ringmain::ring::Sequence;
use std::array::from_fn;
use std::cell::RefCell;
use std::rc::Rc;

const OPEN_ENDED: Terms = Terms { stop_ends: false, ..Terms::STRICT };

conforms!(
    plain,
    1..=100u64,
    |kit| {
        let hazard = kit.hazard();
        let by_rest = move |n: &u64| {
            hazard.pass();
            (n % 3) as usize
        };
        ContentRouter::new(by_rest, (kit.leaf::<u64>(), kit.leaf::<u64>(), kit.leaf::<u64>()))
    },
    OPEN_ENDED
);
conforms!(
    mut over_lent_events,
    1..=100u64,
    |kit| ContentRouter::new(|n: &u64| (n % 2) as usize, [kit.leaf::<u64>(), kit.leaf::<u64>()]),
    OPEN_ENDED
);
conforms!(
    with_rules,
    (1..=100u64).map(|n| n % 20),
    |kit| ContentRouter::new(small_or_large(), (kit.leaf::<u64>(), kit.leaf::<u64>(), kit.leaf::<u64>())),
    OPEN_ENDED
);
conforms!(
    with_a_rule_switch,
    1..=100u64,
    |kit| {
        let (mut control, changes) = spsc::channel(4, change_to_v2).unwrap();
        // The suite's scripts begin 5 before the wrap.
        control.push(Change { from: Sequence::new(44), rules: v2 }).unwrap();
        ContentRouter::new(RuleSwitch::new(v1 as Version, changes), [kit.leaf::<u64>(), kit.leaf::<u64>()])
    },
    OPEN_ENDED
);

type Version = fn(&u64) -> usize;

fn v1(_: &u64) -> usize {
    0
}

fn v2(_: &u64) -> usize {
    1
}

fn change_to_v2() -> Change<Version> {
    Change { from: Sequence::ZERO, rules: v2 }
}

type Rule = fn(&u64) -> bool;

fn small_or_large() -> Rules<(Rule, Rule)> {
    Rules::new((is_below_10 as Rule, is_below_100 as Rule)).otherwise(2)
}

fn is_below_10(v: &u64) -> bool {
    *v < 10
}

fn is_below_100(v: &u64) -> bool {
    *v < 100
}

/// 6.d1: 5, 50, 500, 7 by two rules and a default.
#[test]
fn content_router_1_first_rule_that_holds_else_the_default() {
    let outputs = [Collect::new(), Collect::new(), Collect::new()];
    let router = ContentRouter::new(small_or_large(), outputs.clone());
    let account = router.account();
    assert_eq!(Script::new([5u64, 50, 500, 7]).drive(router).work(Tick::ZERO), Work::Done);
    assert_eq!(outputs.map(|output| output.events()), [vec![5, 7], vec![50], vec![500]]);
    assert_eq!((account.read().input, account.read().out), (4, 4));
    assert_eq!(account.read().check(), Ok(()));
}

/// 6.d2: overlapping rules.
#[test]
fn content_router_2_where_two_rules_hold_the_first_wins() {
    let [a, b] = [Collect::new(), Collect::new()];
    let mut router = ContentRouter::new(Rules::new([is_below_10, is_below_100]), [a.clone(), b.clone()]);
    let _ = turn(&mut Script::new([5u64]), &mut router, Tick::ZERO);
    assert_eq!((a.events(), b.events()), (vec![5], vec![]));
}

/// 6.d3: without a default, 500 is a dead letter.
#[test]
fn content_router_3_no_rule_and_no_default_is_a_dead_letter() {
    let [a, b] = [Collect::new(), Collect::new()];
    let router = ContentRouter::new(Rules::new((is_below_10, is_below_100)), [a, b.clone()]);
    let account = router.account();
    let mut guarded = DeadLetter::new("router", Overflow::Block, LetterBox::new(4, || 0u64), router);
    let _ = turn(&mut Script::new([500, 50]), &mut guarded, Tick::ZERO);
    let letters: Vec<_> =
        guarded.letters().iter().map(|letter| (letter.event, letter.fault.reason)).collect();
    assert_eq!(letters, [(500, Reason::NoRoute)]);
    assert_eq!(b.events(), [50]);
    assert_eq!(account.read().dead_lettered[Reason::NoRoute], 1);
    assert_eq!(account.read().check(), Ok(()));
}

/// 6.d3: so is what a selector names no branch for.
#[test]
fn content_router_3_a_number_that_is_no_branch_has_no_route() {
    for number in [1, 63, 64, 65, NO_ROUTE] {
        let mut router = ContentRouter::new(move |_: &u64| number, (Collect::new(),));
        let rejection = rejected(turn(&mut Script::new([1u64]), &mut router, Tick::ZERO));
        assert_eq!(rejection, Some(Fault::of(Reason::NoRoute)), "{number}");
    }
}

/// 6.c: a panic of a predicate is a dead letter, not "false".
#[test]
fn content_router_3_a_predicate_that_panics_is_a_dead_letter_not_a_no() {
    let [a, b] = [Collect::new(), Collect::new()];
    let brittle = |v: &u64| {
        assert!(*v != 5, "the panic that the test asked for");
        true
    };
    let router = ContentRouter::new(Rules::new((brittle,)).otherwise(1), [a.clone(), b.clone()]);
    let letters = LetterBox::new(4, || 0u64);
    let mut guarded = DeadLetter::new("router", Overflow::Block, letters, Catch::new(router));
    let _ = turn(&mut Script::new([4, 5, 6]), &mut guarded, Tick::ZERO);
    assert_eq!(guarded.letters().iter().next().unwrap().fault.reason, Reason::Panic);
    assert_eq!((a.events(), b.events()), (vec![4, 6], vec![]));
}

/// 6.d4: 50 waits behind a full output; with room for one parked it does not.
#[test]
fn content_router_4_a_full_output_holds_up_the_others_unless_it_parks() {
    let outputs = || [Collect::with_capacity(2), Collect::new()];
    let inputs = [5u64, 5, 5, 50];

    let [a, b] = outputs();
    let mut blocking = ContentRouter::new(Rules::new([is_below_10, is_below_100]), (a.clone(), b.clone()));
    let mut script = Script::new(inputs);
    for _ in 0..3 {
        let _ = turn(&mut script, &mut blocking, Tick::ZERO);
    }
    assert!(b.is_empty(), "head of line");
    a.take();
    let _ = turn(&mut script, &mut blocking, Tick::ZERO);
    assert_eq!((a.events(), b.events()), (vec![5], vec![50]));

    let [a, b] = outputs();
    let parking = (Park::new(1, a.clone()), b.clone());
    let mut router = ContentRouter::new(Rules::new([is_below_10, is_below_100]), parking);
    let mut script = Script::new(inputs);
    let _ = turn(&mut script, &mut router, Tick::ZERO);
    assert_eq!(b.events(), [50], "at once");
    assert_eq!(a.take(), [5, 5]);
    let _ = turn(&mut script, &mut router, Tick::ZERO);
    assert_eq!(a.events(), [5], "the one that was parked");
}

/// 6.d5: one set of rules for each event, over 10^4 seeds; the branches stamp what they get with the
/// version.
#[test]
fn content_router_5_rules_change_at_one_sequence_number() {
    switch_at(1001, 2000, 64, 1);
    for seed in seeds(10_000) {
        switch_at(seed % 60, 64, 8, seed);
    }
}

/// Plays `events` through a ring of `capacity` in batches of random size; the change for `from` is published
/// at a random time before event `from`. Each branch stamps what it gets with the version that it reads.
fn switch_at(from: u64, events: u64, capacity: usize, seed: u64) {
    let mut dice = Dice::new(seed);
    let (mut tx, rx) = spsc::channel(capacity, || 0u64).unwrap();
    let (mut control, changes) = spsc::channel(2, change_to_v2).unwrap();
    let rules = RuleSwitch::new(v1 as Version, changes);
    let version = rules.version();
    let judged = [Collect::new(), Collect::new()];
    let branches = judged.each_ref().map(|judged| {
        let version = version.clone();
        let stamp = move |n: &u64, slot: &mut (u64, u64)| -> Flow {
            *slot = (*n, version.get());
            Ok(())
        };
        Translator::new(stamp, judged.clone())
    });
    let mut agent = rx.drive(ContentRouter::new(rules, branches)).limit(1 + dice.below(5) as usize);
    let mut announce_at = Some(dice.below(from + 1));
    let mut sent = 0;
    while sent < events {
        if dice.one_in(2) {
            if announce_at.take_if(|at| *at == sent).is_some() {
                control.push(Change { from: Sequence::new(from), rules: v2 }).unwrap();
            }
            sent += u64::from(tx.push(sent).is_ok());
        } else {
            let _ = agent.work(Tick::ZERO);
        }
    }
    drop(tx);
    while agent.work(Tick::ZERO) != Work::Done {}
    let [old, new] = judged.map(|judged| judged.events());
    assert_eq!(old, (0..from).map(|n| (n, 0)).collect::<Vec<_>>(), "seed {seed}");
    assert_eq!(new, (from..events).map(|n| (n, 1)).collect::<Vec<_>>(), "seed {seed}");
}

/// 6.c: changes that are late, and several for one number.
#[test]
fn content_router_5_changes_that_come_late_or_together_take_effect_in_order() {
    let (mut control, changes) = spsc::channel(4, change_to_v2).unwrap();
    let rules = RuleSwitch::new(v1 as Version, changes);
    let version = rules.version();
    let [a, b, c] = [Collect::new(), Collect::new(), Collect::new()];
    let mut router = ContentRouter::new(rules, [a.clone(), b.clone(), c.clone()]);
    let mut script = Script::new(0..4u64).open();
    let _ = turn(&mut script, &mut router, Tick::ZERO);
    // One that is late, two for the same number: the second of them stands.
    let late = Change { from: Sequence::new(2), rules: v2 as Version };
    control.push(late).unwrap();
    control.push(Change { from: Sequence::new(6), rules: v1 }).unwrap();
    control.push(Change { from: Sequence::new(6), rules: |_| 2 }).unwrap();
    drop(control);
    for n in 4..8 {
        script.then(n);
    }
    let _ = turn(&mut script, &mut router, Tick::ZERO);
    assert_eq!((a.events(), b.events(), c.events()), (vec![0, 1, 2, 3], vec![4, 5], vec![6, 7]));
    assert_eq!(version.get(), 3);
}

/// 6.d6: a million random events.
#[test]
fn content_router_6_order_is_kept_within_each_output() {
    const EVENTS: u64 = if cfg!(miri) { 500 } else { 1_000_000 };
    let (mut dice, last) = (Dice::new(7), RefCell::new([None::<u64>; 4]));
    let last = Rc::new(last);
    let branch = |i: usize| {
        let last = last.clone();
        move |event: &(u64, usize), _: At| -> Flow {
            assert_eq!(event.1, i);
            assert!(last.borrow()[i] < Some(event.0), "out of order");
            last.borrow_mut()[i] = Some(event.0);
            Ok(())
        }
    };
    let router =
        ContentRouter::new(|event: &(u64, usize)| event.1, (branch(0), branch(1), branch(2), branch(3)));
    let account = router.account();
    let (mut tx, rx) = spsc::channel(64, || (0, 0)).unwrap();
    let mut agent = rx.drive(router);
    let mut n = 0;
    while n < EVENTS {
        while n < EVENTS && tx.push((n, dice.below(4) as usize)).is_ok() {
            n += 1;
        }
        let _ = agent.work(Tick::ZERO);
    }
    assert_eq!(account.read().out, EVENTS);
}

/// 6.c: an output that is taken away at run time.
#[test]
fn content_router_rejects_what_is_for_a_closed_branch_and_ends_with_the_last() {
    let outputs = [Collect::new().stopping_at(1), Collect::new().stopping_at(2)];
    let mut router = ContentRouter::new(|n: &u64| (n % 2) as usize, outputs.clone());
    let mut script = Script::new([0u64, 1, 2, 3, 4]);
    assert_eq!(rejected(turn(&mut script, &mut router, Tick::ZERO)), Some(Fault::of(Reason::Closed)));
    let _ = turn(&mut script, &mut router, Tick::ZERO);
    assert_eq!(script.consumed(), 4, "it ends with its last branch");
    assert_eq!(outputs.map(|output| output.events()), [vec![0], vec![1, 3]]);
}

/// 6.c: each event is judged once, also if it comes again.
#[test]
fn content_router_asks_once_for_each_event() {
    let mut asked = 0;
    let alternate = |_: &u64| {
        asked += 1;
        asked % 2
    };
    let outputs = [Collect::with_capacity(1), Collect::with_capacity(1)];
    let mut router = ContentRouter::new(alternate, outputs.clone());
    let mut script = Script::new(0..6u64);
    let mut all = [vec![], vec![]];
    for _ in 0..20 {
        let _ = turn(&mut script, &mut router, Tick::ZERO);
        all[0].extend(outputs[0].take());
        let _ = turn(&mut script, &mut router, Tick::ZERO);
        all[1].extend(outputs[1].take());
    }
    assert_eq!(all, [vec![1, 3, 5], vec![0, 2, 4]]);
}

/// 6.c: routing does not copy.
#[test]
fn content_router_passes_on_the_event_itself() {
    let to = Collect::new();
    let mut script = Script::new(0..4u64);
    let _ = turn(&mut script, &mut ContentRouter::new(|_: &u64| 0, (to.clone(),)), Tick::ZERO);
    let there: Vec<_> = script.events().iter().map(|n| std::ptr::from_ref(n).addr()).collect();
    assert_eq!(to.addresses(), there);
}

/// 6.c: a branch that leads back to its own router: who goes round is counted, and let go of.
#[test]
fn content_router_lets_go_of_what_goes_round_for_ever() {
    type Lap = (u64, u8);
    let (mut tx, rx) = mpsc::channel(4, Lap::default).unwrap();
    let one_more = |event: &Lap, slot: &mut Lap| -> Flow {
        *slot = (event.0, event.1 + 1);
        Ok(())
    };
    let out = Collect::new();
    let round = Refuse::new(Translator::new(one_more, tx.clone()));
    let router = ContentRouter::new(|event: &Lap| usize::from(event.0 >= 10), (round, out.clone()));
    let routed = router.account();
    let limited = Filter::new(HopLimit::new(3, |event: &Lap| event.1), router);
    let books = limited.account();
    let mut agent = rx.drive(limited);
    tx.push((5, 0)).unwrap();
    tx.push((50, 0)).unwrap();
    while agent.work(Tick::ZERO) != Work::Idle {}
    assert_eq!(out.events(), [(50, 0)]);
    assert_eq!((routed.read().out, books.read().dropped[Reason::LoopLimit]), (4, 1), "three laps of 5");
    assert_eq!(books.read().check(), Ok(()));
}

/// 6.c: there is no room in a ring for what its own last slot holds: a branch back into it must not wait.
#[test]
fn content_router_refuses_a_way_back_into_a_full_ring() {
    let (mut tx, rx) = mpsc::channel(1, || 0u64).unwrap();
    let copy = |n: &u64, slot: &mut u64| -> Flow {
        *slot = *n;
        Ok(())
    };
    let round = Refuse::new(Translator::new(copy, tx.clone()));
    let refused = round.account();
    let mut agent = rx.drive(ContentRouter::new(|_: &u64| 0, (round,)));
    tx.push(5).unwrap();
    let _ = agent.work(Tick::ZERO);
    assert_eq!(agent.work(Tick::ZERO), Work::Idle);
    assert_eq!(refused.read().dead_lettered[Reason::RingFull], 1);
    assert_eq!(refused.read().check(), Ok(()));
}

/// 6: rules with and without a default, switched or not, over branches that wait, park or end and are full at random:
/// what a list of rules says that is gone through by hand.
#[test]
fn content_router_agrees_with_a_list_of_rules() {
    for seed in seeds(100_000) {
        agrees_with_a_list(seed);
    }
}

/// Rule `i` holds for numbers that leave a rest when divided.
#[derive(Clone, Copy)]
struct List {
    rests: [(u64, u64); 3],
    otherwise: usize,
}

impl List {
    fn any(dice: &mut Dice) -> Self {
        let rests = from_fn(|_| {
            let by = 1 + dice.below(5);
            (by, dice.below(by))
        });
        Self { rests, otherwise: dice.pick(&[0, 3, 3, NO_ROUTE]) }
    }
    fn branch(&self, v: u64) -> usize {
        for (i, (by, rest)) in self.rests.into_iter().enumerate() {
            if v % by == rest {
                return i;
            }
        }
        self.otherwise
    }
    fn rules(&self) -> Rules<[impl FnMut(&u64) -> bool + use<>; 3]> {
        Rules::new(self.rests.map(|(by, rest)| move |v: &u64| v % by == rest)).otherwise(self.otherwise)
    }
}

fn agrees_with_a_list(seed: u64) {
    let mut dice = Dice::new(seed);
    let lists = [List::any(&mut dice), List::any(&mut dice)];
    let events: Vec<u64> = (0..12).map(|_| dice.below(60)).collect();
    let switch = dice.below(18);
    let mortal = dice.one_in(8);
    let parks = [0; 4].map(|none| if mortal { none } else { dice.below(3) as usize });
    let stops = [0; 4].map(|_| (mortal && !dice.one_in(8)).then(|| 1 + dice.below(3) as usize));

    let mut want: [Vec<u64>; 4] = Default::default();
    let (mut faults, mut consumed) = (Vec::new(), 0);
    for (n, v) in (0..).zip(&events) {
        let branch = lists[usize::from(n >= switch)].branch(*v);
        match want.get(branch).map(Vec::len) {
            None => faults.push(Reason::NoRoute),
            taken if taken == stops[branch] => faults.push(Reason::Closed),
            _ => want[branch].push(*v),
        }
        consumed = n + 1;
        if want.iter().zip(stops).all(|(taken, stop)| Some(taken.len()) == stop) {
            break;
        }
    }

    let outputs = stops.map(|stop| stop.map_or_else(Collect::new, |nth| Collect::new().stopping_at(nth)));
    let branches = from_fn(|i| Park::new(parks[i], Choke::at_random(seed + i as u64, 2, outputs[i].clone())));
    let change = || Change { from: Sequence::new(switch), rules: lists[1].rules() };
    let (mut control, changes) = spsc::channel(1, change).unwrap();
    assert!(control.push(change()).is_ok());
    let rules = RuleSwitch::new(lists[0].rules(), changes);
    let version = rules.version();
    let mut router: ContentRouter<_, [_; 4]> = ContentRouter::new(rules, branches);
    let books = router.account();
    let mut script = Script::new(events);
    let mut said = Vec::new();
    loop {
        let (drained, after) = turn(&mut script, &mut router, Tick::ZERO);
        match drained.end {
            Some(End::Halted(Halt::Reject(fault))) => said.push(fault.reason),
            Some(End::Halted(Halt::Stop)) => break,
            Some(End::Closed) if after.is_ok() => break,
            _ => {}
        }
    }
    drop(router);
    assert_eq!(outputs.map(|output| output.take()), want, "seed {seed}");
    assert_eq!((said, script.consumed() as u64), (faults.clone(), consumed), "seed {seed}");
    assert_eq!(version.get(), u64::from(switch < consumed), "seed {seed}");
    let books = books.read();
    assert_eq!((books.input, books.dead_lettered.total()), (consumed, faults.len() as u64), "seed {seed}");
    assert_eq!(books.check(), Ok(()), "seed {seed}");
}
