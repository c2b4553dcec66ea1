//! The events that workers have and have not acknowledged.

use crate::contract::{Fault, Flow, Halt, Reason, Tick};
use crate::pattern::dead_letter::Failure;
use crate::ring::{CapacityError, Sequence};
use crate::table::{Handle, Slab};
use core::cmp::Reverse;
use std::collections::VecDeque;

/// A bounded number of events, each with a worker or waiting for one.
#[derive(Debug)]
pub(super) struct Held<T> {
    slab: Slab<Entry>,
    /// Numbered by the handles' indices. What a slot holds stays until the next event is copied into it.
    events: Box<[T]>,
    /// Numbered likewise: of those that wait, and those that are with a second worker.
    failures: Box<[Failure]>,
    /// Those that no worker has, first come, first served. It has room for all.
    waiting: VecDeque<Handle>,
}

/// All that is written for an event that is done at once.
#[derive(Debug)]
struct Entry {
    seq: Sequence,
    attempts: u32,
    /// [`NOBODY`] while it waits.
    worker: u32,
}

const NOBODY: u32 = u32::MAX;

/// Takes an entry back whose event could not be copied.
struct RemoveOnUnwind<'a> {
    slab: &'a mut Slab<Entry>,
    handle: Handle,
}

impl Drop for RemoveOnUnwind<'_> {
    fn drop(&mut self) {
        self.slab.remove(self.handle);
    }
}

impl<T> Held<T> {
    pub(super) fn new(capacity: usize) -> Result<Self, CapacityError>
    where
        T: Default,
    {
        let slab = Slab::new(capacity)?;
        let none = Failure {
            seq: Sequence::ZERO,
            fault: Fault::of(Reason::Closed),
            attempts: 0,
            first: Tick::ZERO,
            last: Tick::ZERO,
        };
        Ok(Self {
            slab,
            events: core::iter::repeat_with(T::default).take(capacity).collect(),
            failures: core::iter::repeat_n(none, capacity).collect(),
            waiting: VecDeque::with_capacity(capacity),
        })
    }
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.slab.len()
    }
    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        self.slab.is_full()
    }
    #[inline]
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
    /// The first of those that wait, and what is known of it.
    pub(super) fn first_waiting(&self) -> Option<(Handle, &T, &Failure)> {
        let handle = *self.waiting.front()?;
        Some((handle, &self.events[handle.index()], &self.failures[handle.index()]))
    }
    /// Keeps a copy of `event`, which `worker` gets.
    ///
    /// # Errors
    /// [`Halt::Again`] if there is no room.
    #[inline]
    pub(super) fn insert(&mut self, event: &T, worker: usize, seq: Sequence) -> Flow<Handle>
    where
        T: Clone,
    {
        let entry = Entry { seq, attempts: 1, worker: worker as u32 };
        let handle = self.slab.insert(entry).map_err(|_| Halt::Again)?;
        let undo = RemoveOnUnwind { slab: &mut self.slab, handle };
        self.events[handle.index()].clone_from(event);
        core::mem::forget(undo);
        Ok(handle)
    }
    /// `worker` has answered: whether that was a job of its own, and if so, whether it is done.
    #[inline]
    pub(super) fn answered(
        &mut self,
        handle: Handle,
        fault: Option<Fault>,
        worker: usize,
        now: Tick,
    ) -> Option<bool> {
        let theirs = |entry: &Entry| entry.worker == worker as u32;
        let Some(fault) = fault else {
            return self.slab.remove_if(handle, theirs).map(|_| true);
        };
        self.slab.get(handle).filter(|entry| theirs(entry))?;
        self.fail(handle, fault, now);
        self.waiting.push_back(handle);
        Some(false)
    }
    /// `worker` is gone: what it had waits for another, in the order in which it came. It may have begun with it, unless
    /// it left `in_order`. Shows the events to `each`.
    #[cold]
    pub(super) fn strand(&mut self, worker: usize, in_order: bool, now: Tick, mut each: impl FnMut(&T)) {
        let before = self.waiting.len();
        for index in 0..self.slab.capacity() {
            let Some(handle) = self.slab.handle_at(index) else { continue };
            let Some(entry) = self.slab.get_mut(handle).filter(|entry| entry.worker == worker as u32) else {
                continue;
            };
            if in_order {
                entry.attempts -= 1;
                entry.worker = NOBODY;
            }
            // What is known of the attempts before that one stands, if there were any.
            if !in_order || entry.attempts == 0 {
                self.fail(handle, Fault::of(Reason::Closed), now);
            }
            self.waiting.push_back(handle);
            each(&self.events[index]);
        }
        let Self { slab, waiting, .. } = self;
        let stranded = &mut waiting.make_contiguous()[before..];
        let seq = |handle: &Handle| slab.get(*handle).map(|entry| entry.seq);
        let Some(some) = stranded.first().and_then(seq) else { return };
        // All are before half a lap of the numbers from here: the farther before, the earlier; across the wrap, too.
        let ahead = some.plus(1 << (Sequence::BITS - 1));
        stranded.sort_unstable_by_key(|handle| Reverse(seq(handle).map(|seq| ahead.since(seq))));
    }
    #[cold]
    fn fail(&mut self, handle: Handle, fault: Fault, now: Tick) {
        let Some(entry) = self.slab.get_mut(handle) else { return };
        entry.worker = NOBODY;
        let before = &mut self.failures[handle.index()];
        let first = if entry.attempts <= 1 { now } else { before.first };
        *before = Failure { seq: entry.seq, fault, attempts: entry.attempts, first, last: now };
    }
    /// The events that workers have, and which worker.
    pub(super) fn in_flight(&self) -> impl Iterator<Item = (&T, usize)> {
        let with = |entry: &Entry| (entry.worker != NOBODY).then_some(entry.worker as usize);
        self.slab.iter().filter_map(move |(handle, entry)| Some((&self.events[handle.index()], with(entry)?)))
    }
    /// The event of an answer that was heard just now.
    #[inline]
    pub(super) fn event(&self, handle: Handle) -> Option<&T> {
        self.events.get(handle.index())
    }
    /// The first of those that wait is with `worker` now.
    pub(super) fn sent(&mut self, worker: usize) {
        let Some(entry) = self.waiting.pop_front().and_then(|handle| self.slab.get_mut(handle)) else {
            return;
        };
        entry.attempts += 1;
        entry.worker = worker as u32;
    }
    /// The first of those that wait was rejected on the way to a worker: it still waits, with an attempt
    /// more behind it.
    pub(super) fn not_sent(&mut self, fault: Fault, now: Tick) {
        let Some(handle) = self.waiting.front().copied() else { return };
        if let Some(entry) = self.slab.get_mut(handle) {
            entry.attempts += 1;
        }
        self.fail(handle, fault, now);
    }
    /// The first of those that wait is held no more.
    pub(super) fn give_up(&mut self) {
        if let Some(handle) = self.waiting.pop_front() {
            self.slab.remove(handle);
        }
    }
}
