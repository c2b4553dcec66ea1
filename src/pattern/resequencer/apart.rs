//! Events, gaps and strays, each to a stage of its own.

use super::{Keyed, Missing, Ordered};
use crate::contract::{At, Flow, Stage, Tick};
use crate::pattern::worse;
use core::fmt::{Debug, Formatter};

/// Takes what comes out of a [`Resequencer`](super::Resequencer) apart, for stages that know nothing of it. What nobody
/// wants goes [`Nowhere`](crate::pattern::Nowhere), which is written down then.
///
/// Behind a [`KeyedResequencer`](super::KeyedResequencer) gaps come with their key; events and strays without, as they have
/// it.
///
/// Keeps nothing, and no books: what it takes, one of the three takes.
///
/// ```
/// use ringmain::contract::{At, Flow, Stage, Tick, each};
/// use ringmain::pattern::{Filter, Nowhere, resequencer::{Apart, Missing, Ordered}};
/// use ringmain::ring::Sequence;
///
/// let (mut even, mut lost) = (0, 0);
/// let gaps = each(|gap: Missing| lost += gap.to - gap.from + 1);
/// let mut apart = Apart::new(gaps, Nowhere, Filter::new(|n: &u64| n % 2 == 0, each(|_: &u64| even += 1)));
/// let at = At { seq: Sequence::ZERO, now: Tick::ZERO };
/// for item in [Ordered::Event(&1), Ordered::Gap(Missing { from: 2, to: 3 }), Ordered::Event(&4)] {
///     apart.on_event(item, at).unwrap();
/// }
/// drop(apart);
/// assert_eq!((even, lost), (1, 2));
/// ```
#[derive(Clone, Copy)]
pub struct Apart<G, D, S> {
    gaps: G,
    strays: D,
    next: S,
}

impl<G, D, S> Apart<G, D, S> {
    /// Gives gaps to `gaps`, strays to `strays`, and events in order to `next`.
    pub const fn new(gaps: G, strays: D, next: S) -> Self {
        Self { gaps, strays, next }
    }
}

impl<E, G, D, S> Stage<Ordered<E>> for Apart<G, D, S>
where
    G: Stage<Missing>,
    D: Stage<E>,
    S: Stage<E>,
{
    #[inline]
    fn on_event(&mut self, item: Ordered<E>, at: At) -> Flow {
        match item {
            Ordered::Event(event) => self.next.on_event(event, at),
            Ordered::Gap(missing) => self.gaps.on_event(missing, at),
            Ordered::Stray(event, _) => self.strays.on_event(event, at),
        }
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let gaps = self.gaps.on_batch_end(now);
        let strays = self.strays.on_batch_end(now);
        worse(worse(gaps, strays), self.next.on_batch_end(now))
    }
}

impl<K, E, G, D, S> Stage<Keyed<K, Ordered<E>>> for Apart<G, D, S>
where
    G: Stage<Keyed<K, Missing>>,
    D: Stage<E>,
    S: Stage<E>,
{
    #[inline]
    fn on_event(&mut self, Keyed { key, item }: Keyed<K, Ordered<E>>, at: At) -> Flow {
        match item {
            Ordered::Event(event) => self.next.on_event(event, at),
            Ordered::Gap(missing) => self.gaps.on_event(Keyed { key, item: missing }, at),
            Ordered::Stray(event, _) => self.strays.on_event(event, at),
        }
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let gaps = self.gaps.on_batch_end(now);
        let strays = self.strays.on_batch_end(now);
        worse(worse(gaps, strays), self.next.on_batch_end(now))
    }
}

impl<G, D, S> Debug for Apart<G, D, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str("Apart(..)")
    }
}
