//! What a dead letter channel writes.

use crate::contract::{Fault, Tick};
use crate::ring::Sequence;

/// An event that could not be processed, and all that is known about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter<T> {
    /// The event as it was when it came to the channel.
    pub event: T,
    /// Why the last attempt failed.
    pub fault: Fault,
    /// The event's position in its ring.
    pub seq: Sequence,
    /// The name of the channel that wrote the letter.
    pub origin: &'static str,
    /// How often the event was tried, from 1.
    pub attempts: u32,
    /// When the first attempt failed.
    pub first: Tick,
    /// When the last attempt failed.
    pub last: Tick,
    /// How many letters the event has been in, this one included.
    pub hops: u8,
    /// What the channel's `detail` wrote; zeros without one.
    pub detail: [u8; 32],
}

impl<T> Letter<T> {
    /// A letter that says nothing yet: what a ring of letters is filled with.
    #[must_use]
    pub const fn blank(event: T) -> Self {
        Self {
            event,
            fault: Fault::new(0),
            seq: Sequence::ZERO,
            origin: "",
            attempts: 0,
            first: Tick::ZERO,
            last: Tick::ZERO,
            hops: 0,
            detail: [0; 32],
        }
    }
}

impl<T> Letter<T> {
    /// Writes what is known, over what an earlier letter left, but for the event.
    fn stamp(&mut self, failure: &Failure, origin: &'static str, hops: u8) {
        Failure {
            fault: self.fault,
            seq: self.seq,
            attempts: self.attempts,
            first: self.first,
            last: self.last,
        } = *failure;
        (self.origin, self.hops, self.detail) = (origin, hops, [0; 32]);
    }
    /// As [`write`](Self::write), with the event moved in.
    pub(in crate::pattern) fn enclose(&mut self, event: T, failure: &Failure, origin: &'static str) {
        self.event = event;
        self.stamp(failure, origin, 1);
    }
}

impl<T: Clone> Letter<T> {
    /// Writes what is known, over what an earlier letter left.
    pub(in crate::pattern) fn write(&mut self, event: &T, failure: &Failure, origin: &'static str, hops: u8) {
        self.event.clone_from(event);
        self.stamp(failure, origin, hops);
    }
}

impl<T: Default> Default for Letter<T> {
    fn default() -> Self {
        Self::blank(T::default())
    }
}

/// What is known of an event that has failed.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// The event's position in its ring.
    pub seq: Sequence,
    /// Why the last attempt failed.
    pub fault: Fault,
    /// Attempts so far.
    pub attempts: u32,
    /// When the first one failed.
    pub first: Tick,
    /// When the last one failed.
    pub last: Tick,
}
