//! What a message carries on its way besides its header.

use crate::contract::{Fault, Headed, Header};

/// Where a message is on its way.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Progress {
    /// The steps of its itinerary are done, one after the other.
    #[default]
    Underway,
    /// One of them failed; those done before are undone, the last one first.
    Undoing,
    /// All were done, or one said that it is enough.
    Completed,
    /// One failed, and all that were done before are undone.
    Faulted,
    /// One failed, and what was done before could not be undone.
    Stuck,
}

/// A step that can be undone, and what its activity noted for that.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Entry {
    pub(super) step: u8,
    pub(super) note: u64,
}

/// The log of a message with an itinerary: how it gets on, and what is to be undone if a step fails. Its size is that of
/// its entries: `Log<[Entry; 4]>` has room for four steps that can be undone, and 80 bytes, where a word of 64 bits is aligned to as many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Log<E: ?Sized = [Entry]> {
    pub(super) progress: Progress,
    /// The step that failed; 0 if none did.
    failed: u8,
    /// Entries in use.
    used: u8,
    /// Steps done, those of itineraries before this one included.
    pub(super) visits: u8,
    /// Attempts to undo the last entry.
    pub(super) attempts: u8,
    fault: Option<Fault>,
    entries: E,
}

impl<const N: usize> Default for Log<[Entry; N]> {
    fn default() -> Self {
        const { assert!(N <= 255, "a log has at most 255 entries") };
        Self {
            progress: Progress::Underway,
            failed: 0,
            used: 0,
            visits: 0,
            attempts: 0,
            fault: None,
            entries: [Entry::default(); N],
        }
    }
}

impl<E: AsRef<[Entry]> + ?Sized> Log<E> {
    /// How the message gets on.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.progress
    }
    /// The step that failed, and why.
    #[must_use]
    pub fn fault(&self) -> Option<(u8, Fault)> {
        self.fault.map(|fault| (self.failed, fault))
    }
    /// Steps done, those of itineraries before this one included.
    #[must_use]
    pub const fn visits(&self) -> u8 {
        self.visits
    }
    /// The steps that would be undone now, the last one first.
    pub fn to_undo(&self) -> impl Iterator<Item = u8> {
        self.entries.as_ref()[..usize::from(self.used)].iter().rev().map(|entry| entry.step)
    }
}

impl Log {
    #[inline]
    pub(super) const fn has_room(&self) -> bool {
        (self.used as usize) < self.entries.len()
    }
    #[inline]
    pub(super) fn last(&self) -> Option<Entry> {
        self.entries[..usize::from(self.used)].last().copied()
    }
    /// There must be room.
    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries[usize::from(self.used)] = entry;
        self.used += 1;
    }
    pub(super) const fn pop(&mut self) {
        self.used -= 1;
        self.attempts = 0;
    }
    pub(super) const fn fail(&mut self, step: u8, fault: Fault) {
        (self.failed, self.fault, self.progress) = (step, Some(fault), Progress::Undoing);
    }
    /// As new: nothing done.
    pub(super) const fn clear(&mut self) {
        (self.progress, self.failed, self.fault) = (Progress::Underway, 0, None);
        (self.used, self.visits, self.attempts) = (0, 0, 0);
    }
}

/// An event that travels by an itinerary: it has a [`Header`], whose `slip` says where it is, and a [`Log`].
pub trait Itinerant: Headed {
    /// The log.
    fn log(&self) -> &Log;
    /// The log, to be changed.
    fn log_mut(&mut self) -> &mut Log;
}

/// A body with a header and a log of `N` entries: an event that can travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Traveller<T, const N: usize> {
    /// What the patterns read and write.
    pub header: Header,
    /// How it gets on.
    pub log: Log<[Entry; N]>,
    /// What the user reads and writes.
    pub body: T,
}

impl<T: Default, const N: usize> Default for Traveller<T, N> {
    fn default() -> Self {
        Self { header: Header::default(), log: Log::default(), body: T::default() }
    }
}

impl<T, const N: usize> Headed for Traveller<T, N> {
    #[inline]
    fn header(&self) -> &Header {
        &self.header
    }
    #[inline]
    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }
}

impl<T, const N: usize> Itinerant for Traveller<T, N> {
    #[inline]
    fn log(&self) -> &Log {
        &self.log
    }
    #[inline]
    fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }
}
