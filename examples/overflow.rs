//! A burst of prices for a reader that takes one in four: what each policy delivers, and what its books say.
//!
//! `cargo run --example overflow`

use ringmain::channel::overflow::{Block, Conflate, OrDeadLetter, Shed};
use ringmain::channel::spsc::{self, Consumer};
use ringmain::contract::{Account, Sink, SourceMut};
use ringmain::wait::Yielding;
use std::error::Error;

/// An instrument, and its price.
type Price = (char, u32);

const SLOTS: usize = 4;
const BURST: u32 = 16;

fn main() -> Result<(), Box<dyn Error>> {
    println!("policy        sent  delivered  dropped  letters");

    let (tx, rx) = spsc::channel(SLOTS, Price::default)?;
    let tx = Shed::new(tx, Price::default());
    let (books, seen) = (tx.account(), burst(tx, rx));
    report("Shed", &books, &seen);

    let (tx, rx) = spsc::channel(SLOTS, Price::default)?;
    let tx = Conflate::new(tx, 3, |price: &Price| price.0, Price::default);
    let (books, seen) = (tx.account(), burst(tx, rx));
    report("Conflate", &books, &seen);
    assert_eq!(seen.last(), Some(&price(BURST - 1)), "the newest is never lost");

    let (tx, rx) = spsc::channel(SLOTS, Price::default)?;
    let (letters, mut late) = spsc::channel(16, Price::default)?;
    let tx = OrDeadLetter::new(tx, letters);
    let (books, seen) = (tx.account(), burst(tx, rx));
    report("OrDeadLetter", &books, &seen);
    assert_eq!(seen.len() + std::iter::from_fn(|| late.pop().ok()).count(), BURST as usize);

    let (tx, mut rx) = spsc::channel(SLOTS, Price::default)?;
    let mut tx = Block::new(tx, Yielding::new());
    let books = tx.account();
    let sender = std::thread::spawn(move || (0..BURST).try_for_each(|n| tx.push(price(n))));
    let seen: Vec<Price> = std::iter::from_fn(|| rx.pop_waiting(&mut Yielding::new()).ok()).collect();
    sender.join().expect("it does not panic")?;
    report("Block", &books, &seen);
    assert_eq!(seen.len(), BURST as usize);
    Ok(())
}

/// A, B, C, A, ...: each dearer than the one before.
fn price(n: u32) -> Price {
    (['A', 'B', 'C'][n as usize % 3], 100 + n)
}

/// Sends all, while the reader takes one in four, hangs up, and returns what the reader saw.
fn burst(mut tx: impl Sink<Event = Price>, mut rx: Consumer<Price>) -> Vec<Price> {
    let mut seen = Vec::new();
    for n in 0..BURST {
        tx.push(price(n)).expect("none of these policies refuses so few");
        if n % 4 == 3 {
            seen.extend(rx.pop());
        }
    }
    seen.extend(std::iter::from_fn(|| rx.pop().ok()));
    drop(tx);
    seen.extend(std::iter::from_fn(|| rx.pop().ok()));
    seen
}

fn report(policy: &str, books: &Account, seen: &[Price]) {
    let balance = books.read();
    let (dropped, letters) = (balance.dropped.total(), balance.dead_lettered.total());
    println!("{policy:<13} {:>4} {:>10} {dropped:>8} {letters:>8}", balance.input, balance.out);
    assert_eq!((balance.check(), balance.out as usize), (Ok(()), seen.len()));
}
