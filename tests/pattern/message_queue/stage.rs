//! The queue as a stage, and its workers at the other ends of rings.

use super::*;
use crate::kit::{allocations, conforms};
use crate::point_to_point::{AtOnce, Place, Wire, posts};
use ringmain::channel::spsc::{self, Consumer as Rx, Producer as Tx};
use ringmain::contract::{Agent, Flow, Halt, Sink, Source, SourceMut, Stage, Work, each};
use ringmain::pattern::{Ack, Job, QueueStage, Worker};
use ringmain::ring::Sequence;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

type Serving<const N: usize> = QueueStage<u64, LetterBox<u64>, Tx<Job<u64>>, Rx<Ack>, N>;

fn plain(_: &u64) -> Terms {
    Terms::PLAIN
}

/// A stage with `N` workers' ends of rings: each may have 2 jobs, for 100.
fn serving<const N: usize>(queue: Numbers, failed: Requeue) -> (Serving<N>, [Place<u64>; N]) {
    let (here, there) = posts::<u64, N>(8, 64);
    let there = there.try_into().ok().unwrap();
    (QueueStage::new(queue, plain, 2, ns(100), failed, here).unwrap(), there)
}

fn publish(stage: &mut impl for<'e> Stage<&'e u64>, event: u64, now: Tick) -> Flow {
    stage.on_event(&event, ringmain::contract::At { seq: Sequence::new(event), now })
}

/// The next turn of a stage that gets nothing.
fn turn(stage: &mut impl for<'e> Stage<&'e u64>, now: Tick) -> Flow {
    stage.on_batch_end(now)
}

fn taken(jobs: &mut Rx<Job<u64>>) -> Vec<Job<u64>> {
    std::iter::from_fn(|| jobs.pop().ok()).collect()
}

conforms!(queue_stage, 1..=100u64, |kit| {
    let acks = Wire::new(128);
    let workers = [(AtOnce { sink: kit.sink(), acks: acks.clone() }, acks)];
    QueueStage::new(queue(16, AtCapacity::Reject), plain, 16, EVER, Requeue::Back, workers).unwrap()
});

/// Workers are served in turn, up to their prefetch; what is full makes the source wait.
#[test]
fn workers_are_served_up_to_their_prefetch() {
    let (mut stage, [(mut a, mut of_a), (mut b, _of_b)]) =
        serving::<2>(queue(6, AtCapacity::Reject), Requeue::Back);
    for event in 1..=6 {
        assert_eq!(publish(&mut stage, event, NOW), Ok(()));
    }
    assert_eq!(publish(&mut stage, 7, NOW), Err(Halt::Again));
    assert_eq!(turn(&mut stage, NOW), Err(Halt::Again));
    let (of, to_b) = (taken(&mut a), taken(&mut b));
    assert_eq!(
        [&of, &to_b].map(|jobs| jobs.iter().map(|job| job.event).collect::<Vec<_>>()),
        [[1, 3], [2, 4]]
    );
    of_a.push(Ack::Done(of[1].handle)).unwrap();
    assert_eq!((publish(&mut stage, 7, NOW), stage.queue().watermark()), (Ok(()), 0));
    assert_eq!(turn(&mut stage, NOW), Err(Halt::Again));
    assert_eq!(taken(&mut a).iter().map(|job| job.event).collect::<Vec<_>>(), [5]);
    let account = stage.account();
    drop(stage);
    assert_balanced(&account);
    assert_eq!(account.read().dropped[Reason::Shutdown], 6);
}

/// A worker that fails, one that hangs, and one that goes: each message is delivered again; a late answer is stale.
#[test]
fn what_a_worker_does_not_do_another_does() {
    let (mut stage, [(mut a, mut of_a), (mut b, mut of_b)]) =
        serving::<2>(queue(8, AtCapacity::Reject).attempts(3), Requeue::Back);
    for event in 1..=4 {
        publish(&mut stage, event, NOW).unwrap();
    }
    let _ = turn(&mut stage, NOW);
    let (to_a, to_b) = (taken(&mut a), taken(&mut b));
    of_a.push(Ack::Failed(to_a[0].handle, FAULT)).unwrap();
    of_a.push(Ack::Failed(to_a[1].handle, Fault::of(Reason::NonRetryable))).unwrap();
    let _ = turn(&mut stage, at(50));
    assert_eq!(stage.account().read().dead_lettered[Reason::NonRetryable], 1);
    let again = taken(&mut a);
    assert_eq!(again.iter().map(|job| (job.event, job.attempt)).collect::<Vec<_>>(), [(1, 2)]);

    // 2 and 4 lapse, and go to a, as far as it may have one more; b says too late that it is done.
    let _ = turn(&mut stage, at(100));
    of_b.push(Ack::Done(to_b[0].handle)).unwrap();
    let _ = turn(&mut stage, at(101));
    assert_eq!((stage.stale(), stage.queue().depth().leased), (1, 3));
    let mut seen: Vec<_> = taken(&mut a).into_iter().chain(taken(&mut b)).collect();
    seen.sort_unstable_by_key(|job| job.event);
    assert_eq!(seen.iter().map(|job| (job.event, job.attempt)).collect::<Vec<_>>(), [(2, 2), (4, 2)]);

    drop((b, of_b));
    let _ = turn(&mut stage, at(102));
    for job in again.iter().chain(&taken(&mut a)).chain(seen.iter().filter(|job| job.attempt == 2)) {
        let _ = of_a.push(Ack::Done(job.handle));
    }
    let _ = turn(&mut stage, at(103));
    for job in taken(&mut a) {
        of_a.push(Ack::Done(job.handle)).unwrap();
    }
    assert_eq!((turn(&mut stage, at(104)), stage.account().read().out), (Ok(()), 3));
    drop((a, of_a));
    assert_eq!(turn(&mut stage, at(105)), Err(Halt::Stop));
    let account = stage.account();
    drop(stage);
    assert_balanced(&account);
}

/// A worker that leaves in order has not begun with what it had: that is no attempt, and it gets nothing more.
#[test]
fn a_worker_that_leaves_used_up_no_attempt() {
    let (mut stage, [(_a, mut of_a), (mut b, _of_b)]) =
        serving::<2>(queue(8, AtCapacity::Reject).attempts(1), Requeue::Back);
    publish(&mut stage, 1, NOW).unwrap();
    of_a.push(Ack::Leaves).unwrap();
    assert_eq!(turn(&mut stage, NOW), Err(Halt::Again));
    assert_eq!(taken(&mut b).iter().map(|job| (job.event, job.attempt)).collect::<Vec<_>>(), [(1, 1)]);
}

#[test]
fn a_queue_has_to_have_places_for_the_workers() {
    let queue = Queue::new(2, 1, AtCapacity::Reject, "", LetterBox::new(0, || 0u64)).unwrap();
    let none = || (Wire::<Job<u64>>::new(1), Wire::<Ack>::new(1));
    let built = QueueStage::new(queue, plain, 1, EVER, Requeue::Back, [none(), none()]);
    assert_eq!(built.map(drop).unwrap_err(), NoPlace);
}

#[test]
fn a_stage_and_its_workers_do_not_allocate() {
    let (mut stage, [(mut a, mut of_a), (mut b, mut of_b)]) =
        serving::<2>(queue(8, AtCapacity::DropOldest).attempts(2), Requeue::Delay(ns(3)));
    let says = |of: &mut Tx<Ack>, job: &Job<u64>| match job.event % 4 {
        0 => {}
        1 => of.push(Ack::Failed(job.handle, FAULT)).unwrap(),
        _ => of.push(Ack::Done(job.handle)).unwrap(),
    };
    let ((), allocated) = allocations(|| {
        for n in 0..2_000 {
            let _ = publish(&mut stage, n, at(n * 7));
            let _ = turn(&mut stage, at(n * 7));
            let _ = a.drain(NOW, 8, &mut each(|job: &Job<u64>| says(&mut of_a, job)));
            let _ = b.drain(NOW, 8, &mut each(|job: &Job<u64>| says(&mut of_b, job)));
        }
    });
    assert_eq!(allocated, 0);
    let books = stage.account().read();
    assert!(books.out > 0 && books.dropped[Reason::Evicted] > 0);
    assert!(books.dead_lettered[Reason::AttemptsExhausted] > 0);
}

/// 4 with threads: a publisher, the queue, and three workers, of which one leaves on its way. Each message is done at
/// least once, the books say each exactly once, and the letters are the poison.
#[test]
fn with_threads_every_message_is_done() {
    let many: u64 = if cfg!(miri) { 60 } else { 6_000 };
    let (mut tx, rx) = spsc::channel(64, || 0u64).unwrap();
    let (stage, workers) = serving::<3>(queue(32, AtCapacity::Reject).attempts(4), Requeue::Delay(ns(10)));
    let account = stage.account();
    let done: Vec<_> = (0..=many).map(|_| AtomicU64::new(0)).collect();
    thread::scope(|scope| {
        for (who, (jobs, acks)) in workers.into_iter().enumerate() {
            let done = &done;
            scope.spawn(move || {
                let mut seen = 0;
                let work = |event: &u64, _: ringmain::contract::At| -> Flow {
                    seen += 1;
                    if who == 0 && seen == 20 {
                        return Err(Halt::Stop);
                    }
                    if *event == 30 {
                        return Err(FAULT.into());
                    }
                    done[*event as usize].fetch_add(1, Relaxed);
                    Ok(())
                };
                let mut worker = jobs.drive(Worker::new(acks, work));
                while worker.work(NOW) != Work::Done {
                    thread::yield_now();
                }
            });
        }
        scope.spawn(move || {
            // Time is the number of turns: a worker that has no processor for 100 of them loses its leases.
            let (mut stage, mut turns) = (rx.drive(stage), 0);
            while stage.work(at(turns)) != Work::Done {
                turns += 1;
                thread::yield_now();
            }
        });
        for event in 1..=many {
            while tx.push(event).is_err() {
                thread::yield_now();
            }
        }
        drop(tx);
    });
    assert_balanced(&account);
    let books = account.read();
    assert_eq!((books.input, books.held), (many, 0));
    assert_eq!(books.out + books.dead_lettered.total(), many, "{books:?}");
    let undone = (1..=many).filter(|n| done[*n as usize].load(Relaxed) == 0).count() as u64;
    assert!(undone >= 1 && undone <= books.dead_lettered.total() + 1, "{undone} {books:?}");
}
