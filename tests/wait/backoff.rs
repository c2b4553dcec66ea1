use super::usage;
use ringmain::{contract::Wait, wait::Backoff};
use std::time::{Duration, Instant};

#[test]
#[cfg_attr(miri, ignore = "Miri tells no processor time")]
fn an_idle_thread_idles() {
    let Some(share) = usage::idle_share(&mut Backoff::default(), Duration::from_millis(200)) else { return };
    assert!(share < 0.2, "takes {share:.2} of a processor");
}

#[test]
fn sleeps_only_when_it_has_spun_and_yielded() {
    let day = Duration::from_secs(86_400);
    let mut wait = Backoff::new().spins(3).yields(2).sleeps(day, day);
    for _ in 0..3 {
        (0..5).for_each(|_| wait.idle());
        wait.reset();
    }
}

#[test]
fn sleeps_twice_as_long_each_time_up_to_a_maximum_and_begins_again() {
    let ms = Duration::from_millis;
    let mut wait = Backoff::new().spins(0).yields(0).sleeps(ms(1), ms(4));
    let mut row = |naps: [u64; 4]| {
        for nap in naps {
            let begin = Instant::now();
            wait.idle();
            assert!(begin.elapsed() >= ms(nap));
        }
        wait.reset();
    };
    row([1, 2, 4, 4]);
    row([1, 2, 4, 4]);
}

/// However it is set, a row that lasts goes to sleep in the end.
#[test]
fn settings_out_of_range_still_sleep() {
    for (first, longest) in [(0, 0), (1_000, 10)] {
        let mut wait = Backoff::new()
            .spins(0)
            .yields(0)
            .sleeps(Duration::from_nanos(first), Duration::from_nanos(longest));
        let before = usage::sleeps();
        (0..10).for_each(|_| wait.idle());
        let (Some(before), Some(after)) = (before, usage::sleeps()) else { return };
        assert!(after - before >= 10, "{} sleeps in 10 turns", after - before);
    }
}
