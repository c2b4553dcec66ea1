//! How it ends: by a halt, in the last turn, or at once.

use super::{Copies, Item, Number, POLICY, Packet, Rig, choked, counts, event, gap, nanos, rig, stray, tick};
use crate::kit::{Collect, Script, turn_mut};
use ringmain::channel::spsc;
use ringmain::contract::{Agent, Balance, End, Halt, Reason, Sink, SourceMut, Tick, Work};
use ringmain::pattern::resequencer::{Ahead, Closing, Hole, Late, Policy, Resequencer, Start};

#[test]
fn a_halt_passes_over_no_gap() {
    let mut rig = rig(8, Policy { hole: Hole::Halt { after: nanos(500) }, ..POLICY });
    assert_eq!(rig.at(0, [1, 3, 5]), [event(1)]);
    assert_eq!(rig.at(499, []), []);
    let (_, after) = turn_mut(&mut rig.script, &mut rig.stage, tick(500));
    assert_eq!(after, Err(Halt::Stop));
    assert_eq!(rig.out.take(), [stray(3, Reason::GapSkipped), stray(5, Reason::GapSkipped)]);
    rig.script.then((6, 0));
    let (drained, _) = turn_mut(&mut rig.script, &mut rig.stage, tick(501));
    assert_eq!(drained.end, Some(End::Halted(Halt::Stop)), "for good");
    let dropped = counts(&[(Reason::Shutdown, 1)]);
    rig.books(Balance { input: 4, out: 3, dropped, ..Balance::default() });
}

#[test]
fn a_halt_brings_all_strays_on_also_if_there_is_no_room() {
    let mut rig = choked(8, Policy { hole: Hole::Halt { after: nanos(500) }, ..POLICY }, 2);
    rig.at(0, [3, 5]);
    let mut turns = 0;
    while turn_mut(&mut rig.script, &mut rig.stage, tick(500)).1 != Err(Halt::Stop) {
        turns += 1;
    }
    assert_eq!((turns, rig.out.take()), (4, [3, 5].map(|n| stray(n, Reason::GapSkipped)).to_vec()));
    rig.books(Balance { input: 2, out: 2, ..Balance::default() });
}

/// The last turn is the one at the end of time.
#[test]
fn the_rest_goes_on_with_gaps_or_as_strays() {
    let last = u64::MAX;
    for refusals in 0..3 {
        for hole in [Hole::Wait, Hole::Skip { after: nanos(500) }, Hole::Halt { after: nanos(500) }] {
            let mut release = choked(8, Policy { hole, ..POLICY }, refusals);
            let mut out = release.at(0, [3, 4, 6]);
            (0..20).for_each(|_| out.extend(release.at(last, [])));
            assert_eq!(out, [gap(1, 2), event(3), event(4), gap(5, 5), event(6)]);
            release.books(Balance { input: 3, generated: 2, out: 5, ..Balance::default() });

            let mut strays = choked(8, Policy { hole, closing: Closing::Stray, ..POLICY }, refusals);
            let mut out = strays.at(0, [3, 4, 6]);
            (0..20).for_each(|_| out.extend(strays.at(last, [])));
            assert_eq!(out, [3, 4, 6].map(|n| stray(n, Reason::Shutdown)));
            strays.books(Balance { input: 3, out: 3, ..Balance::default() });
        }
    }
}

#[test]
fn what_settles_or_blocks_goes_on_in_the_last_turn_too() {
    let mut settles = rig(4, Policy { start: Start::SettleFor(nanos(100)), ..POLICY });
    assert_eq!(settles.at(0, [3, 2]), []);
    assert_eq!(settles.at(u64::MAX, []), [event(2), event(3)]);
    settles.books(Balance { input: 2, out: 2, ..Balance::default() });

    let mut blocks = rig(4, Policy { ahead: Ahead::Block, ..POLICY });
    assert_eq!(blocks.at(0, [50]), []);
    let mut out = Vec::new();
    (0..3).for_each(|_| out.extend(blocks.at(u64::MAX, [])));
    assert_eq!(out, [gap(1, 46), gap(47, 49), event(50)]);
    blocks.books(Balance { input: 1, generated: 2, out: 3, ..Balance::default() });
}

/// The source is closed, a number is missing: the pump goes on until its time is up, and ends then.
#[test]
fn a_pump_does_not_end_while_something_is_held() {
    let Rig { stage, out, account, .. } = rig(8, POLICY);
    let (mut tx, rx) = spsc::channel(8, Packet::default).unwrap();
    let mut agent = rx.drive_mut(stage);
    tx.push((2, 0)).unwrap();
    drop(tx);
    let _ = agent.work(tick(0));
    assert_eq!(agent.work(tick(499)), Work::Idle);
    assert_eq!(agent.work(tick(500)), Work::Done);
    assert_eq!(out.take(), [gap(1, 1), event(2)]);
    assert_eq!(account.read(), Balance { input: 1, generated: 1, out: 2, ..Balance::default() });
}

#[test]
fn what_is_held_at_a_sudden_end_is_counted() {
    let mut rig = rig(8, POLICY);
    rig.at(0, [2, 3, 5]);
    let Rig { stage, account, .. } = rig;
    drop(stage);
    let dropped = counts(&[(Reason::Shutdown, 3)]);
    assert_eq!(account.read(), Balance { input: 3, dropped, ..Balance::default() });
}

#[test]
fn a_stop_ends_it_and_the_event_in_hand_is_counted() {
    let out = Collect::<Item>::new().stopping_at(2);
    let number: Number = |packet| packet.0;
    let next = Copies(out.clone());
    let mut stage = Resequencer::new(4, POLICY, number, Packet::default, next).unwrap();
    let account = stage.account();
    let mut script = Script::new([2, 3, 9].map(|n| (n, 0)));
    let (drained, _) = turn_mut(&mut script, &mut stage, tick(0));
    assert_eq!(drained.end, Some(End::Halted(Halt::Stop)));
    drop(stage);
    assert_eq!(out.take(), [gap(1, 1), event(2)]);
    let dropped = counts(&[(Reason::Shutdown, 2)]);
    let expected = Balance { input: 3, generated: 1, out: 2, dropped, ..Balance::default() };
    assert_eq!((account.read(), expected.check()), (expected, Ok(())));
}

/// Whatever it stopped on: what is in order, what is late, what others waited for.
#[test]
fn who_stopped_is_given_nothing_more() {
    for (nth, numbers) in [(1, vec![1, 2]), (2, vec![1, 1, 2]), (1, vec![2, 1, 3]), (2, vec![2, 3, 1, 4])] {
        let out = Collect::<Item>::new().stopping_at(nth);
        let number: Number = |packet| packet.0;
        let policy = Policy { late: Late::Pass, ..POLICY };
        let mut stage = Resequencer::new(4, policy, number, Packet::default, Copies(out.clone())).unwrap();
        let account = stage.account();
        let mut script = Script::new(numbers.iter().map(|n| (*n, 0)));
        (0..4).for_each(|t| _ = turn_mut(&mut script, &mut stage, tick(1000 * t)));
        assert_eq!(turn_mut(&mut script, &mut stage, Tick::MAX).1, Err(Halt::Stop));
        drop(stage);
        assert_eq!(out.len(), nth, "{numbers:?}");
        let books = account.read();
        assert_eq!((books.check(), books.out), (Ok(()), nth as u64));
        assert_eq!(books.dropped[Reason::Shutdown], (numbers.len() - nth) as u64);
    }
}
