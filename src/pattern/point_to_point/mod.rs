//! Point-to-point channel: each event goes to one of several consumers.

mod choice;
mod dispatch;
mod held;
mod key_hash;
mod loss;
mod partition;
mod single_active;
mod worker;

pub use choice::{Choice, InTurn, LeastLoaded, Standing};
pub use dispatch::Dispatch;
pub use key_hash::KeyHash;
pub use loss::{AtMostOnce, Loss, Redeliver};
pub use partition::{BySeq, Partition};
pub use single_active::SingleActive;
pub use worker::{Ack, Job, Worker};
