//! The smallest program: a ring, a filter behind it, and one turn.
//!
//! `cargo run --example hello`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, Sink, Source, Tick, Work, each};
use ringmain::pattern::Filter;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut tx, rx) = spsc::channel(1024, || 0i64)?;
    let mut agent = rx.drive(Filter::new(|n: &i64| *n > 0, each(|n: &i64| println!("{n}"))));

    tx.offer(|n| *n = 42)?;
    tx.offer(|n| *n = -1)?;
    assert_eq!(agent.work(Tick::ZERO), Work::Busy(2)); // prints 42: the filter took both events, and let one through
    Ok(())
}
