//! The one producer of a ring: fills the slots that its gate lets it have, and publishes them with a cursor.
//!
//! | slot `s`                        | who may touch it    | rule |
//! |---------------------------------|---------------------|------|
//! | `next <= s < gate + capacity`   | the writer          | R3 |
//!
//! | store (Release)           | load (Acquire)   | what it hands over                      |
//! |---------------------------|------------------|-----------------------------------------|
//! | `tail.advance` S1       | `Follower`       | the contents of the slots before `tail`  |
//! | a follower's cursor S1  | `Gate::slowest`  | the slots it is done with                |

use super::batch::Batch;
use crate::channel::{APART, Apart};
use crate::contract::{Filled, Flow, Halt, Refused};
use crate::ring::{Cursor, Progress, Sequence, Slots};

/// What stands before a writer: the ring it fills, and those who have to be done with a slot before it is free again.
pub(super) trait Gate {
    /// What the ring carries.
    type Event;
    /// What stands beside each event.
    type Mark;
    /// What a slot is aligned as.
    type Line;
    /// The ring.
    fn slots(&self) -> &Slots<Self::Event, Self::Mark, Self::Line>;
    /// The cursor that the writer publishes with, unless each slot tells by its mark.
    fn tail(&self) -> Option<&Cursor>;
    /// Publishes the event at `at`, where its slot tells by its mark.
    fn filled(_mark: &Self::Mark, _at: Sequence) {}
    /// Says for the last time how far the writer is.
    fn close(&self, next: Sequence);
    /// The position before which everybody is done (`next` if there is nobody), and whether somebody who cannot be
    /// missed is gone.
    fn slowest(&self, next: Sequence) -> Progress;
}

/// The private state of a ring's only producer.
#[derive(Debug)]
pub(super) struct Writer<G: Gate> {
    gate: G,
    /// Exact: everything before it is published.
    next: Sequence,
    /// The gate was seen to let everything before it be filled. May be stale, never too late.
    free_until: Sequence,
    _apart: Apart,
}

impl<G: Gate> Writer<G> {
    /// So far before it fills a slot, the writer asks for its line. The followers read it a lap ago, and it comes back no
    /// faster than from their core: asked for only when it is to be written, it would hold up the store of the cursor
    /// behind it. A slot that is not known to be free is left alone, as a follower may be reading it.
    const AHEAD: u64 = Slots::<G::Event, G::Mark, G::Line>::AHEAD;

    pub(super) fn new(gate: G, start: Sequence) -> Self {
        let next = start;
        Self { gate, next, free_until: next, _apart: APART }
    }
    pub(super) fn gate(&self) -> &G {
        &self.gate
    }
    /// The position of the next event.
    pub(super) fn next(&self) -> Sequence {
        self.next
    }
    /// Takes back what was said of slots from `until` on: who needs what they hold may have come meanwhile.
    pub(super) fn free_at_most(&mut self, until: Sequence) {
        if self.free_until.since(self.next) > until.since(self.next) {
            self.free_until = until;
        }
    }
    /// How many slots are free: at least one, or a refusal. Looks at the gate only if fewer than `want` are known to be.
    #[inline]
    pub(super) fn room(&mut self, want: u64) -> Result<u64, Refused> {
        let room = self.free_until.since(self.next);
        if room >= want { Ok(room) } else { self.look() }
    }
    /// The slow half of `room`: once a lap, where the followers keep up.
    #[cold]
    fn look(&mut self) -> Result<u64, Refused> {
        let slowest = self.gate.slowest(self.next);
        if slowest.closed {
            return Err(Refused::Closed);
        }
        self.free_until = slowest.done.plus(self.gate.slots().capacity());
        match self.free_until.since(self.next) {
            0 => Err(Refused::Full),
            room => Ok(room),
        }
    }
    /// Whether the next `n` fills find a slot.
    #[inline]
    pub(super) fn room_for(&mut self, n: usize) -> Result<(), Refused> {
        let n = n as u64;
        if n == 0 || self.room(n)? >= n { Ok(()) } else { Err(Refused::Full) }
    }
    #[inline]
    pub(super) fn fill<R>(&mut self, fill: impl FnOnce(&mut G::Event) -> Flow<R>) -> Flow<R> {
        if self.free_until == self.next {
            self.look()?;
        }
        let slots = self.gate.slots();
        let slot = slots.slot(self.next);
        if self.gate.tail().is_some() && slot.begins_line() && self.free_until.since(self.next) > Self::AHEAD
        {
            slots.will_write(self.next.plus(Self::AHEAD));
        }
        // SAFETY: [R3] `next` is before `free_until`, which is not behind `gate + capacity`, so every follower is done
        // with the slot; `&mut self` is the only writer.
        let out = unsafe { slot.lend(fill) }?;
        self.publish();
        Ok(out)
    }
    #[inline]
    pub(super) fn fill_many(
        &mut self,
        n: usize,
        mut fill: impl FnMut(usize, &mut G::Event) -> Flow,
    ) -> Filled {
        if n == 0 {
            return Filled { count: 0, end: None };
        }
        let room = match self.room(n as u64) {
            Ok(room) => room.min(n as u64),
            Err(refused) => return Filled { count: 0, end: Some(refused.into()) },
        };
        let mut batch = Batch::new(self.gate.tail(), &mut self.next);
        let mut count = 0;
        let slots = self.gate.slots();
        while count < room {
            // What comes after this stretch is perhaps of the next batch.
            if self.free_until.since(batch.at) >= 2 * Self::AHEAD {
                let soon = batch.at.plus(Self::AHEAD);
                for k in (0..Self::AHEAD).step_by(Slots::<G::Event, G::Mark, G::Line>::IN_LINE as usize) {
                    slots.will_write(soon.plus(k));
                }
            }
            for slot in slots.row(batch.at, (room - count).min(Self::AHEAD)) {
                // SAFETY: [R3] the slot is one of the `room` from `next` that `room` found to be free; `&mut self` is
                // the only writer.
                let flow = unsafe { slot.lend(|slot| fill(count as usize, slot)) };
                if let Err(halt) = flow {
                    return Filled { count: count as usize, end: Some(halt) };
                }
                G::filled(slot.mark(), batch.at);
                batch.step();
                count += 1;
            }
        }
        Filled { count: count as usize, end: (room < n as u64).then_some(Halt::Again) }
    }
    /// Publishes the next slot, which `room` found to be free and the caller has filled.
    #[inline(always)]
    pub(super) fn publish(&mut self) {
        G::filled(self.gate.slots().mark(self.next), self.next);
        self.next = self.next.next();
        if let Some(tail) = self.gate.tail() {
            tail.advance(self.next);
        }
    }
    /// Events published that not every follower is done with; exact and final once somebody is gone.
    pub(super) fn unread(&self) -> u64 {
        self.next.since(self.gate.slowest(self.next).done)
    }
    /// Somebody who cannot be missed is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.gate.slowest(self.next).closed
    }
}

impl<G: Gate> Drop for Writer<G> {
    fn drop(&mut self) {
        self.gate.close(self.next);
    }
}
