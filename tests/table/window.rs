//! Window: a set of positions, told by bits that go round.

use crate::kit::allocations;
use crate::{CALLS, cases, turns};
use proptest::prelude::*;
use ringmain::ring::CapacityError;
use ringmain::table::{Mark, Window};
use std::collections::BTreeSet;

/// Of the window that puts a permutation in order.
const WIDTH: u64 = if cfg!(miri) { 16 } else { 256 };

#[derive(Clone, Copy, Debug)]
enum Op {
    /// So far from `next`, forwards or backwards.
    Mark(i64),
    Advance,
    Skip(i64),
    Reset(u64),
}

fn distance() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -4i64..70, 2 => -300i64..300, 1 => any::<i64>()]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        30 => distance().prop_map(Op::Mark),
        5 => Just(Op::Advance),
        3 => (-4i64..300).prop_map(Op::Skip),
        1 => any::<i64>().prop_map(Op::Skip),
        1 => any::<u64>().prop_map(Op::Reset),
    ]
}

/// The same, in 128 bits that never wrap; position `p` is `p` modulo 2^64.
struct Model {
    width: i128,
    next: i128,
    marked: BTreeSet<i128>,
}

impl Model {
    fn mark(&mut self, at: i128) -> Mark {
        match at - self.next {
            ..0 => Mark::Below,
            ahead if ahead >= self.width => Mark::Beyond,
            _ if self.marked.insert(at) => Mark::Fresh,
            _ => Mark::Duplicate,
        }
    }
    fn advance(&mut self) -> u64 {
        let begin = self.next;
        while self.marked.remove(&self.next) {
            self.next += 1;
        }
        (self.next - begin) as u64
    }
    fn skip_to(&mut self, at: i128) -> u64 {
        if at <= self.next {
            return 0;
        }
        let kept = self.marked.split_off(&at);
        let passed = (at - self.next) as u64 - self.marked.len() as u64;
        (self.marked, self.next) = (kept, at);
        passed
    }
}

proptest! {
    #![proptest_config(cases(150))]
    #[test]
    fn it_is_a_set_of_positions(
        log in 0u32..if cfg!(miri) { 4 } else { 9 },
        start in prop_oneof![Just(0), Just(u64::MAX), u64::MAX - 600..=u64::MAX, any::<u64>()],
        ops in proptest::collection::vec(op(), 0..CALLS),
    ) {
        let mut window = Window::new(1 << log, start).unwrap();
        let mut model = Model { width: 1 << log, next: i128::from(start), marked: BTreeSet::new() };
        for op in ops {
            match op {
                Op::Mark(ahead) => {
                    let at = model.next + i128::from(ahead);
                    prop_assert_eq!(window.mark(at as u64), model.mark(at));
                }
                Op::Advance => prop_assert_eq!(window.advance(), model.advance()),
                Op::Skip(ahead) => {
                    let at = model.next + i128::from(ahead);
                    prop_assert_eq!(window.skip_to(at as u64), model.skip_to(at));
                }
                Op::Reset(next) => {
                    window.reset(next);
                    (model.next, model.marked) = (next.into(), BTreeSet::new());
                }
            }
            prop_assert_eq!(window.next(), model.next as u64);
            prop_assert_eq!((window.len(), window.is_empty()), (model.marked.len() as u64, model.marked.is_empty()));
            prop_assert_eq!(window.first_marked(), model.marked.first().map(|&at| at as u64));
            for ahead in -2..model.width + 2 {
                let at = model.next + ahead;
                prop_assert_eq!(window.is_marked(at as u64), model.marked.contains(&at));
            }
        }
    }

    /// Any order of arrival within the width comes out as 1, 2, 3, and each position once, also across the wrap.
    #[test]
    fn a_permutation_within_the_width_is_put_in_order(
        start in prop_oneof![Just(0), u64::MAX - 300..=u64::MAX],
        order in Just((0..WIDTH).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut window = Window::new(WIDTH as usize, start).unwrap();
        let mut expected = start;
        for ahead in order {
            prop_assert_eq!(window.mark(start.wrapping_add(ahead)), Mark::Fresh);
            while window.is_marked(window.next()) {
                prop_assert_eq!(window.next(), expected);
                prop_assert_eq!(window.skip_to(expected.wrapping_add(1)), 0, "nothing is lost");
                expected = expected.wrapping_add(1);
            }
        }
        prop_assert_eq!((expected, window.len()), (start.wrapping_add(WIDTH), 0));
    }
}

#[test]
fn of_a_million_numbers_each_is_fresh_once() {
    // Out of order in groups of eight, and each again, 5 and 40 numbers later: in the window still, or below.
    let start = u64::MAX - 500;
    let mut window = Window::new(32, start).unwrap();
    let (mut fresh, mut again) = (0, 0);
    let end = turns(1_000_000);
    for n in 0..end {
        for back in [0, 5, 40] {
            match window.mark(start.wrapping_add(n ^ 7).wrapping_sub(back)) {
                Mark::Fresh => fresh += 1,
                Mark::Duplicate | Mark::Below => again += 1,
                Mark::Beyond => panic!("{n}: nothing comes so early"),
            }
        }
        let _ = window.advance();
    }
    assert_eq!((fresh, again), (end, 2 * end));
    assert_eq!((window.next(), window.len()), (start.wrapping_add(end), 0));
}

#[test]
fn the_first_gap_is_told_and_given_up() {
    let mut window = Window::new(128, 10).unwrap();
    for at in [100, 101, 103] {
        assert_eq!(window.mark(at), Mark::Fresh);
    }
    assert_eq!(window.first_marked(), Some(100));
    assert_eq!(window.skip_to(100), 90, "90 are lost");
    assert_eq!((window.advance(), window.next(), window.first_marked()), (2, 102, Some(103)));
    assert_eq!((window.mark(99), window.skip_to(99)), (Mark::Below, 0));
}

#[test]
fn what_cannot_be_built_is_refused() {
    let new = |width| Window::new(width, 0).map(|window| window.width());
    assert_eq!(new(0), Err(CapacityError::Zero));
    assert_eq!(new(1), Ok(1));
    assert_eq!(new(3), Err(CapacityError::NotPowerOfTwo { asked: 3, next: 4 }));
    assert_eq!(new(usize::MAX).map_err(drop), Err(()));
    #[cfg(target_pointer_width = "64")]
    assert_eq!(new(1 << 33), Err(CapacityError::TooLarge { asked: 1 << 33 }));
}

#[test]
fn nothing_is_allocated_after_construction() {
    let mut window = Window::new(64, u64::MAX - 100).unwrap();
    let (passed, allocated) = allocations(|| {
        let mut passed = 0;
        for _ in 0..turns(10_000) {
            let next = window.next();
            assert_eq!(window.mark(next.wrapping_add(64)), Mark::Beyond);
            assert_eq!(window.mark(next.wrapping_sub(1)), Mark::Below);
            for ahead in [1, 0, 5] {
                assert_eq!(window.mark(next.wrapping_add(ahead)), Mark::Fresh);
            }
            passed += window.advance() + window.skip_to(next.wrapping_add(6));
        }
        window.reset(0);
        passed
    });
    assert_eq!((passed, allocated), (turns(10_000) * (2 + 3), 0));
}
