//! Correlation identifier: every message has an id of its own, knows its conversation, and the message it follows from.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 5, "Correlation Identifier": a reply names the request that
//! it answers. Here every message that follows from another does.
//!
//! ```text
//!  order   id 1:7   conversation 1:7   cause  -           a root: Correlate, or Context::emit_root
//!    +- fill    id 2:1   conversation 1:7   cause 1:7     Context::derive
//!    |    +- report   id 3:1   conversation 1:7   cause 2:1
//!    +- reply   id 2:2   conversation 1:7   cause 1:7     Context::reply
//! ```
//!
//! An id is 8 bytes: who made it (16 bits) and the number it gave (48 bits, from 1). Nothing is random, so a replay gives
//! the same ids. 0 is no message.
//!
//! # Options
//!
//! | stage         | takes                     | holds a message by | keeps the `Again` contract                            |
//! |---------------|---------------------------|--------------------|--------------------------------------------------------|
//! | [`Correlate`] | `&mut T`, stamps in place | gate               | remembers that the event in hand is stamped            |
//! | [`Causal`]    | `&T`, fills a sink        | gate               | remembers how many outputs of the event the sink took  |
//!
//! A handler under [`Causal`] has no way to its sink but its [`Context`], which writes the ids: `derive` (follows from the
//! event), `reply` (and goes to where that said), `emit_root` (begins a conversation). It can neither forget nor forge them.
//!
//! # Bounds
//!
//! | bounded                         | at the bound                                                                         |
//! |---------------------------------|--------------------------------------------------------------------------------------|
//! | ids of one maker: 2^48 - 1, 32 days at 10^8 a second | [`Exhausted::Counter`]; in a stage, `Reject(TableFull)`, for ever: nobody opens another [`Origin`] but you, and builds the stage anew with it |
//! | makers: what [`Origins`] was given, at most 2^16 | [`Exhausted::Producers`]: recycle numbers whose messages are gone, by [`Origins::new`] |
//!
//! Numbers of makers are taken from [`Origins`] at each start, after those that the last run used, so that ids of a new run
//! never meet those that an old run left in a journal. A full sink in the middle of a handler is `Again`: the handler is
//! called again, and what the sink took already is passed over.
//!
//! # Costs
//!
//! An id is an addition and a comparison. No allocation, no shared memory but the ledger, no system call; making an id is
//! wait-free, a stage is as its sink is.
//!
//! | what                                | ns   | over                                       |
//! |-------------------------------------|------|--------------------------------------------|
//! | [`Origin::make`]                    | 0.33 | nothing: it is all of it                   |
//! | [`Correlate`], in place             | 0.69 | writing the same ids by hand               |
//! | [`Causal`], one derived into a slot | 1.89 | filling the same slot by hand, without ids |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- correlation`: nanoseconds an event over the row named, from the
//! quickest sample of each in five rounds, as other work took its turns on the machine (an AMD EPYC, virtual), 24 November
//! 2026. A tenth of a nanosecond is noise.
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
//!
//! # A scene
#![doc = concat!("```\n", include_str!("../../../examples/correlation.rs"), "```")]

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
