//! How a thread spends an empty turn.

/// A strategy for waiting. It belongs to one thread and keeps its own state; the strategies are in
/// [`wait`](crate::wait).
pub trait Wait {
    /// Nothing was done: spend a moment, longer the more often this comes in a row.
    fn idle(&mut self);
    /// Something was done: start again with the shortest wait.
    fn reset(&mut self);
}

impl<W: Wait + ?Sized> Wait for &mut W {
    fn idle(&mut self) {
        (**self).idle();
    }
    fn reset(&mut self) {
        (**self).reset();
    }
}

impl<W: Wait + ?Sized> Wait for Box<W> {
    fn idle(&mut self) {
        (**self).idle();
    }
    fn reset(&mut self) {
        (**self).reset();
    }
}
