//! Where events wait for their turn, and the order they leave in.
//!
//! ```text
//!            next         next + due                    next + window
//!             |  decided: held |   not decided yet: held     |
//!   went on   |  or a gap      |   or a hole                 |   beyond
//! ------------+----------------+-----------------------------+----------
//! ```
//! Positions count on in 64 bits where the numbers wrap earlier; a number is the lower bits of its position.

use super::Missing;
use super::lent::Lay;
use crate::contract::{At, Flow, Halt, Reason, Tick};
use crate::ring::{CapacityError, Sequence};
use crate::table::{Mark, Window};
use core::mem;

#[derive(Debug)]
pub(super) struct Shelf<T> {
    /// A window of them: the one of a position is that of its lower bits.
    slots: Box<[Slot<T>]>,
    /// Which of them hold an event, and the position that goes on next.
    pub(super) window: Window,
    /// The bits of a number.
    numbers: u64,
    /// So many positions from the next one on are decided: what is held goes on, what is not is a gap.
    pub(super) due: u64,
    /// What is held goes on as strays, for this reason.
    pub(super) giving_up: Option<Reason>,
    /// The front is at the stage after just now. True at any other time: that stage unwound on it.
    pub(super) shown: bool,
    /// Since when the hole at the next position is waited for. None while nobody waits for it.
    pub(super) clock: Option<Tick>,
    /// The last request for a hole at the front.
    pub(super) asked: Asked,
    /// The place of the last event that came out of order; that of a gap, too, as it has none of its own.
    pub(super) last: Sequence,
}

/// A request for what is missing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// How often it was made; 0 is never.
    pub(super) times: u32,
    at: Tick,
    /// The position behind what was asked for.
    end: u64,
}

#[derive(Debug)]
pub(super) struct Slot<T> {
    pub(super) event: T,
    pub(super) seq: Sequence,
    pub(super) since: Tick,
}

impl<T> Shelf<T> {
    /// `size` is at most half of the numbers, of which there are `numbers + 1`.
    pub(super) fn new(
        size: usize,
        first: u64,
        numbers: u64,
        mut room: impl FnMut() -> T,
    ) -> Result<Self, CapacityError> {
        let window = Window::new(size, first)?;
        let slot = |_| Slot { event: room(), seq: Sequence::ZERO, since: Tick::ZERO };
        Ok(Self {
            slots: (0..size).map(slot).collect(),
            window,
            numbers,
            due: 0,
            giving_up: None,
            shown: false,
            clock: None,
            asked: Asked { times: 0, at: Tick::ZERO, end: first },
            last: Sequence::ZERO,
        })
    }
    /// Begins anew with `first`. Nothing is held.
    pub(super) fn restart(&mut self, first: u64) {
        self.window.reset(first);
        (self.due, self.giving_up, self.shown, self.clock) = (0, None, false, None);
        self.asked = Asked { times: 0, at: Tick::ZERO, end: first };
    }
    pub(super) const fn size(&self) -> u64 {
        self.window.width()
    }
    pub(super) const fn held(&self) -> u64 {
        self.window.len()
    }
    /// The number that goes on next.
    #[inline]
    pub(super) const fn next(&self) -> u64 {
        self.window.next() & self.numbers
    }
    /// How far ahead of the next number another one is; nothing if it is behind.
    #[inline]
    pub(super) const fn ahead(&self, number: u64) -> Option<u64> {
        let ahead = number.wrapping_sub(self.window.next()) & self.numbers;
        if ahead <= self.numbers / 2 { Some(ahead) } else { None }
    }
    /// Nothing is held, decided or waited for.
    #[inline]
    pub(super) const fn is_clear(&self) -> bool {
        self.window.is_empty() && self.due == 0 && self.clock.is_none()
    }
    /// Something did not go on yet.
    pub(super) const fn is_behind(&self) -> bool {
        self.due != 0 || !self.window.is_empty()
    }
    #[inline]
    pub(super) fn holds(&self, ahead: u64) -> bool {
        self.window.is_marked(self.position(ahead))
    }
    /// How far ahead the first event is that is held.
    pub(super) fn first_held(&self) -> Option<u64> {
        Some(self.window.first_marked()?.wrapping_sub(self.window.next()))
    }
    /// The first `count` numbers from the next one on.
    pub(super) fn missing(&self, count: u64) -> Missing {
        Missing { from: self.next(), to: self.position(count - 1) & self.numbers }
    }
    /// Nothing came yet: this number is the first.
    pub(super) fn begin(&mut self, number: u64) {
        self.window.reset(number);
    }
    /// Goes back to `number`, which is behind, unless what is held would not fit any more.
    pub(super) fn reach_back(&mut self, number: u64) -> bool {
        let back = self.window.next().wrapping_sub(number) & self.numbers;
        self.window.reach_back(self.window.next().wrapping_sub(back))
    }
    /// Puts an event into its slot, which is free.
    #[inline]
    pub(super) fn hold(&mut self, ahead: u64, event: impl Lay<T>, at: At) {
        let position = self.position(ahead);
        let slot = self.slot(position);
        event.lay(&mut slot.event);
        slot.seq = at.seq;
        slot.since = at.now;
        let mark = self.window.mark(position);
        debug_assert_eq!(mark, Mark::Fresh);
        self.last = at.seq;
    }
    /// Puts an event into its slot, which holds one with the same number.
    pub(super) fn replace(&mut self, ahead: u64, event: impl Lay<T>, at: At) {
        let slot = self.slot(self.position(ahead));
        event.lay(&mut slot.event);
        slot.seq = at.seq;
    }
    /// Decides that the next `count` numbers are given up, as far as they are not held.
    pub(super) fn give_up(&mut self, count: u64) {
        self.due = count;
    }
    /// The hole at the front is waited for, if nobody does yet. What is left of one that was asked for was asked for, too:
    /// else each number that comes of it would make a request for the rest.
    #[inline]
    pub(super) fn wait_since(&mut self, since: Tick) {
        if self.clock.is_none() {
            let left = self.asked.end.wrapping_sub(self.window.next()).cast_signed();
            let known = self.asked.times != 0 && left > 0;
            if !known {
                self.asked.times = 0;
            }
            self.clock = Some(if known { self.asked.at } else { since });
        }
    }
    /// The first `count` numbers are asked for once more.
    pub(super) fn ask(&mut self, count: u64, now: Tick) {
        self.asked = Asked { times: self.asked.times + 1, at: now, end: self.position(count) };
        self.clock = Some(now);
    }
    /// `give` gives on the event in hand, which has the next number; that is used up then, also if it unwinds, but not if
    /// the event comes again. Nothing is waited for, or left to decide.
    #[inline]
    pub(super) fn pass(&mut self, give: impl FnOnce() -> Flow) -> Flow {
        debug_assert!(self.due == 0 && self.clock.is_none());
        let used_up = UsedUp(&mut self.window);
        let flow = give();
        if flow == Err(Halt::Again) {
            mem::forget(used_up);
        }
        flow
    }

    #[inline]
    pub(super) const fn position(&self, ahead: u64) -> u64 {
        self.window.next().wrapping_add(ahead)
    }
    #[inline]
    pub(super) fn slot(&mut self, position: u64) -> &mut Slot<T> {
        let index = position & (self.slots.len() as u64 - 1);
        &mut self.slots[index as usize]
    }
    /// `count` positions are done with. The hole that was waited for, if any, is another one now.
    #[inline]
    pub(super) fn step(&mut self, count: u64) {
        self.window.skip_to(self.position(count));
        self.stepped(count);
    }
    #[inline(always)]
    pub(super) fn stepped(&mut self, count: u64) {
        self.due = self.due.saturating_sub(count);
        self.clock = None;
    }
}

/// Steps over the number of the event in hand when it is dropped.
struct UsedUp<'w>(&'w mut Window);

impl Drop for UsedUp<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.step_unmarked();
    }
}
