//! Records of any length, one producer, one consumer.
//!
//! ```text
//!        head (consumer)                                 tail (producer)
//!          v                                               v
//!  | free | 5 | hello | 12 | what a world | 0 | padding    | free         |      capacity = 2^k bytes, reused for ever
//! ```
//!
//! A record lies in a row, at an address that is a multiple of 8, behind a header of 8 bytes that says how long it is
//! (`frame.rs` has it bit by bit). The producer claims room for it and writes where it will be read; the consumer is
//! shown the bytes where they lie, as `&[u8]`. Where the ring ends before a record does, the rest of the ring becomes
//! padding, published together with the record behind it. Records without a byte are records, too.
//!
//! | bytes                               | who may touch them | rule |
//! |-------------------------------------|--------------------|------|
//! | `tail <= s < head + capacity`       | the producer       | R3 |
//! | `head <= s < tail`                  | the consumer       | R4 |
//!
//! R5: from `head` on, frame follows frame without a gap up to `tail`; every frame begins at a multiple of 8, lies in a
//! row, and padding is never the last one. The producer alone writes headers, and only so, hence the consumer believes
//! them.
//!
//! | store (Release)      | load (Acquire)            | what it hands over                       |
//! |----------------------|---------------------------|------------------------------------------|
//! | `tail.advance` S1  | `Consumer`, when it drains  | the headers and bytes before `tail`      |
//! | `head.advance` S1  | `Producer`, when it claims  | the emptiness of the bytes before `head` |
//!
//! Positions count bytes, headers and padding among them: [`At::seq`](crate::contract::At) is where the header of the
//! record stands, so it grows with each record, by more than one.
//!
//! # Costs
//!
//! Two cursors and `capacity` bytes, allocated in [`channel`] and never again; 8 bytes a record, up to 7 to fill it up to
//! a multiple of 8, and once a lap what is left at the end. A commit is one Release store (a [`Batch`] has one for all of
//! its records), and a claim an Acquire load only when the position of `head` that was seen last says full. A drain is
//! one load, and one store a batch (one in 4 KiB of a long batch).
//!
//! **Wait-free** both ways: a side that stalls, the producer with a claim in its hand or the consumer in its stage,
//! makes the other see nothing new, or `Full`, and no more than that. A claim that is not committed was never there. No
//! system call.
//!
//! Order: first in, first out. Where several threads put in, give each a channel of its own, and merge them with
//! [`Sequencer`](crate::pattern::Sequencer): none then waits for another.
//!
//! # The longest record
//!
//! A record has at most `capacity / 2 - 8` bytes ([`Producer::max_record`]): so many an empty ring takes at once,
//! wherever in it the last record ended. Say it ended `o` bytes behind the beginning. A frame (header and record) fits
//! behind `o` if it is at most `capacity - o` long. If it is longer, it has to begin a lap anew, and the padding takes
//! `capacity - o` of the ring's bytes: `o` are left. So there is a row for every frame of up to `max(o, capacity - o)`
//! bytes, which is least, `capacity / 2`, for an `o` in the middle. A frame of half the ring never waits for more than the
//! consumer; one that is longer may be refused by an empty ring, and for ever.
//!
//! Algorithm: Lamport, "Specifying concurrent program modules" (1983), over bytes; the padding at the end of a lap as in
//! Thompson and Montgomery's Agrona and Aeron.
//!
//! ```
//! use ringmain::channel::bytes;
//! use ringmain::contract::{Source, Tick, each};
//!
//! let (mut tx, mut rx) = bytes::channel(1024)?;
//! tx.push(b"one piece")?;
//! let mut claim = tx.claim(100)?; // room for what is not known to be that long
//! claim[..4].copy_from_slice(b"part");
//! claim.commit_len(4);
//!
//! let mut seen = Vec::new();
//! let _ = rx.drain(Tick::ZERO, usize::MAX, &mut each(|bytes: &[u8]| seen.push(bytes.to_vec())));
//! assert_eq!(seen, [&b"one piece"[..], b"part"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod consumer;
mod frame;
mod producer;

pub use consumer::Consumer;
pub use producer::{Batch, Claim, Producer};

use crate::contract::{Fault, Halt, Reason};
use crate::ring::{CapacityError, Cursor, Region, Sequence};
use crate::sync::Arc;
use frame::HEADER;

/// The smallest ring that a record with something in it fits through.
pub const MIN_CAPACITY: usize = 4 * HEADER;

/// Builds a channel of `capacity` bytes, a power of two.
///
/// # Errors
/// [`CapacityError`] if the capacity is less than [`MIN_CAPACITY`], not a power of two, or too large.
pub fn channel(capacity: usize) -> Result<(Producer, Consumer), CapacityError> {
    channel_from(Sequence::ZERO, capacity)
}

/// As [`channel`], with positions counted from `start`, or from the multiple of 8 before it: for tests that begin just
/// before the wrap.
///
/// # Errors
/// As [`channel`].
#[doc(hidden)]
pub fn channel_from(start: Sequence, capacity: usize) -> Result<(Producer, Consumer), CapacityError> {
    if capacity < MIN_CAPACITY {
        return Err(CapacityError::TooSmall { asked: capacity, least: MIN_CAPACITY });
    }
    // [R5] holds from here on.
    let start = start.minus(start.count() % HEADER as u64);
    let region = Region::new(capacity)?;
    let shared = Arc::new(Shared { region, tail: Cursor::new(start), head: Cursor::new(start) });
    Ok((Producer::new(shared.clone(), start), Consumer::new(shared, start)))
}

/// Why there is no room for a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClaimError {
    /// It is longer than any record of this ring may be. Stable.
    TooLong {
        /// The bytes asked for.
        len: usize,
        /// The longest record: [`Producer::max_record`].
        max: usize,
    },
    /// There is no room now. May be stale at once.
    Full,
    /// Nobody will read: the consumer is gone. Stable.
    Closed,
}

impl core::fmt::Display for ClaimError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooLong { len, max } => {
                write!(f, "a record of {len} bytes is too long: send at most {max}, or build a larger ring")
            }
            Self::Full => f.write_str("the ring is full: try again, or wait with `offer_waiting`"),
            Self::Closed => f.write_str("the ring is closed: its consumer is gone"),
        }
    }
}

impl core::error::Error for ClaimError {}

/// So that a stage can say `tx.push(bytes)?`.
impl From<ClaimError> for Halt {
    #[inline]
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::TooLong { .. } => Self::Reject(Fault::of(Reason::NonRetryable)),
            ClaimError::Full => Self::Again,
            ClaimError::Closed => Self::Stop,
        }
    }
}

#[derive(Debug)]
struct Shared {
    region: Region,
    /// Written by the producer.
    tail: Cursor,
    /// Written by the consumer.
    head: Cursor,
}
