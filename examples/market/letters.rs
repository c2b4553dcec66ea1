//! The reader of the dead letter channel: keeps the first letters whole, counts all.

use super::{board::Board, event::Event};
use parking_lot::Mutex;
use ringmain::{
    contract::{Account, At, Flow, Ledger, Stage, Tick},
    pattern::Letter,
};
use std::sync::Arc;

/// Letters kept for the report.
pub(crate) const MOST: usize = 10;

/// Where the first letters lie until the report is written. Locked once for each of them, and never again.
pub(crate) type Kept = Arc<Mutex<Vec<Event>>>;

/// Consumes letters.
#[derive(Debug)]
pub(crate) struct Letters {
    first: Kept,
    count: u64,
    board: Arc<Board>,
    ledger: Ledger,
}

impl Letters {
    /// Allocates the room for the letters it keeps.
    pub(crate) fn new(board: &Arc<Board>) -> Self {
        let first = Arc::new(Mutex::new(Vec::with_capacity(MOST)));
        Self { first, count: 0, board: board.clone(), ledger: Ledger::new() }
    }
    pub(crate) fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    pub(crate) fn first(&self) -> Kept {
        self.first.clone()
    }
}

impl Stage<&Letter<Event>> for Letters {
    fn on_event(&mut self, letter: &Letter<Event>, _: At) -> Flow {
        if self.count < MOST as u64 {
            self.first.lock().push(letter.event);
        }
        self.count += 1;
        self.ledger.took(1);
        self.ledger.folded();
        Ok(())
    }
    fn on_batch_end(&mut self, _: Tick) -> Flow {
        self.board.letters.set(self.count);
        self.ledger.publish();
        Ok(())
    }
}
