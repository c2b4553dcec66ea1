//! The patterns of the book, as stages.
//!
//! | pattern              | type                    | holds | at a full output                                           |
//! |----------------------|-------------------------|-------|------------------------------------------------------------|
//! | message filter       | [`Filter`], [`Criterion`] | gate | waits                                                     |
//! | dead letter channel  | [`DeadLetter`], [`Letter`], [`LetterBox`] | gate | as its [`Overflow`] says                    |
//! | catching panics      | [`Catch`]               | -     | waits                                                      |
//! | sequencer            | [`Sequencer`]           | gate  | waits                                                      |
//! | correlation identifier | [`Correlate`], [`Causal`], [`Origin`] | gate | waits                                      |
//! | crossing to a ring   | [`Forward`]             | gate  | waits                                                      |
//!
//! *Gate*: the event stays in its slot and the stage's cursor does not pass it: nothing is copied, and while it waits,
//! everything behind it waits. *Fold*: it goes into an accumulator at once. *Hold*: it is moved to a bounded store.
//!
//! What all have in common:
//! * The stage after is the last argument. Every stage forwards `on_batch_end`, keeps books ([`Ledger`]) and shows them
//!   ([`Account`], by `account()`), and allocates nothing after construction.
//! * Full is [`Halt::Again`], and the event comes again; what the stage did with it already, it remembers. So a user's
//!   closure meets each event once, also one that has state.
//! * A rejection that a stage makes is `dead_lettered` in its own books, whether or not a dead letter channel is there
//!   to take it; one that only passes through it from the stage after is `out`. What nobody catches, the pump drops.
//! * A panic of the user's code unwinds through the stages to the pump, which ends, unless a [`Catch`] stands between.
//!   Nothing that came before the event is lost, and the event in hand is not booked.
//!
//! [`Ledger`]: crate::contract::Ledger
//! [`Account`]: crate::contract::Account
//! [`Halt::Again`]: crate::contract::Halt::Again
#![forbid(unsafe_code)]

mod catch;
mod correlation;
mod criterion;
mod dead_letter;
mod filter;
mod forward;
mod sequencer;

pub use catch::Catch;
pub use correlation::{Causal, Context, Correlate, Exhausted, Origin, Origins};
pub use criterion::{Changed, Criterion, Expiry, IfItPanics, RateLimit, Sample, Verdict};
pub use dead_letter::{DeadLetter, Edits, Keeps, Letter, LetterBox, Looks, Overflow, Remedy, Retry};
pub use filter::{Filter, Nowhere};
pub use forward::Forward;
pub use sequencer::{ByKey, Order, RoundRobin, Sequencer};

use crate::contract::{Flow, Halt};

/// Of two answers to the end of a turn, the one that says more.
fn worse(one: Flow, other: Flow) -> Flow {
    if other == Err(Halt::Stop) { other } else { one.and(other) }
}
