//! Correlation identifier: every message has an id of its own, knows its conversation, and the message it follows from.
//!
//! ```text
//!  order   id 1:7   conversation 1:7   cause  -           a root: Correlate, or Context::emit_root
//!    +- fill    id 2:1   conversation 1:7   cause 1:7     Context::derive
//!    |    +- report   id 3:1   conversation 1:7   cause 2:1
//!    +- reply   id 2:2   conversation 1:7   cause 1:7     Context::reply
//! ```
//!
//! An id is 8 bytes: who made it (16 bits) and the number it gave (48 bits, from 1). Nothing is random, so a replay gives
//! the same ids. 2^48 last 32 days at 10^8 messages a second; numbers of makers are a bounded resource, taken from
//! [`Origins`] at each start, so that ids of a new run never meet those that an old run left in a journal.
//!
//! | stage         | takes                     | holds a message by | keeps the `Again` contract                            |
//! |---------------|---------------------------|--------------------|--------------------------------------------------------|
//! | [`Correlate`] | `&mut T`, stamps in place | gate               | remembers that the event in hand is stamped            |
//! | [`Causal`]    | `&T`, fills a sink        | gate               | remembers how many outputs of the event the sink took  |
//!
//! Bounds: 48 bits of counter, then [`Exhausted::Counter`]; 16 bits of producer, then [`Exhausted::Producers`]. Costs:
//! an id is an addition and a comparison. No allocation, no shared memory but the ledger, no system call.
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Correlated, Message, Sink, Source, SourceMut, Tick, each};
//! use ringmain::pattern::{Causal, Correlate, Origins};
//!
//! let mut origins = Origins::new(1..=9);
//! let (mut tx, mut orders) = spsc::channel(4, Message::<u32>::default)?;
//! let (fills, mut report) = spsc::channel(4, Message::<u64>::default)?;
//!
//! let fill = Causal::new(
//!     origins.open()?,
//!     |order: &Message<u32>, ctx| {
//!         ctx.derive(|fill| {
//!             fill.body = u64::from(order.body);
//!             Ok(())
//!         })?;
//!         Ok(())
//!     },
//!     fills,
//! );
//! let mut stages = Correlate::new(origins.open()?, fill);
//! tx.offer(|order| order.body = 5)?;
//! let _ = orders.drain_mut(Tick::ZERO, 4, &mut stages);
//! let _ = report.drain(Tick::ZERO, 4, &mut each(|fill: &Message<u64>| {
//!     assert_eq!(fill.body, 5);
//!     assert_eq!(fill.ids().cause, fill.ids().conversation);
//! }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod causal;
mod context;
mod correlate;
mod origin;

pub use causal::Causal;
pub use context::Context;
pub use correlate::Correlate;
pub use origin::{Exhausted, Origin, Origins};

use crate::contract::{Fault, Reason};

/// What a message is rejected with when no id is left for it.
const NO_ID: Fault = Fault::of(Reason::TableFull);
