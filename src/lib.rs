//! In-process messaging for low-latency systems: rings, patterns as stages, pinned agents.
//!
//! ```text
//!             one thread                                     another
//!  +---------------------------------+         +------------------------------------+
//!  | feed ==fill==> [ring] ==drain==> | check > | ==> [ring] ==drain==> book > stats |
//!  +---------------------------------+         +------------------------------------+
//!           Sink       Source           Stage         a Pump is an Agent: it has turns
//! ```
//!
//! Events lie in the slots of a ring, allocated once and reused for ever; what travels is a position. A *stage* handles
//! an event where it lies, without a thread, a loop or a clock of its own; stages nest. A *pump* binds a stage to the
//! source it drains and is an *agent*: a thing that has turns. Who gives it turns (a pinned thread, one of several
//! agents on it, your own loop, a test, a model checker) is decided where the program is put together.
//!
//! After construction nothing on the way of an event allocates, locks or calls the system.
//!
//! # Which room
//!
//! | room         | what is in it                                                                             |
//! |--------------|-------------------------------------------------------------------------------------------|
//! | [`contract`] | the words: `Flow`, `Stage`, `Source`, `Sink`, `Agent`, `Ledger`, `Tick`                    |
//! | [`channel`]  | rings with ends: where events cross from thread to thread                                 |
//! | [`pattern`]  | *Enterprise Integration Patterns* (Hohpe and Woolf) as stages                             |
//! | [`wait`]     | how a thread spends an empty turn                                                         |
//! | `run`        | threads: named, pinned, stopped, joined                                                   |
//! | [`metric`]   | the books of every stage, and latency histograms                                          |
//! | [`ring`]     | the shared memory underneath                                                              |
//!
//! # Which type
//!
//! | you have                                              | take                                                        |
//! |-------------------------------------------------------|-------------------------------------------------------------|
//! | one thread that sends, one that receives              | [`channel::spsc`]                                           |
//! | several that send, one that receives                  | [`channel::mpsc::channel`]                                  |
//! | ... and none may hold up another                      | [`channel::mpsc::lanes`]                                    |
//! | several that share the work, each event to one        | [`channel::spmc`], [`channel::mpmc`]                        |
//! | ... and none may hold up another                      | [`channel::mpmc::strict`]                                   |
//! | several that all see every event, in an order you set | [`channel::multicast::Multicast::new`]                      |
//! | ... and several that send                             | [`channel::multicast::Multicast::many`]                     |
//! | many that look on, and the sender never waits         | [`channel::broadcast`]                                      |
//! | readers that come and go, and say what slow means     | [`channel::publish_subscribe`]                              |
//! | ... by topics, with wildcards and last values         | [`pattern::publish_subscribe`]                              |
//! | only the newest value                                 | [`channel::latest`]                                         |
//! | records of any length                                 | [`channel::bytes`]                                          |
//! | a full ring that must not stop the sender             | [`channel::overflow`]                                       |
//! | a viewer that comes second and may leave              | `ring.optional().reader(..)`                                |
//! | one event, one of several handlers                    | [`pattern::ContentRouter`]                                  |
//! | one event, each of several handlers                   | [`pattern::Fanout`], or readers if each deserves a thread   |
//! | only some events                                      | [`pattern::Filter`]                                         |
//! | another type behind than before                       | [`pattern::Translator`]                                     |
//! | events that cannot be handled                         | [`pattern::DeadLetter`], around the stage that refuses them |
//! | to know what belongs together                         | [`pattern::Correlate`]                                      |
//!
//! # The smallest program
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Agent, Sink, Source, Tick, Work, each};
//! use ringmain::pattern::Filter;
//!
//! let (mut tx, rx) = spsc::channel(1024, || 0i64)?;
//! let mut agent = rx.drive(Filter::new(|n: &i64| *n > 0, each(|n: &i64| println!("{n}"))));
//!
//! tx.offer(|n| *n = 42)?;
//! tx.offer(|n| *n = -1)?;
//! assert_eq!(agent.work(Tick::ZERO), Work::Busy(2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod channel;
pub mod contract;
#[cfg(not(loom))]
pub mod metric;
pub mod pattern;
pub mod ring;
#[cfg(not(loom))]
pub mod run;
#[doc(hidden)]
pub mod sync;
pub mod wait;

/// The programs of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
