//! Patterns with tables in them.

use super::{look, ok, stage};
use ringmain::contract::{At, Fault, Flow, Tick};
use ringmain::pattern::aggregator::{self, Conditions, FoldFailure, Full, Late, Pending, Unfinished};
use ringmain::pattern::resequencer::{
    self, Ahead, Apart, Closing, Duplicate, Hole, Late as LateNumber, Start,
};
use ringmain::pattern::routing_slip::{IfGone, Then, Visit};
use ringmain::pattern::{
    Activity, Aggregator, AtCapacity, Edit, LetterBox, Nowhere, Planner, Queue, Resequencer, RoutingSlip,
    Terms, Traveller,
};
use ringmain::{contract::Stage, ring::Sequence};
use std::hint::black_box;
use std::time::Duration;

pub(super) fn in_order(n: u64) {
    let policy = resequencer::Policy {
        start: Start::Fixed(0),
        hole: Hole::Skip { after: Duration::from_secs(1) },
        ahead: Ahead::Advance,
        late: LateNumber::Drop,
        duplicate: Duplicate::KeepFirst,
        closing: Closing::Release,
    };
    let next = Apart::new(Nowhere, Nowhere, look);
    stage(n, ok(Resequencer::new(256, policy, |number: &u64| *number, u64::default, next)));
}

/// Over 64 groups, each of which is closed by its fourth event, if `size` says so.
pub(super) fn fold(n: u64, size: u64) {
    let policy = aggregator::Policy {
        groups: 64,
        full: Full::RejectNew,
        late: Late::NewGroup,
        pending: Pending::NewEpoch,
        expired: Unfinished::EmitPartial,
        stopped: Unfinished::EmitPartial,
        failure: FoldFailure::SkipMessage,
    };
    let conditions = Conditions { size: Some(size), ..Conditions::NONE };
    let key = |number: &u64| Some(number % 64);
    let add = |sum: &mut u64, number: &u64| -> Result<(), Fault> {
        *sum = sum.wrapping_add(*number);
        Ok(())
    };
    let next = |sum: aggregator::Aggregate<u64, &mut u64>, _: At| -> Flow {
        black_box(*sum.value);
        Ok(())
    };
    stage(n, ok(Aggregator::new(policy, conditions, key, 0, add, Nowhere, next)));
}

/// A message in, and the oldest of 16 leased and acknowledged.
pub(super) fn queue(n: u64, span: Duration) {
    let letters = LetterBox::new(1, u64::default);
    let mut queue = ok(Queue::new(64, 1, AtCapacity::Reject, "bench", letters));
    let consumer = ok(queue.join(1));
    (0..16).for_each(|number| _ = ok(queue.publish(Tick::ZERO, Terms::PLAIN, number)));
    for number in 0..n {
        let _ = black_box(queue.publish(Tick::ZERO, Terms::PLAIN, black_box(number)));
        let lease = ok(queue.lease(consumer, Tick::ZERO, span));
        let _ = black_box(queue.ack(lease));
    }
}

/// Begins a slip of so many steps, all of which are done here.
pub(super) fn slip(n: u64, steps: usize) {
    type Number = Traveller<u64, 0>;
    let add = |number: &mut Number, _: &mut Visit| -> Flow<Then> {
        number.body = black_box(number.body + 1);
        Ok(Then::Next)
    };
    let mut planner = Planner::new(4);
    let activities = ["a", "b", "c"].map(|name| Activity::new(ok(planner.step::<(), ()>(name)), add));
    let itinerary = ok(planner.itinerary_of(&[1, 2, 3][..steps]));
    let itineraries = planner.share();
    let next = |number: &mut Number, at: At| look(&number.body, at);
    let slip = RoutingSlip::new(planner.share(), IfGone::Fault, 1, activities, next);
    let begin = move |number: &mut Number| -> Flow {
        itineraries.start(number, itinerary);
        Ok(())
    };
    let (mut stage, mut event) = (Edit::new(begin, slip), Number::default());
    for number in 0..n {
        let at = At { seq: Sequence::new(number), now: Tick::ZERO };
        let _ = black_box(stage.on_event(black_box(&mut event), at));
    }
}
