//! Three workers share what a feed brings in, and two counters share what the workers find.
//!
//! ```text
//!                   +--> worker --+             +--> counter
//!  feed --> [spmc] -+--> worker --+--> [mpmc] --+
//!                   +--> worker --+             +--> counter
//! ```
//!
//! `cargo run --release --example mpmc`

use ringmain::channel::{mpmc, spmc};
use ringmain::contract::{At, Flow, Sink, Source, each};
use ringmain::run::{Crew, Runner};
use ringmain::wait::Backoff;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const NUMBERS: u64 = 20_000;

/// A number and its smallest divisor.
#[derive(Default)]
struct Found {
    number: u64,
    divisor: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut feed, work) = spmc::channel(64, || 0)?;
    let (results, found) = mpmc::channel(64, Found::default)?;
    let primes = Arc::new(AtomicU64::new(0));

    let mut crew = Crew::new().wait(Backoff::new);
    for name in ["worker 1", "worker 2", "worker 3"] {
        let mut results = results.clone();
        // One number at a time: while a worker divides, the others can take what comes behind. If there is no room for
        // what it finds, the number stays in its hand.
        let divide = move |number: &u64, _: At| -> Flow {
            results.fill(|slot| {
                *slot = Found { number: *number, divisor: smallest_divisor(*number) };
                Ok(())
            })
        };
        crew = crew.thread(Runner::new(name).agent("divide", work.clone().drive(divide)));
    }
    for name in ["counter 1", "counter 2"] {
        let primes = Arc::clone(&primes);
        let count = each(move |found: &Found| {
            if found.divisor == found.number {
                primes.fetch_add(1, Ordering::Relaxed);
            }
        });
        // Counting is quick, so it may claim eight at a time.
        crew = crew.thread(Runner::new(name).agent("count", found.clone().batch(8).drive(count)));
    }
    // Each end is open as long as anybody has one.
    drop((work, results, found));

    let mut crew = crew.start()?;
    let mut wait = Backoff::new();
    for number in 2..NUMBERS {
        feed.offer_waiting(&mut wait, |slot| *slot = number)?;
    }
    // The feed goes, so the workers come to their end; they go, so the counters come to theirs.
    drop(feed);
    let report = crew.join(Duration::from_secs(60))?;
    for thread in &report.threads {
        println!("{}: {} turns", thread.name, thread.turns);
    }
    println!("{} primes below {NUMBERS}", primes.load(Ordering::Relaxed));
    assert_eq!(primes.load(Ordering::Relaxed), 2262);
    Ok(())
}

fn smallest_divisor(number: u64) -> u64 {
    (2..).take_while(|n| n * n <= number).find(|n| number.is_multiple_of(*n)).unwrap_or(number)
}
