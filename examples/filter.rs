//! A market data feed is thinned out before the screen: old quotes go, the spread must be sane, only changes
//! are shown, and no more than the eye can follow. What was not sane is kept for somebody to look at.
//!
//! `cargo run --example filter`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, Clock, ManualClock, Reason, Sink, Source, Tick, Work, each};
use ringmain::metric::Books;
use ringmain::pattern::{Changed, Expiry, Filter, RateLimit};
use std::time::Duration;

#[derive(Clone, Copy, Default)]
struct Quote {
    bid: u32,
    ask: u32,
    good_until: Tick,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hand = ManualClock::new();
    let mut clock = hand.clone();
    let (mut feed, quotes) = spsc::channel(64, Quote::default)?;
    let (mut shown, mut crossed) = (Vec::new(), 0);

    let screen = each(|quote: &Quote| shown.push((quote.bid, quote.ask)));
    let calm = Filter::new(RateLimit::new(4, Duration::from_millis(100)), screen);
    let books = Books::new().with("calm", calm.account());
    let changes = Filter::new(Changed::new(|quote: &Quote| (quote.bid, quote.ask)), calm);
    let books = books.with("changes", changes.account());
    let sane = Filter::new(|quote: &Quote| quote.bid < quote.ask, changes)
        .discard_to(each(|_: &Quote| crossed += 1));
    let books = books.with("sane", sane.account());
    let fresh = Filter::new(Expiry::new(|quote: &Quote| quote.good_until), sane);
    let books = books.with("fresh", fresh.account());
    let mut agent = quotes.drive(fresh);

    for n in 0..60u32 {
        hand.advance(Duration::from_millis(5));
        let now = clock.now();
        feed.offer(|quote| {
            // Two in three are repeated, one in ten is crossed, one in twelve comes too late.
            let bid = 100 + n / 3;
            let ask = if n % 10 == 9 { bid } else { bid + 2 };
            let good_until = if n % 12 == 11 { Tick::from_nanos(1) } else { now };
            *quote = Quote { bid, ask, good_until };
        })?;
        let _ = agent.work(now);
    }
    drop(feed);
    assert_eq!(agent.work(clock.now()), Work::Done);
    drop(agent);

    let books = books.read();
    let late = books.stage("fresh").map_or(0, |fresh| fresh.dropped[Reason::Expired]);
    println!("{} shown of 60, {crossed} crossed, {late} late", shown.len());
    println!("first {:?}, last {:?}", shown[0], shown[shown.len() - 1]);
    println!("{books}");
    books.check()?;
    assert_eq!((crossed, late), (5, 5));
    assert!(shown.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(shown.len() <= 4 + 4 * 3, "a burst of four, then four in 100 ms, for 300 ms");
    Ok(())
}
