//! All or nothing over rings of several kinds.

use crate::kit::{Script, turn};
use ringmain::channel::{mpsc, spsc};
use ringmain::contract::{Drained, End, Halt, Sink, Source, Tick, each};
use ringmain::pattern::AllOrNothing;

/// 5.d4: a ring with many producers cannot take a slot back. Where it stands before the one that is full, a void slot stays
/// for each time: its reader passes over it, sees each event once, and gets the slot free again.
#[test]
fn fanout_4_a_reader_passes_over_the_void_slots_of_many_producers() {
    let (many, mut from_many) = mpsc::channel(4, || 0u64).unwrap();
    let mut other = many.clone();
    let (one, mut from_one) = spsc::channel(1, || 0u64).unwrap();
    let mut both = AllOrNothing::new((many, one));
    let account = both.account();
    let mut script = Script::new(1..=20u64);
    let (mut seen_many, mut seen_one) = (Vec::new(), Vec::new());
    for n in 1..=20 {
        // It takes one, and is refused twice with the next.
        for _ in 0..2 {
            let (drained, _) = turn(&mut script, &mut both, Tick::ZERO);
            if n < 20 {
                assert_eq!(drained.end, Some(End::Halted(Halt::Again)));
            }
        }
        assert_eq!(account.read().input, n, "neither void slot is a message");
        let drained = from_many.drain(Tick::ZERO, 9, &mut each(|n: &u64| seen_many.push(*n)));
        assert_eq!(drained.count, 1, "the slots of the refused copies are passed over");
        let _ = from_one.drain(Tick::ZERO, 9, &mut each(|n: &u64| seen_one.push(*n)));
    }
    assert!(seen_many.iter().copied().eq(1..=20) && seen_one == seen_many);
    assert_eq!((account.read().folded, account.read().out, account.read().check()), (20, 40, Ok(())));

    // Nothing stands in the way of others, nor of the end.
    other.push(99).unwrap();
    drop((both, other));
    let drained = from_many.drain(Tick::ZERO, 9, &mut each(|n: &u64| seen_many.push(*n)));
    assert_eq!((drained, seen_many.last()), (Drained { count: 1, end: Some(End::Closed) }, Some(&99)));
}

/// 5.d4: void slots take room. Where nobody reads the ring before, it is what fills up, and still nothing is published.
#[test]
fn fanout_4_void_slots_fill_a_ring_that_nobody_reads_and_nothing_more() {
    let (many, mut from_many) = mpsc::channel(4, || 0u64).unwrap();
    let (one, mut from_one) = spsc::channel(1, || 0u64).unwrap();
    let mut both = AllOrNothing::new((many, one));
    let mut script = Script::new(1..=3u64);
    for _ in 0..20 {
        let _ = turn(&mut script, &mut both, Tick::ZERO);
    }
    assert_eq!((script.consumed(), from_one.len()), (1, 1));
    let mut seen = Vec::new();
    // Once to pass over what is void, which frees the slots.
    while script.consumed() < 3 {
        let _ = from_many.drain(Tick::ZERO, 9, &mut each(|n: &u64| seen.push(*n)));
        let _ = from_one.drain(Tick::ZERO, 9, &mut each(|_: &u64| ()));
        let _ = turn(&mut script, &mut both, Tick::ZERO);
    }
    let _ = from_many.drain(Tick::ZERO, 9, &mut each(|n: &u64| seen.push(*n)));
    assert_eq!(seen, [1, 2, 3]);
}
