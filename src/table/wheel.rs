//! A hierarchical timer wheel: items that come out when their time has come, in its order.
//!
//! ```text
//!   time in steps, in groups of six bits           ... |  0  |  2  | 61  |     now
//!                                                            |     |
//!   level 0: one step a list       62 63    <----------------|-----+  the rest of this 64
//!   level 1: 64 steps a list       3 4 .. 63     <-----------+        the rest of this 4,096
//!   level 2: 4,096 steps a list    1 2 .. 63                          and so on, for all 64 bits: 11 levels
//! ```
//!
//! A timer lies at the level of the highest group in which its time differs from now, in the list of its value there. So
//! nothing lies behind now, nothing is too far away, and the first list that is not empty, of the lowest level that is not
//! empty, has the earliest timers: two bitmaps tell which. When now comes to a list of a higher level, its timers move
//! down. It is a radix heap (Ahuja, Mehlhorn, Orlin, Tarjan 1990) in the shape of the wheels of Varghese and Lauck (1987).
//!
//! ```
//! use ringmain::contract::Tick;
//! use ringmain::table::Wheel;
//! use std::time::Duration;
//!
//! let mut wheel = Wheel::new(8, Duration::from_micros(1))?;
//! let now = Tick::ZERO;
//! let second = wheel.arm(now.after(Duration::from_millis(2)), "two").expect("room for 8");
//! wheel.arm(now.after(Duration::from_millis(1)), "one").expect("room for 8");
//! assert_eq!(wheel.pop(now), None);
//!
//! let later = now.after(Duration::from_secs(3600));
//! assert_eq!(wheel.pop(later), Some("one"));
//! assert_eq!(wheel.cancel(second), Some("two"));
//! assert_eq!(wheel.pop(later), None);
//! # Ok::<(), ringmain::ring::CapacityError>(())
//! ```

use super::{Handle, Slab, room_for};
use crate::contract::Tick;
use crate::ring::CapacityError;
use core::time::Duration;

/// Bits of the time that one level tells apart: as many lists as a word has bits.
const BITS: u32 = 6;
/// Lists of a level.
const LISTS: usize = 1 << BITS;
/// Enough for all 64 bits of the time.
const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;

/// One timer of a [`Wheel`], to [`cancel`](Wheel::cancel) it. It matches no other one, as a [`Handle`] does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct TimerId(Handle);

impl TimerId {
    /// The id that never matches a timer.
    pub const NONE: Self = Self(Handle::NONE);
}

/// Up to `capacity` items with a deadline each.
///
/// | rule | promise                                                                                                       |
/// |------|---------------------------------------------------------------------------------------------------------------|
/// | T1   | never early: what [`Wheel::pop`] gives for `now` has a deadline of `now` or before                              |
/// | T2   | in the first call with `now` at its deadline, or less than one step of the resolution behind; exact at 1 ns     |
/// | T3   | in the order of the deadlines rounded up to steps; those of one step in the order in which they were armed      |
/// | T4   | a deadline that has passed already is taken as the time of the last call: it comes out behind all that were due |
/// | T5   | a clock that goes back is followed: what was armed waits until the clock is there again, what is armed then is  |
/// |      | timed by the clock as it is then                                                                                |
///
/// Costs: arming and cancelling touch one list. A timer moves down once a level at most, so 10 times in its life, and not
/// at all in the usual case, that it is cancelled before. A call that finds nothing due looks at one bitmap; one that comes
/// hours later skips what is empty, whatever the time between. One call may move many timers, those of one list. A step
/// back of the clock costs a visit to each list that is not empty below the level of the step, 640 at most, and lets the
/// timers in them move down once more. No allocation after construction, no clock, no shared memory.
#[derive(Clone, Debug)]
pub struct Wheel<T> {
    items: Slab<T>,
    /// Of each item, by its index.
    links: Box<[Link]>,
    /// The first timer of each list, level by level; means something only where [`Self::filled`] has a bit.
    heads: Box<[u32]>,
    /// Of each level, the lists that are not empty.
    filled: [u64; LEVELS],
    /// The levels that are not empty.
    levels: u32,
    /// The step that the lists are laid out around: no timer is due before it. At most `now`.
    base: u64,
    /// The step of the last call.
    now: u64,
    /// Nanoseconds of a step, as a power of two.
    shift: u32,
}

/// A place in a list, which is a circle: the last one is before the first.
#[derive(Clone, Copy, Debug)]
struct Link {
    due: u64,
    before: u32,
    behind: u32,
}

impl<T> Wheel<T> {
    /// An empty wheel for `capacity` timers, any number from 1 to [`Slab::MAX_CAPACITY`], that tells times apart which
    /// differ by `resolution`. That is rounded down to a power of two in nanoseconds, and is at least 1 ns. The coarser it
    /// is, the less often a timer moves. Allocates, for the last time.
    ///
    /// # Errors
    /// [`CapacityError`] if the capacity is zero or too large.
    pub fn new(capacity: usize, resolution: Duration) -> Result<Self, CapacityError> {
        let items = Slab::new(capacity)?;
        let mut links = room_for(capacity, capacity)?;
        links.resize(capacity, Link { due: 0, before: 0, behind: 0 });
        Ok(Self {
            items,
            links: links.into_boxed_slice(),
            heads: vec![0; LEVELS * LISTS].into_boxed_slice(),
            filled: [0; LEVELS],
            levels: 0,
            base: 0,
            now: 0,
            shift: u64::try_from(resolution.as_nanos()).unwrap_or(u64::MAX).max(1).ilog2(),
        })
    }
    /// Keeps `item` until `deadline`. Constant time.
    ///
    /// # Errors
    /// The item itself, if there are `capacity` timers already: cancel one, or refuse the message that the timer is for.
    #[inline]
    pub fn arm(&mut self, deadline: Tick, item: T) -> Result<TimerId, T> {
        let id = self.items.insert(item)?;
        let begun = deadline.nanos() >> self.shift;
        // Up to the next step, as a timer is never early. There is one above, as only a step of 1 ns can be the last one.
        let due = begun + u64::from(begun << self.shift != deadline.nanos());
        self.links[id.index()].due = due.max(self.now);
        self.append(id.index() as u32);
        Ok(TimerId(id))
    }
    /// Takes the item back before its time; nothing if it came out already. Constant time.
    #[inline]
    pub fn cancel(&mut self, id: TimerId) -> Option<T> {
        let item = self.items.remove(id.0)?;
        self.unlink(id.0.index() as u32);
        Some(item)
    }
    /// Takes out the next item whose time has come at `now`. To be called until it says no; between the calls timers may
    /// be armed and cancelled. Constant time, as an average over the life of a timer.
    ///
    /// An item that is armed anew for a time that has passed comes out in the same round again. Who does that bounds the
    /// round by [`len`](Self::len): by rule T4, all timers that were due at the beginning are among the first `len`.
    ///
    /// ```
    /// # use ringmain::{contract::Tick, table::Wheel};
    /// # use std::time::Duration;
    /// # let mut wheel = Wheel::new(8, Duration::ZERO)?;
    /// # let now = Tick::from_nanos(5);
    /// # wheel.arm(Tick::ZERO, 'a').expect("room for 8");
    /// for _ in 0..wheel.len() {
    ///     let Some(item) = wheel.pop(now) else { break };
    ///     let _ = wheel.arm(now, item); // comes out in the next round
    /// }
    /// # Ok::<(), ringmain::ring::CapacityError>(())
    /// ```
    #[inline]
    pub fn pop(&mut self, now: Tick) -> Option<T> {
        let first = self.first(now)?;
        self.unlink(first);
        self.items.remove(self.items.handle_at(first as usize)?)
    }
    /// What [`pop`](Self::pop) would take out: for those who have to find room for it first.
    #[inline]
    pub fn peek(&mut self, now: Tick) -> Option<&T> {
        let first = self.first(now)?;
        self.items.get(self.items.handle_at(first as usize)?)
    }
    /// When to call [`pop`](Self::pop) next; nothing if no timer is armed. Constant time.
    ///
    /// Never later than the earliest timer comes out. Exact if that is within the next 64 steps or so (in the same 64, to be
    /// precise); else the beginning of the list it lies in, and a thread that sleeps until then wakes up early, but no
    /// more than once a level: 10 times.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        let (_, _, step) = self.earliest()?;
        let last = u64::MAX >> self.shift;
        Some(if step > last { Tick::MAX } else { Tick::from_nanos(step << self.shift) })
    }
    /// What two times have to differ by to be told apart: what was asked for, rounded down to a power of two.
    #[must_use]
    pub const fn resolution(&self) -> Duration {
        Duration::from_nanos(1 << self.shift)
    }
    /// How many timers are armed.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.items.len()
    }
    /// Whether none is.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
    /// How many there is room for.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.items.capacity()
    }
    /// Whether the next [`arm`](Self::arm) fails.
    #[inline]
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.items.is_full()
    }

    /// The index of the first timer that is due at `now`.
    #[inline]
    fn first(&mut self, now: Tick) -> Option<u32> {
        // The end of time is behind the last step, so that every timer comes out there.
        let last = u64::from(now == Tick::MAX && self.shift != 0);
        self.now = (now.nanos() >> self.shift) + last;
        if self.now < self.base {
            self.go_back();
        }
        while let Some((level, list, begins)) = self.earliest()
            && begins <= self.now
        {
            self.base = begins;
            if level == 0 {
                return Some(self.heads[list]);
            }
            self.move_down(level, list);
        }
        self.base = self.now;
        None
    }
    /// The level and list of the earliest timers, and the step at which that list begins.
    #[inline]
    fn earliest(&self) -> Option<(usize, usize, u64)> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros();
        let list = self.filled[level as usize].trailing_zeros();
        let above = u64::MAX.checked_shl(BITS * (level + 1)).unwrap_or(0);
        Some((level as usize, list as usize, self.base & above | u64::from(list) << (BITS * level)))
    }
    /// Lays the timers of a list out around `base`, which is where that list begins.
    fn move_down(&mut self, level: usize, list: usize) {
        let mut index = self.take_list(level, list);
        let last = self.links[index as usize].before;
        loop {
            let behind = self.links[index as usize].behind;
            self.append(index);
            if index == last {
                return;
            }
            index = behind;
        }
    }
    /// Lays the timers out around `now`, which is before `base`.
    #[cold]
    fn go_back(&mut self) {
        // Seen from `now`, all that lies nearer to `base` than that level differs first in that group, and has the value
        // of `base` there; the list for it is empty, as no timer is due before `base`.
        let level = self.level_of(self.now);
        let list = value_of(self.base, level);
        for nearer in 0..level {
            while self.filled[nearer] != 0 {
                let moved = self.take_list(nearer, self.filled[nearer].trailing_zeros() as usize);
                self.join(level, list, moved);
            }
        }
        self.base = self.now;
    }
    /// Puts one timer at the end of the list of its time.
    #[inline]
    fn append(&mut self, index: u32) {
        let link = &mut self.links[index as usize];
        (link.before, link.behind) = (index, index);
        let due = link.due;
        let level = self.level_of(due);
        self.join(level, value_of(due, level), index);
    }
    /// Takes one timer out of its list.
    #[inline]
    fn unlink(&mut self, index: u32) {
        let Link { due, before, behind } = self.links[index as usize];
        let level = self.level_of(due);
        let list = value_of(due, level);
        if behind == index {
            self.take_list(level, list);
            return;
        }
        self.links[before as usize].behind = behind;
        self.links[behind as usize].before = before;
        let head = &mut self.heads[level * LISTS + list];
        if *head == index {
            *head = behind;
        }
    }
    /// Puts the circle that begins with `head` behind what is in a list.
    #[inline]
    fn join(&mut self, level: usize, list: usize, head: u32) {
        let place = level * LISTS + list;
        if self.filled[level] >> list & 1 == 0 {
            self.heads[place] = head;
            self.filled[level] |= 1 << list;
            self.levels |= 1 << level;
            return;
        }
        let first = self.heads[place];
        let (last, end) = (self.links[first as usize].before, self.links[head as usize].before);
        self.links[last as usize].behind = head;
        self.links[head as usize].before = last;
        self.links[end as usize].behind = first;
        self.links[first as usize].before = end;
    }
    /// Empties a list that is not empty. Gives the head of what was in it.
    #[inline]
    fn take_list(&mut self, level: usize, list: usize) -> u32 {
        self.filled[level] &= !(1 << list);
        if self.filled[level] == 0 {
            self.levels &= !(1 << level);
        }
        self.heads[level * LISTS + list]
    }
    /// The highest group of bits in which `step` differs from `base`.
    #[inline]
    const fn level_of(&self, step: u64) -> usize {
        (((step ^ self.base) | 1).ilog2() / BITS) as usize
    }
}

/// The value of `step` in one group of bits: its list at that level.
#[inline]
const fn value_of(step: u64, level: usize) -> usize {
    (step >> (BITS * level as u32)) as usize % LISTS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every timer is in the list of its time, none is due before `base`, and the bitmaps tell the truth.
    fn check<T>(wheel: &Wheel<T>) {
        assert!(wheel.base <= wheel.now);
        let mut timers = 0;
        for level in 0..LEVELS {
            assert_eq!(wheel.levels >> level & 1 == 1, wheel.filled[level] != 0);
            for list in (0..LISTS).filter(|list| wheel.filled[level] >> list & 1 == 1) {
                let head = wheel.heads[level * LISTS + list];
                let mut index = head;
                loop {
                    let Link { due, before: _, behind } = wheel.links[index as usize];
                    assert!(due >= wheel.base);
                    assert_eq!((wheel.level_of(due), value_of(due, wheel.level_of(due))), (level, list));
                    assert_eq!(wheel.links[behind as usize].before, index);
                    timers += 1;
                    index = behind;
                    if index == head {
                        break;
                    }
                }
            }
        }
        assert_eq!(timers, wheel.len());
    }

    fn at(nanos: u64) -> Tick {
        Tick::from_nanos(nanos)
    }

    #[test]
    fn every_level_is_used_and_left_in_order() {
        let mut wheel = Wheel::new(64, Duration::ZERO).unwrap();
        for bit in (0..64).rev() {
            wheel.arm(at(1 << bit), bit).unwrap();
        }
        check(&wheel);
        assert_eq!(wheel.levels, (1 << LEVELS) - 1);
        for bit in 0..64 {
            assert_eq!(wheel.pop(at((1 << bit) - 1)), None);
            check(&wheel);
            assert_eq!(wheel.pop(at(1 << bit)), Some(bit));
            check(&wheel);
        }
        assert_eq!((wheel.len(), wheel.levels), (0, 0));
    }

    #[test]
    fn the_lists_are_laid_out_anew_when_the_clock_goes_back() {
        let mut wheel = Wheel::new(16, Duration::ZERO).unwrap();
        assert_eq!(wheel.pop(at(1 << 20)), None);
        for n in 0..10 {
            wheel.arm(at((1 << 20) + (1 << n)), n).unwrap();
        }
        for now in [(1 << 20) - 1, 4096, 63, 0] {
            assert_eq!(wheel.pop(at(now)), None);
            check(&wheel);
            assert_eq!(wheel.base, now);
        }
        for n in 0..10 {
            assert_eq!(wheel.pop(at((1 << 20) + (1 << n) - 1)), None);
            check(&wheel);
            assert_eq!(wheel.pop(at((1 << 20) + (1 << n))), Some(n));
        }
    }

    #[test]
    fn a_resolution_is_a_power_of_two() {
        let asked = |resolution| Wheel::<()>::new(1, resolution).unwrap().resolution();
        let nanos = Duration::from_nanos;
        assert_eq!(asked(Duration::ZERO), nanos(1));
        assert_eq!(asked(nanos(1023)), nanos(512));
        assert_eq!(asked(nanos(1024)), nanos(1024));
        assert_eq!(asked(Duration::MAX), nanos(1 << 63));
    }
}
