//! Return address: a request says where its reply goes, and whoever replies knows nothing else of who asked.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 5, "Return Address" (page 159): the request carries the
//! channel of its reply, so that a replier need not know who asks it.
//!
//! ```text
//!  requester A ==> request { reply_to: 1/7 } --+                       +-- port 1, tenant 7 ==> A's reply ring
//!                                              +--> Replier(handler) --+
//!  requester B ==> request { reply_to: 2/3 } --+      ReplyPorts       +-- port 2, tenant 3 ==> B's reply ring
//! ```
//!
//! | the address                                   | is answered by [`ReplyPorts::reply`]  | [`Replier`]                          |
//! |-----------------------------------------------|---------------------------------------|--------------------------------------|
//! | of an open port                               | what the closure says, in its slot    | `out`                                |
//! | of a port whose ring is full                  | [`NoReply::Full`]                     | `Again`, or dropped: [`WhenFull`]    |
//! | closed, of an earlier tenant, foreign; or the reader is gone | [`NoReply::Dead`]      | `ReplyDead`, dropped or rejected: [`IfDead`] |
//! | none (port 0)                                 | [`NoReply::NoReturnAddress`]          | rejected, [`NO_RETURN_ADDRESS`]      |
//!
//! # Options
//!
//! | to                                                     | take                                                          |
//! |--------------------------------------------------------|---------------------------------------------------------------|
//! | reply in a stage of your own                           | [`ReplyPorts::reply`]                                         |
//! | have a handler write each reply                        | [`Replier`]                                                   |
//! | say what a full reply ring means                       | [`WhenFull`]: the request waits, or is not handled and counted |
//! | say what a dead address means                          | [`IfDead`]: dropped and counted, or rejected                  |
//! | tell the requester of a failure, or somebody else      | [`Replier::faults_to`]                                        |
//! | open and close ports from another thread               | [`ReplyPorts::controlled_by`] a ring of [`PortChange`]s       |
//! | hand a request on, to be answered by another (delegate) | [`Forward`](super::Forward), or a [`Translator`](super::Translator) that keeps the header |
//! | hand it on under an address of your own                | [`Proxy`](super::Proxy)                                       |
//! | know what became of each request (an answer, a fault or a timeout, once) | [`Client`](super::Client) and [`Server`](super::Server), over the same ports |
//!
//! An address is the number of a port and the number of its tenant: four bytes in the header, no capability but to be
//! pushed to. [`Addresses`] gives them out; [`ReplyPorts`] is the table that each replier has, with a sink behind each
//! port. All sinks of a table carry one type of reply, and the slot that is lent is of that type:
//! ```
//! # use ringmain::{channel::spsc, pattern::{Addresses, ReplyPorts}};
//! let mut addresses = Addresses::new(1..=4);
//! let (replies, _inbox) = spsc::channel(8, u64::default)?;
//! let port = addresses.open()?;
//! let mut ports = ReplyPorts::new(1..=4);
//! ports.open(port, replies);
//! ports.reply(port.address(), |slot| { *slot = 42; Ok(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! So an answer of another type does not compile, in the same program:
//! ```compile_fail,E0308
//! # use ringmain::{channel::spsc, pattern::{Addresses, ReplyPorts}};
//! # let mut addresses = Addresses::new(1..=4);
//! # let (replies, _inbox) = spsc::channel(8, u64::default)?;
//! # let port = addresses.open()?;
//! # let mut ports = ReplyPorts::new(1..=4);
//! # ports.open(port, replies);
//! ports.reply(port.address(), |slot| { *slot = "42"; Ok(()) })?; // expected `u64`, found `&str`
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! and neither does the address of one type with the ring of another:
//! ```compile_fail,E0308
//! # use ringmain::{channel::spsc, pattern::{Addresses, ReplyPorts}};
//! let mut addresses = Addresses::<String>::new(1..=4);
//! let (replies, _inbox) = spsc::channel(8, u64::default)?;
//! let mut ports = ReplyPorts::new(1..=4);
//! ports.open(addresses.open()?, replies); // expected `Port<u64>`, found `Port<String>`
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! Tables of different types take different port numbers, as tables of different [`Addresses`] do: then an address that
//! strays into the wrong table is a dead one there.
//!
//! # Bounds
//!
//! | bounded                                                   | at the bound                                              |
//! |-----------------------------------------------------------|-----------------------------------------------------------|
//! | ports: a range of numbers, of 1 to 65,535                 | [`NoPort`]; an address outside of a table is dead there   |
//! | tenants of a port: 65,535                                 | it is retired, and not given out again                    |
//! | the ring behind a port                                    | [`NoReply::Full`]; a [`Replier`] does as its [`WhenFull`] says: with `Block` the request waits, and all behind it, those of other requesters too |
//! | the ring of [`PortChange`]s                               | whoever makes changes is refused as `Full`                |
//!
//! It holds nothing (gate). A handler is asked only when there is a slot for its reply, so it meets each request once,
//! and none whose reply nobody could get. A ring tells late that its reader is gone (when its producer has used up the
//! room it knew of), so a reply may still be put into a ring that nobody reads.
//!
//! # Costs
//!
//! A look into the table by index, the comparison of two numbers, and the `fill` of the sink; no allocation after
//! construction. Wait-free if the sinks are.
//!
//! | what                          | ns   | over                              |
//! |-------------------------------|------|-----------------------------------|
//! | [`ReplyPorts::reply`]         | 0.76 | a fill of a known ring            |
//! | [`Replier`]                   | 0.71 | a stage that fills a known ring   |
//! | a dead address                | 0.39 | nothing: it is all of it          |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- return_address`: nanoseconds a reply over the row named,
//! medians, on an idle machine (an AMD EPYC, virtual), 24 November 2026. A tenth of a nanosecond is noise.
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Addressed, Agent, Flow, Message, Sink, Source, SourceMut, Tick};
//! use ringmain::pattern::{Addresses, IfDead, Replier, ReplyPorts, WhenFull};
//!
//! let (mut requests, to_square) = spsc::channel(8, Message::<u64>::default)?;
//! let (replies, mut inbox) = spsc::channel(8, u64::default)?;
//! let port = Addresses::new(1..=1).open()?;
//! let mut ports = ReplyPorts::new(1..=1);
//! ports.open(port, replies);
//! let square = |request: &Message<u64>, reply: &mut u64| -> Flow {
//!     *reply = request.body * request.body;
//!     Ok(())
//! };
//! let mut squares = to_square.drive(Replier::new(WhenFull::Block, IfDead::Drop, square, ports));
//!
//! requests.offer(|request| {
//!     request.set_reply_to(port.address());
//!     request.body = 12;
//! })?;
//! let _ = squares.work(Tick::ZERO);
//! assert_eq!(inbox.pop(), Ok(144));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
//! `examples/return_address.rs`, which `cargo run --example return_address` runs:
#![doc = concat!("```\n", include_str!("../../../examples/return_address.rs"), "```")]

mod addresses;
mod control;
mod delivery;
mod ports;

pub use addresses::{Addresses, NoPort, Port};
pub use control::{Control, Fixed, PortChange};
pub(in crate::pattern) use delivery::Delivery;
pub use delivery::{IfDead, NO_RETURN_ADDRESS, REPLY_DEAD, WhenFull};
pub use ports::{NoReply, ReplyPorts};

use crate::contract::{Account, Addressed, At, Fault, Flow, Halt, ReturnAddress, Sink, Stage, Tick};
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::ops::Deref;

/// Has each request answered by a handler, in the slot of the reply ring that the request says.
pub struct Replier<T, F, K: Sink, C = Fixed> {
    handler: F,
    ports: ReplyPorts<K, C>,
    delivery: Delivery<T, WriteFault<T, K::Event>>,
}

/// Puts a fault into a reply to the request.
type WriteFault<T, R> = fn(&T, Fault, &mut R);

impl<T: Addressed, F, K: Sink, C: Control<PortChange<K>>> Replier<T, F, K, C> {
    /// Calls `handler` with each request and the slot for its reply, which holds what an earlier reply left in it.
    ///
    /// What the handler rejects is published nowhere and passes on, unless [`faults_to`](Self::faults_to) says
    /// otherwise. Allocates the [`Account`].
    #[must_use]
    pub fn new(when_full: WhenFull, if_dead: IfDead, handler: F, ports: ReplyPorts<K, C>) -> Self
    where
        F: FnMut(&T, &mut K::Event) -> Flow,
    {
        Self { handler, ports, delivery: Delivery::new(when_full, if_dead) }
    }
    /// Answers a request that the handler rejects, too: `write` puts the fault into a reply, which goes to the address
    /// that `to` finds in the request, or where the reply would have gone if that is none. Give [`Addressed::reply_to`]
    /// for those that have only one.
    #[must_use]
    pub fn faults_to(mut self, to: fn(&T) -> ReturnAddress, write: fn(&T, Fault, &mut K::Event)) -> Self {
        self.delivery.faults_to(to, write);
        self
    }
}

impl<T, F, K: Sink, C> Replier<T, F, K, C> {
    /// This stage's books: a request is `out` when a reply to it, or a fault, was taken by a port.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.delivery.ledger.account()
    }
    /// The table, to open and close ports where no other thread does.
    #[must_use]
    pub fn ports_mut(&mut self) -> &mut ReplyPorts<K, C> {
        &mut self.ports
    }
}

impl<In, T, F, K, C> Stage<In> for Replier<T, F, K, C>
where
    In: Deref<Target = T>,
    T: Addressed,
    F: FnMut(&T, &mut K::Event) -> Flow,
    K: Sink,
    C: Control<PortChange<K>>,
{
    #[inline]
    fn on_event(&mut self, request: In, at: At) -> Flow {
        let Self { handler, ports, delivery } = self;
        let progress = delivery.resume(at.seq);
        let replied = match progress.failed {
            Some(fault) => Err(NoReply::Halted(fault.into())),
            None => ports.reply(request.reply_to(), |slot| handler(&request, slot)),
        };
        let Err(NoReply::Halted(Halt::Reject(fault))) = replied else {
            return delivery.settle(replied, progress, at);
        };
        delivery.fail(&request, fault, progress, at, |address, write| {
            ports.reply(address, |slot| {
                write(&request, fault, slot);
                Ok(())
            })
        })
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.ports.on_batch_end(now);
        self.delivery.ledger.publish();
        Ok(())
    }
}

impl<T, F, K: Sink, C> Debug for Replier<T, F, K, C> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { ports, delivery, .. } = self;
        f.debug_struct("Replier").field("ports", ports).field("delivery", delivery).finish_non_exhaustive()
    }
}
