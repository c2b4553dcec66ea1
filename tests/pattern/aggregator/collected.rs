//! Where the members are kept.

use super::*;
use crate::kit::{Script, allocations, turn_mut};

const TWO: Conditions<String, usize> = Conditions { size: Some(2), ..Conditions::NONE };

/// What is lent is moved to the store and on: nothing is copied.
#[test]
fn what_is_lent_moves() {
    let mut seen = Vec::with_capacity(8);
    let next = |mut group: Aggregate<char, Collected<'_, usize, String>>, _: At| -> Flow {
        let length = *group.value.value;
        group.value.members.for_each_mut(|name| seen.push((group.key, length, std::mem::take(name))));
        Ok(())
    };
    let dead = |_: Aggregate<char, Collected<'_, usize, String>>, _: At| -> Flow { Ok(()) };
    let store = Store::new(2, 4, Overfull::Close, String::new).unwrap();
    let first_letter = |name: &String| name.chars().next();
    let length = |sum: &mut usize, name: &String| -> Result<(), Fault> {
        *sum += name.len();
        Ok(())
    };
    let mut stage =
        Aggregator::collecting(POLICY, TWO, store, first_letter, (0, length), dead, next).unwrap();
    let (account, members) = (stage.account(), stage.member_account());
    let mut script = Script::new(["ab", "x", "acd", "xyz", "b"].map(String::from));
    let lent: Vec<_> = script.events().iter().map(|name| name.as_ptr().addr()).collect();
    let ((), allocated) = allocations(|| _ = turn_mut(&mut script, &mut stage, tick(0)));
    assert_eq!(allocated, 0);
    assert_eq!(members.read().held, 1);
    drop(stage);
    let names: Vec<_> = seen.iter().map(|(key, sum, name)| (*key, *sum, name.as_str())).collect();
    assert_eq!(names, [('a', 5, "ab"), ('a', 5, "acd"), ('x', 4, "x"), ('x', 4, "xyz")]);
    let places: Vec<_> = seen.iter().map(|(.., name)| name.as_ptr().addr()).collect();
    assert_eq!(places, [lent[0], lent[2], lent[1], lent[3]]);
    Books { account, members }.check();
}

type Group<'e> = Aggregate<u32, Collected<'e, i64, Item>>;

/// Key, cause, sum and members.
type Noted = (u32, ClosedBy, i64, Vec<i64>);

/// A stage that writes members down, built over so many places.
fn run(
    policy: Policy,
    conditions: Terms,
    store: Store<Item>,
    items: &[Item],
) -> (Vec<Noted>, Vec<Flow>, Balance) {
    let mut seen = Vec::new();
    let next = |group: Group<'_>, _: At| -> Flow {
        assert_eq!(group.value.members.iter().count() as u64, group.n);
        let members = group.value.members.iter().map(|item| item.n).collect();
        seen.push((group.key, group.closed_by, *group.value.value, members));
        Ok(())
    };
    let dead = |_: Group<'_>, _: At| -> Flow { Ok(()) };
    let mut stage =
        Aggregator::collecting(policy, conditions, store, key, (0, sum as Fold), dead, next).unwrap();
    let books = Books { account: stage.account(), members: stage.member_account() };
    let flows = (0..)
        .zip(items)
        .map(|(n, item)| stage.on_event(item, At { seq: Sequence::new(n), now: tick(0) }))
        .collect();
    let _ = Stage::<&Item>::on_batch_end(&mut stage, tick(u64::MAX));
    drop(stage);
    books.check();
    (seen, flows, books.account.read())
}
fn store(each: usize, total: usize, overfull: Overfull) -> Store<Item> {
    Store::new(each, total, overfull, Item::default).unwrap()
}

/// A group that has as many members as one may have.
#[test]
fn a_group_that_is_full_closes_rejects_or_ends() {
    let items = [1, 2, 3].map(|n| item(1, n));
    let three = Conditions { size: Some(3), ..Conditions::NONE };
    let (seen, flows, _) = run(POLICY, three, store(2, 8, Overfull::Close), &items);
    assert_eq!(seen, [(1, ClosedBy::Size, 3, vec![1, 2]), (1, ClosedBy::Stop, 3, vec![3])]);
    assert_eq!(flows, [Ok(()); 3]);

    let (seen, flows, balance) = run(POLICY, three, store(2, 8, Overfull::Reject), &items);
    assert_eq!(seen, [(1, ClosedBy::Stop, 3, vec![1, 2])]);
    assert_eq!(flows[2], Err(Fault::of(Reason::WindowFull).into()));
    assert_eq!(balance.dead_lettered[Reason::WindowFull], 1);

    let (_, flows, balance) = run(POLICY, three, store(2, 8, Overfull::Fail), &items);
    assert_eq!((flows[2], balance.dropped[Reason::WindowFull]), (Err(Halt::Stop), 1));
}

/// No place is left for a member of any group: it is as with a full table. Also if the oldest group is the event's own.
#[test]
fn a_store_that_is_full_does_as_a_full_table() {
    let ten = Conditions { size: Some(10), ..Conditions::NONE };
    let items = [(1, 1), (1, 2), (2, 3), (1, 4)].map(|(key, n)| item(key, n));
    let places = || store(9, 3, Overfull::Reject);
    let (seen, flows, _) = run(POLICY, ten, places(), &items);
    assert_eq!(flows[3], Err(Fault::of(Reason::TableFull).into()));
    assert_eq!(seen.len(), 2);

    let evict = Full::EvictOldest(Unfinished::EmitPartial);
    let policy = Policy { full: evict, late: Late::Discard { remember: 9 }, ..POLICY };
    let (seen, flows, _) = run(policy, ten, places(), &items);
    assert_eq!(flows, [Ok(()); 4]);
    let expected = [
        (1, ClosedBy::Evicted, 3, vec![1, 2]),
        (2, ClosedBy::Stop, 3, vec![3]),
        (1, ClosedBy::Stop, 4, vec![4]),
    ];
    assert_eq!(seen, expected, "it is not late: it was there before its group closed");
}

#[test]
fn a_store_has_room_for_one_at_least() {
    for (each, total) in [(0, 1), (1, 0)] {
        let error = Store::new(each, total, Overfull::Close, Item::default).err();
        assert_eq!(error, Some(Unbuildable::Capacity(CapacityError::Zero)));
    }
    let error = Store::new(1, 1 << 32, Overfull::Close, || ()).err();
    assert!(matches!(error, Some(Unbuildable::Capacity(CapacityError::TooLarge { .. }))));
}

/// A group that is given up takes its members with it, to be seen.
#[test]
fn the_dead_have_their_members() {
    let mut seen = Vec::new();
    let dead = |group: Group<'_>, _: At| -> Flow {
        seen.extend(group.value.members.iter().map(|item| (group.closed_by, item.n)));
        Ok(())
    };
    let next = |_: Group<'_>, _: At| -> Flow { Ok(()) };
    let conditions = Conditions { total: Some(nanos(5)), ..Conditions::NONE };
    let policy = Policy { expired: Unfinished::Dlc, ..POLICY };
    let store = store(4, 8, Overfull::Close);
    let mut stage =
        Aggregator::collecting(policy, conditions, store, key, (0, sum as Fold), dead, next).unwrap();
    let books = Books { account: stage.account(), members: stage.member_account() };
    for n in [7, 8] {
        stage.on_event(&item(1, n), At { seq: Sequence::ZERO, now: tick(0) }).unwrap();
    }
    assert_eq!(Stage::<&Item>::on_batch_end(&mut stage, tick(5)), Ok(()));
    drop(stage);
    books.check();
    assert_eq!(seen, [(ClosedBy::Total, 7), (ClosedBy::Total, 8)]);
    assert_eq!(books.members.read().discarded[Reason::Expired], 2);
}

/// A copy that unwinds changes nothing.
#[test]
fn a_clone_that_unwinds_changes_nothing() {
    #[derive(Debug)]
    struct Brittle(u64, bool);
    impl Clone for Brittle {
        fn clone(&self) -> Self {
            assert!(!self.1, "the panic that the test asked for");
            Self(self.0, self.1)
        }
    }
    let mut seen = Vec::new();
    let next = |group: Aggregate<u8, Collected<'_, u64, Brittle>>, _: At| -> Flow {
        seen.extend(group.value.members.iter().map(|brittle| brittle.0));
        assert_eq!(*group.value.value, 3);
        Ok(())
    };
    let dead = |_: Aggregate<u8, Collected<'_, u64, Brittle>>, _: At| -> Flow { Ok(()) };
    let store = Store::new(2, 2, Overfull::Close, || Brittle(0, false)).unwrap();
    let add = |sum: &mut u64, brittle: &Brittle| -> Result<(), Fault> {
        *sum += brittle.0;
        Ok(())
    };
    let two = Conditions { size: Some(2), ..Conditions::NONE };
    let mut stage =
        Aggregator::collecting(POLICY, two, store, |_: &Brittle| Some(1u8), (0, add), dead, next).unwrap();
    let books = Books { account: stage.account(), members: stage.member_account() };
    let at = At { seq: Sequence::ZERO, now: tick(0) };
    for brittle in [Brittle(9, true), Brittle(1, false), Brittle(9, true), Brittle(2, false)] {
        let unwound = crate::kit::panics(|| stage.on_event(&brittle, at).unwrap());
        assert_eq!(unwound, brittle.1);
    }
    drop(stage);
    books.check();
    assert_eq!(seen, [1, 2]);
}
