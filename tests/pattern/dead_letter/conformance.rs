//! The suite that every stage passes, in each way to wait and with each access.

use super::{BAD, nanos};
use crate::kit::{Terms, conforms};
use ringmain::contract::{At, Fault, Flow, Sink, Stage, Tick};
use ringmain::pattern::{DeadLetter, Letter, Overflow, Remedy, Retry};

const CATCHES: Terms = Terms { reject_passes: false, ..Terms::STRICT };

/// Rejects every fifth event, before it hands anything on.
pub(super) struct Picky<S>(pub(super) S);

impl<S: for<'e> Stage<&'e u64>> Stage<&u64> for Picky<S> {
    fn on_event(&mut self, event: &u64, at: At) -> Flow {
        if event.is_multiple_of(5) { Err(BAD.into()) } else { self.0.on_event(event, at) }
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.0.on_batch_end(now)
    }
}

impl<S: for<'e> Stage<&'e mut u64>> Stage<&mut u64> for Picky<S> {
    fn on_event(&mut self, event: &mut u64, at: At) -> Flow {
        if event.is_multiple_of(5) { Err(BAD.into()) } else { self.0.on_event(event, at) }
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.0.on_batch_end(now)
    }
}

conforms!(
    over_looks,
    1..=100u64,
    |kit| {
        let leaf = kit.leaf::<u64>();
        DeadLetter::new("test", Overflow::Block, kit.sink::<Letter<u64>>(), Picky(leaf))
    },
    CATCHES
);
conforms!(
    mut over_edits,
    1..=100u64,
    |kit| {
        let leaf = kit.leaf::<u64>();
        DeadLetter::editing("test", Overflow::Block, kit.sink::<Letter<u64>>(), Picky(leaf))
    },
    CATCHES
);
conforms!(
    mut with_the_original,
    1..=100u64,
    |kit| {
        let leaf = kit.leaf::<u64>();
        DeadLetter::keeping_original("test", Overflow::Block, 0, kit.sink::<Letter<u64>>(), Picky(leaf))
    },
    CATCHES
);
conforms!(
    with_retries,
    1..=100u64,
    |kit| {
        let leaf = kit.leaf::<u64>();
        DeadLetter::new("test", Overflow::Block, kit.sink::<Letter<u64>>(), Picky(leaf))
            .retry(Retry::immediate(3), only_bad)
    },
    CATCHES
);

fn only_bad(fault: Fault) -> Remedy {
    if fault == BAD { Remedy::Retry } else { Remedy::Letter }
}

/// Letters without the time of the last attempt: one that waits for room puts off those that are due behind it.
struct Timeless<K>(K);

impl<K: Sink<Event = Letter<u64>>> Sink for Timeless<K> {
    type Event = Letter<u64>;
    fn fill<R>(&mut self, fill: impl FnOnce(&mut Letter<u64>) -> Flow<R>) -> Flow<R> {
        self.0.fill(|letter| {
            let done = fill(letter)?;
            letter.last = Tick::ZERO;
            Ok(done)
        })
    }
}

/// Events that fail only at the end: what waits aside is not yet where it would be when a stage unwinds before.
fn failing_late() -> impl Iterator<Item = u64> {
    (1..80).filter(|n| n % 5 != 0).chain(80..=100)
}

conforms!(
    aside,
    failing_late(),
    |kit| {
        let leaf = kit.leaf::<u64>();
        DeadLetter::new("test", Overflow::Block, Timeless(kit.sink()), Picky(leaf))
            .retry(Retry::fixed(2, nanos(3)), only_bad)
            .aside(3, || 0)
            .unwrap()
    },
    CATCHES
);
conforms!(
    mut aside_over_edits,
    failing_late(),
    |kit| {
        let leaf = kit.leaf::<u64>();
        DeadLetter::editing("test", Overflow::Block, Timeless(kit.sink()), Picky(leaf))
            .retry(Retry::fixed(2, nanos(3)).each_with_immediate(1), only_bad)
            .aside(9, || 0)
            .unwrap()
    },
    CATCHES
);
conforms!(
    mut aside_with_the_original,
    failing_late(),
    |kit| {
        let leaf = kit.leaf::<u64>();
        DeadLetter::keeping_original("test", Overflow::Block, 0, Timeless(kit.sink()), Picky(leaf))
            .retry(Retry::fixed(2, nanos(3)).jitter(50), only_bad)
            .aside(9, || 0)
            .unwrap()
    },
    CATCHES
);
conforms!(
    by_key,
    failing_late(),
    |kit| {
        let leaf = kit.leaf::<u64>();
        DeadLetter::new("test", Overflow::Block, Timeless(kit.sink()), Picky(leaf))
            .retry(Retry::fixed(2, nanos(3)), only_bad)
            .by_key(7, 5, |n| n / 2, || 0)
            .unwrap()
    },
    CATCHES
);
conforms!(
    behind_a_breaker,
    1..=100u64,
    |kit| {
        let leaf = kit.leaf::<u64>();
        DeadLetter::new("test", Overflow::Block, Timeless(kit.sink()), Picky(leaf))
            .retry(Retry::immediate(2), only_bad)
            .breaker(4, nanos(1))
    },
    CATCHES
);
