//! Shared memory: positions, cursors, counters, stamps, slots and regions.
//!
//! The only room besides `channel` that holds `unsafe` (but for two hints to the processor in `sync`), and, with
//! `wait/bell.rs`, the only one that names a memory ordering.

mod claim;
mod counter;
mod cursor;
mod exchange;
mod notice;
mod pool;
mod presence;
mod region;
mod seat;
mod sequence;
mod slots;
mod stamp;
mod tally;
mod words;

pub use claim::Claim;
pub use counter::Counter;
pub use cursor::{Cursor, Progress};
pub use exchange::{Exchange, SlotId};
pub use notice::Notice;
pub use pool::Pool;
pub use presence::Presence;
pub use region::{Lent, Region};
pub use seat::{Place, Seat, Standing};
pub use sequence::Sequence;
pub use slots::{CapacityError, Line, Slot, Slots};
pub use stamp::{Claimable, Published, Stamp};
pub use tally::Tally;
pub use words::{Found, Plain, Words};
