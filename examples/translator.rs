//! Orders of two versions of a protocol come in, are brought to the newest, and are split into one message
//! for each leg, written straight into the slots of the next ring. What cannot be read is a dead letter with
//! the bytes that came.
//!
//! `cargo run --example translator`

use ringmain::channel::spsc;
use ringmain::contract::each;
use ringmain::contract::{
    Agent, Fault, Flow, Header, Message, MessageId, PartOf, Sink, Source, SourceMut, Tick, Work,
};
use ringmain::metric::Books;
use ringmain::pattern::{DeadLetter, Edit, Forward, LetterBox, Origin, Overflow, Splitter, Upcast, as_parts};

const NO_LEGS: Fault = Fault::new(1);

/// Up to four legs. Version 1 gave prices in dollars; version 2 in cents.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
struct Order {
    legs: usize,
    price: [u64; 4],
}

fn to_cents(order: &mut Order) -> Flow {
    if order.legs == 0 {
        return Err(NO_LEGS.into());
    }
    for price in &mut order.price {
        *price *= 100;
    }
    Ok(())
}

fn leg(order: &Order, part: PartOf, price: &mut u64) -> Flow {
    *price = order.price[usize::from(part.index)];
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut gateway, orders) = spsc::channel(8, Message::<Order>::default)?;
    let (to_split, newest) = spsc::channel(8, Message::<Order>::default)?;
    let (to_desk, mut legs) = spsc::channel(32, Message::<u64>::default)?;

    let upcast = Upcast::new(1, [to_cents]);
    let update = Edit::new(move |order: &mut Message<Order>| upcast.apply(order), Forward::new(to_split));
    let books = Books::new().with("update", update.account());
    let mut letters = LetterBox::new(8, Message::<Order>::default);
    let room = Message::default();
    let guarded = DeadLetter::keeping_original("update", Overflow::Block, room, &mut letters, update);
    let split =
        Splitter::new(|order: &Message<Order>| order.body.legs, as_parts(Origin::new(2), leg), to_desk);
    let books = books.with("letters", guarded.account()).with("split", split.account());
    let mut agents = (orders.drive_mut(guarded), newest.drive(split));

    for (n, kind, legs) in [(1, 1, 2), (2, 2, 3), (3, 7, 1), (4, 1, 0)] {
        gateway.offer(|order| {
            let mut header = Header { kind, ..Header::default() };
            header.ids.id = MessageId::new(1, n);
            *order = Message { header, body: Order { legs, price: [n, n + 1, n + 2, 0] } };
        })?;
    }
    drop(gateway);
    while agents.work(Tick::ZERO) != Work::Done {}
    drop(agents);

    let mut seen = Vec::new();
    let _ = legs.drain(
        Tick::ZERO,
        usize::MAX,
        &mut each(|leg: &Message<u64>| {
            let (part, ids) = (leg.header.part, leg.header.ids);
            println!(
                "{}: leg {} of {} of order {}: {} cents",
                ids.id,
                part.index + 1,
                part.of,
                ids.cause,
                leg.body
            );
            seen.push((ids.cause.counter(), part.index, leg.body));
        }),
    );
    let dead: Vec<_> =
        letters.iter().map(|letter| (letter.event.header.ids.id.counter(), letter.fault)).collect();
    println!("dead letters {dead:?}");
    let books = books.read();
    println!("{books}");
    books.check()?;
    assert_eq!(seen, [(1, 0, 100), (1, 1, 200), (2, 0, 2), (2, 1, 3), (2, 2, 4)]);
    assert_eq!(
        dead.iter().map(|letter| letter.0).collect::<Vec<_>>(),
        [3, 4],
        "an unknown version, an order without legs"
    );
    Ok(())
}
