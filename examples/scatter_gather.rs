//! A desk asks three dealers for a price and takes the best one that comes within 200 microseconds. One dealer is quick, one
//! is slow, and one has no price for everything. Then it asks them one after the other.
//!
//! `cargo run --example scatter_gather`

use ringmain::contract::{Account, Agent, Clock, Fault, Flow, ManualClock, Reason, Source, Tick};
use ringmain::pattern::{
    All, Ending, FirstSuccess, Gathered, IfDead, IfFull, IfImpossible, Origins, Policy, Request, Responder,
    Scatter, Server, Ticket, WhenFull, best, distribution,
};
use std::cmp::Reverse;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_micros(200);
const DEALERS: [&str; 3] = ["quick", "slow", "choosy"];
const NO_PRICE: Fault = Fault::new(404);

/// A dealer and a price in cents.
type Best = Option<(usize, u64)>;

fn tell(now: Tick, ticket: Ticket, outcome: &Gathered<'_, Best>) -> Ending {
    let Gathered { ending, tally, acc, .. } = outcome;
    print!("{:>7} ns  {}: {ending:?}", now.nanos(), ticket.id());
    if let Some((dealer, cents)) = acc {
        print!(", {cents} cents from {}", DEALERS[*dealer]);
    }
    for (dealer, fault) in outcome.faults() {
        print!(", {} failed ({fault})", DEALERS[dealer]);
    }
    for (dealer, name) in DEALERS.iter().enumerate().filter(|(dealer, _)| tally.missing() & 1 << dealer != 0)
    {
        print!(", {dealer} ({name}) is missing");
    }
    println!();
    *ending
}

fn show(what: &str, books: &Account) -> Result<(), Box<dyn std::error::Error>> {
    let books = books.read();
    books.check()?;
    println!("{what}: {} = {} out + {} folded", books.input, books.out, books.folded);
    for (reason, count) in books.dropped.iter().filter(|(_, count)| **count > 0) {
        println!("  + {count} {reason}");
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut origins = Origins::new(1..=99);
    let hand = ManualClock::new();
    let mut clock = hand.clone();

    // All at once: the best of what comes in time.
    let (desk, dealers) = distribution::<u32, u64, 3>(origins.open()?, 16)?;
    let policy = Policy { rule: All, if_impossible: IfImpossible::WaitPartial, if_full: IfFull::BestEffort };
    let mut desk = Scatter::new(16, policy, best(|cents: &u64| Reverse(*cents)), desk)?;
    let mut spreads = [3, 1, 2].into_iter().zip([0, 0, 7]);
    let mut dealers = dealers.map(|(requests, ports)| {
        let (spread, not_dealt) = spreads.next().unwrap_or_default();
        let quote = move |request: &Request<u32>, cents: &mut u64| -> Flow {
            if request.body == not_dealt {
                return Err(NO_PRICE.into());
            }
            *cents = u64::from(request.body) * 100 + spread;
            Ok(())
        };
        let origin = origins.open().expect("fewer than there are numbers");
        let server = Server::new(WhenFull::DropReply, IfDead::Drop, quote, Responder::new(origin, ports));
        (server.account(), requests.drive(server))
    });
    let books = [
        ("questions", desk.account()),
        ("answers", desk.replies()),
        ("the slow dealer, asked", dealers[1].0.clone()),
    ];
    let mut endings = Vec::new();
    for symbol in [5, 7, 9] {
        let asked = clock.now();
        desk.ask(asked, PATIENCE, None, |slot| *slot = symbol)?;
        hand.advance(Duration::from_micros(3));
        let _ = (dealers[0].1.work(clock.now()), dealers[2].1.work(clock.now()));
        if symbol != 5 {
            // The slow one is in time for once. It skips the first question, as nobody waits for that any more.
            let _ = dealers[1].1.work(clock.now());
        }
        hand.advance(PATIENCE);
        let now = clock.now();
        desk.poll(now, |ticket, outcome| {
            endings.push((tell(now, ticket, &outcome), *outcome.acc));
            Ok(())
        })
        .expect("the closure takes everything");
    }
    let late_partial_best = [
        (Ending::Deadline, Some((2, 502))),
        (Ending::Impossible, Some((1, 701))),
        (Ending::Complete, Some((1, 901))),
    ];
    assert_eq!(endings, late_partial_best);
    for (what, account) in &books {
        show(what, account)?;
    }
    assert_eq!(books[2].1.read().dropped[Reason::Expired], 1);

    // One after the other: the slow one is the first, and the next is asked after 20 microseconds.
    let (line, [(slow, _slow_ports), (mut quick, quick_ports)]) =
        distribution::<u32, u64, 2>(origins.open()?, 16)?;
    let policy =
        Policy { rule: FirstSuccess, if_impossible: IfImpossible::FailFast, if_full: IfFull::BestEffort };
    let mut hedge = Scatter::new(16, policy, best(|cents: &u64| Reverse(*cents)), line)?
        .hedged(Duration::from_micros(20));
    let quote = |request: &Request<u32>, cents: &mut u64| -> Flow {
        *cents = u64::from(request.body) * 100;
        Ok(())
    };
    let responder = Responder::new(origins.open()?, quick_ports);
    let mut server = Server::new(WhenFull::DropReply, IfDead::Drop, quote, responder);
    hedge.ask(clock.now(), PATIENCE, None, |slot| *slot = 9)?;
    let mut winner = None;
    while winner.is_none() {
        hand.advance(Duration::from_micros(10));
        let now = clock.now();
        let _ = quick.drain(now, usize::MAX, &mut server);
        hedge
            .poll(now, |ticket, outcome| {
                println!("{:>7} ns  {}: {:?}", now.nanos(), ticket.id(), outcome.ending);
                winner = *outcome.acc;
                Ok(())
            })
            .expect("the closure takes everything");
    }
    assert_eq!((winner, slow.len()), (Some((1, 900)), 1));
    Ok(())
}
