//! Catch: a panic costs the event it came with, and nothing else.

use crate::kit::{Collect, Script, Terms, conforms};
use ringmain::contract::{Agent, At, End, Fault, Flow, Halt, Reason, Source, Stage, Tick, Work};
use ringmain::pattern::{Catch, DeadLetter, LetterBox, Overflow, Remedy, Retry};

conforms!(
    over_looks,
    1..=100u64,
    |kit| Catch::new(kit.leaf::<u64>()),
    Terms { panic_passes: false, ..Terms::STRICT }
);
conforms!(
    mut over_edits,
    1..=100u64,
    |kit| Catch::new(kit.leaf::<u64>()),
    Terms { panic_passes: false, ..Terms::STRICT }
);

const PANIC: Fault = Fault::of(Reason::Panic);

#[test]
fn a_panic_is_a_rejection_and_nothing_before_or_after_it_is_lost() {
    let seen = Collect::new().panicking_at(3);
    let mut catch = Catch::new(seen.clone());
    let account = catch.account();
    let mut script = Script::new(1..=5u64);
    let drained = script.drain(Tick::ZERO, usize::MAX, &mut catch);
    assert_eq!((drained.count, drained.end), (3, Some(End::Halted(Halt::Reject(PANIC)))));
    assert_eq!(script.drain(Tick::ZERO, usize::MAX, &mut catch).count, 2);
    assert_eq!(seen.events(), [1, 2, 4, 5]);
    assert_eq!(catch.caught(), 1);
    drop(catch);
    assert_eq!(account.read().check(), Ok(()));
    assert_eq!(account.read().dead_lettered[Reason::Panic], 1);
}

#[test]
fn under_a_pump_the_others_go_on() {
    let seen = Collect::new().panicking_at(1);
    let mut agent = Script::new(1..=3u64).drive(Catch::new(seen.clone()));
    let account = agent.account();
    while agent.work(Tick::ZERO) != Work::Done {}
    drop(agent);
    assert_eq!(seen.events(), [2, 3]);
    assert_eq!(account.read().dropped[Reason::Panic], 1, "nobody took it as a letter");
}

#[test]
fn a_dead_letter_channel_around_it_writes_a_letter() {
    let mut letters = LetterBox::new(4, || 0u64);
    let bomb = Catch::new(|n: &u64, _: At| -> Flow {
        assert_ne!(*n, 2, "the panic that the test asked for");
        Ok(())
    });
    let mut stage = DeadLetter::new("bomb", Overflow::Block, &mut letters, bomb);
    assert_eq!(Script::new(1..=3).drain(Tick::ZERO, usize::MAX, &mut stage).count, 3);
    drop(stage);
    let written: Vec<_> = letters.iter().map(|letter| (letter.event, letter.fault)).collect();
    assert_eq!(written, [(2, PANIC)]);
}

#[test]
fn a_panic_may_be_worth_another_attempt() {
    let mut letters = LetterBox::new(4, || 0u64);
    let seen = Collect::new().panicking_at(1);
    let mut stage = DeadLetter::new("bomb", Overflow::Block, &mut letters, Catch::new(seen.clone())).retry(
        Retry::immediate(1),
        |fault| match fault.reason {
            Reason::Panic => Remedy::Retry,
            _ => Remedy::Letter,
        },
    );
    let _ = Script::new(1..=2).drain(Tick::ZERO, usize::MAX, &mut stage);
    drop(stage);
    assert_eq!(seen.events(), [1, 2]);
    assert!(letters.is_empty());
}

#[test]
fn a_panic_at_the_end_of_a_turn_is_caught_too() {
    struct Late;
    impl Stage<&u64> for Late {
        fn on_event(&mut self, _: &u64, _: At) -> Flow {
            Ok(())
        }
        fn on_batch_end(&mut self, _: Tick) -> Flow {
            panic!("the panic that the test asked for")
        }
    }
    let mut catch = Catch::new(Late);
    assert_eq!(catch.on_batch_end(Tick::ZERO), Err(PANIC.into()));
    assert_eq!(catch.caught(), 1);
}

#[test]
fn a_payload_that_panics_when_it_is_dropped_is_caught() {
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("the panic that the test asked for");
        }
    }
    let mut catch = Catch::new(|_: &u64, _: At| -> Flow { std::panic::panic_any(Grenade) });
    let end = Script::new([1]).drain(Tick::ZERO, 1, &mut catch).end;
    assert_eq!(end, Some(End::Halted(PANIC.into())));
}
