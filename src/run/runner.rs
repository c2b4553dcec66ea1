//! One thread: its name, its CPU, its way to wait, its agents.

use super::seat::{Recruit, Seat};
use super::shared::Post;
use super::{Crew, Handle, OnPanic, Panic, Report, StartError, Stopper, ThreadReport};
use crate::contract::{Agent, Clock, Wait, Work};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A thread that is not running yet: one of a [`Crew`], or alone.
///
/// Each agent is boxed when it is added, and called once a turn, in the order in which they were added.
///
/// ```
/// use ringmain::{contract::{Tick, Work}, run::Runner};
/// # struct Book; impl ringmain::contract::Agent for Book { fn work(&mut self, _: Tick) -> Work { Work::Done } }
/// # let (book, risk) = (Book, Book);
/// use ringmain::wait::Yielding;
/// let report = Runner::new("market").wait(Yielding::new()).agent("book", book).agent("risk", risk).run_here()?;
/// assert_eq!(report.threads[0].agents.len(), 2);
/// # Ok::<(), ringmain::run::StartError>(())
/// ```
pub struct Runner {
    pub(super) name: String,
    pub(super) cpu: Option<usize>,
    /// `None`: that of the crew.
    pub(super) wait: Option<Box<dyn Wait + Send>>,
    on_panic: OnPanic,
    pub(super) recruits: Vec<Recruit>,
}

impl Runner {
    /// A thread of this name without agents. The system sees the name as well; Linux shows the first 15 bytes.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), cpu: None, wait: None, on_panic: OnPanic::default(), recruits: Vec::new() }
    }
    /// Pins the thread to the CPU that the kernel calls `id`, isolated ones included; see [`pin`](super::pin).
    #[must_use]
    pub fn cpu(mut self, id: usize) -> Self {
        self.cpu = Some(id);
        self
    }
    /// How this thread spends empty turns; if it is not said, as its crew does.
    #[must_use]
    pub fn wait(mut self, wait: impl Wait + Send + 'static) -> Self {
        self.wait = Some(Box::new(wait));
        self
    }
    /// What a panic does, of the agents that are added **after** this; [`OnPanic::End`] if it is not said.
    #[must_use]
    pub fn on_panic(mut self, policy: OnPanic) -> Self {
        self.on_panic = policy;
        self
    }
    /// Adds an agent.
    #[must_use]
    pub fn agent(self, name: impl Into<String>, agent: impl Agent + Send + 'static) -> Self {
        self.agent_with(name, || agent)
    }
    /// Adds an agent that is built on the thread itself, once it is pinned: its state need not be `Send`, and its
    /// memory is first touched, so placed, where it will be used.
    #[must_use]
    pub fn agent_with<A: Agent + 'static>(
        mut self,
        name: impl Into<String>,
        build: impl FnOnce() -> A + Send + 'static,
    ) -> Self {
        let build = Box::new(|| Box::new(build()) as Box<dyn Agent>);
        self.recruits.push(Recruit { name: name.into(), on_panic: self.on_panic, build });
        self
    }
    /// The names of its agents, in order.
    pub(super) fn agents(&self) -> impl Iterator<Item = &String> {
        self.recruits.iter().map(|recruit| &recruit.name)
    }
    /// Starts it on a thread of its own, as a crew of one.
    ///
    /// # Errors
    /// As [`Crew::start`].
    pub fn start(self) -> Result<Handle, StartError> {
        Crew::new().thread(self).start()
    }
    /// Runs it on the calling thread until all its agents are done. **Blocks.** The calling thread stays pinned, if a
    /// CPU was asked for.
    ///
    /// # Errors
    /// As [`Crew::run_here`].
    pub fn run_here(self) -> Result<Report, StartError> {
        Crew::new().thread(self).run_here()
    }
}

impl core::fmt::Debug for Runner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let agents: Vec<_> = self.agents().collect();
        f.debug_struct("Runner")
            .field("name", &self.name)
            .field("cpu", &self.cpu)
            .field("agents", &agents)
            .finish_non_exhaustive()
    }
}

/// The life of a thread: builds its agents, gives them turns, drops them.
pub(super) fn live(
    recruits: Vec<Recruit>,
    wait: Box<dyn Wait + Send>,
    clock: Box<dyn Clock + Send>,
    post: &Post,
    stopper: &Stopper,
) -> ThreadReport {
    let mut seats = Vec::with_capacity(recruits.len());
    for (i, recruit) in recruits.into_iter().enumerate() {
        post.enter(i);
        seats.push(Seat::take(recruit, stopper.clone()));
    }
    post.leave();
    let mut turns = 0;
    // Unwind safe: agents catch their own panics, so what unwinds to here is the wait or the clock, both moved in.
    let looped =
        catch_unwind(AssertUnwindSafe(|| give_turns(&mut seats, wait, clock, post, stopper, &mut turns)));
    for (i, seat) in seats.iter_mut().enumerate() {
        post.enter(i);
        seat.stop();
    }
    post.leave();
    ThreadReport {
        name: post.thread().to_owned(),
        turns,
        agents: seats.into_iter().map(Seat::into_report).collect(),
        panic: looped.err().map(Panic::new),
    }
}

fn give_turns(
    seats: &mut [Seat],
    mut wait: Box<dyn Wait + Send>,
    mut clock: Box<dyn Clock + Send>,
    post: &Post,
    stopper: &Stopper,
    turns: &mut u64,
) {
    while !stopper.is_stopped() {
        *turns += 1;
        post.turn(*turns);
        let now = clock.now();
        let mut work = Work::Done;
        for (i, seat) in seats.iter_mut().enumerate() {
            post.enter(i);
            work = work.and(seat.turn(now));
        }
        post.leave();
        match work {
            Work::Busy(_) => wait.reset(),
            Work::Idle => wait.idle(),
            Work::Done => return,
        }
    }
}
