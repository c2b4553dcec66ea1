//! Where the readers show what they came to, and where anybody looks at it while they work.
//!
//! Each part has one writer, which writes at the end of a batch; its own cache line, so that readers on different
//! threads do not slow each other down. When the writers' threads are joined, the figures are final.

use super::book::{Book, Level};
use crossbeam_utils::CachePadded;
use ringmain::ring::Counter;

/// The parts of the report that are made while events flow.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) book: CachePadded<BookBoard>,
    pub(crate) tally: CachePadded<[Counter; 7]>,
    pub(crate) trades: CachePadded<TradeBoard>,
    pub(crate) risk: CachePadded<RiskBoard>,
    /// Cross trades: how many, and their shares.
    pub(crate) crosses: CachePadded<[Counter; 2]>,
    pub(crate) halts: CachePadded<Counter>,
    /// Lines that have passed every stage.
    pub(crate) done: CachePadded<Counter>,
    /// 1 when no more will.
    pub(crate) over: Counter,
    pub(crate) letters: CachePadded<Counter>,
}

#[derive(Debug, Default)]
pub(crate) struct BookBoard {
    pub(crate) open: Counter,
    pub(crate) bid: LevelBoard,
    pub(crate) ask: LevelBoard,
    pub(crate) unknown: Counter,
    pub(crate) refused: Counter,
    pub(crate) replaced: Counter,
}

/// A level; size 0 is none.
#[derive(Debug, Default)]
pub(crate) struct LevelBoard {
    price: Counter,
    size: Counter,
}

#[derive(Debug, Default)]
pub(crate) struct TradeBoard {
    pub(crate) count: Counter,
    pub(crate) volume: Counter,
    notional_low: Counter,
    notional_high: Counter,
}

#[derive(Debug, Default)]
pub(crate) struct RiskBoard {
    pub(crate) large: Counter,
    pub(crate) far: Counter,
    /// The line of the first alarm, and its shares.
    pub(crate) first: [Counter; 2],
}

impl BookBoard {
    pub(crate) fn show(&self, book: &Book) {
        self.open.set(book.open() as u64);
        self.bid.show(book.best_bid());
        self.ask.show(book.best_ask());
        self.unknown.set(book.unknown);
        self.refused.set(book.refused);
        self.replaced.set(book.replaced);
    }
}

impl LevelBoard {
    fn show(&self, level: Option<Level>) {
        let Level { price, size } = level.unwrap_or(Level { price: 0, size: 0 });
        self.price.set(price as u64);
        self.size.set(size);
    }
    pub(crate) fn read(&self) -> Option<Level> {
        let level = Level { price: self.price.get() as i64, size: self.size.get() };
        (level.size > 0).then_some(level)
    }
}

impl TradeBoard {
    /// `notional` is shares times price, in dollars times 10,000.
    pub(crate) fn show(&self, count: u64, volume: u64, notional: u128) {
        self.count.set(count);
        self.volume.set(volume);
        self.notional_low.set(notional as u64);
        self.notional_high.set((notional >> 64) as u64);
    }
    pub(crate) fn notional(&self) -> u128 {
        u128::from(self.notional_high.get()) << 64 | u128::from(self.notional_low.get())
    }
}
