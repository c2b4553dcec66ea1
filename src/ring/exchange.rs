//! A ring of cells in which the slots of a pool change hands, each time by one compare-and-swap.
//!
//! ```text
//!   63                                           0
//!  +---------------------------+------+---------------+
//!  |  lap of the position      | full | slot's number |    a cell; the number has the bits that the pool needs
//!  +---------------------------+------+---------------+
//!  |<------------- turn ------------->|
//! ```
//!
//! Every slot of the pool is in one place: in a cell, or with the one who holds its [`SlotId`]. A swap puts one in, takes
//! the other out, and brings the cell to its next turn; nothing else changes a cell.
//!
//! | turn of the cell of `s`, from the lap of `s` on | meaning                                                        |
//! |-------------------------------------------------|----------------------------------------------------------------|
//! | less than 0                                     | the event of `s - capacity` was not taken: no room for that of `s` |
//! | 0                                               | vacant: has a slot to fill, to be had for one that is filled    |
//! | 1                                               | full: has the slot with the event of `s`                        |
//! | 2 or more                                       | the event of `s` was taken                                      |
//!
//! A cell is filled only by one who saw the cell before it filled, and emptied only by one who saw the cell before it
//! emptied. So the positions that are filled, and those that are taken, have no gaps, and the cells alone say where
//! either row ends; a position that somebody remembers is only where the search for the end begins, in steps that double.
//! A swap is tried again only when another one was made, so all of this is **lock-free**, wherever a thread stalls.
//!
//! A producer reserves room before it fills a slot. `reserved` counts what was put in, and what is being filled; it is at
//! most a lap ahead of what was taken, so that who reserved finds a vacant cell. It hands over nothing.
//!
//! | compare-and-swap (AcqRel)        | sees (Acquire)                                   | what it hands over                  |
//! |----------------------------------|--------------------------------------------------|-------------------------------------|
//! | [`Exchange::put`] S6             | the [`Exchange::take`] of the position           | the contents of the slot put in     |
//! | [`Exchange::take`] S6            | the [`Exchange::put`] a lap later                | the slot given for it, done with    |
//! | both S6                          | whoever looks where the row ends                 | all swaps before it in its row, so that nobody says "full" or "empty" who can know better |
//!
//! A cell shows one word twice only after `capacity * 2^(63 - bits)` positions, where `bits` are those of the number: 2^62,
//! unless there are more handles than cells. In a ring of one cell with 14 handles it is 2^59, 18 years at 10^9 events a
//! second, and harms only a thread that slept just so long between its look at the cell and its swap.
//!
//! Algorithm: Tsigas and Zhang, "A simple, fast and scalable non-blocking concurrent FIFO queue for shared memory
//! multiprocessor systems" (SPAA 2001), with laps in place of its two nulls, slots that are exchanged in place of pointers,
//! and a search in place of its lagging head and tail.

use super::Sequence;
use crate::sync::{self, AtomicU64, Ordering};
use crossbeam_utils::CachePadded;

/// The cells, and how much of them is reserved.
#[derive(Debug)]
pub struct Exchange {
    /// The position after the last reservation.
    reserved: CachePadded<AtomicU64>,
    /// Never empty; their number is a power of two.
    cells: Box<[AtomicU64]>,
    /// Those of a slot's number; at least one more than those of a cell's index, so that laps of positions and laps in
    /// cells wrap together.
    bits: u32,
}

/// The number of a slot in a pool. There is one of each, in a cell or with somebody: who has it has the slot.
#[derive(Debug)]
pub struct SlotId(u64);

impl SlotId {
    /// Where in the pool it lies.
    #[inline(always)]
    #[must_use]
    pub fn index(&self) -> usize {
        self.0 as usize
    }
}

const FULL: i64 = 1;
const TAKEN: i64 = 2;

impl Exchange {
    /// `capacity` vacant cells (a power of two) for the positions from `start`, and the numbers of `spare` slots that are
    /// in none of them.
    #[must_use]
    pub fn new(capacity: usize, spare: usize, start: Sequence) -> (Self, Vec<SlotId>) {
        debug_assert!(capacity.is_power_of_two());
        let (lap, slots) = (capacity as u64, (capacity + spare) as u64);
        let reserved = CachePadded::new(AtomicU64::new(start.word(0)));
        let mut exchange = Self { reserved, cells: Box::new([]), bits: u64::BITS - slots.leading_zeros() };
        let cells = (0..lap).map(|index| {
            // The first position at or after `start` that lands on this index.
            let at = start.plus(index.wrapping_sub(start.count()) & (lap - 1));
            AtomicU64::new(exchange.vacant(at, lap) | index)
        });
        exchange.cells = cells.collect();
        (exchange, (lap..slots).map(SlotId).collect())
    }
    /// The number of cells.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.cells.len() as u64
    }
    /// Reserves room for one event, and says where to look for its cell first; `None` if events and fills under way have
    /// all of it. Lock-free.
    ///
    /// ordering: Relaxed; a reservation is a count and hands over nothing. That there is room is a fact of the cells,
    /// which stays true.
    #[inline]
    #[must_use]
    pub fn reserve(&self) -> Option<Sequence> {
        let mut at = self.reserved();
        while self.turn(at) >= 0 {
            let (old, new) = (at.word(0), at.next().word(0));
            match self.reserved.compare_exchange_weak(old, new, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(at),
                Err(now) => at = Sequence::of_word(now),
            }
        }
        None
    }
    /// Gives up a reservation. Wait-free.
    ///
    /// ordering: Relaxed, as `reserve`.
    pub fn give_up(&self) {
        self.reserved.fetch_sub(Sequence::new(1).word(0), Ordering::Relaxed);
    }
    /// Puts a filled slot in behind all others, and takes an empty one for it; returns the position. It uses up a
    /// reservation, which `reserve` answered with `near`. Lock-free.
    #[inline]
    pub fn put(&self, near: Sequence, slot: &mut SlotId) -> Sequence {
        let mut from = near;
        // Others that have reserved room are still filling.
        while self.turn(from.minus(1)) < FULL {
            from = from.minus(1);
        }
        loop {
            if let Some(at) = self.swap(from, FULL, slot) {
                return at;
            }
            // There is room, as it is reserved: what was seen is older than that.
            sync::spin();
        }
    }
    /// Takes the first filled slot out, if there is one, and puts one in for it that is done with; returns the position.
    /// Everything before `from` is taken. Lock-free.
    #[inline]
    #[must_use]
    pub fn take(&self, from: Sequence, slot: &mut SlotId) -> Option<Sequence> {
        self.swap(from, TAKEN, slot)
    }
    /// Events put in and not taken. Everything before `from` is taken. Wait-free.
    #[must_use]
    pub fn len(&self, from: Sequence) -> u64 {
        let head = self.end(from, TAKEN);
        self.end(head, FULL).since(head).min(self.capacity())
    }
    /// Cells that are neither full nor reserved. Wait-free.
    #[must_use]
    pub fn free(&self) -> u64 {
        let least = self.reserved().minus(self.capacity());
        self.end(least, TAKEN).since(least).min(self.capacity())
    }
    /// Brings the first cell that has not come to `turn` to it, with `slot` in exchange for what it has; `None` if that
    /// cell has not come to the turn before. All cells before that of `at` have come to `turn`.
    ///
    /// ordering: AcqRel; Release hands over the slot put in, Acquire takes over the other one. Relaxed when it fails, as
    /// what it saw is then not looked at.
    #[inline]
    fn swap(&self, mut at: Sequence, turn: i64, slot: &mut SlotId) -> Option<Sequence> {
        loop {
            let word = self.look(at);
            let seen = self.turns(word, at);
            if seen >= turn {
                at = self.end(at.next(), turn);
            } else if seen == turn - 1 {
                let next = (word & !self.number()).wrapping_add(1 << self.bits) | slot.0;
                let cell = self.cell(at);
                if cell.compare_exchange(word, next, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                    slot.0 = word & self.number();
                    return Some(at);
                }
            } else {
                return None;
            }
        }
    }
    /// The first position whose cell has not come to `turn`; those before `from` have.
    fn end(&self, from: Sequence, turn: i64) -> Sequence {
        let (mut low, mut high, mut step) = (from, from, 1);
        while self.turn(high) >= turn {
            low = high.next();
            high = high.plus(step);
            step *= 2;
        }
        // The end lies between them.
        while low != high {
            let middle = low.plus(high.since(low) / 2);
            if self.turn(middle) >= turn {
                low = middle.next();
            } else {
                high = middle;
            }
        }
        low
    }
    #[inline]
    fn reserved(&self) -> Sequence {
        // ordering: Relaxed, as `reserve`.
        Sequence::of_word(self.reserved.load(Ordering::Relaxed))
    }
    #[inline]
    fn turn(&self, at: Sequence) -> i64 {
        self.turns(self.look(at), at)
    }
    /// What the cell of position `at` has.
    ///
    /// ordering: Acquire; pairs with the Release of `swap`, and takes over the swaps of the positions before.
    #[inline]
    fn look(&self, at: Sequence) -> u64 {
        self.cell(at).load(Ordering::Acquire)
    }
    /// To which turn the cell of `at` has come by `word`, from the lap of `at` on.
    #[inline]
    fn turns(&self, word: u64, at: Sequence) -> i64 {
        word.wrapping_sub(self.vacant(at, self.capacity())) as i64 >> self.bits
    }
    /// The word of a vacant cell of the lap of `at`, with slot 0.
    #[inline]
    fn vacant(&self, at: Sequence, capacity: u64) -> u64 {
        (at.count() & !(capacity - 1)) << (self.bits + 1 - capacity.trailing_zeros())
    }
    /// The bits of a word that are a slot's number.
    #[inline]
    fn number(&self) -> u64 {
        (1 << self.bits) - 1
    }
    #[inline]
    fn cell(&self, at: Sequence) -> &AtomicU64 {
        // `self.cells` is never empty, but the compiler does not know it: `wrapping_sub` keeps a check away.
        &self.cells[at.count() as usize & self.cells.len().wrapping_sub(1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two laps of a ring that starts shortly before the wrap: what is put in comes out, in order, and every slot stays
    /// in one place.
    #[test]
    fn slots_change_hands_and_none_is_lost() {
        for (capacity, before) in [(1, 1), (2, 3), (4, 1), (8, 20)] {
            let start = Sequence::ZERO.minus(before);
            let (exchange, mut ids) = Exchange::new(capacity, 2, start);
            let (mut mine, mut theirs) = (ids.pop().unwrap(), ids.pop().unwrap());
            let (mut next, mut head) = (start, start);
            for n in [1, capacity, capacity, 1, capacity] {
                let mut put = Vec::new();
                for i in 0..n as u64 {
                    assert_eq!(exchange.free(), capacity as u64 - i);
                    let near = exchange.reserve().unwrap();
                    put.push(mine.index());
                    assert_eq!(exchange.put(near, &mut mine), next);
                    next = next.next();
                    assert_eq!(exchange.len(head), i + 1);
                }
                assert_eq!(exchange.reserve().is_none(), n == capacity);
                if n < capacity {
                    exchange.give_up();
                }
                let mut taken = Vec::new();
                while let Some(at) = exchange.take(head, &mut theirs) {
                    assert_eq!(at, head);
                    head = at.next();
                    taken.push(theirs.index());
                }
                assert_eq!(taken, put);
            }
            let number = exchange.number();
            let in_cells = (0..capacity as u64).map(|i| exchange.look(start.plus(i)) & number);
            let mut all: Vec<_> = in_cells.chain([mine.0, theirs.0]).collect();
            all.sort_unstable();
            assert_eq!(all, (0..capacity as u64 + 2).collect::<Vec<_>>());
        }
    }

    /// A producer that stood still while others went laps ahead, and a consumer that did: both find the end.
    #[test]
    fn an_old_position_is_as_good_as_a_new_one() {
        for laps in 0..5 {
            let start = Sequence::ZERO.minus(7);
            let (exchange, mut ids) = Exchange::new(4, 3, start);
            let near = exchange.reserve().unwrap();
            let mut slow = ids.pop().unwrap();
            let mut head = start;
            for _ in 0..4 * laps + 1 {
                let near = exchange.reserve().unwrap();
                exchange.put(near, &mut ids[0]);
                head = exchange.take(start, &mut ids[1]).unwrap().next();
            }
            assert_eq!(exchange.put(near, &mut slow), head);
            assert_eq!((exchange.len(start), exchange.free()), (1, 3));
            assert_eq!(exchange.take(start, &mut ids[1]), Some(head));
        }
    }

    /// Whoever has reserved room gets it, in the order in which they come; the others are told that there is none.
    #[test]
    fn a_reservation_is_kept_until_it_is_used_or_given_up() {
        let (exchange, mut ids) = Exchange::new(2, 2, Sequence::ZERO.minus(1));
        let (a, b) = (exchange.reserve().unwrap(), exchange.reserve().unwrap());
        assert_eq!((exchange.reserve(), exchange.free(), exchange.len(a)), (None, 0, 0));
        assert_eq!(exchange.put(b, &mut ids[0]), a);
        assert_eq!((exchange.reserve(), exchange.free(), exchange.len(a)), (None, 0, 1));
        exchange.give_up();
        assert_eq!(exchange.free(), 1);
        let c = exchange.reserve().unwrap();
        assert_eq!(exchange.put(c, &mut ids[0]), b);
        assert_eq!(exchange.reserve(), None);
    }
}
