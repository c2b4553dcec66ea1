//! Shared memory: positions, cursors, counters, stamps and slots.
//!
//! The only room besides `channel` that holds `unsafe` (but for one hint to the processor in `sync`), and, with
//! `wait/bell.rs`, the only one that names a memory ordering.

mod claim;
mod counter;
mod cursor;
mod sequence;
mod slots;
mod stamp;
mod tally;

pub use claim::Claim;
pub use counter::Counter;
pub use cursor::{Cursor, Progress};
pub use sequence::Sequence;
pub use slots::{CapacityError, Slot, Slots};
pub use stamp::{Claimable, Published, Stamp};
pub use tally::Tally;
