//! The messages of a queue, each in one list.

use super::lane::{Lane, Links, NIL};
use super::priorities::MOST;
use super::terms::Depth;
use crate::contract::{Reason, Tick};
use crate::pattern::dead_letter::Failure;
use crate::ring::CapacityError;
use crate::table::{Handle, Slab, TimerId};

/// A message, and all that is known of it.
#[derive(Debug)]
pub(super) struct Entry<T> {
    pub(super) event: T,
    pub(super) priority: u8,
    pub(super) stand: Stand,
    /// Of its lease or delay.
    pub(super) due: TimerId,
    pub(super) expiry: TimerId,
    pub(super) expires: Tick,
    /// Its number, its deliveries, and how the last one failed.
    pub(super) failure: Failure,
}

/// Which list it is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stand {
    Ready,
    Leased(Handle),
    Delayed,
    Doomed(Reason),
}

/// What is known of a lease.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leased {
    pub(super) message: Handle,
    pub(super) consumer: Handle,
}

/// A consumer: what it has, and may have.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) has: Lane,
    pub(super) prefetch: u32,
}

/// Where a message joins those that are ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Front,
    Back,
    /// By its number.
    Own,
}

#[derive(Debug)]
pub(super) struct Store<T> {
    pub(super) entries: Slab<Entry<T>>,
    pub(super) leases: Slab<Leased>,
    pub(super) members: Slab<Member>,
    places: Links,
    /// All messages in the order of their numbers: the first has the watermark.
    ages: Links,
    all: Lane,
    ready: [Lane; MOST],
    /// Bit `p`: priority `p` has a ready message.
    pub(super) filled: u8,
    /// Of each priority, the last one that went to its own place: the next one is near it, most of the time.
    hints: [u32; MOST],
    delayed: Lane,
    doomed: Lane,
}

impl<T> Store<T> {
    pub(super) fn new(capacity: usize, consumers: usize) -> Result<Self, CapacityError> {
        Ok(Self {
            entries: Slab::new(capacity)?,
            leases: Slab::new(capacity)?,
            members: Slab::new(consumers)?,
            places: Links::new(capacity),
            ages: Links::new(capacity),
            all: Lane::EMPTY,
            ready: [Lane::EMPTY; MOST],
            filled: 0,
            hints: [NIL; MOST],
            delayed: Lane::EMPTY,
            doomed: Lane::EMPTY,
        })
    }
    pub(super) fn depth(&self) -> Depth {
        let (leased, delayed, doomed) =
            (self.leases.len(), self.delayed.len as usize, self.doomed.len as usize);
        Depth { ready: self.entries.len() - leased - delayed - doomed, leased, delayed, doomed }
    }
    /// A new message, behind all others of its priority.
    #[inline]
    pub(super) fn insert(&mut self, entry: Entry<T>) -> Option<Handle> {
        let handle = self.entries.insert(entry).ok()?;
        self.ages.push_back(&mut self.all, handle.index() as u32);
        self.make_ready(handle, Place::Back);
        Some(handle)
    }
    /// A message is no more. It is in no list but that of all.
    #[inline]
    pub(super) fn remove(&mut self, handle: Handle) -> Option<Entry<T>> {
        let entry = self.entries.remove(handle)?;
        self.ages.unlink(&mut self.all, handle.index() as u32);
        Some(entry)
    }
    /// Puts a message that is in no list among those that are ready.
    #[inline]
    pub(super) fn make_ready(&mut self, handle: Handle, place: Place) {
        let Some(entry) = self.entries.get_mut(handle) else { return };
        entry.stand = Stand::Ready;
        let (priority, index) = (usize::from(entry.priority), handle.index() as u32);
        let before = match place {
            Place::Front => NIL,
            Place::Back => self.ready[priority].last,
            Place::Own => {
                let number = entry.failure.seq.count();
                self.own_place(priority, number)
            }
        };
        self.places.insert(&mut self.ready[priority], before, index);
        self.filled |= 1 << priority;
        if place == Place::Own {
            self.hints[priority] = index;
        }
    }
    /// The last one of the run of smaller numbers that the list begins with, or that begins with the hint.
    fn own_place(&self, priority: usize, number: u64) -> u32 {
        let hint = self.hints[priority];
        let smaller = |index: u32| index != NIL && self.number(index).is_some_and(|there| there < number);
        let (mut before, mut next) = (NIL, self.ready[priority].first);
        if smaller(hint) {
            (before, next) = (hint, self.places.behind(hint));
        }
        while smaller(next) {
            (before, next) = (next, self.places.behind(next));
        }
        before
    }
    fn number(&self, index: u32) -> Option<u64> {
        let handle = self.entries.handle_at(index as usize)?;
        self.entries.get(handle).map(|entry| entry.failure.seq.count())
    }
    pub(super) fn delay(&mut self, handle: Handle) {
        self.enter(handle, Stand::Delayed);
    }
    pub(super) fn doom(&mut self, handle: Handle, reason: Reason) {
        self.enter(handle, Stand::Doomed(reason));
    }
    fn enter(&mut self, handle: Handle, stand: Stand) {
        let Some(entry) = self.entries.get_mut(handle) else { return };
        entry.stand = stand;
        let lane = if stand == Stand::Delayed { &mut self.delayed } else { &mut self.doomed };
        self.places.push_back(lane, handle.index() as u32);
    }
    /// Gives a message that is in no list to a consumer.
    #[inline]
    pub(super) fn grant(&mut self, message: Handle, consumer: Handle) -> Option<Handle> {
        let member = self.members.get_mut(consumer)?;
        let lease = self.leases.insert(Leased { message, consumer }).ok()?;
        self.places.push_back(&mut member.has, message.index() as u32);
        let entry = self.entries.get_mut(message)?;
        entry.stand = Stand::Leased(lease);
        Some(lease)
    }
    /// Takes a message out of the list it is in; its lease, if it has one, is over.
    #[inline]
    pub(super) fn take_out(&mut self, handle: Handle) {
        let Some(entry) = self.entries.get(handle) else { return };
        let (priority, index) = (usize::from(entry.priority), handle.index() as u32);
        let lane = match entry.stand {
            Stand::Ready => {
                if self.hints[priority] == index {
                    self.hints[priority] = NIL;
                }
                &mut self.ready[priority]
            }
            Stand::Leased(lease) => {
                let over = self.leases.remove(lease);
                let Some(member) = over.and_then(|over| self.members.get_mut(over.consumer)) else { return };
                &mut member.has
            }
            Stand::Delayed => &mut self.delayed,
            Stand::Doomed(_) => &mut self.doomed,
        };
        self.places.unlink(lane, index);
        if entry.stand == Stand::Ready && self.ready[priority].len == 0 {
            self.filled &= !(1 << priority);
        }
    }
    /// The first ready message of a priority.
    #[inline]
    pub(super) fn first_ready(&self, priority: u8) -> Option<Handle> {
        self.handle(self.ready[usize::from(priority)].first)
    }
    pub(super) fn first_delayed(&self) -> Option<Handle> {
        self.handle(self.delayed.first)
    }
    pub(super) fn first_doomed(&self) -> Option<Handle> {
        self.handle(self.doomed.first)
    }
    #[inline]
    pub(super) const fn has_doomed(&self) -> bool {
        self.doomed.len != 0
    }
    /// What a consumer was given last.
    pub(super) fn last_of(&self, consumer: Handle) -> Option<Handle> {
        self.handle(self.members.get(consumer)?.has.last)
    }
    /// The smallest number that is here.
    pub(super) fn oldest(&self) -> Option<u64> {
        if self.all.first == NIL { None } else { self.number(self.all.first) }
    }
    #[inline]
    fn handle(&self, index: u32) -> Option<Handle> {
        if index == NIL { None } else { self.entries.handle_at(index as usize) }
    }
}
