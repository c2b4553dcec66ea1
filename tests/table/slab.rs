//! Slab: a handle finds its tenant, and nobody else, however often the slots change hands.

use crate::kit::allocations;
use crate::random::Random;
use crate::{CALLS, cases, turns};
use proptest::prelude::*;
use ringmain::ring::CapacityError;
use ringmain::table::{Handle, Slab};
use std::collections::{HashMap, HashSet, VecDeque};

#[derive(Clone, Copy, Debug)]
enum Op {
    Insert(u32),
    Remove(usize),
    Change(usize, u32),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => any::<u32>().prop_map(Op::Insert),
        4 => any::<usize>().prop_map(Op::Remove),
        1 => (any::<usize>(), any::<u32>()).prop_map(|(which, value)| Op::Change(which, value)),
    ]
}

proptest! {
    #![proptest_config(cases(150))]
    #[test]
    fn it_is_a_map_from_handles_to_values(capacity in 1usize..9, ops in proptest::collection::vec(op(), 0..CALLS)) {
        let mut slab = Slab::new(capacity).unwrap();
        let mut live = HashMap::new();
        let mut free: VecDeque<_> = (0..capacity).collect();
        // Every handle ever given; one of them is meant, most of them stale.
        let mut given = vec![Handle::NONE];
        for op in ops {
            match op {
                Op::Insert(value) => match slab.insert(value) {
                    Ok(handle) => {
                        prop_assert_eq!(Some(handle.index()), free.pop_front(), "the one that is free for longest");
                        prop_assert_eq!(live.insert(handle, value), None);
                        given.push(handle);
                    }
                    Err(back) => prop_assert_eq!((back, live.len()), (value, capacity)),
                },
                Op::Remove(which) => {
                    let handle = given[which % given.len()];
                    let removed = live.remove(&handle);
                    prop_assert_eq!(slab.remove(handle), removed);
                    free.extend(removed.map(|_| handle.index()));
                }
                Op::Change(which, value) => {
                    let handle = given[which % given.len()];
                    prop_assert_eq!(slab.get_mut(handle).map(|it| std::mem::replace(it, value)), live.get(&handle).copied());
                    live.entry(handle).and_modify(|it| *it = value);
                }
            }
            prop_assert_eq!((slab.len(), slab.is_empty(), slab.is_full()), (live.len(), live.is_empty(), free.is_empty()));
            for &handle in &given {
                prop_assert_eq!(slab.get(handle), live.get(&handle));
            }
            let all: HashMap<_, _> = slab.iter().map(|(handle, value)| (handle, *value)).collect();
            prop_assert_eq!(&all, &live);
            let walked: HashSet<_> = (0..=capacity).filter_map(|index| slab.handle_at(index)).collect();
            prop_assert_eq!(walked, live.keys().copied().collect());
        }
    }

    #[test]
    fn a_handle_survives_its_way_through_a_header(bits: u64) {
        prop_assert_eq!(Handle::from_bits(bits).to_bits(), bits);
    }
}

#[test]
fn after_a_million_reuses_no_stale_handle_has_matched() {
    let mut slab = Slab::new(8).unwrap();
    let mut given = HashSet::new();
    let mut live: Vec<Handle> = Vec::new();
    let mut random = Random(1);
    for n in 0..turns(1_000_000) {
        if slab.is_full() {
            let handle = live.swap_remove(random.below(8) as usize);
            assert!(slab.remove(handle).is_some());
            assert_eq!(slab.remove(handle), None, "twice");
        }
        let handle = slab.insert(n).unwrap();
        assert!(given.insert(handle.to_bits()), "{handle:?} was given before");
        live.push(handle);
    }
    let matching = given.iter().filter(|&&bits| slab.get(Handle::from_bits(bits)).is_some());
    assert_eq!(matching.count(), 8);
}

#[test]
fn the_late_reply_of_an_earlier_tenant_meets_nobody() {
    let mut slab = Slab::new(1).unwrap();
    let early = slab.insert("A").unwrap();
    assert_eq!(slab.remove(early), Some("A"));
    let late = slab.insert("B").unwrap();
    assert_eq!(early.index(), late.index());
    assert_eq!(slab.get(early), None);
    assert_eq!(slab.get_mut(early), None);
    assert_eq!(slab.remove(early), None);
    assert_eq!(slab.get(late), Some(&"B"));
}

#[test]
fn none_matches_nothing_and_so_do_numbers_from_nowhere() {
    let mut slab = Slab::new(2).unwrap();
    assert_eq!((Handle::NONE.to_bits(), Handle::default()), (0, Handle::NONE));
    // Free slots match nothing either, though their next generation is known.
    let guesses = [0, 1 << 32, 1 << 32 | 1, 1 << 32 | 2, u64::MAX, u64::from(u32::MAX)];
    for bits in guesses {
        assert_eq!(slab.remove(Handle::from_bits(bits)), None);
    }
    let first = slab.insert(7).unwrap();
    for bits in guesses.into_iter().filter(|&bits| bits != first.to_bits()) {
        assert_eq!(slab.remove(Handle::from_bits(bits)), None);
    }
    assert_eq!(slab.len(), 1);
}

#[test]
fn what_cannot_be_built_is_refused() {
    let new = |capacity| Slab::<u64>::new(capacity).map(|slab| slab.capacity());
    assert_eq!(new(0), Err(CapacityError::Zero));
    assert_eq!(new(3), Ok(3));
    assert_eq!(new(usize::MAX), Err(CapacityError::TooLarge { asked: usize::MAX }));
}

#[test]
fn nothing_is_allocated_after_construction() {
    let mut slab = Slab::new(4).unwrap();
    let (sum, allocated) = allocations(|| {
        let mut sum = 0;
        for n in 0..turns(10_000) {
            let handles = [n, n + 1, n + 2, n + 3].map(|n| slab.insert(n).unwrap());
            assert_eq!(slab.insert(n), Err(n), "full");
            slab.iter_mut().for_each(|(_, value)| *value += 1);
            sum += handles.into_iter().filter_map(|handle| slab.remove(handle)).sum::<u64>();
            assert_eq!(slab.remove(handles[0]), None, "stale");
        }
        sum
    });
    assert!(sum > 0);
    assert_eq!(allocated, 0);
}
