//! The ends of a service, over rings.

use super::{Client, Reply, Request};
use crate::channel::{mpsc, spsc};
use crate::pattern::{Addresses, Origin, ReplyPorts};
use crate::ring::CapacityError;

/// A client of a [`service`].
pub type RingClient<Q, A> = Client<spsc::Consumer<Reply<A>>, mpsc::Producer<Request<Q>>>;

/// The rings of a service: a client for each of `origins`, the requests of all of them, and the ports that lead back.
///
/// Each client may have `outstanding` requests open. There is room for all of them in the request ring, and for as many
/// replies in each reply ring; so a ring is full only of what the other side did not poll for in time (late replies
/// included), or of answers in parts. Drive the requests with a [`Server`](super::Server) over the ports.
///
/// Ports are numbered from 1. Allocates all that clients and rings need.
///
/// # Errors
/// [`CapacityError`] if `outstanding` is zero or there are too many clients or requests.
#[expect(clippy::type_complexity, reason = "three parts, whose names would say less than their types")]
pub fn service<Q: Default, A: Default, const N: usize>(
    origins: [Origin; N],
    outstanding: usize,
) -> Result<
    ([RingClient<Q, A>; N], mpsc::Consumer<Request<Q>>, ReplyPorts<spsc::Producer<Reply<A>>>),
    CapacityError,
> {
    let too_many = CapacityError::TooLarge { asked: N };
    let most = u16::try_from(N).map_err(|_| too_many)?;
    let (mut addresses, mut ports) = (Addresses::new(1..=most), ReplyPorts::new(1..=most));
    let capacity =
        |slots: usize| slots.checked_next_power_of_two().ok_or(CapacityError::TooLarge { asked: slots });
    let (requests, to_server) = mpsc::channel(capacity(outstanding.saturating_mul(N))?, Request::default)?;
    let mut clients = Vec::with_capacity(N);
    for origin in origins {
        let (sink, inbox) = spsc::channel(capacity(outstanding)?, Reply::default)?;
        let port = addresses.open().map_err(|_| too_many)?;
        ports.open(port, sink);
        clients.push(Client::new(origin, port, outstanding, inbox, requests.clone())?);
    }
    // As many as there are origins.
    let clients = clients.try_into().map_err(|_: Vec<_>| too_many)?;
    Ok((clients, to_server, ports))
}
