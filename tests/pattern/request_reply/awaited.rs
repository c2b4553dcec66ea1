//! 3 (c), the future form: a task awaits the answer to one request.

use super::{NOW, Rig, ns, responder, rig, twice};
use crate::kit::{Alarm, allocations, block_on, poll_once};
use ringmain::channel::spsc;
use ringmain::contract::{Agent, Clock, Flow, ManualClock, Sink, Source, SourceMut, Tick, Work};
use ringmain::pattern::{
    Addresses, Client, IfDead, Mailbox, NoAnswer, Origin, Outcome, RESPONDER_GONE, Reply, Request, Says,
    Server, Ticket, Unasked, WhenFull,
};
use ringmain::wait::Ringing;
use ringmain::wait::task::{Async, Task};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

type Requester = Async<Mailbox<u64, spsc::Consumer<Reply<u64>>, Ringing<spsc::Producer<Request<u64>>>>>;

/// With what a server has of it.
type Ends = (Requester, Ringing<spsc::Consumer<Request<u64>>>, Ringing<spsc::Producer<Reply<u64>>>);

const LONG: Duration = Duration::from_secs(1000);

/// A task's mailbox, whose replies wake it; room in the request ring does, too.
fn ends(outstanding: usize) -> Ends {
    let (task, elsewhere) = (Task::new(), Task::new());
    let (tx, requests) = spsc::channel(outstanding, Request::default).unwrap();
    let (replies, inbox) = spsc::channel(outstanding, Reply::default).unwrap();
    let port = Addresses::new(1..=1).open().unwrap();
    let tx = elsewhere.bell().on(tx);
    let client = Client::new(Origin::new(1), port, outstanding, inbox, tx).unwrap();
    let (requests, replies) = (task.bell().on(requests), task.bell().on(replies));
    (task.at(Mailbox::new(client, outstanding)), requests, replies)
}

fn ask(mailbox: &mut Requester, now: Tick, limit: Duration, body: u64) -> Result<Ticket, Unasked> {
    mailbox.port_mut().client_mut().request(now, limit, |slot| *slot = body)
}

/// Woken once by the reply, and not before; without an allocation of its own.
#[test]
fn a_reply_wakes_the_task_that_awaits_it() {
    let (mut mailbox, mut requests, mut replies) = ends(4);
    let alarm = Alarm::new();
    let waker = Waker::from(alarm.clone());
    let ((), allocated) = allocations(|| {
        for n in 1..=3 {
            let ticket = ask(&mut mailbox, NOW, LONG, n).unwrap();
            assert!(poll_once(&waker, mailbox.reply(ticket, || NOW)).is_pending());
            let rung = alarm.rung();
            let to = requests.pop().unwrap().header.ids.id;
            replies.push(super::reply(to, Says::Reply, n)).unwrap();
            assert!(alarm.rung() > rung);
            let got = poll_once(&waker, mailbox.reply(ticket, || NOW));
            assert_eq!(got, Poll::Ready(Ok(Outcome::Reply(n))));
        }
    });
    assert_eq!(allocated, 0);
}

/// Whichever poll a future is dropped after, the one outcome of its request is told to the next that asks, once.
#[test]
fn a_future_that_is_dropped_leaves_the_answer_to_the_next() {
    for polls in 0..3 {
        let (mut mailbox, mut requests, mut replies) = ends(4);
        let [a, b] = [1, 2].map(|n| ask(&mut mailbox, NOW, LONG, n).unwrap());
        for answered in [false, true] {
            // It waits for `a`, and there is an answer to `b` at last, which is kept.
            let mut future = pin!(mailbox.reply(a, || NOW));
            for _ in 0..polls {
                assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
            if !answered {
                replies.push(super::reply(b.id(), Says::Reply, 2)).unwrap();
            }
        }
        while let Ok(request) = requests.pop() {
            let id = request.header.ids.id;
            replies.push(super::reply(id, Says::Reply, request.body)).unwrap();
        }
        for (ticket, n) in [(a, 1), (b, 2)] {
            assert_eq!(block_on(mailbox.reply(ticket, || NOW)), Ok(Outcome::Reply(n)));
            assert_eq!(block_on(mailbox.reply(ticket, || NOW)), Err(NoAnswer::Unknown));
        }
        assert_eq!((mailbox.port().kept(), mailbox.port().client().late()), (0, 1));
    }
}

/// The time is the caller's: a poll before the deadline is pending, one at it has the timeout; who has a clock rings.
#[test]
fn a_timeout_comes_by_the_clock_that_is_given() {
    let (hand, task) = (ManualClock::new(), Task::new());
    let bell = task.bell();
    let Rig { client, requests: _requests, replies: _replies } = rig(4, 4, 4);
    let mut mailbox = task.at(Mailbox::new(client, 4));
    let ticket = mailbox.port_mut().client_mut().request(NOW, Duration::from_nanos(100), |_| ()).unwrap();
    assert_eq!(mailbox.port().client().deadline(ticket), Some(ns(100)));
    let alarm = Alarm::new();
    let waker = Waker::from(alarm.clone());
    let mut clock = hand.clone();
    let mut future = pin!(mailbox.reply(ticket, || clock.now()));
    for (at, done) in [(0, false), (99, false), (100, true)] {
        hand.set(ns(at));
        let rung = alarm.rung();
        bell.ring();
        assert_eq!(alarm.rung() > rung, at > 0, "it slept since its first poll");
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(polled.is_ready(), done);
        assert!(!done || polled == Poll::Ready(Ok(Outcome::Timeout)));
    }
}

#[test]
fn a_server_that_goes_wakes_who_awaits_it() {
    let (mut mailbox, requests, replies) = ends(4);
    let ticket = ask(&mut mailbox, NOW, LONG, 1).unwrap();
    let server = std::thread::spawn(move || drop((requests, replies)));
    assert_eq!(block_on(mailbox.reply(ticket, || NOW)), Ok(Outcome::Fault(RESPONDER_GONE)));
    server.join().unwrap();
}

/// So many that both sides sleep often.
const REQUESTS: u64 = if cfg!(miri) { 20 } else { 5_000 };

/// Pairs of requests, the second awaited first, with a wait for room before them.
async fn session(mut mailbox: Requester) -> u64 {
    let mut sum = 0;
    for n in 0..REQUESTS {
        let mut tickets = [Ticket::default(); 2];
        for ticket in &mut tickets {
            let asked = mailbox.wait_for(|mailbox| {
                let asked = mailbox.client_mut().request(NOW, LONG, |slot| *slot = n);
                (asked != Err(Unasked::RingFull)).then_some(asked)
            });
            *ticket = asked.await.unwrap();
        }
        for ticket in tickets.into_iter().rev() {
            match mailbox.reply(ticket, || NOW).await {
                Ok(Outcome::Reply(twice)) => sum += twice,
                other => panic!("{other:?}"),
            }
        }
    }
    sum
}

/// The server on a thread of its own.
fn with_a_server(run: impl FnOnce(Requester) -> u64) {
    let (mailbox, requests, replies) = ends(2);
    let server = Server::new(
        WhenFull::Block,
        IfDead::Drop,
        twice as fn(&Request<u64>, &mut u64) -> Flow,
        responder([replies]),
    );
    let mut server = requests.drive(server);
    let serves = std::thread::spawn(move || {
        while server.work(NOW) != Work::Done {
            std::thread::yield_now();
        }
    });
    assert_eq!(run(mailbox), 2 * REQUESTS * (REQUESTS - 1));
    serves.join().unwrap();
}

#[test]
fn a_task_and_a_server_thread() {
    with_a_server(|mailbox| block_on(session(mailbox)));
}

#[cfg(not(miri))]
#[test]
fn a_task_of_tokio_and_a_server_thread() {
    with_a_server(|mailbox| {
        let runtime = ::tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { ::tokio::spawn(session(mailbox)).await.unwrap() })
    });
}
