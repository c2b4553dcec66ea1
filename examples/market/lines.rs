//! Lines out of a reader, through one buffer.
//!
//! ```text
//!   buffer | read already | line\n line\n line\n half a li |            |
//!                         ^ start                          ^ end
//! ```
//!
//! [`Lines::next`] never reads and never blocks; [`Lines::refill`] does both. So a batch of slots is never held while
//! a pipe is waited for. Nothing is allocated after [`Lines::new`].

use std::io::{self, ErrorKind, Read};

/// A longer line is not a row; only its beginning is kept.
pub(crate) const LONGEST: usize = 256;

/// A line, without its line feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Line<'a> {
    Whole(&'a [u8]),
    /// The last one, and it had no line feed.
    Last(&'a [u8]),
    /// The beginning of one that is longer than [`LONGEST`].
    TooLong(&'a [u8]),
}

/// The lines of `input`.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    input: R,
    buffer: Box<[u8]>,
    /// `start <= end <= buffer.len()`; between them lies what was read and not given out.
    start: usize,
    end: usize,
    /// Of the first bytes after `start`, these hold no line feed.
    searched: usize,
    /// The input has ended.
    ended: bool,
    /// In the middle of a line that is too long.
    skipping: bool,
}

impl<R: Read> Lines<R> {
    /// Allocates the buffer, of `size` bytes but at least twice [`LONGEST`].
    pub(crate) fn new(input: R, size: usize) -> Self {
        let buffer = vec![0; size.max(2 * LONGEST)].into_boxed_slice();
        Self { input, buffer, start: 0, end: 0, searched: 0, ended: false, skipping: false }
    }

    /// The next line that is in the buffer, or nothing: then it is time to refill.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Line<'_>> {
        loop {
            let from = self.start + self.searched;
            let Some(feed) = line_feed(&self.buffer[from..self.end]) else { return self.unfinished() };
            let line = self.start..from + feed;
            self.start = line.end + 1;
            self.searched = 0;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            let line = &self.buffer[line];
            return Some(match line.get(..LONGEST + 1) {
                None => Line::Whole(line),
                Some(_) => Line::TooLong(&line[..LONGEST]),
            });
        }
    }

    /// What there is to say of the bytes after the last line feed.
    #[cold]
    fn unfinished(&mut self) -> Option<Line<'_>> {
        let rest = self.start..self.end;
        self.searched = rest.len();
        if self.skipping {
            (self.start, self.searched) = (self.end, 0);
            None
        } else if rest.len() > LONGEST {
            (self.start, self.searched, self.skipping) = (self.end, 0, true);
            Some(Line::TooLong(&self.buffer[rest][..LONGEST]))
        } else if self.ended && !rest.is_empty() {
            (self.start, self.searched) = (self.end, 0);
            Some(Line::Last(&self.buffer[rest]))
        } else {
            None
        }
    }

    /// Reads once, if the buffer has room. **Blocks** as the reader does.
    ///
    /// # Errors
    /// The reader's own, but for interruptions. The input counts as ended then.
    pub(crate) fn refill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        while !self.ended && self.end < self.buffer.len() {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.ended = read == 0;
                    self.end += read;
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// The input has ended, and [`next`](Self::next) will never give a line again.
    pub(crate) fn is_over(&self) -> bool {
        self.ended && (self.start == self.end || self.skipping)
    }
}

/// The position of the first line feed; eight bytes at a time.
fn line_feed(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let (eights, rest) = bytes.as_chunks::<8>();
    for (i, eight) in eights.iter().enumerate() {
        // A byte of `zeros` is 0 where the line feed is; the lowest such byte is found exactly.
        let zeros = u64::from_le_bytes(*eight) ^ (ONES * b'\n' as u64);
        let found = zeros.wrapping_sub(ONES) & !zeros & (ONES << 7);
        if found != 0 {
            return Some(i * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|&byte| byte == b'\n')?;
    Some(eights.len() * 8 + at)
}
