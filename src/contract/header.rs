//! What patterns ask of an event, and a message that has it all.
//!
//! ```text
//!   0        8        16       24       32       40       48       56       64
//!  +--------+--------+--------+--------+--------+--------+--------+--------+
//!  |   id   |  corr  | cause  |  seq   |   ts   |deadline| r t y  | p f s  |
//!  +--------+--------+--------+--------+--------+--------+--------+--------+
//!   r: reply_to 32   t: topic 16   y: kind 16   p: part 8 of 8   f: attempt 8, flags 8   s: slip 32
//! ```
//! One cache line. No strings and nothing random: the same run gives the same ids.

use super::Tick;

/// The id of a message: who made it (16 bits) and its number there (48 bits). 0 is no message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct MessageId(pub u64);

impl MessageId {
    /// No message.
    pub const NONE: Self = Self(0);
    /// The largest number that a message can have with its maker.
    pub const MAX_COUNTER: u64 = (1 << 48) - 1;

    /// The message number `counter` (its lower 48 bits) of `producer`.
    #[inline]
    #[must_use]
    pub const fn new(producer: u16, counter: u64) -> Self {
        Self((producer as u64) << 48 | (counter & Self::MAX_COUNTER))
    }
    /// Who made it.
    #[inline]
    #[must_use]
    pub const fn producer(self) -> u16 {
        (self.0 >> 48) as u16
    }
    /// Its number among the messages of its maker.
    #[inline]
    #[must_use]
    pub const fn counter(self) -> u64 {
        self.0 & Self::MAX_COUNTER
    }
}

impl core::fmt::Display for MessageId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}:{}", self.producer(), self.counter())
    }
}

/// The three ids that tie messages together.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Ids {
    /// This message.
    pub id: MessageId,
    /// The conversation: the id of the message that began it.
    pub conversation: MessageId,
    /// The message that this one follows from; [`MessageId::NONE`] for the first of a conversation.
    pub cause: MessageId,
}

/// Where a reply goes: a port of a table of reply channels, and which tenant of that port is meant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct ReturnAddress {
    /// Index of the reply channel, from 1; 0 is no address.
    pub port: u16,
    /// Counts the tenants of the port: an address of an earlier one never reaches a later one.
    pub generation: u16,
}

/// The place of a message among the parts of a whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct PartOf {
    /// From 0.
    pub index: u8,
    /// How many parts there are; 0 if the message is no part.
    pub of: u8,
}

/// An event that carries correlation identifiers.
pub trait Correlated {
    /// The ids it carries.
    fn ids(&self) -> Ids;
    /// Gives it `ids`.
    fn set_ids(&mut self, ids: Ids);
}

/// An event that says where its reply goes.
pub trait Addressed {
    /// Where the reply goes.
    fn reply_to(&self) -> ReturnAddress;
    /// Sends the reply to `address`.
    fn set_reply_to(&mut self, address: ReturnAddress);
}

/// An event that carries its itinerary: 24 bits of itinerary, 8 bits of position.
pub trait Slipped {
    /// The itinerary and the position on it.
    fn slip(&self) -> u32;
    /// Replaces both.
    fn set_slip(&mut self, slip: u32);
}

/// An event with a whole [`Header`] in it: it is [`Correlated`], [`Addressed`] and [`Slipped`] by that.
pub trait Headed {
    /// The header.
    fn header(&self) -> &Header;
    /// The header, to be changed.
    fn header_mut(&mut self) -> &mut Header;
}

/// One cache line that travels with a body.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Header {
    /// The correlation identifiers.
    pub ids: Ids,
    /// The number a sequencer gave; 0 before.
    pub seq: u64,
    /// When it was made.
    pub ts: Tick,
    /// When it is worth nothing any more; [`Tick::ZERO`] is never.
    pub deadline: Tick,
    /// Where the reply goes.
    pub reply_to: ReturnAddress,
    /// The interned topic.
    pub topic: u16,
    /// The type of the body, for translators of versions.
    pub kind: u16,
    /// The place among the parts of a whole.
    pub part: PartOf,
    /// How often it was tried.
    pub attempt: u8,
    /// The user's.
    pub flags: u8,
    /// The itinerary and the position on it.
    pub slip: u32,
}

/// A body with a header: an event that every pattern can work with.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Message<T> {
    /// What the patterns read and write.
    pub header: Header,
    /// What the user reads and writes.
    pub body: T,
}

impl<T> Headed for Message<T> {
    #[inline]
    fn header(&self) -> &Header {
        &self.header
    }
    #[inline]
    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }
}

impl<T: Headed> Correlated for T {
    #[inline]
    fn ids(&self) -> Ids {
        self.header().ids
    }
    #[inline]
    fn set_ids(&mut self, ids: Ids) {
        self.header_mut().ids = ids;
    }
}

impl<T: Headed> Addressed for T {
    #[inline]
    fn reply_to(&self) -> ReturnAddress {
        self.header().reply_to
    }
    #[inline]
    fn set_reply_to(&mut self, address: ReturnAddress) {
        self.header_mut().reply_to = address;
    }
}

impl<T: Headed> Slipped for T {
    #[inline]
    fn slip(&self) -> u32 {
        self.header().slip
    }
    #[inline]
    fn set_slip(&mut self, slip: u32) {
        self.header_mut().slip = slip;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_who_made_it() {
        let id = MessageId::new(u16::MAX, MessageId::MAX_COUNTER);
        assert_eq!(id, MessageId(u64::MAX));
        assert_eq!((id.producer(), id.counter()), (u16::MAX, MessageId::MAX_COUNTER));
        assert_eq!(MessageId::new(3, 17).to_string(), "3:17");
        assert_eq!(MessageId::new(0, 0), MessageId::NONE);
    }

    #[test]
    fn the_header_is_one_line() {
        assert_eq!(size_of::<Header>(), 64);
        assert_eq!(size_of::<Message<u64>>(), 72);
    }
}
