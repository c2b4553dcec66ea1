//! Random graphs: a circle is found exactly where a search of all ways finds one.

#[allow(dead_code, reason = "no test binary uses all of it")]
#[path = "../../kit/dice.rs"]
mod dice;

use dice::{Dice, seeds};
use ringmain::run::{Because, OnFull, Plan, PlanError};

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// A graph as plain data: the thread of each agent, and rings from agent to agent.
struct Graph {
    threads: Vec<usize>,
    rings: Vec<(usize, usize, OnFull)>,
}

impl Graph {
    fn random(dice: &mut Dice) -> Self {
        let agents = 1 + dice.below(NAMES.len() as u64);
        let threads = (0..agents).map(|_| dice.below(4) as usize).collect();
        let rings = (0..dice.below(9)).map(|_| {
            let on_full = dice.pick(&[OnFull::Block, OnFull::Block, OnFull::BlockThread, OnFull::Reject]);
            // Loops of one are rare, or there would be little else.
            let (from, to) = (dice.below(agents), dice.below(agents));
            let to = if from == to && !dice.one_in(8) { (to + 1) % agents } else { to };
            (from as usize, to as usize, on_full)
        });
        Self { threads, rings: rings.collect() }
    }
    fn plan(&self) -> Plan {
        let mut plan = Plan::new();
        for thread in 0..4 {
            let declared = plan.thread(format!("t{thread}"));
            for (agent, _) in self.threads.iter().enumerate().filter(|(_, on)| **on == thread) {
                declared.agent(NAMES[agent]);
            }
        }
        for (i, (from, to, on_full)) in self.rings.iter().enumerate() {
            let edge = plan.from(NAMES[*from]).to(NAMES[*to]);
            drop(edge.spsc(i.to_string(), 1, *on_full, || 0u8).unwrap());
        }
        plan
    }
    /// Whether `a` can stand still because of `b`, by the words of the page.
    fn waits(&self, a: usize, b: usize) -> bool {
        let full = self.rings.iter().any(|r| (r.0, r.1) == (a, b) && r.2 != OnFull::Reject);
        let holds = self.rings.iter().any(|r| r.0 == b && r.2 == OnFull::BlockThread);
        full || (a != b && self.threads[a] == self.threads[b] && holds)
    }
    /// Walks every way that meets no agent twice: is one of them closed?
    fn has_circle(&self) -> bool {
        fn closes(graph: &Graph, way: &mut Vec<usize>) -> bool {
            let last = way[way.len() - 1];
            (0..graph.threads.len()).any(|next| {
                if !graph.waits(last, next) {
                    return false;
                }
                if way[0] == next {
                    return true;
                }
                if way.contains(&next) {
                    return false;
                }
                way.push(next);
                let closed = closes(graph, way);
                way.pop();
                closed
            })
        }
        (0..self.threads.len()).any(|start| closes(self, &mut vec![start]))
    }
}

#[test]
fn a_circle_is_found_if_and_only_if_there_is_one() {
    let (mut held, mut refused) = (0, 0);
    for seed in seeds(100_000) {
        let graph = Graph::random(&mut Dice::new(seed));
        match graph.plan().check() {
            Ok(()) => {
                assert!(!graph.has_circle(), "seed {seed}: not found");
                held += 1;
            }
            Err(PlanError::Circle(steps)) => {
                assert!(graph.has_circle(), "seed {seed}: there is none");
                real(seed, &graph, &steps);
                refused += 1;
            }
            Err(other) => panic!("seed {seed}: {other}"),
        }
    }
    assert!(held > 0 && refused > 0, "{held} held, {refused} refused");
}

/// What is told is a circle of the graph, each agent in it once, for the reason that is given.
fn real(seed: u64, graph: &Graph, steps: &[ringmain::run::Step]) {
    let number = |agent: &str| NAMES.iter().position(|name| *name == agent).unwrap();
    for (i, step) in steps.iter().enumerate() {
        let (a, b) = (number(&step.agent), number(&steps[(i + 1) % steps.len()].agent));
        assert!(graph.waits(a, b), "seed {seed}: {steps:?}");
        assert!(steps[..i].iter().all(|other| other.agent != step.agent), "seed {seed}: {steps:?}");
        match &step.because {
            Because::Full(ring) => {
                let (from, to, on_full) = graph.rings[ring.parse::<usize>().unwrap()];
                assert!((from, to) == (a, b) && on_full.blocks(), "seed {seed}: {steps:?}");
            }
            Because::Thread(thread) => {
                assert_eq!(*thread, format!("t{}", graph.threads[a]), "seed {seed}: {steps:?}");
            }
            Because::Answer(_) => panic!("seed {seed}: nobody asks"),
        }
    }
}
