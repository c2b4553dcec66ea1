//! Events that cannot be folded, and code that unwinds.

use super::*;
use crate::kit::panics;
use ClosedBy::{Failed, Size, Stop};

const PANICKED: ClosedBy = Failed(Fault { reason: Reason::Panic, code: 0 });

/// 8.d11: the fold unwinds on the second of three; what there was goes to the dead, once, and the table is as good as new.
/// Then the end: what is open goes on, once.
#[test]
fn aggregator_11_a_group_whose_fold_unwinds_is_given_up() {
    let mut rig = Rig::new(Policy { failure: FoldFailure::DiscardGroup, ..POLICY }, SIZE_3);
    rig.give_all(0, [item(1, 5)]);
    assert!(panics(|| rig.give(0, item(1, PANIC))));
    rig.give_all(0, [item(1, 7)]);
    assert_eq!(rig.letters(), [(1, 5, 1, PANICKED)]);
    rig.give_all(0, [item(1, 7), item(1, 7), item(2, 1)]);
    assert_eq!(rig.results(), [(1, 21, 3, Size)]);
    assert_eq!(rig.end_turn(u64::MAX), Ok(()));
    assert_eq!(rig.end_turn(u64::MAX), Ok(()));
    assert_eq!((rig.results(), rig.letters()), (vec![(2, 1, 1, Stop)], vec![]));
    let (balance, members) = rig.close();
    assert_eq!((balance.input, balance.dead_lettered[Reason::Panic]), (5, 1));
    assert_eq!((members.emitted, members.discarded[Reason::Panic]), (4, 1));
}

#[test]
fn an_event_that_cannot_be_folded_is_rejected_and_its_group_goes_on_or_not() {
    for failure in [FoldFailure::SkipMessage, FoldFailure::DiscardGroup] {
        let mut rig = Rig::new(Policy { failure, ..POLICY }, SIZE_3);
        rig.give_all(0, [item(1, 5)]);
        assert_eq!(rig.give(0, item(1, BAD)), Err(BAD_FAULT.into()));
        assert_eq!(rig.give(0, item(2, BAD)), Err(BAD_FAULT.into()), "it would have opened a group");
        let skips = failure == FoldFailure::SkipMessage;
        assert_eq!(rig.stage.groups(), usize::from(skips));
        assert_eq!(rig.letters(), if skips { vec![] } else { vec![(1, 5, 1, Failed(BAD_FAULT))] });
        rig.give_all(0, [item(1, 7), item(1, 7), item(1, 7)]);
        assert_eq!(
            rig.results(),
            [if skips { (1, 19, 3, Size) } else { (1, 21, 3, Size) }],
            "no trace of it"
        );
        let (balance, members) = rig.close();
        assert_eq!(balance.dead_lettered[Reason::NonRetryable], if skips { 2 } else { 3 });
        assert_eq!(members.discarded[Reason::NonRetryable], u64::from(!skips));
    }
}

#[test]
fn a_fold_that_unwinds_may_cost_the_event_alone() {
    let mut rig = Rig::new(POLICY, SIZE_3);
    rig.give_all(0, [item(1, 5)]);
    assert!(panics(|| rig.give(0, item(1, PANIC))));
    rig.give_all(0, [item(1, 5), item(1, 5)]);
    assert_eq!(rig.results(), [(1, 15, 3, Size)]);
    rig.close();
}

/// The stage after unwinds on a result: it is not shown again.
#[test]
fn a_result_that_unwinds_is_given_up() {
    for dropped_at_once in [false, true] {
        let out = Collect::new().panicking_at(1);
        let mut rig = Rig::over(POLICY, SIZE_3, Collect::new(), out);
        rig.give_all(0, [1, 1, 2, 2, 2].map(|key| item(key, 1)).into_iter().take(2));
        assert!(panics(|| rig.give(0, item(1, 1))));
        if !dropped_at_once {
            rig.give_all(0, [2, 2, 2].map(|key| item(key, 1)));
            assert_eq!(rig.results(), [(2, 3, 3, Size)]);
        }
        let (balance, members) = rig.close();
        assert_eq!(members.discarded[Reason::Panic], 3);
        assert_eq!(balance.out, u64::from(!dropped_at_once));
    }
}

/// The stage after rejects a result: it is in nobody's hands, so it is dropped under its reason.
#[test]
fn a_result_that_is_rejected_is_dropped() {
    let out = Collect::new().rejecting(1, BAD_FAULT);
    let mut rig = Rig::over(POLICY, SIZE_3, Collect::new(), out);
    rig.give_all(0, [1, 1, 1, 2, 2, 2].map(|key| item(key, 1)));
    assert_eq!(rig.results(), [(2, 3, 3, Size)]);
    let (balance, members) = rig.close();
    assert_eq!((balance.generated, balance.out, balance.dropped[Reason::NonRetryable]), (2, 1, 1));
    assert_eq!(members.discarded[Reason::NonRetryable], 3);
}

/// A stage for the dead that wants no more is the end, as nothing may be lost without it.
#[test]
fn a_closed_stage_for_the_dead_is_the_end() {
    let dead = Collect::new();
    dead.close();
    let mut rig =
        Rig::over(Policy { failure: FoldFailure::DiscardGroup, ..POLICY }, SIZE_3, dead, Collect::new());
    rig.give_all(0, [item(1, 1)]);
    assert_eq!(rig.give(0, item(1, BAD)), Err(BAD_FAULT.into()));
    assert_eq!(rig.give(0, item(2, 1)), Err(Halt::Stop));
    assert_eq!(rig.end_turn(0), Err(Halt::Stop));
    rig.close();
}
