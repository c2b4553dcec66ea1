//! Retries: how often, and when.

use super::{BAD, always, at, nanos};
use crate::kit::Script;
use ringmain::contract::{At, Flow, Reason, Source, Stage};
use ringmain::pattern::{DeadLetter, LetterBox, Overflow, Retry};
use std::time::Duration;

/// Fails so many times for each event, and writes down when.
struct Flaky {
    failures: u32,
    left: u32,
    attempts: Vec<u64>,
    passed: Vec<u64>,
}

impl Flaky {
    fn new(failures: u32) -> Self {
        Self { failures, left: failures, attempts: Vec::new(), passed: Vec::new() }
    }
}

impl Stage<&u64> for &mut Flaky {
    fn on_event(&mut self, event: &u64, at: At) -> Flow {
        self.attempts.push(at.now.nanos());
        if self.left > 0 {
            self.left -= 1;
            Err(BAD)?;
        }
        self.left = self.failures;
        self.passed.push(*event);
        Ok(())
    }
}

/// A turn at each of the times from 0 to `until`.
fn turns<S: for<'e> Stage<&'e u64>>(script: &mut Script<u64>, stage: &mut S, until: u64) {
    for now in 0..=until {
        let _ = script.drain(at(now), usize::MAX, stage);
        let _ = Stage::<&u64>::on_batch_end(stage, at(now));
    }
}

#[test]
fn dead_letter_1_three_retries_then_a_letter() {
    let mut flaky = Flaky::new(u32::MAX);
    let mut letters = LetterBox::new(4, || 0u64);
    let mut stage = DeadLetter::new("flaky", Overflow::Block, &mut letters, &mut flaky)
        .retry(Retry::fixed(3, nanos(10)), always);
    let account = stage.account();
    let mut script = Script::new([42]);
    turns(&mut script, &mut stage, 29);
    assert_eq!(script.consumed(), 0, "it waits where it lies");
    turns(&mut script, &mut stage, 40);
    drop(stage);
    assert_eq!(flaky.attempts, [0, 10, 20, 30]);
    let letter = letters.iter().next().unwrap();
    assert_eq!((letter.event, letter.fault, letter.origin), (42, BAD, "flaky"));
    assert_eq!((letter.attempts, letter.first, letter.last), (4, at(0), at(30)));
    assert_eq!(letters.len(), 1);
    let balance = account.read();
    assert_eq!((balance.input, balance.dead_lettered[Reason::AttemptsExhausted]), (1, 1));
    assert_eq!(balance.check(), Ok(()));
}

#[test]
fn dead_letter_2_what_succeeds_in_the_end_is_no_letter() {
    let mut flaky = Flaky::new(2);
    let mut letters = LetterBox::new(4, || 0u64);
    let mut stage = DeadLetter::new("flaky", Overflow::Block, &mut letters, &mut flaky)
        .retry(Retry::fixed(3, nanos(10)), always);
    turns(&mut Script::new([42]), &mut stage, 40);
    drop(stage);
    assert_eq!(flaky.passed, [42]);
    assert_eq!(flaky.attempts.len(), 3);
    assert!(letters.is_empty());
}

#[test]
fn dead_letter_3_exponential_delays() {
    let mut flaky = Flaky::new(u32::MAX);
    let mut letters = LetterBox::new(4, || 0u64);
    let mut stage = DeadLetter::new("flaky", Overflow::Block, &mut letters, &mut flaky)
        .retry(Retry::exponential(5, nanos(10), 2, nanos(50)), always);
    turns(&mut Script::new([42]), &mut stage, 200);
    drop(stage);
    let delays: Vec<_> = flaky.attempts.windows(2).map(|two| two[1] - two[0]).collect();
    assert_eq!(delays, [10, 20, 40, 50, 50]);
    assert_eq!(letters.len(), 1);
}

#[test]
fn dead_letter_4_immediate_times_delayed() {
    let mut flaky = Flaky::new(u32::MAX);
    let mut letters = LetterBox::new(4, || 0u64);
    let mut stage = DeadLetter::new("flaky", Overflow::Block, &mut letters, &mut flaky)
        .retry(Retry::fixed(3, nanos(10)).each_with_immediate(5), always);
    turns(&mut Script::new([42]), &mut stage, 40);
    drop(stage);
    assert_eq!(flaky.attempts.len(), 24);
    assert_eq!(letters.iter().next().unwrap().attempts, 24);
}

#[test]
fn dead_letter_5_inline_keeps_the_order() {
    let mut flaky = Flaky::new(2);
    let mut letters = LetterBox::new(4, || 0u64);
    let mut stage = DeadLetter::new("flaky", Overflow::Block, &mut letters, &mut flaky)
        .retry(Retry::fixed(2, nanos(10)), always);
    turns(&mut Script::new([1, 2, 3]), &mut stage, 80);
    drop(stage);
    assert_eq!(flaky.passed, [1, 2, 3]);
}

/// Fails twice on 1, never on others; `key` is that of 1 and 3.
fn once_in_three_modes(build: impl FnOnce(Guarded<'_>) -> Guarded<'_>) -> Vec<u64> {
    let (mut left, mut passed) = (2, Vec::new());
    let mut inner = |event: &u64, _: At| -> Flow {
        if *event == 1 && left > 0 {
            left -= 1;
            Err(BAD)?;
        }
        passed.push(*event);
        Ok(())
    };
    let inner: &mut dyn FnMut(&u64, At) -> Flow = &mut inner;
    let stage = DeadLetter::new("flaky", Overflow::Block, LetterBox::new(4, || 0u64), inner);
    let mut stage = build(stage.retry(Retry::fixed(2, nanos(10)), always));
    let account = stage.account();
    turns(&mut Script::new([1, 2, 3]), &mut stage, 40);
    assert!(stage.letters().is_empty());
    drop(stage);
    assert_eq!((account.read().input, account.read().out, account.read().check()), (3, 3, Ok(())));
    passed
}

type Guarded<'a> = DeadLetter<u64, LetterBox<u64>, &'a mut dyn FnMut(&u64, At) -> Flow>;

#[test]
fn dead_letter_5_aside_lets_the_others_overtake() {
    assert_eq!(once_in_three_modes(|stage| stage.aside(4, || 0).unwrap()), [2, 3, 1]);
}

#[test]
fn dead_letter_5_by_key_only_those_of_the_key_wait() {
    assert_eq!(once_in_three_modes(|stage| stage.by_key(4, 2, |n| n % 2, || 0).unwrap()), [2, 1, 3]);
}

#[test]
fn delays_from_a_list() {
    const DELAYS: &[Duration] = &[Duration::from_nanos(5), Duration::from_nanos(1), Duration::from_nanos(20)];
    for aside in [false, true] {
        let mut flaky = Flaky::new(u32::MAX);
        let mut stage = DeadLetter::new("flaky", Overflow::Block, LetterBox::new(4, || 0u64), &mut flaky)
            .retry(Retry::listed(DELAYS), always);
        if aside {
            stage = stage.aside(1, || 0).unwrap();
        }
        turns(&mut Script::new([42]), &mut stage, 40);
        assert_eq!(stage.letters().iter().next().unwrap().attempts, 4);
        drop(stage);
        assert_eq!(flaky.attempts, [0, 5, 6, 26]);
    }
}

#[test]
fn jitter_spreads_what_failed_together_and_a_replay_does_the_same() {
    let attempts = || {
        let mut flaky = Flaky::new(u32::MAX);
        let mut stage = DeadLetter::new("flaky", Overflow::Block, LetterBox::new(32, || 0u64), &mut flaky)
            .retry(Retry::exponential(2, nanos(100), 2, nanos(200)).jitter(50), always)
            .aside(32, || 0)
            .unwrap();
        turns(&mut Script::new(0..32), &mut stage, 400);
        assert_eq!(stage.letters().len(), 32);
        drop(stage);
        flaky.attempts
    };
    let (one, other) = (attempts(), attempts());
    assert_eq!(one, other);
    assert!(one[32..64].iter().all(|now| (50..=100).contains(now)));
    let different: std::collections::BTreeSet<_> = one[32..64].iter().collect();
    assert!(different.len() > 16, "they come back together: {one:?}");
}
