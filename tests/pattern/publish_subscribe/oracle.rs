//! Seeded runs of declare, publish, subscribe, read and leave, by all policies, beside a model that keeps everything.

use super::{GATE, START, balance, drain};
use crate::kit::{Dice, reached, seeds};
use ringmain::channel::publish_subscribe::{Begin, NoEvent, Policy, Resume};
use ringmain::contract::{Account, Reason, Sink};
use ringmain::pattern::publish_subscribe::{Retain, Sizes, Subscriber, channel_retaining_from};
use std::collections::VecDeque;
use std::sync::Arc;

const NAMES: [&str; 5] = ["a", "a.b", "a.b.c", "b", "b.c"];
const PATTERNS: [&[&str]; 6] = [&["#"], &["a.>"], &["a.#", "*.b"], &["*"], &["b.c", "b"], &["#.c"]];
/// Which of the names each of the patterns means, by hand.
const MEANS: [&[usize]; 6] = [&[0, 1, 2, 3, 4], &[1, 2], &[0, 1, 2], &[0, 3], &[3, 4], &[2, 4]];
const RETAIN: [Retain; 5] = [Retain::None, Retain::Last, Retain::LastN(2), Retain::LastN(3), Retain::None];
/// How many that is.
const KEPT: [usize; 5] = [0, 1, 2, 3, 0];
const NEWEST: Policy = Policy::Lag(Resume::Newest);
const POLICIES: [Policy; 7] = [
    GATE,
    Policy::Required,
    Policy::Lag(Resume::Oldest),
    NEWEST,
    Policy::Conflate,
    Policy::DisconnectAfter(1),
    Policy::DisconnectAfter(3),
];

/// What a subscriber should get, and have in its books.
struct Expected {
    means: usize,
    policy: Policy,
    begin: Begin,
    /// The number of the next event in the ring, once it is let in.
    next: Option<u64>,
    retained: VecDeque<u64>,
    /// It knows that nothing is left of them.
    handed: bool,
    ended: bool,
    /// Given up for it, which it does not know yet.
    given_up: u64,
    out: u64,
    filtered: u64,
    missed: u64,
}

impl Expected {
    fn gates(&self) -> bool {
        matches!(self.policy, Policy::Gate | Policy::Required)
    }
    fn wants(&self, topic: usize) -> bool {
        MEANS[self.means].contains(&topic)
    }
    /// What was retained, at most so many; and whether its turn goes on behind it.
    fn hand_over(&mut self, limit: usize) -> (Vec<u64>, bool) {
        if self.handed {
            return (Vec::new(), true);
        }
        let shown: Vec<_> = self.retained.drain(..self.retained.len().min(limit)).collect();
        self.out += shown.len() as u64;
        self.handed = shown.len() < limit;
        (shown, self.handed)
    }
}

type Reader = (Subscriber<u64>, Expected);

/// A publisher that keeps everything: the topic of each event, whose number is its place.
struct Model {
    capacity: u64,
    log: Vec<usize>,
    out: u64,
    unheard: u64,
}

impl Model {
    fn published(&self) -> u64 {
        self.log.len() as u64
    }
    fn oldest(&self) -> u64 {
        self.published().saturating_sub(self.capacity)
    }
    fn let_in(&self, readers: &mut [Option<Reader>]) {
        for (_, expected) in readers.iter_mut().flatten() {
            if expected.next.is_some() {
                continue;
            }
            let first = if expected.begin == Begin::Now { self.published() } else { self.oldest() };
            let mut retained: Vec<u64> = Vec::new();
            for topic in MEANS[expected.means] {
                let of_topic: Vec<_> =
                    (0..self.published()).filter(|n| self.log[*n as usize] == *topic).collect();
                let last = &of_topic[of_topic.len().saturating_sub(KEPT[*topic])..];
                retained.extend(last.iter().filter(|n| **n < first));
            }
            retained.sort_unstable();
            (expected.next, expected.retained) = (Some(first), retained.into());
        }
    }
    /// One event; whether it is taken. Where one that gates leaves no room, nobody is disconnected for it.
    fn publish(&mut self, topic: usize, readers: &mut [Option<Reader>]) -> bool {
        self.let_in(readers);
        let mut readers: Vec<_> = readers.iter_mut().flatten().map(|(_, expected)| expected).collect();
        let behind = |expected: &Expected| self.published() - expected.next.unwrap();
        if readers.iter().any(|expected| expected.gates() && behind(expected) == self.capacity) {
            return false;
        }
        for expected in &mut readers {
            if expected.policy == Policy::Conflate && behind(expected) == self.capacity {
                self.conflate(expected);
            }
            if let Policy::DisconnectAfter(lag) = expected.policy {
                expected.ended |= behind(expected) >= lag.clamp(1, self.capacity);
            }
        }
        let heard = readers.iter().filter(|expected| !expected.ended && expected.wants(topic)).count() as u64;
        self.out += heard;
        self.unheard += u64::from(heard == 0);
        self.log.push(topic);
        true
    }
    /// Of all that it has not seen it gets what the topics keep, and goes on with the next event.
    fn conflate(&self, expected: &mut Expected) {
        let unseen: Vec<_> =
            expected.retained.drain(..).chain(expected.next.unwrap()..self.published()).collect();
        let newer = |n: u64| {
            let later = &self.log[n as usize + 1..];
            later.iter().filter(|topic| **topic == self.log[n as usize]).count()
        };
        let kept = |n: &u64| {
            let topic = self.log[*n as usize];
            expected.wants(topic) && newer(*n) < KEPT[topic]
        };
        let retained: VecDeque<_> = unseen.iter().copied().filter(kept).collect();
        expected.given_up += (unseen.len() - retained.len()) as u64;
        (expected.retained, expected.next, expected.handed) = (retained, Some(self.published()), false);
    }
    /// Learns how much was given up for it: so many.
    fn learn(expected: &mut Expected) -> u64 {
        expected.missed += expected.given_up;
        std::mem::take(&mut expected.given_up)
    }
    /// Goes on where the policy says, if events were missed: so many.
    fn catch_up(&self, expected: &mut Expected) -> u64 {
        let next = expected.next.unwrap();
        if expected.ended || next >= self.oldest() {
            return 0;
        }
        let to = if expected.policy == NEWEST { self.published() - 1 } else { self.oldest() };
        expected.next = Some(to);
        expected.missed += to - next;
        to - next
    }
    /// The next event of its topics in the ring.
    fn find(&self, expected: &mut Expected) -> Option<u64> {
        while !expected.ended
            && let Some(n) = expected.next.filter(|n| *n < self.published())
        {
            expected.next = Some(n + 1);
            if expected.wants(self.log[n as usize]) {
                expected.out += 1;
                return Some(n);
            }
            expected.filtered += 1;
        }
        None
    }
    fn drain(&self, expected: &mut Expected, limit: usize) -> Vec<(u64, bool)> {
        if expected.next.is_none() {
            return Vec::new();
        }
        Self::learn(expected);
        let (shown, goes_on) = expected.hand_over(limit);
        let mut seen: Vec<_> = shown.into_iter().map(|n| (n, true)).collect();
        if goes_on {
            self.catch_up(expected);
            while seen.len() < limit
                && let Some(n) = self.find(expected)
            {
                seen.push((n, false));
            }
        }
        seen
    }
    fn recv(&self, expected: &mut Expected) -> Result<(u64, bool), NoEvent> {
        let Some(next) = expected.next else { return Err(NoEvent::Empty) };
        match Self::learn(expected) {
            0 => {}
            missed => return Err(NoEvent::Lagged(missed)),
        }
        if let Some(n) = expected.hand_over(1).0.pop() {
            return Ok((n, true));
        }
        if expected.ended {
            return Err(NoEvent::Disconnected { at: START.plus(next) });
        }
        match self.catch_up(expected) {
            0 => self.find(expected).map(|n| (n, false)).ok_or(NoEvent::Empty),
            missed => Err(NoEvent::Lagged(missed)),
        }
    }
}

fn assert_books(account: &Account, expected: &Expected, seed: u64) {
    let Expected { out, filtered, missed, .. } = *expected;
    let books = account.read();
    assert_eq!(
        (books.out, books.filtered, books.dropped[Reason::Evicted]),
        (out, filtered, missed),
        "seed {seed}"
    );
    assert_eq!((books.input, books.check()), (out + filtered + missed, Ok(())), "seed {seed}");
}

#[test]
fn any_steps_come_to_what_the_model_says() {
    // How often what the policies differ in has happened.
    let (mut lagged, mut disconnected, mut refused) = (0, 0, 0);
    for seed in seeds(100_000) {
        let mut dice = Dice::new(seed);
        let slots = dice.pick(&[1, 2, 4, 64]);
        let sizes = Sizes { slots, seats: 3, topics: 5 };
        let (mut tx, subscriptions) = channel_retaining_from(START, sizes, 16, || 0).unwrap();
        let mut model = Model { capacity: slots as u64, log: Vec::new(), out: 0, unheard: 0 };
        let mut topics = [None; 5];
        let mut readers: [Option<Reader>; 3] = [const { None }; 3];
        let mut gone: Vec<(Arc<Account>, Expected)> = Vec::new();
        for _ in 0..dice.below(50) {
            let who = dice.below(3) as usize;
            match dice.below(8) {
                0 => {
                    let name = dice.below(5) as usize;
                    topics[name].get_or_insert_with(|| tx.declare(NAMES[name], RETAIN[name]).unwrap());
                }
                1..4 => {
                    let name = dice.below(5) as usize;
                    let Some(topic) = topics[name] else { continue };
                    let n = model.published();
                    let taken = model.publish(name, &mut readers);
                    assert_eq!(tx.to(topic).push(n).is_ok(), taken, "seed {seed}");
                    refused += u64::from(!taken);
                }
                4 if readers[who].is_none() => {
                    tx.admit();
                    model.let_in(&mut readers);
                    let (means, begin) = (dice.below(6) as usize, dice.pick(&[Begin::Now, Begin::Oldest]));
                    let policy = dice.pick(&POLICIES);
                    let rx = subscriptions.subscribe(PATTERNS[means], policy, begin).unwrap();
                    let expected = Expected {
                        means,
                        policy,
                        begin,
                        next: None,
                        retained: VecDeque::new(),
                        handed: false,
                        ended: false,
                        given_up: 0,
                        out: 0,
                        filtered: 0,
                        missed: 0,
                    };
                    // Its seat may be one whose account was looked at.
                    gone.retain(|(account, expected)| {
                        let reused = Arc::ptr_eq(account, &rx.account());
                        assert!(reused || account.read().out == expected.out, "seed {seed}");
                        !reused
                    });
                    readers[who] = Some((rx, expected));
                }
                5 => {
                    if let Some((rx, expected)) = readers[who].take() {
                        let account = rx.account();
                        assert!(rx.unsubscribe().is_some() == expected.next.is_some(), "seed {seed}");
                        assert_books(&account, &expected, seed);
                        gone.push((account, expected));
                    }
                    tx.admit();
                    model.let_in(&mut readers);
                }
                6 => {
                    let Some((rx, expected)) = &mut readers[who] else { continue };
                    let limit = dice.below(5) as usize;
                    let got: Vec<_> =
                        drain(rx, limit).into_iter().map(|event| (event.event, event.retained)).collect();
                    assert_eq!(got, model.drain(expected, limit), "seed {seed}");
                    assert_books(&rx.account(), expected, seed);
                }
                _ => {
                    let Some((rx, expected)) = &mut readers[who] else { continue };
                    for _ in 0..=dice.below(3) {
                        let got = rx.recv(|event| (event.event, event.retained));
                        assert_eq!(got, model.recv(expected), "seed {seed}");
                        match got {
                            Ok(_) => continue,
                            Err(NoEvent::Lagged(_)) => lagged += 1,
                            Err(NoEvent::Disconnected { .. }) => disconnected += 1,
                            Err(_) => {}
                        }
                        assert_books(&rx.account(), expected, seed);
                    }
                }
            }
        }
        let books = balance(&mut tx);
        let dropped = books.dropped[Reason::NoSubscriber];
        assert_eq!(
            (books.input, books.out, dropped),
            (model.published(), model.out, model.unheard),
            "seed {seed}"
        );
        model.let_in(&mut readers);
        for (mut rx, mut expected) in readers.into_iter().flatten() {
            loop {
                let got = rx.recv(|event| (event.event, event.retained));
                assert_eq!(got, model.recv(&mut expected), "seed {seed}");
                if matches!(got, Err(NoEvent::Empty | NoEvent::Disconnected { .. })) {
                    break;
                }
            }
            let account = rx.account();
            drop(rx);
            assert_books(&account, &expected, seed);
        }
    }
    let all = [lagged, disconnected, refused];
    assert!(all.iter().all(|times| reached(*times, 1_000)), "{all:?}");
}
