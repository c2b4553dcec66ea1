//! The reply rings that a replier knows, by address.

use super::addresses::{Port, numbers};
use super::{Control, Fixed, PortChange};
use crate::contract::{Flow, Halt, ReturnAddress, Sink, SourceMut, Tick};
use core::fmt::{Debug, Display, Formatter};
use core::mem;
use core::ops::RangeInclusive;

/// A sink behind each port of a range: resolves an address, and has that sink take a reply.
///
/// The sinks are of one type, and so are the replies. Where each requester has a ring of his own, that is a producer of
/// the ring; where several repliers answer one requester, a producer of a ring with many.
///
/// Ports are opened and closed before the start, and at run time: by the thread that has the table, or through a ring of
/// [`PortChange`]s, see [`controlled_by`](Self::controlled_by).
pub struct ReplyPorts<K, C = Fixed> {
    table: Table<K>,
    control: C,
}

impl<K: Sink> ReplyPorts<K> {
    /// A table for `ports`, none of which is open. Port 0 is no address, and is left out. Allocates room for all.
    #[must_use]
    pub fn new(ports: RangeInclusive<u16>) -> Self {
        let (first, count) = numbers(ports);
        let slots = (0..count).map(|_| Slot { tenant: 0, sink: None }).collect();
        Self { table: Table { first, slots }, control: Fixed }
    }
    /// Takes changes from another thread, through `changes`: any [`SourceMut`], an SPSC channel mostly.
    ///
    /// They are taken over at the end of each turn, and when an address is not known: so a port that is opened before a
    /// request with its address is published is known when that request is served. One that is closed takes no more
    /// replies from the end of the turn on.
    #[must_use]
    pub fn controlled_by<Src>(self, changes: Src) -> ReplyPorts<K, Src>
    where
        Src: SourceMut<Event = PortChange<K>>,
    {
        ReplyPorts { table: self.table, control: changes }
    }
}

impl<K: Sink, C: Control<PortChange<K>>> ReplyPorts<K, C> {
    /// Puts `sink` behind `port`. Gives back the sink of the tenant before, if it is still there; or `sink` itself, if
    /// the table has no such port, whose address is then dead.
    pub fn open(&mut self, port: Port<K::Event>, sink: K) -> Option<K> {
        self.table.open(port, sink)
    }
    /// Takes the sink of `port` out: from now on its address is dead. Nothing if it is not open.
    pub fn close(&mut self, port: Port<K::Event>) -> Option<K> {
        self.table.close(port)
    }
    /// Lends the next free slot of the port at `to` to `fill`, and publishes it if and only if `fill` returns `Ok`. In
    /// all other cases than [`NoReply::Halted`] `fill` was not called.
    ///
    /// # Errors
    /// [`NoReply`] says why there is no reply.
    #[inline]
    pub fn reply<R>(
        &mut self,
        to: ReturnAddress,
        fill: impl FnOnce(&mut K::Event) -> Flow<R>,
    ) -> Result<R, NoReply> {
        if self.table.find(to).is_none() {
            self.look(to)?;
        }
        let sink = self.table.find(to).ok_or(NoReply::Dead)?;
        let mut lent = false;
        let filled = sink.fill(|slot| {
            lent = true;
            fill(slot)
        });
        filled.map_err(|halt| match halt {
            _ if lent => NoReply::Halted(halt),
            Halt::Again => NoReply::Full,
            _ => NoReply::Dead,
        })
    }

    /// A turn is over: takes the changes over that there are.
    #[inline]
    pub(in crate::pattern) fn on_batch_end(&mut self, now: Tick) {
        self.take_over(now);
    }
    fn take_over(&mut self, now: Tick) {
        let Self { table, control } = self;
        // A ring that is closed brings no more changes, and changes nothing.
        control.take_over(now, |change| table.change(change));
    }
    /// An address is not known: perhaps its port has been opened since.
    #[cold]
    fn look(&mut self, to: ReturnAddress) -> Result<(), NoReply> {
        if to.port == 0 {
            return Err(NoReply::NoReturnAddress);
        }
        self.take_over(Tick::ZERO);
        Ok(())
    }
}

/// The ports of a [`ReplyPorts`].
struct Table<K> {
    first: u16,
    slots: Box<[Slot<K>]>,
}

struct Slot<K> {
    /// The tenant whose sink it is, or was.
    tenant: u16,
    sink: Option<K>,
}

impl<K: Sink> Table<K> {
    fn open(&mut self, port: Port<K::Event>, sink: K) -> Option<K> {
        let ReturnAddress { port, generation } = port.address();
        match self.slot(port) {
            Some(slot) => {
                slot.tenant = generation;
                slot.sink.replace(sink)
            }
            None => Some(sink),
        }
    }
    fn close(&mut self, port: Port<K::Event>) -> Option<K> {
        let ReturnAddress { port, generation } = port.address();
        self.slot(port).filter(|slot| slot.tenant == generation)?.sink.take()
    }
    #[inline]
    fn find(&mut self, to: ReturnAddress) -> Option<&mut K> {
        let slot = self.slot(to.port)?;
        if slot.tenant == to.generation { slot.sink.as_mut() } else { None }
    }
    #[inline]
    fn slot(&mut self, port: u16) -> Option<&mut Slot<K>> {
        // A port before the first is far behind the last.
        self.slots.get_mut(usize::from(port).wrapping_sub(self.first.into()))
    }
    fn change(&mut self, change: &mut PortChange<K>) {
        let left = match mem::replace(change, PortChange::Done(None)) {
            PortChange::Open(port, sink) => self.open(port, sink),
            PortChange::Close(port) => self.close(port),
            PortChange::Done(left) => left,
        };
        *change = PortChange::Done(left);
    }
}

impl<K> Debug for Table<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let open = self.slots.iter().filter(|slot| slot.sink.is_some()).count();
        f.debug_struct("Table").field("first", &self.first).field("open", &open).finish_non_exhaustive()
    }
}

impl<K, C> Debug for ReplyPorts<K, C> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ReplyPorts").field("table", &self.table).finish_non_exhaustive()
    }
}

/// Why there is no reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoReply {
    /// The request does not say where its reply goes.
    NoReturnAddress,
    /// Nobody is there any more: the port is closed, has another tenant, is of another table; or its reader is gone.
    /// Stable.
    Dead,
    /// There is no room in the requester's ring now. May be stale at once.
    Full,
    /// The closure that was to fill the slot said so.
    Halted(Halt),
}

impl Display for NoReply {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoReturnAddress => f.write_str("the request has no return address: set its `reply_to`"),
            Self::Dead => {
                f.write_str("the return address is dead: its port is closed, or nobody reads there")
            }
            Self::Full => f.write_str("the requester's ring is full: try again, or drop the reply"),
            Self::Halted(halt) => write!(f, "the closure that fills the reply said {halt:?}"),
        }
    }
}

impl core::error::Error for NoReply {}
