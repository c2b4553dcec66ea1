//! Publish-subscribe channel with topics: who subscribes names topics by patterns, and gets the last events that a topic
//! keeps, and then all that come.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 4, "Publish-Subscribe Channel" (page 106): one channel
//! in, and for each subscriber one out, which gets each event once. Here the subscribers read the one event where it
//! lies. The wildcards are those of NATS and of AMQP 0-9-1.
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
//! | an event                               | in the publisher's books                         |
//! |----------------------------------------|--------------------------------------------------|
//! | for k subscribers that are there       | `folded`; k `generated`, k `out`                 |
//! | for nobody                             | `dropped[NoSubscriber]`, which is no error       |
//! | to a topic that this channel has not   | none: the fill is rejected, `NoRoute`            |
//!
//! # Options
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
//! | said of         | is                                                                     | by whom                |
//! |-----------------|------------------------------------------------------------------------|------------------------|
//! | a topic         | [`Retain`]: it keeps nothing, the last event, the last n               | [`Publisher::declare`] |
//! | a subscription  | [`Policy`]: it gates, is required, lags, conflates, or is disconnected | [`Subscriptions::subscribe`] |
//! | a subscription  | [`Begin`]: now, with the oldest event in the ring, at a position       | the same               |
//!
//! Membership, policies and progress are those of [`channel::publish_subscribe`](crate::channel::publish_subscribe), on
//! which it is built; what a subscriber lags counts events of all topics.
//!
//! # Retained events
//! A topic keeps [`None`](Retain::None), [`Last`](Retain::Last) or [`LastN`](Retain::LastN). When a subscriber is let in,
//! the publisher lays clones of what its topics have kept from before its join on the desk of its seat, between two numbers.
//! The subscriber gets them first, oldest first, with [`Publication::retained`] set, and then what is published from
//! [`joined`](Subscriber::joined) on.
//!
//! # Conflation
//! With [`Policy::Conflate`](crate::channel::publish_subscribe::Policy::Conflate) a newer event of a topic replaces an older one, for a subscriber that is slow: it need not see
//! every event, but must not miss the last of any topic. When a slot is needed that it has not read, the publisher moves it
//! on to the next number, and lays what its topics keep, of the events that it has not seen, on its desk. So an overrun is
//! like a join:
//!
//! ```text
//!  topics    a   b   c   b   b   a   b   b     4 slots, each topic keeps its last
//!            #1  #2  #3  #4 | #5  #6  #7 ...
//!  overrun at #5:           [ #1 of a, #3 of c, #4 of b ], and then #5 from the ring; #2 is missed, and told
//! ```
//!
//! It sees the events in order and none twice, however often it is overrun; the publisher never waits for it, but while it
//! looks at an event, of the ring or of its desk. Each event is one that it gets, that it passes over, or that
//! [`missed`](crate::channel::publish_subscribe::Subscriber::missed) counts: `recv` tells them as
//! [`Lagged`](crate::channel::publish_subscribe::NoEvent::Lagged) before it goes on. Of a topic that keeps nothing it
//! misses what it is too late for; where no topic can keep anything, it is refused as
//! [`NothingKept`](crate::channel::publish_subscribe::NoSeat::NothingKept). While it sleeps an overrun comes once a lap, and
//! costs the publisher a look at each topic and a clone of what is kept. For keys within an event, or before a ring that is
//! full, there is [`overflow::Conflate`](crate::channel::overflow::Conflate).
//!
//! # Bounds
//!
//! | bounded                                              | at the bound                                                |
//! |------------------------------------------------------|-------------------------------------------------------------|
//! | slots of the ring                                    | as the [`Policy`] of who is slow says: the publisher is refused as `Full`, or that subscriber misses events or is disconnected |
//! | subscribers at a time: the seats, 1 to 64            | [`SubscribeError::NoSeat`]; more seats are [`BuildError::Seats`] |
//! | topics: as built, at most 65,536; none is given back | [`DeclareError::TooMany`]                                   |
//! | patterns of a subscription: 256 bytes, with one between each two | [`PatternError::TooLong`]                       |
//! | retained events: as built, of all topics together    | [`DeclareError::Retained`]                                  |
//!
//! It holds nothing (gate) but the clones that are retained: once in the topics, and twice that room at each seat. A subscriber sees one order, that of the publisher, over
//! all of its topics. A panic of `T::clone` unwinds to the publisher: its event is not published, and who was to be let
//! in is let in by the next fill.
//!
//! # Costs
//!
//! A fill costs what it costs there, and a count of the seats for the books; a topic that retains, a clone. Allocates
//! when it is built, and a name (and room for what is retained) when a topic is declared; subscribing and publishing
//! allocate nothing but what `T::clone` does. Publishing and reading are wait-free, as there. Publisher and subscribers
//! each keep a ledger.
//!
//! A join is the publisher's work: names compared with patterns, events cloned. It is done in the next fill; who does
//! not want it there calls [`Publisher::admit`] at a better time. To declare a topic, or to look one up by its name,
//! compares names one by one.
//!
//! | what                   | ns  | over                         |
//! |------------------------|-----|------------------------------|
//! | to publish to a topic  | 1.9 | the same ring without topics |
//! | to read                | 0.7 | the same ring without topics |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- publish_subscribe`: nanoseconds an event over the row named,
//! medians, as other work took its turns on the machine (an AMD EPYC, virtual), 24 November 2026. What the ring itself
//! costs is told in [`channel::publish_subscribe`](crate::channel::publish_subscribe).
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
//!
//! # A scene
//! `examples/publish_subscribe.rs`, which `cargo run --example publish_subscribe` runs:
#![doc = concat!("```\n", include_str!("../../../examples/publish_subscribe.rs"), "```")]
//!
//! [`Policy`]: crate::channel::publish_subscribe::Policy
//! [`Begin`]: crate::channel::publish_subscribe::Begin

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
/// when it joins, or is overrun and conflates, at most, and each seat has room for them, twice.
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
