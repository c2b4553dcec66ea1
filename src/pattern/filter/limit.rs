//! What an event may not exceed: its deadline, a number of hops, a rate.

use super::{Criterion, Verdict};
use crate::contract::{At, Reason, Tick};
use core::fmt::{Debug, Formatter};
use core::time::Duration;

/// Drops what is past its deadline, as [`Reason::Expired`]; put it before a filter whose predicate is not to
/// be called for such events.
pub struct Expiry<F> {
    deadline: F,
}

impl<F> Expiry<F> {
    /// `deadline` tells the deadline of an event; [`Tick::ZERO`] is never. An event is late from the first
    /// tick after its deadline.
    pub fn new<T: ?Sized>(deadline: F) -> Self
    where
        F: FnMut(&T) -> Tick,
    {
        Self { deadline }
    }
}

impl<T: ?Sized, F: FnMut(&T) -> Tick> Criterion<T> for Expiry<F> {
    #[inline]
    fn judge(&mut self, event: &T, at: At) -> Verdict {
        let deadline = (self.deadline)(event);
        let late = deadline != Tick::ZERO && deadline < at.now;
        if late { Verdict::Drop(Reason::Expired) } else { Verdict::Keep }
    }
}

impl<F> Debug for Expiry<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str("Expiry(..)")
    }
}

/// Drops what has been round too often, as [`Reason::LoopLimit`]; put it before a router that one of its branches
/// leads back to.
///
/// Whoever sends an event round counts: a [`Translator`](crate::pattern::Translator) that writes one more into the slot.
/// `DeadLetter::hops` is the same for letters that come back as events.
pub struct HopLimit<F> {
    limit: u8,
    hops: F,
}

impl<F> HopLimit<F> {
    /// `hops` tells how often an event has been round; one that says `limit` or more goes no further.
    pub fn new<T: ?Sized>(limit: u8, hops: F) -> Self
    where
        F: FnMut(&T) -> u8,
    {
        Self { limit, hops }
    }
}

impl<T: ?Sized, F: FnMut(&T) -> u8> Criterion<T> for HopLimit<F> {
    #[inline]
    fn judge(&mut self, event: &T, _: At) -> Verdict {
        let round = (self.hops)(event) >= self.limit;
        if round { Verdict::Drop(Reason::LoopLimit) } else { Verdict::Keep }
    }
}

impl<F> Debug for HopLimit<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HopLimit").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// Keeps as many events as there are tokens: a bucket that time fills and each kept event takes one from.
///
/// The bucket starts full. A clock that goes back fills nothing and takes nothing away.
#[derive(Clone, Debug)]
pub struct RateLimit {
    tokens: u64,
    per: u64,
    /// What is in the bucket, in tokens times `per`: the smallest unit that needs no division. At most
    /// `full`.
    credit: u128,
    full: u128,
    /// Until when the bucket was filled.
    filled: Tick,
}

impl RateLimit {
    /// `tokens` in each span `per` (of at least a nanosecond), and at most `tokens` at once.
    #[must_use]
    pub fn new(tokens: u32, per: Duration) -> Self {
        let per = u64::try_from(per.as_nanos()).unwrap_or(u64::MAX).max(1);
        let full = u128::from(tokens) * u128::from(per);
        Self { tokens: tokens.into(), per, credit: full, full, filled: Tick::ZERO }
    }
    /// At most `events` at once, after a pause.
    #[must_use]
    pub fn burst(mut self, events: u32) -> Self {
        self.full = u128::from(events) * u128::from(self.per);
        self.credit = self.full;
        self
    }
}

impl<T: ?Sized> Criterion<T> for RateLimit {
    #[inline]
    fn judge(&mut self, _: &T, at: At) -> Verdict {
        if at.now > self.filled {
            let span = at.now.nanos() - self.filled.nanos();
            let gained = u128::from(span) * u128::from(self.tokens);
            self.credit = self.full.min(self.credit.saturating_add(gained));
            self.filled = at.now;
        }
        match self.credit.checked_sub(self.per.into()) {
            Some(rest) => {
                self.credit = rest;
                Verdict::Keep
            }
            None => Verdict::Discard,
        }
    }
}
