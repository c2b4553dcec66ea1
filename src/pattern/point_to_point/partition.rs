//! Each of `N` readers takes its own part of what all of them see.

use super::KeyHash;
use crate::contract::At;
use crate::pattern::{Criterion, Verdict};
use core::fmt::{Debug, Formatter};

/// One of `N` parts of a stream: the criterion of a [`Filter`](crate::pattern::Filter) around the stage of
/// one of `N` readers of a [`multicast`](crate::channel::multicast) ring.
///
/// The parts are made together, so that none is missing, none is there twice, and each event is in exactly
/// one.
///
/// | built with                | event `e` at position `s` is in part | order                                       |
/// |---------------------------|--------------------------------------|---------------------------------------------|
/// | [`by_seq`](Self::by_seq)  | `s % N`                              | of positions, within each part              |
/// | [`by_key`](Self::by_key)  | that [`KeyHash`] says, of `N`        | the same, hence of each key: it has one part |
///
/// Nobody claims anything: it is **wait-free**, and costs each reader a look at each event. The parts are
/// fixed. None takes over for another, and a reader that is slow or stands still gates the ring, for the
/// others too.
///
/// ```
/// use ringmain::channel::multicast::Multicast;
/// use ringmain::contract::{Agent, Sink, Source, Tick, each};
/// use ringmain::pattern::{Filter, Partition};
///
/// let mut ring = Multicast::new(8, || 0u64)?;
/// let (a, b) = (ring.reader("a", &[]), ring.reader("b", &[]));
/// let mut tx = ring.build()?;
/// let [mine, other] = Partition::by_seq();
/// let mut a = a.drive(Filter::new(mine, each(|n: &u64| assert_eq!(n % 2, 0))));
/// let mut b = b.drive(Filter::new(other, each(|n: &u64| assert_eq!(n % 2, 1))));
/// for n in 0..4 {
///     tx.push(n)?;
/// }
/// let _ = (a.work(Tick::ZERO), b.work(Tick::ZERO));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Partition<By, const N: usize> {
    part: usize,
    by: By,
}

/// By position.
#[derive(Clone, Copy, Debug)]
pub struct BySeq;

impl<const N: usize> Partition<BySeq, N> {
    /// The parts of a stream that is dealt out in turn. With several producers on the ring, a position that
    /// one of them gave up is an event less for the part that it would have been in.
    #[must_use]
    pub fn by_seq() -> [Self; N] {
        core::array::from_fn(|part| Self { part, by: BySeq })
    }
}

impl<F, const N: usize> Partition<KeyHash<F, N>, N> {
    /// The parts of a stream by the keys that `key` tells.
    #[must_use]
    pub fn by_key<T: ?Sized>(key: F) -> [Self; N]
    where
        F: Fn(&T) -> u64 + Clone,
    {
        let by = KeyHash::new(key);
        core::array::from_fn(|part| Self { part, by: by.clone() })
    }
}

impl<T: ?Sized, const N: usize> Criterion<T> for Partition<BySeq, N> {
    #[inline]
    fn judge(&mut self, _: &T, at: At) -> Verdict {
        (at.seq.count() % N as u64 == self.part as u64).into()
    }
}

impl<T: ?Sized, F: Fn(&T) -> u64, const N: usize> Criterion<T> for Partition<KeyHash<F, N>, N> {
    #[inline]
    fn judge(&mut self, event: &T, _: At) -> Verdict {
        (self.by.owner(event) == self.part).into()
    }
}

impl<By, const N: usize> Debug for Partition<By, N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        write!(f, "Partition({} of {N})", self.part)
    }
}
