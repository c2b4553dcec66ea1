//! What can be asked for on the command line.

use clap::{Parser, ValueEnum};
use std::path::{Path, PathBuf};

/// Publishes a market session on a ring, and tells what came of it: order book, trades, dead letters, latency.
#[derive(Parser, Debug)]
#[command(name = "market", after_help = EXITS)]
pub(crate) struct Args {
    /// LOBSTER message rows (time,type,id,size,price,direction); `-` is standard input [default: a session made up]
    pub(crate) file: Option<PathBuf>,
    /// The session made up: the same seed gives the same rows
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The session made up: how many rows
    #[arg(long, default_value_t = 2_000_000)]
    pub(crate) rows: u64,
    /// Send this many rows a second; latency counts from the time a row was due [default: as fast as it goes]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) rate: Option<u64>,
    /// Threads, 1 to 7, pinned where there are cores; 1 is the caller's own [default: one a core, at least 2]
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=7))]
    pub(crate) threads: Option<u8>,
    /// What a thread does when there is nothing to do: yield and spin are quicker to notice, and burn a core each
    #[arg(long, value_enum, default_value_t = WaitBy::Backoff)]
    pub(crate) wait: WaitBy,
    /// Print one JSON object instead of the report
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the topology, with these threads and capacities, as a Mermaid graph, and do no more
    #[arg(long)]
    pub(crate) graph: bool,
    /// Slots of the ring, a power of two
    #[arg(long, default_value_t = 4_096)]
    pub(crate) capacity: usize,
    /// Open orders that the book has room for
    #[arg(long, default_value_t = 65_536, value_parser = room)]
    pub(crate) orders: usize,
    /// Price levels a side that the book has room for
    #[arg(long, default_value_t = 8_192, value_parser = room)]
    pub(crate) levels: usize,
    /// Measure one row in so many, a power of two
    #[arg(long, default_value_t = 64)]
    pub(crate) sample: u64,
    /// Risk: more shares than this are large
    #[arg(long, default_value_t = 5_000)]
    pub(crate) large: u32,
    /// Risk: this many hundredths of a percent from the last trade are far
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub(crate) far: u32,
}

/// A wait strategy.
#[derive(Clone, Copy, ValueEnum, Debug)]
pub(crate) enum WaitBy {
    /// Spin, then yield, then sleep.
    Backoff,
    /// Give the rest of the time slice away.
    Yield,
    /// Spin; yields where threads outnumber cores.
    Spin,
}

const EXITS: &str = "Exit codes:
  0   done; bad rows, if any, are in the report as dead letters
  2   the command line is wrong
  65  no good row: the input is empty, or nothing in it is a row
  66  the input cannot be opened
  70  the ledger does not balance, or a stage failed: a bug
  74  the input could not be read to its end (the report tells of what was read), or the report not be written";

impl Args {
    /// The file to read, unless it is standard input or a session made up.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.file.as_deref().filter(|path| *path != Path::new("-"))
    }
}

/// So many that the tables can be allocated.
fn room(text: &str) -> Result<usize, String> {
    const MOST: usize = 1 << 26;
    match text.parse() {
        Ok(n @ 1..=MOST) => Ok(n),
        _ => Err(format!("not a number from 1 to {MOST}")),
    }
}
