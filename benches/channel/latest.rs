//! The newest value only; beside `crossbeam`'s `AtomicCell`, a value that anybody stores and loads, and `std`'s lock.

use crate::{EVENTS, Event, group, pause, together};
use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use crossbeam::atomic::AtomicCell;
use ringmain::channel::latest::{self, Producer, Reader};
use ringmain::contract::Sink;
use ringmain::ring::Plain;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

pub(crate) fn benches(c: &mut Criterion) {
    for_event::<u64>(c);
    for_event::<[u64; 8]>(c);
}

fn for_event<T: Event + Plain>(c: &mut Criterion) {
    let mut alone = group(c, &format!("latest/one thread/write and read/{}", T::NAME));
    write_and_read::<T, _, _>(&mut alone, "ringmain", ours());
    write_and_read::<T, _, _>(&mut alone, "crossbeam AtomicCell", atomic_cell());
    write_and_read::<T, _, _>(&mut alone, "std RwLock", lock());
    alone.finish();

    let mut writes = group(c, &format!("latest/two threads/write beside a reader/{}", T::NAME));
    beside::<T, _, _>(&mut writes, "ringmain", ours::<T>, true);
    beside::<T, _, _>(&mut writes, "crossbeam AtomicCell", atomic_cell::<T>, true);
    beside::<T, _, _>(&mut writes, "std RwLock", lock::<T>, true);
    writes.finish();

    let mut reads = group(c, &format!("latest/two threads/read beside a writer/{}", T::NAME));
    beside::<T, _, _>(&mut reads, "ringmain", ours::<T>, false);
    beside::<T, _, _>(&mut reads, "crossbeam AtomicCell", atomic_cell::<T>, false);
    beside::<T, _, _>(&mut reads, "std RwLock", lock::<T>, false);
}

trait Write<T>: Send {
    fn write(&mut self, value: T);
}

trait Read<T>: Send {
    fn read(&mut self) -> T;
}

fn write_and_read<T: Event, W: Write<T>, R: Read<T>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    (mut tx, mut rx): (W, R),
) {
    let mut number = 0;
    group.throughput(Throughput::Elements(1));
    group.bench_function(name, |b| {
        b.iter(|| {
            number += 1;
            tx.write(T::new(number));
            assert_eq!(rx.read().number(), number);
        });
    });
}

/// What a write costs beside a thread that reads all the time, or a read beside one that writes all the time.
fn beside<T: Event, W: Write<T>, R: Read<T>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    new: impl Fn() -> (W, R),
    writes: bool,
) {
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let ((mut tx, mut rx), done) = (new(), AtomicBool::new(false));
            let (done, rounds) = (&done, iterations * EVENTS);
            let mut number = 0;
            let mut write = move || {
                number += 1;
                tx.write(T::new(number));
            };
            let mut read = move || {
                black_box(rx.read().number());
            };
            let measured = |one: &mut dyn FnMut()| {
                (0..rounds).for_each(|_| one());
                done.store(true, Ordering::Release);
            };
            let other = |one: &mut dyn FnMut()| {
                while !done.load(Ordering::Acquire) {
                    one();
                    pause();
                }
            };
            if writes {
                together(|| measured(&mut write), || other(&mut read))
            } else {
                together(|| measured(&mut read), || other(&mut write))
            }
        });
    });
}

impl<T: Event + Plain> Write<T> for Producer<T> {
    fn write(&mut self, value: T) {
        self.push(value).expect("it is never refused");
    }
}

impl<T: Event + Plain> Read<T> for Reader<T> {
    fn read(&mut self) -> T {
        Reader::read(self).value
    }
}

fn ours<T: Event + Plain>() -> (Producer<T>, Reader<T>) {
    latest::channel(T::new(0))
}

impl<T: Event> Write<T> for Arc<AtomicCell<T>> {
    fn write(&mut self, value: T) {
        self.store(value);
    }
}

impl<T: Event> Read<T> for Arc<AtomicCell<T>> {
    fn read(&mut self) -> T {
        self.load()
    }
}

fn atomic_cell<T: Event>() -> (Arc<AtomicCell<T>>, Arc<AtomicCell<T>>) {
    let cell = Arc::new(AtomicCell::new(T::new(0)));
    (cell.clone(), cell)
}

impl<T: Event> Write<T> for Arc<RwLock<T>> {
    fn write(&mut self, value: T) {
        *RwLock::write(self).expect("nobody panics under this lock") = value;
    }
}

impl<T: Event> Read<T> for Arc<RwLock<T>> {
    fn read(&mut self) -> T {
        *RwLock::read(self).expect("nobody panics under this lock")
    }
}

fn lock<T: Event>() -> (Arc<RwLock<T>>, Arc<RwLock<T>>) {
    let lock = Arc::new(RwLock::new(T::new(0)));
    (lock.clone(), lock)
}
