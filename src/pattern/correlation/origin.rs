//! Makers of ids, and who gives out their numbers.

use super::NO_ID;
use crate::contract::{Halt, MessageId};
use core::{fmt, ops::RangeInclusive};

/// Numbers for makers of ids, each given out once.
///
/// ```
/// use ringmain::pattern::{Exhausted, Origins};
/// let mut origins = Origins::after(u16::MAX - 1); // what the journal of the last run says
/// assert_eq!(origins.open()?.producer(), u16::MAX);
/// assert_eq!(origins.open().unwrap_err(), Exhausted::Producers);
/// # Ok::<(), Exhausted>(())
/// ```
#[derive(Debug)]
pub struct Origins {
    free: RangeInclusive<u16>,
}

impl Origins {
    /// The numbers of `free`. That no message of an earlier owner of one of them is left anywhere is the caller's word.
    #[must_use]
    pub const fn new(free: RangeInclusive<u16>) -> Self {
        Self { free }
    }
    /// The numbers after `last`, the highest one that an earlier run may have used.
    #[must_use]
    pub fn after(last: u16) -> Self {
        let mut free = last..=u16::MAX;
        free.next();
        Self { free }
    }
    /// A maker of ids with a number that no other has.
    ///
    /// # Errors
    /// [`Exhausted::Producers`] when all are given out. Stable.
    pub fn open(&mut self) -> Result<Origin, Exhausted> {
        self.free.next().map(Origin::new).ok_or(Exhausted::Producers)
    }
}

/// A maker of ids: `producer:1`, `producer:2`, and so on. Not `Clone`, as a copy would make the same ids again.
#[derive(Debug)]
pub struct Origin {
    /// The id that was made last; before the first one, number 0 of this producer.
    pub(super) last: MessageId,
}

impl Origin {
    /// The maker with the number `producer`. Two with one number make the same ids: [`Origins`] takes care of that.
    #[must_use]
    pub const fn new(producer: u16) -> Self {
        Self { last: MessageId::new(producer, 0) }
    }
    /// The maker that made `last`, about to make the next one: for a replay that begins in the middle.
    #[must_use]
    pub const fn after(last: MessageId) -> Self {
        Self { last }
    }
    /// The number of this maker.
    #[must_use]
    pub const fn producer(&self) -> u16 {
        self.last.producer()
    }
    /// An id that this maker never made before. Wait-free, no allocation.
    ///
    /// # Errors
    /// [`Exhausted::Counter`] after 2^48 - 1 ids. Stable.
    #[inline]
    pub fn make(&mut self) -> Result<MessageId, Exhausted> {
        self.last = self.peek()?;
        Ok(self.last)
    }
    /// The id that [`make`](Self::make) would give.
    #[inline]
    pub(super) fn peek(&self) -> Result<MessageId, Exhausted> {
        let next = MessageId(self.last.0.wrapping_add(1));
        // The counter has run over, into the next producer's numbers.
        if next.counter() == 0 {
            return Err(Exhausted::Counter { producer: self.producer() });
        }
        Ok(next)
    }
}

/// There are no more ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exhausted {
    /// Every number of [`Origins`] is given out.
    Producers,
    /// One maker made all of its ids: open another.
    Counter {
        /// The maker.
        producer: u16,
    },
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Producers => f.write_str(
                "every number for a maker of ids is given out: recycle those whose messages are gone",
            ),
            Self::Counter { producer } => {
                write!(f, "producer {producer} has used up its 2^48 ids: open another origin for it")
            }
        }
    }
}

impl core::error::Error for Exhausted {}

impl From<Exhausted> for Halt {
    /// A message that gets no id is rejected with [`Reason::TableFull`].
    ///
    /// [`Reason::TableFull`]: crate::contract::Reason::TableFull
    fn from(_: Exhausted) -> Self {
        NO_ID.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_id_is_made_and_then_none() {
        let mut origin = Origin::after(MessageId::new(7, MessageId::MAX_COUNTER - 1));
        assert_eq!(origin.make(), Ok(MessageId::new(7, MessageId::MAX_COUNTER)));
        assert_eq!(origin.make(), Err(Exhausted::Counter { producer: 7 }));
        assert_eq!(origin.make(), Err(Exhausted::Counter { producer: 7 }));
    }

    #[test]
    fn the_first_id_is_not_none() {
        assert_eq!(Origin::new(0).make(), Ok(MessageId(1)));
    }
}
