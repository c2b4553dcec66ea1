//! Where a subscriber comes from, on any thread.

use super::{Begin, Policy, Shared, Subscriber};
use crate::sync::Arc;

/// Where any thread subscribes. Clone it, or share it.
#[derive(Debug)]
pub struct Subscriptions<T, D = ()> {
    shared: Arc<Shared<T, D>>,
}

/// Why nobody can subscribe now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoSeat {
    /// All of the so many seats are taken. One that was left is free when the publisher has seen it.
    Full {
        /// How many there are.
        seats: usize,
    },
    /// The publisher is gone. Stable.
    Closed,
    /// Nothing is kept here for one that [conflates](Policy::Conflate). Stable.
    NothingKept,
}

impl core::fmt::Display for NoSeat {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full { seats } => write!(
                f,
                "all {seats} seats are taken: build the channel with more, or try again when the publisher has seen somebody leave"
            ),
            Self::Closed => f.write_str("the channel is closed: its publisher is gone"),
            Self::NothingKept => f.write_str(
                "nothing is kept here for a subscriber that conflates: build with `channel_retaining`, or lag",
            ),
        }
    }
}

impl core::error::Error for NoSeat {}

impl<T, D> Subscriptions<T, D> {
    pub(super) fn new(shared: Arc<Shared<T, D>>) -> Self {
        Self { shared }
    }
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.slots.capacity() as usize
    }
    /// The number of seats. Stable.
    #[must_use]
    pub fn seats(&self) -> usize {
        self.shared.seats
    }
    /// The publisher is gone. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.tail.read().closed
    }
    /// One more subscriber: it joins when the publisher sees it. Wait-free, and allocates nothing.
    ///
    /// # Errors
    /// [`NoSeat`].
    pub fn subscribe(&self, policy: Policy, begin: Begin) -> Result<Subscriber<T, D>, NoSeat> {
        self.subscribe_with(policy, begin, |_| ())
    }
    /// As `subscribe`, with a word for the [`Usher`](super::Usher): `ask` gets what the last one who sat there left.
    ///
    /// # Errors
    /// [`NoSeat`]; `ask` was not called then.
    pub fn subscribe_with(
        &self,
        policy: Policy,
        begin: Begin,
        ask: impl FnOnce(&mut D),
    ) -> Result<Subscriber<T, D>, NoSeat> {
        if policy == Policy::Conflate && !self.shared.keeps {
            return Err(NoSeat::NothingKept);
        }
        if self.is_closed() {
            return Err(NoSeat::Closed);
        }
        let seats = self.shared.seats;
        let free = |seat: &usize| self.shared.seat(*seat).take();
        let seat = (0..seats).find(free).ok_or(NoSeat::Full { seats })?;
        let subscriber = Subscriber::new(self.shared.clone(), seat, policy);
        // SAFETY: [R5] the seat has just been taken, here.
        unsafe {
            self.shared.at_desk(seat, |desk| {
                (desk.policy, desk.begin) = (policy, begin);
                ask(&mut desk.tenant);
            })
        }
        self.shared.seat(seat).ask();
        self.shared.notice.raise();
        Ok(subscriber)
    }
}

impl<T, D> Clone for Subscriptions<T, D> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}
