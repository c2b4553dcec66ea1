//! Ports that ring: publishing, making room, closing and giving up each wake whom they concern.

use super::common::outcomes;
use super::{park, start};
use loom::thread;
use ringmain::channel::{
    multicast::{Many, Multicast, One},
    spsc,
};
use ringmain::contract::{Drained, End, Halt, Sink, Source, Tick, Wait, each};
use ringmain::wait::{Park, Ringing};

/// Drains until `events` came or the source is closed; the events, and how often `idle` was called.
fn collect(source: &mut impl Source<Event = u64>, events: usize, park: &mut Park) -> (Vec<u64>, u32) {
    let (mut got, mut idles) = (Vec::new(), 0);
    while got.len() < events {
        match source.drain(Tick::ZERO, usize::MAX, &mut each(|n: &u64| got.push(*n))) {
            Drained { end: Some(End::Closed), .. } => break,
            Drained { count: 0, .. } => {
                park.idle();
                idles += 1;
            }
            _ => park.reset(),
        }
    }
    (got, idles)
}

#[test]
fn publishing_wakes_the_consumer() {
    outcomes("ringing: publish", &[0, 1, 2], || {
        let (mut park, (tx, mut rx)) = (park(), spsc::channel_from(start(), 1, || 0).unwrap());
        let mut tx = park.bell().on(tx);
        let producer = thread::spawn(move || {
            tx.offer(|slot| *slot = 7).unwrap();
            tx
        });
        let (got, idles) = collect(&mut rx, 1, &mut park);
        assert_eq!(got, [7]);
        let _tx = producer.join().unwrap();
        idles
    });
}

#[test]
fn making_room_wakes_the_producer() {
    outcomes("ringing: room", &[0, 1, 2], || {
        let (mut park, (mut tx, rx)) = (park(), spsc::channel_from(start(), 1, || 0).unwrap());
        tx.offer(|slot| *slot = 7).unwrap();
        let mut rx = park.bell().on(rx);
        let consumer = thread::spawn(move || {
            let drained = rx.drain(Tick::ZERO, usize::MAX, &mut each(|n: &u64| assert_eq!(*n, 7)));
            assert_eq!(drained.count, 1);
            rx
        });
        let mut idles = Counted { park: &mut park, idles: 0 };
        tx.offer_waiting(&mut idles, |slot| *slot = 8).unwrap();
        let idles = idles.idles;
        let _rx = consumer.join().unwrap();
        idles
    });
}

#[test]
fn closing_wakes_the_consumer() {
    outcomes("ringing: producer closes", &[0, 1, 2], || {
        let (mut park, (tx, mut rx)) = (park(), spsc::channel_from(start(), 1, || 0).unwrap());
        let tx = park.bell().on(tx);
        let producer = thread::spawn(move || drop(tx));
        let (got, idles) = collect(&mut rx, 1, &mut park);
        assert!(got.is_empty());
        producer.join().unwrap();
        idles
    });
}

#[test]
fn closing_wakes_the_producer() {
    outcomes("ringing: consumer closes", &[0, 1, 2], || {
        let (mut park, (mut tx, rx)) = (park(), spsc::channel_from(start(), 1, || 0).unwrap());
        tx.offer(|slot| *slot = 7).unwrap();
        let rx = park.bell().on(rx);
        let consumer = thread::spawn(move || drop(rx));
        let mut idles = Counted { park: &mut park, idles: 0 };
        tx.offer_waiting(&mut idles, |slot| *slot = 8).unwrap_err();
        consumer.join().unwrap();
        idles.idles
    });
}

/// Both sides sleep, one for events and one for room: neither waits for ever.
#[test]
fn both_ends_sleep_and_wake_each_other() {
    outcomes("ringing: both ends", &[vec![7, 8]], || {
        let (tx, rx) = spsc::channel_from(start(), 1, || 0).unwrap();
        let (mut here, mut there) = (park(), park());
        let (mut tx, mut rx) = (here.bell().on(tx), there.bell().on(rx));
        let producer = thread::spawn(move || {
            for event in [7, 8] {
                tx.offer_waiting(&mut there, |slot| *slot = event).unwrap();
            }
        });
        let (got, _) = collect(&mut rx, 3, &mut here);
        producer.join().unwrap();
        got
    });
}

#[test]
fn one_port_rings_two_bells() {
    outcomes("ringing: two bells", &[vec![7]], || {
        let mut ring = Multicast::<_, One>::starting_at(start(), 1, || 0).unwrap();
        let (mut rx, mut rx_there) = (ring.reader("here", &[]), ring.reader("there", &[]));
        let (mut here, mut there) = (park(), park());
        let mut tx = Ringing::new(ring.build().unwrap(), [&here.bell(), &there.bell()]);
        let consumer = thread::spawn(move || collect(&mut rx_there, 1, &mut there).0);
        let producer = thread::spawn(move || {
            tx.offer(|slot| *slot = 7).unwrap();
            tx
        });
        let (got, _) = collect(&mut rx, 1, &mut here);
        assert_eq!(consumer.join().unwrap(), got);
        let _tx = producer.join().unwrap();
        got
    });
}

/// An event that lies behind a void slot can be read only when that slot is given up: so giving up rings, too.
#[test]
fn giving_up_wakes_the_consumer_of_what_lies_behind() {
    outcomes("ringing: void slot", &[vec![7]], || {
        let mut ring = Multicast::<_, Many>::starting_at(start(), 2, || 0).unwrap();
        let mut rx = ring.reader("rx", &[]);
        let mut park = park();
        let mut tx = park.bell().on(ring.build().unwrap());
        let mut other = tx.clone();
        let gives_up = thread::spawn(move || {
            tx.fill(|_| Err::<(), _>(Halt::Stop)).unwrap_err();
            tx
        });
        let fills = thread::spawn(move || {
            other.offer(|slot| *slot = 7).unwrap();
            other
        });
        let (got, _) = collect(&mut rx, 1, &mut park);
        let _tx = (gives_up.join().unwrap(), fills.join().unwrap());
        got
    });
}

/// A drain that meets nothing but a void slot makes room all the same.
#[test]
fn passing_over_a_void_slot_wakes_the_producer() {
    outcomes("ringing: room behind a void slot", &[0, 1, 2], || {
        let mut ring = Multicast::<_, Many>::starting_at(start(), 1, || 0).unwrap();
        let rx = ring.reader("rx", &[]);
        let mut tx = ring.build().unwrap();
        tx.fill(|_| Err::<(), _>(Halt::Stop)).unwrap_err();
        let mut park = park();
        let mut rx = park.bell().on(rx);
        let consumer = thread::spawn(move || {
            assert_eq!(rx.drain(Tick::ZERO, usize::MAX, &mut each(|_: &u64| ())).count, 0);
            rx
        });
        let mut idles = Counted { park: &mut park, idles: 0 };
        tx.offer_waiting(&mut idles, |slot| *slot = 8).unwrap();
        let idles = idles.idles;
        let _rx = consumer.join().unwrap();
        idles
    });
}

/// A strategy that tells how often it was asked to wait.
struct Counted<'a> {
    park: &'a mut Park,
    idles: u32,
}

impl Wait for Counted<'_> {
    fn idle(&mut self) {
        self.park.idle();
        self.idles += 1;
    }
    fn reset(&mut self) {
        self.park.reset();
    }
}
