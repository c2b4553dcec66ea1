//! Which handles may go to another thread, and which two threads may use at once: a table that the compiler checks.
//!
//! A handle may move to another thread if its events may. Where one event is shown to several threads, in a multicast
//! ring, they also have to bear being looked at by two. A side of a channel is for one thread at a time, so no handle
//! is `Sync`. The events of the table:
//!
//! | event                 | `Send` | `Sync` |
//! |-----------------------|--------|--------|
//! | `u64`                 | yes    | yes    |
//! | `Cell<u64>`           | yes    | no     |
//! | `MutexGuard<'_, u64>` | no     | yes    |
//! | `Rc<u64>`             | no     | no     |
//! | `&Cell<u64>`          | no     | no     |

use core::marker::PhantomData;
use ringmain::channel::{mpsc, multicast, spsc};
use ringmain::{contract, metric, pattern, ring, run, wait};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::MutexGuard;

type Guard = MutexGuard<'static, u64>;

/// Asks whether `T` is `Send`, and whether it is `Sync`: an item of the type itself wins over one of a trait, and it
/// is there only if its bound holds.
struct Ask<T: ?Sized>(PhantomData<T>);

trait No {
    const SEND: bool = false;
    const SYNC: bool = false;
}
impl<T: ?Sized> No for Ask<T> {}
impl<T: ?Sized + Send> Ask<T> {
    const SEND: bool = true;
}
impl<T: ?Sized + Sync> Ask<T> {
    const SYNC: bool = true;
}

/// Stops the build where an answer is not the expected one.
macro_rules! table {
    ($($send:literal $sync:literal $type:ty,)+) => {$(
        const _: () = {
            assert!(<Ask<$type>>::SEND == $send, concat!("Send: ", stringify!($type)));
            assert!(<Ask<$type>>::SYNC == $sync, concat!("Sync: ", stringify!($type)));
        };
    )+};
}

// The question itself.
table! {
//  Send  Sync
    true  true  u64,
    true  false Cell<u64>,
    false true  Guard,
    false false Rc<u64>,
    false false &'static Cell<u64>,
}

// Where an event has one consumer, it is with one thread at a time: `Send` is enough.
macro_rules! one_consumer_table {
    ($($($handle:ident)::+),+) => {$(
        table! {
            true  false $($handle)::+<u64>,
            true  false $($handle)::+<Cell<u64>>,
            false false $($handle)::+<Guard>,
            false false $($handle)::+<Rc<u64>>,
            false false $($handle)::+<&'static Cell<u64>>,
        }
    )+};
}
one_consumer_table! {
    spsc::Producer,
    spsc::Consumer,
    mpsc::Producer,
    mpsc::Consumer,
    mpsc::Lanes
}

// Readers of a multicast ring look at one event together: it has to be `Sync` as well.
macro_rules! multicast_table {
    ($($($handle:ident)::+ $(<$mode:ty>)?),+) => {$(
        table! {
            true  false $($handle)::+<u64 $(, $mode)?>,
            false false $($handle)::+<Cell<u64> $(, $mode)?>,
            false false $($handle)::+<Guard $(, $mode)?>,
            false false $($handle)::+<Rc<u64> $(, $mode)?>,
            false false $($handle)::+<&'static Cell<u64> $(, $mode)?>,
        }
    )+};
}
multicast_table! {
    multicast::Producer,
    multicast::SharedProducer,
    multicast::Reader<multicast::One>,
    multicast::Reader<multicast::Many>,
    multicast::Editor<multicast::One>,
    multicast::Editor<multicast::Many>
}

// The shared memory below them.
table! {
    true  true  ring::Cursor,
    true  true  ring::Counter,
    true  true  ring::Stamp,
    true  true  ring::Claim,
    true  true  ring::Tally,
    true  true  ring::Slots<u64>,
    true  false ring::Slots<Cell<u64>>,
    false false ring::Slots<Guard>,
    false false ring::Slots<Rc<u64>>,
    false false ring::Slots<&'static Cell<u64>>,
}

// What a stage says is a value; its books are written by one thread and read by any.
table! {
    true  true  contract::Halt,
    true  true  contract::Fault,
    true  true  contract::At,
    true  true  contract::Account,
    true  true  contract::Balance,
    true  true  contract::ManualClock,
}

// A stage goes where what it holds may go.
table! {
    true  false pattern::Forward<spsc::Producer<u64>>,
    false false pattern::Forward<spsc::Producer<Rc<u64>>>,
    true  false pattern::Shed<Cell<u64>>,
}

// A bell is rung from anywhere; a way to wait belongs to one thread.
table! {
    true  true  wait::Bell,
    true  false wait::Ringing<spsc::Producer<u64>>,
    false false wait::Ringing<spsc::Producer<Guard>>,
}

// Threads are started and joined by whoever has the handle, and stopped from anywhere.
table! {
    true  true  run::Stopper,
    true  false run::Report,
}

// What is read from elsewhere while the stages run.
table! {
    true  true  metric::Books,
    true  true  metric::Statement,
    true  true  metric::Latencies,
}

#[test]
fn the_table_is_checked_when_this_is_compiled() {
    // What a compiler cannot show: that the question tells the answers apart. See the first table.
    assert_ne!(<Ask<Cell<u64>>>::SEND, <Ask<Cell<u64>>>::SYNC);
    assert_ne!(<Ask<Guard>>::SEND, <Ask<Guard>>::SYNC);
}
