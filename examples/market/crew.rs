//! The agents on their threads.

use super::{args::WaitBy, pipeline::Market, progress::Progress};
use ringmain::{
    run::{Crew, MonotonicClock, Plan, Report, Runner, StartError, pin},
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
    let (plan, runners) = put(market, threads, progress);
    let crew = Crew::new().clock(clock).plan(plan);
    let crew = match wait {
        WaitBy::Backoff => crew.wait(Backoff::new),
        WaitBy::Yield => crew.wait(Yielding::new),
        WaitBy::Spin => crew.wait(BusySpin::new),
    };
    runners.into_iter().fold(crew, Crew::thread).run_here()
}

/// The whole graph, with the threads it would have: what `--graph` draws.
pub(crate) fn plan(market: Market, threads: usize) -> Plan {
    put(market, threads, None).0
}

/// Puts the agents on their threads, in the plan and in fact.
fn put(mut market: Market, threads: usize, progress: Option<Progress>) -> (Plan, Vec<Runner>) {
    let mut plan = std::mem::take(&mut market.graph);
    let groups = market.share_out(threads);
    let cpus = pin::allowed().filter(|cpus| groups.len() > 1 && cpus.as_slice().len() >= groups.len());
    let (mut progress, mut runners) = (progress, Vec::with_capacity(groups.len()));
    for (i, group) in groups.into_iter().enumerate() {
        let name = format!("market {i}");
        let thread = plan.thread(name.as_str());
        let mut runner = Runner::new(name);
        if let Some(cpus) = &cpus {
            let cpu = cpus.as_slice()[i];
            thread.cpu(cpu);
            runner = runner.cpu(cpu);
        }
        for (name, agent) in group {
            thread.agent(name);
            runner = runner.agent(name, agent);
        }
        if let Some(progress) = progress.take() {
            thread.agent("progress");
            runner = runner.agent("progress", progress);
        }
        runners.push(runner);
    }
    (plan, runners)
}
