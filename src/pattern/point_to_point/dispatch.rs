//! One stage that hands each event to one of several workers, and hears what becomes of it.

use super::affinity::Affinity;
use super::choice::{Choice, Standing};
use super::desk::Desk;
use super::held::Held;
use super::loss::{Fate, Loss};
use super::membership::{Badges, WorkerChange};
use super::seats::Seats;
use super::worker::{Ack, Job};
use crate::contract::{Account, At, Flow, Halt, Ledger, Reason, Sink, Source, Stage, Tick};
use crate::pattern::{Control, Fixed};
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
/// *A worker is gone* when it has said that it [leaves in order](super::Worker), or its acknowledgements end: its end of
/// that ring is dropped, and all that it had acknowledged was heard. A ring of jobs that is closed counts as full until
/// then.
///
/// | a worker                                        | what it had and had not acknowledged                                    |
/// |-------------------------------------------------|-------------------------------------------------------------------------|
/// | left in order                                   | has not been begun with: goes to others, as the same attempt            |
/// | died: its acknowledgements ended without a word | is dropped ([`AtMostOnce`](super::AtMostOnce)), or goes to others with an attempt more ([`Redeliver`](super::Redeliver)) |
///
/// *Workers are fixed* when it is built by [`new`](Self::new): when all are gone, and nothing is held any more, it says
/// `Stop` at the end of a turn; events that come then are not consumed.
///
/// *Workers join and leave* when it is built by [`controlled_by`](Self::controlled_by), with as many
/// [seats](super::Badges) as are named then. One that is to [`Leave`](super::WorkerChange::Leave) is given nothing more;
/// it does what it has and goes, or is dropped before and hands the rest back. While nobody is there every event is
/// answered `Again`: so the source is the backlog, as long as it is, and what stands around the dispatcher says
/// what becomes of more; who joins first gets all of it in order. It says `Stop` when nobody is there and the ring of
/// changes has ended.
///
/// *Order*: the events of one worker are in order. What is delivered again goes before all events that have
/// not been delivered yet, in the order in which it came, but behind those that were. So with `KeyHash` the
/// events of a key stay in order when a worker goes, but for what it had done and not acknowledged, which is
/// seen twice; and an event that a worker
/// *rejects* comes again behind the later ones of its key.
///
/// *Keys stay* where they are when workers join or leave, as long as something of them is in flight; the first event of
/// a key that finds nothing of it in flight goes to the worker that it belongs to now. So a key that never rests stays
/// with the worker that has it, and if that one is to leave, the next event of it waits until all of it is done or handed
/// back. What is in flight is looked through once for each change.
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
pub struct Dispatch<T, C, L, K, A, const N: usize, M = Fixed> {
    loss: L,
    desk: Desk<T, C, K, A, N>,
    changes: M,
    /// Workers may join.
    open: bool,
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
        let (held, seats, affinity) = (Held::new(in_flight)?, Seats::taken_by(workers), Affinity::NONE);
        let desk = Desk { choice, held, seats, affinity, ledger: Ledger::new() };
        Ok(Self { loss, desk, changes: Fixed, open: false })
    }
}

impl<T, C, L, K, A, const N: usize, M> Dispatch<T, C, L, K, A, N, M>
where
    C: Choice<T, N>,
    L: Loss<T>,
    K: Sink<Event = Job<T>>,
    A: Source<Event = Ack>,
    M: Control<WorkerChange<K, A>>,
{
    /// Begins without workers, and with as many seats as the `badges` say; workers join and leave through `changes`, any
    /// [`SourceMut`](crate::contract::SourceMut) of [`WorkerChange`]s, an SPSC channel mostly. Changes are made at the
    /// end of each turn; after the ring has ended no more come. Keeps at most `in_flight` events. Allocates room for them, and for their keys, filled by
    /// `Default`, and the [`Account`].
    ///
    /// ```
    /// use ringmain::channel::spsc;
    /// use ringmain::contract::{Agent, Sink, Source, Tick, each};
    /// use ringmain::pattern::point_to_point::*;
    ///
    /// let (mut tx, rx) = spsc::channel(8, || 0u64)?;
    /// let (mut changes, to_dispatch) = spsc::channel(8, WorkerChange::default)?;
    /// let mut badges = Badges::<4>::new();
    /// let dispatch = Dispatch::controlled_by(InTurn::new(), AtMostOnce, 8, &badges, to_dispatch)?;
    /// let mut dispatcher = rx.drive(dispatch);
    /// tx.push(1)?;
    /// let _ = dispatcher.work(Tick::ZERO); // nobody is there: it waits in the ring
    ///
    /// let (to_worker, jobs) = spsc::channel(8, Job::default)?;
    /// let (acks, from_worker) = spsc::channel(16, Ack::default)?;
    /// let badge = badges.issue();
    /// changes.push(WorkerChange::Join(badge, to_worker, from_worker))?;
    /// let _ = (dispatcher.work(Tick::ZERO), dispatcher.work(Tick::ZERO));
    /// let mut worker = jobs.drive(Worker::new(acks, each(|n: &u64| assert_eq!(*n, 1))));
    /// let _ = worker.work(Tick::ZERO);
    /// changes.push(WorkerChange::Leave(badge))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CapacityError`] if `in_flight` is zero or too large.
    pub fn controlled_by(
        choice: C,
        loss: L,
        in_flight: usize,
        _badges: &Badges<N>,
        changes: M,
    ) -> Result<Self, CapacityError>
    where
        T: Default,
    {
        let (held, seats, affinity) = (Held::new(in_flight)?, Seats::vacant(), Affinity::new(in_flight)?);
        let desk = Desk { choice, held, seats, affinity, ledger: Ledger::new() };
        Ok(Self { loss, desk, changes, open: true })
    }
}

impl<T, C, L, K, A, const N: usize, M> Dispatch<T, C, L, K, A, N, M> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.desk.ledger.account()
    }
    /// How the workers stand.
    #[must_use]
    pub const fn workers(&self) -> &Standing<N> {
        &self.desk.seats.standing
    }
}

impl<T, C, L, K, A, const N: usize, M> Dispatch<T, C, L, K, A, N, M>
where
    T: Clone,
    C: Choice<T, N>,
    L: Loss<T>,
    K: Sink<Event = Job<T>>,
    A: Source<Event = Ack>,
{
    /// Settles those that wait, as far as there is room for them.
    #[cold]
    fn settle(&mut self, now: Tick) -> Flow {
        let Self { loss, desk, open, .. } = self;
        while let Some((handle, event, failure)) = desk.held.first_waiting() {
            match loss.fate(event, failure, *open || desk.seats.standing.is_anyone_here())? {
                Fate::Redelivered => {
                    let Desk { choice, seats, affinity, .. } = desk;
                    let given = seats.give(choice, affinity, event, |job, _| {
                        job.event.clone_from(event);
                        job.handle = handle;
                        job.attempt = failure.attempts + 1;
                        Ok(())
                    });
                    match given {
                        Ok(worker) => desk.held.sent(worker),
                        Err(Halt::Reject(fault)) => {
                            desk.held.not_sent(fault, now);
                            return Err(Halt::Again);
                        }
                        Err(halt) => return Err(halt),
                    }
                    continue;
                }
                Fate::DeadLettered(reason) => desk.ledger.dead_lettered(reason),
                Fate::Dropped(reason) => desk.ledger.dropped(reason),
            }
            desk.held.give_up();
        }
        Ok(())
    }
}

impl<In, T, C, L, K, A, const N: usize, M> Stage<In> for Dispatch<T, C, L, K, A, N, M>
where
    In: Deref<Target = T>,
    T: Clone,
    C: Choice<T, N>,
    L: Loss<T>,
    K: Sink<Event = Job<T>>,
    A: Source<Event = Ack>,
    M: Control<WorkerChange<K, A>>,
{
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        if C::BY_LOAD || self.desk.held.is_full() {
            self.desk.hear(at.now);
        }
        if self.desk.held.has_waiting() {
            self.settle(at.now)?;
        }
        let Desk { choice, held, seats, affinity, ledger } = &mut self.desk;
        if held.is_full() {
            return Err(Halt::Again);
        }
        let given = seats.give(choice, affinity, &*event, |job, worker| {
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
        let Self { desk, changes, open, .. } = self;
        desk.hear(now);
        *open = changes.take_over(now, |change| desk.change(change, now));
        let settled = self.settle(now);
        let desk = &mut self.desk;
        desk.ledger.holds(desk.held.len() as u64);
        desk.ledger.publish();
        settled?;
        match (desk.held.len(), self.open || !desk.seats.standing.is_vacant()) {
            (0, false) => Err(Halt::Stop),
            (0, true) => Ok(()),
            _ => Err(Halt::Again),
        }
    }
}

impl<T, C, L, K, A, const N: usize, M> Drop for Dispatch<T, C, L, K, A, N, M> {
    fn drop(&mut self) {
        let Desk { held, ledger, .. } = &mut self.desk;
        for _ in 0..held.len() {
            ledger.dropped(Reason::Shutdown);
        }
        ledger.holds(0);
    }
}

impl<T, C, L, K, A, const N: usize, M> Debug for Dispatch<T, C, L, K, A, N, M> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Desk { seats, ledger, .. } = &self.desk;
        f.debug_struct("Dispatch")
            .field("workers", &seats.standing)
            .field("ledger", ledger)
            .finish_non_exhaustive()
    }
}
