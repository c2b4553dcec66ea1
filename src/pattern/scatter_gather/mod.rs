//! Scatter-gather: one question to many, and one result, of the answers to that question alone.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 7, "Scatter-Gather" (page 297): "broadcasts a message to
//! multiple recipients and re-aggregates the responses back into a single message". Its two forms are here: *distribution*,
//! to a list of recipients, and *auction*, to whoever hears it. Asking one after the other is Dean and Barroso, "The Tail at
//! Scale" (CACM 2013).
//!
//! ```text
//!                      request { id = producer | generation | recipient, slot }
//!              +==> ring 0 ==> Server --+
//!  Scatter ====+==> ring 1 ==> Server --+    each a server as in request-reply
//!  table,      +==> ring 2 ==> Server --+
//!  timers                               |
//!    ^   fold(acc, recipient, answer)   |
//!    +=========== one reply ring <======+
//!    |
//!    +-- poll(now): Gathered { ending, who has answered, failed, is missing; acc }, once for each scatter
//! ```
//!
//! # Options
//!
//! | to be said                        | is                                                                                |
//! |-----------------------------------|-----------------------------------------------------------------------------------|
//! | who is asked                      | a [`Distribution`], with a ring for each (of which [`Scatter::ask_of`] asks some); an [`Auction`], with one ring for all |
//! | when it is complete               | [`All`], [`Quorum`], [`FirstSuccess`], [`FirstAny`], [`AtDeadline`], [`Until`]; any [`Rule`] |
//! | when it cannot be any more        | [`IfImpossible::FailFast`], [`IfImpossible::WaitPartial`]                          |
//! | when a recipient's ring is full   | [`IfFull::AllOrNothing`], [`IfFull::BestEffort`]                                   |
//! | what becomes of an answer         | the fold, a closure of the user; [`best`] keeps the one with the highest score     |
//! | all at once, or one after another | [`Scatter::hedged`]                                                               |
//! | how long it is waited             | a `Duration` of each [`Scatter::ask`]                                             |
//! | asking on behalf of somebody      | [`Scatter::ask_for`]: the same conversation, one deeper, no longer than he waits  |
//!
//! The servers are those of [request-reply](super::request_reply), and so are the tickets, the faults and the order of
//! things: an entry, its timer, and then the requests; in a poll the replies that are there, and then the timers. So an
//! answer that was published in time counts, and one to an earlier tenant of a slot, or to another requester, does not.
//!
//! A scatter is over once, for one reason: [`Ending`]. The answer that makes it complete is the last that is folded; what
//! comes later is counted for its recipient ([`Scatter::late`]), as what one says twice is ([`Scatter::duplicates`]).
//!
//! **Losers are not told.** There is no message that takes a request back. What a loser has is the deadline of its request:
//! a [`Server`](super::Server) that comes to it later does not do the work, and an agent of one's own sees it by
//! [`Caller::gave_up`](super::Caller::gave_up).
//!
//! **Who is gone has failed**, of [`RESPONDER_GONE`](super::RESPONDER_GONE), in every scatter that waits for it: one whose
//! request ring is found closed, one that [`Scatter::remove`] names, and everybody if the reply ring is closed. As there is
//! one reply ring for all, that a single server is gone is seen when it is asked next, or when somebody says so.
//!
//! In an auction nobody knows who is missing, so a rule that has to know it does not compile:
//! ```
//! # use ringmain::{channel::spsc, pattern::*};
//! # let (requests, _) = spsc::channel(8, Request::<u64>::default)?;
//! # let (_, replies) = spsc::channel(8, Reply::<u64>::default)?;
//! # let port = Addresses::new(1..=1).open()?;
//! # let (if_impossible, if_full) = (IfImpossible::FailFast, IfFull::AllOrNothing);
//! # let sum = |sum: &mut u64, _: usize, n: &mut u64| *sum += *n;
//! let desk = Desk::new(Origin::new(1), port, replies, Auction::new(16, requests)?);
//! Scatter::new(8, Policy { rule: Quorum(2), if_impossible, if_full }, sum, desk)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! ```compile_fail,E0277
//! # use ringmain::{channel::spsc, pattern::*};
//! # let (requests, _) = spsc::channel(8, Request::<u64>::default)?;
//! # let (_, replies) = spsc::channel(8, Reply::<u64>::default)?;
//! # let port = Addresses::new(1..=1).open()?;
//! # let (if_impossible, if_full) = (IfImpossible::FailFast, IfFull::AllOrNothing);
//! # let sum = |sum: &mut u64, _: usize, n: &mut u64| *sum += *n;
//! let desk = Desk::new(Origin::new(1), port, replies, Auction::new(16, requests)?);
//! Scatter::new(8, Policy { rule: All, if_impossible, if_full }, sum, desk)?; // 9.d10
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Bounds
//!
//! | bound                                       | at the bound                                                              |
//! |---------------------------------------------|---------------------------------------------------------------------------|
//! | open scatters: as built, at most 1,024      | [`Unasked::PendingFull`](super::Unasked), nothing is published            |
//! | recipients: 64                              | does not compile; an auction has `dropped[TableFull]` for more bidders    |
//! | a request ring                              | [`IfFull`]                                                                |
//! | the reply ring                              | [`WhenFull`](super::WhenFull), said for each server                       |
//! | nested questions                            | [`MAX_DEPTH`](super::MAX_DEPTH)                                           |
//! | tenants of a slot                           | 2^32 - 1, the slot that was free longest first; see [`Slab`](crate::table::Slab) |
//!
//! It holds an accumulator, the masks, a timer and room for a fault of each recipient for each scatter (fold), never a
//! message, but for a copy of the question where one is asked after the other. With [`IfFull::AllOrNothing`] the rings are
//! filled within one another, as [`AllOrNothing`](super::AllOrNothing) does it; so a request ring with several producers is
//! left with a void slot when one behind it is full.
//!
//! A fold or a rule that panics makes the recipient of that answer fail of
//! [`Reason::Panic`](crate::contract::Reason::Panic), and the scatter goes on by its rule.
//!
//! # Costs
//!
//! An entry and a timer a scatter; for each recipient a request, and a match by index, the fold and the rule. No allocation
//! after construction, no shared memory but the rings and the books, no clock, no thread. Wait-free if the rings are.
//!
//! | what                                            | 1 recipient | 3    | 8    | over                |
//! |-------------------------------------------------|-------------|------|------|---------------------|
//! | asked, and all have answered                    | 27.1        | 39.8 | 68.0 | the rings alone     |
//! | ... [`IfFull::AllOrNothing`]                    |             | 46.3 | 80.8 | the rings alone     |
//! | a [`Quorum`] of 2 and of 5, the others late     |             | 46.7 | 74.2 | the rings alone     |
//! | asked and timed out, and the rings              | 55.9        | 67.2 | 85.9 | nothing: it is all of it |
//!
//! So it is some 21 ns a scatter and 6 a recipient. Measured by
//! `cargo bench -p ringmain --bench pattern -- scatter_gather`: nanoseconds a scatter over the row named, from the quickest
//! sample of each in five rounds, as other work took its turns on the machine (an AMD EPYC, virtual), 24 November 2026. What
//! more recipients do to the slowest of many is not measured.
//!
//! ```
//! use ringmain::contract::{Flow, Source, Tick};
//! use ringmain::pattern::{
//!     Ending, IfDead, IfFull, IfImpossible, Origins, Quorum, Request, Responder, Scatter, Server, Policy, WhenFull,
//!     distribution,
//! };
//! use std::time::Duration;
//!
//! let mut origins = Origins::new(1..=9);
//! let (desk, dealers) = distribution::<u64, u64, 3>(origins.open()?, 64)?;
//! let policy = Policy { rule: Quorum(2), if_impossible: IfImpossible::FailFast, if_full: IfFull::BestEffort };
//! let sum = |sum: &mut u64, _: usize, answer: &mut u64| *sum += *answer;
//! let mut scatter = Scatter::new(64, policy, sum, desk)?;
//!
//! let now = Tick::ZERO;
//! let ticket = scatter.ask(now, Duration::from_micros(50), 0, |n| *n = 12)?;
//! for (mut requests, ports) in dealers {
//!     let square = |request: &Request<u64>, answer: &mut u64| -> Flow {
//!         *answer = request.body * request.body;
//!         Ok(())
//!     };
//!     let responder = Responder::new(origins.open()?, ports);
//!     let _ = requests.drain(now, 9, &mut Server::new(WhenFull::Block, IfDead::Drop, square, responder));
//! }
//! let told = scatter.poll(now, |whose, outcome| {
//!     assert_eq!((whose, outcome.ending, *outcome.acc), (ticket, Ending::Complete, 288));
//!     Ok(())
//! });
//! assert_eq!((told, scatter.late(2)), (Ok(1), 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
//! `examples/scatter_gather.rs`, which `cargo run --example scatter_gather` runs:
#![doc = concat!("```\n", include_str!("../../../examples/scatter_gather.rs"), "```")]

mod auction;
mod audience;
mod best;
mod desk;
mod gathered;
mod gathering;
mod hedge;
mod policy;
mod rule;
mod scatter;
mod tally;

pub use auction::Auction;
pub use audience::{Audience, Distribution};
pub use best::best;
pub use desk::{Desk, RingDealer, RingDesk, distribution};
pub use gathered::{Ending, Gathered};
pub use policy::{IfFull, IfImpossible, Policy};
pub use rule::{All, AtDeadline, FirstAny, FirstSuccess, FitFor, Quorum, Rule, Until};
pub use scatter::Scatter;
pub use tally::Tally;
