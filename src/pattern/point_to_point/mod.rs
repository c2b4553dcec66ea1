//! Point-to-point channel: each event goes to exactly one of several consumers.
//!
//! ```text
//!   partition   events ==> (ring) ==> reader > [ mine? ] > work        each sees all, and does its part
//!                                 ==> reader > [ mine? ] > work
//!
//!   claim       events ==> (ring) ==> consumer > work                  whoever claims an event has it
//!                                 ==> consumer > work
//!
//!   dispatch    events > [ dispatch ] == Job ==> (ring) ==> worker     one stage hands out, and hears
//!                             ^       == Job ==> (ring) ==> worker     what becomes of it
//!                             +== Ack == (ring) <=========== ...
//!
//!   single      events ==> (ring) ==> active > work                    one does all, and another takes over
//!   active                            waits
//! ```
//!
//! # Which mode
//!
//! | mode                              | is                                        | who gets an event | order                                   | progress               |
//! |-----------------------------------|-------------------------------------------|-------------------|-----------------------------------------|------------------------|
//! | partition                         | [`Partition`], in a [`Filter`] around the stage of each [`multicast`] reader | position or key says | within each part, so of each key | wait-free |
//! | claim                             | [`spmc`], [`mpmc`], [`mpmc::strict`]      | whoever is first  | of claims; two consumers do not wait for each other | lock-free  |
//! | dispatch                          | [`Dispatch`] and [`Worker`]s              | its [`Choice`] says | of each worker; with [`KeyHash`], of each key | wait-free        |
//! | single active                     | [`SingleActive`]                          | the active one    | of the source                           | as the source          |
//!
//! | mode          | a consumer is slow or stands still        | a consumer goes                              | one more joins | events hop |
//! |---------------|-------------------------------------------|----------------------------------------------|----------------|------------|
//! | partition     | gates the ring, for all                   | closes the ring (an optional reader: its part is lost) | never | once       |
//! | claim         | gates the ring once it comes round to its slot ([`mpmc::strict`]: never) | what it had in hand is lost, at most one event, and counted: `abandoned` | at any time, by `clone` | once |
//! | dispatch      | is passed over; with [`KeyHash`], its keys wait | dropped and counted ([`AtMostOnce`]), or delivered to others ([`Redeliver`]) | never | twice |
//! | single active | gates the ring                            | the next goes on with exactly the next event | at any time, by `clone` | once |
//!
//! *No consumer at all*: as long as somebody keeps an end of the ring, a ring of `C` slots takes `C` events
//! and refuses the next with `Full`; the first consumer that is driven gets them in order. When the last end
//! is dropped the ring is `Closed`.
//!
//! *Affinity.* [`KeyHash`] sends a key to the same one of `N` in all modes that have it. It moves when its
//! worker is gone, and then only the keys of that worker do: what the worker had comes first, then the new
//! events. So nothing is reordered by it, but what the worker had done and not acknowledged is done twice.
//!
//! *Poison.* An event that each consumer panics on ends each of them, if nothing catches it: put a [`Catch`]
//! around the stage, and a [`DeadLetter`] around that; under a [`Dispatch`], the `Catch` alone: a [`Worker`]
//! reports the failure, and after the last attempt [`Redeliver`] writes the letter.
//!
//! The names: competing consumers, selective by hash, and message dispatcher (Hohpe and Woolf, *Enterprise
//! Integration Patterns*, pages 103, 502 and 508); single active consumer (RabbitMQ).
//!
//! A queue for two workers, one of which goes:
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Agent, Sink, Source, Tick, each};
//! use ringmain::pattern::LetterBox;
//! use ringmain::pattern::point_to_point::{Ack, Dispatch, InTurn, Job, Redeliver, Worker};
//!
//! let (mut orders, from_orders) = spsc::channel(8, || 0u64)?;
//! let [(a, at_a), (b, at_b)] = [spsc::channel(8, Job::default)?, spsc::channel(8, Job::default)?];
//! let [(of_a, from_a), (of_b, from_b)] = [spsc::channel(8, Ack::default)?, spsc::channel(8, Ack::default)?];
//! let again = Redeliver::new("orders", 3, LetterBox::new(8, || 0u64));
//! let dispatch = Dispatch::new(InTurn::new(), again, 8, [(a, from_a), (b, from_b)])?;
//! let books = dispatch.account();
//! let mut dispatcher = from_orders.drive(dispatch);
//!
//! for order in 1..=4 {
//!     orders.push(order)?;
//! }
//! let _ = dispatcher.work(Tick::ZERO); // 1 and 3 to a, 2 and 4 to b
//! drop((at_a, of_a)); // a goes
//! let _ = dispatcher.work(Tick::ZERO); // 1 and 3 to b
//! let mut done = Vec::new();
//! let mut worker = at_b.drive(Worker::new(of_b, each(|order: &u64| done.push(*order))));
//! let _ = (worker.work(Tick::ZERO), dispatcher.work(Tick::ZERO));
//! assert_eq!((books.read().input, books.read().out), (4, 4));
//! drop(worker);
//! assert_eq!(done, [2, 4, 1, 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Filter`]: crate::pattern::Filter
//! [`Catch`]: crate::pattern::Catch
//! [`DeadLetter`]: crate::pattern::DeadLetter
//! [`multicast`]: crate::channel::multicast
//! [`spmc`]: crate::channel::spmc
//! [`mpmc`]: crate::channel::mpmc
//! [`mpmc::strict`]: crate::channel::mpmc::strict

mod choice;
mod dispatch;
mod held;
mod key_hash;
mod loss;
mod partition;
mod single_active;
mod worker;

pub use choice::{Choice, InTurn, LeastLoaded, Standing};
pub use dispatch::Dispatch;
pub use key_hash::KeyHash;
pub use loss::{AtMostOnce, Loss, Redeliver};
pub use partition::{BySeq, Partition};
pub use single_active::SingleActive;
pub use worker::{Ack, Job, Worker};
