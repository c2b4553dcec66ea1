//! Rings of numbers with all of their ends, whatever they are made of: for tests that are one for all rings.

use super::Rig;
use ringmain::contract::{At, Drained, Filled, Flow, Sink, Source, Tick};
use ringmain::ring::Sequence;

/// An end that puts numbers in.
pub(crate) trait Put: Send {
    /// Fills `n` slots with what `make` gives for each, as [`Sink::fill_many`] does; one with [`Sink::fill`].
    fn put(&mut self, n: usize, make: &mut dyn FnMut(usize) -> Flow<u64>) -> Filled;
}

impl<K: Sink<Event = u64> + Send> Put for K {
    fn put(&mut self, n: usize, make: &mut dyn FnMut(usize) -> Flow<u64>) -> Filled {
        let mut fill = |i: usize, slot: &mut u64| -> Flow {
            *slot = make(i)?;
            Ok(())
        };
        if n != 1 {
            return self.fill_many(n, fill);
        }
        match self.fill(|slot| fill(0, slot)) {
            Ok(()) => Filled { count: 1, end: None },
            Err(halt) => Filled { count: 0, end: Some(halt) },
        }
    }
}

/// An end that takes numbers out.
pub(crate) trait Take: Send {
    /// Shows at most `limit` to `see`, as [`Source::drain`] does.
    fn take(&mut self, limit: usize, see: &mut dyn FnMut(u64) -> Flow) -> Drained;
}

impl<S: Source<Event = u64> + Send> Take for S {
    fn take(&mut self, limit: usize, see: &mut dyn FnMut(u64) -> Flow) -> Drained {
        self.drain(Tick::ZERO, limit, &mut |event: &u64, _: At| see(*event))
    }
}

/// A ring with all of its ends.
pub(crate) struct Scene {
    pub(crate) tx: Vec<Box<dyn Put>>,
    pub(crate) rx: Vec<Box<dyn Take>>,
}

impl Scene {
    pub(crate) fn new(
        tx: impl IntoIterator<Item = impl Put + 'static>,
        rx: impl IntoIterator<Item = impl Take + 'static>,
    ) -> Self {
        Self {
            tx: tx.into_iter().map(|tx| Box::new(tx) as Box<dyn Put>).collect(),
            rx: rx.into_iter().map(|rx| Box::new(rx) as Box<dyn Take>).collect(),
        }
    }
}

/// A ring of `rig` with so many ends.
pub(crate) fn scene<R: Rig>(start: Sequence, capacity: usize, producers: usize, consumers: usize) -> Scene {
    let (tx, rx) = R::build(start, capacity, || 0).unwrap();
    let mut tx = vec![tx];
    let mut rx = vec![rx];
    while tx.len() < producers {
        tx.push(R::another_tx(&tx[0]).expect("the rig has many producers"));
    }
    while rx.len() < consumers {
        rx.push(R::another_rx(&rx[0]).expect("the rig has many consumers"));
    }
    Scene::new(tx, rx)
}
