//! Events that wait aside: bounded, in no one's way, and not lost.

use super::{BAD, all_bad, always, at, nanos, spoil};
use crate::kit::{Choke, Collect, Script, allocations};
use ringmain::channel::spsc;
use ringmain::contract::{
    Agent, At, Drained, End, Fault, Flow, Halt, Reason, Sink, Source, SourceMut, Stage, Tick, Work,
};
use ringmain::pattern::{DeadLetter, Letter, LetterBox, Overflow, Remedy, Retry};
use ringmain::ring::CapacityError;
use std::time::Duration;

/// One turn.
pub(super) fn turn<S: for<'e> Stage<&'e u64>>(script: &mut Script<u64>, stage: &mut S, now: u64) -> Flow {
    let _ = script.drain(at(now), usize::MAX, stage);
    Stage::<&u64>::on_batch_end(stage, at(now))
}

#[test]
fn dead_letter_11_a_drain_makes_letters_of_all_that_wait_aside() {
    let mut letters = LetterBox::new(16, || 0u64);
    let mut stage = DeadLetter::new("bad", Overflow::Block, &mut letters, all_bad)
        .retry(Retry::fixed(3, Duration::from_secs(3600)), always)
        .aside(10, || 0)
        .unwrap();
    let account = stage.account();
    let mut script = Script::new(0..10);
    assert_eq!(turn(&mut script, &mut stage, 0), Err(Halt::Again), "it wants more turns");
    assert_eq!((script.consumed(), account.read().held), (10, 10));
    assert_eq!(Stage::<&u64>::on_batch_end(&mut stage, Tick::MAX), Ok(()));
    drop(stage);
    assert!(letters.iter().map(|letter| (letter.event, letter.attempts)).eq((0..10).map(|n| (n, 2))));
    let balance = account.read();
    assert_eq!((balance.input, balance.held, balance.dead_lettered[Reason::Shutdown]), (10, 0, 10));
    assert_eq!(balance.check(), Ok(()));
}

#[test]
fn dead_letter_11_a_drain_waits_for_room_in_the_box() {
    let (tx, mut post) = spsc::channel(4, Letter::<u64>::default).unwrap();
    let stage = DeadLetter::new("bad", Overflow::Block, tx, all_bad)
        .retry(Retry::fixed(3, Duration::from_secs(3600)), always)
        .by_key(10, 3, |n| n % 3, || 0)
        .unwrap();
    let account = stage.account();
    let mut agent = Script::new(0..10).drive(stage);
    let _ = agent.work(at(0));
    let read = Collect::new();
    let mut turns = 0;
    while agent.work(Tick::MAX) != Work::Done {
        turns += 1;
        assert!(turns < 10);
        let _ = post.drain(at(0), usize::MAX, &mut read.clone());
    }
    let _ = post.drain(at(0), usize::MAX, &mut read.clone());
    // Those that wait for one of their key, too.
    let mut letters: Vec<_> = read.events().iter().map(|letter: &Letter<u64>| letter.event).collect();
    letters.sort_unstable();
    assert_eq!(letters, (0..10).collect::<Vec<_>>());
    assert_eq!((account.read().held, account.read().dead_lettered[Reason::Shutdown]), (0, 10));
    assert_eq!(account.read().check(), Ok(()));
}

#[test]
fn dead_letter_12_what_fails_never_holds_up_who_sends() {
    // Everything fails, more than any store has room for; each of ten events a turn has its slot in the ring.
    let make_room = || Overflow::DropOldest(LetterBox::drop_oldest);
    let stage = || {
        DeadLetter::new("bad", make_room(), LetterBox::new(4, || 0u64), all_bad)
            .retry(Retry::exponential(5, nanos(100), 2, nanos(1000)), always)
    };
    let stages = [stage().aside(64, || 0).unwrap(), stage().by_key(64, 16, |n| n % 100, || 0).unwrap()];
    for stage in stages {
        let (mut tx, rx) = spsc::channel(16, u64::default).unwrap();
        let account = stage.account();
        let mut agent = rx.drive(stage);
        for now in 0..10_000u64 {
            for n in 0..10 {
                assert_eq!(tx.push(10 * now + n), Ok(()), "refused at {now}");
            }
            let _ = agent.work(at(now));
            assert!(tx.is_empty(), "held at {now}");
        }
        let balance = account.read();
        assert!(balance.held <= 64);
        assert_eq!((balance.input, balance.out), (100_000, 0));
        assert_eq!(balance.check(), Ok(()));
    }
}

#[test]
fn where_no_place_is_left_an_event_is_a_letter_at_once() {
    let mut stage = DeadLetter::new("bad", Overflow::Block, LetterBox::new(9, || 0u64), all_bad)
        .retry(Retry::fixed(1, nanos(10)), always)
        .aside(2, || 0)
        .unwrap();
    let account = stage.account();
    let _ = turn(&mut Script::new(1..=4), &mut stage, 0);
    assert!(stage.letters().iter().map(|letter| (letter.event, letter.attempts)).eq([(3, 1), (4, 1)]));
    assert_eq!((account.read().held, account.read().dead_lettered[Reason::TableFull]), (2, 2));
    assert_eq!(turn(&mut Script::new([]), &mut stage, 10), Ok(()), "it holds nothing any more");
    assert!(stage.letters().iter().map(|letter| letter.event).eq([3, 4, 1, 2]));
    assert_eq!(account.read().check(), Ok(()));
}

#[test]
fn what_was_only_to_wait_behind_another_says_that_it_was_not_tried() {
    let mut tried = Vec::new();
    let inner = |event: &u64, _: At| -> Flow {
        tried.push(*event);
        if *event < 40 { Err(BAD.into()) } else { Ok(()) }
    };
    let mut stage = DeadLetter::new("bad", Overflow::Block, LetterBox::new(9, || 0u64), inner)
        .retry(Retry::fixed(1, nanos(10)), always)
        .by_key(3, 2, |n| n % 10, || 0)
        .unwrap();
    // 1 and 2 wait; 3 has a key too many, 11 waits behind 1, and 12 would wait behind 2; 45 goes on.
    let _ = turn(&mut Script::new([1, 2, 3, 11, 12, 45]), &mut stage, 0);
    let letters: Vec<_> = stage.letters().iter().map(|l| (l.event, l.attempts, l.fault.reason)).collect();
    assert_eq!(letters, [(3, 1, Reason::NonRetryable), (12, 0, Reason::TableFull)]);
    let account = stage.account();
    assert_eq!((account.read().held, account.read().dead_lettered[Reason::TableFull]), (3, 2));
    drop(stage);
    assert_eq!(tried, [1, 2, 3, 45]);
    let balance = account.read();
    assert_eq!(
        (balance.held, balance.dropped[Reason::Shutdown]),
        (0, 3),
        "what waits when it goes is counted"
    );
    assert_eq!(balance.check(), Ok(()));
}

#[test]
fn a_shelf_without_places_is_not_built() {
    let stage = || DeadLetter::new("bad", Overflow::Block, LetterBox::new(1, || 0u64), all_bad);
    assert_eq!(stage().aside(0, || 0).err(), Some(CapacityError::Zero));
    assert_eq!(stage().by_key(0, 1, |n| *n, || 0).err(), Some(CapacityError::Zero));
    assert_eq!(stage().by_key(1, 0, |n| *n, || 0).err(), Some(CapacityError::Zero));
}

#[test]
fn each_attempt_aside_begins_with_the_original() {
    let mut seen = Vec::new();
    let spoil = |event: &mut u64, at: At| -> Flow {
        seen.push((at.seq.count(), *event));
        spoil(event, at)
    };
    let mut stage =
        DeadLetter::keeping_original("spoil", Overflow::Block, 0, LetterBox::new(1, || 0u64), spoil)
            .retry(Retry::fixed(2, nanos(5)).each_with_immediate(1), always)
            .aside(2, || 0)
            .unwrap();
    let mut script = Script::new([1, 2, 3]);
    for now in 0..20 {
        let _ = script.drain_mut(at(now), usize::MAX, &mut stage);
        let _ = Stage::<&mut u64>::on_batch_end(&mut stage, at(now));
    }
    assert_eq!(stage.letters().iter().next().unwrap().event, 2);
    drop(stage);
    assert_eq!(seen, [(0, 1), (1, 2), (1, 2), (2, 3), (1, 2), (1, 2), (1, 2), (1, 2)]);
}

#[test]
fn what_inner_has_no_room_for_comes_next_and_as_inner_left_it() {
    // 1 fails, is tried again, and then the way out is full twice: meanwhile inner must not see 2.
    let mut calls = Vec::new();
    let inner = |event: &mut u64, at: At| -> Flow {
        calls.push((at.now.nanos(), at.seq.count(), *event));
        *event += 10;
        match calls.len() {
            1 => Err(BAD.into()),
            2 | 3 => Err(Halt::Again),
            _ => Ok(()),
        }
    };
    let mut stage =
        DeadLetter::keeping_original("full", Overflow::Block, 0, LetterBox::new(1, || 0u64), inner)
            .retry(Retry::fixed(1, nanos(1)), always)
            .aside(1, || 0)
            .unwrap();
    let mut script = Script::new([1]).open();
    for now in 0..5 {
        if now == 2 {
            script.then(2);
        }
        let _ = script.drain_mut(at(now), usize::MAX, &mut stage);
        let _ = Stage::<&mut u64>::on_batch_end(&mut stage, at(now));
    }
    drop(stage);
    assert_eq!(calls, [(0, 0, 1), (1, 0, 1), (2, 0, 11), (3, 0, 21), (4, 1, 2)]);
}

#[test]
fn while_inner_expects_the_event_in_hand_nothing_else_is_tried() {
    let mut calls = Vec::new();
    let inner = |event: &u64, at: At| -> Flow {
        calls.push((at.now.nanos(), *event));
        match (*event, at.now.nanos()) {
            (1, 0) => Err(BAD.into()),
            (2, 0..5) => Err(Halt::Again),
            _ => Ok(()),
        }
    };
    let mut stage = DeadLetter::new("full", Overflow::Block, LetterBox::new(1, || 0u64), inner)
        .retry(Retry::fixed(1, nanos(1)), always)
        .aside(1, || 0)
        .unwrap();
    let mut script = Script::new([1, 2]);
    for now in [0, 1, 2, 5] {
        let _ = turn(&mut script, &mut stage, now);
    }
    drop(stage);
    assert_eq!(calls, [(0, 1), (0, 2), (1, 2), (2, 2), (5, 2), (5, 1)]);
}

#[test]
fn in_the_last_turn_what_inner_cannot_be_asked_about_is_a_letter() {
    // A stage outside has given up the event in hand, which inner still expects.
    let inner = |event: &u64, _: At| -> Flow { Err(if *event == 1 { BAD.into() } else { Halt::Again }) };
    let mut stage = DeadLetter::new("full", Overflow::Block, LetterBox::new(1, || 0u64), inner)
        .retry(Retry::fixed(1, nanos(1)), always)
        .aside(1, || 0)
        .unwrap();
    let _ = turn(&mut Script::new([1, 2]), &mut stage, 0);
    assert_eq!(Stage::<&u64>::on_batch_end(&mut stage, at(9)), Err(Halt::Again));
    assert_eq!(Stage::<&u64>::on_batch_end(&mut stage, Tick::MAX), Ok(()));
    let letter = stage.letters().iter().next().unwrap();
    assert_eq!((letter.event, letter.attempts, letter.fault), (1, 1, BAD));
    let account = stage.account();
    drop(stage);
    assert_eq!(account.read().dead_lettered[Reason::Shutdown], 1);
    assert_eq!(account.read().check(), Ok(()));
}

#[test]
fn a_full_box_makes_what_is_due_for_it_wait_and_nobody_else() {
    let (tx, mut post) = spsc::channel(1, Letter::<u64>::default).unwrap();
    let good = Collect::new();
    let inner = super::Picky(good.clone());
    let mut stage = DeadLetter::new("row", Overflow::Block, tx, inner)
        .retry(Retry::fixed(1, nanos(1)), always)
        .aside(3, || 0)
        .unwrap();
    let mut script = Script::new([5, 10, 15]).open();
    for now in 0..9 {
        script.then(now * 10 + 1);
        let _ = turn(&mut script, &mut stage, now);
        assert_eq!(good.len() as u64, now + 1, "those that pass go on");
    }
    let read = Collect::new();
    for now in 9..12 {
        let _ = post.drain(at(now), usize::MAX, &mut read.clone());
        let _ = turn(&mut script, &mut stage, now);
    }
    let letters: Vec<_> = read.events().iter().map(|l: &Letter<u64>| (l.event, l.attempts)).collect();
    assert_eq!(letters, [(5, 2), (10, 2), (15, 2)]);
}

#[test]
fn a_remedy_that_halts_or_drops_does_so_aside() {
    for (last, ended) in [(Remedy::Halt, true), (Remedy::Drop, false), (Remedy::Letter, false)] {
        let calls = std::cell::Cell::new(0);
        let inner = |_: &u64, _: At| -> Flow {
            calls.set(calls.get() + 1);
            Err(Fault::new(calls.get()).into())
        };
        let classify = match last {
            Remedy::Halt => |fault: Fault| if fault.code < 2 { Remedy::Retry } else { Remedy::Halt },
            Remedy::Drop => |fault: Fault| if fault.code < 2 { Remedy::Retry } else { Remedy::Drop },
            _ => |fault: Fault| if fault.code < 2 { Remedy::Retry } else { Remedy::Letter },
        };
        let mut stage = DeadLetter::new("mixed", Overflow::Block, LetterBox::new(4, || 0u64), inner)
            .retry(Retry::fixed(9, nanos(5)), classify)
            .aside(2, || 0)
            .unwrap();
        let _ = turn(&mut Script::new([7]), &mut stage, 0);
        let flow = turn(&mut Script::new([]), &mut stage, 5);
        assert_eq!(flow == Err(Halt::Stop), ended, "{last:?}");
        assert_eq!(stage.letters().is_empty(), last == Remedy::Drop, "{last:?}");
        let account = stage.account();
        drop(stage);
        assert_eq!((account.read().held, account.read().check()), (0, Ok(())));
    }
}

#[test]
fn nothing_is_allocated_aside() {
    let choked = || Choke::new(1, LetterBox::new(4, || 0u64));
    let retry = Retry::fixed(2, nanos(3)).each_with_immediate(1).jitter(30);
    for by_key in [false, true] {
        let (mut out, letters) = (0, choked());
        let inner = |event: &u64, _: At| -> Flow {
            if event.is_multiple_of(3) {
                Err(BAD)?
            }
            out += 1;
            Err(if out % 5 == 0 { Halt::Again } else { return Ok(()) })
        };
        let stage = DeadLetter::new("bad", Overflow::DropNewest, letters, inner).retry(retry, always);
        let built = if by_key { stage.by_key(6, 3, |n| n % 7, || 0) } else { stage.aside(6, || 0) };
        let mut stage = built.unwrap().breaker(7, nanos(2));
        let account = stage.account();
        let mut script = Script::new(0..300);
        let ((), count) = allocations(|| {
            for now in 0..2000 {
                let _ = turn(&mut script, &mut stage, now);
            }
            let _ = Stage::<&u64>::on_batch_end(&mut stage, Tick::MAX);
        });
        assert_eq!((script.consumed(), count), (300, 0));
        drop(stage);
        assert_eq!((account.read().input, account.read().held, account.read().check()), (300, 0, Ok(())));
    }
}

#[test]
fn behind_a_pump_whose_source_is_closed_it_ends_when_nothing_waits() {
    let good = Collect::new();
    let mut left = 2;
    let mut ends = good.clone();
    let inner = move |event: &u64, at: At| -> Flow {
        if *event == 1 && left > 0 {
            left -= 1;
            Err(BAD)?;
        }
        ends.on_event(event, at)
    };
    let stage = DeadLetter::new("flaky", Overflow::Block, LetterBox::new(1, || 0u64), inner)
        .retry(Retry::fixed(2, nanos(10)), always)
        .aside(1, || 0)
        .unwrap();
    let mut agent = Script::new([1, 2]).drive(stage);
    let ended = (0..100).find(|now| agent.work(at(*now)) == Work::Done);
    assert_eq!((ended, good.events()), (Some(20), vec![2, 1]));
}

#[test]
fn an_event_keeps_its_place_and_its_address_where_it_passes() {
    let good = Collect::new();
    let mut script = Script::new([1u64, 2, 3]);
    let there: Vec<_> = script.events().iter().map(|event| std::ptr::from_ref(event).addr()).collect();
    let mut stage = DeadLetter::new("aside", Overflow::Block, LetterBox::new(1, || 0u64), good.clone())
        .aside(4, || 0)
        .unwrap();
    let drained = script.drain(at(0), usize::MAX, &mut stage);
    assert_eq!(drained, Drained { count: 3, end: Some(End::Closed) });
    assert_eq!(good.addresses(), there);
}
