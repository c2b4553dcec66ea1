//! Which calls ring. A `Park` that is listed tells: its next `idle` returns at once if it was rung.

use ringmain::channel::multicast::Multicast;
use ringmain::channel::spsc::{self, Consumer, Producer};
use ringmain::channel::{mpmc, mpsc};
use ringmain::contract::{At, Flow, Halt, Sink, Source, SourceMut, Tick, Wait, each};
use ringmain::wait::{Park, Ringing};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Whether `act` rings the bell of `park`.
fn rings(park: &mut Park, act: impl FnOnce()) -> bool {
    park.reset();
    park.idle();
    act();
    let begin = Instant::now();
    park.idle();
    begin.elapsed() < LIMIT
}

const LIMIT: Duration = Duration::from_millis(300);

fn park() -> Park {
    Park::new().spins(0).yields(0).limit(LIMIT)
}

type Ends = (Ringing<Producer<u64>>, Ringing<Consumer<u64>>);

/// A channel of two, and those who sleep at its ends: the consumer's is rung by the producer.
fn channel() -> (Park, Park, Ends) {
    let (tx, rx) = spsc::channel(2, || 0).unwrap();
    let (consumer, producer) = (park(), park());
    let ends = (consumer.bell().on(tx), producer.bell().on(rx));
    (consumer, producer, ends)
}

fn ok(_: &u64, _: At) -> Flow {
    Ok(())
}

#[test]
fn a_sink_rings_when_it_published_and_when_a_fill_was_given_up() {
    let (mut consumer, _, (mut tx, _rx)) = channel();
    assert!(rings(&mut consumer, || tx.offer(|slot| *slot = 1).unwrap()));
    assert!(rings(&mut consumer, || assert!(tx.fill(|_| Err::<(), _>(Halt::Again)).is_err())));
    let unwinds = || drop(catch_unwind(AssertUnwindSafe(|| tx.offer(|_| panic!("on purpose")))));
    assert!(rings(&mut consumer, unwinds));
    assert!(rings(&mut consumer, || assert_eq!(tx.fill_many(5, |_, _| Ok(())).count, 1)));
    assert_eq!(tx.port().free(), 0);
    assert!(!rings(&mut consumer, || assert!(tx.offer(|_| ()).is_err())), "full: nothing was published");
    assert!(!rings(&mut consumer, || assert_eq!(tx.fill_many(5, |_, _| Ok(())).count, 0)));
}

#[test]
fn a_source_rings_when_it_made_room() {
    let (_, mut producer, (mut tx, mut rx)) = channel();
    assert!(!rings(&mut producer, || assert_eq!(rx.drain(Tick::ZERO, 9, &mut ok).count, 0)));
    assert_eq!(tx.fill_many(2, |_, _| Ok(())).count, 2);
    assert!(rings(&mut producer, || assert_eq!(rx.drain(Tick::ZERO, 1, &mut ok).count, 1)));
    let again = |_: &mut u64, _: At| Err(Halt::Again);
    assert!(!rings(&mut producer, || assert_eq!(rx.drain_mut(Tick::ZERO, 1, &mut { again }).count, 0)));
    assert!(rings(&mut producer, || {
        assert_eq!(rx.drain_mut(Tick::ZERO, 1, &mut each(|n: &mut u64| *n += 1)).count, 1);
    }));
    assert_eq!(rx.port().len(), 0);
}

/// Where there are many producers: a slot that was given up is room as well, and there is no event in it.
#[test]
fn a_source_rings_when_it_passed_over_a_void_slot() {
    fn check(tx: impl Sink<Event = u64>, rx: impl SourceMut<Event = u64>) {
        let (mut tx, mut producer) = (tx, park());
        let mut rx = producer.bell().on(rx);
        let mut void = || assert!(tx.fill(|_| Err::<(), _>(Halt::Stop)).is_err());
        void();
        assert!(rings(&mut producer, || assert_eq!(rx.drain(Tick::ZERO, 1, &mut ok).count, 0)));
        assert!(!rings(&mut producer, || assert_eq!(rx.drain(Tick::ZERO, 1, &mut ok).count, 0)));
        void();
        assert!(rings(&mut producer, || assert!(rx.take(|_| ()).is_err())));
        assert!(!rings(&mut producer, || assert!(rx.take(|_| ()).is_err())));
    }
    let mut ring = Multicast::many(2, || 0).unwrap();
    let rx = ring.editor("rx", &[]);
    check(ring.build().unwrap(), rx);
    let (tx, rx) = mpsc::channel(2, || 0).unwrap();
    check(tx, rx);
    let (tx, rx) = mpmc::channel(2, || 0).unwrap();
    check(tx, rx);
}

/// The events before the one that panicked are consumed.
#[test]
fn a_source_rings_when_its_stage_panics() {
    let (_, mut producer, (mut tx, mut rx)) = channel();
    for n in 0..2 {
        tx.push(n).unwrap();
    }
    let mut stage = each(|n: &u64| assert_eq!(*n, 0, "on purpose"));
    assert!(rings(&mut producer, || {
        assert!(catch_unwind(AssertUnwindSafe(|| rx.drain(Tick::ZERO, 9, &mut stage))).is_err());
    }));
    assert_eq!(tx.port().free(), 1);
}

#[test]
fn either_end_rings_when_it_is_dropped() {
    let (mut consumer, mut producer, (tx, rx)) = channel();
    assert!(rings(&mut consumer, || drop(tx)));
    assert!(rings(&mut producer, || drop(rx)));
}

#[test]
fn several_bells_are_rung_by_one_port() {
    let (tx, _rx) = spsc::channel(8, || 0u64).unwrap();
    let mut parks = [park(), park(), park()];
    let bells = parks.each_ref().map(Park::bell);
    let mut tx = Ringing::new(tx, &bells);
    for park in &mut parks {
        assert!(rings(park, || tx.offer(|_| ()).unwrap()));
    }
}

#[test]
fn without_bells_it_is_the_port_alone() {
    let (tx, mut rx) = spsc::channel(2, || 0u64).unwrap();
    let mut tx = Ringing::new(tx, []);
    tx.offer(|slot| *slot = 7).unwrap();
    assert_eq!(rx.drain(Tick::ZERO, 9, &mut each(|n: &u64| assert_eq!(*n, 7))).count, 1);
}
