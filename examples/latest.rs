//! A quote changes a thousand times while somebody thinks: when he looks, he gets the newest, whole, and not the
//! thousand.
//!
//! `cargo run --example latest`

use ringmain::channel::latest::{self, NoValue};
use ringmain::contract::Sink;
use std::thread;
use zerocopy::{FromBytes, Immutable, IntoBytes};

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Quote {
    bid: i64,
    ask: i64,
}

const CHANGES: u64 = 100_000;

fn main() {
    let (mut market, mut trader) = latest::channel(Quote { bid: 100, ask: 102 });
    let mut screen = trader.clone();

    thread::scope(|scope| {
        scope.spawn(move || {
            for n in 0..CHANGES {
                // What is lent is the newest quote.
                let moved = market.offer(|quote| {
                    quote.bid += 1;
                    quote.ask += 1;
                });
                assert_eq!(moved, Ok(()), "it is never refused");
                if n % 1_000 == 0 {
                    thread::yield_now();
                }
            }
        });
        // As fast as it can: each new quote once, and how many it was too slow for.
        scope.spawn(move || {
            let (mut seen, mut conflated) = (0, 0);
            loop {
                match trader.recv() {
                    Ok(reading) => {
                        assert_eq!(reading.value.ask - reading.value.bid, 2, "a mixture of two quotes");
                        (seen, conflated) = (seen + 1, conflated + reading.conflated);
                    }
                    Err(NoValue::Unchanged) => thread::yield_now(),
                    Err(NoValue::Closed) => break,
                }
            }
            println!("trader: {seen} quotes seen, {conflated} conflated");
            assert_eq!(seen + conflated, 1 + CHANGES);
        });
    });

    // Whenever it likes, also when the market is closed.
    let last = screen.read();
    println!("screen: {:?}, the {}th", last.value, last.seq);
    assert_eq!(last.value.bid, 100 + CHANGES as i64);
}
