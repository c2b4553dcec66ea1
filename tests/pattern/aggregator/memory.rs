//! Nothing is allocated, on any path.

use super::*;
use crate::kit::{Dice, allocations};
use ringmain::pattern::Nowhere;
use std::cell::Cell;

/// 8.d13: 10^7 events of 10^6 keys, and a table of 1,024; a twentieth of that without optimisation. The groups end in every
/// way there is.
#[test]
fn aggregator_13_many_keys_through_a_small_table_allocate_nothing() {
    let events = if cfg!(miri) {
        2_000
    } else if cfg!(debug_assertions) {
        500_000
    } else {
        10_000_000
    };
    let keys = events / 10;
    let policy = Policy {
        groups: 1024,
        full: Full::EvictLru(Unfinished::EmitPartial),
        late: Late::Discard { remember: 512 },
        ..POLICY
    };
    let conditions = Conditions {
        size: Some(16),
        after: Some(|sum: &u64| sum.is_multiple_of(97)),
        inactivity: Some(nanos(800)),
        total: Some(nanos(900)),
        ..Conditions::NONE
    };
    let out = Cell::new(0u64);
    let next = |sum: Aggregate<u64, &mut u64>, _: At| -> Flow {
        out.set(out.get() + sum.n);
        Ok(())
    };
    let add = |sum: &mut u64, n: &u64| -> Result<(), Fault> {
        *sum += n;
        Ok(())
    };
    let mut stage = Aggregator::new(policy, conditions, |n: &u64| Some(*n), 0, add, Nowhere, next).unwrap();
    let books = Books { account: stage.account(), members: stage.member_account() };
    let mut dice = Dice::new(13);
    let ((), allocated) = allocations(|| {
        let mut window = 0;
        for n in 0..events {
            // Mostly of keys that came just now.
            window += u64::from(n % 10 == 0);
            let key = if dice.one_in(4) { dice.below(keys) } else { window + dice.below(64) };
            stage.on_event(&key, At { seq: Sequence::new(n), now: tick(n) }).unwrap();
            if n % 32 == 31 {
                let _ = Stage::<&u64>::on_batch_end(&mut stage, tick(n));
            }
        }
        let _ = Stage::<&u64>::on_batch_end(&mut stage, tick(u64::MAX));
    });
    assert_eq!(allocated, 0);
    assert_eq!(stage.groups(), 0);
    drop(stage);
    books.check();
    let (balance, members) = (books.account.read(), books.members.read());
    assert_eq!((balance.input, members.emitted), (events, out.get()));
    assert!(balance.generated > events / 20, "{balance:?}");
    assert!(balance.dropped[Reason::Late] > 0);
}

/// Everything else that may happen: refusals, evictions, time, failures, panics, the dead, the end.
#[test]
fn no_path_allocates() {
    let conditions = Conditions {
        size: Some(3),
        before: Some(|sum: &i64, item: &Item| sum + item.n > 10),
        inactivity: Some(nanos(5)),
        interval: Some(nanos(16)),
        ..Conditions::NONE
    };
    for full in [
        Full::RejectNew,
        Full::EvictOldest(Unfinished::Dlc),
        Full::EvictLru(Unfinished::Discard),
        Full::Block,
        Full::Fail,
    ] {
        let policy = Policy {
            full,
            late: Late::Dlc { remember: 2 },
            expired: Unfinished::Dlc,
            failure: FoldFailure::DiscardGroup,
            ..POLICY
        };
        let mut rig = Rig::over(policy, conditions, Collect::new(), Collect::new());
        let ((), allocated) = allocations(|| {
            let mut dice = Dice::new(1);
            for n in 0..600u64 {
                let item = item(dice.below(9) as u32, dice.pick(&[1, 2, 3, 8, BAD]));
                let _ = rig.stage.on_event(&item, At { seq: Sequence::new(n), now: tick(n / 2) });
                if dice.one_in(3) {
                    let _ = rig.end_turn(n / 2);
                }
                if dice.one_in(50) {
                    rig.stage.force(Force::All);
                }
            }
            let _ = rig.end_turn(u64::MAX);
        });
        assert_eq!(allocated, 0, "{full:?}");
        let (balance, _) = rig.close();
        assert!(balance.input > 4, "{full:?}: {balance:?}");
    }
}

/// With a store of members, lent: replaced, evicted, expired, discarded.
#[test]
fn no_path_with_members_allocates() {
    let parts = Parts { of: |item: &Item| item.part, duplicate: Duplicate::Replace };
    let conditions = Conditions { parts: Some(parts), total: Some(nanos(40)), ..Conditions::NONE };
    let policy = Policy { full: Full::EvictOldest(Unfinished::Dlc), expired: Unfinished::Dlc, ..POLICY };
    let store = Store::new(3, 8, Overfull::Reject, Item::default).unwrap();
    let (out, dead) = (Cell::new(0), Cell::new(0));
    let count = |to: &Cell<u64>, group: &Aggregate<u32, Collected<'_, i64, Item>>| {
        to.set(to.get() + group.value.members.iter().count() as u64);
    };
    let next = |group: Aggregate<u32, Collected<'_, i64, Item>>, _: At| -> Flow {
        count(&out, &group);
        Ok(())
    };
    let to_dead = |group: Aggregate<u32, Collected<'_, i64, Item>>, _: At| -> Flow {
        count(&dead, &group);
        Ok(())
    };
    let mut stage =
        Aggregator::collecting(policy, conditions, store, key, (0, sum as Fold), to_dead, next).unwrap();
    let books = Books { account: stage.account(), members: stage.member_account() };
    let ((), allocated) = allocations(|| {
        let mut dice = Dice::new(2);
        for n in 0..2000u64 {
            let of = 1 + dice.below(4) as u8;
            let key = 4 * (1 + dice.below(4) as u32) + u32::from(of);
            let mut item = part(key, dice.pick(&[1, 2, BAD]), dice.below(of.into()) as u8, of);
            let _ = stage.on_event(&mut item, At { seq: Sequence::new(n), now: tick(n) });
            if dice.one_in(3) {
                let _ = Stage::<&mut Item>::on_batch_end(&mut stage, tick(n));
            }
        }
        let _ = Stage::<&mut Item>::on_batch_end(&mut stage, tick(u64::MAX));
    });
    assert_eq!(allocated, 0);
    drop(stage);
    books.check();
    let members = books.members.read();
    assert_eq!(members.emitted, out.get());
    assert_eq!(members.discarded.total() - members.discarded[Reason::Duplicate], dead.get());
    assert!([out.get(), dead.get(), members.discarded[Reason::Duplicate]].iter().all(|n| *n > 50));
}
