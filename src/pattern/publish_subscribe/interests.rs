//! Who wants which topic, for the subscribers to ask; and the books of each seat.

use super::Topic;
use crate::contract::{Account, Ledger};
use crate::ring::Counter;
use crate::sync::Arc;

/// Which topics the subscriber of each seat wants. The publisher writes a bit before it publishes to the topic, so who sees
/// the event sees the bit; more than that a reader does not need.
#[derive(Debug)]
pub(super) struct Interests {
    /// A row for each seat; bit `i % 64` of word `i / 64` of it is topic `i`.
    words: Box<[Counter]>,
    /// Words in a row.
    row: usize,
    /// Of each seat, for one subscriber after the other.
    accounts: Box<[Arc<Account>]>,
}

impl Interests {
    pub(super) fn new(seats: usize, topics: usize) -> Self {
        let row = topics.div_ceil(64);
        Self {
            words: (0..seats * row).map(|_| Counter::new(0)).collect(),
            row,
            accounts: (0..seats).map(|_| Arc::default()).collect(),
        }
    }
    /// New books for the new subscriber of a seat.
    pub(super) fn books(&self, seat: usize) -> Ledger {
        Ledger::on(self.accounts[seat].clone())
    }
    #[inline(always)]
    pub(super) fn has(&self, seat: usize, topic: Topic) -> bool {
        let word = self.words.get(seat * self.row + topic.index() / 64);
        word.is_some_and(|word| word.get() >> (topic.index() % 64) & 1 != 0)
    }
    pub(super) fn add(&self, seat: usize, topic: Topic) {
        if let Some(word) = self.words.get(seat * self.row + topic.index() / 64) {
            word.set(word.get() | 1 << (topic.index() % 64));
        }
    }
    pub(super) fn clear(&self, seat: usize) {
        self.words.iter().skip(seat * self.row).take(self.row).for_each(|word| word.set(0));
    }
}
