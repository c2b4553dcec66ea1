//! Request-reply: every request that is accepted has exactly one outcome, and an answer reaches nobody but who asked.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 5, "Request-Reply" (page 154): two messages, each on a
//! channel of its own. Here a request that nobody answers has an outcome as well: its time runs out.
//!
//! ```text
//!              request: 1 an entry, 2 its timer, 3 publish
//!  +--------+ ======================================================> +--------+
//!  | Client |   id = producer | generation | slot, reply_to, deadline | Server |
//!  | table, |                                                         | handler|
//!  | timers | <====================================================== +--------+
//!  +--------+          own ring: reply { cause = that id }
//!       |
//!       +-- poll(now): Reply | Fault | Timeout, once for each request
//! ```
//!
//! # Options
//!
//! | type          | what it is                                                                       |
//! |---------------|----------------------------------------------------------------------------------|
//! | [`Client`]    | asks, keeps a bounded table of open requests, tells each one's outcome           |
//! | [`Server`]    | a stage: a handler that writes the answer where the request says, in one message or in parts |
//! | [`Responder`] | what a server replies through; for agents that answer later than they were asked |
//! | [`Mailbox`]   | a client whose answers are fetched by ticket, in any order; with the feature `async`, awaited |
//! | [`Proxy`]     | a stage that asks others in its own name, and hands their answer to who asked it |
//! | [`service`]   | the ends of all, over rings, ready to use                                        |
//!
//! The id of a request is its [`Ticket`], and says where its entry is and which tenant of that slot is meant. So a reply
//! is matched without a hash, and one to an earlier tenant, or to another client, matches nothing: it is counted and
//! changes nothing. A reply names the request as its cause, which is what [`Context::reply`](super::Context::reply)
//! writes, too.
//!
//! Time comes in: `request` and `poll` are told the time. A poll looks at the replies first and at the timers after that,
//! so a reply beats its own timeout if it was published before ([`Client::strict`]: if it was written before its
//! deadline); a timer never fires early, and fires in the first poll at its deadline or later. The deadline travels with
//! the request, and a server that comes to it after that does not do the work.
//!
//! What a server writes is what its client's ring takes:
//! ```
//! # use ringmain::pattern::{IfDead, Origin, Request, Responder, Server, WhenFull, service};
//! let ([_client], _requests, ports) = service::<u64, u64, 1>([Origin::new(1)], 8)?;
//! let responder = Responder::new(Origin::new(2), ports);
//! Server::new(WhenFull::Block, IfDead::Drop, |_: &Request<u64>, a| { *a = 42; Ok(()) }, responder);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! and an answer of another type does not compile:
//! ```compile_fail,E0308
//! # use ringmain::pattern::{IfDead, Origin, Request, Responder, Server, WhenFull, service};
//! # let ([_client], _requests, ports) = service::<u64, u64, 1>([Origin::new(1)], 8)?;
//! # let responder = Responder::new(Origin::new(2), ports);
//! // expected `u64`, found `&str`
//! Server::new(WhenFull::Block, IfDead::Drop, |_: &Request<u64>, a| { *a = "42"; Ok(()) }, responder);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! The address that a client gives out is one of the ring that it reads:
//! ```
//! # use ringmain::{channel::spsc, pattern::{Addresses, Client, Origin, Reply, Request}};
//! let (requests, _to_server) = spsc::channel(8, Request::<u64>::default)?;
//! let (_sink, replies) = spsc::channel(8, Reply::<u64>::default)?;
//! let port = Addresses::<Reply<u64>>::new(1..=1).open()?;
//! Client::new(Origin::new(1), port, 8, replies, requests)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! and one where answers of another type are taken does not compile:
//! ```compile_fail,E0271
//! # use ringmain::{channel::spsc, pattern::{Addresses, Client, Origin, Reply, Request}};
//! # let (requests, _to_server) = spsc::channel(8, Request::<u64>::default)?;
//! # let (_sink, replies) = spsc::channel(8, Reply::<u64>::default)?;
//! let port = Addresses::<Reply<String>>::new(1..=1).open()?;
//! Client::new(Origin::new(1), port, 8, replies, requests)?; // expected `Reply<String>`, found `Reply<u64>`
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to be said                               | is                                                               |
//! |------------------------------------------|------------------------------------------------------------------|
//! | the reply ring of a requester is full    | [`WhenFull::Block`](super::WhenFull::Block): the request waits, and all behind it; [`WhenFull::DropReply`](super::WhenFull::DropReply): it is not handled, and counted |
//! | the requester is gone                    | [`IfDead`](super::IfDead): dropped and counted, or rejected                     |
//! | who is told that the handler failed      | the requester, or whom [`Server::faults_to`] says                |
//! | a reply that lies there when its time is up | is told, or with [`Client::strict`] only if it was written in time |
//! | an answer of more than one message       | [`Server::in_parts`]                                             |
//! | how long an answer is waited for         | a `Duration` of each [`Client::request`]                         |
//! | asking on behalf of somebody             | [`Client::request_for`]: the same conversation, one deeper, no longer than he waits |
//!
//! # Bounds
//!
//! | bound                                                 | at the bound                                                                    |
//! |-------------------------------------------------------|---------------------------------------------------------------------------------|
//! | open requests of a client: as built, at most 65,536   | [`Unasked::PendingFull`], nothing is published                                  |
//! | request ring                                          | [`Unasked::RingFull`], the entry and its timer are undone                       |
//! | reply ring                                            | [`WhenFull`](super::WhenFull), said for each server                                              |
//! | answers kept by a [`Mailbox`]: as built               | [`NoAnswer::Full`]; the next one stays in the reply ring                        |
//! | nested requests                                       | [`MAX_DEPTH`], then [`Unasked::TooDeep`]                                        |
//! | tenants of a slot                                     | 2^32 - 1, the slot that was free longest first; see [`Slab`](crate::table::Slab) |
//!
//! The client holds an entry of 40 bytes and a timer for each open request, never a message, and a [`Mailbox`] its answers
//! (hold) until they are fetched; the server holds nothing (gate). Services that ask one another in a circle, each waiting
//! for the other's answer, are refused when the program is built, if it is built by a `run::Plan`; whatever it is built by,
//! the depth of nested requests ends the circle. Nothing here waits, so it cannot hang either, as long as each
//! client is polled; a server with [`WhenFull::Block`](super::WhenFull::Block) stands still while a client of it is not.
//!
//! A client whose reply ring has ended (everybody who had a producer of it is gone) tells so for all open requests at
//! once; where several servers share that ring, only when the last of them is gone.
//!
//! # Costs
//!
//! An entry, a timer, a match by index and the books, beside two hops. No allocation after construction, no shared
//! memory but the rings and the books, no clock, no thread. Wait-free if the rings are.
//!
//! | what                                        | ns   | over                              |
//! |---------------------------------------------|------|-----------------------------------|
//! | asked and answered, 1 request open          | 19.1 | the two rings alone               |
//! | ... 64 open                                 | 14.3 | the two rings alone               |
//! | ... 1,024 open                              | 14.2 | the two rings alone               |
//! | a late reply                                | 1.0  | a reply, pushed and drained       |
//! | asked and timed out                         | 26.8 | nothing: it is all of it          |
//! | a [`Server`], and its replies drained       | 6.5  | nothing: it is all of it          |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- request_reply`: nanoseconds a request over the row named,
//! medians, on one thread of an idle machine (an AMD EPYC, virtual), 24 November 2026. A tenth of a nanosecond is
//! noise.
//!
//! ```
//! use ringmain::contract::{Agent, Flow, Source, Tick};
//! use ringmain::pattern::{Answer, IfDead, Origins, Request, Responder, Server, WhenFull, service};
//! use std::time::Duration;
//!
//! let mut origins = Origins::new(1..=9);
//! let ([mut client], requests, ports) = service([origins.open()?], 64)?;
//! let square = |request: &Request<u64>, answer: &mut u64| -> Flow {
//!     *answer = request.body * request.body;
//!     Ok(())
//! };
//! let responder = Responder::new(origins.open()?, ports);
//! let mut server = requests.drive(Server::new(WhenFull::Block, IfDead::Drop, square, responder));
//!
//! let now = Tick::ZERO;
//! let ticket = client.request(now, Duration::from_micros(50), |n| *n = 12)?;
//! let _ = server.work(now);
//! let told = client.poll(now, |whose, answer| {
//!     assert_eq!((whose, answer), (ticket, Answer::Reply(&mut 144)));
//!     Ok(())
//! });
//! assert_eq!(told, Ok(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
//! `examples/request_reply.rs`, which `cargo run --example request_reply` runs:
#![doc = concat!("```\n", include_str!("../../../examples/request_reply.rs"), "```")]

#[cfg(feature = "async")]
mod awaited;
mod client;
mod handler;
mod mailbox;
mod matcher;
mod message;
mod outcome;
mod pending;
mod proxy;
mod responder;
mod server;
mod service;

pub use client::Client;
pub use handler::{Handler, Once, Parts};
pub use mailbox::{Mailbox, NoAnswer, Outcome};
pub use message::{Caller, MAX_DEPTH, Reply, Request, Says, Ticket};
pub use outcome::{Answer, RESPONDER_GONE, Unasked};
pub use proxy::Proxy;
pub use responder::Responder;
pub use server::Server;
pub use service::{RingClient, service};
