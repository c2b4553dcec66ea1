//! Orders are filled piece by piece, by several venues, and the desk wants to hear of each order once: how many shares, and
//! at which average price. A fill too many is told, and so is an order that is not filled in time.
//!
//! `cargo run --example aggregator`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, At, Clock, Fault, Flow, ManualClock, Sink, Source, Tick, Work};
use ringmain::pattern::aggregator::{
    Aggregate, Aggregator, ClosedBy, Conditions, FoldFailure, Full, Late, Pending, Policy, Unfinished,
};
use ringmain::pattern::{DeadLetter, LetterBox, Nowhere, Overflow};
use std::time::Duration;

/// A piece of an order.
#[derive(Clone, Copy, Default, Debug)]
struct Fill {
    order: u32,
    /// Of the whole order.
    ordered: u32,
    shares: u32,
    /// In cents.
    price: u32,
}

/// What is known of an order that is being filled.
#[derive(Clone, Copy, Default, Debug)]
struct Filled {
    ordered: u32,
    shares: u32,
    cents: u64,
}

const MORE_THAN_ORDERED: Fault = Fault::new(1);
const MS: Duration = Duration::from_millis(1);

fn add(filled: &mut Filled, fill: &Fill) -> Result<(), Fault> {
    filled.ordered = fill.ordered;
    filled.shares += fill.shares;
    filled.cents += u64::from(fill.shares) * u64::from(fill.price);
    if filled.shares > fill.ordered { Err(MORE_THAN_ORDERED) } else { Ok(()) }
}

/// Order, ordered, shares, price: what comes in which millisecond.
const DAY: [(u64, [u32; 4]); 10] = [
    (0, [1, 300, 100, 1000]),
    (1, [2, 50, 50, 2010]),
    (2, [1, 300, 100, 1002]),
    (3, [3, 500, 200, 700]),
    (4, [4, 100, 60, 99]),
    (5, [4, 100, 60, 99]),
    (6, [1, 300, 100, 1004]),
    (7, [4, 100, 40, 101]),
    (8, [2, 50, 50, 2010]),
    (9, [3, 500, 100, 701]),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hand = ManualClock::new();
    let mut clock = hand.clone();
    let (mut venues, fills) = spsc::channel(64, Fill::default)?;

    let policy = Policy {
        groups: 1024,
        full: Full::EvictOldest(Unfinished::EmitPartial),
        // The second fill of order 2 is one too many.
        late: Late::Dlc { remember: 256 },
        pending: Pending::NewEpoch,
        expired: Unfinished::EmitPartial,
        stopped: Unfinished::EmitPartial,
        // So is the second of order 4, and it is not counted.
        failure: FoldFailure::SkipMessage,
    };
    let conditions = Conditions {
        after: Some(|filled: &Filled| filled.shares == filled.ordered),
        total: Some(20 * MS),
        ..Conditions::NONE
    };
    let mut told = Vec::new();
    let desk = |order: Aggregate<u32, &mut Filled>, at: At| -> Flow {
        let Filled { ordered, shares, cents } = *order.value;
        let price = cents / u64::from(shares);
        println!(
            "{:>3} ms  order {}: {shares} of {ordered} at {}.{:02} in {} fills{}",
            at.now.since(Tick::ZERO).as_millis(),
            order.key,
            price / 100,
            price % 100,
            order.n,
            if order.closed_by.is_partial() { ", and the time is over" } else { "" },
        );
        told.push((order.key, shares, price, order.closed_by));
        Ok(())
    };
    let orders = Aggregator::new(
        policy,
        conditions,
        |fill: &Fill| Some(fill.order),
        Filled::default(),
        add,
        Nowhere,
        desk,
    )?;
    let (account, members) = (orders.account(), orders.member_account());
    let mut letters = LetterBox::new(16, Fill::default);
    let mut desk = fills.drive(DeadLetter::new("orders", Overflow::Block, &mut letters, orders));

    let mut day = DAY.into_iter().peekable();
    for ms in 0..30 {
        hand.set(Tick::ZERO.after(ms * MS));
        while let Some((_, [order, ordered, shares, price])) = day.next_if(|(at, _)| *at <= ms.into()) {
            venues.push(Fill { order, ordered, shares, price })?;
        }
        let _ = desk.work(clock.now());
    }
    drop(venues);
    assert_eq!(desk.work(clock.now()), Work::Done);
    drop(desk);

    for letter in letters.iter() {
        println!("        {:?} is {}", letter.event, letter.fault);
    }
    let expected = [
        (2, 50, 2010, ClosedBy::After),
        (1, 300, 1002, ClosedBy::After),
        (4, 100, 99, ClosedBy::After),
        (3, 300, 700, ClosedBy::Total),
    ];
    assert_eq!(told, expected);
    let (books, members) = (account.read(), members.read());
    books.check()?;
    assert!(members.is_balanced());
    println!(
        "{} fills = {} folded + {} dead letters; of the folded, {} went on in {} orders",
        books.input,
        books.folded,
        books.dead_lettered.total(),
        members.emitted,
        books.out
    );
    assert_eq!((books.input, books.folded, books.out, letters.len()), (10, 8, 4, 2));
    Ok(())
}
