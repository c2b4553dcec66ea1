//! Tasks at both ends of a ring: each publish, each room and each end wakes the one that waits for it, whoever polls it.

use super::common::outcomes;
use super::start;
use loom::sync::{Condvar, Mutex};
use loom::thread;
use ringmain::channel::multicast::{Many, Multicast};
use ringmain::channel::spsc::{self, Consumer, Producer};
use ringmain::contract::{Halt, NoEvent, Refused, Sink, SourceMut};
use ringmain::wait::Ringing;
use ringmain::wait::task::{Async, Task, pair};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};

/// Wakes a thread that has nothing but one task to do.
#[derive(Default)]
struct Alarm {
    rung: Mutex<bool>,
    turn: Condvar,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().unwrap() = true;
        self.turn.notify_one();
    }
}

/// Polls `task` until it is done, sleeping in between; what it came to, and how many polls it took.
fn block_on<F: Future>(task: F) -> (F::Output, u32) {
    let alarm = Arc::new(Alarm::default());
    let waker = Arc::clone(&alarm).into();
    let (mut task, mut cx, mut polls) = (pin!(task), Context::from_waker(&waker), 0);
    loop {
        polls += 1;
        if let Poll::Ready(out) = task.as_mut().poll(&mut cx) {
            return (out, polls);
        }
        let mut rung = alarm.rung.lock().unwrap();
        while !*rung {
            rung = alarm.turn.wait(rung).unwrap();
        }
        *rung = false;
    }
}

/// Polls `task` once, for an executor that forgets it then.
fn poll_once<F: Future>(task: F) -> Poll<F::Output> {
    let waker = Arc::new(Alarm::default()).into();
    pin!(task).poll(&mut Context::from_waker(&waker))
}

type Ends = (Async<Ringing<Producer<u64>>>, Async<Ringing<Consumer<u64>>>);

fn ends() -> Ends {
    pair(spsc::channel_from(start(), 1, || 0).unwrap())
}

/// Holds 7.
fn full() -> Ends {
    let (mut tx, rx) = ends();
    tx.port_mut().push(7).unwrap();
    (tx, rx)
}

#[test]
fn publishing_wakes_the_task_that_receives() {
    outcomes("task: publish", &[1, 2], || {
        let (mut tx, mut rx) = ends();
        let producer = thread::spawn(move || {
            tx.port_mut().push(7).unwrap();
            tx
        });
        let (got, polls) = block_on(rx.recv());
        assert_eq!(got, Ok(7));
        let _tx = producer.join().unwrap();
        polls
    });
}

#[test]
fn making_room_wakes_the_task_that_sends() {
    outcomes("task: room", &[1, 2], || {
        let (mut tx, mut rx) = full();
        let consumer = thread::spawn(move || {
            assert_eq!(rx.port_mut().pop(), Ok(7));
            rx
        });
        let (sent, polls) = block_on(tx.send(8));
        sent.unwrap();
        assert_eq!(consumer.join().unwrap().port_mut().pop(), Ok(8));
        polls
    });
}

#[test]
fn closing_wakes_the_task_that_receives() {
    outcomes("task: producer closes", &[1, 2], || {
        let (tx, mut rx) = ends();
        let producer = thread::spawn(move || drop(tx));
        let (got, polls) = block_on(rx.recv());
        assert_eq!(got, Err(NoEvent::Closed));
        producer.join().unwrap();
        polls
    });
}

#[test]
fn closing_wakes_the_task_that_sends() {
    outcomes("task: consumer closes", &[1, 2], || {
        let (mut tx, rx) = full();
        let consumer = thread::spawn(move || drop(rx));
        let (sent, polls) = block_on(tx.send(8));
        let refusal = sent.unwrap_err();
        assert_eq!((refusal.event, refusal.refused), (8, Refused::Closed));
        consumer.join().unwrap();
        polls
    });
}

/// Each wait begins with whatever the one before left: a waker in the slot, a ringer on his way to it.
#[test]
fn tasks_at_both_ends_wake_each_other() {
    outcomes("task: both ends", &[vec![7, 8]], || {
        let (mut tx, mut rx) = ends();
        let producer = thread::spawn(move || {
            for event in [7, 8] {
                block_on(tx.send(event)).0.unwrap();
            }
        });
        let mut got = Vec::new();
        while let Ok(event) = block_on(rx.recv()).0 {
            got.push(event);
        }
        producer.join().unwrap();
        got
    });
}

/// A ringer may come for the waker of the first poll and find that of the second, or the other way round.
#[test]
fn a_waker_that_is_replaced_is_not_missed() {
    outcomes("task: waker replaced", &[(false, 1), (false, 2), (true, 0)], || {
        let (mut tx, mut rx) = ends();
        let producer = thread::spawn(move || {
            tx.port_mut().push(7).unwrap();
            tx
        });
        let first = poll_once(rx.recv());
        let end = match first {
            Poll::Ready(got) => (got, 0),
            Poll::Pending => block_on(rx.recv()),
        };
        assert_eq!(end.0, Ok(7));
        let _tx = producer.join().unwrap();
        (first.is_ready(), end.1)
    });
}

/// Of two events, the first may be rung for by a ringer that is slow to take the waker, when the second comes.
#[test]
fn each_of_two_events_wakes() {
    outcomes("task: two events", &[2, 3, 4], || {
        let (tx, rx) = spsc::channel_from(start(), 2, || 0).unwrap();
        let (mut tx, mut rx) = pair((tx, rx));
        let producer = thread::spawn(move || {
            tx.port_mut().push(7).unwrap();
            tx.port_mut().push(8).unwrap();
            tx
        });
        let (first, second) = (block_on(rx.recv()), block_on(rx.recv()));
        assert_eq!((first.0, second.0), (Ok(7), Ok(8)));
        let _tx = producer.join().unwrap();
        first.1 + second.1
    });
}

/// Two ringers at once, one of whom finds the bell rung already; who comes first to a slot need not come first to the bell.
#[test]
fn either_of_two_producers_wakes() {
    outcomes("task: two producers", &[1, 2, 3], || {
        let mut ring = Multicast::<_, Many>::starting_at(start(), 2, || 0).unwrap();
        let rx = ring.editor("rx", &[]);
        let task = Task::new();
        let tx = task.bell().on(ring.build().unwrap());
        let mut rx = task.at(rx);
        let producers = [(7, tx.clone()), (8, tx)].map(|(event, mut tx)| {
            thread::spawn(move || {
                tx.push(event).unwrap();
                tx
            })
        });
        let (first, polls) = block_on(rx.recv());
        let _tx = producers.map(|producer| producer.join().unwrap());
        assert_eq!(first.unwrap() + rx.port_mut().pop().unwrap(), 15);
        polls
    });
}

/// Wherever the future is dropped: the event is there for the next.
#[test]
fn a_future_that_is_dropped_loses_nothing() {
    // Whether the event was sent, and how many of two the consumer's two polls got.
    outcomes("task: cancel", &[(false, 1), (true, 1), (true, 2)], || {
        let (mut tx, mut rx) = full();
        let consumer = thread::spawn(move || {
            let mut got = Vec::new();
            if let Poll::Ready(event) = poll_once(rx.recv()) {
                got.extend(event);
            }
            if let Poll::Ready(event) = poll_once(rx.recv()) {
                got.extend(event);
            }
            (got, rx)
        });
        let mut event = Some(8);
        let sent = poll_once(std::future::poll_fn(|cx| tx.poll_send(cx, &mut event))).is_ready();
        assert_eq!(sent, event.is_none());
        let (mut got, mut rx) = consumer.join().unwrap();
        let seen = got.len();
        got.extend(rx.port_mut().pop());
        assert_eq!(got, if sent { vec![7, 8] } else { vec![7] });
        (sent, seen)
    });
}

/// The waker is dropped with the end, once, and a ringer that comes meanwhile wakes in vain or not at all.
#[test]
fn an_end_that_goes_takes_its_waker_along() {
    // Whether the poll found the event, and whether there was somebody left to push it to.
    outcomes("task: end dropped while rung", &[(false, false), (false, true), (true, true)], || {
        let alarm = Arc::new(Alarm::default());
        let (mut tx, mut rx) = ends();
        let producer = thread::spawn(move || (tx.port_mut().push(7).is_ok(), tx));
        let waker = Arc::clone(&alarm).into();
        let found = pin!(rx.recv()).poll(&mut Context::from_waker(&waker)).is_ready();
        drop((waker, rx));
        let (pushed, _tx) = producer.join().unwrap();
        assert_eq!(Arc::strong_count(&alarm), 1);
        (found, pushed)
    });
}

/// Room behind a void slot: the task that passes over it has nothing to show, and still wakes the one that sends.
#[test]
fn passing_over_a_void_slot_wakes_the_task_that_sends() {
    outcomes("task: room behind a void slot", &[(1, 1), (1, 2), (2, 1), (2, 2)], || {
        let mut ring = Multicast::<_, Many>::starting_at(start(), 1, || 0).unwrap();
        let rx = ring.editor("rx", &[]);
        let (mut tx, mut rx) = pair((ring.build().unwrap(), rx));
        tx.port_mut().fill(|_| Err::<(), _>(Halt::Stop)).unwrap_err();
        let sends = thread::spawn(move || {
            let (sent, polls) = block_on(tx.send(8));
            sent.unwrap();
            (polls, tx)
        });
        let (got, polls) = block_on(rx.recv());
        assert_eq!(got, Ok(8));
        (sends.join().unwrap().0, polls)
    });
}
