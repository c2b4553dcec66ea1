//! What is allocated after construction: nothing.

use super::order::{POLICY, RESERVE, Rig, What, event, ns};
use crate::kit::allocations;
use ringmain::contract::Halt;
use ringmain::pattern::process_manager::{Full, Missing, Policy};

/// No path allocates: all the way, back, late, held, deferred, expired, duplicate, full, evicted, stuck, retried, closed.
#[test]
fn process_manager_allocates_nothing() {
    let policy = Policy {
        missing: Missing::Hold(ns(20)),
        deadline: Some(ns(200)),
        full: Full::EvictFinished,
        remember: ns(50),
        ..POLICY
    };
    let mut rig = Rig::of(2, policy);
    let ((), allocated) = allocations(|| {
        for round in 0..20 {
            let now = 10_000 * round;
            // Early, deferred, looked at, all the way, late; then twice.
            for what in [What::Reserved, What::Submit, What::Paid, What::Ping, What::Shipped, What::Paid] {
                let _ = rig.give(now, event(1, what));
            }
            let _ = rig.turn(now);
            // Back, by time; late; stuck; helped.
            for what in [What::Submit, What::Paid, What::Reserved, What::Fault, What::Astray] {
                let _ = rig.give(now, event(2, what));
            }
            let _ = rig.give(now, event(3, What::Submit));
            let _ = rig.give(now, event(4, What::Submit));
            for later in [100, 101, 200, 1300, 2400, 3500, 4600] {
                let _ = rig.turn(now + later);
                let _ = rig.give(now + later, event(2, What::Paid));
            }
            for what in [What::UndoFailed(RESERVE), What::Operator, What::Undone(RESERVE)] {
                let _ = rig.give(now + 4600, event(2, what));
            }
            let _ = rig.give(now + 4600, event(5, What::Paid));
            let _ = rig.turn(now + 9000);
        }
        rig.out.close();
        assert_eq!(rig.give(300_000, event(9, What::Submit)), Err(Halt::Stop));
    });
    assert_eq!(allocated, 0);
    let books = rig.books();
    assert!(books.out >= 100 && books.filtered >= 20 && books.dead_lettered.total() >= 20, "{books:?}");
}
