//! Message queue: a message stays until it is acknowledged, and belongs to one consumer at a time. The numbers of the
//! tests are those of the specification, where the message queue is 4.

mod alloc;
mod edges;
mod oracle;
mod stage;

use ringmain::contract::{Account, Fault, Reason, Tick};
use ringmain::pattern::{
    AtCapacity, Consumer, Depth, Full, Lease, LetterBox, NoLease, NoPlace, Priorities, Queue, Requeue,
    StaleLease, Terms, Ttl,
};
use ringmain::ring::CapacityError;
use std::time::Duration;

const NOW: Tick = Tick::ZERO;
const EVER: Duration = Duration::MAX;
const FAULT: Fault = Fault::of(Reason::Panic);

fn at(nanos: u64) -> Tick {
    Tick::from_nanos(nanos)
}

fn ns(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

type Numbers = Queue<u64, LetterBox<u64>>;

fn queue(capacity: usize, at_capacity: AtCapacity) -> Numbers {
    Queue::new(capacity, 4, at_capacity, "numbers", LetterBox::new(64, || 0)).unwrap()
}

fn filled(capacity: usize, events: impl IntoIterator<Item = u64>) -> Numbers {
    let mut queue = queue(capacity, AtCapacity::Reject);
    for event in events {
        assert!(queue.publish(NOW, Terms::PLAIN, event).unwrap().is_some());
    }
    queue
}

/// Leases the next message until `span` from `now`: its lease, itself, and which delivery it is.
fn next(queue: &mut Numbers, to: Consumer, now: Tick, span: Duration) -> Result<(Lease, u64, u32), NoLease> {
    let lease = queue.lease(to, now, span)?;
    Ok((lease, *queue.get(lease).unwrap(), queue.attempt(lease).unwrap()))
}

/// All that is ready, done one after the other.
fn drained(queue: &mut Numbers, to: Consumer, now: Tick) -> Vec<u64> {
    std::iter::from_fn(|| {
        let lease = queue.lease(to, now, EVER).ok()?;
        Some(queue.ack(lease).unwrap())
    })
    .collect()
}

/// The reason of each letter, its event, and how often that was delivered.
fn letters(queue: &mut Numbers) -> Vec<(Reason, u64, u32)> {
    queue.letters().iter().map(|letter| (letter.fault.reason, letter.event, letter.attempts)).collect()
}

fn depth(ready: usize, leased: usize, delayed: usize) -> Depth {
    Depth { ready, leased, delayed, doomed: 0 }
}

/// Nothing is missing, also when the queue is dropped with what is in it.
fn balanced(mut queue: Numbers, now: Tick) {
    queue.poll(now);
    let (account, depth) = (queue.account(), queue.depth());
    let held = depth.ready + depth.leased + depth.delayed + depth.doomed;
    assert_eq!((account.read().check(), account.read().held), (Ok(()), held as u64));
    drop(queue);
    assert_balanced(&account);
    assert_eq!(account.read().dropped[Reason::Shutdown], held as u64);
}

/// `in + generated = out + filtered + folded + dropped + dead_lettered + held`.
fn assert_balanced(account: &Account) {
    let books = account.read();
    assert_eq!(books.input, books.out + books.dropped.total() + books.dead_lettered.total() + books.held);
    assert_eq!((books.generated, books.filtered, books.folded), (0, 0, 0));
}

/// 4.d1: Publish 1..5, no consumer; attach later: 1..5. depth: ready=5 leased=0.
#[test]
fn message_queue_1_messages_wait_for_a_consumer() {
    let mut queue = filled(8, 1..=5);
    assert_eq!(queue.depth(), depth(5, 0, 0));
    let late = queue.join(1).unwrap();
    assert_eq!(drained(&mut queue, late, at(u64::MAX - 1)), [1, 2, 3, 4, 5]);
    assert_eq!((queue.depth(), queue.account().read().held), (depth(0, 0, 0), 0));
    balanced(queue, NOW);
}

/// 4.d2: prefetch=2: consumer gets 1,2 and nothing until ack(1), then 3.
#[test]
fn message_queue_2_prefetch() {
    let mut queue = filled(8, 1..=5);
    let consumer = queue.join(2).unwrap();
    let (first, one, _) = next(&mut queue, consumer, NOW, EVER).unwrap();
    let (_, two, _) = next(&mut queue, consumer, NOW, EVER).unwrap();
    assert_eq!((one, two, queue.lease(consumer, NOW, EVER)), (1, 2, Err(NoLease::Prefetch)));
    assert_eq!(queue.ack(first), Ok(1));
    assert_eq!(next(&mut queue, consumer, NOW, EVER).unwrap().1, 3);
    assert_eq!(queue.lease(consumer, NOW, EVER), Err(NoLease::Prefetch));
    balanced(queue, NOW);
}

/// 4.d3: ack(2) before ack(1): watermark stays 0; ack(1): watermark 2; both slots free.
#[test]
fn message_queue_3_the_watermark() {
    let mut queue = filled(2, 1..=2);
    let consumer = queue.join(2).unwrap();
    let [one, two] = [(); 2].map(|()| queue.lease(consumer, NOW, EVER).unwrap());
    assert_eq!((queue.ack(two), queue.watermark()), (Ok(2), 0));
    assert_eq!((queue.ack(one), queue.watermark()), (Ok(1), 2));
    for n in 3..=4 {
        assert_eq!(queue.publish(NOW, Terms::PLAIN, n), Ok(Some(n)), "both slots are free");
    }
    assert_eq!((queue.watermark(), queue.is_full()), (2, true));
    balanced(queue, NOW);
}

/// 4.d4: Lease 100: t=0 lease 1; t=100 READY again attempt=2; ack at t=101 by the old lease: StaleLease; second consumer
/// acks Ok; processed count per lease = 2.
#[test]
fn message_queue_4_a_lease_lapses() {
    let mut queue = filled(4, [1]);
    let [one, two] = [(); 2].map(|()| queue.join(1).unwrap());
    let (old, event, attempt) = next(&mut queue, one, NOW, ns(100)).unwrap();
    let mut processed = vec![(event, attempt)];
    queue.poll(at(99));
    assert_eq!(queue.depth(), depth(0, 1, 0), "T1: never early");
    queue.poll(at(100));
    assert_eq!(queue.depth(), depth(1, 0, 0));
    let (new, event, attempt) = next(&mut queue, two, at(100), ns(100)).unwrap();
    processed.push((event, attempt));
    assert_eq!(queue.ack(old), Err(StaleLease));
    assert_eq!(queue.nack(old, at(101), FAULT, Requeue::Front), Err(StaleLease));
    assert_eq!(queue.release(old, at(101)), Err(StaleLease));
    assert_eq!(queue.extend(old, at(101), ns(100)), Err(StaleLease));
    assert_eq!((queue.get(old), queue.attempt(old)), (Err(StaleLease), Err(StaleLease)));
    assert_eq!(queue.get_mut(old), Err(StaleLease));
    assert_eq!((queue.ack(new), queue.ack(new)), (Ok(1), Err(StaleLease)));
    assert_eq!(processed, [(1, 1), (1, 2)]);
    balanced(queue, at(101));
}

/// 4.d5: extend at t=90: expires at 190.
#[test]
fn message_queue_5_extend() {
    let mut queue = filled(4, [1]);
    let consumer = queue.join(1).unwrap();
    let lease = queue.lease(consumer, NOW, ns(100)).unwrap();
    assert_eq!(queue.extend(lease, at(90), ns(100)), Ok(()));
    for t in 90..190 {
        queue.poll(at(t));
        assert_eq!(queue.depth(), depth(0, 1, 0));
    }
    assert_eq!(queue.next_deadline(), Some(at(190)));
    queue.poll(at(190));
    assert_eq!((queue.depth(), queue.ack(lease)), (depth(1, 0, 0), Err(StaleLease)));
    balanced(queue, at(190));
}

/// 4.d6: nack(Back) of 1 with [1,2,3]: 2,3,1(attempt 2); nack(Front): 1,2,3; nack(Delay(50)) at t=0: 2,3 then 1 at t=50.
#[test]
fn message_queue_6_where_a_nack_puts_it() {
    for (requeue, order) in [(Requeue::Back, [2, 3, 1]), (Requeue::Front, [1, 2, 3])] {
        let mut queue = filled(4, 1..=3);
        let consumer = queue.join(3).unwrap();
        let lease = queue.lease(consumer, NOW, EVER).unwrap();
        queue.nack(lease, NOW, FAULT, requeue).unwrap();
        let got: Vec<_> = (0..3).map(|_| next(&mut queue, consumer, NOW, EVER).unwrap()).collect();
        assert_eq!(got.iter().map(|(_, event, _)| *event).collect::<Vec<_>>(), order);
        for (_, event, attempt) in got {
            assert_eq!(attempt, if event == 1 { 2 } else { 1 });
        }
        balanced(queue, NOW);
    }
    let mut queue = filled(4, 1..=3);
    let consumer = queue.join(3).unwrap();
    let lease = queue.lease(consumer, NOW, EVER).unwrap();
    queue.nack(lease, NOW, FAULT, Requeue::Delay(ns(50))).unwrap();
    assert_eq!(queue.depth(), depth(2, 0, 1));
    assert_eq!(drained(&mut queue, consumer, at(49)), [2, 3]);
    let (lease, event, attempt) = next(&mut queue, consumer, at(50), EVER).unwrap();
    assert_eq!((event, attempt, queue.ack(lease)), (1, 2, Ok(1)));
    balanced(queue, at(50));
}

/// 4.d7: capacity 4 with 2 READY + 2 LEASED: publish: Full (not Ok). DELAYED counts, too.
#[test]
fn message_queue_7_capacity_counts_all_that_is_there() {
    let mut queue = filled(4, 1..=4);
    let consumer = queue.join(4).unwrap();
    let [one, _two] = [(); 2].map(|()| queue.lease(consumer, NOW, EVER).unwrap());
    assert_eq!(queue.depth(), depth(2, 2, 0));
    assert_eq!(queue.publish(NOW, Terms::PLAIN, 5), Err(Full(5)));
    queue.nack(one, NOW, FAULT, Requeue::Delay(ns(9))).unwrap();
    assert_eq!(queue.depth(), depth(2, 1, 1));
    assert_eq!(queue.publish(NOW, Terms::PLAIN, 5), Err(Full(5)), "delayed counts");
    balanced(queue, NOW);
}

/// 4.d8: Strict priority: p0 a,b; p9 c: c,a,b.
#[test]
fn message_queue_8_strict() {
    let mut queue = queue(4, AtCapacity::Reject).priorities(Priorities::strict::<8>());
    for (priority, event) in [(0, 1), (0, 2), (9, 3)] {
        queue.publish(NOW, Terms { priority, ttl: EVER }, event).unwrap();
    }
    assert_eq!(queue.peek(), Some(&3));
    let consumer = queue.join(1).unwrap();
    assert_eq!(drained(&mut queue, consumer, NOW), [3, 1, 2]);
    balanced(queue, NOW);
}

/// 4.d8: Weighted(8:1) with both always full: 8:1 +- 1 over 9000.
#[test]
fn message_queue_8_weighted() {
    let mut queue = queue(64, AtCapacity::Reject).priorities(Priorities::weighted([1, 8]));
    for n in 0..64 {
        queue.publish(NOW, Terms { priority: (n % 2) as u8, ttl: EVER }, n % 2).unwrap();
    }
    let consumer = queue.join(1).unwrap();
    let mut seen = [0i64; 2];
    for n in 1..=9000 {
        let lease = queue.lease(consumer, NOW, EVER).unwrap();
        let priority = queue.ack(lease).unwrap();
        seen[priority as usize] += 1;
        assert!((seen[0] * 9 - n).abs() <= 9, "at no time more than one off: {seen:?}");
        queue.publish(NOW, Terms { priority: priority as u8, ttl: EVER }, priority).unwrap();
    }
    assert!((seen[0] - 1000).abs() <= 1 && (seen[1] - 8000).abs() <= 1, "{seen:?}");
    balanced(queue, NOW);
}

/// 4.d9: TTL 10: published t=0; at t=10: Expired to DLC (exact).
#[test]
fn message_queue_9_an_exact_time_to_live() {
    let mut queue = queue(4, AtCapacity::Reject);
    let terms = Terms { ttl: ns(10), ..Terms::PLAIN };
    queue.publish(NOW, terms, 1).unwrap();
    queue.poll(at(9));
    assert_eq!((queue.depth(), letters(&mut queue)), (depth(1, 0, 0), vec![]));
    queue.poll(at(10));
    assert_eq!((queue.depth(), letters(&mut queue)), (depth(0, 0, 0), vec![(Reason::Expired, 1, 0)]));
    assert_eq!(queue.account().read().dead_lettered[Reason::Expired], 1);
    balanced(queue, at(10));
}

/// 4.d9: lazy: still in depth until reached, then Expired, never delivered.
#[test]
fn message_queue_9_a_lazy_time_to_live() {
    let mut queue = queue(4, AtCapacity::Reject).ttl(Ttl::Lazy);
    queue.publish(NOW, Terms { ttl: ns(10), ..Terms::PLAIN }, 1).unwrap();
    queue.publish(NOW, Terms::PLAIN, 2).unwrap();
    let consumer = queue.join(2).unwrap();
    queue.poll(at(1000));
    assert_eq!((queue.depth(), letters(&mut queue)), (depth(2, 0, 0), vec![]));
    assert_eq!(drained(&mut queue, consumer, at(1000)), [2], "never delivered");
    assert_eq!(letters(&mut queue), [(Reason::Expired, 1, 0)]);
    balanced(queue, at(1000));
}

/// 4.d10: attempts limit 3, always nack: 3 deliveries, then DLC(AttemptsExhausted, attempts=3).
#[test]
fn message_queue_10_attempts_end() {
    for requeue in [Requeue::Front, Requeue::Back, Requeue::Delay(ns(5))] {
        let mut queue = filled(4, [1]).attempts(3);
        let consumer = queue.join(1).unwrap();
        let (mut deliveries, mut now) = (0, 0);
        for _ in 0..10 {
            now += 5;
            let Ok(lease) = queue.lease(consumer, at(now), EVER) else { continue };
            deliveries += 1;
            queue.nack(lease, at(now), FAULT, requeue).unwrap();
        }
        assert_eq!(deliveries, 3);
        let letter = queue.letters().iter().next().unwrap().clone();
        assert_eq!((letter.attempts, letter.fault, letter.origin), (3, FAULT, "numbers"));
        assert!(letter.first < letter.last);
        queue.poll(at(now));
        assert_eq!(queue.account().read().dead_lettered[Reason::AttemptsExhausted], 1);
        assert_eq!(queue.watermark(), 1);
        balanced(queue, at(now));
    }
}

/// 4.d10: Release (give back unprocessed) 100 times does not count.
#[test]
fn message_queue_10_a_release_does_not_count() {
    let mut queue = filled(4, 1..=2).attempts(3);
    let consumer = queue.join(1).unwrap();
    for _ in 0..100 {
        let (lease, event, attempt) = next(&mut queue, consumer, NOW, EVER).unwrap();
        assert_eq!((event, attempt), (1, 1), "to its own place, and no attempt");
        queue.release(lease, NOW).unwrap();
    }
    assert_eq!((drained(&mut queue, consumer, NOW), letters(&mut queue)), (vec![1, 2], vec![]));
    balanced(queue, NOW);
}

/// What each answer to a full queue does.
#[test]
fn overflow_is_as_it_was_asked_for() {
    let full = |at_capacity| {
        let mut queue = queue(2, at_capacity).priorities(Priorities::strict::<2>());
        let consumer = queue.join(1).unwrap();
        for event in 1..=2 {
            queue.publish(NOW, Terms::PLAIN, event).unwrap();
        }
        (queue, consumer)
    };
    let (mut newest, consumer) = full(AtCapacity::DropNewest);
    assert_eq!(newest.publish(NOW, Terms::PLAIN, 3), Ok(None));
    assert_eq!(drained(&mut newest, consumer, NOW), [1, 2]);
    newest.poll(NOW);
    assert_eq!(newest.account().read().dropped[Reason::TableFull], 1);
    balanced(newest, NOW);

    let (mut oldest, consumer) = full(AtCapacity::DropOldest);
    assert_eq!(oldest.publish(NOW, Terms::PLAIN, 3), Ok(Some(3)));
    let lease = oldest.lease(consumer, NOW, EVER).unwrap();
    assert_eq!(oldest.publish(NOW, Terms { priority: 1, ttl: EVER }, 4), Ok(Some(4)));
    assert_eq!(oldest.publish(NOW, Terms::PLAIN, 5), Err(Full(5)), "neither a lease nor a higher priority");
    assert_eq!((oldest.ack(lease), drained(&mut oldest, consumer, NOW)), (Ok(2), vec![4]));
    oldest.poll(NOW);
    assert_eq!(oldest.account().read().dropped[Reason::Evicted], 2);
    balanced(oldest, NOW);

    let (mut letter, consumer) = full(AtCapacity::DeadLetter);
    assert_eq!(letter.publish(NOW, Terms::PLAIN, 3), Ok(None));
    assert_eq!(letters(&mut letter), [(Reason::TableFull, 3, 0)]);
    while letter.letters().len() < 64 {
        assert_eq!(letter.publish(NOW, Terms::PLAIN, 3), Ok(None));
    }
    assert_eq!(letter.publish(NOW, Terms::PLAIN, 4), Err(Full(4)));
    assert_eq!(drained(&mut letter, consumer, NOW), [1, 2]);
    balanced(letter, NOW);
}

#[test]
fn purge_takes_what_nobody_has() {
    let mut queue = filled(8, 1..=5);
    let consumer = queue.join(2).unwrap();
    let [one, two] = [(); 2].map(|()| queue.lease(consumer, NOW, EVER).unwrap());
    queue.nack(two, NOW, FAULT, Requeue::Delay(ns(5))).unwrap();
    assert_eq!(queue.peek(), Some(&3));
    assert_eq!((queue.purge(), queue.peek()), (4, None));
    assert_eq!((queue.depth(), queue.next_deadline()), (depth(0, 1, 0), None));
    assert_eq!((queue.watermark(), queue.ack(one), queue.watermark()), (0, Ok(1), 5));
    queue.poll(NOW);
    assert_eq!(queue.account().read().dropped[Reason::Evicted], 4);
    balanced(queue, NOW);
}

#[test]
fn what_a_consumer_had_goes_back_to_its_place() {
    for (attempt_of_1, go) in [(1, Numbers::leave as fn(&mut _, _, _) -> _), (2, Numbers::lose)] {
        let mut queue = filled(8, 1..=5);
        let [one, two] = [(); 2].map(|()| queue.join(3).unwrap());
        let lease = queue.lease(one, NOW, ns(10)).unwrap();
        queue.lease(two, NOW, ns(10)).unwrap();
        queue.lease(one, NOW, ns(10)).unwrap();
        assert_eq!((go(&mut queue, one, NOW), go(&mut queue, one, NOW)), (2, 0));
        assert_eq!((queue.ack(lease), queue.lease(one, NOW, EVER)), (Err(StaleLease), Err(NoLease::Gone)));
        let (_, event, attempt) = next(&mut queue, two, NOW, EVER).unwrap();
        assert_eq!((event, attempt), (1, attempt_of_1));
        assert_eq!(next(&mut queue, two, NOW, EVER).unwrap().1, 3);
        balanced(queue, NOW);
    }
}

#[test]
fn capacities_are_checked_and_places_run_out() {
    let new = |capacity, consumers| {
        Queue::new(capacity, consumers, AtCapacity::Reject, "", LetterBox::new(0, || 0u64)).map(drop)
    };
    assert_eq!(new(0, 1), Err(CapacityError::Zero));
    assert_eq!(new(1, 0), Err(CapacityError::Zero));
    for asked in [usize::MAX, 1 << 31] {
        assert_eq!(new(asked, 1), Err(CapacityError::TooLarge { asked }));
    }
    let mut queue = filled(1, []);
    let places = [(); 4].map(|()| queue.join(0).unwrap());
    assert_eq!(queue.join(1), Err(NoPlace));
    queue.leave(places[0], NOW);
    let again = queue.join(1).unwrap();
    assert!(again != places[0] && queue.lease(places[0], NOW, EVER) == Err(NoLease::Gone));
    assert_eq!(queue.lease(again, NOW, EVER), Err(NoLease::Empty));
}
