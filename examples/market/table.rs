//! The orders that rest in the book, by number: open addressing in a table of fixed size.
//!
//! ```text
//!   home(order)
//!      v
//!   | . | A | B | C | . | . |      B and C were moved right by A; when A goes, what may move back does:
//!   | . | B | C | . | . | . |      no tombstones, so a lookup never gets slower with the table's age
//! ```
//!
//! Whole keys are compared, so that orders with one home never mix. At most half of the slots are used. Nothing is
//! allocated after [`Table::new`].

use super::row::Side;

/// An order in the book.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Order {
    /// Its number: the key.
    pub(crate) order: i64,
    pub(crate) price: i64,
    /// Shares left, at least one: a slot of size 0 is free.
    pub(crate) size: u32,
    pub(crate) side: Side,
}

/// Orders by number.
#[derive(Debug)]
pub(crate) struct Table {
    slots: Box<[Order]>,
    /// Slots in use, at most `most`.
    len: usize,
    most: usize,
}

/// The table holds as many orders as it may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Full;

const FREE: Order = Order { order: 0, price: 0, size: 0, side: Side::Buy };

impl Table {
    /// For at most `most` orders at a time. Allocates.
    pub(crate) fn new(most: usize) -> Self {
        let slots = vec![FREE; (2 * most.max(1)).next_power_of_two()].into_boxed_slice();
        Self { slots, len: 0, most }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The order of that number.
    pub(crate) fn find(&mut self, order: i64) -> Option<&mut Order> {
        let slot = &mut self.slots[self.place(order)];
        (slot.size > 0).then_some(slot)
    }

    /// Puts in an order of at least one share, whose number is not in the table.
    pub(crate) fn insert(&mut self, order: Order) -> Result<(), Full> {
        if self.len == self.most {
            return Err(Full);
        }
        let place = self.place(order.order);
        self.slots[place] = order;
        self.len += 1;
        Ok(())
    }

    /// Takes out the order of that number.
    pub(crate) fn remove(&mut self, order: i64) -> Option<Order> {
        let mut gap = self.place(order);
        let taken = self.slots[gap];
        if taken.size == 0 {
            return None;
        }
        self.len -= 1;
        let mask = self.slots.len() - 1;
        let mut from = gap;
        loop {
            from = (from + 1) & mask;
            let moving = self.slots[from];
            if moving.size == 0 {
                break;
            }
            // It may move back if its home is not after the gap on the way to where it is.
            let carried = from.wrapping_sub(self.home(moving.order)) & mask;
            if carried >= from.wrapping_sub(gap) & mask {
                self.slots[gap] = moving;
                gap = from;
            }
        }
        self.slots[gap] = FREE;
        Some(taken)
    }

    /// Where the order is, or the free slot where it would be. There always is a free one.
    fn place(&self, order: i64) -> usize {
        let mut at = self.home(order);
        while self.slots[at].size > 0 && self.slots[at].order != order {
            at = (at + 1) & (self.slots.len() - 1);
        }
        at
    }

    /// Multiplicative hashing (Knuth, volume 3, 6.4): the high bits of the product depend on all of the key.
    fn home(&self, order: i64) -> usize {
        let product = (order as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (product >> 32) as usize & (self.slots.len() - 1)
    }
}
