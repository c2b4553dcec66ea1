//! The events themselves: of what kind, where they lie, and how often they are dropped.

use super::{ALL, NOW, panic_on_purpose, panics, ring, starts};
use crate::kit::{Event, Rig};
use ringmain::contract::{At, Flow, Halt, Sink, Source, SourceMut, each};
use std::fmt::Debug;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How often each of some values was dropped.
#[derive(Clone)]
pub(crate) struct Drops(Arc<[AtomicUsize]>);

impl Drops {
    pub(crate) fn new(values: usize) -> Self {
        Self((0..values).map(|_| AtomicUsize::new(0)).collect())
    }
    pub(crate) fn value(&self, id: usize) -> Option<Dropped> {
        // Owned memory beside it, for Miri and the sanitizers to watch.
        Some(Dropped { id: Box::new(id), drops: self.clone() })
    }
    pub(crate) fn counts(&self) -> Vec<usize> {
        self.0.iter().map(|count| count.load(Relaxed)).collect()
    }
}

/// One of them.
pub(crate) struct Dropped {
    id: Box<usize>,
    drops: Drops,
}

impl Drop for Dropped {
    fn drop(&mut self) {
        self.drops.0[*self.id].fetch_add(1, Relaxed);
    }
}

/// Every split of a lap into those taken out by value, those only seen, and those left, and either side goes first.
pub(crate) fn owned_values_are_dropped_once_wherever_they_are<R: Rig>() {
    for capacity in if cfg!(miri) { vec![1, 2] } else { vec![1, 2, 4] } {
        for start in starts(capacity) {
            for (taken, seen) in (0..=capacity).flat_map(|t| (0..=capacity - t).map(move |s| (t, s))) {
                for producer_first in [false, true] {
                    let values = 2 * capacity + 2;
                    let drops = Drops::new(values);
                    let mut ids = 0..values;
                    let mut value = || drops.value(ids.next().unwrap());
                    let (mut tx, mut rx) = R::build(start, capacity, || None).unwrap();
                    // The last of them comes back.
                    for _ in 0..=capacity {
                        drop(tx.push(value()));
                    }
                    let mut mine = Vec::new();
                    let mut take = each(|slot: &mut Option<Dropped>| mine.push(slot.take().unwrap()));
                    assert_eq!(rx.drain_mut(NOW, taken, &mut take).count, taken);
                    let mut look = each(|slot: &Option<Dropped>| assert!(slot.is_some()));
                    assert_eq!(rx.drain(NOW, seen, &mut look).count, seen);
                    let panicked = value();
                    let fatal = |slot: &mut Option<Dropped>| {
                        *slot = panicked;
                        panic_on_purpose();
                    };
                    assert_eq!(panics(|| tx.offer(fatal)), taken + seen > 0);
                    // Some over what was taken or seen, the others come back. And one is perhaps in a hand.
                    for _ in 0..capacity {
                        drop(tx.push(value()));
                    }
                    let mut again = |_: &Option<Dropped>, _: At| -> Flow { Err(Halt::Again) };
                    assert_eq!(rx.drain(NOW, ALL, &mut again).count, 0);
                    let counts = drops.counts();
                    assert!(mine.iter().all(|mine| counts[*mine.id] == 0));
                    if producer_first {
                        drop(tx);
                        drop(rx);
                    } else {
                        drop(rx);
                        drop(tx);
                    }
                    drop(mine);
                    assert_eq!(drops.counts(), vec![1; values], "{capacity} {taken} {seen}");
                }
            }
        }
    }
}

/// Without a size, larger than the stack of a thread, with an alignment of its own, owned, and without a zero.
pub(crate) fn every_kind_of_event_passes<R: Rig>() {
    fn pass<R: Rig, T: Event + Clone + PartialEq + Debug>(blank: T, event: T) {
        let (mut tx, mut rx) = ring::<R, _>(2, || blank.clone());
        for _ in 0..5 {
            tx.push(event.clone()).unwrap();
            tx.offer(|slot| *slot = event.clone()).unwrap();
            let mut here = |slot: &T| {
                assert_eq!(std::ptr::from_ref(slot).addr() % align_of::<T>(), 0);
                assert_eq!(*slot, event);
            };
            assert_eq!(rx.drain(NOW, 1, &mut each(&mut here)).count, 1);
            assert_eq!(rx.drain_mut(NOW, 1, &mut each(|slot: &mut T| here(slot))).count, 1);
        }
    }
    #[derive(Clone, PartialEq, Debug)]
    #[repr(align(128))]
    struct Aligned(u8);

    pass::<R, _>((), ());
    pass::<R, _>(Aligned(0), Aligned(1));
    pass::<R, _>(Box::new(0), Box::new(1));
    pass::<R, _>(NonZeroU64::MIN, NonZeroU64::MAX);
    pass::<R, _>("", "static");
    pass::<R, _>(vec![String::new()], vec!["owned".to_owned()]);
    pass::<R, fn() -> u8>(|| 0, u8::default);

    const LARGE: usize = 1 << 20;
    let build = std::thread::Builder::new().stack_size(64 * LARGE);
    let (mut tx, mut rx) = build.spawn(|| ring::<R, _>(2, || [0u8; LARGE])).unwrap().join().unwrap();
    let small_stack = std::thread::Builder::new().stack_size(LARGE / 4).spawn(move || {
        tx.offer(|slot| slot[77] = 7).unwrap();
        assert_eq!(rx.drain(NOW, 1, &mut each(|slot: &[u8; LARGE]| assert_eq!(slot[77], 7))).count, 1);
    });
    small_stack.unwrap().join().unwrap();
}

/// It is written, looked at and changed in one place.
pub(crate) fn an_event_lies_where_it_was_put<R: Rig>() {
    let address = |slot: &[u64; 8]| std::ptr::from_ref(slot).addr();
    let (mut tx, mut rx) = ring::<R, _>(4, || [0; 8]);
    for _ in 0..9 {
        let written = tx.fill(|slot| Ok(address(slot))).unwrap();
        let again = |event: &[u64; 8], _: At| -> Flow {
            assert_eq!(address(event), written);
            Err(Halt::Again)
        };
        assert_eq!(rx.drain(NOW, 1, &mut { again }).count, 0);
        let mut here = each(|event: &mut [u64; 8]| assert_eq!(address(event), written));
        assert_eq!(rx.drain_mut(NOW, 1, &mut here).count, 1);
    }
}
