//! Queues and channels with many producers, and those among them for many consumers.

use super::ends;
use crate::event::{Blocking, Event, Put, Take};
use crate::field::{ANY, Field};
use concurrent_queue::ConcurrentQueue;
use crossbeam_queue::ArrayQueue;
use std::num::NonZeroUsize;
use std::sync::Arc;

pub(super) fn rings<T: Event>(field: &mut Field) {
    field.ring::<T, _, _>("crossbeam-channel", crossbeam_channel::bounded);
    field.ring::<T, _, _>("crossbeam ArrayQueue", array_queue);
    field.ring::<T, _, _>("concurrent-queue", concurrent);
    field.ring::<T, _, _>("crossfire spsc", crossfire::spsc::bounded_blocking);
    field.ring::<T, _, _>("kanal", kanal::bounded);
    field.ring::<T, _, _>("flume", flume::bounded);
    field.ring::<T, _, _>("gil mpsc", gil_mpsc);
    field.ring::<T, _, _>("gil mpmc", gil_mpmc);
    field.ring::<T, _, _>("nexus-queue mpsc", nexus_queue::mpsc::ring_buffer);
}

pub(super) fn many(field: &mut Field) {
    crossfire::detect_backoff_cfg();
    field.competing("crossbeam-channel", crossbeam_channel::bounded);
    field.competing("crossbeam-channel, blocking", |n| blocking(crossbeam_channel::bounded(n)));
    field.competing("crossbeam ArrayQueue", array_queue);
    field.competing("concurrent-queue", concurrent);
    field.competing("crossfire mpmc", crossfire::mpmc::bounded_blocking);
    field.competing("crossfire mpmc, blocking", |n| blocking(crossfire::mpmc::bounded_blocking(n)));
    field.shared("crossfire mpsc", crossfire::mpsc::bounded_blocking);
    field.competing("kanal", kanal::bounded);
    field.competing("kanal, blocking", |n| blocking(kanal::bounded(n)));
    field.competing("flume", flume::bounded);
    field.competing("flume, blocking", |n| blocking(flume::bounded(n)));
    // The blocking calls of omango and of gil's mpmc sometimes miss that they are woken, and hang.
    field.competing("omango mpmc", |n| omango::queue::mpmc::bounded(n as u32));
    field.competing("gil mpmc", gil_mpmc);
    field.shared("gil mpsc", gil_mpsc);
    field.many("gil mpsc sharded, a ring a producer", (ANY, 1), gil_sharded);
    field.shared("nexus-queue mpsc", nexus_queue::mpsc::ring_buffer);
}

fn blocking<P, C>((tx, rx): (P, C)) -> (Blocking<P>, Blocking<C>) {
    (Blocking(tx), Blocking(rx))
}

/// The ends of a channel that has both kinds of calls.
macro_rules! channel {
    ($tx:ty, $rx:ty) => {
        ends!($tx, $rx, |tx, event| tx.try_send(event).is_ok(), |rx| rx.try_recv().ok());
        ends!(
            Blocking<$tx>,
            Blocking<$rx>,
            |tx, event| tx.0.send(event).map(|()| true).expect("a consumer"),
            |rx| Some(rx.0.recv().expect("a producer"))
        );
    };
}
channel!(crossbeam_channel::Sender<T>, crossbeam_channel::Receiver<T>);
channel!(flume::Sender<T>, flume::Receiver<T>);
channel!(crossfire::MTx<crossfire::mpmc::Array<T>>, crossfire::MRx<crossfire::mpmc::Array<T>>);

ends!(kanal::Sender<T>, kanal::Receiver<T>, |tx, event| tx.try_send(event).expect("a consumer"), |rx| rx
    .try_recv()
    .expect("a producer"));
ends!(
    Blocking<kanal::Sender<T>>,
    Blocking<kanal::Receiver<T>>,
    |tx, event| tx.0.send(event).map(|()| true).expect("a consumer"),
    |rx| Some(rx.0.recv().expect("a producer"))
);
ends!(
    crossfire::MTx<crossfire::mpsc::Array<T>>,
    crossfire::Rx<crossfire::mpsc::Array<T>>,
    |tx, event| tx.try_send(event).is_ok(),
    |rx| rx.try_recv().ok()
);
ends!(
    crossfire::Tx<crossfire::spsc::Array<T>>,
    crossfire::Rx<crossfire::spsc::Array<T>>,
    |tx, event| tx.try_send(event).is_ok(),
    |rx| rx.try_recv().ok()
);
ends!(
    omango::queue::mpmc::BSender<T>,
    omango::queue::mpmc::BReceiver<T>,
    |tx, event| tx.try_send(event).is_ok(),
    |rx| rx.try_recv().ok()
);
ends!(
    nexus_queue::mpsc::Producer<T>,
    nexus_queue::mpsc::Consumer<T>,
    |tx, event| tx.push(event).is_ok(),
    |rx| rx.pop()
);
ends!(gil::mpsc::Sender<T>, gil::mpsc::Receiver<T>, |tx, event| tx.try_send(event).is_ok(), |rx| rx
    .try_recv());
ends!(gil::mpmc::Sender<T>, gil::mpmc::Receiver<T>, |tx, event| tx.try_send(event).is_ok(), |rx| rx
    .try_recv());
ends!(
    gil::mpsc::sharded::Sender<T>,
    gil::mpsc::sharded::Receiver<T>,
    |tx, event| tx.try_send(event).is_ok(),
    |rx| rx.try_recv()
);
ends!(Arc<ArrayQueue<T>>, Arc<ArrayQueue<T>>, |queue, event| queue.push(event).is_ok(), |queue| queue.pop());
ends!(Arc<ConcurrentQueue<T>>, Arc<ConcurrentQueue<T>>, |queue, event| queue.push(event).is_ok(), |queue| {
    queue.pop().ok()
});

fn array_queue<T: Event>(capacity: usize) -> (Arc<ArrayQueue<T>>, Arc<ArrayQueue<T>>) {
    let queue = Arc::new(ArrayQueue::new(capacity));
    (queue.clone(), queue)
}

fn concurrent<T: Event>(capacity: usize) -> (Arc<ConcurrentQueue<T>>, Arc<ConcurrentQueue<T>>) {
    let queue = Arc::new(ConcurrentQueue::bounded(capacity));
    (queue.clone(), queue)
}

fn slots(capacity: usize) -> NonZeroUsize {
    NonZeroUsize::new(capacity).expect("not zero")
}

fn gil_mpsc<T: Event>(capacity: usize) -> (gil::mpsc::Sender<T>, gil::mpsc::Receiver<T>) {
    gil::mpsc::channel(slots(capacity))
}

fn gil_mpmc<T: Event>(capacity: usize) -> (gil::mpmc::Sender<T>, gil::mpmc::Receiver<T>) {
    gil::mpmc::channel(slots(capacity))
}

type Sharded = (Vec<gil::mpsc::sharded::Sender<u64>>, Vec<gil::mpsc::sharded::Receiver<u64>>);

fn gil_sharded(capacity: usize, producers: usize, _: usize) -> Sharded {
    let (tx, rx) = gil::mpsc::sharded::channel(slots(producers), slots(capacity));
    let mut senders: Vec<_> = (1..producers).map(|_| tx.clone().expect("a shard is left")).collect();
    senders.push(tx);
    (senders, vec![rx])
}
