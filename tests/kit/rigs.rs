//! How the tests that all rings share build each of them.

use super::scene::{Build, Cargo, Put, Scene, Take};
use ringmain::channel::publish_subscribe::{self, Begin, Policy, Resume, Subscriber};
use ringmain::channel::{broadcast, bytes, latest, mpmc, mpsc, multicast, spmc, spsc};
use ringmain::contract::{At, Drained, Filled, Flow, Sink, Source, SourceMut, Tick};
use ringmain::ring::{CapacityError, Plain, Sequence};

/// What a test puts into any ring.
pub(crate) trait Event: Send + Sync + 'static {}
impl<T: Send + Sync + 'static> Event for T {}

/// How a ring is built, and what it says otherwise than most.
pub(crate) trait Rig: Sized + 'static {
    /// An end that puts in.
    type Tx<T: Event>: Sink<Event = T> + Free + Send;
    /// An end that takes out.
    type Rx<T: Event>: SourceMut<Event = T> + Asked + Send;

    /// It has as many producers as are asked for.
    const MANY_PRODUCERS: bool = false;
    /// Each of many producers has its own room, of the capacity asked for.
    const OWN_ROOM: bool = false;
    /// It has as many consumers as are asked for, and they compete.
    const MANY_CONSUMERS: bool = false;
    /// A slot that was claimed for a fill which failed is lost until a consumer has passed it over.
    const VOIDS: bool = false;
    /// Where an event is that a consumer was shown and has not consumed.
    const SHOWN: Shown = Shown::InTheRing;

    /// All ends of a ring whose first event has position `start`. Where there is one of a side only, one is asked for.
    fn ends<T: Event>(
        start: Sequence,
        capacity: usize,
        ends: (usize, usize),
        fill: impl FnMut() -> T,
    ) -> Result<Ends<Self, T>, CapacityError>;

    /// One end on each side.
    fn build<T: Event>(
        start: Sequence,
        capacity: usize,
        fill: impl FnMut() -> T,
    ) -> Result<Pair<Self, T>, CapacityError> {
        let (tx, rx) = Self::ends(start, capacity, (1, 1), fill)?;
        Ok((one(tx), one(rx)))
    }
}

/// The producers and the consumers.
pub(crate) type Ends<R, T> = (Vec<<R as Rig>::Tx<T>>, Vec<<R as Rig>::Rx<T>>);

/// One of each.
pub(crate) type Pair<R, T> = (<R as Rig>::Tx<T>, <R as Rig>::Rx<T>);

/// Where an event is that a consumer was shown and has not consumed: it said `Again`, or panicked.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Shown {
    /// Where it was.
    InTheRing,
    /// With the consumer, in its slot, which is not free. No other consumer will see it.
    InHand,
    /// With the consumer, and its room in the ring is free. No other consumer will see it.
    OutOfTheRing,
}

fn one<K>(ends: Vec<K>) -> K {
    let [end] = <[K; 1]>::try_from(ends).ok().expect("one was asked for");
    end
}

/// Tests of `test::<R>` for every rig `R`, in a module of its name; with `shared`, for every one
/// whose producers share the room.
macro_rules! every_rig {
    ($test:ident) => {
        $crate::kit::every_rig!(@ $test:
            spsc Spsc, spsc_spaced SpscSpaced, mpsc Mpsc, mpsc_lanes MpscLanes, spmc Spmc, mpmc Mpmc,
            mpmc_strict MpmcStrict, multicast_one MulticastOne, multicast_many MulticastMany);
    };
    (shared $test:ident) => {
        $crate::kit::every_rig!(@ $test:
            mpsc Mpsc, mpmc Mpmc, mpmc_strict MpmcStrict, multicast_many MulticastMany);
    };
    (@ $test:ident: $($name:ident $rig:ident),+) => {
        mod $test {
            $(#[test]
            fn $name() {
                super::$test::<$crate::kit::$rig>();
            })+
        }
    };
}
pub(crate) use every_rig;

/// What every end answers.
pub(crate) trait Asked {
    fn capacity(&self) -> usize;
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool;
    fn is_closed(&self) -> bool;
}

macro_rules! asked {
    ($($end:ty),+) => {$(
        impl<T> Asked for $end {
            fn capacity(&self) -> usize {
                self.capacity()
            }
            fn len(&self) -> usize {
                self.len()
            }
            fn is_empty(&self) -> bool {
                self.is_empty()
            }
            fn is_closed(&self) -> bool {
                self.is_closed()
            }
        }
    )+};
}

asked!(spsc::Producer<T>, spsc::Producer<T, spsc::Spaced>, spsc::Consumer<T>, spsc::Consumer<T, spsc::Spaced>);
asked!(mpsc::Producer<T>, mpsc::Consumer<T>, mpsc::Lanes<T>);
asked!(spmc::Producer<T>, mpmc::Producer<T>, mpmc::Consumer<T>);
asked!(mpmc::strict::Producer<T>, mpmc::strict::Consumer<T>);
asked!(multicast::Producer<T>, multicast::SharedProducer<T>);
asked!(multicast::Editor<T, multicast::One>, multicast::Editor<T, multicast::Many>);

/// What every end that puts in answers, too.
pub(crate) trait Free: Asked {
    fn free(&self) -> usize;
}

macro_rules! free {
    ($($end:ty),+) => {$(
        impl<T> Free for $end {
            fn free(&self) -> usize {
                self.free()
            }
        }
    )+};
}

free!(spsc::Producer<T>, spsc::Producer<T, spsc::Spaced>, mpsc::Producer<T>);
free!(spmc::Producer<T>, mpmc::Producer<T>, mpmc::strict::Producer<T>);
free!(multicast::Producer<T>, multicast::SharedProducer<T>);

/// A rig in a few lines: its ends, what it says otherwise than most, and how they are built.
macro_rules! rig {
    ($(#[$doc:meta])* $name:ident, $tx:ty, $rx:ty, { $($const:ident: $type:ty = $value:expr),* },
     |$start:ident, $capacity:ident, ($producers:pat, $consumers:pat), $fill:ident| $ends:expr) => {
        $(#[$doc])*
        pub(crate) struct $name;
        impl Rig for $name {
            type Tx<T: Event> = $tx;
            type Rx<T: Event> = $rx;

            $(const $const: $type = $value;)*

            fn ends<T: Event>(
                $start: Sequence,
                $capacity: usize,
                ($producers, $consumers): (usize, usize),
                $fill: impl FnMut() -> T,
            ) -> Result<Ends<Self, T>, CapacityError> {
                Ok($ends)
            }
        }
    };
}

rig!(Spsc, spsc::Producer<T>, spsc::Consumer<T>, {}, |start, capacity, (_, _), fill| {
    let (tx, rx) = spsc::channel_from(start, capacity, fill)?;
    (vec![tx], vec![rx])
});

rig!(SpscSpaced, spsc::Producer<T, spsc::Spaced>, spsc::Consumer<T, spsc::Spaced>, {},
    |start, capacity, (_, _), fill| {
        let (tx, rx) = spsc::spaced_from(start, capacity, fill)?;
        (vec![tx], vec![rx])
    }
);

rig!(Mpsc, mpsc::Producer<T>, mpsc::Consumer<T>, { MANY_PRODUCERS: bool = true, VOIDS: bool = true },
    |start, capacity, (producers, _), fill| {
        let (tx, rx) = mpsc::channel_from(start, capacity, fill)?;
        (clones(tx, producers), vec![rx])
    }
);

rig!(
    /// `capacity` is that of each lane.
    MpscLanes, spsc::Producer<T>, mpsc::Lanes<T>, { MANY_PRODUCERS: bool = true, OWN_ROOM: bool = true },
    |start, capacity, (producers, _), fill| {
        let (tx, rx) = mpsc::lanes_from(start, producers, capacity, fill)?;
        (tx, vec![rx])
    }
);

rig!(Spmc, spmc::Producer<T>, spmc::Consumer<T>, { MANY_CONSUMERS: bool = true, SHOWN: Shown = Shown::InHand },
    |start, capacity, (_, consumers), fill| {
        let (tx, rx) = spmc::channel_from(start, capacity, fill)?;
        (vec![tx], clones(rx, consumers))
    }
);

rig!(Mpmc, mpmc::Producer<T>, mpmc::Consumer<T>,
    { MANY_PRODUCERS: bool = true, MANY_CONSUMERS: bool = true, VOIDS: bool = true, SHOWN: Shown = Shown::InHand },
    |start, capacity, (producers, consumers), fill| {
        let (tx, rx) = mpmc::channel_from(start, capacity, fill)?;
        (clones(tx, producers), clones(rx, consumers))
    }
);

rig!(MpmcStrict, mpmc::strict::Producer<T>, mpmc::strict::Consumer<T>,
    { MANY_PRODUCERS: bool = true, MANY_CONSUMERS: bool = true, SHOWN: Shown = Shown::OutOfTheRing },
    |start, capacity, (producers, consumers), fill| {
        mpmc::strict::channel_from(start, capacity, producers, consumers, fill)?
    }
);

rig!(
    /// One producer and one editor.
    MulticastOne, multicast::Producer<T>, multicast::Editor<T, multicast::One>, {},
    |start, capacity, (_, _), fill| {
        let mut ring = multicast::Multicast::<T, multicast::One>::starting_at(start, capacity, fill)?;
        let rx = ring.editor("rx", &[]);
        (vec![ring.build().unwrap()], vec![rx])
    }
);

rig!(
    /// Many producers and one editor.
    MulticastMany, multicast::SharedProducer<T>, multicast::Editor<T, multicast::Many>,
    { MANY_PRODUCERS: bool = true, VOIDS: bool = true },
    |start, capacity, (producers, _), fill| {
        let mut ring = multicast::Multicast::<T, multicast::Many>::starting_at(start, capacity, fill)?;
        let rx = ring.editor("rx", &[]);
        (clones(ring.build().unwrap(), producers), vec![rx])
    }
);

fn clones<K: Clone>(end: K, n: usize) -> Vec<K> {
    std::iter::repeat_n(end, n).collect()
}

/// A multicast ring with one producer, whose readers see everything beside one another.
pub(crate) fn readers_of_one<C: Cargo>(readers: usize) -> Build {
    Box::new(move |start, capacity| {
        let (ring, rx) = readers_of::<multicast::One, C>(start, capacity, readers);
        Scene::looking([ring.build().unwrap()], rx)
    })
}

/// The same with many producers.
pub(crate) fn readers_of_many<C: Cargo>(producers: usize, readers: usize) -> Build {
    Box::new(move |start, capacity| {
        let (ring, rx) = readers_of::<multicast::Many, C>(start, capacity, readers);
        Scene::looking(clones(ring.build().unwrap(), producers), rx)
    })
}

fn readers_of<M: multicast::Mode, C: Cargo>(
    start: Sequence,
    capacity: usize,
    readers: usize,
) -> (multicast::Multicast<C, M>, Vec<multicast::Reader<C, M>>) {
    let mut ring = multicast::Multicast::<C, M>::starting_at(start, capacity, C::default).unwrap();
    let names = ["a", "b", "c", "d"];
    let rx = names[..readers].iter().map(|name| ring.reader(name, &[])).collect();
    (ring, rx)
}

/// A publisher, and so many subscribers that gate it, and that it cannot do without.
pub(crate) fn subscribers<C: Cargo>(n: usize) -> Build {
    Box::new(move |start, capacity| {
        let (tx, rx) = subscribed::<C>(start, capacity, n, Policy::Required);
        Scene::looking([tx], rx)
    })
}

/// The same with subscribers that may lag.
pub(crate) fn laggards<C: Cargo>(n: usize) -> Build {
    Box::new(move |start, capacity| {
        let (tx, rx) = subscribed::<C>(start, capacity, n, Policy::Lag(Resume::Oldest));
        Scene::lossy(tx, rx.into_iter().map(|rx| Misses(rx, Subscriber::missed)))
    })
}

fn subscribed<C: Cargo>(
    start: Sequence,
    capacity: usize,
    n: usize,
    policy: Policy,
) -> (publish_subscribe::Publisher<C>, Vec<Subscriber<C>>) {
    let (mut tx, seats) = publish_subscribe::channel_with((), start, capacity, n, C::default).unwrap();
    let rx = (0..n).map(|_| seats.subscribe(policy, Begin::Now).unwrap()).collect();
    tx.admit();
    (tx, rx)
}

/// A broadcast ring with so many readers from the beginning.
pub(crate) fn broadcasts<C: Cargo + Plain>(readers: usize) -> Build {
    Box::new(move |start, capacity| {
        let (tx, rx) = broadcast::channel_from::<C>(start, capacity).unwrap();
        Scene::lossy(tx, clones(rx, readers).into_iter().map(|rx| Misses(rx, broadcast::Reader::missed)))
    })
}

/// The newest value, with so many readers from the beginning, and half as many slots as others have.
pub(crate) fn latests<C: Cargo + Plain>(readers: usize) -> Build {
    Box::new(move |start, capacity| {
        let (tx, mut rx) = latest::channel_from(start, 2 * capacity, C::default());
        rx.recv().expect("the initial value is news");
        Scene::lossy(tx, clones(rx, readers).into_iter().map(|rx| Misses(rx, latest::Reader::missed)))
    })
}

/// A reader that may come too late, and knows how often it did.
struct Misses<S>(S, fn(&S) -> u64);

impl<C: Cargo, S: Source<Event = C> + Send> Take for Misses<S> {
    /// No more than one where a few are asked for, so that what was missed came before it.
    fn take(&mut self, limit: usize, see: &mut dyn FnMut(u64) -> Flow) -> Drained {
        let limit = if limit < 8 { limit.min(1) } else { limit };
        self.0.drain(Tick::ZERO, limit, &mut |cargo: &C, _: At| see(cargo.number()))
    }
    fn missed(&self) -> u64 {
        self.1(&self.0)
    }
}

/// Records of one word, which are two with their header, in their places, so that they never need padding.
pub(crate) fn records() -> Build {
    Box::new(move |start, capacity| {
        let start = start.minus(start.count() % 16);
        let (tx, rx) = bytes::channel_from(start, 16 * capacity).unwrap();
        Scene::of([Record(tx, |_| 8)], [Record(rx, |_| 8)])
    })
}

/// Records of all lengths.
pub(crate) fn long_records() -> Build {
    Box::new(move |start, capacity| {
        let (tx, rx) = bytes::channel_from(start, 16 * capacity).unwrap();
        let len = |number: u64| 8 + number as usize * 7 % 61;
        Scene::of([Record(tx, len)], [Record(rx, len)])
    })
}

/// An end whose messages are as long as they say.
struct Record<K>(K, fn(u64) -> usize);

impl Put for Record<bytes::Producer> {
    fn put(&mut self, n: usize, make: &mut dyn FnMut(usize) -> Flow<u64>) -> Filled {
        let mut batch = self.0.batch();
        for count in 0..n {
            // The longest, as the number is not made before there is room.
            let mut claim = match batch.claim((0..61).map(self.1).max().unwrap_or(8)) {
                Ok(claim) => claim,
                Err(error) => return Filled { count, end: Some(error.into()) },
            };
            match make(count) {
                Ok(number) => {
                    let len = (self.1)(number);
                    for (byte, from) in
                        claim.iter_mut().zip(number.to_le_bytes().into_iter().cycle()).take(len)
                    {
                        *byte = from;
                    }
                    claim.commit_len(len);
                }
                Err(halt) => return Filled { count, end: Some(halt) },
            }
        }
        Filled { count: n, end: None }
    }
}

impl Take for Record<bytes::Consumer> {
    fn take(&mut self, limit: usize, see: &mut dyn FnMut(u64) -> Flow) -> Drained {
        self.0.drain(Tick::ZERO, limit, &mut |bytes: &[u8], _: At| -> Flow {
            let (first, _) = bytes.split_first_chunk::<8>().expect("a number at least");
            let number = u64::from_le_bytes(*first);
            assert_eq!(bytes.len(), (self.1)(number));
            assert!(bytes.chunks(8).all(|chunk| first.starts_with(chunk)), "torn");
            see(number)
        })
    }
}
