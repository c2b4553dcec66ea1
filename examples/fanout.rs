//! A trade goes to three places at once: the book (which must have it), a journal ring (which must have it
//! too, and is slow), and a dashboard (which may miss some).
//!
//! `cargo run --example fanout`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, Reason, Sink, Source, Tick, Work, each};
use ringmain::metric::Books;
use ringmain::pattern::{Fanout, Forward, Shed};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const TRADES: u64 = 1000;
    let (mut feed, trades) = spsc::channel(1024, || 0u64)?;
    let (to_journal, mut journal) = spsc::channel(16, || 0u64)?;
    let (to_dashboard, mut dashboard) = spsc::channel(8, || 0u64)?;
    let mut position = 0;

    let dashboard_feed = Shed::new(Forward::new(to_dashboard));
    let books = Books::new().with("dashboard", dashboard_feed.account());
    let book = each(|quantity: &u64| position += quantity);
    let fanout = Fanout::new((book, Forward::new(to_journal), dashboard_feed)).requiring([0, 1]);
    let books = books.with("fan-out", fanout.account());
    let mut agent = trades.drive(fanout);

    for quantity in 1..=TRADES {
        feed.push(quantity).map_err(|refusal| refusal.refused)?;
    }
    drop(feed);
    let (mut written, mut drawn) = (Vec::new(), 0);
    loop {
        // The journal keeps up in the end, and the fan-out waits for it; the dashboard does not, and nobody
        // waits.
        let work = agent.work(Tick::ZERO);
        let _ = journal.drain(Tick::ZERO, 16, &mut each(|quantity: &u64| written.push(*quantity)));
        let _ = dashboard.drain(Tick::ZERO, 1, &mut each(|_: &u64| drawn += 1));
        if work == Work::Done {
            break;
        }
    }
    let _ = dashboard.drain(Tick::ZERO, usize::MAX, &mut each(|_: &u64| drawn += 1));
    drop(agent);

    let books = books.read();
    let missed = books.stage("dashboard").map_or(0, |dashboard| dashboard.dropped[Reason::RingFull]);
    println!(
        "position {position}, journal {}, dashboard {drawn}, missed by the dashboard {missed}",
        written.len()
    );
    println!("{books}");
    assert_eq!(position, TRADES * (TRADES + 1) / 2);
    assert_eq!(written, (1..=TRADES).collect::<Vec<_>>());
    assert!(missed > 0 && drawn + missed == TRADES);
    books.check()?;
    Ok(())
}
