//! Where a subscriber comes from, on any thread.

use super::interests::Interests;
use super::wildcard::{check_all, join};
use super::{PatternError, Publication, Subscriber, topics::Desk};
use crate::channel::publish_subscribe::{self as channel, Begin, NoSeat, Policy};
use crate::sync::Arc;

/// Where any thread subscribes. Clone it, or share it.
#[derive(Debug)]
pub struct Subscriptions<T> {
    seats: channel::Subscriptions<Publication<T>, Desk<T>>,
    interests: Arc<Interests>,
}

/// Why nobody can subscribe so, or now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubscribeError {
    /// A pattern is none.
    Pattern(PatternError),
    /// There is no seat.
    NoSeat(NoSeat),
}

impl core::fmt::Display for SubscribeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Pattern(error) => error.fmt(f),
            Self::NoSeat(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SubscribeError {}

impl<T> Subscriptions<T> {
    pub(super) fn new(
        seats: channel::Subscriptions<Publication<T>, Desk<T>>,
        interests: Arc<Interests>,
    ) -> Self {
        Self { seats, interests }
    }
    /// One more subscriber, for the topics that any of `patterns` names, also those that are declared later. It joins when
    /// the publisher sees it. Wait-free, and allocates nothing.
    ///
    /// # Errors
    /// [`SubscribeError`].
    pub fn subscribe(
        &self,
        patterns: &[&str],
        policy: Policy,
        begin: Begin,
    ) -> Result<Subscriber<T>, SubscribeError> {
        check_all(patterns).map_err(SubscribeError::Pattern)?;
        let ask = |desk: &mut Desk<T>| join(patterns, &mut desk.patterns);
        let ring = self.seats.subscribe_with(policy, begin, ask).map_err(SubscribeError::NoSeat)?;
        Ok(Subscriber::new(ring, self.interests.clone()))
    }
}

impl<T> Clone for Subscriptions<T> {
    fn clone(&self) -> Self {
        Self { seats: self.seats.clone(), interests: self.interests.clone() }
    }
}
