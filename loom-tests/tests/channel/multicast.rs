//! One ring, many readers, one or many producers: everybody sees everything in one order, and nobody touches a slot
//! that another still needs.

use super::common::outcomes;
use super::{ALL, Event, NOW, batch, offer, offering, passes, peek, start, take, take_some, takes, taking};
use loom::{alloc::Track, thread};
use ringmain::channel::multicast::{Many, Multicast, One, Reader, SharedProducer};
use ringmain::contract::{Refused, SourceMut, each};

fn one(capacity: usize) -> Multicast<Event, One> {
    Multicast::starting_at(start(), capacity, || Track::new(0)).unwrap()
}

fn many(capacity: usize) -> Multicast<Event, Many> {
    Multicast::starting_at(start(), capacity, || Track::new(0)).unwrap()
}

// ---------------------------------------------------------------------------------------------------- one producer

#[test]
fn each_reader_sees_what_is_published() {
    let legal: Vec<_> = (0..3).flat_map(|a| (0..3).map(move |b| (a, b))).collect();
    outcomes("multicast: publish to two", &legal, || {
        let mut ring = one(2);
        let (a, b) = (ring.reader("a", &[]), ring.reader("b", &[]));
        let mut tx = ring.build().unwrap();
        let (a, b) = (taking(a, ALL), taking(b, ALL));
        offer(&mut tx, 1).unwrap();
        offer(&mut tx, 2).unwrap();
        let ((by_a, mut a), (by_b, mut b)) = (a.join().unwrap(), b.join().unwrap());
        assert_eq!([&by_a[..], &take(&mut a)].concat(), [1, 2]);
        assert_eq!([&by_b[..], &take(&mut b)].concat(), [1, 2]);
        (by_a.len(), by_b.len())
    });
}

#[test]
fn a_slot_is_filled_again_behind_the_slowest_reader() {
    // Each reader has one turn, and spends it on the first event.
    let legal = [(false, false), (false, true), (true, false)];
    outcomes("multicast: wrap", &legal, || {
        let mut ring = one(1);
        let (a, b) = (ring.reader("a", &[]), ring.reader("b", &[]));
        let mut tx = ring.build().unwrap();
        offer(&mut tx, 1).unwrap();
        let (a, b) = (taking(a, ALL), taking(b, ALL));
        let first = takes(&mut tx, 2);
        let second = takes(&mut tx, 3);
        let ((by_a, mut a), (by_b, mut b)) = (a.join().unwrap(), b.join().unwrap());
        assert_eq!((by_a, by_b), (vec![1], vec![1]));
        let rest: &[u64] = if first { &[2] } else { &[3] };
        let rest = if first || second { rest } else { &[] };
        assert_eq!((&take(&mut a)[..], &take(&mut b)[..]), (rest, rest));
        (first, second)
    });
}

#[test]
fn a_chain_is_seen_link_by_link() {
    let legal = [(0, false), (1, false), (1, true)];
    outcomes("multicast: chain", &legal, || {
        let mut ring = one(1);
        let a = ring.reader("a", &[]);
        let b = ring.reader("b", &[&a]);
        let mut tx = ring.build().unwrap();
        offer(&mut tx, 1).unwrap();
        let (a, b) = (taking(a, ALL), taking(b, ALL));
        let again = takes(&mut tx, 2);
        let ((by_a, mut a), (by_b, mut b)) = (a.join().unwrap(), b.join().unwrap());
        assert_eq!(by_a, [1]);
        let sent = &[1, 2][..1 + usize::from(again)];
        assert_eq!([by_a, take(&mut a)].concat(), sent);
        let count = by_b.len();
        assert_eq!([by_b, take(&mut b)].concat(), sent);
        (count, again)
    });
}

#[test]
fn a_diamond_joins_behind_both_sides() {
    let legal = [(0, false, 0), (0, false, 1), (1, true, 0)];
    outcomes("multicast: diamond", &legal, || {
        let mut ring = one(1);
        let (a, b) = (ring.reader("a", &[]), ring.reader("b", &[]));
        let mut c = ring.reader("c", &[&a, &b]);
        let mut tx = ring.build().unwrap();
        offer(&mut tx, 1).unwrap();
        let (a, b) = (taking(a, ALL), taking(b, ALL));
        let first = take(&mut c);
        let again = takes(&mut tx, 2);
        let second = take(&mut c);
        let ((by_a, mut a), (by_b, mut b)) = (a.join().unwrap(), b.join().unwrap());
        let sent = &[1, 2][..1 + usize::from(again)];
        assert_eq!([by_a, take(&mut a)].concat(), sent);
        assert_eq!([by_b, take(&mut b)].concat(), sent);
        let counts = (first.len(), again, second.len());
        assert_eq!([first, second, take(&mut c)].concat(), sent);
        counts
    });
}

#[test]
fn an_editor_is_alone_and_those_behind_see_its_work() {
    let legal = [(0, 0, false), (0, 1, false), (1, 0, false), (1, 1, false), (1, 1, true)];
    outcomes("multicast: editor", &legal, || {
        let mut ring = one(1);
        let mut edit = ring.editor("edit", &[]);
        let (a, mut b) = (ring.reader("a", &[&edit]), ring.reader("b", &[&edit]));
        let mut tx = ring.build().unwrap();
        offer(&mut tx, 1).unwrap();
        let edit = thread::spawn(move || {
            let mut tenfold = each(|event: &mut Event| *event = Track::new(10 * *event.get_ref()));
            (edit.drain_mut(NOW, ALL, &mut tenfold).count, edit)
        });
        let a = taking(a, ALL);
        let by_b = take(&mut b);
        let again = takes(&mut tx, 2);
        let ((edited, _edit), (by_a, _a)) = (edit.join().unwrap(), a.join().unwrap());
        assert_eq!(edited, 1);
        assert!(by_a.iter().chain(&by_b).all(|n| *n == 10));
        (by_a.len(), by_b.len(), again)
    });
}

#[test]
fn the_last_event_goes_through_the_graph_before_the_end() {
    // What `a` saw in its one turn and whether it met the end, and the same for `b` behind it.
    let legal = [
        (0, false, 0, false),
        (1, false, 0, false),
        (1, false, 1, false),
        (1, true, 0, false),
        (1, true, 1, false),
    ];
    outcomes("multicast: the producer goes", &legal, || {
        let mut ring = one(2);
        let mut a = ring.reader("a", &[]);
        let mut b = ring.reader("b", &[&a]);
        let mut tx = ring.build().unwrap();
        let producer = thread::spawn(move || offer(&mut tx, 1).unwrap());
        let a = thread::spawn(move || (take_some(&mut a, ALL), a));
        let (mut by_b, b_ended) = take_some(&mut b, ALL);
        producer.join().unwrap();
        let ((mut by_a, a_ended), mut a) = a.join().unwrap();
        let counts = (by_a.len(), a_ended, by_b.len(), b_ended);
        let (rest, ended) = take_some(&mut a, ALL);
        by_a.extend(rest);
        assert_eq!((by_a, ended), (vec![1], true));
        drop(a);
        let (rest, ended) = take_some(&mut b, ALL);
        by_b.extend(rest);
        assert_eq!((by_b, ended), (vec![1], true));
        counts
    });
}

#[test]
fn a_required_reader_that_goes_refuses_the_producer() {
    // Events accepted, those `risk` saw before it went.
    let legal = [(0, 0), (1, 0), (1, 1), (2, 1)];
    outcomes("multicast: a required reader goes", &legal, || {
        let mut ring = one(1);
        let (mut book, mut risk) = (ring.reader("book", &[]), ring.reader("risk", &[]));
        let mut tx = ring.build().unwrap();
        let risk = thread::spawn(move || take(&mut risk).len());
        let mut accepted = 0;
        for n in [1, 2] {
            match offer(&mut tx, n) {
                Ok(()) => accepted += 1,
                Err(_) => break,
            }
            assert_eq!(take(&mut book), [n], "the ring is open at the side of `book`");
        }
        let seen = risk.join().unwrap();
        assert_eq!((tx.closed_by(), offer(&mut tx, 9)), (Some("risk"), Err(Refused::Closed)));
        assert_eq!(tx.len(), accepted - seen);
        (accepted, seen)
    });
}

/// The optional reader has its eyes on the slot when it goes; the producer waits for it, then for nobody.
#[test]
fn an_optional_reader_that_goes_frees_the_producer() {
    let legal = [(false, false), (false, true), (true, true)];
    outcomes("multicast: an optional reader goes", &legal, || {
        let mut ring = one(1);
        let mut main = ring.reader("main", &[]);
        let mut view = ring.optional().reader("view", &[]);
        let mut tx = ring.build().unwrap();
        offer(&mut tx, 1).unwrap();
        let view = thread::spawn(move || assert!(peek(&mut view)));
        assert_eq!(take(&mut main), [1]);
        let first = takes(&mut tx, 2);
        assert_eq!(take(&mut main).len(), usize::from(first));
        let second = takes(&mut tx, 3);
        view.join().unwrap();
        assert!(!tx.is_closed());
        assert_eq!(take(&mut main).len(), usize::from(second));
        assert!(takes(&mut tx, 4));
        (first, second)
    });
}

#[test]
fn a_batch_waits_for_the_slowest() {
    let legal = [(1, 0), (1, 1), (2, 0)];
    outcomes("multicast: batch", &legal, || {
        let mut ring = one(2);
        let (a, b) = (ring.reader("a", &[]), ring.reader("b", &[]));
        let mut tx = ring.build().unwrap();
        offer(&mut tx, 1).unwrap();
        let (a, b) = (taking(a, 1), taking(b, 1));
        let first = batch(&mut tx, 2, 2);
        let second = batch(&mut tx, 2 + first, 2);
        let ((by_a, mut a), (by_b, mut b)) = (a.join().unwrap(), b.join().unwrap());
        let sent: Vec<_> = (1..=1 + first + second).collect();
        assert_eq!([by_a, take(&mut a)].concat(), sent);
        assert_eq!([by_b, take(&mut b)].concat(), sent);
        (first, second)
    });
}

// -------------------------------------------------------------------------------------------------- many producers

fn two(capacity: usize) -> ([SharedProducer<Event>; 2], Reader<Event, Many>) {
    let mut ring = many(capacity);
    let rx = ring.reader("rx", &[]);
    let tx = ring.build().unwrap();
    ([tx.clone(), tx], rx)
}

passes! { many_producers("multicast", two):
    what_two_producers_publish_is_seen,
    producers_that_race_at_the_wrap_get_one_slot,
    an_abandoned_slot_is_passed_over_and_hides_nothing,
    an_abandoned_slot_is_freed_by_the_consumer,
    the_last_producer_closes_behind_the_events_of_all(Reader::is_closed),
    producers_that_come_and_go_close_the_channel_once,
    batches_of_two_producers_lie_side_by_side,
    length_and_room_are_never_nonsense(SharedProducer::len, SharedProducer::free, Reader::len),
}

/// The order is one for all readers, and each producer's own events are in it as they were filled. One reader takes one
/// event a turn, the other what is there.
#[test]
fn a_producer_keeps_its_order_between_the_events_of_another() {
    let legal = [vec![1, 2, 10], vec![1, 10, 2], vec![10, 1, 2]];
    outcomes("multicast: order of two producers", &legal, || {
        let mut ring = many(4);
        let (mut a, mut b) = (ring.reader("a", &[]), ring.reader("b", &[]));
        let mut tx = ring.build().unwrap();
        let other = offering(tx.clone(), 10);
        let two = thread::spawn(move || {
            assert!(takes(&mut tx, 1) && takes(&mut tx, 2));
            tx
        });
        let mut by_a = take_some(&mut a, 1).0;
        by_a.extend(take_some(&mut a, 1).0);
        let mut by_b = take(&mut b);
        let (taken, _other) = other.join().unwrap();
        let _tx = two.join().unwrap();
        assert!(taken);
        by_a.extend(take(&mut a));
        by_b.extend(take(&mut b));
        assert_eq!(by_a, by_b);
        by_a
    });
}

/// Two readers, one behind the other, and two producers in a ring of one slot.
#[test]
fn the_end_of_a_chain_gates_two_producers() {
    let legal = [(0, false, false), (1, false, true), (1, true, false)];
    outcomes("multicast: chain, two producers", &legal, || {
        let mut ring = many(1);
        let a = ring.reader("a", &[]);
        let mut b = ring.reader("b", &[&a]);
        let mut tx = ring.build().unwrap();
        offer(&mut tx, 1).unwrap();
        let a = taking(a, ALL);
        let other = offering(tx.clone(), 2);
        let by_b = take(&mut b);
        let mine = takes(&mut tx, 3);
        let (by_a, mut a) = a.join().unwrap();
        let (theirs, _other) = other.join().unwrap();
        let count = by_b.len();
        let by_a = [by_a, take(&mut a)].concat();
        assert_eq!([by_b, take(&mut b)].concat(), by_a);
        assert_eq!(by_a.len(), 1 + usize::from(mine) + usize::from(theirs));
        (count, theirs, mine)
    });
}

/// A reader may be past the position that a producer believes to be free. What it is done with says nothing of the other
/// reader, which has seen nothing yet.
#[test]
fn a_reader_past_a_stale_position_frees_nothing_for_the_others() {
    let legal = [(false, true, true), (true, true, false)];
    outcomes("multicast: stale position, two readers", &legal, || {
        let mut ring = many(2);
        let (mut fast, mut slow) = (ring.reader("fast", &[]), ring.reader("slow", &[]));
        let mut tx = ring.build().unwrap();
        let mut other = tx.clone();
        let theirs = thread::spawn(move || {
            let taken = (takes(&mut other, 1), takes(&mut other, 2));
            (taken, take(&mut fast), fast, other)
        });
        let mine = takes(&mut tx, 3);
        let ((first, second), by_fast, mut fast, _other) = theirs.join().unwrap();
        let by_slow = take(&mut slow);
        assert_eq!(by_slow.len(), [first, second, mine].into_iter().filter(|taken| *taken).count());
        assert_eq!([by_fast, take(&mut fast)].concat(), by_slow);
        (mine, first, second)
    });
}

/// Nobody gates any more: what keeps two producers that lap each other out of one slot is its stamp.
#[test]
fn without_readers_two_producers_do_not_meet_in_a_slot() {
    for capacity in [1, 2] {
        // Who is refused has not seen the end of the other's fill, a lap before.
        let legal: &[_] = match capacity {
            1 => &[
                ([true, true], [true, true]),
                ([false, true], [true, true]),
                ([true, false], [true, true]),
                ([true, true], [false, true]),
                ([true, true], [true, false]),
                ([false, false], [true, true]),
                ([true, true], [false, false]),
                ([false, true], [true, false]),
                ([true, false], [false, true]),
            ],
            _ => &[
                ([true, true], [true, true]),
                ([false, true], [true, true]),
                ([true, false], [true, true]),
                ([false, false], [true, true]),
                ([true, true], [false, true]),
                ([true, true], [true, false]),
                ([true, true], [false, false]),
            ],
        };
        outcomes(&format!("multicast: no reader left, capacity {capacity}"), legal, move || {
            let mut ring = many(capacity);
            let view = ring.optional().reader("view", &[]);
            let mut tx = ring.build().unwrap();
            drop(view);
            let mut other = tx.clone();
            let other = thread::spawn(move || ([takes(&mut other, 1), takes(&mut other, 2)], other));
            let mine = [takes(&mut tx, 3), takes(&mut tx, 4)];
            let (theirs, _other) = other.join().unwrap();
            assert!(takes(&mut tx, 5));
            (mine, theirs)
        });
    }
}

/// The last reader goes, its eyes on the slot, while two producers wait for it.
#[test]
fn the_last_reader_leaves_two_producers_alone() {
    let legal = [(false, false), (false, true), (true, false), (true, true)];
    outcomes("multicast: the last optional reader goes", &legal, || {
        let mut ring = many(1);
        let mut view = ring.optional().reader("view", &[]);
        let mut tx = ring.build().unwrap();
        offer(&mut tx, 1).unwrap();
        let view = thread::spawn(move || assert!(peek(&mut view)));
        let other = offering(tx.clone(), 2);
        let mine = takes(&mut tx, 3);
        view.join().unwrap();
        let (theirs, _other) = other.join().unwrap();
        assert!(takes(&mut tx, 4));
        (mine, theirs)
    });
}

#[test]
fn a_required_reader_that_goes_refuses_all_producers() {
    // Who was taken; what the reader saw before it went.
    let legal = [
        (false, false, 0),
        (false, true, 0),
        (false, true, 1),
        (true, false, 0),
        (true, false, 1),
        (true, true, 1),
    ];
    outcomes("multicast: a required reader goes, two producers", &legal, || {
        let mut ring = many(1);
        let mut rx = ring.reader("rx", &[]);
        let mut tx = ring.build().unwrap();
        let mut other = tx.clone();
        let rx = thread::spawn(move || take(&mut rx).len());
        let other = thread::spawn(move || (offer(&mut other, 1).is_ok(), other));
        let mine = offer(&mut tx, 2).is_ok();
        let seen = rx.join().unwrap();
        let (theirs, mut other) = other.join().unwrap();
        assert_eq!((tx.closed_by(), other.closed_by()), (Some("rx"), Some("rx")));
        assert_eq!([offer(&mut tx, 3), offer(&mut other, 3)], [Err(Refused::Closed); 2]);
        assert!(tx.len() <= 1);
        (mine, theirs, seen)
    });
}
