//! The bell alone: who rings, and when.

use super::common::{model, outcomes};
use super::{park, start, wait_for};
use loom::{sync::Arc, thread};
use ringmain::contract::Wait;
use ringmain::ring::Cursor;
use ringmain::wait::Bell;

fn cursor() -> (Arc<Cursor>, Arc<Cursor>) {
    let cursor = Arc::new(Cursor::new(start()));
    (Arc::clone(&cursor), cursor)
}

/// Publishes event number `n`, then rings.
fn publish(cursor: &Cursor, n: u64, bell: &Bell) {
    cursor.advance(start().plus(n));
    bell.ring();
}

#[test]
fn one_ringer_wakes_one_sleeper() {
    outcomes("bell: one ringer", &[0, 1, 2], || {
        let ((writer, reader), mut park) = (cursor(), park());
        let bell = park.bell();
        let ringer = thread::spawn(move || publish(&writer, 1, &bell));
        let idles = wait_for(&reader, 1, &mut park);
        ringer.join().unwrap();
        idles
    });
}

/// The second wait begins with whatever the first ring left behind: a token that nobody took, a flag not yet seen low.
#[test]
fn each_of_two_events_wakes() {
    // 5: a row that ends without the sleep may leave the first ring's token behind, which ends a sleep of the next row.
    outcomes("bell: two events", &[0, 1, 2, 3, 4, 5], || {
        let ((writer, reader), mut park) = (cursor(), park());
        let bell = park.bell();
        let ringer = thread::spawn(move || {
            publish(&writer, 1, &bell);
            publish(&writer, 2, &bell);
        });
        let idles = wait_for(&reader, 1, &mut park) + wait_for(&reader, 2, &mut park);
        ringer.join().unwrap();
        idles
    });
}

/// One of them may see the flag lowered by the other, and do nothing: the sleeper is woken all the same.
#[test]
fn two_ringers_wake_one_sleeper() {
    outcomes("bell: two ringers", &[0, 1, 2, 3, 4, 5], || {
        let ((first, reads_first), (second, reads_second), mut park) = (cursor(), cursor(), park());
        let (bell, other_bell) = (park.bell(), park.bell());
        let ringer = thread::spawn(move || publish(&first, 1, &bell));
        let other = thread::spawn(move || publish(&second, 1, &other_bell));
        let idles = wait_for(&reads_first, 1, &mut park) + wait_for(&reads_second, 1, &mut park);
        ringer.join().unwrap();
        other.join().unwrap();
        idles
    });
}

/// A ring that comes too early is not kept, and must not have to be.
#[test]
fn a_ring_before_the_event_counts_for_nothing() {
    outcomes("bell: ring before the event", &[0, 1, 2, 3, 4], || {
        let ((writer, reader), mut park) = (cursor(), park());
        let bell = park.bell();
        let ringer = thread::spawn(move || {
            bell.ring();
            publish(&writer, 1, &bell);
        });
        let idles = wait_for(&reader, 1, &mut park);
        ringer.join().unwrap();
        idles
    });
}

/// Nobody sleeps: the flag is looked at, and nothing else happens.
#[test]
fn a_ring_for_a_thread_that_is_awake_is_elided() {
    outcomes("bell: elision", &[0, 1], || {
        let ((writer, reader), mut park) = (cursor(), park());
        let bell = park.bell();
        let ringer = thread::spawn(move || publish(&writer, 1, &bell));
        let seen = reader.read().done.since(start());
        ringer.join().unwrap();
        // No token was left behind for the next wait: it ends by the event that is there.
        assert_eq!(wait_for(&reader, 1, &mut park), 0);
        seen
    });
}

#[test]
fn two_sleepers_are_each_woken_by_their_own_bell() {
    outcomes(
        "bell: two sleepers",
        &[(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)],
        || {
            let ((writer, reader), mut here, mut there) = (cursor(), park(), park());
            let bells = [here.bell(), there.bell()];
            let reader_there = Arc::clone(&reader);
            let sleeper = thread::spawn(move || wait_for(&reader_there, 1, &mut there));
            let ringer = thread::spawn(move || {
                writer.advance(start().plus(1));
                bells.iter().for_each(Bell::ring);
            });
            let idles = wait_for(&reader, 1, &mut here);
            ringer.join().unwrap();
            (idles, sleeper.join().unwrap())
        },
    );
}

/// The bell outlives the thread it woke.
#[test]
fn ringing_for_a_sleeper_that_is_gone_does_nothing() {
    model("bell: sleeper dropped while rung", || {
        let ((writer, _reader), mut park) = (cursor(), park());
        let bell = park.bell();
        let ringer = thread::spawn(move || publish(&writer, 1, &bell));
        park.idle();
        drop(park);
        ringer.join().unwrap();
    });
}
