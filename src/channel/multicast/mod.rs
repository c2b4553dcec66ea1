//! Every reader sees every event, each behind those it names.
//!
//! ```text
//!                        +--> audit ---+
//!  producers ==> check --+             +--> report        a graph of up to 64 nodes on one ring
//!  (one or many) (editor) +--> book ---+   (a leaf: gates the producers)
//!
//!              report      book  audit        check      tail
//!                v           v     v            v          v
//!  ... | free | full | full | full | full | full | full | free | ...
//! ```
//!
//! | slot `s`                                      | who may touch it                                  | rule |
//! |-----------------------------------------------|---------------------------------------------------|------|
//! | `tail <= s < slowest leaf + capacity`         | the producer, or the one that claimed `s`         | R3 |
//! | between a node and those it names             | the node, and others between the same ends; an editor is alone there, because `build` refuses any other graph | R4 |
//!
//! | store (Release)                            | load (Acquire)             | what it hands over                   |
//! |--------------------------------------------|----------------------------|--------------------------------------|
//! | `tail.advance` of a single producer S1   | the first readers          | the contents of slots `< tail`       |
//! | a slot's stamp, with many producers S3   | the first readers S4     | the contents of that slot            |
//! | a node's cursor S1                       | nodes behind, producers    | the slots it is done with            |
//!
//! # Progress
//!
//! | operation              | one producer ([`One`]) | many producers ([`Many`])                                        |
//! |------------------------|------------------------|------------------------------------------------------------------|
//! | fill                   | wait-free              | lock-free: a claim that loses a race is tried again, for [how long](super::mpsc) see there |
//! | drain                  | wait-free              | wait-free, but **stops before a slot that was claimed and is not finished** |
//! | a reader that stalls   | `Full` after a lap     | `Full` after a lap                                               |
//! | a producer that stalls in its fill | nothing new | readers stop at its slot, other producers get `Full` after the rest of the lap; all go on when it does |
//! | a fill that fails or panics | nothing published | its slot is void: readers pass it over, and nothing behind it is hidden |
//!
//! Nothing is allocated after `build`, and there is no system call.
//!
//! # Who is gone
//!
//! | who is dropped            | what happens                                                                        |
//! |---------------------------|--------------------------------------------------------------------------------------|
//! | the (last) producer       | every node drains what is there, then sees the end                                   |
//! | a reader or an editor     | nodes behind it see the end at its last position; producers are refused with `Closed` |
//! | an optional reader        | nothing: it gates nobody any more                                                    |
//!
//! # Who holds up whom
//!
//! | question                          | asked of      | answer                                                         |
//! |-----------------------------------|---------------|-----------------------------------------------------------------|
//! | who gates the producers, by how much | `gated_by` of a producer | the [leaf](Gated) that is furthest behind            |
//! | whom does this node wait for      | `held_back_by` of a node | one that it named and has caught up with             |
//!
//! A leaf that gates may itself be held back: ask it, then the node that it names, and so on to one that is held back by
//! nobody and has events to consume. The answers are a few loads, and true of a moment that is past.
//!
//! Order: total; every reader sees the events in the same order, in which each producer's own are in the order it
//! filled them. Algorithm: Thompson et al., "Disruptor" (LMAX, 2011), with stamps in the slots instead of an
//! availability array.
//!
//! ```
//! use ringmain::channel::multicast::Multicast;
//! use ringmain::contract::{Sink, Source, SourceMut, Tick, each};
//!
//! let mut ring = Multicast::new(8, || 0u64)?;
//! let mut double = ring.editor("double", &[]);
//! let mut show = ring.reader("show", &[&double]);
//! let mut tx = ring.build()?;
//!
//! tx.offer(|n| *n = 21)?;
//! let _ = double.drain_mut(Tick::ZERO, 8, &mut each(|n: &mut u64| *n *= 2));
//! let _ = show.drain(Tick::ZERO, 8, &mut each(|n: &u64| assert_eq!(*n, 42)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod mode;
mod producer;
mod reader;
mod shared_producer;
mod topology;

pub use mode::{Many, Mode, One};
pub use producer::Producer;
pub use reader::{Editor, Reader};
pub use shared_producer::SharedProducer;
pub use topology::{DeclaredNode, Gated, Multicast, Optional, TopologyError, Upstream};
