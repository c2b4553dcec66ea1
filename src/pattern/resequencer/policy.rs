//! What a resequencer does in each case that has no answer of its own. Nothing here has a default.

use crate::ring::CapacityError;
use core::fmt;
use core::time::Duration;

/// Everything that has to be said about a [`Resequencer`](super::Resequencer), in one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Which number is the first.
    pub start: Start,
    /// A number below the next one.
    pub late: Late,
    /// A number that is held already.
    pub duplicate: Duplicate,
    /// A number beyond the window.
    pub ahead: Ahead,
    /// A number that does not come.
    pub hole: Hole,
    /// What is held in the last turn, the one at [`Tick::MAX`](crate::contract::Tick::MAX).
    pub closing: Closing,
}

/// Which number is the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// This one. After a restart: what [`Resequencer::next`](super::Resequencer::next) said before it.
    Fixed(u64),
    /// That of the first event, which goes on at once. One with a smaller number that comes second is late.
    FirstSeen,
    /// The smallest of those that come within this time after the first event, which all wait for it to pass. It ends
    /// early if they do not fit in the window.
    SettleFor(Duration),
}

/// A number that went on before, or was given up. (Which of the two, nobody remembers.)
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Late {
    /// `dropped[Late]`.
    Drop,
    /// Rejected, for the nearest dead letter channel: `dead_lettered[Late]`.
    Reject,
    /// Goes on at once as an [`Ordered::Stray`](super::Ordered::Stray).
    Pass,
}

/// A number that is held already, and did not go on yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Duplicate {
    /// The second one is `dropped[Duplicate]`.
    KeepFirst,
    /// The second one takes the place of the first, which is `dropped[Duplicate]`.
    KeepLast,
    /// The second one is rejected: `dead_lettered[Duplicate]`.
    Reject,
}

/// A number that is so far ahead that the window has no slot for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ahead {
    /// The window moves on until it has: what is held behind goes on, and the holes between become gaps. One wild number
    /// makes all others late: where numbers cannot be trusted, take [`Reject`](Self::Reject).
    Advance,
    /// `dropped[WindowFull]`.
    Drop,
    /// Rejected: `dead_lettered[WindowFull]`.
    Reject,
    /// It waits, and with it everything behind it, also the missing number. So it is built only with a [`Hole`] that is
    /// given up after a time; then the window moves on, as by `Advance`.
    Block,
}

/// A number that does not come, while later ones are held. The clock runs for the first hole only. It starts at the latest
/// with the arrival of the event right behind the hole, and never fires early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hole {
    /// It is waited for: until it comes, until the window moves, or until the last turn. A pump whose source is closed
    /// ends only after that turn, if a number is missing then.
    Wait,
    /// It is given up: an [`Ordered::Gap`](super::Ordered::Gap), and what waited for it goes on.
    Skip {
        /// How long it is waited for. With `nak`, after the last request.
        after: Duration,
    },
    /// It is the end: what is held goes on as [`Ordered::Stray`](super::Ordered::Stray), and the stage stops.
    Halt {
        /// How long it is waited for. With `nak`, after the last request.
        after: Duration,
    },
}

/// What becomes of what is held in the last turn, the one at [`Tick::MAX`](crate::contract::Tick::MAX), which whoever ends
/// the bus gives to its agents; or when a key leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// It goes on in order, and the holes between become gaps.
    Release,
    /// It goes on as [`Ordered::Stray`](super::Ordered::Stray), in order, and no gap is told: for a stage that writes it
    /// down somewhere.
    Stray,
}

/// How many keys a [`KeyedResequencer`](super::KeyedResequencer) has at a time, and what becomes of one more. There is no
/// default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keys {
    /// So many at most; any number from 1 to 2^30.
    pub most: usize,
    /// A new key, when there are so many.
    pub full: TableFull,
}

/// A new key that finds the table full. Of those that are evicted, what they hold goes on first, as their [`Closing`] says:
/// in order with gaps, or as strays, whose reason is [`Reason::Evicted`](crate::contract::Reason::Evicted).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableFull {
    /// Its event is rejected: `dead_lettered[TableFull]`. Nobody leaves.
    Reject,
    /// The key that came first leaves.
    EvictOldest(Closing),
    /// The key of which no event has come for longest leaves.
    EvictLru(Closing),
    /// It waits, and everything behind it, until no event of some key has come for a time. That key leaves. So it waits for
    /// ever only if time stands still: a key that ends behind it in the same ring cannot be waited for.
    Block {
        /// For how long a key has to be silent.
        idle: Duration,
        /// What becomes of what it holds.
        closing: Closing,
    },
    /// Its event is `dropped[Poisoned]`, and the stage stops. What is held is `dropped[Shutdown]` with it.
    Fail,
}

impl TableFull {
    /// It matters when a key was used last.
    pub(super) const fn goes_by_use(self) -> bool {
        matches!(self, Self::EvictLru(_) | Self::Block { .. })
    }
}

/// The type of the numbers, which says where they wrap: `u8`, `u16`, `u32` or `u64`.
///
/// Numbers are compared by serial arithmetic (RFC 1982): of two, the later one is less than half of all numbers ahead.
pub trait Number: Copy + sealed::Sealed {
    /// Bits that count.
    #[doc(hidden)]
    const BITS: u32;
    #[doc(hidden)]
    fn wide(self) -> u64;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl sealed::Sealed for $type {}
        impl Number for $type {
            const BITS: u32 = <$type>::BITS;
            #[inline]
            fn wide(self) -> u64 {
                self.into()
            }
        }
    )+};
}
numbers!(u8, u16, u32, u64);

/// Why a resequencer was not built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unbuildable {
    /// There can be no window of this size.
    Window(CapacityError),
    /// There can be no table of so many keys.
    Keys(CapacityError),
    /// The window is larger than half of all numbers, so that early and late could not be told apart.
    TooLarge {
        /// The window that was asked for.
        window: usize,
        /// The bits of the numbers.
        bits: u32,
    },
    /// [`Ahead::Block`] with a [`Hole`] that is never given up: the missing number may lie behind the one that blocks.
    WouldDeadlock,
}

impl fmt::Display for Unbuildable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window(error) | Self::Keys(error) => error.fmt(f),
            Self::TooLarge { window, bits } => {
                write!(f, "a window of {window} slots is more than half of all numbers of {bits} bits")
            }
            Self::WouldDeadlock => f.write_str(
                "`Ahead::Block` would wait for ever, as the missing number may lie behind the one that blocks: \
                 say `Hole::Skip` or `Hole::Halt` after some time, or another `Ahead`",
            ),
        }
    }
}

impl core::error::Error for Unbuildable {}

impl From<CapacityError> for Unbuildable {
    fn from(error: CapacityError) -> Self {
        Self::Window(error)
    }
}
