//! The requests of one client that have no outcome yet.

use super::Ticket;
use crate::contract::{MessageId, Tick};
use crate::ring::CapacityError;
use crate::table::{Handle, Slab, TimerId, Wheel};

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
#[derive(Debug)]
pub(super) struct Pending {
    producer: u16,
    entries: Slab<Entry>,
    timers: Wheel<Handle>,
    /// Of each slot, the last request that the server itself had the last word on.
    answered: Box<[Handle]>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    deadline: Tick,
    timer: TimerId,
}

impl Pending {
    pub(super) fn new(producer: u16, outstanding: usize) -> Result<Self, CapacityError> {
        if outstanding > MOST {
            return Err(CapacityError::TooLarge { asked: outstanding });
        }
        let entries = Slab::new(outstanding)?;
        let timers = Wheel::new(outstanding, core::time::Duration::ZERO)?;
        Ok(Self { producer, entries, timers, answered: vec![Handle::NONE; outstanding].into() })
    }
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
    pub(super) fn capacity(&self) -> usize {
        self.entries.capacity()
    }
    pub(super) fn next_deadline(&self) -> Option<Tick> {
        self.timers.next_deadline()
    }
    /// An entry with a timer, to be kept or dropped; nothing if the table is full.
    #[inline]
    pub(super) fn reserve(&mut self, deadline: Tick) -> Option<Reserved<'_>> {
        let handle = self.entries.insert(Entry { deadline, timer: TimerId::NONE }).ok()?;
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
    pub(super) fn ticket(&self, handle: Handle) -> Ticket {
        let bits = handle.to_bits();
        Ticket(MessageId::new(self.producer, bits >> 32 << SLOT_BITS | u64::from(bits as u16)))
    }
    /// The entry that a ticket of this client stood for, whether or not it is there still.
    #[inline]
    pub(super) fn handle(&self, ticket: Ticket) -> Option<Handle> {
        let Ticket(id) = ticket;
        let bits = (id.0 >> SLOT_BITS) << 32 | ticket.slot() as u64;
        (id.producer() == self.producer).then(|| Handle::from_bits(bits))
    }
    /// When an open entry times out; nothing if it is not open.
    #[inline]
    pub(super) fn deadline(&self, handle: Handle) -> Option<Tick> {
        self.entries.get(handle).map(|entry| entry.deadline)
    }
    /// Frees an entry and its timer; false if it is not there.
    #[inline]
    pub(super) fn close(&mut self, handle: Handle) -> bool {
        let Some(entry) = self.entries.remove(handle) else { return false };
        self.timers.cancel(entry.timer);
        true
    }
    /// As `close`, where the server had the last word.
    #[inline]
    pub(super) fn answer(&mut self, handle: Handle) {
        if self.close(handle) {
            self.answered[handle.index()] = handle;
        }
    }
    /// The server had the last word on this one, and its slot has been used for none since on which it had.
    pub(super) fn was_answered(&self, handle: Handle) -> bool {
        self.answered.get(handle.index()) == Some(&handle)
    }
    /// The entry whose timer fires first, if one does at `now`. It stays open until it is closed.
    #[inline]
    pub(super) fn due(&mut self, now: Tick) -> Option<Handle> {
        self.timers.peek(now).copied()
    }
    /// The first open entry at slot `from` or after.
    pub(super) fn next_open(&self, from: usize) -> Option<Handle> {
        (from..self.capacity()).find_map(|slot| self.entries.handle_at(slot))
    }
}

/// An entry whose request is not published yet: undone, timer and all, unless it is kept.
pub(super) struct Reserved<'a> {
    handle: Handle,
    kept: bool,
    pending: &'a mut Pending,
}

impl Reserved<'_> {
    #[inline]
    pub(super) fn ticket(&self) -> Ticket {
        self.pending.ticket(self.handle)
    }
    #[inline]
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Reserved<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.kept {
            self.pending.close(self.handle);
        }
    }
}
