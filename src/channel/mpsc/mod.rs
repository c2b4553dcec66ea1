//! Many producers, one consumer: one ring that all of them claim slots of, or a lane for each.
//!
//! ```text
//!  channel               head (consumer)                             claim (producers)
//!                           v                                          v
//!   a --+         ... | free | full | full | full by A | by B .. | full | free | ...
//!   b --+==> ring                                        the consumer stops here until B has stamped its slot
//!   c --+
//!
//!  lanes
//!   a ==> lane 0 --+
//!   b ==> lane 1 --+--> Lanes      up to 64 events of each lane in turn; B's stall is seen in lane 1 alone
//!   c ==> lane 2 --+
//! ```
//!
//! | slot `s` of a `channel`            | who may touch it                | rule |
//! |------------------------------------|---------------------------------|------|
//! | claimed, not stamped; before `head + capacity` | the producer that claimed it | R3 |
//! | `head <= s`, stamped               | the consumer                    | R4 |
//!
//! | store (Release)                   | load (Acquire)                   | what it hands over                  |
//! |-----------------------------------|----------------------------------|--------------------------------------|
//! | a slot's stamp S3               | `Consumer`, when it drains S4 | the contents of that slot            |
//! | `head.advance` S1               | `Producer`, when it fills S2  | the emptiness of slots `< head`      |
//! | the end, by the last producer S1 | `Consumer`, when it drains S2 | every stamp before the end           |
//!
//! The lanes are [`spsc`](super::spsc) rings and have its tables; between them nothing is shared.
//!
//! # Which
//!
//! |                                    | [`channel`]                                   | [`lanes`]                                |
//! |------------------------------------|-----------------------------------------------|------------------------------------------|
//! | producers                          | come and go: `Clone`                          | as many as were built                    |
//! | fill                               | lock-free: a claim that loses a race is tried again | wait-free                          |
//! | drain                              | wait-free, but **stops before a slot that was claimed and is not finished** | wait-free    |
//! | a producer that stalls in its fill | the consumer stops at its slot, the others get `Full` after the rest of the lap; all go on when it does | holds up **nobody** |
//! | the consumer stalls                | `Full` after a lap                            | `Full` after a lap of the own lane       |
//! | a fill that fails or panics        | its slot is void: the consumer passes it over | nothing published                        |
//! | order of one producer's events     | kept                                          | kept                                     |
//! | `a` was filled before the fill of `b` began | `a` comes first                      | `a` comes first only if from one producer |
//! | [`At::seq`](crate::contract::At)   | position in the ring; void slots leave gaps   | counted by the consumer, without a gap   |
//! | a fill costs                       | a compare-and-swap on a line of all producers, and a store | a store to a line of its own |
//! | an empty drain costs               | a load                                        | a load for each lane                     |
//! | memory                             | `capacity` slots, 8 bytes more each           | `capacity` slots for each producer       |
//!
//! Take the lanes where the producers are known beforehand and may be held up anywhere (by the scheduler, by a page that
//! is not there), and the channel where producers come and go, or where the order between them counts.
//!
//! Producers of a channel that fill without a rest would take its claim's line from each other with each event; one that
//! finds that it is so steps back for some pauses (less than two microseconds) when it has lost a race, so that they take
//! turns of many events. One that fills now and then does not.
//!
//! Nothing is allocated after construction, by a `clone` neither, and there is no system call. Closing goes both ways:
//! when the (last) producer is gone, the consumer drains what is left, then sees the end; when the consumer is gone,
//! producers are refused with `Closed`.
//!
//! Algorithms: of `channel`, the stamp in the slot as in Vyukov, "Bounded MPMC queue" (1024cores, 2010), with a cursor for
//! the way back as in Thompson et al., "Disruptor" (LMAX, 2011); of `lanes`, Lamport's ring, once for each producer.
//!
//! ```
//! use ringmain::channel::mpsc;
//! use ringmain::contract::{Sink, Source, Tick, each};
//!
//! let (mut a, mut rx) = mpsc::channel(8, || 0u64)?;
//! let mut b = a.clone();
//! a.push(1)?;
//! b.push(2)?;
//! let mut seen = Vec::new();
//! let _ = rx.drain(Tick::ZERO, usize::MAX, &mut each(|n: &u64| seen.push(*n)));
//! assert_eq!(seen, [1, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod consumer;
mod lanes;
mod producer;
mod turns;

pub use consumer::Consumer;
pub use lanes::{Lanes, lanes, lanes_from};
pub use producer::Producer;
pub(crate) use turns::{Numbered, Turns};

use super::follower::Follower;
use super::shared_writer::{Claims, SharedWriter};
use crate::ring::{CapacityError, Cursor, Sequence, Slots, Stamp};
use crate::sync::Arc;

/// Builds a channel of `capacity` slots (a power of two), each filled by `fill` now and reused for ever. Clone the
/// producer for more of them.
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
    let slots = Slots::new(capacity, start, fill, |at| Claims::stamp(at, capacity as u64))?;
    let shared = Arc::new(Shared { slots, claims: Claims::new(start), head: Cursor::new(start) });
    Ok((Producer::new(SharedWriter::new(shared.clone(), start)), Consumer::new(Follower::new(shared, start))))
}

/// The memory of a channel.
#[derive(Debug)]
struct Shared<T> {
    slots: Slots<T, Stamp>,
    /// Written by the producers.
    claims: Claims,
    /// Written by the consumer.
    head: Cursor,
}

// SAFETY: [R3] and [R4] give each slot to one thread at a time, so `T` moves between threads (`T: Send`) and is never
// looked at by two at once; the rest is atomic.
unsafe impl<T: Send> Sync for Shared<T> {}
