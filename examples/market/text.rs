//! A line of a session while it is written: digits in place, with no formatting machinery and no allocation.

use super::lines::LONGEST;

/// A line being written, and how long it is.
#[derive(Debug)]
pub(crate) struct Text {
    bytes: [u8; 2 * LONGEST],
    length: usize,
}

impl Text {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; 2 * LONGEST], length: 0 }
    }
    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
    pub(crate) fn text(&mut self, text: &[u8]) {
        self.bytes[self.length..self.length + text.len()].copy_from_slice(text);
        self.length += text.len();
    }
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }
    /// In decimal.
    pub(crate) fn number(&mut self, number: u64) {
        self.digits(number, number.checked_ilog10().unwrap_or(0) as usize + 1);
    }
    /// In decimal, so many digits.
    pub(crate) fn digits(&mut self, mut number: u64, count: usize) {
        for digit in self.bytes[self.length..self.length + count].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.length += count;
    }
    pub(crate) fn time(&mut self, nanos: u64) {
        self.number(nanos / 1_000_000_000);
        self.byte(b'.');
        self.digits(nanos % 1_000_000_000, 9);
    }
}
