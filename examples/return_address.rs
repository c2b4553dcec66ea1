//! Two desks ask one pricing engine, each with the address of its own ring. One has its price limits checked by
//! compliance, which is told of faults in its place; the other closes for the day while a request is on its way.
//!
//! `cargo run --example return_address`

use ringmain::channel::{mpsc, spsc};
use ringmain::contract::{Addressed, Message};
use ringmain::contract::{Agent, Fault, Flow, Reason, ReturnAddress, Sink, Source, Stage, Tick, Work, each};
use ringmain::pattern::{Addresses, IfDead, PortChange, Replier, ReplyPorts, WhenFull};

#[derive(Clone, Copy, Default)]
struct Ask {
    symbol: u32,
    /// Who is told if there is no price; nobody else than who asked, if this is no address.
    faults_to: ReturnAddress,
}

type Request = Message<Ask>;

#[derive(Clone, Copy, Default, Debug)]
struct Answer {
    symbol: u32,
    cents: u64,
    fault: Option<Fault>,
}

const NOT_LISTED: Fault = Fault::new(404);

fn price(request: &Request, answer: &mut Answer) -> Flow {
    let symbol = request.body.symbol;
    if symbol > 100 {
        Err(NOT_LISTED)?;
    }
    *answer = Answer { symbol, cents: u64::from(symbol) * 1_00 + 50, fault: None };
    Ok(())
}

fn show(whose: &'static str, seen: &mut Vec<(&'static str, u32)>) -> impl for<'e> Stage<&'e Answer> {
    each(move |answer: &Answer| {
        match answer.fault {
            Some(fault) => println!("{whose:<10} symbol {:>3}: {fault}", answer.symbol),
            None => println!("{whose:<10} symbol {:>3}: {} cents", answer.symbol, answer.cents),
        }
        seen.push((whose, answer.symbol));
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut east, to_engine) = mpsc::channel(16, Request::default)?;
    let mut west = east.clone();

    // Who opens and closes ports is not the engine: it hears of them through a ring.
    let mut addresses = Addresses::new(1..=8);
    let (mut control, changes) = spsc::channel(8, || PortChange::Done(None))?;
    let mut open = || -> Result<_, Box<dyn std::error::Error>> {
        let (sink, inbox) = spsc::channel(16, Answer::default)?;
        let port = addresses.open()?;
        control.push(PortChange::Open(port, sink))?;
        Ok((port, inbox))
    };
    let ((to_east, east_inbox), (to_west, west_inbox)) = (open()?, open()?);
    let (to_compliance, compliance_inbox) = open()?;

    let replier =
        Replier::new(WhenFull::Block, IfDead::Drop, price, ReplyPorts::new(1..=8).controlled_by(changes))
            .faults_to(
                |request: &Request| request.body.faults_to,
                |request, fault, answer| {
                    *answer = Answer { symbol: request.body.symbol, cents: 0, fault: Some(fault) };
                },
            );
    let books = replier.account();
    let mut engine = to_engine.drive(replier);

    let ask = |address, faults_to, symbol| {
        move |request: &mut Request| {
            request.set_reply_to(address);
            request.body = Ask { symbol, faults_to };
        }
    };
    for symbol in [7, 404, 8] {
        east.offer(ask(to_east.address(), to_compliance.address(), symbol))?;
        west.offer(ask(to_west.address(), ReturnAddress::default(), symbol + 10))?;
    }
    assert_eq!(engine.work(Tick::ZERO), Work::Busy(6));

    // The west closes; what it asked too late is answered by nobody, also not to whoever has the port next.
    addresses.close(to_west);
    let next = addresses.open()?;
    assert_eq!(next.address().port, to_west.address().port);
    let (sink, next_inbox) = spsc::channel(16, Answer::default)?;
    control.push(PortChange::Close(to_west))?;
    control.push(PortChange::Open(next, sink))?;
    let _ = engine.work(Tick::ZERO);
    west.offer(ask(to_west.address(), ReturnAddress::default(), 30))?;
    west.offer(ask(next.address(), ReturnAddress::default(), 31))?;
    drop((east, west));
    while engine.work(Tick::ZERO) != Work::Done {}
    drop(engine);

    let mut seen = Vec::new();
    let inboxes =
        [("east", east_inbox), ("west", west_inbox), ("compliance", compliance_inbox), ("next", next_inbox)];
    for (whose, mut inbox) in inboxes {
        let _ = inbox.drain(Tick::ZERO, usize::MAX, &mut show(whose, &mut seen));
    }
    let expected = [
        ("east", 7),
        ("east", 8),
        ("west", 17),
        ("west", 414),
        ("west", 18),
        ("compliance", 404),
        ("next", 31),
    ];
    assert_eq!(seen, expected);

    let books = books.read();
    books.check()?;
    let dead = books.dropped[Reason::ReplyDead];
    println!("{} requests = {} answered + {dead} whose return address was dead", books.input, books.out);
    assert_eq!((books.input, books.out, dead), (8, 7, 1));
    Ok(())
}
