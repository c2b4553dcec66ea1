//! Ours. To enter one more, one line: what makes its ends, in the verb for where it runs.

use crate::credit::credit;
use crate::event::{Event, Put, Take};
use crate::field::{ANY, Field};
use crate::workload::pipeline::pipeline;
use crate::workload::stream::take;
use ringmain::channel::multicast::{Many, Multicast, Producer, Reader, SharedProducer};
use ringmain::channel::{broadcast, mpmc, mpsc, spmc, spsc};
use ringmain::contract::{Sink, Source, Tick, each};
use std::fmt::Debug;

pub(crate) fn enter(field: &mut Field) {
    for_event::<u64>(field);
    for_event::<[u64; 8]>(field);
    field.chain("ringmain spsc", |capacity| ends(spsc::channel(capacity, u64::default)));
    field.shared("ringmain mpsc", |capacity| ends(mpsc::channel(capacity, u64::default)));
    field.many("ringmain mpsc, lanes", (ANY, 1), |capacity, producers, _| {
        let (tx, rx) = ok(mpsc::lanes(producers, capacity, u64::default));
        (ours(tx), vec![Ours(rx)])
    });
    field.shared("ringmain multicast, many", multicast_many);
    field.many("ringmain spmc", (1, ANY), |capacity, _, consumers| {
        let (tx, rx) = ends(spmc::channel(capacity, u64::default));
        (vec![tx], vec![rx; consumers])
    });
    field.competing("ringmain mpmc", |capacity| ends(mpmc::channel(capacity, u64::default)));
    field.many("ringmain mpmc, strict", (ANY, ANY), |capacity, producers, consumers| {
        let (tx, rx) = ok(mpmc::strict::channel(capacity, producers, consumers, u64::default));
        (ours(tx), ours(rx))
    });
    field.multicast("ringmain multicast", |capacity| {
        let mut ring = ok(Multicast::new(capacity, u64::default));
        let readers = [Ours(ring.reader("a", &[])), Ours(ring.reader("b", &[]))];
        (Ours(ok(ring.build())), readers)
    });
    field.multicast("ringmain broadcast, lossy with credit", |capacity| {
        let (tx, rx) = ends(broadcast::channel(capacity));
        credit(capacity, tx, [rx.clone(), rx])
    });
    field.enter("pipeline/3", "ringmain multicast, C behind B", |plan| {
        let mut ring = ok(Multicast::new(plan.capacity, u64::default));
        let b = ring.reader("b", &[]);
        let c = ring.reader("c", &[&b]);
        let mut b = Ours(b);
        let pass = move |wait| _ = take::<u64>(&mut b, wait);
        pipeline((Ours(ok(ring.build())), pass, Ours(c)), plan)
    });
}

fn for_event<T: Event>(field: &mut Field) {
    field.ring::<T, _, _>("ringmain spsc", |capacity| ends(spsc::channel(capacity, T::default)));
    field.ring::<T, _, _>("ringmain spsc, spaced", |capacity| ends(spsc::spaced(capacity, T::default)));
    field.ring::<T, _, _>("ringmain multicast", multicast_one);
}

fn multicast_one<T: Event>(capacity: usize) -> (Ours<Producer<T>>, Ours<Reader<T>>) {
    let mut ring = ok(Multicast::new(capacity, T::default));
    let reader = ring.reader("a", &[]);
    (Ours(ok(ring.build())), Ours(reader))
}

fn multicast_many(capacity: usize) -> (Ours<SharedProducer<u64>>, Ours<Reader<u64, Many>>) {
    let mut ring = ok(Multicast::many(capacity, u64::default));
    let reader = ring.reader("a", &[]);
    (Ours(ok(ring.build())), Ours(reader))
}

fn ok<T, E: Debug>(made: Result<T, E>) -> T {
    made.expect("a good capacity and a good graph")
}

fn ends<P, C, E: Debug>(made: Result<(P, C), E>) -> (Ours<P>, Ours<C>) {
    let (tx, rx) = ok(made);
    (Ours(tx), Ours(rx))
}

fn ours<End>(ends: Vec<End>) -> Vec<Ours<End>> {
    ends.into_iter().map(Ours).collect()
}

/// Whatever is a sink, whatever is a source.
#[derive(Clone)]
struct Ours<End>(End);

impl<T: Event, K: Sink<Event = T> + Send + 'static> Put<T> for Ours<K> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn put(&mut self, event: T) -> bool {
        self.0.offer(|slot| *slot = event).is_ok()
    }
    #[inline(always)]
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        let fill = |nth, slot: &mut T| {
            *slot = T::new(first + nth as u64);
            Ok(())
        };
        self.0.fill_many(n as usize, fill).count as u64
    }
}

impl<T: Event, S: Source<Event = T> + Send + 'static> Take<T> for Ours<S> {
    const TOGETHER: bool = true;
    #[inline(always)]
    fn take(&mut self) -> Option<T> {
        let mut taken = None;
        let _ = self.0.drain(Tick::ZERO, 1, &mut each(|event: &T| taken = Some(*event)));
        taken
    }
    #[inline(always)]
    fn take_all(&mut self, mut f: impl FnMut(T)) {
        let _ = self.0.drain(Tick::ZERO, usize::MAX, &mut each(|event: &T| f(*event)));
    }
}
