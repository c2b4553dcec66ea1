//! What is allocated after construction: nothing.

use super::{NOW, ns, rig, waiting};
use crate::kit::allocations;
use ringmain::contract::{Fault, Flow, Source, SourceMut};
use ringmain::pattern::{
    All, FirstSuccess, Gathered, IfDead, Origin, Request, Responder, Rule, Scatter, Server, Ticket, Unasked,
    WhenFull, distribution,
};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(1);

fn sum(sum: &mut u64, _: usize, n: &mut u64) {
    *sum += *n;
}

/// Complete, failed, out of time, late, cancelled; the table full, rings full; recipients gone, one by one and all.
#[test]
fn no_path_allocates() {
    let (desk, dealers) = distribution::<u64, u64, 2>(Origin::new(1), 4).unwrap();
    let mut scatter = Scatter::new(4, waiting(All), sum, desk).unwrap();
    let mut producer = 1;
    let [(mut one, mut one_server), (mut two, mut two_server)] = dealers.map(|(requests, ports)| {
        producer += 1;
        let handler = |request: &Request<u64>, body: &mut u64| -> Flow {
            *body = request.body;
            if request.body == 7 { Err(Fault::new(7).into()) } else { Ok(()) }
        };
        let responder = Responder::new(Origin::new(producer), ports);
        (requests, Server::new(WhenFull::DropReply, IfDead::Drop, handler, responder))
    });
    let mut told = 0;
    let mut on = |_: Ticket, _: Gathered<'_, u64>| -> Flow {
        told += 1;
        Ok(())
    };
    let short = Duration::from_nanos(10);
    let ((), allocated) = allocations(|| {
        for n in [1, 7] {
            scatter.ask(NOW, LONG, 0, |slot| *slot = n).unwrap();
            assert_eq!(one.drain(NOW, 9, &mut one_server).count, 1);
            assert_eq!(two.drain(NOW, 9, &mut two_server).count, 1);
            assert_eq!(scatter.poll(NOW, &mut on), Ok(1));
        }
        // The table full; out of time; late; rings full, and a half that is late.
        for _ in 0..4 {
            scatter.ask(NOW, short, 0, |slot| *slot = 1).unwrap();
        }
        assert_eq!(scatter.ask(NOW, LONG, 0, |_| ()), Err(Unasked::PendingFull));
        assert_eq!(one.drain(ns(5), 9, &mut one_server).count, 4);
        assert_eq!(scatter.poll(ns(10), &mut on), Ok(4));
        assert_eq!(two.drain(ns(10), 2, &mut two_server).count, 2);
        for _ in 0..4 {
            scatter.ask(ns(10), short, 0, |slot| *slot = 1).unwrap();
        }
        assert_eq!(scatter.poll(ns(20), &mut on), Ok(4));
        // Too late for the servers, too.
        assert_eq!(one.drain(ns(21), 9, &mut one_server).count, 4);
        assert_eq!(two.drain(ns(21), 9, &mut two_server).count, 4);
        let ticket = scatter.ask(ns(20), short, 0, |_| ()).unwrap();
        assert!(scatter.cancel(ticket));
        // One that is removed, then all.
        scatter.ask(ns(20), LONG, 0, |_| ()).unwrap();
        scatter.remove(0b01, ns(20));
        scatter.ask(ns(20), LONG, 0, |_| ()).unwrap();
    });
    drop((one_server, two_server));
    let (ended, more) = allocations(|| scatter.poll(ns(21), &mut on));
    assert_eq!((ended, allocated + more, scatter.late(1)), (Ok(2), 0, 2));
    assert_eq!((told, scatter.pending()), (12, 0));
}

/// Nor does one who is asked after another.
#[test]
fn a_hedge_does_not_allocate() {
    let rig = rig::<u64, _, _, 3>(4, 2, waiting(FirstSuccess), sum as fn(&mut u64, usize, &mut u64));
    let (mut scatter, mut to) = (rig.scatter.hedged(Duration::from_nanos(5)), rig.to);
    let (told, allocated) = allocations(|| {
        let mut told = 0;
        for now in 0..100 {
            let _ = scatter.ask(ns(now), Duration::from_nanos(12), 0, |slot| *slot = now);
            to[2].take(|request: &mut Request<u64>| request.body).ok();
            told += scatter.poll(ns(now), |_, _| Ok(())).unwrap();
        }
        told
    });
    assert_eq!((told > 20, allocated), (true, 0));
    assert!(!Rule::<u64>::is_met_at_deadline(&FirstSuccess));
}
