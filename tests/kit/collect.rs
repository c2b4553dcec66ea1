//! Where a test's events end.

use super::Dice;
use ringmain::contract::{At, Fault, Flow, Halt, Refused, Room, Sink, Stage, Tick};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Collects what it is given: a stage and a sink. Clones share what they collect, so a test keeps one to look
/// at.
///
/// It does not allocate for the first [`ROOM`] events.
#[derive(Debug)]
pub(crate) struct Collect<T> {
    log: Arc<Mutex<Log<T>>>,
}

/// So many events fit without allocating.
pub(crate) const ROOM: usize = 4096;

#[derive(Debug)]
struct Log<T> {
    events: Vec<T>,
    addresses: Vec<usize>,
    batch_ends: usize,
    capacity: usize,
    closed: bool,
    /// Counts the events that were offered and not refused; the four below are such counts, from 1.
    offered: usize,
    reject: Option<(usize, Fault)>,
    stop: Option<usize>,
    close: Option<usize>,
    panic: Option<usize>,
    /// What a sink lends; an earlier event lies in it, as in a ring.
    slot: Option<T>,
}

impl<T> Clone for Collect<T> {
    fn clone(&self) -> Self {
        Self { log: self.log.clone() }
    }
}

impl<T> Collect<T> {
    pub(crate) fn new() -> Self {
        let log = Log {
            events: Vec::with_capacity(ROOM),
            addresses: Vec::with_capacity(ROOM),
            batch_ends: 0,
            capacity: usize::MAX,
            closed: false,
            offered: 0,
            reject: None,
            stop: None,
            close: None,
            panic: None,
            slot: None,
        };
        Self { log: Arc::new(Mutex::new(log)) }
    }
    /// Full (`Again`) when `n` events lie here; [`take`](Self::take) makes room.
    pub(crate) fn with_capacity(n: usize) -> Self {
        let this = Self::new();
        this.log().capacity = n;
        this
    }
    /// Rejects the `nth` event, counted from 1.
    pub(crate) fn rejecting(self, nth: usize, fault: Fault) -> Self {
        self.log().reject = Some((nth, fault));
        self
    }
    /// Takes the `nth` event, counted from 1, and stops.
    pub(crate) fn stopping_at(self, nth: usize) -> Self {
        self.log().stop = Some(nth);
        self
    }
    /// Is closed when the `nth` event comes, counted from 1.
    pub(crate) fn closing_at(self, nth: usize) -> Self {
        self.log().close = Some(nth);
        self
    }
    /// Panics on the `nth` event, counted from 1.
    pub(crate) fn panicking_at(self, nth: usize) -> Self {
        self.log().panic = Some(nth);
        self
    }
    /// Takes nothing more.
    pub(crate) fn close(&self) {
        self.log().closed = true;
    }
    /// The events collected.
    pub(crate) fn events(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.log().events.clone()
    }
    /// The events collected, which lie here no more.
    pub(crate) fn take(&self) -> Vec<T> {
        self.log().events.drain(..).collect()
    }
    /// Where the events lay when they came.
    pub(crate) fn addresses(&self) -> Vec<usize> {
        self.log().addresses.clone()
    }
    /// How often a turn ended.
    pub(crate) fn batch_ends(&self) -> usize {
        self.log().batch_ends
    }
    pub(crate) fn len(&self) -> usize {
        self.log().events.len()
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn log(&self) -> MutexGuard<'_, Log<T>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// What the plan says to an event that comes now.
    fn meet(log: &mut Log<T>) -> Flow {
        if log.close == Some(log.offered + 1) {
            log.closed = true;
        }
        if log.closed {
            return Err(Halt::Stop);
        }
        if log.events.len() >= log.capacity {
            return Err(Halt::Again);
        }
        log.offered += 1;
        if let Some((_, fault)) = log.reject.filter(|(nth, _)| *nth == log.offered) {
            return Err(fault.into());
        }
        assert!(log.panic != Some(log.offered), "the panic that the test asked for");
        Ok(())
    }
    fn record(&self, event: &T) -> Flow
    where
        T: Clone,
    {
        let mut log = self.log();
        Self::meet(&mut log)?;
        log.addresses.push(std::ptr::from_ref(event).addr());
        log.events.push(event.clone());
        if log.stop == Some(log.offered) { Err(Halt::Stop) } else { Ok(()) }
    }
}

impl<T: Clone> Stage<&T> for Collect<T> {
    fn on_event(&mut self, event: &T, _: At) -> Flow {
        self.record(event)
    }
    fn on_batch_end(&mut self, _: Tick) -> Flow {
        self.log().batch_ends += 1;
        Ok(())
    }
}

impl<T: Clone> Stage<&mut T> for Collect<T> {
    fn on_event(&mut self, event: &mut T, _: At) -> Flow {
        self.record(event)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        Stage::<&T>::on_batch_end(self, now)
    }
}

impl<T: Clone + Default> Sink for Collect<T> {
    type Event = T;

    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        let mut slot = {
            let mut log = self.log();
            Self::meet(&mut log)?;
            log.slot.take().unwrap_or_default()
        };
        let filled = fill(&mut slot);
        let mut log = self.log();
        if filled.is_ok() {
            log.events.push(slot.clone());
        }
        log.slot = Some(slot);
        filled
    }
}

impl<T: Clone + Default> Room for Collect<T> {
    fn room(&mut self, n: usize) -> Result<(), Refused> {
        let log = self.log();
        match log.events.len().saturating_add(n) <= log.capacity {
            _ if log.closed => Err(Refused::Closed),
            true => Ok(()),
            false => Err(Refused::Full),
        }
    }
}

/// Refuses (`Again`) each event so many times before it takes it: a stage, or a sink.
#[derive(Clone, Debug)]
pub(crate) struct Choke<S> {
    inner: S,
    times: usize,
    refused: usize,
    /// Of each event anew, and less than the number beside it.
    at_random: Option<(Dice, u64)>,
    /// So many fills were promised room.
    promised: usize,
}

impl<S> Choke<S> {
    pub(crate) fn new(times: usize, inner: S) -> Self {
        Self { inner, times, refused: 0, at_random: None, promised: 0 }
    }
    /// From 0 to `most` times, as the dice of `seed` say.
    pub(crate) fn at_random(seed: u64, most: u64, inner: S) -> Self {
        let mut dice = Dice::new(seed);
        let times = dice.below(most + 1) as usize;
        Self { inner, times, refused: 0, at_random: Some((dice, most + 1)), promised: 0 }
    }
    fn gate(&mut self) -> Flow {
        if self.refused < self.times {
            self.refused += 1;
            return Err(Halt::Again);
        }
        self.refused = 0;
        if let Some((dice, below)) = &mut self.at_random {
            self.times = dice.below(*below) as usize;
        }
        Ok(())
    }
}

impl<In, S: Stage<In>> Stage<In> for Choke<S> {
    fn on_event(&mut self, event: In, at: At) -> Flow {
        self.gate()?;
        self.inner.on_event(event, at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.inner.on_batch_end(now)
    }
}

impl<K: Sink> Sink for Choke<K> {
    type Event = K::Event;

    fn fill<R>(&mut self, fill: impl FnOnce(&mut K::Event) -> Flow<R>) -> Flow<R> {
        match self.promised.checked_sub(1) {
            Some(left) => self.promised = left,
            None => self.gate()?,
        }
        self.inner.fill(fill)
    }
}

/// It refuses to promise, and keeps what it promised.
impl<K: Room> Room for Choke<K> {
    fn room(&mut self, n: usize) -> Result<(), Refused> {
        self.promised = 0;
        self.gate().map_err(|_| Refused::Full)?;
        self.inner.room(n)?;
        self.promised = n;
        Ok(())
    }
}
