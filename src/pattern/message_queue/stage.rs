//! The door of a queue for publishers and consumers on other threads.

use super::queue::Queue;
use super::terms::{AtCapacity, Consumer, Lease, NoPlace, Requeue, Terms};
use crate::contract::{Account, At, Drained, End, Flow, Halt, Reason, Sink, Source, Stage, Tick};
use crate::pattern::{Ack, Job, Letter};
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::ops::Deref;
use core::time::Duration;

/// Publishes each event to a [`Queue`], and serves `N` [`Worker`](crate::pattern::Worker)s from it.
///
/// ```text
///                      +-- Job --> ring --> Worker --+
///  event > QueueStage -+-- Job --> ring --> Worker --+-- Ack, each by a ring of its own --+
///            (Queue)                                                                      |
///             ^                                                                           |
///             +---------------------------------------------------------------------------+
/// ```
///
/// The workers are those of a [`Dispatch`](crate::pattern::Dispatch); what it does not have is a store that decouples
/// the two sides, and leases: a worker that stands still loses its jobs when their leases lapse, and its late answers
/// are counted ([`stale`](Self::stale)) and change nothing.
///
/// With each event, and at the end of each turn, it gives each worker in turn one job more until all have as many as
/// their prefetch allows, or their ring has no room, or nothing is ready. Answers are heard at the end of a turn, and
/// when the queue is full, always before leases lapse. A worker that leaves gives back what it had; one that
/// is gone, as its acknowledgements have ended, too, but each of those was an attempt. When all are gone it says `Stop`, and what is held is
/// `dropped[Shutdown]` with the stage.
///
/// | a worker says                | the message                          |
/// |------------------------------|--------------------------------------|
/// | done                         | has left the queue                   |
/// | failed                       | goes where `failed` says             |
/// | failed, as [`Reason::NonRetryable`] | is a letter                   |
/// | nothing, in time             | goes back to its place: the lease lapses |
///
/// A full queue that [rejects](AtCapacity::Reject) answers `Again`, so that its source waits. Holds: messages (hold). The
/// event is cloned into the queue, and, as the queue keeps it until it is done, once more into the ring of jobs, by
/// `clone_from`: make large ones handles. While something is held, the end of a turn says `Again`. The books are the
/// queue's. Wait-free, if the rings and the letters are. No allocation after `new` if `clone` and `clone_from` make
/// none.
pub struct QueueStage<T, L, K, A, const N: usize> {
    queue: Queue<T, L>,
    terms: fn(&T) -> Terms,
    lease: Duration,
    failed: Requeue,
    /// The worker that is served first in the next round.
    next: usize,
    stale: u64,
    workers: [Seat<K, A>; N],
}

/// A worker: `consumer` is none when it is gone.
struct Seat<K, A> {
    consumer: Option<Consumer>,
    jobs: K,
    acks: A,
}

impl<T, L, K, A, const N: usize> QueueStage<T, L, K, A, N>
where
    L: Sink<Event = Letter<T>>,
    K: Sink<Event = Job<T>>,
    A: Source<Event = Ack>,
{
    /// Serves `workers` from `queue`, each with up to `prefetch` jobs at a time, leased for `lease`. What an event is
    /// published with is what `terms` says; a job that failed goes where `failed` says.
    ///
    /// # Errors
    /// [`NoPlace`] if the queue was built for fewer consumers.
    pub fn new(
        mut queue: Queue<T, L>,
        terms: fn(&T) -> Terms,
        prefetch: u32,
        lease: Duration,
        failed: Requeue,
        workers: [(K, A); N],
    ) -> Result<Self, NoPlace> {
        let mut joined = Ok(());
        let workers = workers.map(|(jobs, acks)| {
            let consumer = queue.join(prefetch);
            joined = joined.and(consumer.map(drop));
            Seat { consumer: consumer.ok(), jobs, acks }
        });
        joined.map(|()| Self { queue, terms, lease, failed, next: 0, stale: 0, workers })
    }
    /// The queue's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.queue.account()
    }
    /// The queue.
    #[must_use]
    pub const fn queue(&self) -> &Queue<T, L> {
        &self.queue
    }
    /// Answers that came when their lease was over.
    #[must_use]
    pub const fn stale(&self) -> u64 {
        self.stale
    }
    fn is_over(&self) -> bool {
        self.workers.iter().all(|seat| seat.consumer.is_none())
    }
    /// Hears what the workers say, and who is gone.
    fn hear(&mut self, now: Tick) {
        let Self { queue, failed, stale, workers, .. } = self;
        for seat in workers {
            let Some(consumer) = seat.consumer else { continue };
            let mut leaves = false;
            let Drained { end, .. } = seat.acks.drain(now, usize::MAX, &mut |ack: &Ack, _: At| -> Flow {
                let heard = match *ack {
                    Ack::Done(handle) => queue.ack(Lease::of(handle)).map(drop),
                    Ack::Failed(handle, fault) => {
                        let for_good = fault.reason == Reason::NonRetryable;
                        let requeue = if for_good { Requeue::DeadLetter } else { *failed };
                        queue.nack(Lease::of(handle), now, fault, requeue)
                    }
                    Ack::Leaves => {
                        leaves = true;
                        Ok(())
                    }
                };
                *stale += u64::from(heard.is_err());
                Ok(())
            });
            if leaves {
                queue.leave(consumer, now);
                seat.consumer = None;
            } else if end == Some(End::Closed) {
                queue.lose(consumer, now);
                seat.consumer = None;
            }
        }
    }
    /// Gives out what is ready, in rounds.
    fn serve(&mut self, now: Tick)
    where
        T: Clone,
    {
        let Self { queue, lease, next, workers, .. } = self;
        let mut idle = 0;
        while idle < N {
            let seat = &mut workers[*next];
            *next = if *next + 1 < N { *next + 1 } else { 0 };
            let given = match seat.consumer {
                Some(consumer) if queue.has_for(consumer) => seat.jobs.fill(|job| {
                    let lease = queue.lease(consumer, now, *lease).map_err(|_| Halt::Again)?;
                    job.handle = lease.handle();
                    job.attempt = queue.attempt(lease).unwrap_or(1);
                    if let Ok(event) = queue.get(lease) {
                        job.event.clone_from(event);
                    }
                    Ok(())
                }),
                _ => Err(Halt::Again),
            };
            idle = if given.is_ok() { 0 } else { idle + 1 };
        }
    }
}

impl<In, T, L, K, A, const N: usize> Stage<In> for QueueStage<T, L, K, A, N>
where
    In: Deref<Target = T>,
    T: Clone,
    L: Sink<Event = Letter<T>>,
    K: Sink<Event = Job<T>>,
    A: Source<Event = Ack>,
{
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        if self.queue.is_full() {
            self.hear(at.now);
            self.queue.poll(at.now);
            if self.is_over() {
                return Err(Halt::Again);
            }
            if self.queue.is_full() && self.queue.at_capacity() == AtCapacity::Reject {
                return Err(Halt::Again);
            }
        }
        let published = self.queue.publish(at.now, (self.terms)(&event), (*event).clone());
        published.map(drop).map_err(|_| Halt::Again)?;
        self.serve(at.now);
        Ok(())
    }

    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.hear(now);
        self.queue.poll(now);
        self.serve(now);
        self.queue.poll(now);
        match (self.is_over(), self.queue.is_empty()) {
            (true, _) => Err(Halt::Stop),
            (_, true) => Ok(()),
            _ => Err(Halt::Again),
        }
    }
}

impl<T, L, K, A, const N: usize> Debug for QueueStage<T, L, K, A, N>
where
    Queue<T, L>: Debug,
{
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("QueueStage")
            .field("queue", &self.queue)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}
