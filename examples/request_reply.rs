//! A desk asks two venues for quotes and waits 200 microseconds for each. One venue answers, faults and panics as it may;
//! the other has one quote in three parts, is asked once when it is too busy to be in time, and leaves before the end.
//!
//! `cargo run --example request_reply`

use ringmain::contract::{Account, Agent, Clock, Fault, Flow, ManualClock, Reason, Source, Tick, Work};
use ringmain::pattern::{
    Answer, IfDead, Origins, RESPONDER_GONE, Request, Responder, RingClient, Says, Server, Ticket, Unasked,
    WhenFull, service,
};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_micros(200);
const NOT_LISTED: Fault = Fault::new(404);

/// A symbol; a price in cents.
type Desk = RingClient<u32, u64>;

/// What became of the requests, in order.
#[derive(Default)]
struct Log(Vec<(Ticket, String)>);

impl Log {
    fn poll(&mut self, venue: &str, desk: &mut Desk, now: Tick) {
        let told = desk.poll(now, |ticket, answer| {
            let text = match answer {
                Answer::Part(cents) => format!("part {cents}"),
                Answer::Reply(cents) => format!("{cents} cents"),
                Answer::End => "end".to_owned(),
                Answer::Fault(RESPONDER_GONE) => "the venue is gone".to_owned(),
                Answer::Fault(fault) => fault.to_string(),
                Answer::Timeout => "timeout".to_owned(),
            };
            println!("{:>7} ns  {venue} {}: {text}", now.nanos(), ticket.id());
            self.0.push((ticket, text));
            Ok(())
        });
        assert!(told.is_ok(), "the closure takes everything");
    }
    fn of(&self, ticket: Ticket) -> Vec<&str> {
        self.0.iter().filter(|(own, _)| *own == ticket).map(|(_, text)| &**text).collect()
    }
}

fn show(what: &str, books: &Account) -> Result<(), Box<dyn std::error::Error>> {
    let books = books.read();
    books.check()?;
    println!("{what}: {} requests = {} answered + {} cancelled", books.input, books.out, books.filtered);
    for (reason, count) in books.dropped.iter().filter(|(_, count)| **count > 0) {
        println!("  + {count} {reason}");
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One that panics is part of the story.
    std::panic::set_hook(Box::new(|_| ()));
    let mut origins = Origins::new(1..=99);
    let ([mut north], to_north, north_ports) = service([origins.open()?], 16)?;
    let ([mut south], to_south, south_ports) = service([origins.open()?], 16)?;

    let quote = |request: &Request<u32>, cents: &mut u64| -> Flow {
        match request.body {
            404 => Err(NOT_LISTED)?,
            13 => panic!("the venue has a bug"),
            symbol => *cents = u64::from(symbol) * 100,
        }
        Ok(())
    };
    let north_server =
        Server::new(WhenFull::Block, IfDead::Drop, quote, Responder::new(origins.open()?, north_ports));
    // Bid, ask and last, and the end.
    let ladder = |request: &Request<u32>, part: u32, cents: &mut u64| -> Flow<Says> {
        *cents = u64::from(request.body) * 100 + u64::from(part);
        Ok(if part < 3 { Says::Part } else { Says::End })
    };
    let south_server = Server::in_parts(
        WhenFull::DropReply,
        IfDead::Drop,
        ladder,
        Responder::new(origins.open()?, south_ports),
    );
    let books = [
        ("desk, of the north", north.account()),
        ("desk, of the south", south.account()),
        ("north", north_server.account()),
    ];
    let late = south_server.account();
    let (mut north_server, mut south_server) = (to_north.drive(north_server), to_south.drive(south_server));

    let hand = ManualClock::new();
    let mut clock = hand.clone();
    let mut log = Log::default();
    let ask = |desk: &mut Desk, now, symbol| desk.request(now, PATIENCE, |slot| *slot = symbol);

    let now = clock.now();
    let [a, b, c] = [ask(&mut north, now, 7)?, ask(&mut north, now, 404)?, ask(&mut north, now, 13)?];
    let d = ask(&mut south, now, 9)?;
    hand.advance(Duration::from_micros(3));
    let _ = (&mut north_server, &mut south_server).work(clock.now());
    log.poll("north", &mut north, clock.now());
    log.poll("south", &mut south, clock.now());

    // The south is busy for 300 us: it skips what nobody waits for any more.
    let e = ask(&mut south, clock.now(), 10)?;
    hand.advance(PATIENCE);
    log.poll("south", &mut south, clock.now());
    hand.advance(Duration::from_micros(100));
    let _ = south_server.work(clock.now());
    let f = ask(&mut south, clock.now(), 11)?;
    let g = ask(&mut south, clock.now(), 12)?;
    assert!(south.cancel(g));
    println!("{:>7} ns  south {}: cancelled", clock.now().nanos(), g.id());
    drop(south_server);
    log.poll("south", &mut south, clock.now());
    assert_eq!(ask(&mut south, clock.now(), 1), Err(Unasked::NoResponder));

    drop((north, south));
    assert_eq!(north_server.work(clock.now()), Work::Done);
    assert_eq!(log.of(a), ["700 cents"]);
    assert_eq!(log.of(b), ["not retryable 404"]);
    assert_eq!(log.of(c), ["panic"]);
    assert_eq!(log.of(d), ["part 900", "part 901", "part 902", "end"]);
    assert_eq!(log.of(e), ["timeout"]);
    assert_eq!(log.of(f), ["the venue is gone"]);
    for (what, account) in &books {
        show(what, account)?;
    }
    let late = late.read();
    late.check()?;
    println!("south: {} requests, {} skipped as too late", late.input, late.dropped[Reason::Expired]);
    assert_eq!(late.dropped[Reason::Expired], 1);
    Ok(())
}
