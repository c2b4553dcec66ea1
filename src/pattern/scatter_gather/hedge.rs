//! Asking one after the other.

use crate::contract::Tick;
use crate::pattern::Request;
use core::fmt::{Debug, Formatter};
use core::time::Duration;

/// What is asked later, if nobody has answered by then.
pub(super) struct Hedge<Q> {
    pub(super) after: Duration,
    /// By the slot of the scatter.
    pub(super) requests: Box<[Request<Q>]>,
    pub(super) copy: fn(&mut Q, &Q),
}

impl<Q> Hedge<Q> {
    /// Writes the request of the scatter in `slot` as it goes out at `now`.
    pub(super) fn write(&self, slot: usize, now: Tick, out: &mut Request<Q>) {
        let Request { header, depth, body } = &self.requests[slot];
        (out.header, out.depth) = (*header, *depth);
        out.header.ts = now;
        (self.copy)(&mut out.body, body);
    }
}

impl<Q> Debug for Hedge<Q> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Hedge").field("after", &self.after).finish_non_exhaustive()
    }
}
