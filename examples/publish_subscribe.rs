//! A price feed that nobody has to wait for: a risk check that gates, a chart that comes late, a screen that is slow and
//! is told what it missed, and one that is disconnected.
//!
//! `cargo run --example publish_subscribe`

use ringmain::channel::publish_subscribe::{self, Begin, NoEvent, Policy, Resume};
use ringmain::contract::{Sink, Source, Tick, each};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut feed, subscriptions) = publish_subscribe::channel(64, 8, || 0i64)?;
    feed.push(10_000)?;
    println!("price 10000, heard by nobody: {} unheard", feed.unheard());

    let mut risk = subscriptions.subscribe(Policy::Required, Begin::Oldest)?;
    let mut screen = subscriptions.subscribe(Policy::Lag(Resume::Oldest), Begin::Now)?;
    let mut probe = subscriptions.subscribe(Policy::DisconnectAfter(16), Begin::Now)?;
    let (mut checked, mut chart, mut points) = (0, None, Vec::new());
    for n in 1..=1_000 {
        feed.push(10_000 + n)?;
        let _ = risk.drain(Tick::ZERO, usize::MAX, &mut each(|_: &i64| checked += 1));
        if n == 900 {
            chart = Some(subscriptions.subscribe(Policy::Gate, Begin::Oldest)?);
            // It gates from the oldest event on, so it has to read before there is room again.
            feed.admit();
        }
        if let Some(chart) = &mut chart {
            let _ = chart.drain(Tick::ZERO, usize::MAX, &mut each(|price: &i64| points.push(*price)));
        }
    }
    println!("risk joined at #{} and checked {checked} prices", risk.joined().ok_or("not let in")?);

    let (mut drawn, mut missed) = (0, 0);
    loop {
        match screen.recv(|price| *price) {
            Ok(_) => drawn += 1,
            Err(NoEvent::Lagged(n)) => missed += n,
            Err(_) => break,
        }
    }
    println!("the screen drew {drawn} prices and missed {missed}");
    println!("the probe: {}", probe.recv(|_| ()).err().ok_or("it should have been too slow")?);
    assert_eq!((checked, drawn + missed), (1_001, 1_000));

    let joined = chart.and_then(publish_subscribe::Subscriber::unsubscribe);
    println!("the chart begins with {:?}, the oldest that was there, and left at {joined:?}", points.first());
    Ok(())
}
