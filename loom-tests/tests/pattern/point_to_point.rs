//! Consumers that come and go while events come, a source that changes hands, a worker that goes.

use crate::common::outcomes;
use loom::thread;
use ringmain::channel::{spmc, spsc};
use ringmain::contract::{At, Halt, Reason, Sink, Source, Stage, Tick, each};
use ringmain::pattern::point_to_point::{
    Ack, AtMostOnce, Badges, Dispatch, InTurn, Job, SingleActive, Worker, WorkerChange,
};
use ringmain::ring::Sequence;

const NOW: Tick = Tick::ZERO;
/// The rings wrap at once.
const START: Sequence = Sequence::ZERO.minus(1);

/// What `rx` has now, at most `limit`.
fn take(rx: &mut impl Source<Event = u64>, limit: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut each(|n: &u64| seen.push(*n)));
    seen
}

/// A consumer joins, takes one and leaves, perhaps with it in its hand, while another takes and the producer
/// sends: each event is seen once, or counted as abandoned.
#[test]
fn point_to_point_7_who_joins_and_leaves_loses_nothing() {
    // Events that went with the one that left, and those that the other one saw meanwhile.
    let legal = [(0, 1), (0, 2), (1, 0), (1, 1)];
    outcomes("point to point: a consumer joins and leaves", &legal, || {
        let (mut tx, mut rx) = spmc::channel_from(START, 2, || 0u64).unwrap();
        tx.push(1).unwrap();
        let root = rx.clone();
        let comes = thread::spawn(move || {
            let mut joined = root.clone();
            drop(root);
            let _ = joined.drain(NOW, 1, &mut |_: &u64, _: At| Err(Halt::Again));
        });
        let sends = thread::spawn(move || {
            tx.push(2).unwrap();
            tx
        });
        let mut seen = take(&mut rx, 2);
        let meanwhile = seen.len();
        comes.join().unwrap();
        let tx = sends.join().unwrap();
        seen.extend(take(&mut rx, 2));
        let abandoned = tx.abandoned();
        assert_eq!(seen.len() as u64 + abandoned, 2, "{seen:?}");
        assert!(seen.windows(2).all(|two| two[0] < two[1]), "{seen:?}");
        (abandoned, meanwhile)
    });
}

/// The active one takes one event and leaves; the other one has a turn meanwhile: it gets exactly the rest.
#[test]
fn point_to_point_6_the_next_goes_on_where_the_active_one_left() {
    // Whether the other one was active before the first had certainly left, and how many it saw then.
    let legal = [(false, 0), (true, 2)];
    outcomes("point to point: a hand-over", &legal, || {
        let (mut tx, rx) = spsc::channel_from(START, 4, || 0u64).unwrap();
        for n in 1..=3 {
            tx.push(n).unwrap();
        }
        let mut a = SingleActive::new(rx);
        let mut b = a.clone();
        let first = thread::spawn(move || take(&mut a, 1));
        let mut rest = take(&mut b, 4);
        let meanwhile = (b.is_active(), rest.len());
        assert_eq!(first.join().unwrap(), [1]);
        rest.extend(take(&mut b, 4));
        assert_eq!(rest, [2, 3]);
        meanwhile
    });
}

/// Two wait for the one that leaves: one of them has it, and it has all.
#[test]
fn point_to_point_6_one_of_two_takes_over() {
    outcomes("point to point: two for one place", &['b', 'c', '-'], || {
        let (mut tx, rx) = spsc::channel_from(START, 2, || 0u64).unwrap();
        tx.push(1).unwrap();
        let a = SingleActive::new(rx);
        let [mut b, mut c] = [a.clone(), a.clone()];
        let leaves = thread::spawn(move || drop(a));
        let other = thread::spawn(move || (take(&mut c, 2), c));
        let of_b = take(&mut b, 2);
        leaves.join().unwrap();
        let (of_c, mut c) = other.join().unwrap();
        assert!(!(b.is_active() && c.is_active()));
        let who = match (of_b.is_empty(), of_c.is_empty()) {
            (false, true) => 'b',
            (true, false) => 'c',
            _ => '-',
        };
        let late = if c.is_active() { take(&mut c, 2) } else { take(&mut b, 2) };
        assert_eq!([of_b, of_c, late].concat(), [1]);
        who
    });
}

/// What a worker acknowledged before it went is heard before it counts as gone; what it did not is lost, and
/// counted.
#[test]
fn point_to_point_5_a_worker_is_gone_when_all_is_heard() {
    // Events done, and lost with it. None of either: it was gone before the first.
    outcomes("point to point: a worker goes", &[(0, 0), (0, 2), (1, 1)], || {
        let (jobs, mut from_dispatch) = spsc::channel_from(START, 2, Job::default).unwrap();
        let (mut acks, from_worker) = spsc::channel_from(START, 2, Ack::default).unwrap();
        let mut dispatch = Dispatch::new(InTurn::new(), AtMostOnce, 2, [(jobs, from_worker)]).unwrap();
        let books = dispatch.account();
        let worker = thread::spawn(move || {
            // By hand: one that dies does not say that it leaves.
            let mut work = each(|job: &Job<u64>| acks.push(Ack::Done(job.handle)).unwrap());
            let _ = from_dispatch.drain(NOW, 1, &mut work);
        });
        let mut given = 0;
        for n in 1..=2u64 {
            given += u64::from(dispatch.on_event(&n, At { seq: START, now: NOW }).is_ok());
        }
        let _ = Stage::<&u64>::on_batch_end(&mut dispatch, NOW);
        worker.join().unwrap();
        let end = Stage::<&u64>::on_batch_end(&mut dispatch, NOW);
        assert_eq!(end, Err(Halt::Stop));
        let books = books.read();
        assert_eq!((books.check(), books.input, books.held), (Ok(()), given, 0));
        (books.out, books.dropped[Reason::Closed])
    });
}

/// A consumer that has claimed an event leaves in order while another claims and the producer sends: whichever way they
/// meet, each event is seen once and none is abandoned.
#[test]
fn point_to_point_7_who_leaves_in_order_finishes_its_claim() {
    // Events that the one that left saw, and those that the other one saw meanwhile.
    let legal = [(0, 1), (0, 2), (1, 0), (1, 1)];
    outcomes("point to point: a consumer leaves in order", &legal, || {
        let (mut tx, mut rx) = spmc::channel_from(START, 2, || 0u64).unwrap();
        tx.push(1).unwrap();
        let mut leaver = rx.clone();
        let leaves = thread::spawn(move || {
            // It claims, if it is first, and its stage wants the event again.
            let _ = leaver.drain(NOW, 1, &mut |_: &u64, _: At| Err(Halt::Again));
            let in_hand = leaver.in_hand();
            let seen = take(&mut leaver, in_hand);
            assert_eq!((seen.len(), leaver.in_hand()), (in_hand, 0));
            seen
        });
        let sends = thread::spawn(move || {
            tx.push(2).unwrap();
            tx
        });
        let mut seen = take(&mut rx, 2);
        let meanwhile = seen.len();
        let theirs = leaves.join().unwrap();
        let tx = sends.join().unwrap();
        seen.extend(take(&mut rx, 2));
        assert_eq!(tx.abandoned(), 0);
        seen.extend(&theirs);
        seen.sort_unstable();
        assert_eq!(seen, [1, 2]);
        (theirs.len(), meanwhile)
    });
}

/// A worker does one job and leaves in order while jobs come: what it did is done, and what it did not begin with goes to
/// the one that joins behind it, though each event is begun with once at most.
#[test]
fn point_to_point_7_a_worker_that_leaves_hands_back_what_it_has_not_begun() {
    // Events that it did, and those that went to the other one.
    let legal = [(0, 2), (1, 1)];
    outcomes("point to point: a worker leaves in order", &legal, || {
        let (changes, to_dispatch) = spsc::channel_from(START, 2, WorkerChange::default).unwrap();
        let (mut changes, mut badges) = (changes, Badges::<2>::new());
        let mut dispatch =
            Dispatch::controlled_by(InTurn::new(), AtMostOnce, 2, &badges, to_dispatch).unwrap();
        let mut hire = || {
            let (to_worker, jobs) = spsc::channel_from(START, 2, Job::default).unwrap();
            let (acks, from_worker) = spsc::channel_from(START, 4, Ack::default).unwrap();
            changes.push(WorkerChange::Join(badges.issue(), to_worker, from_worker)).unwrap();
            (jobs, acks)
        };
        let (mut jobs, acks) = hire();
        let _ = Stage::<&u64>::on_batch_end(&mut dispatch, NOW);
        let books = dispatch.account();
        let worker = thread::spawn(move || {
            let mut worker = Worker::new(acks, each(|_: &u64| ()));
            jobs.drain(NOW, 1, &mut worker).count
        });
        let mut given = 0;
        for n in 1..=2u64 {
            given += u64::from(dispatch.on_event(&n, At { seq: START, now: NOW }).is_ok());
        }
        let did = worker.join().unwrap();
        let (mut jobs, acks) = hire();
        let _ = Stage::<&u64>::on_batch_end(&mut dispatch, NOW);
        let mut other = Worker::new(acks, each(|_: &u64| ()));
        for n in given + 1..=2 {
            assert_eq!(dispatch.on_event(&n, At { seq: START, now: NOW }), Ok(()));
        }
        let rest = jobs.drain(NOW, 2, &mut other).count;
        assert_eq!(Stage::<&u64>::on_batch_end(&mut dispatch, NOW), Ok(()));
        let books = books.read();
        assert_eq!((books.check(), books.out, books.dropped[Reason::Closed]), (Ok(()), 2, 0));
        (did, rest)
    });
}
