//! Who is asked.

use super::tally::bits;
use crate::contract::{Flow, Halt, Header, Reason, Refused, Sink};
use crate::pattern::Request;
use core::fmt::{Debug, Formatter};

/// The recipients of a requester's questions. There are two: [`Distribution`] and [`Auction`](super::Auction).
pub trait Audience<Q>: sealed::Sealed {
    /// There may be some that nobody has heard of.
    #[doc(hidden)]
    const IS_OPEN: bool;
    /// How many are told apart.
    #[doc(hidden)]
    fn width(&self) -> usize;
    /// Asks one.
    #[doc(hidden)]
    fn offer(&mut self, recipient: usize, write: impl FnOnce(&mut Request<Q>)) -> Result<(), Refused>;
    /// Asks all of `whom` that are there, or nobody.
    #[doc(hidden)]
    fn offer_all(&mut self, whom: u64, write: &mut impl FnMut(usize, &mut Request<Q>))
    -> Result<(), Refused>;
    /// Who it was that answered a question put to `asked`.
    #[doc(hidden)]
    fn recipient(&mut self, asked: usize, reply: &Header) -> Result<usize, Reason>;
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// Recipients that are known, each with a ring of its own: the recipient list of the book.
///
/// Up to 64 compile, 65 do not:
/// ```
/// # use ringmain::pattern::Distribution;
/// let _ = Distribution::new([(); 64]);
/// ```
/// ```compile_fail,E0080
/// # use ringmain::pattern::Distribution;
/// let _ = Distribution::new([(); 65]);
/// ```
pub struct Distribution<K, const N: usize>([K; N]);

impl<K, const N: usize> Distribution<K, N> {
    /// Recipient `i` is asked through `sinks[i]`. There may be none.
    #[must_use]
    pub fn new(sinks: [K; N]) -> Self {
        const { assert!(N <= 64, "a bit for each recipient: no more than 64") };
        Self(sinks)
    }
}

impl<K, const N: usize> sealed::Sealed for Distribution<K, N> {}

impl<Q, K: Sink<Event = Request<Q>>, const N: usize> Audience<Q> for Distribution<K, N> {
    const IS_OPEN: bool = false;
    fn width(&self) -> usize {
        N
    }
    #[inline]
    fn offer(&mut self, recipient: usize, write: impl FnOnce(&mut Request<Q>)) -> Result<(), Refused> {
        self.0[recipient].offer(write)
    }
    #[inline]
    fn offer_all(
        &mut self,
        whom: u64,
        write: &mut impl FnMut(usize, &mut Request<Q>),
    ) -> Result<(), Refused> {
        fill_each(&mut self.0, 0, &mut bits(whom), write).map_err(|halt| match halt {
            Halt::Again => Refused::Full,
            _ => Refused::Closed,
        })
    }
    #[inline]
    fn recipient(&mut self, asked: usize, _: &Header) -> Result<usize, Reason> {
        if asked < N { Ok(asked) } else { Err(Reason::InvalidKey) }
    }
}

/// Fills within fills: a sink publishes only if all after it have. `sinks[0]` is that of recipient `first`.
#[inline]
fn fill_each<Q, K: Sink<Event = Request<Q>>>(
    sinks: &mut [K],
    first: usize,
    whom: &mut impl Iterator<Item = usize>,
    write: &mut impl FnMut(usize, &mut Request<Q>),
) -> Flow {
    let Some(recipient) = whom.next() else { return Ok(()) };
    let Some((sink, rest)) = sinks[recipient - first..].split_first_mut() else { return Ok(()) };
    sink.fill(|slot| {
        fill_each(rest, recipient + 1, whom, write)?;
        write(recipient, slot);
        Ok(())
    })
}

impl<K, const N: usize> Debug for Distribution<K, N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        write!(f, "Distribution({N})")
    }
}
