//! The seams: where events come from and where they go.
//!
//! | in                            | out                              | what it does                                   |
//! |-------------------------------|----------------------------------|------------------------------------------------|
//! | [`fill`], [`fill_many`]       | [`drain`], [`drain_mut`]         | a closure may fail, a stage may halt           |
//! | [`offer`]                     | [`peek`], [`take`]               | a closure that cannot fail, for one event      |
//! | [`push`]                      | [`pop`]                          | one event by value                             |
//! | `offer_waiting`, `push_waiting` | `drain_waiting`, `take_waiting`, `pop_waiting` | the same, and wait where there is no room, or nothing |
//!
//! A port has to have `fill`, or `drain` and perhaps `drain_mut`; all others are made of these. Only the verbs that take a
//! [`Wait`] ever block; a deadline is a property of the wait: [`Wait::until`].
//!
//! [`fill`]: Sink::fill
//! [`fill_many`]: Sink::fill_many
//! [`offer`]: Sink::offer
//! [`push`]: Sink::push
//! [`drain`]: Source::drain
//! [`drain_mut`]: SourceMut::drain_mut
//! [`peek`]: Source::peek
//! [`take`]: SourceMut::take
//! [`pop`]: SourceMut::pop

use super::{At, Clock, Flow, Halt, Pump, PumpMut, Stage, Tick, Wait, each};
use crate::ring::Sequence;
use core::mem;

/// Where events come from.
pub trait Source {
    /// What it carries: a type of one size, or bytes as they come (`[u8]`).
    type Event: ?Sized;

    /// Shows the events that are there now, at most `limit`, to `stage`, oldest first, and publishes how far it got:
    /// at the latest when the batch ends, also if the stage panics (the event it panicked on is then not consumed).
    /// At most a ring's capacity of events, so that those that come during the call do not make it endless. Never
    /// blocks.
    fn drain<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e Self::Event>;

    /// Where the next event to consume lies, for sources that also pass over slots without one (void ones): whoever waits
    /// for room has to be told of those, too.
    #[inline]
    fn position(&self) -> Option<Sequence> {
        None
    }

    /// Events that this consumer has claimed and not consumed. Nobody else will see them, and if it is dropped they go with
    /// it; so who leaves drains as many as that, which claims no more, until there are none: see
    /// [`Pump::leave`](super::Pump::leave). None where a source keeps an event in the ring until it is consumed, and
    /// where it is made of several.
    #[inline]
    fn in_hand(&self) -> usize {
        0
    }

    /// Shows the oldest event to `look` and leaves it where it is. Where consumers compete, this one has it in hand then:
    /// what it takes next is that event.
    ///
    /// # Errors
    /// [`NoEvent`] if nothing is there, or the source is closed; `look` was not called then.
    #[inline]
    fn peek<R>(&mut self, look: impl FnOnce(&Self::Event) -> R) -> Result<R, NoEvent> {
        let (mut look, mut seen) = (Some(look), None);
        let drained = self.drain(Tick::ZERO, 1, &mut |event: &Self::Event, _: At| -> Flow {
            seen = look.take().map(|look| look(event));
            Err(Halt::Again)
        });
        seen.ok_or(NoEvent::why(drained))
    }

    /// As `drain`, but where nothing is there it waits, in the way that `wait` has, and reads `clock` before each try.
    /// **Blocks** until the stage was shown an event, the source is closed, or the wait is [over](Wait::over): only then
    /// are both fields of the answer empty. A `limit` of 0 is taken for 1.
    fn drain_waiting<S>(
        &mut self,
        wait: &mut impl Wait,
        clock: &mut impl Clock,
        limit: usize,
        stage: &mut S,
    ) -> Drained
    where
        S: for<'e> Stage<&'e Self::Event>,
    {
        let drained = wait.wait_for(|| {
            let drained = self.drain(clock.now(), limit.max(1), stage);
            (drained != Drained::NOTHING).then_some(drained)
        });
        drained.unwrap_or(Drained::NOTHING)
    }

    /// Binds `stage` to this source: an [`Agent`](super::Agent), to be given turns.
    fn drive<S>(self, stage: S) -> Pump<Self, S>
    where
        Self: Sized,
        S: for<'e> Stage<&'e Self::Event>,
    {
        Pump::new(self, stage)
    }
}

/// A source whose consumer is alone with the slot, and so may change the event or take it out.
pub trait SourceMut: Source {
    /// As [`Source::drain`], with each event lent.
    fn drain_mut<S>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained
    where
        S: for<'e> Stage<&'e mut Self::Event>;

    /// Lends the oldest event to `take`, which may take it out, and consumes it. What `take` leaves stays in the slot.
    ///
    /// # Errors
    /// [`NoEvent`] if nothing is there, or the source is closed; `take` was not called then.
    #[inline]
    fn take<R>(&mut self, take: impl FnOnce(&mut Self::Event) -> R) -> Result<R, NoEvent> {
        let (mut take, mut taken) = (Some(take), None);
        let mut stage = each(|event: &mut Self::Event| taken = take.take().map(|take| take(event)));
        let drained = self.drain_mut(Tick::ZERO, 1, &mut stage);
        taken.ok_or(NoEvent::why(drained))
    }

    /// Moves the oldest event out and leaves a default one in the slot. For events that have none, or a dear one:
    /// [`take`](Self::take), with [`core::mem::replace`] or a swap.
    ///
    /// # Errors
    /// [`NoEvent`] if nothing is there, or the source is closed.
    #[inline]
    fn pop(&mut self) -> Result<Self::Event, NoEvent>
    where
        Self::Event: Default,
    {
        self.take(mem::take)
    }

    /// As `take`, but where nothing is there it waits, in the way that `wait` has. **Blocks** until there is an event,
    /// the source is closed, or the wait is [over](Wait::over).
    ///
    /// # Errors
    /// [`NoEvent::Closed`], or [`NoEvent::Empty`] if the wait was over first.
    fn take_waiting<R>(
        &mut self,
        wait: &mut impl Wait,
        take: impl FnOnce(&mut Self::Event) -> R,
    ) -> Result<R, NoEvent> {
        let (mut take, mut taken) = (Some(take), None);
        let tried = wait.wait_for(|| {
            let tried = self.take(|event| taken = take.take().map(|take| take(event)));
            (tried != Err(NoEvent::Empty)).then_some(tried)
        });
        taken.ok_or(tried.and_then(Result::err).unwrap_or(NoEvent::Empty))
    }

    /// As `pop`, but where nothing is there it waits, in the way that `wait` has. **Blocks**, as `take_waiting`.
    ///
    /// # Errors
    /// [`NoEvent::Closed`], or [`NoEvent::Empty`] if the wait was over first.
    fn pop_waiting(&mut self, wait: &mut impl Wait) -> Result<Self::Event, NoEvent>
    where
        Self::Event: Default,
    {
        self.take_waiting(wait, mem::take)
    }

    /// As [`Source::drive`], with each event lent.
    fn drive_mut<S>(self, stage: S) -> PumpMut<Self, S>
    where
        Self: Sized,
        S: for<'e> Stage<&'e mut Self::Event>,
    {
        PumpMut::new(self, stage)
    }
}

/// What a drain came to.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drained {
    /// Events consumed, a rejected one included.
    pub count: usize,
    /// Why the source gives no more for now, if not just because nothing is there or the limit is reached.
    pub end: Option<End>,
}

impl Drained {
    /// Nothing was there.
    const NOTHING: Self = Self { count: 0, end: None };
}

/// Why a source gave no event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoEvent {
    /// None is there now. May be stale at once.
    Empty,
    /// Upstream closed, and every event was consumed. Stable.
    Closed,
}

impl NoEvent {
    /// Of a drain that consumed nothing.
    fn why(drained: Drained) -> Self {
        if drained.end == Some(End::Closed) { Self::Closed } else { Self::Empty }
    }
}

impl core::fmt::Display for NoEvent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing is there: try again, or wait with `pop_waiting`",
            Self::Closed => "the ring is closed: its writer is gone, and everything was consumed",
        })
    }
}

impl core::error::Error for NoEvent {}

/// Why a drain ended before it had to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Upstream closed, and every event was seen. Stable.
    Closed,
    /// The stage said [`Halt`]: `Again` (the event waits), `Reject` (it is consumed), `Stop` (it is consumed).
    Halted(Halt),
}

/// Where events go.
pub trait Sink {
    /// What it carries.
    type Event;

    /// Lends the next free slot to `fill`, and publishes it if and only if `fill` returns `Ok`. The slot holds what an
    /// earlier event left in it. Never blocks.
    ///
    /// # Errors
    /// [`Halt::Again`] if the sink is full and [`Halt::Stop`] if it is closed, both without calling `fill`; else what
    /// `fill` says.
    fn fill<R>(&mut self, fill: impl FnOnce(&mut Self::Event) -> Flow<R>) -> Flow<R>;

    /// Fills up to `n` slots and publishes them together. `fill` gets the number of the slot within this call, from 0.
    /// Stops at the first slot that `fill` fails on; the ones before it are published, also if `fill` panics. Never
    /// blocks.
    fn fill_many(&mut self, n: usize, mut fill: impl FnMut(usize, &mut Self::Event) -> Flow) -> Filled {
        for count in 0..n {
            if let Err(halt) = self.fill(|slot| fill(count, slot)) {
                return Filled { count, end: Some(halt) };
            }
        }
        Filled { count: n, end: None }
    }

    /// As `fill`, with a closure that cannot fail.
    ///
    /// # Errors
    /// [`Refused`] if the sink is full or closed; `fill` was not called then.
    #[inline]
    fn offer(&mut self, fill: impl FnOnce(&mut Self::Event)) -> Result<(), Refused> {
        let done = self.fill(|slot| {
            fill(slot);
            Ok(())
        });
        done.map_err(|halt| if halt == Halt::Again { Refused::Full } else { Refused::Closed })
    }

    /// Moves `event` in; what the slot held before is dropped.
    ///
    /// # Errors
    /// [`Refusal`] gives the event back.
    #[inline]
    fn push(&mut self, event: Self::Event) -> Result<(), Refusal<Self::Event>>
    where
        Self::Event: Sized,
    {
        give(event, |event| self.offer(|slot| lay(event, slot)))
    }

    /// As `offer`, but where the sink is full it waits, in the way that `wait` has. **Blocks** until there is room, the
    /// sink is closed, or the wait is [over](Wait::over).
    ///
    /// # Errors
    /// [`Refused::Closed`], or [`Refused::Full`] if the wait was over first; `fill` was not called then.
    fn offer_waiting(
        &mut self,
        wait: &mut impl Wait,
        fill: impl FnOnce(&mut Self::Event),
    ) -> Result<(), Refused> {
        let mut fill = Some(fill);
        let put = wait.wait_for(|| {
            let put = self.offer(|slot| {
                if let Some(fill) = fill.take() {
                    fill(slot);
                }
            });
            (put != Err(Refused::Full)).then_some(put)
        });
        put.unwrap_or(Err(Refused::Full))
    }

    /// As `push`, but where the sink is full it waits, in the way that `wait` has. **Blocks**, as `offer_waiting`.
    ///
    /// # Errors
    /// [`Refusal`] gives the event back: [`Refused::Closed`], or [`Refused::Full`] if the wait was over first.
    fn push_waiting(&mut self, wait: &mut impl Wait, event: Self::Event) -> Result<(), Refusal<Self::Event>>
    where
        Self::Event: Sized,
    {
        give(event, |event| self.offer_waiting(wait, |slot| lay(event, slot)))
    }
}

/// Has `put` lay `event` somewhere; if it is refused, the event comes back.
#[inline]
fn give<T>(event: T, put: impl FnOnce(&mut Option<T>) -> Result<(), Refused>) -> Result<(), Refusal<T>> {
    let mut event = Some(event);
    match (put(&mut event), event) {
        (Err(refused), Some(event)) => Err(Refusal { event, refused }),
        _ => Ok(()),
    }
}

/// Lays `event` into `slot`; what the slot held before is dropped.
#[inline]
fn lay<T>(event: &mut Option<T>, slot: &mut T) {
    if let Some(event) = event.take() {
        *slot = event;
    }
}

/// A sink that is lent: its owner looks at it again when the stage it was lent to is gone.
impl<K: Sink + ?Sized> Sink for &mut K {
    type Event = K::Event;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut Self::Event) -> Flow<R>) -> Flow<R> {
        (**self).fill(fill)
    }
    #[inline]
    fn fill_many(&mut self, n: usize, fill: impl FnMut(usize, &mut Self::Event) -> Flow) -> Filled {
        (**self).fill_many(n, fill)
    }
}

/// What a batch fill came to.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Filled {
    /// Slots filled and published.
    pub count: usize,
    /// Why it was not all of them: [`Halt::Again`] if the sink was full, [`Halt::Stop`] if it is closed, else what the
    /// closure said of the slot after the last one filled.
    pub end: Option<Halt>,
}

/// Why a sink took nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// No slot is free now. May be stale at once.
    Full,
    /// Nobody will read: the other side is gone. Stable.
    Closed,
}

impl core::fmt::Display for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Full => {
                "the ring is full: try again, wait with `offer_waiting`, or let an overflow policy decide"
            }
            Self::Closed => "the ring is closed: its reader is gone",
        })
    }
}

impl core::error::Error for Refused {}

impl From<Refused> for Halt {
    #[inline]
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::Again,
            Refused::Closed => Self::Stop,
        }
    }
}

/// An event that a sink did not take, and why.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refusal<T> {
    /// The caller's again.
    pub event: T,
    /// Why.
    pub refused: Refused,
}

impl<T> core::fmt::Debug for Refusal<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Refusal").field("refused", &self.refused).finish_non_exhaustive()
    }
}

impl<T> core::fmt::Display for Refusal<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.refused.fmt(f)
    }
}

impl<T> core::error::Error for Refusal<T> {}
