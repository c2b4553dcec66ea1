//! Who hears of what happens to messages.

use super::Progress;
use crate::contract::Fault;

/// What happened to a message at a stage, for who [watches](super::RoutingSlip::watched_by).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice {
    /// A step is done.
    Done(u8),
    /// A step was passed over, as it is gone.
    Skipped(u8),
    /// The message will not do the steps [from here on](super::Itineraries::rest): its itinerary was revised, or it has completed
    /// early.
    Discarded(u32),
    /// A step has failed.
    Failed(u8, Fault),
    /// A step is undone.
    Undone(u8),
    /// A step could not be undone.
    Stuck(u8, Fault),
    /// The way is at an end, well or not.
    Ended(Progress),
}

/// Who hears of what happens: [`Unwatched`], or a closure.
pub trait Watch<T: ?Sized> {
    #[doc(hidden)]
    fn hear(&mut self, event: &T, notice: Notice);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl<T: ?Sized> Watch<T> for Unwatched {
    #[inline(always)]
    fn hear(&mut self, _: &T, _: Notice) {}
}

impl<T: ?Sized, W: FnMut(&T, Notice)> Watch<T> for W {
    #[inline]
    fn hear(&mut self, event: &T, notice: Notice) {
        self(event, notice);
    }
}
