//! Index: a map of exactly so many entries, whatever the hashes.

use crate::kit::allocations;
use crate::random::Random;
use crate::{CALLS, cases, turns};
use proptest::prelude::*;
use ringmain::ring::CapacityError;
use ringmain::table::Index;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

#[derive(Clone, Copy, Debug)]
enum Op {
    Insert(u8, u32),
    GetOrInsert(u8, u32),
    Change(u8, u32),
    Remove(u8),
}

fn op() -> impl Strategy<Value = Op> {
    let key = || 0u8..24;
    prop_oneof![
        4 => (key(), any::<u32>()).prop_map(|(key, value)| Op::Insert(key, value)),
        2 => (key(), any::<u32>()).prop_map(|(key, value)| Op::GetOrInsert(key, value)),
        1 => (key(), any::<u32>()).prop_map(|(key, value)| Op::Change(key, value)),
        4 => key().prop_map(Op::Remove),
    ]
}

/// Homes in a row for classes of keys: the last two places of the table, and the first ones.
#[derive(Default)]
struct Poor<const CLASSES: u8>(u64);

impl<const CLASSES: u8> Hasher for Poor<CLASSES> {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes
            .iter()
            .fold(self.0, |_, &byte| u64::from(byte % CLASSES).wrapping_sub(2) << 1 & 0xFFFF_FFFF);
    }
}

fn is_a_map<S: BuildHasher + Default>(capacity: usize, ops: &[Op]) -> Result<(), TestCaseError> {
    let mut index = Index::with_hasher(capacity, S::default()).unwrap();
    let mut model = HashMap::new();
    for &op in ops {
        let room = |key| model.contains_key(&key) || model.len() < capacity;
        match op {
            Op::Insert(key, value) if room(key) => {
                prop_assert_eq!(index.insert(key, value), Ok(model.insert(key, value)));
            }
            Op::Insert(key, value) => prop_assert_eq!(index.insert(key, value), Err((key, value))),
            Op::GetOrInsert(key, value) if room(key) => {
                prop_assert_eq!(
                    index.get_or_insert_with(key, || value),
                    Ok(model.entry(key).or_insert(value))
                );
            }
            Op::GetOrInsert(key, _) => {
                prop_assert_eq!(index.get_or_insert_with(key, || unreachable!("no room")), Err(key));
            }
            Op::Change(key, value) => {
                prop_assert_eq!(
                    index.get_mut(&key).map(|it| std::mem::replace(it, value)),
                    model.get(&key).copied()
                );
                model.entry(key).and_modify(|it| *it = value);
            }
            Op::Remove(key) => prop_assert_eq!(index.remove(&key), model.remove(&key)),
        }
        prop_assert_eq!(
            (index.len(), index.is_empty(), index.is_full()),
            (model.len(), model.is_empty(), model.len() == capacity)
        );
        for key in 0..24 {
            prop_assert_eq!(index.get(&key), model.get(&key));
        }
        let all: Vec<_> = index.iter().collect();
        prop_assert_eq!(all.len(), model.len());
        prop_assert!(all.into_iter().all(|(key, value)| model.get(key) == Some(value)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(150))]
    #[test]
    fn it_is_a_map(capacity in 1usize..20, ops in proptest::collection::vec(op(), 0..CALLS)) {
        is_a_map::<BuildHasherDefault<ringmain::table::Mix>>(capacity, &ops)?;
    }
    #[test]
    fn with_hashes_that_meet_it_is_a_map(capacity in 1usize..20, ops in proptest::collection::vec(op(), 0..CALLS)) {
        is_a_map::<BuildHasherDefault<Poor<5>>>(capacity, &ops)?;
    }
    #[test]
    fn with_one_hash_for_all_it_is_a_map(capacity in 1usize..20, ops in proptest::collection::vec(op(), 0..CALLS)) {
        is_a_map::<BuildHasherDefault<Poor<1>>>(capacity, &ops)?;
    }
}

/// Entries of a table that is full all the time.
const FULL: u64 = if cfg!(miri) { 50 } else { 1000 };

#[test]
fn after_a_million_keys_it_is_as_it_was() {
    let mut index = Index::new(FULL as usize).unwrap();
    let mut keys: Vec<u64> = (0..FULL).collect();
    let mut random = Random(3);
    for &key in &keys {
        assert_eq!(index.insert(key, key), Ok(None));
    }
    for n in FULL..FULL + turns(1_000_000) {
        assert_eq!(index.insert(n, n), Err((n, n)), "no more fit");
        let gone = std::mem::replace(&mut keys[random.below(FULL) as usize], n);
        assert_eq!(index.remove(&gone), Some(gone));
        assert_eq!(index.insert(n, n), Ok(None), "and no fewer");
    }
    keys.sort_unstable();
    let mut left: Vec<_> = index.iter().map(|(key, value)| (*key, *value)).collect();
    left.sort_unstable();
    assert_eq!(left, keys.iter().map(|&key| (key, key)).collect::<Vec<_>>());
}

#[test]
fn the_order_is_that_of_the_last_run() {
    let build = || {
        let mut index = Index::new(100).unwrap();
        for n in 0..100 {
            index.insert(format!("key {n}"), n).unwrap();
        }
        (0..50).for_each(|n| assert_eq!(index.remove(&*format!("key {}", n * 2)), Some(n * 2)));
        index.iter().map(|(_, n)| *n).collect::<Vec<_>>()
    };
    assert_eq!(build(), build());
    assert_ne!(build(), (0..50).map(|n| n * 2 + 1).collect::<Vec<_>>(), "it is a hash table");
}

#[test]
fn another_hash_function_and_unsized_keys() {
    let mut index: Index<String, u32, RandomState> = Index::with_hasher(2, RandomState::new()).unwrap();
    *index.get_or_insert_with("a".into(), || 1).unwrap() += 1;
    index.iter_mut().for_each(|(_, value)| *value *= 10);
    assert_eq!(
        (index.get("a").copied(), index.get("b").copied(), index.remove("a")),
        (Some(20), None, Some(20))
    );
    assert_eq!(format!("{index:?}"), "{}");
}

#[test]
fn a_panic_while_a_value_is_made_leaves_no_entry() {
    let mut index = Index::new(1).unwrap();
    let make = || -> u32 { std::panic::resume_unwind(Box::new(())) };
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        index.get_or_insert_with('a', make).is_ok()
    }));
    assert!(panicked.is_err());
    assert_eq!((index.len(), index.get(&'a')), (0, None));
    assert_eq!(index.insert('b', 1), Ok(None));
}

#[test]
fn what_cannot_be_built_is_refused() {
    let new = |capacity| Index::<u64, u64>::new(capacity).map(|index| index.capacity());
    assert_eq!(new(0), Err(CapacityError::Zero));
    assert_eq!(new(3), Ok(3));
    assert_eq!(new(usize::MAX), Err(CapacityError::TooLarge { asked: usize::MAX }));
}

#[test]
fn nothing_is_allocated_after_construction() {
    let mut index = Index::new(4).unwrap();
    let ((), allocated) = allocations(|| {
        for n in 0..turns(100_000) {
            for key in n..n + 4 {
                assert_eq!(index.insert(key, n), Ok(None));
            }
            assert_eq!(index.insert(n + 4, n), Err((n + 4, n)), "full");
            assert_eq!(index.insert(n + 3, n), Ok(Some(n)), "replaced");
            assert_eq!(index.get_or_insert_with(n + 4, || 0), Err(n + 4));
            for key in n..n + 5 {
                assert_eq!(index.remove(&key).is_some(), key != n + 4);
            }
        }
    });
    assert_eq!(allocated, 0);
}
