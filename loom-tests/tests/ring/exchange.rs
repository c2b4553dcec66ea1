//! Slots change hands: each is with one at a time, no event is missed or seen twice, and nobody waits for anybody.
//!
//! A thread that stalls is one that loom does not run until the others are at their end, which it tries at every step.
//! So what a model asserts of a thread before it joins the others holds wherever they stall.

use super::common::outcomes;
use super::start;
use loom::{sync::Arc, thread};
use ringmain::ring::{Exchange, Pool, Sequence, SlotId};

/// The cells and the slots that they are about.
struct Ring {
    exchange: Exchange,
    pool: Pool<u64>,
}

// SAFETY: [R5] the models use a slot only by its number; if they err, loom reports the race.
unsafe impl Sync for Ring {}

/// One who puts in and takes out.
struct Hand {
    ring: Arc<Ring>,
    slot: SlotId,
    /// Everything before these is filled, and taken.
    known: (Sequence, Sequence),
}

/// So many hands on one ring; `late` of them may be late with an event.
fn hands<const N: usize>(capacity: usize, late: usize) -> [Hand; N] {
    let (exchange, slots) = Exchange::new(capacity, late + 1, N, start()).unwrap();
    let pool = Pool::new(capacity, exchange.cells() as usize + N, || 0).unwrap();
    let ring = Arc::new(Ring { exchange, pool });
    let hand = |slot| Hand { ring: Arc::clone(&ring), slot, known: (start(), start()) };
    slots.into_iter().map(hand).collect::<Vec<_>>().try_into().unwrap_or_else(|_| unreachable!())
}

impl Hand {
    fn write(&mut self, event: u64) {
        // SAFETY: [R5] the slot is in this hand.
        unsafe { self.ring.pool.slot(&self.slot).lend(|slot| *slot = event) }
    }
    fn read(&self) -> u64 {
        // SAFETY: [R5] the slot is in this hand.
        unsafe { self.ring.pool.slot(&self.slot).share(|slot| *slot) }
    }
    fn has_room(&mut self) -> bool {
        self.ring.exchange.has_room(&mut self.known.0, &mut self.known.1)
    }
    /// Puts `event` in without asking for room; where.
    fn put(&mut self, event: u64) -> u64 {
        self.write(event);
        let at = self.ring.exchange.put(self.known.0, &mut self.slot);
        self.known.0 = at.next();
        at.since(start())
    }
    fn offer(&mut self, event: u64) -> bool {
        self.has_room() && self.put(event) < u64::MAX
    }
    fn take(&mut self) -> Option<u64> {
        let at = self.ring.exchange.take(self.known.1, &mut self.slot)?;
        self.known.1 = at.next();
        Some(self.read())
    }
    fn len(&self) -> u64 {
        self.ring.exchange.len(self.known.1)
    }
}

#[test]
fn what_was_put_in_is_taken() {
    let legal = [(None, None), (None, Some(1)), (Some(1), None), (Some(1), Some(2))];
    outcomes("exchange: put, take", &legal, || {
        let [mut tx, mut rx] = hands(2, 0);
        let producer = thread::spawn(move || {
            assert!(tx.offer(1) && tx.offer(2));
            // A slot that nobody has read yet is not among those to be filled.
            tx.write(3);
        });
        let (first, second) = (rx.take(), rx.take());
        producer.join().unwrap();
        let rest: Vec<_> = std::iter::from_fn(|| rx.take()).collect();
        assert!(first.into_iter().chain(second).chain(rest).eq([1, 2]));
        (first, second)
    });
}

/// A slot that was read comes back to be filled, a lap later.
#[test]
fn what_was_taken_is_filled_again() {
    outcomes("exchange: a slot comes back", &[0, 1, 2], || {
        let [mut tx, mut rx] = hands(2, 0);
        assert!(tx.offer(1) && tx.offer(2));
        let consumer = thread::spawn(move || {
            assert_eq!((rx.take(), rx.take()), (Some(1), Some(2)));
            assert_eq!(rx.read(), 2);
        });
        let mut more = 0;
        for event in [3, 4] {
            more += u64::from(tx.offer(event));
            tx.write(5);
        }
        consumer.join().unwrap();
        more
    });
}

#[test]
fn of_two_that_want_one_event_one_gets_it() {
    outcomes("exchange: two take", &[(None, Some(1)), (Some(1), None)], || {
        let [mut tx, mut a, mut b] = hands(1, 0);
        assert!(tx.offer(1));
        let other = thread::spawn(move || a.take());
        let mine = b.take();
        (other.join().unwrap(), mine)
    });
}

/// Wherever the others stall: one who put something in and then takes, finds an event. Whoever comes third knows of the
/// first only by the second.
#[test]
fn nobody_finds_it_empty_who_can_know_better() {
    outcomes("exchange: put behind others, take", &[(0, 3), (1, 1), (1, 2), (2, 1), (2, 2)], || {
        let [mut a, mut b, mut c] = hands(4, 0);
        let others = [thread::spawn(move || a.put(1)), thread::spawn(move || b.put(2))];
        let at = c.put(3);
        let first = c.take().expect("it was put in before");
        for other in others {
            other.join().unwrap();
        }
        let rest: Vec<_> = std::iter::from_fn(|| c.take()).collect();
        assert_eq!((rest.len(), (at == 0) == (first == 3)), (2, true));
        (at, first)
    });
}

/// The same for room: one who took the third event finds room.
#[test]
fn nobody_finds_it_full_who_can_know_better() {
    outcomes("exchange: take behind others, put", &[1, 2, 3], || {
        let [mut a, mut b, mut c] = hands(4, 0);
        (1..=4).for_each(|event| assert!(c.offer(event)));
        let others = [thread::spawn(move || a.take()), thread::spawn(move || b.take())];
        let mine = c.take().expect("there are more events than takers");
        assert!(c.offer(5));
        let theirs = others.map(|other| other.join().unwrap().expect("there are more events than takers"));
        let mut all = [mine, theirs[0], theirs[1]];
        all.sort_unstable();
        assert_eq!((all, c.len()), ([1, 2, 3], 2));
        mine
    });
}

/// Both saw the last room. Both put their event in, with nobody there who takes one; then both see that it is full.
#[test]
fn late_events_find_a_cell() {
    outcomes("exchange: late events", &[(0, 1), (1, 0)], || {
        let [mut a, mut b] = hands(1, 1);
        assert!(a.has_room() && b.has_room());
        let other = thread::spawn(move || (a.put(1), a.has_room(), a));
        let mine = b.put(2);
        assert!(!b.has_room());
        let (theirs, room, a) = other.join().unwrap();
        assert!(!room);
        assert_eq!((a.len(), b.len()), (2, 2));
        (theirs, mine)
    });
}

/// Room that was seen stays, however much is put in and taken meanwhile.
#[test]
fn old_room_is_room() {
    let legal = [(0, 1), (1, 1), (1, 2), (2, 2)];
    outcomes("exchange: old room", &legal, || {
        let [mut slow, mut tx] = hands(1, 1);
        assert!(slow.has_room());
        let other = thread::spawn(move || slow.put(9));
        let mut mine = 0;
        for event in 1..=2 {
            mine += u64::from(tx.offer(event));
            assert!(tx.take().is_some());
        }
        let at = other.join().unwrap();
        assert_eq!(tx.len(), mine + 1 - 2);
        (at, mine)
    });
}

/// The producer that found the ring full, finds room when it is there.
#[test]
fn room_and_length_are_seen() {
    let legal = [(false, 0), (false, 1), (false, 2), (true, 1), (true, 2)];
    outcomes("exchange: room and length", &legal, || {
        let [mut tx, mut rx] = hands(2, 0);
        assert!(tx.offer(1) && tx.offer(2) && !tx.has_room());
        let consumer = thread::spawn(move || {
            assert_eq!(rx.take(), Some(1));
            let len = rx.len();
            assert_eq!(rx.take(), Some(2));
            (len, rx)
        });
        let room = tx.offer(3);
        let len = tx.len();
        let (theirs, mut rx) = consumer.join().unwrap();
        assert!((1..=2).contains(&theirs));
        assert_eq!((rx.take(), tx.len()), (room.then_some(3), 0));
        (room, len)
    });
}
