//! What one requester asked that has no outcome yet.

use super::Ticket;
use crate::contract::{MessageId, Tick};
use crate::ring::CapacityError;
use crate::table::{Handle, Slab, TimerId, Wheel};
use core::mem;

/// Bits of a ticket that number the slot.
const SLOT_BITS: u32 = u16::BITS;
/// As many as these bits tell apart.
const MOST: usize = 1 << SLOT_BITS;

/// The table, and a timer for each entry. A ticket is the handle of its entry with the number of the client:
///
/// ```text
///   64            48                        16          0
///   +-------------+-------------------------+-----------+
///   | producer 16 |      generation 32      |  slot 16  |       a MessageId
///   +-------------+-------------------------+-----------+
/// ```
///
/// What has to be remembered beside it is a `T`.
#[derive(Debug)]
pub(in crate::pattern) struct Pending<T> {
    producer: u16,
    entries: Slab<Entry<T>>,
    timers: Wheel<Handle>,
}

#[derive(Clone, Copy, Debug)]
struct Entry<T> {
    deadline: Tick,
    timer: TimerId,
    value: T,
}

impl<T> Pending<T> {
    pub(in crate::pattern) fn new(producer: u16, outstanding: usize) -> Result<Self, CapacityError> {
        if outstanding > MOST {
            return Err(CapacityError::TooLarge { asked: outstanding });
        }
        let entries = Slab::new(outstanding)?;
        let timers = Wheel::new(outstanding, core::time::Duration::ZERO)?;
        Ok(Self { producer, entries, timers })
    }
    #[inline]
    pub(in crate::pattern) fn len(&self) -> usize {
        self.entries.len()
    }
    pub(in crate::pattern) fn capacity(&self) -> usize {
        self.entries.capacity()
    }
    pub(in crate::pattern) fn next_deadline(&self) -> Option<Tick> {
        self.timers.next_deadline()
    }
    /// An entry with a timer, to be kept or dropped; nothing if the table is full.
    #[inline]
    pub(in crate::pattern) fn reserve(&mut self, deadline: Tick, value: T) -> Option<Reserved<'_, T>> {
        let handle = self.entries.insert(Entry { deadline, timer: TimerId::NONE, value }).ok()?;
        // There are as many timers as entries, so there is one.
        match (self.timers.arm(deadline, handle), self.entries.get_mut(handle)) {
            (Ok(timer), Some(entry)) => entry.timer = timer,
            _ => {
                self.entries.remove(handle);
                return None;
            }
        }
        Some(Reserved { handle, kept: false, pending: self })
    }
    #[inline]
    pub(in crate::pattern) fn ticket(&self, handle: Handle) -> Ticket {
        let bits = handle.to_bits();
        Ticket(MessageId::new(self.producer, bits >> 32 << SLOT_BITS | u64::from(bits as u16)))
    }
    /// The entry that a ticket of this client stood for, whether or not it is there still.
    #[inline]
    pub(in crate::pattern) fn handle(&self, ticket: Ticket) -> Option<Handle> {
        let Ticket(id) = ticket;
        let bits = (id.0 >> SLOT_BITS) << 32 | ticket.slot() as u64;
        (id.producer() == self.producer).then(|| Handle::from_bits(bits))
    }
    /// When an open entry times out; nothing if it is not open.
    #[inline]
    pub(in crate::pattern) fn deadline(&self, handle: Handle) -> Option<Tick> {
        self.entries.get(handle).map(|entry| entry.deadline)
    }
    /// Frees an entry and its timer; false if it is not there.
    #[inline]
    pub(in crate::pattern) fn close(&mut self, handle: Handle) -> bool {
        let Some(entry) = self.entries.remove(handle) else { return false };
        self.timers.cancel(entry.timer);
        true
    }
    /// What is remembered of an open entry.
    #[inline]
    pub(in crate::pattern) fn get_mut(&mut self, handle: Handle) -> Option<&mut T> {
        self.entries.get_mut(handle).map(|entry| &mut entry.value)
    }
    /// Has the timer of an open entry fire at `tick` next; it had fired, or is set anew.
    pub(in crate::pattern) fn rearm(&mut self, handle: Handle, tick: Tick) {
        self.disarm(handle);
        if let (Some(entry), Ok(timer)) = (self.entries.get_mut(handle), self.timers.arm(tick, handle)) {
            entry.timer = timer;
        }
    }
    /// An open entry stays, and times out no more.
    #[inline]
    pub(in crate::pattern) fn disarm(&mut self, handle: Handle) {
        if let Some(entry) = self.entries.get_mut(handle) {
            self.timers.cancel(mem::replace(&mut entry.timer, TimerId::NONE));
        }
    }
    /// The entry whose timer fires first, if one does at `now`. It stays open until it is closed.
    #[inline]
    pub(in crate::pattern) fn due(&mut self, now: Tick) -> Option<Handle> {
        self.timers.peek(now).copied()
    }
    /// The first open entry at slot `from` or after.
    pub(in crate::pattern) fn next_open(&self, from: usize) -> Option<Handle> {
        (from..self.capacity()).find_map(|slot| self.entries.handle_at(slot))
    }
}

/// An entry whose request is not published yet: undone, timer and all, unless it is kept.
pub(in crate::pattern) struct Reserved<'a, T> {
    handle: Handle,
    kept: bool,
    pending: &'a mut Pending<T>,
}

impl<T> Reserved<'_, T> {
    #[inline]
    pub(in crate::pattern) fn ticket(&self) -> Ticket {
        self.pending.ticket(self.handle)
    }
    #[inline]
    pub(in crate::pattern) fn keep(mut self) -> Handle {
        self.kept = true;
        self.handle
    }
}

impl<T> Drop for Reserved<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if !self.kept {
            self.pending.close(self.handle);
        }
    }
}
