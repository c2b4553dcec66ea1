//! Who opens and closes ports at run time, and who changes what a stage has.

use super::addresses::Port;
use crate::contract::{End, Sink, SourceMut, Tick, each};
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

/// Who changes what a stage has, while it runs: nobody but the stage's own thread ([`Fixed`]), or any [`SourceMut`] of
/// changes `X`, an SPSC channel mostly.
pub trait Control<X> {
    /// Shows the changes that there are to `change`, in order. Whether there may be more, ever.
    #[doc(hidden)]
    fn take_over(&mut self, now: Tick, change: impl FnMut(&mut X)) -> bool;
}

/// No other thread changes anything.
#[derive(Clone, Copy, Default, Debug)]
pub struct Fixed;

impl<X> Control<X> for Fixed {
    #[inline]
    fn take_over(&mut self, _: Tick, _: impl FnMut(&mut X)) -> bool {
        false
    }
}

impl<X, Src: SourceMut<Event = X>> Control<X> for Src {
    fn take_over(&mut self, now: Tick, mut change: impl FnMut(&mut X)) -> bool {
        self.drain_mut(now, usize::MAX, &mut each(|made: &mut X| change(made))).end != Some(End::Closed)
    }
}
