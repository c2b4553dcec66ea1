//! The end that puts in: claims room, and publishes what was committed.

use super::frame::{Frame, HEADER};
use super::{ClaimError, Shared};
use crate::channel::{APART, Apart};
use crate::contract::{Flow, Wait};
use crate::ring::{Lent, Sequence};
use crate::sync::Arc;
use core::ops::{Deref, DerefMut};
use core::{cell::Cell, marker::PhantomData};

/// The end that puts in. Dropping it closes the channel: the consumer drains what is left, then sees the end.
///
/// All verbs are wait-free but `offer_waiting`. It is not a [`Sink`](crate::contract::Sink), as the room for a record
/// depends on its length; a stage says `tx.push(bytes)?`, or `tx.fill(len, ..)`, which answer as a sink does.
///
/// ```compile_fail
/// fn shared_between_threads<T: Sync>() {}
/// shared_between_threads::<ringmain::channel::bytes::Producer>(); // one thread at a time
/// ```
#[derive(Debug)]
pub struct Producer {
    shared: Arc<Shared>,
    local: Local,
}

impl Producer {
    pub(super) fn new(shared: Arc<Shared>, start: Sequence) -> Self {
        let free_until = start.plus(shared.region.capacity());
        let local = Local { next: start, published: start, free_until, alone: PhantomData, _apart: APART };
        Self { shared, local }
    }
    /// Room for a record of `len` bytes, which is published if and only if it is [committed](Claim::commit).
    ///
    /// # Errors
    /// [`ClaimError`] if the record is too long, or if the ring is full or closed.
    #[inline]
    pub fn claim(&mut self, len: usize) -> Result<Claim<'_>, ClaimError> {
        self.local.claim(&self.shared, len, true)
    }
    /// Records that are published together.
    pub fn batch(&mut self) -> Batch<'_> {
        Batch { shared: &self.shared, local: &mut self.local }
    }
    /// As `offer`, but where the ring is full it waits, in the way that `wait` has. **Blocks** until there is room, the
    /// ring is closed, or the wait is [over](Wait::over).
    ///
    /// # Errors
    /// [`ClaimError`]; [`Full`](ClaimError::Full) if the wait was over first. `fill` was not called then.
    pub fn offer_waiting(
        &mut self,
        wait: &mut impl Wait,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<(), ClaimError> {
        let mut fill = Some(fill);
        let put = wait.wait_for(|| {
            let put = self.offer(len, |bytes| {
                if let Some(fill) = fill.take() {
                    fill(bytes);
                }
            });
            (put != Err(ClaimError::Full)).then_some(put)
        });
        put.unwrap_or(Err(ClaimError::Full))
    }
    /// The number of bytes. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.region.capacity() as usize
    }
    /// The length of the longest record: half the capacity, but for the header. Stable.
    #[must_use]
    pub fn max_record(&self) -> usize {
        self.shared.max_record()
    }
    /// Bytes that are free. At least so many stay so until this producer commits. A record takes 8 of them more than it
    /// has, rounded up to a multiple of 8; twice as many are always enough, wherever the ring ends.
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity() - self.len()
    }
    /// Bytes that the consumer has not consumed, headers and padding among them. They can only become less until this
    /// producer commits; once [`is_closed`](Self::is_closed), they are exactly what the consumer left behind.
    #[must_use]
    pub fn len(&self) -> usize {
        self.local.next.since(self.shared.head.read().done) as usize
    }
    /// Nothing waits for the consumer. Stable until this producer commits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The consumer is gone. `true` is stable. A claim says so by itself when the bytes known to be free are used up.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.head.read().closed
    }
    /// The position at which the next record begins, or the padding before it.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.local.next
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.shared.tail.close(self.local.next);
    }
}

/// Records that are published together: what is committed in it, the consumer sees when it is dropped (also if the
/// caller panics), with one store for all. If it is forgotten, they go out with the next record.
///
/// Where the ring is full, those that are committed are published before `Full` is said, so that a consumer can make room.
#[derive(Debug)]
pub struct Batch<'a> {
    shared: &'a Shared,
    local: &'a mut Local,
}

impl Batch<'_> {
    /// Room for a record of `len` bytes, which is part of the batch if and only if it is [committed](Claim::commit).
    ///
    /// # Errors
    /// [`ClaimError`] if the record is too long, or if the ring is full or closed.
    #[inline]
    pub fn claim(&mut self, len: usize) -> Result<Claim<'_>, ClaimError> {
        self.local.claim(self.shared, len, false)
    }
    /// Publishes what is committed so far.
    #[inline]
    pub fn publish(&mut self) {
        self.local.publish(self.shared);
    }
}

impl Drop for Batch<'_> {
    #[inline]
    fn drop(&mut self) {
        self.publish();
    }
}

macro_rules! verbs {
    ($name:ty) => {
        impl $name {
            /// Lends room for a record of `len` bytes to `fill`, and commits it if and only if `fill` returns `Ok`. It
            /// holds what earlier records left in it.
            ///
            /// # Errors
            /// If `fill` was not called, [`Halt`](crate::contract::Halt)`::Again` if the ring is full, `Stop` if it is
            /// closed, `Reject` if the record is too long; else what `fill` says.
            #[inline]
            pub fn fill<R>(&mut self, len: usize, fill: impl FnOnce(&mut [u8]) -> Flow<R>) -> Flow<R> {
                let mut claim = self.claim(len)?;
                let out = fill(&mut claim)?;
                claim.commit();
                Ok(out)
            }
            /// As `fill`, with a closure that cannot fail.
            ///
            /// # Errors
            /// [`ClaimError`] if the record is too long, or if the ring is full or closed; `fill` was not called then.
            #[inline]
            pub fn offer(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<(), ClaimError> {
                let mut claim = self.claim(len)?;
                fill(&mut claim);
                claim.commit();
                Ok(())
            }
            /// Copies `record` in.
            ///
            /// # Errors
            /// [`ClaimError`] if it is too long, or if the ring is full or closed.
            #[inline]
            pub fn push(&mut self, record: &[u8]) -> Result<(), ClaimError> {
                self.offer(record.len(), |bytes| bytes.copy_from_slice(record))
            }
        }
    };
}
verbs!(Producer);
verbs!(Batch<'_>);

/// Room for one record, which holds what earlier records left in it: derefs to the bytes.
///
/// Nothing is published until it is committed. If it is dropped, aborted or forgotten, or unwound by a panic, it was
/// never there, and the next claim gets the same room. If the consumer went meanwhile, what is committed is left behind
/// ([`Producer::len`]).
#[must_use = "a claim that is not committed is given up"]
#[derive(Debug)]
pub struct Claim<'a> {
    bytes: Lent<'a>,
    shared: &'a Shared,
    local: &'a mut Local,
    /// Where the header goes: at `local.next`, or behind the padding that begins there.
    at: Sequence,
    /// At once, not with a batch.
    publish: bool,
}

impl Claim<'_> {
    /// Commits all of it.
    #[inline]
    pub fn commit(self) {
        let len = self.len();
        self.put(len);
    }
    /// Commits the first `len` bytes; what is behind them is free again.
    ///
    /// # Panics
    /// If `len` is more than was claimed; nothing is published then.
    #[inline]
    pub fn commit_len(self, len: usize) {
        assert!(len <= self.len(), "{len} bytes committed of a claim of {}", self.len());
        self.put(len);
    }
    /// Gives it up, as dropping it does.
    pub fn abort(self) {}

    /// `len` is at most what was claimed.
    #[inline(always)]
    fn put(self, len: usize) {
        let Self { bytes, shared, local, at, publish } = self;
        bytes.give_back();
        if at != local.next {
            let padding = Frame::padding(at.since(local.next));
            // SAFETY: [R3] `claim` found everything from `next` to the end of this claim to be free; the claim has the
            // only producer borrowed. [R0] by [R5].
            unsafe { padding.write(&shared.region, local.next) };
        }
        let frame = Frame::record(len);
        // SAFETY: [R3] and [R0] as above; the padding reaches to the end of the ring, so `at` is a multiple of 8.
        unsafe { frame.write(&shared.region, at) };
        local.next = at.plus(frame.size());
        if publish {
            local.publish(shared);
        }
    }
}

impl Deref for Claim<'_> {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Claim<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

/// What the producer knows and shares with nobody.
#[derive(Debug)]
struct Local {
    /// Exact: every record before it is committed. Always a multiple of 8.
    next: Sequence,
    /// Exact: every record before it is published. Behind `next` in a batch, and after one that was forgotten.
    published: Sequence,
    /// The consumer was seen to be done with everything a lap before it. May be stale, never too late.
    free_until: Sequence,
    alone: PhantomData<Cell<()>>,
    _apart: Apart,
}

impl Local {
    #[inline]
    fn claim<'a>(
        &'a mut self,
        shared: &'a Shared,
        len: usize,
        publish: bool,
    ) -> Result<Claim<'a>, ClaimError> {
        let max = shared.max_record();
        if len > max {
            return Err(ClaimError::TooLong { len, max });
        }
        let (size, row) = (Frame::record(len).size(), shared.region.row(self.next));
        let padding = if size <= row { 0 } else { row };
        let want = padding + size;
        if self.free_until.since(self.next) < want {
            self.look(shared, want)?;
        }
        let at = self.next.plus(padding);
        // SAFETY: [R3] `want` bytes from `next` are free, as was seen just now or before, and `&mut self` is the only
        // producer, which makes no other claim while this one lives. [R0] `at` is a multiple of 8 by [R5], and `size`
        // bytes from there lie in a row: either up to the end, or, behind the padding, from the beginning.
        let bytes = unsafe { shared.region.hold(at.plus(HEADER as u64), len) };
        Ok(Claim { bytes, shared, local: self, at, publish })
    }
    /// The slow half of `claim`: once a lap, where the consumer keeps up.
    #[cold]
    fn look(&mut self, shared: &Shared, want: u64) -> Result<(), ClaimError> {
        let head = shared.head.read();
        if head.closed {
            return Err(ClaimError::Closed);
        }
        self.free_until = head.done.plus(shared.region.capacity());
        if self.free_until.since(self.next) < want {
            // Who is refused may wait for the consumer, which has to see what there is.
            self.publish(shared);
            return Err(ClaimError::Full);
        }
        Ok(())
    }
    #[inline]
    fn publish(&mut self, shared: &Shared) {
        if self.published != self.next {
            self.published = self.next;
            shared.tail.advance(self.next);
        }
    }
}

impl Shared {
    #[inline]
    fn max_record(&self) -> usize {
        self.region.capacity() as usize / 2 - HEADER
    }
}
