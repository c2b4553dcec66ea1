//! The resequencer of many streams, one for each key.

use super::hole::Requests;
use super::lent::{Lends, Shows};
use super::sorter::{Common, Sorter};
use super::stream::ignored_stop;
use super::streams::Streams;
use super::{Keyed, Keys, Missing, Number, Ordered, Policy, Unbuildable};
use crate::contract::{Account, At, Flow, Stage, Tick};
use crate::pattern::{Nowhere, worse};
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::hash::Hash;
use core::time::Duration;

/// A [`Resequencer`](super::Resequencer) for each key: the numbers of a key go on in their order, and wait for none of
/// another key.
///
/// ```text
///                       keys: at most 3, each with a window of 4
///   b:7  a:2  c:1  b:5     a  next = 1   [ . 2 . . ]
///   ------------------>    b  next = 6   [ . 7 . . ]      --> Keyed { key: b, item: Event(5) }, ...
///   d:1: a fourth one      c  next = 2   [ . . . . ]
///     \__ TableFull: reject, evict the oldest or the least recently used, block, fail
/// ```
///
/// What goes on, and what is asked for, is [`Keyed`]. All that is said of a `Resequencer` holds for each key by itself,
/// with these differences:
///
/// | | |
/// |-|-|
/// | [`Start`](super::Start) | is that of every key. Of one that has left nothing is remembered: if it comes again, it begins anew. So its numbers ascend while it is in the table; who may not see one twice after that takes [`Start::Fixed`](super::Start::Fixed) |
/// | a key ends   | when the event that [`ending_with`](Self::ending_with) calls the last one went on, or was given up. What it holds beyond goes on as [`Closing`](super::Closing) says |
/// | a full table | is [`TableFull`](super::TableFull)'s matter                                                              |
/// | [`Hole::Halt`](super::Hole::Halt) | is the end of that key alone: what comes of it from then on is rejected, as [`Reason::Poisoned`](crate::contract::Reason::Poisoned), until it has left |
/// | a full output | holds up all keys, as there is one stage after; so does [`Ahead::Block`](super::Ahead::Block), until the hole of its key is given up |
/// | timers       | of different keys fire in the order of their times; a request or a gap never early      |
///
/// Each key has a window of its own, so that one whose numbers are missing takes no room from the others: memory is
/// `keys * window` slots, whoever comes. Constant time an event, beside what it releases; wait-free, if the stages after are.
pub struct KeyedResequencer<K, T, F, G, S, N = Nowhere, L = Endless> {
    key: F,
    number: G,
    last: L,
    streams: Streams<K, T>,
    feedback: N,
    next: S,
}

impl<K, T, F, G, S> KeyedResequencer<K, T, F, G, S>
where
    K: Copy + Eq + Hash,
    F: Fn(&T) -> K,
{
    /// Orders by `number` what has one `key`, for as many keys at a time as `keys` says, each with a window of `window`
    /// slots. Every slot is filled by `room`; their contents do not matter. Allocates all slots and the [`Account`].
    ///
    /// # Errors
    /// As [`Resequencer::new`](super::Resequencer::new); [`Unbuildable::Keys`] if there can be no table for so many.
    ///
    /// ```
    /// use ringmain::contract::{At, Flow, Stage, Tick};
    /// use ringmain::pattern::resequencer::*;
    /// use ringmain::ring::Sequence;
    ///
    /// let policy = Policy {
    ///     start: Start::Fixed(1),
    ///     late: Late::Drop,
    ///     duplicate: Duplicate::KeepFirst,
    ///     ahead: Ahead::Advance,
    ///     hole: Hole::Wait,
    ///     closing: Closing::Release,
    /// };
    /// let keys = Keys { most: 2, full: TableFull::EvictLru(Closing::Release) };
    /// let mut log = Vec::new();
    /// let after = |Keyed { key, item }: Keyed<char, Ordered<&(char, u64)>>, _: At| -> Flow {
    ///     log.push(match item {
    ///         Ordered::Event((_, n)) => format!("{key}{n}"),
    ///         Ordered::Gap(Missing { from, to }) => format!("{key}: {from} to {to} are missing"),
    ///         Ordered::Stray((_, n), why) => format!("{key}{n}, which is {why}"),
    ///     });
    ///     Ok(())
    /// };
    /// let (key, number) = (|event: &(char, u64)| event.0, |event: &(char, u64)| event.1);
    /// let mut stage = KeyedResequencer::new(keys, 8, policy, key, number, Default::default, after)?;
    /// let at = At { seq: Sequence::ZERO, now: Tick::ZERO };
    /// for event in [('a', 2), ('b', 1), ('a', 1), ('a', 4), ('b', 2), ('c', 1)] {
    ///     stage.on_event(&event, at).unwrap();
    /// }
    /// drop(stage);
    /// // There was no place for c until a, which had waited for longest, gave up its own.
    /// assert_eq!(log, ["b1", "a1", "a2", "b2", "a: 3 to 3 are missing", "a4", "c1"]);
    /// # Ok::<(), Unbuildable>(())
    /// ```
    pub fn new<Q: Number>(
        keys: Keys,
        window: usize,
        policy: Policy,
        key: F,
        number: G,
        mut room: impl FnMut() -> T,
        next: S,
    ) -> Result<Self, Unbuildable>
    where
        G: Fn(&T) -> Q,
    {
        let sorter = || Sorter::new::<Q>(window, &policy, &mut room);
        let streams = Streams::new(keys, Common::new(policy), sorter)?;
        Ok(Self { key, number, last: Endless, streams, feedback: Nowhere, next })
    }
}

impl<K, T, F, G, S, N, L> KeyedResequencer<K, T, F, G, S, N, L> {
    /// Asks `feedback` for the first hole of each key, as [`Resequencer::nak`](super::Resequencer::nak) does.
    pub fn nak<M>(self, every: Duration, times: u32, feedback: M) -> KeyedResequencer<K, T, F, G, S, M, L>
    where
        M: Stage<Keyed<K, Missing>>,
    {
        let Self { key, number, last, mut streams, next, .. } = self;
        streams.common.requests = Requests { every, times };
        KeyedResequencer { key, number, last, streams, feedback, next }
    }
    /// A key ends with the event of which `last` says that it is the last one: as soon as its number went on or was given
    /// up, the place of the key is free. What was held beyond it goes on as [`Closing`](super::Closing) says.
    ///
    /// `last` is asked about every event, also about one that comes twice or too late.
    pub fn ending_with<M: Fn(&T) -> bool>(self, last: M) -> KeyedResequencer<K, T, F, G, S, N, M> {
        let Self { key, number, streams, feedback, next, .. } = self;
        KeyedResequencer { key, number, last, streams, feedback, next }
    }
    /// This stage's books: those of all keys.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.streams.common.ledger.account()
    }
}

impl<K: Copy + Eq + Hash, T, F, G, S, N, L> KeyedResequencer<K, T, F, G, S, N, L> {
    /// The number of `key` that goes on next; none if the key is not in the table, before its start is known, or after its
    /// end.
    #[must_use]
    pub fn next(&self, key: &K) -> Option<u64> {
        self.streams.next(key)
    }
    /// How many keys are in the table.
    #[must_use]
    pub const fn keys(&self) -> usize {
        self.streams.len()
    }
}

impl<K, T, Q, F, G, S, N, L> Stage<&T> for KeyedResequencer<K, T, F, G, S, N, L>
where
    K: Copy + Eq + Hash,
    T: Clone,
    Q: Number,
    F: Fn(&T) -> K,
    G: Fn(&T) -> Q,
    L: Last<T>,
    N: Stage<Keyed<K, Missing>>,
    S: for<'e> Stage<Keyed<K, Ordered<&'e T>>>,
{
    #[inline]
    fn on_event(&mut self, event: &T, at: At) -> Flow {
        let number = Keyed { key: (self.key)(event), item: (self.number)(event).wide() };
        let last = self.last.is_last(event);
        self.streams.take(number, last, event, at, &mut Shows(&mut self.next))
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let Self { streams, feedback, next, .. } = self;
        let own = streams.end_turn::<&T>(now, feedback, &mut Shows(next));
        worse(worse(own, next.on_batch_end(now)), ignored_stop(feedback.on_batch_end(now)))
    }
}

impl<K, T, Q, F, G, S, N, L> Stage<&mut T> for KeyedResequencer<K, T, F, G, S, N, L>
where
    K: Copy + Eq + Hash,
    Q: Number,
    F: Fn(&T) -> K,
    G: Fn(&T) -> Q,
    L: Last<T>,
    N: Stage<Keyed<K, Missing>>,
    S: for<'e> Stage<Keyed<K, Ordered<&'e mut T>>>,
{
    #[inline]
    fn on_event(&mut self, event: &mut T, at: At) -> Flow {
        let number = Keyed { key: (self.key)(event), item: (self.number)(event).wide() };
        let last = self.last.is_last(event);
        self.streams.take(number, last, event, at, &mut Lends(&mut self.next))
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        let Self { streams, feedback, next, .. } = self;
        let own = streams.end_turn::<&mut T>(now, feedback, &mut Lends(next));
        worse(worse(own, next.on_batch_end(now)), ignored_stop(feedback.on_batch_end(now)))
    }
}

impl<K, T, F, G, S, N, L> Debug for KeyedResequencer<K, T, F, G, S, N, L> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeyedResequencer")
            .field("ledger", &self.streams.common.ledger)
            .finish_non_exhaustive()
    }
}

/// Which event is the last one of its key: none ([`Endless`]), or what a closure says.
pub trait Last<T> {
    #[doc(hidden)]
    fn is_last(&self, event: &T) -> bool;
}

/// No event is the last one: a key leaves when it is evicted.
#[derive(Clone, Copy, Default, Debug)]
pub struct Endless;

impl<T> Last<T> for Endless {
    #[inline]
    fn is_last(&self, _: &T) -> bool {
        false
    }
}

impl<T, F: Fn(&T) -> bool> Last<T> for F {
    #[inline]
    fn is_last(&self, event: &T) -> bool {
        self(event)
    }
}
