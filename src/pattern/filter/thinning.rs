//! Fewer events, of which none is wrong: a sample, or changes only.

use super::{Criterion, Verdict};
use crate::contract::At;
use core::fmt::{Debug, Formatter};

/// Keeps the first of every `n` events.
#[derive(Clone, Debug)]
pub struct Sample {
    n: u64,
    /// Events to discard before the next is kept.
    skip: u64,
}

impl Sample {
    /// One in `n`; 0 is taken for 1, which keeps all.
    #[must_use]
    pub const fn one_in(n: u64) -> Self {
        Self { n: if n == 0 { 1 } else { n }, skip: 0 }
    }
}

impl<T: ?Sized> Criterion<T> for Sample {
    #[inline]
    fn judge(&mut self, _: &T, _: At) -> Verdict {
        if self.skip == 0 {
            self.skip = self.n - 1;
            return Verdict::Keep;
        }
        self.skip -= 1;
        Verdict::Discard
    }
}

/// Keeps the events whose key is not that of the event kept before.
pub struct Changed<F, V> {
    key: F,
    last: Option<V>,
}

impl<F, V> Changed<F, V> {
    /// Compares by `key`. The first event is a change.
    pub fn new<T: ?Sized>(key: F) -> Self
    where
        F: FnMut(&T) -> V,
    {
        Self { key, last: None }
    }
}

impl<T: ?Sized, V: PartialEq, F: FnMut(&T) -> V> Criterion<T> for Changed<F, V> {
    #[inline]
    fn judge(&mut self, event: &T, _: At) -> Verdict {
        let key = Some((self.key)(event));
        let changed = key != self.last;
        self.last = key;
        changed.into()
    }
}

impl<F, V: Debug> Debug for Changed<F, V> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Changed").field("last", &self.last).finish_non_exhaustive()
    }
}
