//! One stage that hands each event to one of several workers, and hears what becomes of it.

use super::choice::{Choice, Standing};
use super::held::Held;
use super::loss::{Fate, Loss};
use super::worker::{Ack, Job};
use crate::contract::{Account, At, Drained, End, Flow, Halt, Ledger, Reason, Sink, Source, Stage, Tick};
use crate::ring::CapacityError;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::ops::Deref;

/// Hands each event to one of `N` workers, as its [`Choice`] says, and keeps a copy until it is acknowledged.
///
/// ```text
///                    +-- Job --> ring --> Worker --+
///  event > Dispatch -+-- Job --> ring --> Worker --+-- Ack, each by a ring of its own --+
///             ^                                                                         |
///             +-------------------------------------------------------------------------+
/// ```
///
/// | choice                                | an event goes to                       | all that may take it are full |
/// |---------------------------------------|----------------------------------------|-------------------------------|
/// | [`InTurn`](super::InTurn)             | the next worker in turn that has room  | `Again`                       |
/// | [`LeastLoaded`](super::LeastLoaded)   | the one with the fewest unacknowledged | `Again`                       |
/// | [`KeyHash`](super::KeyHash)           | the one that its key belongs to        | `Again`, though others have room |
///
/// What else than waiting it may do when it is full is said around it, as around any stage:
/// [`Shed`](crate::pattern::Shed), [`Refuse`](crate::pattern::Refuse), [`Divert`](crate::pattern::Divert),
/// [`Park`](crate::pattern::Park). It has not begun with an event that it answers `Again` to. It is full as
/// well when it holds as many events as it was built for.
///
/// *A worker is gone* when its acknowledgements end: its end of that ring is dropped, and all that it had
/// acknowledged was heard. A ring of jobs that is closed counts as full until then. What the worker had is
/// then dropped ([`AtMostOnce`](super::AtMostOnce)) or handed to others ([`Redeliver`](super::Redeliver)).
/// When all are gone, and nothing is held any more, it says `Stop` at the end of a turn; events that come
/// then are not consumed. Workers that are gone are not replaced.
///
/// *Order*: the events of one worker are in order. What is delivered again goes before all events that have
/// not been delivered yet, in the order in which it came, but behind those that were. So with `KeyHash` the
/// events of a key stay in order when a worker goes, but for what it had done and not acknowledged, which is
/// seen twice; and an event that a worker
/// *rejects* comes again behind the later ones of its key.
///
/// Holds: copies (hold), of which there are as many as events in flight: each event is copied twice, by
/// `clone_from`, into a slot here and into that of a ring. The sinks have to deliver what they take; of a
/// job that is shed on the way no acknowledgement ever comes. While something is held, the end of a turn
/// says `Again`.
///
/// In the books an event is `held` from when it is handed over until it is acknowledged, and then `out`;
/// whatever the number of attempts, it is one event. What is held when it is dropped is `dropped[Shutdown]`.
///
/// Costs: two copies, a slot of a [`Slab`](crate::table::Slab), and a look at each worker's acknowledgements
/// in each turn (with `LeastLoaded`, before each event). Wait-free, if the sinks and sources are. No
/// allocation after `new`, if `clone_from` makes none.
pub struct Dispatch<T, C, L, K, A, const N: usize> {
    choice: C,
    loss: L,
    held: Held<T>,
    standing: Standing<N>,
    ledger: Ledger,
    workers: [(K, A); N],
}

impl<T, C, L, K, A, const N: usize> Dispatch<T, C, L, K, A, N>
where
    C: Choice<T, N>,
    L: Loss<T>,
    K: Sink<Event = Job<T>>,
    A: Source<Event = Ack>,
{
    /// Hands events to `workers`, of which there are up to 64: for each, where its jobs go, and where its
    /// acknowledgements come from. Keeps at most `in_flight` events. Allocates room for them, filled by
    /// `Default`, and the [`Account`].
    ///
    /// 1 to 64 workers compile, 0 or 65 do not:
    /// ```
    /// # use ringmain::channel::spsc::{self, Consumer, Producer};
    /// # use ringmain::pattern::point_to_point::{Ack, AtMostOnce, Dispatch, InTurn, Job};
    /// # fn workers<const N: usize>() -> [(Producer<Job<u64>>, Consumer<Ack>); N] {
    /// #     std::array::from_fn(|_| {
    /// #         (spsc::channel(1, Job::default).unwrap().0, spsc::channel(1, Ack::default).unwrap().1)
    /// #     })
    /// # }
    /// let _ = Dispatch::new(InTurn::new(), AtMostOnce, 8, workers::<1>());
    /// let _ = Dispatch::new(InTurn::new(), AtMostOnce, 8, workers::<64>());
    /// ```
    /// ```compile_fail,E0080
    /// # use ringmain::channel::spsc::{self, Consumer, Producer};
    /// # use ringmain::pattern::point_to_point::{Ack, AtMostOnce, Dispatch, InTurn, Job};
    /// # fn workers<const N: usize>() -> [(Producer<Job<u64>>, Consumer<Ack>); N] {
    /// #     std::array::from_fn(|_| {
    /// #         (spsc::channel(1, Job::default).unwrap().0, spsc::channel(1, Ack::default).unwrap().1)
    /// #     })
    /// # }
    /// let _ = Dispatch::new(InTurn::new(), AtMostOnce, 8, workers::<0>());
    /// ```
    /// ```compile_fail,E0080
    /// # use ringmain::channel::spsc::{self, Consumer, Producer};
    /// # use ringmain::pattern::point_to_point::{Ack, AtMostOnce, Dispatch, InTurn, Job};
    /// # fn workers<const N: usize>() -> [(Producer<Job<u64>>, Consumer<Ack>); N] {
    /// #     std::array::from_fn(|_| {
    /// #         (spsc::channel(1, Job::default).unwrap().0, spsc::channel(1, Ack::default).unwrap().1)
    /// #     })
    /// # }
    /// let _ = Dispatch::new(InTurn::new(), AtMostOnce, 8, workers::<65>());
    /// ```
    ///
    /// # Errors
    /// [`CapacityError`] if `in_flight` is zero or too large.
    pub fn new(choice: C, loss: L, in_flight: usize, workers: [(K, A); N]) -> Result<Self, CapacityError>
    where
        T: Default,
    {
        let (held, standing) = (Held::new(in_flight)?, Standing::new());
        Ok(Self { choice, loss, held, standing, ledger: Ledger::new(), workers })
    }
}

impl<T, C, L, K, A, const N: usize> Dispatch<T, C, L, K, A, N> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    /// How the workers stand.
    #[must_use]
    pub const fn workers(&self) -> &Standing<N> {
        &self.standing
    }
}

impl<T, C, L, K, A, const N: usize> Dispatch<T, C, L, K, A, N>
where
    T: Clone,
    C: Choice<T, N>,
    L: Loss<T>,
    K: Sink<Event = Job<T>>,
    A: Source<Event = Ack>,
{
    /// Hears what the workers say, and who is gone.
    fn hear(&mut self, now: Tick) {
        let Self { held, standing, ledger, workers, .. } = self;
        for (worker, (_, acks)) in workers.iter_mut().enumerate() {
            if !standing.is_here(worker) {
                continue;
            }
            let Drained { end, .. } = acks.drain(now, usize::MAX, &mut |ack: &Ack, _: At| -> Flow {
                if let Some(done) = held.answered(ack, worker, now) {
                    standing.gave_back(worker);
                    ledger.passed(done.into());
                }
                Ok(())
            });
            if end == Some(End::Closed) {
                standing.left(worker);
                held.strand(worker, now);
            }
        }
    }

    /// Settles those that wait, as far as there is room for them.
    #[cold]
    fn settle(&mut self, now: Tick) -> Flow {
        let Self { choice, loss, held, standing, ledger, workers } = self;
        while let Some((handle, event, failure)) = held.first_waiting() {
            match loss.fate(event, failure, !standing.is_over())? {
                Fate::Redelivered => {
                    let given = give(choice, standing, workers, event, |job, _| {
                        job.event.clone_from(event);
                        job.handle = handle;
                        job.attempt = failure.attempts + 1;
                        Ok(())
                    });
                    match given {
                        Ok(worker) => held.sent(worker),
                        Err(Halt::Reject(fault)) => {
                            held.not_sent(fault, now);
                            return Err(Halt::Again);
                        }
                        Err(halt) => return Err(halt),
                    }
                    continue;
                }
                Fate::DeadLettered(reason) => ledger.dead_lettered(reason),
                Fate::Dropped(reason) => ledger.dropped(reason),
            }
            held.give_up();
        }
        Ok(())
    }
}

/// Gives `event` to the worker of choice that has room for it: `write` writes the job.
#[inline]
fn give<T, C, K, A, const N: usize>(
    choice: &mut C,
    standing: &mut Standing<N>,
    workers: &mut [(K, A); N],
    event: &T,
    mut write: impl FnMut(&mut Job<T>, usize) -> Flow,
) -> Flow<usize>
where
    C: Choice<T, N>,
    K: Sink<Event = Job<T>>,
{
    standing.ask_all();
    while let Some(worker) = choice.choose(event, standing).filter(|worker| standing.is_free(*worker)) {
        match workers[worker].0.fill(|job| write(job, worker)) {
            Ok(()) => {
                standing.took(worker);
                return Ok(worker);
            }
            Err(Halt::Reject(fault)) => return Err(Halt::Reject(fault)),
            // Full; or closed, and when its acknowledgements end it is gone.
            Err(Halt::Again | Halt::Stop) => standing.refused(worker),
        }
    }
    Err(Halt::Again)
}

impl<In, T, C, L, K, A, const N: usize> Stage<In> for Dispatch<T, C, L, K, A, N>
where
    In: Deref<Target = T>,
    T: Clone,
    C: Choice<T, N>,
    L: Loss<T>,
    K: Sink<Event = Job<T>>,
    A: Source<Event = Ack>,
{
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        if C::BY_LOAD || self.held.is_full() {
            self.hear(at.now);
        }
        if self.held.has_waiting() {
            self.settle(at.now)?;
        }
        let Self { choice, held, standing, ledger, workers, .. } = self;
        if held.is_full() {
            return Err(Halt::Again);
        }
        let given = give(choice, standing, workers, &*event, |job, worker| {
            job.event.clone_from(&event);
            job.handle = held.insert(&event, worker, at.seq)?;
            job.attempt = 1;
            Ok(())
        });
        match given {
            Ok(_) => {
                ledger.took(1);
                Ok(())
            }
            Err(halt) => ledger.delivered(Err(halt)),
        }
    }

    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.hear(now);
        let settled = self.settle(now);
        self.ledger.holds(self.held.len() as u64);
        self.ledger.publish();
        settled?;
        match (self.held.len(), self.standing.is_over()) {
            (0, true) => Err(Halt::Stop),
            (0, false) => Ok(()),
            _ => Err(Halt::Again),
        }
    }
}

impl<T, C, L, K, A, const N: usize> Drop for Dispatch<T, C, L, K, A, N> {
    fn drop(&mut self) {
        for _ in 0..self.held.len() {
            self.ledger.dropped(Reason::Shutdown);
        }
        self.ledger.holds(0);
    }
}

impl<T, C, L, K, A, const N: usize> Debug for Dispatch<T, C, L, K, A, N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { standing, ledger, .. } = self;
        f.debug_struct("Dispatch").field("workers", standing).field("ledger", ledger).finish_non_exhaustive()
    }
}
