//! One of the many producers of a ring: claims slots, fills them, and stamps them.
//!
//! ```text
//!           gate           stamped   claimed   stamped   claim
//!             v               v         v         v        v
//!  ... | free | full .. full | full | by B .. | full by A | free | ...     readers stop at B's slot until B stamps it
//! ```
//!
//! | slot `s`                                 | who may touch it                | rule |
//! |------------------------------------------|---------------------------------|------|
//! | claimed, not stamped; before `gate + capacity` | the producer that claimed it | R3 |
//!
//! | store (Release)                | load (Acquire)              | what it hands over          |
//! |--------------------------------|-----------------------------|-----------------------------|
//! | a slot's stamp S3            | `Follower` S4             | the contents of that slot   |
//! | a follower's cursor S1       | `SharedGate::slowest` S2  | the slots it is done with   |
//! | `end.close` S1               | [`Claims::ahead`] S2      | every stamp before the end  |
//!
//! A slot is claimed only when those who gate are done with what it held. Where nobody gates any more, the stamp of the
//! lap before does instead: it says that its producer has finished.
//!
//! A producer claims from where it left off, without a look at the claim first: if nobody else was there meanwhile, that
//! is right, and if somebody was, the failure says where the claim is and has brought its line here for the next try.
//!
//! Where several producers claim without a rest, that line goes back and forth between them with each event, and costs
//! many times what the events do. A producer that has lost a number of races finds out whether it is so: it steps back for
//! a moment before it tries again, and as long as others claim in that moment, it does so at each race it loses. So they
//! take turns of many events each. Where nobody claims in between, nobody steps back but at one of many races lost.

use crate::channel::{APART, Apart};
use crate::contract::{Filled, Flow, Halt, Refused};
use crate::ring::{Claim, Cursor, Progress, Published, Sequence, Slots, Stamp};
use crate::sync;

/// What stands before the writers of one ring: the ring they fill, and those who have to be done with a slot before it
/// is free again.
pub(super) trait SharedGate {
    /// What the ring carries.
    type Event;
    /// The ring.
    fn slots(&self) -> &Slots<Self::Event, Stamp>;
    /// Who gets which slots.
    fn claims(&self) -> &Claims;
    /// The position before which everybody is done, and whether somebody who cannot be missed is gone; nothing if
    /// nobody gates any more. Where `from` is stale and somebody is past it, that position.
    fn slowest(&self, from: Sequence) -> Option<Progress>;
}

/// What the producers of one ring share.
#[derive(Debug)]
pub(super) struct Claims {
    claim: Claim,
    /// Moves once: to the end of the last claim, and closed, when the last producer is gone. So an empty drain looks
    /// at a line that nobody writes.
    end: Cursor,
}

impl Claims {
    /// One producer, and nothing claimed yet.
    pub(super) fn new(start: Sequence) -> Self {
        Self { claim: Claim::new(start), end: Cursor::new(start) }
    }
    /// The stamp of a slot that waits for its first event, at position `at`.
    pub(super) fn stamp(at: Sequence, capacity: u64) -> Stamp {
        Stamp::new(at.minus(capacity))
    }
    /// How far a follower at `done` may go at most. Until the end is known, it may go on for a lap; the stamps stop it.
    /// When the end is known, every stamp before it is, too: the last producer to go has seen the others go, and they
    /// had finished.
    #[inline]
    pub(super) fn ahead(&self, done: Sequence, capacity: u64) -> Progress {
        let end = self.end.read();
        if end.closed { end } else { Progress { done: done.plus(capacity), ..end } }
    }
}

/// The private state of one of a ring's producers.
#[derive(Debug)]
pub(super) struct SharedWriter<G: SharedGate> {
    gate: G,
    /// The first position that nobody had claimed, when this producer last learned of it. May be stale, never too late.
    next: Sequence,
    /// The gate was seen to let everything before it be filled. May be stale, never too late.
    free_until: Sequence,
    /// Races lost to other producers, less than `PATIENCE`.
    lost: u32,
    _apart: Apart,
}

/// So many races lost are too many: the producer steps back, and if another claims meanwhile, then also at each race that it
/// loses next.
const PATIENCE: u32 = 64;
/// Pauses of a step back: less than two microseconds, in which another may claim a hundred slots.
const STEP_BACK: u32 = 32;

impl<G: SharedGate> SharedWriter<G> {
    /// The first producer of a ring; those that follow are its clones.
    pub(super) fn new(gate: G, start: Sequence) -> Self {
        Self { gate, next: start, free_until: start, lost: 0, _apart: APART }
    }
    pub(super) fn gate(&self) -> &G {
        &self.gate
    }
    /// Slots claimed from `done` on, which somebody was seen to be at; at most a lap, as that somebody may have gone on
    /// since.
    pub(super) fn claimed_since(&self, done: Sequence) -> u64 {
        self.gate.claims().claim.peek().since(done).min(self.gate.slots().capacity())
    }
    /// Claims up to `want` slots, at least one: the first, and how many.
    #[inline]
    fn claim(&mut self, want: u64) -> Result<(Sequence, u64), Refused> {
        let capacity = self.gate.slots().capacity();
        let mut stepped_back = false;
        loop {
            // More than a lap is less than nothing: others have claimed past what this producer knows to be free.
            let known = self.free_until.since(self.next);
            let room = if want <= known && known <= capacity { known } else { self.look()? };
            let (from, n) = (self.next, room.min(want));
            match self.gate.claims().claim.take(from, n) {
                Ok(()) => {
                    self.next = from.plus(n);
                    if stepped_back {
                        // Nobody came in between: there was no need to.
                        self.lost = 0;
                    }
                    return Ok((from, n));
                }
                Err(now) => {
                    self.next = now;
                    stepped_back = !stepped_back && self.steps_back();
                }
            }
        }
    }
    /// Counts a lost race. Steps back if there were too many, and says so.
    #[cold]
    fn steps_back(&mut self) -> bool {
        self.lost += 1;
        if self.lost < PATIENCE {
            return false;
        }
        self.lost = PATIENCE - 1;
        sync::pause(STEP_BACK);
        true
    }
    /// How many slots are free from `next` on: at least one, or a refusal.
    #[cold]
    fn look(&mut self) -> Result<u64, Refused> {
        let slots = self.gate.slots();
        let capacity = slots.capacity();
        loop {
            let room = match self.gate.slowest(self.next) {
                Some(slowest) if slowest.closed => return Err(Refused::Closed),
                Some(slowest) => {
                    let free_until = slowest.done.plus(capacity);
                    let room = free_until.since(self.next);
                    // Somebody may be past `next` by now: that tells nothing of the others, only that `next` is stale.
                    if room <= capacity {
                        self.free_until = free_until;
                    }
                    room
                }
                None => {
                    let before = self.next.minus(capacity);
                    u64::from(slots.mark(self.next).read(before) != Published::NotYet)
                }
            };
            if 0 < room && room <= capacity {
                return Ok(room);
            }
            let now = self.gate.claims().claim.peek();
            if now == self.next {
                return Err(Refused::Full);
            }
            self.next = now;
        }
    }
    #[inline]
    pub(super) fn fill<R>(&mut self, fill: impl FnOnce(&mut G::Event) -> Flow<R>) -> Flow<R> {
        let (at, _) = self.claim(1)?;
        let slots = self.gate.slots();
        // As a `Writer` does: the slot's line would hold up the next claim, which waits for all stores before it.
        let ahead = Slots::<G::Event, Stamp>::AHEAD;
        if slots.slot(at).begins_line() && self.free_until.since(at) > ahead {
            slots.will_write(at.plus(ahead));
        }
        Claimed { slots, at, until: at.next() }.fill(fill)
    }
    /// The slots are claimed together and stamped one by one; the rest of a claim that fails is void.
    #[inline]
    pub(super) fn fill_many(
        &mut self,
        n: usize,
        mut fill: impl FnMut(usize, &mut G::Event) -> Flow,
    ) -> Filled {
        if n == 0 {
            return Filled { count: 0, end: None };
        }
        let (at, got) = match self.claim(n as u64) {
            Ok(claim) => claim,
            Err(refused) => return Filled { count: 0, end: Some(refused.into()) },
        };
        let mut claimed = Claimed { slots: self.gate.slots(), at, until: at.plus(got) };
        for count in 0..got as usize {
            if let Err(halt) = claimed.fill(|slot| fill(count, slot)) {
                return Filled { count, end: Some(halt) };
            }
        }
        Filled { count: got as usize, end: (got < n as u64).then_some(Halt::Again) }
    }
}

impl<G: SharedGate + Clone> Clone for SharedWriter<G> {
    fn clone(&self) -> Self {
        self.gate.claims().claim.join();
        Self { gate: self.gate.clone(), ..*self }
    }
}

impl<G: SharedGate> Drop for SharedWriter<G> {
    fn drop(&mut self) {
        let Claims { claim, end } = self.gate.claims();
        if claim.leave() {
            end.close(claim.peek());
        }
    }
}

/// The slots of one claim that are not stamped yet. What is left of it when it goes is void.
struct Claimed<'a, T> {
    slots: &'a Slots<T, Stamp>,
    at: Sequence,
    until: Sequence,
}

impl<T> Claimed<'_, T> {
    /// Fills the next slot, and stamps it if `fill` succeeds.
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        let slot = self.slots.slot(self.at);
        // SAFETY: [R3] `at` was claimed by this producer alone, and only after those who gate, or where there is nobody
        // the producer of the lap before, were done with the slot.
        let out = unsafe { slot.lend(fill) }?;
        slot.mark().publish(self.at);
        self.at = self.at.next();
        Ok(out)
    }
}

impl<T> Drop for Claimed<'_, T> {
    #[inline]
    fn drop(&mut self) {
        while self.at != self.until {
            self.slots.mark(self.at).abandon(self.at);
            self.at = self.at.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Arc;

    /// A ring whose followers have always just caught up.
    type Open = Arc<(Slots<u64, Stamp>, Claims)>;

    impl SharedGate for Open {
        type Event = u64;
        fn slots(&self) -> &Slots<u64, Stamp> {
            &self.0
        }
        fn claims(&self) -> &Claims {
            &self.1
        }
        fn slowest(&self, from: Sequence) -> Option<Progress> {
            Some(Progress { done: from, closed: false, left: false })
        }
    }

    #[test]
    fn a_step_back_in_vain_is_the_last_for_long() {
        let start = Sequence::ZERO.minus(3);
        let slots = Slots::new(2, start, || 0, |at| Claims::stamp(at, 2)).unwrap();
        let mut a = SharedWriter::new(Open::new((slots, Claims::new(start))), start);
        let mut b = a.clone();
        // Each finds that the other was there, and nobody claims while it steps back.
        for lost in (0..PATIENCE).chain(0..3) {
            a.fill(|_| Ok(())).unwrap();
            b.fill(|_| Ok(())).unwrap();
            // Under Miri a weak compare-and-swap may fail though nobody was there.
            assert!(a.lost == lost || cfg!(miri));
        }
        // After one that was not in vain, the next comes at once.
        a.lost = PATIENCE - 1;
        assert!(a.steps_back() && a.steps_back());
    }
}
