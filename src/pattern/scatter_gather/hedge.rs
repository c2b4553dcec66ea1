//! Asking one after the other.

use super::gathering::id_for;
use super::tally::bits;
use super::{Audience, Distribution, FirstSuccess, FitFor, Rule, Scatter};
use crate::contract::{Refused, SourceMut, Tick};
use crate::pattern::{RESPONDER_GONE, Reply, Request, Unasked};
use crate::table::Handle;
use core::fmt::{Debug, Formatter};
use core::time::Duration;

/// What is asked later, if nobody has answered by then.
pub(super) struct Hedge<Q> {
    after: Duration,
    /// By the slot of the scatter.
    pub(super) requests: Box<[Request<Q>]>,
    copy: fn(&mut Q, &Q),
}

impl<Q> Hedge<Q> {
    /// Writes the request of the scatter in `slot` as it goes out at `now`.
    fn write(&self, slot: usize, now: Tick, out: &mut Request<Q>) {
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

impl<Q, Acc, F, Src, K, const N: usize> Scatter<Q, Acc, FirstSuccess, F, Src, Distribution<K, N>>
where
    Q: Clone + Default,
{
    /// Asks one recipient at first, the one of the lowest number; after `after` the next, and so on: tail chopping (Dean
    /// and Barroso, "The Tail at Scale", 2013, call it hedging). One that fails, or cannot be asked, has the next one
    /// asked in the same turn, whatever [`IfFull`](super::IfFull) says. The first answer ends it.
    ///
    /// Who is asked later gets a copy of what `fill` wrote, which is called once. Allocates a request for each scatter that
    /// may be open; neither copies nor fills allocate if `Q` does not.
    #[must_use]
    pub fn hedged(mut self, after: Duration) -> Self {
        let requests = (0..self.table.pending.capacity()).map(|_| Request::default()).collect();
        self.hedge = Some(Hedge { after, requests, copy: Q::clone_from });
        self
    }
}

impl<Q, A, Acc, R, F, Src, To> Scatter<Q, Acc, R, F, Src, To>
where
    R: Rule<Acc> + FitFor<To>,
    F: FnMut(&mut Acc, usize, &mut A),
    Src: SourceMut<Event = Reply<A>>,
    To: Audience<Q>,
{
    /// Asks the next one of those that are asked one after the other, and sets the timer for the one after that.
    pub(super) fn hop(&mut self, handle: Handle, now: Tick) {
        let Self { table, hedge: Some(hedge), to, .. } = self else { return };
        let mut closed = 0;
        let ticket = table.pending.ticket(handle);
        while let Some(gathering) = table.running(handle) {
            let Some(next) = bits(gathering.unasked).next() else {
                let deadline = gathering.deadline;
                table.pending.rearm(handle, deadline);
                break;
            };
            let asked = to.offer(next, |slot| {
                hedge.write(ticket.slot(), now, slot);
                slot.header.ids.id = id_for(ticket, next);
            });
            match asked {
                Ok(()) => {
                    gathering.unasked &= !(1 << next);
                    let after = if gathering.unasked == 0 { Duration::MAX } else { hedge.after };
                    let at = gathering.deadline.min(now.after(after));
                    table.pending.rearm(handle, at);
                    break;
                }
                Err(Refused::Full) => table.fail(handle, next, Unasked::RingFull.into(), false, now),
                Err(Refused::Closed) => {
                    closed |= 1 << next;
                    table.fail(handle, next, RESPONDER_GONE, false, now);
                }
            }
        }
        self.remove(closed, now);
        self.table.check(handle, &self.policy);
    }
}
