//! Where events wait for their turn, and the order they leave in.
//!
//! ```text
//!            next         next + due                    next + size
//!             |  decided: held |   not decided yet: held     |
//!   went on   |  or a gap      |   or a hole                 |   beyond
//! ------------+----------------+-----------------------------+----------
//! ```
//! Positions count on in 64 bits where the numbers wrap earlier; a number is the lower bits of its position.

use super::lent::{Lay, Out};
use super::window::Window;
use super::{Missing, Ordered};
use crate::contract::{At, Flow, Halt, Ledger, Reason, Tick};
use crate::ring::Sequence;
use core::mem;

#[derive(Debug)]
pub(super) struct Shelf<T> {
    slots: Box<[Slot<T>]>,
    /// Which slots hold an event.
    window: Window,
    /// The bits of a number.
    numbers: u64,
    /// The position that goes on next.
    pub(super) next: u64,
    /// So many positions from `next` on are decided: what is held goes on, what is not is a gap.
    due: u64,
    pub(super) held: u64,
    /// What is held goes on as strays, for this reason.
    pub(super) giving_up: Option<Reason>,
    /// The front is at the stage after just now. True at any other time: that stage unwound on it.
    shown: bool,
    /// Since when the hole at `next` is waited for. None while nobody waits for it.
    pub(super) clock: Option<Tick>,
    /// How often it was asked for.
    pub(super) asked: u32,
    /// The place of the last event that came out of order; that of a gap, too, as it has none of its own.
    pub(super) last: Sequence,
}

#[derive(Debug)]
struct Slot<T> {
    event: T,
    seq: Sequence,
    since: Tick,
}

/// What leaves next.
#[derive(Clone, Copy)]
enum Front {
    /// The event so far ahead.
    Event(u64),
    /// A gap of so many numbers.
    Gap(u64),
}

impl<T> Shelf<T> {
    /// `size` is a power of two, and at most half of the numbers, of which there are `numbers + 1`.
    pub(super) fn new(size: usize, numbers: u64, mut room: impl FnMut() -> T) -> Self {
        let slot = |_| Slot { event: room(), seq: Sequence::ZERO, since: Tick::ZERO };
        Self {
            slots: (0..size).map(slot).collect(),
            window: Window::new(size),
            numbers,
            next: 0,
            due: 0,
            held: 0,
            giving_up: None,
            shown: false,
            clock: None,
            asked: 0,
            last: Sequence::ZERO,
        }
    }
    pub(super) const fn size(&self) -> u64 {
        self.window.size()
    }
    /// The number of the position that goes on next.
    #[inline]
    pub(super) const fn number(&self) -> u64 {
        self.next & self.numbers
    }
    /// How far ahead of `next` a number is; nothing if it is behind.
    #[inline]
    pub(super) const fn ahead(&self, number: u64) -> Option<u64> {
        let ahead = number.wrapping_sub(self.next) & self.numbers;
        if ahead <= self.numbers / 2 { Some(ahead) } else { None }
    }
    /// Nothing is held, decided or waited for.
    #[inline]
    pub(super) const fn is_clear(&self) -> bool {
        self.held == 0 && self.due == 0 && self.clock.is_none()
    }
    /// Something is decided and did not go on yet.
    pub(super) const fn is_behind(&self) -> bool {
        self.due != 0 || self.held != 0
    }
    #[inline]
    pub(super) fn holds(&self, ahead: u64) -> bool {
        self.window.is_marked(self.next.wrapping_add(ahead))
    }
    /// How far ahead the first event is that is held.
    pub(super) fn first_held(&self) -> Option<u64> {
        self.window.first_marked(self.next, self.size())
    }
    /// The first `count` numbers from `next` on.
    pub(super) fn missing(&self, count: u64) -> Missing {
        let last = self.next.wrapping_add(count - 1);
        Missing { from: self.number(), to: last & self.numbers }
    }
    /// Moves `next` back to `number`, which is behind it, unless what is held would not fit any more.
    pub(super) fn reach_back(&mut self, number: u64) -> bool {
        let back = self.next.wrapping_sub(number) & self.numbers;
        let end = self.next.wrapping_add(self.size());
        if back >= self.size() || self.window.first_marked(end.wrapping_sub(back), back).is_some() {
            return false;
        }
        self.next = self.next.wrapping_sub(back);
        true
    }
    /// Puts an event into its slot, which is free.
    #[inline]
    pub(super) fn hold(&mut self, ahead: u64, event: impl Lay<T>, at: At) {
        let position = self.next.wrapping_add(ahead);
        let slot = &mut self.slots[self.window.index(position)];
        event.lay(&mut slot.event);
        slot.seq = at.seq;
        slot.since = at.now;
        self.window.mark(position);
        self.held += 1;
        self.last = at.seq;
    }
    /// Puts an event into its slot, which holds one with the same number.
    pub(super) fn replace(&mut self, ahead: u64, event: impl Lay<T>, at: At) {
        let slot = &mut self.slots[self.window.index(self.next.wrapping_add(ahead))];
        event.lay(&mut slot.event);
        slot.seq = at.seq;
    }
    /// Decides that the next `count` numbers are given up, as far as they are not held.
    pub(super) fn give_up(&mut self, count: u64) {
        self.due = count;
    }
    /// `count` positions are done with. The hole that was waited for, if any, is another one now.
    #[inline]
    pub(super) fn step(&mut self, count: u64) {
        self.next = self.next.wrapping_add(count);
        self.due = self.due.saturating_sub(count);
        self.clock = None;
        self.asked = 0;
    }

    /// Brings on what is decided, and all events that follow without a hole, as far as `out` takes them.
    ///
    /// # Errors
    /// `Again` if it did not take all; what it was shown last comes first in the next call. `Stop`.
    #[inline]
    pub(super) fn release<E>(&mut self, now: Tick, ledger: &mut Ledger, out: &mut impl Out<T, E>) -> Flow {
        if mem::take(&mut self.shown) {
            self.unwound(ledger);
        }
        while let Some(front) = self.front() {
            self.shown = true;
            let flow = self.show(front, now, out);
            self.shown = false;
            match flow {
                Err(Halt::Again) => return flow,
                Err(Halt::Reject(fault)) => ledger.dropped(fault.reason),
                Ok(()) | Err(Halt::Stop) => ledger.passed(1),
            }
            self.remove(front, ledger);
            if flow == Err(Halt::Stop) {
                return flow;
            }
        }
        if self.clock.is_none() && self.held != 0 {
            let right_behind = self.first_held().unwrap_or(0);
            let slot = self.window.index(self.next.wrapping_add(right_behind));
            self.clock = Some(self.slots[slot].since);
        }
        Ok(())
    }
    #[inline]
    fn front(&self) -> Option<Front> {
        if self.giving_up.is_some() {
            return self.first_held().map(Front::Event);
        }
        if self.holds(0) {
            return Some(Front::Event(0));
        }
        let gap = |due| self.window.first_marked(self.next, due).unwrap_or(due);
        (self.due != 0).then(|| Front::Gap(gap(self.due)))
    }
    #[inline]
    fn show<E>(&mut self, front: Front, now: Tick, out: &mut impl Out<T, E>) -> Flow {
        match front {
            Front::Event(ahead) => {
                let slot = &mut self.slots[self.window.index(self.next.wrapping_add(ahead))];
                let item = match self.giving_up {
                    None => Ordered::Event(&mut slot.event),
                    Some(why) => Ordered::Stray(&mut slot.event, why),
                };
                out.held(item, At { seq: slot.seq, now })
            }
            Front::Gap(count) => out.held(Ordered::Gap(self.missing(count)), At { seq: self.last, now }),
        }
    }
    #[inline]
    fn remove(&mut self, front: Front, ledger: &mut Ledger) {
        match front {
            Front::Event(ahead) => {
                self.window.clear(self.next.wrapping_add(ahead));
                self.held -= 1;
                ledger.holds(self.held);
                self.step(ahead + 1);
            }
            Front::Gap(count) => {
                ledger.generated(1);
                self.step(count);
            }
        }
    }
    /// The stage after unwound on the front: it is not shown again.
    #[cold]
    fn unwound(&mut self, ledger: &mut Ledger) {
        if let Some(front) = self.front() {
            ledger.dropped(Reason::Panic);
            self.remove(front, ledger);
        }
    }
    /// Books what is still held, at the very end.
    pub(super) fn close(&mut self, ledger: &mut Ledger) {
        if mem::take(&mut self.shown) {
            self.unwound(ledger);
        }
        for _ in 0..mem::take(&mut self.held) {
            ledger.dropped(Reason::Shutdown);
        }
        ledger.holds(0);
    }
}
