//! What is allocated after construction: nothing.

use super::{LONG, NOW, ns, origins};
use crate::kit::allocations;
use ringmain::contract::{Agent, Fault, Flow, Source, Work};
use ringmain::pattern::{
    Answer, Origin, Request, Responder, Says, Server, Ticket, Unasked, WhenFull, service,
};
use std::time::Duration;

/// No path allocates: replies, faults, timeouts, cancel, table full, ring full, late, foreign, the server gone.
#[test]
fn no_path_allocates() {
    let ([mut client, mut other], requests, ports) = service::<u64, u64, 2>(origins(), 4).unwrap();
    let handler = |request: &Request<u64>, part: u32, body: &mut u64| -> Flow<Says> {
        *body = request.body;
        match (request.body, part) {
            (7, _) => Err(Fault::new(7).into()),
            (8, 0..2) => Ok(Says::Part),
            _ => Ok(Says::Reply),
        }
    };
    let responder = Responder::new(Origin::new(9), ports);
    let mut server = requests.drive(Server::in_parts(WhenFull::DropReply, handler, responder));
    let mut told = [0; 5];
    let mut on = |_: Ticket, answer: Answer<'_, u64>| -> Flow {
        told[match answer {
            Answer::Part(_) => 0,
            Answer::Reply(_) => 1,
            Answer::End => 2,
            Answer::Fault(_) => 3,
            Answer::Timeout => 4,
        }] += 1;
        Ok(())
    };
    let ((), allocated) = allocations(|| {
        for n in [1, 7, 8] {
            client.request(NOW, LONG, |slot| *slot = n).unwrap();
            assert_eq!(server.work(NOW), Work::Busy(1));
            client.poll(NOW, &mut on).unwrap();
        }
        // The table full; cancelled; out of time, at the server and at the client; late.
        for _ in 0..4 {
            client.request(NOW, Duration::from_nanos(10), |_| ()).unwrap();
        }
        assert_eq!(client.request(NOW, LONG, |_| ()), Err(Unasked::PendingFull));
        assert_eq!(server.work(ns(5)), Work::Busy(4));
        client.poll(ns(5), &mut on).unwrap();
        let ticket = client.request(ns(5), Duration::from_nanos(10), |_| ()).unwrap();
        assert!(client.cancel(ticket));
        client.request(ns(5), Duration::from_nanos(10), |_| ()).unwrap();
        assert_eq!(server.work(ns(6)), Work::Busy(2));
        client.poll(ns(6), &mut on).unwrap();
        client.request(ns(6), Duration::from_nanos(10), |_| ()).unwrap();
        client.poll(ns(16), &mut on).unwrap();
        assert_eq!(server.work(ns(17)), Work::Busy(1));
        // Its ring full, which drops the rest of an answer; then the server goes.
        for _ in 0..2 {
            other.request(ns(17), LONG, |slot| *slot = 8).unwrap();
        }
        assert_eq!(server.work(ns(17)), Work::Busy(2));
        drop(server);
        other.poll(ns(17), &mut on).unwrap();
        client.poll(ns(17), &mut on).unwrap();
        assert_eq!(client.request(ns(17), LONG, |_| ()), Err(Unasked::NoResponder));
    });
    assert_eq!((allocated, client.late()), (0, 1));
    assert_eq!(told, [5, 8, 0, 2, 1]);
}
