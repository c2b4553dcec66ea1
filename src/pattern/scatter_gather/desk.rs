//! Where a requester sits.

use super::Distribution;
use crate::channel::{mpsc, spsc};
use crate::contract::{ReturnAddress, Source};
use crate::pattern::{Addresses, Origin, Port, Reply, ReplyPorts, Request};
use crate::ring::CapacityError;

/// What a requester asks and hears through.
#[derive(Debug)]
pub struct Desk<Src, To> {
    pub(super) origin: Origin,
    pub(super) reply_to: ReturnAddress,
    pub(super) replies: Src,
    pub(super) to: To,
}

impl<A, Src: Source<Event = Reply<A>>, To> Desk<Src, To> {
    /// Asks `to`, and finds the replies of all in `replies`, which is read by nobody else and is what `port` leads to.
    /// `origin` is used up: its number is in every ticket.
    #[must_use]
    pub fn new(origin: Origin, port: Port<Reply<A>>, replies: Src, to: To) -> Self {
        Self { origin, reply_to: port.address(), replies, to }
    }
}

/// A desk over rings, made by [`distribution`].
pub type RingDesk<Q, A, const N: usize> =
    Desk<mpsc::Consumer<Reply<A>>, Distribution<spsc::Producer<Request<Q>>, N>>;

/// What a recipient serves, and where it answers, made by [`distribution`].
pub type RingDealer<Q, A> = (spsc::Consumer<Request<Q>>, ReplyPorts<mpsc::Producer<Reply<A>>>);

/// The rings of a requester and its `N` recipients, each to be driven with a [`Server`](crate::pattern::Server) over its
/// ports. `outstanding` scatters may be open; each request ring has room for that many, and the reply ring for the answers
/// to all of them.
///
/// The port is number 1. Allocates the rings.
///
/// # Errors
/// [`CapacityError`] if `outstanding` is zero or too large.
#[expect(clippy::type_complexity, reason = "two parts, whose names would say less than their types")]
pub fn distribution<Q: Default, A: Default, const N: usize>(
    origin: Origin,
    outstanding: usize,
) -> Result<(RingDesk<Q, A, N>, [RingDealer<Q, A>; N]), CapacityError> {
    let too_many = CapacityError::TooLarge { asked: outstanding };
    if outstanding == 0 {
        return Err(CapacityError::Zero);
    }
    let capacity = outstanding.checked_next_power_of_two().ok_or(too_many)?;
    let all = capacity.checked_mul(N.next_power_of_two()).ok_or(too_many)?;
    let (sink, replies) = mpsc::channel(all, Reply::default)?;
    let port = Addresses::new(1..=1).open().map_err(|_| too_many)?;
    let (mut sinks, mut dealers) = (Vec::with_capacity(N), Vec::with_capacity(N));
    for _ in 0..N {
        let (requests, to_dealer) = spsc::channel(capacity, Request::default)?;
        let mut ports = ReplyPorts::new(1..=1);
        ports.open(port, sink.clone());
        sinks.push(requests);
        dealers.push((to_dealer, ports));
    }
    // There are N of each.
    let sinks: [_; N] = sinks.try_into().map_err(|_: Vec<_>| too_many)?;
    let dealers = dealers.try_into().map_err(|_: Vec<_>| too_many)?;
    Ok((Desk::new(origin, port, replies, Distribution::new(sinks)), dealers))
}
