//! Where two things meet.

use super::*;
use crate::kit::Dice;

/// A lease lapses while its consumer acknowledges: by the order of the calls, exactly one wins, and nothing is done twice.
#[test]
fn an_ack_and_the_end_of_a_lease_have_one_winner() {
    for ack_first in [true, false] {
        let mut queue = filled(2, [1]);
        let [one, two] = [(); 2].map(|()| queue.join(1).unwrap());
        let lease = queue.lease(one, NOW, ns(100)).unwrap();
        if ack_first {
            assert_eq!(queue.ack(lease), Ok(1), "an answer that is there before the poll is in time");
            assert_eq!(queue.lease(two, at(100), EVER), Err(NoLease::Empty));
        } else {
            let won = queue.lease(two, at(100), EVER).unwrap();
            assert_eq!((queue.ack(lease), queue.ack(won)), (Err(StaleLease), Ok(1)));
        }
        queue.poll(at(200));
        assert_eq!((queue.account().read().out, queue.is_empty()), (1, true));
        balanced(queue, at(200));
    }
}

/// A stale lease does not match the next message of its slot.
#[test]
fn a_stale_lease_does_not_match_the_next_tenant() {
    let mut queue = filled(1, [1]);
    let consumer = queue.join(1).unwrap();
    let mut stale = Vec::new();
    for n in 1..=50 {
        let lease = queue.lease(consumer, NOW, EVER).unwrap();
        assert!(stale.iter().all(|old| queue.ack(*old) == Err(StaleLease)));
        assert_eq!(queue.ack(lease), Ok(n));
        stale.push(lease);
        queue.publish(NOW, Terms::PLAIN, n + 1).unwrap();
    }
    assert_eq!(queue.ack(Lease::default()), Err(StaleLease));
}

/// nack(Front) of a poison message ends at the limit, and those behind it come to their turn.
#[test]
fn poison_at_the_front_ends() {
    let mut queue = filled(4, 1..=3).attempts(20);
    let consumer = queue.join(1).unwrap();
    let (mut calls, mut done) = (0, Vec::new());
    while let Ok((lease, event, _)) = next(&mut queue, consumer, NOW, EVER) {
        calls += 1;
        match event {
            1 => queue.nack(lease, NOW, FAULT, Requeue::Front).unwrap(),
            _ => done.push(queue.ack(lease).unwrap()),
        }
    }
    assert_eq!((calls, done, letters(&mut queue)), (22, vec![2, 3], vec![(FAULT.reason, 1, 20)]));
    balanced(queue, NOW);
}

/// A lease that lapses counts as an attempt: a consumer that hangs on a message does not get it for ever.
#[test]
fn leases_that_lapse_end_at_the_limit() {
    let mut queue = filled(4, [1]).attempts(2);
    let consumer = queue.join(1).unwrap();
    for t in [0, 10] {
        queue.lease(consumer, at(t), ns(10)).unwrap();
    }
    queue.poll(at(20));
    assert_eq!(letters(&mut queue), [(Reason::Late, 1, 2)]);
    assert_eq!(queue.account().read().dead_lettered[Reason::AttemptsExhausted], 1);
    balanced(queue, at(20));
}

/// A clock that stops lets nothing lapse, and hinders nobody; one that goes back makes nothing early.
#[test]
fn a_clock_that_stops_or_goes_back() {
    let mut queue = filled(4, 1..=3);
    let consumer = queue.join(3).unwrap();
    let lease = queue.lease(consumer, at(50), ns(10)).unwrap();
    for _ in 0..1000 {
        queue.poll(at(50));
    }
    assert_eq!(queue.depth(), depth(2, 1, 0));
    assert_eq!(drained(&mut queue, consumer, at(20)), [2, 3]);
    queue.poll(at(59));
    assert_eq!(queue.depth(), depth(0, 1, 0));
    queue.poll(at(60));
    assert_eq!((queue.depth(), queue.ack(lease)), (depth(1, 0, 0), Err(StaleLease)));
    balanced(queue, at(60));
}

/// A message that somebody has does not expire; when it comes back too late, it does.
#[test]
fn a_time_to_live_does_not_end_a_lease() {
    for released in [true, false] {
        let mut queue = queue(4, AtCapacity::Reject);
        let consumer = queue.join(1).unwrap();
        for event in 1..=2 {
            queue.publish(NOW, Terms { ttl: ns(10), ..Terms::PLAIN }, event).unwrap();
            let lease = queue.lease(consumer, NOW, EVER).unwrap();
            queue.poll(at(10));
            assert_eq!(queue.depth().leased, 1);
            if event == 1 {
                assert_eq!(queue.ack(lease), Ok(1));
            } else if released {
                queue.release(lease, at(10)).unwrap();
            } else {
                queue.nack(lease, at(10), FAULT, Requeue::Front).unwrap();
            }
        }
        let attempts = if released { 0 } else { 1 };
        assert_eq!(letters(&mut queue), [(Reason::Expired, 2, attempts)]);
        balanced(queue, at(10));
    }
}

/// A message that is delayed expires at its time.
#[test]
fn a_time_to_live_ends_a_delay() {
    let mut queue = queue(4, AtCapacity::Reject);
    let consumer = queue.join(1).unwrap();
    queue.publish(NOW, Terms { ttl: ns(10), ..Terms::PLAIN }, 1).unwrap();
    let lease = queue.lease(consumer, NOW, EVER).unwrap();
    queue.nack(lease, NOW, FAULT, Requeue::Delay(ns(50))).unwrap();
    queue.poll(at(10));
    assert_eq!((letters(&mut queue), queue.next_deadline()), (vec![(Reason::Expired, 1, 1)], None));
    balanced(queue, at(10));
}

/// Without room for letters nothing is lost: a message waits, has its place, and is a letter once there is room.
#[test]
fn letters_wait_for_room() {
    let mut queue: Numbers =
        Queue::new(2, 1, AtCapacity::Reject, "numbers", LetterBox::new(1, || 0)).unwrap().attempts(1);
    let consumer = queue.join(2).unwrap();
    for event in 1..=2 {
        queue.publish(NOW, Terms::PLAIN, event).unwrap();
        let lease = queue.lease(consumer, NOW, EVER).unwrap();
        queue.nack(lease, NOW, FAULT, Requeue::Back).unwrap();
    }
    assert_eq!(queue.depth(), Depth { doomed: 1, ..depth(0, 0, 0) });
    queue.publish(NOW, Terms::PLAIN, 3).unwrap();
    assert_eq!(queue.publish(NOW, Terms::PLAIN, 4), Err(Full(4)));
    assert_eq!(letters(&mut queue), [(FAULT.reason, 1, 1)]);
    assert!(queue.letters().drop_oldest());
    queue.poll(NOW);
    assert_eq!((letters(&mut queue), queue.depth()), (vec![(FAULT.reason, 2, 1)], depth(1, 0, 0)));
    balanced(queue, NOW);
}

/// The payload is lent where it lies: its address is the same in each lease, and what was changed stays changed.
#[test]
fn a_message_is_lent_in_place() {
    let mut queue = filled(4, 1..=2);
    let consumer = queue.join(1).unwrap();
    let lease = queue.lease(consumer, NOW, EVER).unwrap();
    let address = std::ptr::from_ref(queue.get(lease).unwrap());
    *queue.get_mut(lease).unwrap() = 11;
    queue.nack(lease, NOW, FAULT, Requeue::Back).unwrap();
    assert_eq!(drained_one(&mut queue, consumer), 2);
    let lease = queue.lease(consumer, NOW, EVER).unwrap();
    assert_eq!(std::ptr::from_ref(queue.get(lease).unwrap()), address);
    assert_eq!(queue.ack(lease), Ok(11));
}

fn drained_one(queue: &mut Numbers, to: Consumer) -> u64 {
    let lease = queue.lease(to, NOW, EVER).unwrap();
    queue.ack(lease).unwrap()
}

/// A payload that cannot be copied is moved in, out, and into a letter.
#[test]
fn nothing_is_cloned() {
    struct Whole(Box<u64>);
    let mut queue =
        Queue::new(4, 1, AtCapacity::Reject, "", LetterBox::new(2, || Whole(Box::new(0)))).unwrap();
    let consumer = queue.join(1).unwrap();
    for n in 1..=2 {
        assert!(queue.publish(NOW, Terms::PLAIN, Whole(Box::new(n))).is_ok());
    }
    let lease = queue.lease(consumer, NOW, EVER).unwrap();
    assert_eq!(queue.ack(lease).map(|whole| *whole.0).unwrap_or(0), 1);
    let lease = queue.lease(consumer, NOW, EVER).unwrap();
    queue.nack(lease, NOW, FAULT, Requeue::DeadLetter).unwrap();
    assert_eq!(*queue.letters().iter().next().unwrap().event.0, 2);
}

/// Leases that lapse at once, whatever their order, come back in the order of publishing.
#[test]
fn many_leases_lapse_in_the_order_of_publishing() {
    let n = 300;
    for shuffled in [false, true] {
        let mut queue = filled(n, 1..=n as u64);
        let consumer = queue.join(n as u32).unwrap();
        let mut dice = Dice::new(n as u64);
        for k in 0..n as u64 {
            let span = if shuffled { 1 + dice.below(100) } else { 1 + k };
            queue.lease(consumer, NOW, ns(span)).unwrap();
        }
        assert_eq!(drained(&mut queue, consumer, at(400)), (1..=n as u64).collect::<Vec<_>>());
    }
}
