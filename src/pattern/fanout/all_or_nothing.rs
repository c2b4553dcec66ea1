//! A fan-out into rings where every ring gets an event, or none does.
//!
//! ```text
//!   a.fill(|slot_a| {
//!       b.fill(|slot_b| {                  full or closed: nothing inside is published,
//!           c.fill(|slot_c| copy)?;        and so nothing outside
//!           copy
//!       })?;
//!       copy
//!   })
//! ```

use crate::contract::{Account, At, Flow, Halt, Ledger, Reason, Sink, Stage, Tick};
use crate::pattern::Row;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};

/// Copies every event into every one of some rings, or, if one of them has no room, into none.
///
/// It fills the second sink's slot within the first's, and so on: each publishes only if all those inside it
/// did. So nothing is published in vain where a slot can be given back. A ring with many producers cannot
/// take one back, and is left with a void slot, which readers skip, each time that a ring after it is full:
/// such a ring stands last. A closed sink ends it. The rings become readable one after the other, the last
/// first.
///
/// Holds: nothing (gate). In the books as [`Fanout`](super::Fanout). A panic of `clone_from` reaches no
/// reader of any ring.
///
/// ```
/// use ringmain::channel::spsc;
/// use ringmain::contract::{At, Halt, Stage, Tick};
/// use ringmain::pattern::AllOrNothing;
/// use ringmain::ring::Sequence;
///
/// let (a, from_a) = spsc::channel(4, || 0u64)?;
/// let (b, from_b) = spsc::channel(1, || 0u64)?;
/// let mut both = AllOrNothing::new((a, b));
/// let at = At { seq: Sequence::ZERO, now: Tick::ZERO };
/// assert_eq!(both.on_event(&1, at), Ok(()));
/// assert_eq!(both.on_event(&2, at), Err(Halt::Again), "`b` has no room");
/// assert_eq!((from_a.len(), from_b.len()), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AllOrNothing<K> {
    sinks: K,
    ledger: Ledger,
}

impl<K> AllOrNothing<K> {
    /// Copies events into `sinks`: a tuple of up to 8, or an array. Allocates the [`Account`].
    #[must_use]
    pub fn new(sinks: K) -> Self {
        Self { sinks, ledger: Ledger::new() }
    }
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<T, K: Sinks<T>> Stage<&T> for AllOrNothing<K> {
    #[inline]
    fn on_event(&mut self, event: &T, _: At) -> Flow {
        let flow = self.sinks.fill_all(event);
        match flow {
            Err(Halt::Again) => return flow,
            Ok(()) => {
                self.ledger.folded();
                self.ledger.generated(K::COUNT as u64);
                self.ledger.passed(K::COUNT as u64);
            }
            Err(Halt::Stop) => self.ledger.dropped(Reason::Shutdown),
            Err(Halt::Reject(fault)) => self.ledger.dead_lettered(fault.reason),
        }
        self.ledger.took(1);
        flow
    }
    fn on_batch_end(&mut self, _: Tick) -> Flow {
        self.ledger.publish();
        Ok(())
    }
}

impl<K> Debug for AllOrNothing<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AllOrNothing").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

/// Sinks side by side: a tuple of up to 8, or an array.
pub trait Sinks<T>: Row {
    /// Copies `event` into a slot of each and publishes all of them, or none.
    ///
    /// # Errors
    /// [`Halt::Again`] if one is full, [`Halt::Stop`] if one is closed.
    fn fill_all(&mut self, event: &T) -> Flow;
}

impl<T: Clone, K: Sink<Event = T>, const N: usize> Sinks<T> for [K; N] {
    fn fill_all(&mut self, event: &T) -> Flow {
        fill_each(self, event)
    }
}

fn fill_each<T: Clone, K: Sink<Event = T>>(sinks: &mut [K], event: &T) -> Flow {
    let Some((first, rest)) = sinks.split_first_mut() else { return Ok(()) };
    first.fill(|slot| {
        fill_each(rest, event)?;
        slot.clone_from(event);
        Ok(())
    })
}

/// Fills within fills: `fill_within!(event; a, b)` is `a.fill(|slot| { b.fill(..)?; .. })`.
macro_rules! fill_within {
    ($event:ident;) => { Flow::Ok(()) };
    ($event:ident; $first:expr $(, $rest:expr)*) => {
        $first.fill(|slot| {
            fill_within!($event; $($rest),*)?;
            slot.clone_from($event);
            Ok(())
        })
    };
}

macro_rules! tuple_sinks {
    ($($K:ident $i:tt),+) => {
        impl<T: Clone, $($K: Sink<Event = T>),+> Sinks<T> for ($($K,)+) {
            #[inline]
            fn fill_all(&mut self, event: &T) -> Flow {
                fill_within!(event; $(self.$i),+)
            }
        }
    };
}
tuple_sinks!(A 0);
tuple_sinks!(A 0, B 1);
tuple_sinks!(A 0, B 1, C 2);
tuple_sinks!(A 0, B 1, C 2, D 3);
tuple_sinks!(A 0, B 1, C 2, D 3, E 4);
tuple_sinks!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple_sinks!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_sinks!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
