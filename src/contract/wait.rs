//! How a thread spends an empty turn.

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
}
