//! What a worker is given, and what it answers.

use crate::contract::{Account, At, Fault, Flow, Halt, Ledger, Reason, Refused, Sink, Stage, Tick};
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
    /// Which attempt at the event this is, from 1. A delivery that a worker did not begin with is none.
    pub attempt: u32,
}

/// What a worker says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ack {
    /// The job is done.
    Done(Handle),
    /// The job failed, and why.
    Failed(Handle, Fault),
    /// The worker leaves in order: what it has not answered it has not begun with, and it begins with nothing more.
    Leaves,
}

/// Of no job: changes nothing. What the slots of a ring of acknowledgements begin with.
impl Default for Ack {
    fn default() -> Self {
        Self::Done(Handle::NONE)
    }
}

/// A worker of a [`Dispatch`](super::Dispatch): shows the event of each job to `next`, and acknowledges it.
///
/// | `next` says  | the dispatcher is told | this one says                                              |
/// |--------------|------------------------|------------------------------------------------------------|
/// | `Ok`         | done                   | `Ok`                                                       |
/// | `Reject`     | failed, and why        | `Ok`: what comes of it is the dispatcher's affair          |
/// | `Stop`       | done                   | `Stop`                                                     |
/// | `Again`      | nothing                | `Again`                                                    |
/// | (it panics)  | nothing: its ring of acknowledgements ends, unless there is a [`Catch`](crate::pattern::Catch) around `next` | |
///
/// *To leave in order* is to be dropped, at any time but in a panic: by the pump, when `next` said `Stop` or
/// there are no more jobs, or by whoever has the agent. The worker then says [`Ack::Leaves`], and the dispatcher hands
/// what it has not begun with to others, as if it had never been here. A job that `next` said `Again` to has been
/// begun with: it has failed, under [`Reason::Closed`].
///
/// Holds: nothing (gate). `Again`, also when there is no room for the acknowledgement: that is remembered,
/// and `next` does not see the event again. A ring of acknowledgements for one more than the dispatcher holds
/// at most is never full; a worker that has no room to say that it leaves is counted as dead. When the dispatcher is
/// gone it stops. No allocation after `new`.
pub struct Worker<K: Sink<Event = Ack>, S> {
    acks: K,
    /// The job that is to come again.
    open: Option<Open>,
    /// `next` panicked.
    died: bool,
    ledger: Ledger,
    next: S,
}

/// How far it is with a job that is to come again.
#[derive(Debug)]
enum Open {
    /// `next` said so.
    Begun(Handle),
    /// The job at this position is finished: what is to be told, and whether this is the end.
    Answered(Sequence, Ack, Flow),
}

impl<K: Sink<Event = Ack>, S> Worker<K, S> {
    /// Does its jobs by `next`, and acknowledges them to `acks`. Allocates the [`Account`].
    #[must_use]
    pub fn new(acks: K, next: S) -> Self {
        Self { acks, open: None, died: false, ledger: Ledger::new(), next }
    }
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    #[inline]
    fn work(&mut self, handle: Handle, at: At, work: impl FnOnce(&mut S) -> Flow) -> Flow {
        // Asked before it is taken: most jobs are new, and need no write.
        let known = if self.open.is_some() { self.open.take() } else { None };
        let (ack, flow) = match known {
            Some(Open::Answered(seq, ack, flow)) if seq == at.seq => (ack, flow),
            _ => {
                let dies = DiesOnUnwind(&mut self.died);
                let flow = work(&mut self.next);
                core::mem::forget(dies);
                match flow {
                    Err(Halt::Again) => {
                        self.open = Some(Open::Begun(handle));
                        return Err(Halt::Again);
                    }
                    Err(Halt::Reject(fault)) => (Ack::Failed(handle, fault), Ok(())),
                    flow => (Ack::Done(handle), flow),
                }
            }
        };
        let flow = match self.acks.offer(|slot| *slot = ack) {
            Ok(()) => flow,
            Err(Refused::Full) => {
                self.open = Some(Open::Answered(at.seq, ack, flow));
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

/// Remembers that the stage unwound.
struct DiesOnUnwind<'a>(&'a mut bool);

impl Drop for DiesOnUnwind<'_> {
    fn drop(&mut self) {
        *self.0 = true;
    }
}

impl<K: Sink<Event = Ack>, S> Drop for Worker<K, S> {
    /// Leaves in order, unless it died.
    fn drop(&mut self) {
        if self.died {
            return;
        }
        let last = self.open.take().map(|open| match open {
            Open::Begun(handle) => Ack::Failed(handle, Fault::of(Reason::Closed)),
            Open::Answered(_, ack, _) => ack,
        });
        // Without room for all of it, what it says would not be true.
        let _ = last.into_iter().chain([Ack::Leaves]).try_for_each(|ack| self.acks.offer(|slot| *slot = ack));
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

impl<K: Sink<Event = Ack>, S> Debug for Worker<K, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { open, ledger, .. } = self;
        f.debug_struct("Worker").field("open", open).field("ledger", ledger).finish_non_exhaustive()
    }
}
