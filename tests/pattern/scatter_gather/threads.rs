//! The same on threads: a requester and three servers, each on its own.

use super::{note, policy};
use ringmain::contract::{Agent, Flow, Source, Tick, Work};
use ringmain::pattern::{
    All, Ending, IfDead, Origin, Request, Responder, Scatter, Server, WhenFull, distribution,
};
use std::thread;
use std::time::Duration;

/// Every result has its own three answers, whatever the threads do; and when the requester goes, the servers end.
#[test]
fn servers_on_threads() {
    let scatters = if cfg!(miri) { 20 } else { 2000 };
    let (desk, dealers) = distribution::<u64, u64, 3>(Origin::new(1), 8).unwrap();
    let mut scatter = Scatter::new(8, policy(All), note, desk).unwrap();
    let (asked, answered) = (scatter.account(), scatter.replies());
    thread::scope(|threads| {
        for (origin, (requests, ports)) in (2..).zip(dealers) {
            threads.spawn(move || {
                let add = |request: &Request<u64>, answer: &mut u64| -> Flow {
                    *answer = request.body * 10 + u64::from(origin);
                    Ok(())
                };
                let responder = Responder::new(Origin::new(origin), ports);
                let mut server = requests.drive(Server::new(WhenFull::Block, IfDead::Drop, add, responder));
                while server.work(Tick::ZERO) != Work::Done {
                    thread::yield_now();
                }
            });
        }
        let (mut next, mut told) = (0, 0);
        // What was asked, by slot.
        let mut bodies = [0; 8];
        while told < scatters {
            while next < scatters && scatter.pending() < scatter.capacity() {
                let body = next;
                let asked = scatter.ask(Tick::ZERO, Duration::MAX, vec![], |slot| *slot = body);
                bodies[asked.unwrap().slot()] = body;
                next += 1;
            }
            let count = scatter.poll(Tick::ZERO, |ticket, outcome| {
                let mut quotes = outcome.acc.clone();
                quotes.sort_unstable();
                let body = bodies[ticket.slot()] * 10;
                assert_eq!(
                    (outcome.ending, quotes),
                    (Ending::Complete, vec![(0, body + 2), (1, body + 3), (2, body + 4)])
                );
                Ok(())
            });
            told += count.unwrap() as u64;
            thread::yield_now();
        }
        drop(scatter);
    });
    let (asked, answered) = (asked.read(), answered.read());
    assert_eq!((asked.out, asked.check()), (scatters, Ok(())));
    assert_eq!((answered.folded, answered.check()), (3 * scatters, Ok(())));
}
