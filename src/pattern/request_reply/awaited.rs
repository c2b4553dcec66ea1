//! The same answers, waited for by a task.

use super::{Mailbox, NoAnswer, Outcome, Reply, Request, Ticket};
use crate::contract::{Sink, SourceMut, Tick};
use crate::wait::task::Async;

impl<Q, A, Src, K> Async<Mailbox<A, Src, K>>
where
    A: Default,
    Src: SourceMut<Event = Reply<A>>,
    K: Sink<Event = Request<Q>>,
{
    /// Waits for the next answer to that request; behind the feature `async`. Allocates nothing.
    ///
    /// `clock` is asked for the time in each poll, and nobody polls because time goes by. Who replies wakes the task (its
    /// sinks [ring](crate::wait::Ringing) the [`Task`](crate::wait::task::Task)); for the deadline, which
    /// [`Client::deadline`](super::Client::deadline) tells, a timer of the executor does, or anybody with a clock who
    /// rings its bell.
    ///
    /// **Cancel-safe**: a future that is dropped has fetched nothing. The request stays open, and its answer comes to who
    /// asks for the ticket next; if nobody will, [`cancel`](Mailbox::cancel) it.
    ///
    /// ```
    /// # use ringmain::{channel::spsc, contract::{Agent, Clock, Flow, ManualClock, Source}, wait::task::Task};
    /// # use ringmain::pattern::{Addresses, Client, IfDead, Mailbox, Origin, Outcome, Reply, ReplyPorts, Request};
    /// # use ringmain::pattern::{Responder, Server, WhenFull};
    /// # use std::time::Duration;
    /// # fn poll_once<F: Future>(task: F) -> std::task::Poll<F::Output> {
    /// #     std::pin::pin!(task).poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
    /// # }
    /// let task = Task::new();
    /// let (asks, asked) = spsc::channel(8, Request::<u64>::default)?;
    /// let (replies, inbox) = spsc::channel(8, Reply::<u64>::default)?;
    /// let port = Addresses::new(1..=1).open()?;
    /// let mut ports = ReplyPorts::new(1..=1);
    /// ports.open(port, task.bell().on(replies)); // who replies wakes the task
    /// let client = Client::new(Origin::new(1), port, 8, inbox, asks)?;
    /// let mut mailbox = task.at(Mailbox::new(client, 8));
    /// # let twice = |request: &Request<u64>, n: &mut u64| -> Flow { *n = 2 * request.body; Ok(()) };
    /// # let responder = Responder::new(Origin::new(2), ports);
    /// # let mut server = asked.drive(Server::new(WhenFull::Block, IfDead::Drop, twice, responder));
    ///
    /// let mut clock = ManualClock::new();
    /// let (now, limit) = (clock.now(), Duration::from_millis(1));
    /// let ticket = mailbox.port_mut().client_mut().request(now, limit, |n| *n = 21)?;
    /// assert!(poll_once(mailbox.reply(ticket, || clock.now())).is_pending());
    /// let _ = server.work(now);
    /// let answer = async move { mailbox.reply(ticket, || clock.now()).await };
    /// assert_eq!(poll_once(answer), std::task::Poll::Ready(Ok(Outcome::Reply(42))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`NoAnswer`], never `NotYet`.
    pub fn reply(
        &mut self,
        ticket: Ticket,
        mut clock: impl FnMut() -> Tick,
    ) -> impl Future<Output = Result<Outcome<A>, NoAnswer>> {
        self.wait_for(move |mailbox| match mailbox.poll_reply(clock(), ticket) {
            Err(NoAnswer::NotYet) => None,
            told => Some(told),
        })
    }
}
