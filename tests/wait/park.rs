use super::usage;
use ringmain::channel::spsc;
use ringmain::contract::{Sink, Source, Tick, Wait, each};
use ringmain::wait::{BusySpin, Park};
use std::thread;
use std::time::{Duration, Instant};

/// Far longer than any test: a wake-up that is lost shows.
const LONG: Duration = Duration::from_secs(20);

#[test]
#[cfg_attr(miri, ignore = "Miri tells no processor time")]
fn an_idle_thread_idles() {
    let Some(share) = usage::idle_share(&mut Park::default(), Duration::from_millis(200)) else { return };
    assert!(share < 0.2, "takes {share:.2} of a processor");
}

#[test]
fn nobody_rings_and_the_sleep_ends_all_the_same() {
    let limit = Duration::from_millis(2);
    let mut wait = Park::new().spins(0).yields(0).limit(limit);
    for _ in 0..2 {
        wait.idle(); // listed: returns for one more turn
        let begin = Instant::now();
        wait.idle();
        assert!(begin.elapsed() >= limit);
    }
}

/// The `idle` that lists the thread must come back: a sleep in it would be one that no turn has looked before.
#[test]
fn never_sleeps_without_a_turn_between_listing_and_sleep() {
    let mut wait = Park::new().spins(2).yields(2).limit(LONG);
    let begin = Instant::now();
    for _ in 0..3 {
        (0..5).for_each(|_| wait.idle());
        wait.reset();
    }
    assert!(begin.elapsed() < LONG);
}

/// Both sides sleep at once when there is nothing to do, and only the other side can wake them.
#[test]
fn ten_thousand_round_trips_between_sleepers() {
    let rounds = if cfg!(miri) { 5 } else { 10_000 };
    let begin = Instant::now();
    let (tx, mut rx_there) = spsc::channel(1, || 0u64).unwrap();
    let (tx_there, mut rx) = spsc::channel(1, || 0u64).unwrap();
    let mut here = Park::new().spins(0).yields(0).limit(LONG);
    let mut there = Park::new().spins(0).yields(0).limit(LONG);
    let (mut tx, mut tx_there) = (there.bell().on(tx), here.bell().on(tx_there));
    let echo = thread::spawn(move || {
        for round in 0..rounds {
            assert_eq!(take(&mut rx_there, &mut there), round);
            tx_there.offer(|slot| *slot = round).unwrap();
        }
    });
    for round in 0..rounds {
        tx.offer(|slot| *slot = round).unwrap();
        assert_eq!(take(&mut rx, &mut here), round);
    }
    echo.join().unwrap();
    assert!(begin.elapsed() < LONG, "a wake-up was lost");
}

/// A sleeper and a ringer that never sleeps: the ring falls into every phase of going to sleep.
#[test]
fn a_producer_in_haste_never_leaves_the_sleeper_behind() {
    let events = if cfg!(miri) { 10 } else { 50_000 };
    let begin = Instant::now();
    let (tx, mut rx) = spsc::channel(4, || 0u64).unwrap();
    let mut wait = Park::new().spins(0).yields(0).limit(LONG);
    let mut tx = wait.bell().on(tx);
    let producer = thread::spawn(move || {
        let mut wait = ringmain::wait::Yielding::new();
        for event in 0..events {
            tx.offer_waiting(&mut wait, |slot| *slot = event).unwrap();
        }
    });
    let mut next = 0;
    while next < events {
        let drained = rx.drain(
            Tick::ZERO,
            usize::MAX,
            &mut each(|event: &u64| {
                assert_eq!(*event, next);
                next += 1;
            }),
        );
        if drained.count == 0 { wait.idle() } else { wait.reset() }
    }
    producer.join().unwrap();
    assert!(begin.elapsed() < LONG, "a wake-up was lost");
}

/// Waits for one event.
fn take(source: &mut impl Source<Event = u64>, wait: &mut Park) -> u64 {
    let mut taken = None;
    while source.drain(Tick::ZERO, 1, &mut each(|event: &u64| taken = Some(*event))).count == 0 {
        wait.idle();
    }
    wait.reset();
    taken.unwrap()
}

#[test]
fn only_busy_spin_hogs() {
    assert!(!Park::new().hogs());
    assert!(BusySpin::new().hogs());
    let boxed: Box<dyn Wait> = Box::new(BusySpin::new());
    assert!(hogs(boxed) && hogs(&mut BusySpin::new()), "who wraps a strategy says what it says");
}

fn hogs(wait: impl Wait) -> bool {
    wait.hogs()
}
