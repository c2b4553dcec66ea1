//! Sampling by sequence, service time, and the way back of a histogram.

use ringmain::{
    contract::{At, Fault, Flow, Halt, ManualClock, Stage, Tick},
    metric::{Latencies, NotPowerOfTwo, OneIn, Timed},
    ring::Sequence,
};
use std::time::Duration;

fn at(count: u64) -> At {
    At { seq: Sequence::new(count), now: Tick::ZERO }
}

fn nanos(ns: u64) -> Duration {
    Duration::from_nanos(ns)
}

#[test]
fn one_in_n_is_a_power_of_two() {
    for n in [0, 3, 6, 100, u64::MAX] {
        assert_eq!(OneIn::new(n), Err(NotPowerOfTwo(n)));
    }
    assert_eq!(NotPowerOfTwo(3).to_string(), "one event in 3 cannot be sampled: it must be a power of two");
    let eighth = OneIn::new(8).unwrap();
    assert_eq!((0..800).filter(|&n| eighth.takes(n)).count(), 100);
    assert_eq!(OneIn::new(1), Ok(OneIn::ONE));
    assert!((0..5).all(|n| OneIn::ONE.takes(n)));
}

#[test]
fn service_time_is_that_of_the_sampled_events() {
    let mut latencies = Latencies::new();
    let clock = ManualClock::new();
    // Event n takes n nanoseconds.
    let stage = |n: &u64, _: At| -> Flow {
        clock.advance(nanos(*n));
        Ok(())
    };
    let mut timed = Timed::new(latencies.probe("stage", clock.clone(), OneIn::new(4).unwrap()), stage);
    for n in 0..=20 {
        timed.on_event(&n, at(n)).unwrap();
    }
    assert_eq!(latencies.read()[0].1.count, 0, "nothing is handed back while the stage lives");
    drop(timed);
    let told = latencies.read()[0].1;
    assert_eq!((told.count, told.p50, told.max), (6, nanos(8), nanos(20)));
}

#[test]
fn an_event_that_comes_again_is_measured_once() {
    let mut latencies = Latencies::new();
    let clock = ManualClock::new();
    let mut refusals = 2;
    let stage = |_: &u64, _: At| -> Flow {
        clock.advance(nanos(5));
        if refusals > 0 {
            refusals -= 1;
            return Err(Halt::Again);
        }
        Ok(())
    };
    let mut timed = Timed::new(latencies.probe("stage", clock.clone(), OneIn::ONE), stage);
    assert_eq!(timed.on_event(&1, at(0)), Err(Halt::Again));
    assert_eq!(timed.on_event(&1, at(0)), Err(Halt::Again));
    assert_eq!(timed.on_event(&1, at(0)), Ok(()));
    drop(timed);
    let told = latencies.read()[0].1;
    assert_eq!((told.count, told.max), (1, nanos(5)));
}

#[test]
fn outcomes_and_batch_ends_pass_through_unchanged() {
    struct Answers(Flow, u32);
    impl Stage<&u64> for Answers {
        fn on_event(&mut self, _: &u64, _: At) -> Flow {
            self.0
        }
        fn on_batch_end(&mut self, _: Tick) -> Flow {
            self.1 += 1;
            self.0
        }
    }
    for answer in [Ok(()), Err(Halt::Again), Err(Halt::Reject(Fault::new(3))), Err(Halt::Stop)] {
        for one_in in [1, 2] {
            let mut latencies = Latencies::new();
            let probe = latencies.probe("stage", ManualClock::new(), OneIn::new(one_in).unwrap());
            let mut timed = Timed::new(probe, Answers(answer, 0));
            for n in 0..3 {
                assert_eq!(timed.on_event(&n, at(n)), answer);
            }
            assert_eq!(timed.on_batch_end(Tick::ZERO), answer);
        }
    }
}

#[test]
fn end_to_end_counts_from_the_intended_time() {
    let mut latencies = Latencies::new();
    let clock = ManualClock::new();
    let mut probe = latencies.probe("end to end", clock.clone(), OneIn::ONE);
    clock.set(Tick::from_nanos(1_000));
    probe.arrived(0, Tick::from_nanos(400));
    probe.arrived(1, Tick::from_nanos(2_000));
    drop(probe);
    let told = latencies.read()[0].1;
    assert_eq!((told.count, told.p50, told.max), (2, nanos(0), nanos(600)));
}

#[test]
fn probes_of_one_name_are_merged_and_names_keep_their_order() {
    let mut latencies = Latencies::new();
    let clock = ManualClock::new();
    let mut probes: Vec<_> =
        ["b", "a", "b"].map(|name| latencies.probe(name, clock.clone(), OneIn::ONE)).into();
    clock.set(Tick::from_nanos(10));
    probes.iter_mut().for_each(|probe| probe.arrived(0, Tick::ZERO));
    let threads: Vec<_> = probes.into_iter().map(|probe| std::thread::spawn(move || drop(probe))).collect();
    threads.into_iter().for_each(|thread| thread.join().expect("dropping a probe does not panic"));
    let told: Vec<_> = latencies.read().iter().map(|(name, told)| (name.to_string(), told.count)).collect();
    assert_eq!(told, [("b".to_string(), 2), ("a".to_string(), 1)]);
}

#[test]
fn a_stage_that_panics_hands_its_histogram_back() {
    let mut latencies = Latencies::new();
    let stage = |n: &u64, _: At| -> Flow { if *n == 2 { panic!("as the test wants it") } else { Ok(()) } };
    let mut timed = Timed::new(latencies.probe("stage", ManualClock::new(), OneIn::ONE), stage);
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        for n in 0..3 {
            timed.on_event(&n, at(n)).unwrap();
        }
    }));
    assert!(ended.is_err());
    assert_eq!(latencies.read()[0].1.count, 2);
}
