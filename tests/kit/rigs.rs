//! How the tests that all rings share build each of them.

use super::scene::{Build, Cargo, Scene};
use ringmain::channel::{multicast, spsc};
use ringmain::contract::{Sink, SourceMut};
use ringmain::ring::{CapacityError, Sequence};

/// What a test puts into any ring.
pub(crate) trait Event: Send + Sync + 'static {}
impl<T: Send + Sync + 'static> Event for T {}

/// A ring with one end on each side, and what it says otherwise than most.
pub(crate) trait Rig: 'static {
    /// The end that puts in.
    type Tx<T: Event>: Sink<Event = T> + Asked + Send;
    /// The end that takes out.
    type Rx<T: Event>: SourceMut<Event = T> + Asked + Send;

    /// A slot that was claimed for a fill which failed is lost until the consumer has passed it over.
    const VOIDS: bool = false;

    /// A ring whose first event has position `start`.
    fn build<T: Event>(
        start: Sequence,
        capacity: usize,
        fill: impl FnMut() -> T,
    ) -> Result<(Self::Tx<T>, Self::Rx<T>), CapacityError>;

    /// One more producer, where there are many.
    fn another_tx<T: Event>(_tx: &Self::Tx<T>) -> Option<Self::Tx<T>> {
        None
    }
    /// One more consumer, where there are many that compete.
    fn another_rx<T: Event>(_rx: &Self::Rx<T>) -> Option<Self::Rx<T>> {
        None
    }
}

/// Tests of `test::<R>` for every rig `R`, in a module of its name; with `many`, for every one with many producers.
macro_rules! every_rig {
    ($test:ident) => {
        $crate::kit::every_rig!(@ $test: spsc Spsc, multicast_one MulticastOne, multicast_many MulticastMany);
    };
    (many $test:ident) => {
        $crate::kit::every_rig!(@ $test: multicast_many MulticastMany);
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
asked!(multicast::Producer<T>, multicast::SharedProducer<T>);
asked!(multicast::Editor<T, multicast::One>, multicast::Editor<T, multicast::Many>);

pub(crate) struct Spsc;
impl Rig for Spsc {
    type Tx<T: Event> = spsc::Producer<T>;
    type Rx<T: Event> = spsc::Consumer<T>;

    fn build<T: Event>(
        start: Sequence,
        capacity: usize,
        fill: impl FnMut() -> T,
    ) -> Result<(Self::Tx<T>, Self::Rx<T>), CapacityError> {
        spsc::channel_from(start, capacity, fill)
    }
}

/// One producer and one editor.
pub(crate) struct MulticastOne;
impl Rig for MulticastOne {
    type Tx<T: Event> = multicast::Producer<T>;
    type Rx<T: Event> = multicast::Editor<T, multicast::One>;

    fn build<T: Event>(
        start: Sequence,
        capacity: usize,
        fill: impl FnMut() -> T,
    ) -> Result<(Self::Tx<T>, Self::Rx<T>), CapacityError> {
        let mut ring = multicast::Multicast::<T, multicast::One>::starting_at(start, capacity, fill)?;
        let rx = ring.editor("rx", &[]);
        Ok((ring.build().expect("a graph of one node"), rx))
    }
}

/// Producers that can be cloned, and one editor.
pub(crate) struct MulticastMany;
impl Rig for MulticastMany {
    type Tx<T: Event> = multicast::SharedProducer<T>;
    type Rx<T: Event> = multicast::Editor<T, multicast::Many>;

    const VOIDS: bool = true;

    fn build<T: Event>(
        start: Sequence,
        capacity: usize,
        fill: impl FnMut() -> T,
    ) -> Result<(Self::Tx<T>, Self::Rx<T>), CapacityError> {
        let mut ring = multicast::Multicast::<T, multicast::Many>::starting_at(start, capacity, fill)?;
        let rx = ring.editor("rx", &[]);
        Ok((ring.build().expect("a graph of one node"), rx))
    }
    fn another_tx<T: Event>(tx: &Self::Tx<T>) -> Option<Self::Tx<T>> {
        Some(tx.clone())
    }
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
        Scene::looking(vec![ring.build().unwrap(); producers], rx)
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
