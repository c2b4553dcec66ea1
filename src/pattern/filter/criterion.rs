//! What a [`Filter`](super::Filter) decides by, where the event alone does not say: time, and what came
//! before.
//!
//! | criterion      | keeps                                      | state                                  |
//! |----------------|--------------------------------------------|----------------------------------------|
//! | a closure      | what it says `true` of                     | the closure's own                      |
//! | [`Expiry`]     | what is not past its deadline              | none                                   |
//! | [`RateLimit`]  | so many in a span, with so much of a burst | a bucket of tokens, filled by `at.now` |
//! | [`Sample`]     | one in n                                   | a count                                |
//! | [`Changed`]    | what differs from the last it kept, by key | one key                                |
//! | [`IfItPanics`] | what its criterion keeps                   | its criterion's                        |
//!
//! A filter asks once for each event, also if the event comes again because somebody downstream was full, so
//! a criterion may count. None allocates, blocks or reads a clock.

use crate::contract::{At, Reason, Tick};
use crate::pattern::catch::discard;
use core::fmt::{Debug, Formatter};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Decides on events of type `T`. Every `FnMut(&T) -> bool` is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decide on events of type `{T}`",
    note = "a closure `|event: &{T}| -> bool {{ ... }}` is a criterion; annotate the event's type"
)]
pub trait Criterion<T: ?Sized> {
    /// What becomes of `event`. Asked once for each event.
    fn judge(&mut self, event: &T, at: At) -> Verdict;
}

/// What becomes of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It goes on.
    Keep,
    /// It does not, on purpose: to the discard output, and booked as filtered.
    Discard,
    /// It is worth nothing to anybody: booked as dropped, under the reason.
    Drop(Reason),
}

impl From<bool> for Verdict {
    #[inline]
    fn from(keep: bool) -> Self {
        if keep { Self::Keep } else { Self::Discard }
    }
}

impl<T: ?Sized, F: FnMut(&T) -> bool> Criterion<T> for F {
    #[inline]
    fn judge(&mut self, event: &T, _: At) -> Verdict {
        self(event).into()
    }
}

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

/// Decides for a criterion that panics, where a panic is not to reach a `Catch` or end the pump.
///
/// The criterion is asked again for the next event: what state it has then is its own affair. Where panics
/// abort the process, so does this one.
#[derive(Clone, Debug)]
pub struct IfItPanics<C> {
    verdict: Verdict,
    criterion: C,
}

impl<C> IfItPanics<C> {
    /// The verdict on events that `criterion` panics on is `verdict`.
    pub const fn new(verdict: Verdict, criterion: C) -> Self {
        Self { verdict, criterion }
    }
}

impl<T: ?Sized, C: Criterion<T>> Criterion<T> for IfItPanics<C> {
    fn judge(&mut self, event: &T, at: At) -> Verdict {
        catch_unwind(AssertUnwindSafe(|| self.criterion.judge(event, at))).unwrap_or_else(|payload| {
            discard(payload);
            self.verdict
        })
    }
}
