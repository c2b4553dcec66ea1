//! What a full sink does with the next event. Nothing said is refusing it.
//!
//! ```text
//!                                 there is room
//!   event ==fill==> [ wrapper ] ==================> [ sink ]
//!                        |             later            |
//!                        +--- Block, Conflate ==========^
//!                  full  +--- Evict <=== the oldest ====+
//!                        +--- Shed, OrDeadLetter ===> away, and counted
//! ```
//!
//! | sink             | at full                                    | in the books                 | loses     | refuses when full       |
//! |------------------|--------------------------------------------|------------------------------|-----------|-------------------------|
//! | (none)           | the caller keeps the event                 | -                            | no        | yes                     |
//! | [`Block`]        | it waits for room                          | -                            | no        | when the wait is over   |
//! | [`Shed`]         | the event is dropped                       | `dropped[RingFull]`          | newest    | no                      |
//! | [`Evict`]        | the oldest is taken out to make room       | `dropped[Evicted]`           | oldest    | if none can be taken out |
//! | [`Conflate`]     | the newest of each key waits aside         | `held`, `dropped[Evicted]`   | overtaken | no                      |
//! | [`OrDeadLetter`] | it goes to a second sink                   | `dead_lettered[RingFull]`    | no        | if that is full or closed |
//!
//! Each is a [`Sink`] around another one. All are **wait-free** where the sink is, but [`Block`], which blocks, and
//! [`Evict`], which is lock-free. A thread that stalls in one stalls in the sink's own `fill`, and does to others what is
//! said there. None allocates or calls the system after construction, or changes the order of what it delivers, except
//! that [`Conflate`] delivers an event in the place of the older one that it overtook.
//!
//! A closed sink refuses as it did before: `Closed`, and the event stays the caller's (but see [`Evict`]). Dropping the
//! wrapper drops the sink, which closes it.
//!
//! The books count what was taken: an event that was refused, or whose `fill` failed, is not in them. After each call
//! `in = out + dropped + dead_lettered + held`, and the numbers can be read from any thread; keeping them costs some ten
//! plain stores a call, and some fifty in one that gives an event up.
//!
//! The stages [`Shed`](crate::pattern::Shed), [`Divert`](crate::pattern::Divert) and [`Park`](crate::pattern::Park) do
//! the like before another *stage* that answers `Again`. What they are shown lies in a ring already, and may wait there;
//! here it has no place yet.

use crate::contract::{Account, Flow, Halt, Ledger, Reason, Refused, Sink, SourceMut, Wait};
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::mem;

/// Has `sink` take an event; where it refuses, `fill` was not called and comes back.
#[inline]
fn attempt<K, R, F>(sink: &mut K, fill: F) -> Result<Flow<R>, (Refused, F)>
where
    K: Sink,
    F: FnOnce(&mut K::Event) -> Flow<R>,
{
    let mut fill = Some(fill);
    let flow = sink.fill(|slot| match fill.take() {
        Some(fill) => fill(slot),
        None => Err(Halt::Again),
    });
    match (flow, fill) {
        (Err(Halt::Again), Some(fill)) => Err((Refused::Full, fill)),
        (Err(_), Some(fill)) => Err((Refused::Closed, fill)),
        (flow, _) => Ok(flow),
    }
}

/// Books what the sink was asked to take, if it did.
#[inline]
fn book<R>(ledger: &mut Ledger, flow: Flow<R>) -> Flow<R> {
    if flow.is_ok() {
        ledger.took(1);
        ledger.passed(1);
        ledger.publish();
    }
    flow
}

/// What all of them have.
macro_rules! wrapper {
    ($name:ident<K $(, $part:ident)*>) => {
        impl<K: Sink, $($part),*> $name<K, $($part),*> {
            /// This sink's books.
            #[must_use]
            pub fn account(&self) -> Arc<Account> {
                self.ledger.account()
            }
            /// The sink inside, to ask it how full it is and the like.
            #[must_use]
            pub fn port(&self) -> &K {
                &self.sink
            }
        }

        impl<K: Sink, $($part),*> Debug for $name<K, $($part),*> {
            fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name)).field("ledger", &self.ledger).finish_non_exhaustive()
            }
        }
    };
}

/// Waits for room, in a way of its own. **Blocks** in each verb, which no other sink does, until there is room, the sink
/// is closed, or the wait is [over](Wait::over): only then it is `Full`.
///
/// For a thread that has nothing else to do. A stage that must not hold up its thread says `Again` instead.
///
/// ```
/// use ringmain::channel::{overflow::Block, spsc};
/// use ringmain::contract::{Sink, SourceMut};
/// use ringmain::wait::Backoff;
///
/// let (tx, mut rx) = spsc::channel(1, || 0)?;
/// let mut tx = Block::new(tx, Backoff::new());
/// tx.push(1)?;
/// let other = std::thread::spawn(move || tx.push(2));
/// while rx.pop() != Ok(2) {
///     std::thread::yield_now();
/// }
/// # other.join().unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Block<K, W> {
    sink: K,
    wait: W,
    ledger: Ledger,
}
wrapper!(Block<K, W>);

impl<K: Sink, W: Wait> Block<K, W> {
    /// Waits before `sink`. Allocates the [`Account`].
    #[must_use]
    pub fn new(sink: K, wait: W) -> Self {
        Self { sink, wait, ledger: Ledger::new() }
    }
}

impl<K: Sink, W: Wait> Sink for Block<K, W> {
    type Event = K::Event;
    #[inline]
    fn fill<R>(&mut self, mut fill: impl FnOnce(&mut K::Event) -> Flow<R>) -> Flow<R> {
        let flow = loop {
            match attempt(&mut self.sink, fill) {
                Ok(flow) => break flow,
                Err((Refused::Full, back)) if !self.wait.over() => {
                    fill = back;
                    self.wait.idle();
                }
                Err((refused, _)) => break Err(refused.into()),
            }
        };
        self.wait.reset();
        book(&mut self.ledger, flow)
    }
}

/// Drops the events that there is no room for.
///
/// Such an event is made all the same, in a spare slot, so that whoever fills sees no difference. It stays there until
/// the next one is shed.
///
/// ```
/// use ringmain::channel::{overflow::Shed, spsc};
/// use ringmain::contract::{Reason, Sink, SourceMut};
///
/// let (tx, mut rx) = spsc::channel(1, || 0)?;
/// let mut tx = Shed::new(tx, 0);
/// tx.push(1)?;
/// tx.push(2)?; // is not there
/// assert_eq!((rx.pop()?, rx.pop().is_err()), (1, true));
/// assert_eq!(tx.account().read().dropped[Reason::RingFull], 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Shed<K: Sink> {
    sink: K,
    spare: K::Event,
    ledger: Ledger,
}
wrapper!(Shed<K>);

impl<K: Sink> Shed<K> {
    /// Sheds what `sink` has no room for, into `spare`. Allocates the [`Account`].
    #[must_use]
    pub fn new(sink: K, spare: K::Event) -> Self {
        Self { sink, spare, ledger: Ledger::new() }
    }
}

impl<K: Sink> Sink for Shed<K> {
    type Event = K::Event;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut K::Event) -> Flow<R>) -> Flow<R> {
        match attempt(&mut self.sink, fill) {
            Ok(flow) => book(&mut self.ledger, flow),
            Err((Refused::Closed, _)) => Err(Halt::Stop),
            Err((Refused::Full, fill)) => {
                let out = fill(&mut self.spare)?;
                self.ledger.took(1);
                self.ledger.dropped(Reason::RingFull);
                self.ledger.publish();
                Ok(out)
            }
        }
    }
}

/// Takes the oldest event out where there is no room for a new one.
///
/// | channel                                  | the oldest can be taken back                                       |
/// |------------------------------------------|--------------------------------------------------------------------|
/// | each event to one of several consumers ([`mpmc`](super::mpmc), [`spmc`](super::spmc)) | by one of these consumers, which this wrapper owns |
/// | one consumer, who is somebody else       | no: he may be looking at it                                         |
/// | several readers that all see every event | no, for the same reason                                             |
/// | lossy                                    | it is overwritten anyway                                            |
///
/// So it needs a consumer of the same channel, and takes what that one is given: the oldest that no other consumer has.
/// That consumer keeps the channel open: when all others are gone, events are evicted by newer ones, and nobody is told.
/// An event taken out counts as one that came in, as it may be of another producer: in the books it is `in` once more,
/// and `dropped[Evicted]`.
///
/// **Lock-free**: a round that does not end is one in which another producer took the room. If nothing can be taken out
/// although the channel is full (somebody stalls in the oldest slot), the event is refused. The oldest goes before `fill`
/// is called, so it is gone also if `fill` fails.
///
/// ```
/// use ringmain::channel::{mpmc, overflow::Evict};
/// use ringmain::contract::{Sink, SourceMut};
///
/// let (tx, mut rx) = mpmc::channel(2, || 0)?;
/// let mut tx = Evict::new(tx, rx.clone(), |event: &mut i32| println!("{event} is too old"));
/// for n in 1..=3 {
///     tx.push(n)?;
/// }
/// assert_eq!((rx.pop()?, rx.pop()?), (2, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Evict<K, Src, F> {
    sink: K,
    source: Src,
    displaced: F,
    ledger: Ledger,
}
wrapper!(Evict<K, Src, F>);

impl<K: Sink, Src: SourceMut<Event = K::Event>, F: FnMut(&mut K::Event)> Evict<K, Src, F> {
    /// Fills `sink`; where it is full, takes events out by `source`, a consumer of the same channel, and shows them to
    /// `displaced`. Allocates the [`Account`].
    #[must_use]
    pub fn new(sink: K, source: Src, displaced: F) -> Self {
        Self { sink, source, displaced, ledger: Ledger::new() }
    }
}

impl<K, Src, F> Sink for Evict<K, Src, F>
where
    K: Sink,
    Src: SourceMut<Event = K::Event>,
    F: FnMut(&mut K::Event),
{
    type Event = K::Event;
    #[inline]
    fn fill<R>(&mut self, mut fill: impl FnOnce(&mut K::Event) -> Flow<R>) -> Flow<R> {
        loop {
            match attempt(&mut self.sink, fill) {
                Ok(flow) => return book(&mut self.ledger, flow),
                Err((Refused::Closed, _)) => return Err(Halt::Stop),
                Err((Refused::Full, back)) => fill = back,
            }
            self.source.take(&mut self.displaced).map_err(|_| Halt::Again)?;
            self.ledger.took(1);
            self.ledger.dropped(Reason::Evicted);
            self.ledger.publish();
        }
    }
}

/// Keeps the newest event of each key aside while there is no room, and delivers what it keeps as soon as there is.
///
/// It keeps up to `places` events, the oldest first. A new event takes the place of the one with its key; if there is
/// none, and no place either, the oldest kept goes. So with one place it keeps the newest of all, whatever the key.
///
/// Whoever fills delivers what is kept first, then its own. While nobody fills nothing is delivered: call
/// [`flush`](Self::flush) in an idle turn. What cannot be delivered when this is dropped is booked as
/// `dropped[Shutdown]`.
///
/// Costs while events are kept: a comparison of keys for each of them.
///
/// ```
/// use ringmain::channel::{overflow::Conflate, spsc};
/// use ringmain::contract::{Sink, SourceMut};
///
/// let (tx, mut prices) = spsc::channel(1, || ("", 0))?;
/// let mut tx = Conflate::new(tx, 8, |price: &(&str, i32)| price.0, || ("", 0));
/// for price in [("A", 1), ("A", 2), ("B", 5), ("A", 3)] {
///     tx.push(price)?;
/// }
/// let mut seen = vec![prices.pop()?];
/// while tx.flush().is_err() {
///     seen.push(prices.pop()?);
/// }
/// seen.push(prices.pop()?);
/// assert_eq!(seen, [("A", 1), ("A", 3), ("B", 5)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Conflate<K: Sink, F> {
    sink: K,
    key: F,
    /// `count` events that are kept, in a row from `first`, and behind them at least one spare slot.
    slots: Box<[K::Event]>,
    first: usize,
    count: usize,
    ledger: Ledger,
}
wrapper!(Conflate<K, F>);

impl<K: Sink, F> Conflate<K, F> {
    /// Keeps up to `places` events (0 is taken for 1) that `sink` has no room for, one for each `key`. Allocates the
    /// slots, one more than places, each filled by `fill`, and the [`Account`].
    #[must_use]
    pub fn new<Q: PartialEq>(sink: K, places: usize, key: F, fill: impl FnMut() -> K::Event) -> Self
    where
        F: FnMut(&K::Event) -> Q,
    {
        let slots = core::iter::repeat_with(fill).take(places.max(1) + 1).collect();
        Self { sink, key, slots, first: 0, count: 0, ledger: Ledger::new() }
    }
    /// Delivers what is kept, as far as there is room.
    ///
    /// # Errors
    /// [`Refused::Full`] if something is kept still; [`Refused::Closed`] if something was, and is given up.
    pub fn flush(&mut self) -> Result<(), Refused> {
        let flushed = self.deliver();
        self.ledger.publish();
        flushed
    }
    #[inline]
    fn deliver(&mut self) -> Result<(), Refused> {
        while self.count > 0 {
            let oldest = &mut self.slots[self.first];
            match self.sink.offer(|slot| mem::swap(slot, oldest)) {
                Ok(()) => self.ledger.passed(1),
                Err(Refused::Full) => return Err(Refused::Full),
                Err(Refused::Closed) => {
                    self.give_up();
                    return Err(Refused::Closed);
                }
            }
            self.first = self.at(1);
            self.keeps(self.count - 1);
        }
        Ok(())
    }
    fn give_up(&mut self) {
        for _ in 0..self.count {
            self.ledger.dropped(Reason::Shutdown);
        }
        self.keeps(0);
    }
    fn keep<Q: PartialEq, R>(&mut self, fill: impl FnOnce(&mut K::Event) -> Flow<R>) -> Flow<R>
    where
        F: FnMut(&K::Event) -> Q,
    {
        let spare = self.at(self.count);
        let out = fill(&mut self.slots[spare])?;
        let key = (self.key)(&self.slots[spare]);
        let same = (0..self.count).find_map(|i| {
            let at = self.at(i);
            ((self.key)(&self.slots[at]) == key).then_some(at)
        });
        self.ledger.took(1);
        if let Some(same) = same {
            self.slots.swap(same, spare);
            self.ledger.dropped(Reason::Evicted);
        } else if self.count + 1 == self.slots.len() {
            self.first = self.at(1);
            self.ledger.dropped(Reason::Evicted);
        } else {
            self.keeps(self.count + 1);
        }
        Ok(out)
    }
    /// The slot of the `i`-th event that is kept, and of the first spare one.
    fn at(&self, i: usize) -> usize {
        (self.first + i) % self.slots.len()
    }
    fn keeps(&mut self, count: usize) {
        self.count = count;
        self.ledger.holds(count as u64);
    }
}

impl<K: Sink, Q: PartialEq, F: FnMut(&K::Event) -> Q> Sink for Conflate<K, F> {
    type Event = K::Event;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut K::Event) -> Flow<R>) -> Flow<R> {
        let flow = match self.deliver() {
            Err(Refused::Closed) => Err(Halt::Stop),
            Err(Refused::Full) => self.keep(fill),
            Ok(()) => match attempt(&mut self.sink, fill) {
                Ok(flow) => book(&mut self.ledger, flow),
                Err((Refused::Closed, _)) => Err(Halt::Stop),
                Err((Refused::Full, fill)) => self.keep(fill),
            },
        };
        self.ledger.publish();
        flow
    }
}

impl<K: Sink, F> Drop for Conflate<K, F> {
    /// Delivers what it can, and books the rest.
    fn drop(&mut self) {
        let _ = self.deliver();
        self.give_up();
    }
}

/// Sends the events that there is no room for to a second sink.
///
/// If that one is full, or closed, the event is refused as `Full`: whoever reads the first sink is still there.
///
/// ```
/// use ringmain::channel::{overflow::OrDeadLetter, spsc};
/// use ringmain::contract::{Sink, SourceMut};
///
/// let ((tx, mut rx), (letters, mut late)) = (spsc::channel(1, || 0)?, spsc::channel(8, || 0)?);
/// let mut tx = OrDeadLetter::new(tx, letters);
/// tx.push(1)?;
/// tx.push(2)?;
/// assert_eq!((rx.pop()?, late.pop()?), (1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OrDeadLetter<K, D> {
    sink: K,
    letters: D,
    ledger: Ledger,
}
wrapper!(OrDeadLetter<K, D>);

impl<K: Sink, D: Sink<Event = K::Event>> OrDeadLetter<K, D> {
    /// Sends what `sink` has no room for to `letters`. Allocates the [`Account`].
    #[must_use]
    pub fn new(sink: K, letters: D) -> Self {
        Self { sink, letters, ledger: Ledger::new() }
    }
}

impl<K: Sink, D: Sink<Event = K::Event>> Sink for OrDeadLetter<K, D> {
    type Event = K::Event;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut K::Event) -> Flow<R>) -> Flow<R> {
        let fill = match attempt(&mut self.sink, fill) {
            Ok(flow) => return book(&mut self.ledger, flow),
            Err((Refused::Closed, _)) => return Err(Halt::Stop),
            Err((Refused::Full, fill)) => fill,
        };
        let out = attempt(&mut self.letters, fill).unwrap_or(Err(Halt::Again))?;
        self.ledger.took(1);
        self.ledger.dead_lettered(Reason::RingFull);
        self.ledger.publish();
        Ok(out)
    }
}
