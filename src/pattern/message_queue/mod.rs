//! Message queue.
mod fate;
mod lane;
mod priorities;
mod queue;
mod stage;
mod store;
mod terms;

pub use priorities::Priorities;
pub use queue::Queue;
pub use stage::QueueStage;
pub use terms::{
    AtCapacity, Consumer, Depth, Full, Lease, NoLease, NoPlace, Requeue, StaleLease, Terms, Ttl,
};
