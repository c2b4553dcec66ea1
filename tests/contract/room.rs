//! Room that is promised is there.

use ringmain::channel::{multicast::Multicast, spsc};
use ringmain::contract::{Refused, Room, SourceMut};
use ringmain::wait::{Park, Ringing};

fn lent(mut tx: impl Room, n: usize) -> Result<(), Refused> {
    tx.room(n)
}

/// Of four slots.
fn keeps_its_word(mut tx: impl Room<Event = u64>, mut rx: impl SourceMut<Event = u64>) {
    assert_eq!((tx.room(0), tx.room(4), tx.room(5)), (Ok(()), Ok(()), Err(Refused::Full)));
    for n in 1..=4 {
        tx.push(n).unwrap();
        let left = 4 - n as usize;
        assert_eq!((tx.room(left), tx.room(left + 1)), (Ok(()), Err(Refused::Full)));
    }
    assert_eq!(rx.pop(), Ok(1));
    assert_eq!((lent(&mut tx, 1), lent(&mut tx, 2)), (Ok(()), Err(Refused::Full)));
    drop(rx);
    // What it knows to be free it does not look at again.
    let filled = tx.fill_many(1, |_, _| Ok(()));
    assert_eq!((filled.count, tx.room(1)), (1, Err(Refused::Closed)));
}

#[test]
fn room_of_a_ring() {
    let (tx, rx) = spsc::channel(4, || 0).unwrap();
    keeps_its_word(tx, rx);
    let (tx, rx) = spsc::spaced(4, || 0).unwrap();
    keeps_its_word(tx, rx);
}

#[test]
fn room_of_a_multicast_ring() {
    let mut ring = Multicast::new(4, || 0).unwrap();
    let rx = ring.editor("only", &[]);
    keeps_its_word(ring.build().unwrap(), rx);
}

#[test]
fn room_of_a_ring_that_rings() {
    let (tx, rx) = spsc::channel(4, || 0).unwrap();
    keeps_its_word(Ringing::new(tx, [&Park::new().bell()]), rx);
}
