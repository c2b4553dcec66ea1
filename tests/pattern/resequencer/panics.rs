//! What a panic leaves behind: of the stage after, of the number, of a copy.

use super::{Copies, Item, Number, POLICY, Packet, event, gap, tick};
use crate::kit::{Collect, Script, turn_mut};
use ringmain::contract::{At, Balance, Flow, Reason, Stage};
use ringmain::pattern::Catch;
use ringmain::pattern::resequencer::{Ordered, Resequencer};
use ringmain::ring::Sequence;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A number that the stage after unwound on is used up: no hole, and not shown again.
#[test]
fn a_panic_of_the_stage_after_uses_the_number_up() {
    for nth in 1..=4 {
        let out = Collect::<Item>::new().panicking_at(nth);
        let number: Number = |packet| packet.0;
        let next = Copies(out.clone());
        let stage = Resequencer::new(4, POLICY, number, Packet::default, next).unwrap();
        let account = stage.account();
        let mut caught = Catch::new(stage);
        let mut script = Script::new([2, 1, 9].map(|n| (n, 0)));
        for _ in 0..4 {
            let _ = turn_mut(&mut script, &mut caught, tick(0));
        }
        (0..2).for_each(|_| _ = turn_mut(&mut script, &mut caught, tick(500)));
        drop(caught);
        // The event in hand, 1 or 9, is the catcher's. 9 was not held yet when the gap before it unwound.
        let mut left = vec![event(1), event(2), gap(3, 5)];
        left.extend(if nth == 3 { vec![] } else { vec![gap(6, 8), event(9)] });
        if nth == 2 {
            // 1 had gone on when 2 unwound.
            left = vec![event(1), gap(3, 5), gap(6, 8), event(9)];
        } else {
            left.retain(|item| *item != [event(1), event(2), gap(3, 5), gap(6, 8)][nth - 1]);
        }
        assert_eq!(out.take(), left, "unwound on {nth}");
        assert_eq!(account.read().check(), Ok(()));
        assert_eq!(account.read().dropped[Reason::Panic], u64::from(nth != 1), "unwound on {nth}");
    }
}

#[test]
fn a_number_that_panics_changes_nothing() {
    let out = Collect::<Item>::new();
    let number = |packet: &Packet| {
        assert_ne!(packet.1, 9, "the panic that the test asked for");
        packet.0
    };
    let next = Copies(out.clone());
    let stage = Resequencer::new(4, POLICY, number, Packet::default, next).unwrap();
    let account = stage.account();
    let mut caught = Catch::new(stage);
    let mut script = Script::new([(2, 0), (1, 9), (1, 0)]);
    while script.consumed() < 3 {
        let _ = turn_mut(&mut script, &mut caught, tick(0));
    }
    assert_eq!(out.take(), [event(1), event(2)]);
    assert_eq!(account.read(), Balance { input: 2, out: 2, ..Balance::default() });
}

/// A copy that panics leaves the slot as free as it was.
#[test]
fn a_clone_that_panics_changes_nothing() {
    #[derive(Debug)]
    struct Brittle(u64, bool);
    impl Clone for Brittle {
        fn clone(&self) -> Self {
            assert!(!self.1, "the panic that the test asked for");
            Self(self.0, self.1)
        }
    }
    let mut seen = Vec::new();
    let next = |item: Ordered<&Brittle>, _: At| -> Flow {
        if let Ordered::Event(brittle) = item {
            seen.push(brittle.0);
        }
        Ok(())
    };
    let mut stage =
        Resequencer::new(4, POLICY, |brittle: &Brittle| brittle.0, || Brittle(0, false), next).unwrap();
    let account = stage.account();
    let at = At { seq: Sequence::ZERO, now: tick(0) };
    let unwound = catch_unwind(AssertUnwindSafe(|| stage.on_event(&Brittle(2, true), at)));
    assert!(unwound.is_err());
    for brittle in [Brittle(2, false), Brittle(1, true)] {
        assert_eq!(stage.on_event(&brittle, at), Ok(()));
    }
    drop(stage);
    assert_eq!(seen, [1, 2]);
    assert_eq!(account.read(), Balance { input: 2, out: 2, ..Balance::default() });
}
