//! In-process messaging for low-latency systems: ring channels, patterns as stages, pinned agents.

pub mod channel;
pub mod contract;
#[cfg(not(loom))]
pub mod metric;
pub mod pattern;
pub mod ring;
#[doc(hidden)]
pub mod sync;
pub mod wait;
