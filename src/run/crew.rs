//! Several threads that start together or not at all.

use super::pin::{self, PinError, Pinned};
use super::seat::Recruit;
use super::shared::{Pinning, Post, Shared};
use super::{Crowding, Handle, MonotonicClock, Notice, Plan, PlanError, Report, Runner, Stopper, runner};
use crate::contract::{Clock, Wait};
use crate::sync::Arc;
use crate::wait::{Backoff, Yielding};
use std::{io, thread};

/// Threads that are not running yet. See [`run`](super) for what a turn costs and how it ends.
///
/// | what        | unless said otherwise                                                                 |
/// |-------------|---------------------------------------------------------------------------------------|
/// | wait        | [`Backoff`]                                                                           |
/// | clock       | one [`MonotonicClock`] for all                                                        |
/// | crowding    | [`OnCrowding::Yield`]                                                                 |
///
/// ```
/// use ringmain::contract::{ManualClock, Tick, Work};
/// use ringmain::run::{Crew, Runner};
/// use ringmain::wait::Yielding;
/// use std::time::Duration;
///
/// struct Until(Tick);
/// impl ringmain::contract::Agent for Until {
///     fn work(&mut self, now: Tick) -> Work {
///         if now >= self.0 { Work::Done } else { Work::Idle }
///     }
/// }
/// let clock = ManualClock::new();
/// let mut crew = Crew::new()
///     .wait(Yielding::new)
///     .clock(clock.clone())
///     .thread(Runner::new("one").agent("until 1", Until(Tick::from_nanos(1))))
///     .thread(Runner::new("two").agent("until 2", Until(Tick::from_nanos(2))))
///     .start()?;
/// clock.advance(Duration::from_nanos(2));
/// assert!(crew.join(Duration::from_secs(10))?.is_clean());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Crew {
    runners: Vec<Runner>,
    wait: Box<dyn Fn() -> Box<dyn Wait + Send>>,
    clock: Box<dyn Fn() -> Box<dyn Clock + Send>>,
    on_crowding: OnCrowding,
    plan: Option<Plan>,
    stopper: Stopper,
}

impl Crew {
    /// A crew without threads.
    #[must_use]
    pub fn new() -> Self {
        let clock = MonotonicClock::new();
        Self {
            runners: Vec::new(),
            wait: Box::new(|| Box::new(Backoff::new())),
            clock: Box::new(move || Box::new(clock)),
            on_crowding: OnCrowding::default(),
            plan: None,
            stopper: Stopper::new(),
        }
    }
    /// How threads spend empty turns that do not say so themselves: `make` is called once for each.
    #[must_use]
    pub fn wait<W: Wait + Send + 'static>(mut self, make: impl Fn() -> W + 'static) -> Self {
        self.wait = Box::new(move || Box::new(make()));
        self
    }
    /// The clock: each thread gets a clone, and reads it once a turn.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + Clone + Send + 'static) -> Self {
        self.clock = Box::new(move || Box::new(clock.clone()));
        self
    }
    /// What to do with a thread that spins where threads outnumber CPUs.
    #[must_use]
    pub fn on_crowding(mut self, policy: OnCrowding) -> Self {
        self.on_crowding = policy;
        self
    }
    /// What the crew is to be: it starts only if the plan [holds](Plan::check) and each thread, its CPU and its agents are
    /// as planned.
    #[must_use]
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }
    /// Adds a thread.
    #[must_use]
    pub fn thread(mut self, runner: Runner) -> Self {
        self.runners.push(runner);
        self
    }
    /// Stops the crew from anywhere, also one that runs here.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }
    /// Starts each runner on a thread of its own. No agent is built or has a turn before every thread is there and
    /// pinned; if one cannot be, all agents are dropped. **Blocks** for that long.
    ///
    /// A thread that asks for no CPU inherits those that the calling thread may run on.
    ///
    /// # Errors
    /// [`StartError`] names the thread and what it could not have.
    pub fn start(self) -> Result<Handle, StartError> {
        let (mut start, jobs) = self.prepare()?;
        start.spawn(jobs)?;
        start.finish(None)
    }
    /// As [`start`](Self::start), but the runner that was added first runs on the calling thread. **Blocks** until all
    /// threads have ended, which a [`Stopper`] can bring about.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn run_here(self) -> Result<Report, StartError> {
        let (mut start, jobs) = self.prepare()?;
        let mut jobs = jobs.into_iter();
        let Some(own) = jobs.next() else { return Ok(start.finish(None)?.into_report()) };
        start.spawn(jobs)?;
        let pinning = own.pin();
        let (shared, stopper) = (start.shared.clone(), start.stopper.clone());
        let handle = start.finish(Some((own.index, pinning)))?;
        own.run(&shared, &stopper);
        Ok(handle.into_report())
    }
    /// Checks all that can be checked without a thread.
    fn prepare(self) -> Result<(Start, Vec<Job>), StartError> {
        let Self { runners, wait, clock, on_crowding, plan, stopper } = self;
        check_names(&runners)?;
        if let Some(plan) = plan {
            plan.check()
                .and_then(|()| plan.compare(&runners))
                .map_err(|source| StartError::Plan { source })?;
        }
        let jobs = runners.into_iter().enumerate().map(|(index, runner)| {
            let Runner { name, cpu, wait: own, recruits, .. } = runner;
            Job { index, name, cpu, wait: own.unwrap_or_else(&wait), clock: clock(), recruits }
        });
        let mut jobs: Vec<Job> = jobs.collect();
        let mut notices = Vec::new();
        for (index, crowding) in crowded(&jobs) {
            let thread = jobs[index].name.clone();
            match on_crowding {
                OnCrowding::Refuse => return Err(StartError::Crowded { thread, crowding }),
                OnCrowding::Yield => jobs[index].wait = Box::new(Yielding::new()),
            }
            notices.push(Notice::Yields { thread, crowding });
        }
        let posts = jobs
            .iter()
            .map(|job| Post::new(job.name.clone(), job.recruits.iter().map(|recruit| recruit.name.clone())));
        let shared = Arc::new(Shared::new(posts.collect()));
        let cpus = jobs.iter().map(|job| job.cpu).collect();
        Ok((Start { shared, stopper, notices, cpus, threads: Vec::new() }, jobs))
    }
}

impl Default for Crew {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Crew {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Crew").field("runners", &self.runners).finish_non_exhaustive()
    }
}

/// What to do with a thread that spins (its wait [`hogs`](Wait::hogs)) where there are more threads than CPUs, or
/// another thread is pinned to its CPU. Threads that are not of this crew are not counted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum OnCrowding {
    /// It yields instead, with a [`Notice::Yields`].
    #[default]
    Yield,
    /// The crew does not start: [`StartError::Crowded`].
    Refuse,
}

/// Why a crew did not start. No agent had a turn; all are dropped.
#[derive(Debug)]
pub enum StartError {
    /// A thread could not be pinned.
    Pin {
        /// Its name.
        thread: String,
        /// Names the CPU and the allowed ones.
        source: PinError,
    },
    /// The system gave no thread.
    Spawn {
        /// Its name.
        thread: String,
        /// What the system said.
        source: io::Error,
    },
    /// [`OnCrowding::Refuse`], and a thread that spins would hold others up.
    Crowded {
        /// Its name.
        thread: String,
        /// Why.
        crowding: Crowding,
    },
    /// Two threads have one name, so that no report could tell them apart.
    SameName {
        /// It.
        thread: String,
    },
    /// The plan does not hold, or the crew is not as planned.
    Plan {
        /// Says what is wrong.
        source: PlanError,
    },
    /// The system takes no name with a zero byte.
    BadName {
        /// It.
        thread: String,
    },
}

impl core::fmt::Display for StartError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Pin { thread, source } => write!(f, "thread `{thread}`: {source}"),
            Self::Spawn { thread, source } => write!(f, "thread `{thread}` cannot be spawned: {source}"),
            Self::Crowded { thread, crowding } => write!(f, "thread `{thread}` must not spin: {crowding}"),
            Self::Plan { source } => write!(f, "the plan: {source}"),
            Self::SameName { thread } => write!(f, "two threads are called `{thread}`"),
            Self::BadName { thread } => {
                write!(f, "a thread cannot be called {thread:?}: zero byte in the name")
            }
        }
    }
}

impl core::error::Error for StartError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Pin { source, .. } => Some(source),
            Self::Spawn { source, .. } => Some(source),
            Self::Plan { source } => Some(source),
            Self::Crowded { .. } | Self::SameName { .. } | Self::BadName { .. } => None,
        }
    }
}

/// Names are what reports and the system tell threads apart by.
fn check_names(runners: &[Runner]) -> Result<(), StartError> {
    for (i, runner) in runners.iter().enumerate() {
        let thread = || runner.name.clone();
        if runner.name.contains('\0') {
            return Err(StartError::BadName { thread: thread() });
        }
        if runners[..i].iter().any(|other| other.name == runner.name) {
            return Err(StartError::SameName { thread: thread() });
        }
    }
    Ok(())
}

/// The threads whose wait hogs a processor that others need, with the reason.
fn crowded(jobs: &[Job]) -> Vec<(usize, Crowding)> {
    let (threads, cpus) = (jobs.len(), cpus(jobs));
    let crowding = |job: &Job| {
        if threads > cpus {
            return Some(Crowding::Threads { threads, cpus });
        }
        let cpu = job.cpu?;
        let other = jobs.iter().find(|other| other.index != job.index && other.cpu == Some(cpu))?;
        Some(Crowding::Cpu { cpu, with: other.name.clone() })
    };
    let hogs = jobs.iter().filter(|job| job.wait.hogs());
    hogs.filter_map(|job| Some((job.index, crowding(job)?))).collect()
}

/// How many CPUs the crew has: those the calling thread may run on, and others that threads are pinned to.
fn cpus(jobs: &[Job]) -> usize {
    let mut elsewhere: Vec<usize> = jobs.iter().filter_map(|job| job.cpu).collect();
    elsewhere.sort_unstable();
    elsewhere.dedup();
    // Where the system does not tell which CPUs are allowed, those that are pinned to are taken for some of them.
    let allowed = pin::allowed();
    elsewhere.retain(|cpu| allowed.as_ref().is_some_and(|allowed| !allowed.as_slice().contains(cpu)));
    thread::available_parallelism().map_or(1, usize::from) + elsewhere.len()
}

/// What one thread is to do.
struct Job {
    index: usize,
    name: String,
    cpu: Option<usize>,
    wait: Box<dyn Wait + Send>,
    clock: Box<dyn Clock + Send>,
    recruits: Vec<Recruit>,
}

impl Job {
    fn pin(&self) -> Pinning {
        self.cpu.map(pin::current_thread)
    }
    fn run(self, shared: &Shared, stopper: &Stopper) {
        let report = runner::live(self.recruits, self.wait, self.clock, shared.post(self.index), stopper);
        shared.deposit(self.index, report);
    }
}

/// A crew of which some threads may be there already.
struct Start {
    shared: Arc<Shared>,
    stopper: Stopper,
    notices: Vec<Notice>,
    /// What each thread asked for.
    cpus: Vec<Option<usize>>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Start {
    fn spawn(&mut self, jobs: impl IntoIterator<Item = Job>) -> Result<(), StartError> {
        for job in jobs {
            let (shared, stopper, name) = (self.shared.clone(), self.stopper.clone(), job.name.clone());
            let body = move || {
                if shared.muster(job.index, job.pin()) {
                    job.run(&shared, &stopper);
                }
            };
            match thread::Builder::new().name(name.clone()).spawn(body) {
                Ok(thread) => self.threads.push(thread),
                Err(source) => {
                    self.call_off();
                    return Err(StartError::Spawn { thread: name, source });
                }
            }
        }
        Ok(())
    }
    /// Waits for the threads to be pinned, the caller's own included, and gives the word.
    fn finish(mut self, own: Option<(usize, Pinning)>) -> Result<Handle, StartError> {
        for (index, pinned) in self.shared.mustered(own) {
            let thread = self.shared.post(index).thread().to_owned();
            match (pinned, self.cpus[index]) {
                (Err(source), _) => {
                    self.call_off();
                    return Err(StartError::Pin { thread, source });
                }
                (Ok(Pinned::Unverified), Some(cpu)) => {
                    self.notices.push(Notice::PinUnverified { thread, cpu });
                }
                (Ok(_), _) => {}
            }
        }
        self.shared.give_word(true);
        Ok(Handle::new(self.shared, self.stopper, self.threads, self.notices))
    }
    /// Sends the threads home, and waits until they have dropped their agents.
    fn call_off(&mut self) {
        self.shared.give_word(false);
        for thread in self.threads.drain(..) {
            // It panics if an agent does when it is dropped: that was printed, and there is no report to put it in.
            let _ = thread.join();
        }
    }
}
