//! Two agents on two threads, each on a CPU of its own if the machine has two: one makes numbers, one adds them up.
//!
//! ```text
//! cargo run --release --example pinned_crew            CPUs 0 and 1, or as few as there are
//! cargo run --release --example pinned_crew -- 2 3     CPUs 2 and 3, by the kernel's numbers
//! ```

use ringmain::channel::spsc::{self, Producer};
use ringmain::contract::{Agent, Refused, Sink, Source, Tick, Work, each};
use ringmain::run::{Crew, Runner, pin};
use ringmain::wait::BusySpin;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

const EVENTS: u64 = 1_000_000;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // An impossible CPU says which ones are possible.
            eprintln!("pinned_crew: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let asked = std::env::args().skip(1).map(|cpu| cpu.parse()).collect::<Result<Vec<usize>, _>>()?;
    let cpus = if asked.is_empty() { some_cpus() } else { asked };

    let (tx, rx) = spsc::channel(1024, || 0u64)?;
    let (tell, told) = std::sync::mpsc::channel();
    let mut sum = Sum { total: 0, tell };
    let mut crew = Crew::new()
        .wait(BusySpin::new)
        .thread(on(cpus.first(), Runner::new("numbers")).agent("numbers", Numbers { next: 0, tx }))
        .thread(on(cpus.last(), Runner::new("sum")).agent("sum", rx.drive(each(move |n: &u64| sum.add(*n)))))
        .start()?;
    for notice in crew.notices() {
        eprintln!("{notice}");
    }

    // The numbers end, which closes the ring; the sum ends when it has seen them all.
    let report = crew.join(Duration::from_secs(60))?;
    for thread in &report.threads {
        println!("{}: {} turns", thread.name, thread.turns);
    }
    println!("the sum of {EVENTS} numbers is {}", told.recv()?);
    Ok(())
}

/// The first CPU and the last that this process may run on.
fn some_cpus() -> Vec<usize> {
    let Some(allowed) = pin::allowed() else { return Vec::new() };
    let allowed = allowed.as_slice();
    allowed.first().into_iter().chain(allowed.last()).copied().collect()
}

fn on(cpu: Option<&usize>, runner: Runner) -> Runner {
    match cpu {
        Some(cpu) => runner.cpu(*cpu),
        None => runner,
    }
}

/// Fills the ring with numbers, as many in a turn as there is room for.
struct Numbers {
    next: u64,
    tx: Producer<u64>,
}

impl Agent for Numbers {
    fn work(&mut self, _: Tick) -> Work {
        let before = self.next;
        while self.next < EVENTS {
            match self.tx.offer(|slot| *slot = self.next) {
                Ok(()) => self.next += 1,
                Err(Refused::Full) => break,
                Err(Refused::Closed) => return Work::Done,
            }
        }
        match (self.next - before) as usize {
            0 if self.next == EVENTS => Work::Done,
            0 => Work::Idle,
            filled => Work::Busy(filled),
        }
    }
}

/// Adds up, and tells the total when it is dropped.
struct Sum {
    total: u64,
    tell: std::sync::mpsc::Sender<u64>,
}

impl Sum {
    fn add(&mut self, n: u64) {
        self.total += n;
    }
}

impl Drop for Sum {
    fn drop(&mut self) {
        // Nobody to tell is no reason to fail.
        let _ = self.tell.send(self.total);
    }
}
