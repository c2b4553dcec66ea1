//! The peers: what users would take instead, and what is first in some case.

mod channels;
mod disruptor;
mod multicast;
mod rings;

use crate::event::Event;
use crate::field::Field;

pub(crate) fn enter(field: &mut Field) {
    for_event::<u64>(field);
    for_event::<[u64; 8]>(field);
    rings::chains(field);
    channels::many(field);
    disruptor::many(field);
    multicast::many(field);
}

fn for_event<T: Event>(field: &mut Field) {
    rings::rings::<T>(field);
    channels::rings::<T>(field);
    disruptor::rings::<T>(field);
    multicast::rings::<T>(field);
}

/// Makes two types the ends of a contender.
macro_rules! ends {
    ($put:ty, $take:ty, |$tx:ident, $event:ident| $try_put:expr, |$rx:ident| $try_take:expr) => {
        impl<T: Event> Put<T> for $put {
            #[inline(always)]
            fn put(&mut self, $event: T) -> bool {
                let $tx = self;
                $try_put
            }
        }
        impl<T: Event> Take<T> for $take {
            #[inline(always)]
            fn take(&mut self) -> Option<T> {
                let $rx = self;
                $try_take
            }
        }
    };
}
use ends;
