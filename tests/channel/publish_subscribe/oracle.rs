//! Random steps against a publisher that keeps everything.

use super::{NEWEST, POLICIES, START, recv, ring};
use crate::kit::Dice;
use ringmain::channel::publish_subscribe::{Begin, NoEvent, Policy, Subscriber};
use ringmain::contract::Sink;

/// What a subscriber should get, by the book.
struct Expected {
    policy: Policy,
    /// Before it has joined, where it wants to begin.
    begin: Option<Begin>,
    next: u64,
    ended: bool,
    missed: u64,
}

/// A publisher that keeps everything, in a few lines.
struct Model {
    capacity: u64,
    published: u64,
    unheard: u64,
}

impl Model {
    fn let_in(&self, readers: &mut [Option<(Subscriber<u64>, Expected)>]) {
        for (_, expected) in readers.iter_mut().flatten() {
            let oldest = self.published.saturating_sub(self.capacity);
            expected.next = match expected.begin.take() {
                Some(Begin::Now) => self.published,
                Some(Begin::Oldest) => oldest,
                Some(Begin::At(at)) => at.since(START).clamp(oldest, self.published),
                None => expected.next,
            };
        }
    }
    /// One event; whether it is taken. Where one that gates leaves no room, nobody is disconnected for it.
    fn publish(&mut self, readers: &mut [Option<(Subscriber<u64>, Expected)>]) -> bool {
        self.let_in(readers);
        let gates = |expected: &Expected| matches!(expected.policy, Policy::Gate | Policy::Required);
        let mut all = readers.iter().flatten().map(|(_, expected)| expected);
        if all.any(|expected| gates(expected) && self.published - expected.next == self.capacity) {
            return false;
        }
        for (_, expected) in readers.iter_mut().flatten().filter(|(_, expected)| !expected.ended) {
            let behind = self.published - expected.next;
            match expected.policy {
                Policy::DisconnectAfter(lag) if behind >= lag.clamp(1, self.capacity) => {
                    expected.ended = true
                }
                _ => {}
            }
        }
        let heard = readers.iter().flatten().any(|(_, expected)| !expected.ended);
        self.unheard += u64::from(!heard);
        self.published += 1;
        true
    }
    /// What a reader gets next, by `recv`.
    fn recv(&self, expected: &mut Expected) -> Result<u64, NoEvent> {
        let oldest = self.published.saturating_sub(self.capacity);
        if expected.begin.is_some() {
            return Err(NoEvent::Empty);
        }
        if expected.ended {
            return Err(NoEvent::Disconnected { at: START.plus(expected.next) });
        }
        let displaced = expected.next < oldest;
        if displaced {
            let to = if expected.policy == NEWEST { self.published - 1 } else { oldest };
            let lag = to - expected.next;
            expected.next = to;
            expected.missed += lag;
            return Err(NoEvent::Lagged(lag));
        }
        if expected.next == self.published {
            return Err(NoEvent::Empty);
        }
        expected.next += 1;
        Ok(expected.next)
    }
}

/// Seeded runs of publish, subscribe, leave and read, by all policies, beside a model.
#[test]
fn any_steps_come_to_what_the_model_says() {
    let runs = if cfg!(miri) { 40 } else { 60_000 };
    for seed in 1..=runs {
        let mut dice = Dice::new(seed);
        let capacity = 1 << dice.below(4);
        let (mut tx, subscriptions) = ring(capacity as usize, 3);
        let mut readers: [Option<(Subscriber<u64>, Expected)>; 3] = [const { None }; 3];
        let mut model = Model { capacity, published: 0, unheard: 0 };
        for _ in 0..dice.below(60) {
            let who = dice.below(3) as usize;
            match dice.below(10) {
                0..4 => {
                    let taken = model.publish(&mut readers);
                    assert_eq!(tx.push(model.published + u64::from(!taken)).is_ok(), taken, "seed {seed}");
                }
                4 if readers[who].is_none() => {
                    tx.admit();
                    model.let_in(&mut readers);
                    let policy = dice.pick(&POLICIES);
                    let at = Begin::At(START.plus(dice.below(40)));
                    let begin = dice.pick(&[Begin::Now, Begin::Oldest, at]);
                    let rx = subscriptions.subscribe(policy, begin).unwrap();
                    let expected = Expected { policy, begin: Some(begin), next: 0, ended: false, missed: 0 };
                    readers[who] = Some((rx, expected));
                }
                5 => {
                    if let Some((rx, expected)) = readers[who].take() {
                        let left = expected.begin.is_none().then(|| START.plus(expected.next));
                        // Displaced, but it does not know.
                        let untold = model.published.saturating_sub(model.capacity) > expected.next;
                        assert!(rx.unsubscribe() == left || untold && !expected.ended, "seed {seed}");
                    }
                }
                _ => {
                    if let Some((rx, expected)) = &mut readers[who] {
                        for _ in 0..=dice.below(4) {
                            assert_eq!(recv(rx), model.recv(expected), "seed {seed}");
                        }
                        assert_eq!(rx.missed(), expected.missed, "seed {seed}");
                    }
                }
            }
            assert_eq!(tx.unheard(), model.unheard, "seed {seed}");
        }
        drop(tx);
        model.let_in(&mut readers);
        for (mut rx, mut expected) in readers.into_iter().flatten() {
            loop {
                let (got, wanted) = (recv(&mut rx), model.recv(&mut expected));
                assert!(
                    got == wanted || got == Err(NoEvent::Closed) && wanted == Err(NoEvent::Empty),
                    "seed {seed}"
                );
                if matches!(got, Err(NoEvent::Closed | NoEvent::Disconnected { .. })) {
                    break;
                }
            }
        }
    }
}
