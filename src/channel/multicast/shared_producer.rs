//! The end that puts in, where there are many: each claims its slots, fills them, and stamps them.
//!
//! ```text
//!            leaf          stamped   claimed   stamped   peek
//!             v               v         v         v        v
//!  ... | free | full .. full | full | by B .. | full by A | free | ...     readers stop at B's slot until B stamps it
//! ```
//!
//! A slot is claimed only when every leaf is done with what it held. Where all leaves were optional and have left,
//! nobody gates, and the stamp of the lap before does instead: it says that its producer has finished.

use super::Many;
use super::topology::{Leaves, slowest};
use crate::contract::{Filled, Flow, Halt, Refused, Sink};
use crate::ring::{Published, Sequence};
use core::{cell::Cell, marker::PhantomData};

/// One of many producers of a ring; each thread has a clone of its own. [`Sink`] has its verbs.
///
/// A fill is **lock-free**: of producers that want the same slot, one gets it at once. A producer that stalls inside a
/// fill holds readers up at its slot, and others after the rest of the lap. A fill that fails or panics leaves a void
/// slot, which readers pass over.
///
/// Dropping the last producer closes the ring: every reader drains what is left, then sees the end.
#[derive(Debug)]
pub struct SharedProducer<T> {
    leaves: Leaves<T, Many>,
    /// Every leaf was seen to be done with the lap before it. May be stale, never too late.
    free_until: Sequence,
    alone: PhantomData<Cell<()>>,
}

impl<T> SharedProducer<T> {
    pub(super) fn new(leaves: Leaves<T, Many>, start: Sequence) -> Self {
        Self { leaves, free_until: start, alone: PhantomData }
    }
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.leaves.ring.slots.capacity() as usize
    }
    /// Slots that nobody has claimed and no leaf needs. May be stale at once.
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity() - self.len()
    }
    /// Slots claimed that not every leaf has consumed, at most [`capacity`](Self::capacity). May be stale at once.
    #[must_use]
    pub fn len(&self) -> usize {
        let claim = &self.leaves.ring.mode.claim;
        // A leaf is read before the claims, which are then never behind it; how far they are ahead of a leaf that has
        // gone on since is cut off at a lap.
        let leaves = self.leaves.nodes.iter().map(|leaf| leaf.cursor.read()).filter(|leaf| !leaf.left);
        let unread = leaves.map(|leaf| claim.peek().since(leaf.done)).max().unwrap_or(0);
        unread.min(self.leaves.ring.slots.capacity()) as usize
    }
    /// Nothing waits for any leaf. May be stale at once.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// A leaf that was not optional is gone. `true` is stable. A fill says so by itself when the slots known to be free
    /// are used up.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed_by().is_some()
    }
    /// The name of a leaf that was not optional and is gone, if there is one. Stable.
    #[must_use]
    pub fn closed_by(&self) -> Option<&'static str> {
        self.leaves.closed_by()
    }
    /// Claims up to `want` slots, at least one: the first, and how many.
    #[inline]
    fn claim(&mut self, want: u64) -> Result<(Sequence, u64), Refused> {
        let ring = &self.leaves.ring;
        let (claim, capacity) = (&ring.mode.claim, ring.slots.capacity());
        let mut from = claim.peek();
        loop {
            // More than a lap is less than nothing: others have claimed past what this producer knows to be free.
            let mut room = self.free_until.since(from);
            if room < want || room > capacity {
                room = match slowest(&self.leaves.nodes, from) {
                    Some(leaf) if leaf.closed => return Err(Refused::Closed),
                    Some(leaf) => {
                        let free_until = leaf.done.plus(capacity);
                        let room = free_until.since(from);
                        // A leaf may be past `from` by now: that tells nothing of the others, only that `from` is stale.
                        if room <= capacity {
                            self.free_until = free_until;
                        }
                        room
                    }
                    None => {
                        let before = from.minus(capacity);
                        u64::from(ring.slots.mark(from).read(before) != Published::NotYet)
                    }
                };
                if room == 0 || room > capacity {
                    let now = claim.peek();
                    if now == from {
                        return Err(Refused::Full);
                    }
                    from = now;
                    continue;
                }
            }
            let n = room.min(want);
            match claim.take(from, n) {
                Ok(()) => return Ok((from, n)),
                Err(now) => from = now,
            }
        }
    }
}

/// The slots of one claim that are not stamped yet. What is left of it when it goes is void.
struct Claimed<'a, T> {
    leaves: &'a Leaves<T, Many>,
    at: Sequence,
    until: Sequence,
}

impl<T> Claimed<'_, T> {
    /// Fills the next slot, and stamps it if `fill` succeeds.
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        let slots = &self.leaves.ring.slots;
        // SAFETY: [R3] `at` was claimed by this producer alone, and only after every leaf, or where there is none the
        // producer of the lap before, was done with the slot.
        let out = unsafe { slots.lend(self.at, fill) }?;
        slots.mark(self.at).publish(self.at);
        self.at = self.at.next();
        Ok(out)
    }
}

impl<T> Drop for Claimed<'_, T> {
    #[inline]
    fn drop(&mut self) {
        while self.at != self.until {
            self.leaves.ring.slots.mark(self.at).abandon(self.at);
            self.at = self.at.next();
        }
    }
}

impl<T> Sink for SharedProducer<T> {
    type Event = T;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        let (at, _) = self.claim(1)?;
        Claimed { leaves: &self.leaves, at, until: at.next() }.fill(fill)
    }
    /// The slots are claimed together and stamped one by one; the rest of a claim that fails is void.
    #[inline]
    fn fill_many(&mut self, n: usize, mut fill: impl FnMut(usize, &mut T) -> Flow) -> Filled {
        if n == 0 {
            return Filled { count: 0, end: None };
        }
        let (at, got) = match self.claim(n as u64) {
            Ok(claim) => claim,
            Err(refused) => return Filled { count: 0, end: Some(refused.into()) },
        };
        let mut claimed = Claimed { leaves: &self.leaves, at, until: at.plus(got) };
        for count in 0..got as usize {
            if let Err(halt) = claimed.fill(|slot| fill(count, slot)) {
                return Filled { count, end: Some(halt) };
            }
        }
        Filled { count: got as usize, end: (got < n as u64).then_some(Halt::Again) }
    }
}

impl<T> Clone for SharedProducer<T> {
    fn clone(&self) -> Self {
        self.leaves.ring.mode.claim.join();
        Self { leaves: self.leaves.clone(), free_until: self.free_until, alone: PhantomData }
    }
}

impl<T> Drop for SharedProducer<T> {
    fn drop(&mut self) {
        let Many { claim, end } = &self.leaves.ring.mode;
        if claim.leave() {
            end.close(claim.peek());
        }
    }
}
