//! The table of a keyed resequencer: a stream for each key, and whose turn it is to leave.
//!
//! ```text
//!   key --Index--> place --> [ key | sorter | leaving? | timer ]     `keys` of them, made once
//!                              ^ Places: which one a new key gets
//!                              ^ Wheel: for which one time is the next to bring something about
//! ```

use super::lent::{Lay, Of, Out, Outs};
use super::places::Places;
use super::sorter::{Common, Phase, Sorter};
use super::{Closing, Keyed, Keys, Missing, Start, TableFull, Unbuildable};
use crate::contract::{At, Fault, Flow, Halt, Reason, Stage, Tick};
use crate::table::{Index, TimerId, Wheel};
use core::hash::Hash;
use core::mem;
use core::time::Duration;

#[derive(Debug)]
pub(super) struct Streams<K, T> {
    index: Index<K, u32>,
    streams: Box<[Stream<K, T>]>,
    places: Places,
    /// At most one timer for each place. It may be too early, when it is set anew, but never too late.
    wheel: Wheel<u32>,
    full: TableFull,
    pub(super) common: Common,
    state: State,
    /// Whose event found no room behind: when it comes again it is of the key as it was, also if that has ended since.
    again: Option<u32>,
    /// Whose event [`Ahead::Block`](super::Ahead::Block) held up in this turn.
    blocked: Option<u32>,
    /// Counts the turns in which time passes.
    turn: u64,
    /// In the last turns: who is the next to be closed.
    closes: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Free,
    /// This stream comes before all others: it has something to bring on or to see to, or it unwound.
    Owing(u32),
    /// The stage after wants no more, or the table was full and that was the end.
    Stopped,
}

/// A place, and the stream of the key that has it.
#[derive(Debug)]
struct Stream<K, T> {
    /// None if the place is free.
    key: Option<K>,
    sorter: Sorter<T>,
    /// Its key is to leave, and so what it holds.
    leaving: Option<(Closing, Reason)>,
    /// The time of its last event, if the policy asks for it.
    seen: Tick,
    timer: TimerId,
    /// When that fires; [`Tick::MAX`] if there is none.
    armed: Tick,
    /// The turn in which it fired last.
    turn: u64,
}

impl<K: Copy + Eq + Hash, T> Streams<K, T> {
    pub(super) fn new(
        Keys { most, full }: Keys,
        common: Common,
        mut sorter: impl FnMut() -> Result<Sorter<T>, Unbuildable>,
    ) -> Result<Self, Unbuildable> {
        let index = Index::new(most).map_err(Unbuildable::Keys)?;
        let wheel = Wheel::new(most, Duration::ZERO).map_err(Unbuildable::Keys)?;
        let mut stream = || {
            Ok(Stream {
                key: None,
                sorter: sorter()?,
                leaving: None,
                seen: Tick::ZERO,
                timer: TimerId::NONE,
                armed: Tick::MAX,
                turn: 0,
            })
        };
        Ok(Self {
            index,
            streams: (0..most).map(|_| stream()).collect::<Result<_, Unbuildable>>()?,
            places: Places::new(most as u32),
            wheel,
            full,
            common,
            state: State::Free,
            again: None,
            blocked: None,
            turn: 0,
            closes: 0,
        })
    }
    /// The number that goes on next for `key`.
    pub(super) fn next(&self, key: &K) -> Option<u64> {
        let Sorter { phase, shelf, .. } = &self.streams[*self.index.get(key)? as usize].sorter;
        (*phase == Phase::Running).then(|| shelf.next())
    }
    pub(super) const fn len(&self) -> usize {
        self.index.len()
    }

    /// An event comes, which may be the last one of its key.
    #[inline]
    pub(super) fn take<E: Lay<T>>(
        &mut self,
        Keyed { key, item: number }: Keyed<K, u64>,
        last: bool,
        event: E,
        at: At,
        outs: &mut impl Outs<K, T, E>,
    ) -> Flow {
        if self.state != State::Free
            && let Err(halt) = self.settle_before(&key, at.now, outs)
        {
            return self.common.ledger.delivered(Err(halt));
        }
        let place = match self.index.get(&key) {
            Some(place) => *place,
            None => self.open(key, at.now, outs)?,
        };
        let stream = &mut self.streams[place as usize];
        if self.full.goes_by_use() {
            stream.seen = at.now;
            self.places.put_last(place);
        }
        if last || stream.sorter.end.is_some() || !stream.sorter.goes_straight_on(number) {
            return self.sort_in(place, Keyed { key, item: number }, last, event, at, outs);
        }
        let flow = stream.sorter.pass(event, at, &mut self.common, &mut Of { key, outs });
        if flow == Err(Halt::Stop) {
            self.state = State::Stopped;
        }
        flow
    }

    fn sort_in<E: Lay<T>>(
        &mut self,
        place: u32,
        Keyed { key, item: number }: Keyed<K, u64>,
        last: bool,
        event: E,
        at: At,
        outs: &mut impl Outs<K, T, E>,
    ) -> Flow {
        // Also if it unwinds.
        self.state = State::Owing(place);
        let Self { streams, common, .. } = self;
        let Stream { sorter, .. } = &mut streams[place as usize];
        let end = if last { sorter.end.replace(number) } else { sorter.end };
        let flow = if sorter.phase == Phase::Halted {
            common.ledger.delivered(Err(Fault::of(Reason::Poisoned).into()))
        } else {
            sorter.sort_in(number, event, at, common, &mut Of { key, outs })
        };
        let again = flow == Err(Halt::Again);
        if again {
            // Not yet.
            sorter.end = end;
        }
        self.blocked = (again && sorter.blocked.is_some()).then_some(place);
        self.again = (again && sorter.blocked.is_none()).then_some(place);
        if flow == Err(Halt::Stop) {
            self.state = State::Stopped;
        } else if !sorter.owes || sorter.phase == Phase::Halted {
            // The event itself is dealt with.
            if let Err(Halt::Stop) = self.settle(self.again.is_none(), at.now, outs) {
                return Err(Halt::Stop);
            }
        }
        flow
    }

    /// A place for a new key, or what comes of there being none; the event is booked then.
    #[cold]
    fn open<E>(&mut self, key: K, now: Tick, outs: &mut impl Outs<K, T, E>) -> Result<u32, Halt> {
        let oldest = &mut self.streams[self.places.first() as usize];
        if oldest.key.is_some() {
            let closing = match self.full {
                TableFull::EvictOldest(closing) | TableFull::EvictLru(closing) => closing,
                TableFull::Block { idle, closing } if now >= oldest.seen.after(idle) => closing,
                TableFull::Block { .. } => return Err(Halt::Again),
                TableFull::Reject => {
                    let fault = Fault::of(Reason::TableFull);
                    self.common.ledger.dead_lettered(fault.reason);
                    self.common.ledger.took(1);
                    return Err(fault.into());
                }
                TableFull::Fail => {
                    self.state = State::Stopped;
                    self.common.drop_one(Reason::Poisoned);
                    return Err(Halt::Stop);
                }
            };
            oldest.leaving = Some((closing, Reason::Evicted));
            self.state = State::Owing(self.places.first());
            if let Err(halt) = self.settle(true, now, outs) {
                self.common.ledger.delivered(Err(halt))?;
            }
        }
        let place = self.places.first();
        let inserted = self.index.insert(key, place);
        debug_assert!(inserted.is_ok(), "a place is free");
        self.places.put_last(place);
        self.streams[place as usize].open(key, now, self.common.policy.start);
        Ok(place)
    }

    /// Before an event of this key, which may have come before.
    #[cold]
    fn settle_before<E>(&mut self, key: &K, now: Tick, outs: &mut impl Outs<K, T, E>) -> Flow {
        let comes_again = |place: u32| self.streams[place as usize].key == Some(*key);
        let ends = !self.again.is_some_and(comes_again);
        self.settle(ends, now, outs)
    }
    /// Brings on what the stream that owes still has to, and lets its key leave if it is to; not by its end, if that is to
    /// be seen later.
    fn settle<E>(&mut self, ends: bool, now: Tick, outs: &mut impl Outs<K, T, E>) -> Flow {
        let place = match self.state {
            State::Free => return Ok(()),
            State::Stopped => return Err(Halt::Stop),
            State::Owing(place) => place,
        };
        let Self { streams, common, .. } = self;
        let stream = &mut streams[place as usize];
        if let Some(key) = stream.key {
            match stream.settle(ends, now, common, &mut Of { key, outs }) {
                Ok(()) if stream.leaving.is_some() => self.leave(place, &key),
                Ok(()) => self.arm(place),
                Err(halt) => {
                    if halt == Halt::Stop {
                        self.state = State::Stopped;
                    }
                    return Err(halt);
                }
            }
        }
        self.state = State::Free;
        Ok(())
    }

    /// Its place is free.
    fn leave(&mut self, place: u32, key: &K) {
        self.index.remove(key);
        let stream = &mut self.streams[place as usize];
        self.wheel.cancel(stream.timer);
        (stream.armed, stream.key) = (Tick::MAX, None);
        self.places.put_first(place);
    }

    /// Sets the timer of a stream, unless it is early enough.
    fn arm(&mut self, place: u32) {
        let stream = &mut self.streams[place as usize];
        let due = stream.sorter.deadline(&self.common).unwrap_or(Tick::MAX);
        if due < stream.armed {
            self.wheel.cancel(stream.timer);
            let timer = self.wheel.arm(due, place);
            debug_assert!(timer.is_ok(), "there is room for one each");
            (stream.timer, stream.armed) = (timer.unwrap_or(TimerId::NONE), due);
        }
    }

    /// The end of a turn: what the stage after had no room for, then what the time brings about.
    pub(super) fn end_turn<E>(
        &mut self,
        now: Tick,
        feedback: &mut impl Stage<Keyed<K, Missing>>,
        outs: &mut impl Outs<K, T, E>,
    ) -> Flow {
        let waits = mem::take(&mut self.common.full);
        let mut flow = self.settle(self.again.is_none(), now, outs);
        if flow.is_ok() && !waits {
            flow = self.pass_time(now, feedback, outs);
        }
        self.common.full = false;
        if let Some(place) = self.blocked.take() {
            self.streams[place as usize].sorter.blocked = None;
        }
        if self.state == State::Free {
            self.again = None;
        }
        self.common.ledger.publish();
        let is_behind = self.common.ledger.balance().held != 0 || matches!(self.state, State::Owing(_));
        if is_behind { flow.and(Err(Halt::Again)) } else { flow }
    }

    fn pass_time<E>(
        &mut self,
        now: Tick,
        feedback: &mut impl Stage<Keyed<K, Missing>>,
        outs: &mut impl Outs<K, T, E>,
    ) -> Flow {
        if now == Tick::MAX {
            return self.close(feedback, outs);
        }
        let asks = self.common.requests.times != 0;
        self.turn = self.turn.wrapping_add(1);
        while let Some(place) = self.wheel.peek(now).copied() {
            let turn = &mut self.streams[place as usize].turn;
            if *turn == self.turn {
                // Who is due again at once comes behind all others, and has to wait for the next turn.
                break;
            }
            *turn = self.turn;
            self.pass_time_of(place, now, feedback, outs)?;
        }
        if asks && self.common.requests.times == 0 {
            // Nobody listens to requests any more, so that the others may be due earlier: once in a lifetime.
            (0..self.streams.len() as u32).for_each(|place| self.arm(place));
        }
        Ok(())
    }
    fn pass_time_of<E>(
        &mut self,
        place: u32,
        now: Tick,
        feedback: &mut impl Stage<Keyed<K, Missing>>,
        outs: &mut impl Outs<K, T, E>,
    ) -> Flow {
        let Self { streams, common, .. } = self;
        let stream = &mut streams[place as usize];
        let Some(key) = stream.key else { return Ok(()) };
        self.state = State::Owing(place);
        let ask = |item, at| feedback.on_event(Keyed { key, item }, at);
        let flow = stream.sorter.pass_time(now, common, ask, &mut Of { key, outs });
        let flow = stream.but_a_halt(flow);
        self.wheel.cancel(stream.timer);
        stream.armed = Tick::MAX;
        if flow == Err(Halt::Stop) {
            self.state = State::Stopped;
        }
        flow?;
        self.settle(self.again != Some(place), now, outs)
    }
    /// The last turn: all streams, as far as there is room; the next one goes on from there.
    fn close<E>(
        &mut self,
        feedback: &mut impl Stage<Keyed<K, Missing>>,
        outs: &mut impl Outs<K, T, E>,
    ) -> Flow {
        let count = self.streams.len() as u32;
        for _ in 0..count {
            if self.common.ledger.balance().held == 0 && self.blocked.is_none() {
                break;
            }
            self.pass_time_of(self.closes, Tick::MAX, feedback, outs)?;
            self.closes = (self.closes + 1) % count;
        }
        Ok(())
    }
}

impl<K, T> Stream<K, T> {
    fn open(&mut self, key: K, now: Tick, start: Start) {
        (self.key, self.leaving, self.seen) = (Some(key), None, now);
        self.sorter.restart(start);
    }
    fn settle<E>(&mut self, ends: bool, now: Tick, common: &mut Common, out: &mut impl Out<T, E>) -> Flow {
        if self.sorter.owes && self.sorter.phase != Phase::Halted {
            let flow = self.sorter.bring(now, common, out);
            self.but_a_halt(flow)?;
        }
        if ends && self.leaving.is_none() && self.sorter.has_ended() {
            self.leaving = Some((common.policy.closing, Reason::Shutdown));
        }
        match self.leaving {
            Some(leaving) => self.sorter.bring_all(leaving, now, common, out),
            None => Ok(()),
        }
    }
    /// A hole that is the end of one stream is not the end of the stage.
    fn but_a_halt(&self, flow: Flow) -> Flow {
        if flow == Err(Halt::Stop) && self.sorter.phase == Phase::Halted { Ok(()) } else { flow }
    }
}

impl<K, T> Drop for Streams<K, T> {
    fn drop(&mut self) {
        for stream in &mut self.streams {
            stream.sorter.shelf.close(&mut self.common.ledger);
        }
    }
}
