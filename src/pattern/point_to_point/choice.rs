//! Which worker gets the next event.

use super::KeyHash;

/// Chooses a worker for events of type `T`, of `N` workers.
pub trait Choice<T: ?Sized, const N: usize> {
    /// It goes by the load: that is brought up to date before each event, and not only once a turn.
    const BY_LOAD: bool = false;

    /// A worker that [is free](Standing::is_free), or `None` if the event has to wait. Asked again, for the
    /// same event, if that worker turns out to be full; and when the event comes again.
    fn choose(&mut self, event: &T, workers: &Standing<N>) -> Option<usize>;

    /// The key of `event`, if those of one key are to stay together. Where workers join and leave, an event is then not
    /// asked for while others of its key are with a worker that had them before: it goes there, too.
    #[inline]
    fn key(&self, _event: &T) -> Option<u64> {
        None
    }
}

/// How the workers stand.
#[derive(Clone, Debug)]
pub struct Standing<const N: usize> {
    /// Events that each has and has not acknowledged.
    load: [u32; N],
    /// Bit `i`: worker `i` is there, and may be given events.
    here: u64,
    /// Bit `i`: worker `i` is there, or leaves and may still have some.
    heard: u64,
    /// Bit `i`: worker `i` has just refused this event.
    full: u64,
}

impl<const N: usize> Standing<N> {
    /// Nobody is there.
    pub(super) const fn vacant() -> Self {
        const { assert!(N >= 1 && N <= 64, "there are between 1 and 64 workers") };
        Self { load: [0; N], here: 0, heard: 0, full: 0 }
    }
    /// Everybody is there.
    pub(super) const fn all() -> Self {
        let all = Self::vacant();
        let here = u64::MAX >> (64 - N);
        Self { here, heard: here, ..all }
    }
    /// Events that `worker` has and has not acknowledged, as far as it is known; 0 if there is no such
    /// worker.
    #[inline]
    #[must_use]
    pub fn load(&self, worker: usize) -> u32 {
        self.load.get(worker).copied().unwrap_or(0)
    }
    /// `worker` is there, and takes events. `false` is stable where the workers are fixed; where they join, another one
    /// may come and get the number.
    #[inline]
    #[must_use]
    pub const fn is_here(&self, worker: usize) -> bool {
        worker < N && self.here & 1 << worker != 0
    }
    /// `worker` is there, and has not just refused this event.
    #[inline]
    #[must_use]
    pub const fn is_free(&self, worker: usize) -> bool {
        worker < N && self.here & !self.full & 1 << worker != 0
    }
    /// No worker is there, nor does one leave that may still have events. `true` is stable where the workers are fixed.
    #[inline]
    #[must_use]
    pub const fn is_vacant(&self) -> bool {
        self.heard == 0
    }
    /// A worker is there.
    pub(super) const fn is_anyone_here(&self) -> bool {
        self.here != 0
    }
    /// `worker` has to be heard: it is there, or leaves.
    #[inline]
    pub(super) const fn is_heard(&self, worker: usize) -> bool {
        self.heard & 1 << worker != 0
    }
    /// A number that nobody has.
    pub(super) const fn vacancy(&self) -> Option<usize> {
        let first = (!self.heard).trailing_zeros() as usize;
        if first < N { Some(first) } else { None }
    }
    /// The first worker that is there, in turn from `from`, which is below `N`.
    #[inline]
    const fn next_here(&self, from: usize) -> Option<usize> {
        first_from(self.here, from)
    }
    /// The first worker that is free, in turn from `from`, which is below `N`.
    #[inline]
    const fn next_free(&self, from: usize) -> Option<usize> {
        first_from(self.here & !self.full, from)
    }
    /// A new round: nobody has refused the event.
    #[inline]
    pub(super) const fn ask_all(&mut self) {
        self.full = 0;
    }
    #[inline]
    pub(super) const fn refused(&mut self, worker: usize) {
        self.full |= 1 << worker;
    }
    #[inline]
    pub(super) const fn took(&mut self, worker: usize) {
        self.load[worker] += 1;
    }
    #[inline]
    pub(super) const fn gave_back(&mut self, worker: usize) {
        self.load[worker] -= 1;
    }
    pub(super) const fn joins(&mut self, worker: usize) {
        self.here |= 1 << worker;
        self.heard |= 1 << worker;
    }
    /// It is given nothing more.
    pub(super) const fn leaves(&mut self, worker: usize) {
        self.here &= !(1 << worker);
    }
    /// It is gone.
    pub(super) const fn left(&mut self, worker: usize) {
        self.leaves(worker);
        self.heard &= !(1 << worker);
        self.load[worker] = 0;
    }
}

/// The number of the first bit of `mask`, in turn from `from`.
#[inline]
const fn first_from(mask: u64, from: usize) -> Option<usize> {
    let ahead = mask >> from << from;
    match if ahead != 0 { ahead } else { mask } {
        0 => None,
        bits => Some(bits.trailing_zeros() as usize),
    }
}

/// Round robin: the next one that is free, in turn.
#[derive(Clone, Default, Debug)]
pub struct InTurn {
    next: usize,
}

impl InTurn {
    /// The first is the first.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: 0 }
    }
}

impl<T: ?Sized, const N: usize> Choice<T, N> for InTurn {
    #[inline]
    fn choose(&mut self, _: &T, workers: &Standing<N>) -> Option<usize> {
        let worker = workers.next_free(self.next)?;
        self.next = if worker + 1 < N { worker + 1 } else { 0 };
        Some(worker)
    }
}

/// The free one with the fewest events that it has not acknowledged; of equal ones, the first.
#[derive(Clone, Copy, Default, Debug)]
pub struct LeastLoaded;

impl<T: ?Sized, const N: usize> Choice<T, N> for LeastLoaded {
    const BY_LOAD: bool = true;
    #[inline]
    fn choose(&mut self, _: &T, workers: &Standing<N>) -> Option<usize> {
        (0..N).filter(|worker| workers.is_free(*worker)).min_by_key(|worker| workers.load(*worker))
    }
}

/// The one that the key belongs to, or, if that one is not there, the next one that is: a key moves when its worker
/// goes, and when the one that it belongs to joins, but not while something of it is in flight. While its worker is full
/// the event waits.
impl<T: ?Sized, F: Fn(&T) -> u64, const N: usize> Choice<T, N> for KeyHash<F, N> {
    #[inline]
    fn choose(&mut self, event: &T, workers: &Standing<N>) -> Option<usize> {
        let heir = workers.next_here(self.owner(event))?;
        workers.is_free(heir).then_some(heir)
    }
    #[inline]
    fn key(&self, event: &T) -> Option<u64> {
        Some(self.key_of(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_chosen<const N: usize>(choice: &mut impl Choice<u64, N>, workers: &Standing<N>) -> Vec<usize> {
        let (mut workers, mut chosen) = (workers.clone(), Vec::new());
        workers.ask_all();
        while let Some(worker) = choice.choose(&0, &workers) {
            chosen.push(worker);
            workers.refused(worker);
        }
        chosen
    }

    #[test]
    fn everyone_that_is_there_is_asked_once() {
        let mut workers = Standing::<4>::all();
        workers.left(1);
        for worker in [0, 0, 3] {
            workers.took(worker);
        }
        assert_eq!(all_chosen(&mut InTurn { next: 2 }, &workers), [2, 3, 0]);
        assert_eq!(all_chosen(&mut LeastLoaded, &workers), [2, 3, 0]);
        workers.gave_back(3);
        assert_eq!(all_chosen(&mut LeastLoaded, &workers), [2, 3, 0], "of equal ones, the first");
        for worker in [0, 2, 3] {
            workers.left(worker);
        }
        assert!(workers.is_vacant() && all_chosen(&mut InTurn::new(), &workers).is_empty());
    }

    #[test]
    fn one_that_leaves_is_heard_and_given_nothing() {
        let mut workers = Standing::<2>::vacant();
        assert_eq!((workers.vacancy(), workers.is_vacant()), (Some(0), true));
        workers.joins(0);
        workers.joins(1);
        workers.leaves(0);
        assert_eq!((workers.vacancy(), workers.is_here(0), workers.is_heard(0)), (None, false, true));
        assert_eq!(all_chosen(&mut InTurn::new(), &workers), [1]);
        workers.left(0);
        assert_eq!((workers.vacancy(), workers.is_vacant()), (Some(0), false));
        assert_eq!(Standing::<64>::all().vacancy(), None);
    }

    #[test]
    fn a_key_moves_when_its_worker_goes_and_not_before() {
        let mut by_key = KeyHash::<_, 4>::new(|n: &u64| *n);
        let mut workers = Standing::<4>::all();
        let home = by_key.owner(&0);
        assert_eq!(all_chosen(&mut by_key, &workers), [home], "a full one is not passed over");
        workers.left((home + 1) % 4);
        assert_eq!(all_chosen(&mut by_key, &workers), [home]);
        workers.left(home);
        assert_eq!(all_chosen(&mut by_key, &workers), [(home + 2) % 4]);
    }
}
