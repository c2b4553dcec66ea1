//! No libraries: the least that could do it. An event says itself which one it is here, which no queue may assume.

use crate::crew::{Failed, Gate, Idle, Job, together};
use crate::event::{Event, Put, Take};
use crate::field::Field;
use crate::workload::pipeline::{pipeline, relay};
use crate::workload::round_trip::{round_trip, trips};
use crate::workload::stream::{Way, stream};
use crate::workload::{Plan, Sample, multicast};
use crossbeam_utils::CachePadded;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) fn enter(field: &mut Field) {
    for_event::<u64>(field);
    for_event::<[u64; 8]>(field);
    field.enter("round-trip/u64", "two cache lines", two_lines);
    let two = |capacity| {
        let (tx, a, b) = flags::<u64>(capacity);
        (tx, [a, b])
    };
    field.enter("multicast/polled", FLAG, move |plan| multicast::polled(two(plan.capacity), plan));
    field.enter("multicast/threads", FLAG, move |plan| multicast::threads(two(plan.capacity), plan));
    field.enter("pipeline/3", FLAG, |plan| {
        let ((tx, to_b), (from_b, rx)) = (flag(plan.capacity), flag::<u64>(plan.capacity));
        pipeline((tx, relay(to_b, from_b), rx), plan)
    });
}

const FLAG: &str = "value is flag";
const BULK: &str = "bulk hand-over";

fn for_event<T: Shared>(field: &mut Field) {
    let kind = T::NAME;
    for capacity in [1 << 10, 1 << 16] {
        let single = format!("spsc/{kind}/{capacity}");
        field.enter(&single, FLAG, |plan| stream::<T>(flag(plan.capacity), plan, Way::Single));
        let ways = [("spsc", Way::Single), ("drained", Way::Drained), ("batch-32", Way::Batches)];
        for (family, way) in ways {
            let case = format!("{family}/{kind}/{capacity}");
            field.enter(&case, BULK, move |plan| stream::<T>(bulk(plan.capacity), plan, way));
        }
    }
    field.enter(&format!("round-trip/{kind}"), FLAG, |plan| {
        round_trip::<T>((flag(plan.capacity), flag(plan.capacity)), plan)
    });
    field.enter(&format!("solo/{kind}"), "plain array", array::<T>);
}

/// An event in memory that two threads may touch at once.
trait Shared: Event {
    type Cell: Send + Sync + 'static;
    /// Holds a number that nobody waits for.
    fn cell() -> Self::Cell;
    /// The first word last, and with Release: it is the flag of the others.
    fn write(self, cell: &Self::Cell);
    /// The number in the first word, with Acquire.
    fn flag(cell: &Self::Cell) -> u64;
    fn read(cell: &Self::Cell) -> Self;
}

impl Shared for u64 {
    type Cell = AtomicU64;
    fn cell() -> AtomicU64 {
        AtomicU64::new(u64::MAX)
    }
    #[inline(always)]
    fn write(self, cell: &AtomicU64) {
        cell.store(self, Ordering::Release);
    }
    #[inline(always)]
    fn flag(cell: &AtomicU64) -> u64 {
        cell.load(Ordering::Acquire)
    }
    #[inline(always)]
    fn read(cell: &AtomicU64) -> u64 {
        cell.load(Ordering::Relaxed)
    }
}

#[repr(align(64))]
struct Line([AtomicU64; 8]);

impl Shared for [u64; 8] {
    type Cell = Line;
    fn cell() -> Line {
        Line([const { AtomicU64::new(u64::MAX) }; 8])
    }
    #[inline(always)]
    fn write(self, Line(words): &Line) {
        words.iter().zip(self).skip(1).for_each(|(word, value)| word.store(value, Ordering::Relaxed));
        words[0].store(self[0], Ordering::Release);
    }
    #[inline(always)]
    fn flag(Line(words): &Line) -> u64 {
        words[0].load(Ordering::Acquire)
    }
    #[inline(always)]
    fn read(Line(words): &Line) -> Self {
        std::array::from_fn(|nth| words[nth].load(Ordering::Relaxed))
    }
}

type Position = CachePadded<AtomicU64>;

/// Cells, and the positions that the two sides tell each other.
struct Cells<T: Shared> {
    cells: Box<[T::Cell]>,
    tail: Position,
    done: [Position; 2],
}

impl<T: Shared> Cells<T> {
    fn new(capacity: usize) -> Arc<Self> {
        let cells = (0..capacity).map(|_| T::cell()).collect();
        Arc::new(Self { cells, tail: Position::default(), done: Default::default() })
    }
    #[inline(always)]
    fn capacity(&self) -> u64 {
        self.cells.len() as u64
    }
    #[inline(always)]
    fn at(&self, number: u64) -> &T::Cell {
        &self.cells[(number & (self.capacity() - 1)) as usize]
    }
}

/// One end of a ring of cells.
struct End<T: Shared, Role> {
    ring: Arc<Cells<T>>,
    next: u64,
    /// What is known of the other side: up to here it can go on.
    until: u64,
    role: Role,
}

/// Waits for `readers` readers.
struct FlagPut {
    readers: usize,
}
struct FlagTake {
    reader: usize,
}

/// One store an event, and no position of the producer at all; a reader tells how far it is four times a lap.
fn flags<T: Shared>(capacity: usize) -> (End<T, FlagPut>, End<T, FlagTake>, End<T, FlagTake>) {
    let ring = Cells::new(capacity);
    let reader = |reader| End { ring: ring.clone(), next: 0, until: 0, role: FlagTake { reader } };
    let (a, b) = (reader(0), reader(1));
    (End { ring, next: 0, until: capacity as u64, role: FlagPut { readers: 2 } }, a, b)
}

fn flag<T: Shared>(capacity: usize) -> (End<T, FlagPut>, End<T, FlagTake>) {
    let (tx, rx, _) = flags(capacity);
    (End { role: FlagPut { readers: 1 }, ..tx }, rx)
}

impl<T: Shared> Put<T> for End<T, FlagPut> {
    #[inline(always)]
    fn put(&mut self, event: T) -> bool {
        if self.next == self.until {
            let done = self.ring.done[..self.role.readers].iter().map(|done| done.load(Ordering::Acquire));
            self.until = done.min().unwrap_or(0) + self.ring.capacity();
        }
        let room = self.next < self.until;
        if room {
            event.write(self.ring.at(self.next));
            self.next += 1;
        }
        room
    }
}

impl<T: Shared> Take<T> for End<T, FlagTake> {
    #[inline(always)]
    fn take(&mut self) -> Option<T> {
        let cell = self.ring.at(self.next);
        if T::flag(cell) != self.next {
            return None;
        }
        let event = T::read(cell);
        self.next += 1;
        if self.next & (self.ring.capacity() / 4 - 1) == 0 {
            self.ring.done[self.role.reader].store(self.next, Ordering::Release);
        }
        Some(event)
    }
}

struct BulkPut;
struct BulkTake;

/// What is put in or taken out is told eight times a lap only, also where events come in batches.
fn bulk<T: Shared>(capacity: usize) -> (End<T, BulkPut>, End<T, BulkTake>) {
    let ring = Cells::new(capacity);
    let tx = End { ring: ring.clone(), next: 0, until: capacity as u64, role: BulkPut };
    (tx, End { ring, next: 0, until: 0, role: BulkTake })
}

impl<T: Shared> Put<T> for End<T, BulkPut> {
    #[inline(always)]
    fn put(&mut self, event: T) -> bool {
        self.put_some(event.number(), 1) == 1
    }
    /// All or none.
    #[inline(always)]
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        if self.until - self.next < n {
            self.until = self.ring.done[0].load(Ordering::Acquire) + self.ring.capacity();
            if self.until - self.next < n {
                return 0;
            }
        }
        (0..n).for_each(|nth| T::new(first + nth).write(self.ring.at(self.next + nth)));
        self.next += n;
        if self.next & (self.ring.capacity() / 8 - 1) < n {
            Put::<T>::publish(self);
        }
        n
    }
    #[inline(always)]
    fn publish(&mut self) {
        self.ring.tail.store(self.next, Ordering::Release);
    }
}

impl<T: Shared> End<T, BulkTake> {
    #[inline(always)]
    fn give_back(&self) {
        self.ring.done[0].store(self.next, Ordering::Release);
    }
}

impl<T: Shared> Take<T> for End<T, BulkTake> {
    #[inline(always)]
    fn take(&mut self) -> Option<T> {
        if self.next == self.until {
            self.until = self.ring.tail.load(Ordering::Acquire);
            if self.next == self.until {
                self.give_back();
                return None;
            }
        }
        let event = T::read(self.ring.at(self.next));
        self.next += 1;
        if self.next & (self.ring.capacity() / 8 - 1) == 0 {
            self.give_back();
        }
        Some(event)
    }
    #[inline(always)]
    fn take_all(&mut self, mut each: impl FnMut(T)) {
        let tail = self.ring.tail.load(Ordering::Acquire);
        let until = tail.min(self.next + self.ring.capacity() / 8);
        if self.next < until {
            (self.next..until).for_each(|number| each(T::read(self.ring.at(number))));
            self.next = until;
            self.give_back();
        }
    }
}

/// A store there and a store back.
fn two_lines(plan: Plan) -> Result<Sample, Failed> {
    let lines: Arc<[Position; 2]> = Default::default();
    let there = lines.clone();
    let wait_for = move |line: &Position, number: u64| {
        let mut idle = Idle::new(plan.wait);
        while line.load(Ordering::Acquire) != number + 1 {
            idle.turn();
        }
    };
    let ask = move |number| {
        lines[0].store(number + 1, Ordering::Release);
        wait_for(&lines[1], number);
        number
    };
    let answer = move |number| {
        wait_for(&there[0], number);
        there[1].store(number + 1, Ordering::Release);
    };
    trips(plan, ask, answer)
}

/// One thread writes an event into an array and reads it.
fn array<T: Event>(plan: Plan) -> Result<Sample, Failed> {
    let mut slots = vec![T::default(); plan.capacity];
    let job = Job::on(0, move || {
        Gate::of(1).time(|| {
            let wrong = (0..plan.events).fold(0, |wrong, number| {
                let slot = number as usize & (plan.capacity - 1);
                slots[slot] = T::new(number);
                wrong | (black_box(&mut slots)[slot].number() ^ number)
            });
            wrong == 0
        })
    });
    Ok(Sample::of(plan.events, &together(vec![job])?))
}
