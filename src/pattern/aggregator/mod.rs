//! Aggregator: events that belong together become one.

mod books;
mod chain;
mod closed_keys;
mod closing;
mod conditions;
mod gatherer;
mod group;
mod groups;
mod policy;
mod stage;
mod store;

pub use books::{MemberAccount, MemberBalance};
pub use conditions::{ClosedBy, Conditions, Duplicate, Force, Parts, Weight};
pub use group::Aggregate;
pub use policy::{FoldFailure, Full, Late, Overfull, Pending, Policy, Unbuildable, Unfinished};
pub use stage::Aggregator;
pub use store::{Collected, Folded, Members, Store};

use books::MemberBooks;
