//! Ringmain beside its peers: all in one process, in the same minute, with every event checked.
//!
//! `cargo bench -p ringmain-rivals -- --help` tells the options. `target/rivals` has plots afterwards. Figures of
//! different runs or machines do not compare; those of one table do. A quiet machine helps, and `nice -n -10`.

mod credit;
mod crew;
mod event;
mod field;
mod limits;
mod machine;
mod measure;
mod ours;
mod peers;
mod plot;
mod report;
mod workload;

use clap::Parser;
use field::{Case, Contender, Field, Kind};
use measure::{Pace, Table, measure};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "Ringmain beside its peers", bin_name = "cargo bench -p ringmain-rivals --")]
struct Options {
    /// Only cases whose name contains one of these
    filters: Vec<String>,
    /// A seventh of the time
    #[arg(long)]
    quick: bool,
    /// Only contenders whose name contains this; limits always run
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Samples of each contender in each case
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// What would run
    #[arg(long)]
    list: bool,
    /// Writes all figures there, too; cargo runs a bench in the folder of its package
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Runs everything of ours once, to see that it works
    #[arg(long)]
    test: bool,
    /// What `cargo bench` says; without it this is a test
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn wants_case(&self, case: &Case) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| case.name.contains(filter.as_str()))
    }
    fn wants(&self, contender: &Contender) -> bool {
        let named = || self.only.iter().any(|name| contender.name.contains(name.as_str()));
        contender.kind == Kind::Limit || self.only.is_empty() || named()
    }
    fn pace(&self) -> Pace {
        let (rounds, millis) = if self.quick { (7, 0.8) } else { (21, 2.0) };
        Pace { rounds: self.rounds.unwrap_or(rounds), millis }
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    let mut field = Field::new();
    limits::enter(field.of(Kind::Limit));
    peers::enter(field.of(Kind::Peer));
    ours::enter(field.of(Kind::Ours));
    field.cases.retain(|case| options.wants_case(case));
    if options.list {
        list(&field, &options);
        return Ok(ExitCode::SUCCESS);
    }
    let test = options.test || !options.bench;
    let (pace, wanted): (_, &dyn Fn(&Contender) -> bool) = if test {
        (Pace { rounds: 1, millis: 0.0 }, &|contender| contender.kind == Kind::Ours)
    } else {
        (options.pace(), &|contender| options.wants(contender))
    };
    let machine = machine::description();
    println!("{machine}\n{}\n{}", plot::METHOD, report::LEGEND);
    let mut tables = Vec::new();
    for case in &field.cases {
        let table = measure(case, wanted, pace);
        table.iter().for_each(|table| print!("{}", report::text(table)));
        tables.extend(table);
    }
    if let Some(file) = &options.json {
        fs::write(file, format!("{:#}\n", report::json(&tables, &machine)))?;
    }
    if !test {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("rivals");
        plot::write(&tables, &format!("{machine}; {}", plot::METHOD), &folder)?;
        println!("\nplots: {}", folder.display());
    }
    Ok(if tables.iter().all(ours_are_right) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn list(field: &Field, options: &Options) {
    for case in &field.cases {
        println!("{}", case.name);
        let wanted = case.contenders.iter().filter(|contender| options.wants(contender));
        wanted.for_each(|contender| println!("    {:?}: {}", contender.kind, contender.name));
    }
}

fn ours_are_right(table: &Table) -> bool {
    table.rows.iter().all(|row| row.kind != Kind::Ours || row.fault.is_none())
}
