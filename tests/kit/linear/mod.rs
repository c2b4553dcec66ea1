//! Is what several threads saw what one thread could have seen?
//!
//! ```text
//!  a  |--- push 1 ---|         |- push 2: full -|         each operation has a stamp before it and one after;
//!  b        |-- drain: 1 --|        |-- drain: empty --|  a history is linearizable if there is an order of the
//!           ^ overlaps: either may come first              operations, in which none comes before one that was over
//!                                                          before it began, that a sequential queue can answer so
//! ```
//!
//! [`explore`] makes small programs, runs them on threads that are kept from one to the next, and looks for such an
//! order by trying all (Wing & Gong, "Testing and verifying concurrent objects", 1993), with states that were met
//! before left out (Lowe, "Testing for linearizability", 2017). A program that fails is made smaller.
//!
//! The stamps come from one counter, so what was over before something else began also happened before it: a ring
//! has no right to miss it. They order more than the ring itself does, so this finds wrong algorithms; too weak
//! orderings are for the models.

mod pool;
mod program;
mod spec;

pub(crate) use spec::{Fifo, FifoTerms, Lanes, Lossy};

use super::Scene;
use pool::Pool;
use program::{Program, history, programs};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use ringmain::ring::Sequence;
use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::{BuildHasher, Hash, RandomState};

/// What one operation did. Producers and consumers are counted from 0, each kind for itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Did {
    Put {
        by: usize,
        value: u64,
    },
    /// The fill was called, and failed.
    Failed {
        by: usize,
    },
    Full {
        by: usize,
    },
    /// Refused, because nobody will read.
    Refused {
        by: usize,
    },
    Took {
        by: usize,
        value: u64,
    },
    /// It was shown, and answered with `Again`.
    Saw {
        by: usize,
        value: u64,
    },
    Empty {
        by: usize,
    },
    /// So many events went by unseen.
    Missed {
        by: usize,
        n: u64,
    },
    /// There is no more, and there will not be.
    Ended {
        by: usize,
    },
    /// It may have passed over slots that were lost: a batch does so between any two of its events, and around them.
    Passed {
        by: usize,
    },
    ProducerWent {
        by: usize,
    },
    ConsumerWent {
        by: usize,
    },
}

/// One operation of a history. Those of one thread stand in the order in which it did them; the parts of a batch have
/// the same stamps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) thread: usize,
    pub(crate) began: u64,
    pub(crate) over: u64,
    pub(crate) did: Did,
}

/// What a structure does when one thread has it.
pub(crate) trait Spec {
    type State: Clone + Eq + Hash;
    fn start(&self) -> Self::State;
    /// Whether it knows of what `did` is about.
    fn concerns(&self, _did: &Did) -> bool {
        true
    }
    /// The states after `op`, none if it cannot have answered so.
    fn after(&self, state: &Self::State, op: &Op) -> Vec<Self::State>;
}

/// Some order of `history` is one that `spec` allows.
pub(crate) fn linearizable<S: Spec>(spec: &S, history: &[Op]) -> bool {
    let history: Vec<&Op> = history.iter().filter(|op| spec.concerns(&op.did)).collect();
    assert!(history.len() < 128, "a bit for each operation");
    let all = (1u128 << history.len()) - 1;
    let precedes = |a: usize, b: usize| {
        let (first, then) = (history[a], history[b]);
        first.over < then.began || (first.thread == then.thread && a < b)
    };
    let before: Vec<u128> = (0..history.len())
        .map(|b| (0..history.len()).filter(|a| precedes(*a, b)).fold(0, |mask, a| mask | 1 << a))
        .collect();
    let mut seen = HashSet::new();
    let mut open = vec![(0, spec.start())];
    while let Some((done, state)) = open.pop() {
        if done == all {
            return true;
        }
        for (i, op) in history.iter().enumerate() {
            if done & 1 << i == 0 && before[i] & !done == 0 {
                for state in spec.after(&state, op) {
                    let next = (done | 1 << i, state);
                    if seen.insert(next.clone()) {
                        open.push(next);
                    }
                }
            }
        }
    }
    false
}

/// Two threads were inside of an operation at once.
fn overlaps(history: &[Op]) -> bool {
    let both = |a: &Op, b: &Op| a.thread != b.thread && a.began < b.over && b.began < a.over;
    history.iter().enumerate().any(|(i, a)| history[..i].iter().any(|b| both(a, b)))
}

/// What [`explore`] did.
#[derive(Debug)]
pub(crate) struct Explored {
    pub(crate) histories: usize,
    /// In so many of them two threads were inside of an operation at once.
    pub(crate) overlapping: usize,
    /// So many are none of the strict specification, but of the weaker one.
    pub(crate) weak: usize,
}

/// From the environment: `RINGMAIN_HISTORIES=10000` for the long version.
pub(crate) fn histories() -> usize {
    let asked = std::env::var("RINGMAIN_HISTORIES").ok();
    asked.map_or(if cfg!(miri) { 3 } else { 400 }, |n| n.parse().expect("RINGMAIN_HISTORIES is a number"))
}

/// From the environment: `RINGMAIN_SEED=7` makes the programs of an earlier run again.
fn seed() -> u64 {
    let asked = std::env::var("RINGMAIN_SEED").ok();
    asked.map_or_else(|| RandomState::new().hash_one(0), |n| n.parse().expect("RINGMAIN_SEED is a number"))
}

/// Runs programs on `producers + consumers` threads. Of each history, `specs` are asked for the capacity that it had:
/// the strict one first, and the weaker ones that the structure documents behind it.
///
/// # Errors
/// The smallest history that none of them allows.
pub(crate) fn explore<S: Spec>(
    name: &str,
    (producers, consumers): (usize, usize),
    histories: usize,
    specs: impl Fn(usize) -> Vec<S>,
    build: impl Fn(Sequence, usize) -> Scene,
) -> Result<Explored, String> {
    let seed = seed();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed.to_le_bytes(); 4].concat());
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let pool = Pool::new(producers + consumers);
    let run = |program: &Program| {
        let scene = build(Sequence::ZERO.minus(program.before_wrap), program.capacity);
        assert_eq!((scene.tx.len(), scene.rx.len()), (producers, consumers));
        let history = history(&pool, program, scene);
        let judge = specs(program.capacity).iter().position(|spec| linearizable(spec, &history));
        (history, judge)
    };
    let mut explored = Explored { histories, overlapping: 0, weak: 0 };
    for _ in 0..histories {
        let mut tree = programs(producers + consumers).new_tree(&mut runner).expect("no program is rejected");
        let (history, judge) = run(&tree.current());
        explored.overlapping += usize::from(overlaps(&history));
        match judge {
            Some(0) => {}
            Some(_) => explored.weak += 1,
            None => {
                let (program, history) = smallest(&mut tree, history, |program| {
                    let mut runs = std::iter::repeat_with(|| run(program)).take(200);
                    runs.find(|(_, judge)| judge.is_none()).map(|(history, _)| history)
                });
                return Err(format!("{name}, RINGMAIN_SEED={seed}: {program:?}{}", drawn(&history)));
            }
        }
    }
    let Explored { overlapping, weak, .. } = explored;
    println!(
        "{name:<26} {histories:>6} histories, {overlapping:>6} overlap, {weak:>5} weak, RINGMAIN_SEED={seed}"
    );
    Ok(explored)
}

/// The smallest program of `tree` that `fails`, and its history.
fn smallest(
    tree: &mut impl ValueTree<Value = Program>,
    mut history: Vec<Op>,
    fails: impl Fn(&Program) -> Option<Vec<Op>>,
) -> (Program, Vec<Op>) {
    let mut program = tree.current();
    let mut goes_on = tree.simplify();
    while goes_on {
        let smaller = tree.current();
        goes_on = match fails(&smaller) {
            Some(failed) => {
                (program, history) = (smaller, failed);
                tree.simplify()
            }
            None => tree.complicate(),
        };
    }
    (program, history)
}

fn drawn(history: &[Op]) -> String {
    let lines =
        history.iter().map(|op| format!("\n  {}: {:>3}..{:<3} {:?}", op.thread, op.began, op.over, op.did));
    lines.collect()
}
