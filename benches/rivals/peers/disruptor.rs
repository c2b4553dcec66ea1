//! disruptor-rs: its pollers, which are ends like any other, and its handlers, which it calls in threads of its own.

use crate::crew::{Failed, Idle, Job, Told, Wait, together};
use crate::event::{Event, Put, Take};
use crate::field::Field;
use crate::machine::{cores, pin, preemptions};
use crate::workload::stream::{Way, put_all};
use crate::workload::{Plan, Sample};
use disruptor::{
    BusySpin, EventPoller, MultiConsumerBarrier, MultiProducer, MultiProducerBarrier, ProcessorSettings,
    Producer, SingleConsumerBarrier, SingleProducer, SingleProducerBarrier, build_multi_producer,
    build_single_producer, wait_strategies::WaitStrategy,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

pub(super) fn rings<T: Event>(field: &mut Field) {
    field.ring::<T, _, _>("disruptor-rs, polled", |capacity| {
        let (poller, ring) = build_single_producer(capacity, T::default, BusySpin).new_event_poller();
        (ring.build(), poller)
    });
    for capacity in [1 << 10, 1 << 16] {
        for (family, way) in [("drained", Way::Drained), ("batch-32", Way::Batches)] {
            let case = format!("{family}/{}/{capacity}", T::NAME);
            field.enter(&case, "disruptor-rs, handler", move |plan| one_handler::<T>(plan, way));
        }
    }
}

pub(super) fn many(field: &mut Field) {
    field.shared("disruptor-rs, polled", |capacity| {
        let (poller, ring) = build_multi_producer(capacity, u64::default, BusySpin).new_event_poller();
        (ring.build(), poller)
    });
    field.multicast("disruptor-rs, polled", |capacity| {
        let (a, ring) = build_single_producer(capacity, u64::default, BusySpin).new_event_poller();
        let (b, ring) = ring.new_event_poller();
        (ring.build(), [a, b])
    });
    field.enter("multicast/threads", "disruptor-rs, handlers", |plan| {
        handled(plan, Way::Single, move |[mut a, mut b]| {
            build_single_producer(plan.capacity, u64::default, Waiting(plan.wait))
                .pin_at_core(1 % cores())
                .handle_events_with(move |event: &u64, _, _| a.see(event))
                .pin_at_core(1 % cores())
                .handle_events_with(move |event: &u64, _, _| b.see(event))
                .build()
        })
    });
    field.enter("pipeline/3", "disruptor-rs, handlers", |plan| {
        handled(plan, Way::Single, move |[mut b, mut c]| {
            build_single_producer(plan.capacity, u64::default, Waiting(plan.wait))
                .pin_at_core(1 % cores())
                .handle_events_with(move |event: &u64, _, _| b.see(event))
                .and_then()
                .pin_at_core(0)
                .handle_events_with(move |event: &u64, _, _| c.see(event))
                .build()
        })
    });
}

macro_rules! producer {
    ($put:ty) => {
        impl<T: Event> Put<T> for $put {
            const TOGETHER: bool = true;
            #[inline(always)]
            fn put(&mut self, event: T) -> bool {
                self.try_publish(|slot| *slot = event).is_ok()
            }
            #[inline(always)]
            fn put_some(&mut self, first: u64, n: u64) -> u64 {
                let fill = |(nth, slot): (usize, &mut T)| *slot = T::new(first + nth as u64);
                let put = self.try_batch_publish(n as usize, |slots| slots.enumerate().for_each(fill));
                put.map_or(0, |_| n)
            }
        }
    };
}
producer!(SingleProducer<T, SingleConsumerBarrier>);
producer!(SingleProducer<T, MultiConsumerBarrier>);
producer!(MultiProducer<T, SingleConsumerBarrier>);

macro_rules! poller {
    ($take:ty) => {
        impl<T: Event> Take<T> for $take {
            const TOGETHER: bool = true;
            #[inline(always)]
            fn take(&mut self) -> Option<T> {
                let mut guard = EventPoller::take(self, 1).ok()?;
                (&mut guard).next().copied()
            }
            #[inline(always)]
            fn take_all(&mut self, mut each: impl FnMut(T)) {
                if let Ok(mut guard) = self.poll() {
                    (&mut guard).for_each(|event| each(*event));
                }
            }
        }
    };
}
poller!(EventPoller<T, SingleProducerBarrier>);
poller!(EventPoller<T, MultiProducerBarrier>);

/// disruptor-rs waits in the way that the plan says.
#[derive(Clone, Copy)]
struct Waiting(Wait);

impl WaitStrategy for Waiting {
    #[inline(always)]
    fn wait_for(&self, _: disruptor::Sequence) {
        match self.0 {
            Wait::Spin => {}
            Wait::Pause => std::hint::spin_loop(),
            Wait::Yield => std::thread::yield_now(),
        }
    }
}

fn one_handler<T: Event>(plan: Plan, way: Way) -> Result<Sample, Failed> {
    handled(plan, way, move |[mut watch]| {
        build_single_producer(plan.capacity, T::default, Waiting(plan.wait))
            .pin_at_core(1 % cores())
            .handle_events_with(move |event: &T, _, _| watch.see(event))
            .build()
    })
}

/// A sample of which disruptor-rs starts the consuming threads itself: `make` builds a ring with a watch in each
/// handler.
fn handled<T: Event, P: Put<T>, const N: usize>(
    plan: Plan,
    way: Way,
    make: impl FnOnce([Watch; N]) -> P + Send + 'static,
) -> Result<Sample, Failed> {
    let warm = plan.warm_up();
    let log = Arc::new(Log::default());
    let watch =
        |_| Watch { next: 0, stop: warm, events: plan.events, wrong: 0, before: None, log: log.clone() };
    let watches = std::array::from_fn(watch);
    let of_handlers = log.clone();
    // A thread that is pinned already could not start one on another core.
    let producer = Job::anywhere(move || {
        let mut ring = make(watches);
        pin(0);
        put_all(&mut ring, way, 0..warm, plan.wait);
        log.wait_for(N);
        let before = preemptions();
        let begin = Instant::now();
        put_all(&mut ring, way, warm..warm + plan.events, plan.wait);
        let spans = vec![(begin, Instant::now())];
        log.wait_for(2 * N);
        Told { spans, preemptions: preemptions() - before, ..Told::nothing() }
    });
    let mut told = together(vec![producer])?;
    told.append(&mut of_handlers.told.lock().expect("nobody panicked"));
    Ok(Sample::of(plan.events, &told))
}

/// What a handler does with each event.
struct Watch {
    next: u64,
    /// Here the warm-up ends; later, here all ends.
    stop: u64,
    /// Events after the warm-up.
    events: u64,
    wrong: u64,
    /// Preemptions before the warm-up ended.
    before: Option<i64>,
    log: Arc<Log>,
}

/// What the watches of a ring have to tell.
#[derive(Default)]
struct Log {
    stops: AtomicUsize,
    told: Mutex<Vec<Told>>,
}

impl Log {
    fn wait_for(&self, stops: usize) {
        let mut idle = Idle::new(Wait::Yield);
        while self.stops.load(Ordering::Acquire) < stops {
            idle.turn();
        }
    }
}

impl Watch {
    #[inline(always)]
    fn see<T: Event>(&mut self, event: &T) {
        self.wrong |= event.number() ^ self.next;
        self.next += 1;
        if self.next == self.stop {
            self.tell();
        }
    }
    #[cold]
    fn tell(&mut self) {
        let now = Instant::now();
        if let Some(before) = self.before.replace(preemptions()) {
            let (right, preemptions) = (self.wrong == 0, preemptions() - before);
            let told = Told { spans: vec![(now, now)], right, preemptions, ..Told::default() };
            self.log.told.lock().expect("nobody panicked").push(told);
        }
        self.stop += self.events;
        self.log.stops.fetch_add(1, Ordering::AcqRel);
    }
}
