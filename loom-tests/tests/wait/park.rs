//! The strategy: what one row of empty turns leaves for the next.

use super::common::outcomes;
use super::{park, start, wait_for};
use loom::{sync::Arc, thread};
use ringmain::contract::Wait;
use ringmain::ring::Cursor;

/// Listed, then work came from elsewhere: the thread is awake again, whether a ringer noticed or not, and the next wait
/// loses nothing.
#[test]
fn a_reset_after_the_listing_loses_nothing() {
    outcomes("park: reset after the listing", &[0, 1, 2], || {
        let (cursor, mut park) = (Arc::new(Cursor::new(start())), park());
        let (writer, bell) = (Arc::clone(&cursor), park.bell());
        let ringer = thread::spawn(move || {
            writer.advance(start().plus(1));
            bell.ring();
        });
        park.idle();
        park.reset();
        let idles = wait_for(&cursor, 1, &mut park);
        ringer.join().unwrap();
        idles
    });
}

/// What the runner does: a turn, and `idle` if it was empty, over two sources at once.
#[test]
fn one_park_waits_for_two_sources() {
    outcomes("park: two sources", &[0, 1, 2, 3, 4, 5], || {
        let cursors = [Arc::new(Cursor::new(start())), Arc::new(Cursor::new(start()))];
        let mut park = park();
        let ringers = cursors.each_ref().map(|cursor| {
            let (writer, bell) = (Arc::clone(cursor), park.bell());
            thread::spawn(move || {
                writer.advance(start().plus(1));
                bell.ring();
            })
        });
        let (mut seen, mut idles) = ([false; 2], 0);
        while seen != [true; 2] {
            let mut busy = false;
            for (seen, cursor) in seen.iter_mut().zip(&cursors) {
                if !*seen && cursor.read().done != start() {
                    (*seen, busy) = (true, true);
                }
            }
            if busy {
                park.reset();
            } else {
                park.idle();
                idles += 1;
            }
        }
        for ringer in ringers {
            ringer.join().unwrap();
        }
        idles
    });
}
