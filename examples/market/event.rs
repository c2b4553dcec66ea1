//! What travels on the ring: two cache lines, of which a good row uses the first.
//!
//! ```text
//!   0        8        16       24                     64                       128
//!  +--------+--------+--------+----------------------+ - - - - - - - - - - - - -+
//!  | number |  due   |   id   | a row, or what is wrong and the line as it came  |
//!  +--------+--------+--------+----------------------+ - - - - - - - - - - - - -+
//! ```
//!
//! A line that cannot be read travels too, so that one stage, the editor, decides on all that is bad.

use super::row::{Row, Wrong};
use ringmain::contract::{Correlated, Ids, MessageId, Tick};
use std::{fmt, fmt::Write};

/// A line of the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Event {
    /// The number of the line, from 1.
    pub(crate) number: u64,
    /// When it was to be sent: end-to-end latency counts from here.
    pub(crate) due: Tick,
    /// Given by the editor, to good rows only.
    pub(crate) id: MessageId,
    pub(crate) body: Body,
}

const _: () = assert!(size_of::<Event>() == 128);

/// What the line says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Body {
    Row(Row),
    /// Not for the readers: rejected, or about to be.
    Bad(Bad),
}

/// A line that is no row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) wrong: Wrong,
    /// How many bytes of `text` are the line's; more than there are if it goes on.
    length: u8,
    text: [u8; Bad::KEPT],
}

impl Event {
    /// What a slot holds before the first event.
    pub(crate) const fn blank() -> Self {
        let body = Body::Bad(Bad { wrong: Wrong::Empty, length: 0, text: [0; Bad::KEPT] });
        Self { number: 0, due: Tick::ZERO, id: MessageId::NONE, body }
    }

    /// The row, unless it is bad.
    #[inline]
    pub(crate) fn row(&self) -> Option<&Row> {
        match &self.body {
            Body::Row(row) => Some(row),
            Body::Bad(_) => None,
        }
    }
}

/// Each row begins a conversation of its own: nothing in the file says what follows from what.
impl Correlated for Event {
    fn ids(&self) -> Ids {
        Ids { id: self.id, conversation: self.id, cause: MessageId::NONE }
    }
    fn set_ids(&mut self, ids: Ids) {
        self.id = ids.id;
    }
}

impl Bad {
    /// Bytes kept of a bad line: more than any good row has, so that a dead letter shows what came in full.
    const KEPT: usize = 101;

    pub(crate) fn line(wrong: Wrong, line: &[u8]) -> Self {
        let mut bad = Self { wrong, length: 0, text: [0; Self::KEPT] };
        bad.append(line);
        bad
    }
    /// A row that could be read and makes no sense.
    pub(crate) fn row(wrong: Wrong, row: &Row) -> Self {
        let mut bad = Self { wrong, length: 0, text: [0; Self::KEPT] };
        let _ = write!(bad, "{row}");
        bad
    }

    fn append(&mut self, bytes: &[u8]) {
        let free = &mut self.text[usize::from(self.length).min(Self::KEPT)..];
        let taken = free.len().min(bytes.len());
        free[..taken].copy_from_slice(&bytes[..taken]);
        let goes_on = u8::from(taken < bytes.len());
        self.length = (self.length + taken as u8 + goes_on).min(Self::KEPT as u8 + 1);
    }
}

impl fmt::Write for Bad {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.append(text.as_bytes());
        Ok(())
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = usize::from(self.length);
        let text = self.text[..length.min(Self::KEPT)].escape_ascii();
        write!(f, "{}: {text}{}", self.wrong, if length > Self::KEPT { "..." } else { "" })
    }
}

impl fmt::Debug for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bad({self})")
    }
}
