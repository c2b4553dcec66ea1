use ringmain::contract::Wait;
use ringmain::wait::Park;
use std::thread;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(20);

#[test]
fn a_ring_ends_the_sleep_that_is_about_to_begin() {
    let mut wait = Park::new().spins(0).yields(0).limit(LONG);
    let begin = Instant::now();
    wait.idle();
    wait.bell().ring();
    wait.idle();
    assert!(begin.elapsed() < LONG);
}

#[test]
fn a_ring_for_a_thread_that_is_awake_is_not_kept() {
    let limit = Duration::from_millis(2);
    let mut wait = Park::new().spins(0).yields(0).limit(limit);
    wait.bell().ring();
    wait.idle();
    let begin = Instant::now();
    wait.idle();
    assert!(begin.elapsed() >= limit);
}

#[test]
fn a_clone_is_the_same_bell_and_outlives_the_sleeper() {
    let wait = Park::new();
    let (bell, clone) = (wait.bell(), wait.bell().clone());
    drop(wait);
    bell.ring();
    clone.ring();
}

#[test]
fn many_ringers_wake_one_sleeper() {
    let mut wait = Park::new().spins(0).yields(0).limit(LONG);
    let begin = Instant::now();
    let ringers = [(); 4].map(|()| {
        let bell = wait.bell();
        thread::spawn(move || bell.ring())
    });
    // Rung before it was listed or after: either way it is only the ringer that is sure to come last that counts.
    for ringer in ringers {
        ringer.join().unwrap();
    }
    wait.idle();
    wait.bell().ring();
    wait.idle();
    assert!(begin.elapsed() < LONG);
}
