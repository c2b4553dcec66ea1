//! An order gateway: orders by kind to their desks, by a `match` that knows every kind. Large ones go
//! elsewhere from the third order on, by rules that change while the gateway runs.
//!
//! `cargo run --example content_router`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, Sink, Source, Tick, Work, each};
use ringmain::metric::Books;
use ringmain::pattern::{Change, ContentRouter, DeadLetter, LetterBox, NO_ROUTE, Overflow, RuleSwitch};
use ringmain::ring::Sequence;

#[derive(Clone, Debug, Default, PartialEq)]
enum Order {
    #[default]
    None,
    New(u32),
    Cancel(u32),
    Replace(u32, u32),
}

const NEW: usize = 0;
const CHANGE: usize = 1;
const LARGE: usize = 2;

/// A case without a branch does not compile.
fn by_kind(order: &Order) -> usize {
    match order {
        Order::New(_) => NEW,
        Order::Cancel(_) | Order::Replace(..) => CHANGE,
        Order::None => NO_ROUTE,
    }
}

fn large_apart(order: &Order) -> usize {
    match order {
        Order::New(1000..) | Order::Replace(_, 1000..) => LARGE,
        other => by_kind(other),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    type Rules = fn(&Order) -> usize;
    let (mut gateway, orders) = spsc::channel(16, Order::default)?;
    let (mut control, changes) =
        spsc::channel(2, || Change { from: Sequence::ZERO, rules: by_kind as Rules })?;
    let (mut new, mut changed, mut large) = (Vec::new(), Vec::new(), Vec::new());

    let desks = (
        each(|order: &Order| new.push(order.clone())),
        each(|order: &Order| changed.push(order.clone())),
        each(|order: &Order| large.push(order.clone())),
    );
    let router = ContentRouter::new(RuleSwitch::new(by_kind as Rules, changes), desks);
    let books = Books::new().with("router", router.account());
    let mut letters = LetterBox::new(4, Order::default);
    let mut agent = orders.drive(DeadLetter::new("gateway", Overflow::Block, &mut letters, router));

    control.push(Change { from: Sequence::new(2), rules: large_apart }).map_err(|refusal| refusal.refused)?;
    for order in [
        Order::New(5000), // by the old rules
        Order::Cancel(1),
        Order::New(5000), // by the new ones
        Order::None,
        Order::Replace(2, 10),
        Order::Replace(3, 1000),
    ] {
        gateway.push(order).map_err(|refusal| refusal.refused)?;
    }
    drop(gateway);
    while agent.work(Tick::ZERO) != Work::Done {}
    drop(agent);

    println!("new {new:?}\nchanged {changed:?}\nlarge {large:?}\nno route {}", letters.len());
    let books = books.read();
    println!("{books}");
    assert_eq!(new, [Order::New(5000)]);
    assert_eq!(changed, [Order::Cancel(1), Order::Replace(2, 10)]);
    assert_eq!(large, [Order::New(5000), Order::Replace(3, 1000)]);
    assert_eq!(letters.iter().map(|letter| &letter.event).collect::<Vec<_>>(), [&Order::None]);
    books.check()?;
    Ok(())
}
