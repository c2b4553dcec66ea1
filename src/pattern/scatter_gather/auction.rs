//! An open set of recipients.

use super::audience::{Audience, sealed::Sealed};
use crate::contract::{Header, Reason, Refused, Sink};
use crate::pattern::Request;
use crate::ring::CapacityError;
use crate::table::Index;
use core::fmt::{Debug, Formatter};

/// Recipients that nobody knows the number of: all that read one ring, such as a
/// [`multicast`](crate::channel::multicast) or a publish-subscribe one.
///
/// They are told apart by the [`Origin`](crate::pattern::Origin) of their [`Responder`](crate::pattern::Responder), which
/// therefore has to be another for each, and are numbered in the order in which they are first heard of. A number stays
/// with its bidder.
pub struct Auction<K> {
    sink: K,
    numbers: Index<u16, u8>,
    /// By number, the producer.
    bidders: Box<[u16]>,
}

impl<K> Auction<K> {
    /// Asks through `sink`, and hears up to `bidders` (1 to 64) that have answered it. What others say is
    /// `dropped[TableFull]`. Allocates for those.
    ///
    /// # Errors
    /// [`CapacityError`] if `bidders` is zero or more than 64.
    pub fn new(bidders: usize, sink: K) -> Result<Self, CapacityError> {
        if bidders > 64 {
            return Err(CapacityError::TooLarge { asked: bidders });
        }
        Ok(Self { sink, numbers: Index::new(bidders)?, bidders: vec![0; bidders].into() })
    }
    /// The number of the [`Origin`](crate::pattern::Origin) of a bidder that has been heard of.
    #[must_use]
    pub fn producer(&self, bidder: usize) -> Option<u16> {
        self.bidders[..self.numbers.len()].get(bidder).copied()
    }
}

impl<K> Sealed for Auction<K> {}

impl<Q, K: Sink<Event = Request<Q>>> Audience<Q> for Auction<K> {
    const IS_OPEN: bool = true;
    fn width(&self) -> usize {
        self.bidders.len()
    }
    #[inline]
    fn offer(&mut self, _: usize, write: impl FnOnce(&mut Request<Q>)) -> Result<(), Refused> {
        self.sink.offer(write)
    }
    #[inline]
    fn offer_all(&mut self, _: u64, write: &mut impl FnMut(usize, &mut Request<Q>)) -> Result<(), Refused> {
        self.sink.offer(|slot| write(0, slot))
    }
    #[inline]
    fn recipient(&mut self, asked: usize, reply: &Header) -> Result<usize, Reason> {
        let Self { numbers, bidders, .. } = self;
        let (producer, next) = (reply.ids.id.producer(), numbers.len());
        if asked != 0 {
            return Err(Reason::InvalidKey);
        }
        if let Some(number) = numbers.get(&producer) {
            return Ok(usize::from(*number));
        }
        // No more than 64, so the number fits.
        *bidders.get_mut(next).ok_or(Reason::TableFull)? = producer;
        numbers.insert(producer, next as u8).map_err(|_| Reason::TableFull)?;
        Ok(next)
    }
}

impl<K> Debug for Auction<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Auction")
            .field("bidders", &&self.bidders[..self.numbers.len()])
            .finish_non_exhaustive()
    }
}
