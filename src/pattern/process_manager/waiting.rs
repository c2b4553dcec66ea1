//! Events that came too early.

use super::Machine;
use crate::contract::{Reason, Tick};

/// In the order in which they came. It is meant for few: looking one up is a walk over all of them.
pub(super) struct Waiting<M: Machine> {
    held: Vec<Held<M>>,
    capacity: usize,
    /// Those whose time has come: their process has begun, or has gone on.
    ready: usize,
    /// When the first one expires, or before.
    earliest: Tick,
}

pub(super) struct Held<M: Machine> {
    pub(super) event: M::Event,
    /// Its process was there, and has noted whose event it is.
    pub(super) noted: bool,
    key: M::Key,
    until: Tick,
    ready: bool,
}

impl<M: Machine> Waiting<M> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { held: Vec::with_capacity(capacity), capacity, ready: 0, earliest: Tick::MAX }
    }
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }
    #[inline]
    pub(super) fn is_ready(&self) -> bool {
        self.ready > 0
    }
    /// When to look whether one has expired.
    pub(super) fn earliest(&self) -> Tick {
        self.earliest
    }
    /// Whether one of them will expire.
    pub(super) fn expires(&self) -> bool {
        self.earliest != Tick::MAX
    }
    /// No more than `capacity`: false if there is no room.
    pub(super) fn hold(&mut self, event: &M::Event, noted: bool, until: Tick) -> bool {
        let room = self.held.len() < self.capacity;
        if room {
            let key = M::key(event);
            self.held.push(Held { event: event.clone(), noted, key, until, ready: false });
            self.earliest = self.earliest.min(until);
        }
        room
    }
    /// The process of `key` goes on.
    #[inline]
    pub(super) fn wake(&mut self, key: &M::Key) {
        for held in self.held.iter_mut().filter(|held| held.key == *key && !held.ready) {
            held.ready = true;
            self.ready += 1;
        }
    }
    /// Takes out the first one whose process goes on.
    pub(super) fn take(&mut self) -> Option<Held<M>> {
        let place = self.held.iter().position(|held| held.ready)?;
        self.ready -= 1;
        Some(self.held.remove(place))
    }
    /// The process of `key` has ended: drops what waits for it, and tells each.
    pub(super) fn forget(&mut self, key: &M::Key, mut dropped: impl FnMut(Reason)) {
        let Self { held, ready, .. } = self;
        held.retain(|held| {
            let stays = held.key != *key;
            if !stays {
                *ready -= usize::from(held.ready);
                dropped(Reason::Late);
            }
            stays
        });
    }
    /// Drops those that nobody began a process for in time, and tells each.
    #[inline]
    pub(super) fn expire(&mut self, now: Tick, mut dropped: impl FnMut(Reason)) {
        if now < self.earliest || self.held.is_empty() {
            return;
        }
        self.earliest = Tick::MAX;
        let earliest = &mut self.earliest;
        self.held.retain(|held| {
            let stays = held.ready || held.until == Tick::MAX || held.until > now;
            if stays {
                *earliest = held.until.min(*earliest);
            } else {
                dropped(Reason::Expired);
            }
            stays
        });
    }
}
