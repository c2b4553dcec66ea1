//! What the stage after rejects, and what the policies do.

use super::{Copies, Item, Number, POLICY, Packet, Rig, counts, event, gap, rig, tick};
use crate::kit::{Collect, Script, rejected, turn_mut};
use ringmain::contract::{Balance, Fault, Reason};
use ringmain::pattern::resequencer::{Ahead, Duplicate, Late, Policy, Resequencer};
use ringmain::pattern::{DeadLetter, LetterBox, Overflow};

/// A rejection comes out if the event is in hand, and stays here if it was held or is a gap.
#[test]
fn rejections_go_where_the_event_is() {
    let rejecting = |nth| {
        let out = Collect::<Item>::new().rejecting(nth, Fault::new(7));
        let number: Number = |packet| packet.0;
        let next = Copies(out.clone());
        let mut stage = Resequencer::new(4, POLICY, number, Packet::default, next).unwrap();
        let account = stage.account();
        let mut script = Script::new([2, 1, 9].map(|n| (n, 0)));
        let mut faults = Vec::new();
        while script.consumed() < 3 {
            faults.extend(rejected(turn_mut(&mut script, &mut stage, tick(0))));
        }
        (faults, out.take(), account.read())
    };
    let others = Balance { input: 3, generated: 1, held: 1, ..Balance::default() };
    let (faults, out, books) = rejecting(1);
    assert_eq!((faults, out), (vec![Fault::new(7)], vec![event(2), gap(3, 5)]));
    assert_eq!(books, Balance { out: 3, ..others }, "taken by the stage after, which rejected it");
    let dropped = counts(&[(Reason::NonRetryable, 1)]);
    let (faults, out, books) = rejecting(2);
    assert_eq!((faults, out), (vec![], vec![event(1), gap(3, 5)]));
    assert_eq!(books, Balance { out: 2, dropped, ..others });
    let (faults, out, books) = rejecting(3);
    assert_eq!((faults, out), (vec![], vec![event(1), event(2)]));
    assert_eq!(books, Balance { out: 2, dropped, ..others });
}

/// ... and what waited for it goes on before the next event is judged: a second 2 is late then, and replaces nothing.
#[test]
fn what_waited_for_a_rejected_event_goes_on_first() {
    let out = Collect::<Item>::new().rejecting(1, Fault::new(7));
    let policy = Policy { duplicate: Duplicate::KeepLast, ..POLICY };
    let number: Number = |packet| packet.0;
    let stage = Resequencer::new(4, policy, number, Packet::default, Copies(out.clone())).unwrap();
    let account = stage.account();
    let letters = LetterBox::new(8, Packet::default);
    let mut guarded = DeadLetter::editing("video", Overflow::Block, letters, stage);
    let _ = turn_mut(&mut Script::new([(2, 0), (1, 0), (2, 1)]), &mut guarded, tick(0));
    assert_eq!(guarded.letters().iter().map(|letter| letter.event).collect::<Vec<_>>(), [(1, 0)]);
    assert_eq!(out.take(), [event(2)]);
    let dropped = counts(&[(Reason::Late, 1)]);
    assert_eq!(account.read(), Balance { input: 3, out: 2, dropped, ..Balance::default() });
}

/// A dead letter channel around it has what the policies reject.
#[test]
fn what_is_rejected_is_a_letter() {
    let policy = Policy { late: Late::Reject, duplicate: Duplicate::Reject, ahead: Ahead::Reject, ..POLICY };
    let Rig { stage, out, account, .. } = rig(4, policy);
    let letters = LetterBox::new(8, Packet::default);
    let mut guarded = DeadLetter::editing("video", Overflow::Block, letters, stage);
    let packets = [(1, 0), (1, 1), (3, 0), (3, 1), (99, 0), (2, 0)];
    let _ = turn_mut(&mut Script::new(packets), &mut guarded, tick(0));
    let letters: Vec<_> =
        guarded.letters().iter().map(|letter| (letter.event, letter.fault.reason)).collect();
    assert_eq!(letters, [((1, 1), Reason::Late), ((3, 1), Reason::Duplicate), ((99, 0), Reason::WindowFull)]);
    assert_eq!(out.take(), [1, 2, 3].map(event));
    let dead_lettered = counts(&letters.iter().map(|letter| (letter.1, 1)).collect::<Vec<_>>());
    assert_eq!(account.read(), Balance { input: 6, out: 3, dead_lettered, ..Balance::default() });
}
