//! Three exchanges report trades, each on a thread and a lane of its own. A sequencer merges them by time, numbers them,
//! and every reader of the ring behind it sees the same tape.
//!
//! `cargo run --example sequencer`

use ringmain::channel::{multicast::Multicast, spsc};
use ringmain::contract::{Agent, At, Flow, Sink, Source, Tick, Wait, Work, each};
use ringmain::pattern::Sequencer;
use std::thread;

#[derive(Clone, Copy, Default, Debug)]
struct Trade {
    number: u64,
    time: u64,
    exchange: &'static str,
}

const EACH: u64 = 1_000;

struct Yield;

impl Wait for Yield {
    fn idle(&mut self) {
        thread::yield_now();
    }
    fn reset(&mut self) {}
}

fn run(mut agent: impl Agent) {
    loop {
        match agent.work(Tick::ZERO) {
            Work::Busy(_) => {}
            Work::Idle => thread::yield_now(),
            Work::Done => break,
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let exchanges = ["London", "New York", "Tokyo"];
    let (mut producers, mut lanes) = (Vec::new(), Vec::new());
    for _ in exchanges {
        let (tx, rx) = spsc::channel(64, Trade::default)?;
        producers.push(tx);
        lanes.push(rx);
    }
    let mut tape = Multicast::new(256, Trade::default)?;
    let readers = [tape.reader("price", &[]), tape.reader("audit", &[])];
    let mut tape = tape.build()?;

    // Every open lane must show its next trade: exact, at the price that a silent exchange holds the others up.
    let merge = Sequencer::merge(lanes, 64, |trade: &Trade| trade.time);
    let books = merge.account();
    let number = merge.drive(move |trade: &Trade, at: At| -> Flow {
        Ok(tape.offer(|slot| *slot = Trade { number: at.seq.count(), ..*trade })?)
    });

    let tapes = thread::scope(|scope| {
        for ((step, exchange), mut tx) in (2..).zip(exchanges).zip(producers) {
            scope.spawn(move || {
                for n in 1..=EACH {
                    let trade = Trade { number: 0, time: n * step, exchange };
                    tx.offer_waiting(&mut Yield, |slot| *slot = trade).expect("the sequencer is there");
                }
            });
        }
        scope.spawn(move || run(number));
        let readers = readers.map(|reader| {
            scope.spawn(move || {
                let mut seen = Vec::new();
                run(reader.drive(each(|trade: &Trade| seen.push(*trade))));
                seen
            })
        });
        readers.map(|reader| reader.join().expect("no reader panics"))
    });

    for trade in &tapes[0][..6] {
        println!("{trade:?}");
    }
    let [price, audit] = tapes;
    assert!(price.iter().map(|trade| trade.number).eq(1..=3 * EACH), "dense");
    assert!(price.windows(2).all(|two| two[0].time <= two[1].time), "by time");
    let order =
        |tape: &[Trade]| -> Vec<_> { tape.iter().map(|trade| (trade.exchange, trade.time)).collect() };
    assert_eq!(order(&price), order(&audit), "the same for all");
    println!("{} trades, one order", price.len());
    let books = books.read();
    books.check()?;
    println!("the sequencer's books: in {} = out {}", books.input, books.out);
    Ok(())
}
