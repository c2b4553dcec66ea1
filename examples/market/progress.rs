//! A progress bar, where somebody sits at a terminal.

use super::board::Board;
use indicatif::{ProgressBar, ProgressStyle};
use ringmain::contract::{Agent, Tick, Work};
use std::{sync::Arc, time::Duration};

/// How often the bar moves.
const PAUSE: Duration = Duration::from_millis(100);

/// The bar, on standard error. It allocates and writes: only for a terminal, and gone at the end.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    board: Arc<Board>,
    next: Tick,
}

impl Progress {
    /// For `rows` rows, if that is known.
    pub(crate) fn new(board: &Arc<Board>, rows: Option<u64>) -> Self {
        let (bar, style) = match rows {
            Some(rows) => (ProgressBar::new(rows), "{wide_bar} {human_pos} of {human_len} rows, {eta} left"),
            None => (ProgressBar::new_spinner(), "{spinner} {human_pos} rows, {per_sec}"),
        };
        let style = ProgressStyle::with_template(style).expect("the template is constant");
        Self { bar: bar.with_style(style), board: board.clone(), next: Tick::ZERO.after(PAUSE) }
    }
}

impl Agent for Progress {
    fn work(&mut self, now: Tick) -> Work {
        if self.board.over.get() == 1 {
            return Work::Done;
        }
        if now >= self.next {
            self.bar.set_position(self.board.done.get());
            self.next = now.after(PAUSE);
        }
        Work::Idle
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
