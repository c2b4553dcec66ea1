//! What a plan is refused for.

use crate::channel::multicast::TopologyError;
use crate::ring::CapacityError;

/// Why a plan does not hold. Each names what it is about, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PlanError {
    /// A ring cannot have this capacity.
    Capacity {
        /// The ring.
        ring: String,
        /// Names capacities that it can have.
        source: CapacityError,
    },
    /// A multicast ring cannot have this graph.
    Multicast {
        /// The ring.
        ring: String,
        /// Names the nodes.
        source: TopologyError,
    },
    /// A ring has an end at an agent that no thread has.
    UnknownAgent {
        /// The ring.
        ring: String,
        /// The agent.
        agent: String,
    },
    /// Two threads have one name.
    SameThread {
        /// It.
        thread: String,
    },
    /// Two agents have one name.
    SameAgent {
        /// It.
        agent: String,
    },
    /// Two rings have one name.
    SameRing {
        /// It.
        ring: String,
    },
    /// Nobody fills a ring.
    NoProducer {
        /// It.
        ring: String,
    },
    /// Nobody drains a ring.
    NoConsumer {
        /// It.
        ring: String,
    },
    /// [`OnFull::DropOldest`](super::OnFull::DropOldest), of a ring whose oldest event is not the producer's to take.
    NoEviction {
        /// The ring.
        ring: String,
    },
    /// [`OnFull::DeadLetter`](super::OnFull::DeadLetter), into a ring that is not there, or that the agent does not fill.
    NoLetters {
        /// The ring that is full.
        ring: String,
        /// The ring that the letters are to go into.
        letters: String,
        /// The agent that does not fill it.
        agent: String,
    },
    /// These agents can come to stand still, each because of the next, and the last because of the first.
    Circle(Vec<Step>),
    /// The crew has no thread of this name.
    NoThread {
        /// It.
        thread: String,
    },
    /// The crew has a thread that is not planned.
    UnplannedThread {
        /// It.
        thread: String,
    },
    /// A thread of the crew is pinned otherwise than planned.
    OtherCpu {
        /// The thread.
        thread: String,
        /// As planned.
        planned: Option<usize>,
        /// As it is.
        actual: Option<usize>,
    },
    /// A thread of the crew has other agents than planned, or another order.
    OtherAgents {
        /// The thread.
        thread: String,
        /// As planned.
        planned: Vec<String>,
        /// As they are.
        actual: Vec<String>,
    },
}

/// One agent of a circle, and why it stands still.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The agent.
    pub agent: String,
    /// What it waits for.
    pub because: Because,
}

/// What an agent waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Because {
    /// This ring is full, and the next agent of the circle has to drain it.
    Full(String),
    /// The next agent of the circle holds this thread, which both are on, while a ring of its own is full.
    Thread(String),
    /// The next agent of the circle has to answer what it is asked through this service.
    Answer(String),
}

impl core::fmt::Display for PlanError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let cpu = |cpu: &Option<usize>| cpu.map_or("no CPU".to_owned(), |cpu| format!("CPU {cpu}"));
        match self {
            Self::Capacity { ring, source } => write!(f, "ring `{ring}`: {source}"),
            Self::Multicast { ring, source } => write!(f, "ring `{ring}`: {source}"),
            Self::UnknownAgent { ring, agent } => {
                write!(
                    f,
                    "ring `{ring}` ends at `{agent}`, which is on no thread: say `plan.thread(..).agent(\"{agent}\")`, or `plan.outside(\"{agent}\")`"
                )
            }
            Self::SameThread { thread } => write!(f, "two threads are called `{thread}`"),
            Self::SameAgent { agent } => write!(f, "two agents are called `{agent}`"),
            Self::SameRing { ring } => write!(f, "two rings are called `{ring}`"),
            Self::NoProducer { ring } => write!(f, "nobody fills ring `{ring}`: name an agent in `from`"),
            Self::NoConsumer { ring } => write!(f, "nobody drains ring `{ring}`: name an agent in `to`"),
            Self::NoEviction { ring } => write!(
                f,
                "ring `{ring}` cannot drop its oldest event, which its consumer may be looking at: make it an mpmc, or drop the newest"
            ),
            Self::NoLetters { ring, letters, agent } => write!(
                f,
                "when ring `{ring}` is full, `{agent}` is to write letters into ring `{letters}`, which it does not fill"
            ),
            Self::Circle(steps) => circle(f, steps),
            Self::NoThread { thread } => write!(f, "thread `{thread}` is planned, and the crew has none"),
            Self::UnplannedThread { thread } => {
                write!(f, "the crew has a thread `{thread}`, which is not planned")
            }
            Self::OtherCpu { thread, planned, actual } => {
                write!(f, "thread `{thread}` is planned on {}, and pinned to {}", cpu(planned), cpu(actual))
            }
            Self::OtherAgents { thread, planned, actual } => {
                write!(f, "thread `{thread}` is planned with agents {planned:?}, and has {actual:?}")
            }
        }
    }
}

fn circle(f: &mut core::fmt::Formatter<'_>, steps: &[Step]) -> core::fmt::Result {
    f.write_str("these can stand still for ever:")?;
    let next = steps.iter().cycle().skip(1);
    for (i, (Step { agent, because }, Step { agent: next, .. })) in steps.iter().zip(next).enumerate() {
        let separator = if i == 0 { "" } else { ";" };
        match because {
            Because::Full(ring) => {
                write!(f, "{separator} `{agent}` until `{next}` drains ring `{ring}`")?;
            }
            Because::Thread(thread) => {
                write!(f, "{separator} `{agent}` until `{next}` lets go of thread `{thread}`")?;
            }
            Because::Answer(service) => {
                write!(f, "{separator} `{agent}` until `{next}` answers by `{service}`")?;
            }
        }
    }
    f.write_str(if steps.iter().any(|step| matches!(step.because, Because::Answer(_))) {
        ". Let one of them go on without the answer"
    } else {
        ". Let one of these rings reject, drop or dead-letter when it is full"
    })
}

impl core::error::Error for PlanError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Capacity { source, .. } => Some(source),
            Self::Multicast { source, .. } => Some(source),
            _ => None,
        }
    }
}
