//! The graph of a program, declared while its rings are made, and what it is refused for.
//!
//! ```text
//!   plan.thread("market").cpu(1).agent("feed").agent("book")          threads and agents: by name
//!   plan.from("feed").to("book").spsc("orders", 64, OnFull::Block, ..)   a ring: from whom, to whom,
//!          |                                                            what happens when it is full
//!          +--> (tx, rx)                                              the plan makes it
//!
//!   Crew::new().plan(plan)   refused: a circle of rings that block, an end at nobody, a name twice,
//!                            a thread, a CPU or an agent that is not as planned
//!   plan, plan.mermaid(), plan.dot()                                  the same graph, to look at
//! ```
//!
//! The plan makes the rings, so their kind, capacity, bytes and number of ends are those that it shows. A crew is
//! compared with it before it starts. What it has to believe: that each end is given to the agent it was made for, and
//! that this agent does as [`OnFull`] says. Rings that are made elsewhere are not in it.
//!
//! # What is refused
//!
//! | what                                                     | how                                                  |
//! |----------------------------------------------------------|------------------------------------------------------|
//! | rings that block in a circle: each agent may wait for the next | [`PlanError::Circle`] names agents and rings   |
//! | a ring that holds a thread ([`OnFull::BlockThread`]), drained on that thread, or by who waits for it | the same, with the thread |
//! | agents that ask one another in a circle, each waiting for the answer ([`Asking::Waits`]) | the same, with the services |
//! | an end at an agent that is on no thread; nobody at an end | [`PlanError::UnknownAgent`], [`PlanError::NoProducer`], [`PlanError::NoConsumer`] |
//! | a thread, an agent or a ring of a name that is taken     | [`PlanError::SameThread`] and the like               |
//! | dropping the oldest where it is not the producer's; letters to nowhere | [`PlanError::NoEviction`], [`PlanError::NoLetters`] |
//! | two producers of a ring for one                          | it does not compile                                  |
//! | a capacity that is none, a multicast graph that cannot be built | at once, where the ring is made               |
//! | a crew that is not the one planned                       | when it starts                                       |
//!
//! One ring of a circle that does not block is enough: who fills it goes on, and drains what the others wait for. In a
//! multicast ring who fills it waits for every reader; readers do not wait for one another, they have nothing to do. A
//! request ends at its deadline, so that a question and a full ring together make no circle that lasts.
//!
//! One agent is one that stands still as a whole. What has several sources and goes on with one while another is
//! blocked is several agents.
//!
//! # Other waits
//!
//! What else of this crate waits for room, and why it is refused where it could last, or cannot:
//!
//! | what                                                       | is                                                     |
//! |------------------------------------------------------------|--------------------------------------------------------|
//! | a `Resequencer` that blocks at a full window               | refused by `Rules` without a time after which a hole is given up |
//! | [`Dispatch`](crate::pattern::Dispatch) with all its jobs out | waits for acknowledgements, which come by rings of their own and are heard while it waits. Those rings are never full with a slot for each job: plan them as `OnFull::Fail`. A worker that never answers and never ends stops it: there is no timer |
//! | a dead letter channel that blocks                          | a ring from the agent around it, as any other: plan it |
//! | a full `Park`                                              | the ring below it, which is planned as `OnFull::Block` |
//! | a [`Proxy`](crate::pattern::Proxy) without room for a request | polls and times out while it waits: it ends by itself |
//! | a [`routing_slip`](crate::pattern::routing_slip) over several threads | undoes backwards, and so its rings may go both ways: a circle, if they all block. Plan each |
//! | a subscriber of [`publish_subscribe`](crate::channel::publish_subscribe) that gates, `bytes`, `lanes` | **not in a plan**: these rings come from elsewhere |
//!
//! Construction only: allocates, and nothing of it is in the way of an event. The check takes time in the agents times
//! the rings' ends.
//!
//! ```
//! use ringmain::run::{OnFull, Plan, PlanError};
//!
//! let mut plan = Plan::new();
//! plan.thread("market").agent("engine");
//! plan.thread("risk").agent("limits");
//! let (_orders, _checks) = plan.from("engine").to("limits").spsc("orders", 64, OnFull::Block, || 0u64)?;
//! let (_fills, _books) = plan.from("limits").to("engine").spsc("fills", 64, OnFull::Block, || 0u64)?;
//! let refused = plan.check().unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "these can stand still for ever: `engine` until `limits` drains ring `orders`; `limits` until `engine` drains \
//!      ring `fills`. Let one of these rings reject, drop or dead-letter when it is full"
//! );
//! # Ok::<(), PlanError>(())
//! ```
//!
//! A ring for one producer takes one name; two do not compile:
//! ```compile_fail,E0599
//! # use ringmain::run::{OnFull, Plan};
//! # let mut plan = Plan::new();
//! plan.from(["a", "b"]).to("c").spsc("orders", 64, OnFull::Block, || 0u64); // found for `Edge<'_, &str, &str>`
//! ```
//! Nor does a ring that does not say what happens when it is full:
//! ```compile_fail,E0061
//! # use ringmain::run::{OnFull, Plan};
//! # let mut plan = Plan::new();
//! plan.from("a").to("c").spsc("orders", 64, || 0u64);
//! ```
//!
//! # A scene
//! `examples/plan.rs`, which `cargo run --example plan` runs:
#![doc = concat!("```\n", include_str!("../../../examples/plan.rs"), "```")]

mod draw;
mod error;
mod ring;
mod waits;

pub use error::{Because, PlanError, Step};
pub use ring::{Asking, Edge, Fillers, OnFull};

use super::Runner;
use ring::{Kind, Ring};

/// Threads, agents and rings, by name. See the [page](self).
#[derive(Default, Debug)]
pub struct Plan {
    threads: Vec<Thread>,
    rings: Vec<Ring>,
}

/// A thread of a [`Plan`].
#[derive(Debug)]
pub struct Thread {
    name: String,
    cpu: Option<usize>,
    /// It is not one of the crew's.
    outside: bool,
    agents: Vec<String>,
}

impl Thread {
    /// Plans it on the CPU that the kernel calls `id`, as [`Runner::cpu`] does.
    pub fn cpu(&mut self, id: usize) -> &mut Self {
        self.cpu = Some(id);
        self
    }
    /// Plans an agent on it, behind those that are there.
    pub fn agent(&mut self, name: impl Into<String>) -> &mut Self {
        self.agents.push(name.into());
        self
    }
}

impl core::fmt::Display for Thread {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.name)?;
        match (self.outside, self.cpu) {
            (true, _) => f.write_str(", not of the crew"),
            (false, Some(cpu)) => write!(f, ", CPU {cpu}"),
            (false, None) => Ok(()),
        }
    }
}

impl Plan {
    /// A plan of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// Plans a thread of the crew. Its agents are called in the order in which they are added.
    pub fn thread(&mut self, name: impl Into<String>) -> &mut Thread {
        self.add(name.into(), false)
    }
    /// Plans a thread that the crew does not start, such as the one of `main`, as an agent of the same name.
    pub fn outside(&mut self, name: impl Into<String>) {
        let name = name.into();
        self.add(name.clone(), true).agent(name);
    }
    /// Begins a ring: who fills it. The name of one agent, or an array of several names.
    pub fn from<P>(&mut self, from: P) -> Fillers<'_, P> {
        Fillers { plan: self, from }
    }
    /// Whether all of it holds. The order of declaration does not matter.
    ///
    /// # Errors
    /// The first mistake: names before ends, ends before circles.
    pub fn check(&self) -> Result<(), PlanError> {
        if let Some(thread) = twice(self.threads.iter().map(|thread| &*thread.name)) {
            return Err(PlanError::SameThread { thread });
        }
        if let Some(agent) = twice(self.agents().map(|(_, agent)| agent)) {
            return Err(PlanError::SameAgent { agent });
        }
        if let Some(ring) = twice(self.rings.iter().map(|ring| &*ring.name)) {
            return Err(PlanError::SameRing { ring });
        }
        self.rings.iter().try_for_each(|ring| self.check_ring(ring))?;
        waits::check(self)
    }
    fn check_ring(&self, ring: &Ring) -> Result<(), PlanError> {
        let name = || ring.name.clone();
        if ring.from.is_empty() {
            return Err(PlanError::NoProducer { ring: name() });
        }
        if ring.to.is_empty() {
            return Err(PlanError::NoConsumer { ring: name() });
        }
        for end in ring.from.iter().chain(ring.to.iter().map(|to| &to.name)) {
            if self.agents().all(|(_, agent)| agent != end) {
                return Err(PlanError::UnknownAgent { ring: name(), agent: end.clone() });
            }
        }
        match ring.on_full {
            OnFull::DropOldest if ring.kind != Kind::Mpmc => Err(PlanError::NoEviction { ring: name() }),
            OnFull::DeadLetter(letters) => {
                let to = self.rings.iter().find(|other| other.name == letters && other.name != ring.name);
                let fills = |agent: &&String| to.is_some_and(|to| to.from.contains(agent));
                match ring.from.iter().find(|agent| !fills(agent)) {
                    Some(agent) => {
                        let (letters, agent) = (letters.to_owned(), agent.clone());
                        Err(PlanError::NoLetters { ring: name(), letters, agent })
                    }
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
    /// Whether these are the threads planned, each with its CPU and its agents.
    pub(super) fn compare(&self, runners: &[Runner]) -> Result<(), PlanError> {
        let planned = || self.threads.iter().filter(|thread| !thread.outside);
        for runner in runners {
            let thread = || runner.name.clone();
            let Some(plan) = planned().find(|thread| thread.name == runner.name) else {
                return Err(PlanError::UnplannedThread { thread: thread() });
            };
            if plan.cpu != runner.cpu {
                let (planned, actual) = (plan.cpu, runner.cpu);
                return Err(PlanError::OtherCpu { thread: thread(), planned, actual });
            }
            if !runner.agents().eq(&plan.agents) {
                let (planned, actual) = (plan.agents.clone(), runner.agents().cloned().collect());
                return Err(PlanError::OtherAgents { thread: thread(), planned, actual });
            }
        }
        match planned().find(|thread| runners.iter().all(|runner| runner.name != thread.name)) {
            Some(thread) => Err(PlanError::NoThread { thread: thread.name.clone() }),
            None => Ok(()),
        }
    }
    fn add(&mut self, name: String, outside: bool) -> &mut Thread {
        self.threads.push(Thread { name, cpu: None, outside, agents: Vec::new() });
        let last = self.threads.len() - 1;
        &mut self.threads[last]
    }
    /// In the order of declaration.
    fn agents(&self) -> impl Iterator<Item = (&Thread, &str)> {
        self.threads.iter().flat_map(|thread| thread.agents.iter().map(move |agent| (thread, agent.as_str())))
    }
}

/// The first name that was there before.
fn twice<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut seen = Vec::new();
    for name in names {
        if seen.contains(&name) {
            return Some(name.to_owned());
        }
        seen.push(name);
    }
    None
}
