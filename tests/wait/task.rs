//! Tasks at the ends of a channel, on an executor of one thread made here, and on Tokio.

use crate::executor::{Alarm, block_on, poll_once};
use ringmain::channel::multicast::Multicast;
use ringmain::channel::overflow::Shed;
use ringmain::channel::spsc::{self, Consumer, Producer};
use ringmain::contract::{NoEvent, Sink, Source, SourceMut};
use ringmain::wait::Ringing;
use ringmain::wait::task::{Async, Task, pair};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};

type Ends = (Async<Ringing<Producer<u64>>>, Async<Ringing<Consumer<u64>>>);

fn ends(capacity: usize) -> Ends {
    pair(spsc::channel(capacity, || 0).unwrap())
}

async fn send_all(mut tx: Async<impl Sink<Event = u64>>, n: u64) {
    for event in 0..n {
        tx.send(event).await.unwrap();
    }
}

async fn recv_all(mut rx: Async<impl SourceMut<Event = u64>>) -> Vec<u64> {
    let mut seen = Vec::new();
    while let Ok(event) = rx.recv().await {
        seen.push(event);
    }
    seen
}

/// So many that both sides sleep often: the ring has few slots.
const EVENTS: u64 = if cfg!(miri) { 30 } else { 20_000 };

#[test]
fn what_is_there_is_received_in_the_first_poll() {
    let (mut tx, mut rx) = ends(2);
    let alarm = Alarm::new();
    let waker = alarm.clone().into();
    assert_eq!(poll_once(&waker, tx.send(1)), Poll::Ready(Ok(())));
    assert_eq!(poll_once(&waker, tx.send(2)), Poll::Ready(Ok(())));
    assert_eq!(poll_once(&waker, rx.ready()), Poll::Ready(Ok(())));
    assert_eq!(poll_once(&waker, rx.recv()), Poll::Ready(Ok(1)));
    assert_eq!(rx.port_mut().pop(), Ok(2));
    assert_eq!((alarm.rung(), Arc::strong_count(&alarm)), (0, 2), "nobody slept, no waker was left");
}

#[test]
fn a_task_that_sleeps_is_woken_once_and_one_that_is_awake_is_not() {
    let (mut tx, mut rx) = ends(2);
    let alarm = Alarm::new();
    let waker = alarm.clone().into();
    for lap in 1..4 {
        assert!(poll_once(&waker, rx.recv()).is_pending());
        tx.port_mut().push(1).unwrap();
        assert_eq!(alarm.rung(), lap);
        tx.port_mut().push(2).unwrap();
        assert_eq!(alarm.rung(), lap, "it is on its way");
        assert_eq!(poll_once(&waker, rx.recv()), Poll::Ready(Ok(1)));
        assert_eq!(poll_once(&waker, rx.recv()), Poll::Ready(Ok(2)));
        tx.port_mut().push(3).unwrap();
        assert_eq!(alarm.rung(), lap, "it did not say that it sleeps");
        assert_eq!(rx.port_mut().pop(), Ok(3));
    }
    assert!(poll_once(&waker, rx.recv()).is_pending());
    tx.port_mut().push(4).unwrap();
    assert_eq!((alarm.rung(), rx.port().port().len()), (4, 1));
}

#[test]
fn the_latest_waker_counts() {
    let (mut tx, mut rx) = ends(2);
    let alarms = [Alarm::new(), Alarm::new()];
    for alarm in &alarms {
        assert!(poll_once(&alarm.clone().into(), rx.recv()).is_pending());
    }
    assert_eq!(Arc::strong_count(&alarms[0]), 1, "the first is not kept");
    tx.port_mut().push(1).unwrap();
    assert_eq!(alarms.each_ref().map(|alarm| alarm.rung()), [0, 1]);
}

#[test]
fn an_end_that_goes_keeps_no_waker_and_wakes_the_other() {
    let (tx, mut rx) = ends(1);
    let alarm = Alarm::new();
    assert!(poll_once(&alarm.clone().into(), rx.recv()).is_pending());
    drop(tx);
    assert_eq!(alarm.rung(), 1);
    assert_eq!(block_on(rx.recv()), Err(NoEvent::Closed));
    assert_eq!(block_on(rx.ready()), Err(NoEvent::Closed));

    let (mut tx, mut rx) = ends(1);
    tx.port_mut().push(1).unwrap();
    let waiting = Alarm::new();
    let (send, recv) = (waiting.clone().into(), alarm.clone().into());
    assert!(poll_once(&send, tx.send(2)).is_pending());
    assert_eq!(rx.port_mut().pop(), Ok(1));
    assert!(poll_once(&recv, rx.recv()).is_pending());
    drop((rx, recv));
    assert_eq!(Arc::strong_count(&alarm), 1);
    assert_eq!(waiting.rung(), 1, "room and the end came before it looked: one wake-up is enough");
    assert_eq!(block_on(tx.send(3)).unwrap_err().event, 3);
}

/// Whichever poll a future is dropped after, nothing is lost and nothing comes twice.
#[test]
fn a_future_may_be_dropped_after_any_poll() {
    let waker = Waker::noop();
    for (cancel_send, cancel_recv) in (0..4).flat_map(|send| (0..4).map(move |recv| (send, recv))) {
        let (mut tx, mut rx) = ends(1);
        let (mut next, mut seen) = (0, Vec::new());
        for _ in 0..40 {
            let mut event = Some(next);
            for _ in 0..=cancel_send {
                let polled = tx.poll_send(&mut Context::from_waker(waker), &mut event);
                assert_eq!(polled.is_ready(), event.is_none());
            }
            next += u64::from(event.is_none());
            let mut recv = pin!(rx.recv());
            for _ in 0..cancel_recv {
                if let Poll::Ready(event) = recv.as_mut().poll(&mut Context::from_waker(waker)) {
                    seen.extend(event);
                    break;
                }
            }
        }
        seen.extend(rx.port_mut().pop());
        assert_eq!(seen, (0..next).collect::<Vec<_>>(), "{cancel_send} {cancel_recv}");
        assert!(next > 0 && (cancel_recv == 0 || next == 40));
    }
}

/// The event goes with the future of a `send` that is dropped, or into the ring: once.
#[test]
fn a_send_that_is_dropped_drops_its_event() {
    let token = Arc::new(());
    let (mut tx, rx) = pair(spsc::channel(1, || None).unwrap());
    for expected in [true, false, false] {
        assert_eq!(poll_once(Waker::noop(), tx.send(Some(token.clone()))).is_ready(), expected);
        assert_eq!(Arc::strong_count(&token), 2);
    }
    drop((tx, rx));
    assert_eq!(Arc::strong_count(&token), 1);
}

#[test]
fn two_threads_with_a_task_each() {
    for capacity in [1, 2, 64] {
        let (tx, rx) = ends(capacity);
        let sends = std::thread::spawn(move || block_on(send_all(tx, EVENTS)));
        assert_eq!(block_on(recv_all(rx)), (0..EVENTS).collect::<Vec<_>>());
        sends.join().unwrap();
    }
}

/// A task at one end, a thread with verbs of its own at the other.
#[test]
fn a_thread_feeds_a_task() {
    let (tx, rx) = spsc::channel(4, || 0).unwrap();
    let task = Task::new();
    let (mut tx, rx) = (task.bell().on(tx), task.at(rx));
    let feeds = std::thread::spawn(move || {
        for event in 0..EVENTS {
            while tx.push(event).is_err() {
                std::thread::yield_now();
            }
        }
    });
    assert_eq!(block_on(recv_all(rx)), (0..EVENTS).collect::<Vec<_>>());
    feeds.join().unwrap();
}

/// Each with a slot of its own, and a consumer that rings all of them.
#[test]
fn many_producers_wait_for_room_at_once() {
    let mut ring = Multicast::many(2, || 0).unwrap();
    let rx = ring.editor("rx", &[]);
    let (tasks, receives) = ([(); 3].map(|()| Task::new()), Task::new());
    let tx = receives.bell().on(ring.build().unwrap());
    let rx = receives.at(Ringing::new(rx, &tasks.each_ref().map(|task| task.bell())));
    let threads = tasks.map(|task| {
        let tx = task.at(tx.clone());
        std::thread::spawn(move || block_on(send_all(tx, EVENTS / 10)))
    });
    drop(tx);
    let mut seen = block_on(recv_all(rx));
    seen.sort_unstable();
    assert_eq!(seen, (0..EVENTS / 10).flat_map(|event| [event; 3]).collect::<Vec<_>>());
    for thread in threads {
        thread.join().unwrap();
    }
}

/// A batch, and a policy: whatever port and verb, the wait is the same.
#[test]
fn other_verbs_can_be_waited_for() {
    let (tx, rx) = spsc::channel(4, || 0).unwrap();
    let (mut tx, mut rx) = pair((Shed::new(tx, 0), rx));
    block_on(async {
        for event in 1..=6 {
            tx.send(event).await.unwrap();
        }
    });
    let oldest = block_on(rx.wait_for(|rx| rx.peek(|event| *event).ok()));
    assert_eq!((oldest, rx.port().port().len()), (1, 4));
    let twice = rx.poll_for(&mut Context::from_waker(Waker::noop()), |_| None::<()>);
    assert!(twice.is_pending());
}

/// Tasks of one thread that share it: each wakes the other through the executor's own queue.
#[cfg(not(miri))]
mod tokio {
    use super::*;

    fn runtime() -> ::tokio::runtime::Runtime {
        ::tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn two_tasks_of_one_thread() {
        runtime().block_on(async {
            let (tx, rx) = ends(2);
            let sends = ::tokio::spawn(send_all(tx, EVENTS));
            let receives = ::tokio::spawn(recv_all(rx));
            assert_eq!(receives.await.unwrap(), (0..EVENTS).collect::<Vec<_>>());
            sends.await.unwrap();
        });
    }

    #[test]
    fn a_task_each_on_two_runtimes() {
        let (tx, rx) = ends(2);
        let sends = std::thread::spawn(move || runtime().block_on(send_all(tx, EVENTS)));
        assert_eq!(runtime().block_on(recv_all(rx)), (0..EVENTS).collect::<Vec<_>>());
        sends.join().unwrap();
    }

    /// An aborted task drops its future wherever it stands; the end that it had is dropped with it.
    #[test]
    fn an_aborted_task_closes_its_end() {
        runtime().block_on(async {
            let (mut tx, rx) = ends(1);
            let receives = ::tokio::spawn(recv_all(rx));
            tx.send(1).await.unwrap();
            tx.send(2).await.unwrap();
            receives.abort();
            assert!(receives.await.unwrap_err().is_cancelled());
            while tx.send(3).await.is_ok() {}
        });
    }

    /// One task that waits at two ends, and drops the future of the one that loses, over and over.
    #[test]
    fn of_two_futures_the_loser_loses_nothing() {
        runtime().block_on(async {
            let ((tx, mut a), (other, mut b)) = (ends(1), ends(1));
            let sends = [::tokio::spawn(send_all(tx, EVENTS)), ::tokio::spawn(send_all(other, EVENTS))];
            let (mut seen, mut open) = ([0, 0], [true, true]);
            while open != [false, false] {
                let (which, event) = std::future::poll_fn(|cx| {
                    if let (true, Poll::Ready(event)) = (open[0], pin!(a.recv()).poll(cx)) {
                        return Poll::Ready((0, event));
                    }
                    if open[1] { pin!(b.recv()).poll(cx).map(|event| (1, event)) } else { Poll::Pending }
                })
                .await;
                match event {
                    Ok(event) => {
                        assert_eq!(event, seen[which]);
                        seen[which] += 1;
                    }
                    Err(_) => open[which] = false,
                }
            }
            assert_eq!(seen, [EVENTS, EVENTS]);
            for sent in sends {
                sent.await.unwrap();
            }
        });
    }

    /// A turn at the ring for a thread of its own, while the runtime has another task to do.
    #[test]
    fn a_runtime_sleeps_until_a_thread_rings() {
        let (mut tx, rx) = ends(1);
        let (waits, waiting) = mpsc::channel();
        let receives = std::thread::spawn(move || {
            runtime().block_on(async {
                let receives = ::tokio::spawn(recv_all(rx));
                ::tokio::task::yield_now().await;
                waits.send(()).unwrap();
                receives.await.unwrap()
            })
        });
        waiting.recv().unwrap();
        tx.port_mut().push(7).unwrap();
        drop(tx);
        assert_eq!(receives.join().unwrap(), [7]);
    }
}
