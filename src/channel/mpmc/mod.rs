//! Many producers, many consumers that share the work: each event goes to one of them.
//!
//! ```text
//!            head (the consumers' next claim)          tail (the producers' next claim)
//!               v                                         v
//!  ... | taken | in A's hand | taken | full | full | by P .. | full | free | ...     consumers stop at P's slot
//! ```
//!
//! Each side claims positions with one counter; each slot says by its stamp whose turn it is. Position `s` is filled by
//! the producer that claimed it, then taken by the consumer that claimed it, and then the slot is free for position
//! `s + capacity`.
//!
//! | slot `s`                                                    | who may touch it                      | rule |
//! |-------------------------------------------------------------|---------------------------------------|------|
//! | claimed for filling, behind the stamp `s - capacity`, taken | the producer that claimed `s`         | R3 |
//! | claimed for taking, behind the stamp `s` (or void)          | the consumer that claimed `s`         | R4 |
//!
//! | store (Release)                                | load (Acquire)                    | what it hands over          |
//! |------------------------------------------------|-----------------------------------|-----------------------------|
//! | a slot's stamp: published, or given up S3      | a consumer, before it claims S4   | the contents of that slot   |
//! | a slot's stamp: taken S3                       | a producer, before it claims S4   | that slot, to be filled     |
//! | the end of the last producer S5 S1             | a consumer that finds nothing S2  | every slot claimed          |
//! | the end of the last consumer S5 S1             | a producer S2                     | the count of what they left |
//!
//! The two counters order nothing: all their accesses are `Relaxed`.
//!
//! # Progress
//!
//! | operation | progress | a thread that stalls in it                                                               |
//! |-----------|----------|-------------------------------------------------------------------------------------------|
//! | fill      | lock-free: a claim that loses a race is tried again | consumers **stop before its slot** and find the ring empty there, other producers get `Full` when they come round to it; all go on when it does |
//! | drain     | lock-free, likewise | the other consumers pass its events by and take the next; producers get `Full` when they come round to its slot |
//! | all else  | wait-free | nothing                                                                                   |
//!
//! Neither blocks, makes a system call or allocates. Who loses a race for a claim keeps still for a moment, longer the
//! oftener it loses in a row and at most for 64 pauses, so that the counter's line can stay with the winner. A consumer
//! that is [forgotten](core::mem::forget) with an event in hand is one that stalls for ever.
//!
//! # Full and empty
//!
//! The counters are not what is asked for room or for events: the slot next in turn is. So the ring says `Full`, or that
//! there is nothing, **while an older claim is not finished**, also if younger ones are: an event whose push has returned
//! is not seen as long as a producer that claimed before it is still in its fill; and a slot that was given back is not
//! filled as long as a consumer has an older one in hand. This queue is therefore not linearizable (no queue of this
//! algorithm is that does not wait there). Nothing is lost or reordered by it, and who tries again gets it.
//!
//! # What a consumer has in hand
//!
//! An event that the stage wants `Again`, or panics on, stays in the hand of its consumer, and is shown to it first the
//! next time; nobody else will see it. Where a consumer goes with events in hand, they go with it, and are counted:
//! `abandoned` tells at both ends. A consumer claims one event at a time, so that is at most one, and one that a stage has
//! been shown. [`Consumer::batch`] lets it claim more at once, which is faster; then as many as that can be in one hand.
//! They cannot be given back: others have gone on behind them, and would see them out of order.
//!
//! So a consumer that *leaves in order* finishes what it has in hand and claims nothing more: that is a drain of as many
//! events as are [in hand](crate::contract::Source::in_hand), tried again while the stage says `Again`; an agent
//! [`leave`](crate::contract::Pump::leave)s so. Nothing is abandoned then. A stage that says `Stop` is shown nothing more:
//! of a claim of one nothing is left then, of a batch the rest goes with the consumer.
//!
//! # Closing
//!
//! | who is dropped    | what happens                                                                                   |
//! |-------------------|--------------------------------------------------------------------------------------------------|
//! | the last producer | the consumers take what is there; each sees the end when all of it is claimed and its hand is empty |
//! | the last consumer | a fill that begins after it is refused with `Closed`, and a producer's `len` is how many were never claimed |
//!
//! Order: first in, first out for the claims. A consumer sees events in the order of their positions, hence those of one
//! producer in the order it filled them; two consumers do not wait for each other. Costs: two counters, two cursors for
//! the end, and eight bytes a slot for its stamp, allocated in [`channel`] and never again. Algorithm: Vyukov, "Bounded
//! MPMC queue" (1024cores, 2010).
//!
//! ```
//! use ringmain::channel::mpmc;
//! use ringmain::contract::{Sink, Source, Tick, each};
//!
//! let (mut tx, mut rx) = mpmc::channel(8, || 0u64)?;
//! let (mut other_tx, mut other_rx) = (tx.clone(), rx.clone());
//! tx.offer(|n| *n = 1)?;
//! other_tx.offer(|n| *n = 2)?;
//! let _ = rx.drain(Tick::ZERO, 1, &mut each(|n: &u64| assert_eq!(*n, 1)));
//! let _ = other_rx.drain(Tick::ZERO, 1, &mut each(|n: &u64| assert_eq!(*n, 2)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod consumer;
mod mode;
mod producer;
mod shared;
pub mod strict;

pub use consumer::Consumer;
pub use mode::{Many, Mode, One};
pub use producer::Producer;

use crate::ring::{CapacityError, Sequence};
use shared::Shared;

/// Builds a channel of `capacity` slots (a power of two), each filled by `fill` now and reused for ever. Clone its ends
/// for more producers and consumers.
///
/// # Errors
/// [`CapacityError`] if the capacity is zero, not a power of two, or too large.
pub fn channel<T>(
    capacity: usize,
    fill: impl FnMut() -> T,
) -> Result<(Producer<T>, Consumer<T>), CapacityError> {
    channel_from(Sequence::ZERO, capacity, fill)
}

/// As [`channel`], with positions counted from `start`: for tests that begin just before the wrap.
///
/// # Errors
/// As [`channel`].
#[doc(hidden)]
pub fn channel_from<T>(
    start: Sequence,
    capacity: usize,
    fill: impl FnMut() -> T,
) -> Result<(Producer<T>, Consumer<T>), CapacityError> {
    ends(start, capacity, fill)
}

/// The ends of a ring with one producer or many.
pub(super) fn ends<T, M: Mode>(
    start: Sequence,
    capacity: usize,
    fill: impl FnMut() -> T,
) -> Result<(Producer<T, M>, Consumer<T>), CapacityError> {
    let shared = Shared::new(start, capacity, fill)?;
    Ok((Producer::new(shared.clone(), start), Consumer::new(shared, start)))
}
