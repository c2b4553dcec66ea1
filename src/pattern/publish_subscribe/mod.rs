//! Publish-subscribe channel with topics: who subscribes names topics by patterns, and gets the last events that a topic
//! keeps, and then all that come.
//!
//! ```text
//!  declare "fx.eur.usd" = 3, "fx.usd.jpy" = 4     subscribe ["fx.*.usd", "fx.eur.#"] at seat 1
//!                                                   topic 3: seat 1, once          topic 4: not seat 1
//!  publish to 3: one load says for whom it is
//!  subscriber:   one load and a mask say whether it is for this one
//!
//!  join of b:    [ retained: #17 of 3 ] handed over | then live from #44 on: none twice, none missing
//! ```
//!
//! | in a pattern | stands for                                | as in                          |
//! |--------------|-------------------------------------------|--------------------------------|
//! | `*`          | exactly one word                          | NATS, AMQP                     |
//! | `>`          | one word or more, at the end only         | NATS                           |
//! | `#`          | any number of words, none included, anywhere | AMQP                        |
//!
//! Words stand between dots. A topic is declared, once, by the publisher, and is a number from then on; patterns are
//! compared with names when somebody joins, and when a topic is declared later: never when an event is published. A
//! subscriber with patterns that overlap gets an event once.
//!
//! # Retained events
//! A topic keeps [`None`](Retain::None), [`Last`](Retain::Last) or [`LastN`](Retain::LastN). When a subscriber is let in,
//! the publisher lays clones of what its topics have kept from before its join on the desk of its seat, between two numbers.
//! The subscriber gets them first, oldest first, with [`Publication::retained`] set, and then what is published from
//! [`joined`](Subscriber::joined) on.
//!
//! A join is the publisher's work: names compared with patterns, events cloned. It is done in the next fill; who does not
//! want it there calls [`Publisher::admit`] at a better time.
//!
//! Membership, policies and progress are those of [`channel::publish_subscribe`](crate::channel::publish_subscribe), on
//! which it is built; what a subscriber lags counts events of all topics. Holds: gate. Publisher and subscribers each keep
//! a ledger. A fill costs what it costs there, and a count of the seats for the books; a topic that retains, a clone. Allocates when it is built, and a name (and room
//! for what is retained) when a topic is declared; subscribing and publishing allocate nothing but what `T::clone` does.
//! Sources: *Enterprise Integration Patterns*, p. 106; the wildcards of NATS and of AMQP 0-9-1.
//!
//! ```
//! use ringmain::channel::publish_subscribe::{Begin, Policy};
//! use ringmain::contract::Sink;
//! use ringmain::pattern::publish_subscribe::{Retain, Sizes, channel_retaining};
//!
//! let sizes = Sizes { slots: 8, seats: 4, topics: 16 };
//! let (mut prices, subscriptions) = channel_retaining(sizes, 16, || 0u64)?;
//! let (eur, jpy) = (prices.declare("fx.eur.usd", Retain::Last)?, prices.declare("fx.usd.jpy", Retain::None)?);
//! prices.to(eur).push(108)?;
//!
//! let mut late = subscriptions.subscribe(&["fx.*.usd"], Policy::Gate, Begin::Now)?;
//! prices.to(jpy).push(155)?;
//! prices.to(eur).push(109)?;
//! assert_eq!(late.recv(|price| (price.event, price.retained)), Ok((108, true)));
//! assert_eq!(late.recv(|price| (price.event, price.retained)), Ok((109, false)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod interests;
mod publisher;
mod subscriber;
mod subscriptions;
mod topic;
mod topics;
mod wildcard;

pub use publisher::{Publisher, To};
pub use subscriber::Subscriber;
pub use subscriptions::{SubscribeError, Subscriptions};
pub use topic::{DeclareError, Publication, Retain, Topic};
pub use topics::Topics;
pub use wildcard::PatternError;

use crate::channel::publish_subscribe::{BuildError, channel_with};
use crate::ring::Sequence;

/// How large a channel with topics is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    /// Slots of the ring, a power of two.
    pub slots: usize,
    /// Subscribers at a time, 1 to 64.
    pub seats: usize,
    /// Topics that can be declared, at most 65,536.
    pub topics: usize,
}

/// Builds a channel whose topics retain nothing; each slot is filled by `fill` now and reused for ever.
///
/// # Errors
/// [`BuildError`] says which of the sizes is wrong.
pub fn channel<T>(
    sizes: Sizes,
    fill: impl FnMut() -> T,
) -> Result<(Publisher<T>, Subscriptions<T>), BuildError> {
    build(Topics::new(sizes, 0, |_| None), sizes, Sequence::ZERO, fill)
}

/// As [`channel`], whose topics can retain `retained` events, all of them together; so many are cloned for a subscriber
/// when it joins, at most, and each seat has room for them.
///
/// # Errors
/// As [`channel`].
pub fn channel_retaining<T: Clone>(
    sizes: Sizes,
    retained: usize,
    fill: impl FnMut() -> T,
) -> Result<(Publisher<T>, Subscriptions<T>), BuildError> {
    channel_retaining_from(Sequence::ZERO, sizes, retained, fill)
}

/// As [`channel_retaining`], with positions counted from `start`: for tests that begin just before the wrap.
///
/// # Errors
/// As [`channel`].
#[doc(hidden)]
pub fn channel_retaining_from<T: Clone>(
    start: Sequence,
    sizes: Sizes,
    retained: usize,
    fill: impl FnMut() -> T,
) -> Result<(Publisher<T>, Subscriptions<T>), BuildError> {
    build(Topics::new(sizes, retained, |event| Some(event.clone())), sizes, start, fill)
}

fn build<T>(
    topics: Topics<T>,
    sizes: Sizes,
    start: Sequence,
    mut fill: impl FnMut() -> T,
) -> Result<(Publisher<T>, Subscriptions<T>), BuildError> {
    let interests = topics.interests();
    let empty = || Publication { topic: Topic::NONE, retained: false, event: fill() };
    let (ring, seats) = channel_with(topics, start, sizes.slots, sizes.seats, empty)?;
    Ok((Publisher::new(ring), Subscriptions::new(seats, interests)))
}
