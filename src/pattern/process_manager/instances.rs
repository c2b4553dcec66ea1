//! All processes, by their keys, and everything that time will bring to them.

use super::{Instance, MAX_TIMERS, Machine, Phase};
use crate::contract::Tick;
use crate::ring::CapacityError;
use crate::table::{Handle, Index, Slab, TimerId, Wheel};
use core::mem;
use core::time::Duration;
use std::collections::VecDeque;

pub(super) struct Instances<M: Machine> {
    by_key: Index<M::Key, Handle>,
    slab: Slab<Instance<M>>,
    /// Room for every timer and every alarm that there can be, so that arming never fails.
    wheel: Wheel<Alarm<M::Kind>>,
    /// Those that have ended and are remembered, the first one first.
    finished: VecDeque<Handle>,
    stuck: usize,
}

/// What comes when its time has come, and for which tenant of a slot.
#[derive(Clone, Copy, Debug)]
pub(super) enum Alarm<Q> {
    Timer(Handle, Q),
    Deadline(Handle),
    Undo(Handle),
    Forget(Handle),
}

impl<M: Machine> Instances<M> {
    pub(super) fn new(capacity: usize) -> Result<Self, CapacityError> {
        let by_key = Index::new(capacity)?;
        let timers = capacity.saturating_mul(MAX_TIMERS + 1);
        let wheel =
            Wheel::new(timers, Duration::ZERO).map_err(|_| CapacityError::TooLarge { asked: capacity })?;
        let slab = Slab::new(capacity)?;
        Ok(Self { by_key, slab, wheel, finished: VecDeque::with_capacity(capacity), stuck: 0 })
    }
    #[inline]
    pub(super) fn find(&self, key: &M::Key) -> Option<(Handle, &Instance<M>)> {
        let handle = *self.by_key.get(key)?;
        Some((handle, self.slab.get(handle)?))
    }
    #[inline]
    pub(super) fn get(&self, handle: Handle) -> Option<&Instance<M>> {
        self.slab.get(handle)
    }
    #[inline]
    pub(super) fn get_mut(&mut self, handle: Handle) -> Option<&mut Instance<M>> {
        self.slab.get_mut(handle)
    }
    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }
    pub(super) fn is_full(&self) -> bool {
        self.slab.is_full()
    }
    pub(super) fn stuck(&self) -> usize {
        self.stuck
    }
    pub(super) fn finished(&self) -> usize {
        self.finished.len()
    }
    pub(super) fn iter(&self) -> impl Iterator<Item = &Instance<M>> {
        self.slab.iter().map(|(_, instance)| instance)
    }
    /// A new one; where there is no room, in the place of the one that ended first. Nothing if none has ended.
    pub(super) fn insert(&mut self, instance: Instance<M>) -> Option<Handle> {
        if self.slab.is_full() {
            let first = *self.finished.front()?;
            self.remove(first);
        }
        let key = instance.key;
        let handle = self.slab.insert(instance).ok()?;
        let known = self.by_key.insert(key, handle);
        debug_assert!(matches!(known, Ok(None)), "a key has one instance");
        Some(handle)
    }
    /// Forgets it, and everything that time would bring to it.
    pub(super) fn remove(&mut self, handle: Handle) {
        self.set_phase(handle, Phase::Running);
        self.disarm(handle);
        if let Some(instance) = self.slab.remove(handle) {
            self.by_key.remove(&instance.key);
        }
    }
    /// The only place where the phase changes, as there are lists of two phases.
    pub(super) fn set_phase(&mut self, handle: Handle, phase: Phase) {
        let Some(instance) = self.slab.get_mut(handle) else { return };
        match mem::replace(&mut instance.phase, phase) {
            Phase::Stuck(_) => self.stuck -= 1,
            Phase::Completed | Phase::Compensated => {
                // They are forgotten in the order in which they ended, so it is the first one, mostly.
                let place = self.finished.iter().position(|other| *other == handle);
                place.and_then(|place| self.finished.remove(place));
            }
            Phase::Running | Phase::Undoing { .. } => {}
        }
        match phase {
            Phase::Stuck(_) => self.stuck += 1,
            Phase::Completed | Phase::Compensated => self.finished.push_back(handle),
            Phase::Running | Phase::Undoing { .. } => {}
        }
    }

    /// Arms a timer of the user's, or disarms it. There is a place for it, as was asked before.
    pub(super) fn set_timer(&mut self, handle: Handle, kind: M::Kind, due: Option<Tick>) {
        let Some(instance) = self.slab.get_mut(handle) else { return };
        let own = |timer: &&mut Option<(M::Kind, TimerId)>| timer.is_some_and(|(own, _)| own == kind);
        if let Some((_, id)) = instance.timers.iter_mut().find(own).and_then(Option::take) {
            self.wheel.cancel(id);
        }
        if let Some(due) = due
            && let Some(free) = instance.timers.iter_mut().find(|timer| timer.is_none())
        {
            *free = self.wheel.arm(due, Alarm::Timer(handle, kind)).ok().map(|id| (kind, id));
        }
    }
    /// Arms the one alarm of an instance anew.
    pub(super) fn set_alarm(&mut self, handle: Handle, due: Tick, alarm: Alarm<M::Kind>) {
        let Some(instance) = self.slab.get_mut(handle) else { return };
        self.wheel.cancel(instance.alarm);
        instance.alarm = self.wheel.arm(due, alarm).unwrap_or(TimerId::NONE);
    }
    /// Time brings nothing to it any more.
    pub(super) fn disarm(&mut self, handle: Handle) {
        let Some(instance) = self.slab.get_mut(handle) else { return };
        self.wheel.cancel(mem::take(&mut instance.alarm));
        for (_, id) in instance.timers.iter_mut().filter_map(Option::take) {
            self.wheel.cancel(id);
        }
    }
    /// What is due next, if it is at `now`.
    #[inline]
    pub(super) fn due(&mut self, now: Tick) -> Option<Alarm<M::Kind>> {
        self.wheel.peek(now).copied()
    }
    /// Takes out what `due` has shown.
    pub(super) fn take_due(&mut self, now: Tick) {
        if let Some(Alarm::Timer(handle, kind)) = self.wheel.pop(now)
            && let Some(instance) = self.slab.get_mut(handle)
            && let Some(timer) =
                instance.timers.iter_mut().find(|timer| timer.is_some_and(|(own, _)| own == kind))
        {
            *timer = None;
        }
    }
    pub(super) fn armed(&self) -> usize {
        self.wheel.len()
    }
    pub(super) fn next_deadline(&self) -> Option<Tick> {
        self.wheel.next_deadline()
    }
}
