//! Who stands before the publisher when it needs slots.

use super::{Policy, Resume, Shared};
use crate::channel::writer::Gate;
use crate::ring::{Cursor, Progress, Sequence, Slots, Standing};
use crate::sync::Arc;
use core::cell::Cell;

/// The subscribers as the publisher sees them when it needs slots.
#[derive(Debug)]
pub(super) struct Gates<T, D> {
    pub(super) shared: Arc<Shared<T, D>>,
    /// Bit `i`: events are published for the subscriber at seat `i`.
    pub(super) reading: Cell<u64>,
    /// What each of them asked for.
    pub(super) policies: Box<[Cell<Policy>]>,
    /// When slots were needed last, a subscriber that conflates was in the way: its seat.
    pub(super) overrun: Cell<Option<usize>>,
    /// The seat of the first required subscriber that went without a word.
    pub(super) halted: Cell<Option<usize>>,
    /// Events that were published for nobody before `reading` changed last,
    unheard: Cell<u64>,
    /// which was here.
    changed_at: Cell<Sequence>,
}

impl<T, D> Gates<T, D> {
    pub(super) fn new(shared: Arc<Shared<T, D>>, start: Sequence) -> Self {
        Self {
            policies: (0..shared.seats).map(|_| Cell::new(Policy::Gate)).collect(),
            shared,
            reading: Cell::new(0),
            overrun: Cell::new(None),
            halted: Cell::new(None),
            unheard: Cell::new(0),
            changed_at: Cell::new(start),
        }
    }
    /// From `next` on, events are for those in `reading`.
    pub(super) fn read(&self, reading: u64, next: Sequence) {
        self.unheard.set(self.unheard(next));
        self.changed_at.set(next);
        self.reading.set(reading);
    }
    pub(super) fn unheard(&self, next: Sequence) -> u64 {
        let nobody = self.reading.get() == 0;
        self.unheard.get() + if nobody { next.since(self.changed_at.get()) } else { 0 }
    }
    fn seats(&self) -> impl Iterator<Item = (usize, Policy)> {
        let mut left = self.reading.get();
        core::iter::from_fn(move || {
            let seat = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            self.policies.get(seat).map(|policy| (seat, policy.get()))
        })
    }
    pub(super) fn held(&self, next: Sequence) -> u64 {
        let gates = self.seats().filter(|(_, policy)| policy.gates());
        gates.map(|(seat, _)| next.since(self.shared.seat(seat).place().done)).max().unwrap_or(0)
    }
    pub(super) fn halted(&self) -> Option<usize> {
        let gone = |(seat, policy): &(usize, Policy)| {
            *policy == Policy::Required && self.shared.seat(*seat).standing() == Standing::Gone
        };
        self.halted.get().or_else(|| self.seats().find(gone).map(|(seat, _)| seat))
    }
    /// So many slots from `next` on does the subscriber at seat `at` not need, after what its policy allows was done to make
    /// it at least one. Nothing if it was disconnected.
    fn room(&self, at: usize, policy: Policy, next: Sequence) -> Option<u64> {
        let (capacity, seat) = (self.shared.slots.capacity(), self.shared.seat(at));
        let window = policy.window(capacity);
        let mut done = seat.place().done;
        if next.since(done) >= window {
            let changed = match policy {
                Policy::Gate | Policy::Required => Ok(()),
                Policy::Conflate => {
                    self.overrun.set(Some(at));
                    Ok(())
                }
                Policy::Lag(Resume::Oldest) => {
                    let to = next.next().minus(capacity);
                    seat.displace(done, to).map(|()| done = to)
                }
                Policy::Lag(Resume::Newest) => {
                    let to = next.minus(1.min(capacity - 1));
                    seat.displace(done, to).map(|()| done = to)
                }
                Policy::DisconnectAfter(_) => match seat.end(done) {
                    Ok(()) => return None,
                    Err(place) => Err(place),
                },
            };
            if let Err(place) = changed {
                done = place.done;
                let behind = next.since(done);
                // It is inside, but there may be slots beyond what it should have left unread.
                if behind >= window {
                    return Some(1.min(capacity - behind));
                }
            }
        }
        Some(window - next.since(done))
    }
}

impl<T, D> Gate for Gates<T, D> {
    type Event = T;
    type Mark = ();
    type Line = ();
    #[inline]
    fn slots(&self) -> &Slots<T> {
        &self.shared.slots
    }
    #[inline]
    fn tail(&self) -> Option<&Cursor> {
        Some(&self.shared.tail)
    }
    fn close(&self, next: Sequence) {
        self.shared.tail.close(next);
    }
    fn slowest(&self, next: Sequence) -> Progress {
        let capacity = self.shared.slots.capacity();
        let closed = self.halted.get().is_some();
        self.overrun.set(None);
        let mut room = if closed { 0 } else { capacity };
        // Those that gate first: where they leave no room, nothing is taken from the others.
        for gates in [true, false] {
            for (seat, policy) in self.seats().filter(|(_, policy)| policy.gates() == gates) {
                if room == 0 {
                    break;
                }
                match self.room(seat, policy, next) {
                    Some(left) => room = room.min(left),
                    None => self.read(self.reading.get() & !(1 << seat), next),
                }
            }
        }
        Progress { done: next.plus(room).minus(capacity), closed, left: false }
    }
}
