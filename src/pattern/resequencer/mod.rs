//! Resequencer: events that come out of order go on in the order of their numbers, and what is missing is told.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 7, "Resequencer" (page 283): a filter with a store,
//! which keeps what came too early until what belongs before it has come. The book warns of a message that never comes,
//! and of a store that overruns; here a [`Policy`] has to say what becomes of both.
//!
//! ```text
//!                      next = 3, window of 8
//!  3 ------------------------------------------> 3, then what waited for it
//!  5, 4, 7 ---> [ . 4 5 . 7 . . . ]   held       (moved into a slot, `number & 7`)
//!  2       ---> late                             Late:      drop, reject, pass on as a stray
//!  5 again ---> occupied                         Duplicate: keep the first, keep the last, reject
//!  11      ---> beyond the window                Ahead:     advance, drop, reject, block
//!  6 missing, and time runs out                  Hole:      skip, halt;  before that, `nak` asks for it again
//! ```
//!
//! # Options
//!
//! Three of them, for three questions:
//!
//! | type                | orders                                 | the stage after takes     | a missing number                |
//! |---------------------|----------------------------------------|---------------------------|---------------------------------|
//! | [`Resequencer`]     | an endless stream of numbered events   | [`Ordered<&mut T>`](Ordered) | an [`Ordered::Gap`], or it waits |
//! | [`KeyedResequencer`] | many such streams, one for each key    | those, as [`Keyed`] items | the same, of its key            |
//! | [`BatchResequencer`] | each batch by itself, by any key      | `&mut T`                  | is not noticed                  |
//!
//! What comes out of a [`Resequencer`] is an [`Ordered`], so that whoever takes it has to say what he does about a gap: a
//! `match` that forgets it does not compile. [`Apart`] gives the three kinds to three stages. A request to send again
//! (a Nak) is no part of the stream: it goes the other way, to a stage of its own.
//!
//! | said in a [`Policy`]    | about                                    | is one of                            |
//! |-------------------------|------------------------------------------|--------------------------------------|
//! | [`Start`]               | the first number                         | this one, that of the first event, the smallest that comes within a time |
//! | [`Late`]                | a number that went on, or was given up   | drop, reject, pass on as a stray     |
//! | [`Duplicate`]           | a number that is held                    | keep the first, keep the last, reject |
//! | [`Ahead`]               | a number beyond the window               | advance, drop, reject, block         |
//! | [`Hole`]                | a number that does not come              | wait, skip it after a time, halt after a time; before, [`nak`](Resequencer::nak) |
//! | [`Closing`]             | what is held in the last turn            | release in order with gaps, pass on as strays |
//! | [`Keys`], [`TableFull`] | a new key, when there are as many as may be | rejected, the oldest or the least recently used evicted, block, fail |
//!
//! | | |
//! |-|-|
//! | `&mut T`    | changes places with what an earlier event left in the slot: nothing is copied, owning values move |
//! | `&T`        | is copied by `clone_from`, if it is out of order; the stage after takes `Ordered<&T>`      |
//! | `Again`     | the item that the stage after had no room for comes next, unchanged; until then nothing new is taken, and no time runs out |
//! | a rejection | of an event in hand comes out; of one that was held it is booked as dropped, under its reason: a dead letter channel belongs below |
//! | a panic     | of the stage after uses the number up, so that it is no hole; a held event is booked as `dropped[Panic]` |
//! | the end     | while something is held the end of a turn answers `Again`: a pump whose source is closed gives it more turns. A turn at [`Tick::MAX`](crate::contract::Tick::MAX) is the last: [`Closing`] says what becomes of the rest. What is held when it is dropped is `dropped[Shutdown]` |
//! | time        | as it is told: by `at.now` and at the end of a turn, after the events of that turn        |
//!
//! # Bounds
//!
//! | bounded                                                            | at the bound                                      |
//! |--------------------------------------------------------------------|---------------------------------------------------|
//! | the window: a power of two, at most half of all numbers of the type | what comes beyond is [`Ahead`]'s matter          |
//! | a hole: a time, if [`Hole`] says so; the first one alone           | a gap, or the end; with [`Hole::Wait`], when the window moves, or in the last turn |
//! | requests by [`nak`](Resequencer::nak): so many for a hole          | what [`Hole`] says                                |
//! | keys: so many at a time, each with a window of its own              | [`TableFull`]                                     |
//! | a batch: its size, up to 2^32 - 1, and a time                      | it is sorted, and goes on; until it has, nothing new is taken |
//!
//! What is out of order is moved into one of a fixed number of slots (hold); what is in order goes on from where it
//! lies (gate). A policy that would wait for ever ([`Ahead::Block`] with [`Hole::Wait`]) is not built: [`Unbuildable`].
//!
//! # Costs
//!
//! All memory in `new`. An event in order: its number and a comparison; of many keys, a look-up before. Timers of many
//! keys are in a [wheel](crate::table::Wheel): a turn in which none is due looks at one bitmap. One out of order: a move and a bit; out again:
//! a bit. A batch: a sort of n events in the turn that completes it, n log n. Wait-free, if the stages after are; one
//! event may bring on as many as the window holds.
//!
//! | what                                            | ns         | over                               |
//! |-------------------------------------------------|------------|------------------------------------|
//! | in order, window of 16 to 1,024                 | 2.0 to 2.3 | a stage that matches an [`Ordered`] (0.56) |
//! | backwards: all are held                         | 5.2        | the same                           |
//! | pairs swapped, window of 256                    | 5.5        | the same                           |
//! | [`BatchResequencer`], batches of 16, shuffled   | 5.5        | nothing: it is all of it           |
//! | ... of 256                                      | 8.7        | nothing: it is all of it           |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- resequencer`: nanoseconds an event over the row named,
//! medians, on an idle machine (an AMD EPYC, virtual), 24 November 2026. A tenth of a nanosecond is noise.
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Agent, At, Flow, Sink, SourceMut, Tick};
//! use ringmain::pattern::resequencer::{
//!     Ahead, Closing, Duplicate, Hole, Late, Missing, Ordered, Policy, Resequencer, Start,
//! };
//! use std::time::Duration;
//!
//! let policy = Policy {
//!     start: Start::Fixed(1),
//!     late: Late::Drop,
//!     duplicate: Duplicate::KeepFirst,
//!     ahead: Ahead::Advance,
//!     hole: Hole::Skip { after: Duration::from_nanos(500) },
//!     closing: Closing::Release,
//! };
//! let mut log = Vec::new();
//! let stage = Resequencer::new(8, policy, |n: &u32| *n, u32::default, |item: Ordered<&mut u32>, _: At| -> Flow {
//!     log.push(match item {
//!         Ordered::Event(n) => format!("{n}"),
//!         Ordered::Gap(Missing { from, to }) => format!("{from} to {to} are missing"),
//!         Ordered::Stray(n, why) => format!("{n}, which is {why}"),
//!     });
//!     Ok(())
//! })?;
//! let (mut tx, rx) = spsc::channel(8, || 0u32)?;
//! let mut agent = rx.drive_mut(stage);
//! for n in [2, 1, 5] {
//!     tx.push(n)?;
//! }
//! let _ = agent.work(Tick::from_nanos(0));
//! let _ = agent.work(Tick::from_nanos(499));
//! let _ = agent.work(Tick::from_nanos(500));
//! drop(agent);
//! assert_eq!(log, ["1", "2", "3 to 4 are missing", "5"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
//! `examples/resequencer.rs`, which `cargo run --example resequencer` runs:
#![doc = concat!("```\n", include_str!("../../../examples/resequencer.rs"), "```")]

mod apart;
mod batch;
mod hole;
mod keyed;
mod lent;
mod places;
mod policy;
mod release;
mod shelf;
mod sorter;
mod stream;
mod streams;

pub use apart::Apart;
pub use batch::{Batch, BatchResequencer, Equals, Sort};
pub use keyed::{Endless, KeyedResequencer, Last};
pub(in crate::pattern) use lent::Lay;
pub use policy::{Ahead, Closing, Duplicate, Hole, Late, Number, Policy, Start, Unbuildable};
pub use policy::{Keys, TableFull};
pub use stream::Resequencer;

use crate::contract::{Message, Reason};

/// What a [`Resequencer`] gives to the stage after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ordered<E> {
    /// The next one: its number is larger than that of every event and gap before it.
    Event(E),
    /// These numbers are given up: none of them comes as an [`Event`](Self::Event) any more.
    Gap(Missing),
    /// An event outside of the order, and why: [`Reason::Late`] by [`Late::Pass`], [`Reason::GapSkipped`] by
    /// [`Hole::Halt`], [`Reason::Shutdown`] by [`Closing::Stray`].
    Stray(E, Reason),
}

/// What a [`KeyedResequencer`] gives on, with the key it is of: an [`Ordered`], or, as a request, what is [`Missing`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keyed<K, X> {
    /// The key.
    pub key: K,
    /// What is of it.
    pub item: X,
}

/// Numbers that did not come, both ends included. In serial arithmetic: `to` is the smaller one where numbers wrap between.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Missing {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// The number that a sequencer wrote into a message's header: for [`Resequencer::new`].
#[must_use]
pub fn header_seq<T>(message: &Message<T>) -> u64 {
    message.header.seq
}
