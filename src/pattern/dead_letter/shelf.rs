//! Where events wait aside for their next attempt.
//!
//! ```text
//!  a timer each: in its time it is tried           others overtake, or, with keys, others of other keys
//!     |
//!  [ 7 ] <- [ 9 ] <- [ 12 ]     those of its key that came since, in their order: tried when it is settled
//!  [ 8 ]
//! ```

use super::case::Case;
use crate::contract::Tick;
use crate::ring::{CapacityError, Sequence};
use crate::table::{Handle, Index, Slab, Wheel};
use core::{mem, time::Duration};

/// A fixed number of places for events.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    /// By the index of a handle. What lies in a free place does not matter.
    events: Box<[T]>,
    waiting: Slab<Waiting>,
    timers: Wheel<Handle>,
    /// The one that is next, whatever the timers say.
    front: Option<(Handle, Showing)>,
    /// Where inner edits a copy of what is tried; where one is copied to before it has a place.
    desk: T,
    keys: Option<Keys<T>>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    seq: Sequence,
    /// None of one that was not tried yet.
    case: Option<Case>,
    key: u64,
    /// The next one of the key.
    behind: Handle,
}

/// What inner knows of the one that is next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Showing {
    /// Nothing, or all that it will know.
    Not,
    /// It had no room for it, and expects it before any other.
    Expected,
    /// It is at it just now. At any other time: it, or what wrote the letter, unwound.
    Now,
}

/// Which keys wait, each with the last one of it.
#[derive(Debug)]
struct Keys<T> {
    of: fn(&T) -> u64,
    last: Index<u64, Handle>,
}

impl<T> Shelf<T> {
    pub(super) fn new(places: usize, mut room: impl FnMut() -> T) -> Result<Self, CapacityError> {
        Ok(Self {
            waiting: Slab::new(places)?,
            timers: Wheel::new(places, Duration::ZERO)?,
            events: (0..places).map(|_| room()).collect(),
            front: None,
            desk: room(),
            keys: None,
        })
    }
    /// Those of one key, of at most `keys` at a time, keep their order.
    pub(super) fn by_key(mut self, keys: usize, of: fn(&T) -> u64) -> Result<Self, CapacityError> {
        self.keys = Some(Keys { of, last: Index::new(keys)? });
        Ok(self)
    }
    pub(super) const fn len(&self) -> u64 {
        self.waiting.len() as u64
    }
    pub(super) const fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
    /// An event may have to wait because of what is here.
    #[inline]
    pub(super) fn concerns_others(&self) -> bool {
        self.is_expected() || self.keys.as_ref().is_some_and(|keys| !keys.last.is_empty())
    }
    #[inline]
    pub(super) fn is_expected(&self) -> bool {
        matches!(self.front, Some((_, Showing::Expected)))
    }
    /// The key of `event`, if others of it wait.
    pub(super) fn parked(&self, event: &T) -> Option<u64> {
        let keys = self.keys.as_ref()?;
        let key = (keys.of)(event);
        keys.last.get(&key).map(|_| key)
    }
    /// The one that unwound when it was tried last.
    pub(super) fn unwound(&mut self) -> Option<Handle> {
        self.front.take_if(|(_, showing)| *showing == Showing::Now).map(|(handle, _)| handle)
    }
    /// Takes out the one that is next, and says whether inner expects it. Those that are due only if they `may` be tried.
    pub(super) fn next(&mut self, now: Tick, may: bool) -> Option<(Handle, bool)> {
        if let Some((handle, showing)) = self.front.take() {
            return Some((handle, showing == Showing::Expected));
        }
        if !may {
            return None;
        }
        self.timers.pop(now).map(|handle| (handle, false))
    }
    /// The event, the desk, and what is known. Whoever asked puts it back, keeps it on or releases it.
    pub(super) fn work_on(&mut self, handle: Handle) -> Option<(&mut T, &mut T, Sequence, Option<Case>)> {
        let waiting = self.waiting.get(handle)?;
        self.front = Some((handle, Showing::Now));
        Some((&mut self.events[handle.index()], &mut self.desk, waiting.seq, waiting.case))
    }
    /// It is next again.
    pub(super) fn put_back(&mut self, handle: Handle, case: Option<Case>, showing: Showing) {
        if let Some(waiting) = self.waiting.get_mut(handle) {
            waiting.case = case;
        }
        self.front = Some((handle, showing));
    }
    /// It is tried again at `due`.
    pub(super) fn keep_on(&mut self, handle: Handle, case: Case, due: Tick) {
        if let Some(waiting) = self.waiting.get_mut(handle) {
            waiting.case = Some(case);
        }
        self.front = None;
        self.arm(handle, due);
    }
    /// It is settled: its place is free, and the next of its key is due.
    pub(super) fn release(&mut self, handle: Handle, now: Tick) {
        self.front = None;
        let Some(Waiting { key, behind, .. }) = self.waiting.remove(handle) else { return };
        if behind != Handle::NONE {
            self.arm(behind, now);
        } else if let Some(keys) = &mut self.keys {
            keys.last.remove(&key);
        }
    }
    fn arm(&mut self, handle: Handle, due: Tick) {
        let armed = self.timers.arm(due, handle);
        debug_assert!(armed.is_ok(), "as many timers as places");
    }
}

impl<T: Clone> Shelf<T> {
    /// Keeps a copy of `event`, which has failed, to be tried at `due`; false if there is no room for it, or its key.
    pub(super) fn keep(&mut self, event: &T, seq: Sequence, case: Case, due: Tick) -> bool {
        let key = self.keys.as_ref().map_or(0, |keys| (keys.of)(event));
        if self.keys.as_ref().is_some_and(|keys| keys.last.is_full()) {
            return false;
        }
        let Some(handle) = self.put(event, Waiting { seq, case: Some(case), key, behind: Handle::NONE })
        else {
            return false;
        };
        if let Some(keys) = &mut self.keys {
            let fresh = keys.last.insert(key, handle);
            debug_assert_eq!(fresh, Ok(None), "those of a key that waits are not tried");
        }
        self.arm(handle, due);
        true
    }
    /// Keeps a copy of `event` behind the others of its key, which wait; false if there is no room.
    pub(super) fn park(&mut self, event: &T, key: u64, seq: Sequence) -> bool {
        let Some(handle) = self.put(event, Waiting { seq, case: None, key, behind: Handle::NONE }) else {
            return false;
        };
        let last = self.keys.as_mut().and_then(|keys| keys.last.get_mut(&key));
        if let Some(before) = last.map(|last| mem::replace(last, handle))
            && let Some(before) = self.waiting.get_mut(before)
        {
            before.behind = handle;
        }
        true
    }
    fn put(&mut self, event: &T, waiting: Waiting) -> Option<Handle> {
        if self.waiting.is_full() {
            return None;
        }
        // By way of the desk: if the copy unwinds, nobody has a place.
        self.desk.clone_from(event);
        let handle = self.waiting.insert(waiting).ok()?;
        mem::swap(&mut self.desk, &mut self.events[handle.index()]);
        Some(handle)
    }
}
