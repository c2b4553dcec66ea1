//! The book against maps of the standard library.

use crate::{
    market::{
        book::{Book, Level},
        random::Random,
        row::{Kind, Row, Side},
        table::{Full, Order, Table},
    },
    session, times,
};
use std::collections::{BTreeMap, HashMap};

/// Orders by number; the rest is looked up when asked.
#[derive(Default)]
pub(crate) struct Oracle {
    pub(crate) orders: HashMap<i64, (u32, i64, Side)>,
    unknown: u64,
}

impl Oracle {
    pub(crate) fn apply(&mut self, row: &Row) {
        let less = match row.kind {
            Kind::New => {
                self.orders.insert(row.order, (row.size, row.price, row.side));
                return;
            }
            Kind::Cancelled | Kind::Executed => row.size,
            Kind::Deleted => u32::MAX,
            Kind::Hidden | Kind::Cross | Kind::Halt => return,
        };
        match self.orders.get_mut(&row.order) {
            None => self.unknown += 1,
            Some((size, ..)) if *size > less => *size -= less,
            Some(_) => _ = self.orders.remove(&row.order),
        }
    }
    pub(crate) fn levels(&self, side: Side) -> BTreeMap<i64, u64> {
        let mut levels = BTreeMap::new();
        for (size, price, _) in self.orders.values().filter(|order| order.2 == side) {
            *levels.entry(*price).or_default() += u64::from(*size);
        }
        levels
    }
    fn assert_is(&self, book: &Book, when: &str) {
        let level = |(price, size): (i64, u64)| Level { price, size };
        assert_eq!(book.open(), self.orders.len(), "open orders {when}");
        assert_eq!(book.best_bid(), self.levels(Side::Buy).pop_last().map(level), "best bid {when}");
        assert_eq!(book.best_ask(), self.levels(Side::Sell).pop_first().map(level), "best ask {when}");
        assert_eq!(book.unknown, self.unknown, "unknown {when}");
    }
}

fn row(kind: Kind, order: i64, size: u32, price: i64, side: Side) -> Row {
    Row { time: 0, order, price, size, kind, side }
}

#[test]
fn sessions_agree_with_the_maps() {
    for seed in 0..times(20) {
        let (mut book, mut oracle) = (Book::new(20_000, 8_192), Oracle::default());
        for (n, line) in session(seed, times(2_000)).split(|&byte| byte == b'\n').enumerate() {
            let Some(row) = Row::parse(line).ok().filter(|row| row.check().is_ok()) else { continue };
            book.apply(&row);
            oracle.apply(&row);
            if n % 50 == 0 {
                oracle.assert_is(&book, &format!("at line {n} of seed {seed}"));
            }
        }
        oracle.assert_is(&book, &format!("at the end of seed {seed}"));
        assert_eq!((book.unknown, book.refused, book.replaced), (0, 0, 0), "seed {seed}");
    }
}

#[test]
fn any_rows_agree_with_the_maps() {
    for seed in 0..times(300) {
        let mut random = Random(seed);
        let (mut book, mut oracle) = (Book::new(64, 64), Oracle::default());
        for n in 0..300 {
            let kind = Kind::ALL[random.below(7) as usize];
            let side = if random.below(2) == 0 { Side::Buy } else { Side::Sell };
            let (order, size) = (random.below(60) as i64 + 1, random.below(9) as u32 + 1);
            let row = row(kind, order, size, random.below(20) as i64 + 1, side);
            book.apply(&row);
            oracle.apply(&row);
            oracle.assert_is(&book, &format!("at row {n} of seed {seed}"));
        }
        assert_eq!(book.refused, 0);
        assert!(book.replaced > 0, "seed {seed} never used a number twice");
    }
}

#[test]
fn no_room_is_counted_and_the_rest_stays_exact() {
    let mut book = Book::new(2, 8);
    for order in 1..=3 {
        book.apply(&row(Kind::New, order, 10, 100 + order, Side::Buy));
    }
    assert_eq!((book.open(), book.refused), (2, 1));
    assert_eq!(book.best_bid(), Some(Level { price: 102, size: 10 }));
    book.apply(&row(Kind::Deleted, 3, 10, 103, Side::Buy));
    assert_eq!(book.unknown, 1, "an order that found no room is not known later");

    let mut book = Book::new(8, 2);
    for (order, price) in [(1, 100), (2, 101), (3, 102), (4, 101)] {
        book.apply(&row(Kind::New, order, 10, price, Side::Sell));
    }
    assert_eq!((book.open(), book.refused), (3, 1));
    assert_eq!(book.best_ask(), Some(Level { price: 100, size: 10 }));
    book.apply(&row(Kind::Executed, 1, 10, 100, Side::Sell));
    assert_eq!(book.best_ask(), Some(Level { price: 101, size: 20 }));
    book.apply(&row(Kind::New, 5, 10, 99, Side::Sell));
    assert_eq!((book.refused, book.best_ask()), (1, Some(Level { price: 99, size: 10 })));

    // Replaced by one that finds no room: the old one is gone all the same.
    book.apply(&row(Kind::New, 2, 1, 50, Side::Sell));
    assert_eq!((book.replaced, book.refused, book.open()), (1, 2, 2));
}

#[test]
fn more_is_taken_than_there_is() {
    let mut book = Book::new(8, 8);
    book.apply(&row(Kind::New, 1, 10, 100, Side::Buy));
    book.apply(&row(Kind::Executed, 1, 11, 100, Side::Buy));
    assert_eq!((book.open(), book.best_bid()), (0, None));
}

#[test]
fn the_table_agrees_with_a_map_up_to_its_last_slot() {
    for seed in 0..times(200) {
        let mut random = Random(seed);
        let most = 1 + random.below(40) as usize;
        let keys = 2 * most as u64;
        let (mut table, mut map) = (Table::new(most), HashMap::new());
        for _ in 0..2_000 {
            // Far apart and close together, so that homes collide and wrap around the end.
            let key = random.below(keys) as i64 * [1, 1 << 20, -(1 << 40)][random.below(3) as usize];
            let order = Order { order: key, price: 1, size: 1 + random.below(9) as u32, side: Side::Buy };
            if random.below(2) == 0 {
                assert_eq!(table.remove(key), map.remove(&key));
            } else if !map.contains_key(&key) {
                let room = map.len() < most;
                assert_eq!(table.insert(order), if room { Ok(()) } else { Err(Full) });
                if room {
                    map.insert(key, order);
                }
            }
            assert_eq!(table.len(), map.len());
            assert_eq!(table.find(key).copied(), map.get(&key).copied());
        }
        for (key, order) in &map {
            assert_eq!(table.find(*key), Some(&mut order.clone()), "seed {seed}");
        }
    }
}

#[test]
fn a_table_for_nothing_is_full() {
    let mut table = Table::new(0);
    let order = Order { order: 1, price: 1, size: 1, side: Side::Buy };
    assert_eq!(table.insert(order), Err(Full));
    assert_eq!(table.find(1), None);
    assert_eq!((table.remove(1), table.len()), (None, 0));
}
