//! The box of letters: full, closed, and read.

use super::{BAD, Picky, all_bad, at};
use crate::kit::{Collect, Script};
use ringmain::channel::spsc;
use ringmain::contract::{Agent, At, Drained, End, Fault, Flow, Halt, Reason, Sink, Source, SourceMut, Work};
use ringmain::pattern::{DeadLetter, Letter, LetterBox, Overflow};
use std::collections::VecDeque;

#[test]
fn dead_letter_7_a_full_box_halts_the_stage() {
    let mut letters = LetterBox::new(2, || 0u64);
    let mut stage = DeadLetter::new("bad", Overflow::HaltStage, &mut letters, all_bad);
    let account = stage.account();
    let drained = Script::new([1, 2, 3, 4]).drain(at(0), usize::MAX, &mut stage);
    assert_eq!(drained, Drained { count: 3, end: Some(End::Halted(Halt::Stop)) });
    drop(stage);
    assert!(letters.iter().map(|letter| letter.event).eq([1, 2]));
    let balance = account.read();
    assert_eq!((balance.input, balance.dead_lettered.total(), balance.dropped[Reason::RingFull]), (3, 2, 1));
    assert_eq!(balance.check(), Ok(()));
}

#[test]
fn dead_letter_7_the_oldest_letter_gives_way() {
    let mut letters = LetterBox::new(2, || 0u64);
    let make_room = Overflow::DropOldest(|letters: &mut &mut LetterBox<u64>| letters.drop_oldest());
    let mut stage = DeadLetter::new("bad", make_room, &mut letters, all_bad);
    let account = stage.account();
    assert_eq!(Script::new([1, 2, 3]).drain(at(0), usize::MAX, &mut stage).count, 3);
    drop(stage);
    assert!(letters.iter().map(|letter| letter.event).eq([2, 3]));
    let balance = account.read();
    assert_eq!((balance.dead_lettered.total(), balance.dropped[Reason::Evicted]), (3, 1));
    assert_eq!(balance.check(), Ok(()));
}

#[test]
fn dead_letter_7_the_newest_letter_is_not_written() {
    let mut letters = LetterBox::new(2, || 0u64);
    let mut stage = DeadLetter::new("bad", Overflow::DropNewest, &mut letters, all_bad);
    let account = stage.account();
    assert_eq!(Script::new([1, 2, 3]).drain(at(0), usize::MAX, &mut stage).count, 3);
    drop(stage);
    assert!(letters.iter().map(|letter| letter.event).eq([1, 2]));
    assert_eq!(account.read().dropped[Reason::RingFull], 1);
    assert_eq!(account.read().check(), Ok(()));
}

#[test]
fn dead_letter_7_or_the_event_waits_and_is_not_tried_again() {
    let mut tries = 0;
    let inner = |_: &u64, _: At| -> Flow {
        tries += 1;
        Err(BAD.into())
    };
    let (tx, mut post) = spsc::channel(2, Letter::<u64>::default).unwrap();
    let mut stage = DeadLetter::new("bad", Overflow::Block, tx, inner);
    let mut script = Script::new([1, 2, 3]);
    let again = Some(End::Halted(Halt::Again));
    for now in 0..5 {
        assert_eq!(script.drain(at(now), usize::MAX, &mut stage).end, again);
    }
    let mut read = Vec::new();
    let mut reader = |letter: &Letter<u64>, _: At| -> Flow {
        read.push((letter.event, letter.last.nanos()));
        Ok(())
    };
    let _ = post.drain(at(5), usize::MAX, &mut reader);
    let _ = script.drain(at(5), usize::MAX, &mut stage);
    drop(stage);
    let _ = post.drain(at(5), usize::MAX, &mut reader);
    assert_eq!(tries, 3);
    assert_eq!(read, [(1, 0), (2, 0), (3, 0)]);
}

/// A sink of letters that never takes one.
struct Bad(Halt);

impl Sink for Bad {
    type Event = Letter<u64>;
    fn fill<R>(&mut self, _: impl FnOnce(&mut Letter<u64>) -> Flow<R>) -> Flow<R> {
        Err(self.0)
    }
}

#[test]
fn a_letter_that_fails_is_no_letter_but_counted() {
    for overflow in [Overflow::Block, Overflow::DropNewest, Overflow::HaltStage] {
        let mut stage = DeadLetter::new("bad", overflow, Bad(Fault::of(Reason::InvalidKey).into()), all_bad);
        let account = stage.account();
        assert_eq!(Script::new([1, 2]).drain(at(0), usize::MAX, &mut stage).count, 2);
        drop(stage);
        assert_eq!(account.read().dropped[Reason::InvalidKey], 2);
        assert_eq!(account.read().check(), Ok(()));
    }
}

#[test]
fn a_closed_box_ends_it_unless_letters_may_be_lost() {
    fn counts(overflow: Overflow<Bad>) -> (usize, u64) {
        let mut stage = DeadLetter::new("bad", overflow, Bad(Halt::Stop), all_bad);
        let account = stage.account();
        let count = Script::new([1, 2]).drain(at(0), usize::MAX, &mut stage).count;
        drop(stage);
        assert_eq!(account.read().check(), Ok(()));
        (count, account.read().dropped[Reason::Shutdown])
    }
    assert_eq!(counts(Overflow::Block), (1, 1));
    assert_eq!(counts(Overflow::HaltStage), (1, 1));
    assert_eq!(counts(Overflow::DropNewest), (2, 2));
    assert_eq!(counts(Overflow::DropOldest(|_| unreachable!("it is closed, not full"))), (2, 2));
}

#[test]
fn a_box_that_cannot_make_room_makes_the_event_wait() {
    let mut stage = DeadLetter::new("bad", Overflow::DropOldest(|_| false), Bad(Halt::Again), all_bad);
    let drained = Script::new([1]).drain(at(0), usize::MAX, &mut stage);
    assert_eq!(drained, Drained { count: 0, end: Some(End::Halted(Halt::Again)) });
}

#[test]
fn behind_a_pump_the_letters_are_a_stream_that_ends_with_it() {
    let (tx, post) = spsc::channel(16, Letter::<u64>::default).unwrap();
    let good = Collect::new();
    let stage = DeadLetter::new("row", Overflow::Block, tx, Picky(good.clone()));
    let mut work = Script::new(1..=20u64).drive(stage);
    let bad = Collect::new();
    let mut read = post.drive(bad.clone());
    while work.work(at(0)) != Work::Done {}
    while read.work(at(0)) != Work::Done {}
    assert_eq!(good.len(), 16);
    assert!(bad.events().iter().map(|letter: &Letter<u64>| letter.event).eq([5, 10, 15, 20]));
}

#[test]
fn a_letter_box_is_a_queue() {
    let mut letters = LetterBox::new(3, || 0u64);
    assert!(!letters.drop_oldest());
    let mut model = VecDeque::new();
    let mut taken = 0;
    for n in 0..20u64 {
        let put = letters.offer(|letter| letter.event = n);
        assert_eq!(put.is_ok(), model.len() < 3);
        if put.is_ok() {
            model.push_back(n);
        }
        if n % 3 == 1 {
            let mut one = |letter: &Letter<u64>, at: At| -> Flow {
                assert_eq!(Some(letter.event), model.pop_front());
                assert_eq!(at.seq.count(), taken);
                taken += 1;
                Ok(())
            };
            assert_eq!(letters.drain(at(0), 1, &mut one).count, 1);
        }
        assert!(letters.iter().map(|letter| letter.event).eq(model.iter().copied()));
        assert_eq!(letters.len(), model.len());
    }
    let mut again = |_: &mut Letter<u64>, _: At| -> Flow { Err(Halt::Again) };
    assert_eq!(letters.drain_mut(at(0), 9, &mut again).count, 0);
    assert_eq!(letters.len(), model.len());
}

#[test]
fn a_letter_whose_reader_fails_stays_and_is_no_letter_again() {
    // logstash #7833: what failed on its way out of the dead letter queue went into it again, until the disk was full.
    let mut letters = LetterBox::new(3, || 0u64);
    for n in 1..=3 {
        letters.offer(|letter| letter.event = n).unwrap();
    }
    let (mut read, mut places) = (Vec::new(), Vec::new());
    for now in 0..100 {
        let mut reader = |letter: &Letter<u64>, at: At| -> Flow {
            places.push(at.seq);
            if letter.event == 2 && now < 99 {
                Err(BAD)?;
            }
            read.push(letter.event);
            Ok(())
        };
        let count = letters.drain(at(now), usize::MAX, &mut reader).count;
        assert_eq!(count, [2, 0, 1][usize::from(now > 0) + usize::from(now == 99)]);
    }
    assert_eq!(read, [1, 3, 2]);
    assert_eq!((letters.failed(), letters.len()), (99, 0));
    assert!(
        places.is_sorted_by(|one, next| next.since(*one) == 1),
        "a place is never that of another letter"
    );
}

#[test]
fn a_reader_that_is_full_sees_the_same_letter_in_the_same_place() {
    let mut letters = LetterBox::new(4, || 0u64);
    for n in 1..=3 {
        letters.offer(|letter| letter.event = n).unwrap();
    }
    let mut seen = Vec::new();
    for now in 0..3 {
        let mut reader = |letter: &Letter<u64>, at: At| -> Flow {
            seen.push((at.seq.count(), letter.event));
            Err(if now == 1 { BAD.into() } else { Halt::Again })
        };
        let _ = letters.drain(at(now), 1, &mut reader);
    }
    assert_eq!(seen, [(0, 1), (0, 1), (1, 2)]);
    assert!(letters.iter().map(|letter| letter.event).eq([2, 3, 1]));
}

#[test]
fn the_limit_of_the_box_holds_whatever_comes() {
    // RabbitMQ #8495: a dead letter queue grew past its limit.
    let make_room = Overflow::DropOldest(LetterBox::drop_oldest);
    let mut stage = DeadLetter::new("bad", make_room, LetterBox::new(8, || 0u64), all_bad);
    let account = stage.account();
    for n in 0..1000u64 {
        let _ = Script::new([n]).drain(at(n), 1, &mut stage);
        assert_eq!(stage.letters().len() as u64, (n + 1).min(8));
    }
    assert!(stage.letters().iter().map(|letter| letter.event).eq(992..1000));
    drop(stage);
    assert_eq!(account.read().dropped[Reason::Evicted], 992);
    assert_eq!(account.read().check(), Ok(()));
}
