//! The breaker: what fails for everybody is not tried by everybody.

use super::aside::turn;
use super::{BAD, all_bad, always, at, nanos};
use crate::kit::Script;
use ringmain::contract::{At, Fault, Flow, Reason, Source, Stage};
use ringmain::pattern::{DeadLetter, LetterBox, Overflow, Remedy, Retry};

/// Down until a time, and writes down who asks and when.
struct Line {
    down_until: u64,
    asked: Vec<(u64, u64)>,
}

impl Stage<&u64> for &mut Line {
    fn on_event(&mut self, event: &u64, at: At) -> Flow {
        self.asked.push((at.now.nanos(), *event));
        if at.now.nanos() < self.down_until { Err(BAD.into()) } else { Ok(()) }
    }
}

#[test]
fn dead_letter_10_after_five_failures_one_probe_in_each_interval() {
    let mut line = Line { down_until: 250, asked: Vec::new() };
    let mut letters = LetterBox::new(16, || 0u64);
    let mut stage = DeadLetter::new("line", Overflow::Block, &mut letters, &mut line)
        .retry(Retry::NEVER, always)
        .breaker(5, nanos(100));
    let account = stage.account();
    let mut script = Script::new(1..=10);
    for now in 0..400 {
        let _ = script.drain(at(now), usize::MAX, &mut stage);
        // Five at 0, then a probe at 100 and one at 200, which fail; the one at 300 closes it.
        let consumed = [5, 6, 7, 10][(now / 100) as usize];
        assert_eq!((script.consumed(), stage.is_open()), (consumed, now < 300), "at {now}");
    }
    drop(stage);
    let asked = [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (100, 6), (200, 7), (300, 8), (300, 9), (300, 10)];
    assert_eq!(line.asked, asked);
    let balance = account.read();
    assert_eq!((balance.out, balance.dead_lettered[Reason::AttemptsExhausted]), (3, 7));
    assert_eq!(balance.check(), Ok(()));
}

#[test]
fn dead_letter_10_what_waits_aside_waits_for_the_probe_too() {
    let mut line = Line { down_until: 150, asked: Vec::new() };
    let mut letters = LetterBox::new(16, || 0u64);
    let mut stage = DeadLetter::new("line", Overflow::Block, &mut letters, &mut line)
        .retry(Retry::fixed(9, nanos(10)), always)
        .aside(8, || 0)
        .unwrap()
        .breaker(3, nanos(100));
    let mut script = Script::new(1..=4);
    for now in 0..=300 {
        let _ = turn(&mut script, &mut stage, now);
    }
    drop(stage);
    // 4 is the probe at 100, and fails; at 200 it is 1, which closes it for all that are due.
    assert_eq!(line.asked, [(0, 1), (0, 2), (0, 3), (100, 4), (200, 1), (200, 2), (200, 3), (200, 4)]);
    assert!(letters.is_empty());
}

#[test]
fn dead_letter_10_retries_at_once_count_and_end_where_it_opens() {
    let mut line = Line { down_until: 50, asked: Vec::new() };
    let mut letters = LetterBox::new(16, || 0u64);
    let mut stage = DeadLetter::new("line", Overflow::Block, &mut letters, &mut line)
        .retry(Retry::immediate(7), always)
        .breaker(2, nanos(20));
    let mut script = Script::new([1, 2]);
    for now in 0..100 {
        let _ = script.drain(at(now), usize::MAX, &mut stage);
    }
    drop(stage);
    assert_eq!(line.asked, [(0, 1), (0, 1), (20, 1), (40, 1), (60, 1), (60, 2)]);
    assert!(letters.is_empty());
}

#[test]
fn dead_letter_10_faults_of_the_events_do_not_open_it() {
    let remedy = |fault: Fault| if fault == BAD { Remedy::Retry } else { Remedy::Letter };
    let mut tries = 0;
    let inner = |event: &u64, _: At| -> Flow {
        tries += 1;
        Err(if *event == 0 { BAD } else { Fault::new(404) }.into())
    };
    let mut stage = DeadLetter::new("line", Overflow::Block, LetterBox::new(16, || 0u64), inner)
        .retry(Retry::NEVER, remedy)
        .breaker(3, nanos(100));
    // Two failures that count among others; the third opens it.
    let mut script = Script::new([0, 1, 2, 3, 4, 5, 0, 6, 7, 0, 8]);
    let _ = script.drain(at(0), usize::MAX, &mut stage);
    assert!(stage.is_open());
    drop(stage);
    assert_eq!((script.consumed(), tries), (10, 10));
}

#[test]
fn dead_letter_10_an_open_breaker_does_not_hold_up_a_drain() {
    let mut stage = DeadLetter::new("bad", Overflow::Block, LetterBox::new(16, || 0u64), all_bad)
        .retry(Retry::fixed(9, nanos(10)), always)
        .aside(8, || 0)
        .unwrap()
        .breaker(2, nanos(1_000_000));
    let account = stage.account();
    let mut script = Script::new(1..=6);
    let _ = turn(&mut script, &mut stage, 0);
    assert_eq!((script.consumed(), account.read().held), (2, 2));
    assert_eq!(turn(&mut script, &mut stage, u64::MAX), Ok(()));
    assert_eq!((script.consumed(), stage.letters().len()), (6, 6));
    assert_eq!((account.read().held, account.read().dead_lettered[Reason::Shutdown]), (0, 6));
    assert_eq!(account.read().check(), Ok(()));
}
