//! Point-to-point channel: each event goes to exactly one of several consumers.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 4, "Point-to-Point Channel" (page 103): of all that
//! listen, one gets the message. Who that is, is the question of chapter 10: "Competing Consumers" (page 502) and
//! "Message Dispatcher" (page 508). Single active consumer is a name of RabbitMQ's.
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
//! # Options
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
//! | claim         | gates the ring once it comes round to its slot ([`mpmc::strict`]: never) | in order ([`Pump::leave`]): it finishes what it has in hand first; else that is lost, at most one event, and counted: `abandoned` | at any time, by `clone`; of [`mpmc::strict`]: never | once |
//! | dispatch      | is passed over; with [`KeyHash`], its keys wait | in order: what it has not begun with goes to others; else dropped and counted ([`AtMostOnce`]), or delivered to others ([`Redeliver`]) | at any time, by [`WorkerChange::Join`] | twice |
//! | single active | gates the ring                            | the next goes on with exactly the next event | at any time, by `clone` | once |
//!
//! *No consumer at all*: as long as somebody keeps an end of the ring, a ring of `C` slots takes `C` events
//! and refuses the next with `Full`; the first consumer that is driven gets them in order. When the last end
//! is dropped the ring is `Closed`. A [`Dispatch`] that workers join, and where nobody is, leaves events in its source: the
//! same.
//!
//! *Leaving in order* loses nothing, in each mode as far as it can. A [`Partition`] is fixed. A claim cannot be given
//! back, as others have gone on behind it: so who leaves finishes what it has [in hand](crate::contract::Source::in_hand)
//! and claims nothing more; [`Pump::leave`] does that, and [`mpmc`] says what a batch means for a stage that says `Stop`.
//! A [`Worker`] says to the dispatcher that it leaves, whenever it is dropped but in a panic.
//!
//! *Affinity.* [`KeyHash`] sends a key to the same one of `N` in all modes that have it. It moves when its
//! worker is gone, and then only the keys of that worker do: what the worker had comes first, then the new
//! events. So nothing is reordered by it, but what a worker that died had done and not acknowledged is done twice.
//! Where the one that it belongs to joins, it moves at a moment at which nothing of it is in flight, and not before; of
//! one that is to leave, likewise.
//!
//! *Poison.* An event that each consumer panics on ends each of them, if nothing catches it: put a [`Catch`]
//! around the stage, and a [`DeadLetter`] around that; under a [`Dispatch`], the `Catch` alone: a [`Worker`]
//! reports the failure, and after the last attempt [`Redeliver`] writes the letter.
//!
//! # Bounds
//!
//! | bounded                                                   | at the bound                                            |
//! |-----------------------------------------------------------|---------------------------------------------------------|
//! | parts, or seats of workers: fixed when it is built; seats up to 64 | more do not compile                           |
//! | workers that join: as many as there are seats             | the rings of one more are closed at once                |
//! | events that a [`Dispatch`] holds: `in_flight`             | `Again`: the event waits, and all behind it             |
//! | the ring of a worker                                      | another worker that the [`Choice`] allows, or `Again`   |
//! | deliveries of an event: the attempts of [`Redeliver`]     | a letter, `AttemptsExhausted`; [`AtMostOnce`]: one delivery |
//! | the letter box of [`Redeliver`]                           | the event waits, and those to be delivered again behind it |
//! | the source of a [`SingleActive`]: one                     | its other members wait, as many as were cloned          |
//!
//! Partition, claim and single active hold nothing (gate); a dispatch holds a copy of each event in flight (hold). A
//! ring of acknowledgements with room for `in_flight` and one more is never full. Nothing allocates after construction if
//! `clone_from` does not. Partition and dispatch are wait-free if what is behind them is; a claim is lock-free; a
//! member of [`SingleActive`] that waits looks at one word, and taking over is lock-free.
//!
//! # Costs
//!
//! | what                                      | ns   | over                                    |
//! |-------------------------------------------|------|-----------------------------------------|
//! | a [`Filter`] that keeps one in 4, by hand | 0.25 | a stage that does nothing               |
//! | [`Partition::by_seq`], one in 4           | 0.3  | a stage that does nothing               |
//! | ... one in 5                              | 0.5  | a stage that does nothing               |
//! | [`Partition::by_key`], one in 4           | 0.4  | a stage that does nothing               |
//! | two hops by hand, to 4 rings and back     | 2.5  | nothing: it is all of it                |
//! | [`Dispatch`], [`InTurn`], 4 workers       | 7.9  | the same; 5.4 over the hops by hand     |
//! | ... [`Redeliver`]                         | 8.1  | the same                                |
//! | ... [`KeyHash`]                           | 9.1  | the same                                |
//! | ... [`LeastLoaded`]                       | 19.5 | the same                                |
//! | a hop through [`SingleActive`]            | 0.0  | the hop alone                           |
//! | a turn of a member that waits             | 4.2  | nothing: it is all of it                |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- 'point to point'`: nanoseconds an event (or a turn) over the
//! row named, medians, on an idle machine (an AMD EPYC, virtual), 24 November 2026. A tenth of a nanosecond is noise.
//! What [`mpmc`] costs is in the README.
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
//! # A scene
//! `examples/point_to_point.rs`, which `cargo run --example point_to_point` runs:
#![doc = concat!("```\n", include_str!("../../../examples/point_to_point.rs"), "```")]
//!
//! [`Filter`]: crate::pattern::Filter
//! [`Pump::leave`]: crate::contract::Pump::leave
//! [`Catch`]: crate::pattern::Catch
//! [`DeadLetter`]: crate::pattern::DeadLetter
//! [`multicast`]: crate::channel::multicast
//! [`spmc`]: crate::channel::spmc
//! [`mpmc`]: crate::channel::mpmc
//! [`mpmc::strict`]: crate::channel::mpmc::strict

mod affinity;
mod choice;
mod desk;
mod dispatch;
mod held;
mod key_hash;
mod loss;
mod membership;
mod partition;
mod seats;
mod single_active;
mod worker;

pub use choice::{Choice, InTurn, LeastLoaded, Standing};
pub use dispatch::Dispatch;
pub use key_hash::KeyHash;
pub use loss::{AtMostOnce, Loss, Redeliver};
pub use membership::{Badge, Badges, WorkerChange};
pub use partition::{BySeq, Partition};
pub use single_active::SingleActive;
pub use worker::{Ack, Job, Worker};
