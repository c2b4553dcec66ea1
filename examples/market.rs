//! The main job: a market session on the bus.
//!
//! ```text
//!                    +--> book ---+
//!   feed ==> check --+--> stats --+--> join ==> report
//!              |     +--> risk ---+
//!              +==> letters (bad rows)
//! ```
//!
//! `cargo run --release --example market` publishes a session made up; with a file (or `-`) it reads LOBSTER message
//! rows. Rows are parsed straight into the slots of a multicast ring, checked and stamped where they lie, read in
//! parallel by an order book, statistics and a risk monitor, and joined again. Nothing is allocated on the way.
//! `--help` tells the rest.

#[path = "market/mod.rs"]
mod market;

use clap::Parser;
use market::{
    args::Args,
    crew,
    pipeline::{Market, Plan},
    progress::Progress,
    session::Session,
};
use ringmain::{metric::OneIn, run::MonotonicClock};
use std::{
    error::Error,
    fmt,
    fs::File,
    io::{self, ErrorKind, IsTerminal, Read, Write},
    process::ExitCode,
    thread,
    time::Instant,
};

/// Exit codes, as in sysexits.h; `--help` tells what they mean here.
const USAGE: u8 = 2;
const NO_DATA: u8 = 65;
const NO_INPUT: u8 = 66;
const BUG: u8 = 70;
const IO_ERROR: u8 = 74;

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, text }) => {
            // If nobody listens there either, the code has to do.
            let _ = writeln!(io::stderr(), "market: {text}");
            ExitCode::from(code)
        }
    }
}

/// Why it did not go well, and the exit code.
struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    fn new(code: u8, text: impl fmt::Display) -> Self {
        Self { code, text: text.to_string() }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    let plan = plan(args).map_err(|wrong| Failure::new(USAGE, wrong))?;
    if args.graph {
        let market = Market::build(&plan, io::empty(), MonotonicClock::new())
            .map_err(|wrong| Failure::new(USAGE, wrong))?;
        let graph = crew::plan(market, threads(args));
        graph.check().map_err(|wrong| Failure::new(BUG, wrong))?;
        return print(&graph.mermaid());
    }
    match (args.path(), &args.file) {
        (Some(path), _) => {
            let cannot = |why: &dyn fmt::Display| {
                Failure::new(NO_INPUT, format_args!("cannot open {}: {why}", path.display()))
            };
            let file = File::open(path).map_err(|error| cannot(&error))?;
            if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
                return Err(cannot(&"it is a directory"));
            }
            publish(args, &plan, file, None)
        }
        (None, Some(_)) => publish(args, &plan, io::stdin(), None),
        (None, None) => publish(args, &plan, Session::new(args.seed, args.rows), Some(args.rows)),
    }
}

fn plan(args: &Args) -> Result<Plan, Box<dyn Error>> {
    Ok(Plan {
        capacity: args.capacity,
        letters: 64,
        buffer: 1 << 18,
        orders: args.orders,
        levels: args.levels,
        sample: OneIn::new(args.sample)?,
        rate: args.rate,
        large: args.large,
        far: args.far,
    })
}

/// Publishes all rows of `input`, of which there are `rows` if that is known, and reports.
fn publish<R>(args: &Args, plan: &Plan, input: R, rows: Option<u64>) -> Result<(), Failure>
where
    R: Read + Send + 'static,
{
    let clock = MonotonicClock::new();
    let market = Market::build(plan, input, clock).map_err(|wrong| Failure::new(USAGE, wrong))?;
    let outcome = market.outcome.clone();
    let progress = io::stderr().is_terminal().then(|| Progress::new(&outcome.board, rows));

    let start = Instant::now();
    let ran = crew::run(market, threads(args), args.wait, clock, progress)
        .map_err(|wrong| Failure::new(BUG, wrong))?;
    let report = outcome.report(start.elapsed());
    for notice in &ran.notices {
        let _ = writeln!(io::stderr(), "market: {notice}");
    }

    if report.rows() == 0 && outcome.failure().is_none() {
        return Err(Failure::new(NO_DATA, "no rows: the input is empty"));
    }
    print(&if args.json { format!("{:#}\n", report.json()) } else { report.to_string() })?;
    if let Some((thread, agent, panic)) = ran.panics().next() {
        let agent = agent.unwrap_or("its wait");
        return Err(Failure::new(BUG, format_args!("{agent} on thread `{thread}` panicked: {panic}")));
    }
    if let Err(wrong) = report.statement.check() {
        return Err(Failure::new(BUG, format_args!("the ledger does not balance: {wrong}")));
    }
    if let Some(error) = outcome.failure() {
        return Err(Failure::new(IO_ERROR, format_args!("the input could not be read to its end: {error}")));
    }
    if report.good() == 0 {
        return Err(Failure::new(NO_DATA, "no good row: is this a LOBSTER message file?"));
    }
    Ok(())
}

/// As asked for; else one a core, but at least two, and no more than three on a machine of any size: the feed sets the pace.
fn threads(args: &Args) -> usize {
    let usual = || thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 3));
    args.threads.map_or_else(usual, usize::from)
}

/// Writes to standard output. A reader that has gone has seen what it wanted: that is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(IO_ERROR, format_args!("cannot write the report: {error}")))
        }
        _ => Ok(()),
    }
}
