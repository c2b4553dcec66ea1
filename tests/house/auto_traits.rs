//! Which handles may go to another thread, and which two threads may use at once: a table that the compiler checks. And
//! that the ends of a channel share no cache line, though they stand side by side.
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
use ringmain::channel::{
    broadcast, bytes, latest, mpmc, mpmc::strict, mpsc, multicast, overflow, publish_subscribe, spmc, spsc,
};
use ringmain::{contract, metric, pattern, ring, run, table, wait};
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

/// Stops the build where an end could share a line with another.
macro_rules! apart {
    ($($type:ty),+) => {$(
        const _: () = assert!(align_of::<$type>() >= 64, concat!("shares a line: ", stringify!($type)));
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

// Where each event is with one thread at a time, `Send` is enough; so it is where events are copied from thread to thread.
// (Only the `u64` of these can be an event of the lossy rings.)
macro_rules! one_at_a_time_table {
    ($($($handle:ident)::+),+) => {$(
        table! {
            true  false $($handle)::+<u64>,
            true  false $($handle)::+<Cell<u64>>,
            false false $($handle)::+<Guard>,
            false false $($handle)::+<Rc<u64>>,
            false false $($handle)::+<&'static Cell<u64>>,
        }
        apart! { $($handle)::+<u64> }
    )+};
}
one_at_a_time_table! {
    spsc::Producer,
    spsc::Consumer,
    mpsc::Producer,
    mpsc::Consumer,
    mpsc::Lanes,
    spmc::Producer,
    mpmc::Producer,
    mpmc::Consumer,
    strict::Producer,
    strict::Consumer,
    broadcast::Producer,
    broadcast::Reader,
    latest::Producer,
    latest::Reader
}
table! {
    true  false spsc::Producer<u64, spsc::Spaced>,
    false false spsc::Producer<Guard, spsc::Spaced>,
    true  false spsc::Consumer<u64, spsc::Spaced>,
    false false spsc::Consumer<Guard, spsc::Spaced>,
    true  false spsc::Claim<'static, u64>,
    false false spsc::Claim<'static, Guard>,
}

// So do those of a ring of bytes. What is claimed is written by the thread that claimed it.
table! {
    true  false bytes::Producer,
    true  false bytes::Consumer,
    true  false bytes::Batch<'static>,
    false false bytes::Claim<'static>,
}
apart! { bytes::Producer, bytes::Consumer }

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
        apart! { $($handle)::+<u64 $(, $mode)?> }
    )+};
}
multicast_table! {
    multicast::Producer,
    multicast::SharedProducer,
    multicast::Reader<multicast::One>,
    multicast::Reader<multicast::Many>,
    multicast::Editor<multicast::One>,
    multicast::Editor<multicast::Many>,
    publish_subscribe::Publisher,
    publish_subscribe::Subscriber
}
// Any thread subscribes.
table! {
    true  true  publish_subscribe::Subscriptions<u64>,
    false false publish_subscribe::Subscriptions<Cell<u64>>,
    false false publish_subscribe::Subscriptions<Guard>,
    false false publish_subscribe::Subscriptions<Rc<u64>>,
}

// The shared memory below them.
table! {
    true  true  ring::Cursor,
    true  true  ring::Counter,
    true  true  ring::Stamp,
    true  true  ring::Claim,
    true  true  ring::Tally,
    true  true  ring::Words<u64>,
    true  true  ring::Region,
    false false ring::Lent<'static>,
    true  true  ring::Presence,
    true  true  ring::Notice,
    true  true  ring::Seat,
    true  true  ring::Exchange,
    true  true  ring::SlotId,
    true  false ring::Pool<u64>,
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
    true  false pattern::ReplyPorts<spsc::Producer<u64>>,
    false false pattern::ReplyPorts<spsc::Producer<Rc<u64>>>,
    true  false pattern::RingClient<u64, Cell<u64>>,
    false false pattern::RingClient<Rc<u64>, u64>,
    true  false pattern::SingleActive<spsc::Consumer<u64>>,
    false false pattern::SingleActive<spsc::Consumer<Rc<u64>>>,
    true  false pattern::Resequencer<Cell<u64>, (), ()>,
    false false pattern::Resequencer<Rc<u64>, (), ()>,
    true  false pattern::KeyedResequencer<u64, Cell<u64>, (), (), ()>,
    false false pattern::KeyedResequencer<u64, Rc<u64>, (), (), ()>,
}

// An address is a number, whatever replies it is for; and so is a ticket.
table! {
    true  true  pattern::Port<Rc<u64>>,
    true  true  pattern::Addresses<Rc<u64>>,
    true  true  pattern::Ticket,
}

// A table is a plain value: it goes where what is in it may go.
table! {
    true  true  table::Handle,
    true  true  table::TimerId,
    true  true  table::Window,
    true  false table::Slab<Cell<u64>>,
    false false table::Slab<Rc<u64>>,
    true  false table::Wheel<Cell<u64>>,
    false true  table::Wheel<Guard>,
    true  true  table::Index<u64, u64>,
    true  false table::Index<u64, Cell<u64>>,
    false false table::Index<Rc<u64>, u64>,
}

// By topics, too.
table! {
    true  false pattern::publish_subscribe::Publisher<u64>,
    false false pattern::publish_subscribe::Publisher<Cell<u64>>,
    true  true  pattern::publish_subscribe::Subscriptions<u64>,
    false false pattern::publish_subscribe::Subscriptions<Cell<u64>>,
    true  false pattern::publish_subscribe::Subscriber<u64>,
    false false pattern::publish_subscribe::Subscriber<Rc<u64>>,
}

// A bell is rung from anywhere; a way to wait belongs to one thread.
table! {
    true  true  wait::Bell,
    true  false wait::Ringing<spsc::Producer<u64>>,
    false false wait::Ringing<spsc::Producer<Guard>>,
}

// A task may move to another thread with its end, and so may what it waits for.
#[cfg(feature = "async")]
table! {
    true  true  wait::task::Task,
    true  false wait::task::Async<pattern::Mailbox<u64, spsc::Consumer<u64>, spsc::Producer<u64>>>,
    false false wait::task::Async<pattern::Mailbox<Guard, spsc::Consumer<u64>, spsc::Producer<u64>>>,
    true  false wait::task::Async<wait::Ringing<spsc::Consumer<u64>>>,
    false false wait::task::Async<spsc::Consumer<Guard>>,
}

// Threads are started and joined by whoever has the handle, and stopped from anywhere.
table! {
    true  true  run::Stopper,
    true  false run::Report,
    true  true  run::Plan,
    true  true  run::PlanError,
}

// A policy goes where its sink may go.
table! {
    true  false overflow::Block<spsc::Producer<u64>, wait::Backoff>,
    true  false overflow::Shed<spsc::Producer<u64>>,
    false false overflow::Shed<spsc::Producer<Guard>>,
    true  false overflow::Conflate<spsc::Producer<u64>, ()>,
    true  false overflow::OrDeadLetter<spsc::Producer<u64>, spsc::Producer<u64>>,
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
