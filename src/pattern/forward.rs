//! Crosses to another ring.
//!
//! In small what *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 4, "Messaging Bridge", does between two
//! systems: what comes out of one channel goes into another.
//!
//! ```text
//!  ring a --- &T     --> Forward ==clone_from==> slot of ring b      the event stays, its copy goes on
//!  ring a --- &mut T --> Forward ====swap======> slot of ring b      the event goes on, an old one stays
//! ```
//!
//! # Options
//!
//! | driven by                        | an event                         | its slot keeps      | asks for   |
//! |----------------------------------|----------------------------------|---------------------|------------|
//! | `&T`: any source                 | is copied by `clone_from`        | the event           | `T: Clone` |
//! | `&mut T`: who has the slot alone | changes places with an old one   | what an earlier lap left in the other ring | - |
//!
//! # Bounds
//!
//! It holds nothing (gate). A full sink answers `Again` and the event waits in its own ring, and all behind it; nothing
//! was touched, so that is all there is to the `Again` contract. A closed sink ends it, and the event in hand is booked
//! as dropped. What else a full sink may mean is said around it: [`Shed`](super::Shed), [`Park`](super::Park) and the
//! others.
//!
//! # Costs
//!
//! What `fill` of the sink costs, and one `clone_from` or one swap. `clone_from` into a slot reuses what the slot owns
//! (a `Vec`'s buffer, say); a swap never allocates. As wait-free as the sink. Both are measured beside a push by hand
//! by `cargo bench -p ringmain --bench pattern -- forward`.
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Agent, Sink, Source, Tick, Work, each};
//! use ringmain::pattern::Forward;
//!
//! let (mut orders, from_orders) = spsc::channel(8, u64::default)?;
//! let (to_audit, audit) = spsc::channel(8, u64::default)?;
//! let mut copier = from_orders.drive(Forward::new(to_audit));
//! orders.push(7).unwrap();
//! assert_eq!(copier.work(Tick::ZERO), Work::Busy(1));
//!
//! let mut seen = Vec::new();
//! let mut reader = audit.drive(each(|order: &u64| seen.push(*order)));
//! assert_eq!(reader.work(Tick::ZERO), Work::Busy(1));
//! drop(reader);
//! assert_eq!(seen, [7]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
//! `examples/forward.rs`, which `cargo run --example forward` runs:
#![doc = concat!("```\n", include_str!("../../examples/forward.rs"), "```")]

use crate::contract::{Account, At, Flow, Ledger, Sink, Stage, Tick};
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};

/// A stage that hands each event over to a sink of the same type: a copy of a shared event, the event itself,
/// by swap, if it is lent.
pub struct Forward<K> {
    sink: K,
    ledger: Ledger,
}

impl<K: Sink> Forward<K> {
    /// Forwards to `sink`. Allocates the [`Account`].
    #[must_use]
    pub fn new(sink: K) -> Self {
        Self { sink, ledger: Ledger::new() }
    }
}

impl<K> Forward<K> {
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<K: Sink> Stage<&K::Event> for Forward<K>
where
    K::Event: Clone,
{
    #[inline]
    fn on_event(&mut self, event: &K::Event, _: At) -> Flow {
        let flow = self.sink.offer(|slot| slot.clone_from(event));
        self.ledger.delivered(flow.map_err(Into::into))
    }
    fn on_batch_end(&mut self, _: Tick) -> Flow {
        self.ledger.publish();
        Ok(())
    }
}

impl<K: Sink> Stage<&mut K::Event> for Forward<K> {
    #[inline]
    fn on_event(&mut self, event: &mut K::Event, _: At) -> Flow {
        let flow = self.sink.offer(|slot| core::mem::swap(slot, event));
        self.ledger.delivered(flow.map_err(Into::into))
    }
    fn on_batch_end(&mut self, _: Tick) -> Flow {
        self.ledger.publish();
        Ok(())
    }
}

impl<K> Debug for Forward<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Forward").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}
