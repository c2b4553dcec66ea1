//! What a dispatcher has before it: what it hears, and who comes and goes.

use super::affinity::Affinity;
use super::choice::Choice;
use super::held::Held;
use super::membership::WorkerChange;
use super::seats::Seats;
use super::worker::Ack;
use crate::contract::{At, Drained, End, Fault, Flow, Halt, Ledger, Source, Tick};
use crate::table::Handle;
use core::mem;

/// The events that are held, and the workers that have them.
pub(super) struct Desk<T, C, K, A, const N: usize> {
    pub(super) choice: C,
    pub(super) held: Held<T>,
    pub(super) seats: Seats<K, A, N>,
    pub(super) affinity: Affinity,
    pub(super) ledger: Ledger,
}

impl<T, C, K, A, const N: usize> Desk<T, C, K, A, N>
where
    C: Choice<T, N>,
    A: Source<Event = Ack>,
{
    /// Hears what the workers say, and who is gone.
    pub(super) fn hear(&mut self, now: Tick) {
        let Self { choice, held, seats, affinity, ledger } = self;
        let keeps = !affinity.is_empty();
        for worker in 0..N {
            let Some((acks, standing)) = seats.ear(worker) else { continue };
            let mut hear = |handle: Handle, fault: Option<Fault>| {
                let Some(done) = held.answered(handle, fault, worker, now) else { return };
                standing.gave_back(worker);
                ledger.passed(done.into());
                if keeps && let Some(key) = held.event(handle).and_then(|event| choice.key(event)) {
                    affinity.back(key);
                }
            };
            let Drained { end, .. } = acks.drain(now, usize::MAX, &mut |ack: &Ack, _: At| -> Flow {
                match *ack {
                    Ack::Done(handle) => hear(handle, None),
                    Ack::Failed(handle, fault) => hear(handle, Some(fault)),
                    Ack::Leaves => return Err(Halt::Stop),
                }
                Ok(())
            });
            let in_order = match end {
                Some(End::Halted(Halt::Stop)) => true,
                Some(End::Closed) => false,
                _ => continue,
            };
            standing.left(worker);
            held.strand(worker, in_order, now, |event| {
                if let Some(key) = choice.key(event) {
                    affinity.back(key);
                }
            });
        }
    }
    /// Makes a change of the workers.
    pub(super) fn change(&mut self, change: &mut WorkerChange<K, A>, now: Tick) {
        let (jobs, acks) = match mem::take(change) {
            WorkerChange::Join(badge, jobs, acks) => {
                if self.seats.standing.vacancy().is_none() {
                    // Who made room may have said so before this one came.
                    self.hear(now);
                }
                let vacancy = self.seats.standing.vacancy().filter(|_| self.seats.find(badge).is_none());
                let Some(worker) = vacancy else { return };
                self.keep_keys();
                self.seats.seat(worker, badge, (jobs, acks))
            }
            WorkerChange::Leave(badge) => {
                if let Some(worker) = self.seats.find(badge) {
                    self.keep_keys();
                    self.seats.recall(worker);
                }
                return;
            }
            WorkerChange::Done(jobs, acks) => (jobs, acks),
        };
        *change = WorkerChange::Done(jobs, acks);
    }
    /// The workers change: what is in flight keeps its key where it is.
    fn keep_keys(&mut self) {
        let Self { choice, held, affinity, .. } = self;
        affinity.pin(held.in_flight().filter_map(|(event, worker)| Some((choice.key(event)?, worker))));
    }
}
