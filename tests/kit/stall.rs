//! A thread that stands still where a test wants it to.

use std::sync::mpsc;

/// Tells a thread that stands still inside a closure to go on, at the latest when this is dropped.
pub(crate) struct Stalled {
    arrived: mpsc::Receiver<()>,
    _go_on: mpsc::Sender<()>,
}

impl Stalled {
    /// The thread stands still now.
    pub(crate) fn arrived(&self) {
        self.arrived.recv().unwrap();
    }
    pub(crate) fn go_on(self) {}
}

/// What the closure calls.
pub(crate) struct Stall {
    arrive: mpsc::Sender<()>,
    wait: mpsc::Receiver<()>,
}

impl Stall {
    pub(crate) fn here(&self) {
        self.arrive.send(()).unwrap();
        assert!(self.wait.recv().is_err(), "the other end says `go on` by going");
    }
}

pub(crate) fn stall() -> (Stalled, Stall) {
    let ((arrive, arrived), (_go_on, wait)) = (mpsc::channel(), mpsc::channel());
    (Stalled { arrived, _go_on }, Stall { arrive, wait })
}
