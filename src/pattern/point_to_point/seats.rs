//! Who sits where, and who is given what.

use super::affinity::Affinity;
use super::choice::{Choice, Standing};
use super::membership::Badge;
use super::worker::Job;
use crate::contract::{Flow, Halt, Sink};

/// The seats of a dispatcher: the ends of each worker's rings, and how it stands.
pub(super) struct Seats<K, A, const N: usize> {
    pub(super) standing: Standing<N>,
    badges: [Badge; N],
    /// None if nobody has been here yet, or who was has been asked to leave.
    jobs: [Option<K>; N],
    /// None if nobody has been here yet.
    acks: [Option<A>; N],
}

impl<K, A, const N: usize> Seats<K, A, N> {
    pub(super) fn taken_by(workers: [(K, A); N]) -> Self {
        let mut seats = Self { standing: Standing::all(), ..Self::vacant() };
        for (worker, (jobs, acks)) in workers.into_iter().enumerate() {
            (seats.jobs[worker], seats.acks[worker]) = (Some(jobs), Some(acks));
        }
        seats
    }
    pub(super) fn vacant() -> Self {
        Self {
            standing: Standing::vacant(),
            badges: [Badge::NONE; N],
            jobs: [const { None }; N],
            acks: [const { None }; N],
        }
    }
    /// Where to hear `worker` from, if it has to be heard, and how all stand.
    #[inline]
    pub(super) fn ear(&mut self, worker: usize) -> Option<(&mut A, &mut Standing<N>)> {
        let Self { standing, acks, .. } = self;
        if standing.is_heard(worker) { Some((acks[worker].as_mut()?, standing)) } else { None }
    }
    /// Whom `badge` belongs to, while he is heard.
    pub(super) fn find(&self, badge: Badge) -> Option<usize> {
        (0..N).find(|worker| self.standing.is_heard(*worker) && self.badges[*worker] == badge)
    }
    /// Somebody takes the vacant seat; what the one before left behind.
    pub(super) fn seat(
        &mut self,
        worker: usize,
        badge: Badge,
        (jobs, acks): (K, A),
    ) -> (Option<K>, Option<A>) {
        self.standing.joins(worker);
        self.badges[worker] = badge;
        (self.jobs[worker].replace(jobs), self.acks[worker].replace(acks))
    }
    /// `worker` gets nothing more: its ring of jobs ends.
    pub(super) fn recall(&mut self, worker: usize) {
        self.standing.leaves(worker);
        self.jobs[worker] = None;
    }
}

impl<K, A, const N: usize> Seats<K, A, N> {
    /// Gives `event` to the worker that has its key, or else to one of choice, if it has room for it: `write` writes the
    /// job.
    #[inline]
    pub(super) fn give<T, C>(
        &mut self,
        choice: &mut C,
        affinity: &mut Affinity,
        event: &T,
        mut write: impl FnMut(&mut Job<T>, usize) -> Flow,
    ) -> Flow<usize>
    where
        C: Choice<T, N>,
        K: Sink<Event = Job<T>>,
    {
        let Self { standing, jobs, .. } = self;
        standing.ask_all();
        let key = if affinity.is_empty() { None } else { choice.key(event) };
        let keeper = key.and_then(|key| affinity.worker(key));
        while let Some(worker) =
            keeper.or_else(|| choice.choose(event, standing)).filter(|worker| standing.is_free(*worker))
        {
            let given = match &mut jobs[worker] {
                Some(jobs) => jobs.fill(|job| write(job, worker)),
                None => Err(Halt::Again),
            };
            match given {
                Ok(()) => {
                    standing.took(worker);
                    if let Some(key) = key {
                        affinity.sent(key);
                    }
                    return Ok(worker);
                }
                Err(Halt::Reject(fault)) => return Err(Halt::Reject(fault)),
                // Full; or closed, and when its acknowledgements end it is gone.
                Err(Halt::Again | Halt::Stop) => standing.refused(worker),
            }
        }
        Err(Halt::Again)
    }
}
