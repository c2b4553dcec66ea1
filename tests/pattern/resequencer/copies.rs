//! What an event is on its way: lent, or copied where it has to wait.

use super::{POLICY, counts, tick};
use crate::kit::{Script, allocations, turn, turn_mut};
use ringmain::contract::{At, Balance, Flow, Reason};
use ringmain::pattern::resequencer::{Ahead, Ordered, Policy, Resequencer, Start};
use ringmain::ring::Sequence;

/// `&T` and `&mut T` do the same; the first copies what it has to keep, the second moves it.
#[test]
fn what_is_lent_moves_and_what_is_shown_is_copied() {
    let names = ["one", "two", "three"].map(String::from);
    let number = |name: &String| name.len() as u64;
    let policy = Policy { start: Start::Fixed(3), ahead: Ahead::Advance, ..POLICY };
    let mut script = Script::new(names.clone().into_iter().chain(["four".to_string()]));
    let addresses: Vec<_> = script.events().iter().map(|name| name.as_ptr().addr()).collect();
    let mut seen = Vec::with_capacity(4);
    let next = |item: Ordered<&mut String>, _: At| -> Flow {
        if let Ordered::Event(name) = item {
            seen.push((std::mem::take(name), 0));
        }
        Ok(())
    };
    let mut stage = Resequencer::new(4, policy, number, String::new, next).unwrap();
    let account = stage.account();
    let ((), allocated) = allocations(|| _ = turn_mut(&mut script, &mut stage, tick(0)));
    drop(stage);
    assert_eq!(allocated, 0, "one waits, and is not copied for it");
    // "two" is as long as "one", and comes second: late. "three" waited, in a slot, for "four".
    let moved: Vec<_> = seen.iter().map(|(name, _)| (name.as_str(), name.as_ptr().addr())).collect();
    assert_eq!(moved, [("one", addresses[0]), ("four", addresses[3]), ("three", addresses[2])]);
    let dropped = counts(&[(Reason::Late, 1)]);
    assert_eq!(account.read(), Balance { input: 4, out: 3, dropped, ..Balance::default() });

    let mut seen = Vec::with_capacity(3);
    let next = |item: Ordered<&String>, _: At| -> Flow {
        if let Ordered::Event(name) = item {
            seen.push(name.as_ptr().addr());
        }
        Ok(())
    };
    let mut script = Script::new(["one", "three", "four"].map(String::from));
    let there: Vec<_> = script.events().iter().map(|name| name.as_ptr().addr()).collect();
    let mut stage = Resequencer::new(4, policy, number, String::new, next).unwrap();
    let account = stage.account();
    let ((), allocated) = allocations(|| _ = turn(&mut script, &mut stage, tick(0)));
    drop(stage);
    assert_eq!(allocated, 1, "of the one that waits, the clone");
    assert_eq!(seen[..2], [there[0], there[2]], "in order: from where it lies");
    assert_ne!(seen[2], there[1], "a copy");
    assert_eq!(account.read(), Balance { input: 3, out: 3, ..Balance::default() });
}

#[test]
fn the_position_in_the_ring_goes_with_the_event() {
    let mut seen = Vec::new();
    let next = |item: Ordered<&u64>, at: At| -> Flow {
        if let Ordered::Event(n) = item {
            seen.push((*n, at.seq.count()));
        }
        Ok(())
    };
    let mut stage = Resequencer::new(4, POLICY, |n: &u64| *n, u64::default, next).unwrap();
    let mut script = Script::new([3, 1, 2]).starting_at(Sequence::new(10));
    let _ = turn(&mut script, &mut stage, tick(0));
    drop(stage);
    assert_eq!(seen, [(1, 11), (2, 12), (3, 10)]);
}
