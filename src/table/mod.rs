//! Bounded memory of one owner: what the patterns that have to remember something stand on.
//!
//! | type       | what it is                                           | capacity     | memory, beside the values            |
//! |------------|------------------------------------------------------|--------------|--------------------------------------|
//! | [`Slab`]   | values found again by a handle that can outlive them | any          | 8 bytes and a flag a slot            |
//! | [`Wheel`]  | values that come out when their time has come        | any          | that, 16 bytes a timer, and 3 KB     |
//! | [`Window`] | which of the next positions have been seen           | power of two | a bit a position                     |
//! | [`Index`]  | values by their keys                                 | any          | 4 bytes a place; half of them free   |
//!
//! What all have in common:
//! * The capacity is fixed when it is built, which allocates, and nothing allocates afterwards. Full is an answer that
//!   gives the value back, never a lost value.
//! * Each operation takes constant time, on average over the operations before it where that is said.
//! * The same calls give the same answers, in the same order, on every machine: there is nothing random, no address and
//!   no clock in it.
//! * They are plain values of one thread, without atomics and without `unsafe`.
//!
//! # Why not a library
//!
//! *Slab.* `slab` has no generations. `slotmap` grows unless it is guarded, takes the slot that was freed last, and counts
//! 31 bits of tenants: at 10^7 a second, a handle is mistaken for a later one after 3.6 minutes. `generational-arena` has
//! handles of 128 bits, which do not fit into the 64 of a header. Ours takes the slot that has been free for longest and
//! says how many tenants a handle is safe for.
//!
//! *Wheel.* `hierarchical_hash_wheel_timer` keeps its timers in vectors that grow; `bitwheel` is full when the few slots
//! around one time are, whatever room there is elsewhere, and is imprecise in its coarser gears; it and `nexus-timer` take
//! an `Instant`, so no test and no replay can set the time.
//!
//! *Window.* `fixedbitset` has the words, but no ring of them, no runs across the end and no wrap; what would be left for
//! it to do is five lines.
//!
//! *Index.* `hashbrown` (and so `HashMap`) marks what is removed. When the marks have used up the free places, an insertion
//! goes through the whole table, and if more than half of it is in use, allocates a larger one, also below the capacity it
//! was built with. `heapless::IndexMap` removes as we do, but has its capacity as a type parameter, lies on the stack while
//! it is built, and ends at 2^16 entries. The hash functions to be had are random, or may change with their releases, or
//! differ by the width of the machine.
#![forbid(unsafe_code)]

mod index;
mod slab;
mod wheel;
mod window;

pub use index::{Index, Mix};
pub use slab::{Handle, Slab};
pub use wheel::{TimerId, Wheel};
pub use window::{Mark, Window};

use crate::ring::CapacityError;

/// An empty vector with room for `slots`, in something that was asked to hold `asked`.
fn room_for<S>(asked: usize, slots: usize) -> Result<Vec<S>, CapacityError> {
    let mut room = Vec::new();
    room.try_reserve_exact(slots).map_err(|_| CapacityError::TooLarge { asked })?;
    Ok(room)
}
