//! The order book: exact, of fixed size.
//!
//! ```text
//!   bids, by price            asks, by price, highest first
//!   | 585.29 | 585.31 | 585.35 |     | 585.80 | 585.74 | 585.71 |
//!                       ^ best                           ^ best: always the last, where most happens
//! ```
//!
//! | row                        | does                                                                       |
//! |----------------------------|----------------------------------------------------------------------------|
//! | new                        | enters the order; a number that is there already is replaced               |
//! | cancelled in part, executed| takes shares from the order, which leaves with its last one                |
//! | deleted                    | takes the order out                                                        |
//! | executed hidden, cross, halt | nothing: no visible order is concerned                                   |
//!
//! A file begins in the middle of a day, so rows about orders that were never seen are normal: counted as `unknown`.
//! An order for which there is no room, among the orders or among the price levels, is counted as `refused`: then, and
//! only then, the book is not exact. Nothing is allocated after [`Book::new`].

use super::{
    row::{Kind, Row, Side},
    table::{Order, Table},
};

/// An order book.
#[derive(Debug)]
pub(crate) struct Book {
    orders: Table,
    bids: Levels,
    asks: Levels,
    /// Rows about orders that are not in the book.
    pub(crate) unknown: u64,
    /// New orders that found no room.
    pub(crate) refused: u64,
    /// New orders whose number was in the book already.
    pub(crate) replaced: u64,
}

/// The visible shares at one price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Level {
    pub(crate) price: i64,
    pub(crate) size: u64,
}

impl Book {
    /// For at most `orders` orders at `levels` prices a side. Allocates.
    pub(crate) fn new(orders: usize, levels: usize) -> Self {
        Self {
            orders: Table::new(orders),
            bids: Levels::new(levels, 1),
            asks: Levels::new(levels, -1),
            unknown: 0,
            refused: 0,
            replaced: 0,
        }
    }

    /// What the row does to the book.
    pub(crate) fn apply(&mut self, row: &Row) {
        match row.kind {
            Kind::New => self.enter(row),
            Kind::Cancelled | Kind::Executed => self.take(row.order, row.size),
            Kind::Deleted => self.take(row.order, u32::MAX),
            Kind::Hidden | Kind::Cross | Kind::Halt => {}
        }
    }

    /// How many orders rest in the book.
    pub(crate) fn open(&self) -> usize {
        self.orders.len()
    }

    /// The highest price that somebody would pay, and for how many shares.
    pub(crate) fn best_bid(&self) -> Option<Level> {
        self.bids.best()
    }

    /// The lowest price that somebody would sell at, and how many shares.
    pub(crate) fn best_ask(&self) -> Option<Level> {
        self.asks.best()
    }

    fn enter(&mut self, row: &Row) {
        let &Row { order, price, size, side, .. } = row;
        if self.orders.find(order).is_some() {
            self.replaced += 1;
            self.take(order, u32::MAX);
        }
        let entered = self.orders.insert(Order { order, price, size, side });
        if entered.is_err() {
            self.refused += 1;
        } else if !self.levels(side).add(price, size) {
            self.orders.remove(order);
            self.refused += 1;
        }
    }

    /// Takes `size` shares from the order, or all that it has.
    fn take(&mut self, order: i64, size: u32) {
        let Some(found) = self.orders.find(order) else {
            self.unknown += 1;
            return;
        };
        let Order { price, side, .. } = *found;
        let size = size.min(found.size);
        if size == found.size {
            self.orders.remove(order);
        } else {
            found.size -= size;
        }
        self.levels(side).subtract(price, size);
    }

    fn levels(&mut self, side: Side) -> &mut Levels {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}

/// The price levels of one side, best last.
#[derive(Debug)]
struct Levels {
    /// By `price * sign`, ascending; no level is empty. Never grows beyond its capacity.
    levels: Vec<Level>,
    most: usize,
    /// 1 where the highest price is best, -1 where the lowest is.
    sign: i64,
}

impl Levels {
    fn new(most: usize, sign: i64) -> Self {
        Self { levels: Vec::with_capacity(most), most, sign }
    }

    fn best(&self) -> Option<Level> {
        self.levels.last().copied()
    }

    /// Adds shares at a price; `false` if it would be one level too many.
    fn add(&mut self, price: i64, size: u32) -> bool {
        match self.place(price) {
            Ok(at) => self.levels[at].size += u64::from(size),
            Err(_) if self.levels.len() == self.most => return false,
            Err(at) => self.levels.insert(at, Level { price, size: u64::from(size) }),
        }
        true
    }

    /// Takes away shares that were added before.
    fn subtract(&mut self, price: i64, size: u32) {
        if let Ok(at) = self.place(price) {
            let level = &mut self.levels[at];
            level.size -= u64::from(size);
            if level.size == 0 {
                self.levels.remove(at);
            }
        }
    }

    /// Where the level is, or would be.
    fn place(&self, price: i64) -> Result<usize, usize> {
        self.levels.binary_search_by_key(&(price * self.sign), |level| level.price * self.sign)
    }
}
