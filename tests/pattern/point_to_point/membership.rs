//! Workers that join and leave a dispatcher that runs. One thread, turn by turn, but for the last.

use super::{NOW, Seen, answer};
use crate::kit::{Script, allocations, run};
use ringmain::channel::{mpsc, spsc};
use ringmain::contract::{
    Account, Agent, At, Fault, Flow, Halt, Reason, Refused, Sink, Source, Stage, Work, each,
};
use ringmain::pattern::point_to_point::{
    Ack, AtMostOnce, Badge, Badges, Choice, Dispatch, InTurn, Job, KeyHash, Loss, Redeliver, Worker,
    WorkerChange,
};
use ringmain::pattern::{LetterBox, Shed};
use ringmain::ring::Sequence;
use ringmain::wait::Yielding;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

type Change = WorkerChange<spsc::Producer<Job<u64>>, spsc::Consumer<Ack>>;
type Controlled<C, L, const N: usize> =
    Dispatch<u64, C, L, spsc::Producer<Job<u64>>, spsc::Consumer<Ack>, N, spsc::Consumer<Change>>;

/// Whoever has workers join and leave.
struct Office<const N: usize> {
    badges: Badges<N>,
    changes: spsc::Producer<Change>,
}

/// A worker of a test: what it has, and has not looked at.
struct Hand {
    badge: Badge,
    jobs: spsc::Consumer<Job<u64>>,
    acks: spsc::Producer<Ack>,
}

fn office<C: Choice<u64, N>, L: Loss<u64>, const N: usize>(
    choice: C,
    loss: L,
    in_flight: usize,
) -> (Office<N>, Controlled<C, L, N>, Arc<Account>) {
    let badges = Badges::new();
    let (changes, to_dispatch) = spsc::channel(8, Change::default).unwrap();
    let dispatch = Dispatch::controlled_by(choice, loss, in_flight, &badges, to_dispatch).unwrap();
    let books = dispatch.account();
    (Office { badges, changes }, dispatch, books)
}

impl<const N: usize> Office<N> {
    /// A worker with room for so many jobs, and for more acknowledgements than there can be.
    fn hire(&mut self, room: usize) -> Hand {
        let (to_worker, jobs) = spsc::channel(room, Job::default).unwrap();
        let (acks, from_worker) = spsc::channel(64, Ack::default).unwrap();
        let badge = self.badges.issue();
        self.changes.push(WorkerChange::Join(badge, to_worker, from_worker)).unwrap();
        Hand { badge, jobs, acks }
    }
    fn recall(&mut self, badge: Badge) {
        self.changes.push(WorkerChange::Leave(badge)).unwrap();
    }
}

impl Hand {
    /// Does up to `limit` jobs: each event, and the how manieth attempt it was.
    fn work(&mut self, limit: usize) -> Vec<(u64, u32)> {
        let mut seen = Vec::new();
        let mut work = each(|job: &Job<u64>| {
            seen.push((job.event, job.attempt));
            self.acks.push(Ack::Done(job.handle)).unwrap();
        });
        let _ = self.jobs.drain(NOW, limit, &mut work);
        seen
    }
    fn events(&mut self, limit: usize) -> Vec<u64> {
        self.work(limit).into_iter().map(|(event, _)| event).collect()
    }
    fn leaves_in_order(mut self) {
        self.acks.push(Ack::Leaves).unwrap();
    }
    fn is_released(&self) -> bool {
        self.jobs.is_closed()
    }
}

/// How many of the events it takes, as they come.
fn give<S: for<'e> Stage<&'e u64>>(dispatch: &mut S, events: impl IntoIterator<Item = u64>) -> usize {
    let at = |n| At { seq: Sequence::new(n), now: NOW };
    events.into_iter().take_while(|n| dispatch.on_event(n, at(*n)) == Ok(())).count()
}

fn end<S: for<'e> Stage<&'e u64>>(dispatch: &mut S) -> Flow {
    Stage::<&u64>::on_batch_end(dispatch, NOW)
}

fn letters() -> Redeliver<LetterBox<u64>> {
    Redeliver::new("work", 3, LetterBox::new(8, || 0))
}

/// 2.d8, dispatch: without workers the source keeps C events and refuses the next; who joins first gets them in order.
#[test]
fn point_to_point_8_dispatch_without_workers_keeps_what_comes_for_the_first() {
    const C: u64 = 8;
    let (mut tx, rx) = spsc::channel(C as usize, || 0u64).unwrap();
    let (mut office, dispatch, books) = office::<_, _, 2>(InTurn::new(), AtMostOnce, 16);
    let mut agent = rx.drive(dispatch);
    for n in 1..=C {
        tx.push(n).unwrap();
        assert_eq!(agent.work(NOW), Work::Idle);
    }
    assert_eq!(tx.push(C + 1).map_err(|refusal| refusal.refused), Err(Refused::Full));
    let mut first = office.hire(16);
    assert_eq!((agent.work(NOW), agent.work(NOW)), (Work::Idle, Work::Busy(C as usize)));
    assert!(first.events(16).into_iter().eq(1..=C));
    let _ = agent.work(NOW);
    assert_eq!((books.read().input, books.read().out), (C, C));
}

/// 2.d8: what comes when nobody is there is what the policy around it says of a full one.
#[test]
fn point_to_point_8_the_policy_says_what_becomes_of_more() {
    let (_office, dispatch, books) = office::<_, _, 1>(InTurn::new(), AtMostOnce, 16);
    let mut shed = Shed::new(dispatch);
    assert_eq!((give(&mut shed, 0..3), end(&mut shed)), (3, Ok(())));
    assert_eq!((shed.account().read().dropped[Reason::RingFull], books.read().input), (3, 0));
}

/// 2.c: a worker that leaves in order hands back what it has not begun with, as the same attempt; also at most once
/// nothing of it is lost. One that dies costs an attempt, or the events.
#[test]
fn unstarted_work_goes_to_others_without_a_raised_attempt() {
    fn check<L: Loss<u64>>(loss: L, in_order: bool, expected: &[(u64, u32)], lost: u64) {
        let (mut office, mut dispatch, books) = office::<_, _, 2>(InTurn::new(), loss, 16);
        let (mut a, mut b) = (office.hire(8), office.hire(8));
        let _ = end(&mut dispatch);
        assert_eq!(give(&mut dispatch, 0..8), 8);
        assert_eq!((a.work(1), b.work(4).len()), (vec![(0, 1)], 4));
        if in_order {
            a.leaves_in_order();
        }
        let _ = end(&mut dispatch);
        assert_eq!(b.work(8), expected);
        assert_eq!(end(&mut dispatch), Ok(()));
        let books = books.read();
        assert_eq!((books.check(), books.out, books.dropped[Reason::Closed]), (Ok(()), 8 - lost, lost));
    }
    check(letters(), true, &[(2, 1), (4, 1), (6, 1)], 0);
    check(AtMostOnce, true, &[(2, 1), (4, 1), (6, 1)], 0);
    // The last of these hands are dropped before the dispatcher hears of them: as if they had died.
    fn dies<L: Loss<u64>>(loss: L) -> (Vec<(u64, u32)>, u64) {
        let (mut office, mut dispatch, books) = office::<_, _, 2>(InTurn::new(), loss, 16);
        let (a, mut b) = (office.hire(8), office.hire(8));
        let _ = end(&mut dispatch);
        assert_eq!(give(&mut dispatch, 0..4), 4);
        drop(a);
        let _ = end(&mut dispatch);
        (b.work(8), books.read().dropped[Reason::Closed])
    }
    assert_eq!(dies(letters()), (vec![(1, 1), (3, 1), (0, 2), (2, 2)], 0));
    assert_eq!(dies(AtMostOnce), (vec![(1, 1), (3, 1)], 2));
}

/// The library's worker leaves in order when it is dropped; one that panics dies.
#[test]
fn a_worker_that_is_dropped_leaves_in_order_and_one_that_panics_does_not() {
    let attempts = |panics: bool| {
        let (mut office, mut dispatch, _) = office::<_, _, 2>(InTurn::new(), letters(), 16);
        let (a, mut b) = (office.hire(8), office.hire(8));
        let _ = end(&mut dispatch);
        assert_eq!(give(&mut dispatch, 0..6), 6);
        let work = each(|event: &u64| {
            if panics && *event == 2 {
                crate::kit::panic_on_purpose();
            }
        });
        let mut agent = a.jobs.drive(Worker::new(a.acks, work)).limit(1);
        let _ = agent.work(NOW);
        if panics {
            assert!(crate::kit::panics(|| _ = agent.work(NOW)));
        }
        drop(agent);
        let _ = end(&mut dispatch);
        b.work(8)
    };
    assert_eq!(attempts(false)[3..], [(2, 1), (4, 1)]);
    assert_eq!(attempts(true)[3..], [(2, 2), (4, 2)]);
}

/// A job that the stage wants again when its worker leaves was begun with: it has failed. What is answered and not told
/// for want of room is told first; without room for all of it the worker counts as dead.
#[test]
fn a_worker_that_leaves_says_how_far_it_is() {
    let told = |room: usize, says: Flow| {
        let (acks, mut read) = spsc::channel(room, Ack::default).unwrap();
        let mut worker = Worker::new(acks, |_: &u64, _: At| says);
        let mut script = Script::new((0..9u64).map(|event| Job { event, ..Job::default() }));
        let _ = script.drain(NOW, 9, &mut worker);
        let mut before = Vec::new();
        let _ = read.drain(NOW, 9, &mut each(|ack: &Ack| before.push(*ack)));
        drop(worker);
        let mut after = Vec::new();
        let _ = read.drain(NOW, 9, &mut each(|ack: &Ack| after.push(*ack)));
        (before.len(), after)
    };
    let failed = answer(Job::<u64>::default().handle, Some(Fault::of(Reason::Closed)));
    assert_eq!(told(16, Ok(())), (9, vec![Ack::Leaves]));
    assert_eq!(told(16, Err(Halt::Again)), (0, vec![failed, Ack::Leaves]));
    assert_eq!(told(2, Ok(())), (2, vec![Ack::default(), Ack::Leaves]));
    assert_eq!(told(1, Ok(())), (1, vec![Ack::default()]), "no room to say that it leaves");
}

/// One that is to leave gets no more, does what it has, and goes; its seat is another's then, and its badge nobody's.
#[test]
fn a_stale_badge_changes_nothing() {
    let (mut office, mut dispatch, books) = office::<_, _, 1>(InTurn::new(), AtMostOnce, 16);
    let mut a = office.hire(8);
    let old = a.badge;
    let _ = end(&mut dispatch);
    assert_eq!(give(&mut dispatch, 0..2), 2);
    office.recall(old);
    let _ = end(&mut dispatch);
    assert!(!dispatch.workers().is_here(0) && !dispatch.workers().is_vacant());
    assert_eq!((give(&mut dispatch, 2..3), dispatch.workers().load(0)), (0, 2));
    assert_eq!((a.events(8), a.is_released()), (vec![0, 1], true));
    a.leaves_in_order();
    let mut b = office.hire(8);
    // The seat is free only when it is heard that the first one has gone.
    let _ = end(&mut dispatch);
    assert!(dispatch.workers().is_here(0));
    office.recall(old);
    let _ = end(&mut dispatch);
    assert_eq!((give(&mut dispatch, 2..4), b.events(8)), (2, vec![2, 3]));
    assert!(dispatch.workers().is_here(0) && !b.is_released());
    assert_eq!((end(&mut dispatch), books.read().out), (Ok(()), 4));
}

/// There are as many seats as were named: who finds none, or has a badge that is taken, is told by the end of its ring.
#[test]
fn who_finds_no_seat_is_told_so() {
    let (mut office, mut dispatch, _) = office::<_, _, 2>(InTurn::new(), AtMostOnce, 16);
    let [a, b, c] = [0; 3].map(|_| office.hire(8));
    let _ = end(&mut dispatch);
    assert_eq!([&a, &b, &c].map(Hand::is_released), [false, false, true]);
    drop(b);
    let (to_worker, jobs) = spsc::channel(8, Job::default).unwrap();
    let (_acks, from_worker) = spsc::channel(8, Ack::default).unwrap();
    office.changes.push(WorkerChange::Join(a.badge, to_worker, from_worker)).unwrap();
    let _ = end(&mut dispatch);
    assert!(jobs.is_closed() && !dispatch.workers().is_here(1));
    let d = office.hire(8);
    let _ = end(&mut dispatch);
    assert!(!d.is_released() && dispatch.workers().is_here(1));
}

/// Who leaves an end behind gets it dropped by the office, not by the dispatcher.
#[test]
fn what_one_leaves_behind_goes_back_through_the_ring_of_changes() {
    let (mut office, mut dispatch, _) = office::<_, _, 1>(InTurn::new(), AtMostOnce, 16);
    let a = office.hire(8);
    let _ = end(&mut dispatch);
    let Hand { jobs, acks, .. } = a;
    drop(acks);
    let _b = office.hire(8);
    let _ = end(&mut dispatch);
    assert!(!jobs.is_closed(), "it lies in the ring of changes");
    for _ in 0..8 {
        office.changes.push(WorkerChange::default()).unwrap();
        let _ = end(&mut dispatch);
    }
    assert!(jobs.is_closed());
}

/// While somebody may join nothing is given up; when nobody can, it is over.
#[test]
fn it_ends_when_nobody_is_there_and_nobody_can_join() {
    let (mut office, mut dispatch, books) = office::<_, _, 1>(InTurn::new(), letters(), 16);
    let a = office.hire(8);
    let _ = end(&mut dispatch);
    assert_eq!(give(&mut dispatch, 0..2), 2);
    a.leaves_in_order();
    assert_eq!(end(&mut dispatch), Err(Halt::Again));
    assert_eq!((books.read().held, dispatch.workers().is_vacant()), (2, true));
    let mut b = office.hire(1);
    let _ = end(&mut dispatch);
    assert_eq!(b.work(8), [(0, 1)]);
    drop(office);
    b.leaves_in_order();
    assert_eq!(end(&mut dispatch), Err(Halt::Stop));
    let books = books.read();
    assert_eq!((books.check(), books.out, books.dead_lettered[Reason::Closed]), (Ok(()), 1, 1));
}

/// 2.c, sticky: when the owner of a key joins, the key goes on to the worker that has some of it, and moves when that
/// one has nothing of it any more. So it stays in order.
#[test]
fn a_key_moves_to_its_new_owner_when_nothing_of_it_is_in_flight() {
    let by_key = KeyHash::<_, 2>::new(|n: &u64| *n % 100);
    // Of the keys that belong to the second seat, two.
    let mut of_second = (0..).filter(|key| by_key.owner(key) == 1);
    let (one, other) = (of_second.next().unwrap(), of_second.next().unwrap());
    let (mut office, mut dispatch, _) = office(by_key, AtMostOnce, 16);
    let mut a = office.hire(8);
    let _ = end(&mut dispatch);
    assert_eq!(give(&mut dispatch, [one, one + 100]), 2, "it is the only one");
    let mut b = office.hire(8);
    let _ = end(&mut dispatch);
    assert_eq!(give(&mut dispatch, [one + 200, other]), 2);
    assert_eq!(b.events(8), [other], "nothing of it was in flight");
    assert_eq!(a.events(2), [one, one + 100]);
    let _ = end(&mut dispatch);
    assert_eq!(give(&mut dispatch, [one + 300]), 1);
    assert_eq!(
        (a.events(8), b.events(8)),
        (vec![one + 200, one + 300], vec![]),
        "it stays, as it never was empty"
    );
    let _ = end(&mut dispatch);
    assert_eq!(give(&mut dispatch, [one + 400]), 1);
    assert_eq!((a.events(8), b.events(8)), (vec![], vec![one + 400]));
}

/// 2.c: while a worker that is to leave has something of a key, the key waits for it, though others have room; when it
/// has done it, or gone without it, the key moves.
#[test]
fn a_key_waits_for_a_worker_that_leaves() {
    for does_it in [true, false] {
        let by_key = KeyHash::<_, 2>::new(|_: &u64| 0);
        let home = by_key.owner(&0);
        let (mut office, mut dispatch, _) = office(by_key, AtMostOnce, 16);
        let mut hands = vec![office.hire(8), office.hire(8)];
        let _ = end(&mut dispatch);
        assert_eq!(give(&mut dispatch, 0..2), 2);
        let mut leaver = hands.remove(home);
        office.recall(leaver.badge);
        let _ = end(&mut dispatch);
        assert_eq!(give(&mut dispatch, 2..3), 0);
        let mut expected = vec![0, 1, 2];
        if does_it {
            assert_eq!(leaver.events(8), [0, 1]);
            expected.drain(..2);
        }
        leaver.leaves_in_order();
        let _ = end(&mut dispatch);
        assert_eq!(give(&mut dispatch, 2..3), 1);
        assert_eq!(hands[0].events(8), expected, "in order");
    }
}

/// No allocation: to join, to find no seat, to keep a key, to leave in order and otherwise.
#[test]
fn nothing_is_allocated() {
    let (mut office, mut dispatch, books) = office::<_, _, 2>(KeyHash::new(|n: &u64| *n % 4), letters(), 16);
    let mut ready: Vec<_> = (0..20)
        .map(|_| {
            let (to_worker, jobs) = spsc::channel(4, Job::default).unwrap();
            let (acks, from_worker) = spsc::channel(32, Ack::default).unwrap();
            let badge = office.badges.issue();
            (WorkerChange::Join(badge, to_worker, from_worker), Hand { badge, jobs, acks })
        })
        .collect();
    let hands: RefCell<Vec<Hand>> = RefCell::new(Vec::with_capacity(20));
    let ((), count) = allocations(|| {
        let mut next = 0;
        for round in 0..200u64 {
            if round % 10 == 0
                && let Some((change, hand)) = ready.pop()
            {
                office.changes.push(change).unwrap();
                hands.borrow_mut().push(hand);
            }
            next += give(&mut dispatch, next..next + 5) as u64;
            for hand in hands.borrow_mut().iter_mut() {
                let Hand { jobs, acks, .. } = hand;
                let _ =
                    jobs.drain(NOW, 2, &mut each(|job: &Job<u64>| acks.push(Ack::Done(job.handle)).unwrap()));
            }
            if round % 17 == 9 && hands.borrow().len() > 1 {
                let mut hand = hands.borrow_mut().remove(0);
                match round % 3 {
                    0 => office.changes.push(WorkerChange::Leave(hand.badge)).unwrap(),
                    // Refused if it found no seat.
                    1 => _ = hand.acks.push(Ack::Leaves),
                    _ => {}
                }
            }
            let _ = end(&mut dispatch);
        }
    });
    assert_eq!(count, 0);
    assert!(books.read().out > 100);
}

/// 2.d7, LMAX Disruptor issue 286, dispatch: workers join and leave a thousand times under load, in four ways, and no
/// event is lost or done twice, though each is delivered once at most.
#[test]
fn point_to_point_7_workers_join_and_leave_under_load_and_nothing_is_lost() {
    const TIMES: usize = if cfg!(miri) { 8 } else { 500 };
    let (tx, rx) = spsc::channel(64, || 0u64).unwrap();
    let (changes, to_dispatch) = mpsc::channel(16, Change::default).unwrap();
    let (mut badges, seen) = (Badges::<4>::new(), Seen::new());
    let dispatch = Dispatch::controlled_by(InTurn::new(), AtMostOnce, 64, &badges, to_dispatch).unwrap();
    let books = dispatch.account();
    let over = &AtomicBool::new(false);
    let join = |changes: &mut mpsc::Producer<Change>, badge| {
        let (to_worker, jobs) = spsc::channel(8, Job::default).unwrap();
        let (acks, from_worker) = spsc::channel(128, Ack::default).unwrap();
        let join = WorkerChange::Join(badge, to_worker, from_worker);
        changes.push_waiting(&mut Yielding::new(), join).unwrap();
        (jobs, acks)
    };
    let sent = thread::scope(|scope| {
        scope.spawn(move || run(rx.drive(dispatch)));
        let (jobs, acks) = join(&mut changes.clone(), badges.issue());
        let stays = Worker::new(acks, seen.notes());
        scope.spawn(move || run(jobs.drive(stays)));
        let comers = [0, 1].map(|_| {
            let badges: Vec<_> = (0..TIMES).map(|_| badges.issue()).collect();
            let (mut changes, seen) = (changes.clone(), &seen);
            scope.spawn(move || {
                for (time, badge) in badges.into_iter().enumerate() {
                    let (jobs, acks) = join(&mut changes, badge);
                    let (mut left, mut notes) = (time % 5, seen.notes());
                    let work = move |event: &u64, at: At| -> Flow {
                        notes.on_event(event, at)?;
                        left = left.saturating_sub(1);
                        if time % 4 == 0 && left == 0 { Err(Halt::Stop) } else { Ok(()) }
                    };
                    let mut agent = jobs.drive(Worker::new(acks, work)).limit(2);
                    for _ in 0..time % 7 {
                        let _ = agent.work(NOW);
                        thread::yield_now();
                    }
                    match time % 4 {
                        1 => drop(agent),
                        2 => {
                            let leave = WorkerChange::Leave(badge);
                            changes.push_waiting(&mut Yielding::new(), leave).unwrap();
                            run(agent);
                        }
                        3 => {
                            agent.leave();
                            run(agent);
                        }
                        _ => {}
                    }
                }
            })
        });
        let sender = scope.spawn(move || {
            let (mut tx, mut sent) = (tx, 0);
            while !over.load(Relaxed) && sent < super::MANY {
                sent += u64::from(tx.push_waiting(&mut Yielding::new(), sent + 1).is_ok());
            }
            sent
        });
        let came = comers.map(|comer| comer.join());
        over.store(true, Relaxed);
        assert!(came.iter().all(Result::is_ok));
        drop(changes);
        sender.join().unwrap()
    });
    assert!(seen.is_each_of(sent), "each of {sent} once");
    let books = books.read();
    assert_eq!((books.check(), books.input, books.out, books.held), (Ok(()), sent, sent, 0));
}
