//! Aggregator: events that belong together are put together, and go on as one when they are complete.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 7, "Aggregator" (page 268): a stateful filter that collects
//! correlated messages until the set is complete. The book asks for three things, a correlation, a completeness condition
//! and an aggregation algorithm; and warns that an aggregator has to forget a group one day, and to remember that it did.
//!
//! ```text
//!                              table: at most G groups
//!  k1 k2 k1 -- k3              +--------------------------+     in the order of closing
//!   +----> has a key, ... ---->| k1   n=2   sum   timer   |
//!          not late,           | k2   n=1   sum   timer   |      +--> next     complete, or EmitPartial
//!          not twice,          | k3   n=4   sum   closed  |------+--> dead     Dlc
//!          there is room       +--------------------------+      +--> nobody   Discard, counted
//!                                        |
//!                              [ a . b c . . d . ]   Store, if members are kept: M a group, T in all
//! ```
//!
//! # Options
//!
//! | built by                   | a group is                             | the stages after take                       | a member          |
//! |----------------------------|----------------------------------------|---------------------------------------------|-------------------|
//! | [`Aggregator::new`]        | folded into an `A: Copy`               | [`Aggregate<K, &mut A>`](Aggregate)         | is not kept       |
//! | [`Aggregator::collecting`] | that, and its members, in a [`Store`]  | [`Aggregate<K, Collected<A, T>>`](Collected) | `&mut T` is moved, `&T` copied by `clone_from` |
//!
//! When a group closes is said in [`Conditions`], each by a name of its own:
//!
//! | condition                                     | closes a group                                                        |
//! |-----------------------------------------------|-----------------------------------------------------------------------|
//! | [`new_key`](Conditions::new_key)              | before another key opens one                                          |
//! | [`before`](Conditions::before)                | before an event that does not go with it, which opens the next        |
//! | [`after`](Conditions::after)                  | when what is folded is enough                                         |
//! | [`size`](Conditions::size)                    | with so many events                                                   |
//! | [`parts`](Conditions::parts)                  | with as many as their headers say; what comes twice is a [`Duplicate`] |
//! | [`weight`](Conditions::weight)                | when its events weigh so much                                         |
//! | [`inactivity`](Conditions::inactivity)        | so long after its last event                                          |
//! | [`total`](Conditions::total)                  | so long after its first event                                         |
//! | [`interval`](Conditions::interval)            | at the multiples of a time, all at once                               |
//! | [`force`](Aggregator::force)                  | when somebody says so: one key, or all                                |
//! | the last turn, at [`Tick::MAX`]               | always                                                                |
//!
//! The table is in the order in which they are looked at for one event, and then at the end of a turn; the first that holds is
//! told, as [`ClosedBy`]. The timers come behind the events of their turn: an event that came in time is never too late
//! because the thread was.
//!
//! | said in a [`Policy`]           | about                                         | is one of                                       |
//! |--------------------------------|-----------------------------------------------|-------------------------------------------------|
//! | [`Full`]                       | a group too many, or a member                 | reject, evict the oldest or the least used, block, fail |
//! | [`Late`]                       | an event of a group that closed               | a new group; drop or reject, for the last K keys |
//! | [`Pending`]                    | ... whose result did not go on yet            | the next group, or it waits                     |
//! | [`Unfinished`]                 | a group that is not complete: in time, at the end, evicted | it goes on as partial, to the dead, to nobody |
//! | [`FoldFailure`]                | an event that cannot be folded                | it alone is rejected, or its group is given up, too |
//! | [`Overfull`], in the [`Store`] | a group with as many members as may be kept   | it closes, the next one is rejected, fail       |
//!
//! | | |
//! |-|-|
//! | `Again`     | what the stage after has no room for waits in its place in the table, closed, and goes on in order; events come in as long as there is room, and timers go on |
//! | a rejection | of a result is booked as dropped, under its reason: a dead letter channel belongs below. What this stage rejects (late, no key, no room, not folded) is an event in hand, for one above |
//! | the dead    | a stage for groups that are given up, not a dead letter channel: it takes a group as `next` does. That it stops is the end, too |
//! | a panic     | of the fold is a failure to fold, under [`Reason::Panic`]; of a stage after, it gives the group up. In both cases it unwinds first, as everywhere |
//! | the end     | while there are groups the end of a turn answers `Again`: a pump whose source is closed gives it more turns. A turn at [`Tick::MAX`] is the last. What is left when it is dropped is discarded, under [`Reason::Shutdown`] |
//! | restart     | groups do not outlive the process                                                                     |
//!
//! The books have a second line, [`MemberBalance`]: `folded = emitted + discarded[reason] + held`, so that a group that is
//! given up is not lost from sight.
//!
//! # Bounds
//!
//! | bounded                                        | at the bound                                                          |
//! |------------------------------------------------|-----------------------------------------------------------------------|
//! | groups, open or waiting to go on: G            | those that wait are waited for; if all are open, [`Full`]             |
//! | members of a group, of all groups: M, T        | [`Overfull`]; as with a full table                                    |
//! | closed keys that are remembered: K             | the oldest is forgotten: an event of it opens a group                 |
//! | parts: 64                                      | an event of more is rejected under [`Reason::InvalidKey`]             |
//! | timers: one a group                            | there is always room                                                  |
//!
//! A policy that would wait for ever ([`Full::Block`] without a time), and conditions under which no group would ever close,
//! are not built: [`Unbuildable`]. For more than one thread, divide the keys among several aggregators
//! ([`Partition`](crate::pattern::Partition)): they share nothing.
//!
//! # Costs
//!
//! All memory when it is built. An event costs its key, a look into a hash table, the fold of a copy of `A`, and a
//! comparison for each condition that is said; a timer is armed when a group opens and cancelled when it closes, and events
//! do not touch it. The end of a turn looks at one bitmap, if nothing is due. Wait-free, if the stages after are; one event
//! may bring on as many groups as there are, and a replaced part folds its group anew.
//!
//! | what                                                  | ns   | over                          |
//! |-------------------------------------------------------|------|-------------------------------|
//! | an event folded into one of 64 groups, in turn        | 7.5  | nothing: it is all of it      |
//! | ... of 64 groups, scattered                           | 8.2  | the same                      |
//! | ... of 1,024                                          | 10   | the same                      |
//! | ... of 16,384                                         | 14   | the same                      |
//! | ... of 131,072                                        | 16   | the same                      |
//! | ... of 1,048,576                                      | 80   | the same: memory              |
//! | a group of one event: opened, closed, gone            | 27   | the same                      |
//! | ... with a timer                                      | 29   | the same                      |
//! | an event kept, of groups of four, with a timer        | 14   | the same                      |
//! | the end of a turn, 16,384 timers, none of them due    | 8    | the same                      |
//!
//! Provisional: measured by `cargo bench -p ringmain --bench pattern -- aggregator` on a machine that had other work (an AMD
//! EPYC, virtual, with two processors for a dozen programs), 24 November 2026. It is what a tenth of the samples did not
//! exceed, as the medians of such a machine say little.
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Agent, At, Fault, Flow, Sink, Source, Tick};
//! use ringmain::pattern::Nowhere;
//! use ringmain::pattern::aggregator::{
//!     Aggregate, Aggregator, ClosedBy, Conditions, FoldFailure, Full, Late, Pending, Policy, Unfinished,
//! };
//! use std::time::Duration;
//!
//! let policy = Policy {
//!     groups: 64,
//!     full: Full::EvictOldest(Unfinished::EmitPartial),
//!     late: Late::NewGroup,
//!     pending: Pending::NewEpoch,
//!     expired: Unfinished::EmitPartial,
//!     stopped: Unfinished::EmitPartial,
//!     failure: FoldFailure::SkipMessage,
//! };
//! let conditions =
//!     Conditions { size: Some(3), inactivity: Some(Duration::from_nanos(10)), ..Conditions::NONE };
//! let add = |sum: &mut u64, n: &u64| -> Result<(), Fault> {
//!     *sum += n;
//!     Ok(())
//! };
//! let mut log = Vec::new();
//! let next = |sum: Aggregate<u64, &mut u64>, _: At| -> Flow {
//!     log.push((sum.key, *sum.value, sum.n, sum.closed_by));
//!     Ok(())
//! };
//! // Even and odd numbers.
//! let stage = Aggregator::new(policy, conditions, |n: &u64| Some(n % 2), 0, add, Nowhere, next)?;
//! let (mut tx, rx) = spsc::channel(8, || 0u64)?;
//! let mut agent = rx.drive(stage);
//! for n in [1, 10, 3, 20, 5] {
//!     tx.push(n)?;
//! }
//! let _ = agent.work(Tick::from_nanos(0));
//! let _ = agent.work(Tick::from_nanos(10));
//! drop(agent);
//! assert_eq!(log, [(1, 9, 3, ClosedBy::Size), (0, 30, 2, ClosedBy::Inactivity)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
//! `examples/aggregator.rs`, which `cargo run --example aggregator` runs:
#![doc = concat!("```\n", include_str!("../../../examples/aggregator.rs"), "```")]
//!
//! [`Tick::MAX`]: crate::contract::Tick::MAX
//! [`Reason::Panic`]: crate::contract::Reason::Panic
//! [`Reason::Shutdown`]: crate::contract::Reason::Shutdown
//! [`Reason::InvalidKey`]: crate::contract::Reason::InvalidKey

mod admission;
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
