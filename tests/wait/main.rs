//! The strategies from outside: what they cost the processor, and that nobody sleeps through anything.

mod backoff;
mod bell;
#[cfg(feature = "async")]
#[path = "../kit/executor.rs"]
mod executor;
mod park;
mod ringing;
mod spin;
#[cfg(feature = "async")]
mod task;
mod usage;
mod yielding;
