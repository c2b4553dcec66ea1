use crate::kit::{Spsc, channel_conforms};
use ringmain::channel::spsc;
use ringmain::contract::{Sink, Source, Tick, each};

channel_conforms!(conforms, Spsc);

#[test]
fn a_closed_consumer_says_what_it_left() {
    let (mut tx, mut rx) = spsc::channel(4, || 0).unwrap();
    for n in 0..3 {
        tx.push(n).unwrap();
    }
    assert_eq!(rx.drain(Tick::ZERO, 1, &mut each(|n: &u64| assert_eq!(*n, 0))).count, 1);
    drop(rx);
    assert_eq!((tx.is_closed(), tx.len(), tx.free()), (true, 2, 2));
}

#[test]
fn each_end_knows_its_position() {
    let (mut tx, mut rx) = spsc::channel(4, || 0).unwrap();
    for n in 0..9 {
        let at = tx.next();
        tx.push(n).unwrap();
        assert_eq!((rx.next(), tx.next()), (at, at.next()));
        assert_eq!(rx.drain(Tick::ZERO, 1, &mut each(|_: &u64| ())).count, 1);
        assert_eq!(rx.next(), tx.next());
    }
}

#[test]
fn the_address_of_an_event_is_the_same_at_both_ends() {
    let (mut tx, mut rx) = spsc::channel(4, || [0u64; 8]).unwrap();
    for _ in 0..9 {
        let written = tx.fill(|slot| Ok(std::ptr::from_ref(slot).addr())).unwrap();
        let mut here = each(|event: &[u64; 8]| assert_eq!(std::ptr::from_ref(event).addr(), written));
        assert_eq!(rx.drain(Tick::ZERO, 1, &mut here).count, 1);
    }
}
