//! Point-to-point channel: each event goes to one of several consumers.

mod key_hash;
mod partition;
mod single_active;

pub use key_hash::KeyHash;
pub use partition::{BySeq, Partition};
pub use single_active::SingleActive;
