//! Wheel: never early, never lost, in order, whatever the clock and the caller do.

use crate::kit::allocations;
use crate::random::Random;
use crate::{CALLS, cases, turns};
use proptest::prelude::*;
use ringmain::contract::Tick;
use ringmain::ring::CapacityError;
use ringmain::table::{TimerId, Wheel};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The same as an ordered map, in steps of `2^shift` nanoseconds. Everybody can see that it is right.
struct Model {
    shift: u32,
    /// The step of the last call.
    now: u128,
    armed: u64,
    /// By the step in which it is due, and when it was armed.
    timers: BTreeMap<(u128, u64), u32>,
}

impl Model {
    fn arm(&mut self, deadline: u64, item: u32) -> (u128, u64) {
        let due = u128::from(deadline).div_ceil(1 << self.shift).max(self.now);
        self.armed += 1;
        self.timers.insert((due, self.armed), item);
        (due, self.armed)
    }
    fn turn_to(&mut self, now: u64) {
        let end = now == u64::MAX;
        let now = u128::from(now);
        self.now = if end { now.div_ceil(1 << self.shift) } else { now >> self.shift };
    }
    fn first(&self) -> Option<(u128, u64)> {
        self.timers.first_key_value().map(|(key, _)| *key).filter(|(due, _)| *due <= self.now)
    }
}

#[derive(Clone, Copy, Debug)]
enum Op {
    /// So many nanoseconds from now.
    Arm(i64),
    ArmAt(u64),
    Cancel(usize),
    /// So many nanoseconds on, or back; then everything that is due.
    Turn(i64),
    TurnTo(u64),
    /// One only.
    Pop,
}

/// All magnitudes alike.
fn span() -> impl Strategy<Value = i64> {
    (any::<i64>(), 0u32..63).prop_map(|(span, shift)| span >> shift)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => span().prop_map(|span| Op::Arm(span.saturating_abs())),
        2 => span().prop_map(Op::Arm),
        1 => (any::<u64>(), 0u32..64).prop_map(|(at, shift)| Op::ArmAt(at >> shift)),
        6 => any::<usize>().prop_map(Op::Cancel),
        6 => span().prop_map(|span| Op::Turn(span.saturating_abs())),
        2 => span().prop_map(Op::Turn),
        1 => (any::<u64>(), 0u32..64).prop_map(|(at, shift)| Op::TurnTo(at >> shift)),
        3 => Just(Op::Pop),
    ]
}

fn is_an_ordered_map(capacity: usize, resolution: u64, start: u64, ops: &[Op]) -> Result<(), TestCaseError> {
    let mut wheel = Wheel::new(capacity, Duration::from_nanos(resolution)).unwrap();
    let shift = resolution.max(1).ilog2();
    let mut model = Model { shift, now: 0, armed: 0, timers: BTreeMap::new() };
    let mut given = vec![(TimerId::NONE, (0, 0))];
    let mut deadlines = HashMap::new();
    let (mut now, mut item) = (start, 0);
    for &op in ops {
        let most = match op {
            Op::Arm(_) | Op::ArmAt(_) => {
                let deadline = match op {
                    Op::ArmAt(at) => at,
                    Op::Arm(span) => now.saturating_add_signed(span),
                    _ => unreachable!(),
                };
                item += 1;
                match wheel.arm(Tick::from_nanos(deadline), item) {
                    Ok(id) => {
                        deadlines.insert(item, deadline);
                        given.push((id, model.arm(deadline, item)));
                    }
                    Err(back) => prop_assert_eq!((back, model.timers.len()), (item, capacity)),
                }
                0
            }
            Op::Cancel(which) => {
                let (id, key) = given[which % given.len()];
                prop_assert_eq!(wheel.cancel(id), model.timers.remove(&key));
                0
            }
            Op::Turn(span) => {
                now = now.saturating_add_signed(span);
                usize::MAX
            }
            Op::TurnTo(at) => {
                now = at;
                usize::MAX
            }
            Op::Pop => 1,
        };
        if most != 0 {
            model.turn_to(now);
        }
        for _ in 0..most {
            let first = model.first();
            let expected = first.and_then(|key| model.timers.remove(&key));
            prop_assert_eq!(wheel.peek(Tick::from_nanos(now)).copied(), expected);
            prop_assert_eq!(wheel.pop(Tick::from_nanos(now)), expected);
            let Some(item) = expected else { break };
            prop_assert!(deadlines[&item] <= now, "never early");
        }
        prop_assert_eq!(
            (wheel.len(), wheel.is_empty(), wheel.is_full()),
            (model.timers.len(), model.timers.is_empty(), model.timers.len() == capacity)
        );
        let earliest = model.timers.first_key_value().map(|((due, _), _)| due << shift);
        let told = wheel.next_deadline();
        prop_assert_eq!(told.is_some(), earliest.is_some());
        prop_assert!(told.map(|tick| u128::from(tick.nanos())) <= earliest, "no timer is slept over");
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(400))]
    #[test]
    fn it_is_an_ordered_map(
        capacity in 1usize..40,
        resolution in prop_oneof![Just(1u64), Just(1 << 10), 0..1u64 << 40, Just(1 << 63)],
        start in prop_oneof![Just(0), Just(1u64 << 42), any::<u64>(), u64::MAX - 5000..=u64::MAX],
        ops in proptest::collection::vec(op(), 0..CALLS),
    ) {
        is_an_ordered_map(capacity, resolution, start, &ops)?;
    }

    /// Whatever the distance, a thread that sleeps until it is told wakes up a few times, and at the right time in the end.
    #[test]
    fn sleeping_until_the_next_deadline_takes_eleven_looks(at: u64, shift in 0u32..64, resolution in 1u64..10_000) {
        let deadline = at >> shift;
        let mut wheel = Wheel::new(1, Duration::from_nanos(resolution)).unwrap();
        wheel.arm(Tick::from_nanos(deadline), ()).unwrap();
        for _ in 0..11 {
            let woken = wheel.next_deadline().expect("one is armed");
            if wheel.pop(woken).is_some() {
                prop_assert!(woken.nanos() >= deadline && woken.nanos() - deadline < resolution);
                return Ok(());
            }
        }
        prop_assert!(false, "still asleep at {:?}", wheel.next_deadline());
    }
}

fn at(nanos: u64) -> Tick {
    Tick::from_nanos(nanos)
}

fn wheel<T>(capacity: usize, resolution: u64) -> Wheel<T> {
    Wheel::new(capacity, Duration::from_nanos(resolution)).expect("a small one")
}

/// Everything that comes out at `now`.
fn due<T>(wheel: &mut Wheel<T>, now: u64) -> Vec<T> {
    std::iter::from_fn(|| wheel.pop(at(now))).collect()
}

#[test]
fn never_early_and_at_a_nanosecond_exact() {
    let mut wheel = wheel(1, 1);
    for deadline in [0, 1, 63, 64, 65, 4095, 4096, 1 << 30, u64::MAX - 1, u64::MAX] {
        wheel.arm(at(deadline), deadline).unwrap();
        if deadline > 0 {
            assert_eq!(due(&mut wheel, deadline - 1), [0; 0]);
        }
        assert_eq!(due(&mut wheel, deadline), [deadline]);
    }
}

#[test]
fn late_by_less_than_a_step() {
    for deadline in (0..200).step_by(if cfg!(miri) { 37 } else { 1 }) {
        let mut wheel = wheel(1, 16);
        wheel.arm(at(deadline), ()).unwrap();
        let first = (0..).find(|&now| wheel.pop(at(now)).is_some()).expect("it comes out");
        assert!(first >= deadline && first - deadline < 16, "{deadline} came out at {first}");
    }
}

#[test]
fn in_the_order_of_deadlines_and_within_a_step_of_arming() {
    let mut wheel = wheel(9, 100);
    for (n, deadline) in [700, 350, 301, 100_000, 399, 301, 1 << 40, 0, 700].into_iter().enumerate() {
        wheel.arm(at(deadline), n).unwrap();
    }
    assert_eq!(due(&mut wheel, u64::MAX), [7, 2, 5, 1, 4, 0, 8, 3, 6]);
}

#[test]
fn full_gives_the_item_back_and_a_cancelled_timer_makes_room() {
    let mut wheel = wheel(2, 1);
    let first = wheel.arm(at(5), "first").unwrap();
    wheel.arm(at(6), "second").unwrap();
    assert_eq!(wheel.arm(at(1), "third"), Err("third"));
    assert_eq!(wheel.cancel(first), Some("first"));
    wheel.arm(at(1), "third").unwrap();
    assert_eq!(due(&mut wheel, 10), ["third", "second"]);
}

#[test]
fn a_late_cancel_takes_nobody_elses_timer() {
    let mut wheel = wheel(1, 1);
    let fired = wheel.arm(at(1), "fired").unwrap();
    assert_eq!(due(&mut wheel, 1), ["fired"]);
    assert_eq!(wheel.cancel(fired), None);
    let cancelled = wheel.arm(at(2), "cancelled").unwrap();
    assert_eq!(wheel.cancel(cancelled), Some("cancelled"));
    wheel.arm(at(3), "kept").unwrap();
    for id in [fired, cancelled, TimerId::NONE] {
        assert_eq!(wheel.cancel(id), None);
    }
    assert_eq!(due(&mut wheel, 3), ["kept"]);
}

#[test]
fn between_two_that_are_due_timers_are_armed_and_cancelled() {
    let mut wheel = wheel(8, 1);
    let ids = [10, 20, 30].map(|deadline| wheel.arm(at(deadline), deadline).unwrap());
    assert_eq!(wheel.pop(at(100)), Some(10));
    assert_eq!(wheel.cancel(ids[1]), Some(20));
    // One that is due already comes out in the same round, behind what was due before.
    wheel.arm(at(15), 15).unwrap();
    wheel.arm(at(101), 101).unwrap();
    assert_eq!(due(&mut wheel, 100), [30, 15]);
    assert_eq!(due(&mut wheel, 101), [101]);
}

#[test]
fn who_arms_anew_without_end_holds_up_nobody() {
    let mut wheel = wheel(4, 1);
    wheel.arm(at(1), "again and again").unwrap();
    wheel.arm(at(7), "once").unwrap();
    wheel.arm(at(9), "not yet").unwrap();
    let mut out = Vec::new();
    for _ in 0..wheel.len() {
        let Some(item) = wheel.pop(at(8)) else { break };
        out.push(item);
        if item == "again and again" {
            wheel.arm(Tick::ZERO, item).unwrap();
        }
    }
    assert_eq!(out[..2], ["again and again", "once"]);
    assert!(!out.contains(&"not yet"));
}

#[test]
fn a_sink_that_is_full_leaves_the_timer_where_it_is() {
    let mut wheel = wheel(2, 1);
    wheel.arm(at(1), 'a').unwrap();
    wheel.arm(at(1), 'b').unwrap();
    assert_eq!(wheel.peek(at(0)), None);
    assert_eq!(wheel.peek(at(1)), Some(&'a'));
    assert_eq!(wheel.peek(at(1)), Some(&'a'));
    assert_eq!(due(&mut wheel, 1), ['a', 'b']);
}

#[test]
fn a_deadline_that_has_passed_comes_out_at_once() {
    let mut wheel = wheel(2, 1024);
    assert_eq!(due(&mut wheel, 10 * 1024 + 500), [""; 0]);
    wheel.arm(at(3), "long gone").unwrap();
    wheel.arm(at(10 * 1024 + 500), "now").unwrap();
    assert_eq!(wheel.next_deadline(), Some(at(10 * 1024)), "not asleep over the first");
    assert_eq!(due(&mut wheel, 10 * 1024 + 500), ["long gone"]);
    assert_eq!(due(&mut wheel, 11 * 1024), ["now"], "within a step, as it may not be early");
}

#[test]
fn a_clock_that_goes_back_is_followed() {
    const HOUR: u64 = 3_600_000_000_000;
    let mut wheel = wheel(4, 1 << 20);
    assert_eq!(due(&mut wheel, 10 * HOUR), [""; 0]);
    wheel.arm(at(10 * HOUR + 5_000_000), "before").unwrap();
    wheel.arm(at(HOUR), "passed").unwrap();
    // An hour back: a timeout of 5 ms is one of 5 ms, not of an hour, and not of nothing.
    assert_eq!(due(&mut wheel, 9 * HOUR), [""; 0]);
    wheel.arm(at(9 * HOUR + 5_000_000), "after").unwrap();
    assert_eq!(due(&mut wheel, 9 * HOUR + 4_999_999), [""; 0]);
    assert_eq!(due(&mut wheel, 9 * HOUR + 7_000_000), ["after"]);
    // What counted as passed at ten o'clock is due at ten o'clock.
    assert_eq!(due(&mut wheel, 10 * HOUR - 1_000_000_000), [""; 0]);
    assert_eq!(due(&mut wheel, 10 * HOUR), ["passed"]);
    assert_eq!(due(&mut wheel, 10 * HOUR + 7_000_000), ["before"]);
}

#[test]
fn the_end_of_time_is_far_but_it_comes() {
    for resolution in [1, 3, 1 << 63, u64::MAX] {
        let mut wheel = wheel(2, resolution);
        wheel.arm(Tick::MAX, "never").unwrap();
        assert_eq!(due(&mut wheel, u64::MAX - 1), [""; 0]);
        wheel.arm(at(u64::MAX - 1), "hardly ever").unwrap();
        // What a stop does that wants to have them all.
        assert_eq!(due(&mut wheel, u64::MAX).len(), 2);
    }
}

/// A call that had to go through the time step by step would take years here.
#[test]
fn centuries_between_two_calls_take_no_time() {
    let mut wheel = wheel(2, 1);
    for n in 1..turns(100_000) {
        let far = n << 46;
        wheel.arm(at(far), n).unwrap();
        wheel.arm(at(far - 1), 0).unwrap();
        assert_eq!(wheel.pop(at(far - 2)), None);
        assert_eq!((wheel.pop(at(far)), wheel.pop(at(far)), wheel.pop(at(far))), (Some(0), Some(n), None));
    }
}

#[test]
fn a_million_timers_of_which_most_are_cancelled() {
    let mut wheel: Wheel<u64> = wheel(1000, 1 << 10);
    let mut random = Random(5);
    let mut ids: Vec<(TimerId, u64)> = Vec::new();
    let (mut now, mut cancelled, mut fired) = (0, 0, 0);
    let armed = turns(1_000_000);
    for _ in 0..armed {
        now += random.below(2_000);
        let mut latest = 0;
        while let Some(deadline) = wheel.pop(at(now)) {
            assert!(deadline <= now && now - deadline < 2_000 + 1024, "due at {deadline}, out at {now}");
            assert!(deadline.div_ceil(1024) >= latest, "out of order");
            latest = deadline.div_ceil(1024);
            fired += 1;
        }
        if wheel.is_full() || random.below(10) == 0 {
            for (id, deadline) in ids.drain(..) {
                let gone = wheel.cancel(id);
                assert!(gone.is_none_or(|gone| gone == deadline));
                cancelled += u64::from(gone.is_some());
            }
        }
        let deadline = now + random.below(100_000);
        ids.push((wheel.arm(at(deadline), deadline).unwrap(), deadline));
    }
    assert_eq!(fired + cancelled + wheel.len() as u64, armed);
    assert!(fired > armed / 100 && cancelled > armed / 2, "{fired} fired, {cancelled} were cancelled");
}

#[test]
fn what_cannot_be_built_is_refused() {
    let new = |capacity| Wheel::<()>::new(capacity, Duration::from_millis(1)).map(|wheel| wheel.capacity());
    assert_eq!(new(0), Err(CapacityError::Zero));
    assert_eq!(new(3), Ok(3));
    assert_eq!(new(usize::MAX), Err(CapacityError::TooLarge { asked: usize::MAX }));
}

#[test]
fn nothing_is_allocated_after_construction() {
    let mut wheel = wheel(64, 1);
    let mut random = Random(7);
    let (fired, allocated) = allocations(|| {
        let (mut now, mut fired) = (1 << 40, 0);
        for n in 0..turns(100_000) {
            let id = wheel.arm(at(now + (1 << random.below(40))), n);
            if n % 3 == 0 {
                let _ = id.map(|id| wheel.cancel(id));
            }
            // On, far on, and now and then back.
            now = if n % 100 == 0 { now - random.below(1 << 30) } else { now + (1 << random.below(30)) };
            fired += std::iter::from_fn(|| wheel.pop(at(now))).count();
            let _ = wheel.next_deadline();
        }
        fired
    });
    assert!(fired > 0);
    assert_eq!(allocated, 0);
}
