//! Several stages side by side, told apart by number: what routers and fan-outs have below them.
//!
//! A tuple of up to 8 stages (of different types) or an array of up to 64 (of one type). A branch that said
//! `Stop`, or whose sink is closed, is closed: [`Open`] keeps count, and a closed branch is not called again.

use crate::contract::{At, Flow, Halt, Stage, Tick};
use crate::pattern::worse;

/// A row of branches, whatever their events.
pub trait Row {
    /// How many there are, at most 64.
    const COUNT: usize;
}

/// The branches of a router or a fan-out, for events of type `In`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no branches for events of type `{In}`",
    note = "branches are a tuple of up to 8 stages, or an array of stages, each for `{In}`",
    note = "a single branch is `(stage,)`"
)]
pub trait Branches<In>: Row {
    /// Gives `event` to the branch with number `branch`, which must be less than [`COUNT`](Row::COUNT).
    ///
    /// # Errors
    /// What the branch says.
    ///
    /// # Panics
    /// If there is no such branch.
    fn on_branch(&mut self, branch: usize, event: In, at: At) -> Flow;

    /// Gives `event` to each branch of `mask` in turn, and tells `said` what it says of it.
    fn on_each(&mut self, mask: u64, event: In, at: At, said: impl FnMut(usize, Flow))
    where
        In: Copy;

    /// Tells each branch that is still open that the turn ends, and closes those that say `Stop`.
    ///
    /// # Errors
    /// [`Halt::Stop`] when none is open any more; else the answer that says most.
    fn on_batch_end(&mut self, now: Tick, open: &mut Open) -> Flow;
}

/// Which branches are open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Open(u64);

impl Open {
    /// All of a row: a row that is too long does not compile.
    pub(in crate::pattern) const fn all<B: Row>() -> Self {
        const { assert!(B::COUNT >= 1 && B::COUNT <= 64, "a row has between 1 and 64 branches") };
        Self(u64::MAX >> (64 - B::COUNT))
    }
    /// Whether `branch` is one of them.
    #[inline]
    #[must_use]
    pub const fn has(self, branch: usize) -> bool {
        self.0 & 1 << branch != 0
    }
    /// None is open any more.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// The branches of `mask` that are open.
    #[inline]
    pub(in crate::pattern) const fn of(self, mask: u64) -> u64 {
        self.0 & mask
    }
    #[inline]
    pub(in crate::pattern) const fn close(&mut self, branch: usize) {
        self.0 &= !(1 << branch);
    }
    /// The turn's end, for one branch.
    fn end(&mut self, branch: usize, now: Tick, so_far: Flow, end: impl FnOnce(Tick) -> Flow) -> Flow {
        if !self.has(branch) {
            return so_far;
        }
        match end(now) {
            Err(Halt::Stop) => {
                self.close(branch);
                if self.is_empty() { Err(Halt::Stop) } else { so_far }
            }
            flow => worse(so_far, flow),
        }
    }
}

impl<S, const N: usize> Row for [S; N] {
    const COUNT: usize = N;
}

impl<In, S: Stage<In>, const N: usize> Branches<In> for [S; N] {
    #[inline]
    fn on_branch(&mut self, branch: usize, event: In, at: At) -> Flow {
        self[branch].on_event(event, at)
    }
    #[inline]
    fn on_each(&mut self, mask: u64, event: In, at: At, mut said: impl FnMut(usize, Flow))
    where
        In: Copy,
    {
        for (i, stage) in self.iter_mut().enumerate() {
            if mask & 1 << i != 0 {
                said(i, stage.on_event(event, at));
            }
        }
    }
    fn on_batch_end(&mut self, now: Tick, open: &mut Open) -> Flow {
        let mut flow = Ok(());
        for (i, stage) in self.iter_mut().enumerate() {
            flow = open.end(i, now, flow, |now| stage.on_batch_end(now));
        }
        flow
    }
}

macro_rules! tuple_branches {
    ($count:literal: $($S:ident $i:tt),+) => {
        impl<$($S),+> Row for ($($S,)+) {
            const COUNT: usize = $count;
        }

        impl<In, $($S: Stage<In>),+> Branches<In> for ($($S,)+) {
            #[inline]
            fn on_branch(&mut self, branch: usize, event: In, at: At) -> Flow {
                match branch {
                    $($i => self.$i.on_event(event, at),)+
                    _ => panic!("branch {branch} of {}", $count),
                }
            }
            #[inline]
            fn on_each(&mut self, mask: u64, event: In, at: At, mut said: impl FnMut(usize, Flow))
            where
                In: Copy,
            {
                $(if mask & 1 << $i != 0 {
                    said($i, self.$i.on_event(event, at));
                })+
            }
            fn on_batch_end(&mut self, now: Tick, open: &mut Open) -> Flow {
                let flow = Ok(());
                $(let flow = open.end($i, now, flow, |now| self.$i.on_batch_end(now));)+
                flow
            }
        }
    };
}
tuple_branches!(1: A 0);
tuple_branches!(2: A 0, B 1);
tuple_branches!(3: A 0, B 1, C 2);
tuple_branches!(4: A 0, B 1, C 2, D 3);
tuple_branches!(5: A 0, B 1, C 2, D 3, E 4);
tuple_branches!(6: A 0, B 1, C 2, D 3, E 4, F 5);
tuple_branches!(7: A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_branches!(8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
