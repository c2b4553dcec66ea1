//! Dead letter channel: each event that fails for good is a letter, once, and the rest goes on. The numbers of the
//! tests are those of the specification.

mod aside;
mod breaker;
mod conformance;
mod letter_box;
mod oracle;
mod panics;
mod redrive;
mod retries;

use crate::kit::{Collect, Script, allocations};
use conformance::Picky;
use ringmain::channel::spsc;
use ringmain::contract::{At, Drained, End, Fault, Flow, Halt, Reason, Sink, Source, SourceMut, Stage, Tick};
use ringmain::pattern::{Catch, DeadLetter, Letter, LetterBox, Overflow, Remedy, Retry};
use std::collections::BTreeSet;
use std::time::Duration;

const BAD: Fault = Fault::new(5);

fn always(_: Fault) -> Remedy {
    Remedy::Retry
}
fn at(nanos: u64) -> Tick {
    Tick::from_nanos(nanos)
}
fn nanos(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

/// Edits first, and fails after.
fn spoil(event: &mut u64, _: At) -> Flow {
    *event += 1000;
    if *event == 1002 { Err(BAD.into()) } else { Ok(()) }
}

#[test]
fn dead_letter_6_the_letter_has_the_original() {
    let mut letters = LetterBox::new(4, || 0u64);
    let mut stage = DeadLetter::keeping_original("spoil", Overflow::Block, 0, &mut letters, spoil);
    let mut script = Script::new([1, 2, 3]);
    let _ = script.drain_mut(at(0), usize::MAX, &mut stage);
    drop(stage);
    assert_eq!(script.events(), [1001, 1002, 1003]);
    assert_eq!(letters.iter().next().unwrap().event, 2);
}

#[test]
fn dead_letter_6_each_attempt_begins_with_the_original() {
    let mut seen = Vec::new();
    let mut letters = LetterBox::new(0, || 0u64);
    let spoil = |event: &mut u64, at: At| -> Flow {
        seen.push(*event);
        spoil(event, at)
    };
    let mut stage = DeadLetter::keeping_original("spoil", Overflow::DropNewest, 0, &mut letters, spoil)
        .retry(Retry::fixed(2, nanos(1)), always);
    let mut script = Script::new([2]);
    for now in 0..9 {
        let _ = script.drain_mut(at(now), usize::MAX, &mut stage);
    }
    drop(stage);
    assert_eq!(seen, [2, 2, 2]);
}

#[test]
fn dead_letter_6_the_original_outlives_an_edit_that_was_answered_again() {
    // Edits, which may be done twice, then finds the way out full, then fails.
    let mut calls = 0;
    let inner = |event: &mut u64, _: At| -> Flow {
        *event = 99;
        calls += 1;
        Err(if calls < 3 { Halt::Again } else { BAD.into() })
    };
    let mut letters = LetterBox::new(1, || 0u64);
    let mut stage = DeadLetter::keeping_original("edit", Overflow::Block, 0, &mut letters, inner);
    let mut script = Script::new([5]);
    for now in 0..3 {
        let _ = script.drain_mut(at(now), usize::MAX, &mut stage);
    }
    drop(stage);
    assert_eq!(letters.iter().next().unwrap().event, 5);
}

#[test]
fn dead_letter_6_another_attempt_that_is_answered_again_comes_as_inner_left_it() {
    let mut seen = Vec::new();
    let inner = |event: &mut u64, _: At| -> Flow {
        seen.push(*event);
        *event += 10;
        match seen.len() {
            1 => Err(BAD.into()),
            2 | 3 => Err(Halt::Again),
            _ => Ok(()),
        }
    };
    let letters = LetterBox::new(1, || 0u64);
    let mut stage = DeadLetter::keeping_original("edit", Overflow::Block, 0, letters, inner)
        .retry(Retry::immediate(1), always);
    let mut script = Script::new([5]);
    for now in 0..3 {
        let _ = script.drain_mut(at(now), usize::MAX, &mut stage);
    }
    drop(stage);
    assert_eq!(seen, [5, 5, 15, 25]);
}

fn all_bad(_: &u64, _: At) -> Flow {
    Err(BAD.into())
}

/// An event that two stages hand to each other.
#[derive(Clone, Copy, Default, Debug)]
struct Ball {
    hops: u8,
}

/// Turns a letter back into an event of another ring.
struct Readdress {
    to: spsc::Producer<Ball>,
    letter: Letter<Ball>,
}

impl Sink for Readdress {
    type Event = Letter<Ball>;
    fn fill<R>(&mut self, fill: impl FnOnce(&mut Letter<Ball>) -> Flow<R>) -> Flow<R> {
        let Self { to, letter } = self;
        to.fill(|ball| {
            let done = fill(letter)?;
            ball.hops = letter.hops;
            Ok(done)
        })
    }
}

#[test]
fn dead_letter_9_two_that_dead_letter_into_each_other_come_to_an_end() {
    let (mut to_a, a) = spsc::channel(2, Ball::default).unwrap();
    let (to_b, b) = spsc::channel(2, Ball::default).unwrap();
    let (back_to_a, a_again) = spsc::channel(2, Ball::default).unwrap();
    // LavinMQ #1716: letters that overflowed into one another recursed until the stack was used up. Here it is as deep at
    // the last attempt as at the first.
    let depths = std::cell::RefCell::new(BTreeSet::new());
    let bad = |_: &Ball, _: At| -> Flow {
        let here = 0u8;
        depths.borrow_mut().insert(std::ptr::from_ref(std::hint::black_box(&here)).addr());
        Err(BAD.into())
    };
    let stage = |name, overflow, to| {
        DeadLetter::new(name, overflow, Readdress { to, letter: Letter::default() }, bad)
            .hops(5, |ball: &Ball| ball.hops)
    };
    // Both rings are full all the time; one of the two must not wait, or the circle would.
    let mut ping = stage("ping", Overflow::Block, to_b);
    let mut pong = stage("pong", Overflow::DropNewest, back_to_a);
    let accounts = [ping.account(), pong.account()];
    let (mut a, mut b, mut a_again) = (a, b, a_again);
    let mut turns = 0;
    let mut thrown = 0;
    let mut idle = 0;
    while idle < 2 {
        turns += 1;
        assert!(turns < 1000, "it does not end");
        while thrown < 20 && to_a.push(Ball::default()).is_ok() {
            thrown += 1;
        }
        let drained = [
            a_again.drain(at(turns), 1, &mut ping).count,
            a.drain(at(turns), 1, &mut ping).count,
            b.drain(at(turns), 1, &mut pong).count,
        ];
        idle = if drained == [0; 3] && thrown == 20 { idle + 1 } else { 0 };
    }
    drop((ping, pong));
    let depths = depths.into_inner();
    assert!(depths.last().unwrap() - depths.first().unwrap() < 4096, "the stack grows");
    let [ping, pong] = accounts.map(|account| account.read());
    assert_eq!((ping.check(), pong.check()), (Ok(()), Ok(())));
    let lost = ping.dropped.total() + pong.dropped.total();
    assert_eq!(lost, 20, "each ball is given up once: {ping:?} {pong:?}");
    assert!(ping.dropped[Reason::LoopLimit] + pong.dropped[Reason::LoopLimit] > 0);
}

#[test]
fn dead_letter_11_a_drain_waits_for_no_retry() {
    let mut letters = LetterBox::new(16, || 0u64);
    let mut stage = DeadLetter::new("bad", Overflow::Block, &mut letters, all_bad)
        .retry(Retry::fixed(3, Duration::from_secs(3600)), always);
    let account = stage.account();
    let mut script = Script::new(0..10);
    assert_eq!(script.drain(at(0), usize::MAX, &mut stage).count, 0);
    let drained = script.drain(Tick::MAX, usize::MAX, &mut stage);
    assert_eq!(drained, Drained { count: 10, end: Some(End::Closed) });
    drop(stage);
    assert_eq!(letters.len(), 10);
    let balance = account.read();
    assert_eq!((balance.held, balance.dead_lettered[Reason::Shutdown]), (0, 10));
    assert_eq!(balance.check(), Ok(()));
}

#[test]
fn each_remedy() {
    let fault = |code| Fault { reason: Reason::InvalidKey, code };
    let inner = |event: &u64, _: At| -> Flow { Err(fault(*event as u32).into()) };
    let mut letters = LetterBox::new(4, || 0u64);
    let mut stage = DeadLetter::new("mixed", Overflow::Block, &mut letters, inner).retry(
        Retry::NEVER,
        |fault| match fault.code {
            0 => Remedy::Retry,
            1 => Remedy::Letter,
            2 => Remedy::Drop,
            _ => Remedy::Halt,
        },
    );
    let account = stage.account();
    let drained = Script::new(0..9).drain(at(0), usize::MAX, &mut stage);
    assert_eq!(drained, Drained { count: 4, end: Some(End::Halted(Halt::Stop)) });
    drop(stage);
    assert!(letters.iter().map(|letter| letter.event).eq([0, 1, 3]));
    let balance = account.read();
    assert_eq!(balance.dead_lettered[Reason::AttemptsExhausted], 1);
    assert_eq!(balance.dead_lettered[Reason::InvalidKey], 2);
    assert_eq!(balance.dropped[Reason::InvalidKey], 1);
    assert_eq!(balance.check(), Ok(()));
}

#[test]
fn the_letter_says_where_and_what() {
    let mut letters = LetterBox::new(4, || 0u64);
    let mut stage = DeadLetter::new("row", Overflow::Block, &mut letters, Picky(Collect::new())).detail(
        |event, fault, detail| {
            detail[..8].copy_from_slice(&event.to_be_bytes());
            detail[8] = fault.code as u8;
        },
    );
    let _ = Script::new([1, 5, 2, 10]).drain(at(7), usize::MAX, &mut stage);
    drop(stage);
    let letter = letters.iter().last().unwrap();
    assert_eq!((letter.seq.count(), letter.hops, letter.attempts), (3, 1, 1));
    assert_eq!((letter.first, letter.last), (at(7), at(7)));
    assert_eq!(letter.detail[..9], [0, 0, 0, 0, 0, 0, 0, 10, 5]);
    assert_eq!(letter.detail[9..], [0; 23]);
}

#[test]
fn an_event_that_a_stage_outside_gives_up_leaves_nothing_behind() {
    // The first event waits for another attempt; at 5 its time is over, and the next one comes.
    let mut seen = Vec::new();
    let inner = |event: &mut u64, _: At| -> Flow {
        seen.push(*event);
        if *event == 1 {
            *event = 99;
            Err(BAD)?;
        }
        Ok(())
    };
    let mut letters = LetterBox::new(4, || 0u64);
    let mut guarded = DeadLetter::keeping_original("late", Overflow::Block, 0, &mut letters, inner)
        .retry(Retry::fixed(1, nanos(50)), always);
    let account = guarded.account();
    let mut expiring = |event: &mut u64, at: At| -> Flow {
        let over = at.now == Tick::from_nanos(5) && at.seq.count() == 0;
        if over { Ok(()) } else { guarded.on_event(event, at) }
    };
    let mut script = Script::new([1, 2]);
    for now in [0, 5] {
        let _ = script.drain_mut(at(now), usize::MAX, &mut expiring);
    }
    drop(guarded);
    assert_eq!(seen, [1, 2], "2 is tried at once, with its own bytes");
    assert!(letters.is_empty());
    assert_eq!((account.read().input, account.read().out), (1, 1));
}

#[test]
fn nothing_is_allocated_when_everything_fails() {
    let (tx, mut post) = spsc::channel(4, Letter::<u64>::default).unwrap();
    let mut stage = DeadLetter::new("bad", Overflow::Block, tx, all_bad)
        .retry(Retry::fixed(2, nanos(3)).each_with_immediate(2), always);
    let mut script = Script::new(0..100);
    let mut read = 0;
    let ((), count) = allocations(|| {
        for now in 0..2000 {
            let _ = script.drain(at(now), usize::MAX, &mut stage);
            let _ = Stage::<&u64>::on_batch_end(&mut stage, at(now));
            let mut reader = |_: &Letter<u64>, _: At| -> Flow {
                read += 1;
                Ok(())
            };
            let _ = post.drain(at(now), usize::MAX, &mut reader);
        }
    });
    assert_eq!((read, count), (100, 0));
}

#[test]
fn an_event_that_passes_is_not_copied() {
    let good = Collect::new();
    let mut script = Script::new([1u64, 2, 3]);
    let there: Vec<_> = script.events().iter().map(|event| std::ptr::from_ref(event).addr()).collect();
    let letters = LetterBox::new(1, || 0u64);
    let keeping = DeadLetter::keeping_original("keep", Overflow::Block, 0, letters.clone(), good.clone());
    let mut stage = DeadLetter::editing("edit", Overflow::Block, letters, Catch::new(keeping));
    let _ = script.drain_mut(at(0), usize::MAX, &mut stage);
    assert_eq!(good.addresses(), there);
}

#[test]
fn events_without_a_size_and_large_ones() {
    fn check<T: Clone + PartialEq + std::fmt::Debug>(event: T) {
        let letters = LetterBox::new(2, || event.clone());
        let bad = |_: &T, _: At| -> Flow { Err(BAD.into()) };
        let mut stage = DeadLetter::new("size", Overflow::Block, letters, bad);
        let _ = Script::new([event.clone()]).drain(at(0), 1, &mut stage);
        assert_eq!(stage.letters().iter().next().unwrap().event, event);
    }
    check(());
    check([7u8; 5000]);
}
