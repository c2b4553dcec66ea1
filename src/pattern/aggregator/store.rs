//! The members of the groups, where they are kept; and that they are not, where it is enough to fold them.

use super::group::Aggregate;
use super::{Overfull, Unbuildable};
use crate::contract::{At, Flow, Stage};
use crate::pattern::resequencer::Lay;
use crate::ring::CapacityError;
use core::fmt::{Debug, Formatter};

/// No place.
const NIL: u32 = u32::MAX;

/// Where [`Aggregator::collecting`](super::Aggregator::collecting) keeps the members of all groups.
pub struct Store<T> {
    /// Filled for ever: what lies in a free one does not matter.
    places: Box<[Place<T>]>,
    /// The list of the free ones.
    free: u32,
    /// How many a group may have.
    each: u64,
    overfull: Overfull,
}

struct Place<T> {
    event: T,
    part: u8,
    /// The next one of its list.
    behind: u32,
}

/// The members of one group, in the order in which they came.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    first: u32,
    last: u32,
}

impl List {
    pub(super) const EMPTY: Self = Self { first: NIL, last: NIL };
}

impl<T> Store<T> {
    /// Room for `total` members, of which `each` group may have so many; of one that has, [`Overfull`] says what becomes.
    /// With no room for another one at all, it is as with a full table: [`Full`](super::Full). `room` fills the places, and
    /// what it makes does not matter. Allocates.
    ///
    /// # Errors
    /// [`Unbuildable::Capacity`] if one of them is 0, or `total` does not fit in 32 bits.
    pub fn new(
        each: usize,
        total: usize,
        overfull: Overfull,
        mut room: impl FnMut() -> T,
    ) -> Result<Self, Unbuildable> {
        if each == 0 || total == 0 {
            return Err(CapacityError::Zero.into());
        }
        if total >= NIL as usize {
            return Err(CapacityError::TooLarge { asked: total }.into());
        }
        let behind = |n| if n as usize + 1 == total { NIL } else { n + 1 };
        let places = (0..total as u32).map(|n| Place { event: room(), part: 0, behind: behind(n) }).collect();
        Ok(Self { places, free: 0, each: each as u64, overfull })
    }
}

impl<T> Debug for Store<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Store")
            .field("total", &self.places.len())
            .field("each", &self.each)
            .field("overfull", &self.overfull)
            .finish_non_exhaustive()
    }
}

/// What was put together where the members are kept.
#[derive(Debug)]
pub struct Collected<'e, A, T> {
    /// What they were folded into.
    pub value: &'e mut A,
    /// The members themselves.
    pub members: Members<'e, T>,
}

/// The members of a group that has closed, in the order in which they came.
pub struct Members<'e, T> {
    places: &'e mut [Place<T>],
    first: u32,
}

impl<T> Members<'_, T> {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        walk(self.places, self.first).map(|place| &place.event)
    }
    /// Calls `f` with each of them, to change it or to take out what it owns.
    pub fn for_each_mut(&mut self, mut f: impl FnMut(&mut T)) {
        let mut at = self.first;
        while let Some(place) = self.places.get_mut(at as usize) {
            f(&mut place.event);
            at = place.behind;
        }
    }
}

impl<T: Debug> Debug for Members<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

fn walk<T>(places: &[Place<T>], first: u32) -> impl Iterator<Item = &Place<T>> {
    core::iter::successors(places.get(first as usize), |place| places.get(place.behind as usize))
}

/// Whether members are kept, and where.
pub(super) trait Hold<T> {
    /// Of one group, and what becomes of the next one.
    fn bound(&self) -> (u64, Overfull);
    fn has_room(&self) -> bool;
    fn release(&mut self, list: List);
    fn iter<'s>(&'s self, list: List) -> impl Iterator<Item = (u8, &'s T)>
    where
        T: 's;
}

/// How an event is kept: by a copy, or by moving it.
pub(super) trait Keep<T, E>: Hold<T> {
    /// There is room.
    fn keep(&mut self, list: &mut List, part: u8, event: E);
    /// The member that is this part gives its place up.
    fn replace(&mut self, list: List, part: u8, event: E);
}

/// How a group is shown to a stage `S`.
pub(super) trait Show<T, K, A, S>: Hold<T> {
    fn show(&mut self, stage: &mut S, told: Aggregate<K, ()>, value: &mut A, list: List, at: At) -> Flow;
}

/// Members are folded, and not kept.
#[derive(Clone, Copy, Debug)]
pub struct Folded;

impl<T> Hold<T> for Folded {
    #[inline]
    fn bound(&self) -> (u64, Overfull) {
        (u64::MAX, Overfull::Close)
    }
    #[inline]
    fn has_room(&self) -> bool {
        true
    }
    #[inline]
    fn release(&mut self, _: List) {}
    fn iter<'s>(&'s self, _: List) -> impl Iterator<Item = (u8, &'s T)>
    where
        T: 's,
    {
        core::iter::empty()
    }
}

impl<T, E> Keep<T, E> for Folded {
    #[inline]
    fn keep(&mut self, _: &mut List, _: u8, _: E) {}
    fn replace(&mut self, _: List, _: u8, _: E) {
        debug_assert!(false, "an aggregator that would replace without members is not built");
    }
}

impl<T, K, A, S> Show<T, K, A, S> for Folded
where
    S: for<'e> Stage<Aggregate<K, &'e mut A>>,
{
    #[inline]
    fn show(&mut self, stage: &mut S, told: Aggregate<K, ()>, value: &mut A, _: List, at: At) -> Flow {
        stage.on_event(told.with(value), at)
    }
}

impl<T> Hold<T> for Store<T> {
    fn bound(&self) -> (u64, Overfull) {
        (self.each, self.overfull)
    }
    fn has_room(&self) -> bool {
        self.free != NIL
    }
    fn release(&mut self, list: List) {
        if let Some(last) = self.places.get_mut(list.last as usize) {
            last.behind = self.free;
            self.free = list.first;
        }
    }
    fn iter<'s>(&'s self, list: List) -> impl Iterator<Item = (u8, &'s T)>
    where
        T: 's,
    {
        walk(&self.places, list.first).map(|place| (place.part, &place.event))
    }
}

impl<T, E: Lay<T>> Keep<T, E> for Store<T> {
    fn keep(&mut self, list: &mut List, part: u8, event: E) {
        let own = self.free;
        let Some(place) = self.places.get_mut(own as usize) else { return };
        // First what may unwind, a clone.
        event.lay(&mut place.event);
        place.part = part;
        self.free = place.behind;
        place.behind = NIL;
        match self.places.get_mut(list.last as usize) {
            Some(last) => last.behind = own,
            None => list.first = own,
        }
        list.last = own;
    }
    fn replace(&mut self, list: List, part: u8, event: E) {
        let mut at = list.first;
        while let Some(place) = self.places.get_mut(at as usize) {
            if place.part == part {
                event.lay(&mut place.event);
                return;
            }
            at = place.behind;
        }
    }
}

impl<T, K, A, S> Show<T, K, A, S> for Store<T>
where
    S: for<'e> Stage<Aggregate<K, Collected<'e, A, T>>>,
{
    fn show(&mut self, stage: &mut S, told: Aggregate<K, ()>, value: &mut A, list: List, at: At) -> Flow {
        let members = Members { places: &mut self.places, first: list.first };
        stage.on_event(told.with(Collected { value, members }), at)
    }
}

impl<K> Aggregate<K, ()> {
    fn with<V>(self, value: V) -> Aggregate<K, V> {
        let Self { key, epoch, n, closed_by, opened, touched, value: () } = self;
        Aggregate { key, epoch, n, closed_by, opened, touched, value }
    }
}
