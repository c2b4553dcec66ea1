//! Who opens and closes ports at run time.

use super::addresses::Port;
use super::ports::Table;
use crate::contract::{At, Flow, Sink, SourceMut, Tick};
use core::fmt::{Debug, Formatter};

/// What is to be done to a [`ReplyPorts`](super::ReplyPorts) at run time.
///
/// A sink that is taken out goes back in the slot of the ring that the change came in, and is dropped by whoever fills
/// that slot next: so replying never frees memory.
pub enum PortChange<K: Sink> {
    /// Put the sink behind the port.
    Open(Port<K::Event>, K),
    /// Take the sink of the port out.
    Close(Port<K::Event>),
    /// Nothing is to be done: what is left of a change that was made. Fill the slots of a ring of changes with it.
    Done(Option<K>),
}

impl<K: Sink> Debug for PortChange<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Open(port, _) => write!(f, "Open({port:?})"),
            Self::Close(port) => write!(f, "Close({port:?})"),
            Self::Done(_) => f.write_str("Done"),
        }
    }
}

/// Who opens and closes the ports of a table while its stage runs: nobody but the stage's own thread ([`Fixed`]), or any
/// [`SourceMut`] of [`PortChange`]s.
pub trait Control<K: Sink> {
    #[doc(hidden)]
    fn take_over(&mut self, table: &mut Table<K>, now: Tick);
}

/// No other thread opens or closes ports.
#[derive(Clone, Copy, Default, Debug)]
pub struct Fixed;

impl<K: Sink> Control<K> for Fixed {
    #[inline]
    fn take_over(&mut self, _: &mut Table<K>, _: Tick) {}
}

impl<K: Sink, Src: SourceMut<Event = PortChange<K>>> Control<K> for Src {
    fn take_over(&mut self, table: &mut Table<K>, now: Tick) {
        let mut take = |change: &mut PortChange<K>, _: At| -> Flow {
            table.change(change);
            Ok(())
        };
        // How it ended says nothing new: a ring that is closed brings no more changes.
        let _ = self.drain_mut(now, usize::MAX, &mut take);
    }
}
