//! How a thread spends an empty turn.
//!
//! | strategy     | wakes after                               | an idle thread takes         | system calls an empty turn | needs |
//! |--------------|-------------------------------------------|------------------------------|----------------------------|-------|
//! | [`BusySpin`] | one transfer of a cache line              | a processor                  | none                       | a processor of its own |
//! | [`Yielding`] | the same, or when the others yield        | what the others leave        | one                        | -     |
//! | [`Backoff`]  | at most twice the time waited, 1 ms       | nearly nothing               | one (none while it spins)  | -     |
//! | [`Park`]     | a wake-up by the system; at most 1 ms where nobody rings | nearly nothing | one (none while it spins)  | its [`Bell`] on the ports |
//!
//! The times are those of the default settings. [`Backoff`] is the strategy to begin with, [`Park`] where the other side
//! can ring and a millisecond is too long, [`BusySpin`] where a processor can be given away.
//!
//! None of them allocates while it waits. All but `BusySpin` give the processor away in a row that lasts, so that
//! threads may outnumber processors.
//!
//! A task of an executor waits at a port by the same bells: see `task`, behind the feature `async`.
#![forbid(unsafe_code)]

mod backoff;
mod bell;
mod park;
mod patience;
mod ringing;
mod spin;
#[cfg(feature = "async")]
pub mod task;
mod yielding;

pub use backoff::Backoff;
pub use bell::Bell;
pub use park::Park;
pub use ringing::Ringing;
pub use spin::BusySpin;
pub use yielding::Yielding;
