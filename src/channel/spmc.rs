//! One producer, many consumers that share the work: each event goes to one of them.
//!
//! ```text
//!            head (the consumers' next claim)          tail (the producer)
//!               v                                         v
//!  ... | taken | in A's hand | taken | full | full | full | free | free | ...
//! ```
//!
//! The ring of [`mpmc`], which says who may touch which slot and by what rule, where a thread that stalls
//! holds others up, what full and empty mean, what a consumer has in hand, and what closing does. All of it holds here; but
//! with one producer
//!
//! | in a fill           | instead of                                                                                   |
//! |---------------------|-----------------------------------------------------------------------------------------------|
//! | a store claims      | a read-modify-write: a fill is **wait-free**                                                  |
//! | nothing is left by one that fails or panics | a void slot                                                           |
//! | nobody has an older claim | a slot of another producer that consumers stop before: what a push has returned for is seen |
//!
//! Order: first in, first out for the claims; a consumer sees the events in the order they were filled in. Algorithm: as
//! [`mpmc`], after Vyukov.
//!
//! ```
//! use ringmain::channel::spmc;
//! use ringmain::contract::{Sink, Source, Tick, each};
//!
//! let (mut tx, mut rx) = spmc::channel(8, || 0u64)?;
//! let mut other = rx.clone();
//! tx.push(1)?;
//! tx.push(2)?;
//! let _ = rx.drain(Tick::ZERO, 1, &mut each(|n: &u64| assert_eq!(*n, 1)));
//! let _ = other.drain(Tick::ZERO, 1, &mut each(|n: &u64| assert_eq!(*n, 2)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::mpmc;
use crate::ring::{CapacityError, Sequence};

pub use super::mpmc::Consumer;

/// The only producer of a ring. It cannot be cloned.
///
/// ```compile_fail
/// let (tx, _rx) = ringmain::channel::spmc::channel(8, || 0u64).unwrap();
/// let second = tx.clone(); // one producer
/// ```
pub type Producer<T> = mpmc::Producer<T, mpmc::One>;

/// Builds a channel of `capacity` slots (a power of two), each filled by `fill` now and reused for ever. Clone its
/// consumer for more of them.
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
    mpmc::ends(start, capacity, fill)
}
