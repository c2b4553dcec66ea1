//! Nothing allocates after construction, whatever happens.

use super::*;
use crate::kit::allocations;

#[test]
fn no_path_of_a_queue_allocates() {
    for at_capacity in
        [AtCapacity::Reject, AtCapacity::DropNewest, AtCapacity::DropOldest, AtCapacity::DeadLetter]
    {
        let mut queue = queue(8, at_capacity).priorities(Priorities::weighted([1, 3])).attempts(3);
        let ((), allocated) = allocations(|| {
            for round in 0..200 {
                let now = at(round * 50);
                let [one, two] = [(); 2].map(|()| queue.join(4).unwrap());
                for n in 0..10 {
                    let ttl = if n % 3 == 0 { ns(40) } else { EVER };
                    let _ = queue.publish(now, Terms { priority: (n % 2) as u8, ttl }, n);
                }
                let [a, b, c, d] = [(); 4].map(|()| queue.lease(one, now, ns(10)).unwrap());
                assert_eq!(queue.lease(one, now, ns(10)), Err(NoLease::Prefetch));
                assert!(queue.get(a).is_ok());
                let _ = (queue.extend(a, now, ns(20)), queue.ack(a), queue.ack(a));
                let _ = (queue.nack(b, now, FAULT, Requeue::Front), queue.release(c, now));
                let _ = queue.nack(d, now, FAULT, Requeue::Delay(ns(5)));
                let last = queue.lease(two, now, EVER).unwrap();
                let _ = queue.nack(last, now, FAULT, Requeue::DeadLetter);
                let _ = queue.lease(two, now, EVER);
                queue.poll(at(round * 50 + 45));
                queue.leave(one, now);
                queue.leave(two, now);
                if round % 4 == 0 {
                    queue.purge();
                    while queue.letters().drop_oldest() {}
                }
                queue.poll(now);
            }
        });
        assert_eq!(allocated, 0);
        let books = {
            queue.poll(NOW);
            queue.account().read()
        };
        assert!(books.dead_lettered.total() > 0 && books.dropped.total() > 0 && books.out > 0);
        balanced(queue, NOW);
    }
}
