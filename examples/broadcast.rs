//! A feed that must not wait, a strategy that keeps up, and a dashboard that redraws now and then: it misses ticks, knows
//! how many, and costs the feed nothing.
//!
//! `cargo run --example broadcast`

use ringmain::channel::broadcast::{self, NoEvent};
use ringmain::contract::Source;
use ringmain::contract::{Agent, Sink, Tick, Work, each};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Prices in ticks. No padding and no bits without a meaning, which the derives check.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Trade {
    price: i64,
    quantity: u32,
    symbol: [u8; 4],
}

const TRADES: u32 = 1_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut feed, trades) = broadcast::channel::<Trade>(64)?;
    let mut dashboard = trades.clone();
    let mut volume = 0;
    let mut strategy = trades.drive(each(|trade: &Trade| volume += u64::from(trade.quantity)));

    let (mut drawn, mut missed, mut last) = (0, 0, 0);
    for n in 1..=TRADES {
        // Never refused, whoever sleeps.
        feed.push(Trade { price: 10_000 + i64::from(n), quantity: n, symbol: *b"ACME" })?;
        assert_eq!(strategy.work(Tick::ZERO), Work::Busy(1));
        if n % 300 == 0 {
            // Time to redraw: all that is still there.
            loop {
                match dashboard.recv() {
                    Ok(trade) => (drawn, last) = (drawn + 1, trade.price),
                    Err(NoEvent::Lagged(n)) => missed += n,
                    Err(NoEvent::Empty | NoEvent::Closed) => break,
                }
            }
            println!("last price {last}: {drawn} trades drawn, {missed} missed");
        }
    }
    drop(feed);
    assert_eq!(strategy.work(Tick::ZERO), Work::Done);
    drop(strategy);
    assert_eq!(volume, u64::from(TRADES * (TRADES + 1) / 2));
    assert_eq!((drawn, missed, last), (3 * 64, 3 * (300 - 64), 10_900));
    Ok(())
}
