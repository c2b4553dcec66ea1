//! A price feed with topics: a risk check that gets everything, a desk that comes late and begins with the last prices, a
//! screen that is slow and is told what it missed, a board that only needs the newest of each, and a probe that is too slow
//! to stay.
//!
//! `cargo run --example publish_subscribe`

use ringmain::channel::publish_subscribe::{Begin, NoEvent, Policy, Resume};
use ringmain::contract::{Reason, Sink, Source, Tick, each};
use ringmain::pattern::publish_subscribe::{Publication, Retain, Sizes, channel_retaining};

/// In ticks.
type Price = i64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sizes = Sizes { slots: 64, seats: 8, topics: 16 };
    let (mut feed, subscriptions) = channel_retaining(sizes, 16, Price::default)?;
    let names = ["fx.eur.usd", "fx.usd.jpy", "rates.us.10y"];
    let mut topics = Vec::new();
    for name in names {
        topics.push(feed.declare(name, Retain::Last)?);
    }
    feed.to(topics[0]).push(10_000)?;

    let mut risk = subscriptions.subscribe(&[">"], Policy::Required, Begin::Now)?;
    let mut screen = subscriptions.subscribe(&["fx.#"], Policy::Lag(Resume::Oldest), Begin::Now)?;
    let mut board = subscriptions.subscribe(&[">"], Policy::Conflate, Begin::Now)?;
    let mut probe = subscriptions.subscribe(&["rates.>"], Policy::DisconnectAfter(16), Begin::Now)?;
    let (mut checked, mut desk, mut first) = (0, None, Vec::new());
    for n in 1..=1_000 {
        feed.to(topics[n % 3]).push(10_000 + n as Price)?;
        let _ = risk.drain(Tick::ZERO, usize::MAX, &mut each(|_: &Publication<Price>| checked += 1));
        if n == 900 {
            // It comes late. `crypto` is declared later still.
            desk = Some(subscriptions.subscribe(&["fx.*.usd", "crypto"], Policy::Gate, Begin::Now)?);
        }
        if n == 950 {
            topics.push(feed.declare("crypto", Retain::None)?);
            feed.to(topics[3]).push(65_000)?;
        }
        if let Some(desk) = &mut desk {
            let mut note =
                each(|price: &Publication<Price>| first.push((price.topic, price.event, price.retained)));
            let _ = desk.drain(Tick::ZERO, usize::MAX, &mut note);
        }
    }

    println!("risk checked {checked} prices, one of them from before it came");
    println!(
        "the desk joined at #{}, and began with",
        desk.as_mut().and_then(|desk| desk.joined()).ok_or("not let in")?
    );
    let crypto = first.iter().filter(|(topic, ..)| feed.name(*topic) == Some("crypto"));
    for (topic, price, retained) in first.iter().take(2).chain(crypto) {
        let name = feed.name(*topic).unwrap_or("?");
        println!("  {name:<11} {price} {}", if *retained { "retained" } else { "live" });
    }

    let (mut drawn, mut missed) = (0, 0);
    loop {
        match screen.recv(|_| ()) {
            Ok(()) => drawn += 1,
            Err(NoEvent::Lagged(n)) => missed += n,
            Err(_) => break,
        }
    }
    println!("the screen drew {drawn} prices, passed over {}, and missed {missed} of all", screen.filtered());
    let books = screen.account().read();
    books.check()?;
    assert_eq!((books.out, books.dropped[Reason::Evicted]), (drawn, missed));
    let mut newest = [0; 4];
    loop {
        match board.recv(|price| (price.topic, price.event)) {
            Ok((topic, price)) => {
                newest[topics.iter().position(|known| *known == topic).ok_or("a topic")?] = price
            }
            Err(NoEvent::Lagged(_)) => {}
            Err(_) => break,
        }
    }
    let books = board.account().read();
    books.check()?;
    println!(
        "the board shows {newest:?}; it looked at {} prices, and missed {}",
        books.out,
        books.dropped[Reason::Evicted]
    );
    // `crypto` keeps nothing, and its one price was long ago.
    assert_eq!(newest, [10_999, 11_000, 10_998, 0]);
    println!("the probe: {}", probe.recv(|_| ()).err().ok_or("it should have been too slow")?);

    feed.admit();
    let books = feed.account().read();
    books.check()?;
    println!(
        "the books: in {} = folded {} + for nobody {}; generated {} = out {}",
        books.input,
        books.folded,
        books.dropped[Reason::NoSubscriber],
        books.generated,
        books.out
    );
    assert_eq!((checked, drawn + screen.filtered() + missed), (1_002, 1_001 + 1));
    Ok(())
}
