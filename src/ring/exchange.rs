//! A ring of cells in which the slots of a pool change hands, each time by one compare-and-swap.
//!
//! ```text
//!   63                        k + 2    k + 1    k              0
//!  +-------------------------------+--------+-----------------+
//!  |  lap of the position          |  full  |  slot's number  |    one of 2^k cells
//!  +-------------------------------+--------+-----------------+
//!  |<----------------- turn ---------------->|
//! ```
//!
//! Every slot of the pool is in one place: in a cell, or with the one who holds its [`SlotId`]. A swap puts one in,
//! takes the other out, and brings the cell to its next turn; nothing else changes a cell.
//!
//! | turn of the cell of `s`, counted from the lap of `s` | meaning                                                  |
//! |------------------------------------------------------|----------------------------------------------------------|
//! | less than 0                                          | the event of a lap before is not taken: no room for `s`  |
//! | 0                                                    | vacant: has an empty slot, to be had for a filled one    |
//! | 1                                                    | full: has the slot with the event of `s`                 |
//! | 2 or more                                            | the event of `s` is taken                                |
//!
//! A cell is filled only by one who saw the cell before it filled, and emptied only by one who saw the cell before it
//! emptied. So the positions that are filled are a row without gaps, as are those that are taken, and the cells alone
//! say where both end: a position that somebody remembers is only where to begin to look, in steps that double. A swap
//! is tried again only when another one was made, so all of this is **lock-free**, wherever a thread stalls.
//!
//! | swap (Release)         | look at the cell (Acquire)             | what it hands over                               |
//! |------------------------|----------------------------------------|--------------------------------------------------|
//! | [`Exchange::put`] S6   | the [`Exchange::take`] of the position | what is in the slot                              |
//! | [`Exchange::take`] S6  | the [`Exchange::put`] a lap later      | the slot given for it, which the taker is done with |
//! | both S6                | whoever finds the end of a row         | the whole row: nobody who can know better finds it empty, or full |
//!
//! # Room
//!
//! A producer asks [whether there is room](Exchange::has_room), fills its slot, and puts it in. Meanwhile others may
//! have put theirs in, and the ring may be full: yet there is a vacant cell, because there are `producers - 1` more
//! than `capacity`. For let `head` be the first position that is not taken now.
//!
//! * Who put an event in at `head + capacity` or later saw room first: a `tail` less than `capacity` from a position
//!   that was the head once, so before `head + capacity`. It knows of what it put in itself, and that all before that is
//!   filled: so it had put nothing in at `head + capacity - 1` or later.
//! * So no producer has put two events in there, and the one that filled `head + capacity - 1` has put none in. That
//!   leaves `producers - 1`.
//!
//! This needs no look to be fresh, as it says nothing of when something was seen.
//!
//! Algorithm: Tsigas and Zhang, "A simple, fast and scalable non-blocking concurrent FIFO queue for shared memory
//! multiprocessor systems" (SPAA 2001), with laps in place of its two nulls, slots that are exchanged in place of
//! pointers, and a search in place of its lagging head and tail. A word comes again after 2^62 positions: at 10^9
//! events a second, 146 years.

use super::{CapacityError, Sequence};
use crate::sync::{self, AtomicU64, Ordering};
use crossbeam_utils::Backoff;

/// The cells, and how many of them may be full before there is no room.
#[derive(Debug)]
pub struct Exchange {
    /// Never empty; their number is a power of two.
    cells: Box<[AtomicU64]>,
    capacity: u64,
    /// So many events can be there when producers that saw the same last room have all filled it.
    most: u64,
}

/// The number of a slot in a pool. There is one of each, in a cell or with somebody: who has it, has the slot.
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

/// The turn of a cell whose position is filled.
const FULL: u64 = 1;
/// The turn of a cell whose position is taken.
const TAKEN: u64 = 2;

impl Exchange {
    /// Vacant cells for the positions from `start`, and the numbers of `spare` slots that are in none of them: as many
    /// as there are handles, `producers` of them to put in.
    ///
    /// # Errors
    /// [`CapacityError`] if `capacity` is zero, not a power of two, or too large for memory.
    pub fn new(
        capacity: usize,
        producers: usize,
        spare: usize,
        start: Sequence,
    ) -> Result<(Self, Vec<SlotId>), CapacityError> {
        // Enough for the late events of all producers but one, and for numbers that have one bit more than an index.
        let most = capacity.saturating_add(producers.saturating_sub(1));
        let least = most.max(spare);
        let lap = least.checked_next_power_of_two().unwrap_or(usize::MAX);
        let mut cells = CapacityError::room_for(capacity, lap)?;
        cells.extend((0..lap).map(|_| AtomicU64::new(0)));
        let exchange = Self { cells: cells.into_boxed_slice(), capacity: capacity as u64, most: most as u64 };
        let lap = exchange.cells();
        for at in (0..lap).map(|ahead| start.plus(ahead)) {
            let number = exchange.index(at) as u64;
            // ordering: Relaxed; nobody else has it yet.
            exchange.cell(at).store(exchange.vacant(at) | number, Ordering::Relaxed);
        }
        Ok((exchange, (lap..lap + spare as u64).map(SlotId).collect()))
    }
    /// The number of cells, each of which has a slot.
    #[inline]
    #[must_use]
    pub fn cells(&self) -> u64 {
        self.cells.len() as u64
    }
    /// The number of events that there is room for.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.capacity
    }
    /// Whether there is room for one more event. Everything before `tail` is filled and everything before `head` is
    /// taken; both are moved on as far as they are looked for. Lock-free.
    #[inline]
    #[must_use]
    pub fn has_room(&self, tail: &mut Sequence, head: &mut Sequence) -> bool {
        !self.has_come(*tail, FULL) && self.fits(*tail, *head) || self.look_for_room(tail, head)
    }
    #[cold]
    fn look_for_room(&self, tail: &mut Sequence, head: &mut Sequence) -> bool {
        *tail = self.end(*tail, FULL);
        self.fits(*tail, *head) || {
            *head = self.end(*head, TAKEN);
            self.fits(*tail, *head)
        }
    }
    /// Puts a filled slot in behind all others, and takes an empty one for it; returns the position. Everything before
    /// `from` is filled, and the caller, one of so many producers, has seen that there is room. Lock-free.
    #[inline]
    pub fn put(&self, from: Sequence, slot: &mut SlotId) -> Sequence {
        loop {
            if let Some(at) = self.swap(from, FULL, slot) {
                return at;
            }
            // It is vacant, and only seen too late.
            sync::spin();
        }
    }
    /// Takes the first filled slot, if there is one, and puts one in for it that is done with; returns the position.
    /// Everything before `from` is taken. Lock-free.
    #[inline]
    #[must_use]
    pub fn take(&self, from: Sequence, slot: &mut SlotId) -> Option<Sequence> {
        self.swap(from, TAKEN, slot)
    }
    /// Events put in and not taken, at most as many as can be. Everything before `head` is taken. Lock-free.
    #[must_use]
    pub fn len(&self, head: Sequence) -> u64 {
        let head = self.end(head, TAKEN);
        // Those put in are counted last, and some may have been taken since.
        self.end(head, FULL).since(head).min(self.most)
    }
    /// Brings the first cell that has not come to `turn` to it, with `slot` in exchange for what it has; `None` if that
    /// cell has not come to the turn before. Everything before `at` has come to `turn`.
    #[inline]
    fn swap(&self, at: Sequence, turn: u64, slot: &mut SlotId) -> Option<Sequence> {
        match self.try_swap(at, turn, slot) {
            Ok(()) => Some(at),
            Err(_) => self.search_and_swap(at, turn, slot),
        }
    }
    /// `swap`, where the first cell is not the one of `at`, or others are at it.
    #[cold]
    fn search_and_swap(&self, mut at: Sequence, turn: u64, slot: &mut SlotId) -> Option<Sequence> {
        let backoff = Backoff::new();
        loop {
            at = self.end(at, turn);
            match self.try_swap(at, turn, slot) {
                Ok(()) => return Some(at),
                Err(turns) if turns < self.turn(turn - 1) => return None,
                // Others are at it: a line that goes to and fro serves nobody.
                Err(_) => backoff.spin(),
            }
        }
    }
    /// Brings the cell of `at` from the turn before to `turn`, or says how far it has come.
    ///
    /// ordering: Release; pairs with the Acquire of `look`, and hands over the slot put in and all swaps known of. The look
    /// before took over the slot taken out, as no word comes twice. Relaxed if it fails, as nothing is concluded from
    /// that.
    #[inline]
    fn try_swap(&self, at: Sequence, turn: u64, slot: &mut SlotId) -> Result<(), i64> {
        let word = self.look(at);
        let turns = self.turns(word, at);
        if turns.wrapping_sub(self.turn(turn - 1)) as u64 >= self.turn(1) as u64 {
            return Err(turns);
        }
        let taken = word & (self.turn(1) - 1) as u64;
        let next = (word - taken).wrapping_add(self.turn(1) as u64) | slot.0;
        let cell = self.cell(at);
        if cell.compare_exchange(word, next, Ordering::Release, Ordering::Relaxed).is_err() {
            return Err(turns);
        }
        slot.0 = taken;
        Ok(())
    }
    /// The first position whose cell has not come to `turn`. Everything before `from` has.
    #[inline(never)]
    fn end(&self, from: Sequence, turn: u64) -> Sequence {
        let (mut low, mut high, mut step) = (from, from, 1);
        while self.has_come(high, turn) {
            low = high.next();
            high = high.plus(step);
            step *= 2;
        }
        // It lies between them.
        while low != high {
            let middle = low.plus(high.since(low) / 2);
            if self.has_come(middle, turn) {
                low = middle.next();
            } else {
                high = middle;
            }
        }
        low
    }
    #[inline]
    fn has_come(&self, at: Sequence, turn: u64) -> bool {
        self.turns(self.look(at), at) >= self.turn(turn)
    }
    /// `head` may have been looked for after `tail`, and be past it.
    #[inline]
    fn fits(&self, tail: Sequence, head: Sequence) -> bool {
        (tail.word(0).wrapping_sub(head.word(0)) as i64) < Sequence::new(self.capacity).word(0) as i64
    }
    /// ordering: Acquire; pairs with the Release of `swap`, and takes over the swaps at the positions before.
    #[inline]
    fn look(&self, at: Sequence) -> u64 {
        self.cell(at).load(Ordering::Acquire)
    }
    /// How far `word` is from the vacant cell of position `at`: in the units of the word, of which a turn is `turn(1)`.
    #[inline]
    fn turns(&self, word: u64, at: Sequence) -> i64 {
        word.wrapping_sub(self.vacant(at)) as i64
    }
    /// The word of the vacant cell of position `at`, with slot 0.
    #[inline]
    fn vacant(&self, at: Sequence) -> u64 {
        // The word of a position has two bits for marks, so its lap is where that of a cell is.
        at.word(0) & (4 * self.cells()).wrapping_neg()
    }
    #[inline]
    fn turn(&self, turn: u64) -> i64 {
        (2 * self.cells() * turn) as i64
    }
    #[inline]
    fn cell(&self, at: Sequence) -> &AtomicU64 {
        &self.cells[self.index(at)]
    }
    #[inline]
    fn index(&self, at: Sequence) -> usize {
        // `self.cells` is never empty, but the compiler does not know it: `wrapping_sub` keeps a check away.
        at.count() as usize & self.cells.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_capacity_is_a_value() {
        let new = |capacity, producers, spare| {
            Exchange::new(capacity, producers, spare, Sequence::ZERO).unwrap_err()
        };
        assert_eq!(new(0, 1, 2), CapacityError::Zero);
        assert_eq!(new(3, 1, 2), CapacityError::NotPowerOfTwo { asked: 3, next: 4 });
        let asked = 1 << (usize::BITS - 1);
        for (producers, spare) in [(1, 2), (2, 3), (usize::MAX, usize::MAX)] {
            assert_eq!(new(asked, producers, spare), CapacityError::TooLarge { asked });
        }
        assert_eq!(new(1, usize::MAX, usize::MAX), CapacityError::TooLarge { asked: 1 });
    }

    #[test]
    fn there_are_cells_for_late_events_and_for_all_numbers() {
        let cells = |capacity, producers, spare| {
            let (exchange, spares) = Exchange::new(capacity, producers, spare, Sequence::ZERO).unwrap();
            assert_eq!(spares.len(), spare);
            exchange.cells()
        };
        assert_eq!([cells(8, 0, 1), cells(8, 1, 2), cells(8, 2, 4), cells(8, 9, 10)], [8, 8, 16, 16]);
        assert_eq!([cells(1, 1, 2), cells(1, 2, 3), cells(1, 1, 9)], [2, 4, 16]);
    }

    /// Laps of rings that start shortly before the wrap: what is put in comes out in order, and each slot stays in one
    /// place.
    #[test]
    fn slots_change_hands_and_none_is_lost() {
        for (capacity, producers, before) in [(1, 1, 1), (2, 1, 3), (4, 2, 1), (8, 1, 20), (1, 5, 2)] {
            let start = Sequence::ZERO.minus(before);
            let (exchange, mut ids) = Exchange::new(capacity, producers, 2, start).unwrap();
            let (mut mine, mut theirs) = (ids.pop().unwrap(), ids.pop().unwrap());
            let (mut tail, mut head, mut taken) = (start, start, start);
            for n in [1, capacity, capacity, 1, capacity] {
                let mut put = Vec::new();
                for i in 0..n as u64 {
                    assert!(exchange.has_room(&mut tail, &mut head));
                    put.push(mine.index());
                    assert_eq!(exchange.put(tail, &mut mine), taken.plus(i));
                    assert_eq!(exchange.len(taken), i + 1);
                }
                assert_eq!(exchange.has_room(&mut tail, &mut head), n < capacity);
                for index in put {
                    assert_eq!(exchange.take(taken, &mut theirs), Some(taken));
                    assert_eq!(theirs.index(), index);
                    taken = taken.next();
                }
                assert_eq!(exchange.take(taken, &mut theirs), None);
            }
            let numbers = exchange.turn(1) as u64 - 1;
            let in_cells = (0..exchange.cells()).map(|i| exchange.look(start.plus(i)) & numbers);
            let mut all: Vec<_> = in_cells.chain([mine.0, theirs.0]).collect();
            all.sort_unstable();
            assert_eq!(all, (0..exchange.cells() + 2).collect::<Vec<_>>());
        }
    }

    /// A producer that stood still while others went laps ahead, and a consumer that did: both find the end.
    #[test]
    fn an_old_position_is_as_good_as_a_new_one() {
        for laps in 0..5 {
            let start = Sequence::ZERO.minus(7);
            let (exchange, mut ids) = Exchange::new(4, 2, 3, start).unwrap();
            let (mut tail, mut head) = (start, start);
            assert!(exchange.has_room(&mut tail, &mut head));
            for n in 0..8 * laps + 1 {
                assert_eq!(exchange.put(start, &mut ids[0]), start.plus(n));
                assert_eq!(exchange.take(start, &mut ids[1]), Some(start.plus(n)));
            }
            assert_eq!(exchange.put(start, &mut ids[2]), start.plus(8 * laps + 1));
            assert!(exchange.has_room(&mut tail, &mut head));
            assert_eq!((exchange.len(start), tail), (1, start.plus(8 * laps + 2)));
        }
    }

    /// Everybody saw room for the last event: all find a cell, and then nobody sees room.
    #[test]
    fn who_saw_room_finds_it() {
        for (capacity, producers) in [(1, 1), (1, 2), (1, 5), (2, 2), (4, 5), (8, 1), (8, 9)] {
            let start = Sequence::ZERO.minus(3);
            let (exchange, mut ids) = Exchange::new(capacity, producers, producers + 1, start).unwrap();
            let mut known = vec![(start, start); producers];
            for lap in 1..4 {
                while exchange.len(start) < capacity as u64 - 1 {
                    let _ = exchange.put(start, &mut ids[0]);
                }
                for (tail, head) in &mut known {
                    assert!(exchange.has_room(tail, head));
                }
                for (id, (tail, _)) in ids.iter_mut().zip(&known) {
                    let _ = exchange.put(*tail, id);
                }
                for (tail, head) in &mut known {
                    assert!(!exchange.has_room(tail, head));
                }
                assert_eq!(exchange.len(start), (capacity + producers - 1) as u64);
                while exchange.take(start, &mut ids[producers]).is_some() {}
                assert!(exchange.len(start) == 0 && lap > 0);
            }
        }
    }
}
