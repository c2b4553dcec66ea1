//! Rings with all of their ends, for tests that are one for all rings: numbers go in, numbers come out, whatever carries
//! them.

use super::{Event, Rig};
use ringmain::contract::{At, Drained, Filled, Flow, Sink, Source, SourceMut, Tick};
use ringmain::ring::Sequence;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// An end that puts numbers in.
pub(crate) trait Put: Send {
    /// Fills `n` slots with what `make` gives for each, as [`Sink::fill_many`] does; one with [`Sink::fill`].
    fn put(&mut self, n: usize, make: &mut dyn FnMut(usize) -> Flow<u64>) -> Filled;
}

/// An end that takes numbers out.
pub(crate) trait Take: Send {
    /// Shows at most `limit` to `see`, as [`Source::drain`] does.
    fn take(&mut self, limit: usize, see: &mut dyn FnMut(u64) -> Flow) -> Drained;
    /// So many went by unseen, up to now.
    fn missed(&self) -> u64 {
        0
    }
}

/// What carries a number through a ring.
pub(crate) trait Cargo: Event + Default {
    fn pack(number: u64) -> Self;
    /// The number; it fails if there is not one whole one.
    fn number(&self) -> u64;
}

impl Cargo for u64 {
    fn pack(number: u64) -> Self {
        number
    }
    fn number(&self) -> u64 {
        *self
    }
}

/// Four words that belong together.
impl Cargo for [u64; 4] {
    fn pack(number: u64) -> Self {
        [number, !number, number.rotate_left(32), number.wrapping_mul(3)]
    }
    fn number(&self) -> u64 {
        assert_eq!(*self, Self::pack(self[0]), "torn");
        self[0]
    }
}

/// Owns what it carries; how many there are is counted.
#[derive(Default)]
pub(crate) struct Parcel(Option<Box<[u64; 4]>>);

static PACKED: AtomicU64 = AtomicU64::new(0);
static DROPPED: AtomicU64 = AtomicU64::new(0);

impl Parcel {
    /// Those that there ever were, and those that were dropped.
    pub(crate) fn counts() -> (u64, u64) {
        (PACKED.load(Relaxed), DROPPED.load(Relaxed))
    }
}

impl Cargo for Parcel {
    fn pack(number: u64) -> Self {
        PACKED.fetch_add(1, Relaxed);
        Self(Some(Box::new(Cargo::pack(number))))
    }
    fn number(&self) -> u64 {
        self.0.as_ref().expect("nobody has taken it out").number()
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        DROPPED.fetch_add(u64::from(self.0.is_some()), Relaxed);
    }
}

/// A producer of cargo.
struct Packs<C, K>(K, PhantomData<C>);

impl<C: Cargo, K: Sink<Event = C> + Send> Put for Packs<C, K> {
    fn put(&mut self, n: usize, make: &mut dyn FnMut(usize) -> Flow<u64>) -> Filled {
        let mut fill = |i: usize, slot: &mut C| -> Flow {
            *slot = C::pack(make(i)?);
            Ok(())
        };
        if n != 1 {
            return self.0.fill_many(n, fill);
        }
        match self.0.fill(|slot| fill(0, slot)) {
            Ok(()) => Filled { count: 1, end: None },
            Err(halt) => Filled { count: 0, end: Some(halt) },
        }
    }
}

/// A consumer that looks at the cargo.
struct Looks<C, S>(S, PhantomData<C>);

impl<C: Cargo, S: Source<Event = C> + Send> Take for Looks<C, S> {
    fn take(&mut self, limit: usize, see: &mut dyn FnMut(u64) -> Flow) -> Drained {
        self.0.drain(Tick::ZERO, limit, &mut |cargo: &C, _: At| see(cargo.number()))
    }
}

/// A consumer that looks at the cargo and takes it out, by turns.
struct TakesOut<C, S>(S, bool, PhantomData<C>);

impl<C: Cargo, S: SourceMut<Event = C> + Send> Take for TakesOut<C, S> {
    fn take(&mut self, limit: usize, see: &mut dyn FnMut(u64) -> Flow) -> Drained {
        self.1 = !self.1;
        if self.1 {
            return self.0.drain(Tick::ZERO, limit, &mut |cargo: &C, _: At| see(cargo.number()));
        }
        self.0.drain_mut(Tick::ZERO, limit, &mut |cargo: &mut C, _: At| -> Flow {
            see(cargo.number())?;
            drop(std::mem::take(cargo));
            Ok(())
        })
    }
}

/// A ring with all of its ends.
pub(crate) struct Scene {
    pub(crate) tx: Vec<Box<dyn Put>>,
    pub(crate) rx: Vec<Box<dyn Take>>,
    /// The producer waits for nobody: a reader may miss what it comes too late for, and nobody is told that all have gone.
    pub(crate) lossy: bool,
}

impl Scene {
    /// Of ends that are there already.
    pub(crate) fn of(
        tx: impl IntoIterator<Item = impl Put + 'static>,
        rx: impl IntoIterator<Item = impl Take + 'static>,
    ) -> Self {
        Self {
            tx: tx.into_iter().map(|tx| Box::new(tx) as Box<dyn Put>).collect(),
            rx: rx.into_iter().map(|rx| Box::new(rx) as Box<dyn Take>).collect(),
            lossy: false,
        }
    }
    /// Of a producer that waits for nobody.
    pub(crate) fn lossy<C: Cargo>(
        tx: impl Sink<Event = C> + Send + 'static,
        rx: impl IntoIterator<Item = impl Take + 'static>,
    ) -> Self {
        Self { lossy: true, ..Self::of([Packs(tx, PhantomData)], rx) }
    }
    /// Of ends that look.
    pub(crate) fn looking<C: Cargo>(
        tx: impl IntoIterator<Item = impl Sink<Event = C> + Send + 'static>,
        rx: impl IntoIterator<Item = impl Source<Event = C> + Send + 'static>,
    ) -> Self {
        let tx = tx.into_iter().map(|tx| Packs(tx, PhantomData));
        Self::of(tx, rx.into_iter().map(|rx| Looks(rx, PhantomData)))
    }
    /// Of ends that take out.
    pub(crate) fn taking<C: Cargo>(
        tx: impl IntoIterator<Item = impl Sink<Event = C> + Send + 'static>,
        rx: impl IntoIterator<Item = impl SourceMut<Event = C> + Send + 'static>,
    ) -> Self {
        let tx = tx.into_iter().map(|tx| Packs(tx, PhantomData));
        Self::of(tx, rx.into_iter().map(|rx| TakesOut(rx, false, PhantomData)))
    }
}

/// How a scene is made, if its first event has this position, and it has room for so many.
pub(crate) type Build = Box<dyn Fn(Sequence, usize) -> Scene>;

/// A ring of the rig `R`, with so many ends.
pub(crate) fn scene<R: Rig, C: Cargo>(producers: usize, consumers: usize) -> Build {
    Box::new(move |start, capacity| {
        let (tx, rx) = R::ends(start, capacity, (producers, consumers), C::default).unwrap();
        Scene::taking(tx, rx)
    })
}
