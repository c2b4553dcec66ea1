//! Small agents to run.

use ringmain::contract::{Agent, Tick, Work};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Far longer than any test takes: who waits so long hangs.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Lifts a closure to an agent.
pub(crate) struct Turn<F>(pub(crate) F);

impl<F: FnMut(Tick) -> Work> Agent for Turn<F> {
    fn work(&mut self, now: Tick) -> Work {
        (self.0)(now)
    }
}

/// Idle until it is stopped.
pub(crate) fn idle() -> impl Agent + Send {
    Turn(|_| Work::Idle)
}

/// Busy for so many turns, then done.
pub(crate) fn busy(turns: usize) -> impl Agent + Send {
    let mut left = turns;
    Turn(move |_| match left.checked_sub(1) {
        Some(less) => {
            left = less;
            Work::Busy(1)
        }
        None => Work::Done,
    })
}

/// Says on the channel that it has its first turn, and stays in it until the returned end of the other is dropped.
pub(crate) fn stuck() -> (impl Agent + Send, Receiver<()>, Sender<()>) {
    let (entered, has_entered) = channel();
    let (release, released) = channel::<()>();
    let agent = Turn(move |_| {
        let _ = entered.send(());
        let _ = released.recv();
        Work::Done
    });
    (agent, has_entered, release)
}

/// Tells that it was dropped.
pub(crate) struct Told(pub(crate) Sender<&'static str>, pub(crate) &'static str);

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.0.send(self.1);
    }
}
