//! Publish-subscribe channel: one publisher, and subscribers that come and go while it runs.
//!
//! ```text
//!  any thread: subscribe --> [ seats: free | joining | seated | ... ] --raise--> notice
//!                                                                                  v
//!  publisher ==> #41 #42 #43 | join of b: #44 | #44 #45 | leave of a | #46 ...   looks at each fill,
//!                                                                                and lets in and out
//!       a: #40..#43          b: #44, #45, #46 ...                                between two numbers
//! ```
//!
//! | slot `s`                                        | who may touch it                                    | rule |
//! |-------------------------------------------------|-----------------------------------------------------|------|
//! | `tail <= s < least place + capacity`            | the publisher                                       | R3   |
//! | `place <= s < tail` of a subscriber that gates  | that subscriber                                     | R4   |
//! | the same, of another that is inside             | that subscriber                                     | R4   |
//! | the desk of a seat                              | as the seat's standing says, see [`Seat`]           | R5 R6 |
//!
//! | store, or read-modify-write (Release)       | load, or read-modify-write (Acquire) | what it hands over               |
//! |---------------------------------------------|--------------------------------------|----------------------------------|
//! | `tail.advance` S1                           | subscribers S2                       | the contents of slots `< tail`   |
//! | `notice.raise` S11                          | each fill, [`Publisher::admit`]      | that a seat's standing changed   |
//! | a seat's standing S12, S13, S14             | subscribe, admit, the subscriber's first turns | the seat's desk; what was published before the join; that who left is in no slot |
//! | a subscriber's place S15                    | the publisher when it needs slots    | the slots it is done with        |
//! | the place, moved by the publisher S16       | a subscriber that wants to go in     | all that was published till then |
//! | the place, resumed by the publisher S17     | the same                             | its desk, where it conflates     |
//!
//! # The life of a subscription
//! [`Subscriptions::subscribe`] takes a free seat and raises a notice; the publisher sees it at its next fill (or when it
//! [admits](Publisher::admit)), and fixes the number from which the subscription gets every event:
//! [`Subscriber::joined`]. **While the publisher does nothing, nobody joins.** [`Subscriber::unsubscribe`] gives the number
//! back before which the subscriber has got all; to drop it does the same, for a panic, too. The publisher sees that at its
//! next fill, and the seat is free again. A seat is a bit of the publisher's own mask, so a membership that does not change
//! costs a fill one load of a line that stays in its cache.
//!
//! # Who holds up whom
//!
//! | [`Policy`]                | a subscriber that is slow                              | one that goes                        |
//! |---------------------------|--------------------------------------------------------|--------------------------------------|
//! | `Gate`                    | the publisher is refused as `Full` after a lap         | gates nobody any more                |
//! | `Required`                | the same                                               | without a word: the publisher is refused as `Closed`, for ever; with `unsubscribe`: as `Gate` |
//! | `Lag(Oldest)`             | misses the oldest events, and is told how many         | as `Gate`                            |
//! | `Lag(Newest)`             | misses all but the newest, and is told how many        | as `Gate`                            |
//! | `Conflate`                | misses what it is too late for, but what is kept for it comes before it goes on | as `Gate`      |
//! | `DisconnectAfter(lag)`    | with more than so many events unread it is disconnected | as `Gate`                           |
//!
//! A subscriber that may lag, conflates, or may be disconnected, holds the publisher up all the same **while its handler runs**, for at
//! most that batch: the events are read where they lie, whatever they own, and nobody writes into a slot that is being
//! looked at. Who must never be held up, not by a running handler either, takes [`broadcast`](super::broadcast), whose
//! events are plain words. A handler that publishes on the ring that it reads from is refused as `Full` when it has to be,
//! and never waits for itself.
//!
//! Without any subscriber the ring is neither blocked nor overrun: events go in, the oldest are overwritten, and
//! [`Publisher::unheard`] counts them.
//!
//! # Progress
//!
//! | operation             | progress                                                                                       |
//! |-----------------------|------------------------------------------------------------------------------------------------|
//! | fill                  | wait-free: at most a look at each seat. While a subscriber lags, one compare-exchange an event   |
//! | subscribe             | wait-free: at most a look at each seat                                                         |
//! | drain, recv           | wait-free                                                                                      |
//! | leaving               | wait-free                                                                                      |
//!
//! Costs: the slots and the seats, allocated in [`channel`]; nothing after it, subscribing included. No system call.
//!
//! | what                                                        | ns           |
//! |-------------------------------------------------------------|--------------|
//! | a fill, with 0 to 8 subscribers that gate                   | 0.98 to 1.03 |
//! | ... of a [`multicast`](super::multicast) ring, for comparison, with 1 to 8 readers | 0.98 to 1.01 |
//! | a fill, one that may lag sleeps: `Lag(Oldest)`              | 7.8          |
//! | ... `Lag(Newest)`                                           | 1.0          |
//! | subscribe, admit, leave and admit, with 64 seats            | 170          |
//!
//! Measured by `cargo bench -p ringmain --bench channel -- publish_subscribe`: nanoseconds in all, medians, on one
//! thread of an idle machine (an AMD EPYC, virtual), 24 November 2026; a tenth of a nanosecond is noise.
//!
//! Order: total; every subscriber sees the events in the order they were filled, without a gap unless its policy makes one.
//! Source: *Enterprise Integration Patterns*, p. 106; membership between two numbers as in LMAX's `addGatingSequences`.
//!
//! ```
//! use ringmain::channel::publish_subscribe::{self, Begin, Policy};
//! use ringmain::contract::{Sink, Source, Tick, each};
//!
//! let (mut prices, subscriptions) = publish_subscribe::channel(8, 4, || 0u64)?;
//! prices.push(100)?; // nobody is there, which is no mistake
//! let mut late = subscriptions.subscribe(Policy::Gate, Begin::Now)?;
//! prices.push(101)?;
//! assert_eq!(late.joined().map(|at| at.count()), Some(1));
//! let _ = late.drain(Tick::ZERO, 8, &mut each(|price: &u64| assert_eq!(*price, 101)));
//! assert_eq!(late.unsubscribe().map(|at| at.count()), Some(2));
//! assert_eq!(prices.unheard(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod gates;
mod policy;
mod publisher;
mod subscriber;
mod subscriptions;

pub use policy::{Begin, Policy, Resume};
pub use publisher::{Publisher, Usher};
pub use subscriber::{NoEvent, Subscriber};
pub use subscriptions::{NoSeat, Subscriptions};

use crate::ring::{CapacityError, Cursor, Notice, Seat, Sequence, Slots};
use crate::sync::Arc;

/// The most seats that a channel can have.
pub const MOST_SEATS: usize = 64;

/// Builds a ring of `capacity` slots (a power of two), each filled by `fill` now and reused for ever, for at most `seats`
/// subscribers at a time, 1 to [`MOST_SEATS`].
///
/// # Errors
/// [`BuildError`] says which of the two numbers is wrong.
pub fn channel<T>(
    capacity: usize,
    seats: usize,
    fill: impl FnMut() -> T,
) -> Result<(Publisher<T>, Subscriptions<T>), BuildError> {
    channel_with((), Sequence::ZERO, capacity, seats, fill)
}

/// As [`channel`], with somebody who is called between two numbers when a subscriber joins or leaves, and with positions
/// counted from `start`.
///
/// # Errors
/// As [`channel`].
pub fn channel_with<T, U: Usher>(
    mut usher: U,
    start: Sequence,
    capacity: usize,
    seats: usize,
    fill: impl FnMut() -> T,
) -> Result<Ends<T, U>, BuildError> {
    if seats == 0 || seats > MOST_SEATS {
        return Err(BuildError::Seats { asked: seats });
    }
    let slots = Slots::new(capacity, start, fill, |_| ()).map_err(BuildError::Capacity)?;
    let keeps = usher.keeps();
    let desk =
        || Desk { policy: Policy::Gate, begin: Begin::Now, joined: start, given_up: 0, tenant: usher.desk() };
    let desks = Slots::new(seats.next_power_of_two(), Sequence::ZERO, desk, |_| Seat::new());
    let desks = desks.map_err(BuildError::Capacity)?;
    let shared =
        Arc::new(Shared { slots, tail: Cursor::new(start), desks, seats, keeps, notice: Notice::new() });
    Ok((Publisher::new(shared.clone(), usher, start), Subscriptions::new(shared)))
}

/// The end that puts in, and where others get one that takes out.
pub type Ends<T, U> = (Publisher<T, U>, Subscriptions<T, <U as Usher>::Desk>);

/// Why a channel cannot be built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BuildError {
    /// The ring cannot have that capacity.
    Capacity(CapacityError),
    /// The channel cannot have so many seats.
    Seats {
        /// What was asked for.
        asked: usize,
    },
}

impl core::fmt::Display for BuildError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Capacity(error) => error.fmt(f),
            Self::Seats { asked } => {
                write!(
                    f,
                    "{asked} seats: ask for 1 to {MOST_SEATS}, or put a second channel behind a subscriber"
                )
            }
        }
    }
}

impl core::error::Error for BuildError {}

/// The memory of a channel.
#[derive(Debug)]
struct Shared<T, D> {
    slots: Slots<T>,
    /// Everything before it is published.
    tail: Cursor,
    /// What lies at each seat, and the seat beside it; there may be some more than `seats`, which nobody uses.
    desks: Slots<Desk<D>, Seat>,
    seats: usize,
    /// The usher keeps events for those who conflate.
    keeps: bool,
    /// Raised whenever a standing changes that the publisher has to know of.
    notice: Notice,
}

/// What changes hands with a seat.
#[derive(Debug)]
struct Desk<D> {
    /// What the subscriber asks for.
    policy: Policy,
    begin: Begin,
    /// What the publisher answers.
    joined: Sequence,
    /// Events that a subscriber which conflates will not see, all in all.
    given_up: u64,
    /// What the usher has to say to the subscriber, and the other way round.
    tenant: D,
}

impl<T, D> Shared<T, D> {
    #[inline(always)]
    fn seat(&self, seat: usize) -> &Seat {
        self.desks.mark(Sequence::new(seat as u64))
    }
    /// Lends what lies at a seat.
    ///
    /// # Safety
    /// R5 or R6: the seat's standing says that the caller has it.
    unsafe fn at_desk<R>(&self, seat: usize, f: impl FnOnce(&mut Desk<D>) -> R) -> R {
        // SAFETY: [R5] [R6] by the caller.
        unsafe { self.desks.lend(Sequence::new(seat as u64), f) }
    }
}
