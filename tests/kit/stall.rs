//! A thread that stands still where a test wants it to.

use std::sync::mpsc;

/// Tells a thread that stands still inside a closure to go on, at the latest when this is dropped.
pub(crate) struct Stalled {
    arrived: mpsc::Receiver<()>,
    go_on: mpsc::Sender<()>,
}

impl Stalled {
    /// The thread stands still now.
    pub(crate) fn arrived(&self) {
        self.arrived.recv().unwrap();
    }
    pub(crate) fn go_on(self) {}
}

impl Drop for Stalled {
    /// It is told by a message: that a channel has been left, its other end reads without seeing what came before. It may
    /// have panicked, and hear nothing.
    fn drop(&mut self) {
        let _ = self.go_on.send(());
    }
}

/// What the closure calls.
pub(crate) struct Stall {
    arrive: mpsc::Sender<()>,
    wait: mpsc::Receiver<()>,
}

impl Stall {
    pub(crate) fn here(&self) {
        self.arrive.send(()).unwrap();
        self.wait.recv().unwrap();
    }
}

pub(crate) fn stall() -> (Stalled, Stall) {
    let ((arrive, arrived), (go_on, wait)) = (mpsc::channel(), mpsc::channel());
    (Stalled { arrived, go_on }, Stall { arrive, wait })
}
