//! The end that takes out: shows each record where it lies.

use super::Shared;
use super::frame::{Frame, HEADER};
use crate::channel::batch::Batch;
use crate::channel::{APART, Apart};
use crate::contract::{At, Drained, End, Flow, Halt, Source, SourceMut, Stage, Tick};
use crate::ring::{Progress, Region, Sequence};
use crate::sync::Arc;
use core::{cell::Cell, marker::PhantomData};

/// So many bytes are consumed, at least, between two stores of the cursor in one batch: seldom enough to leave the line
/// to the producer, often enough that it need not wait for the end of a long batch.
const STRIDE: u64 = 4096;

/// The end that takes out. Dropping it closes the channel: the producer is refused with `Closed`.
///
/// [`Source`] and [`SourceMut`] have its verbs, all wait-free, with `[u8]` for the event.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::bytes::Consumer>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Consumer {
    shared: Arc<Shared>,
    /// Exact: everything before it is consumed; published at the end of each batch, and now and then in it.
    done: Sequence,
    /// As it was seen last. May be stale, never too late.
    ahead: Progress,
    alone: PhantomData<Cell<()>>,
    _apart: Apart,
}

impl Consumer {
    pub(super) fn new(shared: Arc<Shared>, start: Sequence) -> Self {
        let ahead = Progress { done: start, closed: false, left: false };
        Self { shared, done: start, ahead, alone: PhantomData, _apart: APART }
    }
    /// The number of bytes. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.region.capacity() as usize
    }
    /// Bytes that can be consumed now, headers and padding among them. At least so many stay until this consumer drains.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.tail.read().done.since(self.done) as usize
    }
    /// Nothing can be consumed now. `false` is stable until this consumer drains.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The producer is gone and everything is consumed. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let ahead = self.shared.tail.read();
        ahead.closed && ahead.done == self.done
    }
    /// The position at which the next record to consume begins, or the padding before it.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.done
    }

    /// Walks at most `limit` records; `one` is called with where a record lies and how long it is: bytes in a row that
    /// are this consumer's by [R4].
    #[inline]
    fn walk(&mut self, limit: usize, mut one: impl FnMut(&Region, Sequence, usize) -> Flow) -> Drained {
        let Shared { region, tail, head } = &*self.shared;
        let stride = (region.capacity() / 4).min(STRIDE);
        let mut batch = Batch::new(Some(head), &mut self.done);
        // One at a time, what was seen last is enough as long as it lasts.
        if limit != 1 || batch.at == self.ahead.done {
            self.ahead = tail.read();
        }
        let ahead = self.ahead;
        let (mut count, mut end) = (0, None);
        while count < limit && batch.at != ahead.done {
            let mut at = batch.at;
            // SAFETY: [R4] `at` lies before the tail, so by [R5] it is where a published header stands, which [R0] is a
            // multiple of 8; `&mut self` is the only consumer.
            let mut frame = unsafe { Frame::read(region, at) };
            if frame.is_padding() {
                at = at.plus(frame.size());
                // SAFETY: [R4], [R0] as above: by [R5] padding is not the last frame before the tail.
                frame = unsafe { Frame::read(region, at) };
            }
            let flow = one(region, at.plus(HEADER as u64), frame.len());
            if flow != Err(Halt::Again) {
                count += 1;
                batch.at = at.plus(frame.size());
            }
            if let Err(halt) = flow {
                end = Some(End::Halted(halt));
                break;
            }
            if batch.unpublished() >= stride {
                batch.publish();
            }
        }
        let dry = ahead.closed && batch.at == ahead.done;
        Drained { count, end: end.or(dry.then_some(End::Closed)) }
    }
}

impl Source for Consumer {
    type Event = [u8];
    #[inline]
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e [u8]>,
    {
        self.walk(limit, |region, at, len| {
            let seq = at.minus(HEADER as u64);
            // SAFETY: [R4] and [R0] by `walk`.
            unsafe { region.share(at, len, |bytes| stage.on_event(bytes, At { seq, now })) }
        })
    }
}

impl SourceMut for Consumer {
    #[inline]
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut [u8]>,
    {
        self.walk(limit, |region, at, len| {
            let seq = at.minus(HEADER as u64);
            // SAFETY: [R4] and [R0] by `walk`; a channel has one consumer, so nobody else looks at the bytes.
            unsafe { region.lend(at, len, |bytes| stage.on_event(bytes, At { seq, now })) }
        })
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.shared.head.close(self.done);
    }
}
