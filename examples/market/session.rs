//! A session to publish where there is no file: the bytes of a LOBSTER file, made up as they are read.
//!
//! The same seed gives the same bytes. Orders come near a mid price that drifts, are cancelled, deleted, executed at or
//! near the touch; the book is never crossed. About one line in [`Session::ONE_BAD_IN`] is malformed on purpose, in
//! the ways of `malformed`. Nothing is allocated while reading.

use super::{lines::LONGEST, random::Random, row::Side, text::Text};
use std::io::{self, Read};

/// Prices of the session, in steps of a cent above this.
const LOWEST: u64 = 56_500;
/// Price steps.
const STEPS: usize = 4096;
/// Nanoseconds: the market opens at half past nine and is open for six and a half hours.
const OPEN: u64 = 34_200_000_000_000;
const HOURS: u64 = 23_400_000_000_000;

/// Reads as the lines of a session.
#[derive(Debug)]
pub(crate) struct Session {
    random: Random,
    /// Lines still to come.
    left: u64,
    /// Twice the mean time between rows.
    pause: u64,
    time: u64,
    /// Numbers given to orders so far.
    orders: u64,
    /// The step around which new orders come.
    mid: usize,
    bids: Resting,
    asks: Resting,
    /// The line being given out, and how much of it is.
    line: Text,
    given: usize,
}

/// The orders of one side that rest in the market.
#[derive(Debug)]
struct Resting {
    /// In no order. Never grows beyond its capacity.
    orders: Vec<Live>,
    /// How many at each rank.
    at: Box<[u32]>,
    /// The highest rank at which there are any, or 0.
    best: usize,
}

#[derive(Clone, Copy, Debug)]
struct Live {
    order: u64,
    /// The better for the other side, the higher: the step for bids, its mirror image for asks.
    rank: usize,
    size: u64,
}

impl Session {
    /// About one line in so many is malformed.
    pub(crate) const ONE_BAD_IN: u64 = 10_000;
    /// No more orders rest on one side.
    const RESTING: usize = 8_192;

    /// `rows` lines. Allocates all that the session will need.
    pub(crate) fn new(seed: u64, rows: u64) -> Self {
        Self {
            random: Random(seed),
            left: rows,
            pause: 2 * HOURS / rows.max(2),
            time: OPEN,
            orders: 0,
            mid: STEPS / 2,
            bids: Resting::new(),
            asks: Resting::new(),
            line: Text::new(),
            given: 0,
        }
    }

    fn next_line(&mut self) {
        self.line.clear();
        self.given = 0;
        self.left -= 1;
        self.time += self.random.below(self.pause) + 1;
        if self.random.below(Self::ONE_BAD_IN) == 0 {
            self.malformed();
        } else {
            self.row();
        }
        self.line.byte(b'\n');
    }

    /// A good row, and what it does to the market.
    fn row(&mut self) {
        if self.random.below(64) == 0 {
            self.mid = (self.mid - 1 + self.random.below(3) as usize).clamp(STEPS / 4, STEPS / 4 * 3);
        }
        let side = if self.random.below(2) == 0 { Side::Buy } else { Side::Sell };
        let resting = self.resting(side).orders.len();
        let crowded = match resting {
            0..1_000 => 0,
            1_000..3_000 => 150,
            Self::RESTING => 1_000,
            _ => 250,
        };
        match self.random.below(1_000) + crowded {
            _ if resting == 0 => self.new_order(side),
            0..630 => self.new_order(side),
            630..640 => self.cancelled(side),
            640..730 => self.executed(side),
            730..790 => self.hidden(side),
            790 if self.random.below(100) == 0 => self.halted(),
            791 if self.random.below(100) == 0 => self.crossed(side),
            _ => self.deleted(side),
        }
    }

    fn new_order(&mut self, side: Side) {
        let reach = if self.random.below(500) == 0 { 900 } else { 1 + self.random.below(64) };
        let away = 1 + self.random.below(reach) as usize;
        let (wanted, limit) = match side {
            Side::Buy => (self.mid - away, STEPS - 1 - self.asks.best),
            Side::Sell => (STEPS - 1 - self.mid - away, STEPS - 1 - self.bids.best),
        };
        // Not at the other side's best nor beyond it: that would be a trade.
        let rank = wanted.min(limit - 1);
        self.orders += 1 + self.random.below(9);
        let order = Live { order: self.orders, rank, size: size(&mut self.random) };
        self.resting(side).enter(order);
        self.write(1, order.order, order.size, rank, side);
    }

    fn cancelled(&mut self, side: Side) {
        let i = self.any(side);
        let Live { order, rank, size } = self.resting(side).orders[i];
        if size == 1 {
            return self.deleted(side);
        }
        let less = 1 + self.random.below(size - 1);
        self.resting(side).orders[i].size -= less;
        self.write(2, order, less, rank, side);
    }

    fn deleted(&mut self, side: Side) {
        let i = self.any(side);
        let Live { order, rank, size } = self.resting(side).leave(i);
        self.write(3, order, size, rank, side);
    }

    /// The best of eight orders, in whole or in part.
    fn executed(&mut self, side: Side) {
        let draws: [usize; 8] = std::array::from_fn(|_| self.any(side));
        let resting = self.resting(side);
        let i = draws.into_iter().max_by_key(|&i| resting.orders[i].rank).unwrap_or(0);
        let Live { order, rank, size } = resting.orders[i];
        let taken = 1 + self.random.below(2 * size);
        if taken < size {
            self.resting(side).orders[i].size -= taken;
        } else {
            self.resting(side).leave(i);
        }
        self.write(4, order, taken.min(size), rank, side);
    }

    /// At the touch, and by an order nobody saw.
    fn hidden(&mut self, side: Side) {
        let (rank, size) = (self.resting(side).best, size(&mut self.random));
        self.write(5, 0, size, rank, side);
    }

    fn crossed(&mut self, side: Side) {
        let (rank, size) = (self.resting(side).best, size(&mut self.random));
        self.write(6, 0, size, rank, side);
    }

    fn halted(&mut self) {
        self.line.time(self.time);
        self.line.text(b",7,0,0,-1,-1");
    }

    /// A line that is wrong in one way or another, and that touches no order.
    fn malformed(&mut self) {
        let way = self.random.below(16);
        if way >= 5 {
            self.line.time(self.time);
        }
        self.line.text(match way {
            0 => b"",
            1 => b"\0\xff\xfe not a row at all",
            2 => b"99999.5,1,7,100,5850000,1",
            3 => b"34200.0123456789,1,7,100,5850000,1",
            4 => b"-34200.5,1,7,100,5850000,1",
            5 => b",1,7,100,5850000",
            6 => b",1,7,100,5850000,1,null",
            7 => b",1,7,1o0,5850000,1",
            8 => b",1,7,100,99999999999999999999,1",
            9 => b",9,7,100,5850000,1",
            10 => b",1,7,100,5850000,0",
            11 => b",1,7,0,5850000,1",
            12 => b",1,7,100,-5850000,1",
            13 => b",1,-7,100,5850000,1",
            14 => b",1,7,,5850000,1",
            _ => &[b'7'; LONGEST + 50],
        });
    }

    /// One of the orders of that side, of which there must be some.
    fn any(&mut self, side: Side) -> usize {
        let count = self.resting(side).orders.len() as u64;
        self.random.below(count) as usize
    }

    fn resting(&mut self, side: Side) -> &mut Resting {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    fn write(&mut self, kind: u64, order: u64, size: u64, rank: usize, side: Side) {
        let step = if side == Side::Buy { rank } else { STEPS - 1 - rank };
        self.line.time(self.time);
        for number in [kind, order, size, (LOWEST + step as u64) * 100] {
            self.line.byte(b',');
            self.line.number(number);
        }
        self.line.text(if side == Side::Buy { b",1" } else { b",-1" });
    }
}

impl Read for Session {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        loop {
            let rest = &self.line.as_slice()[self.given..];
            let count = rest.len().min(buffer.len() - filled);
            buffer[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            self.given += count;
            if filled == buffer.len() || self.left == 0 {
                return Ok(filled);
            }
            self.next_line();
        }
    }
}

impl Resting {
    fn new() -> Self {
        let orders = Vec::with_capacity(Session::RESTING);
        Self { orders, at: vec![0; STEPS].into_boxed_slice(), best: 0 }
    }
    fn enter(&mut self, order: Live) {
        self.orders.push(order);
        self.at[order.rank] += 1;
        self.best = self.best.max(order.rank);
    }
    fn leave(&mut self, i: usize) -> Live {
        let order = self.orders.swap_remove(i);
        self.at[order.rank] -= 1;
        while self.best > 0 && self.at[self.best] == 0 {
            self.best -= 1;
        }
        order
    }
}

/// Shares: round lots more often than not, and a large order now and then.
fn size(random: &mut Random) -> u64 {
    match random.below(4_000) {
        0 => 100 * (1 + random.below(200)),
        1..800 => 1 + random.below(99),
        800..1_600 => 100 * (1 + random.below(10)),
        _ => 100,
    }
}
