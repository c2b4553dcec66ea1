//! The histogram against a sorted list.

use ringmain::{contract::Tick, metric::Latency};
use std::time::Duration;

/// A small generator of its own, so that a failure repeats.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z ^ (z >> 27)
}

fn nanos(ns: u64) -> Duration {
    Duration::from_nanos(ns)
}

#[test]
fn quantiles_are_within_one_percent_of_a_sorted_list() {
    for seed in 0..if cfg!(miri) { 1 } else { 50 } {
        let mut state = seed;
        let mut latency = Latency::new();
        let mut list: Vec<u64> = (0..if cfg!(miri) { 50 } else { 1_000 })
            .map(|_| {
                let bits = random(&mut state) % 34;
                1 + random(&mut state) % (1 << (bits + 1))
            })
            .collect();
        list.iter().for_each(|&ns| latency.record(nanos(ns)));
        list.sort_unstable();
        for q in [0.01, 0.5, 0.9, 0.99, 0.999, 1.0] {
            let exact = list[(q * list.len() as f64).ceil() as usize - 1] as f64;
            let told = latency.quantile(q).as_nanos() as f64;
            assert!(told >= exact && told <= exact * 1.01, "seed {seed}: {q} is {told}, not {exact}");
        }
        assert_eq!(latency.summary().max, nanos(list[list.len() - 1]));
        assert_eq!(latency.count(), list.len() as u64);
    }
}

#[test]
fn out_of_bounds_saturates_and_the_maximum_stays_exact() {
    let mut latency = Latency::new();
    latency.record(Duration::ZERO);
    latency.record(Duration::MAX);
    latency.record(Latency::BOUND * 3);
    assert_eq!(latency.count(), 3);
    assert_eq!(latency.summary().max, nanos(u64::MAX));
    assert!(latency.quantile(1.0) >= Latency::BOUND);
    assert_eq!(latency.quantile(0.0), Duration::ZERO);
}

#[test]
fn nothing_recorded_is_all_zero() {
    assert_eq!(Latency::new().summary(), Default::default());
}

#[test]
fn merging_is_recording_into_one() {
    let (mut a, mut b, mut both) = (Latency::new(), Latency::new(), Latency::new());
    let mut state = 7;
    for n in 0..500 {
        let span = nanos(random(&mut state) % 1_000_000_000_000);
        if n % 3 == 0 {
            a.record(span)
        } else {
            b.record(span)
        }
        both.record(span);
    }
    a.merge(&b);
    assert_eq!(a.summary(), both.summary());
    for percent in (0..=100).step_by(if cfg!(miri) { 50 } else { 1 }) {
        let q = f64::from(percent) / 100.0;
        assert_eq!(a.quantile(q), both.quantile(q), "{percent} %");
    }
}

#[test]
fn a_hold_up_counts_for_all_who_waited_behind_it() {
    // Ten events are due, one each microsecond; the consumer is held up until 10 us and then takes all at once.
    let (mut honest, mut omitting) = (Latency::new(), Latency::new());
    let now = Tick::from_nanos(10_000);
    for n in 0..10 {
        honest.record_since(Tick::from_nanos(n * 1_000), now);
        let sent = now; // a sender that was held up too measures from here
        omitting.record_since(sent, now);
    }
    assert_eq!(omitting.summary().max, Duration::ZERO);
    assert_eq!(honest.summary().max, nanos(10_000));
    assert!(honest.quantile(0.5) >= nanos(5_000));
    honest.record_since(now, Tick::ZERO);
    assert_eq!(honest.quantile(0.0), Duration::ZERO, "early is not an overflow");
}
