//! Who joins at #n gets every event from #n on, who leaves gates no more, and who is moved, or ended, is in no slot.
//!
//! The first event is the number 1. Values are tracked: loom reports one that is lost, and two threads in one slot.

use super::common::outcomes;
use super::{ALL, Event, NOW, offer, peek, start, take, takes, taking};
use loom::{alloc::Track, thread};
use ringmain::channel::publish_subscribe::{
    Begin, NoEvent, Policy, Publisher, Resume, Subscriber, Subscriptions, Usher, channel_with,
};
use ringmain::contract::{Refused, Sink};
use ringmain::ring::Sequence;

type Seats<D = ()> = Subscriptions<Event, D>;

fn ring(capacity: usize, seats: usize) -> (Publisher<Event>, Seats) {
    channel_with((), start(), capacity, seats, || Track::new(0)).unwrap()
}

fn seated(tx: &mut Publisher<Event>, seats: &Seats, policy: Policy) -> Subscriber<Event> {
    let mut rx = seats.subscribe(policy, Begin::Now).unwrap();
    tx.admit();
    assert!(rx.joined().is_some());
    rx
}

fn recv<D>(rx: &mut Subscriber<Event, D>) -> Result<u64, NoEvent> {
    rx.recv(|event| *event.get_ref())
}

/// The number of the event at a position.
fn number(at: Option<Sequence>) -> Option<u64> {
    at.map(|at| at.since(start()) + 1)
}

/// Subscribes while two events are published; gets every one from its join on.
#[test]
fn a_join_meets_two_publishes() {
    // The number of the join, and what was there at its first turn.
    let now = [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0)];
    let oldest = [(1, 0), (1, 1), (1, 2)];
    for (begin, legal) in [(Begin::Now, &now[..]), (Begin::Oldest, &oldest[..])] {
        outcomes("publish-subscribe: join", legal, move || {
            let (mut tx, seats) = ring(2, 1);
            let reader = thread::spawn(move || {
                let mut rx = seats.subscribe(Policy::Gate, begin).unwrap();
                let seen = take(&mut rx);
                (seen, rx)
            });
            assert!(takes(&mut tx, 1) && takes(&mut tx, 2));
            let (mut seen, mut rx) = reader.join().unwrap();
            let first_turn = seen.len();
            tx.admit();
            seen.extend(take(&mut rx));
            let first = number(rx.joined()).unwrap();
            assert_eq!(seen, (first..=2).collect::<Vec<_>>());
            (first, first_turn)
        });
    }
}

/// In a ring of one slot: who joins from the oldest event on gates the slot that it lies in, from its join on.
#[test]
fn a_join_gates_from_its_first_event_on() {
    outcomes("publish-subscribe: join and gate", &[false, true], || {
        let (mut tx, seats) = ring(1, 1);
        assert!(takes(&mut tx, 1));
        let rx = seats.subscribe(Policy::Gate, Begin::Oldest).unwrap();
        let reader = taking(rx, ALL);
        let taken = takes(&mut tx, 2);
        let (mut seen, mut rx) = reader.join().unwrap();
        assert_eq!(number(rx.joined()), Some(1));
        seen.extend(take(&mut rx));
        assert_eq!(seen, (1..=1 + u64::from(taken)).collect::<Vec<_>>());
        taken
    });
}

/// It looks at an event when it goes, and the publisher waits for that slot.
#[test]
fn a_leave_frees_a_full_publisher() {
    let legal = [(false, false), (false, true), (true, true)];
    outcomes("publish-subscribe: leave", &legal, || {
        let (mut tx, seats) = ring(1, 1);
        let mut rx = seated(&mut tx, &seats, Policy::Gate);
        assert!(takes(&mut tx, 1));
        let reader = thread::spawn(move || {
            assert!(peek(&mut rx));
            assert_eq!(number(rx.unsubscribe()), Some(1));
        });
        let taken = (takes(&mut tx, 2), takes(&mut tx, 3));
        reader.join().unwrap();
        assert!(takes(&mut tx, 4));
        taken
    });
}

/// The same by one that the channel cannot do without.
#[test]
fn a_required_one_that_goes_without_a_word_closes() {
    // Whether it was closed already, or still full.
    let legal = [false, true];
    outcomes("publish-subscribe: required", &legal, || {
        let (mut tx, seats) = ring(1, 1);
        let mut rx = seated(&mut tx, &seats, Policy::Required);
        assert!(takes(&mut tx, 1));
        let reader = thread::spawn(move || assert!(peek(&mut rx)));
        let refused = offer(&mut tx, 2).unwrap_err();
        reader.join().unwrap();
        assert_eq!(offer(&mut tx, 3), Err(Refused::Closed));
        refused == Refused::Closed
    });
}

/// The publisher wants the slot that the reader wants to look at.
#[test]
fn a_reader_that_may_lag_goes_in_or_is_moved() {
    // Whether event 3 found room, and what came of the reader's two looks: an event, or so many missed.
    for resume in [Resume::Oldest, Resume::Newest] {
        let legal: &[_] = match resume {
            Resume::Oldest => &[(false, 1, 2), (true, 1, 2), (true, -1, 2)],
            Resume::Newest => &[(false, 1, 2), (true, 1, 2), (true, -1, 2), (true, -2, 3)],
        };
        outcomes("publish-subscribe: lag", legal, move || {
            let (mut tx, seats) = ring(2, 1);
            let mut rx = seated(&mut tx, &seats, Policy::Lag(resume));
            assert!(takes(&mut tx, 1) && takes(&mut tx, 2));
            let reader = thread::spawn(move || (recv(&mut rx), recv(&mut rx), rx));
            let taken = takes(&mut tx, 3);
            let (first, second, mut rx) = reader.join().unwrap();
            let lag = rx.missed();
            let seen = [first, second].iter().flatten().count() as u64;
            let rest = take(&mut rx).len() as u64;
            assert_eq!(lag + seen + rest, 2 + u64::from(taken));
            let short = |got: Result<u64, NoEvent>| match got {
                Ok(n) => n as i64,
                Err(NoEvent::Lagged(n)) => -(n as i64),
                Err(nothing) => panic!("{nothing:?}: two events are there"),
            };
            (taken, short(first), short(second))
        });
    }
}

/// The reader looks at the event and leaves it where it is: it was in the slot, though it stands where it stood.
#[test]
fn a_reader_that_looked_and_took_nothing_is_moved_behind_its_look() {
    // Whether it got to look, and whether event 2 found room.
    let legal = [(false, true), (true, false), (true, true)];
    for policy in [Policy::Lag(Resume::Oldest), Policy::DisconnectAfter(1)] {
        outcomes("publish-subscribe: look and move", &legal, move || {
            let (mut tx, seats) = ring(1, 1);
            let mut rx = seated(&mut tx, &seats, policy);
            assert!(takes(&mut tx, 1));
            let reader = thread::spawn(move || (peek(&mut rx), rx));
            let taken = takes(&mut tx, 2);
            let (looked, mut rx) = reader.join().unwrap();
            let rest = take(&mut rx);
            match policy {
                Policy::Lag(_) => assert_eq!(rest, [if taken { 2 } else { 1 }]),
                _ => assert_eq!((rest.is_empty(), rx.disconnected().is_some()), (taken, taken)),
            }
            (looked, taken)
        });
    }
}

/// One reads while the publisher needs its slot: what the publisher learns when it comes too late to move it.
#[test]
fn a_reader_that_reads_in_time_is_not_moved() {
    // What the reader saw in its turn, and whether event 2 found room. It may have been moved for it before it was there.
    let legal = [(vec![], true), (vec![1], false), (vec![1], true), (vec![2], true)];
    outcomes("publish-subscribe: read in time", &legal, || {
        let (mut tx, seats) = ring(1, 1);
        let rx = seated(&mut tx, &seats, Policy::Lag(Resume::Oldest));
        assert!(takes(&mut tx, 1));
        let reader = taking(rx, ALL);
        let taken = takes(&mut tx, 2);
        let (seen, mut rx) = reader.join().unwrap();
        let rest = take(&mut rx);
        assert_eq!((seen.len() + rest.len()) as u64 + rx.missed(), 1 + u64::from(taken));
        (seen, taken)
    });
}

/// Two events in one batch: when the reader is done with the first, it is still inside with the second.
#[test]
fn a_reader_stays_inside_between_two_events() {
    // How many the reader saw in its turn (moved for event 3, it may look before that is there), and how many found room.
    let legal = [(1, 1), (1, 2), (2, 0), (2, 1), (2, 2)];
    outcomes("publish-subscribe: inside", &legal, || {
        let (mut tx, seats) = ring(2, 1);
        let rx = seated(&mut tx, &seats, Policy::Lag(Resume::Oldest));
        assert!(takes(&mut tx, 1) && takes(&mut tx, 2));
        let reader = taking(rx, ALL);
        let taken = u64::from(takes(&mut tx, 3)) + u64::from(takes(&mut tx, 4));
        let (seen, mut rx) = reader.join().unwrap();
        let rest = take(&mut rx);
        assert_eq!((seen.len() + rest.len()) as u64 + rx.missed(), 2 + taken);
        (seen.len(), taken)
    });
}

/// A seat goes from one to the next, and with it its desk; nobody meets the events of another.
#[test]
fn a_seat_is_used_again() {
    /// Lays the number of each join on the desk.
    struct Count(u64);
    impl Usher for Count {
        type Desk = Track<u64>;
        fn desk(&mut self) -> Track<u64> {
            Track::new(0)
        }
        fn joins(&mut self, _seat: usize, desk: &mut Track<u64>, _joined: Sequence) {
            self.0 += 1;
            *desk = Track::new(100 * *desk.get_ref() + self.0);
        }
        fn leaves(&mut self, _seat: usize, desk: &mut Track<u64>) {
            *desk = Track::new(0);
        }
    }
    // Whether the second got the seat.
    outcomes("publish-subscribe: seat reuse", &[false, true], || {
        let (mut tx, seats) = channel_with(Count(0), start(), 2, 1, || Track::new(0)).unwrap();
        let mut first = seats.subscribe(Policy::Gate, Begin::Now).unwrap();
        tx.offer(|slot| *slot = Track::new(1)).unwrap();
        assert_eq!(first.desk(|desk| *desk.get_ref()), Some(1));
        let reader = thread::spawn(move || {
            assert_eq!(super::take_some(&mut first, 1).0, [1]);
            drop(first);
            let ask = |desk: &mut Track<u64>| *desk = Track::new(5 + *desk.get_ref());
            seats.subscribe_with(Policy::Gate, Begin::Now, ask).ok()
        });
        tx.admit();
        tx.offer(|slot| *slot = Track::new(2)).unwrap();
        let Some(mut second) = reader.join().unwrap() else { return false };
        tx.offer(|slot| *slot = Track::new(3)).unwrap();
        let joined = number(second.joined()).unwrap();
        assert_eq!(take(&mut second), (joined..=3).collect::<Vec<_>>());
        assert_eq!(second.desk(|desk| *desk.get_ref()), Some(502));
        true
    });
}

/// The publisher goes while somebody comes: either it was let in, and gets what is there, or it learns of the end.
#[test]
fn a_join_meets_the_end() {
    // Whether it got the event, and whether it met the end at its first turn.
    let legal = [(false, false), (false, true), (true, false), (true, true)];
    outcomes("publish-subscribe: join and end", &legal, || {
        let (mut tx, seats) = ring(1, 1);
        assert!(takes(&mut tx, 1));
        let publisher = thread::spawn(move || drop(tx));
        let Ok(mut rx) = seats.subscribe(Policy::Gate, Begin::Oldest) else {
            publisher.join().unwrap();
            return (false, true);
        };
        let (first, closed) = super::take_some(&mut rx, ALL);
        publisher.join().unwrap();
        let (rest, over) = super::take_some(&mut rx, ALL);
        assert!(over && (!closed || rest.is_empty()), "closed before it was empty");
        let got = [first, rest].concat();
        assert_eq!((got.is_empty(), rx.is_closed()), (rx.joined().is_none(), true));
        (!got.is_empty(), closed)
    });
}

/// The last event and the end come together.
#[test]
fn the_last_event_comes_before_the_end() {
    let legal = [(0, false), (1, false), (1, true)];
    for policy in [Policy::Gate, Policy::Lag(Resume::Oldest)] {
        outcomes("publish-subscribe: end", &legal, move || {
            let (mut tx, seats) = ring(1, 1);
            let mut rx = seated(&mut tx, &seats, policy);
            let publisher = thread::spawn(move || assert!(takes(&mut tx, 1)));
            let mut seen = Vec::new();
            let drained = ringmain::contract::Source::drain(
                &mut rx,
                NOW,
                ALL,
                &mut ringmain::contract::each(|event: &Event| seen.push(*event.get_ref())),
            );
            publisher.join().unwrap();
            let (count, closed) = (seen.len(), drained.end.is_some());
            seen.extend(take(&mut rx));
            assert_eq!((seen, rx.is_closed()), (vec![1], true));
            (count, closed)
        });
    }
}
