//! The suite that every pattern passes, whatever it does.

use super::{Choke, Collect, Script, allocations};
use ringmain::contract::{Account, Balance, Drained, End, Fault, Flow, Halt, Source, SourceMut};
use ringmain::contract::{Stage, Tick};
use ringmain::ring::Sequence;
use std::cell::Cell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

/// Tests of one pattern, in a module of the name given: six rules, for a stage that is built over the leaves
/// of a [`Kit`] and has an `account()`.
///
/// ```ignore
/// conforms!(filter, 1..=100u64, |kit| Filter::new(|n: &u64| n % 2 == 0, kit.leaf::<u64>()));
/// conforms!(mut edit, 1..=100u64, |kit| ...);                 // for a stage over `&mut T`
/// conforms!(router, 1..=100u64, |kit| ..., Terms { stop_ends: false, ..Terms::STRICT });
/// ```
/// The stage must bring at least ten events to its first leaf. A user's closure in it calls [`Hazard::pass`]
/// of `kit.hazard()`, so that the suite can let it panic.
macro_rules! conforms {
    (mut $name:ident, $events:expr, |$kit:ident| $stage:expr $(, $terms:expr)?) => {
        $crate::kit::conforms!(
            @ $name, $events, $kit, $stage, turn_mut, [$($terms,)? $crate::kit::Terms::STRICT]
        );
    };
    ($name:ident, $events:expr, |$kit:ident| $stage:expr $(, $terms:expr)?) => {
        $crate::kit::conforms!(
            @ $name, $events, $kit, $stage, turn, [$($terms,)? $crate::kit::Terms::STRICT]
        );
    };
    (@ $name:ident, $events:expr, $kit:ident, $stage:expr, $turn:ident, [$terms:expr $(, $strict:expr)?]) => {
        mod $name {
            #[allow(unused_imports, reason = "whatever the builder names")]
            use super::*;
            use $crate::kit::Rule;

            fn check(rule: Rule) {
                let build = |$kit: &mut $crate::kit::Kit| {
                    let stage = $stage;
                    let account = stage.account();
                    (stage, account)
                };
                let events = || ::std::iter::Iterator::collect(::std::iter::IntoIterator::into_iter($events));
                $crate::kit::conformance(rule, $terms, events, build, $crate::kit::$turn);
            }
            #[test]
            fn rule_1_a_choke_changes_nothing() {
                check(Rule::Choke);
            }
            #[test]
            fn rule_2_each_leaf_hears_of_each_turn() {
                check(Rule::BatchEnd);
            }
            #[test]
            fn rule_3_halts_go_where_they_should() {
                check(Rule::Halts);
            }
            #[test]
            fn rule_4_nothing_is_allocated() {
                check(Rule::Allocation);
            }
            #[test]
            fn rule_5_the_books_balance() {
                check(Rule::Ledger);
            }
            #[test]
            fn rule_6_a_panic_loses_nothing_before_it() {
                check(Rule::Panic);
            }
        }
    };
}

pub(crate) use conforms;

/// One of the suite's rules.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// Each leaf that refuses k times before it takes has the same output as without.
    Choke,
    /// `on_batch_end` arrives at every leaf once a turn, also when no event got through.
    BatchEnd,
    /// `Stop` from a leaf and a closed sink end it, `Reject` passes through; unless the terms say otherwise.
    Halts,
    /// No allocation after construction.
    Allocation,
    /// The conservation law holds, and an event that came several times is booked once.
    Ledger,
    /// A panic in the user's code or in a leaf loses nothing before the event.
    Panic,
}

/// What a pattern says otherwise than most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// `Stop` from one leaf, or one closed sink, ends the stage.
    pub stop_ends: bool,
    /// A leaf's `Reject` comes out unchanged.
    pub reject_passes: bool,
    /// A leaf's panic comes out.
    pub panic_passes: bool,
    /// Choking changes no leaf's output. A pattern with a policy that gives events up when full says no.
    pub waits: bool,
}

impl Terms {
    pub(crate) const STRICT: Self =
        Self { stop_ends: true, reject_passes: true, panic_passes: true, waits: true };
}

/// Makes the leaves and the hazards of one run.
pub(crate) struct Kit {
    trick: Trick,
    hazard: Hazard,
    hazards: usize,
    leaves: Vec<Seen>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Trick {
    None,
    /// Leaf `i` refuses each event `k + i` times.
    Choke(usize),
    /// Of the leaf: the `nth` event.
    Reject(usize, usize),
    Stop(usize, usize),
    Close(usize, usize),
    Panic(usize, usize),
    /// The `nth` pass of a hazard.
    Hazard(usize),
}

struct Seen {
    is_stage: bool,
    events: Box<dyn Fn() -> Vec<String>>,
    batch_ends: Box<dyn Fn() -> usize>,
}

impl Kit {
    fn new(trick: Trick) -> Self {
        let at = if let Trick::Hazard(nth) = trick { nth as u64 } else { u64::MAX };
        Self { trick, hazard: Hazard { left: Rc::new(Cell::new(at)) }, hazards: 0, leaves: Vec::new() }
    }
    /// A stage at the end of a branch.
    pub(crate) fn leaf<T: Clone + Debug + 'static>(&mut self) -> Choke<Collect<T>> {
        self.end(true)
    }
    /// A sink at the end of a branch.
    pub(crate) fn sink<T: Clone + Debug + 'static>(&mut self) -> Choke<Collect<T>> {
        self.end(false)
    }
    /// What the user's closures of the stage pass, so that the suite can let one of them panic.
    pub(crate) fn hazard(&mut self) -> Hazard {
        self.hazards += 1;
        self.hazard.clone()
    }

    fn end<T: Clone + Debug + 'static>(&mut self, is_stage: bool) -> Choke<Collect<T>> {
        let me = self.leaves.len();
        let collect = match self.trick {
            Trick::Reject(leaf, nth) if leaf == me => Collect::new().rejecting(nth, FAULT),
            Trick::Stop(leaf, nth) if leaf == me => Collect::new().stopping_at(nth),
            Trick::Close(leaf, nth) if leaf == me => Collect::new().closing_at(nth),
            Trick::Panic(leaf, nth) if leaf == me => Collect::new().panicking_at(nth),
            _ => Collect::new(),
        };
        let (a, b) = (collect.clone(), collect.clone());
        self.leaves.push(Seen {
            is_stage,
            events: Box::new(move || a.events().iter().map(|event| format!("{event:?}")).collect()),
            batch_ends: Box::new(move || b.batch_ends()),
        });
        let times = if let Trick::Choke(times) = self.trick { times + me } else { 0 };
        Choke::new(times, collect)
    }
}

/// A place in the user's code that may panic.
#[derive(Clone, Debug)]
pub(crate) struct Hazard {
    left: Rc<Cell<u64>>,
}

impl Hazard {
    /// Panics if the suite wants it here.
    pub(crate) fn pass(&self) {
        self.left.set(self.left.get() - 1);
        assert!(self.left.get() != 0, "the panic that the test asked for");
    }
}

/// What came of one run.
struct Outcome {
    /// What each leaf has.
    outputs: Vec<Vec<String>>,
    /// What the stage rejected.
    faults: Vec<Fault>,
    /// It said `Stop`.
    stopped: bool,
    /// It panicked.
    panicked: bool,
    /// How often each leaf heard of a turn's end, and how many turns there were.
    batch_ends: Vec<usize>,
    turns: usize,
    is_stage: Vec<bool>,
    hazards: usize,
    /// Events consumed.
    consumed: usize,
    /// The stage's books, closed.
    balance: Balance,
    allocations: u64,
}

const FAULT: Fault = Fault::new(77);
/// Where rejects, stops and panics are played.
const NTH: usize = 7;
/// Checks one rule. `events` makes the script, `build` the stage, `turn` is [`turn`] or [`turn_mut`].
pub(crate) fn conformance<T, S>(
    rule: Rule,
    terms: Terms,
    events: impl Fn() -> Vec<T>,
    build: impl Fn(&mut Kit) -> (S, Arc<Account>),
    turn: Turn<T, S>,
) {
    let run = |trick| play(trick, events(), &build, turn);
    let plain = run(Trick::None);
    assert!(plain.outputs[0].len() >= 10, "too few events reach the first leaf for the suite to bite");
    assert_eq!((plain.stopped, plain.panicked), (false, false));
    // The leaves that get enough events for a trick to be played on them.
    let leaves: Vec<_> = (0..plain.outputs.len()).filter(|&i| plain.outputs[i].len() > NTH).collect();
    match rule {
        Rule::Choke => {
            for k in 1..=3 {
                let choked = run(Trick::Choke(k));
                if terms.waits {
                    assert_eq!(choked.outputs, plain.outputs, "with {k} refusals for each event");
                    assert_eq!(choked.faults, plain.faults, "with {k} refusals for each event");
                }
                assert_eq!(choked.consumed, plain.consumed);
            }
        }
        Rule::BatchEnd => {
            play(Trick::None, Vec::new(), &build, turn).hears_each_turn();
            plain.hears_each_turn();
            run(Trick::Choke(1)).hears_each_turn();
        }
        Rule::Halts => {
            for leaf in leaves {
                let stopping = [(Trick::Stop(leaf, NTH), NTH), (Trick::Close(leaf, NTH), NTH - 1)];
                for (trick, got) in stopping.into_iter().skip(usize::from(!plain.is_stage[leaf])) {
                    let cut = run(trick);
                    assert_eq!(cut.stopped, terms.stop_ends, "{trick:?}");
                    assert_eq!(cut.outputs[leaf], plain.outputs[leaf][..got], "{trick:?}");
                    cut.is_prefix_of(&plain);
                    if !terms.stop_ends {
                        cut.others_equal(&plain, leaf);
                    }
                }
                if plain.is_stage[leaf] {
                    let cut = run(Trick::Reject(leaf, NTH));
                    let mut faults = cut.faults.clone();
                    faults.retain(|fault| *fault == FAULT);
                    assert_eq!(faults.len(), usize::from(terms.reject_passes));
                    cut.misses_one(&plain, leaf);
                }
            }
        }
        Rule::Allocation => {
            for trick in [Trick::None, Trick::Choke(2), Trick::Reject(0, NTH)] {
                assert_eq!(run(trick).allocations, 0, "{trick:?}");
            }
        }
        Rule::Ledger => {
            assert_eq!(plain.balance.input as usize, plain.consumed, "every event is booked");
            if terms.waits {
                assert_eq!(run(Trick::Choke(3)).balance, plain.balance, "what comes again is booked once");
            }
        }
        Rule::Panic => {
            let hazard = (plain.hazards > 0).then_some(Trick::Hazard(NTH));
            for trick in leaves.iter().map(|&leaf| Trick::Panic(leaf, NTH)).chain(hazard) {
                let cut = run(trick);
                assert_eq!(cut.panicked, terms.panic_passes, "{trick:?}");
                if cut.panicked {
                    // All that came before the event is where it would be had the event never come.
                    let mut before = events();
                    before.truncate(cut.consumed);
                    play(Trick::None, before, &build, turn).is_prefix_of(&cut);
                    cut.is_prefix_of(&plain);
                } else if let Trick::Panic(leaf, _) = trick {
                    cut.misses_one(&plain, leaf);
                }
            }
        }
    }
}

/// One turn of a stage over `&T`.
pub(crate) fn turn<T, S>(script: &mut Script<T>, stage: &mut S, now: Tick) -> (Drained, Flow)
where
    S: for<'e> Stage<&'e T>,
{
    (script.drain(now, usize::MAX, stage), Stage::<&T>::on_batch_end(stage, now))
}

/// One turn of a stage over `&mut T`.
pub(crate) fn turn_mut<T, S>(script: &mut Script<T>, stage: &mut S, now: Tick) -> (Drained, Flow)
where
    S: for<'e> Stage<&'e mut T>,
{
    (script.drain_mut(now, usize::MAX, stage), Stage::<&mut T>::on_batch_end(stage, now))
}

type Turn<T, S> = fn(&mut Script<T>, &mut S, Tick) -> (Drained, Flow);

/// Gives a stage turns until the script is over, then a few more for what it may hold.
fn play<T, S>(
    trick: Trick,
    events: Vec<T>,
    build: &impl Fn(&mut Kit) -> (S, Arc<Account>),
    turn: Turn<T, S>,
) -> Outcome {
    const TURNS_AT_THE_END: u64 = 64;
    let mut kit = Kit::new(trick);
    let (mut stage, account) = build(&mut kit);
    // Far from 0 and just before the wrap, so that nobody mistakes a position for a count.
    let mut script = Script::new(events).starting_at(Sequence::ZERO.minus(5));
    let mut faults = Vec::with_capacity(super::collect::ROOM);
    let (mut stopped, mut turns, mut idle) = (false, 0, 0);
    let work = || {
        while !stopped && idle < TURNS_AT_THE_END {
            let (drained, after) = turn(&mut script, &mut stage, Tick::from_nanos(1000 + idle));
            turns += 1;
            assert!(turns < 100_000, "the stage says `Again` for ever");
            match drained.end {
                Some(End::Closed) => idle += 1,
                Some(End::Halted(Halt::Reject(fault))) => faults.push(fault),
                Some(End::Halted(Halt::Stop)) => stopped = true,
                Some(End::Halted(Halt::Again)) | None => {}
            }
            stopped |= after == Err(Halt::Stop);
        }
    };
    let (worked, allocations) = allocations(|| catch_unwind(AssertUnwindSafe(work)));
    // What a stage says when it goes is not one of its outputs.
    let outputs = kit.leaves.iter().map(|leaf| (leaf.events)()).collect();
    drop(stage);
    let balance = account.read();
    assert_eq!(balance.check(), Ok(()), "{trick:?}: {balance:?}");
    Outcome {
        outputs,
        batch_ends: kit.leaves.iter().map(|leaf| (leaf.batch_ends)()).collect(),
        is_stage: kit.leaves.iter().map(|leaf| leaf.is_stage).collect(),
        faults,
        stopped,
        panicked: worked.is_err(),
        consumed: script.consumed(),
        turns,
        hazards: kit.hazards,
        balance,
        allocations,
    }
}

impl Outcome {
    fn hears_each_turn(&self) {
        for (leaf, heard) in self.batch_ends.iter().enumerate().filter(|&(leaf, _)| self.is_stage[leaf]) {
            assert_eq!(*heard, self.turns, "leaf {leaf}: turns heard of");
        }
    }
    fn is_prefix_of(&self, whole: &Self) {
        for (leaf, (part, whole)) in self.outputs.iter().zip(&whole.outputs).enumerate() {
            assert!(whole.starts_with(part), "leaf {leaf}: {part:?} is not how {whole:?} begins");
        }
    }
    fn others_equal(&self, plain: &Self, but: usize) {
        for (leaf, (some, plain)) in self.outputs.iter().zip(&plain.outputs).enumerate() {
            assert!(leaf == but || some == plain, "leaf {leaf}: {some:?} is not {plain:?}");
        }
    }
    /// `leaf` lacks the event of the trick and no other; what the other leaves get (a letter, say) may be
    /// more.
    fn misses_one(&self, plain: &Self, leaf: usize) {
        let mut rest = plain.outputs[leaf].clone();
        rest.remove(NTH - 1);
        assert_eq!(self.outputs[leaf], rest, "leaf {leaf}");
        for (other, (some, plain)) in self.outputs.iter().zip(&plain.outputs).enumerate() {
            assert!(other == leaf || some.len() >= plain.len(), "leaf {other} lost something");
        }
    }
}

/// The fault that ended a turn, if one did.
pub(crate) fn rejected((drained, _): (Drained, Flow)) -> Option<Fault> {
    match drained.end {
        Some(End::Halted(Halt::Reject(fault))) => Some(fault),
        _ => None,
    }
}
