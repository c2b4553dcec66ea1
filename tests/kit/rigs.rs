//! How the tests that all rings share build each of them.

use super::scene::{Build, Cargo, Scene};
use ringmain::channel::{mpsc, multicast, spsc};
use ringmain::contract::{Sink, SourceMut};
use ringmain::ring::{CapacityError, Sequence};

/// What a test puts into any ring.
pub(crate) trait Event: Send + Sync + 'static {}
impl<T: Send + Sync + 'static> Event for T {}

/// How a ring is built, and what it says otherwise than most.
pub(crate) trait Rig: Sized + 'static {
    /// An end that puts in.
    type Tx<T: Event>: Sink<Event = T> + Asked + Send;
    /// An end that takes out.
    type Rx<T: Event>: SourceMut<Event = T> + Asked + Send;

    /// It has as many producers as are asked for.
    const MANY_PRODUCERS: bool = false;
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
    ) -> Result<(Self::Tx<T>, Self::Rx<T>), CapacityError> {
        let (tx, rx) = Self::ends(start, capacity, (1, 1), fill)?;
        Ok((one(tx), one(rx)))
    }
}

/// The producers and the consumers.
pub(crate) type Ends<R, T> = (Vec<<R as Rig>::Tx<T>>, Vec<<R as Rig>::Rx<T>>);

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

/// Tests of `test::<R>` for every rig `R`, in a module of its name; with `many`, for every one whose
/// producers share its room.
macro_rules! every_rig {
    ($test:ident) => {
        $crate::kit::every_rig!(@ $test: spsc Spsc, mpsc Mpsc, lanes Lanes, multicast_one MulticastOne, multicast_many MulticastMany);
    };
    (many $test:ident) => {
        $crate::kit::every_rig!(@ $test: mpsc Mpsc, multicast_many MulticastMany);
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

asked!(spsc::Producer<T>, spsc::Consumer<T>);
asked!(mpsc::Producer<T>, mpsc::Consumer<T>, mpsc::Lanes<T>);
asked!(multicast::Producer<T>, multicast::SharedProducer<T>);
asked!(multicast::Editor<T, multicast::One>, multicast::Editor<T, multicast::Many>);

pub(crate) struct Spsc;
impl Rig for Spsc {
    type Tx<T: Event> = spsc::Producer<T>;
    type Rx<T: Event> = spsc::Consumer<T>;

    fn ends<T: Event>(
        start: Sequence,
        capacity: usize,
        _: (usize, usize),
        fill: impl FnMut() -> T,
    ) -> Result<Ends<Self, T>, CapacityError> {
        let (tx, rx) = spsc::channel_from(start, capacity, fill)?;
        Ok((vec![tx], vec![rx]))
    }
}

pub(crate) struct Mpsc;
impl Rig for Mpsc {
    type Tx<T: Event> = mpsc::Producer<T>;
    type Rx<T: Event> = mpsc::Consumer<T>;

    const MANY_PRODUCERS: bool = true;
    const VOIDS: bool = true;

    fn ends<T: Event>(
        start: Sequence,
        capacity: usize,
        (producers, _): (usize, usize),
        fill: impl FnMut() -> T,
    ) -> Result<Ends<Self, T>, CapacityError> {
        let (tx, rx) = mpsc::channel_from(start, capacity, fill)?;
        Ok((clones(tx, producers), vec![rx]))
    }
}

pub(crate) struct Lanes;
impl Rig for Lanes {
    type Tx<T: Event> = spsc::Producer<T>;
    type Rx<T: Event> = mpsc::Lanes<T>;

    const MANY_PRODUCERS: bool = true;

    fn ends<T: Event>(
        start: Sequence,
        capacity: usize,
        (producers, _): (usize, usize),
        fill: impl FnMut() -> T,
    ) -> Result<Ends<Self, T>, CapacityError> {
        let (tx, rx) = mpsc::lanes_from(start, producers, capacity, fill)?;
        Ok((tx, vec![rx]))
    }
}

/// One producer and one editor.
pub(crate) struct MulticastOne;
impl Rig for MulticastOne {
    type Tx<T: Event> = multicast::Producer<T>;
    type Rx<T: Event> = multicast::Editor<T, multicast::One>;

    fn ends<T: Event>(
        start: Sequence,
        capacity: usize,
        _: (usize, usize),
        fill: impl FnMut() -> T,
    ) -> Result<Ends<Self, T>, CapacityError> {
        let mut ring = multicast::Multicast::<T, multicast::One>::starting_at(start, capacity, fill)?;
        let rx = ring.editor("rx", &[]);
        Ok((vec![ring.build().unwrap()], vec![rx]))
    }
}

/// Many producers and one editor.
pub(crate) struct MulticastMany;
impl Rig for MulticastMany {
    type Tx<T: Event> = multicast::SharedProducer<T>;
    type Rx<T: Event> = multicast::Editor<T, multicast::Many>;

    const MANY_PRODUCERS: bool = true;
    const VOIDS: bool = true;

    fn ends<T: Event>(
        start: Sequence,
        capacity: usize,
        (producers, _): (usize, usize),
        fill: impl FnMut() -> T,
    ) -> Result<Ends<Self, T>, CapacityError> {
        let mut ring = multicast::Multicast::<T, multicast::Many>::starting_at(start, capacity, fill)?;
        let rx = ring.editor("rx", &[]);
        Ok((clones(ring.build().unwrap(), producers), vec![rx]))
    }
}

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
