//! The suite that every ring passes, whatever is in it.
//!
//! Every rule is checked with positions that begin just before the wrap, and on one thread unless its name says more.

pub(crate) mod batches;
pub(crate) mod capacity;
pub(crate) mod closing;
pub(crate) mod events;
pub(crate) mod oracle;
pub(crate) mod threads;

use super::{Event, Rig, Shown};
use ringmain::contract::{Filled, Sink, Source, Tick, each};
use ringmain::ring::Sequence;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

/// Tests of one ring, in a module of the name given: `channel_conforms!(spsc, Spsc);`, see [`Rig`].
macro_rules! channel_conforms {
    ($name:ident, $rig:ty) => {
        mod $name {
            use super::*;
            use $crate::kit::channel;

            $crate::kit::channel_conforms! { @ $rig;
                capacity {
                    a_bad_capacity_is_an_error
                    every_capacity_fills_up_refuses_and_goes_on
                }
                batches {
                    a_limit_is_kept_and_positions_grow
                    a_batch_takes_what_fits_and_says_so
                    a_batch_may_fail_or_panic_at_any_slot
                    what_a_stage_says_decides_whether_the_event_is_consumed
                    a_stage_may_panic_at_any_event
                    a_drain_ends_though_events_come_as_fast_as_it_goes
                }
                closing {
                    the_end_comes_behind_the_last_event
                    a_consumer_that_goes_gives_the_event_back
                    a_handle_that_is_never_dropped_holds_up_and_harms_nobody
                }
                events {
                    owned_values_are_dropped_once_wherever_they_are
                    every_kind_of_event_passes
                    an_event_lies_where_it_was_put
                }
                threads {
                    two_threads_hand_everything_over_in_order
                    two_threads_a_side_hand_everything_over_once
                }
                oracle {
                    any_steps_make_a_bounded_queue
                }
            }
        }
    };
    (@ $rig:ty; $($theme:ident { $($rule:ident)+ })+) => {
        $($(#[test]
        fn $rule() {
            channel::$theme::$rule::<$rig>();
        })+)+
    };
}
pub(crate) use channel_conforms;
pub(crate) use events::{Dropped, Drops};

/// So many ends of a side, where there may be many.
fn most(many: bool) -> usize {
    if many { 3 } else { 1 }
}

fn starts(capacity: usize) -> [Sequence; 3] {
    [Sequence::ZERO, Sequence::ZERO.minus(1), Sequence::ZERO.minus(capacity as u64)]
}

/// A ring of `capacity` that begins just before the wrap.
fn ring<R: Rig, T: Event>(capacity: usize, fill: impl FnMut() -> T) -> (R::Tx<T>, R::Rx<T>) {
    R::build(Sequence::ZERO.minus(2), capacity, fill).unwrap()
}

/// What both sides say while `n` events are in the ring, of which a consumer was shown one, or none.
fn lens<R: Rig>(n: usize, shown: bool) -> (usize, usize) {
    (n - usize::from(shown && R::SHOWN != Shown::InTheRing), n)
}

/// All that is there now, at most `limit`. One call may give less than that, but something if anything is there.
fn drain<T: Clone>(rx: &mut impl Source<Event = T>, limit: usize) -> Vec<T> {
    let mut seen = Vec::new();
    while seen.len() < limit {
        let before = seen.len();
        let drained = rx.drain(NOW, limit - before, &mut each(|event: &T| seen.push(event.clone())));
        assert_eq!(drained.count, seen.len() - before);
        if drained.count == 0 {
            break;
        }
    }
    seen
}

/// Fills `n` slots with the numbers from `first`.
fn fill(tx: &mut impl Sink<Event = u64>, first: u64, n: usize) -> Filled {
    tx.fill_many(n, |i, slot| {
        *slot = first + i as u64;
        Ok(())
    })
}

fn numbers(first: u64, n: usize) -> Vec<u64> {
    (first..first + n as u64).collect()
}

pub(crate) fn panics<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// Without the hook, which would print.
pub(crate) fn panic_on_purpose() -> ! {
    resume_unwind(Box::new("on purpose"))
}
