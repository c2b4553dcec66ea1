//! Pattern 2, point-to-point channel. What is the same in every mode is here; each mode has a file of its
//! own.

mod claim;
mod dispatch;
mod membership;
mod oracle;
mod partition;
mod single_active;

use crate::kit::{Kit, Script, Terms, conforms, run, turn};
use ringmain::channel::{mpmc, mpmc::strict, multicast::Multicast, spmc, spsc};
use ringmain::contract::{
    Account, Agent, At, Drained, End, Fault, Flow, Halt, Sink, Source, Stage, Tick, Work, each,
};
use ringmain::pattern::point_to_point::{
    Ack, AtMostOnce, BySeq, Choice, Dispatch, InTurn, Job, KeyHash, LeastLoaded, Loss, Partition, Redeliver,
    SingleActive, Worker,
};
use ringmain::pattern::{ContentRouter, Criterion, Filter, LetterBox};
use ringmain::ring::Sequence;
use ringmain::table::Handle;
use ringmain::wait::Yielding;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::thread;

const NOW: Tick = Tick::ZERO;

/// What a worker has for the dispatcher, and the dispatcher for it.
pub(crate) type Post<T> = (spsc::Producer<Job<T>>, spsc::Consumer<Ack>);
pub(crate) type Place<T> = (spsc::Consumer<Job<T>>, spsc::Producer<Ack>);

/// Rings for `N` workers: room for so many jobs each, and for as many acknowledgements as there can be.
pub(crate) fn posts<T: Default, const N: usize>(
    jobs: usize,
    in_flight: usize,
) -> ([Post<T>; N], Vec<Place<T>>) {
    let mut places = Vec::new();
    let posts = std::array::from_fn(|_| {
        let (to_worker, jobs) = spsc::channel(jobs, Job::default).unwrap();
        let (acks, from_worker) = spsc::channel(in_flight.next_power_of_two(), Ack::default).unwrap();
        places.push((jobs, acks));
        (to_worker, from_worker)
    });
    (posts, places)
}

/// What becomes of a job.
fn answer(handle: Handle, fault: Option<Fault>) -> Ack {
    fault.map_or(Ack::Done(handle), |fault| Ack::Failed(handle, fault))
}

/// A ring of one thread that is exact at any moment: full at `capacity`, and closed as soon as it is said.
pub(crate) struct Wire<T>(Rc<RefCell<Line<T>>>);

struct Line<T> {
    events: VecDeque<T>,
    capacity: usize,
    closed: bool,
}

impl<T> Wire<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let events = VecDeque::with_capacity(capacity);
        Self(Rc::new(RefCell::new(Line { events, capacity, closed: false })))
    }
    fn close(&self) {
        self.0.borrow_mut().closed = true;
    }
    fn pop(&self) -> Option<T> {
        self.0.borrow_mut().events.pop_front()
    }
}

impl<T> Clone for Wire<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Default> Sink for Wire<T> {
    type Event = T;
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        let mut line = self.0.borrow_mut();
        if line.closed {
            return Err(Halt::Stop);
        }
        if line.events.len() == line.capacity {
            return Err(Halt::Again);
        }
        let mut event = T::default();
        let filled = fill(&mut event)?;
        line.events.push_back(event);
        Ok(filled)
    }
}

impl<T> Source for Wire<T> {
    type Event = T;
    fn drain<S: for<'e> Stage<&'e T>>(&mut self, now: Tick, limit: usize, stage: &mut S) -> Drained {
        let mut count = 0;
        while count < limit
            && let Some(event) = self.pop()
        {
            count += 1;
            if let Err(halt) = stage.on_event(&event, At { seq: Sequence::ZERO, now }) {
                assert_ne!(halt, Halt::Again, "it is gone");
                return Drained { count, end: Some(End::Halted(halt)) };
            }
        }
        let over = self.0.borrow().closed && self.0.borrow().events.is_empty();
        Drained { count, end: over.then_some(End::Closed) }
    }
}

/// A sink of jobs whose worker does each at once, and goes when the sink is closed.
pub(crate) struct AtOnce<K> {
    pub(crate) sink: K,
    pub(crate) acks: Wire<Ack>,
}

impl<T, K: Sink<Event = Job<T>>> Sink for AtOnce<K> {
    type Event = Job<T>;
    fn fill<R>(&mut self, fill: impl FnOnce(&mut Job<T>) -> Flow<R>) -> Flow<R> {
        let Self { sink, acks } = self;
        let filled = sink.fill(|job| {
            let filled = fill(job)?;
            acks.push(Ack::Done(job.handle)).unwrap();
            Ok(filled)
        });
        if filled.as_ref().err() == Some(&Halt::Stop) {
            acks.close();
        }
        filled
    }
}

fn dispatch_to_one<C: Choice<u64, 1>, L: Loss<u64>>(
    kit: &mut Kit,
    choice: C,
    loss: L,
) -> Dispatch<u64, C, L, impl Sink<Event = Job<u64>> + use<C, L>, Wire<Ack>, 1> {
    let acks = Wire::new(128);
    Dispatch::new(choice, loss, 16, [(AtOnce { sink: kit.sink(), acks: acks.clone() }, acks)]).unwrap()
}

conforms!(by_seq, 1..=100u64, |kit| {
    let [_, odd] = Partition::by_seq();
    Filter::new(odd, kit.leaf::<u64>())
});
conforms!(mut by_key, 1..=100u64, |kit| {
    let hazard = kit.hazard();
    let key = move |n: &u64| {
        hazard.pass();
        *n
    };
    let [_, one, _] = Partition::<_, 3>::by_key(key);
    Filter::new(one, kit.leaf::<u64>())
});
conforms!(dispatch_in_turn, 1..=100u64, |kit| dispatch_to_one(kit, InTurn::new(), AtMostOnce));
conforms!(dispatch_to_the_least_loaded, 1..=100u64, |kit| {
    let letters = LetterBox::new(1, || 0);
    dispatch_to_one(kit, LeastLoaded, Redeliver::new("test", 3, letters))
});
conforms!(dispatch_by_key, 1..=100u64, |kit| {
    let hazard = kit.hazard();
    let key = move |n: &u64| {
        hazard.pass();
        *n
    };
    dispatch_to_one(kit, KeyHash::new(key), AtMostOnce)
});

/// A worker keeps what its stage rejects: it tells the dispatcher.
const TELLS: Terms = Terms { reject_passes: false, ..Terms::STRICT };

fn jobs() -> impl Iterator<Item = Job<u64>> {
    (1..=100).map(|event| Job { event, ..Job::default() })
}
conforms!(
    worker,
    jobs(),
    |kit| {
        let next = kit.leaf::<u64>();
        Worker::new(kit.sink::<Ack>(), next)
    },
    TELLS
);
conforms!(
    mut worker_over_lent_jobs,
    jobs(),
    |kit| {
        let next = kit.leaf::<u64>();
        Worker::new(kit.sink::<Ack>(), next)
    },
    TELLS
);

/// A million events; fewer where that takes long.
const MANY: u64 = match () {
    () if cfg!(miri) => 200,
    () if cfg!(debug_assertions) => 100_000,
    () => 1_000_000,
};

/// How often each of 1..=`MANY` was seen, by whomever.
struct Seen(Vec<AtomicU8>);

impl Seen {
    fn new() -> Self {
        Self((0..=MANY).map(|_| AtomicU8::new(0)).collect())
    }
    /// Notes what it is shown.
    fn notes(&self) -> impl for<'e> Stage<&'e u64> + Send {
        each(|n: &u64| _ = self.0[*n as usize].fetch_add(1, Relaxed))
    }
    fn each_once(&self) -> bool {
        self.is_each_of(MANY)
    }
    /// Each of 1..=`last` once, and no other.
    fn is_each_of(&self, last: u64) -> bool {
        (0..).zip(&self.0).all(|(n, times)| times.load(Relaxed) == u8::from((1..=last).contains(&n)))
    }
}

fn publish(mut tx: impl Sink<Event = u64>) {
    for n in 1..=MANY {
        tx.push_waiting(&mut Yielding::new(), n).unwrap();
    }
}

/// 2.d1: 4 consumers, 10^6 events (10^5 unoptimized), each once. Each of four readers takes its part.
#[test]
fn point_to_point_1_partition_gives_each_event_to_one() {
    fn check<By: Send>(parts: [Partition<By, 4>; 4])
    where
        Partition<By, 4>: Criterion<u64>,
    {
        let (mut ring, seen) = (Multicast::new(256, || 0u64).unwrap(), Seen::new());
        let readers = ["a", "b", "c", "d"].map(|name| ring.reader(name, &[]));
        let tx = ring.build().unwrap();
        let stages = parts.map(|part| Filter::new(part, seen.notes()));
        let books = stages.each_ref().map(|stage| stage.account());
        thread::scope(|scope| {
            for (reader, stage) in readers.into_iter().zip(stages) {
                scope.spawn(move || run(reader.drive(stage)));
            }
            publish(tx);
        });
        assert!(seen.each_once());
        let books = books.map(|books| books.read());
        assert!(books.iter().all(|books| books.input == MANY && books.check() == Ok(())));
        assert_eq!(books.iter().map(|books| books.out).sum::<u64>(), MANY);
    }
    check::<BySeq>(Partition::by_seq());
    check(Partition::by_key(|n: &u64| *n));
}

/// All that the consumers took together is what was sent, and so is what went on.
fn assert_all_booked(books: &[Arc<Account>]) {
    let books: Vec<_> = books.iter().map(|books| books.read()).collect();
    assert!(books.iter().all(|books| books.input == books.out && books.check() == Ok(())));
    assert_eq!(books.iter().map(|books| books.input).sum::<u64>(), MANY);
}

/// 2.d1: four consumers claim. The ledger: `in` is `out`, and of all of them together it is each event, once.
#[test]
fn point_to_point_1_claim_gives_each_event_to_one() {
    fn check(tx: impl Sink<Event = u64>, consumers: Vec<impl Source<Event = u64> + Send>) {
        let (seen, mut books) = (Seen::new(), Vec::new());
        thread::scope(|scope| {
            for rx in consumers {
                let stage = Filter::new(|_: &u64| true, seen.notes());
                books.push(stage.account());
                scope.spawn(move || run(rx.drive(stage)));
            }
            publish(tx);
        });
        assert!(seen.each_once());
        assert_eq!(books.len(), 4);
        assert_all_booked(&books);
    }
    let (tx, rx) = spmc::channel(256, || 0).unwrap();
    check(tx, vec![rx.clone(), rx.clone(), rx.clone(), rx]);
    let (tx, rx) = mpmc::channel(256, || 0).unwrap();
    check(tx, vec![rx.clone(), rx.clone(), rx.clone(), rx]);
    let (mut tx, rx) = strict::channel(256, 1, 4, || 0).unwrap();
    check(tx.remove(0), rx);
}

/// 2.d1: of four consumers one is active; each but the last goes when it has had a quarter. The ledger as with claim.
#[test]
fn point_to_point_1_single_active_gives_each_event_to_one() {
    let ((tx, rx), seen) = (spsc::channel(256, || 0).unwrap(), Seen::new());
    let first = SingleActive::new(rx);
    let members = [first.clone(), first.clone(), first.clone(), first];
    let mut books = Vec::new();
    let shares = thread::scope(|scope| {
        let members: Vec<_> = members
            .into_iter()
            .zip([MANY / 4, MANY / 4, MANY / 4, MANY])
            .map(|(member, share)| {
                let stage = Filter::new(|_: &u64| true, seen.notes());
                books.push(stage.account());
                let mut agent = member.drive(stage).limit(16);
                scope.spawn(move || {
                    let mut had = 0;
                    while had < share {
                        match agent.work(NOW) {
                            Work::Busy(n) => had += n as u64,
                            Work::Idle => thread::yield_now(),
                            Work::Done => break,
                        }
                    }
                })
            })
            .collect();
        publish(tx);
        members.into_iter().for_each(|member| member.join().unwrap());
        books.iter().filter(|books| books.read().input > 0).count()
    });
    assert!(seen.each_once() && shares > 0);
    assert_all_booked(&books);
}

/// 2.d1: a dispatcher has four workers.
#[test]
fn point_to_point_1_dispatch_gives_each_event_to_one() {
    fn check(choice: impl Choice<u64, 4> + Send) {
        let (seen, (posts, places)) = (Seen::new(), posts(64, 256));
        let (tx, rx) = spsc::channel(256, || 0).unwrap();
        let dispatch = Dispatch::new(choice, AtMostOnce, 256, posts).unwrap();
        let books = dispatch.account();
        thread::scope(|scope| {
            for (jobs, acks) in places {
                let worker = Worker::new(acks, seen.notes());
                scope.spawn(move || run(jobs.drive(worker)));
            }
            scope.spawn(move || run(rx.drive(dispatch)));
            publish(tx);
        });
        assert!(seen.each_once());
        let books = books.read();
        assert_eq!((books.input, books.out, books.held, books.check()), (MANY, MANY, 0, Ok(())));
    }
    check(InTurn::new());
    check(LeastLoaded);
    check(KeyHash::new(|n: &u64| *n));
}

/// 2.d2: of 16 keys with 1,000 events each, each key has one consumer, who sees its events in order.
#[test]
fn point_to_point_2_a_key_has_one_consumer_and_its_order() {
    const KEYS: u64 = 16;
    const EACH: u64 = if cfg!(miri) { 20 } else { 1_000 };
    let key = |event: &u64| *event % KEYS;
    let events = || 0..KEYS * EACH;
    let check = |seen: [Vec<u64>; 4]| {
        assert_eq!(seen.iter().map(Vec::len).sum::<usize>() as u64, KEYS * EACH);
        for k in 0..KEYS {
            let of_key = |seen: &Vec<u64>| seen.iter().copied().filter(|event| key(event) == k).collect();
            let of_key: Vec<Vec<u64>> =
                seen.iter().map(of_key).filter(|seen: &Vec<_>| !seen.is_empty()).collect();
            assert_eq!(of_key.len(), 1, "key {k} has one consumer");
            assert!(of_key[0].windows(2).all(|two| two[0] < two[1]), "key {k} is in order");
        }
    };
    let by_partition = Partition::by_key(key).map(|part| {
        let mut seen = Vec::new();
        let mut filter = Filter::new(part, each(|event: &u64| seen.push(*event)));
        let _ = turn(&mut Script::new(events()), &mut filter, NOW);
        drop(filter);
        seen
    });
    check(by_partition.clone());

    let (posts, places) = posts::<_, 4>(8, 64);
    let dispatch = Dispatch::new(KeyHash::new(key), AtMostOnce, 64, posts).unwrap();
    let by_dispatch = thread::scope(|scope| {
        scope.spawn(move || run(Script::new(events()).drive(dispatch)));
        let workers = places.into_iter().map(|(jobs, acks)| {
            scope.spawn(move || {
                let mut seen = Vec::new();
                run(jobs.drive(Worker::new(acks, each(|event: &u64| seen.push(*event)))));
                seen
            })
        });
        let workers: Vec<_> = workers.collect();
        let seen: Vec<Vec<u64>> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
        <[_; 4]>::try_from(seen).unwrap()
    });
    check(by_dispatch.clone());
    assert_eq!(by_dispatch, by_partition, "the same mapping");

    let mut by_router: [Vec<u64>; 4] = Default::default();
    let mut router = ContentRouter::new(
        KeyHash::<_, 4>::new(key),
        by_router.each_mut().map(|seen| each(|event: &u64| seen.push(*event))),
    );
    let _ = turn(&mut Script::new(events()), &mut router, NOW);
    drop(router);
    assert_eq!(by_router, by_partition, "the same mapping");
}
