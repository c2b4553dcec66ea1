//! What is done with the rows: the editor's check, and the readers' leaves.
//!
//! ```text
//!   editor "check"   DeadLetter > Edit: check > Correlate
//!   reader "book"    Filter: good > ContentRouter: by type > Visible | Crosses | Halts
//!   reader "stats"   Filter: good > Fanout > Tally, (Filter: trades > Trades)
//!   reader "risk"    Filter: Watch > Translator: to an alarm ==> Alarms
//!   reader "join"    Join
//! ```
//!
//! Every answer depends on the rows and their order alone, not on who was faster: one thread and many agree on every
//! bit.

use super::{
    board::Board,
    book::Book,
    event::{Bad, Body, Event},
    row::{Kind, Row},
};
use ringmain::{
    contract::{Account, At, Clock, Flow, Ledger, Stage, Tick},
    metric::Probe,
};
use std::sync::Arc;

/// Says whether a line is a row that makes sense; if not, marks it for the readers. Asked again for the same event, it
/// answers the same.
pub(crate) fn check(event: &mut Event) -> Flow {
    let wrong = match &event.body {
        Body::Bad(bad) => bad.wrong,
        Body::Row(row) => match row.check() {
            Ok(()) => return Ok(()),
            Err(wrong) => {
                event.body = Body::Bad(Bad::row(wrong, row));
                wrong
            }
        },
    };
    Err(wrong.fault().into())
}

/// The end of a chain: takes good rows in, and shows what they came to.
pub(crate) trait Fold {
    fn take(&mut self, event: &Event, row: &Row);
    fn show(&self, board: &Board);
}

/// A [`Fold`] as a stage: keeps its books, and shows at the end of a batch.
#[derive(Debug)]
pub(crate) struct Leaf<F> {
    fold: F,
    board: Arc<Board>,
    ledger: Ledger,
    /// There is more than was shown.
    fresh: bool,
}

impl<F: Fold> Leaf<F> {
    pub(crate) fn new(fold: F, board: &Arc<Board>) -> Self {
        Self { fold, board: board.clone(), ledger: Ledger::new(), fresh: false }
    }
    pub(crate) fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<F: Fold> Stage<&Event> for Leaf<F> {
    fn on_event(&mut self, event: &Event, _: At) -> Flow {
        self.ledger.took(1);
        match event.row() {
            Some(row) => {
                self.fold.take(event, row);
                self.ledger.folded();
                self.fresh = true;
            }
            None => self.ledger.filtered(),
        }
        Ok(())
    }
    fn on_batch_end(&mut self, _: Tick) -> Flow {
        if std::mem::take(&mut self.fresh) {
            self.fold.show(&self.board);
        }
        self.ledger.publish();
        Ok(())
    }
}

/// The visible orders.
#[derive(Debug)]
pub(crate) struct Visible(pub(crate) Book);

impl Fold for Visible {
    fn take(&mut self, _: &Event, row: &Row) {
        self.0.apply(row);
    }
    fn show(&self, board: &Board) {
        board.book.show(&self.0);
    }
}

/// Cross trades: of an auction, with no visible order concerned.
#[derive(Debug, Default)]
pub(crate) struct Crosses {
    count: u64,
    volume: u64,
}

impl Fold for Crosses {
    fn take(&mut self, _: &Event, row: &Row) {
        self.count += 1;
        self.volume += u64::from(row.size);
    }
    fn show(&self, board: &Board) {
        board.crosses[0].set(self.count);
        board.crosses[1].set(self.volume);
    }
}

/// Halts, and the ends of halts.
#[derive(Debug, Default)]
pub(crate) struct Halts(u64);

impl Fold for Halts {
    fn take(&mut self, _: &Event, _: &Row) {
        self.0 += 1;
    }
    fn show(&self, board: &Board) {
        board.halts.set(self.0);
    }
}

/// Rows by type.
#[derive(Debug, Default)]
pub(crate) struct Tally([u64; 7]);

impl Fold for Tally {
    fn take(&mut self, _: &Event, row: &Row) {
        self.0[row.kind as usize - 1] += 1;
    }
    fn show(&self, board: &Board) {
        board.tally.iter().zip(self.0).for_each(|(counter, count)| counter.set(count));
    }
}

/// Count, volume and notional of the executions; the VWAP is a division away.
#[derive(Debug, Default)]
pub(crate) struct Trades {
    count: u64,
    volume: u64,
    /// Exact: a sum of products would not fit into 64 bits for every file.
    notional: u128,
}

impl Fold for Trades {
    fn take(&mut self, _: &Event, row: &Row) {
        self.count += 1;
        self.volume += u64::from(row.size);
        self.notional += u128::from(row.size) * u128::from(row.price.unsigned_abs());
    }
    fn show(&self, board: &Board) {
        board.trades.show(self.count, self.volume, self.notional);
    }
}

/// Whether the line is a row that passed the check.
pub(crate) fn is_good(event: &Event) -> bool {
    event.row().is_some()
}

/// Whether the row tells of a trade against the book, visible or hidden.
pub(crate) fn is_trade(event: &Event) -> bool {
    event.row().is_some_and(|row| matches!(row.kind, Kind::Executed | Kind::Hidden))
}

/// Behind all readers: what comes here is done.
#[derive(Debug)]
pub(crate) struct Join<C: Clock> {
    probe: Probe<C>,
    done: u64,
    board: Arc<Board>,
    ledger: Ledger,
}

impl<C: Clock> Join<C> {
    pub(crate) fn new(probe: Probe<C>, board: &Arc<Board>) -> Self {
        Self { probe, done: 0, board: board.clone(), ledger: Ledger::new() }
    }
    pub(crate) fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<C: Clock> Stage<&Event> for Join<C> {
    fn on_event(&mut self, event: &Event, _: At) -> Flow {
        self.probe.arrived(event.number, event.due);
        self.done += 1;
        self.ledger.took(1);
        self.ledger.folded();
        Ok(())
    }
    fn on_batch_end(&mut self, _: Tick) -> Flow {
        self.board.done.set(self.done);
        self.ledger.publish();
        Ok(())
    }
}

impl<C: Clock> Drop for Join<C> {
    fn drop(&mut self) {
        self.board.over.set(1);
    }
}
