use crate::kit::{Collect, Script, Terms, conforms, rejected, turn};
use ringmain::channel::spsc;
use ringmain::contract::{Agent, At, Fault, Flow, Reason, Sink, Source, Tick, Work};
use ringmain::pattern::{Catch, Change, ContentRouter, DeadLetter, LetterBox, NO_ROUTE, Overflow, Park};
use ringmain::pattern::{RuleSwitch, Rules};
use ringmain::ring::Sequence;
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
    for seed in 0..if cfg!(miri) { 20 } else { 10_000 } {
        switch_at(seed % 60, 64, 8, seed);
    }
}

/// Plays `events` through a ring of `capacity` in batches of random size; the change for `from` is published
/// at a random time before event `from`.
fn switch_at(from: u64, events: u64, capacity: usize, seed: u64) {
    let mut dice = Dice(seed);
    let (mut tx, rx) = spsc::channel(capacity, || 0u64).unwrap();
    let (mut control, changes) = spsc::channel(2, change_to_v2).unwrap();
    let rules = RuleSwitch::new(v1 as Version, changes);
    let version = rules.version();
    let judged = [Collect::new(), Collect::new()];
    let mut agent = rx.drive(ContentRouter::new(rules, judged.clone())).limit(1 + dice.below(5) as usize);
    let mut announce_at = Some(dice.below(from + 1));
    let mut sent = 0;
    while sent < events {
        if dice.below(2) == 0 {
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
    assert_eq!(old, (0..from).collect::<Vec<_>>(), "seed {seed}");
    assert_eq!(new, (from..events).collect::<Vec<_>>(), "seed {seed}");
    assert_eq!(version.get(), 1);
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

/// 6.d6: a million random events. (6.d7, an enum router without a case, is a program in the docs of
/// `ContentRouter` that does not compile.)
#[test]
fn content_router_6_order_is_kept_within_each_output() {
    const EVENTS: u64 = if cfg!(miri) { 500 } else { 1_000_000 };
    let (mut dice, last) = (Dice(7), RefCell::new([None::<u64>; 4]));
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

/// Knuth's generator: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}
