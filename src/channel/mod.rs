//! Rings with ends: where events cross from thread to thread.
//!
//! | type          | producers | consumers | each event goes to            | full                    |
//! |---------------|-----------|-----------|-------------------------------|-------------------------|
//! | [`spsc`]      | one       | one       | the consumer                  | the producer is refused |
//! | [`mpsc`]      | many      | one       | the consumer                  | the producer is refused |
//! | [`multicast`] | one, many | up to 64  | every reader, in graph order  | the slowest leaf gates  |
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
//! | `len() >= n`, consumer   | until this consumer drains                                                           |
//! | all others               | perhaps not even until they are returned                                             |

mod batch;
mod follower;
pub mod mpsc;
pub mod multicast;
mod shared_writer;
pub mod spsc;
mod writer;
