//! draft

mod consumer;
mod lanes;
mod producer;
mod turns;

pub use consumer::Consumer;
pub use lanes::{Lanes, lanes, lanes_from};
pub use producer::Producer;
pub(crate) use turns::{Numbered, Turns};

use super::shared_writer::{Claims, SharedWriter};
use super::follower::Follower;
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
