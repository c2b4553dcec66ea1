//! The suite that every ring passes, whatever is in it.
//!
//! Every rule is checked with positions that begin just before the wrap, and on one thread unless its name says more.

use super::{Asked, Event, Free, Rig, Shown};
use ringmain::contract::{At, Drained, End, Fault, Filled, Flow, Halt, Refused, Sink, Source, SourceMut};
use ringmain::contract::{Tick, each};
use ringmain::ring::{CapacityError, Sequence};
use std::fmt::Debug;
use std::mem::ManuallyDrop;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

/// Tests of one ring, in a module of the name given: `channel_conforms!(spsc, Spsc);`, see [`Rig`].
macro_rules! channel_conforms {
    ($name:ident, $rig:ty) => {
        mod $name {
            use super::*;
            use $crate::kit::channel;

            $crate::kit::channel_conforms! { @ $rig;
                a_bad_capacity_is_an_error
                every_capacity_fills_up_refuses_and_goes_on
                a_limit_is_kept_and_positions_grow
                a_batch_takes_what_fits_and_says_so
                a_batch_may_fail_or_panic_at_any_slot
                what_a_stage_says_decides_whether_the_event_is_consumed
                a_stage_may_panic_at_any_event
                the_end_comes_behind_the_last_event
                a_consumer_that_goes_gives_the_event_back
                a_handle_that_is_never_dropped_holds_up_and_harms_nobody
                owned_values_are_dropped_once_wherever_they_are
                every_kind_of_event_passes
                an_event_lies_where_it_was_put
                a_drain_ends_though_events_come_as_fast_as_it_goes
                two_threads_hand_everything_over_in_order
                two_threads_a_side_hand_everything_over_once
                any_steps_make_a_bounded_queue
            }
        }
    };
    (@ $rig:ty; $($rule:ident)+) => {
        $(#[test]
        fn $rule() {
            channel::$rule::<$rig>();
        })+
    };
}
pub(crate) use channel_conforms;

/// So many ends of a side, where there may be many.
fn most(many: bool) -> usize {
    if many { 3 } else { 1 }
}

fn starts(capacity: usize) -> [Sequence; 3] {
    [Sequence::ZERO, Sequence::ZERO.minus(1), Sequence::ZERO.minus(capacity as u64)]
}

/// A ring of `capacity` that begins just before the wrap.
fn ring<R: Rig, T: Event>(capacity: usize, fill: impl FnMut() -> T) -> (R::Tx<T>, R::Rx<T>) {
    R::build(Sequence::ZERO.minus(2), capacity, fill).unwrap()
}

/// What both sides say while `n` events are in the ring, of which a consumer was shown one, or none.
fn lens<R: Rig>(n: usize, shown: bool) -> (usize, usize) {
    (n - usize::from(shown && R::SHOWN != Shown::InTheRing), n)
}

/// All that is there now, at most `limit`. One call may give less than that, but something if anything is there.
fn drain<T: Clone>(rx: &mut impl Source<Event = T>, limit: usize) -> Vec<T> {
    let mut seen = Vec::new();
    while seen.len() < limit {
        let before = seen.len();
        let drained = rx.drain(NOW, limit - before, &mut each(|event: &T| seen.push(event.clone())));
        assert_eq!(drained.count, seen.len() - before);
        if drained.count == 0 {
            break;
        }
    }
    seen
}

/// Fills `n` slots with the numbers from `first`.
fn fill(tx: &mut impl Sink<Event = u64>, first: u64, n: usize) -> Filled {
    tx.fill_many(n, |i, slot| {
        *slot = first + i as u64;
        Ok(())
    })
}

fn numbers(first: u64, n: usize) -> Vec<u64> {
    (first..first + n as u64).collect()
}

pub(crate) fn panics<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// Without the hook, which would print.
pub(crate) fn panic_on_purpose() -> ! {
    resume_unwind(Box::new("on purpose"))
}

pub(crate) fn a_bad_capacity_is_an_error<R: Rig>() {
    fn refused<R: Rig, T: Event>(capacity: usize, fill: impl FnMut() -> T) -> CapacityError {
        R::build(Sequence::ZERO, capacity, fill).err().unwrap()
    }
    assert_eq!(refused::<R, _>(0, || 0u8), CapacityError::Zero);
    assert_eq!(refused::<R, _>(3, || 0u8), CapacityError::NotPowerOfTwo { asked: 3, next: 4 });
    let most = isize::MAX as usize;
    for asked in [usize::MAX, most, most / size_of::<[u64; 2]>(), most + 1, (most + 1) / 8] {
        refused::<R, _>(asked, || [0u64; 2]);
    }
}

/// By all ends in turn, and all of them say the same.
pub(crate) fn every_capacity_fills_up_refuses_and_goes_on<R: Rig>() {
    let ends = (most(R::MANY_PRODUCERS && !R::OWN_ROOM), most(R::MANY_CONSUMERS));
    for capacity in if cfg!(miri) { vec![1, 4] } else { vec![1, 2, 4, 64] } {
        for start in starts(capacity) {
            let (mut tx, mut rx) = R::ends(start, capacity, ends, || 0).unwrap();
            assert_eq!((tx.len(), rx.len()), ends);
            let all_say = |tx: &[R::Tx<u64>], rx: &[R::Rx<u64>], n: usize| {
                let same = |capacity_is, len, is_empty| (capacity_is, len, is_empty) == (capacity, n, n == 0);
                tx.iter().all(|tx| same(tx.capacity(), tx.len(), tx.is_empty()) && tx.free() == capacity - n)
                    && rx.iter().all(|rx| same(rx.capacity(), rx.len(), rx.is_empty()))
            };
            for lap in 0..3 {
                let first = lap * 100;
                for i in 0..capacity {
                    assert!(all_say(&tx, &rx, i));
                    tx[i % ends.0].push(first + i as u64).unwrap();
                }
                assert!(all_say(&tx, &rx, capacity));
                for tx in &mut tx {
                    let refusal = tx.push(7).unwrap_err();
                    assert_eq!((refusal.event, refusal.refused), (7, Refused::Full));
                }
                for i in 0..capacity {
                    assert_eq!(drain(&mut rx[i % ends.1], 1), [first + i as u64]);
                }
                assert!(all_say(&tx, &rx, 0));
                assert!(rx.iter_mut().all(|rx| drain(rx, ALL).is_empty()));
            }
        }
    }
}

pub(crate) fn a_limit_is_kept_and_positions_grow<R: Rig>() {
    let (mut tx, mut rx) = ring::<R, _>(8, || 0);
    assert_eq!(fill(&mut tx, 0, 5), Filled { count: 5, end: None });
    let mut seen = Vec::new();
    let mut stage = |event: &u64, at: At| -> Flow {
        seen.push((at.seq.since(Sequence::ZERO.minus(2)), *event));
        Ok(())
    };
    for (limit, count) in [(2, 2), (0, 0), (1, 1), (ALL, 2), (ALL, 0)] {
        assert_eq!(rx.drain(NOW, limit, &mut stage), Drained { count, end: None });
    }
    assert!(seen.is_sorted_by(|a, b| a.0 < b.0), "{seen:?}");
    assert_eq!(seen.iter().map(|(_, event)| *event).collect::<Vec<_>>(), numbers(0, 5));
}

pub(crate) fn a_batch_takes_what_fits_and_says_so<R: Rig>() {
    let (mut tx, mut rx) = ring::<R, _>(4, || 0);
    assert_eq!(fill(&mut tx, 0, 6), Filled { count: 4, end: Some(Halt::Again) });
    let full = tx.fill_many(1, |_, _| unreachable!("it is full"));
    assert_eq!(full, Filled { count: 0, end: Some(Halt::Again) });
    let none = tx.fill_many(0, |_, _| unreachable!("nothing to fill"));
    assert_eq!(none, Filled { count: 0, end: None });
    assert_eq!(drain(&mut rx, 3), [0, 1, 2]);
    assert_eq!(fill(&mut tx, 4, 3), Filled { count: 3, end: None });
    assert_eq!(drain(&mut rx, ALL), [3, 4, 5, 6]);
}

/// What was filled before is published, what comes later arrives, and laps of it do not fill the ring for good.
pub(crate) fn a_batch_may_fail_or_panic_at_any_slot<R: Rig>() {
    let fault = Halt::Reject(Fault::new(9));
    let (mut tx, mut rx) = ring::<R, _>(4, || 0);
    for (fatal, halts) in [0, 1, 2, 3].repeat(3).into_iter().zip([true, false].repeat(6)) {
        let batch = |tx: &mut R::Tx<u64>| {
            tx.fill_many(4, |i, slot| {
                *slot = i as u64;
                match i == fatal {
                    true if halts => Err(fault),
                    true => panic_on_purpose(),
                    false => Ok(()),
                }
            })
        };
        if halts {
            assert_eq!(batch(&mut tx), Filled { count: fatal, end: Some(fault) });
        } else {
            assert!(panics(|| batch(&mut tx)));
        }
        assert_eq!(drain(&mut rx, ALL), numbers(0, fatal));

        // The same for one slot, which is lost at most.
        if halts {
            assert_eq!(tx.fill(|_| -> Flow { Err(fault) }), Err(fault));
        } else {
            assert!(panics(|| tx.offer(|_| panic_on_purpose())));
        }
        assert_eq!(fill(&mut tx, 10, 3), Filled { count: 3, end: None });
        assert_eq!(drain(&mut rx, ALL), [10, 11, 12]);
        assert_eq!((tx.len(), rx.len()), (0, 0));
    }
    assert_eq!(tx.fill(|slot| Ok(std::mem::replace(slot, 5))).map(|_| ()), Ok(()));
    assert_eq!(drain(&mut rx, ALL), [5]);
}

pub(crate) fn what_a_stage_says_decides_whether_the_event_is_consumed<R: Rig>() {
    for halt in [Halt::Again, Halt::Reject(Fault::new(3)), Halt::Stop] {
        for fatal in 0..4 {
            for limit in [1, ALL] {
                let (mut tx, mut rx) = ring::<R, _>(4, || 0);
                let _ = fill(&mut tx, 0, 4);
                let _ = drain(&mut rx, if limit == 1 { fatal } else { 0 });
                let mut stage = |event: &u64, _: At| if *event == fatal as u64 { Err(halt) } else { Ok(()) };
                let consumed = fatal + usize::from(halt != Halt::Again);
                let count = if limit == 1 { consumed - fatal } else { consumed };
                // As often as the stage says so, the event comes again.
                let drained = rx.drain(NOW, limit, &mut stage);
                assert_eq!(drained, Drained { count, end: Some(End::Halted(halt)) });
                assert_eq!((tx.len(), rx.len()), lens::<R>(4 - consumed, halt == Halt::Again));
                if halt == Halt::Again {
                    let drained = rx.drain(NOW, limit, &mut stage);
                    assert_eq!(drained, Drained { count: 0, end: Some(End::Halted(halt)) });
                }
                assert_eq!(drain(&mut rx, ALL), numbers(consumed as u64, 4 - consumed));
            }
        }
    }
}

/// What came before is consumed, and the event itself is not.
pub(crate) fn a_stage_may_panic_at_any_event<R: Rig>() {
    for fatal in 0..4 {
        for lends in [false, true] {
            let (mut tx, mut rx) = ring::<R, _>(4, || 0);
            let _ = fill(&mut tx, 0, 4);
            let panics_at = |event: u64| {
                if event == fatal {
                    panic_on_purpose()
                }
            };
            assert!(panics(|| if lends {
                rx.drain_mut(NOW, ALL, &mut each(|event: &mut u64| panics_at(*event)))
            } else {
                rx.drain(NOW, ALL, &mut each(|event: &u64| panics_at(*event)))
            }));
            let left = 4 - fatal as usize;
            assert_eq!((tx.len(), rx.len()), lens::<R>(left, true));
            assert_eq!(drain(&mut rx, ALL), numbers(fatal, left));
            assert_eq!(fill(&mut tx, 4, 4).count, 4);
            assert_eq!(drain(&mut rx, ALL), numbers(4, 4));
        }
    }
}

/// Whatever is in the ring, "empty, then closed" loses nothing; and it is said only when the last producer is gone.
pub(crate) fn the_end_comes_behind_the_last_event<R: Rig>() {
    for left in 0..=4 {
        for limit in [1, ALL] {
            let (mut tx, mut rx) = R::ends(starts(4)[2], 4, (most(R::MANY_PRODUCERS), 1), || 0).unwrap();
            let mut rx = rx.remove(0);
            assert!(!rx.is_closed());
            assert_eq!(fill(&mut tx[0], 0, left).count, left);
            while tx.pop().is_some() {
                assert!(tx.is_empty() || !rx.is_closed());
            }
            assert_eq!(rx.is_closed(), left == 0);
            let (mut seen, mut end) = (Vec::new(), None);
            for _ in 0..=left {
                let drained = rx.drain(NOW, limit, &mut each(|event: &u64| seen.push(*event)));
                end = drained.end;
                assert!(end.is_none() || seen.len() == left, "closed before it is empty");
            }
            assert_eq!((seen, end), (numbers(0, left), Some(End::Closed)));
            assert!(rx.is_closed());
            let again = rx.drain(NOW, limit, &mut each(|_: &u64| ()));
            assert_eq!(again, Drained { count: 0, end: Some(End::Closed) });
        }
    }
}

/// Slots that the producer knows to be free may be filled once more; then it is told.
pub(crate) fn a_consumer_that_goes_gives_the_event_back<R: Rig>() {
    for left in 0..=2 {
        let (mut tx, mut rx) = R::ends(starts(2)[2], 2, (1, most(R::MANY_CONSUMERS)), String::new).unwrap();
        let mut tx = tx.remove(0);
        for n in 0..left {
            tx.push(n.to_string()).unwrap();
        }
        assert_eq!(drain(&mut rx[0], 1).len(), left.min(1));
        while rx.pop().is_some() {
            assert!(rx.is_empty() || !tx.is_closed());
        }
        assert_eq!(
            (tx.len(), tx.free()),
            (left.saturating_sub(1), 2 - left.saturating_sub(1)),
            "it says what is left"
        );
        assert!(tx.is_closed());
        let refusal =
            std::iter::repeat_with(|| tx.push("back".into())).take(3).find_map(Result::err).unwrap();
        assert_eq!((refusal.event.as_str(), refusal.refused), ("back", Refused::Closed));
        let filled = tx.fill_many(2, |_, _| unreachable!("closed"));
        assert_eq!(filled, Filled { count: 0, end: Some(Halt::Stop) });
        assert_eq!(tx.offer(|_| unreachable!("closed")), Err(Refused::Closed));
    }
}

/// As after `mem::forget`, but what Miri would call a leak is given back at the end.
pub(crate) fn a_handle_that_is_never_dropped_holds_up_and_harms_nobody<R: Rig>() {
    let (tx, mut rx) = ring::<R, _>(2, || 0);
    let mut tx = ManuallyDrop::new(tx);
    tx.push(1).unwrap();
    assert_eq!(drain(&mut rx, ALL), [1]);
    let waits = rx.drain(NOW, ALL, &mut each(|_: &u64| ()));
    assert_eq!((waits, rx.is_closed()), (Drained { count: 0, end: None }, false));
    drop(rx);
    assert!(tx.is_closed());
    drop(ManuallyDrop::into_inner(tx));

    let (mut tx, rx) = ring::<R, _>(2, || 0);
    let rx = ManuallyDrop::new(rx);
    assert_eq!(fill(&mut tx, 0, 3), Filled { count: 2, end: Some(Halt::Again) });
    for _ in 0..3 {
        assert_eq!(tx.push(9).unwrap_err().refused, Refused::Full);
    }
    assert!(!tx.is_closed());
    drop(tx);
    assert!(!rx.is_closed());
    drop(ManuallyDrop::into_inner(rx));
}

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

pub(crate) fn a_drain_ends_though_events_come_as_fast_as_it_goes<R: Rig>() {
    let (mut tx, mut rx) = ring::<R, _>(4, || 0);
    assert_eq!(fill(&mut tx, 0, 4).count, 4);
    let mut refills = each(|_: &u64| {
        let _ = tx.push(9);
    });
    for _ in 0..3 {
        assert!((1..=4).contains(&rx.drain(NOW, ALL, &mut refills).count));
    }
}

pub(crate) fn two_threads_hand_everything_over_in_order<R: Rig>() {
    let n: u64 = if cfg!(miri) { 30 } else { 30_000 };
    for (capacity, batch) in [(1, 1), (2, 2), (64, 1), (1024, 32)] {
        let (mut tx, mut rx) = ring::<R, _>(capacity, || 0);
        let producer = std::thread::spawn(move || {
            let mut next = 0;
            while next < n {
                let filled = fill(&mut tx, next, batch.min((n - next) as usize));
                next += filled.count as u64;
                assert!(tx.len() <= capacity);
                match filled {
                    // The other thread has failed.
                    Filled { end: Some(Halt::Stop), .. } => return,
                    Filled { count: 0, .. } => std::thread::yield_now(),
                    _ => {}
                }
            }
        });
        let mut expected = 0;
        loop {
            let there = rx.len();
            assert!(there <= capacity);
            let drained = rx.drain(
                NOW,
                ALL,
                &mut each(|event: &u64| {
                    assert_eq!(*event, expected);
                    expected += 1;
                }),
            );
            // Where consumers compete, what is there may be on its way to others, and is counted from its claim on.
            assert!(R::MANY_CONSUMERS || there == 0 || drained.count > 0, "it had {there} and gave none");
            match drained {
                Drained { end: Some(end), .. } => break assert_eq!(end, End::Closed),
                Drained { count: 0, .. } => std::thread::yield_now(),
                Drained { .. } => {}
            }
        }
        assert_eq!(expected, n);
        producer.join().unwrap();
    }
}

/// Where there may be two: each event once, those of one producer in their order, and positions that grow.
pub(crate) fn two_threads_a_side_hand_everything_over_once<R: Rig>() {
    let n: u64 = if cfg!(miri) { 20 } else { 5_000 };
    let two = |many| if many { 2 } else { 1 };
    let ends = (two(R::MANY_PRODUCERS), two(R::MANY_CONSUMERS));
    for capacity in [1, 2, 64] {
        let start = Sequence::ZERO.minus(3);
        let (tx, rx) = R::ends(start, capacity, ends, || (0, 0)).unwrap();
        let producers = Vec::from_iter((0..).zip(tx).map(|(who, mut tx)| {
            std::thread::spawn(move || {
                for number in 0..n {
                    // Closed only if the other side has failed.
                    while tx.offer(|slot| *slot = (who, number)) == Err(Refused::Full) {
                        std::thread::yield_now();
                    }
                }
            })
        }));
        let consumers = Vec::from_iter(rx.into_iter().map(|mut rx| {
            std::thread::spawn(move || {
                let (mut seen, mut next, mut at_least) = (Vec::new(), [0; 2], 0);
                loop {
                    let drained = rx.drain(NOW, 3, &mut |&(who, number): &(usize, u64), at: At| -> Flow {
                        assert!(number >= next[who] && at.seq.since(start) >= at_least);
                        (next[who], at_least) = (number + 1, at.seq.since(start) + 1);
                        seen.push((who, number));
                        Ok(())
                    });
                    match drained {
                        Drained { end: Some(_), .. } => return seen,
                        Drained { count: 0, .. } => std::thread::yield_now(),
                        Drained { .. } => {}
                    }
                }
            })
        }));
        let mut seen = Vec::from_iter(consumers.into_iter().flat_map(|consumer| consumer.join().unwrap()));
        seen.sort_unstable();
        assert!(seen.into_iter().eq((0..ends.0).flat_map(|who| (0..n).map(move |number| (who, number)))));
        producers.into_iter().for_each(|producer| producer.join().unwrap());
    }
}

pub(crate) use property::any_steps_make_a_bounded_queue;

mod property {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    #[derive(Clone, Debug)]
    enum Step {
        /// So many, of which this one fails.
        Fill(usize, usize),
        /// So many at most, and this one is answered `Again`.
        Drain(usize, usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0usize..20, 0usize..40).prop_map(|(n, fails)| Step::Fill(n, fails)),
            (0usize..20, 0usize..40).prop_map(|(n, again)| Step::Drain(n, again)),
        ];
        prop::collection::vec(step, 0..60)
    }

    /// Whatever is done in whatever order, the ring is a bounded queue, and no question changes it.
    pub(crate) fn any_steps_make_a_bounded_queue<R: Rig>() {
        let config = ProptestConfig {
            cases: if cfg!(miri) { 2 } else { 300 },
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        proptest!(config, |(bits in 0usize..5, before in 0u64..40, steps in steps())| {
            let capacity = 1 << bits;
            let (mut tx, mut rx) = R::build(Sequence::ZERO.minus(before), capacity, || 0).unwrap();
            // `None` is a slot that was lost.
            let (mut queue, mut sent) = (VecDeque::new(), 0);
            // The first of it was shown already.
            let mut shown = false;
            for step in steps {
                match step {
                    Step::Fill(n, fails) => {
                        let outside = usize::from(shown && R::SHOWN == Shown::OutOfTheRing);
                        let claims = n.min(capacity - (queue.len() - outside));
                        let filled = tx.fill_many(n, |i, slot| {
                            *slot = sent + i as u64;
                            if i == fails { Err(Halt::Stop) } else { Ok(()) }
                        });
                        let end = match (fails < claims, claims < n) {
                            (true, _) => Some(Halt::Stop),
                            (false, full) => full.then_some(Halt::Again),
                        };
                        prop_assert_eq!(filled, Filled { count: claims.min(fails), end });
                        queue.extend((sent..sent + filled.count as u64).map(Some));
                        sent += filled.count as u64;
                        if R::VOIDS {
                            queue.extend((filled.count..claims).map(|_| None));
                        }
                    }
                    Step::Drain(n, again) => {
                        let mut seen = Vec::new();
                        let mut stage = |event: &u64, _: At| -> Flow {
                            if seen.len() == again {
                                return Err(Halt::Again);
                            }
                            seen.push(*event);
                            Ok(())
                        };
                        // One call may give less than there is, but something.
                        let mut drained = Drained { count: 0, end: None };
                        while drained.count < n && drained.end.is_none() {
                            let more = rx.drain(NOW, n - drained.count, &mut stage);
                            drained = Drained { count: drained.count + more.count, end: more.end };
                            if more.count == 0 {
                                break;
                            }
                        }
                        let mut expected = Vec::new();
                        while expected.len() < n.min(again) && let Some(next) = queue.pop_front() {
                            expected.extend(next);
                        }
                        if n > again {
                            while queue.front() == Some(&None) {
                                queue.pop_front();
                            }
                        }
                        let halted = n > again && !queue.is_empty();
                        shown = halted || shown && n == 0;
                        let end = halted.then_some(End::Halted(Halt::Again));
                        prop_assert_eq!(drained, Drained { count: expected.len(), end });
                        prop_assert_eq!(seen, expected);
                    }
                }
                for _ in 0..2 {
                    let lens = lens::<R>(queue.len(), shown);
                    prop_assert_eq!((tx.len(), rx.len()), lens);
                    prop_assert_eq!((tx.is_empty(), rx.is_empty()), (lens.0 == 0, lens.1 == 0));
                    prop_assert!(tx.free() == capacity - lens.0 && !tx.is_closed() && !rx.is_closed());
                }
            }
            drop(tx);
            prop_assert_eq!(drain(&mut rx, ALL), Vec::from_iter(queue.into_iter().flatten()));
            prop_assert!(rx.is_closed());
        });
    }
}
