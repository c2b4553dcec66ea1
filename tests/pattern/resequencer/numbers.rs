//! The numbers: with which one it starts, where they wrap, and whose they are.

use super::{Copies, Item, POLICY, Packet, Rig, counts, event, gap, nanos, rig, tick};
use crate::kit::{Collect, Script, turn, turn_mut};
use ringmain::contract::{Balance, Header, Message, Reason, each};
use ringmain::pattern::Nowhere;
use ringmain::pattern::resequencer::{Apart, Policy, Resequencer, Start, header_seq};

#[test]
fn each_start() {
    let mut first_seen = rig(8, Policy { start: Start::FirstSeen, ..POLICY });
    assert_eq!(first_seen.stage.next(), None);
    assert_eq!(first_seen.at(0, [7, 6, 9, 8]), [event(7), event(8), event(9)]);
    first_seen.books(Balance {
        input: 4,
        out: 3,
        dropped: counts(&[(Reason::Late, 1)]),
        ..Balance::default()
    });

    let mut settles = rig(8, Policy { start: Start::SettleFor(nanos(100)), ..POLICY });
    assert_eq!(settles.at(50, [7]), []);
    assert_eq!(settles.at(149, [5, 9, 5]), []);
    assert_eq!(settles.stage.next(), None);
    assert_eq!(settles.at(150, []), [event(5)]);
    assert_eq!(settles.stage.next(), Some(6));
    assert_eq!(settles.at(151, [6, 4]), [event(6), event(7)]);
    let dropped = counts(&[(Reason::Late, 1), (Reason::Duplicate, 1)]);
    settles.books(Balance { input: 6, out: 3, held: 1, dropped, ..Balance::default() });

    // 9 is what the gap timer counts from, not the end of the settling.
    assert_eq!(settles.at(648, []), []);
    assert_eq!(settles.at(649, []), [gap(8, 8), event(9)]);
}

#[test]
fn settling_ends_when_the_window_is_full() {
    let mut rig = rig(4, Policy { start: Start::SettleFor(nanos(100)), ..POLICY });
    assert_eq!(rig.at(0, [7, 8, 5]), []);
    assert_eq!(rig.at(0, [4]), [], "8 would not fit any more");
    assert_eq!(rig.at(0, [9]), [event(5)]);
    assert_eq!(rig.at(0, [6]), [event(6), event(7), event(8), event(9)]);
    let dropped = counts(&[(Reason::Late, 1)]);
    rig.books(Balance { input: 6, out: 5, dropped, ..Balance::default() });
}

#[test]
fn a_restart_goes_on_where_it_was() {
    let mut before = rig(8, POLICY);
    before.at(0, [1, 2, 4]);
    let next = before.stage.next().unwrap();
    let Rig { stage, account, .. } = before;
    drop(stage);
    let dropped = counts(&[(Reason::Shutdown, 1)]);
    assert_eq!(account.read(), Balance { input: 3, out: 2, dropped, ..Balance::default() });

    // The sender sends again what it has no answer for.
    let mut after = rig(8, Policy { start: Start::Fixed(next), ..POLICY });
    assert_eq!(after.at(0, [2, 3, 4]), [event(3), event(4)]);
    let dropped = counts(&[(Reason::Late, 1)]);
    after.books(Balance { input: 3, out: 2, dropped, ..Balance::default() });
}

#[test]
fn numbers_wrap() {
    // 64 bits.
    let mut wide = rig(8, Policy { start: Start::Fixed(u64::MAX - 1), ..POLICY });
    assert_eq!(wide.at(0, [1, u64::MAX]), []);
    assert_eq!(
        wide.at(0, [u64::MAX - 1, 0, u64::MAX]),
        [event(u64::MAX - 1), event(u64::MAX), event(0), event(1)]
    );
    let dropped = counts(&[(Reason::Late, 1)]);
    wide.books(Balance { input: 5, out: 4, dropped, ..Balance::default() });

    // 32, 16 and 8 bits: the type of the number says where.
    fn narrow<Q: ringmain::pattern::resequencer::Number + 'static>(number: fn(&Packet) -> Q, max: u64) {
        let out = Collect::<Item>::new();
        let policy = Policy { start: Start::Fixed(max - 1), ..POLICY };
        let next = Copies(out.clone());
        let mut stage = Resequencer::new(8, policy, number, Packet::default, next).unwrap();
        let account = stage.account();
        let packets = [max - 1, 1, 0, max - 1].map(|n| (n, 0));
        let _ = turn_mut(&mut Script::new(packets), &mut stage, tick(0));
        assert_eq!(stage.next(), Some(max));
        let _ = turn_mut(&mut Script::new([]), &mut stage, tick(500));
        assert_eq!(out.take(), [event(max - 1), gap(max, max), event(0), event(1)]);
        assert_eq!(stage.next(), Some(2));
        let _ = turn_mut(&mut Script::new([(max - 9, 0), (3, 0)]), &mut stage, tick(600));
        let _ = turn_mut(&mut Script::new([]), &mut stage, tick(1100));
        assert_eq!(out.take(), [gap(2, 2), event(3)]);
        let dropped = counts(&[(Reason::Late, 2)]);
        let expected = Balance { input: 6, generated: 2, out: 6, dropped, ..Balance::default() };
        assert_eq!((account.read(), expected.check()), (expected, Ok(())));
    }
    narrow(|packet| packet.0 as u32, u32::MAX.into());
    narrow(|packet| packet.0 as u16, u16::MAX.into());
    narrow(|packet| packet.0 as u8, u8::MAX.into());

    // Of the 256 numbers of a byte, the 128 from the next one on are ahead, the others late.
    let out = Collect::<Item>::new();
    let mut byte =
        Resequencer::new(128, POLICY, |packet: &Packet| packet.0 as u8, Packet::default, Copies(out.clone()))
            .unwrap();
    let account = byte.account();
    let _ = turn_mut(&mut Script::new([(128, 0), (129, 0)]), &mut byte, tick(0));
    let dropped = counts(&[(Reason::Late, 1)]);
    assert_eq!(account.read(), Balance { input: 2, held: 1, dropped, ..Balance::default() });

    // A gap across the wrap.
    let mut across = rig(2, Policy { start: Start::Fixed(u64::MAX), ..POLICY });
    assert_eq!(across.at(0, [3]), [gap(u64::MAX, 1)]);
    across.books(Balance { input: 1, generated: 1, out: 1, held: 1, ..Balance::default() });
}

#[test]
fn the_number_of_a_header_will_do() {
    let message = |seq: u64| Message { header: Header { seq, ..Header::default() }, body: 10 * seq as u32 };
    let mut seen = Vec::new();
    let next = Apart::new(Nowhere, Nowhere, each(|message: &Message<u32>| seen.push(message.body)));
    let mut stage = Resequencer::new(4, POLICY, header_seq::<u32>, Message::default, next).unwrap();
    let account = stage.account();
    let _ = turn(&mut Script::new([2, 1, 3].map(message)), &mut stage, tick(0));
    drop(stage);
    assert_eq!(seen, [10, 20, 30]);
    assert_eq!(account.read(), Balance { input: 3, out: 3, ..Balance::default() });
}
