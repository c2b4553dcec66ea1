//! What a crew tells: while it runs, and when it has ended.

use core::any::Any;
use core::fmt::{self, Debug, Display, Formatter};

/// How a crew ended.
#[derive(Debug)]
pub struct Report {
    /// In the order of the crew.
    pub threads: Vec<ThreadReport>,
    /// What was done otherwise than asked for.
    pub notices: Vec<Notice>,
}

impl Report {
    /// The agent of that name; the first, if there are several.
    #[must_use]
    pub fn agent(&self, name: &str) -> Option<&AgentReport> {
        self.threads.iter().flat_map(|thread| &thread.agents).find(|agent| agent.name == name)
    }
    /// Every panic, with the names of the thread and of the agent; no agent if it came from the wait strategy or the
    /// clock.
    pub fn panics(&self) -> impl Iterator<Item = (&str, Option<&str>, &Panic)> {
        self.threads.iter().flat_map(|thread| {
            let of_agents = thread.agents.iter().filter_map(|agent| match &agent.end {
                AgentEnd::Panicked(panic) => Some((Some(agent.name.as_str()), panic)),
                _ => None,
            });
            let own = thread.panic.iter().map(|panic| (None, panic));
            of_agents.chain(own).map(|(agent, panic)| (thread.name.as_str(), agent, panic))
        })
    }
    /// Nothing panicked.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.panics().next().is_none()
    }
}

/// How one thread ended.
#[derive(Debug)]
pub struct ThreadReport {
    /// As its [`Runner`](super::Runner) was called.
    pub name: String,
    /// Turns it made, empty ones included.
    pub turns: u64,
    /// In the order of their turns.
    pub agents: Vec<AgentReport>,
    /// The panic of its wait strategy or its clock, which ended it.
    pub panic: Option<Panic>,
}

/// How one agent ended.
#[derive(Debug)]
pub struct AgentReport {
    /// As it was called when it was added.
    pub name: String,
    /// How.
    pub end: AgentEnd,
}

/// Why an agent has no more turns.
#[derive(Debug)]
pub enum AgentEnd {
    /// It said [`Work::Done`](crate::contract::Work::Done).
    Done,
    /// Its thread was stopped.
    Stopped,
    /// It panicked: in a turn, or while it was built or dropped.
    Panicked(Panic),
}

/// What was panicked with.
pub struct Panic {
    payload: Box<dyn Any + Send>,
}

impl Panic {
    pub(super) fn new(payload: Box<dyn Any + Send>) -> Self {
        Self { payload }
    }
    /// The text of `panic!("...")`; `None` if the payload is something else.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        let text = self.payload.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| self.payload.downcast_ref::<&str>().copied())
    }
    /// The payload itself, for [`std::panic::resume_unwind`].
    #[must_use]
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.payload
    }
}

impl Debug for Panic {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message()).finish()
    }
}

impl Display for Panic {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().unwrap_or("a payload that is no text"))
    }
}

/// A thread that has not ended, as it was seen a moment ago.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Running {
    /// Its name.
    pub thread: String,
    /// The agent that is being built, has its turn, or is being dropped; `None` between turns.
    pub agent: Option<String>,
    /// Turns it has begun.
    pub turns: u64,
    /// It has begun a turn while somebody waited for it to end: not stuck, but not told to stop either.
    pub moved: bool,
}

impl Display for Running {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { thread, agent, turns, moved } = self;
        match (agent, moved) {
            (_, true) => write!(f, "thread `{thread}` still makes turns ({turns} by now): was it stopped?"),
            (Some(agent), _) => write!(f, "thread `{thread}` is stuck in agent `{agent}`, turn {turns}"),
            (None, _) => write!(f, "thread `{thread}` is stuck between turns, after turn {turns}"),
        }
    }
}

/// Something was done otherwise than asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// The thread was to spin, and yields instead.
    Yields {
        /// Its name.
        thread: String,
        /// Why.
        crowding: Crowding,
    },
    /// The system took the wish to pin the thread, and cannot be asked whether it holds.
    PinUnverified {
        /// Its name.
        thread: String,
        /// The CPU asked for.
        cpu: usize,
    },
}

impl Display for Notice {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yields { thread, crowding } => {
                write!(f, "thread `{thread}` yields where it was to spin: {crowding}")
            }
            Self::PinUnverified { thread, cpu } => {
                write!(f, "thread `{thread}` was to be pinned to CPU {cpu}: this system cannot confirm it")
            }
        }
    }
}

/// Why a thread that spins would hold others up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Crowding {
    /// There are more threads than CPUs.
    Threads {
        /// Threads of the crew.
        threads: usize,
        /// CPUs that they may run on.
        cpus: usize,
    },
    /// Another thread is pinned to the same CPU.
    Cpu {
        /// The CPU.
        cpu: usize,
        /// The other thread.
        with: String,
    },
}

impl Display for Crowding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Threads { threads, cpus } => write!(f, "{threads} threads for {cpus} CPUs"),
            Self::Cpu { cpu, with } => write!(f, "CPU {cpu} is also that of thread `{with}`"),
        }
    }
}
