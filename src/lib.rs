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
//! | [`table`]    | bounded memory of one owner: slab with handles, timers, window of positions, hash table   |
//! | `run`        | threads: named, pinned, stopped, joined; the plan of a program, checked and drawn         |
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
//! | ... by key, or by load, and one of them may fail      | [`pattern::Dispatch`], see [`pattern::point_to_point`]      |
//! | ... of which one works, and another takes over        | [`pattern::SingleActive`]                                   |
//! | several that all see every event, in an order you set | [`channel::multicast::Multicast::new`]                      |
//! | ... and several that send                             | [`channel::multicast::Multicast::many`]                     |
//! | many that look on, and the sender never waits         | [`channel::broadcast`]                                      |
//! | readers that come and go, and say what slow means     | [`channel::publish_subscribe`]                              |
//! | only the newest value                                 | [`channel::latest`]                                         |
//! | records of any length                                 | [`channel::bytes`]                                          |
//! | a full ring that must not stop the sender             | [`channel::overflow`]                                       |
//! | a viewer that comes second and may leave              | `ring.optional().reader(..)`                                |
//! | a graph that is checked before it runs, and drawn     | `run::Plan`                                                 |
//!
//! # Which pattern
//!
//! | pattern                | type                                                                                              | take it for                                                                                                                             | it guarantees                                                                                    |
//! |------------------------|---------------------------------------------------------------------------------------------------|-----------------------------------------------------------------------------------------------------------------------------------------|--------------------------------------------------------------------------------------------------|
//! | message filter         | [`pattern::Filter`]                                                                               | only some events                                                                                                                        | what is kept goes on unchanged and in order; what is not is counted                              |
//! | content-based router   | [`pattern::ContentRouter`]                                                                        | one event, one of several handlers                                                                                                      | exactly one branch, by the first rule that holds; order within each; no route is a rejection     |
//! | dynamic router         | [`pattern::RuleSwitch`]                                                                           | a router whose rules change while it runs                                                                                               | one set of rules for each event, that of its number                                              |
//! | recipient list         | [`pattern::RecipientList`]                                                                        | one event, some of several handlers                                                                                                     | each that is named, exactly once                                                                 |
//! | fan-out                | [`pattern::Fanout`]                                                                               | one event, each of several handlers; a reader each if they deserve a thread                                                             | each branch exactly once, in order, the one event for all                                        |
//! | fan-out into rings     | [`pattern::AllOrNothing`]                                                                         | one event, several rings that must agree                                                                                                | every ring has it, or none                                                                       |
//! | full branch            | [`pattern::Shed`], [`pattern::Refuse`], [`pattern::Divert`], [`pattern::Park`], [`pattern::Fail`] | a branch that must not stop the others                                                                                                  | what it loses is counted, and why                                                                |
//! | message translator     | [`pattern::Translator`], [`pattern::Edit`]                                                        | another type behind than before; or a change in place                                                                                   | one for one, in order; what fails is not seen behind                                             |
//! | splitter               | [`pattern::Splitter`]                                                                             | one event that holds several                                                                                                            | every part once, in order, as i of n                                                             |
//! | dead letter channel    | [`pattern::DeadLetter`], [`Redrive`](pattern::Redrive)                                            | events that cannot be handled, around the stage that refuses them: retries in place or aside, a breaker, letters, their way back        | one letter with all that is known, or a counted loss as the policy says; back exactly once       |
//! | catching panics        | [`pattern::Catch`]                                                                                | handlers that may panic, inside of it                                                                                                   | a panic costs the event it came with                                                             |
//! | sequencer              | [`pattern::Sequencer`]                                                                            | several sources, one order                                                                                                              | numbers without a gap; each source's own order                                                   |
//! | resequencer            | [`pattern::Resequencer`], [`pattern::KeyedResequencer`], [`pattern::BatchResequencer`]            | numbered events that come out of order, or not at all                                                                                   | ascending numbers, each once; what is missing is told                                            |
//! | aggregator             | [`pattern::Aggregator`]                                                                           | events that belong together, and should go on as one: parts, fills, windows                                                             | each group once, with its own events and the first condition that held                           |
//! | correlation identifier | [`pattern::Correlate`], [`pattern::Causal`]                                                       | to know what belongs together                                                                                                           | every id once; no handler can forget the cause                                                   |
//! | publish-subscribe      | [`pattern::publish_subscribe`]                                                                    | topics, for subscribers that come and go; with wildcards and retained events                                                            | who does not lag gets every event of its topics from the number of its join on, once, in order   |
//! | point-to-point         | [`pattern::Partition`], [`pattern::Dispatch`], [`pattern::SingleActive`]                          | work shared by several consumers: in fixed parts, by who has least to do, or by one at a time; by who comes first it is `channel::mpmc` | each event to exactly one of them; also when one leaves in order; with `Redeliver` when one dies |
//! | message queue          | [`pattern::Queue`], [`pattern::QueueStage`]                                                       | work that waits for who does it: leases, retries, delays, priorities                                                                    | each message until it is done, expired, or a letter: at least once, one consumer at a time       |
//! | return address         | [`pattern::Replier`], [`pattern::ReplyPorts`]                                                     | a reply that goes where the request says                                                                                                | to that port and its tenant, or it is told that nobody is there                                  |
//! | routing slip           | [`pattern::RoutingSlip`], [`pattern::Planner`], [`pattern::ByPlace`]                              | a list of steps that a message carries with it                                                                                          | each step once, in its order, on any thread; what was done is undone backwards if one fails      |
//! | request-reply          | [`pattern::service`], [`pattern::Client`], [`pattern::Server`], [`pattern::Mailbox`]              | a question, with an answer or a timeout                                                                                                 | every request ends exactly once; no answer reaches another request                               |
//! | scatter-gather         | [`pattern::Scatter`], [`pattern::Distribution`], [`pattern::Auction`]                             | one question to many, with one result when a rule is met or the time is up                                                              | each ends exactly once, of its own answers, and says who is missing                              |
//! | process manager        | [`pattern::ProcessManager`]                                                                       | a business process of several steps, each of which may fail, be late or be undone                                                       | state, commands, timers and event together or not at all; what was done is undone in reverse     |
//! | crossing to a ring     | [`pattern::Forward`]                                                                              | the next thread                                                                                                                         | nothing is lost; a full ring makes it wait                                                       |
//!
//! Each pattern is on a page of [`pattern`], with its options, its bounds, its costs and a scene.
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
pub mod table;
pub mod wait;

/// The programs of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
