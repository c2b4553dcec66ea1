//! Panics: of the stage after, of the key and its hash.

use super::*;
use ringmain::pattern::Catch;
use ringmain::ring::Sequence;
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Wherever the stage after unwinds, also in the middle of an eviction or at the end of a key: the others lose nothing,
/// and a hole that is waited for is given up in its time.
#[test]
fn a_panic_of_the_stage_after_uses_one_number_up() {
    let keys = Keys { most: 2, full: TableFull::EvictOldest(Closing::Release) };
    let comes = [
        ('a', 3, 0),
        ('b', 2, 0),
        ('b', 1, 0),
        ('c', 1, 0),
        ('c', 3, 9),
        ('c', 2, 0),
        ('b', 4, 0),
        ('d', 2, 0),
    ];
    let whole = [
        event('b', 1),
        event('b', 2),
        gap('a', 1, 2),
        event('a', 3),
        event('c', 1),
        event('c', 2),
        ('c', Ordered::Event((3, 9))),
        gap('b', 3, 3),
        event('b', 4),
        gap('d', 1, 1),
        event('d', 2),
    ];
    for nth in 1..=whole.len() + 1 {
        let out = Collect::new().panicking_at(nth);
        let stage = built(keys, 4, POLICY, Choke::new(0, out.clone()));
        let stage = stage.ending_with(|parcel: &Parcel| parcel.2 == 9);
        let account = stage.account();
        let mut caught = Catch::new(stage);
        let mut script = Script::new(comes);
        while script.consumed() < comes.len() {
            let _ = turn_mut(&mut script, &mut caught, tick(0));
        }
        (0..4).for_each(|_| _ = turn_mut(&mut script, &mut caught, tick(500)));
        drop(caught);
        let mut left = whole.to_vec();
        if nth <= whole.len() {
            left.remove(nth - 1);
        }
        let mut got = out.take();
        // The eviction that unwound was for 1 of c, which is given up with it: then c begins with 3.
        if matches!(nth, 3 | 4) {
            left.retain(|item| item.0 != 'c');
            got.retain(|item| item.0 != 'c');
        }
        // The event in hand that unwound was that which the others waited for: they go on all the same.
        got.sort_by_key(|item| item.0);
        left.sort_by_key(|item| item.0);
        assert_eq!(got, left, "unwound on {nth}");
        let books = account.read();
        assert_eq!((books.check(), books.held), (Ok(()), 0), "unwound on {nth}");
    }
}

#[test]
fn a_key_that_panics_changes_nothing() {
    let out = Collect::new();
    let key = |parcel: &Parcel| {
        assert_ne!(parcel.2, 9, "the panic that the test asked for");
        parcel.0
    };
    let number: Number = |parcel| parcel.1;
    let stage =
        KeyedResequencer::new(TWO, 4, POLICY, key, number, Parcel::default, Copies(out.clone())).unwrap();
    let account = stage.account();
    let mut caught = Catch::new(stage);
    let mut script = Script::new([('a', 2, 0), ('a', 1, 9), ('c', 1, 9), ('b', 1, 0), ('a', 1, 0)]);
    while script.consumed() < 5 {
        let _ = turn_mut(&mut script, &mut caught, tick(0));
    }
    assert_eq!(out.take(), [event('b', 1), event('a', 1), event('a', 2)]);
    assert_eq!(account.read(), Balance { input: 3, out: 3, ..Balance::default() });
}

thread_local! {
    /// The hash that is counted down to here panics.
    static BRITTLE: Cell<u32> = const { Cell::new(u32::MAX) };
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Brittle(u64);

impl Hash for Brittle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let left = BRITTLE.get();
        BRITTLE.set(left.wrapping_sub(1));
        assert!(left != 0, "the panic that the test asked for");
        self.0.hash(state);
    }
}

/// ... wherever it is asked for: when an event comes, when a key is evicted, when one comes in, when one ends.
#[test]
fn a_hash_that_panics_loses_nothing_that_was_held() {
    for nth in 0..20 {
        let (mut events, mut gaps) = (Vec::new(), 0);
        let next = |Keyed { item, .. }: Keyed<Brittle, Ordered<&(u64, u64)>>, _: At| -> Flow {
            match item {
                Ordered::Event(event) => events.push(*event),
                Ordered::Gap(_) => gaps += 1,
                Ordered::Stray(..) => panic!("there are none"),
            }
            Ok(())
        };
        let keys = Keys { most: 2, full: TableFull::EvictLru(Closing::Release) };
        let (key, number) = (|event: &(u64, u64)| Brittle(event.0), |event: &(u64, u64)| event.1);
        let mut stage = KeyedResequencer::new(keys, 4, POLICY, key, number, Default::default, next)
            .unwrap()
            .ending_with(|event: &(u64, u64)| event.1 == 3);
        let account = stage.account();
        let at = At { seq: Sequence::ZERO, now: tick(0) };
        BRITTLE.set(nth);
        let mut unwound = 0;
        for event in [(1, 2), (2, 2), (3, 2), (3, 1), (3, 3), (4, 1), (2, 1)] {
            // What unwound comes again, as it would to a source.
            while catch_unwind(AssertUnwindSafe(|| stage.on_event(&event, at))).is_err() {
                unwound += 1;
            }
        }
        BRITTLE.set(u32::MAX);
        let _ = Stage::<&(u64, u64)>::on_batch_end(&mut stage, Tick::MAX);
        drop(stage);
        let mut third: Vec<_> = events.iter().filter(|event| event.0 == 3).collect();
        third.dedup();
        assert_eq!(third, [&(3, 1), &(3, 2), &(3, 3)]);
        events.sort_unstable();
        events.dedup();
        assert_eq!(events, [(1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (4, 1)], "unwound on {nth}");
        assert!(gaps >= 1 && unwound <= 1);
        assert_eq!((account.read().check(), account.read().held), (Ok(()), 0), "unwound on {nth}");
    }
}
