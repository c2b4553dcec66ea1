//! What a panic leaves behind.

use super::aside::turn;
use super::{BAD, all_bad, always, at, nanos};
use crate::kit::{Script, panic_on_purpose};
use ringmain::contract::{At, Balance, Flow, Reason, Source, Stage};
use ringmain::pattern::{Catch, DeadLetter, LetterBox, Overflow, Remedy, Retry};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[test]
fn a_panic_inside_forgets_the_event_in_hand() {
    // Fails once, is tried again, panics; then a good event comes in its place.
    let mut calls = 0;
    let inner = |_: &u64, _: At| -> Flow {
        calls += 1;
        match calls {
            1 => Err(BAD.into()),
            2 => panic!("the panic that the test asked for"),
            _ => Ok(()),
        }
    };
    let mut letters = LetterBox::new(4, || 0u64);
    let guarded = DeadLetter::new("guarded", Overflow::Block, &mut letters, inner)
        .retry(Retry::fixed(1, nanos(5)), always);
    let account = guarded.account();
    let mut stage = Catch::new(guarded);
    let mut script = Script::new([1, 2]);
    for now in [0, 5, 6] {
        let _ = script.drain(at(now), usize::MAX, &mut stage);
    }
    drop(stage);
    assert_eq!(calls, 3);
    assert!(letters.is_empty());
    assert_eq!(account.read().out, 1);
}

#[test]
fn a_panic_of_the_users_closures_writes_no_letter_and_books_nothing() {
    fn bomb() -> u8 {
        panic!("the panic that the test asked for")
    }
    type Plan = fn(Stages) -> Stages;
    type Stages = DeadLetter<u64, LetterBox<u64>, fn(&u64, At) -> Flow>;
    let plans: [Plan; 3] = [
        |stage| stage.detail(|_, _, detail| detail[0] = bomb()),
        |stage| stage.hops(9, |_| bomb()),
        |stage| stage.retry(Retry::NEVER, |_| if bomb() == 0 { Remedy::Drop } else { Remedy::Halt }),
    ];
    for plan in plans {
        let mut stage = plan(DeadLetter::new(
            "bad",
            Overflow::Block,
            LetterBox::new(4, || 0),
            all_bad as fn(&u64, At) -> Flow,
        ));
        let account = stage.account();
        let mut script = Script::new([1]);
        let panicked = catch_unwind(AssertUnwindSafe(|| script.drain(at(0), 1, &mut stage)));
        assert!(panicked.is_err());
        assert_eq!(script.consumed(), 0);
        assert!(stage.letters().is_empty());
        drop(stage);
        assert_eq!(account.read(), Balance::default());
    }
}

#[test]
fn an_event_that_unwinds_aside_is_counted_and_the_next_of_its_key_goes_on() {
    let mut calls = 0;
    let inner = |event: &u64, _: At| -> Flow {
        calls += 1;
        match (*event, calls) {
            (1, 1) => Err(BAD.into()),
            (1, _) => panic_on_purpose(),
            _ => Ok(()),
        }
    };
    let guarded = DeadLetter::new("guarded", Overflow::Block, LetterBox::new(4, || 0u64), inner)
        .retry(Retry::fixed(3, nanos(5)), always)
        .by_key(4, 2, |n| n % 2, || 0)
        .unwrap();
    let account = guarded.account();
    let mut stage = Catch::new(guarded);
    let mut script = Script::new([1, 3]);
    for now in [0, 5, 6] {
        let _ = turn(&mut script, &mut stage, now);
    }
    drop(stage);
    let balance = account.read();
    assert_eq!((balance.out, balance.dropped[Reason::Panic], balance.held), (1, 1, 0));
    assert_eq!(balance.check(), Ok(()));
}

#[test]
fn a_stage_that_goes_after_an_unwinding_turn_has_balanced_books() {
    let mut calls = 0;
    let inner = |_: &u64, _: At| -> Flow {
        calls += 1;
        match calls {
            1..=3 => Err(BAD.into()),
            4 => Ok(()),
            _ => panic_on_purpose(),
        }
    };
    let mut stage = DeadLetter::new("guarded", Overflow::Block, LetterBox::new(4, || 0u64), inner)
        .retry(Retry::fixed(3, nanos(5)), always)
        .aside(4, || 0)
        .unwrap();
    let account = stage.account();
    let _ = turn(&mut Script::new(1..=3), &mut stage, 0);
    let round = AssertUnwindSafe(|| Stage::<&u64>::on_batch_end(&mut stage, at(5)));
    assert!(catch_unwind(round).is_err());
    drop(stage);
    let balance = account.read();
    assert_eq!((balance.out, balance.dropped[Reason::Shutdown], balance.held), (1, 2, 0));
    assert_eq!(balance.check(), Ok(()));
}
