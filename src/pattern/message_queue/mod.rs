//! Message queue: a message stays until a consumer has done it, whenever that one comes.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf) has it in chapter 3, "Message Channel" (page 60), and in chapter 4,
//! "Point-to-Point Channel" (page 103); what it asks of a consumer is in chapter 10, "Competing Consumers" (page 502). The
//! words are those of the field: ready, prefetch, nack and attempts of RabbitMQ's quorum queues, the lease and its extension
//! of Amazon's SQS and NATS JetStream.
//!
//! ```text
//!                     publish                    lease                     ack
//!   (full: as the    ---------->  [  READY   ]  ------->  [  LEASED  ]  ------->  gone, and `out`
//!    AtCapacity says)               ^  ^  ^               |  |  |  |
//!                                   |  |  +-- release ----+  |  |  |    no attempt
//!                                   |  +---- nack(Front, Back), lapsed, consumer gone    an attempt
//!                                   |                           |  |
//!                                   +-- its time -- [ DELAYED ] <--+    nack(Delay)
//!                                                               |
//!      expired, from READY and DELAYED; attempts used up;       v
//!      nack(DeadLetter) -------------------------------->  [ DOOMED ] --- room ---> a letter
//! ```
//!
//! # Options
//!
//! | what                    | ways                                                                                       |
//! |-------------------------|--------------------------------------------------------------------------------------------|
//! | at capacity (no default) | [`AtCapacity`]: `Reject`, `DropNewest`, `DropOldest`, `DeadLetter`                         |
//! | priorities              | [`Priorities`]: one, up to 8 strict, up to 8 weighted                                      |
//! | a time to live          | [`Ttl`]: `Exact` by a timer, `Lazy` when it is its turn                                    |
//! | attempts                | any number, or [`Queue::attempts`]; then a letter                                          |
//! | a lease                 | until it is answered (`Duration::MAX`), or for a span, which [`Queue::extend`] moves       |
//! | what could not be done  | [`Requeue`]: `Front`, `Back`, `Delay`, `DeadLetter`; or [`Queue::release`]                 |
//! | consumers               | in the same thread, by [`Queue::lease`]; on others, by [`QueueStage`] and [`Worker`]s      |
//!
//! *Order*: messages are ready in the order of publishing, within a priority. What lapses, is released or was delayed goes
//! back to its own place there; only `Front` and `Back` change the order, and what is requeued so is passed over as long as
//! its number is the smaller one when another one looks for its place.
//!
//! *Attempts* are leases: `nack`, a lapse, and a consumer that leaves count; a release does not. A message at its limit is a
//! letter, whatever was asked for, so poison that is put to the front ends.
//!
//! *A lease lapses while its consumer answers*: one of the two is first, and the other finds a [`StaleLease`] or nothing: a
//! lease is a slot and a generation, as a [`Handle`] is. A time to live does not end while somebody has the message; if it
//! comes back later than that, it has expired.
//!
//! *Delivery* is at least once: a consumer that did it and did not say so in time did it for another one, too.
//!
//! *Watermark*: acknowledgements come in any order; [`Queue::watermark`] is the number up to which all messages are gone. It
//! is read off the oldest one that is there (all are in a list of their numbers), so one that stays for ever holds it, and
//! nothing else, up.
//!
//! *Which of two*: [`Dispatch`](crate::pattern::Dispatch) hands on what comes, at once, and keeps it until it is done; with no
//! room at any worker its source waits. A queue stores: its source and its consumers need not be there at the same time.
//!
//! # Bounds
//!
//! | bounded                                            | at the bound                                                 |
//! |----------------------------------------------------|--------------------------------------------------------------|
//! | messages: ready, leased, delayed and doomed together | as [`AtCapacity`] says                                     |
//! | leases of a consumer: its prefetch                 | [`NoLease::Prefetch`]                                        |
//! | consumers                                          | [`NoPlace`]                                                  |
//! | attempts                                           | a letter, under `AttemptsExhausted`                          |
//! | the letters                                        | the message waits, doomed, and counts; if they are closed it is dropped, under `Shutdown` |
//! | priorities: 8                                      | more do not compile; a message that asks for more has the highest |
//! | timers: two a message                              | never more                                                   |
//!
//! # Costs
//!
//! | a message, published, leased and acknowledged          | ns  | over                                    |
//! |--------------------------------------------------------|-----|-----------------------------------------|
//! | [`Queue`], without a timer                             | 31  | in and out of a `VecDeque`              |
//! | ... with a lease that ends                             | 76  | the same                                |
//! | ... with a time to live that ends                      | 57  | the same                                |
//! | ... with a lazy time to live                           | 31  | the same                                |
//! | ... with 4 weighted priorities                         | 41  | the same                                |
//! | ... with 1,024 messages ready                          | 30  | the same                                |
//! | ... with 1,048,576 messages ready                      | 31  | the same                                |
//! | acknowledging 64 out of order                          | 0   | acknowledging them in order             |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- 'message queue'`: the smaller of two medians, the other of two
//! processors busy with something else (an AMD EPYC, virtual), 24 November 2026. An entry is some 110 bytes beside the
//! event, which is moved in and out of the table.
//!
//! Two consumers, one of which is too slow:
//! ```
//! use ringmain::contract::Tick;
//! use ringmain::pattern::message_queue::{AtCapacity, NoLease, Queue, StaleLease, Terms};
//! use ringmain::pattern::LetterBox;
//! use std::time::Duration;
//!
//! let letters = LetterBox::new(8, String::new);
//! let mut queue = Queue::new(16, 2, AtCapacity::Reject, "jobs", letters)?;
//! let second = Duration::from_secs(1);
//! queue.publish(Tick::ZERO, Terms::PLAIN, "print".to_string())?;
//!
//! let (slow, quick) = (queue.join(1)?, queue.join(1)?);
//! let late = queue.lease(slow, Tick::ZERO, second)?;
//! assert_eq!(queue.lease(quick, Tick::ZERO, second), Err(NoLease::Empty));
//!
//! let now = Tick::ZERO.after(second);
//! let lease = queue.lease(quick, now, second)?;
//! assert_eq!((queue.attempt(lease)?, queue.get(lease)?.as_str()), (2, "print"));
//! assert_eq!(queue.ack(late), Err(StaleLease));
//! assert_eq!(queue.ack(lease)?, "print"); // moved out, not copied
//! assert_eq!(queue.watermark(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
//! `examples/message_queue.rs`, which `cargo run --example message_queue` runs:
#![doc = concat!("```\n", include_str!("../../../examples/message_queue.rs"), "```")]
//!
//! [`Worker`]: crate::pattern::Worker
//! [`Handle`]: crate::table::Handle

mod fate;
mod lane;
mod priorities;
mod queue;
mod stage;
mod store;
mod terms;

pub use priorities::Priorities;
pub use queue::Queue;
pub use stage::QueueStage;
pub use terms::{
    AtCapacity, Consumer, Depth, Full, Lease, NoLease, NoPlace, Requeue, StaleLease, Terms, Ttl,
};
