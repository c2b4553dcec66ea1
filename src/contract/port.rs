//! The seams: where events come from and where they go.

use super::{Flow, Halt, Pump, PumpMut, Stage, Tick, Wait};

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
        let mut event = Some(event);
        let put = self.offer(|slot| {
            if let Some(event) = event.take() {
                *slot = event;
            }
        });
        match (put, event) {
            (Err(refused), Some(event)) => Err(Refusal { event, refused }),
            _ => Ok(()),
        }
    }

    /// As `offer`, but where the sink is full it waits, in the way that `wait` has. **Blocks** until there is room or
    /// the sink is closed.
    ///
    /// # Errors
    /// [`Refused::Closed`], never `Full`.
    fn offer_waiting(
        &mut self,
        wait: &mut impl Wait,
        fill: impl FnOnce(&mut Self::Event),
    ) -> Result<(), Refused> {
        let mut fill = Some(fill);
        loop {
            let put = self.offer(|slot| {
                if let Some(fill) = fill.take() {
                    fill(slot);
                }
            });
            match put {
                Err(Refused::Full) => wait.idle(),
                other => {
                    wait.reset();
                    return other;
                }
            }
        }
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
