//! Resequencer: events that come out of order go on in the order of their numbers, and what is missing is told.
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
//! Two of them, for two questions:
//!
//! | type                | orders                                 | the stage after takes     | a missing number                |
//! |---------------------|----------------------------------------|---------------------------|---------------------------------|
//! | [`Resequencer`]     | an endless stream of numbered events   | [`Ordered<&mut T>`](Ordered) | an [`Ordered::Gap`], or it waits |
//! | [`BatchResequencer`] | each batch by itself, by any key      | `&mut T`                  | is not noticed                  |
//!
//! What comes out of a [`Resequencer`] is an [`Ordered`], so that whoever takes it has to say what he does about a gap: a
//! `match` that forgets it does not compile. [`Apart`] gives the three kinds to three stages. A request to send again
//! (a Nak) is no part of the stream: it goes the other way, to a stage of its own.
//!
//! | | |
//! |-|-|
//! | holds       | what is out of order, moved into one of a fixed number of slots (hold); what is in order goes on from where it lies (gate) |
//! | bounded by  | the window, or the batch; what comes beyond is [`Ahead`]'s matter                         |
//! | `&mut T`    | changes places with what an earlier event left in the slot: nothing is copied, owning values move |
//! | `&T`        | is copied by `clone_from`, if it is out of order; the stage after takes `Ordered<&T>`      |
//! | `Again`     | the item that the stage after had no room for comes next, unchanged; until then nothing new is taken, and no time runs out |
//! | a rejection | of an event in hand comes out; of one that was held it is booked as dropped, under its reason: a dead letter channel belongs below |
//! | a panic     | of the stage after uses the number up, so that it is no hole; a held event is booked as `dropped[Panic]` |
//! | the end     | while something is held the end of a turn answers `Again`: a pump whose source is closed gives it more turns. A turn at [`Tick::MAX`](crate::contract::Tick::MAX) is the last: [`Closing`] says what becomes of the rest. What is held when it is dropped is `dropped[Shutdown]` |
//! | time        | as it is told: by `at.now` and at the end of a turn, after the events of that turn        |
//! | costs       | all memory in `new`. An event in order: its number and a comparison. One out of order: a move and a bit; out again: a bit |
//!
//! Hohpe and Woolf, *Enterprise Integration Patterns*, page 283.
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

mod apart;
mod batch;
mod hole;
mod lent;
mod policy;
mod release;
mod shelf;
mod sorter;
mod stream;

pub use apart::Apart;
pub use batch::{Batch, BatchResequencer, Equals, Sort};
pub use policy::{Ahead, Closing, Duplicate, Hole, Late, Number, Policy, Start, Unbuildable};
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
