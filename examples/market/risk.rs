//! The risk monitor: what is large, or far from the book, becomes an alarm on a ring of its own.
//!
//! ```text
//!   Filter: Watch --row--> Translator --alarm==> ring ==> Alarms
//! ```
//!
//! It does not look into the book of the reader beside it, which may be ahead or behind, but keeps a reference of its
//! own: else the answer would depend on who was faster.

use super::{board::Board, event::Event, row::Kind, stages::is_trade};
use ringmain::{
    contract::{Account, At, Flow, Ledger, Stage, Tick},
    pattern::{Criterion, Verdict},
};
use std::sync::Arc;

/// Keeps what the risk monitor is to see: new orders and trades that are large, or far from the book.
///
/// Where the book is, the last trade says: it happened at the touch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    /// Shares; more is large.
    pub(crate) large: u32,
    /// Hundredths of a percent of the last trade's price; more is far.
    pub(crate) far: u32,
    /// The price of the last trade; 0 before it.
    pub(crate) last: i64,
}

impl Watch {
    fn is_far(&self, price: i64) -> bool {
        self.last > 0 && price.abs_diff(self.last) * 10_000 > self.last.unsigned_abs() * u64::from(self.far)
    }
}

impl Criterion<Event> for Watch {
    fn judge(&mut self, event: &Event, _: At) -> Verdict {
        let Some(row) = event.row() else { return Verdict::Discard };
        if matches!(row.kind, Kind::Cancelled | Kind::Deleted | Kind::Halt) {
            return Verdict::Discard;
        }
        let keep = row.size > self.large || self.is_far(row.price);
        if is_trade(event) {
            self.last = row.price;
        }
        keep.into()
    }
}

/// What the watch kept, in the words of whoever is to act on it: the translator's output.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Alarm {
    /// The number of the line.
    pub(crate) line: u64,
    /// Shares.
    pub(crate) size: u32,
    /// More than the limit; else it is an alarm because its price is far.
    pub(crate) large: bool,
}

impl Alarm {
    /// The translator: from rows to alarms, where more than `limit` shares are large.
    pub(crate) fn translator(limit: u32) -> impl FnMut(&Event, &mut Self) -> Flow {
        move |event, alarm| {
            let size = event.row().map_or(0, |row| row.size);
            *alarm = Self { line: event.number, size, large: size > limit };
            Ok(())
        }
    }
}

/// The reader of the alarms.
#[derive(Debug)]
pub(crate) struct Alarms {
    large: u64,
    far: u64,
    first: Alarm,
    board: Arc<Board>,
    ledger: Ledger,
}

impl Alarms {
    pub(crate) fn new(board: &Arc<Board>) -> Self {
        let (first, ledger) = (Alarm::default(), Ledger::new());
        Self { large: 0, far: 0, first, board: board.clone(), ledger }
    }
    pub(crate) fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl Stage<&Alarm> for Alarms {
    fn on_event(&mut self, alarm: &Alarm, _: At) -> Flow {
        if self.large + self.far == 0 {
            self.first = *alarm;
        }
        *if alarm.large { &mut self.large } else { &mut self.far } += 1;
        self.ledger.took(1);
        self.ledger.folded();
        Ok(())
    }
    fn on_batch_end(&mut self, _: Tick) -> Flow {
        self.board.risk.large.set(self.large);
        self.board.risk.far.set(self.far);
        self.board.risk.first[0].set(self.first.line);
        self.board.risk.first[1].set(self.first.size.into());
        self.ledger.publish();
        Ok(())
    }
}
