//! The resequencer of batches.

use super::lent::Lay;
use crate::contract::{Account, At, Flow, Halt, Ledger, Reason, Stage, Tick};
use crate::ring::{CapacityError, Sequence};
use crate::sync::Arc;
use core::cmp::Reverse;
use core::fmt::{Debug, Formatter};
use core::mem;
use core::time::Duration;

/// What is a batch, and how it is sorted. Nothing here has a default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Batch {
    /// It is complete with so many events, duplicates included.
    pub size: usize,
    /// ... or so long after its first event came, or in the last turn, the one at [`Tick::MAX`]. [`Duration::MAX`] is never.
    pub timeout: Duration,
    /// Which end is first.
    pub sort: Sort,
    /// What becomes of equal keys.
    pub equals: Equals,
}

/// Which end of a batch is first. Equal keys are in the order of their arrival in both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// The smallest key.
    Ascending,
    /// The largest key.
    Descending,
}

/// What becomes of events of one batch with equal keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Equals {
    /// All go on.
    Allow,
    /// The one that came first goes on, the others are `dropped[Duplicate]`.
    KeepFirst,
    /// The one that came last goes on, the others are `dropped[Duplicate]`.
    KeepLast,
}

/// Collects a batch of events and gives it on sorted by a key: a stable sort, without allocation.
///
/// It knows no numbers, so it waits for nothing that is missing, and the order holds within a batch only. See the
/// [module](super) for what it has in common with [`Resequencer`](super::Resequencer).
///
/// The key is taken once, when an event comes. Sorting takes O(n log n) in the turn that completes the batch.
///
/// ```
/// use ringmain::channel::spsc;
/// use ringmain::contract::{Agent, Sink, SourceMut, Tick, each};
/// use ringmain::pattern::resequencer::{Batch, BatchResequencer, Equals, Sort};
/// use std::time::Duration;
///
/// let batch = Batch {
///     size: 4,
///     timeout: Duration::from_millis(1),
///     sort: Sort::Ascending,
///     equals: Equals::Allow,
/// };
/// let mut seen = Vec::new();
/// let next = each(|n: &mut u32| seen.push(*n));
/// let (mut tx, rx) = spsc::channel(8, || 0u32)?;
/// let mut agent = rx.drive_mut(BatchResequencer::new(batch, |n: &u32| *n, u32::default, next)?);
/// for n in [4, 2, 1, 3, 8, 7] {
///     tx.push(n)?;
/// }
/// let _ = agent.work(Tick::ZERO);
/// let _ = agent.work(Tick::from_nanos(1_000_000));
/// drop(agent);
/// assert_eq!(seen, [1, 2, 3, 4, 7, 8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BatchResequencer<T, K, F, S> {
    key: F,
    members: Members<T, K>,
    next: S,
}

struct Members<T, K> {
    batch: Batch,
    /// The members in the order of their arrival, with their places in the ring.
    slots: Box<[(T, Sequence)]>,
    /// The keys of the members, and their slots: never more than `slots`, so it never grows.
    order: Vec<(K, u32)>,
    /// When the first member came.
    since: Tick,
    /// How many of `order` are done with, once it is sorted.
    done: Option<usize>,
    /// The stage after wants no more.
    stopped: bool,
    /// A member is at the stage after just now. True at any other time: that stage unwound on it.
    shown: bool,
    ledger: Ledger,
}

impl<T, K: Ord, F, S> BatchResequencer<T, K, F, S> {
    /// Sorts each batch by `key`. `room` fills the slots; their contents do not matter. Allocates the slots, as many
    /// keys, and the [`Account`].
    ///
    /// # Errors
    /// [`CapacityError`] if the size is 0, or does not fit in 32 bits.
    pub fn new(batch: Batch, key: F, mut room: impl FnMut() -> T, next: S) -> Result<Self, CapacityError>
    where
        F: Fn(&T) -> K,
    {
        let size = batch.size;
        if size == 0 {
            return Err(CapacityError::Zero);
        }
        if u32::try_from(size).is_err() {
            return Err(CapacityError::TooLarge { asked: size });
        }
        let members = Members {
            batch,
            slots: (0..size).map(|_| (room(), Sequence::ZERO)).collect(),
            order: Vec::with_capacity(size),
            since: Tick::ZERO,
            done: None,
            stopped: false,
            shown: false,
            ledger: Ledger::new(),
        };
        Ok(Self { key, members, next })
    }
}

impl<T, K, F, S> BatchResequencer<T, K, F, S> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.members.ledger.account()
    }
}

impl<T, K: Ord> Members<T, K> {
    #[inline]
    fn take(&mut self, key: K, event: impl Lay<T>, at: At, mut show: impl FnMut(&mut T, At) -> Flow) -> Flow {
        if let Err(halt) = self.bring(at.now, &mut show) {
            return self.ledger.delivered(Err(halt));
        }
        let slot = self.order.len();
        let (room, seq) = &mut self.slots[slot];
        event.lay(room);
        *seq = at.seq;
        if slot == 0 {
            self.since = at.now;
        }
        self.order.push((key, slot as u32));
        self.ledger.took(1);
        self.ledger.holds(self.order.len() as u64);
        if self.order.len() < self.slots.len() {
            return Ok(());
        }
        self.sort();
        match self.bring(at.now, &mut show) {
            // All members came in; they go on when there is room.
            Err(Halt::Again) => Ok(()),
            flow => flow,
        }
    }
    fn end_turn(&mut self, now: Tick, mut show: impl FnMut(&mut T, At) -> Flow) -> Flow {
        let mut flow = self.bring(now, &mut show);
        if flow.is_ok() && !self.order.is_empty() && now >= self.since.after(self.batch.timeout) {
            self.sort();
            flow = self.bring(now, &mut show);
        }
        self.ledger.publish();
        if self.order.is_empty() { flow } else { flow.and(Err(Halt::Again)) }
    }

    fn sort(&mut self) {
        match self.batch.sort {
            Sort::Ascending => self.order.sort_unstable(),
            Sort::Descending => self
                .order
                .sort_unstable_by(|one, other| (Reverse(&one.0), one.1).cmp(&(Reverse(&other.0), other.1))),
        }
        self.done = Some(0);
    }
    /// Brings on what is sorted, as far as there is room for it.
    #[inline]
    fn bring(&mut self, now: Tick, show: &mut impl FnMut(&mut T, At) -> Flow) -> Flow {
        if self.stopped {
            return Err(Halt::Stop);
        }
        let Some(mut done) = self.done else { return Ok(()) };
        if mem::take(&mut self.shown) {
            self.ledger.dropped(Reason::Panic);
            done += 1;
            self.leaves(done);
        }
        while done < self.order.len() {
            let mut flow = Ok(());
            if self.is_dropped(done) {
                self.ledger.dropped(Reason::Duplicate);
            } else {
                let (event, seq) = &mut self.slots[self.order[done].1 as usize];
                self.shown = true;
                flow = show(event, At { seq: *seq, now });
                self.shown = false;
                match flow {
                    Err(Halt::Again) => return flow,
                    Err(Halt::Reject(fault)) => self.ledger.dropped(fault.reason),
                    Ok(()) | Err(Halt::Stop) => self.ledger.passed(1),
                }
            }
            done += 1;
            self.leaves(done);
            if flow == Err(Halt::Stop) {
                self.stopped = true;
                return flow;
            }
        }
        self.order.clear();
        self.done = None;
        Ok(())
    }
    /// The first `done` of the order are here no more.
    #[inline]
    fn leaves(&mut self, done: usize) {
        self.done = Some(done);
        self.ledger.holds((self.order.len() - done) as u64);
    }
    /// A member with this key goes on before or after this one.
    fn is_dropped(&self, place: usize) -> bool {
        let twin = match self.batch.equals {
            Equals::Allow => None,
            Equals::KeepFirst => place.checked_sub(1),
            Equals::KeepLast => Some(place + 1),
        };
        twin.and_then(|twin| self.order.get(twin)).is_some_and(|twin| twin.0 == self.order[place].0)
    }
}

impl<T, K, F, S> Stage<&T> for BatchResequencer<T, K, F, S>
where
    T: Clone,
    K: Ord,
    F: Fn(&T) -> K,
    S: for<'e> Stage<&'e T>,
{
    #[inline]
    fn on_event(&mut self, event: &T, at: At) -> Flow {
        self.members.take((self.key)(event), event, at, |event, at| self.next.on_event(event, at))
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let own = self.members.end_turn(now, |event, at| self.next.on_event(event, at));
        crate::pattern::worse(own, self.next.on_batch_end(now))
    }
}

impl<T, K, F, S> Stage<&mut T> for BatchResequencer<T, K, F, S>
where
    K: Ord,
    F: Fn(&T) -> K,
    S: for<'e> Stage<&'e mut T>,
{
    #[inline]
    fn on_event(&mut self, event: &mut T, at: At) -> Flow {
        self.members.take((self.key)(event), event, at, |event, at| self.next.on_event(event, at))
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let own = self.members.end_turn(now, |event, at| self.next.on_event(event, at));
        crate::pattern::worse(own, self.next.on_batch_end(now))
    }
}

impl<T, K> Drop for Members<T, K> {
    fn drop(&mut self) {
        for left in self.done.unwrap_or(0)..self.order.len() {
            let unwound = self.shown && Some(left) == self.done;
            self.ledger.dropped(if unwound { Reason::Panic } else { Reason::Shutdown });
        }
        self.ledger.holds(0);
    }
}

impl<T, K, F, S> Debug for BatchResequencer<T, K, F, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Members { batch, order, ledger, .. } = &self.members;
        f.debug_struct("BatchResequencer")
            .field("batch", batch)
            .field("members", &order.len())
            .field("ledger", ledger)
            .finish_non_exhaustive()
    }
}
