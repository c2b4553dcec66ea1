//! The events that workers have and have not acknowledged.

use super::loss::Case;
use super::worker::Ack;
use crate::contract::{Fault, Flow, Halt, Reason, Tick};
use crate::ring::{CapacityError, Sequence};
use crate::table::{Handle, Slab};
use std::collections::VecDeque;

/// A bounded number of events, each with a worker or waiting for one.
#[derive(Debug)]
pub(super) struct Held<T> {
    slab: Slab<Entry>,
    /// Numbered by the handles' indices. What a slot holds stays until the next event is copied into it.
    events: Box<[T]>,
    /// Those that no worker has, first come, first served. It has room for all.
    waiting: VecDeque<Handle>,
    /// Events accepted so far: those of a worker that is gone wait in this order.
    accepted: u64,
}

#[derive(Debug)]
struct Entry {
    worker: Option<usize>,
    number: u64,
    case: Case,
}

impl Entry {
    fn fail(&mut self, fault: Fault, now: Tick) {
        if self.case.first == Tick::MAX {
            self.case.first = now;
        }
        self.case.last = now;
        self.case.fault = fault;
        self.worker = None;
    }
}

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
        Ok(Self {
            slab: Slab::new(capacity)?,
            events: core::iter::repeat_with(T::default).take(capacity).collect(),
            waiting: VecDeque::with_capacity(capacity),
            accepted: 0,
        })
    }
    pub(super) const fn len(&self) -> usize {
        self.slab.len()
    }
    pub(super) const fn is_full(&self) -> bool {
        self.slab.is_full()
    }
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
    /// The first of those that wait, and what is known of it.
    pub(super) fn first_waiting(&self) -> Option<(Handle, &T, Case)> {
        let handle = *self.waiting.front()?;
        let entry = self.slab.get(handle)?;
        Some((handle, &self.events[handle.index()], entry.case))
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
        let fault = Fault::of(Reason::Closed);
        let case = Case { seq, attempts: 1, fault, first: Tick::MAX, last: Tick::MAX };
        let entry = Entry { worker: Some(worker), number: self.accepted, case };
        let handle = self.slab.insert(entry).map_err(|_| Halt::Again)?;
        let undo = RemoveOnUnwind { slab: &mut self.slab, handle };
        self.events[handle.index()].clone_from(event);
        core::mem::forget(undo);
        self.accepted += 1;
        Ok(handle)
    }
    /// `worker` has answered: whether that was a job of its own, and if so, whether it is done.
    #[inline]
    pub(super) fn answered(&mut self, ack: &Ack, worker: usize, now: Tick) -> Option<bool> {
        let entry = self.slab.get_mut(ack.handle).filter(|entry| entry.worker == Some(worker))?;
        match ack.fault {
            None => {
                self.slab.remove(ack.handle);
            }
            Some(fault) => {
                entry.fail(fault, now);
                self.waiting.push_back(ack.handle);
            }
        }
        Some(ack.fault.is_none())
    }
    /// `worker` is gone: what it had waits for another.
    #[cold]
    pub(super) fn strand(&mut self, worker: usize, now: Tick) {
        let Self { slab, waiting, .. } = self;
        let before = waiting.len();
        for (handle, entry) in slab.iter_mut().filter(|(_, entry)| entry.worker == Some(worker)) {
            entry.fail(Fault::of(Reason::Closed), now);
            waiting.push_back(handle);
        }
        let stranded = &mut waiting.make_contiguous()[before..];
        stranded.sort_unstable_by_key(|handle| slab.get(*handle).map(|entry| entry.number));
    }
    /// The first of those that wait is with `worker` now.
    pub(super) fn sent(&mut self, worker: usize) {
        let Some(entry) = self.waiting.pop_front().and_then(|handle| self.slab.get_mut(handle)) else {
            return;
        };
        entry.case.attempts += 1;
        entry.worker = Some(worker);
    }
    /// The first of those that wait was rejected on the way to a worker: it still waits, with an attempt more behind it.
    pub(super) fn not_sent(&mut self, fault: Fault, now: Tick) {
        let Some(entry) = self.waiting.front().and_then(|handle| self.slab.get_mut(*handle)) else { return };
        entry.case.attempts += 1;
        entry.fail(fault, now);
    }
    /// The first of those that wait is held no more.
    pub(super) fn give_up(&mut self) {
        if let Some(handle) = self.waiting.pop_front() {
            self.slab.remove(handle);
        }
    }
}
