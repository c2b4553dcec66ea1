//! Claim: the mode of `channel::spmc` and `channel::mpmc`, seen as this pattern.

use super::{NOW, Seen};
use crate::kit::run;
use ringmain::channel::{mpmc, mpmc::strict, spmc};
use ringmain::contract::{
    Agent, At, Drained, Flow, Halt, Refused, Sink, Source, SourceMut, Stage, Work, each,
};
use ringmain::wait::Yielding;
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

/// What `rx` can see now, at most `limit`.
fn take(rx: &mut spmc::Consumer<u64>, limit: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut each(|n: &u64| seen.push(*n)));
    seen
}

/// 2.d3: C = 8, and a consumer stands still at event 3: the others go on up to 10, then the ring is full;
/// when it goes on, all were consumed once. (`tests/channel/stalls.rs` has it of all rings, with threads
/// that stall, and of `mpmc::strict`, where nobody is held up.)
#[test]
fn point_to_point_3_a_stalled_consumer_stops_the_ring_after_a_lap() {
    let (mut tx, mut rx) = spmc::channel(8, || 0u64).unwrap();
    let (mut b, mut c) = (rx.clone(), rx.clone());
    for n in 0..8 {
        tx.push(n).unwrap();
    }
    let mut seen = take(&mut rx, 3);
    let stalls = |n: &u64, _: At| -> Flow {
        assert_eq!(*n, 3);
        Err(Halt::Again)
    };
    assert_eq!(rx.drain(NOW, 1, &mut { stalls }).count, 0);
    for n in 8..11 {
        seen.extend(take(&mut b, 2));
        seen.extend(take(&mut c, 2));
        tx.push(n).unwrap();
    }
    seen.extend(take(&mut b, 9));
    assert_eq!(seen, [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(tx.push(11).map_err(|refusal| refusal.refused), Err(Refused::Full));
    seen.extend(take(&mut rx, 1));
    assert_eq!(seen.last(), Some(&3));
    tx.push(11).unwrap();
    assert_eq!((take(&mut c, 9), tx.abandoned()), (vec![11], 0));
}

/// 2.d7, LMAX Disruptor issue 286 (removing a worker loses the event it has claimed): consumers join and
/// leave a thousand times while others send and take, and no event is lost: it is seen once, or it was in
/// the hand of one that left, and counted.
#[test]
fn point_to_point_7_consumers_join_and_leave_under_load_and_nothing_is_lost() {
    const TIMES: u64 = if cfg!(miri) { 20 } else { 1_000 };
    /// Joins, takes a few, and leaves: every eighth with an event that it said `Again` to in its hand.
    fn come_and_go(root: mpmc::Consumer<u64>, seen: &Mutex<Vec<u64>>) {
        for time in 0..TIMES {
            let mut rx = if time % 3 == 0 { root.clone().batch(4) } else { root.clone() };
            let mut left = time % 4;
            let mut few = |n: &u64, _: At| -> Flow {
                left = left.checked_sub(1).ok_or(Halt::Again)?;
                seen.lock().unwrap().push(*n);
                Ok(())
            };
            let limit = if time % 8 == 0 { usize::MAX } else { time as usize % 4 };
            let _: Drained = rx.drain(NOW, limit, &mut few);
            thread::yield_now();
        }
    }
    let (tx, rx) = mpmc::channel(16, || 0u64).unwrap();
    let (seen, over) = (&Mutex::new(Vec::new()), &AtomicBool::new(false));
    let sent = thread::scope(|scope| {
        let mut stays = rx.clone();
        scope.spawn(move || {
            while let Ok(n) = stays.take_waiting(&mut Yielding::new(), |n| *n) {
                seen.lock().unwrap().push(n);
                thread::yield_now();
            }
        });
        let senders = [(0, tx.clone()), (1, tx)].map(|(producer, mut tx)| {
            scope.spawn(move || {
                let mut sent = 0;
                while !over.load(Relaxed) {
                    sent += u64::from(tx.push_waiting(&mut Yielding::new(), 2 * sent + producer).is_ok());
                }
                sent
            })
        });
        let comers = [rx.clone(), rx.clone()].map(|root| scope.spawn(move || come_and_go(root, seen)));
        let came = comers.map(|comer| comer.join());
        over.store(true, Relaxed);
        assert!(came.iter().all(Result::is_ok));
        senders.map(|sender| sender.join().unwrap()).iter().sum::<u64>()
    });
    let abandoned = rx.abandoned();
    let seen = seen.lock().unwrap();
    let once: HashSet<u64> = seen.iter().copied().collect();
    assert_eq!(once.len(), seen.len(), "none is seen twice");
    assert_eq!(
        seen.len() as u64 + abandoned,
        sent,
        "none is lost, {abandoned} went with those that had them"
    );
    assert!(cfg!(miri) || abandoned > 0, "some left with an event in hand");
}

/// 2.d7: those that leave with nothing in hand take nothing along.
#[test]
fn point_to_point_7_who_leaves_in_order_takes_nothing_along() {
    let (mut tx, root) = spmc::channel(8, || 0u64).unwrap();
    let (mut seen, mut sent) = (Vec::new(), 0);
    for time in 0..1_000 {
        while tx.push(sent).is_ok() {
            sent += 1;
        }
        seen.extend(take(&mut root.clone(), time % 5));
    }
    seen.extend(take(&mut root.clone(), 8));
    assert!(seen.into_iter().eq(0..sent), "all, in order");
    assert_eq!(root.abandoned(), 0);
}

/// Drives `consumers`, one after the other and each for a few turns, while `tx` sends and `stays` takes. Each stage says
/// `Again` now and then; each consumer leaves in order.
fn leave_in_order<Rx: Source<Event = u64> + Send>(
    tx: impl Sink<Event = u64> + Send,
    stays: Rx,
    consumers: [Vec<Rx>; 2],
) {
    let (seen, over) = (&Seen::new(), &AtomicBool::new(false));
    let sent = thread::scope(|scope| {
        scope.spawn(move || run(stays.drive(seen.notes())));
        let sender = scope.spawn(move || {
            let (mut tx, mut sent) = (tx, 0);
            while !over.load(Relaxed) && sent < super::MANY {
                sent += u64::from(tx.push_waiting(&mut Yielding::new(), sent + 1).is_ok());
            }
            sent
        });
        let comers = consumers.map(|consumers| {
            scope.spawn(move || {
                for (time, rx) in consumers.into_iter().enumerate() {
                    let (mut notes, mut asked) = (seen.notes(), time);
                    let wants_some_again = move |n: &u64, at: At| -> Flow {
                        asked += 1;
                        if asked % 3 == 0 { Err(Halt::Again) } else { notes.on_event(n, at) }
                    };
                    let mut agent = rx.drive(wants_some_again);
                    for _ in 0..time % 4 {
                        let _ = agent.work(NOW);
                        thread::yield_now();
                    }
                    agent.leave();
                    run(agent);
                }
            })
        });
        let came = comers.map(|comer| comer.join());
        over.store(true, Relaxed);
        assert!(came.iter().all(Result::is_ok));
        sender.join().unwrap()
    });
    assert!(seen.is_each_of(sent), "each of {sent} once");
}

/// 2.d7: consumers join and leave a thousand times under load, with events in hand that their stages want again; as they
/// leave in order, no event is lost or abandoned.
#[test]
fn point_to_point_7_consumers_that_leave_in_order_finish_what_they_have_in_hand() {
    const TIMES: usize = if cfg!(miri) { 8 } else { 500 };
    fn clones(rx: &mpmc::Consumer<u64>) -> [Vec<mpmc::Consumer<u64>>; 2] {
        let join = |time| if time % 2 == 0 { rx.clone().batch(4) } else { rx.clone() };
        [0, 1].map(|_| (0..TIMES).map(join).collect())
    }
    let (tx, rx) = mpmc::channel(16, || 0).unwrap();
    leave_in_order(tx, rx.clone(), clones(&rx));
    assert_eq!(rx.abandoned(), 0);
    let (tx, rx) = spmc::channel(16, || 0).unwrap();
    leave_in_order(tx, rx.clone(), clones(&rx));
    assert_eq!(rx.abandoned(), 0);
    let (mut tx, mut rx) = strict::channel(16, 1, 2 * TIMES + 2, || 0).unwrap();
    let (stays, root) = (rx.remove(0), rx.remove(0));
    let others = rx.split_off(TIMES);
    leave_in_order(tx.remove(0), stays, [rx, others]);
    assert_eq!(root.abandoned(), 0);
}

/// One that leaves claims nothing more, shows what it has in hand until that is consumed, and is done.
#[test]
fn who_leaves_shows_what_it_has_and_claims_nothing_more() {
    let (mut tx, root) = mpmc::channel(16, || 0u64).unwrap();
    // A void position is no event, in a hand neither.
    assert_eq!(tx.push(0), Ok(()));
    let _ = tx.fill(|_| -> Flow { Err(Halt::Again) });
    (2..9).for_each(|n| tx.push(n).unwrap());
    let mut rx = root.clone().batch(4);
    assert_eq!(rx.in_hand(), 0);
    let _ = rx.drain(NOW, 9, &mut |_: &u64, _: At| -> Flow { Err(Halt::Again) });
    assert_eq!(rx.in_hand(), 3, "four positions, one of them void");
    let mut agent = {
        let (mut again, mut seen) = (2, Vec::new());
        rx.drive(move |n: &u64, _: At| -> Flow {
            seen.push(*n);
            assert!(*n < 4, "{seen:?}");
            again -= 1;
            if again >= 0 { Err(Halt::Again) } else { Ok(()) }
        })
    };
    assert_eq!(agent.work(NOW), Work::Idle);
    agent.leave();
    assert_eq!((agent.work(NOW), agent.work(NOW), agent.work(NOW)), (Work::Idle, Work::Busy(3), Work::Done));
    assert_eq!((root.abandoned(), take(&mut root.clone(), 9)), (0, vec![4, 5, 6, 7, 8]));
}

/// A stage that says `Stop` is shown nothing more: of a claim of one nothing is left then; of a batch the rest goes with
/// it, and is counted.
#[test]
fn a_stage_that_stops_leaves_nothing_of_a_claim_of_one() {
    for (batch, abandoned) in [(1, 0), (4, 3)] {
        let (mut tx, root) = mpmc::channel(16, || 0u64).unwrap();
        (0..8).for_each(|n| tx.push(n).unwrap());
        let mut agent = root.clone().batch(batch).drive(|_: &u64, _: At| Err(Halt::Stop));
        assert_eq!((agent.work(NOW), root.abandoned()), (Work::Done, abandoned));
    }
}

/// 2.d8: zero consumers, that is one end that nobody drains: C events wait, the one after is refused, and
/// the first consumer to join gets all of them in order.
#[test]
fn point_to_point_8_without_consumers_events_wait_in_the_ring() {
    const C: u64 = 8;
    let (mut tx, rx) = mpmc::channel(C as usize, || 0u64).unwrap();
    for n in 1..=C {
        tx.push(n).unwrap();
    }
    assert_eq!(tx.push(C + 1).map_err(|refusal| refusal.refused), Err(Refused::Full));
    let mut first = rx.clone();
    assert!(take(&mut first, usize::MAX).into_iter().eq(1..=C));
    drop((rx, first));
    assert_eq!(
        tx.push(1).map_err(|refusal| refusal.refused),
        Err(Refused::Closed),
        "without any end it is closed"
    );
}
