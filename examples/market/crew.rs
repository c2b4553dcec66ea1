//! The agents on their threads.

use super::{args::WaitBy, pipeline::Market, progress::Progress};
use ringmain::{
    run::{Crew, MonotonicClock, Report, Runner, StartError, pin},
    wait::{Backoff, BusySpin, Yielding},
};

/// Gives all agents their turns until they are done, on so many threads, of which the first is the caller's own. With
/// more than one, each is pinned to a CPU of its own if there are enough of them.
///
/// # Errors
/// As [`Crew::run_here`].
pub(crate) fn run(
    market: Market,
    threads: usize,
    wait: WaitBy,
    clock: MonotonicClock,
    progress: Option<Progress>,
) -> Result<Report, StartError> {
    let groups = market.share_out(threads);
    let cpus = pin::allowed().filter(|cpus| groups.len() > 1 && cpus.as_slice().len() >= groups.len());
    let mut crew = Crew::new().clock(clock);
    crew = match wait {
        WaitBy::Backoff => crew.wait(Backoff::new),
        WaitBy::Yield => crew.wait(Yielding::new),
        WaitBy::Spin => crew.wait(BusySpin::new),
    };
    let mut progress = progress;
    for (i, group) in groups.into_iter().enumerate() {
        let mut runner = Runner::new(format!("market {i}"));
        if let Some(cpus) = &cpus {
            runner = runner.cpu(cpus.as_slice()[i]);
        }
        for (name, agent) in group {
            runner = runner.agent(name, agent);
        }
        if let Some(progress) = progress.take() {
            runner = runner.agent("progress", progress);
        }
        crew = crew.thread(runner);
    }
    crew.run_here()
}
