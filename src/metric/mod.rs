//! What the bus tells of itself: every stage's books, and where the time goes.
//!
//! ```text
//!   stage --counts--> Ledger ==publish, once a batch==> Account --- Books::read, any thread, any time
//!   stage --1 in n--> Probe (its own histogram) ==drop==> Latencies::read
//! ```
//!
//! | part          | on the hot path                                     | elsewhere                           |
//! |---------------|-----------------------------------------------------|-------------------------------------|
//! | [`Books`]     | nothing: the ledgers are the stages' own            | `read` allocates the statement      |
//! | [`Latency`]   | `record`: two stores, no allocation, never fails    | one allocation when made            |
//! | [`Probe`]     | a mask; for one event in n, two readings of a clock | a lock, once, when the probe drops  |
#![forbid(unsafe_code)]

mod books;
mod latency;
mod probe;

pub use books::{Books, Statement, Unbalanced};
pub use latency::{Latency, Summary};
pub use probe::{Latencies, NotPowerOfTwo, OneIn, Probe, Timed};
