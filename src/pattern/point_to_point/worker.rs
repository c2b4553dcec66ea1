//! What a worker is given, and what it answers.

use crate::contract::{Account, At, Fault, Flow, Halt, Ledger, Refused, Sink, Stage, Tick};
use crate::ring::Sequence;
use crate::sync::Arc;
use crate::table::Handle;
use core::fmt::{Debug, Formatter};

/// An event on its way to a worker.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Job<T> {
    /// The event: a copy; the dispatcher keeps another until this one is acknowledged.
    pub event: T,
    /// What it is acknowledged by.
    pub handle: Handle,
    /// Which delivery of the event this is, from 1.
    pub attempt: u32,
}

/// What became of a job.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Ack {
    /// Which job.
    pub handle: Handle,
    /// Why it failed; `None` if it is done.
    pub fault: Option<Fault>,
}

/// A worker of a [`Dispatch`](super::Dispatch): shows the event of each job to `next`, and acknowledges it.
///
/// | `next` says  | the dispatcher is told | this one says                                              |
/// |--------------|------------------------|------------------------------------------------------------|
/// | `Ok`         | done                   | `Ok`                                                       |
/// | `Reject`     | failed, and why        | `Ok`: what comes of it is the dispatcher's affair          |
/// | `Stop`       | done                   | `Stop`                                                     |
/// | `Again`      | nothing                | `Again`                                                    |
/// | (it panics)  | that the worker is gone, unless there is a [`Catch`](crate::pattern::Catch) around `next` | |
///
/// Holds: nothing (gate). `Again`, also when there is no room for the acknowledgement: that is remembered,
/// and `next` does not see the event again. A ring of acknowledgements for as many as the dispatcher holds
/// at most is never full. When the dispatcher is gone it stops. No allocation after `new`.
pub struct Worker<K, S> {
    acks: K,
    /// The answer to the job that is to come again: what is to be told, and whether this is the end.
    answer: Option<(Sequence, Ack, Flow)>,
    ledger: Ledger,
    next: S,
}

impl<K: Sink<Event = Ack>, S> Worker<K, S> {
    /// Does its jobs by `next`, and acknowledges them to `acks`. Allocates the [`Account`].
    #[must_use]
    pub fn new(acks: K, next: S) -> Self {
        Self { acks, answer: None, ledger: Ledger::new(), next }
    }
}

impl<K, S> Worker<K, S> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<K: Sink<Event = Ack>, S> Worker<K, S> {
    #[inline]
    fn work(&mut self, handle: Handle, at: At, work: impl FnOnce(&mut S) -> Flow) -> Flow {
        // Asked before it is taken: most jobs are new, and need no write.
        let known = self.answer.is_some();
        let known = if known { self.answer.take().filter(|(seq, ..)| *seq == at.seq) } else { None };
        let (ack, flow) = match known {
            Some((_, ack, flow)) => (ack, flow),
            None => match work(&mut self.next) {
                Err(Halt::Again) => return Err(Halt::Again),
                Err(Halt::Reject(fault)) => (Ack { handle, fault: Some(fault) }, Ok(())),
                flow => (Ack { handle, fault: None }, flow),
            },
        };
        let flow = match self.acks.offer(|slot| *slot = ack) {
            Ok(()) => flow,
            Err(Refused::Full) => {
                self.answer = Some((at.seq, ack, flow));
                Err(Halt::Again)
            }
            Err(Refused::Closed) => Err(Halt::Stop),
        };
        self.ledger.handed_on(flow)
    }
    fn end<In>(&mut self, now: Tick) -> Flow
    where
        S: Stage<In>,
    {
        self.ledger.publish();
        self.next.on_batch_end(now)
    }
}

impl<'e, T, K: Sink<Event = Ack>, S: Stage<&'e T>> Stage<&'e Job<T>> for Worker<K, S> {
    #[inline]
    fn on_event(&mut self, job: &'e Job<T>, at: At) -> Flow {
        self.work(job.handle, at, |next| next.on_event(&job.event, at))
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.end::<&'e T>(now)
    }
}

impl<'e, T, K: Sink<Event = Ack>, S: Stage<&'e mut T>> Stage<&'e mut Job<T>> for Worker<K, S> {
    #[inline]
    fn on_event(&mut self, job: &'e mut Job<T>, at: At) -> Flow {
        self.work(job.handle, at, |next| next.on_event(&mut job.event, at))
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.end::<&'e mut T>(now)
    }
}

impl<K, S> Debug for Worker<K, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { answer, ledger, .. } = self;
        f.debug_struct("Worker").field("answer", answer).field("ledger", ledger).finish_non_exhaustive()
    }
}
