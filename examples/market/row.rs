//! One row of a LOBSTER message file, read from its bytes.
//!
//! ```text
//!   34200.004241176,1,16113575,18,5853300,1
//!   |               | |        |  |       `- direction: 1 buy, -1 sell
//!   |               | |        |  `- price, dollars times 10,000
//!   |               | |        `- size, shares
//!   |               | `- order
//!   |               `- type: 1 new, 2 cancelled in part, 3 deleted, 4 executed, 5 executed hidden, 6 cross, 7 halt
//!   `- seconds after midnight, at most 9 decimals
//! ```
//!
//! Reading allocates nothing, and every line has an answer: a [`Row`], or what is [`Wrong`].

use ringmain::contract::Fault;
use std::fmt;

/// A row that could be read; whether it makes sense is for [`Row::check`] to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    /// Nanoseconds after midnight.
    pub(crate) time: u64,
    pub(crate) order: i64,
    /// Dollars times 10,000.
    pub(crate) price: i64,
    /// Shares.
    pub(crate) size: u32,
    pub(crate) kind: Kind,
    pub(crate) side: Side,
}

/// The type of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    New = 1,
    Cancelled,
    Deleted,
    Executed,
    Hidden,
    Cross,
    Halt,
}

/// The side of the book that an order is, or was, on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Buy,
    Sell,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] =
        [Self::New, Self::Cancelled, Self::Deleted, Self::Executed, Self::Hidden, Self::Cross, Self::Halt];

    /// What the report calls it.
    pub(crate) const fn name(self) -> &'static str {
        ["new", "cancelled in part", "deleted", "executed", "executed hidden", "cross", "halt"]
            [self as usize - 1]
    }
}

/// What is wrong with a row. The number is the code of the [`Fault`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wrong {
    Empty = 1,
    Missing,
    Extra,
    NotNumber,
    TooLarge,
    Decimals,
    Type,
    Direction,
    TooLong,
    HalfWritten,
    Time,
    Order,
    Size,
    Price,
}

impl Wrong {
    /// What the stage that finds it rejects the event with.
    pub(crate) const fn fault(self) -> Fault {
        Fault::new(self as u32)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty line",
            Self::Missing => "field missing",
            Self::Extra => "more than six fields",
            Self::NotNumber => "not a number",
            Self::TooLarge => "number too large",
            Self::Decimals => "more than nine decimals",
            Self::Type => "type is not 1 to 7",
            Self::Direction => "direction is not 1 or -1",
            Self::TooLong => "line too long",
            Self::HalfWritten => "half-written last line",
            Self::Time => "time is not of this day",
            Self::Order => "order number is not positive",
            Self::Size => "size is zero",
            Self::Price => "price is out of range",
        })
    }
}

impl Row {
    /// The highest price taken: a hundred million dollars.
    pub(crate) const HIGHEST: i64 = 1_000_000_000_000;

    /// Reads one line, given without its line feed.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, Wrong> {
        let mut rest = Rest(line.strip_suffix(b"\r").unwrap_or(line));
        if rest.0.is_empty() {
            return Err(Wrong::Empty);
        }
        let time = rest.time()?;
        rest.comma()?;
        let kind = match rest.unsigned()? {
            n @ 1..=7 => Kind::ALL[n as usize - 1],
            _ => return Err(Wrong::Type),
        };
        rest.comma()?;
        let order = rest.signed()?;
        rest.comma()?;
        let size = u32::try_from(rest.unsigned()?).map_err(|_| Wrong::TooLarge)?;
        rest.comma()?;
        let price = rest.signed()?;
        rest.comma()?;
        let side = match rest.signed()? {
            1 => Side::Buy,
            -1 => Side::Sell,
            _ => return Err(Wrong::Direction),
        };
        match rest.0 {
            [] => Ok(Self { time, order, price, size, kind, side }),
            [b',', ..] => Err(Wrong::Extra),
            _ => Err(Wrong::NotNumber),
        }
    }

    /// Whether the values can be. A halt has neither order nor size, and its price is a code; only visible orders have
    /// a number.
    pub(crate) fn check(&self) -> Result<(), Wrong> {
        const DAY: u64 = 86_400 * SECOND;
        if self.time >= DAY {
            return Err(Wrong::Time);
        }
        match self.kind {
            Kind::Halt => return Ok(()),
            Kind::Hidden | Kind::Cross => {}
            _ if self.order < 1 => return Err(Wrong::Order),
            _ => {}
        }
        if self.size == 0 {
            return Err(Wrong::Size);
        }
        if !(1..=Self::HIGHEST).contains(&self.price) {
            return Err(Wrong::Price);
        }
        Ok(())
    }
}

/// As in the file, but for zeros that say nothing.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { order, price, size, kind, .. } = *self;
        let (mut fraction, mut digits) = (self.time % SECOND, 9);
        while digits > 1 && fraction % 10 == 0 {
            fraction /= 10;
            digits -= 1;
        }
        let side = if self.side == Side::Buy { 1 } else { -1 };
        write!(f, "{}.{fraction:0digits$},{},{order},{size},{price},{side}", self.time / SECOND, kind as u8)
    }
}

/// Nanoseconds.
const SECOND: u64 = 1_000_000_000;

/// Of ten.
const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// What is not read yet of a line.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn comma(&mut self) -> Result<(), Wrong> {
        match self.0 {
            [b',', rest @ ..] => self.0 = rest,
            [] => return Err(Wrong::Missing),
            _ => return Err(Wrong::NotNumber),
        }
        Ok(())
    }

    /// The digits that come next: their value modulo 2^64, and how many there are.
    #[inline(always)]
    fn digits(&mut self) -> (u64, usize) {
        let (mut value, mut count) = (0u64, 0);
        for byte in self.0 {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            count += 1;
        }
        self.0 = &self.0[count..];
        (value, count)
    }

    /// What is wrong where a digit was to come.
    #[cold]
    fn no_digit(&self) -> Wrong {
        if matches!(self.0, [] | [b',', ..]) { Wrong::Missing } else { Wrong::NotNumber }
    }

    /// A number of at least one digit.
    #[inline(always)]
    fn unsigned(&mut self) -> Result<u64, Wrong> {
        let line = self.0;
        match self.digits() {
            (_, 0) => Err(self.no_digit()),
            (value, ..=19) => Ok(value), // nineteen nines are less than 2^64
            (_, count) => long(&line[..count]),
        }
    }

    fn signed(&mut self) -> Result<i64, Wrong> {
        let negative = self.0.first() == Some(&b'-');
        if negative {
            self.0 = &self.0[1..];
        }
        let value = i64::try_from(self.unsigned()?).map_err(|_| Wrong::TooLarge)?;
        Ok(if negative { -value } else { value })
    }

    /// Seconds with at most nine decimals, in nanoseconds.
    fn time(&mut self) -> Result<u64, Wrong> {
        let seconds = self.unsigned()?;
        let mut nanos = 0;
        if let [b'.', rest @ ..] = self.0 {
            self.0 = rest;
            nanos = match self.digits() {
                (_, 0) => return Err(self.no_digit()),
                (value, count @ ..=9) => value * POWERS[9 - count],
                _ => return Err(Wrong::Decimals),
            };
        }
        seconds.checked_mul(SECOND).and_then(|whole| whole.checked_add(nanos)).ok_or(Wrong::TooLarge)
    }
}

/// The value of more than nineteen digits: too large, unless they begin with zeros.
#[cold]
fn long(digits: &[u8]) -> Result<u64, Wrong> {
    let mut digits = digits.iter().map(|byte| u64::from(byte - b'0'));
    digits.try_fold(0u64, |value, digit| value.checked_mul(10)?.checked_add(digit)).ok_or(Wrong::TooLarge)
}
