//! The table of groups: found by key, in the order in which they opened or closed, and by the time that is left to them.

use super::chain::{Chain, Links};
use super::group::Group;
use super::{ClosedBy, Unfinished};
use crate::contract::Tick;
use crate::ring::CapacityError;
use crate::table::{Handle, Index, Slab, TimerId, Wheel};
use core::hash::Hash;
use core::time::Duration;

#[derive(Debug)]
pub(super) struct Groups<K, A> {
    slab: Slab<Group<K, A>>,
    /// The youngest group of each key: at most as many as there are groups.
    index: Index<K, Handle>,
    links: Links,
    open: Chain,
    closed: Chain,
    /// One timer an open group, at its deadline or before: events that come later do not move it.
    wheel: Wheel<Handle>,
    epochs: u64,
}

/// How long a group may be open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) inactivity: Option<Duration>,
    pub(super) total: Option<Duration>,
}

impl Patience {
    /// When the time of a group is over, and by which of the two; of equal ones it is inactivity.
    fn deadline(self, opened: Tick, touched: Tick) -> Option<(Tick, ClosedBy)> {
        let inactivity = self.inactivity.map(|span| (touched.after(span), ClosedBy::Inactivity));
        let total = self.total.map(|span| (opened.after(span), ClosedBy::Total));
        match (inactivity, total) {
            (Some(one), Some(other)) => Some(if other.0 < one.0 { other } else { one }),
            (one, other) => one.or(other),
        }
    }
}

impl<K: Copy + Eq + Hash, A> Groups<K, A> {
    pub(super) fn new(capacity: usize) -> Result<Self, CapacityError> {
        Ok(Self {
            slab: Slab::new(capacity)?,
            index: Index::new(capacity)?,
            links: Links::new(capacity),
            open: Chain::EMPTY,
            closed: Chain::EMPTY,
            wheel: Wheel::new(capacity, Duration::ZERO)?,
            epochs: 0,
        })
    }
    pub(super) const fn len(&self) -> usize {
        self.slab.len()
    }
    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        self.slab.is_full()
    }
    #[inline]
    pub(super) fn get(&self, handle: Handle) -> Option<&Group<K, A>> {
        self.slab.get(handle)
    }
    #[inline]
    pub(super) fn get_mut(&mut self, handle: Handle) -> Option<&mut Group<K, A>> {
        self.slab.get_mut(handle)
    }
    /// The youngest group of `key`, open or closed.
    #[inline]
    pub(super) fn find(&self, key: &K) -> Option<Handle> {
        self.index.get(key).copied()
    }
    /// Puts in a group, which is open, and has its number here. The table is not full.
    #[inline]
    pub(super) fn insert(&mut self, mut group: Group<K, A>, patience: Patience) -> Option<Handle> {
        self.epochs += 1;
        group.epoch = self.epochs;
        let (key, opened, touched) = (group.key, group.opened, group.touched);
        let handle = self.slab.insert(group).ok()?;
        // Both have room for as many as the slab.
        let _ = self.index.insert(key, handle);
        self.open.append(&mut self.links, handle.index());
        if let Some((deadline, _)) = patience.deadline(opened, touched) {
            let timer = self.wheel.arm(deadline, handle).unwrap_or(TimerId::NONE);
            self.slab.get_mut(handle)?.timer = timer;
        }
        Some(handle)
    }
    /// An open group becomes the youngest.
    #[inline]
    pub(super) fn renew(&mut self, handle: Handle) {
        self.open.remove(&mut self.links, handle.index());
        self.open.append(&mut self.links, handle.index());
    }
    /// The open group that was opened, or renewed, first.
    #[inline]
    pub(super) fn oldest(&self) -> Option<Handle> {
        self.slab.handle_at(self.open.first()?)
    }
    /// Closes an open group. It keeps its place in the table, and goes on after those that closed before.
    pub(super) fn close(&mut self, handle: Handle, by: ClosedBy, fate: Unfinished) -> Option<K> {
        let group = self.slab.get_mut(handle).filter(|group| group.closed.is_none())?;
        group.closed = Some((by, fate));
        let _ = self.wheel.cancel(group.timer);
        self.open.remove(&mut self.links, handle.index());
        self.closed.append(&mut self.links, handle.index());
        Some(group.key)
    }
    /// The group that closed first.
    #[inline]
    pub(super) fn first_closed(&self) -> Option<Handle> {
        self.slab.handle_at(self.closed.first()?)
    }
    #[inline]
    pub(super) const fn has_closed(&self) -> bool {
        !self.closed.is_empty()
    }
    /// Takes out the group that closed first.
    #[inline]
    pub(super) fn pop_closed(&mut self) -> Option<Group<K, A>> {
        let handle = self.first_closed()?;
        let group = self.slab.remove(handle)?;
        self.closed.remove(&mut self.links, handle.index());
        if self.index.get(&group.key) == Some(&handle) {
            let _ = self.index.remove(&group.key);
        }
        Some(group)
    }
    /// The next open group whose time is over at `now`, and by what.
    pub(super) fn expired(&mut self, now: Tick, patience: Patience) -> Option<(Handle, ClosedBy)> {
        while let Some(handle) = self.wheel.pop(now) {
            let Some(group) = self.slab.get_mut(handle) else { continue };
            let Some((deadline, by)) = patience.deadline(group.opened, group.touched) else { continue };
            if deadline <= now {
                return Some((handle, by));
            }
            // Events came since it was armed. The timer that just came out has left its room.
            group.timer = self.wheel.arm(deadline, handle).unwrap_or(TimerId::NONE);
        }
        None
    }
}
