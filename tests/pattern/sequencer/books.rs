//! The books of a sequencer.

use super::NOW;
use crate::kit::{Script, allocations, panic_on_purpose, panics};
use ringmain::contract::{Agent, At, Balance, Fault, Flow, Halt, Reason, Source, SourceMut, Work, each};
use ringmain::pattern::Sequencer;
use ringmain::ring::Sequence;

fn in_and_out(n: u64) -> Balance {
    let balance = Balance { input: n, out: n, ..Balance::default() };
    assert_eq!(balance.check(), Ok(()));
    balance
}

/// In is out is consumed, published with each drain: what was rejected is, as at every stage, what comes again is not.
#[test]
fn what_is_consumed_is_booked() {
    let lanes = || [Script::new([1, 2, 3]), Script::new([4, 5, 6])];
    let mut in_turn = Sequencer::round_robin(lanes(), 2);
    let mut by_key = Sequencer::merge(lanes(), 2, |n: &u64| *n).starting_at(Sequence::ZERO.minus(2));
    let [a, b] = [in_turn.account(), by_key.account()];
    let ((), count) = allocations(|| {
        let mut again = |_: &u64, _: At| -> Flow { Err(Halt::Again) };
        let _ = in_turn.drain(NOW, 9, &mut again);
        let _ = by_key.drain(NOW, 9, &mut again);
        assert_eq!([a.read(), b.read()], [in_and_out(0); 2]);
        let mut rejects = |n: &mut u64, _: At| -> Flow {
            if *n == 2 { Err(Fault::of(Reason::Expired).into()) } else { Ok(()) }
        };
        let _ = in_turn.drain_mut(NOW, 9, &mut rejects);
        let _ = by_key.drain_mut(NOW, 9, &mut rejects);
        assert_eq!([a.read(), b.read()], [in_and_out(2); 2], "1, and 2, which was rejected");
        let _ = in_turn.drain(NOW, 9, &mut each(|_: &u64| ()));
        let _ = by_key.drain(NOW, 9, &mut |_: &u64, _: At| -> Flow { Err(Halt::Stop) });
        assert_eq!([a.read(), b.read()], [in_and_out(5), in_and_out(3)]);
        assert_eq!(in_turn.next().count(), 6);
    });
    assert_eq!(count, 0);
}

/// Also what came before a panic, when nobody drains any more.
#[test]
fn what_came_before_a_panic_is_booked() {
    let sequencer = Sequencer::round_robin([Script::new([1, 2, 3])], 8);
    let account = sequencer.account();
    let mut agent = sequencer.drive(each(|n: &u64| {
        if *n == 3 {
            panic_on_purpose()
        }
    }));
    assert!(panics(|| agent.work(NOW)));
    assert_eq!(agent.work(NOW), Work::Done);
    assert_eq!(account.read(), in_and_out(2));
}

/// Each of two that stand in a row has books of its own.
#[test]
fn a_sequencer_of_sequencers_has_books_in_each() {
    let inner = Sequencer::round_robin([Script::new([1, 2]), Script::new([3])], 1);
    let inner_account = inner.account();
    let mut outer = Sequencer::by_key([inner], 8, |n: &u64| *n);
    let account = outer.account();
    let _ = outer.drain(NOW, 2, &mut each(|_: &u64| ()));
    assert_eq!([inner_account.read(), account.read()], [in_and_out(2); 2]);
}
