//! Rings with ends: where events cross from thread to thread.
//!
//! | type          | producers | consumers | each event goes to            | full                    |
//! |---------------|-----------|-----------|-------------------------------|-------------------------|
//! | [`spsc`]      | one       | one       | the consumer                  | the producer is refused |
//! | [`bytes`]     | one       | one       | the consumer, of any length   | the producer is refused |
//! | [`mpmc::strict`] | many   | many      | one consumer; nobody who stalls stops the others | the producer is refused |
//! | [`spmc`]      | one       | many      | one of the consumers          | the producer is refused |
//! | [`mpmc`]      | many      | many      | one of the consumers          | a producer is refused   |
//! | [`mpsc`]      | many      | one       | the consumer                  | the producer is refused |
//! | [`multicast`] | one, many | up to 64  | every reader, in graph order  | the slowest leaf gates  |
//! | [`publish_subscribe`] | one | up to 64, who come and go | every subscriber, from the number on at which it joined | as each subscription says: gates, is missed, ends it |
//! | [`broadcast`] | one       | many      | every reader that is in time  | the oldest is overwritten, and who missed it is told |
//! | [`latest`]    | one       | many      | every reader, if it is still the newest | the value before is conflated |
//!
//! What a full one does is for [`overflow`] to say, if it is not to refuse.
//!
//! All have the same verbs ([`Sink`](crate::contract::Sink), [`Source`](crate::contract::Source),
//! [`SourceMut`](crate::contract::SourceMut)), the same closing (either side goes, the other learns of it, and nothing
//! published before is lost), and the same answers about themselves:
//!
//! | answer                   | stays true                                                                           |
//! |--------------------------|--------------------------------------------------------------------------------------|
//! | `capacity`               | always                                                                               |
//! | `is_closed() == true`    | always                                                                               |
//! | `free() >= n`, producer  | until this producer fills; where there are many, another may take the room first     |
//! | `len() >= n`, consumer   | until this consumer drains; where consumers compete, another may take them first     |
//! | all others               | perhaps not even until they are returned                                             |
//!
//! Each end has cache lines of its own, wherever it lies: ends of several threads may stand side by side in a `Vec`.

mod batch;
pub mod broadcast;
pub mod bytes;
mod follower;
pub mod latest;
mod lossy;
pub mod mpmc;
pub mod mpsc;
pub mod multicast;
pub mod overflow;
mod pace;
pub mod publish_subscribe;
mod shared_writer;
pub mod spmc;
pub mod spsc;
mod writer;

use crossbeam_utils::CachePadded;

/// Gives an end cache lines of its own: it is written with every event, and others of its kind may lie beside it.
type Apart = CachePadded<()>;
const APART: Apart = CachePadded::new(());
