//! How a thread spends an empty turn, and for how long.

use super::{Clock, Tick};

/// A strategy for waiting. It belongs to one thread and keeps its own state; the strategies are in
/// [`wait`](crate::wait).
///
/// Whoever waits calls [`idle`](Self::idle) after each turn in which nothing was done, and [`reset`](Self::reset)
/// after each other one. A strategy that sleeps until it is woken does so only in the second `idle` of a row or later, so
/// that a turn lies between its saying so and the sleep: see [`Park`](crate::wait::Park).
pub trait Wait {
    /// Nothing was done: spend a moment, longer the more often this comes in a row.
    fn idle(&mut self);
    /// Something was done: start again with the shortest wait.
    fn reset(&mut self);
    /// It never lets another thread have the processor, however long the row is. Two such threads on one processor
    /// hold each other up for whole time slices, so a [`Crew`](crate::run::Crew) looks out for them.
    fn hogs(&self) -> bool {
        false
    }
    /// It has been long enough: whoever waits gives up. Asked after a turn in which nothing was done, before `idle`.
    /// Never, unless there is a deadline: see [`until`](Self::until).
    fn over(&mut self) -> bool {
        false
    }

    /// Takes one turn after another, idling in between, until one brings something or the wait is [`over`](Self::over):
    /// `None` then. There is at least one turn, and one after each `idle`. **Blocks**.
    ///
    /// This is what all verbs that wait are made of (`push_waiting`, `pop_waiting`, ...), and those that are not there.
    ///
    /// ```
    /// use ringmain::channel::spsc;
    /// use ringmain::contract::{NoEvent, Sink, Source, Wait};
    /// use ringmain::wait::Backoff;
    ///
    /// let (mut tx, mut rx) = spsc::channel(8, || 0u64)?;
    /// tx.push(42)?;
    /// let oldest = Backoff::new().wait_for(|| match rx.peek(|n| *n) {
    ///     Err(NoEvent::Empty) => None,
    ///     other => Some(other), // the end, too: to wait for more would be for ever
    /// });
    /// assert_eq!(oldest, Some(Ok(42)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn wait_for<R>(&mut self, mut turn: impl FnMut() -> Option<R>) -> Option<R>
    where
        Self: Sized,
    {
        let brought = loop {
            let brought = turn();
            if brought.is_some() || self.over() {
                break brought;
            }
            self.idle();
        };
        self.reset();
        brought
    }
    /// Waits in this way, until `deadline` by `clock`.
    ///
    /// What waits gives up in the first empty turn that ends at the deadline or later: so a deadline that has passed
    /// means one try. It may be late by the longest sleep that this strategy has.
    ///
    /// ```
    /// use ringmain::channel::spsc;
    /// use ringmain::contract::{Clock, NoEvent, SourceMut, Tick, Wait};
    /// use ringmain::{run::MonotonicClock, wait::Backoff};
    /// use std::time::Duration;
    ///
    /// let (_tx, mut rx) = spsc::channel(8, || 0u64)?;
    /// let (mut wait, mut clock) = (Backoff::new(), MonotonicClock::new());
    /// let deadline = clock.now().after(Duration::from_millis(2));
    /// assert_eq!(rx.pop_waiting(&mut wait.until(&mut clock, deadline)), Err(NoEvent::Empty));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn until<'a, C: Clock>(&'a mut self, clock: &'a mut C, deadline: Tick) -> Until<'a, Self, C>
    where
        Self: Sized,
    {
        Until { wait: self, clock, deadline }
    }
}

/// A way to wait that ends at a deadline; made by [`Wait::until`].
#[derive(Debug)]
pub struct Until<'a, W, C> {
    wait: &'a mut W,
    clock: &'a mut C,
    deadline: Tick,
}

impl<W: Wait, C: Clock> Wait for Until<'_, W, C> {
    fn idle(&mut self) {
        self.wait.idle();
    }
    fn reset(&mut self) {
        self.wait.reset();
    }
    fn hogs(&self) -> bool {
        self.wait.hogs()
    }
    /// [`Tick::MAX`] never comes, whatever the clock says.
    fn over(&mut self) -> bool {
        let come = self.deadline != Tick::MAX && self.clock.now() >= self.deadline;
        come || self.wait.over()
    }
}

impl<W: Wait + ?Sized> Wait for &mut W {
    fn idle(&mut self) {
        (**self).idle();
    }
    fn reset(&mut self) {
        (**self).reset();
    }
    fn hogs(&self) -> bool {
        (**self).hogs()
    }
    fn over(&mut self) -> bool {
        (**self).over()
    }
}

impl<W: Wait + ?Sized> Wait for Box<W> {
    fn idle(&mut self) {
        (**self).idle();
    }
    fn reset(&mut self) {
        (**self).reset();
    }
    fn hogs(&self) -> bool {
        (**self).hogs()
    }
    fn over(&mut self) -> bool {
        (**self).over()
    }
}
