//! The two ways an event comes in and goes on: shown (`&T`) or lent (`&mut T`).

use super::{Keyed, Ordered};
use crate::contract::{At, Flow, Stage};
use core::mem;

/// An event in hand that can be put into a slot.
pub(in crate::pattern) trait Lay<T> {
    /// Puts it into `slot`.
    fn lay(self, slot: &mut T);
}

/// A copy is kept, which uses again what the slot owns.
impl<T: Clone> Lay<T> for &T {
    #[inline]
    fn lay(self, slot: &mut T) {
        slot.clone_from(self);
    }
}

/// It changes places with what lies in the slot.
impl<T> Lay<T> for &mut T {
    #[inline]
    fn lay(self, slot: &mut T) {
        mem::swap(self, slot);
    }
}

/// The stage after, as whoever holds events sees it: `E` is the event in hand.
pub(super) trait Out<T, E> {
    /// Gives on the event in hand.
    fn hand(&mut self, item: Ordered<E>, at: At) -> Flow;
    /// Gives on what was held, or is none.
    fn held(&mut self, item: Ordered<&mut T>, at: At) -> Flow;
}

/// A stage that looks on.
pub(super) struct Shows<'s, S>(pub(super) &'s mut S);

impl<'e, T, S> Out<T, &'e T> for Shows<'_, S>
where
    S: for<'x> Stage<Ordered<&'x T>>,
{
    #[inline]
    fn hand(&mut self, item: Ordered<&'e T>, at: At) -> Flow {
        self.0.on_event(item, at)
    }
    #[inline]
    fn held(&mut self, item: Ordered<&mut T>, at: At) -> Flow {
        self.0.on_event(shown(item), at)
    }
}

/// A stage that is alone with the event.
pub(super) struct Lends<'s, S>(pub(super) &'s mut S);

impl<'e, T, S> Out<T, &'e mut T> for Lends<'_, S>
where
    S: for<'x> Stage<Ordered<&'x mut T>>,
{
    #[inline]
    fn hand(&mut self, item: Ordered<&'e mut T>, at: At) -> Flow {
        self.0.on_event(item, at)
    }
    #[inline]
    fn held(&mut self, item: Ordered<&mut T>, at: At) -> Flow {
        self.0.on_event(item, at)
    }
}

/// What was held, or is none, to be looked at.
#[inline]
fn shown<T>(item: Ordered<&mut T>) -> Ordered<&T> {
    match item {
        Ordered::Event(event) => Ordered::Event(&*event),
        Ordered::Gap(missing) => Ordered::Gap(missing),
        Ordered::Stray(event, why) => Ordered::Stray(&*event, why),
    }
}

/// The stage after, where there are many keys.
pub(super) trait Outs<K, T, E> {
    /// Gives on the event in hand.
    fn hand(&mut self, item: Keyed<K, Ordered<E>>, at: At) -> Flow;
    /// Gives on what was held, or is none.
    fn held(&mut self, item: Keyed<K, Ordered<&mut T>>, at: At) -> Flow;
}

impl<'e, K, T, S> Outs<K, T, &'e T> for Shows<'_, S>
where
    S: for<'x> Stage<Keyed<K, Ordered<&'x T>>>,
{
    #[inline]
    fn hand(&mut self, item: Keyed<K, Ordered<&'e T>>, at: At) -> Flow {
        self.0.on_event(item, at)
    }
    #[inline]
    fn held(&mut self, Keyed { key, item }: Keyed<K, Ordered<&mut T>>, at: At) -> Flow {
        self.0.on_event(Keyed { key, item: shown(item) }, at)
    }
}

impl<'e, K, T, S> Outs<K, T, &'e mut T> for Lends<'_, S>
where
    S: for<'x> Stage<Keyed<K, Ordered<&'x mut T>>>,
{
    #[inline]
    fn hand(&mut self, item: Keyed<K, Ordered<&'e mut T>>, at: At) -> Flow {
        self.0.on_event(item, at)
    }
    #[inline]
    fn held(&mut self, item: Keyed<K, Ordered<&mut T>>, at: At) -> Flow {
        self.0.on_event(item, at)
    }
}

/// The stage after, for one of the keys.
pub(super) struct Of<'o, K, O> {
    pub(super) key: K,
    pub(super) outs: &'o mut O,
}

impl<K: Copy, T, E, O: Outs<K, T, E>> Out<T, E> for Of<'_, K, O> {
    #[inline]
    fn hand(&mut self, item: Ordered<E>, at: At) -> Flow {
        self.outs.hand(Keyed { key: self.key, item }, at)
    }
    #[inline]
    fn held(&mut self, item: Ordered<&mut T>, at: At) -> Flow {
        self.outs.held(Keyed { key: self.key, item }, at)
    }
}
